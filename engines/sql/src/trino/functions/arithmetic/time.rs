//! Dates, times and timestamps with intervals, and what lies between two of them.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::types::{
    ArrowPrimitiveType, Date32Type, Int64Type, IntervalMonthDayNanoType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray, IntervalYearMonthArray};
use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeZone};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::types::Type;

use super::interval::{DAY, milliseconds, of_milliseconds};

/// Nanoseconds of a day.
const DAY_NANOSECONDS: i64 = 86_400_000_000_000;

/// The type of a time or timestamp that an interval of milliseconds moved: it has milliseconds, too.
pub(super) fn shifted(types: &[Type]) -> Type {
    let timestamp = types.iter().find(|of| !matches!(of, Type::IntervalDayToSecond));
    match timestamp {
        Some(Type::Time(p)) => Type::Time(*p.max(&3)),
        Some(Type::Timestamp(p)) => Type::Timestamp(*p.max(&3)),
        Some(Type::TimestampTz(p)) => Type::TimestampTz(*p.max(&3)),
        Some(other) => other.clone(),
        None => Type::Unknown,
    }
}

fn out_of_range() -> SqlError {
    SqlError::out_of_range("date or time out of range")
}

/// Which argument is the interval of that kind: the operators take both orders.
fn interval_at(call: &Call, kind: &Type) -> usize {
    usize::from(call.types[0] != *kind)
}

/// The date moved by whole days.
fn date_by_days(call: &Call, sign: i64) -> Result<ArrayRef, SqlError> {
    let at = interval_at(call, &Type::IntervalDayToSecond);
    let (dates, intervals) = (call.dates(1 - at)?, call.values::<IntervalMonthDayNanoArray>(at)?);
    call.to_values::<Date32Type>(|row| {
        let moved = milliseconds(intervals.at(row));
        if moved % DAY != 0 {
            let message = "Cannot add hour, minutes or seconds to a date";
            return Err(SqlError::invalid_argument(message));
        }
        let day = i64::from(dates.at(row)) + sign * (moved / DAY);
        i32::try_from(day).map(Some).map_err(|_| out_of_range())
    })
}

pub(super) fn date_plus_days(call: &Call) -> Result<ArrayRef, SqlError> {
    date_by_days(call, 1)
}

pub(super) fn date_minus_days(call: &Call) -> Result<ArrayRef, SqlError> {
    date_by_days(call, -1)
}

/// The date moved by months; the day is cut to the month's last.
fn date_by_months(call: &Call, sign: i32) -> Result<ArrayRef, SqlError> {
    let at = interval_at(call, &Type::IntervalYearToMonth);
    let (dates, intervals) = (call.dates(1 - at)?, call.values::<IntervalYearMonthArray>(at)?);
    call.to_values::<Date32Type>(|row| {
        let date = NaiveDate::from_epoch_days(dates.at(row)).ok_or_else(out_of_range)?;
        let moved = moved_by(date, i64::from(intervals.at(row)) * i64::from(sign)).ok_or_else(out_of_range)?;
        Ok(Some(moved.to_epoch_days()))
    })
}

pub(super) fn date_plus_months(call: &Call) -> Result<ArrayRef, SqlError> {
    date_by_months(call, 1)
}

pub(super) fn date_minus_months(call: &Call) -> Result<ArrayRef, SqlError> {
    date_by_months(call, -1)
}

fn moved_by(date: NaiveDate, months: i64) -> Option<NaiveDate> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let moved = if months < 0 { date.checked_sub_months(count) } else { date.checked_add_months(count) };
    moved.filter(|moved| moved.year().abs() < 250_000)
}

/// How many of a timestamp's units a second has, and the zone it is shown in.
fn unit_of(array: &ArrayRef) -> Result<(i64, Option<Tz>), SqlError> {
    let DataType::Timestamp(unit, zone) = array.data_type() else {
        return Err(SqlError::internal("no timestamp"));
    };
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    Ok((per_second, zone.as_ref().and_then(|zone| zone.parse().ok())))
}

/// The timestamps' numbers, whatever their unit.
fn ticks(array: &ArrayRef) -> Result<Int64Array, SqlError> {
    Ok(arrow::compute::cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

/// Numbers of that unit as timestamps like those of the layout.
fn timestamps(ticks: ArrayRef, like: &DataType) -> Result<ArrayRef, SqlError> {
    fn of<T: ArrowPrimitiveType<Native = i64>>(ticks: &ArrayRef) -> arrow::array::PrimitiveArray<T> {
        ticks.as_primitive::<Int64Type>().reinterpret_cast::<T>()
    }
    let DataType::Timestamp(unit, zone) = like else {
        return Err(SqlError::internal("no timestamp"));
    };
    Ok(match unit {
        TimeUnit::Second => Arc::new(of::<TimestampSecondType>(&ticks).with_timezone_opt(zone.clone())),
        TimeUnit::Millisecond => Arc::new(of::<TimestampMillisecondType>(&ticks).with_timezone_opt(zone.clone())),
        TimeUnit::Microsecond => Arc::new(of::<TimestampMicrosecondType>(&ticks).with_timezone_opt(zone.clone())),
        TimeUnit::Nanosecond => Arc::new(of::<TimestampNanosecondType>(&ticks).with_timezone_opt(zone.clone())),
    })
}

/// The argument's timestamps in the unit of the result, which may be finer.
fn in_unit_of_result(array: ArrayRef, call: &Call) -> Result<ArrayRef, SqlError> {
    let (DataType::Timestamp(_, zone), DataType::Timestamp(unit, _)) = (array.data_type(), call.returns.layout())
    else {
        return Err(SqlError::internal("no timestamp"));
    };
    let wanted = DataType::Timestamp(unit, zone.clone());
    Ok(if *array.data_type() == wanted { array } else { arrow::compute::cast(&array, &wanted)? })
}

/// The timestamp moved by milliseconds.
fn by_duration(call: &Call, sign: i64) -> Result<ArrayRef, SqlError> {
    let at = interval_at(call, &Type::IntervalDayToSecond);
    let moments = in_unit_of_result(call.array(1 - at)?, call)?;
    let intervals = call.values::<IntervalMonthDayNanoArray>(at)?;
    let per_millisecond = unit_of(&moments)?.0 / 1_000;
    let before = ticks(&moments)?;
    let after = call.to_bigints(|row| {
        let moved = milliseconds(intervals.at(row)).checked_mul(per_millisecond * sign);
        let after = moved.and_then(|moved| before.value(row).checked_add(moved));
        Ok(Some(after.ok_or_else(out_of_range)?))
    })?;
    timestamps(after, moments.data_type())
}

pub(super) fn plus_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    by_duration(call, 1)
}

pub(super) fn minus_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    by_duration(call, -1)
}

/// The timestamp moved by months, on the calendar of its zone.
fn by_months(call: &Call, sign: i64) -> Result<ArrayRef, SqlError> {
    let at = interval_at(call, &Type::IntervalYearToMonth);
    let moments = call.array(1 - at)?;
    let intervals = call.values::<IntervalYearMonthArray>(at)?;
    let (per_second, zone) = unit_of(&moments)?;
    let before = ticks(&moments)?;
    let after = call.to_bigints(|row| {
        let tick = before.value(row);
        let (seconds, fraction) = (tick.div_euclid(per_second), tick.rem_euclid(per_second));
        let months = i64::from(intervals.at(row)) * sign;
        let moved = DateTime::from_timestamp(seconds, 0).and_then(|moment| match zone {
            Some(zone) => {
                let local = month_moved(moment.with_timezone(&zone).naive_local(), months)?;
                // A local time that a zone skips or has twice: the earlier offset's reading.
                Some(zone.from_local_datetime(&local).earliest()?.timestamp())
            }
            None => Some(month_moved(moment.naive_utc(), months)?.and_utc().timestamp()),
        });
        let seconds = moved.and_then(|seconds| seconds.checked_mul(per_second)).ok_or_else(out_of_range)?;
        Ok(Some(seconds + fraction))
    })?;
    timestamps(after, moments.data_type())
}

fn month_moved(local: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    Some(moved_by(local.date(), months)?.and_time(local.time()))
}

pub(super) fn plus_months(call: &Call) -> Result<ArrayRef, SqlError> {
    by_months(call, 1)
}

pub(super) fn minus_months(call: &Call) -> Result<ArrayRef, SqlError> {
    by_months(call, -1)
}

/// The time of day moved, around midnight if need be.
fn time_by(call: &Call, sign: i64) -> Result<ArrayRef, SqlError> {
    let at = interval_at(call, &Type::IntervalDayToSecond);
    let times = call.values::<arrow::array::Time64NanosecondArray>(1 - at)?;
    let intervals = call.values::<IntervalMonthDayNanoArray>(at)?;
    call.to_values::<Time64NanosecondType>(|row| {
        let moved = (milliseconds(intervals.at(row)) % DAY) * 1_000_000 * sign;
        Ok(Some((times.at(row) + moved).rem_euclid(DAY_NANOSECONDS)))
    })
}

pub(super) fn time_plus(call: &Call) -> Result<ArrayRef, SqlError> {
    time_by(call, 1)
}

pub(super) fn time_minus(call: &Call) -> Result<ArrayRef, SqlError> {
    time_by(call, -1)
}

pub(super) fn days_between(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.dates(0)?, call.dates(1)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        Ok(Some(of_milliseconds((i64::from(left.at(row)) - i64::from(right.at(row))) * DAY)))
    })
}

pub(super) fn duration_between(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    let per_second = unit_of(&left)?.0;
    let (left, right) = (ticks(&left)?, ticks(&right)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        let between = i128::from(left.value(row)) - i128::from(right.value(row));
        let milliseconds = i64::try_from(between * 1_000 / i128::from(per_second)).map_err(|_| out_of_range())?;
        Ok(Some(of_milliseconds(milliseconds)))
    })
}

pub(super) fn time_between(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    let (left, right) = (ticks(&left)?, ticks(&right)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        Ok(Some(of_milliseconds((left.value(row) - right.value(row)) / 1_000_000)))
    })
}
