//! What the store does by itself: sealing, merging, and dropping what nobody can see any more.

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{TimestampMillisecondType, UInt64Type};
use haar_store::{Blob, Read, Span, StoreError, Tx};

use super::append::number;
use super::model::{
    BATCHES, BY_WORK, Batch, PARTITIONS, PAYLOADS, Partition, SEGMENTS, STREAM_NAMES, STREAMS, Segment,
};
use super::names::Names;
use super::part::recent_rows;
use super::schema::stored;
use super::segment::{self, SegmentFile, Written};
use super::{LogStore, LogsError, off_thread};

/// Bytes of messages in a segment, about: what sealing and merging hold in memory.
const SEGMENT_BYTES: u64 = 64 << 20;

/// Neighbouring segments of about the same size that are merged into one.
const MERGED_AT_ONCE: usize = 4;

/// Segments below this are all of the smallest size.
const SMALLEST_BYTES: u64 = 256 << 10;

/// Batches that one segment takes at most.
const SEALED_BATCHES: usize = 4096;

/// Records of a deleted group that go in one transaction.
const DROPPED_AT_ONCE: usize = 1024;

impl LogStore {
    /// Does the upkeep that is due, and says when the next will be. It bears being run at any time.
    pub async fn maintain(&self, now_ms: i64) -> Result<Option<i64>, LogsError> {
        let _alone = self.upkeep.lock().await;
        loop {
            let due = self.store.read(|tx| tx.scan_index_keys(BY_WORK, Span::all()).next().transpose())?;
            match due {
                Some((due_ms, partition)) if due_ms <= now_ms => self.attend(partition).await?,
                due => return Ok(due.map(|(due_ms, _)| due_ms)),
            }
        }
    }

    /// Brings one partition to where it wants nothing.
    async fn attend(&self, id: u64) -> Result<(), LogsError> {
        let Some(partition) = self.store.read(|tx| tx.get(PARTITIONS, &id))? else { return Ok(()) };
        if partition.dropped {
            while !self.store.write(move |tx| drop_some(tx, id)).await? {}
            return Ok(());
        }
        if partition.sweep {
            self.store.write(move |tx| sweep(tx, id)).await?;
        }
        if partition.recent_batches > 0 {
            self.seal(id).await?;
        }
        while self.merge(id).await? {}
        Ok(())
    }

    /// Turns the oldest batches into a segment, in one transaction.
    async fn seal(&self, id: u64) -> Result<(), LogsError> {
        let snapshot = self.store.snapshot();
        let names = Names::new(self.store.clone());
        let mut batches: Vec<(u64, Batch)> = Vec::new();
        let mut bytes = 0;
        for found in snapshot.scan(BATCHES, Span::under((id,))).take(SEALED_BATCHES) {
            let ((_, first_sequence), batch) = found?;
            bytes += batch.bytes;
            batches.push((first_sequence, batch));
            if bytes >= SEGMENT_BYTES {
                break;
            }
        }
        let (batches, written) = off_thread(move || {
            let mut rows = Vec::with_capacity(batches.len());
            for (first_sequence, batch) in &batches {
                if names.of(id, batch.stream)?.is_some() {
                    rows.push(recent_rows(&snapshot, id, *first_sequence, batch)?);
                }
            }
            Ok((batches, segment::write(&rows)?))
        })
        .await?;
        let sealed = self.publish(written).await?;
        self.store
            .write(move |tx| {
                let fresh = match sealed.as_ref() {
                    Some((_, segment)) => Some((number(tx, "segment", 1)?, segment)),
                    None => None,
                };
                swap_batches(tx, id, &batches, fresh)
            })
            .await
    }

    /// Merges neighbouring small segments, once; whether there was something to merge.
    async fn merge(&self, id: u64) -> Result<bool, LogsError> {
        let snapshot = self.store.snapshot();
        let segments: Vec<(u64, Segment)> = snapshot
            .scan(SEGMENTS, Span::under((id,)))
            .map(|found| found.map(|((_, number), segment)| (number, segment)))
            .collect::<Result<_, StoreError>>()?;
        let Some(run) = mergeable(&segments) else { return Ok(false) };
        let expired = snapshot.get(PARTITIONS, &id)?.and_then(|partition| partition.expired_before_ms);
        let run: Vec<(u64, Segment)> = segments[run].to_vec();
        let mut files = Vec::with_capacity(run.len());
        for (_, segment) in &run {
            let blob = self.store.blobs().open(&segment.blob).await?;
            files.push((std::sync::Arc::new(SegmentFile::new(blob)), segment.row_groups.len()));
        }
        let names = Names::new(self.store.clone());
        let written = off_thread(move || {
            let mut rows = Vec::new();
            for (file, row_groups) in files {
                for row_group in 0..row_groups {
                    for batch in file.read(row_group, &[0, 1, 2, 3, 4])? {
                        rows.push(visible(&batch?, id, &names, expired)?);
                    }
                }
            }
            segment::write(&rows)
        })
        .await?;
        let merged = self.publish(written).await?;
        self.store.write(move |tx| swap_segments(tx, id, &run, merged.as_ref().map(|(_, segment)| segment))).await?;
        Ok(true)
    }

    /// Stores a segment's file. The handle is to be kept until a record names it.
    async fn publish(&self, written: Option<Written>) -> Result<Option<(Blob, Segment)>, LogsError> {
        let Some(Written { file, row_groups }) = written else { return Ok(None) };
        let mut writer = self.store.blobs().writer(Some(file.len() as u64), ()).await?;
        writer.write(file).await?;
        let (blob, ()) = writer.finish().await?;
        let segment = Segment { blob: blob.id, stored_bytes: blob.size, row_groups };
        Ok(Some((blob, segment)))
    }
}

/// The first run of neighbours to merge: several of the same size or smaller, that fit in one segment together.
fn mergeable(segments: &[(u64, Segment)]) -> Option<std::ops::Range<usize>> {
    let bytes: Vec<u64> = segments.iter().map(|(_, segment)| segment.bytes()).collect();
    let mut size = SMALLEST_BYTES;
    while size * (MERGED_AT_ONCE as u64) <= SEGMENT_BYTES {
        let mut start = 0;
        let mut total = 0;
        for (index, one) in bytes.iter().enumerate() {
            if *one > size || total + one > SEGMENT_BYTES {
                if index - start >= MERGED_AT_ONCE {
                    return Some(start..index);
                }
                start = if *one > size { index + 1 } else { index };
                total = if *one > size { 0 } else { *one };
                continue;
            }
            total += one;
        }
        if bytes.len() - start.min(bytes.len()) >= MERGED_AT_ONCE {
            return Some(start..bytes.len());
        }
        size *= MERGED_AT_ONCE as u64;
    }
    None
}

/// The rows whose stream is still there, and which have not expired.
fn visible(
    batch: &RecordBatch,
    partition: u64,
    names: &Names,
    expired_before_ms: Option<i64>,
) -> Result<RecordBatch, LogsError> {
    let streams = batch.column(stored::STREAM).as_primitive::<UInt64Type>().values();
    let times = batch.column(stored::TIMESTAMP).as_primitive::<TimestampMillisecondType>().values();
    let mut mask = Vec::with_capacity(batch.num_rows());
    let mut last = None;
    for (stream, time) in streams.iter().zip(times.iter()) {
        let alive = match last {
            Some((known, alive)) if known == *stream => alive,
            _ => names.of(partition, *stream)?.is_some(),
        };
        last = Some((*stream, alive));
        mask.push(alive && expired_before_ms.is_none_or(|before| *time >= before));
    }
    let mask = BooleanArray::from(mask);
    Ok(if mask.true_count() == mask.len() { batch.clone() } else { filter_record_batch(batch, &mask)? })
}

/// A partition that is still somebody's.
fn living(tx: &Tx, id: u64) -> Result<Option<Partition>, StoreError> {
    Ok(tx.get(PARTITIONS, &id)?.filter(|partition| !partition.dropped))
}

/// Puts a segment in the place of the batches that it was made of. A group that was deleted meanwhile is left alone.
fn swap_batches(
    tx: &mut Tx,
    id: u64,
    batches: &[(u64, Batch)],
    sealed: Option<(u64, &Segment)>,
) -> Result<(), LogsError> {
    let Some(mut partition) = living(tx, id)? else { return Ok(()) };
    for (first_sequence, batch) in batches {
        remove_batch(tx, id, *first_sequence, batch, &mut partition)?;
    }
    if let Some((number, segment)) = sealed {
        partition.stored_bytes += segment.stored_bytes;
        tx.put(SEGMENTS, &(id, number), segment)?;
    }
    settle(tx, id, &mut partition)?;
    Ok(tx.put(PARTITIONS, &id, &partition)?)
}

/// The oldest batch that is left says since when batches wait.
fn settle(tx: &Tx, id: u64, partition: &mut Partition) -> Result<(), StoreError> {
    if let Some(found) = tx.scan(BATCHES, Span::under((id,))).next() {
        partition.recent_since_ms = found?.1.ingested_ms;
    }
    Ok(())
}

fn remove_batch(
    tx: &mut Tx,
    id: u64,
    first_sequence: u64,
    batch: &Batch,
    partition: &mut Partition,
) -> Result<(), StoreError> {
    tx.delete(BATCHES, &(id, first_sequence))?;
    tx.delete(PAYLOADS, &(id, first_sequence))?;
    partition.recent_batches = partition.recent_batches.saturating_sub(1);
    partition.recent_bytes = partition.recent_bytes.saturating_sub(batch.bytes);
    partition.stored_bytes = partition.stored_bytes.saturating_sub(batch.stored_bytes);
    Ok(())
}

/// Puts a merged segment in the place of those that it was made of.
fn swap_segments(tx: &mut Tx, id: u64, run: &[(u64, Segment)], merged: Option<&Segment>) -> Result<(), LogsError> {
    let Some(mut partition) = living(tx, id)? else { return Ok(()) };
    for (number, segment) in run {
        tx.delete(SEGMENTS, &(id, *number))?;
        partition.stored_bytes = partition.stored_bytes.saturating_sub(segment.stored_bytes);
    }
    if let (Some(segment), Some((number, _))) = (merged, run.first()) {
        partition.stored_bytes += segment.stored_bytes;
        tx.put(SEGMENTS, &(id, *number), segment)?;
    }
    Ok(tx.put(PARTITIONS, &id, &partition)?)
}

/// Drops batches and segments that have expired as a whole.
fn sweep(tx: &mut Tx, id: u64) -> Result<(), LogsError> {
    let Some(mut partition) = living(tx, id)? else { return Ok(()) };
    let before_ms = partition.expired_before_ms.unwrap_or(i64::MIN);
    let batches: Vec<_> = tx.scan(BATCHES, Span::under((id,))).collect::<Result<_, _>>()?;
    for ((_, first_sequence), batch) in batches {
        if batch.max_ms < before_ms {
            remove_batch(tx, id, first_sequence, &batch, &mut partition)?;
        }
    }
    let segments: Vec<_> = tx.scan(SEGMENTS, Span::under((id,))).collect::<Result<_, _>>()?;
    for ((_, number), segment) in segments {
        if segment.max_ms() < before_ms {
            tx.delete(SEGMENTS, &(id, number))?;
            partition.stored_bytes = partition.stored_bytes.saturating_sub(segment.stored_bytes);
        }
    }
    partition.sweep = false;
    settle(tx, id, &mut partition)?;
    Ok(tx.put(PARTITIONS, &id, &partition)?)
}

/// Deletes some records of a deleted partition; whether nothing is left.
fn drop_some(tx: &mut Tx, id: u64) -> Result<bool, LogsError> {
    let mut left = DROPPED_AT_ONCE;
    for key in tx.scan_keys(BATCHES, Span::under((id,))).take(left).collect::<Result<Vec<_>, _>>()? {
        tx.delete(BATCHES, &key)?;
        tx.delete(PAYLOADS, &key)?;
        left -= 1;
    }
    for key in tx.scan_keys(SEGMENTS, Span::under((id,))).take(left).collect::<Result<Vec<_>, _>>()? {
        tx.delete(SEGMENTS, &key)?;
        left -= 1;
    }
    for key in tx.scan_keys(STREAMS, Span::under((id,))).take(left).collect::<Result<Vec<_>, _>>()? {
        if let Some(stream) = tx.delete(STREAMS, &key)? {
            tx.delete(STREAM_NAMES, &(id, stream.id))?;
        }
        left -= 1;
    }
    if left > 0 {
        tx.delete(PARTITIONS, &id)?;
    }
    Ok(left > 0)
}
