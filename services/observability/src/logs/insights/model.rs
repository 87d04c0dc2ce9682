//! What is kept of queries: their history with its results, and definitions that people saved.

use haar_platform::aws::logs as aws;
use haar_platform::store::{Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, region, id.
pub type Key = (String, String, String);

/// Queries that were started, until their results expire.
pub const QUERIES: Table<Key, Query> = Table::new("logs.queries");

/// Rows of queries that are complete.
pub const RESULTS: Table<Key, Results> = Table::new("logs.query_results");

/// Saved queries.
pub const DEFINITIONS: Table<Key, Definition> = Table::new("logs.query_definitions");

/// What queries keep.
pub fn tables() -> Vec<TableInfo> {
    vec![QUERIES.info(), RESULTS.info(), DEFINITIONS.info()]
}

/// A query that was started.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Query {
    pub text: String,
    /// Names of the groups.
    pub groups: Vec<String>,
    pub created_ms: i64,
    pub status: Status,
    pub duration_ms: Option<i64>,
    /// Of one that has ended.
    pub records_matched: u64,
    pub records_scanned: u64,
    pub bytes_scanned: u64,
}

impl Record for Query {}

/// How far a query is. <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_QueryInfo.html>
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Status {
    Running,
    Complete,
    Failed,
    Cancelled,
}

impl Status {
    /// As AWS says it.
    pub fn shown(self) -> aws::QueryStatus {
        match self {
            Self::Running => aws::QueryStatus::Running,
            Self::Complete => aws::QueryStatus::Complete,
            Self::Failed => aws::QueryStatus::Failed,
            Self::Cancelled => aws::QueryStatus::Cancelled,
        }
    }
}

/// The rows of a query that is complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Results {
    pub rows: Vec<Vec<(String, String)>>,
}

impl Record for Results {}

/// A query that somebody saved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Definition {
    pub name: String,
    pub text: String,
    pub groups: Vec<String>,
    pub modified_ms: i64,
}

impl Record for Definition {}
