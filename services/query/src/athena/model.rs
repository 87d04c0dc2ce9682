//! What Athena keeps: records and their tables.
//!
//! Workgroups have numbers besides their names, and what belongs to them is found under the number: whoever deletes a
//! workgroup and makes it again never sees the history of the old one. The workgroup `primary` has the number 0 and is
//! there without being stored.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, region, name or id.
pub type NameKey = (String, String, String);

/// Account, region, number of the workgroup, milliseconds (negative: newest first), id.
pub type HistoryKey = (String, String, u64, i64, String);

/// Workgroups.
pub const WORKGROUPS: Table<NameKey, Workgroup> = Table::new("athena.workgroups");

/// Named queries by their ids.
pub const NAMED_QUERIES: Table<NameKey, NamedQuery> =
    Table::new("athena.named_queries").indexed(&[&NAMED_QUERIES_BY_WORKGROUP]);

/// Named queries of a workgroup, newest first.
pub const NAMED_QUERIES_BY_WORKGROUP: Index<HistoryKey, NameKey, NamedQuery> =
    Index::new("athena.named_queries.by_workgroup", |(account, region, id), query| {
        vec![(account.clone(), region.clone(), query.workgroup, -query.created.millis(), id.clone())]
    });

/// Prepared statements: account, region, number of the workgroup, name.
pub const STATEMENTS: Table<(String, String, u64, String), PreparedStatement> = Table::new("athena.statements");

/// Data catalogs but the built-in one.
pub const CATALOGS: Table<NameKey, DataCatalog> = Table::new("athena.catalogs");

/// Tags: account, region, the resource part of the ARN. Apart, because authorization asks for them.
pub const TAGS: Table<NameKey, Tags> = Table::new("athena.tags");

/// What was asked for, by the execution's id; never changes.
pub const SUBMISSIONS: Table<NameKey, Submission> =
    Table::new("athena.submissions").indexed(&[&SUBMISSIONS_BY_WORKGROUP, &SUBMISSIONS_BY_AGE]);

/// Executions of a workgroup, newest first.
pub const SUBMISSIONS_BY_WORKGROUP: Index<HistoryKey, NameKey, Submission> =
    Index::new("athena.submissions.by_workgroup", |(account, region, id), submission| {
        vec![(account.clone(), region.clone(), submission.workgroup, -submission.submitted.millis(), id.clone())]
    });

/// Executions, oldest first: for retention.
pub const SUBMISSIONS_BY_AGE: Index<(i64,), NameKey, Submission> =
    Index::new("athena.submissions.by_age", |_, submission| vec![(submission.submitted.millis(),)]);

/// What became of it, by the execution's id.
pub const PROGRESS: Table<NameKey, Progress> = Table::new("athena.progress").indexed(&[&PROGRESS_UNFINISHED]);

/// Executions that are queued or running: account, region, whether it is DDL.
pub const PROGRESS_UNFINISHED: Index<(String, String, bool), NameKey, Progress> =
    Index::new("athena.progress.unfinished", |(account, region, _), progress| match progress.state {
        State::Queued | State::Running => vec![(account.clone(), region.clone(), progress.is_ddl)],
        _ => Vec::new(),
    });

/// Client request tokens: account, region, token.
pub const TOKENS: Table<NameKey, Token> = Table::new("athena.tokens");

/// Results that may be used again: account, region, fingerprint of the query; the execution's id.
pub const REUSABLE: Table<NameKey, String> = Table::new("athena.reusable");

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        WORKGROUPS.info(),
        NAMED_QUERIES.info(),
        STATEMENTS.info(),
        CATALOGS.info(),
        TAGS.info(),
        SUBMISSIONS.info(),
        PROGRESS.info(),
        TOKENS.info(),
        REUSABLE.info(),
    ]
}

/// A workgroup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Workgroup {
    /// What belongs to it is found under it.
    pub number: u64,
    /// AWS does not say it of `primary`.
    pub created: Option<Timestamp>,
    pub description: Option<String>,
    /// Whether queries may start in it.
    pub enabled: bool,
    pub configuration: Configuration,
}

impl Record for Workgroup {}

/// How queries of a workgroup run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Configuration {
    pub result: ResultSettings,
    /// Whether the workgroup's settings win over those of a request.
    pub enforced: bool,
    pub metrics_published: bool,
    pub scanned_bytes_max: Option<i64>,
    pub requester_pays: bool,
    /// As it was chosen: `AUTO`, or a version's name.
    pub engine_version: String,
}

/// Where results go, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultSettings {
    /// `s3://bucket/prefix/`.
    pub output_location: Option<String>,
    pub encryption: Option<Encryption>,
    pub expected_bucket_owner: Option<String>,
    /// Whether the bucket's owner gets full control.
    pub owner_full_control: bool,
}

/// How results are encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encryption {
    /// `SSE_S3` or `SSE_KMS`.
    pub option: String,
    pub kms_key: Option<String>,
}

/// A query with a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NamedQuery {
    /// The workgroup's number.
    pub workgroup: u64,
    pub workgroup_name: String,
    pub name: String,
    pub description: Option<String>,
    pub database: String,
    pub query: String,
    pub created: Timestamp,
}

impl Record for NamedQuery {}

/// A prepared statement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreparedStatement {
    pub query: String,
    pub description: Option<String>,
    pub modified: Timestamp,
}

impl Record for PreparedStatement {}

/// A data catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataCatalog {
    /// `GLUE`, `HIVE` or `LAMBDA`.
    pub kind: String,
    pub description: Option<String>,
    pub parameters: BTreeMap<String, String>,
}

impl Record for DataCatalog {}

/// Tags of one resource, by their keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tags(pub BTreeMap<String, String>);

impl Record for Tags {}

/// A client's request token, and what it was sent with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    /// Of what was made for it.
    pub id: String,
    /// Of the request's other members.
    pub fingerprint: String,
}

impl Record for Token {}

/// A query as it was submitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Submission {
    /// The workgroup's number.
    pub workgroup: u64,
    pub workgroup_name: String,
    /// As it was sent.
    pub query: String,
    pub parameters: Vec<String>,
    pub catalog: Option<String>,
    pub database: Option<String>,
    /// `DDL`, `DML` or `UTILITY`.
    pub statement_type: String,
    pub substatement_type: Option<String>,
    /// With the location of the workgroup or of the request, whichever counts.
    pub result: ResultSettings,
    /// The file of the result.
    pub result_file: String,
    /// Minutes that a result may be old which is used again.
    pub reuse_minutes: Option<i32>,
    /// As the workgroup had chosen it.
    pub engine_version: String,
    pub scanned_bytes_max: Option<i64>,
    pub submitted: Timestamp,
    /// The client's request token, which goes when the execution goes.
    pub token: Option<String>,
}

impl Record for Submission {}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl State {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether nothing more will come of it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// What became of an execution so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    pub state: State,
    /// Each change of the state adds one: events carry it.
    pub sequence: u32,
    pub is_ddl: bool,
    pub started: Option<Timestamp>,
    pub completed: Option<Timestamp>,
    pub failure: Option<Failure>,
    pub statistics: Statistics,
    pub outcome: Outcome,
}

impl Record for Progress {}

/// Why an execution failed or was cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// `StateChangeReason`.
    pub reason: String,
    /// 1 the system's, 2 the user's, 3 other. <https://docs.aws.amazon.com/athena/latest/ug/error-reference.html>
    pub category: i32,
    /// A number of the same page.
    pub kind: i32,
    pub retryable: bool,
    /// Whether the query was not let go on, rather than that it did not work: its state is CANCELLED.
    pub cancelled: bool,
}

/// How long the parts of an execution took, and what it read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Statistics {
    pub scanned_bytes: i64,
    pub queued_millis: i64,
    pub preprocessing_millis: i64,
    pub planning_millis: i64,
    pub engine_millis: i64,
    pub processing_millis: i64,
    pub total_millis: i64,
    pub input_rows: i64,
    pub output_rows: i64,
    pub output_bytes: i64,
    /// How the parts of the plan did.
    pub output_stage: Option<Stage>,
}

/// A part of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub id: i64,
    pub input_rows: i64,
    pub input_bytes: i64,
    pub output_rows: i64,
    pub output_bytes: i64,
    pub millis: i64,
    pub plan: PlanNode,
    pub sub_stages: Vec<Stage>,
}

/// An operator of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanNode {
    pub name: String,
    pub identifier: String,
    pub children: Vec<PlanNode>,
    pub remote_sources: Vec<u64>,
}

/// What a finished execution left behind.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Columns of the result.
    pub columns: Vec<ResultColumn>,
    /// Rows that CTAS and INSERT wrote.
    pub update_count: i64,
    /// The file that lists what CTAS, INSERT and UNLOAD wrote.
    pub manifest: Option<String>,
    /// Where the result's file is: that of another execution where its result was used again.
    pub file: Option<String>,
    /// Whether it is the result of another execution.
    pub reused: bool,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultColumn {
    pub name: String,
    /// As Athena's API spells it: `varchar`, `integer`, `row`.
    pub kind: String,
    pub precision: i32,
    pub scale: i32,
    pub case_sensitive: bool,
}
