//! What the functions of numbers do with whole ones, in each of their four sizes.

use arrow::array::{ArrayRef, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, Int8Type, Int16Type, Int32Type, Int64Type};
use rand::RngExt;

use crate::error::SqlError;

use super::super::call::{Call, Kernel, Values};
use super::super::scalar::{Overload, overload};

const NAMES: [&str; 4] = ["tinyint", "smallint", "integer", "bigint"];

/// One kernel per size.
pub(super) type Kernels = [Kernel; 4];

pub(super) const SAME: Kernels = [same, same, same, same];
pub(super) const ABS: Kernels = [abs::<Int8Type>, abs::<Int16Type>, abs::<Int32Type>, abs::<Int64Type>];
pub(super) const SIGN: Kernels = [sign::<Int8Type>, sign::<Int16Type>, sign::<Int32Type>, sign::<Int64Type>];
const ROUND: Kernels = [round::<Int8Type>, round::<Int16Type>, round::<Int32Type>, round::<Int64Type>];
const BELOW: Kernels = [below::<Int8Type>, below::<Int16Type>, below::<Int32Type>, below::<Int64Type>];
const BETWEEN: Kernels = [between::<Int8Type>, between::<Int16Type>, between::<Int32Type>, between::<Int64Type>];

/// The overloads of a function of one number.
pub(super) fn each(kernels: Kernels) -> impl Iterator<Item = Overload> {
    NAMES.into_iter().zip(kernels).map(|(of, kernel)| overload(&format!("({of}) -> {of}"), kernel))
}

/// The overloads of `round(x, n)`.
pub(super) fn each_rounded() -> impl Iterator<Item = Overload> {
    NAMES.into_iter().zip(ROUND).map(|(of, kernel)| overload(&format!("({of}, integer) -> {of}"), kernel))
}

/// The overloads of `random(n)` and `random(m, n)`.
pub(super) fn random() -> impl Iterator<Item = Overload> {
    let below = NAMES.into_iter().zip(BELOW).map(|(of, kernel)| overload(&format!("({of}) -> {of}"), kernel));
    below.chain(NAMES.into_iter().zip(BETWEEN).map(|(of, kernel)| overload(&format!("({of}, {of}) -> {of}"), kernel)))
}

fn same(call: &Call) -> Result<ArrayRef, SqlError> {
    call.array(0)
}

/// Computes as bigints; `None` is what the type has no room for.
fn map<T: ArrowPrimitiveType>(
    call: &Call,
    compute: impl Fn(usize, i64) -> Result<i64, SqlError>,
    beyond: impl Fn(i64) -> SqlError,
) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let values: Values<PrimitiveArray<T>> = call.values(0)?;
    call.to_values::<T>(|row| {
        let result = compute(row, values.at(row).into())?;
        T::Native::try_from(result).map(Some).map_err(|_| beyond(result))
    })
}

fn abs<T: ArrowPrimitiveType>(call: &Call) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let of = &call.types[0];
    let beyond = |value: i64| SqlError::out_of_range(format!("Value {value} is out of range for abs({of})"));
    map::<T>(call, |_, value| value.checked_abs().ok_or_else(|| beyond(value)), |value| beyond(-value))
}

fn sign<T: ArrowPrimitiveType>(call: &Call) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    map::<T>(call, |_, value| Ok(value.signum()), |_| SqlError::internal("a sign fits everywhere"))
}

fn round<T: ArrowPrimitiveType>(call: &Call) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let digits = call.integers(1)?;
    let of = &call.types[0];
    let beyond = |value: i64| SqlError::out_of_range(format!("Out of range for {of}: {value}"));
    map::<T>(call, |row, value| rounded(value, digits.at(row)), beyond)
}

/// Rounds to tens, hundreds, … for negative digits.
fn rounded(value: i64, digits: i32) -> Result<i64, SqlError> {
    if digits >= 0 {
        return Ok(value);
    }
    let round = || {
        let factor = 10_i64.checked_pow(digits.unsigned_abs())?;
        let (quotient, rest) = (value / factor, (value % factor).abs());
        let up = if rest >= factor - rest { value.signum() } else { 0 };
        (quotient + up).checked_mul(factor)
    };
    round().ok_or_else(|| SqlError::out_of_range(format!("numerical overflow: {value}")))
}

fn below<T: ArrowPrimitiveType>(call: &Call) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let mut chance = rand::rng();
    let bounds: Values<PrimitiveArray<T>> = call.values(0)?;
    call.to_values::<T>(|row| {
        let bound: i64 = bounds.at(row).into();
        if bound <= 0 {
            return Err(SqlError::invalid_argument("bound must be positive"));
        }
        Ok(T::Native::try_from(chance.random_range(0..bound)).ok())
    })
}

fn between<T: ArrowPrimitiveType>(call: &Call) -> Result<ArrayRef, SqlError>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let mut chance = rand::rng();
    let starts: Values<PrimitiveArray<T>> = call.values(0)?;
    let stops: Values<PrimitiveArray<T>> = call.values(1)?;
    call.to_values::<T>(|row| {
        let (start, stop): (i64, i64) = (starts.at(row).into(), stops.at(row).into());
        if start >= stop {
            return Err(SqlError::invalid_argument("start value must be less than stop value"));
        }
        Ok(T::Native::try_from(chance.random_range(start..stop)).ok())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn whole_numbers_round_to_tens() {
        assert_eq!(rounded(1999, -1).unwrap(), 2000);
        assert_eq!(rounded(-1995, -1).unwrap(), -2000);
        assert_eq!(rounded(1994, -1).unwrap(), 1990);
        assert_eq!(rounded(499, -3).unwrap(), 0);
        assert_eq!(rounded(7, 3).unwrap(), 7);
        assert_eq!(rounded(i64::MAX, -3).unwrap_err().message, "numerical overflow: 9223372036854775807");
        assert!(rounded(1, -30).is_err());
    }
}
