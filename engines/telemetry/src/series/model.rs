//! The tables of the series.

use haar_store::{Index, Record, Table};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sample::Sample;

/// Partition, namespace, name, and the dimensions as [`super::metric::MetricName::identity`] writes them.
pub(super) type MetricKey = (String, String, String, String);

/// Which metrics there are.
pub(super) const METRICS: Table<MetricKey, MetricRow> = Table::new("series.metrics");

/// Acknowledged and not in columns yet, in the order in which it came.
pub(super) const INCOMING: Table<u64, Incoming> = Table::new("series.incoming");

/// Series, unit, tier, span, and the number of the upkeep that wrote it.
pub(super) type ChunkKey = (u64, u8, u8, i64, u64);

/// Points in columns.
pub(super) const CHUNKS: Table<ChunkKey, Packed> = Table::new("series.chunks").indexed(&[&BY_SPAN]);

/// Chunks by tier and span: what is due for the next tier.
pub(super) const BY_SPAN: Index<(u8, i64), ChunkKey, Packed> =
    Index::new("series.chunks.by_span", |(_, _, tier, span, _), _| vec![(*tier, *span)]);

/// The one record under key 0.
pub(super) const STATE: Table<u8, State> = Table::new("series.state");

/// What a metric is, beside its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MetricRow {
    pub id: u64,
    /// In the order in which they came first.
    pub dimensions: Vec<(String, String)>,
    /// When data last came, as of the last upkeep. Milliseconds.
    pub published: i64,
}

impl Record for MetricRow {}

/// One write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Incoming {
    /// When it came. Milliseconds.
    pub published: i64,
    pub points: Vec<Point>,
}

impl Record for Incoming {}

/// One point of a write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Point {
    pub series: u64,
    pub unit: u8,
    /// Its tier's number.
    pub tier: u8,
    /// Seconds since 1970, rounded down to the tier's resolution.
    pub time: i64,
    pub sample: Sample,
}

/// Counters. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub next_series: u64,
    pub next_incoming: u64,
    pub next_part: u64,
    /// The upkeep that last moved what came in into columns: readers compare it with what is in memory.
    pub moved: u64,
}

impl Record for State {}

/// A chunk's bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packed(pub Vec<u8>);

impl Record for Packed {}

// By hand, because serde's own form of `Vec<u8>` goes byte by byte.
impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(PackedVisitor)
    }
}

struct PackedVisitor;

impl<'de> Visitor<'de> for PackedVisitor {
    type Value = Packed;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Packed, E> {
        Ok(Packed(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Packed, A::Error> {
        Err(A::Error::custom("a chunk is bytes"))
    }
}
