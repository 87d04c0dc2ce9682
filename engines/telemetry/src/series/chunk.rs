//! The points of one series and stretch of time as bytes: columns of times, kinds and numbers.
//!
//! ```text
//!   version u8 · points varint
//!   times:  first zigzag varint · runs varint · (difference varint, repeats varint)…
//!   kinds:  runs varint · (kind u8, repeats varint)…
//!   ones:   f64 each, together
//!   others: in the order of the points:
//!             values  length varint · all counts one? u8 · f64 values · f64 counts unless all one
//!             set     count, sum, minimum, maximum f64
//!             sketch  a set, then values
//! ```
//!
//! Little endian. Regular series of single values cost eight bytes a point and are read at the speed of memory.

use super::sample::{Sample, Summary, Tally};

/// Of what we write.
const VERSION: u8 = 1;

const ONE: u8 = 0;
const VALUES: u8 = 1;
const SET: u8 = 2;
const SKETCH: u8 = 3;

/// Bytes that are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chunk of points is damaged: {0}")]
pub struct Damaged(&'static str);

/// Packs points in ascending order of their times, each time once.
pub(super) fn encode(points: &[(i64, Sample)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + 8 * points.len());
    out.push(VERSION);
    put_varint(points.len() as u64, &mut out);
    put_zigzag(points.first().map_or(0, |(time, _)| *time), &mut out);
    let differences = points.windows(2).map(|pair| (pair[1].0 - pair[0].0).cast_unsigned());
    put_runs(differences, &mut out, put_varint);
    put_runs(points.iter().map(|(_, sample)| kind(sample)), &mut out, |kind, out| out.push(kind));
    for (_, sample) in points {
        if let Sample::One(value) = sample {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    for (_, sample) in points {
        match sample {
            Sample::One(_) => {}
            Sample::Values(values) => put_values(values, &mut out),
            Sample::Set(set) => put_set(set, &mut out),
            Sample::Sketch(set, values) => {
                put_set(set, &mut out);
                put_values(values, &mut out);
            }
        }
    }
    out
}

fn kind(sample: &Sample) -> u8 {
    match sample {
        Sample::One(_) => ONE,
        Sample::Values(_) => VALUES,
        Sample::Set(_) => SET,
        Sample::Sketch(..) => SKETCH,
    }
}

/// Unpacks all points.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<(i64, Sample)>, Damaged> {
    let mut points = Vec::new();
    visit(bytes, &mut |time, item| points.push((time, item.to_sample())))?;
    Ok(points)
}

/// A point as it lies in the bytes.
pub(super) enum Item<'a> {
    One(f64),
    Values(Values<'a>),
    Set(Summary),
    Sketch(Summary, Values<'a>),
}

/// Values and counts as they lie in the bytes.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    values: &'a [u8],
    /// Empty when all are one.
    counts: &'a [u8],
}

impl Values<'_> {
    fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        let counts = self.counts.as_chunks::<8>().0;
        let values = self.values.as_chunks::<8>().0.iter();
        values.enumerate().map(move |(index, value)| {
            let count = counts.get(index).map_or(1.0, |count| f64::from_le_bytes(*count));
            (f64::from_le_bytes(*value), count)
        })
    }

    fn summary(&self) -> Summary {
        let mut summary = Summary::EMPTY;
        for (value, count) in self.iter() {
            summary.merge(&Summary { count, sum: value * count, minimum: value, maximum: value });
        }
        summary
    }
}

impl Item<'_> {
    fn to_sample(&self) -> Sample {
        match self {
            Self::One(value) => Sample::One(*value),
            Self::Values(values) => Sample::Values(values.iter().collect()),
            Self::Set(set) => Sample::Set(*set),
            Self::Sketch(set, values) => Sample::Sketch(*set, values.iter().collect()),
        }
    }

    /// Counted into a summary, where nothing else is asked for.
    #[inline]
    pub fn summarize(&self, summary: &mut Summary) {
        match self {
            Self::One(value) => summary.add(*value),
            Self::Values(values) => summary.merge(&values.summary()),
            Self::Set(set) | Self::Sketch(set, _) => summary.merge(set),
        }
    }

    /// Counted into a tally.
    pub fn tally(&self, tally: &mut Tally) {
        match self {
            Self::One(value) => tally.add_value(*value, 1.0),
            Self::Values(values) => values.iter().for_each(|(value, count)| tally.add_value(value, count)),
            Self::Set(_) | Self::Sketch(..) => tally.add(&self.to_sample()),
        }
    }
}

/// Walks the points in the order of their times.
#[inline]
pub(super) fn visit<'a>(bytes: &'a [u8], take: &mut impl FnMut(i64, Item<'a>)) -> Result<(), Damaged> {
    let mut rest = bytes;
    match take_bytes(&mut rest, 1)? {
        [VERSION] => {}
        _ => return Err(Damaged("its version is not known")),
    }
    let points = take_length(&mut rest)?;
    let mut time = take_zigzag(&mut rest)?;
    let time_runs = take_runs(&mut rest, take_varint)?;
    let kind_runs = take_runs(&mut rest, |rest| Ok(u64::from(take_bytes(rest, 1)?[0])))?;
    let ones: u64 = kind_runs.iter().filter(|(kind, _)| *kind == u64::from(ONE)).map(|(_, repeats)| repeats).sum();
    let ones = usize::try_from(ones).ok().and_then(|ones| ones.checked_mul(8)).ok_or(Damaged("it is too long"))?;
    let mut ones = take_bytes(&mut rest, ones)?.as_chunks::<8>().0.iter();
    let mut differences = time_runs.iter().copied();
    let (mut step, mut steps_left) = (0i64, 0u64);
    let mut seen = 0usize;
    for (kind, repeats) in kind_runs {
        for _ in 0..repeats {
            if seen > 0 {
                while steps_left == 0 {
                    let (difference, repeats) = differences.next().ok_or(Damaged("a time is missing"))?;
                    (step, steps_left) = (difference.cast_signed(), repeats);
                }
                steps_left -= 1;
                time = time.wrapping_add(step);
            }
            seen += 1;
            let item = match u8::try_from(kind) {
                Ok(ONE) => Item::One(f64::from_le_bytes(*ones.next().ok_or(Damaged("a value is missing"))?)),
                Ok(VALUES) => Item::Values(take_values(&mut rest)?),
                Ok(SET) => Item::Set(take_set(&mut rest)?),
                Ok(SKETCH) => Item::Sketch(take_set(&mut rest)?, take_values(&mut rest)?),
                _ => return Err(Damaged("a kind of point is not known")),
            };
            take(time, item);
        }
    }
    if seen == points && rest.is_empty() { Ok(()) } else { Err(Damaged("its parts do not agree")) }
}

fn put_runs<T: PartialEq + Copy>(items: impl Iterator<Item = T>, out: &mut Vec<u8>, put: impl Fn(T, &mut Vec<u8>)) {
    let mut runs: Vec<(T, u64)> = Vec::new();
    for item in items {
        match runs.last_mut() {
            Some((last, repeats)) if *last == item => *repeats += 1,
            _ => runs.push((item, 1)),
        }
    }
    put_varint(runs.len() as u64, out);
    for (item, repeats) in runs {
        put(item, out);
        put_varint(repeats, out);
    }
}

fn take_runs(rest: &mut &[u8], take: impl Fn(&mut &[u8]) -> Result<u64, Damaged>) -> Result<Vec<(u64, u64)>, Damaged> {
    let length = take_length(rest)?;
    // Each run takes two bytes at least, so what claims more is damaged before memory is asked for it.
    if length > rest.len() {
        return Err(Damaged("it is too short"));
    }
    (0..length).map(|_| Ok((take(rest)?, take_varint(rest)?))).collect()
}

fn put_values(values: &[(f64, f64)], out: &mut Vec<u8>) {
    #[expect(clippy::float_cmp, reason = "a count of one is exactly one")]
    let all_one = values.iter().all(|(_, count)| *count == 1.0);
    put_varint(values.len() as u64, out);
    out.push(u8::from(all_one));
    values.iter().for_each(|(value, _)| out.extend_from_slice(&value.to_le_bytes()));
    if !all_one {
        values.iter().for_each(|(_, count)| out.extend_from_slice(&count.to_le_bytes()));
    }
}

fn take_values<'a>(rest: &mut &'a [u8]) -> Result<Values<'a>, Damaged> {
    let bytes = take_length(rest)?.checked_mul(8).ok_or(Damaged("it is too long"))?;
    let all_one = take_bytes(rest, 1)?[0] == 1;
    let values = take_bytes(rest, bytes)?;
    let counts = take_bytes(rest, if all_one { 0 } else { bytes })?;
    Ok(Values { values, counts })
}

fn put_set(set: &Summary, out: &mut Vec<u8>) {
    for number in [set.count, set.sum, set.minimum, set.maximum] {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn take_set(rest: &mut &[u8]) -> Result<Summary, Damaged> {
    let mut number = || {
        let bytes = take_bytes(rest, 8)?;
        bytes.first_chunk().map(|bytes| f64::from_le_bytes(*bytes)).ok_or(Damaged("it is too short"))
    };
    Ok(Summary { count: number()?, sum: number()?, minimum: number()?, maximum: number()? })
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(rest: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take_bytes(rest, 1)?[0];
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Damaged("a number is too long"))
}

fn put_zigzag(number: i64, out: &mut Vec<u8>) {
    put_varint(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}

fn take_zigzag(rest: &mut &[u8]) -> Result<i64, Damaged> {
    let number = take_varint(rest)?;
    Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

fn take_length(rest: &mut &[u8]) -> Result<usize, Damaged> {
    usize::try_from(take_varint(rest)?).map_err(|_| Damaged("it is too long"))
}

fn take_bytes<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Damaged> {
    let (bytes, behind) = rest.split_at_checked(length).ok_or(Damaged("it is too short"))?;
    *rest = behind;
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> impl Strategy<Value = Sample> {
        let values = || proptest::collection::vec((-1e9..1e9f64, prop_oneof![Just(1.0), 0.5..9.0f64]), 0..6);
        let set = (1.0..9.0f64, -1e9..1e9f64, -1e9..0f64, 0f64..1e9)
            .prop_map(|(count, sum, minimum, maximum)| Summary { count, sum, minimum, maximum });
        prop_oneof![
            8 => (-1e9..1e9f64).prop_map(Sample::One),
            2 => values().prop_map(Sample::Values),
            1 => set.clone().prop_map(Sample::Set),
            1 => (set, values()).prop_map(|(set, values)| Sample::Sketch(set, values)),
        ]
    }

    proptest! {
        #[test]
        fn points_survive_packing(
            first in -4_000_000_000i64..4_000_000_000,
            steps in proptest::collection::vec((1i64..5, sample()), 0..60),
        ) {
            let mut time = first;
            let points: Vec<_> = steps.into_iter().map(|(step, sample)| { time += 60 * step; (time, sample) }).collect();
            prop_assert_eq!(decode(&encode(&points)).unwrap(), points);
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() { *first = VERSION; }
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_regular_day_costs_eight_bytes_a_point() {
        let points: Vec<_> = (0..1440).map(|minute| (minute * 60, Sample::One(0.5))).collect();
        assert!(encode(&points).len() < 1440 * 8 + 20);
    }

    #[test]
    fn a_chunk_that_claims_too_much_is_refused_at_once() {
        let mut bytes = vec![VERSION];
        put_varint(u64::MAX, &mut bytes);
        put_zigzag(0, &mut bytes);
        put_varint(0, &mut bytes);
        put_varint(1, &mut bytes);
        bytes.push(ONE);
        put_varint(u64::MAX, &mut bytes);
        assert_eq!(decode(&bytes), Err(Damaged("it is too long")));
    }
}
