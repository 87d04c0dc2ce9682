//! Names and ARNs of groups and streams, and what a call touches.

use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Arn, Ctx, Fault};
use haar_platform::policy::Source;

use super::Logs;
use super::error::LogsError;
use super::model::{GROUPS, group_key};
use haar_platform::store::Read;

/// `arn:aws:logs:us-east-1:000000000000:log-group:/app`.
pub fn group_arn(ctx: &Ctx, group: &str) -> Arn {
    ctx.arn("logs", format!("log-group:{group}"))
}

/// `arn:aws:logs:us-east-1:000000000000:log-group:/app:log-stream:a`.
pub fn stream_arn(ctx: &Ctx, group: &str, stream: &str) -> Arn {
    ctx.arn("logs", format!("log-group:{group}:log-stream:{stream}"))
}

/// The group that an ARN of a log group names, with or without `:*`, if it is one of this call's account and region.
pub fn group_of_arn(ctx: &Ctx, arn: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    let name = arn.resource.strip_prefix("log-group:")?;
    let ours = arn.service == "logs" && arn.region == ctx.region.as_str() && arn.account == ctx.account.as_str();
    ours.then(|| name.strip_suffix(":*").unwrap_or(name).to_owned())
}

/// A group by `logGroupName` or by `logGroupIdentifier` (a name or an ARN), of which exactly one is given.
pub fn group_name(ctx: &Ctx, name: Option<&str>, identifier: Option<&str>) -> Result<String, LogsError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(identifier)) if identifier.starts_with("arn:") => {
            group_of_arn(ctx, identifier).ok_or(LogsError::NoSuchGroup)
        }
        (None, Some(identifier)) => Ok(identifier.to_owned()),
        (Some(_), Some(_)) => Err(LogsError::invalid("LogGroupName and LogGroupIdentifier cannot both be specified.")),
        (None, None) => Err(LogsError::invalid("LogGroupName or LogGroupIdentifier must be specified.")),
    }
}

/// An action on a group. AWS authorizes nearly all of them as `log-group:NAME:log-stream:`, which policies that end in
/// `:*` allow.
pub fn on_group(ctx: &Ctx, logs: &Logs, group: &str) -> Result<Access, Fault> {
    let arn = stream_arn(ctx, group, "");
    Ok(Access::default().and(resource(ctx, logs, group, &arn)?))
}

/// [`on_group`] for calls that name the group in one of two ways. What names none is refused before anybody is asked.
pub fn on_identified(ctx: &Ctx, logs: &Logs, name: Option<&str>, identifier: Option<&str>) -> Result<Access, Fault> {
    on_group(ctx, logs, &group_name(ctx, name, identifier)?)
}

/// An action on a stream.
pub fn on_stream(ctx: &Ctx, logs: &Logs, group: &str, stream: &str) -> Result<Access, Fault> {
    let arn = stream_arn(ctx, group, stream);
    Ok(Access::default().and(resource(ctx, logs, group, &arn)?))
}

/// An action on no group in particular: AWS authorizes `log-group::log-stream:`.
pub fn on_any(ctx: &Ctx) -> Access {
    Access::to(&stream_arn(ctx, "", ""))
}

/// The group's own ARN: tags.
pub fn on_tagged(ctx: &Ctx, logs: &Logs, arn: &str) -> Result<Access, Fault> {
    let group = group_of_arn(ctx, arn).unwrap_or_default();
    let arn = group_arn(ctx, &group);
    Ok(Access::default().and(resource(ctx, logs, &group, &arn)?))
}

fn resource(ctx: &Ctx, logs: &Logs, group: &str, arn: &Arn) -> Result<Resource, LogsError> {
    let found = logs.store.read(|tx| tx.get(GROUPS, &group_key(ctx, group)))?;
    let policy: Option<Source> = logs.policies.of(&logs.store, &ctx.account, &ctx.region)?;
    let tags = found.map(|group| group.tags).unwrap_or_default();
    Ok(Resource::of(arn).with_policy(policy).with_tags(tags))
}
