//! Logs Insights: its language, planned over log events and run by the engine.
//!
//! ```text
//!   syntax      text → commands and expressions
//!   plan        commands → a plan; what the scan must bring
//!     scope       what names mean
//!     expression  conditions and arithmetic, loosely typed (value)
//!     function    its functions; aggregate: those of stats
//!   source      log events as a table, and the fields that discover finds in messages
//!   run         the plan at work: counted, bounded, as rows of texts
//! ```
//!
//! Not AWS's: `sort` is ascending where it does not say, comparisons with what is missing are never true (as in SQL),
//! and numbers in results have at most four digits of fraction.

mod aggregate;
mod discover;
mod expression;
mod function;
mod number;
mod plan;
mod run;
mod scope;
mod source;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

use haar_telemetry::logs::Scan;

pub use discover::discovered_fields;
pub use run::{InsightsError, InsightsRow, InsightsRun, InsightsStatistics};
use syntax::Command;
pub use syntax::MalformedQuery;

/// Rows of a result where the query does not say how many.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Limit.html>
pub const ROWS_MAX: u64 = 10_000;

/// A query that was parsed.
#[derive(Clone, Debug)]
pub struct InsightsQuery {
    commands: Vec<Command>,
}

/// What the engine cannot know: what `@log` shows of a group, `123456789012:/aws/lambda/ingest`.
pub type LogName = fn(&str) -> String;

/// A query's surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// What `now()` answers, in milliseconds since 1970.
    pub now_millis: i64,
    /// At most so many rows: the request's own limit, or [`ROWS_MAX`].
    pub rows_max: u64,
    /// Of groups.
    pub log_name: LogName,
}

impl InsightsQuery {
    /// Parses a query.
    pub fn parse(text: &str) -> Result<Self, MalformedQuery> {
        Ok(Self { commands: syntax::parse(text)? })
    }

    /// The scan that the query needs: all of it but the groups and the time, which are the caller's.
    pub fn scan(&self, groups: Vec<String>, from_ms: i64, to_ms: i64) -> Scan {
        Scan {
            groups,
            streams: None,
            from_ms,
            to_ms,
            projection: plan::wanted(&self.commands).columns,
            needles: plan::message_needles(&self.commands),
        }
    }
}
