//! A query at work: planned in two halves, so that the events that match can be counted between them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, AsArray, StringViewArray};
use arrow::datatypes::{DataType, SchemaRef, TimestampMillisecondType, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{ColumnarValue, LogicalPlanBuilder, ScalarUDF, Volatility, create_udf};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use haar_telemetry::logs::{LogScan, Point, Pointer, ScanStatistics};

use super::plan::{Planner, Refusal, wanted};
use super::scope::column_of;
use super::syntax::Command;
use super::value::Kind;
use super::{InsightsQuery, LogName, MalformedQuery, Surroundings, number, source};
use crate::engine::Engine;
use crate::error::SqlError;
use crate::query::Canceller;
use crate::run::{Run, failure};

/// Pairs of a field and its value; fields that a row does not have are left out.
pub type InsightsRow = Vec<(String, String)>;

/// What a query did so far. <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_QueryStatistics.html>
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InsightsStatistics {
    /// Events that met the conditions.
    pub records_matched: u64,
    /// Events that were looked at.
    pub records_scanned: u64,
    /// Bytes of their messages.
    pub bytes_scanned: u64,
}

/// Why a query does not run.
#[derive(Debug, thiserror::Error)]
pub enum InsightsError {
    /// It means nothing.
    #[error(transparent)]
    Malformed(#[from] MalformedQuery),
    /// It failed.
    #[error("{0}")]
    Failed(SqlError),
}

/// A query that was planned. It runs while its rows are fetched, and ends when it is dropped.
pub struct InsightsRun {
    run: Run,
    columns: Vec<(String, Kind)>,
    matched: Arc<AtomicU64>,
    scanned: Arc<ScanStatistics>,
}

impl InsightsRun {
    /// More rows; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "it is asynchronous, which iterators are not")]
    pub fn next(&mut self) -> BoxFuture<'_, Option<Result<Vec<InsightsRow>, SqlError>>> {
        Box::pin(async move {
            let batch = self.run.next().await?;
            Some(batch.map(|batch| self.rows(&batch)))
        })
    }

    fn rows(&self, batch: &RecordBatch) -> Vec<InsightsRow> {
        let row = |row: usize| {
            let columns = self.columns.iter().zip(batch.columns());
            let values =
                columns.filter_map(|((name, kind), column)| Some((name.clone(), number::shown(column, *kind, row)?)));
            values.collect()
        };
        (0..batch.num_rows()).map(row).collect()
    }

    /// What it did so far; final after the last row.
    pub fn statistics(&self) -> InsightsStatistics {
        InsightsStatistics {
            records_matched: self.matched.load(Ordering::Relaxed),
            records_scanned: self.scanned.rows(),
            bytes_scanned: self.scanned.bytes(),
        }
    }

    /// A handle that stops the query from elsewhere.
    pub fn canceller(&self) -> Canceller {
        self.run.canceller()
    }
}

impl Engine {
    /// Plans a query over a scan that was made for it ([`InsightsQuery::scan`]).
    pub fn insights(
        &self,
        query: InsightsQuery,
        scan: LogScan,
        surroundings: Surroundings,
    ) -> BoxFuture<'static, Result<InsightsRun, InsightsError>> {
        let engine = self.clone();
        Box::pin(async move {
            let workers = engine.workers();
            let planned = workers.finish(async move {
                // What is wrong with the query is an answer, and no failure of the engine.
                match plan(&engine, &query, scan, &surroundings).await {
                    Ok(run) => Ok(Ok(run)),
                    Err(Refusal::Malformed(malformed)) => Ok(Err(malformed)),
                    Err(Refusal::Engine(error)) => Err(error),
                }
            });
            Ok(planned.await.map_err(InsightsError::Failed)??)
        })
    }
}

async fn plan(
    engine: &Engine,
    query: &InsightsQuery,
    scan: LogScan,
    surroundings: &Surroundings,
) -> Result<InsightsRun, Refusal> {
    let (state, stopwatch) = (engine.plain_state(), engine.stopwatch());
    let wanted = wanted(&query.commands);
    let scanned = scan.statistics.clone();
    let events = source::table(scan, wanted.clone(), state.config().target_partitions())?;
    let (log, pointer) = names(surroundings.log_name);
    let mut planner = Planner::over(Arc::new(events), &wanted, log, pointer, surroundings.now_millis)?;
    let counts = query.commands.iter().position(|command| {
        matches!(command, Command::Stats { .. } | Command::Dedup(_) | Command::Limit(_) | Command::Unnest { .. })
    });
    let (before, after) = query.commands.split_at(counts.unwrap_or(query.commands.len()));
    for command in before {
        planner.command(command)?;
    }
    let matched = Arc::<AtomicU64>::default();
    let mut planner = count(&state, planner, &matched).await?;
    for command in after {
        planner.command(command)?;
    }
    let (plan, columns) = planner.finish(surroundings.rows_max)?;
    let physical = physical(&state, &plan).await?;
    let run = engine.run(&state, physical, stopwatch.elapsed());
    Ok(InsightsRun { run, columns, matched, scanned })
}

async fn physical(
    state: &SessionState,
    plan: &datafusion::logical_expr::LogicalPlan,
) -> Result<Arc<dyn ExecutionPlan>, Refusal> {
    let optimized = state.optimize(plan).map_err(failure).map_err(Refusal::Engine)?;
    let planned = state.query_planner().create_physical_plan(&optimized, state).await;
    planned.map_err(failure).map_err(Refusal::Engine)
}

/// What was planned so far becomes a table whose rows are counted, and planning goes on above it.
async fn count(state: &SessionState, planner: Planner, matched: &Arc<AtomicU64>) -> Result<Planner, Refusal> {
    let columns = planner.scope.columns();
    let plan =
        LogicalPlanBuilder::from(planner.plan).project(columns.iter().map(|column| column_of(column)))?.build()?;
    let physical = physical(state, &plan).await?;
    let partitions = physical.output_partitioning().partition_count();
    let schema = physical.schema();
    let streams = (0..partitions).map(|partition| {
        let counted = Counted { plan: physical.clone(), partition, schema: schema.clone(), matched: matched.clone() };
        Arc::new(counted) as Arc<dyn PartitionStream>
    });
    let table: Arc<dyn TableProvider> = Arc::new(StreamingTable::try_new(schema.clone(), streams.collect())?);
    let source = datafusion::datasource::provider_as_source(table);
    let plan = LogicalPlanBuilder::scan("matched", source, None)?.build()?;
    Ok(Planner { plan, scope: planner.scope })
}

/// A partition of a plan, whose rows are counted.
struct Counted {
    plan: Arc<dyn ExecutionPlan>,
    partition: usize,
    schema: SchemaRef,
    matched: Arc<AtomicU64>,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchedEvents")
    }
}

impl PartitionStream for Counted {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let matched = self.matched.clone();
        match self.plan.execute(self.partition, context) {
            Ok(batches) => {
                let counted = batches.inspect(move |batch| {
                    if let Ok(batch) = batch {
                        matched.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                    }
                });
                Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), counted))
            }
            Err(error) => {
                let failed = stream::once(async move { Err(error) });
                Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), failed))
            }
        }
    }
}

/// `@log` and `@ptr` as functions.
fn names(log_name: LogName) -> (ScalarUDF, ScalarUDF) {
    let log = number::text("insights_log", 1, move |texts| Some(log_name(texts[0])));
    let kinds = vec![DataType::Utf8View, Kind::Time.data_type(), DataType::UInt64];
    let pointer = create_udf("insights_pointer", kinds, DataType::Utf8View, Volatility::Immutable, {
        Arc::new(move |values: &[ColumnarValue]| {
            let columns = ColumnarValue::values_to_arrays(values)?;
            let groups = columns[0].as_string_view();
            let times = columns[1].as_primitive::<TimestampMillisecondType>();
            let sequences = columns[2].as_primitive::<UInt64Type>();
            let pointer = |row: usize| Pointer {
                group: groups.value(row).to_owned(),
                point: Point { ms: times.value(row), sequence: sequences.value(row) },
            };
            let pointers = (0..groups.len()).map(|row| Some(pointer(row).to_string()));
            Ok(ColumnarValue::Array(Arc::new(pointers.collect::<StringViewArray>())))
        })
    });
    (log, pointer)
}
