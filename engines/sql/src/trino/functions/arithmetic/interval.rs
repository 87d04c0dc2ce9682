//! Intervals: day to second is a number of milliseconds, year to month a number of months.
//!
//! In Arrow the former lies as days and nanoseconds of one sign, of which the latter are less than a day: so equal
//! intervals are equal values, and longer ones sort later.

use arrow::array::{ArrayRef, IntervalMonthDayNanoArray, IntervalYearMonthArray};
use arrow::datatypes::{IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalYearMonthType};

use crate::error::SqlError;
use crate::trino::functions::call::Call;

/// Milliseconds of a day.
pub(crate) const DAY: i64 = 86_400_000;
/// Nanoseconds of a millisecond.
const MILLISECOND: i64 = 1_000_000;

/// The interval of that many milliseconds. One that has more days than Arrow counts keeps the most it can.
pub(crate) fn of_milliseconds(milliseconds: i64) -> IntervalMonthDayNano {
    let days = (milliseconds / DAY).clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    IntervalMonthDayNano::new(0, days as i32, (milliseconds % DAY) * MILLISECOND)
}

/// How many milliseconds an interval has.
pub(crate) fn milliseconds(interval: IntervalMonthDayNano) -> i64 {
    i64::from(interval.days) * DAY + interval.nanoseconds / MILLISECOND
}

fn too_long() -> SqlError {
    SqlError::out_of_range("interval day to second overflow")
}

fn too_many_months() -> SqlError {
    SqlError::out_of_range("interval year to month overflow")
}

/// Computes durations from two, in milliseconds.
fn durations(call: &Call, apply: impl Fn(i64, i64) -> Option<i64>) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.values::<IntervalMonthDayNanoArray>(0)?, call.values::<IntervalMonthDayNanoArray>(1)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        let result = apply(milliseconds(left.at(row)), milliseconds(right.at(row)));
        Ok(Some(of_milliseconds(result.ok_or_else(too_long)?)))
    })
}

pub(super) fn add_durations(call: &Call) -> Result<ArrayRef, SqlError> {
    durations(call, i64::checked_add)
}

pub(super) fn subtract_durations(call: &Call) -> Result<ArrayRef, SqlError> {
    durations(call, i64::checked_sub)
}

/// Computes months from two numbers of them.
fn months(call: &Call, apply: impl Fn(i32, i32) -> Option<i32>) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.values::<IntervalYearMonthArray>(0)?, call.values::<IntervalYearMonthArray>(1)?);
    call.to_values::<IntervalYearMonthType>(|row| {
        Ok(Some(apply(left.at(row), right.at(row)).ok_or_else(too_many_months)?))
    })
}

pub(super) fn add_months(call: &Call) -> Result<ArrayRef, SqlError> {
    months(call, i32::checked_add)
}

pub(super) fn subtract_months(call: &Call) -> Result<ArrayRef, SqlError> {
    months(call, i32::checked_sub)
}

/// A duration, at that index, times the whole number at the other.
fn multiplied(call: &Call, duration: usize, factor: usize) -> Result<ArrayRef, SqlError> {
    let (durations, factors) = (call.values::<IntervalMonthDayNanoArray>(duration)?, call.bigints(factor)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        let product = milliseconds(durations.at(row)).checked_mul(factors.at(row));
        Ok(Some(of_milliseconds(product.ok_or_else(too_long)?)))
    })
}

pub(super) fn duration_times(call: &Call) -> Result<ArrayRef, SqlError> {
    multiplied(call, 0, 1)
}

pub(super) fn times_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    multiplied(call, 1, 0)
}

/// A duration computed with a double; what is left of a millisecond is dropped.
fn scaled(call: &Call, duration: usize, factor: usize, apply: impl Fn(f64, f64) -> f64) -> Result<ArrayRef, SqlError> {
    let (durations, factors) = (call.values::<IntervalMonthDayNanoArray>(duration)?, call.doubles(factor)?);
    call.to_values::<IntervalMonthDayNanoType>(|row| {
        let result = apply(milliseconds(durations.at(row)) as f64, factors.at(row));
        Ok(Some(of_milliseconds(result as i64)))
    })
}

pub(super) fn duration_scaled(call: &Call) -> Result<ArrayRef, SqlError> {
    scaled(call, 0, 1, |duration, factor| duration * factor)
}

pub(super) fn scaled_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    scaled(call, 1, 0, |duration, factor| duration * factor)
}

pub(super) fn duration_divided(call: &Call) -> Result<ArrayRef, SqlError> {
    refuse_zero(call)?;
    scaled(call, 0, 1, |duration, divisor| duration / divisor)
}

/// Months, at that index, times the whole number at the other.
fn multiplied_months(call: &Call, interval: usize, factor: usize) -> Result<ArrayRef, SqlError> {
    let (intervals, factors) = (call.values::<IntervalYearMonthArray>(interval)?, call.bigints(factor)?);
    call.to_values::<IntervalYearMonthType>(|row| {
        let product = i64::from(intervals.at(row)).checked_mul(factors.at(row));
        let product = product.and_then(|product| i32::try_from(product).ok());
        Ok(Some(product.ok_or_else(too_many_months)?))
    })
}

pub(super) fn months_times(call: &Call) -> Result<ArrayRef, SqlError> {
    multiplied_months(call, 0, 1)
}

pub(super) fn times_months(call: &Call) -> Result<ArrayRef, SqlError> {
    multiplied_months(call, 1, 0)
}

/// Months computed with a double; what is left of a month is dropped.
fn scaled_by(
    call: &Call,
    interval: usize,
    factor: usize,
    apply: impl Fn(f64, f64) -> f64,
) -> Result<ArrayRef, SqlError> {
    let (intervals, factors) = (call.values::<IntervalYearMonthArray>(interval)?, call.doubles(factor)?);
    call.to_values::<IntervalYearMonthType>(|row| Ok(Some(apply(f64::from(intervals.at(row)), factors.at(row)) as i32)))
}

pub(super) fn months_scaled(call: &Call) -> Result<ArrayRef, SqlError> {
    scaled_by(call, 0, 1, |months, factor| months * factor)
}

pub(super) fn scaled_months(call: &Call) -> Result<ArrayRef, SqlError> {
    scaled_by(call, 1, 0, |months, factor| months * factor)
}

pub(super) fn months_divided(call: &Call) -> Result<ArrayRef, SqlError> {
    refuse_zero(call)?;
    scaled_by(call, 0, 1, |months, divisor| months / divisor)
}

fn refuse_zero(call: &Call) -> Result<(), SqlError> {
    let divisors = call.doubles(1)?;
    let zero = (0..call.rows).any(|row| call.is_valid(row) && divisors.at(row) == 0.0);
    if zero { Err(SqlError::division_by_zero()) } else { Ok(()) }
}

pub(super) fn negate_duration(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.values::<IntervalMonthDayNanoArray>(0)?;
    call.to_values::<IntervalMonthDayNanoType>(|row| Ok(Some(of_milliseconds(-milliseconds(values.at(row))))))
}

pub(super) fn negate_months(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.values::<IntervalYearMonthArray>(0)?;
    call.to_values::<IntervalYearMonthType>(|row| Ok(Some(values.at(row).checked_neg().ok_or_else(too_many_months)?)))
}
