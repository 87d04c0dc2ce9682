//! The 64-bit hashes of values of any type: XXH64, of the bytes that Trino hashes where a type is simple.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};
use twox_hash::XxHash64;

use crate::error::SqlError;
use crate::trino::functions::array::keys::keys_of;

/// Of each row the hash of its value; null values have none.
pub(super) fn hashes(values: &ArrayRef) -> Result<Vec<Option<u64>>, SqlError> {
    let nulls = values.logical_nulls();
    let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let rows = 0..values.len();
    let of_number = |number: i64| XxHash64::oneshot(0, &number.to_le_bytes());
    Ok(match values.data_type() {
        DataType::Boolean => {
            let values = values.as_boolean();
            rows.map(|row| valid(row).then(|| of_number(i64::from(values.value(row))))).collect()
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let numbers = arrow::compute::cast(values, &DataType::Int64)?;
            let numbers = numbers.as_primitive::<Int64Type>();
            rows.map(|row| valid(row).then(|| of_number(numbers.value(row)))).collect()
        }
        DataType::Float64 => {
            let numbers = values.as_primitive::<Float64Type>();
            // Zero has two spellings and NaN many; each is one value.
            let bits = |number: f64| if number == 0.0 { 0 } else { (number + 0.0).to_bits() };
            rows.map(|row| valid(row).then(|| of_number(bits(numbers.value(row)) as i64))).collect()
        }
        DataType::Float32 => {
            let numbers = values.as_primitive::<Float32Type>();
            let bits = |number: f32| if number == 0.0 { 0 } else { (number + 0.0).to_bits() };
            rows.map(|row| valid(row).then(|| of_number(i64::from(bits(numbers.value(row)) as i32)))).collect()
        }
        DataType::Utf8View => {
            let texts = values.as_string_view();
            rows.map(|row| valid(row).then(|| XxHash64::oneshot(0, texts.value(row).as_bytes()))).collect()
        }
        DataType::Binary => {
            let bytes = values.as_binary::<i32>();
            rows.map(|row| valid(row).then(|| XxHash64::oneshot(0, bytes.value(row)))).collect()
        }
        DataType::Null => vec![None; values.len()],
        _ => {
            let keys = keys_of(&[values])?;
            rows.map(|row| valid(row).then(|| XxHash64::oneshot(0, keys[0].row(row).data()))).collect()
        }
    })
}
