//! A part of a scan: read once, on any thread, as batches of columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions, StringViewArray,
    TimestampMillisecondArray, UInt64Array, make_view,
};
use arrow::buffer::{BooleanBuffer, Buffer};
use arrow::compute::{FilterBuilder, concat_batches};
use arrow::datatypes::{SchemaRef, TimestampMillisecondType, UInt64Type};
use haar_store::{Read, ReadTx};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::model::{Batch, PAYLOADS, RowGroup};
use super::scan::{Selection, Shared};
use super::schema::{Column, stored, stored_schema};
use super::segment::{SegmentFile, stored_batch};
use super::{LogsError, batch};

/// Small batches are joined until they have as many rows.
const JOINED_ROWS: usize = 8192;

/// … or as many bytes of messages.
const JOINED_BYTES: u64 = 4 << 20;

/// Where a part's rows lie.
pub(super) enum Source {
    Recent { snapshot: ReadTx, batches: Vec<(u64, Batch)> },
    Sealed { file: Arc<SegmentFile>, index: usize, group: RowGroup },
}

/// A piece of a scan that decodes independently of the others: a row group, or some recent batches.
pub struct LogPart {
    selection: Arc<Selection>,
    shared: Arc<Shared>,
    source: Source,
}

impl LogPart {
    pub(super) fn new(selection: Arc<Selection>, shared: Arc<Shared>, source: Source) -> Self {
        Self { selection, shared, source }
    }

    /// Rows at most.
    pub fn rows(&self) -> u64 {
        match &self.source {
            Source::Recent { batches, .. } => batches.iter().map(|(_, batch)| u64::from(batch.rows)).sum(),
            Source::Sealed { group, .. } => u64::from(group.rows),
        }
    }

    /// Bytes of messages at most, uncompressed.
    pub fn bytes(&self) -> u64 {
        match &self.source {
            Source::Recent { batches, .. } => batches.iter().map(|(_, batch)| batch.bytes).sum(),
            Source::Sealed { group, .. } => group.bytes,
        }
    }

    /// No event is earlier.
    pub fn min_ms(&self) -> i64 {
        match &self.source {
            Source::Recent { batches, .. } => batches.iter().map(|(_, batch)| batch.min_ms).min().unwrap_or(i64::MAX),
            Source::Sealed { group, .. } => group.min_ms,
        }
    }

    /// No event is later.
    pub fn max_ms(&self) -> i64 {
        match &self.source {
            Source::Recent { batches, .. } => batches.iter().map(|(_, batch)| batch.max_ms).max().unwrap_or(i64::MIN),
            Source::Sealed { group, .. } => group.max_ms,
        }
    }

    /// Of all batches: the scan's.
    pub fn schema(&self) -> SchemaRef {
        self.shared.schema.clone()
    }

    /// Begins to read. This and the iterator block on the disk and on decoding: not for async threads.
    pub fn read(self) -> Result<LogBatches, LogsError> {
        let Self { selection, shared, source } = self;
        let (reading, row_bytes) = match source {
            Source::Recent { snapshot, batches } => (Reading::Recent { snapshot, batches: batches.into_iter() }, 0.0),
            Source::Sealed { file, index, group } => {
                let columns = needed(&shared, &selection, &group);
                let reader = file.read(index, &columns)?;
                let row_bytes = group.bytes as f64 / f64::from(group.rows.max(1));
                (Reading::Sealed { reader, columns }, row_bytes)
            }
        };
        Ok(LogBatches { selection, shared, reading, row_bytes })
    }
}

/// The columns of a row group that have to be decoded, in the order of the file.
fn needed(shared: &Shared, selection: &Selection, group: &RowGroup) -> Vec<usize> {
    let wants = |column| shared.projection.contains(&column);
    // The stream is always read: rows of a deleted one are nobody's.
    let mut columns = vec![stored::STREAM];
    if wants(Column::Timestamp) || group.min_ms < selection.from_ms || group.max_ms >= selection.to_ms {
        columns.push(stored::TIMESTAMP);
    }
    if wants(Column::Ingestion) {
        columns.push(stored::INGESTION);
    }
    if wants(Column::Message) || !shared.needles.is_empty() {
        columns.push(stored::MESSAGE);
    }
    if wants(Column::Sequence) {
        columns.push(stored::SEQUENCE);
    }
    columns
}

enum Reading {
    Recent { snapshot: ReadTx, batches: std::vec::IntoIter<(u64, Batch)> },
    Sealed { reader: ParquetRecordBatchReader, columns: Vec<usize> },
}

/// The batches of a part. Blocks while it reads.
pub struct LogBatches {
    selection: Arc<Selection>,
    shared: Arc<Shared>,
    reading: Reading,
    /// Of a message of this row group, on average: what counts as scanned where no message is read.
    row_bytes: f64,
}

/// Decoded columns of rows, before anything is left out: those of the file that were needed.
struct Rows {
    count: usize,
    streams: ArrayRef,
    timestamps: Option<ArrayRef>,
    ingestions: Option<ArrayRef>,
    messages: Option<ArrayRef>,
    sequences: Option<ArrayRef>,
}

impl Iterator for LogBatches {
    type Item = Result<RecordBatch, LogsError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rows = match self.rows()? {
                Ok(rows) => rows,
                Err(failure) => return Some(Err(failure)),
            };
            match self.select(rows) {
                Ok(batch) if batch.num_rows() == 0 => {}
                selected => return Some(selected),
            }
        }
    }
}

impl LogBatches {
    fn rows(&mut self) -> Option<Result<Rows, LogsError>> {
        match &mut self.reading {
            Reading::Sealed { reader, columns } => {
                let batch = match reader.next()? {
                    Ok(batch) => batch,
                    Err(cause) => return Some(Err(cause.into())),
                };
                let column = |wanted: usize| {
                    columns.iter().position(|column| *column == wanted).map(|index| batch.column(index).clone())
                };
                let Some(streams) = column(stored::STREAM) else {
                    return Some(Err(LogsError::Damaged("a segment has no streams")));
                };
                Some(Ok(Rows {
                    count: batch.num_rows(),
                    streams,
                    timestamps: column(stored::TIMESTAMP),
                    ingestions: column(stored::INGESTION),
                    messages: column(stored::MESSAGE),
                    sequences: column(stored::SEQUENCE),
                }))
            }
            Reading::Recent { snapshot, batches } => {
                let joined = join(snapshot, self.selection.partition, batches).transpose()?;
                Some(joined.map(|batch| Rows {
                    count: batch.num_rows(),
                    streams: batch.column(stored::STREAM).clone(),
                    timestamps: Some(batch.column(stored::TIMESTAMP).clone()),
                    ingestions: Some(batch.column(stored::INGESTION).clone()),
                    messages: Some(batch.column(stored::MESSAGE).clone()),
                    sequences: Some(batch.column(stored::SEQUENCE).clone()),
                }))
            }
        }
    }

    /// Leaves out what was not asked for, and makes the projection's columns of the rest.
    fn select(&self, rows: Rows) -> Result<RecordBatch, LogsError> {
        let (shared, selection) = (&*self.shared, &*self.selection);
        let streams = Streams::of(shared, selection, rows.streams.as_primitive::<UInt64Type>())?;
        let mut kept = streams.kept.clone();
        if let Some(times) = &rows.timestamps {
            let times = times.as_primitive::<TimestampMillisecondType>().values();
            let inside = |time: &i64| (selection.from_ms..selection.to_ms).contains(time);
            if !times.iter().all(inside) {
                let mask = BooleanBuffer::collect_bool(rows.count, |row| inside(&times[row]));
                kept = Some(kept.map_or_else(|| mask.clone(), |kept| &kept & &mask));
            }
        }
        self.count(&rows, kept.as_ref());
        if let (Some(messages), false) = (&rows.messages, shared.needles.is_empty()) {
            let mask = containing(messages.as_string_view(), &shared.needles, kept.as_ref());
            kept = Some(mask);
        }
        let filter = kept
            .filter(|kept| kept.count_set_bits() < rows.count)
            .map(|kept| FilterBuilder::new(&BooleanArray::new(kept, None)).optimize().build());
        let count = filter.as_ref().map_or(rows.count, |filter| filter.count());
        let pick = |column: &ArrayRef| match &filter {
            Some(filter) => filter.filter(column),
            None => Ok(column.clone()),
        };
        let absent = || LogsError::Damaged("a column was not read");
        let mut columns = Vec::with_capacity(shared.projection.len());
        for column in &shared.projection {
            columns.push(match column {
                Column::Group => same(&selection.group, count)?,
                Column::Stream => pick(&streams.names()?)?,
                Column::Timestamp => pick(rows.timestamps.as_ref().ok_or_else(absent)?)?,
                Column::Ingestion => pick(rows.ingestions.as_ref().ok_or_else(absent)?)?,
                Column::Message => pick(rows.messages.as_ref().ok_or_else(absent)?)?,
                Column::Sequence => pick(rows.sequences.as_ref().ok_or_else(absent)?)?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(shared.schema.clone(), columns, &options)?)
    }

    fn count(&self, rows: &Rows, kept: Option<&BooleanBuffer>) {
        let count = kept.map_or(rows.count, BooleanBuffer::count_set_bits);
        let estimate = (self.row_bytes * count as f64) as u64;
        let bytes = rows.messages.as_ref().map_or(estimate, |messages| {
            let lengths = messages.as_string_view().lengths().map(u64::from);
            match kept {
                None => lengths.sum(),
                Some(kept) => lengths.zip(kept).filter_map(|(length, kept)| kept.then_some(length)).sum(),
            }
        });
        self.shared.statistics.add(count as u64, bytes);
    }
}

/// The next recent batches as rows of the stored schema; small ones joined.
fn join(
    snapshot: &ReadTx,
    partition: u64,
    batches: &mut std::vec::IntoIter<(u64, Batch)>,
) -> Result<Option<RecordBatch>, LogsError> {
    let mut joined = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for (first_sequence, batch) in batches.by_ref() {
        joined.push(recent_rows(snapshot, partition, first_sequence, &batch)?);
        rows += batch.rows as usize;
        bytes += batch.bytes;
        if rows >= JOINED_ROWS || bytes >= JOINED_BYTES {
            break;
        }
    }
    match &*joined {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Ok(Some(concat_batches(&stored_schema(), several)?)),
    }
}

/// One recent batch as rows of the stored schema.
pub(super) fn recent_rows(
    read: &impl Read,
    partition: u64,
    first_sequence: u64,
    batch: &Batch,
) -> Result<RecordBatch, LogsError> {
    let payload = read.get(PAYLOADS, &(partition, first_sequence))?;
    let payload = payload.ok_or(LogsError::Damaged("a batch has no payload"))?;
    let rows = batch.rows as usize;
    let decoded = batch::decode(&payload.0, rows)?;
    stored_batch(
        Arc::new(UInt64Array::from_value(batch.stream, rows)),
        Arc::new(TimestampMillisecondArray::from(decoded.timestamps)),
        Arc::new(TimestampMillisecondArray::from_value(batch.ingested_ms, rows)),
        decoded.messages,
        Arc::new(UInt64Array::from_iter_values(first_sequence..first_sequence + rows as u64)),
    )
}

/// The streams of some rows: whose rows stay, and what they are called.
struct Streams {
    /// `None` when all rows stay.
    kept: Option<BooleanBuffer>,
    /// For each row a view into `bytes`.
    views: Vec<u128>,
    bytes: Vec<u8>,
}

impl Streams {
    fn of(shared: &Shared, selection: &Selection, ids: &UInt64Array) -> Result<Self, LogsError> {
        let mut bytes = Vec::new();
        let mut views = Vec::with_capacity(ids.len());
        let mut seen: Vec<(u64, Option<u128>)> = Vec::new();
        let mut last = None;
        let mut dropped = BooleanBufferBuilder::new(0);
        for (row, id) in ids.values().iter().enumerate() {
            let view = match last {
                Some((known, view)) if known == *id => view,
                _ => match seen.binary_search_by_key(id, |(known, _)| *known) {
                    Ok(place) => seen[place].1,
                    Err(place) => {
                        let wanted = selection.streams.as_ref().is_none_or(|streams| streams.contains(id));
                        let name = if wanted { shared.names.of(selection.partition, *id)? } else { None };
                        let view = name.map(|name| {
                            let offset = bytes.len() as u32;
                            bytes.extend_from_slice(name.as_bytes());
                            make_view(name.as_bytes(), 0, offset)
                        });
                        seen.insert(place, (*id, view));
                        view
                    }
                },
            };
            last = Some((*id, view));
            if view.is_none() && dropped.is_empty() {
                dropped.append_n(row, true);
            }
            if !dropped.is_empty() || view.is_none() {
                dropped.append(view.is_some());
            }
            views.push(view.unwrap_or_default());
        }
        let kept = (!dropped.is_empty()).then(|| dropped.finish());
        Ok(Self { kept, views, bytes })
    }

    fn names(&self) -> Result<ArrayRef, LogsError> {
        let buffer = Buffer::from_slice_ref(&self.bytes);
        Ok(Arc::new(StringViewArray::try_new(self.views.clone().into(), vec![buffer], None)?))
    }
}

/// The same text in every row.
fn same(text: &str, count: usize) -> Result<ArrayRef, LogsError> {
    let views = vec![make_view(text.as_bytes(), 0, 0); count];
    Ok(Arc::new(StringViewArray::try_new(views.into(), vec![Buffer::from_slice_ref(text.as_bytes())], None)?))
}

/// The rows of `kept` whose message has every needle.
fn containing(
    messages: &StringViewArray,
    needles: &[memchr::memmem::Finder<'static>],
    kept: Option<&BooleanBuffer>,
) -> BooleanBuffer {
    BooleanBuffer::collect_bool(messages.len(), |row| {
        kept.is_none_or(|kept| kept.value(row)) && {
            let message = messages.value(row).as_bytes();
            needles.iter().all(|needle| needle.find(message).is_some())
        }
    })
}
