//! What Scheduler stores.
//!
//! What is due next is found by one step into an index, however many schedules there are.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

use super::target::Target;

/// Account, region, name.
pub type GroupKey = (String, String, String);

/// Account, region, group, name.
pub type ScheduleKey = (String, String, String, String);

pub const GROUPS: Table<GroupKey, Group> = Table::new("scheduler.groups");

pub const SCHEDULES: Table<ScheduleKey, Schedule> = Table::new("scheduler.schedules").indexed(&[&BY_DUE]);

/// Schedules that will fire, by when.
pub const BY_DUE: Index<i64, ScheduleKey, Schedule> = Index::new("scheduler.schedules.by_due", |_, schedule| {
    schedule.next.iter().map(|next| next.fires_at.millis()).collect()
});

/// Account, region, execution id.
pub type InvocationKey = (String, String, String);

/// What fired and has not ended.
pub const INVOCATIONS: Table<InvocationKey, Invocation> =
    Table::new("scheduler.invocations").indexed(&[&INVOCATIONS_BY_DUE]);

pub const INVOCATIONS_BY_DUE: Index<i64, InvocationKey, Invocation> =
    Index::new("scheduler.invocations.by_due", |_, invocation| vec![invocation.due.millis()]);

/// Every table, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![GROUPS.info(), SCHEDULES.info(), INVOCATIONS.info()]
}

/// A schedule group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    pub created: Timestamp,
    pub modified: Timestamp,
    pub tags: BTreeMap<String, String>,
    pub client_token: Option<String>,
}

impl Record for Group {}

/// A schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Schedule {
    pub created: Timestamp,
    pub modified: Timestamp,
    pub description: Option<String>,
    pub enabled: bool,
    pub timing: Timing,
    pub delete_when_done: bool,
    pub kms_key: Option<String>,
    pub target: Target,
    pub client_token: Option<String>,
    /// `None` when it will not fire again, or is disabled.
    pub next: Option<Due>,
}

impl Record for Schedule {}

/// When a schedule fires, as it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// `rate(5 minutes)`; it was checked.
    pub expression: String,
    /// The zone's name; it was checked.
    pub zone: Option<String>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    /// Minutes of the flexible window; `None`: off.
    pub window_minutes: Option<u32>,
    /// Since when a rate runs that has no start.
    pub anchor: Timestamp,
}

/// The next time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Due {
    /// As the expression says.
    pub scheduled: Timestamp,
    /// Within the flexible window behind it.
    pub fires_at: Timestamp,
}

/// A schedule that fired.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Invocation {
    pub group: String,
    pub name: String,
    pub scheduled: Timestamp,
    /// When it was first tried, from which its age counts.
    pub fired: Timestamp,
    pub target: Target,
    /// Attempts that failed.
    pub attempts: u32,
    pub due: Timestamp,
    /// The schedule is deleted with it.
    pub is_last: bool,
}

impl Record for Invocation {}
