//! `checksum`: eight bytes that are the same for the same values in any order.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BinaryArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};

use crate::error::SqlError;

use super::function::{Aggregate, How, Running, Shape, aggregate, overload};
use super::groups::{Groups, drop_first};
use super::hash::hashes;

/// What each value's hash is multiplied with, and what a null counts as: XXH64's first prime.
const PRIME: i64 = 0x9E37_79B1_85EB_CA87_u64 as i64;

pub(super) fn functions() -> Vec<Aggregate> {
    vec![aggregate("checksum", [overload("(T) -> varbinary", How::Running(Running { state, start }))])]
}

fn state(_: &Shape) -> Vec<DataType> {
    vec![DataType::Int64]
}

fn start(_: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Checksums(Vec::new())))
}

/// The sum of each group that has seen rows.
struct Checksums(Vec<Option<i64>>);

impl Checksums {
    fn add(&mut self, group: usize, part: i64) {
        let sum = self.0[group].get_or_insert(0);
        *sum = sum.wrapping_add(part);
    }
}

impl Groups for Checksums {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (hash, group) in hashes(&columns[0])?.into_iter().zip(groups) {
            self.add(*group, hash.map_or(PRIME, |hash| (hash as i64).wrapping_mul(PRIME)));
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (sum, group) in states[0].as_primitive::<Int64Type>().iter().zip(groups) {
            if let Some(sum) = sum {
                self.add(*group, sum);
            }
        }
        Ok(())
    }

    fn resize(&mut self, groups: usize) {
        self.0.resize(groups, None);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        Ok(vec![Arc::new(Int64Array::from(self.0[..groups].to_vec()))])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        let sums = self.0[..groups].iter().map(|sum| sum.map(i64::to_le_bytes));
        Ok(Arc::new(sums.collect::<BinaryArray>()))
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.0, groups);
    }

    fn size_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Option<i64>>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::PrimitiveArray;
    use arrow::datatypes::Int32Type;

    use super::*;

    fn checksum(parts: &[&[Option<i32>]]) -> Vec<u8> {
        let mut sums = Checksums(vec![None]);
        for part in parts {
            let values: ArrayRef = Arc::new(PrimitiveArray::<Int32Type>::from(part.to_vec()));
            sums.update(&[values], &vec![0; part.len()]).unwrap();
        }
        sums.results(1).unwrap().as_binary::<i32>().value(0).to_vec()
    }

    #[test]
    fn order_and_batches_do_not_matter_but_nulls_and_repetitions_do() {
        assert_eq!(checksum(&[&[Some(1), None], &[Some(2)]]), checksum(&[&[Some(2), Some(1), None]]));
        assert_ne!(checksum(&[&[Some(1)]]), checksum(&[&[Some(1), None]]));
        assert_ne!(checksum(&[&[Some(1)]]), checksum(&[&[Some(1), Some(1)]]));
    }
}
