//! What happens: functions beside bare processes and bare HTTP, patterns beside fewer of them, logs and metrics beside
//! DuckDB.

mod function;
pub mod insights;
pub mod invoke;
pub mod log_ingest;
pub mod metrics;
pub mod patterns;
