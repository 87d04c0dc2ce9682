//! Functions that make arrays of values and of other arrays: `repeat`, `concat`, `zip`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StructArray};
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::scalar::adapt;

use super::lists::{Lists, Picker, element_field, list};

/// Elements that `repeat` makes at most.
const REPEATED_MAX: i64 = 10_000;

/// A value so many times; null so many times, too.
pub(super) fn repeat(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.array(0)?;
    let counts = call.bigints(1)?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        let Some(count) = counts.get(row) else {
            picker.null_row();
            continue;
        };
        if count > REPEATED_MAX {
            return Err(SqlError::invalid_argument(format!(
                "count argument of repeat function must be less than or equal to {REPEATED_MAX}"
            )));
        }
        if count < 0 {
            return Err(SqlError::invalid_argument(
                "count argument of repeat function must be greater than or equal to 0",
            ));
        }
        picker.pick_all(std::iter::repeat_n(row, count as usize));
        picker.end_row();
    }
    picker.list(&values, &call.returns.layout())
}

/// The elements of all arrays one after the other.
pub(super) fn concat_arrays(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = (0..call.arity()).map(|index| Lists::of(&call.array(index)?)).collect::<Result<Vec<_>, _>>()?;
    let mut shifts = Vec::with_capacity(lists.len());
    let mut shift = 0;
    for one in &lists {
        shifts.push(shift);
        shift += one.values.len();
    }
    let values = concat(&lists.iter().map(|one| one.values.as_ref()).collect::<Vec<_>>())?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        for (one, shift) in lists.iter().zip(&shifts) {
            picker.pick_all(one.range(row).unwrap_or(0..0).map(|element| element + shift));
        }
        picker.end_row();
    }
    picker.list(&values, &call.returns.layout())
}

/// `array || element`; the element may be null, the array not.
pub(super) fn append(call: &Call) -> Result<ArrayRef, SqlError> {
    with_element(call, 0, 1)
}

/// `element || array`.
pub(super) fn prepend(call: &Call) -> Result<ArrayRef, SqlError> {
    with_element(call, 1, 0)
}

fn with_element(call: &Call, array: usize, element: usize) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(array)?)?;
    let elements = call.array(element)?;
    let values = concat(&[lists.values.as_ref(), elements.as_ref()])?;
    let shift = lists.values.len();
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        let Some(range) = lists.range(row) else {
            picker.null_row();
            continue;
        };
        if element < array {
            picker.pick(shift + row);
        }
        picker.pick_all(range);
        if element > array {
            picker.pick(shift + row);
        }
        picker.end_row();
    }
    picker.list(&values, &call.returns.layout())
}

/// The array of rows of what is at the same place of each array; shorter arrays end in nulls.
pub(super) fn zip(call: &Call) -> Result<ArrayRef, SqlError> {
    let returns = call.returns.layout();
    let row_type = element_field(&returns)?.data_type().clone();
    let DataType::Struct(fields) = &row_type else { return Err(SqlError::internal("zip gives rows")) };
    let lists = (0..call.arity()).map(|index| Lists::of(&call.array(index)?)).collect::<Result<Vec<_>, _>>()?;
    let mut lengths = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let longest = lists.iter().map(|one| one.length(row).unwrap_or(0)).max().unwrap_or(0);
        lengths.push(if call.is_valid(row) { longest } else { 0 });
    }
    let mut columns = Vec::with_capacity(lists.len());
    for (one, field) in lists.iter().zip(fields) {
        let mut picker = Picker::with_capacity(call.rows);
        for (row, length) in lengths.iter().enumerate() {
            let elements = one.range(row).unwrap_or(0..0);
            let present = elements.len().min(*length);
            picker.pick_all(elements.take(present));
            (present..*length).for_each(|_| picker.pick_null());
            picker.end_row();
        }
        let (_, _, picks) = picker.into_parts();
        columns.push(adapt(take(&one.values, &picks, None)?, field.data_type())?);
    }
    let rows = StructArray::try_new_with_length(fields.clone(), columns, None, lengths.iter().sum())?;
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(lengths);
    list(&returns, offsets, Arc::new(rows), None)
}
