//! Rows become files: CTAS, INSERT and UNLOAD.
//!
//! ```text
//!   columns   which columns go into files, and in which types
//!   route     which rows go into which file: partitions and buckets
//!   bucket    Hive's hash
//!   file      one file while it is written
//! ```

mod bucket;
mod columns;
mod file;
mod route;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

pub use columns::hive_columns;

use crate::catalog::{LakeColumn, Storage};
use crate::error::SqlError;
use crate::query::{Query, Statistics};
use crate::run::{canceled, failure};
use columns::Layout;
use file::Maker;
use route::{OpenFiles, Router};

/// How rows become files.
#[derive(Clone, Debug)]
pub struct WriteSpec {
    /// The files' format.
    pub format: WriteFormat,
    /// `None`: what Athena takes when nobody says (GZIP; ZLIB for ORC; none for Avro).
    pub compression: Option<Compression>,
    /// The last columns of the query, in this order (Trino's rule for CTAS); they go into directory names, not into
    /// files.
    pub partitioned_by: Vec<String>,
    /// Rows of equal columns share a file.
    pub bucketed_by: Option<Bucketing>,
    /// The columns of the table that rows are inserted into. `None`: the query's own columns (CTAS, UNLOAD).
    pub target: Option<Target>,
    /// One file in all, where order matters more than speed.
    pub single_file: bool,
}

/// Formats that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteFormat {
    /// Snappy, gzip, zstd, lz4 inside.
    Parquet,
    /// Zlib inside.
    Orc,
    /// Deflate or snappy inside.
    Avro,
    /// One object a line.
    Json,
    /// Hive's delimited text.
    Text {
        /// U+0001 when nobody says.
        field_delimiter: char,
    },
    /// As a table's description says: for INSERT into tables with settings of their own.
    Table {
        /// Its SerDe and the SerDe's parameters.
        storage: Storage,
        /// Its properties.
        parameters: BTreeMap<String, String>,
    },
}

/// How bytes get smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compression {
    None,
    Gzip,
    Snappy,
    Zlib,
    Zstd(Option<i32>),
    Lz4,
    Bzip2,
    Deflate,
}

/// Rows are spread by Hive's hash of some columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucketing {
    /// Whose values are hashed.
    pub columns: Vec<String>,
    /// How many files for each partition.
    pub count: u32,
}

/// A table that rows are inserted into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// All its columns with the partition keys last, in the table's order.
    pub columns: Vec<LakeColumn>,
    /// Names of the columns that the query's columns go to, in the query's order; empty: all of them, in order.
    /// Those that are not named become NULL.
    pub named: Vec<String>,
}

/// Where files go. A room puts its bucket and prefix in front of the keys.
pub trait Sinks: Send + Sync {
    /// Begins a file. `key` is relative: `year=2020/20200131_101112_00012_abcde_6b0c….gz`.
    fn create<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Box<dyn Sink>, SqlError>>;
}

/// A file that is being written. Dropped before [`Sink::finish`], it must leave nothing behind.
pub trait Sink: Send {
    /// Appends bytes; slow disks slow the query down here.
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<(), SqlError>>;

    /// The file is whole: make it appear.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), SqlError>>;
}

/// What a write did.
#[derive(Clone, Debug)]
pub struct Written {
    /// In no order. No rows make no files.
    pub files: Vec<WrittenFile>,
    /// Rows in all files.
    pub rows: u64,
    /// Bytes in all files.
    pub bytes: u64,
    /// The columns of the files, without partition keys, with Hive's types: what a new table's columns are.
    pub columns: Vec<LakeColumn>,
    /// The partition keys with Hive's types.
    pub partition_keys: Vec<LakeColumn>,
    /// Of the whole statement.
    pub statistics: Statistics,
}

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// As [`Sinks::create`] got it.
    pub key: String,
    /// In the file.
    pub rows: u64,
    /// Of the file, compressed.
    pub bytes: u64,
    /// The values of the partition keys, as Glue keeps them; empty for tables without partitions.
    pub partition: Vec<String>,
}

/// Runs a query into files: each stream of its plan writes files of its own, all at the same time.
pub(crate) async fn write(query: Query, spec: WriteSpec, sinks: Arc<dyn Sinks>) -> Result<Written, SqlError> {
    let layout = Arc::new(Layout::of(query.columns(), &spec)?);
    let maker = Arc::new(Maker::new(&spec, &layout, sinks, query.run.stamp.clone())?);
    let open = Arc::new(OpenFiles::default());
    // The files of a bucket are one file: rows of one bucket must not come from several streams.
    let single = spec.single_file || spec.bucketed_by.is_some();
    let plan: Arc<dyn ExecutionPlan> = match single && query.run.plan.output_partitioning().partition_count() > 1 {
        true => Arc::new(CoalescePartitionsExec::new(query.run.plan.clone())),
        false => query.run.plan.clone(),
    };
    let streams = (0..plan.output_partitioning().partition_count()).map(|stream| {
        let router = Router::new(layout.clone(), spec.bucketed_by.clone(), maker.clone(), open.clone())?;
        let (plan, context) = (plan.clone(), query.run.context.clone());
        Ok(query.run.workers.start_task(async move { drain(plan, context, stream, router).await }))
    });
    let streams = streams.collect::<Result<Vec<_>, SqlError>>()?;
    let mut stop = query.run.canceller().0.subscribe();
    let work = async {
        let mut files = Vec::new();
        // All at once, so that the first to fail ends the others.
        let mut ends: futures_util::stream::FuturesUnordered<_> = streams.into_iter().map(|task| task.end()).collect();
        while let Some(written) = ends.next().await {
            files.extend(written?);
        }
        Ok::<_, SqlError>(files)
    };
    let stopwatch = query.run.stopwatch();
    let files = tokio::select! {
        files = work => files?,
        _ = stop.wait_for(|stop| *stop) => return Err(canceled()),
    };
    let rows = files.iter().map(|file| file.rows).sum();
    let statistics = Statistics { rows, execution: stopwatch.elapsed(), ..query.statistics_of(&plan) };
    Ok(Written {
        rows,
        bytes: files.iter().map(|file| file.bytes).sum(),
        files,
        columns: layout.columns.clone(),
        partition_keys: layout.keys.clone(),
        statistics,
    })
}

async fn drain(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<datafusion::execution::TaskContext>,
    stream: usize,
    mut router: Router,
) -> Result<Vec<WrittenFile>, SqlError> {
    let mut batches = plan.execute(stream, context).map_err(failure)?;
    while let Some(batch) = batches.next().await {
        router.write(&batch.map_err(failure)?).await?;
    }
    router.finish().await
}
