//! Metrics: what is put, what there is, and what it says.
//!
//! ```text
//!   put         PutMetricData
//!   list        ListMetrics
//!   statistics  GetMetricStatistics
//!   data        GetMetricData, and its pages
//!   query       the queries of GetMetricData and of alarms, checked
//!   evaluate    what queries come to: the one path for GetMetricData and alarms
//!   window      the times that a request is about
//!   label       what a result is called
//!   math        expressions
//! ```

pub mod data;
pub mod evaluate;
mod label;
pub mod list;
pub mod math;
pub mod put;
pub mod query;
pub mod statistics;
pub mod window;

use haar_platform::kernel::job::Next;
use haar_platform::kernel::{Ctx, Timestamp};

use super::CloudWatch;
use super::error::Error;

/// Moves points into columns, merges and makes coarser what has its age.
pub async fn upkeep(ctx: &Ctx, cloudwatch: &CloudWatch) -> Result<Next, Error> {
    let due = cloudwatch.series.upkeep(ctx.now().millis()).await?;
    Ok(Next::at(due.map(Timestamp::from_millis)))
}
