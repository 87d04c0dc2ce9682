//! Decimals: results grow by Trino's rules until 38 digits, and fail beyond.
//!
//! As long as the result's type has room for every result, values are computed without checks over whole arrays.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::unary;
use arrow::datatypes::{Decimal128Type, i256};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::types::Type;

use super::zip::{try_zip, zip};

/// The most digits of a decimal.
const DIGITS_MAX: u8 = 38;
/// The most digits that always fit in 64 bits.
const SHORT_DIGITS_MAX: u8 = 18;
/// The smallest number that has one digit too many.
const LIMIT: i128 = 10_i128.pow(DIGITS_MAX as u32);

/// Precision and scale of a decimal.
fn size(of: &Type) -> (u8, u8) {
    match of {
        Type::Decimal(precision, scale) => (*precision, *scale as u8),
        // The signatures let only decimals through.
        _ => (DIGITS_MAX, 0),
    }
}

fn decimal(precision: u8, scale: u8) -> Type {
    Type::Decimal(precision.min(DIGITS_MAX), scale.min(DIGITS_MAX) as i8)
}

/// Digits of a sum before they are cut to 38.
fn sum_digits(types: &[Type]) -> (u8, u8) {
    let ((p, s), (q, t)) = (size(&types[0]), size(&types[1]));
    let scale = s.max(t);
    ((p - s).max(q - t) + scale + 1, scale)
}

pub(super) fn sum_type(types: &[Type]) -> Type {
    let (precision, scale) = sum_digits(types);
    decimal(precision, scale)
}

pub(super) fn product_type(types: &[Type]) -> Type {
    let ((p, s), (q, t)) = (size(&types[0]), size(&types[1]));
    decimal(p + q, s + t)
}

pub(super) fn quotient_type(types: &[Type]) -> Type {
    let ((p, s), (_, t)) = (size(&types[0]), size(&types[1]));
    decimal(p + t + t.saturating_sub(s), s.max(t))
}

pub(super) fn remainder_type(types: &[Type]) -> Type {
    let ((p, s), (q, t)) = (size(&types[0]), size(&types[1]));
    decimal((p - s).min(q - t) + s.max(t), s.max(t))
}

pub(super) fn add(call: &Call) -> Result<ArrayRef, SqlError> {
    sum(call, i128::wrapping_add, i128::checked_add)
}

pub(super) fn subtract(call: &Call) -> Result<ArrayRef, SqlError> {
    sum(call, i128::wrapping_sub, i128::checked_sub)
}

fn sum(
    call: &Call,
    free: impl Fn(i128, i128) -> i128,
    checked: impl Fn(i128, i128) -> Option<i128>,
) -> Result<ArrayRef, SqlError> {
    let (digits, scale) = sum_digits(call.types);
    let factor = |index: usize| 10_i128.pow(u32::from(scale - size(&call.types[index]).1));
    let (m, n) = (factor(0), factor(1));
    let computed = if digits <= DIGITS_MAX {
        // One side at least has the result's scale already; multiplying it by one would cost as much as the rest.
        match (m, n) {
            (1, 1) => zip::<Decimal128Type>(call, free)?,
            (_, 1) => zip::<Decimal128Type>(call, |a, b| free(a.wrapping_mul(m), b))?,
            _ => zip::<Decimal128Type>(call, |a, b| free(a, b.wrapping_mul(n)))?,
        }
    } else {
        try_zip::<Decimal128Type>(call, |a, b| {
            let result = a.checked_mul(m).zip(b.checked_mul(n)).and_then(|(a, b)| checked(a, b));
            fitting(result)
        })?
    };
    labelled(computed, call)
}

pub(super) fn multiply(call: &Call) -> Result<ArrayRef, SqlError> {
    let ((p, s), (q, t)) = (size(&call.types[0]), size(&call.types[1]));
    if s + t > DIGITS_MAX {
        let message = format!("DECIMAL scale must be in range [0, precision (38)]: {}", s + t);
        return Err(SqlError::invalid_argument(message));
    }
    let computed = if p.max(q) <= SHORT_DIGITS_MAX {
        // Both fit in 64 bits: one instruction instead of three.
        zip::<Decimal128Type>(call, |a, b| i128::from(a as i64) * i128::from(b as i64))?
    } else if p + q <= DIGITS_MAX {
        zip::<Decimal128Type>(call, i128::wrapping_mul)?
    } else {
        try_zip::<Decimal128Type>(call, |a, b| fitting(a.checked_mul(b)))?
    };
    labelled(computed, call)
}

/// Rounds half up, away from zero.
pub(super) fn divide(call: &Call) -> Result<ArrayRef, SqlError> {
    let ((p, s), (_, t)) = (size(&call.types[0]), size(&call.types[1]));
    let shift = t + s.max(t) - s;
    let computed = if p + shift <= DIGITS_MAX {
        let factor = 10_i128.pow(u32::from(shift));
        try_zip::<Decimal128Type>(call, |a, b| {
            if b == 0 {
                return Err(SqlError::division_by_zero());
            }
            let dividend = a * factor;
            let (quotient, rest) = (dividend / b, dividend % b);
            // Twice the rest could be too large for the type, so the other half is compared.
            let up = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
            let away = if (a < 0) == (b < 0) { 1 } else { -1 };
            fitting(Some(if up { quotient + away } else { quotient }))
        })?
    } else {
        let factor = i256::from_i128(10).wrapping_pow(u32::from(shift));
        try_zip::<Decimal128Type>(call, |a, b| {
            if b == 0 {
                return Err(SqlError::division_by_zero());
            }
            let (dividend, divisor) = (i256::from_i128(a).wrapping_mul(factor), i256::from_i128(b));
            let (quotient, rest) = (dividend.wrapping_div(divisor), dividend.wrapping_rem(divisor));
            let up = rest.wrapping_abs().wrapping_add(rest.wrapping_abs()) >= divisor.wrapping_abs();
            let away = i256::from_i128(if (a < 0) == (b < 0) { 1 } else { -1 });
            fitting(if up { quotient.wrapping_add(away) } else { quotient }.to_i128())
        })?
    };
    labelled(computed, call)
}

pub(super) fn modulus(call: &Call) -> Result<ArrayRef, SqlError> {
    let ((p, s), (q, t)) = (size(&call.types[0]), size(&call.types[1]));
    let scale = s.max(t);
    let (up, down) = (u32::from(scale - s), u32::from(scale - t));
    let computed =
        if p + (scale - s) <= DIGITS_MAX && q + (scale - t) <= DIGITS_MAX {
            let (m, n) = (10_i128.pow(up), 10_i128.pow(down));
            try_zip::<Decimal128Type>(call, |a, b| {
                if b == 0 { Err(SqlError::division_by_zero()) } else { Ok((a * m) % (b * n)) }
            })?
        } else {
            let ten = i256::from_i128(10);
            let (m, n) = (ten.wrapping_pow(up), ten.wrapping_pow(down));
            try_zip::<Decimal128Type>(call, |a, b| {
                if b == 0 {
                    return Err(SqlError::division_by_zero());
                }
                let (a, b) = (i256::from_i128(a).wrapping_mul(m), i256::from_i128(b).wrapping_mul(n));
                fitting(a.wrapping_rem(b).to_i128())
            })?
        };
    labelled(computed, call)
}

pub(super) fn negate(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.array(0)?;
    let negated: Decimal128Array = unary(values.as_primitive::<Decimal128Type>(), i128::wrapping_neg);
    labelled(Arc::new(negated), call)
}

/// The number if it has at most 38 digits.
fn fitting(number: Option<i128>) -> Result<i128, SqlError> {
    number
        .filter(|number| -LIMIT < *number && *number < LIMIT)
        .ok_or_else(|| SqlError::out_of_range("Decimal overflow"))
}

/// The numbers under the result's precision and scale.
fn labelled(computed: ArrayRef, call: &Call) -> Result<ArrayRef, SqlError> {
    let (precision, scale) = size(call.returns);
    let numbers = computed.as_primitive::<Decimal128Type>().clone();
    Ok(Arc::new(numbers.with_precision_and_scale(precision, scale as i8)?))
}
