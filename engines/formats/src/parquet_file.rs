//! Parquet files, plainly: without predicates. Queries read them through DataFusion, which pushes predicates down.

use std::io::BufReader;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use haar_kernel::objects::OpenObject;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::conform::{Conform, FileKind, compact, find_columns};
use crate::error::FormatError;
use crate::format::Batches;
use crate::guard::{counted, guarded, guarded_batches};
use crate::source::ObjectReader;
use crate::types::Column;

/// Reads the row groups that begin in `split`. Athena finds Parquet's columns by name unless told otherwise.
pub fn read(
    source: Arc<dyn OpenObject>,
    split: Option<&Range<u64>>,
    columns: &[Column],
    projection: &[usize],
    by_index: bool,
    batch_rows: usize,
) -> Result<Batches, FormatError> {
    let path = source.meta().key.clone();
    let batches: Batches = guarded("Parquet", &path, || {
        let builder = ParquetRecordBatchReaderBuilder::try_new(ObjectChunks(source))
            .map_err(|error| FormatError::open_split(format!("Error opening Hive split {path}: {error}")))?;
        let groups = builder.metadata().row_groups().iter().enumerate();
        let begins = |at: i64| split.is_none_or(|split| split.contains(&(at.max(0) as u64)));
        let mine = groups
            .filter(|(_, group)| group.columns().first().is_some_and(|column| begins(column.byte_range().0 as i64)));
        let mine: Vec<_> = mine.map(|(at, group)| (at, group.num_rows())).collect();
        if projection.is_empty() {
            return Ok(counted(mine.iter().map(|(_, rows)| (*rows).max(0) as u64).sum(), batch_rows));
        }
        let sources = find_columns(
            builder.schema().fields().iter().map(|field| field.name().as_str()),
            columns,
            projection,
            by_index,
        );
        let (read, places) = compact(&sources);
        let mask = ProjectionMask::roots(builder.parquet_schema(), read);
        let wanted = projection.iter().map(|at| columns[*at].clone()).collect();
        let conform = Conform::new(FileKind::Parquet, &path, wanted, places);
        let batches = builder
            .with_projection(mask)
            .with_row_groups(mine.iter().map(|(at, _)| *at).collect())
            .with_batch_size(batch_rows.max(1))
            .build()
            .map_err(|error| FormatError::cursor(format!("Failed to read Parquet file: {path}: {error}")))?;
        let of = path.clone();
        let batches = batches.map(move |batch| {
            let batch =
                batch.map_err(|error| FormatError::cursor(format!("Failed to read Parquet file: {of}: {error}")))?;
            conform.batch(&batch)
        });
        Ok(Box::new(batches) as Batches)
    })?;
    Ok(guarded_batches("Parquet", path, batches))
}

/// An object as the reader of Parquet wants it.
struct ObjectChunks(Arc<dyn OpenObject>);

impl Length for ObjectChunks {
    fn len(&self) -> u64 {
        self.0.meta().size
    }
}

impl ChunkReader for ObjectChunks {
    type T = BufReader<ObjectReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(ObjectReader::of_split(self.0.clone(), &(start..start))))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.len());
        let end = end.ok_or_else(|| ParquetError::EOF(format!("{length} bytes at {start} are not in the file")))?;
        self.0.read_at(start..end).map_err(|error| ParquetError::External(Box::new(error)))
    }
}
