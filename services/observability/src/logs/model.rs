//! What CloudWatch Logs keeps beside the events: groups, filters, policies, and what is still to be sent.

use haar_platform::kernel::Ctx;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, region, name.
pub type GroupKey = (String, String, String);

/// Account, region, group, filter.
pub type FilterKey = (String, String, String, String);

/// Log groups; their streams and events are the engine's.
pub const GROUPS: Table<GroupKey, Group> = Table::new("logs.groups");

/// Metric filters.
pub const METRIC_FILTERS: Table<FilterKey, MetricFilter> = Table::new("logs.metric_filters");

/// Subscription filters.
pub const SUBSCRIPTIONS: Table<FilterKey, Subscription> = Table::new("logs.subscriptions");

/// Resource policies: account, region, name.
pub const RESOURCE_POLICIES: Table<(String, String, String), ResourcePolicy> = Table::new("logs.resource_policies");

/// Metric values of acknowledged events that CloudWatch does not have yet, by the number of the first event.
pub const METRIC_OUTBOX: Table<u64, MetricBatch> = Table::new("logs.metric_outbox");

/// Minutes in which events came to a filter with a default value: the filter, and the minute's beginning.
pub const MINUTES: Table<(String, String, String, String, i64), Minute> =
    Table::new("logs.minutes").indexed(&[&MINUTES_BY_DUE]);

/// Minutes by the time when nothing more is expected of them.
pub const MINUTES_BY_DUE: Index<i64, (String, String, String, String, i64), Minute> =
    Index::new("logs.minutes.by_due", |_, minute| vec![minute.due_ms]);

/// Events that subscriptions have not delivered yet: the filter, and the number of the first event.
pub const FORWARDS: Table<(String, String, String, String, u64), Forward> =
    Table::new("logs.forwards").indexed(&[&FORWARDS_BY_DUE]);

/// Events to deliver, by when the next attempt is due.
pub const FORWARDS_BY_DUE: Index<i64, (String, String, String, String, u64), Forward> =
    Index::new("logs.forwards.by_due", |_, forward| vec![forward.due_ms]);

/// Everything that the service keeps, the engine's tables included, for a check.
pub fn tables() -> Vec<TableInfo> {
    let mut tables = haar_telemetry::logs::tables();
    tables.extend([
        GROUPS.info(),
        METRIC_FILTERS.info(),
        SUBSCRIPTIONS.info(),
        RESOURCE_POLICIES.info(),
        METRIC_OUTBOX.info(),
        MINUTES.info(),
        FORWARDS.info(),
        super::upkeep::DONE.info(),
    ]);
    tables.extend(super::insights::tables());
    tables
}

/// A log group.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Group {
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// Days; `None` keeps events for ever.
    pub retention_days: Option<i32>,
    /// What it costs and what it can do.
    pub class: Class,
    /// A group that may not be deleted.
    pub protected: bool,
    /// In the order of their keys.
    pub tags: Vec<(String, String)>,
    /// Grows with every change of its filters, so that compiled ones are known to be stale.
    pub filters_version: u64,
    /// Metric filters.
    pub metric_filters: u32,
    /// Subscription filters.
    pub subscriptions: u32,
}

impl Record for Group {}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Group {
    /// Events before this time have expired.
    pub fn horizon_ms(&self, now_ms: i64) -> i64 {
        self.retention_days.map_or(i64::MIN, |days| now_ms - i64::from(days) * DAY_MS)
    }
}

/// Log classes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Class {
    /// All features.
    Standard,
    /// Cheaper, for Insights alone.
    InfrequentAccess,
}

/// The engine's name of a group.
pub fn partition(account: &str, region: &str, group: &str) -> String {
    format!("{account}/{region}/{group}")
}

/// The key of a group of this call.
pub fn group_key(ctx: &Ctx, group: &str) -> GroupKey {
    (ctx.account.to_string(), ctx.region.to_string(), group.to_owned())
}

/// A metric filter.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MetricFilter {
    /// As it was written.
    pub pattern: String,
    /// The metric.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// A number, or the selector of one.
    pub value: String,
    /// For minutes with events of which none matched.
    pub default_value: Option<f64>,
    /// Names and selectors of values.
    pub dimensions: Vec<(String, String)>,
    /// AWS's spelling.
    pub unit: Option<String>,
    /// Milliseconds since 1970.
    pub created_ms: i64,
}

impl Record for MetricFilter {}

/// A subscription filter.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Subscription {
    /// As it was written.
    pub pattern: String,
    /// Who gets the events.
    pub destination: String,
    /// `Random` or `ByLogStream`.
    pub distribution: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
}

impl Record for Subscription {}

/// A policy that lets others write into groups.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ResourcePolicy {
    /// JSON.
    pub document: String,
    /// Milliseconds since 1970.
    pub updated_ms: i64,
}

impl Record for ResourcePolicy {}

/// Metric values that one call of PutLogEvents gave.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct MetricBatch {
    /// Whose metrics they are.
    pub account: String,
    /// Where.
    pub region: String,
    /// The values.
    pub data: Vec<Datum>,
}

impl Record for MetricBatch {}

/// Values of one metric at one time.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Datum {
    /// The metric.
    pub metric: Metric,
    /// Distinct values, and how often each came.
    pub values: Vec<(f64, f64)>,
}

/// What tells one series of values from another.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Metric {
    /// The metric's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Sorted by name.
    pub dimensions: Vec<(String, String)>,
    /// AWS's spelling.
    pub unit: Option<String>,
    /// Seconds: 1 or 60.
    pub resolution: Option<i32>,
    /// Milliseconds since 1970.
    pub time_ms: i64,
}

/// A minute of a filter with a default value.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Minute {
    /// When to look at it.
    pub due_ms: i64,
    /// Whether an event matched.
    pub matched: bool,
}

impl Record for Minute {}

/// Events that wait to be delivered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Forward {
    /// Who gets them.
    pub destination: String,
    /// Where they were written.
    pub stream: String,
    /// Number, time and message of each.
    pub events: Vec<(u64, i64, String)>,
    /// When the next attempt is due.
    pub due_ms: i64,
    /// When they came.
    pub since_ms: i64,
    /// Attempts so far.
    pub attempts: u32,
}

impl Record for Forward {}
