//! A query that was planned: it runs while its rows are fetched, and ends when it is dropped.

use std::sync::Arc;
use std::time::Duration;

use datafusion::physical_plan::ExecutionPlan;
use futures_util::future::BoxFuture;

use crate::batch::{Batch, OutputColumn};
use crate::engine::Running;
use crate::error::SqlError;
use crate::run::Run;

/// A planned query. Nothing runs before the first [`Query::next`]; dropping it stops everything that it does.
pub struct Query {
    pub(crate) columns: Arc<[OutputColumn]>,
    pub(crate) run: Run,
    pub(crate) _running: Running,
}

impl Query {
    /// What the rows are made of.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// More rows; `None` at the end. Never an empty batch.
    #[expect(clippy::should_implement_trait, reason = "it is asynchronous, which iterators are not")]
    pub fn next(&mut self) -> BoxFuture<'_, Option<Result<Batch, SqlError>>> {
        Box::pin(async move {
            let rows = self.run.next().await?;
            Some(rows.map(|rows| Batch::new(rows, &self.columns)))
        })
    }

    /// What it did so far; final after the last row.
    pub fn statistics(&self) -> Statistics {
        self.run.statistics()
    }

    pub(crate) fn statistics_of(&self, plan: &Arc<dyn ExecutionPlan>) -> Statistics {
        self.run.statistics_of(plan)
    }

    /// A handle that stops the query from elsewhere.
    pub fn canceller(&self) -> Canceller {
        self.run.canceller()
    }

    /// Stops the query: the next [`Query::next`] fails with `USER_CANCELED`, and no more work is done within a
    /// second.
    pub fn cancel(&self) {
        self.canceller().cancel();
    }
}

/// Stops a query from elsewhere. Clones stop the same query; holding one does not keep it alive.
#[derive(Clone, Debug)]
pub struct Canceller(pub(crate) Arc<tokio::sync::watch::Sender<bool>>);

impl Canceller {
    /// Again and again does no harm.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// What a query did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Bytes of objects that were read: of Parquet and ORC the column chunks that were needed, of other formats the
    /// files as they lie there, compressed. Parquet footers are not counted.
    pub bytes_scanned: u64,
    /// Rows that the scans gave.
    pub rows_scanned: u64,
    /// Rows of the result so far.
    pub rows: u64,
    /// Objects that were opened.
    pub files_opened: u64,
    /// Between the call and the plan.
    pub planning: Duration,
    /// Between the first fetch and the last row.
    pub execution: Duration,
    /// Written to disk because memory was short.
    pub spilled_bytes: u64,
    /// The stages, the one that answers at the root; known when the query ended.
    pub output_stage: Option<Stage>,
}

/// A part of the plan that runs without exchanging rows, as `GetQueryRuntimeStatistics` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Counted from 0, the root.
    pub id: u64,
    /// From the stages and files below.
    pub input_rows: u64,
    /// From the files below.
    pub input_bytes: u64,
    /// Given to the stage above.
    pub output_rows: u64,
    /// Given to the stage above, as far as it is known.
    pub output_bytes: u64,
    /// Time on the cores, of all its operators.
    pub execution: Duration,
    /// Its operators.
    pub plan: PlanNode,
    /// The stages that it reads from.
    pub sub_stages: Vec<Stage>,
}

/// An operator of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanNode {
    /// `Aggregate`.
    pub name: String,
    /// `[table = awsdatacatalog:db:t]`.
    pub identifier: String,
    /// In this stage.
    pub children: Vec<PlanNode>,
    /// The stages whose rows come in here.
    pub remote_sources: Vec<u64>,
    /// Given to the operator above.
    pub output_rows: u64,
    /// Time on the cores, of this operator alone.
    pub execution: Duration,
}
