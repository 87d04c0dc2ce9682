//! Who gets events, and what they answer.

use futures_util::future::BoxFuture;
use haar_kernel::Fault;

use crate::event::Event;

/// Gets events: EventBridge's rules, an archive.
pub trait Subscriber: Send + Sync + 'static {
    /// Whether to deliver. Asked for every event, so it answers from memory.
    fn wants(&self, event: &Event) -> bool;

    /// Delivers one event; the next of its source comes after the answer. The same event can come again, with the
    /// same id. Must not wait by the clock: the clock waits for deliveries.
    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>>;
}

/// Why an event was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// An error code, as a dead letter carries it: `ThrottlingException`.
    pub code: String,
    /// In words.
    pub message: String,
    /// Whether another attempt makes sense.
    pub retry: bool,
}

impl Undelivered {
    /// It may work later.
    pub fn retry(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retry: true }
    }

    /// It will never work: a dead letter at once.
    pub fn refuse(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { retry: false, ..Self::retry(code, message) }
    }
}

/// Worth another attempt: only a subscriber knows which of its faults last.
impl From<Fault> for Undelivered {
    fn from(fault: Fault) -> Self {
        Self::retry(fault.name, fault.message)
    }
}
