//! Aggregates that DataFusion has with exactly Trino's meaning.

use std::sync::Arc;

use datafusion::functions_aggregate as known;
use datafusion::logical_expr::AggregateUDF;

use super::by::{max_of_n, min_of_n};
use super::extremes;
use super::function::{Aggregate, Finish, How, Running, aggregate, overload};

pub(super) fn functions() -> Vec<Aggregate> {
    let one =
        |name, signature, function: Arc<AggregateUDF>| aggregate(name, [overload(signature, How::Builtin(function))]);
    let bools = "(boolean) -> boolean";
    let bits = "(bigint) -> bigint";
    let doubles = "(double) -> double";
    vec![
        extreme("max", "$max_n", known::min_max::max_udaf(), (extremes::LARGEST, max_of_n)),
        extreme("min", "$min_n", known::min_max::min_udaf(), (extremes::SMALLEST, min_of_n)),
        one("bool_and", bools, known::bool_and_or::bool_and_udaf()),
        one("every", bools, known::bool_and_or::bool_and_udaf()),
        one("bool_or", bools, known::bool_and_or::bool_or_udaf()),
        one("bitwise_and_agg", bits, known::bit_and_or_xor::bit_and_udaf()),
        one("bitwise_or_agg", bits, known::bit_and_or_xor::bit_or_udaf()),
        one("bitwise_xor_agg", bits, known::bit_and_or_xor::bit_xor_udaf()),
        one("stddev", doubles, known::stddev::stddev_udaf()),
        one("stddev_samp", doubles, known::stddev::stddev_udaf()),
        one("stddev_pop", doubles, known::stddev::stddev_pop_udaf()),
        one("variance", doubles, known::variance::var_samp_udaf()),
        one("var_samp", doubles, known::variance::var_samp_udaf()),
        one("var_pop", doubles, known::variance::var_pop_udaf()),
    ]
}

/// `max` or `min`, of all values or of the best n. Of floating point numbers it is ours: DataFusion's depends on where
/// NaN stands.
fn extreme(
    name: &'static str,
    several: &'static str,
    one: Arc<AggregateUDF>,
    (floats, best): (Running, Finish),
) -> Aggregate {
    let best_of_n = || overload("(T, bigint) -> array(T)", How::Collected(best)).orderable(0);
    let overloads = [
        overload("(T) -> T", How::Builtin(one)).orderable(0),
        overload("(double) -> double", How::Running(floats)),
        overload("(real) -> real", How::Running(floats)),
        best_of_n(),
    ];
    aggregate(name, overloads).several(aggregate(several, [best_of_n()]))
}
