//! The machinery of a running query: its task on the workers, its channel, its meter, its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::StreamExt;
use haar_kernel::Clock;
use haar_kernel::clock::Stopwatch;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::error::SqlError;
use crate::lake::Meter;
use crate::query::{Canceller, Statistics};
use crate::stages::{stages, totals};
use crate::workers::{Task, Workers};

/// Batches that wait for their reader: enough that neither side waits for each single one.
const WAITING_BATCHES_MAX: usize = 4;

/// A plan with everything that it needs to run.
pub(crate) struct Run {
    pub(crate) plan: Arc<dyn ExecutionPlan>,
    pub(crate) context: Arc<TaskContext>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) workers: Workers,
    /// `20200131_101112_00012_abcde`: in the names of files that it writes.
    pub(crate) stamp: String,
    stop: Canceller,
    progress: Arc<Progress>,
    started: Option<Started>,
}

struct Started {
    batches: mpsc::Receiver<Result<RecordBatch, SqlError>>,
    /// Ends with the query.
    _task: Task<()>,
}

struct Progress {
    clock: Clock,
    planning: Duration,
    execution: Mutex<Duration>,
    rows: AtomicU64,
}

impl Run {
    pub(crate) fn new(
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        meter: Arc<Meter>,
        workers: Workers,
        clock: Clock,
        planning: Duration,
        stamp: String,
    ) -> Self {
        let progress = Progress { clock, planning, execution: Mutex::new(Duration::ZERO), rows: AtomicU64::new(0) };
        Self {
            plan,
            context,
            meter,
            workers,
            stamp,
            stop: Canceller(Arc::new(watch::Sender::new(false))),
            progress: Arc::new(progress),
            started: None,
        }
    }

    pub(crate) fn canceller(&self) -> Canceller {
        self.stop.clone()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        let rows = self.progress.rows.load(Ordering::Relaxed);
        Statistics { rows, execution: *self.progress.execution.lock(), ..self.statistics_of(&self.plan) }
    }

    /// Of this plan, or of one that was built around it.
    pub(crate) fn statistics_of(&self, plan: &Arc<dyn ExecutionPlan>) -> Statistics {
        let totals = totals(plan);
        let bytes_scanned = self.meter.bytes();
        Statistics {
            bytes_scanned,
            rows_scanned: totals.rows_scanned,
            rows: 0,
            files_opened: self.meter.files(),
            planning: self.progress.planning,
            execution: Duration::ZERO,
            spilled_bytes: totals.spilled_bytes,
            output_stage: Some(stages(plan, bytes_scanned)),
        }
    }

    pub(crate) fn stopwatch(&self) -> Stopwatch {
        self.progress.clock.stopwatch()
    }

    /// More rows; starts the work when it was not.
    pub(crate) async fn next(&mut self) -> Option<Result<RecordBatch, SqlError>> {
        if self.started.is_none() {
            self.started = Some(self.start());
        }
        self.started.as_mut()?.batches.recv().await
    }

    fn start(&self) -> Started {
        let (send, batches) = mpsc::channel(WAITING_BATCHES_MAX);
        let (plan, context) = (self.plan.clone(), self.context.clone());
        let (progress, mut stop) = (self.progress.clone(), self.stop.0.subscribe());
        let task = self.workers.start_task(async move {
            let stopwatch = progress.clock.stopwatch();
            let work = deliver(plan, context, &progress, &send);
            let outcome = tokio::select! {
                outcome = work => outcome,
                _ = stop.wait_for(|stop| *stop) => Err(canceled()),
            };
            *progress.execution.lock() = stopwatch.elapsed();
            if let Err(error) = outcome {
                // Nobody may be left to hear it.
                let _ = send.send(Err(error)).await;
            }
        });
        Started { batches, _task: task }
    }
}

async fn deliver(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    progress: &Progress,
    send: &mpsc::Sender<Result<RecordBatch, SqlError>>,
) -> Result<(), SqlError> {
    let mut stream = execute_stream(plan, context).map_err(failure)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(failure)?;
        if batch.num_rows() == 0 {
            continue;
        }
        progress.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        if send.send(Ok(batch)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What a query answers that was stopped.
pub(crate) fn canceled() -> SqlError {
    SqlError::new("USER_CANCELED", "Query was canceled by user")
}

/// What DataFusion fails with while a query runs, in Athena's words.
pub(crate) fn failure(error: DataFusionError) -> SqlError {
    if let Some(ours) = SqlError::inside(&error).or_else(|| beneath(&error)) {
        return ours;
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(cause) => {
            tracing::debug!(cause, "query ran out of memory");
            SqlError::new("EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor")
        }
        DataFusionError::ArrowError(arrow, _) => SqlError::internal(arrow.to_string()),
        other => SqlError::internal(other.to_string()),
    }
}

/// Ours, inside the errors of other libraries (Parquet's) inside DataFusion's.
fn beneath(error: &DataFusionError) -> Option<SqlError> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(ours) = error.downcast_ref::<SqlError>() {
            return Some(ours.clone());
        }
        cause = error.source();
    }
    None
}
