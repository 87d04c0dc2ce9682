//! Events come in: encoded where the caller runs, numbered and stored in one transaction.

use haar_store::{Read, StoreError, Tx};

use super::model::{
    BATCHES, Batch, COUNTERS, NAMES, PARTITIONS, PAYLOADS, Partition, Payload, STREAM_NAMES, STREAMS, Stream,
    StreamFacts,
};
use super::{LogStore, LogsError, batch};

/// One event, as it comes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogEvent {
    /// When it happened: milliseconds since 1970.
    pub timestamp_ms: i64,
    /// What it says.
    pub message: String,
}

/// Events of one stream, encoded and ready for a transaction.
pub struct Prepared {
    rows: u32,
    bytes: u64,
    min_ms: i64,
    max_ms: i64,
    payload: Vec<u8>,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// The number of the first event; the others follow in the order of their times.
    pub first_sequence: u64,
    /// [`LogStore::maintain`] has something to do now.
    pub urgent: bool,
}

impl Prepared {
    /// Sorts the events by time (those of the same time stay in their order) and encodes them. `None` for no events.
    pub fn of(events: &mut [LogEvent]) -> Result<Option<Self>, LogsError> {
        if !events.is_sorted_by_key(|event| event.timestamp_ms) {
            events.sort_by_key(|event| event.timestamp_ms);
        }
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(None) };
        Ok(Some(Self {
            rows: u32::try_from(events.len()).map_err(|_| LogsError::Damaged("a batch of 4 billion events"))?,
            bytes: events.iter().map(|event| event.message.len() as u64).sum(),
            min_ms: first.timestamp_ms,
            max_ms: last.timestamp_ms,
            payload: batch::encode(events)?,
        }))
    }
}

impl LogStore {
    /// Adds events to a stream, which comes into being with them. They are durable when this returns; callers that
    /// wait at the same time share a commit.
    pub async fn append(
        &self,
        group: &str,
        stream: &str,
        mut events: Vec<LogEvent>,
        ingested_ms: i64,
    ) -> Result<Option<Appended>, LogsError> {
        let Some(prepared) = Prepared::of(&mut events)? else { return Ok(None) };
        let (group, stream) = (group.to_owned(), stream.to_owned());
        self.store.write(move |tx| append_in(tx, &group, &stream, prepared, ingested_ms).map(Some)).await
    }
}

/// [`LogStore::append`] as part of a transaction of the caller's.
pub fn append_in(
    tx: &mut Tx,
    group: &str,
    stream: &str,
    prepared: Prepared,
    ingested_ms: i64,
) -> Result<Appended, LogsError> {
    let Prepared { rows, bytes, min_ms, max_ms, payload } = prepared;
    let (partition_id, mut partition) = partition_in(tx, group)?;
    let mut stored = stream_in(tx, partition_id, stream, ingested_ms)?;
    let first_sequence = number(tx, "event", u64::from(rows))?;

    let stored_bytes = payload.len() as u64;
    let batch = Batch { stream: stored.id, rows, bytes, stored_bytes, min_ms, max_ms, ingested_ms };
    tx.put(BATCHES, &(partition_id, first_sequence), &batch)?;
    tx.put(PAYLOADS, &(partition_id, first_sequence), &Payload(payload))?;

    stored.facts = Some(match stored.facts {
        None => StreamFacts {
            first_event_ms: min_ms,
            last_event_ms: max_ms,
            last_ingestion_ms: ingested_ms,
            events: u64::from(rows),
            bytes,
        },
        Some(facts) => StreamFacts {
            first_event_ms: facts.first_event_ms.min(min_ms),
            last_event_ms: facts.last_event_ms.max(max_ms),
            last_ingestion_ms: ingested_ms,
            events: facts.events + u64::from(rows),
            bytes: facts.bytes + bytes,
        },
    });
    tx.put(STREAMS, &(partition_id, stream), &stored)?;

    if partition.recent_batches == 0 {
        partition.recent_since_ms = ingested_ms;
    }
    partition.recent_batches += 1;
    partition.recent_bytes += bytes;
    partition.stored_bytes += stored_bytes;
    tx.put(PARTITIONS, &partition_id, &partition)?;
    Ok(Appended { first_sequence, urgent: partition.is_urgent() })
}

/// Makes an empty stream; `false` when there is one of that name.
pub fn create_stream_in(tx: &mut Tx, group: &str, stream: &str, created_ms: i64) -> Result<bool, LogsError> {
    let (partition_id, _) = partition_in(tx, group)?;
    if tx.contains(STREAMS, &(partition_id, stream))? {
        return Ok(false);
    }
    stream_in(tx, partition_id, stream, created_ms)?;
    Ok(true)
}

/// Deletes a stream and its events; `false` when there is none. The bytes go with later upkeep.
pub fn delete_stream_in(tx: &mut Tx, group: &str, stream: &str) -> Result<bool, LogsError> {
    let Some(partition_id) = tx.get(NAMES, group)? else { return Ok(false) };
    let Some(stored) = tx.delete(STREAMS, &(partition_id, stream))? else { return Ok(false) };
    tx.delete(STREAM_NAMES, &(partition_id, stored.id))?;
    Ok(true)
}

/// Deletes a group with all streams and events; `false` when it holds none. The bytes go with the next upkeep. A group
/// of the same name begins empty.
pub fn delete_group_in(tx: &mut Tx, group: &str) -> Result<bool, LogsError> {
    let Some(partition_id) = tx.delete(NAMES, group)? else { return Ok(false) };
    let mut partition = tx.get(PARTITIONS, &partition_id)?.unwrap_or_default();
    partition.dropped = true;
    tx.put(PARTITIONS, &partition_id, &partition)?;
    Ok(true)
}

/// Lets a group's events before a time expire: no scan gives them any more, and upkeep drops what lies wholly before.
pub fn expire_in(tx: &mut Tx, group: &str, before_ms: i64) -> Result<(), LogsError> {
    let Some(partition_id) = tx.get(NAMES, group)? else { return Ok(()) };
    let mut partition = tx.get(PARTITIONS, &partition_id)?.unwrap_or_default();
    if partition.expired_before_ms.is_none_or(|known| known < before_ms) {
        partition.expired_before_ms = Some(before_ms);
        partition.sweep = true;
        tx.put(PARTITIONS, &partition_id, &partition)?;
    }
    Ok(())
}

fn partition_in(tx: &mut Tx, group: &str) -> Result<(u64, Partition), StoreError> {
    if let Some(id) = tx.get(NAMES, group)? {
        return Ok((id, tx.get(PARTITIONS, &id)?.unwrap_or_default()));
    }
    let id = number(tx, "partition", 1)?;
    tx.put(NAMES, group, &id)?;
    tx.put(PARTITIONS, &id, &Partition::default())?;
    Ok((id, Partition::default()))
}

fn stream_in(tx: &mut Tx, partition_id: u64, stream: &str, created_ms: i64) -> Result<Stream, StoreError> {
    if let Some(known) = tx.get(STREAMS, &(partition_id, stream))? {
        return Ok(known);
    }
    let fresh = Stream { id: number(tx, "stream", 1)?, created_ms, facts: None };
    tx.put(STREAMS, &(partition_id, stream), &fresh)?;
    tx.put(STREAM_NAMES, &(partition_id, fresh.id), &stream.to_owned())?;
    Ok(fresh)
}

/// The first of `count` new numbers. None is ever given twice.
pub(super) fn number(tx: &mut Tx, counter: &str, count: u64) -> Result<u64, StoreError> {
    let last = tx.get(COUNTERS, counter)?.unwrap_or(0);
    tx.put(COUNTERS, counter, &(last + count))?;
    Ok(last + 1)
}
