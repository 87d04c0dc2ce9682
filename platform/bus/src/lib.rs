//! The bus: events, delivered at least once, in order per source.
//!
//! A service writes an event in the transaction of the change that it tells of: `bus.emit(tx, event)?`. If the
//! transaction fails there is no event; if it commits there is one, whatever happens to the process next. Emitting
//! needs the transaction, so there is no other way in.
//!
//! ```text
//!   event        what happened, in EventBridge's form
//!   bus          the handle: emit, subscribe, start, read
//!   journal      events as they are stored: the outbox, and what was delivered lately
//!   subscriber   who gets events: EventBridge's rules, archives, …
//!   dispatcher   brings the journal to one subscriber, a lane per source
//!   lane         how far a subscriber has come with a source
//!   retry        when to try again, and when to give up
//!   dead_letter  what could not be delivered: read, redriven, purged
//!   keeper       keeps the journal bounded
//! ```
//!
//! Each subscriber has a dispatcher, and each source a lane in it: one event of a lane is delivered at a time, and a
//! lane that fails or is slow holds up neither other lanes nor other subscribers. Dispatchers take part in the clock:
//! moving it waits for deliveries, and fires retries in their order.
//!
//! After a crash, events whose delivery was not recorded are delivered again: at most [`UNSAVED_MAX`] and those in
//! flight for each subscriber. Deliveries carry the event's id, by which a subscriber knows it again.

mod bus;
mod dead_letter;
mod dispatcher;
mod event;
mod journal;
mod keeper;
mod lane;
mod retry;
mod subscriber;

pub use bus::{Bus, Stats, SubscriberStats, tables};
pub use dead_letter::{DEAD_LETTERS_MAX, DeadLetter, DeadLetterId};
pub use dispatcher::{DELIVERY_TIMEOUT, IN_FLIGHT_MAX, UNSAVED_MAX};
pub use event::Event;
pub use futures_util::future::BoxFuture;
pub use journal::JOURNAL_MAX;
pub use retry::{AGE_MAX, ATTEMPTS_MAX, RETRY_FIRST, RETRY_MAX, delay as retry_delay};
pub use subscriber::{Subscriber, Undelivered};

#[cfg(test)]
mod tests;
