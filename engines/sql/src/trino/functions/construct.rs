//! `ARRAY[…]` and `ROW(…)`: what the planner makes of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::interleave;
use arrow::datatypes::DataType;

use crate::error::SqlError;
use crate::types::Type;

use super::call::Call;
use super::layout::adapt;
use super::scalar::{Function, function, overload};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("$array", [overload("(T...) -> array(T)", array).handles_null()]),
        function("$row", [overload("(any...) -> unknown", row).handles_null().returning(row_type)]),
    ]
}

fn array(call: &Call) -> Result<ArrayRef, SqlError> {
    let DataType::List(element) = call.returns.layout() else {
        return Err(SqlError::internal("an array of no array type"));
    };
    let columns = (0..call.arity()).map(|index| call.array(index)).collect::<Result<Vec<_>, _>>()?;
    let values = if columns.is_empty() {
        new_empty_array(element.data_type())
    } else {
        let places: Vec<_> = (0..call.rows).flat_map(|row| (0..columns.len()).map(move |index| (index, row))).collect();
        interleave(&columns.iter().map(|column| column.as_ref()).collect::<Vec<_>>(), &places)?
    };
    let offsets = OffsetBuffer::from_repeated_length(columns.len(), call.rows);
    Ok(Arc::new(ListArray::try_new(element.clone(), offsets, adapt(values, element.data_type())?, None)?))
}

fn row_type(types: &[Type]) -> Type {
    Type::Row(types.iter().map(|field| (None, field.clone())).collect())
}

fn row(call: &Call) -> Result<ArrayRef, SqlError> {
    let DataType::Struct(fields) = call.returns.layout() else {
        return Err(SqlError::internal("a row of no row type"));
    };
    let mut columns = Vec::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        columns.push(adapt(call.array(index)?, field.data_type())?);
    }
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, None, call.rows)?))
}
