//! An argument that is a date, a time or a timestamp, as what a clock and a calendar show.

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Time64NanosecondArray};
use arrow::datatypes::{DataType, Date32Type, Time64NanosecondType};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{Ticks, zone};

/// The argument's values.
pub(super) enum Moments {
    Dates(Date32Array),
    /// On the first day of 1970.
    Times(Time64NanosecondArray),
    Timestamps(Ticks, Option<Tz>),
}

impl Moments {
    /// The argument at that index.
    pub(super) fn of(call: &Call, index: usize) -> Result<Moments, SqlError> {
        Moments::read(&call.array(index)?)
    }

    fn read(array: &ArrayRef) -> Result<Moments, SqlError> {
        Ok(match array.data_type() {
            DataType::Date32 => Moments::Dates(array.as_primitive::<Date32Type>().clone()),
            DataType::Time64(_) => Moments::Times(array.as_primitive::<Time64NanosecondType>().clone()),
            DataType::Timestamp(_, None) => Moments::Timestamps(Ticks::of(array)?, None),
            DataType::Timestamp(_, Some(name)) => Moments::Timestamps(Ticks::of(array)?, Some(zone(name)?)),
            other => return Err(SqlError::internal(format!("{other} is no moment"))),
        })
    }

    /// What the calendar and the clock show at that row.
    pub(super) fn local(&self, row: usize) -> Result<NaiveDateTime, SqlError> {
        match self {
            Moments::Dates(days) => {
                let date = NaiveDate::from_epoch_days(days.value(row));
                Ok(date.ok_or_else(out_of_range)?.and_time(NaiveTime::MIN))
            }
            Moments::Times(times) => Ok(DateTime::from_timestamp_nanos(times.value(row)).naive_utc()),
            Moments::Timestamps(ticks, zone) => ticks.local(row, *zone),
        }
    }

    /// The instant at that row; without a zone, as if the clock were in UTC.
    pub(super) fn instant(&self, row: usize) -> Result<DateTime<Utc>, SqlError> {
        match self {
            Moments::Timestamps(ticks, Some(_)) => ticks.moment(row),
            _ => Ok(self.local(row)?.and_utc()),
        }
    }

    /// The instant at which the clock of these moments shows that.
    pub(super) fn at(&self, local: NaiveDateTime) -> Result<DateTime<Utc>, SqlError> {
        match self {
            Moments::Timestamps(_, Some(zone)) => instant_in(*zone, local),
            _ => Ok(local.and_utc()),
        }
    }

    /// The zone in which they are shown.
    pub(super) fn zone(&self) -> Option<Tz> {
        match self {
            Moments::Timestamps(_, zone) => *zone,
            _ => None,
        }
    }
}

/// The instant at which a zone's clock shows that; the first of two, and the next after a gap.
pub(super) fn instant_in(zone: Tz, local: NaiveDateTime) -> Result<DateTime<Utc>, SqlError> {
    let hour = chrono::Duration::hours(1);
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + hour)).earliest());
    found.map(|moment| moment.to_utc()).ok_or_else(out_of_range)
}

pub(super) fn out_of_range() -> SqlError {
    SqlError::out_of_range("date or time out of range")
}
