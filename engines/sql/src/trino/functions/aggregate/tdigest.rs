//! A t-digest: the shape of a distribution in bounded memory, sharpest at its ends.
//!
//! It merges and answers by the rules that Trino's does (scale function `q(1 - q)`, compression 100, the same
//! interpolation between centroids), so that percentiles of small sets are the values Trino answers, and its bytes
//! are Trino's.

use crate::error::SqlError;

/// Higher keeps more centroids.
const COMPRESSION: f64 = 100.0;
/// While values arrive, centroids are merged twice as finely as they are stored.
const COMPRESSION_INSIDE: f64 = 2.0 * COMPRESSION;
/// Centroids and values that wait to be merged, at most.
const CENTROIDS_MAX: usize = 6 * (2 * 100 + 10);
/// The first byte of the serialized form.
const FORMAT: u8 = 0;
/// Bytes before the centroids of the serialized form: format, min, max, compression, weight, count.
const HEADER_BYTES: usize = 1 + 4 * 8 + 4;

/// A mean and how many values it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Centroid {
    mean: f64,
    weight: f64,
}

/// The digest.
#[derive(Debug, Clone, PartialEq)]
pub struct TDigest {
    centroids: Vec<Centroid>,
    weight: f64,
    min: f64,
    max: f64,
    /// Some centroids came after the last merge.
    unmerged: bool,
    /// Merges alternate their direction, so that no side is favoured.
    backwards: bool,
}

impl Default for TDigest {
    fn default() -> Self {
        TDigest {
            centroids: Vec::new(),
            weight: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            unmerged: false,
            backwards: false,
        }
    }
}

impl TDigest {
    /// The digest of those bytes.
    ///
    /// # Errors
    /// When they are no t-digest.
    pub fn read(bytes: &[u8]) -> Result<TDigest, SqlError> {
        let invalid = || SqlError::invalid_argument("Invalid format");
        let mut numbers = bytes.get(HEADER_BYTES..).ok_or_else(invalid)?.as_chunks::<8>().0.iter().copied();
        let header = |index: usize| -> f64 {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[1 + index * 8..9 + index * 8]);
            f64::from_le_bytes(number)
        };
        let mut count = [0; 4];
        count.copy_from_slice(&bytes[HEADER_BYTES - 4..HEADER_BYTES]);
        let count = u32::from_le_bytes(count) as usize;
        if bytes[0] != FORMAT || numbers.len() != 2 * count {
            return Err(invalid());
        }
        let means: Vec<f64> = numbers.by_ref().take(count).map(f64::from_le_bytes).collect();
        let centroids =
            means.into_iter().zip(numbers).map(|(mean, weight)| Centroid { mean, weight: f64::from_le_bytes(weight) });
        Ok(TDigest {
            centroids: centroids.collect(),
            weight: header(3),
            min: header(0),
            max: header(1),
            unmerged: false,
            backwards: false,
        })
    }

    /// The digest as bytes, as Trino serializes it.
    pub fn write(&mut self) -> Vec<u8> {
        self.merge(COMPRESSION);
        let mut bytes = Vec::with_capacity(HEADER_BYTES + 16 * self.centroids.len());
        bytes.push(FORMAT);
        for number in [self.min, self.max, COMPRESSION, self.weight] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend((self.centroids.len() as u32).to_le_bytes());
        bytes.extend(self.centroids.iter().flat_map(|centroid| centroid.mean.to_le_bytes()));
        bytes.extend(self.centroids.iter().flat_map(|centroid| centroid.weight.to_le_bytes()));
        bytes
    }

    /// Whether no value has come.
    pub fn is_empty(&self) -> bool {
        self.centroids.is_empty()
    }

    /// Bytes that it occupies.
    pub fn size_bytes(&self) -> usize {
        size_of::<TDigest>() + self.centroids.capacity() * size_of::<Centroid>()
    }

    /// Adds a value so many times.
    ///
    /// # Errors
    /// When one of them is not finite, or the weight is not positive.
    pub fn add(&mut self, value: f64, weight: f64) -> Result<(), SqlError> {
        if !value.is_finite() {
            let message = if value.is_nan() { "value is NaN" } else { "value must be finite" };
            return Err(SqlError::invalid_argument(message));
        }
        if !(weight.is_finite() && weight > 0.0) {
            return Err(SqlError::invalid_argument("weight must be > 0"));
        }
        if self.centroids.len() >= CENTROIDS_MAX {
            self.merge(COMPRESSION_INSIDE);
        }
        self.centroids.push(Centroid { mean: value, weight });
        self.weight += weight;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.unmerged = true;
        Ok(())
    }

    /// Adds all that another one has seen.
    pub fn add_all(&mut self, other: &TDigest) {
        self.centroids.extend_from_slice(&other.centroids);
        self.weight += other.weight;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.unmerged = true;
        if self.centroids.len() >= CENTROIDS_MAX {
            self.merge(COMPRESSION_INSIDE);
        }
    }

    /// The value below which that share (0 to 1) of all values lies; NaN when there is none.
    pub fn value_at(&mut self, quantile: f64) -> f64 {
        if self.unmerged {
            self.merge(COMPRESSION_INSIDE);
        }
        let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) else { return f64::NAN };
        if self.centroids.len() == 1 {
            return first.mean;
        }
        // The place of the wanted value among all values.
        let place = quantile * self.weight;
        let from_end = self.weight - place;
        if place < 1.0 {
            return self.min;
        }
        if place < first.weight / 2.0 {
            return self.min + interpolate(place, (1.0, self.min), (first.weight / 2.0, first.mean));
        }
        if from_end <= 1.0 {
            return self.max;
        }
        if from_end <= last.weight / 2.0 {
            // Seen from the end: the value sinks as the distance grows.
            return self.max + interpolate(from_end, (1.0, self.max), (last.weight / 2.0, last.mean));
        }
        let mut before = first.weight / 2.0;
        for pair in self.centroids.windows(2) {
            let (left, right) = (pair[0], pair[1]);
            let between = (left.weight + right.weight) / 2.0;
            if before + between <= place {
                before += between;
                continue;
            }
            let offset = place - before;
            // A single value is itself, never a mixture.
            if left.weight == 1.0 && offset < left.weight / 2.0 {
                return left.mean;
            }
            if right.weight == 1.0 && offset >= left.weight / 2.0 {
                return right.mean;
            }
            let (offset, section) = match (left.weight == 1.0, right.weight == 1.0) {
                (true, _) => (offset - left.weight / 2.0, right.weight / 2.0),
                (false, true) => (offset, left.weight / 2.0),
                (false, false) => (offset, between),
            };
            return left.mean + interpolate(offset, (0.0, left.mean), (section, right.mean));
        }
        self.max
    }

    /// Merges neighbours as far as the compression allows it at their place.
    fn merge(&mut self, compression: f64) {
        if self.centroids.is_empty() {
            return;
        }
        self.centroids.sort_by(|one, other| one.mean.total_cmp(&other.mean));
        if self.backwards {
            self.centroids.reverse();
        }
        let normalizer = compression / (4.0 * (self.weight / compression).ln() + 24.0);
        let share_max = |quantile: f64| quantile * (1.0 - quantile) / normalizer;
        let mut merged: Vec<Centroid> = Vec::with_capacity(self.centroids.len());
        let mut before = 0.0;
        let mut share_here = share_max(0.0);
        let mut current = self.centroids[0];
        for &next in &self.centroids[1..] {
            let together = current.weight + next.weight;
            let quantile = ((before + together) / self.weight).min(1.0);
            if together <= self.weight * share_here.min(share_max(quantile)) {
                current.mean += (next.mean - current.mean) * next.weight / together;
                current.weight = together;
            } else {
                merged.push(current);
                before += current.weight;
                share_here = share_max(before / self.weight);
                current = next;
            }
        }
        merged.push(current);
        if self.backwards {
            merged.reverse();
        }
        self.backwards = !self.backwards;
        self.centroids = merged;
        self.unmerged = false;
    }
}

/// How far `y` is from the first point's at `x`, on the line between two points.
fn interpolate(x: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    (x - from.0) / (to.0 - from.0) * (to.1 - from.1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn digest(values: impl IntoIterator<Item = i32>) -> TDigest {
        let mut digest = TDigest::default();
        for value in values {
            digest.add(f64::from(value), 1.0).unwrap();
        }
        digest
    }

    #[test]
    fn a_percentile_of_few_values_is_one_of_them() {
        let mut ten = digest(1..=10);
        assert_eq!(ten.value_at(0.0), 1.0);
        assert_eq!(ten.value_at(0.25), 3.0);
        assert_eq!(ten.value_at(0.5), 6.0);
        assert_eq!(ten.value_at(0.9), 10.0);
        assert_eq!(ten.value_at(1.0), 10.0);
        assert_eq!(digest([7]).value_at(0.5), 7.0);
        assert!(TDigest::default().value_at(0.5).is_nan());
    }

    #[test]
    fn many_values_stay_few_centroids_and_the_ends_stay_sharp() {
        let mut many = digest(0..100_000);
        assert_eq!(many.value_at(0.0), 0.0);
        assert_eq!(many.value_at(1.0), 99_999.0);
        for percent in 1..100 {
            let quantile = f64::from(percent) / 100.0;
            assert!((many.value_at(quantile) / 100_000.0 - quantile).abs() < 0.01, "at {quantile}");
        }
        assert!(many.write().len() < 8_000);
    }

    #[test]
    fn parts_merge_into_the_whole() {
        let mut whole = digest(0..500);
        whole.add_all(&digest(500..1_000));
        assert!((whole.value_at(0.5) - 500.0).abs() < 10.0);
    }

    #[test]
    fn a_digest_survives_being_written() {
        let mut written = digest(1..=5);
        let mut read = TDigest::read(&written.write()).unwrap();
        assert_eq!(read.value_at(0.5), written.value_at(0.5));
        assert!(TDigest::read(&[1, 2, 3]).is_err());
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert!(TDigest::default().add(f64::NAN, 1.0).is_err());
        assert!(TDigest::default().add(1.0, 0.0).is_err());
    }
}
