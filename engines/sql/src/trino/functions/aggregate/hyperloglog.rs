//! HyperLogLog: how many different values there were, in two kilobytes.
//!
//! Few values are kept as their hashes, so small counts are exact; many become registers.

use crate::error::SqlError;

/// What `approx_distinct(x)` promises: 1.04 / sqrt(2048).
const STANDARD_ERROR: f64 = 0.023;
/// The errors that may be asked for.
const STANDARD_ERROR_LOWEST: f64 = 0.0040625;
/// The errors that may be asked for.
const STANDARD_ERROR_HIGHEST: f64 = 0.26000;
/// The first byte of the serialized form with hashes.
const FORMAT_SPARSE: u8 = 0xA0;
/// The first byte of the serialized form with registers.
const FORMAT_DENSE: u8 = 0xA1;
/// Registers are 2^4 to 2^16.
const INDEX_BITS: std::ops::RangeInclusive<u8> = 4..=16;

/// What has been seen.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    /// The hashes, sorted.
    Hashes(Vec<u64>),
    /// Of each bucket, the longest run of leading zeros plus one.
    Registers(Vec<u8>),
}

/// The sketch.
#[derive(Debug, Clone, PartialEq)]
pub struct HyperLogLog {
    index_bits: u8,
    seen: Seen,
}

impl Default for HyperLogLog {
    fn default() -> Self {
        HyperLogLog { index_bits: index_bits(STANDARD_ERROR), seen: Seen::Hashes(Vec::new()) }
    }
}

/// The bits of a hash that choose the bucket so that the error is at most this.
fn index_bits(standard_error: f64) -> u8 {
    let buckets = (1.04 / standard_error).powi(2).ceil();
    (buckets.log2().ceil() as u8).clamp(*INDEX_BITS.start(), *INDEX_BITS.end())
}

impl HyperLogLog {
    /// A sketch with that standard error.
    ///
    /// # Errors
    /// When it is out of Trino's range.
    pub fn with_standard_error(error: f64) -> Result<HyperLogLog, SqlError> {
        if !(STANDARD_ERROR_LOWEST..=STANDARD_ERROR_HIGHEST).contains(&error) {
            return Err(SqlError::invalid_argument(format!(
                "Max standard error must be in [{STANDARD_ERROR_LOWEST}, {STANDARD_ERROR_HIGHEST}]: {error}"
            )));
        }
        Ok(HyperLogLog { index_bits: index_bits(error), seen: Seen::Hashes(Vec::new()) })
    }

    /// The sketch of those bytes.
    ///
    /// # Errors
    /// When they are no sketch.
    pub fn read(bytes: &[u8]) -> Result<HyperLogLog, SqlError> {
        let invalid = || SqlError::invalid_argument("Cannot deserialize HyperLogLog");
        let [format, index_bits, rest @ ..] = bytes else { return Err(invalid()) };
        if !INDEX_BITS.contains(index_bits) {
            return Err(invalid());
        }
        let seen = match *format {
            FORMAT_SPARSE => match rest.as_chunks::<8>() {
                (hashes, []) => Seen::Hashes(hashes.iter().map(|hash| u64::from_le_bytes(*hash)).collect()),
                _ => return Err(invalid()),
            },
            FORMAT_DENSE if rest.len() == 1 << index_bits => Seen::Registers(rest.to_vec()),
            _ => return Err(invalid()),
        };
        Ok(HyperLogLog { index_bits: *index_bits, seen })
    }

    /// The sketch as bytes. They are not Trino's: a sketch that Trino stored cannot be read here, nor the reverse.
    pub fn write(&self) -> Vec<u8> {
        match &self.seen {
            Seen::Hashes(hashes) => {
                let mut bytes = vec![FORMAT_SPARSE, self.index_bits];
                bytes.extend(hashes.iter().flat_map(|hash| hash.to_le_bytes()));
                bytes
            }
            Seen::Registers(registers) => {
                let mut bytes = vec![FORMAT_DENSE, self.index_bits];
                bytes.extend(registers);
                bytes
            }
        }
    }

    /// Bytes that it occupies.
    pub fn size_bytes(&self) -> usize {
        size_of::<HyperLogLog>()
            + match &self.seen {
                Seen::Hashes(hashes) => hashes.capacity() * 8,
                Seen::Registers(registers) => registers.capacity(),
            }
    }

    /// Hashes are kept while they need no more room than the registers would.
    fn hashes_max(&self) -> usize {
        (1 << self.index_bits) / 8
    }

    /// Sees a value, by its hash.
    pub fn add(&mut self, hash: u64) {
        match &mut self.seen {
            Seen::Hashes(hashes) => {
                if let Err(place) = hashes.binary_search(&hash) {
                    hashes.insert(place, hash);
                    if hashes.len() > self.hashes_max() {
                        self.densify();
                    }
                }
            }
            Seen::Registers(registers) => register(registers, self.index_bits, hash),
        }
    }

    /// Sees all that another one has seen.
    ///
    /// # Errors
    /// When they were made for different errors.
    pub fn add_all(&mut self, other: &HyperLogLog) -> Result<(), SqlError> {
        if self.index_bits != other.index_bits {
            return Err(SqlError::invalid_argument("Cannot merge HLLs with different number of buckets"));
        }
        match &other.seen {
            Seen::Hashes(hashes) => hashes.iter().for_each(|hash| self.add(*hash)),
            Seen::Registers(theirs) => {
                self.densify();
                if let Seen::Registers(ours) = &mut self.seen {
                    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
                }
            }
        }
        Ok(())
    }

    /// How many different values were seen, about.
    pub fn cardinality(&self) -> i64 {
        let registers = match &self.seen {
            Seen::Hashes(hashes) => return hashes.len() as i64,
            Seen::Registers(registers) => registers,
        };
        let buckets = registers.len() as f64;
        let empty = registers.iter().filter(|register| **register == 0).count();
        let harmonic: f64 = registers.iter().map(|register| 0.5_f64.powi(i32::from(*register))).sum();
        let alpha = match registers.len() {
            16 => 0.673,
            32 => 0.697,
            64 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / buckets),
        };
        let estimate = alpha * buckets * buckets / harmonic;
        // With many empty buckets, counting them is more exact (Flajolet et al., 2007, section 4).
        if estimate <= 2.5 * buckets && empty > 0 {
            return (buckets * (buckets / empty as f64).ln()).round() as i64;
        }
        estimate.round() as i64
    }

    /// Turns kept hashes into registers.
    fn densify(&mut self) {
        if let Seen::Hashes(hashes) = &self.seen {
            let mut registers = vec![0; 1 << self.index_bits];
            hashes.iter().for_each(|hash| register(&mut registers, self.index_bits, *hash));
            self.seen = Seen::Registers(registers);
        }
    }
}

/// Notes a hash in its bucket.
fn register(registers: &mut [u8], index_bits: u8, hash: u64) {
    let bucket = (hash >> (64 - index_bits)) as usize;
    // The bit set below the rest ends the run of zeros when all others are zeros too.
    let rest = (hash << index_bits) | (1 << (index_bits - 1));
    let run = rest.leading_zeros() as u8 + 1;
    registers[bucket] = registers[bucket].max(run);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Spreads numbers over all hashes (the finalizer of splitmix64).
    fn hash(number: u64) -> u64 {
        let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn sketch(numbers: impl IntoIterator<Item = u64>) -> HyperLogLog {
        let mut sketch = HyperLogLog::default();
        numbers.into_iter().for_each(|number| sketch.add(hash(number)));
        sketch
    }

    #[test]
    fn few_values_are_counted_exactly() {
        assert_eq!(HyperLogLog::default().cardinality(), 0);
        assert_eq!(sketch([1, 2, 3, 2, 1]).cardinality(), 3);
        assert_eq!(sketch(0..200).cardinality(), 200);
    }

    #[test]
    fn many_values_are_counted_within_the_promised_error() {
        for count in [1_000_u64, 10_000, 200_000] {
            let estimate = sketch(0..count).cardinality() as f64;
            assert!((estimate / count as f64 - 1.0).abs() < 4.0 * STANDARD_ERROR, "{count}: {estimate}");
        }
    }

    #[test]
    fn merging_counts_what_either_has_seen() {
        let mut whole = sketch(0..10_000);
        whole.add_all(&sketch(5_000..15_000)).unwrap();
        assert_eq!(whole, sketch(0..15_000));
        let mut few = sketch(0..3);
        few.add_all(&sketch(2..5)).unwrap();
        assert_eq!(few.cardinality(), 5);
    }

    #[test]
    fn a_sketch_survives_being_written() {
        for sketch in [sketch(0..10), sketch(0..10_000)] {
            assert_eq!(HyperLogLog::read(&sketch.write()).unwrap(), sketch);
        }
        assert!(HyperLogLog::read(&[1, 2, 3]).is_err());
    }

    #[test]
    fn an_error_out_of_range_is_refused() {
        assert!(HyperLogLog::with_standard_error(0.001).is_err());
        assert!(HyperLogLog::with_standard_error(0.3).is_err());
        let coarse = HyperLogLog::with_standard_error(0.1).unwrap();
        assert!(HyperLogLog::default().add_all(&coarse).is_err());
    }
}
