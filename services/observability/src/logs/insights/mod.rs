//! Logs Insights: queries over log groups, at work in the background, and their history.
//!
//! ```text
//!   query       started, watched, stopped, remembered for a week
//!   definition  queries that people saved
//!   fields      what fields the events of a group have
//!   engine      what runs them; the binary has it
//! ```

mod definition;
mod engine;
mod fields;
mod model;
mod query;

use haar_platform::aws::logs as aws;
use haar_platform::kernel::service::Builder;

pub use self::engine::{Ask, Engine, Failure, Found, Malformed, Progress};
pub use self::model::tables;
pub(super) use self::query::{Running, expire};
use super::Logs;
use super::address::{on_any, on_identified};

/// Its operations.
pub(super) fn operations(builder: Builder<Logs>) -> Builder<Logs> {
    builder
        .op::<aws::StartQuery>(query::start_access, query::start)
        .op::<aws::StopQuery>(|ctx, _, _| Ok(on_any(ctx)), query::stop)
        .op::<aws::GetQueryResults>(|ctx, _, _| Ok(on_any(ctx)), query::results)
        .op::<aws::DescribeQueries>(|ctx, _, _| Ok(query::history_access(ctx)), query::history)
        .op::<aws::GetLogGroupFields>(
            |ctx, logs, input| {
                on_identified(ctx, logs, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())
            },
            fields::get,
        )
        .op::<aws::PutQueryDefinition>(|ctx, _, _| Ok(definition::access(ctx)), definition::put)
        .op::<aws::DescribeQueryDefinitions>(|ctx, _, _| Ok(definition::access(ctx)), definition::describe)
        .op::<aws::DeleteQueryDefinition>(|ctx, _, _| Ok(definition::access(ctx)), definition::delete)
}
