//! The SQL engine: DataFusion over the lake, in the dialects that AWS speaks.
//!
//! Rooms see types and boxed futures of our own, never DataFusion's:
//!
//! ```text
//! Engine::open(Config, objects)                         one for the house
//!   .query(dialect, sql, session, catalog) -> Query     planned; columns() are known; next() runs it
//!   .write(query, WriteSpec, sinks)        -> Written   CTAS, INSERT, UNLOAD: rows become files
//!   .explain(dialect, Explain, sql, …)     -> text
//!   .describe(dialect, sql, …)             -> columns   without running anything
//! Catalog                                               the engine asks it for relations and partitions
//!   .insights(query, scan, …)            -> rows      Logs Insights, over the store of logs
//! Batch                                                 rows, whose values are text as Athena writes it
//! ```

mod batch;
mod catalog;
mod check;
mod engine;
mod error;
mod explain;
pub mod insights;
mod lake;
mod planning;
mod query;
mod render;
mod run;
mod session;
mod stages;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
mod trino;
pub mod types;
mod workers;
mod write;

pub use batch::{Batch, OutputColumn};
pub use catalog::{
    Catalog, LakeColumn, LakePartition, LakeTable, PartitionFilter, Relation, RelationName, Storage, View, ViewColumn,
};
pub use check::check_syntax;
pub use engine::{Config, Engine, Explain, ExplainFormat, ExplainKind};
pub use error::{Position, SqlError};
pub use query::{Canceller, PlanNode, Query, Stage, Statistics};
pub use session::{Dialect, Session};
pub use write::{
    Bucketing, Compression, Sink, Sinks, Target, WriteFormat, WriteSpec, Written, WrittenFile, hive_columns,
};
