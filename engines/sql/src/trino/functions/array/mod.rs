//! Arrays: their functions, and the subscript of arrays and maps.

mod build;
mod choose;
mod compare;
mod join;
pub(super) mod keys;
pub(super) mod lists;
mod sequence;
mod sets;

use super::scalar::{Function, function, overload};
use crate::types::Type;

pub(crate) fn functions() -> Vec<Function> {
    let mut functions = choosing();
    functions.extend(comparing());
    functions.extend(building());
    functions
}

/// Functions that give elements, or some of them.
fn choosing() -> Vec<Function> {
    vec![
        function("cardinality", [overload("(array(T)) -> bigint", choose::cardinality)]),
        function("element_at", [overload("(array(T), bigint) -> T", choose::element_at)]),
        function("$subscript", [overload("(array(T), bigint) -> T", choose::subscript)]),
        function("array_first", [overload("(array(T)) -> T", choose::array_first)]),
        function("array_last", [overload("(array(T)) -> T", choose::array_last)]),
        function("slice", [overload("(array(T), bigint, bigint) -> array(T)", choose::slice)]),
        function("trim_array", [overload("(array(T), bigint) -> array(T)", choose::trim_array)]),
        function("reverse", [overload("(array(T)) -> array(T)", choose::reverse)]),
        function("shuffle", [overload("(array(T)) -> array(T)", choose::shuffle)]).volatile(),
        function("flatten", [overload("(array(array(T))) -> array(T)", choose::flatten)]),
        function("ngrams", [overload("(array(T), bigint) -> array(array(T))", choose::ngrams)]),
        function("combinations", [overload("(array(T), bigint) -> array(array(T))", choose::combinations)]),
    ]
}

/// Functions that compare elements.
fn comparing() -> Vec<Function> {
    vec![
        function("contains", [overload("(array(T), T) -> boolean", compare::contains)]),
        function("contains_sequence", [overload("(array(T), array(T)) -> boolean", compare::contains_sequence)]),
        function("array_position", [overload("(array(T), T) -> bigint", compare::array_position)]),
        function("array_max", [overload("(array(T)) -> T", compare::array_max)]),
        function("array_min", [overload("(array(T)) -> T", compare::array_min)]),
        function("array_remove", [overload("(array(T), T) -> array(T)", compare::array_remove)]),
        function("arrays_overlap", [overload("(array(T), array(T)) -> boolean", sets::arrays_overlap)]),
        function("array_distinct", [overload("(array(T)) -> array(T)", sets::array_distinct)]),
        function("array_except", [overload("(array(T), array(T)) -> array(T)", sets::array_except)]),
        function("array_intersect", [overload("(array(T), array(T)) -> array(T)", sets::array_intersect)]),
        function("array_union", [overload("(array(T), array(T)) -> array(T)", sets::array_union)]),
        function("array_histogram", [overload("(array(T)) -> map(T,bigint)", sets::array_histogram)]),
    ]
}

/// Functions that make arrays, or text of them.
fn building() -> Vec<Function> {
    let dates = ["date, date", "date, date, interval day to second", "date, date, interval year to month"];
    let times =
        ["timestamp(p), timestamp(p), interval day to second", "timestamp(p), timestamp(p), interval year to month"];
    let mut sequences = vec![
        overload("(bigint, bigint) -> array(bigint)", sequence::of_numbers),
        overload("(bigint, bigint, bigint) -> array(bigint)", sequence::of_numbers),
    ];
    sequences.extend(dates.map(|takes| overload(&format!("({takes}) -> array(date)"), sequence::of_dates)));
    sequences
        .extend(times.map(|takes| overload(&format!("({takes}) -> array(timestamp(p))"), sequence::of_timestamps)));
    vec![
        function("sequence", sequences),
        function("repeat", [overload("(T, bigint) -> array(T)", build::repeat).handles_null()]),
        function(
            "concat",
            [
                overload("(array(T)...) -> array(T)", build::concat_arrays),
                overload("(array(T), T) -> array(T)", build::append).handles_null(),
                overload("(T, array(T)) -> array(T)", build::prepend).handles_null(),
            ],
        ),
        function("zip", (2..=ZIPPED_MAX).map(zip)),
        function(
            "array_join",
            [
                overload("(array(T), varchar) -> varchar", join::array_join),
                overload("(array(T), varchar, varchar) -> varchar", join::array_join),
            ],
        ),
    ]
}

/// The arrays that Trino's `zip` takes at most.
const ZIPPED_MAX: usize = 5;

/// `zip` of that many arrays. Its rows have nameless fields.
fn zip(arrays: usize) -> super::scalar::Overload {
    let parameters: Vec<_> = (1..=arrays).map(|index| format!("array(T{index})")).collect();
    let fields: Vec<_> = (1..=arrays).map(|index| format!("T{index}")).collect();
    let signature = format!("({}) -> array(row({}))", parameters.join(", "), fields.join(", "));
    overload(&signature, build::zip)
}

/// The type of an array's elements.
fn element_of(array: &Type) -> Type {
    match array {
        Type::Array(element) => element.as_ref().clone(),
        _ => Type::Unknown,
    }
}
