//! CloudWatch Logs: groups of streams of events, and what is made of them as they come.
//!
//! ```text
//!   group, stream, tags, policy        the control plane
//!   put ──▶ consequence                events, and what follows from them, in one transaction
//!             ├─ filters, pattern        metric and subscription filters, compiled
//!             ├─ emf                     metrics that events carry
//!             ├─▶ publish                values on their way to CloudWatch
//!             └─▶ forward                events on their way to subscribers
//!   get, filter, record ──▶ page       reading
//!   insights                           queries
//!   target                             log groups as targets of rules
//!   upkeep                             what happens by itself
//! ```

mod address;
mod consequence;
mod emf;
mod error;
mod event_id;
mod filter;
mod filters;
mod forward;
mod get;
mod group;
pub mod insights;
mod metric_filter;
mod model;
mod page;
mod pattern;
mod policy;
mod publish;
mod put;
mod record;
mod stream;
mod subscription;
mod tags;
mod tally;
mod target;
#[cfg(test)]
mod tests;
mod upkeep;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use haar_platform::Platform;
use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Service, Waker};
use haar_platform::store::Store;
use haar_telemetry::logs::LogStore;

use self::address::{on_group, on_identified, on_stream, on_tagged};
use self::error::LogsError;
use self::filters::FilterCache;
pub use self::model::tables;
use self::policy::PolicyCache;

/// The state of the service.
struct Logs {
    store: Store,
    engine: LogStore,
    insights: Arc<dyn insights::Engine>,
    running: Arc<insights::Running>,
    filters: FilterCache,
    policies: PolicyCache,
    /// Upkeep has nothing to do until something is appended.
    resting: AtomicBool,
    upkeep: Waker,
    publish: Waker,
    forward: Waker,
    expiry: Waker,
}

impl Logs {
    fn open(platform: &Platform, insights: Arc<dyn insights::Engine>) -> Self {
        Self {
            store: platform.store.clone(),
            engine: LogStore::open(&platform.store),
            insights,
            running: Arc::default(),
            filters: FilterCache::default(),
            policies: PolicyCache::default(),
            resting: AtomicBool::new(true),
            upkeep: Waker::default(),
            publish: Waker::default(),
            forward: Waker::default(),
            expiry: Waker::default(),
        }
    }

    /// Something was appended; whether upkeep does not know yet that there is something to do.
    fn note_recent(&self) -> bool {
        self.resting.swap(false, Ordering::AcqRel)
    }
}

/// The cursor behind a paging token.
fn cursor(ctx: &Ctx, scope: &str, token: Option<&str>) -> Result<Option<String>, LogsError> {
    let open = |token| ctx.page_cursor(scope, token);
    token.map(open).transpose().map_err(|_| LogsError::invalid("The specified nextToken is invalid."))
}

/// What groups of class INFREQUENT_ACCESS do not have.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html>
fn not_in_class(operation: &str) -> LogsError {
    LogsError::invalid(format!("{operation} is not supported for log groups of the INFREQUENT_ACCESS log class."))
}

/// The service over a platform's store; `insights` runs its queries.
pub fn service(platform: &Platform, insights: Arc<dyn insights::Engine>) -> Service {
    let logs = Logs::open(platform, insights);
    let (upkeep, publish, forward) = (logs.upkeep.clone(), logs.publish.clone(), logs.forward.clone());
    let expiry = logs.expiry.clone();
    let service = Service::of(&aws::MODEL, logs)
        // Groups.
        .op::<aws::CreateLogGroup>(group::create_access, group::create)
        .op::<aws::DeleteLogGroup>(|ctx, logs, input| on_group(ctx, logs, &input.log_group_name), group::delete)
        .op::<aws::DescribeLogGroups>(|ctx, _, _| group::describe_access(ctx), group::describe)
        .op::<aws::ListLogGroups>(|ctx, _, _| group::describe_access(ctx), group::list_groups)
        .op::<aws::PutRetentionPolicy>(
            |ctx, logs, input| on_group(ctx, logs, &input.log_group_name),
            group::put_retention,
        )
        .op::<aws::DeleteRetentionPolicy>(
            |ctx, logs, input| on_group(ctx, logs, &input.log_group_name),
            group::delete_retention,
        )
        // Streams.
        .op::<aws::CreateLogStream>(
            |ctx, logs, input| on_stream(ctx, logs, &input.log_group_name, &input.log_stream_name),
            stream::create,
        )
        .op::<aws::DeleteLogStream>(
            |ctx, logs, input| on_stream(ctx, logs, &input.log_group_name, &input.log_stream_name),
            stream::delete,
        )
        .op::<aws::DescribeLogStreams>(
            |ctx, logs, input| {
                on_identified(ctx, logs, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())
            },
            stream::describe,
        )
        // Events.
        .op::<aws::PutLogEvents>(
            |ctx, logs, input| on_stream(ctx, logs, &input.log_group_name, &input.log_stream_name),
            put::put,
        )
        .op::<aws::GetLogEvents>(get::access, get::get)
        .op::<aws::FilterLogEvents>(
            |ctx, logs, input| {
                on_identified(ctx, logs, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())
            },
            filter::filter,
        )
        .op::<aws::GetLogRecord>(record::access, record::get)
        // Metric filters.
        .op::<aws::PutMetricFilter>(|ctx, logs, input| on_group(ctx, logs, &input.log_group_name), metric_filter::put)
        .op::<aws::DescribeMetricFilters>(metric_filter::describe_access, metric_filter::describe)
        .op::<aws::DeleteMetricFilter>(
            |ctx, logs, input| on_group(ctx, logs, &input.log_group_name),
            metric_filter::delete,
        )
        .op::<aws::TestMetricFilter>(|_, _, _| Ok(Access::all()), metric_filter::test)
        // Subscription filters.
        .op::<aws::PutSubscriptionFilter>(subscription::put_access, subscription::put)
        .op::<aws::DescribeSubscriptionFilters>(
            |ctx, logs, input| on_group(ctx, logs, &input.log_group_name),
            subscription::describe,
        )
        .op::<aws::DeleteSubscriptionFilter>(
            |ctx, logs, input| on_group(ctx, logs, &input.log_group_name),
            subscription::delete,
        )
        // Policies.
        .op::<aws::PutResourcePolicy>(|ctx, _, _| policy::access(ctx), policy::put)
        .op::<aws::DescribeResourcePolicies>(|ctx, _, _| policy::access(ctx), policy::describe)
        .op::<aws::DeleteResourcePolicy>(|ctx, _, _| policy::access(ctx), policy::delete)
        // Tags.
        .op::<aws::TagLogGroup>(tags::tag_group_access, tags::tag_group)
        .op::<aws::UntagLogGroup>(|ctx, logs, input| on_group(ctx, logs, &input.log_group_name), tags::untag_group)
        .op::<aws::ListTagsLogGroup>(|ctx, logs, input| on_group(ctx, logs, &input.log_group_name), tags::list_group)
        .op::<aws::TagResource>(tags::tag_access, tags::tag_resource)
        .op::<aws::UntagResource>(|ctx, logs, input| on_tagged(ctx, logs, &input.resource_arn), tags::untag_resource)
        .op::<aws::ListTagsForResource>(
            |ctx, logs, input| on_tagged(ctx, logs, &input.resource_arn),
            tags::list_resource,
        )
        // Deliveries of rules.
        .target(target::serves, target::receive)
        // What happens by itself.
        .job("log upkeep", &upkeep, upkeep::maintain)
        .job("log metrics", &publish, publish::publish)
        .job("log subscriptions", &forward, forward::forward)
        .job("query expiry", &expiry, insights::expire)
        .forget(|logs| {
            logs.filters.forget();
            logs.policies.forget();
        });
    insights::operations(service).build()
}
