//! Values as text: to varchar, which refuses what does not fit, and to char, which pads with spaces.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType,
    Time64NanosecondType,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, Timelike};

use crate::error::SqlError;
use crate::trino::functions::arithmetic::interval::milliseconds;
use crate::types::Type;

/// A double as Java prints it, which is how errors show it.
pub(super) use crate::trino::functions::json::text::double as java_double;

use super::{Failures, time, value};

/// Casts to varchar or char.
pub(super) fn cast(
    array: &ArrayRef,
    from: &Type,
    to: &Type,
    zone: Option<&str>,
    failures: Failures,
) -> Result<ArrayRef, SqlError> {
    let texts = texts(array, from, zone)?;
    if *to == Type::VARCHAR {
        return Ok(Arc::new(texts));
    }
    let mut builder = StringViewBuilder::with_capacity(texts.len());
    for text in &texts {
        let fitted = match text {
            Some(text) => failures.settle(fit(text, from, to))?,
            None => None,
        };
        builder.append_option(fitted);
    }
    Ok(Arc::new(builder.finish()))
}

/// The text in the wanted length. Text is cut, everything else is refused when it is too long.
fn fit(text: &str, from: &Type, to: &Type) -> Result<String, SqlError> {
    let (length, padded) = match to {
        Type::Varchar(Some(length)) => (*length as usize, false),
        Type::Char(length) => (*length as usize, true),
        _ => return Ok(text.to_owned()),
    };
    let found = text.chars().count();
    if found > length && !from.is_text() {
        let message = if padded {
            format!("Cannot cast '{text}' to {to}")
        } else {
            format!("Value {text} cannot be represented as {to}")
        };
        return Err(SqlError::invalid_cast(message));
    }
    let mut fitted: String = text.chars().take(length).collect();
    if padded && found < length {
        fitted.extend(std::iter::repeat_n(' ', length - found));
    }
    Ok(fitted)
}

/// The values of a scalar type as Trino writes them in a cast to varchar.
pub(crate) fn texts(array: &ArrayRef, from: &Type, zone: Option<&str>) -> Result<StringViewArray, SqlError> {
    let rows = 0..array.len();
    let each = |text: &dyn Fn(usize) -> Result<String, SqlError>| -> Result<StringViewArray, SqlError> {
        let mut builder = StringViewBuilder::with_capacity(array.len());
        for row in rows.clone() {
            builder.append_option(if array.is_null(row) { None } else { Some(text(row)?) });
        }
        Ok(builder.finish())
    };
    match from {
        Type::Varchar(_) | Type::Char(_) | Type::Json => Ok(array.as_string_view().clone()),
        Type::Boolean => {
            let values = array.as_boolean();
            each(&|row| Ok(values.value(row).to_string()))
        }
        Type::Tinyint | Type::Smallint | Type::Integer | Type::Bigint => {
            let wide = arrow::compute::cast(array, &Type::Bigint.layout())?;
            let values = wide.as_primitive::<Int64Type>();
            each(&|row| Ok(values.value(row).to_string()))
        }
        Type::Real => {
            let values = array.as_primitive::<Float32Type>();
            each(&|row| Ok(real(values.value(row))))
        }
        Type::Double => {
            let values = array.as_primitive::<Float64Type>();
            each(&|row| Ok(double(values.value(row))))
        }
        Type::Decimal(_, scale) => {
            let values = array.as_primitive::<Decimal128Type>();
            each(&|row| Ok(decimal(values.value(row), *scale as u8)))
        }
        Type::Date => {
            let values = array.as_primitive::<Date32Type>();
            each(&|row| date(values.value(row)))
        }
        Type::Time(digits) => {
            let values = array.as_primitive::<Time64NanosecondType>();
            each(&|row| Ok(time_of_day(values.value(row), *digits)))
        }
        Type::TimeTz(digits) => {
            let values = array.as_primitive::<Int64Type>();
            each(&|row| {
                let (nanoseconds, minutes) = time::unpack(values.value(row));
                Ok(format!("{}{}", time_of_day(nanoseconds, *digits), offset(minutes)))
            })
        }
        Type::Timestamp(digits) => {
            let values = time::Ticks::of(array)?;
            each(&|row| timestamp(values.local(row, None)?, *digits))
        }
        Type::TimestampTz(digits) => {
            let values = time::Ticks::of(array)?;
            let zone = zone.unwrap_or("UTC");
            let known = time::zone(zone)?;
            each(&|row| Ok(format!("{} {zone}", timestamp(values.local(row, Some(known))?, *digits)?)))
        }
        Type::IntervalDayToSecond => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>();
            each(&|row| Ok(day_to_second(milliseconds(values.value(row)))))
        }
        Type::IntervalYearToMonth => {
            let values = array.as_primitive::<IntervalYearMonthType>();
            each(&|row| Ok(year_to_month(values.value(row))))
        }
        Type::Uuid => {
            let values = array.as_fixed_size_binary();
            each(&|row| Ok(value::uuid_text(values.value(row))))
        }
        Type::IpAddress => {
            let values = array.as_fixed_size_binary();
            each(&|row| Ok(value::ip_text(values.value(row))))
        }
        other => Err(SqlError::internal(format!("{other} has no text"))),
    }
}

/// `1.0E10`, `1.5E-1`, `0E0`: SQL's scientific notation.
fn double(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0E0" } else { "0E0" }.to_owned();
    }
    scientific(&format!("{value:e}"), value)
}

fn real(value: f32) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0E0" } else { "0E0" }.to_owned();
    }
    scientific(&format!("{value:e}"), f64::from(value))
}

/// Rust's shortest digits in Java's form: at least one digit behind the point.
fn scientific(shortest: &str, value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

/// An unscaled number with its point.
pub(crate) fn decimal(value: i128, scale: u8) -> String {
    if scale == 0 {
        return value.to_string();
    }
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    format!("{sign}{whole}.{fraction}")
}

fn date(days: i32) -> Result<String, SqlError> {
    let date = NaiveDate::from_epoch_days(days);
    Ok(ymd(date.ok_or_else(|| SqlError::out_of_range(format!("date out of range: {days}")))?))
}

/// Years have four digits, or more with a sign.
fn ymd(date: NaiveDate) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        10_000.. => format!("+{year}-{month:02}-{day:02}"),
        _ => format!("-{:04}-{month:02}-{day:02}", year.unsigned_abs()),
    }
}

fn time_of_day(nanoseconds: i64, digits: u8) -> String {
    let seconds = nanoseconds / 1_000_000_000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    append_fraction(&mut text, nanoseconds % 1_000_000_000, digits);
    text
}

fn append_fraction(text: &mut String, nanoseconds: i64, digits: u8) {
    if digits > 0 {
        let fraction = nanoseconds / 10_i64.pow(9 - u32::from(digits.min(9)));
        // Writing to a String does not fail.
        let _ = write!(text, ".{fraction:0width$}", width = usize::from(digits));
    }
}

fn timestamp(local: NaiveDateTime, digits: u8) -> Result<String, SqlError> {
    let time = local.time();
    let mut text = format!("{} {:02}:{:02}:{:02}", ymd(local.date()), time.hour(), time.minute(), time.second());
    append_fraction(&mut text, i64::from(local.nanosecond()), digits);
    Ok(text)
}

/// `+02:00`.
pub(super) fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// `2 03:04:05.678`.
fn day_to_second(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "-" } else { "" };
    let size = milliseconds.unsigned_abs();
    let (days, seconds) = (size / 86_400_000, size / 1000);
    let (hours, minutes, rest) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{sign}{days} {hours:02}:{minutes:02}:{rest:02}.{:03}", size % 1000)
}

/// `1-2`.
fn year_to_month(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let size = months.unsigned_abs();
    format!("{sign}{}-{}", size / 12, size % 12)
}

/// The offset of a zone at a moment, in minutes.
pub(super) fn offset_at(zone: Tz, moment: DateTime<chrono::Utc>) -> i64 {
    i64::from(moment.with_timezone(&zone).offset().fix().local_minus_utc()) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_in_scientific_notation() {
        for (value, text) in [
            (1e10, "1.0E10"),
            (123.456, "1.23456E2"),
            (0.1, "1.0E-1"),
            (-5.0, "-5.0E0"),
            (0.0, "0E0"),
            (-0.0, "-0E0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), text);
        }
        assert_eq!(java_double(1.5), "1.5");
        assert_eq!(java_double(1e10), "1.0E10");
    }

    #[test]
    fn decimals_keep_their_zeros() {
        assert_eq!(decimal(1230, 2), "12.30");
        assert_eq!(decimal(-5, 3), "-0.005");
        assert_eq!(decimal(7, 0), "7");
    }

    #[test]
    fn intervals_have_one_sign() {
        assert_eq!(day_to_second(-93_784_005), "-1 02:03:04.005");
        assert_eq!(year_to_month(-14), "-1-2");
    }
}
