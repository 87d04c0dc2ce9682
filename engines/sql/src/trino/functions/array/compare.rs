//! Functions that look for elements: by equality, or for the largest and smallest.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;

use crate::error::SqlError;
use crate::trino::functions::call::Call;

use super::keys::keys_of;
use super::lists::{Lists, Picker};

/// Whether an element is in the array; null if it is not but the array has nulls.
pub(super) fn contains(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let wanted = call.array(1)?;
    let keys = keys_of(&[&lists.values, &wanted])?;
    call.to_booleans(|row| {
        let mut unknown = false;
        for element in lists.range(row).unwrap_or(0..0) {
            if lists.values.is_null(element) {
                unknown = true;
            } else if keys[0].row(element) == keys[1].row(row) {
                return Ok(Some(true));
            }
        }
        Ok((!unknown).then_some(false))
    })
}

/// Whether the array has the elements of the other one side by side, in their order. Nulls are equal to nulls here.
pub(super) fn contains_sequence(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, sequences) = (Lists::of(&call.array(0)?)?, Lists::of(&call.array(1)?)?);
    let keys = keys_of(&[&lists.values, &sequences.values])?;
    call.to_booleans(|row| {
        let (Some(elements), Some(sequence)) = (lists.range(row), sequences.range(row)) else { return Ok(None) };
        let last = (elements.end + 1).saturating_sub(sequence.len());
        let found = (elements.start..last.max(elements.start)).any(|start| {
            sequence.clone().enumerate().all(|(place, other)| keys[0].row(start + place) == keys[1].row(other))
        });
        Ok(Some(found || sequence.is_empty()))
    })
}

/// The place of the first element that equals, counted from one; zero if none does.
pub(super) fn array_position(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let wanted = call.array(1)?;
    let keys = keys_of(&[&lists.values, &wanted])?;
    call.to_bigints(|row| {
        let mut elements = lists.range(row).unwrap_or(0..0);
        Ok(Some(
            elements.position(|element| keys[0].row(element) == keys[1].row(row)).map_or(0, |place| place as i64 + 1),
        ))
    })
}

/// The array without all elements that equal; nulls stay.
pub(super) fn array_remove(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let unwanted = call.array(1)?;
    let keys = keys_of(&[&lists.values, &unwanted])?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match lists.range(row).filter(|_| call.is_valid(row)) {
            Some(mut elements) => {
                let stays = |element: &usize| keys[0].row(*element) != keys[1].row(row);
                picker.pick_all(elements.by_ref().filter(stays));
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    picker.list(&lists.values, &call.returns.layout())
}

/// The largest element; null if one is.
pub(super) fn array_max(call: &Call) -> Result<ArrayRef, SqlError> {
    extreme(call, Ordering::Greater)
}

/// The smallest element; null if one is.
pub(super) fn array_min(call: &Call) -> Result<ArrayRef, SqlError> {
    extreme(call, Ordering::Less)
}

/// The element that is `wanted` compared with all others.
fn extreme(call: &Call, wanted: Ordering) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let keys = keys_of(&[&lists.values])?;
    let mut picks = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let elements = lists.range(row).unwrap_or(0..0);
        let mut best: Option<usize> = None;
        for element in elements.clone() {
            if lists.values.is_null(element) {
                best = None;
                break;
            }
            // NaN has no order: it is the extreme only of arrays that have nothing else.
            let better = |best: usize| match (is_nan(&lists.values, element), is_nan(&lists.values, best)) {
                (true, _) => false,
                (false, true) => true,
                (false, false) => keys[0].row(element).cmp(&keys[0].row(best)) == wanted,
            };
            if best.is_none_or(better) {
                best = Some(element);
            }
        }
        picks.push(best.map(|element| element as u32));
    }
    Ok(take(&lists.values, &UInt32Array::from(picks), None)?)
}

fn is_nan(values: &ArrayRef, index: usize) -> bool {
    match values.data_type() {
        DataType::Float64 => values.as_primitive::<arrow::datatypes::Float64Type>().value(index).is_nan(),
        DataType::Float32 => values.as_primitive::<arrow::datatypes::Float32Type>().value(index).is_nan(),
        _ => false,
    }
}
