//! Arrays, maps and rows element by element, from their like and from JSON.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field};

use crate::error::SqlError;
use crate::trino::functions::attempt::is_caught;
use crate::types::Type;

use super::{Failures, json};

/// Casts to array, map or row. A value is null as a whole if a part of it cannot be cast and failures become nulls.
pub(super) fn cast(array: &ArrayRef, from: &Type, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    match whole(array, from, to) {
        Err(error) if failures == Failures::Null && is_caught(&error) => {
            let mut parts = Vec::with_capacity(array.len());
            for row in 0..array.len() {
                parts.push(match whole(&array.slice(row, 1), from, to) {
                    Err(error) if is_caught(&error) => new_null_array(&to.layout(), 1),
                    other => other?,
                });
            }
            Ok(concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>())?)
        }
        result => result,
    }
}

/// All values; the first that cannot be cast is the error.
fn whole(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, SqlError> {
    match (from, to) {
        (Type::Json, _) => json::to_values(array, to, Failures::Raise),
        (Type::Array(from), Type::Array(element)) => {
            let lists = array.as_list::<i32>();
            let DataType::List(field) = to.layout() else { return Err(mismatch(to)) };
            let values = super::cast(lists.values(), from, element, Failures::Raise)?;
            Ok(Arc::new(ListArray::try_new(field, lists.offsets().clone(), values, lists.nulls().cloned())?))
        }
        (Type::Map(from_key, from_value), Type::Map(key, value)) => {
            let maps = array.as_map();
            let DataType::Map(field, sorted) = to.layout() else { return Err(mismatch(to)) };
            let keys = super::cast(maps.keys(), from_key, key, Failures::Raise)?;
            let values = super::cast(maps.values(), from_value, value, Failures::Raise)?;
            let entries = StructArray::try_new(fields(&field)?, vec![keys, values], None)?;
            Ok(Arc::new(MapArray::try_new(field, maps.offsets().clone(), entries, maps.nulls().cloned(), sorted)?))
        }
        (Type::Row(from), Type::Row(to_fields)) => {
            let rows = array.as_struct();
            let DataType::Struct(fields) = to.layout() else { return Err(mismatch(to)) };
            let mut columns = Vec::with_capacity(from.len());
            for ((column, (_, from)), (_, to)) in rows.columns().iter().zip(from).zip(to_fields) {
                columns.push(super::cast(column, from, to, Failures::Raise)?);
            }
            Ok(Arc::new(StructArray::try_new_with_length(fields, columns, rows.nulls().cloned(), rows.len())?))
        }
        _ => Err(mismatch(to)),
    }
}

/// The key and the value of a map's entries.
pub(super) fn fields(entries: &Field) -> Result<arrow::datatypes::Fields, SqlError> {
    match entries.data_type() {
        DataType::Struct(fields) => Ok(fields.clone()),
        other => Err(SqlError::internal(format!("a map of {other}"))),
    }
}

fn mismatch(to: &Type) -> SqlError {
    SqlError::internal(format!("no cast to {to}"))
}
