//! Metrics: series of numbers in packed columns, by their time.
//!
//! ```text
//!   metric     which series there are, in memory and in a table
//!   sample     what one data point keeps: a value, values with counts, a statistic set
//!   statistic  what a statistic makes of the samples of a period
//!   tier       how finely, and for how long, points are kept
//!   chunk      the points of a series and a stretch of time as bytes
//!   model      the tables
//!   head       what was acknowledged and is not in columns yet
//!   store      writing: durable when answered
//!   read       reading: a period's samples together
//!   upkeep     what happens by itself: into columns, merged, coarser with age, gone
//! ```
//!
//! A write is one record in a table of what came in, in a transaction that its caller may share (group commit), and its
//! points in memory. Upkeep turns many such records into a chunk for each series and stretch of time, in one
//! transaction with their removal. Chunks are never changed: those of the same stretch are read together and merged
//! when the stretch is over; with age they become chunks of the next tier, as CloudWatch documents:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention>.
//!
//! The store knows no accounts: a *partition* is whatever the room makes of account and region. Units are numbers of the
//! room's, and keep points of one metric apart.

mod chunk;
mod head;
mod metric;
mod model;
mod read;
mod sample;
mod statistic;
mod store;
mod tier;
mod upkeep;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use metric::{Metric, MetricName};
pub use read::{Bucket, Question};
pub use sample::{Sample, Summary, Tally};
pub use statistic::Statistic;
pub use store::{Batch, NewPoint, SeriesError, SeriesStore, tables};
pub use tier::{FUTURE_SECONDS, finest_since};
