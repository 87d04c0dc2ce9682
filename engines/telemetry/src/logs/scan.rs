//! Planning a scan: which batches and which row groups can hold what is asked for.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use haar_store::{Read, ReadTx, Span, StoreError};

use super::model::{BATCHES, Batch, NAMES, PARTITIONS, SEGMENTS, STREAMS, Segment};
use super::names::Names;
use super::part::{LogPart, Source};
use super::schema::{Column, projected};
use super::segment::SegmentFile;
use super::{LogStore, LogsError};

/// Rows of recent batches that make a part.
const PART_ROWS: u64 = 64 * 1024;

/// Bytes of messages in recent batches that make a part.
const PART_BYTES: u64 = 16 << 20;

/// A segment that upkeep merged away between planning and opening makes the plan start again; more often than this
/// in a row is no coincidence.
const PLANS_MAX: usize = 16;

/// What to read.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The groups; those that hold nothing are no error.
    pub groups: Vec<String>,
    /// Only these streams, in each of the groups.
    pub streams: Option<Vec<String>>,
    /// The earliest time, included.
    pub from_ms: i64,
    /// The latest time, excluded.
    pub to_ms: i64,
    /// The columns, in the order in which batches are to have them.
    pub projection: Vec<Column>,
    /// Texts that must all occur in the message, byte for byte. Rows without them are left out before anything else
    /// is done with them, so that a filter which implies them costs less. They count as scanned.
    pub needles: Vec<Vec<u8>>,
}

impl Scan {
    /// Everything of some groups.
    pub fn of(groups: Vec<String>) -> Self {
        Self {
            groups,
            streams: None,
            from_ms: i64::MIN,
            to_ms: i64::MAX,
            projection: Column::ALL.to_vec(),
            needles: Vec::new(),
        }
    }
}

/// A scan that was planned: parts that can be read in any order, on any threads, each once.
pub struct LogScan {
    /// Of every batch of every part: the projection's.
    pub schema: SchemaRef,
    /// In no order that means anything.
    pub parts: Vec<LogPart>,
    /// Grows while parts are read.
    pub statistics: Arc<ScanStatistics>,
}

/// What was read so far, over all parts of a scan: events in the time range and streams asked for, whether or not they
/// have the needles.
#[derive(Debug, Default)]
pub struct ScanStatistics {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl ScanStatistics {
    /// Events.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Bytes of their messages, uncompressed.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What all parts of a scan share.
pub(super) struct Shared {
    pub(super) schema: SchemaRef,
    pub(super) projection: Vec<Column>,
    pub(super) needles: Vec<memchr::memmem::Finder<'static>>,
    pub(super) names: Names,
    pub(super) statistics: Arc<ScanStatistics>,
}

/// One group of a scan.
pub(super) struct Selection {
    pub(super) group: Arc<str>,
    pub(super) partition: u64,
    /// Ids of the streams asked for.
    pub(super) streams: Option<HashSet<u64>>,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
}

impl Selection {
    fn overlaps(&self, min_ms: i64, max_ms: i64) -> bool {
        min_ms < self.to_ms && max_ms >= self.from_ms
    }

    fn wants_batch(&self, batch: &Batch) -> bool {
        self.overlaps(batch.min_ms, batch.max_ms)
            && self.streams.as_ref().is_none_or(|streams| streams.contains(&batch.stream))
    }

    fn wants_any(&self, listed: Option<&[u64]>) -> bool {
        match (&self.streams, listed) {
            (Some(wanted), Some(listed)) => listed.iter().any(|stream| wanted.contains(stream)),
            _ => true,
        }
    }
}

impl LogStore {
    /// Plans a scan of what is committed now. Later appends, and deletions of groups, do not change it.
    pub async fn scan(&self, scan: Scan) -> Result<LogScan, LogsError> {
        let statistics = Arc::<ScanStatistics>::default();
        let shared = Arc::new(Shared {
            schema: projected(&scan.projection),
            projection: scan.projection.clone(),
            needles: scan.needles.iter().map(|needle| memchr::memmem::Finder::new(needle).into_owned()).collect(),
            names: Names::new(self.store.clone()),
            statistics: statistics.clone(),
        });
        for _ in 0..PLANS_MAX {
            match self.plan(&scan, &shared).await {
                Err(LogsError::Store(StoreError::NoSuchBlob(_))) => {}
                parts => return Ok(LogScan { schema: shared.schema.clone(), parts: parts?, statistics }),
            }
        }
        Err(LogsError::Damaged("a segment's file is missing"))
    }

    async fn plan(&self, scan: &Scan, shared: &Arc<Shared>) -> Result<Vec<LogPart>, LogsError> {
        let snapshot = self.store.snapshot();
        let mut parts = Vec::new();
        for group in &scan.groups {
            let Some(selection) = select(&snapshot, scan, group)? else { continue };
            let selection = Arc::new(selection);
            recent(&snapshot, &selection, shared, &mut parts)?;
            self.sealed(&snapshot, &selection, shared, &mut parts).await?;
        }
        Ok(parts)
    }

    async fn sealed(
        &self,
        snapshot: &ReadTx,
        selection: &Arc<Selection>,
        shared: &Arc<Shared>,
        parts: &mut Vec<LogPart>,
    ) -> Result<(), LogsError> {
        let segments: Vec<Segment> = snapshot
            .scan(SEGMENTS, Span::under((selection.partition,)))
            .map(|found| found.map(|(_, segment)| segment))
            .collect::<Result<_, _>>()?;
        for segment in segments {
            let wanted: Vec<_> = segment
                .row_groups
                .iter()
                .enumerate()
                .filter(|(_, group)| selection.overlaps(group.min_ms, group.max_ms))
                .filter(|(_, group)| selection.wants_any(group.streams.as_deref()))
                .map(|(index, group)| (index, group.clone()))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let file = Arc::new(SegmentFile::new(self.store.blobs().open(&segment.blob).await?));
            for (index, group) in wanted {
                let source = Source::Sealed { file: file.clone(), index, group };
                parts.push(LogPart::new(selection.clone(), shared.clone(), source));
            }
        }
        Ok(())
    }
}

/// The group as this scan sees it; `None` when there is nothing of it.
fn select(snapshot: &ReadTx, scan: &Scan, group: &str) -> Result<Option<Selection>, StoreError> {
    let Some(partition) = snapshot.get(NAMES, group)? else { return Ok(None) };
    let streams = match &scan.streams {
        None => None,
        Some(names) => {
            let mut ids = HashSet::with_capacity(names.len());
            for name in names {
                ids.extend(snapshot.get(STREAMS, &(partition, name.as_str()))?.map(|stream| stream.id));
            }
            Some(ids)
        }
    };
    if streams.as_ref().is_some_and(HashSet::is_empty) {
        return Ok(None);
    }
    let expired = snapshot.get(PARTITIONS, &partition)?.and_then(|partition| partition.expired_before_ms);
    let from_ms = scan.from_ms.max(expired.unwrap_or(i64::MIN));
    Ok(Some(Selection { group: group.into(), partition, streams, from_ms, to_ms: scan.to_ms }))
}

/// Recent batches, as many to a part as make it worth a thread's while.
fn recent(
    snapshot: &ReadTx,
    selection: &Arc<Selection>,
    shared: &Arc<Shared>,
    parts: &mut Vec<LogPart>,
) -> Result<(), StoreError> {
    let mut batches = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    let mut part = |batches: Vec<(u64, Batch)>| {
        let source = Source::Recent { snapshot: snapshot.clone(), batches };
        parts.push(LogPart::new(selection.clone(), shared.clone(), source));
    };
    for found in snapshot.scan(BATCHES, Span::under((selection.partition,))) {
        let ((_, first_sequence), batch) = found?;
        if !selection.wants_batch(&batch) {
            continue;
        }
        rows += u64::from(batch.rows);
        bytes += batch.bytes;
        batches.push((first_sequence, batch));
        if rows >= PART_ROWS || bytes >= PART_BYTES {
            part(std::mem::take(&mut batches));
            (rows, bytes) = (0, 0);
        }
    }
    if !batches.is_empty() {
        part(batches);
    }
    Ok(())
}
