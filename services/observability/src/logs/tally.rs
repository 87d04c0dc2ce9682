//! Metric values put together: one datum for each metric and time, its distinct values counted.

use std::collections::HashMap;

use super::model::{Datum, Metric};

/// Values by metric.
#[derive(Default)]
pub struct Tally(HashMap<Metric, HashMap<u64, f64>>);

impl Tally {
    /// Counts a value `count` times.
    pub fn add(&mut self, metric: Metric, value: f64, count: f64) {
        *self.0.entry(metric).or_default().entry(value.to_bits()).or_default() += count;
    }

    /// In the order of the metrics, so that the same values always make the same data.
    pub fn into_data(self) -> Vec<Datum> {
        let mut data: Vec<Datum> = self
            .0
            .into_iter()
            .map(|(metric, values)| {
                let mut values: Vec<_> =
                    values.into_iter().map(|(bits, count)| (f64::from_bits(bits), count)).collect();
                values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
                Datum { metric, values }
            })
            .collect();
        data.sort_by(|one, other| one.metric.cmp(&other.metric));
        data
    }
}
