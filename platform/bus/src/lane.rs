//! How far a subscriber has come with one source.

use haar_kernel::Timestamp;
use haar_store::{Record, Table};
use serde::{Deserialize, Serialize};

/// Lanes that are ahead of their subscriber's floor, or have failed: subscriber and source.
pub(crate) const CURSORS: Table<(String, String), Cursor> = Table::new("bus.cursors");

/// A lane as it is stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// All events of the source up to this one are delivered, dead or unwanted.
    pub(crate) done: u64,
    /// Failed attempts of the event behind it.
    pub(crate) attempts: u32,
    /// When the next attempt is due.
    pub(crate) due: Timestamp,
}

impl Record for Cursor {}

/// A lane at work.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) cursor: Cursor,
    /// The next event, if there is one. It is queued, waits for its next attempt, or is being delivered.
    pub(crate) head: Option<u64>,
    /// Whether the cursor differs from the stored one.
    pub(crate) changed: bool,
}

impl Lane {
    /// Its head is delivered, dead or unwanted.
    pub(crate) fn pass(&mut self, number: u64) {
        self.cursor = Cursor { done: number, ..Cursor::default() };
        self.head = None;
        self.changed = true;
    }
}
