//! Aggregates that put values one after the other: `array_agg` and `listagg`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, new_null_array};
use arrow::buffer::OffsetBuffer;

use crate::error::SqlError;
use crate::trino::functions::array::lists::list;

use super::collected::Group;
use super::function::{Aggregate, How, aggregate, overload};

/// Bytes that `listagg` gives at most, and what it says beyond them.
const LISTAGG_BYTES_MAX: usize = 1_048_576;
/// Bytes of the filler of `ON OVERFLOW TRUNCATE`, at most.
const FILLER_BYTES_MAX: usize = 65_536;
/// The error's name when a function's result grows beyond its limit.
const EXCEEDED_FUNCTION_MEMORY_LIMIT: &str = "EXCEEDED_FUNCTION_MEMORY_LIMIT";

pub(super) fn functions() -> Vec<Aggregate> {
    vec![
        aggregate("array_agg", [overload("(T) -> array(T)", How::Collected(array_agg))]).ordered(),
        aggregate(
            "listagg",
            [
                overload("(varchar) -> varchar", How::Collected(listagg)),
                overload("(varchar, varchar) -> varchar", How::Collected(listagg)),
                overload("(varchar, varchar, varchar, boolean) -> varchar", How::Collected(listagg)),
            ],
        )
        .ordered(),
    ]
}

/// All values, nulls too; null of no rows.
fn array_agg(group: &Group) -> Result<ArrayRef, SqlError> {
    if group.rows() == 0 {
        return Ok(new_null_array(group.returns, 1));
    }
    list(group.returns, OffsetBuffer::from_lengths([group.rows()]), group.columns[0].clone(), None)
}

/// The texts with a separator between them, without nulls. A text that is too long is an error, unless further arguments
/// say what it ends with, and whether the number of missing values is told (`ON OVERFLOW TRUNCATE`).
fn listagg(group: &Group) -> Result<ArrayRef, SqlError> {
    let texts = group.columns[0].as_string_view();
    let present: Vec<usize> = (0..group.rows()).filter(|row| texts.is_valid(*row)).collect();
    let Some(&first) = present.first() else { return Ok(new_null_array(group.returns, 1)) };
    let text_at = |column: usize| {
        let column = group.columns.get(column).map(|column| column.as_string_view());
        column.filter(|column| column.is_valid(first)).map(|column| column.value(first))
    };
    let separator = text_at(1).unwrap_or_default();
    let filler = text_at(2);
    let counted = group.columns.get(3).is_some_and(|column| column.as_boolean().value(first));
    if let Some(filler) = filler.filter(|filler| filler.len() > FILLER_BYTES_MAX) {
        let message = format!("Overflow filler length {} exceeds maximum length {FILLER_BYTES_MAX}", filler.len());
        return Err(SqlError::invalid_argument(message));
    }
    let mut joined = String::new();
    for (place, &row) in present.iter().enumerate() {
        let between = if place > 0 { separator } else { "" };
        if joined.len() + between.len() + texts.value(row).len() <= LISTAGG_BYTES_MAX {
            joined.push_str(between);
            joined.push_str(texts.value(row));
            continue;
        }
        let Some(filler) = filler else {
            let message = format!(
                "Concatenated string has the length in bytes larger than the maximum output length {LISTAGG_BYTES_MAX}"
            );
            return Err(SqlError::new(EXCEEDED_FUNCTION_MEMORY_LIMIT, message));
        };
        joined.push_str(between);
        joined.push_str(filler);
        if counted {
            joined.push_str(&format!("({})", present.len() - place));
        }
        break;
    }
    Ok(Arc::new(StringViewArray::from(vec![joined])))
}
