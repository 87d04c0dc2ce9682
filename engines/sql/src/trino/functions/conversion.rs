//! Numbers for people: `1.23M`, `2 days, 3 hours`, and sizes of data read back.

use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveBuilder};
use arrow::datatypes::{Decimal128Type, i256};

use crate::error::SqlError;

use super::call::Call;
use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function(
            "format_number",
            [overload("(bigint) -> varchar", format_bigint), overload("(double) -> varchar", format_double)],
        ),
        function("human_readable_seconds", [overload("(double) -> varchar", human_readable_seconds)]),
        function("parse_data_size", [overload("(varchar(x)) -> decimal(38,0)", parse_data_size)])
            .alias("parse_presto_data_size"),
    ]
}

fn format_bigint(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.bigints(0)?;
    call.to_strings(|row| Ok(Some(with_unit(values.at(row)))))
}

fn format_double(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.doubles(0)?;
    // What stands behind the point is cut off first, as Trino does.
    call.to_strings(|row| Ok(Some(with_unit(values.at(row) as i64))))
}

/// Three digits and a unit.
fn with_unit(number: i64) -> String {
    let mut value = number as f64;
    let mut unit = "";
    for larger in ["K", "M", "B", "T", "Q"] {
        if value.abs() < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    // Negative numbers are small ones here, so that they keep two decimals: a slip that Trino keeps.
    let decimals = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    let factor = 10_f64.powi(decimals);
    let rounded = (value * factor).round() / factor;
    format!("{}{unit}", if rounded == 0.0 { 0.0 } else { rounded })
}

fn human_readable_seconds(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.doubles(0)?;
    call.to_strings(|row| duration(values.at(row)).map(Some))
}

/// Weeks to seconds, of which those that are zero are left out.
fn duration(seconds: f64) -> Result<String, SqlError> {
    if !seconds.is_finite() {
        let message = format!("Invalid argument found: {}", super::json::text::double(seconds));
        return Err(SqlError::invalid_argument(message));
    }
    let mut rest = seconds.abs().round() as u64;
    let mut parts = Vec::new();
    for (unit, size) in [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
        let count = rest / size;
        rest %= size;
        match count {
            0 => {}
            1 => parts.push(format!("1 {unit}")),
            _ => parts.push(format!("{count} {unit}s")),
        }
    }
    Ok(if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(", ") })
}

fn parse_data_size(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    let mut sizes = PrimitiveBuilder::<Decimal128Type>::with_capacity(call.rows);
    for row in 0..call.rows {
        sizes.append_option(if call.is_valid(row) { Some(size(texts.at(row))?) } else { None });
    }
    Ok(Arc::new(sizes.finish().with_data_type(call.returns.layout())))
}

/// The bytes that `2.3MB` means.
fn size(text: &str) -> Result<i128, SqlError> {
    let refused = || SqlError::invalid_argument(format!("Invalid data size: '{text}'"));
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let exponent = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"].iter().position(|known| *known == unit);
    let (Some(exponent), Ok(unscaled)) = (exponent, digits.parse::<i128>()) else { return Err(refused()) };
    if fraction.contains('.') {
        return Err(refused());
    }
    let power = |base: i128, exponent: usize| {
        i256::from_i128(base).checked_pow(u32::try_from(exponent).unwrap_or(u32::MAX)).ok_or_else(refused)
    };
    let bytes = i256::from_i128(unscaled).checked_mul(power(1024, exponent)?).ok_or_else(refused)?;
    let bytes = bytes.checked_div(power(10, fraction.len())?).ok_or_else(refused)?;
    let fits = bytes.to_i128().filter(|bytes| *bytes < 10_i128.pow(38));
    fits.ok_or_else(|| SqlError::out_of_range(format!("Value out of range: '{text}' ('{bytes}B')")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn large_numbers_are_written_with_units() {
        for (number, text) in [
            (0, "0"),
            (123, "123"),
            (1_000, "1K"),
            (1_234, "1.23K"),
            (12_345, "12.3K"),
            (123_456, "123K"),
            (1_000_000, "1M"),
            (999_999, "1000K"),
            (-1_234, "-1.23K"),
            (1_500_000_000, "1.5B"),
        ] {
            assert_eq!(with_unit(number), text);
        }
    }

    #[test]
    fn seconds_become_weeks() {
        assert_eq!(duration(96.0).unwrap(), "1 minute, 36 seconds");
        assert_eq!(duration(3_762.0).unwrap(), "1 hour, 2 minutes, 42 seconds");
        assert_eq!(duration(56_363_463.0).unwrap(), "93 weeks, 1 day, 8 hours, 31 minutes, 3 seconds");
        assert_eq!(duration(535_333.951_388_888_9).unwrap(), "6 days, 4 hours, 42 minutes, 14 seconds");
        assert_eq!(duration(0.0).unwrap(), "0 seconds");
        assert_eq!(duration(f64::NAN).unwrap_err().message, "Invalid argument found: NaN");
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("1B").unwrap(), 1);
        assert_eq!(size("1kB").unwrap(), 1_024);
        assert_eq!(size("1MB").unwrap(), 1_048_576);
        assert_eq!(size("2.3MB").unwrap(), 2_411_724);
        assert_eq!(size("69YB").unwrap(), 83_415_881_553_409_413_054_726_144);
        assert!(size("").is_err() && size("1").is_err() && size("1.2.3kB").is_err() && size("B").is_err());
        assert_eq!(size("1KB").unwrap_err().message, "Invalid data size: '1KB'");
        assert_eq!(size("99999999999999YB").unwrap_err().name, crate::error::NUMERIC_VALUE_OUT_OF_RANGE);
    }
}
