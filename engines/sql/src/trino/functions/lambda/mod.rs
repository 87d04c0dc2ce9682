//! Functions that take lambdas: `transform(scores, x -> x + bonus)`.
//!
//! How a lambda reaches the plan: as DataFusion 55's own `Expr::Lambda` inside a `HigherOrderFunction`. Its code was
//! read for what we need (datafusion-physical-expr `higher_order_function.rs`, `expressions/lambda.rs`): columns of the
//! row that the body names are captured, lambdas nest, an inner name hides an outer one, and optimizer and coercions
//! see into bodies. A test stands for each; expressions of our own would only repeat it. One thing it does not do: it
//! forgets what the metadata of a body's field says, so that json would come out of `transform` as varchar. Therefore
//! each call in a plan has a function of its own ([`planned`]), which knows what its lambdas give.
//!
//! `reduce_agg(x, state, input, combine)` is no function here, for DataFusion's aggregates take no lambdas: it is
//! `reduce(array_agg(x) FILTER (WHERE x IS NOT NULL), state, input, s -> s)`.
//!
//! A function is called once per batch, and a lambda as seldom as the function allows: once over the elements of all
//! rows for `transform`, once per position for `reduce`, once per step of a binary search for `array_sort`.

mod call;
mod elements;
mod entries;
mod function;
mod matches;
mod reduce;
mod sort;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::{HigherOrderUDF, ValueOrLambda};

use function::{LambdaFunction, function, overload};

/// All functions with lambdas.
fn functions() -> Vec<LambdaFunction> {
    vec![
        function("transform", [overload("(array(T), function(T, R)) -> array(R)", elements::transform)]),
        function("filter", [overload("(array(T), function(T, boolean)) -> array(T)", elements::filter)]),
        function("all_match", [overload("(array(T), function(T, boolean)) -> boolean", elements::all_match)]),
        function("any_match", [overload("(array(T), function(T, boolean)) -> boolean", elements::any_match)]),
        function("none_match", [overload("(array(T), function(T, boolean)) -> boolean", elements::none_match)]),
        function("zip_with", [overload("(array(T), array(U), function(T, U, R)) -> array(R)", elements::zip_with)]),
        function(
            "regexp_replace",
            [overload("(varchar, varchar, function(array(varchar), varchar)) -> varchar", matches::regexp_replace)],
        ),
        function("reduce", [overload("(array(T), S, function(S, T, S), function(S, R)) -> R", reduce::reduce)]),
        function(
            "array_sort",
            [
                overload("(array(T)) -> array(T)", sort::array_sort),
                overload("(array(T), function(T, T, integer)) -> array(T)", sort::array_sort_by),
            ],
        ),
        function("map_filter", [overload("(map(K,V), function(K, V, boolean)) -> map(K,V)", entries::map_filter)]),
        function("transform_keys", [overload("(map(K,V), function(K, V, L)) -> map(L,V)", entries::transform_keys)]),
        function(
            "transform_values",
            [overload("(map(K,V), function(K, V, W)) -> map(K,W)", entries::transform_values)],
        ),
        function(
            "map_zip_with",
            [overload("(map(K,V), map(K,W), function(K, V, W, X)) -> map(K,X)", entries::map_zip_with)],
        ),
    ]
}

/// The table, by name.
static TABLE: LazyLock<BTreeMap<&'static str, Arc<HigherOrderUDF>>> = LazyLock::new(|| {
    functions().into_iter().map(|function| (function.name, Arc::new(HigherOrderUDF::new_from_impl(function)))).collect()
});

/// The function of that name (in lower case) that takes lambdas. `array_sort` is here with and without one.
pub(crate) fn find(name: &str) -> Option<Arc<HigherOrderUDF>> {
    TABLE.get(name).cloned()
}

/// The function for one call, all of whose fields are known: it remembers the types of what the lambdas give.
pub(crate) fn planned(
    function: &Arc<HigherOrderUDF>,
    fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
) -> Arc<HigherOrderUDF> {
    let inner: &dyn Any = function.inner().as_ref();
    match inner.downcast_ref::<LambdaFunction>() {
        Some(known) => Arc::new(HigherOrderUDF::new_from_impl(known.planned(fields))),
        None => function.clone(),
    }
}
