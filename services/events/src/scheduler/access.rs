//! What calls of Scheduler touch, so that the pipeline can authorize them.

use haar_platform::aws::scheduler::{CreateScheduleInput, Tag, UpdateScheduleInput};
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};

/// The group of schedules for which none is named.
pub const DEFAULT_GROUP: &str = "default";

/// A group by its name.
pub fn group_arn(ctx: &Ctx, name: &str) -> Arn {
    ctx.arn("scheduler", format!("schedule-group/{name}"))
}

/// A schedule by its names.
pub fn schedule_arn(ctx: &Ctx, group: &str, name: &str) -> Arn {
    ctx.arn("scheduler", format!("schedule/{group}/{name}"))
}

/// A group.
pub fn group(ctx: &Ctx, name: &str) -> Result<Access, Fault> {
    Ok(Access::to(&group_arn(ctx, name)))
}

/// A group that is to be, with its tags.
pub fn new_group(ctx: &Ctx, name: &str, tags: Option<&[Tag]>) -> Result<Access, Fault> {
    let tags = tags.unwrap_or_default().iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(group(ctx, name)?.with_request_tags(tags))
}

/// A schedule.
pub fn schedule(ctx: &Ctx, group: Option<&str>, name: &str) -> Result<Access, Fault> {
    Ok(Access::to(&schedule_arn(ctx, group.unwrap_or(DEFAULT_GROUP), name)))
}

/// A schedule that is to be, and the role that is passed to it.
pub fn create(ctx: &Ctx, input: &CreateScheduleInput) -> Result<Access, Fault> {
    Ok(passing(schedule(ctx, input.group_name.as_deref(), &input.name)?, &input.target.role_arn))
}

/// A schedule that changes, and the role that is passed to it.
pub fn update(ctx: &Ctx, input: &UpdateScheduleInput) -> Result<Access, Fault> {
    Ok(passing(schedule(ctx, input.group_name.as_deref(), &input.name)?, &input.target.role_arn))
}

fn passing(access: Access, role_arn: &str) -> Access {
    match role_arn.parse() {
        Ok(role) => access
            .with_key("iam:PassedToService", "scheduler.amazonaws.com")
            .and(Resource::of(&role).for_action("iam:PassRole")),
        // The operation refuses what is no ARN.
        Err(_) => access,
    }
}

/// Schedules of a group, or of all.
pub fn listed(ctx: &Ctx, group: Option<&str>) -> Result<Access, Fault> {
    schedule(ctx, Some(group.unwrap_or("*")), "*")
}

/// What has tags: a group, by its ARN.
pub fn tagged(ctx: &Ctx, arn: &str, tags: &[Tag], keys: &[String]) -> Result<Access, Fault> {
    let arn: Arn = arn.parse().unwrap_or_else(|_| group_arn(ctx, "*"));
    let tags = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let mut access = Access::to(&arn).with_request_tags(tags);
    if !keys.is_empty() {
        access.keys.push(("aws:TagKeys".into(), keys.to_vec()));
    }
    Ok(access)
}
