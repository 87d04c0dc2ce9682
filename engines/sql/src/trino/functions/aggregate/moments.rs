//! Statistics of numbers from a few sums: correlation, regression, skewness, kurtosis, entropy, the geometric mean.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};

use crate::error::SqlError;

use super::function::{Aggregate, How, Overload, Running, Shape, aggregate, overload};
use super::groups::{Groups, drop_first};

/// Numbers that a state has at most.
const WIDTH: usize = 6;

/// The numbers of one group; all begin as zero.
type Sums = [f64; WIDTH];

/// What is summed up, and what comes out.
#[derive(Clone, Copy)]
struct Statistic {
    /// Takes one row's numbers in.
    add: fn(&mut Sums, &[f64]) -> Result<(), SqlError>,
    /// Takes another group's sums in.
    merge: fn(&mut Sums, &Sums),
    /// The result, if there is one.
    finish: fn(&Sums) -> Option<f64>,
}

pub(super) fn functions() -> Vec<Aggregate> {
    vec![
        pairs::<CovarSamp>("covar_samp"),
        pairs::<CovarPop>("covar_pop"),
        pairs::<Corr>("corr"),
        pairs::<RegrSlope>("regr_slope"),
        pairs::<RegrIntercept>("regr_intercept"),
        aggregate("skewness", [statistic::<Skewness>("(double) -> double")]),
        aggregate("kurtosis", [statistic::<Kurtosis>("(double) -> double")]),
        aggregate("entropy", [statistic::<Entropy>("(double) -> double")]),
        aggregate(
            "geometric_mean",
            [
                statistic::<GeometricMean>("(bigint) -> double"),
                statistic::<GeometricMean>("(double) -> double"),
                statistic::<GeometricMean>("(real) -> real"),
            ],
        ),
    ]
}

/// A statistic, as a type: what makes one is a function without surroundings.
trait Known {
    const STATISTIC: Statistic;
}

fn statistic<K: Known>(signature: &str) -> Overload {
    let state = |_: &Shape| vec![DataType::Float64; WIDTH];
    let start = |shape: &Shape| -> Result<Box<dyn Groups>, SqlError> {
        Ok(Box::new(Statistics { statistic: K::STATISTIC, groups: Vec::new(), returns: shape.returns.clone() }))
    };
    overload(signature, How::Running(Running { state, start }))
}

fn pairs<K: Known>(name: &'static str) -> Aggregate {
    aggregate(name, [statistic::<K>("(double, double) -> double"), statistic::<K>("(real, real) -> real")])
}

macro_rules! known {
    ($($name:ident: $add:expr, $merge:expr, $finish:expr;)*) => {
        $(
            struct $name;

            impl Known for $name {
                const STATISTIC: Statistic = Statistic { add: $add, merge: $merge, finish: $finish };
            }
        )*
    };
}

known! {
    CovarSamp: add_pair, merge_pairs, |sums| pair(sums).covariance(1.0);
    CovarPop: add_pair, merge_pairs, |sums| pair(sums).covariance(0.0);
    Corr: add_pair, merge_pairs, |sums| pair(sums).correlation();
    RegrSlope: add_pair, merge_pairs, |sums| pair(sums).slope();
    RegrIntercept: add_pair, merge_pairs, |sums| pair(sums).intercept();
    Skewness: add_moments, merge_moments, skewness;
    Kurtosis: add_moments, merge_moments, kurtosis;
    Entropy: add_entropy, add_sums, |sums| Some(entropy(sums));
    GeometricMean: add_logarithm, add_sums, |sums| (sums[0] > 0.0).then(|| (sums[1] / sums[0]).exp());
}

fn add_sums(sums: &mut Sums, others: &Sums) {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
}

/// What is known of pairs of a dependent number `y` and an independent number `x`: the means, and the sums of the
/// products of distances from them.
struct Pairs {
    count: f64,
    mean_x: f64,
    mean_y: f64,
    xy: f64,
    xx: f64,
    yy: f64,
}

fn pair(sums: &Sums) -> Pairs {
    let [count, mean_x, mean_y, xy, xx, yy] = *sums;
    Pairs { count, mean_x, mean_y, xy, xx, yy }
}

/// In this order of operations, as Trino: sums of a few round numbers come out round.
fn add_pair(sums: &mut Sums, row: &[f64]) -> Result<(), SqlError> {
    let (y, x) = (row[0], row[1]);
    let before = pair(sums);
    let count = before.count + 1.0;
    let (from_x, from_y) = (x - before.mean_x, y - before.mean_y);
    let mean_x = before.mean_x + from_x / count;
    let mean_y = before.mean_y + from_y / count;
    let xy = before.xy + from_x * (y - mean_y);
    *sums = [count, mean_x, mean_y, xy, before.xx + from_x * (x - mean_x), before.yy + from_y * (y - mean_y)];
    Ok(())
}

fn merge_pairs(sums: &mut Sums, others: &Sums) {
    let (one, other) = (pair(sums), pair(others));
    if other.count == 0.0 {
        return;
    }
    let count = one.count + other.count;
    let (x, y) = (other.mean_x - one.mean_x, other.mean_y - one.mean_y);
    let share = one.count * other.count / count;
    *sums = [
        count,
        (one.mean_x * one.count + other.mean_x * other.count) / count,
        (one.mean_y * one.count + other.mean_y * other.count) / count,
        one.xy + other.xy + x * y * share,
        one.xx + other.xx + x * x * share,
        one.yy + other.yy + y * y * share,
    ];
}

impl Pairs {
    fn covariance(&self, missing: f64) -> Option<f64> {
        (self.count > missing).then(|| self.xy / (self.count - missing))
    }

    fn correlation(&self) -> Option<f64> {
        Some(self.xy / self.xx.sqrt() / self.yy.sqrt()).filter(|result| result.is_finite())
    }

    fn slope(&self) -> Option<f64> {
        Some(self.xy / self.xx).filter(|result| result.is_finite())
    }

    fn intercept(&self) -> Option<f64> {
        Some(self.mean_y - self.xy / self.xx * self.mean_x).filter(|result| result.is_finite())
    }
}

/// Count, mean, and the sums of the second to fourth powers of the distances from it (Pébay, 2008, formulas II.2).
fn add_moments(sums: &mut Sums, row: &[f64]) -> Result<(), SqlError> {
    merge_moments(sums, &[1.0, row[0], 0.0, 0.0, 0.0, 0.0]);
    Ok(())
}

fn merge_moments(sums: &mut Sums, others: &Sums) {
    let [na, mean_a, m2a, m3a, m4a, _] = *sums;
    let [nb, mean_b, m2b, m3b, m4b, _] = *others;
    if nb == 0.0 {
        return;
    }
    let n = na + nb;
    let delta = mean_b - mean_a;
    let (d2, d3, d4) = (delta * delta, delta.powi(3), delta.powi(4));
    *sums = [
        n,
        mean_a + delta * nb / n,
        m2a + m2b + d2 * na * nb / n,
        m3a + m3b + d3 * na * nb * (na - nb) / (n * n) + 3.0 * delta * (na * m2b - nb * m2a) / n,
        m4a + m4b
            + d4 * na * nb * (na * na - na * nb + nb * nb) / n.powi(3)
            + 6.0 * d2 * (na * na * m2b + nb * nb * m2a) / (n * n)
            + 4.0 * delta * (na * m3b - nb * m3a) / n,
        0.0,
    ];
}

fn skewness(sums: &Sums) -> Option<f64> {
    let [n, _, m2, m3, ..] = *sums;
    (n >= 3.0).then(|| n.sqrt() * m3 / m2.powf(1.5))
}

fn kurtosis(sums: &Sums) -> Option<f64> {
    let [n, _, m2, _, m4, _] = *sums;
    let variance = m2 / (n - 1.0);
    (n >= 4.0).then(|| {
        n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * m4 / (variance * variance)
            - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0))
    })
}

fn add_entropy(sums: &mut Sums, row: &[f64]) -> Result<(), SqlError> {
    let count = row[0];
    if count < 0.0 {
        return Err(SqlError::invalid_argument("Entropy count argument must be non-negative"));
    }
    if count > 0.0 {
        sums[0] += count;
        sums[1] += count * count.ln();
    }
    Ok(())
}

fn entropy(sums: &Sums) -> f64 {
    let [count, weighted, ..] = *sums;
    if count > 0.0 { ((count.ln() - weighted / count) / std::f64::consts::LN_2).max(0.0) } else { 0.0 }
}

fn add_logarithm(sums: &mut Sums, row: &[f64]) -> Result<(), SqlError> {
    sums[0] += 1.0;
    sums[1] += row[0].ln();
    Ok(())
}

/// The sums of groups.
struct Statistics {
    statistic: Statistic,
    groups: Vec<Sums>,
    returns: DataType,
}

impl Groups for Statistics {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let columns = columns.iter().map(|column| cast(column, &DataType::Float64)).collect::<Result<Vec<_>, _>>()?;
        let columns: Vec<&Float64Array> = columns.iter().map(|column| column.as_primitive::<Float64Type>()).collect();
        let mut numbers = vec![0.0; columns.len()];
        for (row, group) in groups.iter().enumerate() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            numbers.iter_mut().zip(&columns).for_each(|(number, column)| *number = column.value(row));
            (self.statistic.add)(&mut self.groups[*group], &numbers)?;
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (row, group) in groups.iter().enumerate() {
            let mut others = [0.0; WIDTH];
            others
                .iter_mut()
                .zip(states)
                .for_each(|(sum, state)| *sum = state.as_primitive::<Float64Type>().value(row));
            (self.statistic.merge)(&mut self.groups[*group], &others);
        }
        Ok(())
    }

    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, [0.0; WIDTH]);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let column = |index: usize| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(self.groups[..groups].iter().map(|sums| sums[index])))
        };
        Ok((0..WIDTH).map(column).collect())
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        let results: Float64Array = self.groups[..groups].iter().map(self.statistic.finish).collect();
        Ok(cast(&results, &self.returns)?)
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.groups, groups);
    }

    fn size_bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Sums>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parts_merge_into_the_same_statistics() {
        let rows = [[1.0, 2.0], [2.0, 1.0], [4.0, 7.0], [8.0, 3.0], [3.0, 3.0]];
        for (add, merge) in [
            (add_pair as fn(&mut Sums, &[f64]) -> Result<(), SqlError>, merge_pairs as fn(&mut Sums, &Sums)),
            (add_moments, merge_moments),
        ] {
            let (mut whole, mut one, mut other) = ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
            for (index, row) in rows.iter().enumerate() {
                add(&mut whole, row).unwrap();
                add(if index < 2 { &mut one } else { &mut other }, row).unwrap();
            }
            merge(&mut one, &other);
            merge(&mut one, &[0.0; WIDTH]);
            assert!(whole.iter().zip(&one).all(|(a, b)| (a - b).abs() < 1e-9), "{whole:?} {one:?}");
        }
    }
}
