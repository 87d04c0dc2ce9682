//! One execution: QUEUED, RUNNING, and how it ended.
//!
//! Each change of state is one transaction with its event. A query that was stopped has its state already: whoever
//! works on it finds that out, and leaves it alone.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{Caller, Ctx, Measure, Next};
use haar_platform::ledger::{Identity, Line};
use haar_platform::store::{Read, Tx};
use parking_lot::Mutex;

use super::event::Change;
use super::scheduler::Alive;
use super::{measures, perform, retention};
use crate::athena::Athena;
use crate::athena::error::Error;
use crate::athena::location::Location;
use crate::athena::model::{Failure, Outcome, PROGRESS, Progress, State, Statistics, Submission, WORKGROUPS};
use crate::athena::place::Place;
use crate::athena::reuse;
use crate::athena::statement::Statement;

/// Bytes that queries read, before the minimum of 10 MB that AWS bills for each.
pub const BYTES_SCANNED: &str = "athena-bytes-scanned";

/// <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>
const DML_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Of data definition.
const DDL_TIMEOUT: Duration = Duration::from_secs(600 * 60);

/// A submission that somebody must work on.
pub struct Job {
    pub id: String,
    pub place: Place,
    /// Whose query it is: it does what they may do.
    pub caller: Arc<Caller>,
    pub origin: Arc<Origin>,
    pub submission: Arc<Submission>,
    pub task: Task,
    pub is_ddl: bool,
    pub alive: Alive,
}

/// What there is to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// A statement.
    Statement(Statement),
    /// A text that Hive takes for a statement, and cannot read.
    Fails(String),
}

impl Task {
    /// `StatementType` and `SubstatementType`.
    pub fn kind(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Statement(statement) => statement.kind(),
            Self::Fails(_) => ("DDL", None),
        }
    }

    /// The file of the result.
    pub fn result_file(&self, output: &Location, id: &str) -> Location {
        match self {
            Self::Statement(Statement::Query | Statement::Execute { .. }) => output.join(&format!("{id}.csv")),
            Self::Statement(Statement::CreateTableAs(_)) => output.join(&format!("tables/{id}")),
            Self::Statement(Statement::Insert { .. } | Statement::Unload { .. }) => output.join(id),
            _ => output.join(&format!("{id}.txt")),
        }
    }
}

/// What those who work on an execution share.
pub struct Execution {
    pub athena: Athena,
    /// Of the query's owner.
    pub ctx: Ctx,
    pub id: String,
    pub submission: Arc<Submission>,
    /// What is known so far: a query that is stopped leaves it behind.
    pub statistics: Mutex<Statistics>,
}

/// Begins with what was submitted; at the start of the house first lets fail what a crash left unfinished.
pub async fn begin_submitted(ctx: &Ctx, athena: &Athena) -> Result<Next, Error> {
    if !athena.recovered.swap(true, std::sync::atomic::Ordering::AcqRel)
        && let Err(error) = retention::recover(ctx, athena).await
    {
        athena.recovered.store(false, std::sync::atomic::Ordering::Release);
        return Err(error);
    }
    for job in athena.scheduler.take_submitted() {
        let athena = athena.clone();
        // The clock waits for queries when it is moved, as it does for all that happens in the background.
        let busy = ctx.house.clock.runner();
        let house = ctx.house.clone();
        ctx.house.tasks.spawn_forever("athena query", async move {
            let _busy = busy;
            let ctx = Ctx::new(house, job.caller.clone(), job.place.region.clone(), job.origin.clone());
            work(athena, ctx, job).await;
        });
    }
    Ok(Next::WhenWoken)
}

async fn work(athena: Athena, ctx: Ctx, job: Job) {
    let Job { id, place, submission, task, is_ddl, alive, .. } = job;
    let execution = Arc::new(Execution { athena, ctx, id, submission, statistics: Mutex::new(Statistics::default()) });
    let queued = execution.ctx.house.clock.stopwatch();
    let places = execution.athena.scheduler.places(is_ddl);
    let _place = tokio::select! {
        place = places.acquire() => place,
        () = alive.stopped() => return,
    };
    execution.statistics.lock().queued_millis = millis(queued.elapsed());
    let watch = execution.ctx.house.clock.stopwatch();
    let Some(ended) = attempt(&execution, &place, task, is_ddl, &alive).await else { return };
    {
        let mut statistics = execution.statistics.lock();
        statistics.total_millis = statistics.queued_millis + millis(watch.elapsed());
        let known = statistics.queued_millis
            + statistics.preprocessing_millis
            + statistics.engine_millis
            + statistics.processing_millis;
        statistics.preprocessing_millis += (statistics.total_millis - known).max(0);
    }
    record(&execution, ended.as_ref()).await;
    if let Err(error) = finished(&execution, &place, ended).await {
        tracing::error!(%error, id = execution.id, "the end of an execution was not recorded");
    }
}

/// Does the work, as long as nobody stops it and the time is not over. `None` when it was stopped before it began, and
/// when that it began cannot be recorded; `Some(None)` when it was stopped later.
async fn attempt(
    execution: &Arc<Execution>,
    place: &Place,
    task: Task,
    is_ddl: bool,
    alive: &Alive,
) -> Option<Option<Result<Outcome, Failure>>> {
    // A query changes nothing but its own result: it begins while it is written down that it begins.
    let at_once = matches!(task, Task::Statement(Statement::Query));
    let mut began = std::pin::pin!(running(execution, place));
    let mut is_running = false;
    if !at_once {
        is_running = is_begun(execution, began.as_mut().await)?;
    }
    let mut work = std::pin::pin!(AssertUnwindSafe(perform::perform(execution, task)).catch_unwind());
    let mut time_is_over = std::pin::pin!(execution.ctx.sleep(if is_ddl { DDL_TIMEOUT } else { DML_TIMEOUT }));
    let mut ended = None;
    while !is_running || ended.is_none() {
        tokio::select! {
            begun = began.as_mut(), if !is_running => is_running = is_begun(execution, begun)?,
            done = work.as_mut(), if ended.is_none() => {
                ended = Some(done.unwrap_or_else(|_| Err(Failure::internal(&"it panicked"))));
            }
            () = time_is_over.as_mut(), if ended.is_none() => ended = Some(Err(Failure::user("Query timeout"))),
            () = alive.stopped(), if is_running => return Some(None),
        }
    }
    Some(ended)
}

/// `None` when there is nothing to go on with.
fn is_begun(execution: &Execution, begun: Result<bool, Error>) -> Option<bool> {
    match begun {
        Ok(begun) => begun.then_some(true),
        Err(error) => {
            tracing::error!(%error, id = execution.id, "an execution cannot begin");
            None
        }
    }
}

/// A duration as AWS counts it.
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// QUEUED becomes RUNNING; false when it is no longer QUEUED.
async fn running(execution: &Arc<Execution>, place: &Place) -> Result<bool, Error> {
    let (execution, place) = (execution.clone(), place.clone());
    let (store, now) = (execution.athena.store.clone(), execution.ctx.now());
    store
        .write(move |tx| {
            let Some(mut progress) = tx.get(PROGRESS, &place.key(&execution.id))? else { return Ok(false) };
            if progress.state != State::Queued {
                return Ok(false);
            }
            progress.state = State::Running;
            progress.sequence += 1;
            progress.started = Some(now);
            progress.statistics = execution.statistics.lock().clone();
            write(tx, &execution, &place, State::Queued, &progress, now)?;
            Ok(true)
        })
        .await
}

/// RUNNING becomes what it came to. Of a query that was stopped only the statistics are still unknown.
async fn finished(
    execution: &Arc<Execution>,
    place: &Place,
    ended: Option<Result<Outcome, Failure>>,
) -> Result<(), Error> {
    let (execution, place) = (execution.clone(), place.clone());
    let (store, now) = (execution.athena.store.clone(), execution.ctx.now());
    store
        .write(move |tx| {
            let Some(mut progress) = tx.get(PROGRESS, &place.key(&execution.id))? else { return Ok(()) };
            progress.statistics = execution.statistics.lock().clone();
            let ended = match ended {
                Some(ended) if progress.state == State::Running => ended,
                // It was stopped: the state is told already.
                _ => return Ok(tx.put(PROGRESS, &place.key(&execution.id), &progress)?),
            };
            progress.sequence += 1;
            progress.completed = Some(now);
            match ended {
                Ok(outcome) => {
                    progress.state = State::Succeeded;
                    progress.outcome = outcome;
                    reuse::keep(tx, &place, &execution.id, &execution.submission, &progress)?;
                }
                Err(failure) => {
                    progress.state = if failure.cancelled { State::Cancelled } else { State::Failed };
                    progress.failure = Some(failure);
                }
            }
            write(tx, &execution, &place, State::Running, &progress, now)
        })
        .await
}

fn write(
    tx: &mut Tx,
    execution: &Execution,
    place: &Place,
    before: State,
    progress: &Progress,
    now: haar_platform::kernel::Timestamp,
) -> Result<(), Error> {
    tx.put(PROGRESS, &place.key(&execution.id), progress)?;
    let change =
        Change { place, id: &execution.id, submission: &execution.submission, before: Some(before), progress, now };
    Ok(change.emit(&execution.athena.bus, tx)?)
}

/// The ledger's line of an execution: what it read is known at its end, long after the call that started it.
async fn record(execution: &Execution, ended: Option<&Result<Outcome, Failure>>) {
    use haar_platform::ledger::Outcome as Came;
    let (ctx, statistics) = (&execution.ctx, execution.statistics.lock().clone());
    let state = match ended {
        Some(Ok(_)) => "SUCCEEDED",
        Some(Err(_)) => "FAILED",
        None => "CANCELLED",
    };
    let line = Line {
        time: ctx.now(),
        duration: Duration::from_millis(u64::try_from(statistics.total_millis).unwrap_or_default()),
        request_id: ctx.request_id.clone(),
        event_id: haar_platform::kernel::ids::uuid(),
        service: "athena".into(),
        operation: "QueryExecution".into(),
        action: None,
        read_only: None,
        account: ctx.account.to_string(),
        region: ctx.region.to_string(),
        caller: Identity::of(&ctx.caller),
        source_ip: None,
        user_agent: ctx.origin.user_agent.clone(),
        secure: ctx.origin.secure,
        protocol: "internal".into(),
        resources: vec![
            Place::of(ctx).arn(crate::athena::place::workgroup(&execution.submission.workgroup_name)).to_string(),
        ],
        outcome: match ended {
            Some(Ok(_)) => Came::succeeded(200),
            Some(Err(failure)) => Came::failed(400, "FAILED", failure.reason.clone()),
            None => Came::failed(400, "CANCELLED", "Query cancelled by user"),
        },
        would_deny: None,
        bytes_in: 0,
        bytes_out: 0,
        usage: match u64::try_from(statistics.scanned_bytes) {
            Ok(bytes) if bytes > 0 => vec![(BYTES_SCANNED.into(), bytes)],
            _ => Vec::new(),
        },
        ignored: Vec::new(),
        measures: published(execution, state, &statistics),
    };
    execution.athena.ledger.record(line).await;
}

/// Its metrics, if the workgroup publishes them. The primary one does unless somebody changed that.
fn published(execution: &Execution, state: &str, statistics: &Statistics) -> Vec<Measure> {
    let (place, submission) = (Place::of(&execution.ctx), &execution.submission);
    let found = execution.athena.store.read(|tx| tx.get(WORKGROUPS, &place.key(&submission.workgroup_name)));
    match found {
        Ok(workgroup) if workgroup.as_ref().is_none_or(|workgroup| workgroup.configuration.metrics_published) => {
            measures::of(submission, state, statistics)
        }
        _ => Vec::new(),
    }
}
