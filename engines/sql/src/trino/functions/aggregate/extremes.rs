//! `max` and `min` of floating point numbers: NaN counts only where there is nothing else.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use crate::error::SqlError;

use super::function::{Running, Shape};
use super::groups::{Groups, drop_first};

/// The largest number.
pub(super) const LARGEST: Running = Running { state, start: |shape| Extremes::boxed(shape, |new, best| new > best) };
/// The smallest number.
pub(super) const SMALLEST: Running = Running { state, start: |shape| Extremes::boxed(shape, |new, best| new < best) };

fn state(_: &Shape) -> Vec<DataType> {
    vec![DataType::Float64]
}

/// The best number of each group. Every real is exactly a double.
struct Extremes {
    better: fn(f64, f64) -> bool,
    best: Vec<Option<f64>>,
    returns: DataType,
}

impl Extremes {
    fn boxed(shape: &Shape, better: fn(f64, f64) -> bool) -> Result<Box<dyn Groups>, SqlError> {
        Ok(Box::new(Extremes { better, best: Vec::new(), returns: shape.returns.clone() }))
    }
}

impl Groups for Extremes {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let numbers = cast(&columns[0], &DataType::Float64)?;
        for (number, group) in numbers.as_primitive::<Float64Type>().iter().zip(groups) {
            let Some(number) = number else { continue };
            match &mut self.best[*group] {
                Some(best) if number.is_nan() || !(best.is_nan() || (self.better)(number, *best)) => {}
                best => *best = Some(number),
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        self.update(states, groups)
    }

    fn resize(&mut self, groups: usize) {
        self.best.resize(groups, None);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        Ok(vec![Arc::new(Float64Array::from(self.best[..groups].to_vec()))])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        Ok(cast(&Float64Array::from(self.best[..groups].to_vec()), &self.returns)?)
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.best, groups);
    }

    fn size_bytes(&self) -> usize {
        self.best.capacity() * size_of::<Option<f64>>()
    }
}
