//! The ledger: one line per thing that happened.
//!
//! The pipeline writes one [`Line`] for every call, whoever made it. Access logs, CloudTrail, CloudWatch metrics and
//! the bill are readers of these lines and keep no records of their own.
//!
//! ```text
//!   line      what a line says
//!   identity  who called, in CloudTrail's terms
//!   rendering a line as JSON and as an access log
//!   frame     a line as bytes, with a version
//!   ledger    recording: a bounded queue and a writer in batches
//!   query     which lines to read
//!   reader    reading them, newest or oldest first
//!   tail      following them from a remembered place on
//! ```
//!
//! # What is kept, and what a crash may lose
//!
//! Lines live in the store's log `ledger`, which keeps about [`SEGMENT_BYTES`] × [`SEGMENTS_MAX`] and drops the oldest
//! first. A `kill -9` loses the lines that were not handed to the operating system yet: those of the last [`LINGER`]
//! and of the write in progress, at most [`QUEUE_MAX`] lines and one for each call in flight, twice. A power failure
//! can lose more: the ledger is not synced for each line, because it is a record of what was done and not a promise
//! about it. [`Ledger::close`] writes and syncs everything.

mod frame;
mod identity;
mod ledger;
mod line;
mod query;
mod reader;
mod rendering;
mod tail;

pub use frame::FrameError;
pub use identity::{Identity, PrincipalType, Session};
pub use ledger::{BATCH_LINES, LINGER, Ledger, LedgerError, QUEUE_MAX, SEGMENT_BYTES, SEGMENTS_MAX, Stats};
pub use line::{Failure, Line, Outcome, WouldDeny};
pub use query::{OutcomeFilter, Query};
pub use reader::Lines;
pub use tail::Tail;
