//! `sum` and `avg`, and `count_if`.
//!
//! They are ours, for Trino raises where a sum of bigints or decimals overflows, and an average of decimals keeps their
//! scale.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Int64Array, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalYearMonthType,
};

use crate::error::SqlError;
use crate::trino::functions::scalar::adapt;
use crate::types::Type;

use super::function::{Aggregate, How, Overload, Running, Shape, aggregate, overload};
use super::groups::{Groups, drop_first};

/// The first number that has more than 38 digits.
const DECIMAL_LIMIT: i128 = 10_i128.pow(38);
const NANOS_PER_DAY: i128 = 86_400_000_000_000;

pub(super) fn functions() -> Vec<Aggregate> {
    let decimal_sum = |arguments: &[Type]| match arguments {
        [Type::Decimal(_, scale)] => Type::Decimal(38, *scale),
        _ => Type::Decimal(38, 0),
    };
    vec![
        aggregate(
            "sum",
            [
                total::<Bigints>("(bigint) -> bigint"),
                total::<Doubles>("(double) -> double"),
                total::<Reals>("(real) -> real"),
                total::<Decimals>("(decimal(p,s)) -> decimal(p,s)").returning(decimal_sum),
                total::<Days>("(interval day to second) -> interval day to second"),
                total::<Months>("(interval year to month) -> interval year to month"),
            ],
        ),
        aggregate(
            "avg",
            [
                total::<AverageOfBigints>("(bigint) -> double"),
                total::<AverageOfDoubles>("(double) -> double"),
                total::<AverageOfReals>("(real) -> real"),
                total::<AverageOfDecimals>("(decimal(p,s)) -> decimal(p,s)"),
                total::<AverageOfDays>("(interval day to second) -> interval day to second"),
                total::<AverageOfMonths>("(interval year to month) -> interval year to month"),
            ],
        ),
        aggregate(
            "count_if",
            [overload("(boolean) -> bigint", How::Running(Running { state: bigint, start: count_if }))],
        )
        .zero(),
    ]
}

/// A way to add values up.
trait Total: Send + Sync + 'static {
    /// The values.
    type Value: ArrowPrimitiveType;
    /// The sum of some, and how it is saved.
    type Sum: ArrowPrimitiveType;
    /// The result.
    type Result: ArrowPrimitiveType;

    fn widen(value: <Self::Value as ArrowPrimitiveType>::Native) -> <Self::Sum as ArrowPrimitiveType>::Native;

    fn add(
        sum: <Self::Sum as ArrowPrimitiveType>::Native,
        other: <Self::Sum as ArrowPrimitiveType>::Native,
    ) -> Result<<Self::Sum as ArrowPrimitiveType>::Native, SqlError>;

    /// The sum without a value that was added; `None` where that would not be exact.
    fn subtract(
        sum: <Self::Sum as ArrowPrimitiveType>::Native,
        other: <Self::Sum as ArrowPrimitiveType>::Native,
    ) -> Option<<Self::Sum as ArrowPrimitiveType>::Native>;

    /// What comes out for a sum of that many values; there is at least one.
    fn finish(
        sum: <Self::Sum as ArrowPrimitiveType>::Native,
        count: i64,
    ) -> Result<<Self::Result as ArrowPrimitiveType>::Native, SqlError>;
}

/// The overload that adds up so.
fn total<T: Total>(signature: &str) -> Overload {
    let state = |_: &Shape| vec![saved_as::<T>(), DataType::Int64];
    let start = |shape: &Shape| -> Result<Box<dyn Groups>, SqlError> {
        Ok(Box::new(Totals::<T> { sums: Vec::new(), counts: Vec::new(), returns: shape.returns.clone() }))
    };
    overload(signature, How::Running(Running { state, start }))
}

/// The type of a saved sum.
fn saved_as<T: Total>() -> DataType {
    match T::Sum::DATA_TYPE {
        DataType::Decimal128(..) => DataType::Decimal128(38, 0),
        other => other,
    }
}

/// Sums and counts of groups.
struct Totals<T: Total> {
    sums: Vec<<T::Sum as ArrowPrimitiveType>::Native>,
    counts: Vec<i64>,
    returns: DataType,
}

impl<T: Total> Groups for Totals<T> {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let values = columns[0].as_primitive::<T::Value>();
        let mut add = |value, group: usize| -> Result<(), SqlError> {
            self.sums[group] = T::add(self.sums[group], T::widen(value))?;
            self.counts[group] += 1;
            Ok(())
        };
        if values.null_count() == 0 {
            for (value, group) in values.values().iter().zip(groups) {
                add(*value, *group)?;
            }
        } else {
            for (value, group) in values.iter().zip(groups) {
                if let Some(value) = value {
                    add(value, *group)?;
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let (sums, counts) = (states[0].as_primitive::<T::Sum>(), states[1].as_primitive::<Int64Type>());
        for (row, group) in groups.iter().enumerate() {
            if counts.value(row) > 0 {
                self.sums[*group] = T::add(self.sums[*group], sums.value(row))?;
                self.counts[*group] += counts.value(row);
            }
        }
        Ok(())
    }

    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, Default::default());
        self.counts.resize(groups, 0);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let sums = PrimitiveArray::<T::Sum>::from_iter_values(self.sums[..groups].iter().copied());
        let counts = Int64Array::from(self.counts[..groups].to_vec());
        Ok(vec![Arc::new(sums.with_data_type(saved_as::<T>())), Arc::new(counts)])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        let mut results = Vec::with_capacity(groups);
        for (sum, count) in self.sums.iter().zip(&self.counts).take(groups) {
            results.push(if *count > 0 { T::finish(*sum, *count)? } else { Default::default() });
        }
        let nulls: NullBuffer = self.counts[..groups].iter().map(|count| *count > 0).collect::<Vec<_>>().into();
        let results = PrimitiveArray::<T::Result>::new(results.into(), Some(nulls));
        match &self.returns {
            decimal @ DataType::Decimal128(..) => Ok(Arc::new(results.with_data_type(decimal.clone()))),
            other => adapt(Arc::new(results), other),
        }
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.sums, groups);
        drop_first(&mut self.counts, groups);
    }

    fn size_bytes(&self) -> usize {
        self.sums.capacity() * size_of::<<T::Sum as ArrowPrimitiveType>::Native>() + self.counts.capacity() * 8
    }

    fn retracts(&self) -> bool {
        T::subtract(Default::default(), Default::default()).is_some()
    }

    fn retract(&mut self, columns: &[ArrayRef]) -> Result<(), SqlError> {
        for value in columns[0].as_primitive::<T::Value>().iter().flatten() {
            let rest = T::subtract(self.sums[0], T::widen(value));
            self.sums[0] = rest.ok_or_else(|| SqlError::internal("a sum that cannot take values out"))?;
            self.counts[0] -= 1;
        }
        Ok(())
    }
}

/// `x / count`, rounded half away from zero.
fn divided(sum: i128, count: i64) -> i128 {
    let count = i128::from(count);
    let (quotient, rest) = (sum / count, sum % count);
    if rest.abs() * 2 >= count { quotient + sum.signum() } else { quotient }
}

fn add_decimals(sum: i128, other: i128) -> Result<i128, SqlError> {
    let added = sum.checked_add(other).filter(|added| added.abs() < DECIMAL_LIMIT);
    added.ok_or_else(|| SqlError::out_of_range("Decimal overflow"))
}

/// The nanoseconds of an interval from day to second, which has no months.
fn nanos(interval: IntervalMonthDayNano) -> i128 {
    i128::from(interval.days) * NANOS_PER_DAY + i128::from(interval.nanoseconds)
}

fn interval(nanos: i128) -> Result<IntervalMonthDayNano, SqlError> {
    let days = i32::try_from(nanos / NANOS_PER_DAY).map_err(|_| SqlError::out_of_range("interval overflow"))?;
    Ok(IntervalMonthDayNano::new(0, days, (nanos % NANOS_PER_DAY) as i64))
}

/// One way to add up: what values become, how two are added, and what comes out.
macro_rules! total {
    ($(#[$doc:meta])* $name:ident, $value:ty => $sum:ty => $result:ty,
     $widen:expr, $add:expr, $subtract:expr, $finish:expr) => {
        $(#[$doc])*
        struct $name;

        impl Total for $name {
            type Value = $value;
            type Sum = $sum;
            type Result = $result;

            fn widen(value: <$value as ArrowPrimitiveType>::Native) -> <$sum as ArrowPrimitiveType>::Native {
                $widen(value)
            }

            fn add(
                sum: <$sum as ArrowPrimitiveType>::Native,
                other: <$sum as ArrowPrimitiveType>::Native,
            ) -> Result<<$sum as ArrowPrimitiveType>::Native, SqlError> {
                $add(sum, other)
            }

            fn subtract(
                sum: <$sum as ArrowPrimitiveType>::Native,
                other: <$sum as ArrowPrimitiveType>::Native,
            ) -> Option<<$sum as ArrowPrimitiveType>::Native> {
                $subtract(sum, other)
            }

            fn finish(
                sum: <$sum as ArrowPrimitiveType>::Native,
                count: i64,
            ) -> Result<<$result as ArrowPrimitiveType>::Native, SqlError> {
                $finish(sum, count)
            }
        }
    };
}

total!(Bigints, Int64Type => Int64Type => Int64Type,
    |value| value, add_bigints, i64::checked_sub, |sum, _| Ok(sum));
total!(Doubles, Float64Type => Float64Type => Float64Type,
    |value| value, add_doubles, inexact, |sum, _| Ok(sum));
total!(Reals, Float32Type => Float64Type => Float32Type,
    f64::from, add_doubles, inexact, |sum, _| Ok(sum as f32));
total!(Decimals, Decimal128Type => Decimal128Type => Decimal128Type,
    |value| value, add_decimals, i128::checked_sub, |sum, _| Ok(sum));
total!(Days, IntervalMonthDayNanoType => Decimal128Type => IntervalMonthDayNanoType,
    nanos, add_decimals, i128::checked_sub, |sum, _| interval(sum));
total!(Months, IntervalYearMonthType => Int64Type => IntervalYearMonthType,
    i64::from, add_bigints, i64::checked_sub, |sum, _| months(sum));
total!(AverageOfBigints, Int64Type => Float64Type => Float64Type,
    |value| value as f64, add_doubles, inexact, |sum, count| Ok(sum / count as f64));
total!(AverageOfDoubles, Float64Type => Float64Type => Float64Type,
    |value| value, add_doubles, inexact, |sum, count| Ok(sum / count as f64));
total!(AverageOfReals, Float32Type => Float64Type => Float32Type,
    f64::from, add_doubles, inexact, |sum, count| Ok((sum / count as f64) as f32));
total!(
    /// The sum has as much room as a decimal; Trino's has more, but nobody averages such numbers.
    AverageOfDecimals, Decimal128Type => Decimal128Type => Decimal128Type,
    |value| value, add_decimals, i128::checked_sub, |sum, count| Ok(divided(sum, count)));
total!(AverageOfDays, IntervalMonthDayNanoType => Decimal128Type => IntervalMonthDayNanoType,
    nanos, add_decimals, i128::checked_sub, |sum, count| interval(divided(sum, count)));
total!(AverageOfMonths, IntervalYearMonthType => Int64Type => IntervalYearMonthType,
    i64::from, add_bigints, i64::checked_sub, |sum, count| months(divided(i128::from(sum), count) as i64));

fn add_doubles(sum: f64, other: f64) -> Result<f64, SqlError> {
    Ok(sum + other)
}

/// A sum of doubles has lost digits that a difference does not bring back.
fn inexact(_: f64, _: f64) -> Option<f64> {
    None
}

fn add_bigints(sum: i64, other: i64) -> Result<i64, SqlError> {
    let overflow = || SqlError::out_of_range(format!("bigint addition overflow: {sum} + {other}"));
    sum.checked_add(other).ok_or_else(overflow)
}

fn months(sum: i64) -> Result<<Int32Type as ArrowPrimitiveType>::Native, SqlError> {
    i32::try_from(sum).map_err(|_| SqlError::out_of_range("interval overflow"))
}

fn bigint(_: &Shape) -> Vec<DataType> {
    vec![DataType::Int64]
}

fn count_if(_: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Trues(Vec::new())))
}

/// How often each group has seen true.
struct Trues(Vec<i64>);

impl Groups for Trues {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (value, group) in columns[0].as_boolean().iter().zip(groups) {
            self.0[*group] += i64::from(value == Some(true));
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (count, group) in states[0].as_primitive::<Int64Type>().values().iter().zip(groups) {
            self.0[*group] += count;
        }
        Ok(())
    }

    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        Ok(Arc::new(Int64Array::from(self.0[..groups].to_vec())))
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.0, groups);
    }

    fn size_bytes(&self) -> usize {
        self.0.capacity() * 8
    }

    fn retracts(&self) -> bool {
        true
    }

    fn retract(&mut self, columns: &[ArrayRef]) -> Result<(), SqlError> {
        self.0[0] -= columns[0].as_boolean().iter().filter(|value| *value == Some(true)).count() as i64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn quotients_round_half_away_from_zero() {
        assert_eq!([7, 8, -7, -8, 1, -1].map(|sum| divided(sum, 2)), [4, 4, -4, -4, 1, -1]);
        assert_eq!([1, 2, -1, -2].map(|sum| divided(sum, 3)), [0, 1, 0, -1]);
    }

    #[test]
    fn sums_end_where_their_type_does() {
        assert!(add_bigints(i64::MAX, 0).is_ok());
        assert!(add_bigints(i64::MAX, 1).is_err());
        assert!(add_decimals(DECIMAL_LIMIT - 1, 0).is_ok());
        assert!(add_decimals(DECIMAL_LIMIT - 1, 1).is_err());
        assert!(add_decimals(1 - DECIMAL_LIMIT, -1).is_err());
    }
}
