//! Seconds since 1970, and durations by their texts.

use arrow::array::ArrayRef;
use arrow::datatypes::IntervalMonthDayNanoType;
use chrono::{DateTime, Utc};

use crate::error::SqlError;
use crate::trino::functions::arithmetic::interval::of_milliseconds;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{tick, timestamps};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::{Moments, out_of_range};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function(
            "from_unixtime",
            [
                overload("(double) -> timestamp(3) with time zone", from_seconds),
                overload("(double, varchar) -> timestamp(3) with time zone", from_seconds)
                    .in_zone(|texts| texts.get(1).copied().flatten().map(str::to_owned)),
            ],
        ),
        function(
            "from_unixtime_nanos",
            [overload("(bigint) -> timestamp(9) with time zone", |call| {
                let nanoseconds = call.bigints(0)?;
                instants(call, |row| Ok(DateTime::from_timestamp_nanos(nanoseconds.at(row))))
            })],
        ),
        function(
            "to_unixtime",
            [
                overload("(timestamp(p)) -> double", to_seconds),
                overload("(timestamp(p) with time zone) -> double", to_seconds),
            ],
        ),
        function("parse_duration", [overload("(varchar) -> interval day to second", parse_duration)]),
    ]
}

fn from_seconds(call: &Call) -> Result<ArrayRef, SqlError> {
    let seconds = call.doubles(0)?;
    instants(call, |row| {
        let milliseconds = (seconds.at(row) * 1000.0).round();
        DateTime::from_timestamp_millis(milliseconds as i64).ok_or_else(out_of_range)
    })
}

fn instants(call: &Call, at: impl Fn(usize) -> Result<DateTime<Utc>, SqlError>) -> Result<ArrayRef, SqlError> {
    let rows = (0..call.rows).map(|row| match call.is_valid(row) {
        true => tick(at(row)?, call.returns).map(Some),
        false => Ok(None),
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

fn to_seconds(call: &Call) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    call.to_doubles(|row| {
        let instant = moments.instant(row)?;
        Ok(Some(instant.timestamp() as f64 + f64::from(instant.timestamp_subsec_nanos()) / 1e9))
    })
}

/// `42.8ms`, `3.81 d`, `5m`.
fn parse_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        let text = texts.at(row);
        let wrong = || SqlError::invalid_argument(format!("duration is not a valid data duration string: {text}"));
        let unit_at = text.find(|character: char| character.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let number: f64 = text[..unit_at].trim().parse().map_err(|_| wrong())?;
        let milliseconds = match &text[unit_at..] {
            "ns" => 1e-6,
            "us" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3600e3,
            "d" => 86_400e3,
            other => return Err(SqlError::invalid_argument(format!("Unknown time unit: {other}"))),
        };
        Ok(Some(of_milliseconds((number * milliseconds).round() as i64)))
    })
}
