//! Numbers as other numbers: rounded half away from zero, and refused when they do not fit.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int64Array};
use arrow::compute::{CastOptions, cast as arrow_cast, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int64Type};

use crate::error::SqlError;
use crate::types::Type;

use super::Failures;
use super::text::{decimal as decimal_text, java_double};

/// Casts between booleans and numbers.
pub(super) fn cast(array: &ArrayRef, from: &Type, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    match (from, to) {
        (Type::Boolean, to) => from_boolean(array, to),
        (Type::Real, Type::Boolean) => Ok(Arc::new(booleans(array.as_primitive::<Float32Type>().iter(), |v| v != 0.0))),
        (Type::Double, Type::Boolean) => {
            Ok(Arc::new(booleans(array.as_primitive::<Float64Type>().iter(), |v| v != 0.0)))
        }
        (Type::Decimal(..), Type::Boolean) => {
            Ok(Arc::new(booleans(array.as_primitive::<Decimal128Type>().iter(), |v| v != 0)))
        }
        (_, Type::Boolean) => Ok(Arc::new(booleans(integers(array)?.iter(), |v| v != 0))),
        (Type::Real, Type::Double) | (Type::Double, Type::Real) => Ok(arrow_cast(array, &to.layout())?),
        (Type::Real | Type::Double, Type::Decimal(p, s)) => floats_to_decimals(array, from, (*p, *s as u8), failures),
        (Type::Real | Type::Double, to) => floats_to_integers(array, from, to, failures),
        (Type::Decimal(_, s), Type::Real | Type::Double) => {
            let doubles = decimals_to_doubles(array.as_primitive(), *s as u8);
            match to {
                Type::Real => Ok(Arc::new(decimals_to_reals(array.as_primitive(), *s as u8))),
                _ => Ok(Arc::new(doubles)),
            }
        }
        (Type::Decimal(_, s), Type::Decimal(q, t)) => rescale(array, (*s as u8, *q, *t as u8), failures),
        (Type::Decimal(_, s), to) => decimals_to_integers(array, *s as u8, to, failures),
        (_, Type::Real | Type::Double) => Ok(arrow_cast(array, &to.layout())?),
        (from, Type::Decimal(p, s)) => integers_to_decimals(array, from, (*p, *s as u8), failures),
        (_, to) => narrow(&integers(array)?, to, failures, |value| out_of_range(to, value.to_string())),
    }
}

fn integers(array: &ArrayRef) -> Result<Int64Array, SqlError> {
    Ok(arrow_cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

fn booleans<T>(values: impl Iterator<Item = Option<T>>, truth: impl Fn(T) -> bool) -> BooleanArray {
    values.map(|value| value.map(&truth)).collect()
}

fn from_boolean(array: &ArrayRef, to: &Type) -> Result<ArrayRef, SqlError> {
    let Type::Decimal(precision, scale) = to else {
        return Ok(arrow_cast(array, &to.layout())?);
    };
    let one = 10_i128.pow(*scale as u32);
    let values: Decimal128Array =
        array.as_boolean().iter().map(|value| value.map(|v| if v { one } else { 0 })).collect();
    Ok(Arc::new(values.with_precision_and_scale(*precision, *scale)?))
}

fn out_of_range(to: &Type, value: String) -> SqlError {
    SqlError::out_of_range(format!("Out of range for {to}: {value}"))
}

/// Whole numbers as smaller ones.
fn narrow(
    values: &Int64Array,
    to: &Type,
    failures: Failures,
    refuse: impl Fn(i64) -> SqlError,
) -> Result<ArrayRef, SqlError> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let narrowed = cast_with_options(values, &to.layout(), &options)?;
    if failures == Failures::Raise && narrowed.null_count() > values.null_count() {
        let lost = (0..values.len()).find(|row| values.is_valid(*row) && narrowed.is_null(*row));
        return Err(refuse(lost.map_or(0, |row| values.value(row))));
    }
    Ok(narrowed)
}

fn floats_to_integers(array: &ArrayRef, from: &Type, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    let wide = arrow_cast(array, &DataType::Float64)?;
    let round = |value: f64| -> Result<i64, SqlError> {
        let rounded = value.round();
        let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded);
        if *to == Type::Bigint {
            let message = || format!("Unable to cast {} to bigint", java_double(value));
            return if fits { Ok(rounded as i64) } else { Err(SqlError::invalid_cast(message())) };
        }
        if value.is_nan() {
            return Err(SqlError::invalid_cast(format!("Cannot cast {from} NaN to {to}")));
        }
        let limit = match to {
            Type::Tinyint => f64::from(i8::MAX),
            Type::Smallint => f64::from(i16::MAX),
            _ => f64::from(i32::MAX),
        };
        if rounded > limit || rounded < -limit - 1.0 {
            return Err(out_of_range(to, java_double(value)));
        }
        Ok(rounded as i64)
    };
    let rounded = collect(wide.as_primitive::<Float64Type>().iter(), failures, round)?;
    Ok(arrow_cast(&Int64Array::from(rounded), &to.layout())?)
}

fn floats_to_decimals(
    array: &ArrayRef,
    from: &Type,
    (precision, scale): (u8, u8),
    failures: Failures,
) -> Result<ArrayRef, SqlError> {
    let refuse = |value: f64| {
        let name = from.to_string().to_uppercase();
        let shown = java_double(value);
        SqlError::invalid_cast(format!("Cannot cast {name} '{shown}' to DECIMAL({precision}, {scale})"))
    };
    // The shortest digits that mean the number are what is rounded, as in Java.
    let convert = |value: f64, digits: String| -> Result<i128, SqlError> {
        parse_decimal(&digits, scale).and_then(|number| within(number, precision)).ok_or_else(|| refuse(value))
    };
    let values = match from {
        Type::Real => collect(array.as_primitive::<Float32Type>().iter(), failures, |value| {
            convert(f64::from(value), value.to_string())
        }),
        _ => collect(array.as_primitive::<Float64Type>().iter(), failures, |value| convert(value, value.to_string())),
    };
    Ok(Arc::new(Decimal128Array::from(values?).with_precision_and_scale(precision, scale as i8)?))
}

fn integers_to_decimals(
    array: &ArrayRef,
    from: &Type,
    (precision, scale): (u8, u8),
    failures: Failures,
) -> Result<ArrayRef, SqlError> {
    let factor = 10_i128.pow(u32::from(scale));
    let values = collect(integers(array)?.iter(), failures, |value| {
        i128::from(value).checked_mul(factor).and_then(|number| within(number, precision)).ok_or_else(|| {
            let name = from.to_string().to_uppercase();
            SqlError::invalid_cast(format!("Cannot cast {name} '{value}' to DECIMAL({precision}, {scale})"))
        })
    })?;
    Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale as i8)?))
}

fn decimals_to_integers(array: &ArrayRef, scale: u8, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    let (low, high) = match to {
        Type::Tinyint => (i64::from(i8::MIN), i64::from(i8::MAX)),
        Type::Smallint => (i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::Integer => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let values = collect(array.as_primitive::<Decimal128Type>().iter(), failures, |value| {
        let rounded = i64::try_from(shift(value, scale, 0).unwrap_or(i128::MAX)).ok();
        rounded.filter(|rounded| (low..=high).contains(rounded)).ok_or_else(|| {
            let name = to.to_string().to_uppercase();
            SqlError::invalid_cast(format!("Cannot cast '{}' to {name}", decimal_text(value, scale)))
        })
    })?;
    Ok(arrow_cast(&Int64Array::from(values), &to.layout())?)
}

/// Numbers up to this are doubles exactly, and so are powers of ten up to 10^22: one division rounds once.
const EXACT: u128 = 1 << 53;

fn decimals_to_doubles(values: &Decimal128Array, scale: u8) -> Float64Array {
    let power = 10_f64.powi(i32::from(scale));
    values.iter().map(|value| value.map(|value| to_double(value, scale, power))).collect()
}

fn to_double(value: i128, scale: u8, power: f64) -> f64 {
    if value.unsigned_abs() <= EXACT && scale <= 22 {
        return value as f64 / power;
    }
    // A decimal's text is a number.
    decimal_text(value, scale).parse().unwrap_or(f64::NAN)
}

fn decimals_to_reals(values: &Decimal128Array, scale: u8) -> Float32Array {
    values.iter().map(|value| value.map(|value| decimal_text(value, scale).parse().unwrap_or(f32::NAN))).collect()
}

/// Decimals under another precision and scale.
fn rescale(
    array: &ArrayRef,
    (scale, precision, wanted): (u8, u8, u8),
    failures: Failures,
) -> Result<ArrayRef, SqlError> {
    let values = collect(array.as_primitive::<Decimal128Type>().iter(), failures, |value| {
        shift(value, scale, wanted).and_then(|number| within(number, precision)).ok_or_else(|| {
            let shown = decimal_text(value, scale);
            SqlError::invalid_cast(format!("Cannot cast DECIMAL '{shown}' to DECIMAL({precision}, {wanted})"))
        })
    })?;
    Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, wanted as i8)?))
}

/// An unscaled number under another scale, rounded half away from zero.
fn shift(value: i128, scale: u8, wanted: u8) -> Option<i128> {
    if wanted >= scale {
        return value.checked_mul(10_i128.pow(u32::from(wanted - scale)));
    }
    let divisor = 10_i128.pow(u32::from(scale - wanted));
    let (quotient, rest) = (value / divisor, value % divisor);
    let up = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
    Some(if up { quotient + value.signum() } else { quotient })
}

/// The number, if it has no more digits than that.
pub(super) fn within(number: i128, precision: u8) -> Option<i128> {
    (number.unsigned_abs() < 10_u128.pow(u32::from(precision))).then_some(number)
}

/// Reads `-1.50e3` as an unscaled number of that scale, rounded half away from zero. `None` if it is no number, or one
/// of too many digits.
pub(super) fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // How many of the digits stand before the point once the number is scaled.
    let kept = i64::from(exponent) + whole.len() as i64 + i64::from(scale);
    let mut unscaled: i128 = 0;
    for digit in digits().take(kept.max(0) as usize) {
        unscaled = unscaled.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let missing = kept - (whole.len() + fraction.len()) as i64;
    if missing > 0 && unscaled != 0 {
        unscaled = unscaled.checked_mul(10_i128.checked_pow(u32::try_from(missing).ok()?)?)?;
    }
    if kept >= 0 && digits().nth(kept as usize).is_some_and(|digit| digit >= b'5') {
        unscaled = unscaled.checked_add(1)?;
    }
    Some(if negative { -unscaled } else { unscaled })
}

/// Converts what there is, value by value.
fn collect<I, T>(
    values: impl Iterator<Item = Option<I>>,
    failures: Failures,
    convert: impl Fn(I) -> Result<T, SqlError>,
) -> Result<Vec<Option<T>>, SqlError> {
    values
        .map(|value| match value {
            Some(value) => failures.settle(convert(value)),
            None => Ok(None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_rounded() {
        for (text, scale, number) in [
            ("1.25", 1, Some(13)),
            ("-1.25", 1, Some(-13)),
            ("1.5e3", 0, Some(1500)),
            ("125e-2", 1, Some(13)),
            ("0.00001", 2, Some(0)),
            (".5", 0, Some(1)),
            ("5.", 0, Some(5)),
            ("0e99", 2, Some(0)),
            ("1e99", 2, None),
            ("", 0, None),
            (".", 0, None),
            ("1x", 0, None),
        ] {
            assert_eq!(parse_decimal(text, scale), number, "{text}");
        }
    }

    #[test]
    fn rescaling_rounds_half_away_from_zero() {
        assert_eq!(shift(125, 2, 1), Some(13));
        assert_eq!(shift(-125, 2, 1), Some(-13));
        assert_eq!(shift(124, 2, 1), Some(12));
        assert_eq!(shift(1, 0, 3), Some(1000));
    }
}
