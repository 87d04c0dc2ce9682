//! Trino's aggregate functions, one file per family.
//!
//! Each overload says how its groups are computed ([`How`](function::How)):
//!
//! - `builtin`: DataFusion's own aggregate, where it means exactly what Trino means.
//! - `running`: a state that takes rows in and merges with others.
//! - `collected`: all rows of the group are kept, and a function makes the result of them at the end. This is also what
//!   every aggregate becomes under `DISTINCT` and, where the order matters, `ORDER BY`; and in window frames whose
//!   start moves, since rows can leave it.

mod approximate;
mod arrays;
mod builtin;
mod by;
mod checksum;
mod collected;
mod extremes;
mod function;
mod groups;
mod hash;
mod histogram;
mod hyperloglog;
mod maps;
mod moments;
mod sketches;
mod sum;
mod tdigest;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::AggregateUDF;

use crate::error::SqlError;
use crate::types::Type;

use super::scalar::Function;
use super::signature::Bound;
use function::Aggregate;

/// All families but `count`.
fn families() -> Vec<Vec<Aggregate>> {
    vec![
        approximate::functions(),
        arrays::functions(),
        builtin::functions(),
        by::functions(),
        checksum::functions(),
        histogram::functions(),
        maps::functions(),
        moments::functions(),
        sum::functions(),
    ]
}

/// The table, by name.
static TABLE: LazyLock<BTreeMap<&'static str, (Aggregate, Arc<AggregateUDF>)>> = LazyLock::new(|| {
    let functions = families().into_iter().flatten();
    functions.map(|function| (function.name, (function.clone(), Arc::new(AggregateUDF::from(function))))).collect()
});

/// The aggregate function of that name (in lower case), if Trino and we have it. `count` is DataFusion's own: its
/// optimizer answers it from statistics, and knows that of no rows it is zero.
pub(crate) fn find(name: &str) -> Option<Arc<AggregateUDF>> {
    match name {
        "count" => Some(count_udaf()),
        _ => TABLE.get(name).map(|(_, function)| function.clone()),
    }
}

/// What a call of the function means: the types that its arguments become, and what it gives.
///
/// # Errors
/// `FUNCTION_NOT_FOUND`: no such function, or not for those arguments.
pub(crate) fn bind(name: &str, arguments: &[Type]) -> Result<Bound, SqlError> {
    match TABLE.get(name) {
        Some((function, _)) => function.bind(arguments),
        None => function::count(arguments),
    }
}

/// Scalar functions of what aggregates give: sketches and digests.
pub(super) fn functions() -> Vec<Function> {
    sketches::functions()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_aggregate_is_found_under_its_name() {
        for name in TABLE.keys().copied().chain(["count"]) {
            assert_eq!(find(name).unwrap().name(), name);
        }
        assert!(find("median").is_none());
    }
}
