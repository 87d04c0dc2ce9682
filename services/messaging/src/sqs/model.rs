//! What SQS stores.
//!
//! Messages do not hang on the queue's name but on its *number*, a random one. Purging gives the queue a new
//! number, and so does deleting and creating it again: what hung on the old number is garbage at once, however
//! much it is, and a job sweeps it up later.

use std::collections::BTreeMap;

use haar_platform::kernel::Timestamp;
use haar_platform::store::{Index, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

use super::settings::Settings;

/// Account, region, name.
pub type QueueKey = (String, String, String);

/// Number of the queue, when the message was sent (milliseconds), sequence number: the order is the order of age,
/// so retention looks at the beginning of the span only.
pub type MessageKey = (u64, i64, u64);

pub const QUEUES: Table<QueueKey, Queue> = Table::new("sqs.queues").indexed(&[&BY_DEAD_LETTER_TARGET]);

/// Source queues by the ARN of their dead-letter queue, then by name.
pub const BY_DEAD_LETTER_TARGET: Index<(String, String), QueueKey, Queue> =
    Index::new("sqs.queues.by_dead_letter_target", |(_, _, name), queue| {
        let target = queue.settings.redrive.as_ref();
        target.map(|redrive| (redrive.target_arn.clone(), name.clone())).into_iter().collect()
    });

/// When queues were deleted, for as long as their names are held back.
pub const DELETED: Table<QueueKey, Deleted> = Table::new("sqs.deleted_queues");

/// By number of the queue.
pub const STOCKS: Table<u64, Stock> = Table::new("sqs.stocks");

pub const MESSAGES: Table<MessageKey, Message> = Table::new("sqs.messages").indexed(&[&BY_VISIBILITY, &BY_GROUP]);

/// Messages of a queue in the order in which they become visible.
pub const BY_VISIBILITY: Index<(u64, i64), MessageKey, Message> =
    Index::new("sqs.messages.by_visibility", |(number, _, _), message| vec![(*number, message.visible_at.millis())]);

/// Messages of a group of a FIFO queue in the order of their sequence numbers.
pub const BY_GROUP: Index<(u64, String, u64), MessageKey, Message> =
    Index::new("sqs.messages.by_group", |(number, _, sequence), message| {
        let place = message.place.as_ref();
        place.map(|place| (*number, place.group.clone(), *sequence)).into_iter().collect()
    });

/// Contents that are too large to be written again with every receive.
pub const CONTENTS: Table<MessageKey, Content> = Table::new("sqs.contents");

/// The groups of FIFO queues that have messages.
pub const GROUPS: Table<(u64, String), Group> = Table::new("sqs.groups").indexed(&[&BY_READINESS]);

/// Groups of a queue in the order in which their first message becomes visible.
pub const BY_READINESS: Index<(u64, i64), (u64, String), Group> =
    Index::new("sqs.groups.by_readiness", |(number, _), group| vec![(*number, group.ready_at.millis())]);

/// Number of the queue, scope (a group, or empty for the whole queue), deduplication id.
pub const DEDUPLICATIONS: Table<(u64, String, String), Deduplication> =
    Table::new("sqs.deduplications").indexed(&[&DEDUPLICATIONS_BY_EXPIRY]);

pub const DEDUPLICATIONS_BY_EXPIRY: Index<i64, (u64, String, String), Deduplication> =
    Index::new("sqs.deduplications.by_expiry", |_, record| vec![record.expires.millis()]);

/// Number of the queue, id of the attempt.
pub const ATTEMPTS: Table<(u64, String), Attempt> = Table::new("sqs.attempts").indexed(&[&ATTEMPTS_BY_EXPIRY]);

pub const ATTEMPTS_BY_EXPIRY: Index<i64, (u64, String), Attempt> =
    Index::new("sqs.attempts.by_expiry", |_, record| vec![record.expires.millis()]);

/// Numbers that no queue has any more, until what hangs on them is swept up.
pub const GARBAGE: Table<u64, Garbage> = Table::new("sqs.garbage");

/// Account, region, name of the source queue, when it started (milliseconds), id of the task.
pub type MoveTaskKey = (String, String, String, i64, String);

pub const MOVE_TASKS: Table<MoveTaskKey, MoveTask> = Table::new("sqs.move_tasks").indexed(&[&BY_NEXT_MOVE]);

/// Tasks that have something to do, by when.
pub const BY_NEXT_MOVE: Index<i64, MoveTaskKey, MoveTask> =
    Index::new("sqs.move_tasks.by_next_move", |_, task| task.next_move.map(Timestamp::millis).into_iter().collect());

/// Every table, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        QUEUES.info(),
        DELETED.info(),
        STOCKS.info(),
        MESSAGES.info(),
        CONTENTS.info(),
        GROUPS.info(),
        DEDUPLICATIONS.info(),
        ATTEMPTS.info(),
        GARBAGE.info(),
        MOVE_TASKS.info(),
    ]
}

/// A queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Queue {
    pub number: u64,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub purged: Option<Timestamp>,
    pub settings: Settings,
    pub tags: BTreeMap<String, String>,
}

impl Record for Queue {}

/// When a queue was deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deleted {
    pub at: Timestamp,
}

impl Record for Deleted {}

/// What changes with every send: apart from the queue's record, because that one is large and rarely changes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Stock {
    pub next_sequence: u64,
    /// Messages that the queue holds, visible or not.
    pub messages: u64,
}

impl Record for Stock {}

/// A message in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub message_id: String,
    /// `None` when it is in [`CONTENTS`].
    pub content: Option<Content>,
    pub sender_id: String,
    pub visible_at: Timestamp,
    pub receive_count: u32,
    pub first_received: Option<Timestamp>,
    pub last_received: Option<Timestamp>,
    pub dead_letter_source: Option<String>,
    /// FIFO queues only.
    pub place: Option<Place>,
    /// Standard queues only: a label without consequences.
    pub group_label: Option<String>,
}

impl Record for Message {}

impl Message {
    /// Whether a message that is not visible was received, rather than delayed.
    pub fn was_received(&self) -> bool {
        self.receive_count > 0
    }
}

/// What a sender wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub body: String,
    /// Sorted by name.
    pub attributes: Vec<(String, Attribute)>,
    pub trace_header: Option<Attribute>,
}

impl Record for Content {}

/// The value of a message attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// `String`, `Number.int`, `Binary.png`.
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// Where a message stands in a FIFO queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    pub group: String,
    pub deduplication_id: String,
}

/// A group that has messages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// When its first message can be received; a group that has just been served stands behind the others.
    pub ready_at: Timestamp,
}

impl Record for Group {}

/// A message that was sent less than five minutes ago.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deduplication {
    pub expires: Timestamp,
    pub message_id: String,
    pub sequence: u64,
}

impl Record for Deduplication {}

/// What a receive with a `ReceiveRequestAttemptId` handed out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub expires: Timestamp,
    /// Messages and their visibility: a message that changed since is not handed out again.
    pub handed_out: Vec<(MessageKey, Timestamp)>,
}

impl Record for Attempt {}

/// Marks a number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Garbage {
    pub since: Timestamp,
}

impl Record for Garbage {}

/// A task that moves messages out of a dead-letter queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveTask {
    pub status: MoveStatus,
    /// `None`: each message goes back to the queue it came from.
    pub destination_arn: Option<String>,
    pub per_second_max: Option<u32>,
    pub to_move: u64,
    pub moved: u64,
    pub failure: Option<String>,
    /// `None` when the task has ended.
    pub next_move: Option<Timestamp>,
}

impl Record for MoveTask {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveStatus {
    Running,
    Completed,
    Cancelling,
    Cancelled,
    Failed,
}

impl MoveStatus {
    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}
