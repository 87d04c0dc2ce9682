//! What runs queries. The room does not link the SQL engine; the binary hands one in that does.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use haar_telemetry::logs::LogStore;
use parking_lot::Mutex;

/// Runs queries of Logs Insights over the store of logs.
pub trait Engine: Send + Sync + 'static {
    /// Whether a query means something.
    fn check(&self, query: &str) -> Result<(), Malformed>;

    /// Runs a query to its end; what it finds on the way goes into `progress`. Dropped, it stops.
    fn run(&self, logs: LogStore, ask: Ask, progress: Arc<Progress>) -> BoxFuture<'static, Result<(), Failure>>;

    /// The fields that are discovered in a message.
    fn fields(&self, message: &str) -> Vec<String>;
}

/// A query and its surroundings.
#[derive(Clone, Debug)]
pub struct Ask {
    /// As the caller wrote it.
    pub query: String,
    /// Names of the store's groups.
    pub groups: Vec<String>,
    /// The earliest time, included.
    pub from_ms: i64,
    /// The latest time, excluded.
    pub to_ms: i64,
    /// The time of the question.
    pub now_ms: i64,
    /// Rows at most; the engine's own bound where there is none.
    pub rows_max: Option<u64>,
    /// What `@log` shows of a store's group.
    pub log_name: fn(&str) -> String,
}

/// What a query has found and done so far.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Found>);

/// See [`Progress`].
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Pairs of a field and its value.
    pub rows: Vec<Vec<(String, String)>>,
    /// Events that met the conditions.
    pub records_matched: u64,
    /// Events that were looked at.
    pub records_scanned: u64,
    /// Bytes of their messages.
    pub bytes_scanned: u64,
}

impl Progress {
    /// Changes it.
    pub fn update(&self, change: impl FnOnce(&mut Found)) {
        change(&mut self.0.lock());
    }

    /// As it is now.
    pub fn found(&self) -> Found {
        self.0.lock().clone()
    }
}

/// Why a query means nothing, and where: `MalformedQueryException`.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// In words.
    pub message: String,
    /// Offset of the first wrong character.
    pub start: usize,
    /// Offset behind the last one.
    pub end: usize,
}

/// Why a query did not come to its end.
#[derive(Clone, Debug)]
pub enum Failure {
    /// It means nothing after all.
    Malformed(Malformed),
    /// The engine failed, or ran out of room.
    Failed(String),
}
