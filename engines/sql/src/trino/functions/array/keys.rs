//! Elements of any type as bytes that are equal when the elements are, and sort as they do.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};

use crate::error::SqlError;

/// The keys of several columns of one type, comparable with each other. Nulls are equal to nulls, as in Trino's
/// `IS NOT DISTINCT FROM`.
///
/// # Errors
/// When the columns are not of one type.
pub fn keys_of(columns: &[&ArrayRef]) -> Result<Vec<Rows>, SqlError> {
    let Some(first) = columns.first() else { return Ok(Vec::new()) };
    let options = SortOptions { descending: false, nulls_first: false };
    let field = SortField::new_with_options(first.data_type().clone(), options);
    let converter = RowConverter::new(vec![field])?;
    Ok(columns.iter().map(|column| converter.convert_columns(&[plain(column)])).collect::<Result<_, _>>()?)
}

/// Floating point numbers with one spelling of zero and one of NaN.
fn plain(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Float64 => {
            let numbers = values.as_primitive::<Float64Type>();
            let plain: Float64Array = numbers.unary(|number| if number.is_nan() { f64::NAN } else { number + 0.0 });
            Arc::new(plain)
        }
        DataType::Float32 => {
            let numbers = values.as_primitive::<Float32Type>();
            let plain: Float32Array = numbers.unary(|number| if number.is_nan() { f32::NAN } else { number + 0.0 });
            Arc::new(plain)
        }
        _ => values.clone(),
    }
}
