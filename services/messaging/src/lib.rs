//! The messaging room: queues and topics.

mod deadline;
pub mod sns;
pub mod sqs;
