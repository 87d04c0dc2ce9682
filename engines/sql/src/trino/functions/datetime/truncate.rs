//! `date_trunc`, and the last day of a month.

use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, Time64NanosecondType};
use chrono::{Datelike, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{tick, timestamps};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::{Moments, out_of_range};
use super::unit::{Unit, Units};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function(
            "date_trunc",
            [
                overload("(varchar, date) -> date", date),
                overload("(varchar, time(p)) -> time(p)", time),
                overload("(varchar, timestamp(p)) -> timestamp(p)", timestamp),
                overload("(varchar, timestamp(p) with time zone) -> timestamp(p) with time zone", timestamp),
            ],
        ),
        function(
            "last_day_of_month",
            [
                overload("(date) -> date", last_day),
                overload("(timestamp(p)) -> date", last_day),
                overload("(timestamp(p) with time zone) -> date", last_day),
            ],
        ),
    ]
}

fn date(call: &Call) -> Result<ArrayRef, SqlError> {
    let (units, moments) = (Units::of(call, 0, "DATE", Unit::is_of_dates)?, Moments::of(call, 1)?);
    call.to_values::<Date32Type>(|row| Ok(Some(cut(moments.local(row)?, units.at(row)?)?.date().to_epoch_days())))
}

fn time(call: &Call) -> Result<ArrayRef, SqlError> {
    let (units, moments) = (Units::of(call, 0, "TIME", Unit::is_of_times)?, Moments::of(call, 1)?);
    call.to_values::<Time64NanosecondType>(|row| {
        let time = cut(moments.local(row)?, units.at(row)?)?.time();
        Ok(Some(i64::from(time.num_seconds_from_midnight()) * 1_000_000_000 + i64::from(time.nanosecond())))
    })
}

fn timestamp(call: &Call) -> Result<ArrayRef, SqlError> {
    let (units, moments) = (Units::of(call, 0, "TIMESTAMP", |_| true)?, Moments::of(call, 1)?);
    let rows = (0..call.rows).map(|row| {
        if !call.is_valid(row) {
            return Ok(None);
        }
        tick(moments.at(cut(moments.local(row)?, units.at(row)?)?)?, call.returns).map(Some)
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

/// The beginning of the unit in which the moment lies.
fn cut(at: NaiveDateTime, unit: Unit) -> Result<NaiveDateTime, SqlError> {
    let (date, time) = (at.date(), at.time());
    let first = |month: u32| NaiveDate::from_ymd_opt(date.year(), month, 1).ok_or_else(out_of_range);
    let date = match unit {
        Unit::Week => date - Duration::days(i64::from(date.weekday().num_days_from_monday())),
        Unit::Month => first(date.month())?,
        Unit::Quarter => first((date.month() - 1) / 3 * 3 + 1)?,
        Unit::Year => first(1)?,
        _ => date,
    };
    let seconds = time.num_seconds_from_midnight();
    let (seconds, nanoseconds) = match unit {
        Unit::Millisecond => (seconds, time.nanosecond() / 1_000_000 * 1_000_000),
        Unit::Second => (seconds, 0),
        Unit::Minute => (seconds / 60 * 60, 0),
        Unit::Hour => (seconds / 3600 * 3600, 0),
        _ => (0, 0),
    };
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).ok_or_else(out_of_range)?;
    Ok(date.and_time(time))
}

fn last_day(call: &Call) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    call.to_values::<Date32Type>(|row| {
        let first = cut(moments.local(row)?, Unit::Month)?.date();
        let next = first.checked_add_months(Months::new(1)).ok_or_else(out_of_range)?;
        Ok(Some(next.to_epoch_days() - 1))
    })
}
