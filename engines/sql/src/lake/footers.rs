//! What is remembered of Parquet files: their footers, and what the planner wants to know of them. By ETag, so that
//! an overwritten object is another file.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::datatypes::SchemaRef;
use bytes::{Buf, Bytes};
use datafusion::common::Statistics;
use haar_kernel::OpenObject;
use parking_lot::Mutex;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};

use crate::error::SqlError;
use crate::lake::conform::Match;
use crate::lake::file::LakeFile;
use crate::lake::parquet_files;

/// Of all footers together; the least recently used go first.
const REMEMBERED_BYTES_MAX: u64 = 128 << 20;

/// A file's footer is most often not longer than this: one read.
const FOOTER_GUESS_BYTES: usize = 64 << 10;

/// Bucket, key and ETag.
type Identity = (String, String, String);

/// Remembered footers. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Footers(Arc<Mutex<Remembered>>);

#[derive(Default)]
struct Remembered {
    footers: HashMap<Identity, Arc<Footer>>,
    bytes: u64,
    uses: u64,
}

/// One file's footer.
pub(crate) struct Footer {
    pub(crate) metadata: Arc<ParquetMetaData>,
    bytes: u64,
    used: AtomicU64,
    /// What the planner wants to know, for each schema that a table gave this file.
    facts: Mutex<Vec<(SchemaRef, Match, Arc<FileFacts>)>>,
}

/// A file as a table sees it.
pub(crate) struct FileFacts {
    /// The file's columns, under their own names, in the layouts that they are decoded into.
    pub(crate) decoded: SchemaRef,
    /// Of the table's columns that are in files.
    pub(crate) statistics: Arc<Statistics>,
}

impl Footer {
    /// What a table with these columns wants to know of the file; found once for each such table.
    pub(crate) fn facts(&self, columns: &SchemaRef, how: Match, file: &LakeFile) -> Result<Arc<FileFacts>, SqlError> {
        let same = |(schema, known, _): &&(SchemaRef, Match, _)| *known == how && schema == columns;
        let known = self.facts.lock().iter().find(same).map(|(.., facts)| facts.clone());
        if let Some(known) = known {
            return Ok(known);
        }
        let facts = Arc::new(parquet_files::facts(&self.metadata, columns, how, file)?);
        self.facts.lock().push((columns.clone(), how, facts.clone()));
        Ok(facts)
    }
}

impl Footers {
    /// The footer of a file, if it is remembered.
    pub(crate) fn get(&self, file: &LakeFile) -> Option<Arc<Footer>> {
        let mut remembered = self.0.lock();
        remembered.uses += 1;
        let uses = remembered.uses;
        let footer = remembered.footers.get(&identity(file))?;
        footer.used.store(uses, Ordering::Relaxed);
        Some(footer.clone())
    }

    /// Reads the footer of an open file and remembers it.
    pub(crate) fn read(&self, file: &LakeFile, open: &Arc<dyn OpenObject>) -> Result<Arc<Footer>, SqlError> {
        let mut reader = ParquetMetaDataReader::new()
            .with_prefetch_hint(Some(FOOTER_GUESS_BYTES))
            .with_page_index_policy(PageIndexPolicy::Skip);
        let metadata = reader.try_parse(&Chunks(open.clone())).and_then(|()| reader.finish());
        let metadata = Arc::new(metadata.map_err(|error| {
            SqlError::new("HIVE_BAD_DATA", format!("Not valid Parquet file: {}: {error}", file.url()))
        })?);
        let bytes = metadata.memory_size() as u64;
        let footer = Arc::new(Footer { metadata, bytes, used: AtomicU64::new(0), facts: Mutex::default() });
        self.0.lock().remember(identity(file), footer.clone());
        Ok(footer)
    }
}

impl Remembered {
    fn remember(&mut self, identity: Identity, footer: Arc<Footer>) {
        self.uses += 1;
        footer.used.store(self.uses, Ordering::Relaxed);
        self.bytes += footer.bytes;
        if let Some(before) = self.footers.insert(identity, footer) {
            self.bytes -= before.bytes;
        }
        if self.bytes > REMEMBERED_BYTES_MAX {
            self.forget();
        }
    }

    /// Forgets the older half, so that it need not be done for each footer.
    fn forget(&mut self) {
        let mut uses: Vec<u64> = self.footers.values().map(|footer| footer.used.load(Ordering::Relaxed)).collect();
        uses.sort_unstable();
        let middle = uses[uses.len() / 2];
        self.footers.retain(|_, footer| footer.used.load(Ordering::Relaxed) >= middle);
        self.bytes = self.footers.values().map(|footer| footer.bytes).sum();
    }
}

fn identity(file: &LakeFile) -> Identity {
    (file.bucket.clone(), file.meta.key.clone(), file.meta.etag.clone())
}

/// An open object as Parquet's own reader wants it.
struct Chunks(Arc<dyn OpenObject>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.meta().size
    }
}

impl ChunkReader for Chunks {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.0.read_at(start..self.len()).map_err(|error| ParquetError::External(Box::new(error)))?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let range = start..start + length as u64;
        self.0.read_at(range).map_err(|error| ParquetError::External(Box::new(error)))
    }
}
