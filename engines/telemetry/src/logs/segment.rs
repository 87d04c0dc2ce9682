//! Segments: Parquet files of the store's blobs, written whole, read a row group at a time.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{TimestampMillisecondType, UInt64Type};
use bytes::buf::Reader;
use bytes::{Buf, Bytes};
use haar_store::BlobReader;
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnPath;

use super::LogsError;
use super::model::RowGroup;
use super::schema::{stored, stored_schema};

/// Rows of a row group at most: what one part decodes.
const ROW_GROUP_ROWS: usize = 64 * 1024;

/// Bytes of messages in a row group, about.
const ROW_GROUP_BYTES: u64 = 16 << 20;

/// Streams that a row group lists; with more, it says nothing of them.
const STREAMS_LISTED: usize = 256;

/// Fast to write and to read; higher levels win little on logs.
const LEVEL: i32 = 1;

/// Rows of a batch while reading.
const BATCH_ROWS: usize = 8192;

/// A segment that is yet to be stored.
pub(super) struct Written {
    pub(super) file: Bytes,
    pub(super) row_groups: Vec<RowGroup>,
}

/// Sorts rows of the stored schema by time and number, and writes them. `None` for no rows.
pub(super) fn write(batches: &[RecordBatch]) -> Result<Option<Written>, LogsError> {
    let all = concat_batches(&stored_schema(), batches)?;
    if all.num_rows() == 0 {
        return Ok(None);
    }
    let sorted = sort(&all)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), stored_schema(), Some(properties()?))?;
    let mut row_groups = Vec::new();
    let mut start = 0;
    while start < sorted.num_rows() {
        let rows = row_group_length(&sorted, start);
        let slice = sorted.slice(start, rows);
        writer.write(&slice)?;
        writer.flush()?;
        row_groups.push(describe(&slice));
        start += rows;
    }
    Ok(Some(Written { file: Bytes::from(writer.into_inner()?), row_groups }))
}

fn sort(all: &RecordBatch) -> Result<RecordBatch, LogsError> {
    let times = all.column(stored::TIMESTAMP).as_primitive::<TimestampMillisecondType>().values();
    let sequences = all.column(stored::SEQUENCE).as_primitive::<UInt64Type>().values();
    let key = |row: &u32| (times[*row as usize], sequences[*row as usize]);
    let mut order: Vec<u32> = (0..all.num_rows() as u32).collect();
    if order.is_sorted_by_key(key) {
        return Ok(all.clone());
    }
    order.sort_unstable_by_key(key);
    Ok(take_record_batch(all, &UInt32Array::from(order))?)
}

fn row_group_length(sorted: &RecordBatch, start: usize) -> usize {
    let lengths = sorted.column(stored::MESSAGE).as_string_view().lengths().skip(start).take(ROW_GROUP_ROWS);
    let mut bytes = 0;
    let fitting = lengths
        .take_while(|length| {
            let fits = bytes < ROW_GROUP_BYTES;
            bytes += u64::from(*length);
            fits
        })
        .count();
    fitting.max(1)
}

fn describe(slice: &RecordBatch) -> RowGroup {
    let times = slice.column(stored::TIMESTAMP).as_primitive::<TimestampMillisecondType>().values();
    let mut streams = BTreeSet::new();
    for stream in slice.column(stored::STREAM).as_primitive::<UInt64Type>().values() {
        if streams.insert(*stream) && streams.len() > STREAMS_LISTED {
            break;
        }
    }
    RowGroup {
        rows: slice.num_rows() as u32,
        bytes: slice.column(stored::MESSAGE).as_string_view().lengths().map(u64::from).sum(),
        min_ms: times.first().copied().unwrap_or(i64::MAX),
        max_ms: times.last().copied().unwrap_or(i64::MIN),
        streams: (streams.len() <= STREAMS_LISTED).then(|| streams.into_iter().collect()),
    }
}

fn properties() -> Result<WriterProperties, LogsError> {
    let plain = |name: &str| ColumnPath::from(name);
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        // Row groups end where `row_group_length` says.
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_column_dictionary_enabled(plain("timestamp"), false)
        .set_column_encoding(plain("timestamp"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(plain("sequence"), false)
        .set_column_encoding(plain("sequence"), Encoding::DELTA_BINARY_PACKED)
        // Messages hardly ever repeat; where they lie plainly, readers view them in place.
        .set_column_dictionary_enabled(plain("message"), false)
        .set_column_encoding(plain("message"), Encoding::PLAIN)
        .build())
}

/// An open segment.
pub(super) struct SegmentFile {
    blob: BlobReader,
    metadata: OnceLock<ArrowReaderMetadata>,
}

impl SegmentFile {
    pub(super) fn new(blob: BlobReader) -> Self {
        Self { blob, metadata: OnceLock::new() }
    }

    /// Some columns of a row group, in the order of the stored schema. Blocks.
    pub(super) fn read(
        self: &Arc<Self>,
        row_group: usize,
        columns: &[usize],
    ) -> Result<ParquetRecordBatchReader, LogsError> {
        let metadata = self.metadata()?;
        let chunks = self.chunks(&metadata, row_group, columns)?;
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), columns.iter().copied());
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
            .with_row_groups(vec![row_group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?)
    }

    fn metadata(&self) -> Result<ArrowReaderMetadata, LogsError> {
        if let Some(known) = self.metadata.get() {
            return Ok(known.clone());
        }
        let whole = Whole(&self.blob);
        let metadata = parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&whole)?;
        let loaded =
            ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new().with_schema(stored_schema()))?;
        Ok(self.metadata.get_or_init(|| loaded).clone())
    }

    /// The column chunks that will be decoded, each read with one call.
    fn chunks(&self, metadata: &ArrowReaderMetadata, row_group: usize, columns: &[usize]) -> Result<Chunks, LogsError> {
        let group = metadata.metadata().row_group(row_group);
        let mut chunks = Vec::with_capacity(columns.len());
        for column in columns {
            let (start, length) = group.column(*column).byte_range();
            chunks.push((start, self.blob.read_at(start..start + length)?));
        }
        Ok(Chunks { length: self.blob.size, chunks })
    }
}

/// The whole file, for its footer.
struct Whole<'a>(&'a BlobReader);

impl Length for Whole<'_> {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Whole<'_> {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.get_bytes(start, (self.0.size - start) as usize)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.0.read_at(start..start + length as u64).map_err(|cause| ParquetError::External(Box::new(cause)))
    }
}

/// The column chunks of one read, in memory.
struct Chunks {
    length: u64,
    chunks: Vec<(u64, Bytes)>,
}

impl Chunks {
    fn from(&self, start: u64) -> parquet::errors::Result<Bytes> {
        self.chunks
            .iter()
            .find(|(first, bytes)| (*first..*first + bytes.len() as u64).contains(&start))
            .map(|(first, bytes)| bytes.slice((start - first) as usize..))
            .ok_or_else(|| ParquetError::EOF(format!("byte {start} is in no column chunk that was asked for")))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Chunks {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} leave their column chunk")));
        }
        Ok(rest.slice(..length))
    }
}

/// The columns of a stored batch, by name.
pub(super) fn stored_batch(
    streams: ArrayRef,
    timestamps: ArrayRef,
    ingestions: ArrayRef,
    messages: ArrayRef,
    sequences: ArrayRef,
) -> Result<RecordBatch, LogsError> {
    Ok(RecordBatch::try_new(stored_schema(), vec![streams, timestamps, ingestions, messages, sequences])?)
}
