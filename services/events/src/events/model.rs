//! What EventBridge stores.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// Account, region, name.
pub type BusKey = (String, String, String);

/// Account, region, bus, name.
pub type RuleKey = (String, String, String, String);

/// Account, region, name: archives and replays.
pub type NamedKey = (String, String, String);

/// Number of the archive, time of the event (milliseconds), number of the event.
pub type ArchivedKey = (u64, i64, u64);

/// Buses. The default ones are here only after something was said of them.
pub const BUSES: Table<BusKey, Bus> = Table::new("events.buses");

pub const RULES: Table<RuleKey, Rule> = Table::new("events.rules").indexed(&[&BY_DUE, &BY_TARGET]);

/// Rules whose schedule is at work, by when they are due.
pub const BY_DUE: Index<(i64,), RuleKey, Rule> =
    Index::new("events.rules.by_due", |_, rule| rule.due.map(|due| (due.millis(),)).into_iter().collect());

/// Rules by what they reach: account, region, bus, target, then name.
pub const BY_TARGET: Index<(String, String, String, String, String), RuleKey, Rule> =
    Index::new("events.rules.by_target", |(account, region, bus, name), rule| {
        let arns = rule.targets.iter().map(|target| &target.arn);
        arns.map(|arn| (account.clone(), region.clone(), bus.clone(), arn.clone(), name.clone())).collect()
    });

/// What must still be delivered, by number.
pub const OUTSTANDING: Table<u64, Outstanding> = Table::new("events.outstanding");

pub const ARCHIVES: Table<NamedKey, Archive> = Table::new("events.archives");

/// Events in archives, in the order of their times.
pub const ARCHIVED: Table<ArchivedKey, Archived> = Table::new("events.archived");

/// By number of the archive.
pub const HOLDINGS: Table<u64, Holdings> = Table::new("events.holdings");

pub const REPLAYS: Table<NamedKey, Replay> = Table::new("events.replays");

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        BUSES.info(),
        RULES.info(),
        OUTSTANDING.info(),
        ARCHIVES.info(),
        ARCHIVED.info(),
        HOLDINGS.info(),
        REPLAYS.info(),
    ]
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bus {
    pub description: Option<String>,
    /// Kept and echoed.
    pub kms_key: Option<String>,
    /// Kept and echoed: it is for events that cannot be decrypted.
    pub dead_letter_arn: Option<String>,
    /// JSON text.
    pub policy: Option<String>,
    pub tags: Vec<(String, String)>,
    pub created: Timestamp,
    pub modified: Timestamp,
}

impl Record for Bus {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// JSON text.
    pub pattern: Option<String>,
    /// `rate(5 minutes)`.
    pub schedule: Option<String>,
    pub state: State,
    pub description: Option<String>,
    pub role_arn: Option<String>,
    /// The account that made it.
    pub created_by: String,
    pub tags: Vec<(String, String)>,
    /// When the schedule is due next, while the rule is enabled.
    pub due: Option<Timestamp>,
    pub targets: Vec<Target>,
}

impl Record for Rule {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Enabled,
    Disabled,
    /// As enabled: there are no management events to add.
    EnabledWithManagementEvents,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub id: String,
    pub arn: String,
    pub role_arn: Option<String>,
    pub input: Input,
    /// Of a FIFO queue.
    pub message_group_id: Option<String>,
    pub dead_letter_arn: Option<String>,
    pub attempts_max: Option<u32>,
    pub age_seconds_max: Option<u32>,
}

/// What of an event a target gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// All of it.
    Event,
    /// A text that has nothing to do with it.
    Constant(String),
    /// A part, by its JSON path.
    Part(String),
    /// A template, and the paths of its variables.
    Transformed { paths: BTreeMap<String, String>, template: String },
}

/// One delivery that was not made yet. It says all that is needed: rules and targets may be changed or gone by then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outstanding {
    pub bus: BusKey,
    pub rule: String,
    pub target: Recipient,
    pub payload: String,
    pub event_id: String,
    /// When the event arrived.
    pub ingested: Timestamp,
    /// Buses that the event has been on before this one.
    pub hops: u8,
    /// Failed ones.
    pub attempts: u32,
    /// When to try next.
    pub due: Timestamp,
}

impl Record for Outstanding {}

/// A target, as far as deliveries need it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recipient {
    pub arn: String,
    pub role_arn: Option<String>,
    pub message_group_id: Option<String>,
    pub dead_letter_arn: Option<String>,
    pub attempts_max: Option<u32>,
    pub age_seconds_max: Option<u32>,
}

impl Target {
    pub fn recipient(&self) -> Recipient {
        Recipient {
            arn: self.arn.clone(),
            role_arn: self.role_arn.clone(),
            message_group_id: self.message_group_id.clone(),
            dead_letter_arn: self.dead_letter_arn.clone(),
            attempts_max: self.attempts_max,
            age_seconds_max: self.age_seconds_max,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Archive {
    /// Its events hang on it: an archive that is deleted and made anew has none.
    pub number: u64,
    pub bus: BusKey,
    pub description: Option<String>,
    /// JSON text.
    pub pattern: Option<String>,
    /// None: for ever.
    pub retention_days: Option<u32>,
    /// Kept and echoed.
    pub kms_key: Option<String>,
    pub created: Timestamp,
}

impl Record for Archive {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Archived {
    /// As targets would get it.
    pub event: String,
}

impl Record for Archived {}

/// How much an archive holds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Holdings {
    pub events: u64,
    pub bytes: u64,
}

impl Record for Holdings {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replay {
    pub description: Option<String>,
    /// The archive by name, and by the number that it had.
    pub archive: String,
    pub archive_number: u64,
    /// Where to.
    pub bus: BusKey,
    /// Rules by ARN; empty: all.
    pub filter_arns: Vec<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub state: ReplayState,
    /// The last event that was replayed.
    pub cursor: Option<(i64, u64)>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
}

impl Record for Replay {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplayState {
    Starting,
    Running,
    Completed,
    Cancelled,
}
