//! The messaging room: queues.

pub mod sqs;
