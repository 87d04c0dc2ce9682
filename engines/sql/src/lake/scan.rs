//! Plans that read files: the part that tables of Hive and of Iceberg share.

use std::sync::Arc;

use datafusion::catalog::Session as PlanSession;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics, TableReference};
use datafusion::config::{ParquetOptions, TableParquetOptions};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::projection::SplitProjection;
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::union::UnionExec;
use haar_formats::TableFormat;
use haar_kernel::ObjectMeta;
use parquet::arrow::arrow_reader::RowSelection;

use crate::catalog::RelationName;
use crate::error::SqlError;
use crate::lake::Lake;
use crate::lake::adapt::LakeAdapters;
use crate::lake::conform::Match;
use crate::lake::file::LakeFile;
use crate::lake::footers::Footer;
use crate::lake::meter::Meter;
use crate::lake::parquet_reader::ParquetReaders;
use crate::lake::parquet_source::FilteredParquet;
use crate::lake::predicates::Predicates;
use crate::lake::rows::{FileFormat, RowsSource};
use crate::lake::schema::TableColumns;
use crate::run::failure;

/// DataFusion wants a store for every scan; ours read through their own readers and never ask it.
pub(crate) const STORE_URL: &str = "lake://objects";

/// Text is cut into pieces of this size, so that one large file keeps all workers busy.
const SPLIT_BYTES: u64 = 16 << 20;

/// How many bytes of text a row is believed to have, where nobody counted.
const TEXT_ROW_BYTES: u64 = 100;

/// Footers that are read by one task.
const FOOTERS_EACH: usize = 16;

/// A table in one query.
#[derive(Clone)]
pub(super) struct Scan {
    pub(super) lake: Arc<Lake>,
    pub(super) meter: Arc<Meter>,
    pub(super) name: RelationName,
    pub(super) columns: Arc<TableColumns>,
}

/// What a query wants of a table.
pub(super) struct Wanted {
    projection: Option<Vec<usize>>,
    pub(super) predicates: Predicates,
    limit: Option<usize>,
    /// Pieces that run at the same time.
    partitions: usize,
    batch_rows: usize,
    options: ParquetOptions,
}

/// A file of a scan.
pub(super) struct ScanFile {
    pub(super) file: Arc<LakeFile>,
    /// Of the partition keys and the hidden columns.
    pub(super) constants: Vec<ScalarValue>,
    pub(super) format: Arc<TableFormat>,
    /// Which of its rows are to be read, where some were deleted.
    pub(super) rows: Option<RowSelection>,
}

impl Wanted {
    pub(super) fn new(
        state: &dyn PlanSession,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Self {
        Self {
            projection: projection.cloned(),
            predicates: Predicates::new(filters.to_vec(), state.execution_props().clone()),
            limit,
            partitions: state.config().target_partitions(),
            batch_rows: state.config().batch_size(),
            options: state.config_options().execution.parquet.clone(),
        }
    }
}

/// The values of the hidden columns.
pub(super) fn hidden_values(file: &LakeFile) -> [ScalarValue; 4] {
    [
        ScalarValue::Utf8View(Some(file.url())),
        ScalarValue::Int64(Some(file.meta.size as i64)),
        ScalarValue::TimestampMillisecond(Some(file.meta.modified.millis()), Some("UTC".into())),
        ScalarValue::Utf8View(Some(file.bucket.clone())),
    ]
}

impl Scan {
    /// Whether a filter speaks only of what all rows of a file share.
    pub(super) fn needs_no_file(&self, filter: &Expr) -> bool {
        let constant = |name: &str| self.columns.constants.iter().any(|field| field.name() == name);
        !filter.is_volatile() && filter.column_refs().iter().all(|column| constant(&column.name))
    }

    /// The plan that reads these files. `id_match`: Iceberg's, whose columns have numbers.
    pub(super) async fn plan(
        &self,
        files: Vec<ScanFile>,
        id_match: bool,
        wanted: &Wanted,
    ) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let is_parquet = |file: &ScanFile| matches!(*file.format, TableFormat::Parquet { .. });
        let (parquet, rows): (Vec<_>, Vec<_>) = files.into_iter().partition(is_parquet);
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if let Some(first) = parquet.first() {
            // Partitions may differ in their formats, not in how one format finds its columns.
            let how = match first.format.as_ref() {
                _ if id_match => Match::Id,
                TableFormat::Parquet { by_index: true } => Match::Index,
                _ => Match::Name,
            };
            plans.push(self.parquet(parquet, how, wanted).await?);
        }
        if !rows.is_empty() {
            plans.push(self.rows(rows, wanted)?);
        }
        match plans.len() {
            0 => self.nothing(wanted),
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans).map_err(failure),
        }
    }

    fn nothing(&self, wanted: &Wanted) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let schema = self.columns.whole.clone();
        let schema = match &wanted.projection {
            Some(projection) => Arc::new(schema.project(projection)?),
            None => schema,
        };
        Ok(Arc::new(EmptyExec::new(schema)))
    }

    async fn parquet(
        &self,
        found: Vec<ScanFile>,
        how: Match,
        wanted: &Wanted,
    ) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let whole = found.iter().all(|found| found.rows.is_none());
        let limit = wanted.limit.filter(|_| whole);
        let names: Vec<Arc<LakeFile>> = found.iter().map(|found| found.file.clone()).collect();
        let footers = self.lake.footers_of(&names, limit).await?;
        let mut files = Vec::with_capacity(footers.len());
        for (found, footer) in found.into_iter().zip(&footers) {
            let facts = footer.facts(&self.columns.files, how, &found.file)?;
            let mut statistics = with_constants(&facts.statistics, &found.constants);
            let mut file = self.part(&found.file, found.constants).with_arrow_schema(facts.decoded.clone());
            if let Some(rows) = found.rows {
                statistics = statistics.to_inexact();
                file = file.with_extension(ParquetRowSelection::new(rows));
            }
            file.statistics = Some(Arc::new(statistics));
            files.push(file);
        }
        let readers = ParquetReaders {
            objects: self.lake.objects.clone(),
            footers: self.lake.footers.clone(),
            chunks: self.lake.chunks.clone(),
            meter: self.meter.clone(),
        };
        let options = TableParquetOptions { global: wanted.options.clone(), ..Default::default() };
        let source = ParquetSource::new(self.schema())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let sum =
            Statistics::try_merge_iter(files.iter().filter_map(|file| file.statistics.as_deref()), &self.columns.whole);
        let statistics = sum.unwrap_or_else(|_| Statistics::new_unknown(&self.columns.whole));
        let groups = FileGroup::new(files).split_files(wanted.partitions);
        self.exec(Arc::new(FilteredParquet::new(source)), groups, statistics, how, wanted)
    }

    fn rows(&self, found: Vec<ScanFile>, wanted: &Wanted) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let bytes: u64 = found.iter().map(|found| found.file.meta.size).sum();
        // Few large files are cut, so that there is work for everybody.
        let piece = (bytes / (wanted.partitions as u64 * 2)).clamp(SPLIT_BYTES, u64::MAX);
        let mut files = Vec::with_capacity(found.len());
        for found in found {
            let ObjectMeta { key, size, .. } = &found.file.meta;
            let pieces = if found.format.splittable(key) { size.div_ceil(piece) } else { 1 };
            let file = self.part(&found.file, found.constants).with_extension(FileFormat(found.format));
            if pieces == 1 {
                files.push(file);
                continue;
            }
            let cut = |at: u64| (size * at / pieces) as i64;
            files.extend((0..pieces).map(|at| file.clone().with_range(cut(at), cut(at + 1))));
        }
        let statistics = Statistics {
            num_rows: Precision::Inexact((bytes / TEXT_ROW_BYTES + 1) as usize),
            total_byte_size: Precision::Inexact(bytes as usize),
            column_statistics: Statistics::unknown_column(&self.columns.whole),
        };
        let schema = self.schema();
        let source = RowsSource {
            objects: self.lake.objects.clone(),
            meter: self.meter.clone(),
            columns: self.columns.columns.clone().into(),
            projection: SplitProjection::unprojected(&schema),
            schema,
            metrics: ExecutionPlanMetricsSet::new(),
            batch_rows: wanted.batch_rows,
        };
        self.exec(Arc::new(source), spread(files, wanted.partitions), statistics, Match::Name, wanted)
    }

    fn exec(
        &self,
        source: Arc<dyn FileSource>,
        groups: Vec<FileGroup>,
        statistics: Statistics,
        how: Match,
        wanted: &Wanted,
    ) -> Result<Arc<dyn ExecutionPlan>, SqlError> {
        let url = ObjectStoreUrl::parse(STORE_URL).map_err(failure)?;
        let scan = FileScanConfigBuilder::new(url, source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_limit(wanted.limit)
            .with_expr_adapter(Some(Arc::new(LakeAdapters { how })))
            .with_projection_indices(wanted.projection.clone())
            .map_err(failure)?
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    fn part(&self, file: &Arc<LakeFile>, constants: Vec<ScalarValue>) -> PartitionedFile {
        let name = &self.name;
        let table = TableReference::full(name.catalog.as_str(), name.schema.as_str(), name.name.as_str());
        PartitionedFile::new(file.meta.key.clone(), file.meta.size)
            .with_partition_values(constants)
            .with_table_reference(Some(table))
            .with_extension(file.clone())
    }

    fn schema(&self) -> TableSchema {
        TableSchema::builder(self.columns.files.clone())
            .with_table_partition_cols(self.columns.constants.clone())
            .build()
    }
}

/// A file's statistics with those of what all its rows share.
fn with_constants(of_columns: &Statistics, values: &[ScalarValue]) -> Statistics {
    let mut statistics = of_columns.clone();
    statistics.column_statistics.extend(values.iter().map(|value| ColumnStatistics {
        null_count: if value.is_null() { of_columns.num_rows } else { Precision::Exact(0) },
        min_value: Precision::Exact(value.clone()),
        max_value: Precision::Exact(value.clone()),
        distinct_count: Precision::Exact(1),
        ..ColumnStatistics::new_unknown()
    }));
    statistics
}

/// The largest first, each to who has least.
fn spread(mut files: Vec<PartitionedFile>, count: usize) -> Vec<FileGroup> {
    files.sort_by_key(|file| std::cmp::Reverse(file.effective_size()));
    let mut groups: Vec<(u64, Vec<PartitionedFile>)> = Vec::new();
    for file in files {
        if groups.len() < count.max(1) {
            groups.push((file.effective_size(), vec![file]));
        } else if let Some(least) = groups.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            least.0 += file.effective_size();
            least.1.push(file);
        }
    }
    groups.into_iter().map(|(_, files)| FileGroup::new(files)).collect()
}

impl Lake {
    /// A footer for each file, in the files' order; fewer when a limit is reached before.
    async fn footers_of(
        self: &Arc<Self>,
        files: &[Arc<LakeFile>],
        limit: Option<usize>,
    ) -> Result<Vec<Arc<Footer>>, SqlError> {
        let rows = |footer: &Footer| usize::try_from(footer.metadata.file_metadata().num_rows()).unwrap_or(0);
        let mut footers = Vec::with_capacity(files.len());
        if let Some(limit) = limit {
            let mut seen = 0;
            for file in files {
                let footer = self.footer(file).await?;
                seen += rows(&footer);
                footers.push(footer);
                if seen >= limit {
                    break;
                }
            }
            return Ok(footers);
        }
        let tasks: Vec<_> = files
            .chunks(FOOTERS_EACH)
            .map(|files| {
                let (lake, files) = (self.clone(), files.to_vec());
                datafusion::common::runtime::SpawnedTask::spawn(async move {
                    let mut footers = Vec::with_capacity(files.len());
                    for file in &files {
                        footers.push(lake.footer(file).await?);
                    }
                    Ok::<_, SqlError>(footers)
                })
            })
            .collect();
        for task in tasks {
            let read = task.await.map_err(|_| SqlError::internal("reading footers failed unexpectedly"))?;
            footers.extend(read?);
        }
        Ok(footers)
    }

    async fn footer(&self, file: &Arc<LakeFile>) -> Result<Arc<Footer>, SqlError> {
        if let Some(footer) = self.footers.get(file) {
            return Ok(footer);
        }
        let open = file.open(self.objects.as_ref()).await?;
        self.footers.read(file, &open)
    }
}
