//! Event source mappings: queues that feed functions.
//!
//! ```text
//!   create, change, read   the control plane
//!   queue                  what must be true of a queue and of the role that reads it
//!   poller                 receives, as long as the mapping is enabled
//!   batch                  what was received goes through the filters and the function
//!   filter, record         patterns on messages, and messages as functions get them
//! ```
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

pub mod batch;
pub mod change;
pub mod create;
pub mod filter;
pub mod poller;
pub mod queue;
pub mod read;
pub mod record;
