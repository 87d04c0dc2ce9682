//! Lambdas over the entries of maps: `map_filter`, `transform_keys`, `transform_values`, `map_zip_with`.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{concat, take};
use arrow::row::{RowConverter, SortField};
use datafusion::error::DataFusionError;

use crate::error::SqlError;
use crate::trino::functions::array::lists::{Lists, Picker, map};
use crate::trino::functions::map::keys::check_keys;

use super::call::LambdaCall;

/// The keys and values of a map argument's entries.
fn entries(call: &LambdaCall, index: usize) -> Result<(Lists, ArrayRef), SqlError> {
    let lists = call.lists(index)?;
    let values = lists.map_values.clone().ok_or_else(|| SqlError::internal("expected a map"))?;
    Ok((lists, values))
}

/// The entries for which the lambda says true.
pub(super) fn map_filter(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let (lists, values) = entries(call, 0)?;
    let chosen = call.matches(1, &[lists.values.clone(), values.clone()], &lists.row_numbers())?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match lists.range(row) {
            Some(elements) => {
                picker.pick_all(elements.filter(|&element| chosen.is_valid(element) && chosen.value(element)));
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    Ok(picker.map(&lists.values, &values, &call.returns)?)
}

/// The map with other keys; they must stay different.
pub(super) fn transform_keys(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let (lists, values) = entries(call, 0)?;
    let keys = call.apply(1, &[lists.values.clone(), values.clone()], &lists.row_numbers())?;
    check_keys(&keys, (0..call.rows).filter_map(|row| lists.range(row)))?;
    Ok(lists.with_entries(keys, values, &call.returns)?)
}

/// The map with other values.
pub(super) fn transform_values(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let (lists, values) = entries(call, 0)?;
    let results = call.apply(1, &[lists.values.clone(), values], &lists.row_numbers())?;
    Ok(lists.with_entries(lists.values.clone(), results, &call.returns)?)
}

/// The map from the keys of two maps to what the lambda gives for key and values; a map that lacks the key gives null.
pub(super) fn map_zip_with(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let ((left, left_values), (right, right_values)) = (entries(call, 0)?, entries(call, 1)?);
    let converter = RowConverter::new(vec![SortField::new(left.values.data_type().clone())])?;
    let left_keys = converter.convert_columns(std::slice::from_ref(&left.values))?;
    let right_keys = converter.convert_columns(std::slice::from_ref(&right.values))?;
    // Keys are picked from both maps' keys one after the other.
    let keys = concat(&[left.values.as_ref(), right.values.as_ref()])?;
    let left_length = left.values.len();
    let mut picker = Picker::with_capacity(call.rows);
    let (mut from_left, mut from_right): (Vec<Option<u32>>, Vec<Option<u32>>) = (Vec::new(), Vec::new());
    let mut rows: Vec<u32> = Vec::new();
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    for row in 0..call.rows {
        let (Some(left_range), Some(right_range)) = (left.range(row), right.range(row)) else {
            picker.null_row();
            continue;
        };
        let mut unmatched: HashMap<_, usize> =
            right_range.clone().map(|entry| (right_keys.row(entry), entry)).collect();
        for entry in left_range {
            picker.pick(entry);
            from_left.push(Some(entry as u32));
            from_right.push(unmatched.remove(&left_keys.row(entry)).map(|entry| entry as u32));
        }
        for entry in right_range.filter(|entry| unmatched.contains_key(&right_keys.row(*entry))) {
            picker.pick(left_length + entry);
            from_left.push(None);
            from_right.push(Some(entry as u32));
        }
        rows.resize(from_left.len(), row as u32);
        picker.end_row();
    }
    let (offsets, _, key_picks) = picker.into_parts();
    let keys = take(&keys, &key_picks, None)?;
    let (from_left, from_right) = (UInt32Array::from(from_left), UInt32Array::from(from_right));
    let parameters = [keys.clone(), take(&left_values, &from_left, None)?, take(&right_values, &from_right, None)?];
    let results = call.apply(2, &parameters, &rows.into())?;
    Ok(map(&call.returns, offsets, keys, results, nulls)?)
}
