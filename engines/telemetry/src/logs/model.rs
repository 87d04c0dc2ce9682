//! What is kept of logs: partitions, their streams, recent batches, and sealed segments.

use haar_store::{BlobId, Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// By the partition's name: its id.
pub(super) const NAMES: Table<String, u64> = Table::new("logstore.names");

/// By id. A partition without a name is one that was deleted, and whose data is still to be dropped.
pub(super) const PARTITIONS: Table<u64, Partition> = Table::new("logstore.partitions").indexed(&[&BY_WORK]);

/// Partitions with upkeep ahead, by when it is due.
pub(super) const BY_WORK: Index<i64, u64, Partition> =
    Index::new("logstore.partitions.by_work", |_, partition| partition.work_due_ms().into_iter().collect());

/// By partition and name.
pub(super) const STREAMS: Table<(u64, String), Stream> = Table::new("logstore.streams").indexed(&[&BY_LAST_EVENT]);

/// Streams of a partition in the order of their last event; those without any come first.
pub(super) const BY_LAST_EVENT: Index<(u64, i64), (u64, String), Stream> =
    Index::new("logstore.streams.by_last_event", |(partition, _), stream| {
        vec![(*partition, stream.facts.as_ref().map_or(i64::MIN, |facts| facts.last_event_ms))]
    });

/// By partition and stream id: the name. Rows carry the id, so that the rows of a deleted stream are nobody's.
pub(super) const STREAM_NAMES: Table<(u64, u64), String> = Table::new("logstore.stream_names");

/// Recent batches, by partition and the number of their first event.
pub(super) const BATCHES: Table<(u64, u64), Batch> = Table::new("logstore.batches");

/// The events of recent batches, under the batch's key: apart, so that a scan skips what it does not need.
pub(super) const PAYLOADS: Table<(u64, u64), Payload> = Table::new("logstore.payloads");

/// Sealed segments, by partition and a number.
pub(super) const SEGMENTS: Table<(u64, u64), Segment> =
    Table::new("logstore.segments").blobs(|segment| vec![segment.blob]);

/// The numbers given out last: `event`, `partition`, `stream`, `segment`.
pub(super) const COUNTERS: Table<String, u64> = Table::new("logstore.counters");

/// Everything that the store of logs keeps, for a check.
pub fn tables() -> Vec<TableInfo> {
    vec![
        NAMES.info(),
        PARTITIONS.info(),
        STREAMS.info(),
        STREAM_NAMES.info(),
        BATCHES.info(),
        PAYLOADS.info(),
        SEGMENTS.info(),
        COUNTERS.info(),
    ]
}

/// Raw bytes of recent batches that are worth a segment.
pub(super) const SEAL_BYTES: u64 = 32 << 20;

/// Recent batches that are sealed however small: reading many small records is slow.
pub(super) const SEAL_BATCHES: u64 = 2_048;

/// Batches are sealed after this long at the latest.
pub(super) const SEAL_AFTER_MS: i64 = 15 * 60 * 1000;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Partition {
    pub(super) dropped: bool,
    /// Events before this time are no longer there, whether or not their bytes are.
    pub(super) expired_before_ms: Option<i64>,
    pub(super) recent_batches: u64,
    /// Of messages, uncompressed.
    pub(super) recent_bytes: u64,
    /// When the oldest recent batch came.
    pub(super) recent_since_ms: i64,
    /// What batches and segments take on disk.
    pub(super) stored_bytes: u64,
    /// Expiry or deletions left segments to look at.
    pub(super) sweep: bool,
}

impl Record for Partition {}

impl Partition {
    /// When the partition wants upkeep; `None` while there is nothing to do.
    fn work_due_ms(&self) -> Option<i64> {
        if self.dropped || self.sweep || self.recent_bytes >= SEAL_BYTES || self.recent_batches >= SEAL_BATCHES {
            return Some(0);
        }
        (self.recent_batches > 0).then(|| self.recent_since_ms.saturating_add(SEAL_AFTER_MS))
    }

    /// Whether upkeep should begin at once.
    pub(super) fn is_urgent(&self) -> bool {
        self.work_due_ms() == Some(0)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Stream {
    pub(super) id: u64,
    pub(super) created_ms: i64,
    pub(super) facts: Option<StreamFacts>,
}

impl Record for Stream {}

/// What is known of a stream that has events.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StreamFacts {
    /// The earliest event's time.
    pub first_event_ms: i64,
    /// The latest event's time.
    pub last_event_ms: i64,
    /// When the last batch came.
    pub last_ingestion_ms: i64,
    /// Events that came.
    pub events: u64,
    /// Bytes of messages that came.
    pub bytes: u64,
}

/// A recent batch: events of one stream, in the order of their times.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Batch {
    pub(super) stream: u64,
    pub(super) rows: u32,
    /// Of messages, uncompressed.
    pub(super) bytes: u64,
    /// Of the payload.
    pub(super) stored_bytes: u64,
    pub(super) min_ms: i64,
    pub(super) max_ms: i64,
    pub(super) ingested_ms: i64,
}

impl Record for Batch {}

/// A sealed segment: a Parquet file, sorted by time and number.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Segment {
    pub(super) blob: BlobId,
    pub(super) stored_bytes: u64,
    pub(super) row_groups: Vec<RowGroup>,
}

impl Record for Segment {}

impl Segment {
    pub(super) fn bytes(&self) -> u64 {
        self.row_groups.iter().map(|group| group.bytes).sum()
    }

    pub(super) fn max_ms(&self) -> i64 {
        self.row_groups.iter().map(|group| group.max_ms).max().unwrap_or(i64::MIN)
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct RowGroup {
    pub(super) rows: u32,
    /// Of messages, uncompressed.
    pub(super) bytes: u64,
    pub(super) min_ms: i64,
    pub(super) max_ms: i64,
    /// The streams that have rows here, sorted; `None` where there are too many to list.
    pub(super) streams: Option<Vec<u64>>,
}

/// A batch's bytes. Its own type, because a plain `Vec<u8>` is serialized byte by byte.
pub(super) struct Payload(pub(super) Vec<u8>);

impl Record for Payload {}

impl Serialize for Payload {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl serde::de::Visitor<'_> for Bytes {
            type Value = Payload;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Payload, E> {
                Ok(Payload(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}
