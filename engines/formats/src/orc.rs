//! ORC files.

use std::io::{self, Cursor};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use haar_kernel::objects::OpenObject;
use orc_rust::ArrowReaderBuilder;
use orc_rust::projection::ProjectionMask;
use orc_rust::reader::ChunkReader;
use orc_rust::schema::TimestampPrecision;

use crate::conform::{Conform, FileKind, compact, find_columns};
use crate::error::FormatError;
use crate::format::Batches;
use crate::guard::{counted, guarded, guarded_batches};
use crate::orc_tail;
use crate::types::Column;

/// Reads the stripes that begin in `split`. `by_index` is Athena's default for ORC.
pub fn read(
    source: Arc<dyn OpenObject>,
    split: Option<&Range<u64>>,
    columns: &[Column],
    projection: &[usize],
    by_index: bool,
    batch_rows: usize,
) -> Result<Batches, FormatError> {
    let path = source.meta().key.clone();
    // An empty file is a table without rows, as Hive leaves them behind.
    if source.meta().size == 0 {
        return Ok(Box::new(std::iter::empty()));
    }
    orc_tail::check(source.as_ref())?;
    let batches: Batches = guarded("ORC", &path, || {
        let builder = ArrowReaderBuilder::try_new(ObjectChunks(source)).map_err(|error| malformed(&path, &error))?;
        let metadata = builder.file_metadata();
        if projection.is_empty() {
            let stripes = metadata.stripe_metadatas().iter();
            let mine = stripes.filter(|stripe| split.is_none_or(|split| split.contains(&stripe.offset())));
            return Ok(counted(mine.map(|stripe| stripe.number_of_rows()).sum(), batch_rows));
        }
        let root = metadata.root_data_type();
        let sources = find_columns(root.children().iter().map(|child| child.name()), columns, projection, by_index);
        let (read, places) = compact(&sources);
        let wanted = read.iter().map(|at| root.children()[*at].data_type().column_index());
        let mask = ProjectionMask::roots(root, wanted.collect::<Vec<_>>());
        let wanted = projection.iter().map(|at| columns[*at].clone()).collect();
        let conform = Conform::new(FileKind::Orc, &path, wanted, places);
        // Nanoseconds end in the year 2262; milliseconds are wanted.
        let mut builder = builder
            .with_projection(mask)
            .with_batch_size(batch_rows.max(1))
            .with_timestamp_precision(TimestampPrecision::Microsecond);
        if let Some(split) = split {
            builder = builder.with_file_byte_range(split.start as usize..split.end as usize);
        }
        let batches = builder.build();
        let of = path.clone();
        let batches = batches.map(move |batch| {
            let batch = batch.map_err(|error| FormatError::bad_data(format!("Malformed ORC file. {error} [{of}]")))?;
            conform.batch(&batch)
        });
        Ok(Box::new(batches) as Batches)
    })?;
    Ok(guarded_batches("ORC", path, batches))
}

fn malformed(path: &str, error: &dyn std::error::Error) -> FormatError {
    FormatError::open_split(format!("Error opening Hive split {path}: Malformed ORC file. {error}"))
}

/// An object as the reader of ORC wants it.
struct ObjectChunks(Arc<dyn OpenObject>);

impl ChunkReader for ObjectChunks {
    type T = Cursor<Bytes>;

    fn len(&self) -> u64 {
        self.0.meta().size
    }

    fn get_read(&self, offset_from_start: u64) -> io::Result<Self::T> {
        self.get_bytes(offset_from_start, self.len().saturating_sub(offset_from_start)).map(Cursor::new)
    }

    fn get_bytes(&self, offset_from_start: u64, length: u64) -> io::Result<Bytes> {
        let end = offset_from_start.checked_add(length).filter(|end| *end <= self.len());
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0.read_at(offset_from_start..end).map_err(io::Error::other)
    }
}
