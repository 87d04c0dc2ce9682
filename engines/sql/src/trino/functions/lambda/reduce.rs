//! `reduce`: one value from all elements of an array, by way of a state.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::{interleave, take};
use datafusion::error::DataFusionError;

use crate::trino::functions::array::lists::Lists;

use super::call::LambdaCall;

/// `reduce(array, state, (state, element) -> state, state -> result)`.
///
/// The first elements of all rows are taken in together, then the second ones, and so on: the lambda is called as
/// often as the longest array has elements.
pub(super) fn reduce(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let mut states = call.value(1)?.clone();
    let longest = (0..call.rows).filter_map(|row| lists.length(row)).max().unwrap_or(0);
    // The rows that still have elements; it only gets shorter.
    let mut remaining: Vec<u32> = (0..call.rows as u32).collect();
    for place in 0..longest {
        remaining.retain(|row| lists.length(*row as usize).is_some_and(|length| place < length));
        states = take_in(call, &lists, states, &remaining, place)?;
    }
    let whole: UInt32Array = (0..call.rows as u32).filter(|row| lists.range(*row as usize).is_some()).collect();
    let results = call.apply(3, &[take(&states, &whole, None)?], &whole)?;
    // A null array has no result.
    let mut next = 0..;
    let places: UInt32Array = (0..call.rows).map(|row| lists.range(row).and_then(|_| next.next())).collect();
    Ok(take(&results, &places, None)?)
}

/// The states after the elements at one place of the remaining rows.
fn take_in(
    call: &LambdaCall,
    lists: &Lists,
    states: ArrayRef,
    remaining: &[u32],
    place: usize,
) -> Result<ArrayRef, DataFusionError> {
    let rows = UInt32Array::from(remaining.to_vec());
    let elements: UInt32Array =
        remaining.iter().map(|row| lists.range(*row as usize).map(|range| (range.start + place) as u32)).collect();
    let all = remaining.len() == call.rows;
    let before = if all { states.clone() } else { take(&states, &rows, None)? };
    let after = call.apply(2, &[before, take(&lists.values, &elements, None)?], &rows)?;
    if all {
        return Ok(after);
    }
    let mut sources: Vec<(usize, usize)> = (0..call.rows).map(|row| (0, row)).collect();
    for (index, row) in remaining.iter().enumerate() {
        sources[*row as usize] = (1, index);
    }
    Ok(interleave(&[states.as_ref(), after.as_ref()], &sources)?)
}
