//! What time it is: the query's start, the same in all of it.

use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, Int64Type, Time64NanosecondType};
use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{pack, tick, timestamps, zone};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::out_of_range;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("current_date", [overload("() -> date", date)]).stable(),
        function("current_time", [overload("() -> time(3) with time zone", time_with_zone)]).stable(),
        function("current_timestamp", [overload("() -> timestamp(3) with time zone", instant)]).alias("now").stable(),
        function("localtime", [overload("() -> time(3)", time)]).stable(),
        function("localtimestamp", [overload("() -> timestamp(3)", timestamp)]).stable(),
    ]
}

fn start(call: &Call) -> Result<DateTime<Utc>, SqlError> {
    let milliseconds = call.session()?.now.millis();
    DateTime::from_timestamp_millis(milliseconds).ok_or_else(out_of_range)
}

fn local(call: &Call) -> Result<NaiveDateTime, SqlError> {
    Ok(start(call)?.with_timezone(&zone(&call.session()?.zone)?).naive_local())
}

fn date(call: &Call) -> Result<ArrayRef, SqlError> {
    let today = local(call)?.date().to_epoch_days();
    call.to_values::<Date32Type>(|_| Ok(Some(today)))
}

fn of_day(at: NaiveDateTime) -> i64 {
    i64::from(at.time().num_seconds_from_midnight()) * 1_000_000_000 + i64::from(at.nanosecond())
}

fn time(call: &Call) -> Result<ArrayRef, SqlError> {
    let now = of_day(local(call)?);
    call.to_values::<Time64NanosecondType>(|_| Ok(Some(now)))
}

fn time_with_zone(call: &Call) -> Result<ArrayRef, SqlError> {
    let (now, local) = (start(call)?, local(call)?);
    let packed = pack(of_day(local), (local - now.naive_utc()).num_minutes());
    call.to_values::<Int64Type>(|_| Ok(Some(packed)))
}

fn instant(call: &Call) -> Result<ArrayRef, SqlError> {
    let now = tick(start(call)?, call.returns)?;
    timestamps(vec![Some(now); call.rows], call.returns)
}

fn timestamp(call: &Call) -> Result<ArrayRef, SqlError> {
    let now = tick(local(call)?.and_utc(), call.returns)?;
    timestamps(vec![Some(now); call.rows], call.returns)
}
