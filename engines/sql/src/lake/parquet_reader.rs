//! How DataFusion's Parquet source reads our objects: straight from the open file, metered, with remembered footers.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use haar_kernel::{Objects, OpenObject};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use crate::error::SqlError;
use crate::lake::chunks::Chunks;
use crate::lake::file::LakeFile;
use crate::lake::footers::Footers;
use crate::lake::meter::Meter;

/// Opens the files of one query.
pub(crate) struct ParquetReaders {
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) footers: Footers,
    pub(crate) chunks: Chunks,
    pub(crate) meter: Arc<Meter>,
}

impl fmt::Debug for ParquetReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParquetReaders")
    }
}

impl ParquetFileReaderFactory for ParquetReaders {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _footer_guess: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>, DataFusionError> {
        let file = file.extension::<Arc<LakeFile>>().cloned();
        let file = file.ok_or_else(|| SqlError::internal("a scan of Parquet met a file that is not of the lake"))?;
        Ok(Box::new(ParquetReader {
            file,
            open: None,
            objects: self.objects.clone(),
            footers: self.footers.clone(),
            chunks: self.chunks.clone(),
            meter: self.meter.clone(),
        }))
    }
}

struct ParquetReader {
    file: Arc<LakeFile>,
    /// Opened when the first byte is wanted: files that are pruned are not opened.
    open: Option<Arc<dyn OpenObject>>,
    objects: Arc<dyn Objects>,
    footers: Footers,
    chunks: Chunks,
    meter: Arc<Meter>,
}

impl ParquetReader {
    async fn open(&mut self) -> Result<Arc<dyn OpenObject>, SqlError> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let open = self.file.open(self.objects.as_ref()).await?;
        self.open = Some(open.clone());
        Ok(open)
    }

    /// From what was read lately, else from the page cache or the disk, on the worker that decodes it.
    async fn read(&mut self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, SqlError> {
        self.meter.add_file(&self.file);
        self.meter.add_bytes(ranges.iter().map(|range| range.end - range.start).sum())?;
        let mut read = Vec::with_capacity(ranges.len());
        for range in ranges {
            if let Some(bytes) = self.chunks.get(&self.file, range) {
                read.push(bytes);
                continue;
            }
            let open = self.open().await?;
            let bytes = open.read_at(range.clone()).map_err(|error| self.file.unreadable(error))?;
            self.chunks.keep(&self.file, range, &bytes);
            read.push(bytes);
        }
        Ok(read)
    }
}

impl AsyncFileReader for ParquetReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async move {
            let mut bytes = self.read(&[range]).await.map_err(external)?;
            Ok(bytes.pop().unwrap_or_default())
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        async move { self.read(&ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            if let Some(footer) = self.footers.get(&self.file) {
                return Ok(footer.metadata.clone());
            }
            // Forgotten since the query was planned.
            let open = self.file.open(self.objects.as_ref()).await.map_err(external)?;
            Ok(self.footers.read(&self.file, &open).map_err(external)?.metadata.clone())
        }
        .boxed()
    }
}

fn external(error: SqlError) -> ParquetError {
    ParquetError::External(Box::new(error))
}
