//! EventBridge Scheduler: something happens at its time, once or again and again.
//!
//! ```text
//!   group      groups of schedules, and their tags
//!   schedule   the control plane of schedules
//!   timing     when a schedule fires
//!   target     what it invokes
//!   fire       the job: what is due becomes invocations
//!   invoke     one attempt of one of them, and what follows
//! ```

mod access;
mod error;
mod fire;
mod group;
mod invoke;
mod model;
mod schedule;
mod target;
#[cfg(test)]
mod tests;
mod timing;

use haar_platform::Platform;
use haar_platform::aws::scheduler as aws;
use haar_platform::kernel::{Service, Waker};
use haar_platform::store::Store;

pub use self::model::tables;

/// The state of the service.
struct Scheduler {
    store: Store,
    waker: Waker,
}

/// The service over a platform's store.
pub fn service(platform: &Platform) -> Service {
    let waker = Waker::default();
    Service::of(&aws::MODEL, Scheduler { store: platform.store.clone(), waker: waker.clone() })
        // Groups.
        .op::<aws::CreateScheduleGroup>(
            |ctx, _, input| access::new_group(ctx, &input.name, input.tags.as_deref()),
            group::create,
        )
        .op::<aws::GetScheduleGroup>(|ctx, _, input| access::group(ctx, &input.name), group::get)
        .op::<aws::DeleteScheduleGroup>(|ctx, _, input| access::group(ctx, &input.name), group::delete)
        .op::<aws::ListScheduleGroups>(|ctx, _, _| access::group(ctx, "*"), group::list)
        // Schedules.
        .op::<aws::CreateSchedule>(|ctx, _, input| access::create(ctx, input), schedule::create)
        .op::<aws::UpdateSchedule>(|ctx, _, input| access::update(ctx, input), schedule::update)
        .op::<aws::GetSchedule>(
            |ctx, _, input| access::schedule(ctx, input.group_name.as_deref(), &input.name),
            schedule::get,
        )
        .op::<aws::DeleteSchedule>(
            |ctx, _, input| access::schedule(ctx, input.group_name.as_deref(), &input.name),
            schedule::delete,
        )
        .op::<aws::ListSchedules>(|ctx, _, input| access::listed(ctx, input.group_name.as_deref()), schedule::list)
        // Tags.
        .op::<aws::ListTagsForResource>(
            |ctx, _, input| access::tagged(ctx, &input.resource_arn, &[], &[]),
            group::list_tags,
        )
        .op::<aws::TagResource>(|ctx, _, input| access::tagged(ctx, &input.resource_arn, &input.tags, &[]), group::tag)
        .op::<aws::UntagResource>(
            |ctx, _, input| access::tagged(ctx, &input.resource_arn, &[], &input.tag_keys),
            group::untag,
        )
        // What happens by itself.
        .job("schedules", &waker, fire::run)
        .build()
}
