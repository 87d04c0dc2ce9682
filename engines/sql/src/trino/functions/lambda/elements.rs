//! Lambdas over the elements of arrays: `transform`, `filter`, `all_match`, `any_match`, `none_match`, `zip_with`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use datafusion::error::DataFusionError;

use crate::trino::functions::array::lists::{Lists, Picker, list};

use super::call::LambdaCall;

/// The array of what the lambda gives for each element.
pub(super) fn transform(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let results = call.apply(1, std::slice::from_ref(&lists.values), &lists.row_numbers())?;
    Ok(lists.with_values(results, &call.returns)?)
}

/// The elements for which the lambda says true.
pub(super) fn filter(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let chosen = call.matches(1, std::slice::from_ref(&lists.values), &lists.row_numbers())?;
    let mut picker = Picker::with_capacity(lists.rows());
    for row in 0..lists.rows() {
        match lists.range(row) {
            Some(elements) => {
                picker.pick_all(elements.filter(|&element| chosen.is_valid(element) && chosen.value(element)));
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    Ok(picker.list(&lists.values, &call.returns)?)
}

/// Whether the lambda says true of all elements; null if it says null of some and true of the others.
pub(super) fn all_match(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    decide(call, false, |found| !found)
}

/// Whether the lambda says true of some element; null if it says null of some and false of the others.
pub(super) fn any_match(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    decide(call, true, |found| found)
}

/// Whether the lambda says true of no element; null if it says null of some and false of the others.
pub(super) fn none_match(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    decide(call, true, |found| !found)
}

/// Looks for an element of which the lambda says `decisive`; nulls leave open whether there is one.
fn decide(call: &LambdaCall, decisive: bool, answer: fn(bool) -> bool) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let said = call.matches(1, std::slice::from_ref(&lists.values), &lists.row_numbers())?;
    let answers: BooleanArray = (0..lists.rows())
        .map(|row| {
            let elements = lists.range(row)?;
            let mut unknown = false;
            for element in elements {
                match said.is_valid(element).then(|| said.value(element)) {
                    Some(saying) if saying == decisive => return Some(answer(true)),
                    Some(_) => {}
                    None => unknown = true,
                }
            }
            (!unknown).then(|| answer(false))
        })
        .collect();
    Ok(Arc::new(answers))
}

/// The array of what the lambda gives for the elements of two arrays side by side; the shorter one ends in nulls.
pub(super) fn zip_with(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let (left, right) = (call.lists(0)?, call.lists(1)?);
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    let (mut from_left, mut from_right) = (Picker::with_capacity(call.rows), Picker::with_capacity(call.rows));
    let mut rows = Vec::new();
    for row in 0..call.rows {
        let length = match (left.length(row), right.length(row)) {
            (Some(one), Some(other)) => one.max(other),
            _ => 0,
        };
        pad(&mut from_left, &left, row, length);
        pad(&mut from_right, &right, row, length);
        rows.extend(std::iter::repeat_n(row as u32, length));
    }
    let (offsets, _, left_picks) = from_left.into_parts();
    let (_, _, right_picks) = from_right.into_parts();
    let parameters = [take(&left.values, &left_picks, None)?, take(&right.values, &right_picks, None)?];
    let results = call.apply(2, &parameters, &rows.into())?;
    Ok(list(&call.returns, offsets, results, nulls)?)
}

/// Picks that many elements of a row, nulls after its end.
fn pad(picker: &mut Picker, lists: &Lists, row: usize, length: usize) {
    let elements = lists.range(row).unwrap_or(0..0);
    for place in 0..length {
        match elements.start + place {
            element if element < elements.end => picker.pick(element),
            _ => picker.pick_null(),
        }
    }
    picker.end_row();
}
