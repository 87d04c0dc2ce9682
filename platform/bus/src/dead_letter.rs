//! What could not be delivered: kept with the reason, to be read, redriven or purged.

use std::fmt;
use std::str::FromStr;

use haar_kernel::Timestamp;
use haar_store::{Read, Record, Span, StoreError, Table, Tx};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::journal::Entry;
use crate::subscriber::Undelivered;

/// Dead letters that are kept; the oldest make way.
pub const DEAD_LETTERS_MAX: u64 = 10_000;

/// By event number and subscriber: oldest first.
pub(crate) const DEAD_LETTERS: Table<(u64, String), Stored> = Table::new("bus.dead_letters");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    entry: Entry,
    code: String,
    message: String,
    attempts: u32,
    died: Timestamp,
}

impl Record for Stored {}

/// An event that a subscriber did not get.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// For redriving and purging.
    pub id: DeadLetterId,
    /// Who did not get it.
    pub subscriber: String,
    /// What it did not get.
    pub event: Event,
    /// The code of the last failure.
    pub code: String,
    /// The last failure in words.
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up.
    pub died: Timestamp,
}

/// `17-events`: the event's number in the journal, and the subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterId {
    number: u64,
    subscriber: String,
}

impl DeadLetterId {
    pub(crate) fn key(&self) -> (u64, &str) {
        (self.number, &self.subscriber)
    }
}

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.number, self.subscriber)
    }
}

impl FromStr for DeadLetterId {
    type Err = NotADeadLetter;
    fn from_str(text: &str) -> Result<Self, NotADeadLetter> {
        let (number, subscriber) = text.split_once('-').ok_or(NotADeadLetter)?;
        let number = number.parse().map_err(|_| NotADeadLetter)?;
        let subscriber = subscriber.to_owned();
        Ok(Self { number, subscriber })
    }
}

/// A text that is no id of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADeadLetter;

impl fmt::Display for NotADeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the id of a dead letter")
    }
}

impl std::error::Error for NotADeadLetter {}

impl Stored {
    pub(crate) fn new(entry: Entry, why: Undelivered, attempts: u32, died: Timestamp) -> Self {
        Self { entry, code: why.code, message: why.message, attempts, died }
    }

    pub(crate) fn into_entry(self) -> Entry {
        self.entry
    }
}

pub(crate) fn put(tx: &mut Tx, number: u64, subscriber: &str, letter: &Stored) -> Result<(), StoreError> {
    tx.put(DEAD_LETTERS, &(number, subscriber), letter)?;
    if tx.count(DEAD_LETTERS)? > DEAD_LETTERS_MAX
        && let Some(oldest) = tx.scan_keys(DEAD_LETTERS, Span::all()).next().transpose()?
    {
        tx.delete(DEAD_LETTERS, &oldest)?;
        tracing::warn!(number = oldest.0, subscriber = oldest.1, "dropped the oldest dead letter: too many are kept");
    }
    Ok(())
}

/// Oldest first.
pub(crate) fn keys(read: &impl Read) -> Result<Vec<(u64, String)>, StoreError> {
    read.scan_keys(DEAD_LETTERS, Span::all()).collect()
}

/// Newest first.
pub(crate) fn list(read: &impl Read, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
    read.scan_back(DEAD_LETTERS, Span::all())
        .take(limit)
        .map(|row| {
            let ((number, subscriber), stored) = row?;
            Ok(DeadLetter {
                id: DeadLetterId { number, subscriber: subscriber.clone() },
                subscriber,
                event: stored.entry.event(),
                code: stored.code,
                message: stored.message,
                attempts: stored.attempts,
                died: stored.died,
            })
        })
        .collect()
}
