//! Maps: their functions, and what makes them.

mod entries;
pub(super) mod keys;
mod make;

use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function("cardinality", [overload("(map(K,V)) -> bigint", entries::cardinality)]),
        function("element_at", [overload("(map(K,V), K) -> V", entries::element_at)]),
        function("$subscript", [overload("(map(K,V), K) -> V", entries::subscript)]),
        function("map_keys", [overload("(map(K,V)) -> array(K)", entries::map_keys)]),
        function("map_values", [overload("(map(K,V)) -> array(V)", entries::map_values)]),
        function("map_entries", [overload("(map(K,V)) -> array(row(K,V))", entries::map_entries)]),
        function("map_concat", [overload("(map(K,V)...) -> map(K,V)", make::map_concat)]),
        function(
            "map",
            [
                overload("() -> map(unknown,unknown)", make::empty),
                overload("(array(K), array(V)) -> map(K,V)", make::map),
            ],
        )
        // DataFusion's planner takes `map()` for a syntax of its own; the rewriter gives it this name.
        .alias("$map"),
        function("map_from_entries", [overload("(array(row(K,V))) -> map(K,V)", make::map_from_entries)]),
        function(
            "multimap_from_entries",
            [overload("(array(row(K,V))) -> map(K,array(V))", make::multimap_from_entries)],
        ),
    ]
}
