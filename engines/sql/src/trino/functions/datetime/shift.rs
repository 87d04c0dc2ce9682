//! `date_add` and `date_diff`: moments moved by units, and units counted between moments.

use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, Time64NanosecondType};
use chrono::{Datelike, Duration, Months, NaiveDateTime, Timelike};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{tick, timestamps};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::{Moments, out_of_range};
use super::unit::{Unit, Units};

pub(super) fn functions() -> Vec<Function> {
    let zoned = "timestamp(p) with time zone";
    vec![
        function(
            "date_add",
            [
                overload("(varchar, bigint, date) -> date", add_to_date),
                overload("(varchar, bigint, time(p)) -> time(p)", add_to_time),
                overload("(varchar, bigint, timestamp(p)) -> timestamp(p)", add_to_timestamp),
                overload(&format!("(varchar, bigint, {zoned}) -> {zoned}"), add_to_timestamp),
            ],
        ),
        function(
            "date_diff",
            [
                overload("(varchar, date, date) -> bigint", |call| count(call, "DATE", Unit::is_of_dates)),
                overload("(varchar, time(p), time(q)) -> bigint", |call| count(call, "TIME", Unit::is_of_times)),
                overload("(varchar, timestamp(p), timestamp(p)) -> bigint", |call| count(call, "TIMESTAMP", |_| true)),
                overload(&format!("(varchar, {zoned}, {zoned}) -> bigint"), |call| count(call, "TIMESTAMP", |_| true)),
            ],
        ),
    ]
}

fn add_to_date(call: &Call) -> Result<ArrayRef, SqlError> {
    let units = Units::of(call, 0, "DATE", Unit::is_of_dates)?;
    let (amounts, moments) = (call.bigints(1)?, Moments::of(call, 2)?);
    call.to_values::<Date32Type>(|row| {
        let moved = moved(moments.local(row)?, units.at(row)?, amounts.at(row))?;
        Ok(Some(moved.date().to_epoch_days()))
    })
}

/// Around midnight, if need be.
fn add_to_time(call: &Call) -> Result<ArrayRef, SqlError> {
    let units = Units::of(call, 0, "TIME", Unit::is_of_times)?;
    let (amounts, moments) = (call.bigints(1)?, Moments::of(call, 2)?);
    call.to_values::<Time64NanosecondType>(|row| {
        let time = moved(moments.local(row)?, units.at(row)?, amounts.at(row))?.time();
        Ok(Some(i64::from(time.num_seconds_from_midnight()) * 1_000_000_000 + i64::from(time.nanosecond())))
    })
}

fn add_to_timestamp(call: &Call) -> Result<ArrayRef, SqlError> {
    let units = Units::of(call, 0, "TIMESTAMP", |_| true)?;
    let (amounts, moments) = (call.bigints(1)?, Moments::of(call, 2)?);
    let rows = (0..call.rows).map(|row| {
        if !call.is_valid(row) {
            return Ok(None);
        }
        let (unit, amount) = (units.at(row)?, amounts.at(row));
        // Hours are hours of the instant; days and months are the calendar's, which a change to summer time keeps.
        let instant = match unit.is_of_times() {
            true => moved(moments.instant(row)?.naive_utc(), unit, amount)?.and_utc(),
            false => moments.at(moved(moments.local(row)?, unit, amount)?)?,
        };
        tick(instant, call.returns).map(Some)
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

/// The moment that many units later; the day is cut to the month's last.
fn moved(at: NaiveDateTime, unit: Unit, amount: i64) -> Result<NaiveDateTime, SqlError> {
    let moved = match (unit.milliseconds(), unit.months()) {
        (Some(milliseconds), _) => {
            let all = amount.checked_mul(milliseconds).and_then(Duration::try_milliseconds);
            all.and_then(|all| at.checked_add_signed(all))
        }
        (_, Some(months)) => by_months(at, amount.checked_mul(months).ok_or_else(out_of_range)?),
        _ => None,
    };
    moved.ok_or_else(out_of_range)
}

fn by_months(at: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { at.checked_sub_months(count) } else { at.checked_add_months(count) }
}

fn count(call: &Call, kind: &'static str, fits: fn(Unit) -> bool) -> Result<ArrayRef, SqlError> {
    let units = Units::of(call, 0, kind, fits)?;
    let (from, to) = (Moments::of(call, 1)?, Moments::of(call, 2)?);
    call.to_bigints(|row| {
        let unit = units.at(row)?;
        Ok(Some(match unit.is_of_times() {
            true => whole(from.instant(row)?.naive_utc(), to.instant(row)?.naive_utc(), unit),
            // The calendar is the first one's.
            false => {
                let end = match from.zone() {
                    Some(zone) => to.instant(row)?.with_timezone(&zone).naive_local(),
                    None => to.local(row)?,
                };
                whole(from.local(row)?, end, unit)
            }
        }))
    })
}

/// How many whole units lie between two moments; negative if the second is the earlier one.
fn whole(from: NaiveDateTime, to: NaiveDateTime, unit: Unit) -> i64 {
    if let Some(milliseconds) = unit.milliseconds() {
        return (to - from).num_milliseconds() / milliseconds;
    }
    let ordinal = |at: NaiveDateTime| i64::from(at.year()) * 12 + i64::from(at.month0());
    let mut months = ordinal(to) - ordinal(from);
    let end = by_months(from, months);
    if months > 0 && end.is_some_and(|end| end > to) {
        months -= 1;
    } else if months < 0 && end.is_some_and(|end| end < to) {
        months += 1;
    }
    months / unit.months().unwrap_or(1)
}
