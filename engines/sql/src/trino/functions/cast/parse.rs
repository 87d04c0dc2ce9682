//! Text as values: what Trino accepts, and in what words it refuses the rest.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, FixedSizeBinaryBuilder, PrimitiveArray,
};
use arrow::datatypes::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time64NanosecondType,
};

use crate::error::SqlError;
use crate::types::Type;

use super::number::{parse_decimal, within};
use super::{Failures, clock, time, value};

/// Casts from varchar or char.
pub(super) fn cast(array: &ArrayRef, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    Ok(match to {
        Type::Boolean => {
            let values: BooleanArray = each(array, failures, boolean)?.into_iter().collect();
            Arc::new(values)
        }
        Type::Tinyint => primitives::<Int8Type>(array, failures, |text| number(text, "TINYINT"))?,
        Type::Smallint => primitives::<Int16Type>(array, failures, |text| number(text, "SMALLINT"))?,
        Type::Integer => primitives::<Int32Type>(array, failures, |text| number(text, "INT"))?,
        Type::Bigint => primitives::<Int64Type>(array, failures, |text| number(text, "BIGINT"))?,
        Type::Real => primitives::<Float32Type>(array, failures, |text| {
            float_digits(text).and_then(|digits| digits.parse().ok()).ok_or_else(|| refused(text, "REAL"))
        })?,
        Type::Double => primitives::<Float64Type>(array, failures, |text| {
            float_digits(text).and_then(|digits| digits.parse().ok()).ok_or_else(|| refused(text, "DOUBLE"))
        })?,
        Type::Decimal(precision, scale) => {
            let values = each(array, failures, |text| decimal(text, *precision, *scale as u8))?;
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(*precision, *scale)?)
        }
        Type::Date => primitives::<Date32Type>(array, failures, clock::parse_date)?,
        Type::Time(digits) => {
            primitives::<Time64NanosecondType>(array, failures, |text| clock::parse_time(text, *digits))?
        }
        Type::TimeTz(digits) => {
            primitives::<Int64Type>(array, failures, |text| clock::parse_time_with_zone(text, *digits))?
        }
        Type::Timestamp(digits) => {
            let ticks = each(array, failures, |text| clock::parse_timestamp(text, *digits))?;
            time::timestamps(ticks, to)?
        }
        Type::TimestampTz(digits) => {
            let ticks = each(array, failures, |text| clock::parse_timestamp_with_zone(text, *digits))?;
            time::timestamps(ticks, to)?
        }
        Type::Uuid => sixteen(each(array, failures, value::parse_uuid)?)?,
        Type::IpAddress => sixteen(each(array, failures, value::parse_ip)?)?,
        other => return Err(SqlError::internal(format!("no cast from text to {other}"))),
    })
}

/// Reads what there is, text by text.
fn each<T>(
    array: &ArrayRef,
    failures: Failures,
    read: impl Fn(&str) -> Result<T, SqlError>,
) -> Result<Vec<Option<T>>, SqlError> {
    let texts = array.as_string_view();
    let mut values = Vec::with_capacity(texts.len());
    for text in texts {
        values.push(match text {
            Some(text) => failures.settle(read(text))?,
            None => None,
        });
    }
    Ok(values)
}

fn primitives<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    failures: Failures,
    read: impl Fn(&str) -> Result<T::Native, SqlError>,
) -> Result<ArrayRef, SqlError> {
    let values: PrimitiveArray<T> = each(array, failures, read)?.into_iter().collect();
    Ok(Arc::new(values))
}

fn sixteen(values: Vec<Option<[u8; 16]>>) -> Result<ArrayRef, SqlError> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(values.len(), 16);
    for value in values {
        match value {
            Some(bytes) => builder.append_value(bytes)?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// `Cannot cast 'abc' to INT`.
fn refused(text: &str, to: &str) -> SqlError {
    SqlError::invalid_cast(format!("Cannot cast '{text}' to {to}"))
}

/// Text without the spaces and control characters around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter| letter <= ' ')
}

fn boolean(text: &str) -> Result<bool, SqlError> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ if text.eq_ignore_ascii_case("t") || text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("f") || text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(refused(text, "BOOLEAN")),
    }
}

fn number<T: std::str::FromStr>(text: &str, name: &str) -> Result<T, SqlError> {
    trimmed(text).parse().map_err(|_| refused(text, name))
}

/// The digits of a float in Rust's spelling, if the text is one in Java's: `Infinity` and `NaN` in that case only, and
/// perhaps a `d` or `f` at the end.
fn float_digits(text: &str) -> Option<&str> {
    let text = trimmed(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "Infinity" || unsigned == "NaN" {
        // Rust reads both, the latter without a sign.
        return Some(if unsigned == "NaN" { unsigned } else { text });
    }
    let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let spelled = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '+' | '-' | 'e' | 'E');
    digits.chars().all(spelled).then_some(digits)
}

fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, SqlError> {
    let digits = trimmed(text);
    let number = parse_decimal(digits, scale).and_then(|number| within(number, precision));
    number.ok_or_else(|| {
        // Whether it is a number at all is seen without its size.
        let is_number = float_digits(digits).is_some_and(|digits| digits.parse::<f64>().is_ok_and(f64::is_finite));
        let reason = if is_number { "Value too large." } else { "Value is not a number." };
        let message = format!("Cannot cast VARCHAR '{text}' to DECIMAL({precision}, {scale}). {reason}");
        SqlError::invalid_cast(message)
    })
}
