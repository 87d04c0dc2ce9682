//! Parts of dates and times: `year(x)`, and what `EXTRACT(YEAR FROM x)` means.

use arrow::array::{ArrayRef, IntervalMonthDayNanoArray, IntervalYearMonthArray};
use chrono::{Datelike, NaiveDateTime, Offset, TimeZone, Timelike};

use crate::error::SqlError;
use crate::trino::functions::arithmetic::interval::milliseconds;
use crate::trino::functions::call::{Call, Kernel};
use crate::trino::functions::scalar::{Function, Overload, function, overload};

use super::moment::Moments;

const DATES: [&str; 3] = ["date", "timestamp(p)", "timestamp(p) with time zone"];
const TIMES: [&str; 3] = ["time(p)", "timestamp(p)", "timestamp(p) with time zone"];
const DAY_TO_SECOND: [&str; 1] = ["interval day to second"];
const YEAR_TO_MONTH: [&str; 1] = ["interval year to month"];

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("year", both(of(DATES, year), of(YEAR_TO_MONTH, |call| months(call, |all| all / 12)))),
        function("quarter", of(DATES, |call| part(call, |at| i64::from(at.quarter())))),
        function("month", both(of(DATES, month), of(YEAR_TO_MONTH, |call| months(call, |all| all % 12)))),
        function("week", of(DATES, |call| part(call, |at| i64::from(at.iso_week().week())))).alias("week_of_year"),
        function("day", both(of(DATES, day), of(DAY_TO_SECOND, |call| duration(call, |all| all / 86_400_000))))
            .alias("day_of_month"),
        function("day_of_week", of(DATES, |call| part(call, |at| i64::from(at.weekday().number_from_monday()))))
            .alias("dow"),
        function("day_of_year", of(DATES, |call| part(call, |at| i64::from(at.ordinal())))).alias("doy"),
        function("year_of_week", of(DATES, |call| part(call, |at| i64::from(at.iso_week().year())))).alias("yow"),
        function("hour", both(of(TIMES, hour), of(DAY_TO_SECOND, |call| duration(call, |all| all / 3_600_000 % 24)))),
        function("minute", both(of(TIMES, minute), of(DAY_TO_SECOND, |call| duration(call, |all| all / 60_000 % 60)))),
        function("second", both(of(TIMES, second), of(DAY_TO_SECOND, |call| duration(call, |all| all / 1000 % 60)))),
        function(
            "millisecond",
            both(of(TIMES, millisecond), of(DAY_TO_SECOND, |call| duration(call, |all| all % 1000))),
        ),
        function("timezone_hour", of([TIMES[2]], |call| offset(call, |minutes| minutes / 60))),
        function("timezone_minute", of([TIMES[2]], |call| offset(call, |minutes| minutes % 60))),
        function("to_milliseconds", of(DAY_TO_SECOND, |call| duration(call, |all| all))),
    ]
}

/// The same kernel for each of the types.
fn of<const N: usize>(types: [&str; N], kernel: Kernel) -> Vec<Overload> {
    types.iter().map(|of| overload(&format!("({of}) -> bigint"), kernel)).collect()
}

fn both(mut these: Vec<Overload>, those: Vec<Overload>) -> Vec<Overload> {
    these.extend(those);
    these
}

fn part(call: &Call, of: fn(NaiveDateTime) -> i64) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    call.to_bigints(|row| Ok(Some(of(moments.local(row)?))))
}

fn year(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.year()))
}

fn month(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.month()))
}

fn day(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.day()))
}

fn hour(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.hour()))
}

fn minute(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.minute()))
}

fn second(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.second()))
}

fn millisecond(call: &Call) -> Result<ArrayRef, SqlError> {
    part(call, |at| i64::from(at.nanosecond() / 1_000_000))
}

fn months(call: &Call, of: fn(i64) -> i64) -> Result<ArrayRef, SqlError> {
    let intervals = call.values::<IntervalYearMonthArray>(0)?;
    call.to_bigints(|row| Ok(Some(of(i64::from(intervals.at(row))))))
}

fn duration(call: &Call, of: fn(i64) -> i64) -> Result<ArrayRef, SqlError> {
    let intervals = call.values::<IntervalMonthDayNanoArray>(0)?;
    call.to_bigints(|row| Ok(Some(of(milliseconds(intervals.at(row))))))
}

/// Minutes that the zone is ahead of UTC at each moment.
fn offset(call: &Call, of: fn(i64) -> i64) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    let zone = moments.zone().ok_or_else(|| SqlError::internal("a timestamp without a zone"))?;
    call.to_bigints(|row| {
        let instant = moments.instant(row)?.naive_utc();
        let seconds = zone.offset_from_utc_datetime(&instant).fix().local_minus_utc();
        Ok(Some(of(i64::from(seconds / 60))))
    })
}
