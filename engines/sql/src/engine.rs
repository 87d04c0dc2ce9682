//! The engine: one for the house, shared by all queries. It owns the workers, the memory, the disk for spilling and
//! what is remembered of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use futures_util::future::BoxFuture;
use haar_kernel::clock::Stopwatch;
use haar_kernel::{Clock, Objects, ids};
use object_store::memory::InMemory;

use crate::batch::OutputColumn;
use crate::catalog::Catalog;
use crate::error::SqlError;
use crate::explain;
use crate::lake::{Chunks, Lake, Meter, STORE_URL};
use crate::planning::{Planned, Planning};
use crate::query::Query;
use crate::run::{Run, failure};
use crate::session::{Dialect, Session};
use crate::trino::functions::call::CarriedSession;
use crate::trino::functions::guard::GuardFilters;
use crate::workers::Workers;
use crate::write::{Sinks, WriteSpec, Written};

/// On disk, of all queries together, for what does not fit into memory.
const SPILL_BYTES_MAX: u64 = 100 << 30;

/// What the engine may use.
#[derive(Clone, Debug)]
pub struct Config {
    /// For all queries together, and for what is remembered of files. What does not fit is spilled, or fails in
    /// Athena's words.
    pub memory_bytes: u64,
    /// A directory of the engine's own, in which nothing survives; without one, a temporary directory of the system
    /// from the first spill on.
    pub spill_dir: Option<PathBuf>,
    /// Workers, and pieces that one query is cut into.
    pub threads: usize,
}

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// What `EXPLAIN` was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explain {
    /// `(TYPE …)`.
    pub kind: ExplainKind,
    /// `(FORMAT …)`.
    pub format: ExplainFormat,
    /// `EXPLAIN ANALYZE`: the query runs, and the plan says what each operator did.
    pub analyze: bool,
    /// `EXPLAIN ANALYZE VERBOSE`.
    pub verbose: bool,
}

/// What `EXPLAIN` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainKind {
    /// The plan before it is cut into fragments.
    Logical,
    /// The fragments; the default.
    Distributed,
    /// Only whether the statement is right: one row, `true`.
    Validate,
    /// The tables that are read, as JSON.
    Io,
}

/// How `EXPLAIN` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainFormat {
    /// An indented tree.
    Text,
    /// A document.
    Json,
    /// For graphviz.
    Graphviz,
}

struct Shared {
    config: Config,
    /// What queries have in common; each gets a runtime of its own over the same memory and disk.
    runtime: Arc<RuntimeEnv>,
    lake: Arc<Lake>,
    workers: Workers,
    clock: Clock,
    /// So many were asked.
    queries: AtomicU64,
    /// So many are being planned or live.
    running: Arc<AtomicUsize>,
}

/// What a process that was killed has left behind goes.
#[expect(clippy::disallowed_methods, reason = "the engine's own directory, in which nothing is kept")]
fn empty(folder: &Path) -> Result<(), SqlError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SqlError::internal(format!("failed to empty {}: {error}", folder.display())))
        }
        _ => Ok(()),
    }
}

impl Engine {
    /// Empties the spill directory and starts the workers.
    pub fn open(config: Config, objects: Arc<dyn Objects>) -> Result<Self, SqlError> {
        let spill = match &config.spill_dir {
            Some(folder) => {
                empty(folder)?;
                DiskManagerMode::Directories(vec![folder.clone()])
            }
            None => DiskManagerMode::OsTmpDirectory,
        };
        let disk = DiskManagerBuilder::default().with_mode(spill).with_max_temp_directory_size(SPILL_BYTES_MAX);
        let chunks = Chunks::new(config.memory_bytes);
        let memory = usize::try_from(config.memory_bytes - chunks.bytes_max()).unwrap_or(usize::MAX);
        let runtime = RuntimeEnvBuilder::new()
            .with_disk_manager_builder(disk)
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .build_arc()
            .map_err(failure)?;
        let url = ObjectStoreUrl::parse(STORE_URL).map_err(failure)?;
        runtime.register_object_store(url.as_ref(), Arc::new(InMemory::new()));
        let workers = Workers::start(config.threads)?;
        let lake = Arc::new(Lake::new(objects, chunks));
        Ok(Self(Arc::new(Shared {
            config,
            runtime,
            lake,
            workers,
            clock: Clock::system(),
            queries: AtomicU64::new(0),
            running: Arc::default(),
        })))
    }

    /// Parses and plans a query, which runs when its rows are fetched.
    pub fn query(
        &self,
        dialect: Dialect,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> BoxFuture<'static, Result<Query, SqlError>> {
        let (shared, sql) = (self.0.clone(), sql.to_owned());
        Box::pin(async move {
            let workers = shared.workers.clone();
            workers.finish(async move { shared.prepare(dialect, &sql, session, catalog).await }).await
        })
    }

    /// The columns of a query that is not run: for views, `DESCRIBE OUTPUT`, and empty tables.
    pub fn describe(
        &self,
        dialect: Dialect,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> BoxFuture<'static, Result<Vec<OutputColumn>, SqlError>> {
        let query = self.query(dialect, sql, session, catalog);
        Box::pin(async move { Ok(query.await?.columns().to_vec()) })
    }

    /// `EXPLAIN` and `EXPLAIN ANALYZE` of a query: the text of the one row and column that they answer.
    pub fn explain(
        &self,
        dialect: Dialect,
        explain: Explain,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> BoxFuture<'static, Result<String, SqlError>> {
        let (shared, sql) = (self.0.clone(), sql.to_owned());
        Box::pin(async move {
            let workers = shared.workers.clone();
            workers.finish(async move { shared.explain(dialect, explain, &sql, session, catalog).await }).await
        })
    }

    /// The workers of all queries.
    pub(crate) fn workers(&self) -> Workers {
        self.0.workers.clone()
    }

    pub(crate) fn stopwatch(&self) -> Stopwatch {
        self.0.clock.stopwatch()
    }

    /// What a plan is made in that is no SQL's.
    pub(crate) fn plain_state(&self) -> SessionState {
        let config = SessionConfig::new().with_target_partitions(self.0.config.threads.max(1));
        SessionStateBuilder::new().with_config(config).with_runtime_env(self.0.runtime.clone()).build()
    }

    /// A physical plan, ready to run.
    pub(crate) fn run(&self, state: &SessionState, plan: Arc<dyn ExecutionPlan>, planning: Duration) -> Run {
        let meter = Arc::new(Meter::new(None));
        Run::new(plan, state.task_ctx(), meter, self.workers(), self.0.clock.clone(), planning, String::new())
    }

    /// Runs a query into files. Fails as a whole: what was finished before a failure stays, and is the caller's to
    /// remove, as on Athena.
    pub fn write(
        &self,
        query: Query,
        spec: WriteSpec,
        sinks: Arc<dyn Sinks>,
    ) -> BoxFuture<'static, Result<Written, SqlError>> {
        Box::pin(crate::write::write(query, spec, sinks))
    }
}

impl Shared {
    async fn prepare(
        &self,
        dialect: Dialect,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> Result<Query, SqlError> {
        let stopwatch = self.clock.stopwatch();
        let running = Running::new(&self.running);
        let (planning, planned) = self.plan(dialect, sql, session, catalog).await?;
        let state = &planning.state;
        let optimized = state.optimize(&planned.plan).map_err(failure)?;
        let physical = state.query_planner().create_physical_plan(&optimized, state).await.map_err(failure)?;
        let run = Run::new(
            physical,
            state.task_ctx(),
            planning.meter.clone(),
            self.workers.clone(),
            self.clock.clone(),
            stopwatch.elapsed(),
            self.stamp(&planning.session),
        );
        Ok(Query { columns: planned.columns.into(), run, _running: running })
    }

    async fn plan(
        &self,
        dialect: Dialect,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> Result<(Planning, Planned), SqlError> {
        let session = Arc::new(session);
        let state = self.state(session.clone());
        let planning = Planning::new(session, state, catalog, self.lake.clone());
        let planned = match dialect {
            Dialect::Trino => crate::trino::plan(&planning, sql).await?,
        };
        Ok((planning, planned))
    }

    async fn explain(
        &self,
        dialect: Dialect,
        explain: Explain,
        sql: &str,
        session: Session,
        catalog: Arc<dyn Catalog>,
    ) -> Result<String, SqlError> {
        if explain.kind == ExplainKind::Io {
            let (planning, _) = self.plan(dialect, sql, session, catalog).await?;
            return Ok(explain::io(&planning.tables()));
        }
        let mut query = self.prepare(dialect, sql, session, catalog).await?;
        if explain.analyze {
            while let Some(batch) = query.next().await {
                batch?;
            }
        }
        let statistics = query.statistics();
        let Some(root) = &statistics.output_stage else {
            return Err(SqlError::internal("a query without stages"));
        };
        Ok(match explain.kind {
            ExplainKind::Validate => "true".to_owned(),
            ExplainKind::Logical if !explain.analyze => explain::logical(root, query.columns(), explain.format),
            _ => {
                let ran = explain.analyze.then_some(&statistics);
                explain::distributed(root, query.columns(), explain.format, ran)
            }
        })
    }

    /// What Trino calls a query: in the names of files.
    fn stamp(&self, session: &Session) -> String {
        let count = self.queries.fetch_add(1, Ordering::Relaxed) % 100_000;
        let node = ids::from_alphabet(5, b"abcdefghijkmnpqrstuvwxyz23456789");
        format!("{}_{count:05}_{node}", session.now.format("%Y%m%d_%H%M%S"))
    }

    /// Functions are the dialect's own: DataFusion's are not even registered.
    fn state(&self, session: Arc<Session>) -> SessionState {
        let mut config = SessionConfig::new().with_target_partitions(self.pieces()).with_information_schema(false);
        let options = config.options_mut();
        options.execution.collect_statistics = true;
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        // Each piece of a sort keeps this much for merging what it spilled: in small houses less than usual.
        let share = self.config.memory_bytes as usize / (8 * self.config.threads.max(1));
        let reserved = &mut options.execution.sort_spill_reservation_bytes;
        *reserved = (*reserved).min(share);
        options.extensions.insert(CarriedSession(session));
        SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(self.runtime.clone())
            .with_optimizer_rule(Arc::new(GuardFilters))
            .build()
    }

    /// How many pieces a query is cut into: all workers' for one query, fewer when many run at the same time, because
    /// pieces cost memory and exchanges.
    fn pieces(&self) -> usize {
        let running = self.running.load(Ordering::Relaxed).max(1);
        (self.config.threads * 2 / running).clamp(1, self.config.threads.max(1))
    }
}

/// Counts a query for as long as it lives.
pub(crate) struct Running(Arc<AtomicUsize>);

impl Running {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
