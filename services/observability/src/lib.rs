//! The observability room: what operators look at.
pub mod cloudwatch;
pub mod logs;
