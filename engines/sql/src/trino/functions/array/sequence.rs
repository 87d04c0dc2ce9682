//! `sequence`: all values from a start to a stop, with a step between them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, ArrowPrimitiveType, AsArray, Date32Array, Int64Array, IntervalMonthDayNanoArray, IntervalYearMonthArray,
    PrimitiveArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use chrono::{DateTime, Months, NaiveDate};

use crate::error::SqlError;
use crate::trino::functions::call::{Call, Values};
use crate::trino::functions::scalar::adapt;
use crate::types::Type;

use super::lists::list;

/// Values that a sequence has at most.
const ENTRIES_MAX: i128 = 10_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The step of a sequence.
#[derive(Clone, Copy)]
enum Step {
    /// In the unit of the values.
    Fixed(i64),
    Months(i32),
}

/// Bigints; the step is one, or minus one downwards, if it is not given.
pub(super) fn of_numbers(call: &Call) -> Result<ArrayRef, SqlError> {
    let (starts, stops) = (call.bigints(0)?, call.bigints(1)?);
    let steps = if call.arity() > 2 { Some(call.bigints(2)?) } else { None };
    build::<Int64Type>(call, |row, values| {
        let (start, stop) = (starts.at(row), stops.at(row));
        let step = steps.as_ref().map_or(if stop >= start { 1 } else { -1 }, |steps| steps.at(row));
        fixed(start, stop, step, values)
    })
}

/// Dates; the step is a day, or minus a day downwards, if it is not given.
pub(super) fn of_dates(call: &Call) -> Result<ArrayRef, SqlError> {
    let (starts, stops) = (call.dates(0)?, call.dates(1)?);
    let steps = Steps::of(call)?;
    build::<Date32Type>(call, |row, values| {
        let (start, stop) = (starts.at(row), stops.at(row));
        let step = steps.at(row)?.unwrap_or(Step::Fixed(if stop >= start { MICROS_PER_DAY } else { -MICROS_PER_DAY }));
        match step {
            Step::Fixed(micros) if micros % MICROS_PER_DAY != 0 => Err(SqlError::invalid_argument(
                "sequence step must be a day interval if start and end values are dates",
            )),
            Step::Fixed(micros) => {
                let mut days = Vec::new();
                fixed(i64::from(start), i64::from(stop), micros / MICROS_PER_DAY, &mut days)?;
                values.extend(days.into_iter().map(|day| day as i32));
                Ok(())
            }
            Step::Months(step) => {
                let first = date_of(start)?;
                monthly(start, stop, step, values, |months| {
                    Ok(days_since_epoch(shifted(first, months).ok_or_else(beyond)?))
                })
            }
        }
    })
}

/// Timestamps, of any precision: they are counted in microseconds, or in nanoseconds if they have those.
pub(super) fn of_timestamps(call: &Call) -> Result<ArrayRef, SqlError> {
    let unit = match call.types[0] {
        Type::Timestamp(7..) => arrow::datatypes::TimeUnit::Nanosecond,
        _ => arrow::datatypes::TimeUnit::Microsecond,
    };
    let per_micro: i64 = if unit == arrow::datatypes::TimeUnit::Nanosecond { 1_000 } else { 1 };
    let counted = |index| -> Result<ArrayRef, SqlError> {
        let times = cast(&call.array(index)?, &DataType::Timestamp(unit, None))?;
        Ok(cast(&times, &DataType::Int64)?)
    };
    let (starts, stops) = (counted(0)?, counted(1)?);
    let (starts, stops): (&Int64Array, &Int64Array) = (starts.as_primitive(), stops.as_primitive());
    let steps = Steps::of(call)?;
    let (offsets, values) = collect::<Int64Type>(call, |row, values| {
        let (start, stop) = (starts.value(row), stops.value(row));
        match steps.at(row)?.unwrap_or(Step::Fixed(0)) {
            Step::Fixed(micros) => fixed(start, stop, micros.saturating_mul(per_micro), values),
            Step::Months(step) => {
                let per_second = 1_000_000 * per_micro;
                let first = DateTime::from_timestamp(start.div_euclid(per_second), 0).ok_or_else(beyond)?;
                let rest = start.rem_euclid(per_second);
                monthly(start, stop, step, values, |months| {
                    let date = shifted(first.date_naive(), months).ok_or_else(beyond)?;
                    let seconds = date.and_time(first.time()).and_utc().timestamp();
                    Ok(seconds * per_second + rest)
                })
            }
        }
    })?;
    let values: ArrayRef = Arc::new(PrimitiveArray::<Int64Type>::from(values));
    let returns = call.returns.layout();
    let wanted = super::lists::element_field(&returns)?.data_type();
    let values = cast(&cast(&values, &DataType::Timestamp(unit, None))?, wanted)?;
    list(&returns, offsets, adapt(values, wanted)?, None)
}

/// The arrays of values that a function appends for each row.
fn build<T: ArrowPrimitiveType>(
    call: &Call,
    row: impl FnMut(usize, &mut Vec<T::Native>) -> Result<(), SqlError>,
) -> Result<ArrayRef, SqlError> {
    let (offsets, values) = collect::<T>(call, row)?;
    let values: ArrayRef = Arc::new(PrimitiveArray::<T>::new(values.into(), None));
    list(&call.returns.layout(), offsets, values, None)
}

/// Offsets and values of the rows; those that lack an argument are empty.
fn collect<T: ArrowPrimitiveType>(
    call: &Call,
    mut row: impl FnMut(usize, &mut Vec<T::Native>) -> Result<(), SqlError>,
) -> Result<(OffsetBuffer<i32>, Vec<T::Native>), SqlError> {
    let mut values = Vec::new();
    let mut lengths = Vec::with_capacity(call.rows);
    for index in 0..call.rows {
        let before = values.len();
        if call.is_valid(index) {
            row(index, &mut values)?;
        }
        lengths.push(values.len() - before);
    }
    Ok((OffsetBuffer::from_lengths(lengths), values))
}

/// Appends the values from start to stop.
fn fixed(start: i64, stop: i64, step: i64, values: &mut Vec<i64>) -> Result<(), SqlError> {
    check_step(i128::from(start), i128::from(stop), i128::from(step))?;
    let entries = (i128::from(stop) - i128::from(start)) / i128::from(step) + 1;
    check_entries(entries)?;
    values.extend((0..entries as i64).map(|index| start + index * step));
    Ok(())
}

/// Appends the values from start to stop in steps of months. Each is counted from the start, so that a month's end
/// stays one.
fn monthly<N: PartialOrd + Copy>(
    start: N,
    stop: N,
    step: i32,
    values: &mut Vec<N>,
    at: impl Fn(i64) -> Result<N, SqlError>,
) -> Result<(), SqlError> {
    let towards = if stop >= start { 1 } else { -1 };
    check_step(0, if stop == start { 0 } else { towards }, i128::from(step))?;
    for index in 0.. {
        let value = at(i64::from(step) * index)?;
        if if step > 0 { value > stop } else { value < stop } {
            break;
        }
        check_entries(i128::from(index) + 1)?;
        values.push(value);
    }
    Ok(())
}

fn check_step(start: i128, stop: i128, step: i128) -> Result<(), SqlError> {
    if step == 0 {
        return Err(SqlError::invalid_argument("step must not be zero"));
    }
    if if step > 0 { stop < start } else { stop > start } {
        return Err(SqlError::invalid_argument(
            "sequence stop value should be greater than or equal to start value if step is greater than zero \
             otherwise stop should be less than or equal to start",
        ));
    }
    Ok(())
}

fn check_entries(entries: i128) -> Result<(), SqlError> {
    if entries > ENTRIES_MAX {
        let message = format!("result of sequence function must not have more than {ENTRIES_MAX} entries");
        return Err(SqlError::invalid_argument(message));
    }
    Ok(())
}

/// The third argument, an interval of one of two kinds.
enum Steps<'a> {
    None,
    Days(Values<'a, IntervalMonthDayNanoArray>),
    Months(Values<'a, IntervalYearMonthArray>),
}

impl<'a> Steps<'a> {
    fn of(call: &'a Call) -> Result<Steps<'a>, SqlError> {
        Ok(match call.types.get(2) {
            None => Steps::None,
            Some(Type::IntervalYearToMonth) => Steps::Months(call.values(2)?),
            Some(_) => Steps::Days(call.values(2)?),
        })
    }

    fn at(&self, row: usize) -> Result<Option<Step>, SqlError> {
        Ok(match self {
            Steps::None => None,
            Steps::Months(steps) => Some(Step::Months(steps.at(row))),
            Steps::Days(steps) => {
                let step = steps.at(row);
                Some(Step::Fixed(i64::from(step.days) * MICROS_PER_DAY + step.nanoseconds / 1_000))
            }
        })
    }
}

fn date_of(days: i32) -> Result<NaiveDate, SqlError> {
    Date32Array::from(vec![days]).value_as_date(0).ok_or_else(beyond)
}

fn days_since_epoch(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}

/// The date so many months later; the last day of a shorter month.
fn shifted(date: NaiveDate, months: i64) -> Option<NaiveDate> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { date.checked_sub_months(count) } else { date.checked_add_months(count) }
}

fn beyond() -> SqlError {
    SqlError::invalid_argument("sequence reaches beyond the calendar")
}
