//! The store of logs: events in columns, durable when acknowledged, sealed into Parquet segments, scanned in parts.
//!
//! ```text
//!   append ──▶ a batch: one compressed record of the store's tables, numbered in its transaction
//!                 │  upkeep, by size or age: sort, write, swap in one transaction
//!                 ▼
//!              a segment: a Parquet blob (zstd), sorted by time, in row groups that decode independently
//!                 │  upkeep: small ones are merged; those of deleted or expired data are dropped
//!                 ▼
//!   scan  ◀── parts: recent batches and row groups, pruned by time and stream, read by as many threads as wanted
//!   walk  ◀── the same in the order of time, forward or backward, for pages
//! ```
//!
//! A group is an opaque name here, made by whoever knows accounts and regions.

mod append;
mod batch;
mod error;
mod model;
mod names;
mod part;
mod pointer;
mod scan;
mod schema;
mod segment;
mod stream;
#[cfg(test)]
mod tests;
mod upkeep;
mod walk;

use std::sync::Arc;

use haar_store::Store;

pub use self::append::{
    Appended, LogEvent, Prepared, append_in, create_stream_in, delete_group_in, delete_stream_in, expire_in,
};
pub use self::error::LogsError;
pub use self::model::{StreamFacts, tables};
pub use self::part::{LogBatches, LogPart};
pub use self::pointer::{NotAPointer, Pointer};
pub use self::scan::{LogScan, Scan, ScanStatistics};
pub use self::schema::{Column, projected, schema};
pub use self::stream::{StreamInfo, stored_bytes, stream, streams_by_last_event, streams_by_name};
pub use self::walk::{Direction, Event, Point, Step, Walk, Walker};

/// A handle of the store of logs; clones are the same.
#[derive(Clone)]
pub struct LogStore {
    store: Store,
    /// One upkeep at a time.
    upkeep: Arc<tokio::sync::Mutex<()>>,
}

impl LogStore {
    /// Over the tables and blobs of a store.
    pub fn open(store: &Store) -> Self {
        Self { store: store.clone(), upkeep: Arc::default() }
    }
}

/// Runs work that takes a thread.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogsError> + Send + 'static,
) -> Result<T, LogsError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|cause| Err(LogsError::Interrupted(cause.to_string())))
}
