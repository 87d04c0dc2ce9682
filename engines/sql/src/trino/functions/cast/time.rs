//! Dates, times and timestamps as each other. The session's zone is UTC, as on Athena.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Date32Array, Int64Array, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Int64Type, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use crate::error::SqlError;
use crate::types::Type;

use super::Failures;
use super::text::offset_at;

/// Nanoseconds of a second and of a day.
pub(in crate::trino::functions) const SECOND: i64 = 1_000_000_000;
pub(in crate::trino::functions) const DAY: i64 = 86_400 * SECOND;

/// A time of day and an offset in minutes, in one number as Trino packs them.
pub(in crate::trino::functions) fn pack(nanoseconds: i64, minutes: i64) -> i64 {
    (nanoseconds << 11) | (minutes & 0x7FF)
}

/// Nanoseconds of the local day and minutes of offset.
pub(in crate::trino::functions) fn unpack(packed: i64) -> (i64, i64) {
    (packed >> 11, (packed << 53) >> 53)
}

/// A zone by its name or offset.
pub(in crate::trino::functions) fn zone(name: &str) -> Result<Tz, SqlError> {
    name.parse().map_err(|_| SqlError::invalid_argument(format!("'{name}' is not a valid time zone")))
}

/// The numbers of a column of timestamps, whatever their unit.
pub(in crate::trino::functions) struct Ticks {
    numbers: Int64Array,
    per_second: i64,
}

impl Ticks {
    pub(in crate::trino::functions) fn of(array: &ArrayRef) -> Result<Ticks, SqlError> {
        let DataType::Timestamp(unit, _) = array.data_type() else {
            return Err(SqlError::internal(format!("{} is no timestamp", array.data_type())));
        };
        let numbers = arrow::compute::cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone();
        Ok(Ticks { numbers, per_second: per_second(*unit) })
    }

    pub(in crate::trino::functions) fn moment(&self, row: usize) -> Result<DateTime<Utc>, SqlError> {
        let tick = self.numbers.value(row);
        let (seconds, rest) = (tick.div_euclid(self.per_second), tick.rem_euclid(self.per_second));
        let nanoseconds = rest * (SECOND / self.per_second);
        DateTime::from_timestamp(seconds, nanoseconds as u32)
            .ok_or_else(|| SqlError::out_of_range(format!("timestamp out of range: {tick}")))
    }

    /// What the clock shows in the zone.
    pub(in crate::trino::functions) fn local(&self, row: usize, zone: Option<Tz>) -> Result<NaiveDateTime, SqlError> {
        let moment = self.moment(row)?;
        Ok(match zone {
            Some(zone) => moment.with_timezone(&zone).naive_local(),
            None => moment.naive_utc(),
        })
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => SECOND,
    }
}

/// How many digits a timestamp type has, and how many of its ticks a second.
pub(in crate::trino::functions) fn resolution(of: &Type) -> (u8, i64) {
    let digits = match of {
        Type::Timestamp(digits) | Type::TimestampTz(digits) => *digits,
        _ => 0,
    };
    match of.layout() {
        DataType::Timestamp(unit, _) => (digits, per_second(unit)),
        _ => (digits, 1),
    }
}

/// Casts among dates, times and timestamps.
pub(in crate::trino::functions) fn cast(
    array: &ArrayRef,
    from: &Type,
    to: &Type,
    zone_name: Option<&str>,
    failures: Failures,
) -> Result<ArrayRef, SqlError> {
    let shown_in = match from {
        Type::TimestampTz(_) => Some(zone(zone_name.unwrap_or("UTC"))?),
        _ => None,
    };
    match (from, to) {
        (Type::Date, Type::Timestamp(_) | Type::TimestampTz(_)) => {
            let days = array.as_primitive::<Date32Type>();
            timestamps(each(array, failures, |row| tick(midnight(days, row)?.and_utc(), to))?, to)
        }
        (Type::Timestamp(_) | Type::TimestampTz(_), Type::Date) => {
            let ticks = Ticks::of(array)?;
            primitives::<Date32Type>(array, failures, |row| Ok(ticks.local(row, shown_in)?.date().to_epoch_days()))
        }
        (Type::TimestampTz(_), Type::Timestamp(_)) => {
            let ticks = Ticks::of(array)?;
            timestamps(each(array, failures, |row| tick(ticks.local(row, shown_in)?.and_utc(), to))?, to)
        }
        (Type::Timestamp(_) | Type::TimestampTz(_), Type::Timestamp(_) | Type::TimestampTz(_)) => {
            let ticks = Ticks::of(array)?;
            timestamps(each(array, failures, |row| tick(ticks.moment(row)?, to))?, to)
        }
        (Type::Timestamp(_) | Type::TimestampTz(_), Type::Time(digits)) => {
            let ticks = Ticks::of(array)?;
            primitives::<Time64NanosecondType>(array, failures, |row| {
                Ok(round(of_day(ticks.local(row, shown_in)?.time()), *digits) % DAY)
            })
        }
        (Type::TimestampTz(_), Type::TimeTz(digits)) => {
            let ticks = Ticks::of(array)?;
            let shown_in = match shown_in {
                Some(zone) => zone,
                None => zone("UTC")?,
            };
            primitives::<Int64Type>(array, failures, |row| {
                let minutes = offset_at(shown_in, ticks.moment(row)?);
                Ok(pack(round(of_day(ticks.local(row, Some(shown_in))?.time()), *digits) % DAY, minutes))
            })
        }
        (Type::Time(_), Type::Time(digits)) => {
            let times = array.as_primitive::<Time64NanosecondType>();
            primitives::<Time64NanosecondType>(array, failures, |row| Ok(round(times.value(row), *digits) % DAY))
        }
        (Type::Time(_), Type::TimeTz(digits)) => {
            let times = array.as_primitive::<Time64NanosecondType>();
            primitives::<Int64Type>(array, failures, |row| Ok(pack(round(times.value(row), *digits) % DAY, 0)))
        }
        (Type::TimeTz(_), Type::TimeTz(digits)) => {
            let times = array.as_primitive::<Int64Type>();
            primitives::<Int64Type>(array, failures, |row| {
                let (nanoseconds, minutes) = unpack(times.value(row));
                Ok(pack(round(nanoseconds, *digits) % DAY, minutes))
            })
        }
        (Type::TimeTz(_), Type::Time(digits)) => {
            let times = array.as_primitive::<Int64Type>();
            primitives::<Time64NanosecondType>(array, failures, |row| {
                Ok(round(unpack(times.value(row)).0, *digits) % DAY)
            })
        }
        _ => Err(SqlError::internal(format!("no cast from {from} to {to}"))),
    }
}

fn midnight(days: &Date32Array, row: usize) -> Result<NaiveDateTime, SqlError> {
    let date = NaiveDate::from_epoch_days(days.value(row));
    let date = date.ok_or_else(|| SqlError::out_of_range(format!("date out of range: {}", days.value(row))))?;
    Ok(date.and_time(NaiveTime::MIN))
}

/// Converts the rows that have a value.
fn each<T>(
    array: &ArrayRef,
    failures: Failures,
    convert: impl Fn(usize) -> Result<T, SqlError>,
) -> Result<Vec<Option<T>>, SqlError> {
    let rows = 0..array.len();
    rows.map(|row| if array.is_null(row) { Ok(None) } else { failures.settle(convert(row)) }).collect()
}

fn primitives<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    failures: Failures,
    convert: impl Fn(usize) -> Result<T::Native, SqlError>,
) -> Result<ArrayRef, SqlError> {
    let values: PrimitiveArray<T> = each(array, failures, convert)?.into_iter().collect();
    Ok(Arc::new(values))
}

/// Ticks as a column of that type.
pub(in crate::trino::functions) fn timestamps(ticks: Vec<Option<i64>>, of: &Type) -> Result<ArrayRef, SqlError> {
    let DataType::Timestamp(unit, zone) = of.layout() else {
        return Err(SqlError::internal(format!("{of} is no timestamp")));
    };
    Ok(match unit {
        TimeUnit::Second => Arc::new(PrimitiveArray::<TimestampSecondType>::from(ticks).with_timezone_opt(zone)),
        TimeUnit::Millisecond => {
            Arc::new(PrimitiveArray::<TimestampMillisecondType>::from(ticks).with_timezone_opt(zone))
        }
        TimeUnit::Microsecond => {
            Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(ticks).with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => {
            Arc::new(PrimitiveArray::<TimestampNanosecondType>::from(ticks).with_timezone_opt(zone))
        }
    })
}

fn of_day(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * SECOND + i64::from(time.nanosecond())
}

/// Nanoseconds rounded to that many digits of a second, half up.
pub(in crate::trino::functions) fn round(nanoseconds: i64, digits: u8) -> i64 {
    let step = 10_i64.pow(9 - u32::from(digits.min(9)));
    (nanoseconds + step / 2).div_euclid(step) * step
}

/// The moment as a tick of the type, rounded to its digits.
pub(in crate::trino::functions) fn tick(moment: DateTime<Utc>, of: &Type) -> Result<i64, SqlError> {
    let (digits, per_second) = resolution(of);
    let nanoseconds = round(i64::from(moment.nanosecond()), digits);
    let seconds = moment.timestamp().checked_mul(per_second);
    seconds
        .and_then(|seconds| seconds.checked_add(nanoseconds / (SECOND / per_second)))
        .ok_or_else(|| SqlError::out_of_range(format!("timestamp out of range: {moment}")))
}
