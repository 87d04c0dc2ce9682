//! Scans of every format but Parquet: the readers of `haar-formats`, off the async threads, as a source of
//! DataFusion's file scans.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatchOptions;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::projection::{ProjectionOpener, SplitProjection};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures_util::StreamExt;
use haar_formats::{Column, TableFormat};
use haar_kernel::{Objects, OpenObject};
use object_store::ObjectStore;
use tokio::sync::mpsc;

use crate::error::SqlError;
use crate::lake::conform::conform;
use crate::lake::file::{LakeFile, Metered};
use crate::lake::meter::Meter;

/// Batches that a reader is ahead of its query.
const AHEAD: usize = 2;

/// How the file beside it reads: partitions of a table may differ.
pub(super) struct FileFormat(pub(super) Arc<TableFormat>);

/// Files of one table that `haar-formats` reads.
#[derive(Clone)]
pub(super) struct RowsSource {
    pub(super) objects: Arc<dyn Objects>,
    pub(super) meter: Arc<Meter>,
    /// Those in the files.
    pub(super) columns: Arc<[Column]>,
    pub(super) schema: TableSchema,
    pub(super) projection: SplitProjection,
    pub(super) metrics: ExecutionPlanMetricsSet,
    pub(super) batch_rows: usize,
}

impl FileSource for RowsSource {
    fn create_file_opener(
        &self,
        _: Arc<dyn ObjectStore>,
        scan: &FileScanConfig,
        _: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        let indices = &self.projection.file_indices;
        let opener = RowsOpener {
            objects: self.objects.clone(),
            meter: self.meter.clone(),
            columns: self.columns.clone(),
            projected: Arc::new(self.schema.file_schema().project(indices)?),
            projection: indices.clone(),
            // With a limit a smaller first batch ends the reading sooner.
            batch_rows: scan.limit.map_or(self.batch_rows, |limit| self.batch_rows.min(limit.max(1))),
        };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), self.schema.file_schema())
    }

    fn table_schema(&self) -> &TableSchema {
        &self.schema
    }

    fn with_batch_size(&self, batch_rows: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { batch_rows, ..self.clone() })
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        let projection = SplitProjection::new(self.schema.file_schema(), &merged);
        Ok(Some(Arc::new(Self { projection, ..self.clone() })))
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        "rows"
    }

    fn fmt_extra(&self, _: DisplayFormatType, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }

    /// Files were cut when the scan was planned: only there it is known which can be.
    fn supports_repartitioning(&self) -> bool {
        false
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for projected in self.projection.source.iter() {
            if visit(&projected.expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }
}

struct RowsOpener {
    objects: Arc<dyn Objects>,
    meter: Arc<Meter>,
    columns: Arc<[Column]>,
    projected: SchemaRef,
    projection: Vec<usize>,
    batch_rows: usize,
}

impl FileOpener for RowsOpener {
    fn open(&self, part: PartitionedFile) -> Result<FileOpenFuture> {
        let (Some(file), Some(format)) = (part.extension::<Arc<LakeFile>>(), part.extension::<FileFormat>()) else {
            return Err(SqlError::internal("a scan of the lake met a file that is not of the lake").into());
        };
        let (file, format) = (file.clone(), format.0.clone());
        let split = part.range.as_ref().map(|range| range.start as u64..range.end as u64);
        let (objects, meter) = (self.objects.clone(), self.meter.clone());
        let reading = Reading {
            columns: self.columns.clone(),
            projected: self.projected.clone(),
            projection: self.projection.clone(),
            batch_rows: self.batch_rows,
            format,
            split,
        };
        Ok(Box::pin(async move {
            let open = file.open(objects.as_ref()).await?;
            meter.add_file(&file);
            let stop = Arc::new(AtomicBool::new(false));
            let source = Metered { open, meter: meter.clone(), cancelled: stop.clone() };
            Ok(reading.start(Arc::new(source), stop, meter, file).boxed())
        }))
    }
}

/// What a reader is told.
struct Reading {
    format: Arc<TableFormat>,
    split: Option<Range<u64>>,
    columns: Arc<[Column]>,
    projection: Vec<usize>,
    projected: SchemaRef,
    batch_rows: usize,
}

impl Reading {
    /// The batches of a blocking reader. It stops at its next read or batch when the stream is dropped.
    fn start(
        self,
        source: Arc<dyn OpenObject>,
        stop: Arc<AtomicBool>,
        meter: Arc<Meter>,
        file: Arc<LakeFile>,
    ) -> impl futures_util::Stream<Item = Result<RecordBatch>> + Send {
        let (send, mut receive) = mpsc::channel(AHEAD);
        let stopping = Stopping { stop: stop.clone() };
        let reader = SpawnedTask::spawn_blocking(move || {
            let outcome = self.read(source, &stop, |batch| send.blocking_send(Ok(batch)).is_ok());
            if let Err(error) = outcome {
                // Readers see a limit as an object that cannot be read.
                let error = meter.check().err().unwrap_or_else(|| error.of(&file));
                // Nobody may be left to hear it.
                let _ = send.blocking_send(Err(error.into()));
            }
        });
        futures_util::stream::poll_fn(move |context| {
            let _alive = (&reader, &stopping);
            receive.poll_recv(context)
        })
    }

    fn read(
        &self,
        source: Arc<dyn OpenObject>,
        stop: &AtomicBool,
        mut give: impl FnMut(RecordBatch) -> bool,
    ) -> Result<(), Failure> {
        let batches = self.format.read(source, self.split.clone(), &self.columns, &self.projection, self.batch_rows)?;
        for batch in batches {
            let batch = self.conform(&batch?)?;
            if stop.load(Ordering::Relaxed) || !give(batch) {
                break;
            }
        }
        Ok(())
    }

    /// The reader's layout and the query's differ in what Arrow cannot say: the metadata of nested fields.
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
        let columns = batch.columns().iter().zip(self.projected.fields());
        let columns =
            columns.map(|(values, field)| conform(values, field.data_type())).collect::<Result<Vec<_>, _>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let conformed = RecordBatch::try_new_with_options(self.projected.clone(), columns, &rows);
        Ok(conformed.map_err(SqlError::from)?)
    }
}

/// Tells the reader when nobody wants its rows any more.
struct Stopping {
    stop: Arc<AtomicBool>,
}

impl Drop for Stopping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Why reading ended.
struct Failure(SqlError);

impl Failure {
    /// With the file, where the reader does not name it.
    fn of(self, file: &LakeFile) -> SqlError {
        let Failure(mut error) = self;
        if error.name.starts_with("HIVE") && !error.message.contains(&file.meta.key) {
            error.message = format!("{} ({})", error.message, file.url());
        }
        error
    }
}

impl From<haar_formats::FormatError> for Failure {
    fn from(error: haar_formats::FormatError) -> Self {
        Self(SqlError::new(error.name, error.message))
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self(error)
    }
}
