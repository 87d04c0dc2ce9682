//! Logs and metrics in columns: append-only, crash-safe, compacted.
pub mod logs;
pub mod series;
