//! Hive's hash of values, which decides about buckets: version 1, as Athena writes and reads it.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit,
    TimestampMillisecondType,
};

use crate::error::SqlError;

/// The bucket of each row.
pub(super) fn buckets(columns: &[ArrayRef], rows: usize, count: u32) -> Result<Vec<u32>, SqlError> {
    let mut hashes = vec![0_i32; rows];
    for column in columns {
        for (row, hash) in hashes.iter_mut().enumerate() {
            let of_value = if column.is_null(row) { 0 } else { hash_of(column.as_ref(), row)? };
            *hash = hash.wrapping_mul(31).wrapping_add(of_value);
        }
    }
    Ok(hashes.into_iter().map(|hash| (hash & i32::MAX) as u32 % count.max(1)).collect())
}

fn hash_of(values: &dyn Array, row: usize) -> Result<i32, SqlError> {
    Ok(match values.data_type() {
        DataType::Boolean => i32::from(values.as_boolean().value(row)),
        DataType::Int8 => i32::from(values.as_primitive::<Int8Type>().value(row)),
        DataType::Int16 => i32::from(values.as_primitive::<Int16Type>().value(row)),
        DataType::Int32 => values.as_primitive::<Int32Type>().value(row),
        DataType::Int64 => folded(values.as_primitive::<Int64Type>().value(row)),
        // Java's bits: one NaN, and -0.0 is not 0.0.
        DataType::Float32 => canonical(values.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => {
            let value = values.as_primitive::<Float64Type>().value(row);
            folded(if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() as i64 })
        }
        DataType::Utf8View => of_bytes(values.as_string_view().value(row).as_bytes()),
        DataType::Binary => of_bytes(values.as_binary::<i32>().value(row)),
        DataType::Date32 => values.as_primitive::<Date32Type>().value(row),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            let millis = values.as_primitive::<TimestampMillisecondType>().value(row);
            let nanos = millis.rem_euclid(1000) * 1_000_000;
            folded((millis.div_euclid(1000) << 30) | nanos)
        }
        DataType::List(_) => {
            let items = values.as_list::<i32>().value(row);
            let mut hash = 0_i32;
            for at in 0..items.len() {
                let of_item = if items.is_null(at) { 0 } else { hash_of(items.as_ref(), at)? };
                hash = hash.wrapping_mul(31).wrapping_add(of_item);
            }
            hash
        }
        DataType::Map(..) => {
            let entries = values.as_map().value(row);
            let mut hash = 0_i32;
            for at in 0..entries.len() {
                let of = |values: &ArrayRef| if values.is_null(at) { Ok(0) } else { hash_of(values.as_ref(), at) };
                hash = hash.wrapping_add(of(entries.column(0))? ^ of(entries.column(1))?);
            }
            hash
        }
        other => return Err(SqlError::not_supported(format!("Bucketing by columns of type {other} is not supported"))),
    })
}

fn folded(value: i64) -> i32 {
    ((value as u64 >> 32) as i64 ^ value) as i32
}

fn canonical(value: f32) -> i32 {
    if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() as i32 }
}

fn of_bytes(bytes: &[u8]) -> i32 {
    bytes.iter().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte as i8)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use arrow::array::{Int32Array, Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn hashes_are_those_of_java() {
        let strings: ArrayRef = Arc::new(StringViewArray::from(vec![Some("hello"), Some(""), None, Some("é")]));
        // "hello".hashCode() is 99162322; bytes of other alphabets are signed.
        let hash_e = (-61_i32).wrapping_mul(31).wrapping_add(-87);
        let wanted: Vec<u32> = [99_162_322, 0, 0, hash_e & i32::MAX].map(|hash: i32| hash as u32 % 7).to_vec();
        assert_eq!(buckets(&[strings], 4, 7).unwrap(), wanted);
        let longs: ArrayRef = Arc::new(Int64Array::from(vec![5, 1 << 32, -1]));
        assert_eq!(buckets(&[longs], 3, 4).unwrap(), [1, 1, 0]);
        let (a, b): (ArrayRef, ArrayRef) = (Arc::new(Int32Array::from(vec![2])), Arc::new(Int32Array::from(vec![3])));
        assert_eq!(buckets(&[a, b], 1, 100).unwrap(), [65]);
    }
}
