//! Bits of whole numbers in two's complement.

use arrow::array::ArrayRef;
use arrow::datatypes::{ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type};

use crate::error::SqlError;

use super::call::{Call, Values};
use super::scalar::{Function, Overload, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function("bit_count", [overload("(bigint, bigint) -> bigint", bit_count)]),
        function("bitwise_and", [overload("(bigint, bigint) -> bigint", |call| of_two(call, |a, b| a & b))]),
        function(
            "bitwise_left_shift",
            shifts([
                |call| shifted::<Int8Type>(call, left),
                |call| shifted::<Int16Type>(call, left),
                |call| shifted::<Int32Type>(call, left),
                |call| shifted::<Int64Type>(call, left),
            ]),
        ),
        function("bitwise_not", [overload("(bigint) -> bigint", not)]),
        function("bitwise_or", [overload("(bigint, bigint) -> bigint", |call| of_two(call, |a, b| a | b))]),
        function(
            "bitwise_right_shift",
            shifts([
                |call| shifted::<Int8Type>(call, right),
                |call| shifted::<Int16Type>(call, right),
                |call| shifted::<Int32Type>(call, right),
                |call| shifted::<Int64Type>(call, right),
            ]),
        ),
        function(
            "bitwise_right_shift_arithmetic",
            shifts([
                |call| shifted::<Int8Type>(call, right_arithmetic),
                |call| shifted::<Int16Type>(call, right_arithmetic),
                |call| shifted::<Int32Type>(call, right_arithmetic),
                |call| shifted::<Int64Type>(call, right_arithmetic),
            ]),
        ),
        function("bitwise_xor", [overload("(bigint, bigint) -> bigint", |call| of_two(call, |a, b| a ^ b))]),
    ]
}

fn shifts(kernels: [super::call::Kernel; 4]) -> Vec<Overload> {
    let types = ["tinyint", "smallint", "integer", "bigint"];
    types.iter().zip(kernels).map(|(of, kernel)| overload(&format!("({of}, integer) -> {of}"), kernel)).collect()
}

fn of_two(call: &Call, combine: fn(i64, i64) -> i64) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.bigints(0)?, call.bigints(1)?);
    call.to_bigints(|row| Ok(Some(combine(left.at(row), right.at(row)))))
}

fn not(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.bigints(0)?;
    call.to_bigints(|row| Ok(Some(!values.at(row))))
}

fn bit_count(call: &Call) -> Result<ArrayRef, SqlError> {
    let (numbers, widths) = (call.bigints(0)?, call.bigints(1)?);
    call.to_bigints(|row| count(numbers.at(row), widths.at(row)).map(Some))
}

fn count(number: i64, bits: i64) -> Result<i64, SqlError> {
    if bits == 64 {
        return Ok(i64::from(number.count_ones()));
    }
    if !(2..=64).contains(&bits) {
        let message = format!("Bits specified in bit_count must be between 2 and 64, got {bits}");
        return Err(SqlError::invalid_argument(message));
    }
    let largest = (1_i64 << (bits - 1)) - 1;
    if number > largest || number < !largest {
        let message = format!(
            "Number must be representable with the bits specified. {number} cannot be represented with {bits} bits"
        );
        return Err(SqlError::invalid_argument(message));
    }
    Ok(i64::from((number & ((1 << bits) - 1)).count_ones()))
}

/// A shift: the number as a bigint, how many bits the type has, and by how many to shift.
type Shift = fn(i64, u32, i32) -> i64;

fn shifted<T: ArrowPrimitiveType>(call: &Call, shift: Shift) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let values: Values<arrow::array::PrimitiveArray<T>> = call.values(0)?;
    let by = call.integers(1)?;
    let bits = u32::try_from(size_of::<T::Native>() * 8).unwrap_or(64);
    call.to_values::<T>(|row| {
        let result = shift(values.at(row).into(), bits, by.at(row));
        // What does not fit keeps the low bits of its type.
        Ok(T::Native::try_from((result << (64 - bits)) >> (64 - bits)).ok())
    })
}

fn left(value: i64, _: u32, by: i32) -> i64 {
    if by >= 64 { 0 } else { value.wrapping_shl(by.cast_unsigned()) }
}

fn right(value: i64, bits: u32, by: i32) -> i64 {
    if by >= 64 {
        return 0;
    }
    // The sign's copies beyond the type are no bits of the number.
    let own = if bits == 64 || by == 0 { value } else { value & ((1 << bits) - 1) };
    own.cast_unsigned().wrapping_shr(by.cast_unsigned()).cast_signed()
}

fn right_arithmetic(value: i64, _: u32, by: i32) -> i64 {
    if by >= 64 { if value < 0 { -1 } else { 0 } } else { value.wrapping_shr(by.cast_unsigned()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn bits_are_counted_in_the_width_that_is_given() {
        assert_eq!(count(9, 64).unwrap(), 2);
        assert_eq!(count(9, 8).unwrap(), 2);
        assert_eq!(count(-7, 64).unwrap(), 62);
        assert_eq!(count(-7, 8).unwrap(), 6);
        assert!(count(1, 1).is_err());
        let message = "Number must be representable with the bits specified. 8 cannot be represented with 4 bits";
        assert_eq!(count(8, 4).unwrap_err().message, message);
    }

    #[test]
    fn shifts_fill_with_zeros_or_the_sign() {
        assert_eq!(left(7, 64, 2), 28);
        assert_eq!(left(7, 64, 64), 0);
        assert_eq!(right(-8, 8, 1), 124);
        assert_eq!(right(-8, 64, 63), 1);
        assert_eq!(right_arithmetic(-8, 64, 2), -2);
        assert_eq!(right_arithmetic(-8, 64, 70), -1);
    }
}
