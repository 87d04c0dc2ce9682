//! What one data point keeps: enough for every statistic, exactly for few values and closely for many.

use serde::{Deserialize, Serialize};

/// So many different values a point keeps exactly; of more it keeps how many lie in each of a number of narrow ranges.
/// A request brings at most 150 of them: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
pub const VALUES_MAX: usize = 400;

/// The ranges of a sketch at first: each 1 % wider than the one below. Doubled until they are few enough.
const RANGE_WIDTH: f64 = 1.01;

/// What is known of any set of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many; not always a whole number, as AWS's counts.
    pub count: f64,
    /// Of all of them.
    pub sum: f64,
    /// The lowest.
    pub minimum: f64,
    /// The highest.
    pub maximum: f64,
}

impl Summary {
    /// Nothing yet.
    pub const EMPTY: Self = Self { count: 0.0, sum: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY };

    /// One value.
    pub fn one(value: f64) -> Self {
        Self { count: 1.0, sum: value, minimum: value, maximum: value }
    }

    /// Takes in one value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }

    /// Takes in another set.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }
}

/// One data point's content. Stored: variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Sample {
    /// A single value.
    One(f64),
    /// Different values in ascending order, with their counts. Everything can be computed from them.
    Values(Vec<(f64, f64)>),
    /// A statistic set whose values are not known: percentiles and their like have no answer.
    Set(Summary),
    /// Too many values to keep: representatives of narrow ranges with counts, and what is exactly known.
    Sketch(Summary, Vec<(f64, f64)>),
}

impl Sample {
    /// Of values and how often each occurred; zero counts are left out. `None` when nothing is left.
    pub fn of_values(values: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let mut tally = Tally::default();
        for (value, count) in values.into_iter().filter(|(_, count)| *count > 0.0) {
            tally.add_value(value, count);
        }
        tally.into_sample()
    }

    /// Of a statistic set. Its values are known when there is one of them, or all are the same.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Percentiles>
    #[expect(clippy::float_cmp, reason = "a set of equal values has equal bounds, exactly")]
    pub fn of_set(set: Summary) -> Self {
        if set.count == 1.0 {
            Self::One(set.sum)
        } else if set.minimum == set.maximum {
            Self::Values(vec![(set.minimum, set.count)])
        } else {
            Self::Set(set)
        }
    }
}

/// The samples of a period, taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    /// Exact, whatever else is known.
    pub summary: Summary,
    /// Values with counts; ascending and different after [`Tally::settle`]. Empty where only the summary is wanted.
    pub(super) values: Vec<(f64, f64)>,
    /// Whether `values` stands for all that was counted.
    pub(super) complete: bool,
    /// Whether a value of `values` may be a representative.
    sketched: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self { summary: Summary::EMPTY, values: Vec::new(), complete: true, sketched: false }
    }
}

impl Tally {
    /// One of which only the summary is wanted.
    pub(super) fn of_summary(summary: Summary) -> Self {
        Self { summary, ..Self::default() }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.summary.count <= 0.0
    }

    /// Takes in one value that occurred `count` times.
    pub fn add_value(&mut self, value: f64, count: f64) {
        self.summary.merge(&Summary { count, sum: value * count, minimum: value, maximum: value });
        self.push(value, count);
    }

    /// Takes in a sample.
    pub fn add(&mut self, sample: &Sample) {
        match sample {
            Sample::One(value) => self.add_value(*value, 1.0),
            Sample::Values(values) => values.iter().for_each(|(value, count)| self.add_value(*value, *count)),
            Sample::Set(set) => {
                self.summary.merge(set);
                self.complete = false;
            }
            Sample::Sketch(summary, values) => {
                self.summary.merge(summary);
                values.iter().for_each(|(value, count)| self.push(*value, *count));
                self.sketched = true;
            }
        }
    }

    /// Takes in another tally.
    pub fn merge(&mut self, other: &Self) {
        self.summary.merge(&other.summary);
        other.values.iter().for_each(|(value, count)| self.push(*value, *count));
        self.complete &= other.complete;
        self.sketched |= other.sketched;
    }

    fn push(&mut self, value: f64, count: f64) {
        self.values.push((value, count));
        // Bounds the memory of a period with millions of values.
        if self.values.len() > 16 * VALUES_MAX {
            self.settle();
        }
    }

    /// Sorts the values and counts equal ones together; of too many, narrow ranges remain.
    pub fn settle(&mut self) {
        self.values.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        fold_equal(&mut self.values);
        let mut width = RANGE_WIDTH;
        while self.values.len() > VALUES_MAX {
            self.sketched = true;
            let Summary { minimum, maximum, .. } = self.summary;
            for (value, _) in &mut self.values {
                *value = representative(*value, width).clamp(minimum, maximum);
            }
            fold_equal(&mut self.values);
            width *= width;
        }
    }

    /// What to store of it; `None` when nothing was counted.
    #[expect(clippy::float_cmp, reason = "a count of one is exactly one")]
    pub fn into_sample(mut self) -> Option<Sample> {
        if self.is_empty() {
            return None;
        }
        if !self.complete {
            return Some(Sample::Set(self.summary));
        }
        self.settle();
        Some(match self.values[..] {
            [(value, count)] if count == 1.0 && !self.sketched => Sample::One(value),
            _ if self.sketched => Sample::Sketch(self.summary, self.values),
            _ => Sample::Values(self.values),
        })
    }
}

/// Adds the counts of neighbours with the same value.
#[expect(clippy::float_cmp, reason = "only the same value is the same value")]
fn fold_equal(values: &mut Vec<(f64, f64)>) {
    values.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

/// The middle of the range of a logarithmic scale that a value lies in; ascending values have ascending ones.
fn representative(value: f64, width: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let range = (value.abs().ln() / width.ln()).ceil();
    let middle = 2.0 * width.powf(range) / (width + 1.0);
    middle.copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_counted_together() {
        let sample = Sample::of_values([(3.0, 1.0), (1.0, 2.0), (3.0, 4.0), (9.0, 0.0)]);
        assert_eq!(sample, Some(Sample::Values(vec![(1.0, 2.0), (3.0, 5.0)])));
        assert_eq!(Sample::of_values([(7.0, 1.0)]), Some(Sample::One(7.0)));
        assert_eq!(Sample::of_values([(7.0, 0.0)]), None);
    }

    #[test]
    fn a_statistic_set_is_understood_where_its_values_follow_from_it() {
        let set = |count, sum, minimum, maximum| Sample::of_set(Summary { count, sum, minimum, maximum });
        assert_eq!(set(1.0, 5.0, 5.0, 5.0), Sample::One(5.0));
        assert_eq!(set(4.0, 8.0, 2.0, 2.0), Sample::Values(vec![(2.0, 4.0)]));
        assert!(matches!(set(4.0, 8.0, 1.0, 3.0), Sample::Set(_)));
    }

    #[test]
    fn many_values_are_kept_within_one_percent_and_their_sums_exactly() {
        let mut tally = Tally::default();
        (1..=100_000).for_each(|value| tally.add_value(f64::from(value), 1.0));
        let Some(Sample::Sketch(summary, values)) = tally.into_sample() else { panic!("a sketch") };
        assert_eq!(summary, Summary { count: 1e5, sum: 5_000_050_000.0, minimum: 1.0, maximum: 1e5 });
        assert!(values.len() <= VALUES_MAX);
        assert!(values.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut below = 0.0;
        let median = values.iter().find(|(_, count)| {
            below += count;
            below >= 50_000.0
        });
        let median = median.map(|(value, _)| *value).unwrap_or_default();
        assert!((median / 50_000.0 - 1.0).abs() < 0.03, "{median}");
    }
}
