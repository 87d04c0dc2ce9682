//! The filter expressions of GetPartitions: a small SQL over partition keys, typed by the keys' Hive types.
//!
//! ```text
//!   text ─▶ token ─▶ syntax (parser) ─▶ bound to the table's keys (bind) ─▶ evaluated on values (outcome)
//! ```
//!
//! <https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html>

mod bind;
mod outcome;
mod parser;
mod scalar;
mod token;

pub use bind::{Condition, HIVE_NULL};
pub use scalar::KeyType;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
