//! Arithmetic in the paths of the SQL standard, which follows SQL's: whole numbers and decimals are exact.

use crate::error::SqlError;

use super::evaluate::failed;
use super::item::Number;
use super::standard_path::Arithmetic;

pub(super) fn negated(number: Number) -> Result<Number, SqlError> {
    match number {
        Number::Integer(value) => value.checked_neg().map(Number::Integer).ok_or_else(|| failed("")),
        Number::Decimal(unscaled, scale) => Ok(Number::Decimal(-unscaled, scale)),
        Number::Double(value) => Ok(Number::Double(-value)),
    }
}

/// The number rounded to a whole one; `towards` is the step that a rest means.
pub(super) fn whole(number: Number, round: fn(f64) -> f64, towards: i128) -> Number {
    match number {
        Number::Integer(_) => number,
        Number::Double(value) => Number::Double(round(value)),
        Number::Decimal(unscaled, scale) => {
            let factor = 10_i128.pow(scale);
            let rest = unscaled % factor;
            let step = if rest.signum() == towards { towards } else { 0 };
            Number::Decimal(unscaled / factor + step, 0)
        }
    }
}

/// SQL's arithmetic. Trino says of its errors only that there was one.
pub(super) fn calculated(operator: Arithmetic, left: Number, right: Number) -> Result<Number, SqlError> {
    if let (Number::Integer(left), Number::Integer(right)) = (left, right) {
        let result = match operator {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Modulo => left.checked_rem(right),
        };
        return result.map(Number::Integer).ok_or_else(|| failed(""));
    }
    if let (Number::Double(_), _) | (_, Number::Double(_)) = (left, right) {
        let (left, right) = (left.as_double(), right.as_double());
        return Ok(Number::Double(match operator {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Modulo => left % right,
        }));
    }
    exact(operator, left, right).ok_or_else(|| failed(""))
}

/// The arithmetic of decimals; `None` when the result does not exist or fit.
fn exact(operator: Arithmetic, left: Number, right: Number) -> Option<Number> {
    let (one, other, scale) = left.aligned(right)?;
    let (unscaled, scale) = match operator {
        Arithmetic::Add => (one.checked_add(other)?, scale),
        Arithmetic::Subtract => (one.checked_sub(other)?, scale),
        Arithmetic::Multiply => {
            let ((one, one_scale), (other, other_scale)) = (left.as_decimal(), right.as_decimal());
            (one.checked_mul(other)?, one_scale + other_scale)
        }
        Arithmetic::Divide => {
            let dividend = one.checked_mul(10_i128.checked_pow(scale)?)?;
            let quotient = dividend.checked_div(other)?;
            let rest = dividend % other;
            let up = rest.unsigned_abs() * 2 >= other.unsigned_abs();
            let away = if (dividend < 0) == (other < 0) { 1 } else { -1 };
            (if up { quotient + away } else { quotient }, scale)
        }
        Arithmetic::Modulo => (one.checked_rem(other)?, scale),
    };
    (unscaled.unsigned_abs() < 10_u128.pow(38)).then_some(Number::Decimal(unscaled, scale))
}
