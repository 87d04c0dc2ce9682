//! Parquet files with filters: decides while a query runs whether filters look at rows before the other columns are
//! decoded or after.
//!
//! Filters inside of the decoding spare the decoding of other columns, and pay with a pass of their own for each of
//! them; they win only where they leave few rows. So files are cut into pieces, the first pieces are filtered after
//! decoding, and what was learned there decides for the rest.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileGroupPartitioner, FileOpener, FileScanConfig, FileSource, ParquetSource,
};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::physical_expr::projection::{ProjectionExprs, Projector};
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::ObjectStore;

use crate::error::SqlError;
use crate::lake::sieve::{Learned, Sieve};

/// Pieces of a table for each that reads at the same time: enough to learn from the first and to share out the rest.
const PIECES_EACH: usize = 4;

/// Filters that let more through than this look at rows after decoding.
const SHARP: f64 = 0.01;

/// Filters look at rows before the other columns are decoded when those are so much heavier than their own.
const HEAVIER: usize = 4;

/// So many rows were seen before anything is believed.
const ROWS_SEEN_MIN: u64 = 16_384;

/// DataFusion's source, and what its filters do.
#[derive(Clone)]
pub(super) struct FilteredParquet {
    /// With all filters, which it would apply while it decodes.
    parquet: ParquetSource,
    learned: Option<Arc<Learned>>,
    batch_rows: usize,
}

impl FilteredParquet {
    pub(super) fn new(parquet: ParquetSource) -> Self {
        Self { parquet, learned: None, batch_rows: 0 }
    }

    fn over(&self, source: &Arc<dyn FileSource>) -> Result<Self> {
        let parquet = source.downcast_ref::<ParquetSource>().ok_or_else(|| unexpected("a source of Parquet"))?.clone();
        let learned = match parquet.filter() {
            Some(predicate) if self.parquet.filter().is_none_or(|known| !Arc::ptr_eq(&known, &predicate)) => {
                Some(Arc::new(Learned::nothing(&predicate)))
            }
            _ => self.learned.clone(),
        };
        Ok(Self { parquet, learned, batch_rows: self.batch_rows })
    }

    fn wrapped(&self, source: &Arc<dyn FileSource>) -> Result<Arc<dyn FileSource>> {
        Ok(Arc::new(self.over(source)?))
    }

    /// How the pieces are read that are filtered after decoding.
    fn late(
        &self,
        store: Arc<dyn ObjectStore>,
        scan: &FileScanConfig,
        partition: usize,
    ) -> Result<Option<(Box<dyn Morselizer>, Late)>> {
        let (Some(predicate), Some(learned)) = (self.parquet.filter(), &self.learned) else { return Ok(None) };
        let projection = self.parquet.projection().ok_or_else(|| unexpected("a projection"))?;
        let table = self.parquet.table_schema();
        let whole = table.table_schema();
        let filtered: BTreeSet<usize> = indices(&predicate, whole)?;
        let mut needed = filtered.clone();
        for expr in projection.expr_iter() {
            needed.extend(indices(&expr, whole)?);
        }
        let needed: Vec<usize> = needed.into_iter().collect();
        let schema = Arc::new(whole.project(&needed)?);
        let mut options = self.parquet.table_parquet_options().clone();
        options.global.pushdown_filters = false;
        let readers = self.parquet.parquet_file_reader_factory().ok_or_else(|| unexpected("readers"))?;
        let source = ParquetSource::new(table.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(readers.clone())
            .with_predicate(predicate.clone());
        let source = source.try_pushdown_projection(&ProjectionExprs::from_indices(&needed, whole))?;
        let source = source.ok_or_else(|| unexpected("a source that projects"))?.with_batch_size(self.batch_rows);
        let mut unlimited = scan.clone();
        unlimited.limit = None;
        let morsels = source.create_morselizer(store, &unlimited, partition)?;
        let projection =
            projection.clone().try_map_exprs(|expr| reassign_expr_columns(expr, schema.as_ref() as &Schema))?;
        let rows_pruned = MetricBuilder::new(self.parquet.metrics()).counter("pushdown_rows_pruned", partition);
        let late = Late {
            projector: projection.make_projector(&schema)?,
            predicate,
            schema,
            learned: learned.clone(),
            rows_pruned,
            batch_rows: self.batch_rows,
        };
        Ok(Some((morsels, late)))
    }
}

fn unexpected(what: &str) -> DataFusionError {
    SqlError::internal(format!("a scan of Parquet without {what}")).into()
}

fn indices(expr: &Arc<dyn PhysicalExpr>, schema: &SchemaRef) -> Result<BTreeSet<usize>> {
    collect_columns(expr).iter().map(|column| Ok(schema.index_of(column.name())?)).collect()
}

impl FileSource for FilteredParquet {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        scan: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.parquet.create_file_opener(store, scan, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        scan: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let late = self.late(store.clone(), scan, partition)?;
        let early = self.parquet.create_morselizer(store, scan, partition)?;
        Ok(match late {
            Some((late, how)) => Box::new(Pieces { early, late, how: Arc::new(how) }),
            None => early,
        })
    }

    fn table_schema(&self) -> &TableSchema {
        self.parquet.table_schema()
    }

    fn with_batch_size(&self, batch_rows: usize) -> Arc<dyn FileSource> {
        match self.over(&self.parquet.with_batch_size(batch_rows)) {
            Ok(source) => Arc::new(Self { batch_rows, ..source }),
            Err(_) => Arc::new(self.clone()),
        }
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.parquet.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.parquet.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.parquet.metrics()
    }

    fn file_type(&self) -> &str {
        self.parquet.file_type()
    }

    fn fmt_extra(&self, how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parquet.fmt_extra(how, f)
    }

    fn repartitioned(
        &self,
        partitions: usize,
        bytes_min: usize,
        ordering: Option<LexOrdering>,
        scan: &FileScanConfig,
    ) -> Result<Option<FileScanConfig>> {
        let is_ordered = ordering.is_some();
        let pieces = if is_ordered { partitions } else { partitions * PIECES_EACH };
        let groups = FileGroupPartitioner::new()
            .with_target_partitions(pieces)
            .with_repartition_file_min_size(bytes_min)
            .with_preserve_order_within_groups(is_ordered)
            .repartition_file_groups(&scan.file_groups);
        let Some(groups) = groups else { return Ok(None) };
        let mut scan = scan.clone();
        if is_ordered || groups.len() <= partitions {
            scan.file_groups = groups;
            return Ok(Some(scan));
        }
        let mut dealt: Vec<Vec<PartitionedFile>> = vec![Vec::new(); partitions];
        for (at, group) in groups.into_iter().enumerate() {
            dealt[at % partitions].extend(group.into_inner());
        }
        scan.file_groups = dealt.into_iter().map(FileGroup::new).collect();
        Ok(Some(scan))
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let told = self.parquet.try_pushdown_filters(filters, config)?;
        let updated_node = told.updated_node.as_ref().map(|source| self.wrapped(source)).transpose()?;
        Ok(FilterPushdownPropagation { filters: told.filters, updated_node })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(match self.parquet.try_pushdown_sort(order, properties)? {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact { inner: self.wrapped(&inner)? },
            SortOrderPushdownResult::Inexact { inner } => {
                SortOrderPushdownResult::Inexact { inner: self.wrapped(&inner)? }
            }
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.parquet.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        let source = self.parquet.try_pushdown_projection(projection)?;
        source.map(|source| self.wrapped(&source)).transpose()
    }

    fn apply_expressions(
        &self,
        see: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.parquet.apply_expressions(see)
    }
}

/// The pieces of one partition, each read in the one way or the other.
struct Pieces {
    early: Box<dyn Morselizer>,
    late: Box<dyn Morselizer>,
    how: Arc<Late>,
}

/// What is done to batches after decoding.
struct Late {
    predicate: Arc<dyn PhysicalExpr>,
    /// Of the batches as they come: what filters and the projection need.
    schema: SchemaRef,
    projector: Projector,
    learned: Arc<Learned>,
    rows_pruned: Count,
    batch_rows: usize,
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pieces")
    }
}

impl Morselizer for Pieces {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        if self.how.filters_early() {
            return self.early.plan_file(file);
        }
        let planner = self.late.plan_file(file)?;
        Ok(Box::new(LatePlanner { planner, how: self.how.clone() }))
    }
}

impl Late {
    /// Whether a piece that is opened now is filtered while it is decoded.
    fn filters_early(&self) -> bool {
        if self.learned.passes(ROWS_SEEN_MIN).is_none_or(|share| share > SHARP) {
            return false;
        }
        let filtered: BTreeSet<String> =
            collect_columns(&self.predicate).iter().map(|column| column.name().to_owned()).collect();
        let (mut own, mut others) = (0, 0);
        for field in self.schema.fields() {
            let side = if filtered.contains(field.name()) { &mut own } else { &mut others };
            *side += decoding_weight(field.data_type());
        }
        others >= own * HEAVIER
    }
}

/// About how long values take to be decoded, beside each other.
fn decoding_weight(layout: &DataType) -> usize {
    match layout {
        layout if layout.is_nested() => 8,
        DataType::Utf8View | DataType::Binary => 3,
        _ => 1,
    }
}

struct LatePlanner {
    planner: Box<dyn MorselPlanner>,
    how: Arc<Late>,
}

impl fmt::Debug for LatePlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LatePlanner").field(&self.planner).finish()
    }
}

impl MorselPlanner for LatePlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let how = self.how;
        let Some(mut plan) = self.planner.plan()? else { return Ok(None) };
        let wrap = |planner: Box<dyn MorselPlanner>, how: Arc<Late>| Box::new(Self { planner, how }) as Box<_>;
        let morsels = plan.take_morsels().into_iter();
        let morsels = morsels.map(|morsel| Box::new(LateMorsel { morsel, how: how.clone() }) as Box<dyn Morsel>);
        let planners = plan.take_ready_planners().into_iter().map(|planner| wrap(planner, how.clone()));
        let mut wrapped = MorselPlan::new().with_morsels(morsels.collect()).with_planners(planners.collect());
        if let Some(pending) = plan.take_pending_planner() {
            let how = how.clone();
            wrapped.set_pending_planner(async move { Ok(wrap(pending.into_future().await?, how)) });
        }
        Ok(Some(wrapped))
    }
}

struct LateMorsel {
    morsel: Box<dyn Morsel>,
    how: Arc<Late>,
}

impl fmt::Debug for LateMorsel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LateMorsel").field(&self.morsel).finish()
    }
}

impl Morsel for LateMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Late { predicate, schema, projector, learned, rows_pruned, batch_rows } = self.how.as_ref();
        let sieve = match Sieve::new(predicate, schema, learned.clone(), rows_pruned.clone(), *batch_rows) {
            Ok(sieve) => sieve,
            Err(error) => return stream::once(async { Err(error) }).boxed(),
        };
        let reading = Reading { input: Some(self.morsel.into_stream()), sieve, projector: projector.clone() };
        stream::try_unfold(reading, |mut reading| async {
            let next = reading.next().await?;
            Ok(next.map(|batch| (batch, reading)))
        })
        .boxed()
    }
}

struct Reading {
    /// `None` at its end.
    input: Option<BoxStream<'static, Result<RecordBatch>>>,
    sieve: Sieve,
    projector: Projector,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.sieve.next() {
                return Ok(Some(self.projector.project_batch(&batch)?));
            }
            let Some(input) = &mut self.input else { return Ok(None) };
            match input.next().await {
                Some(batch) => self.sieve.push(batch?)?,
                None => {
                    self.input = None;
                    self.sieve.finish()?;
                }
            }
        }
    }
}
