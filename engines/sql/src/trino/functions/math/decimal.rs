//! Rounding of decimals, whose result has digits of its own.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array};
use arrow::datatypes::Decimal128Type;

use crate::error::SqlError;
use crate::types::Type;

use super::super::call::Call;

/// The most digits of a decimal.
const DIGITS_MAX: u8 = 38;

/// Precision and scale of the first argument.
fn size(types: &[Type]) -> (u8, u8) {
    match types.first() {
        Some(Type::Decimal(precision, scale)) => (*precision, scale.unsigned_abs()),
        // The signatures let only decimals through.
        _ => (DIGITS_MAX, 0),
    }
}

/// The result of `ceiling`, `floor` and `round`: one digit more than before the point.
pub(super) fn whole(types: &[Type]) -> Type {
    let (precision, scale) = size(types);
    Type::Decimal((precision - scale + scale.min(1)).min(DIGITS_MAX), 0)
}

/// The result of `truncate`.
pub(super) fn cut(types: &[Type]) -> Type {
    let (precision, scale) = size(types);
    Type::Decimal((precision - scale).max(1), 0)
}

/// The result of `round(x, n)`.
pub(super) fn rounded(types: &[Type]) -> Type {
    let (precision, scale) = size(types);
    Type::Decimal((precision + 1).min(DIGITS_MAX), scale.cast_signed())
}

/// The result of `sign`.
pub(super) fn digit(_: &[Type]) -> Type {
    Type::Decimal(1, 0)
}

/// Computes unscaled results from unscaled values.
fn map(call: &Call, compute: impl Fn(usize, i128) -> Result<i128, SqlError>) -> Result<ArrayRef, SqlError> {
    let values = call.decimals(0)?;
    let mut results = arrow::array::PrimitiveBuilder::<Decimal128Type>::with_capacity(call.rows);
    for row in 0..call.rows {
        results.append_option(if call.is_valid(row) { Some(compute(row, values.at(row))?) } else { None });
    }
    let results: Decimal128Array = results.finish();
    Ok(Arc::new(results.with_data_type(call.returns.layout())))
}

fn scale(call: &Call) -> u8 {
    size(call.types).1
}

fn power(exponent: u8) -> i128 {
    10_i128.pow(u32::from(exponent.min(DIGITS_MAX)))
}

/// Divides and rounds half away from zero.
fn divide(value: i128, by: i128) -> i128 {
    let (quotient, rest) = (value / by, value % by);
    if rest.abs() >= by - rest.abs() { quotient + value.signum() } else { quotient }
}

pub(super) fn abs(call: &Call) -> Result<ArrayRef, SqlError> {
    map(call, |_, value| Ok(value.abs()))
}

pub(super) fn ceiling(call: &Call) -> Result<ArrayRef, SqlError> {
    let factor = power(scale(call));
    map(call, |_, value| Ok(value.div_euclid(factor) + i128::from(value.rem_euclid(factor) > 0)))
}

pub(super) fn floor(call: &Call) -> Result<ArrayRef, SqlError> {
    let factor = power(scale(call));
    map(call, |_, value| Ok(value.div_euclid(factor)))
}

pub(super) fn round(call: &Call) -> Result<ArrayRef, SqlError> {
    let factor = power(scale(call));
    map(call, |_, value| Ok(divide(value, factor)))
}

pub(super) fn truncate(call: &Call) -> Result<ArrayRef, SqlError> {
    let factor = power(scale(call));
    map(call, |_, value| Ok(value / factor))
}

pub(super) fn sign(call: &Call) -> Result<ArrayRef, SqlError> {
    map(call, |_, value| Ok(value.signum()))
}

/// How many digits `n` takes away: none, some, or more than there are.
fn dropped(call: &Call, n: i32) -> Result<u8, std::cmp::Ordering> {
    let (precision, scale) = size(call.types);
    let dropped = i64::from(scale) - i64::from(n);
    if dropped <= 0 {
        return Err(std::cmp::Ordering::Less);
    }
    match u8::try_from(dropped) {
        Ok(dropped) if dropped <= precision => Ok(dropped),
        _ => Err(std::cmp::Ordering::Greater),
    }
}

pub(super) fn round_to(call: &Call) -> Result<ArrayRef, SqlError> {
    let digits = call.integers(1)?;
    map(call, |row, value| match dropped(call, digits.at(row)) {
        Ok(dropped) => {
            let factor = power(dropped);
            let result = divide(value, factor).checked_mul(factor).filter(|result| result.abs() < power(DIGITS_MAX));
            result.ok_or_else(|| SqlError::out_of_range(format!("decimal overflow: {value}")))
        }
        Err(std::cmp::Ordering::Less) => Ok(value),
        Err(_) => Ok(0),
    })
}

pub(super) fn truncate_to(call: &Call) -> Result<ArrayRef, SqlError> {
    let digits = call.integers(1)?;
    map(call, |row, value| match dropped(call, digits.at(row)) {
        Ok(dropped) => Ok(value - value % power(dropped)),
        Err(std::cmp::Ordering::Less) => Ok(value),
        Err(_) => Ok(0),
    })
}
