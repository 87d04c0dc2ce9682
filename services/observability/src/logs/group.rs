//! Log groups: made, listed, deleted, and how long they keep their events.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::{Read, Span, Tx};
use haar_telemetry::logs as engine;

use super::Logs;
use super::address::{group_arn, group_of_arn, on_any, on_group};
use super::error::LogsError;
use super::model::{
    Class, FORWARDS, GROUPS, Group, GroupKey, METRIC_FILTERS, MINUTES, SUBSCRIPTIONS, group_key, partition,
};

/// Groups of an account in a region.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const GROUPS_MAX: u64 = 1_000_000;

/// Tags of a group.
pub const TAGS_MAX: usize = 50;

/// Page size when none is given.
const PAGE: usize = 50;

/// What retention may be.
/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const RETENTION_DAYS: [i32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

pub fn create_access(ctx: &Ctx, logs: &Logs, input: &aws::CreateLogGroupRequest) -> Result<Access, Fault> {
    let mut access = on_group(ctx, logs, &input.log_group_name)?;
    if input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        let tagged = Resource::of(&group_arn(ctx, &input.log_group_name));
        access = access.and(tagged.for_action("logs:TagResource"));
    }
    let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(access.with_request_tags(tags))
}

pub async fn create(ctx: &Ctx, logs: &Logs, input: aws::CreateLogGroupRequest) -> Result<(), Fault> {
    if input.kms_key_id.is_some() {
        return Err(Fault::not_served("log groups that are encrypted with a KMS key"));
    }
    let class = match input.log_group_class {
        None | Some(aws::LogGroupClass::Standard) => Class::Standard,
        Some(aws::LogGroupClass::InfrequentAccess) => Class::InfrequentAccess,
        Some(other) => return Err(Fault::not_served(format_args!("log groups of class {other}"))),
    };
    if input.log_group_name.starts_with("aws/") {
        return Err(LogsError::invalid("Log groups starting with AWS/ are reserved for AWS.").into());
    }
    let group = Group {
        created_ms: ctx.now().millis(),
        retention_days: None,
        class,
        protected: input.deletion_protection_enabled.unwrap_or(false),
        tags: input.tags.unwrap_or_default().into_iter().collect(),
        filters_version: 0,
        metric_filters: 0,
        subscriptions: 0,
    };
    let key = group_key(ctx, &input.log_group_name);
    Ok(logs
        .store
        .write(move |tx| {
            if tx.contains(GROUPS, &key)? {
                return Err(LogsError::GroupExists);
            }
            if tx.count(GROUPS)? >= GROUPS_MAX {
                return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()));
            }
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?)
}

pub async fn delete(ctx: &Ctx, logs: &Logs, input: aws::DeleteLogGroupRequest) -> Result<(), Fault> {
    let key = group_key(ctx, &input.log_group_name);
    logs.store.write(move |tx| delete_in(tx, &key)).await?;
    logs.upkeep.wake();
    Ok(())
}

fn delete_in(tx: &mut Tx, key: &GroupKey) -> Result<(), LogsError> {
    let group = group_in(tx, key)?;
    if group.protected {
        return Err(LogsError::Validation(
            "The log group has deletion protection enabled. Disable deletion protection before you delete it.".into(),
        ));
    }
    let (account, region, name) = (key.0.as_str(), key.1.as_str(), key.2.as_str());
    tx.delete(GROUPS, key)?;
    let under = (account, region, name);
    for filter in tx.scan_keys(METRIC_FILTERS, Span::under(under)).collect::<Result<Vec<_>, _>>()? {
        tx.delete(METRIC_FILTERS, &filter)?;
    }
    for filter in tx.scan_keys(SUBSCRIPTIONS, Span::under(under)).collect::<Result<Vec<_>, _>>()? {
        tx.delete(SUBSCRIPTIONS, &filter)?;
    }
    for minute in tx.scan_keys(MINUTES, Span::under(under)).collect::<Result<Vec<_>, _>>()? {
        tx.delete(MINUTES, &minute)?;
    }
    for forward in tx.scan_keys(FORWARDS, Span::under(under)).collect::<Result<Vec<_>, _>>()? {
        tx.delete(FORWARDS, &forward)?;
    }
    engine::delete_group_in(tx, &partition(account, region, name))?;
    Ok(())
}

/// A group that must exist.
pub fn group_in(tx: &impl Read, key: &GroupKey) -> Result<Group, LogsError> {
    tx.get(GROUPS, key)?.ok_or(LogsError::NoSuchGroup)
}

/// Changes a group that must exist.
pub async fn change(
    ctx: &Ctx,
    logs: &Logs,
    name: &str,
    change: impl FnOnce(&mut Group) -> Result<(), LogsError> + Send + 'static,
) -> Result<(), LogsError> {
    let key = group_key(ctx, name);
    logs.store
        .write(move |tx| {
            let mut group = group_in(tx, &key)?;
            change(&mut group)?;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await
}

pub async fn put_retention(ctx: &Ctx, logs: &Logs, input: aws::PutRetentionPolicyRequest) -> Result<(), Fault> {
    let days = input.retention_in_days;
    if !RETENTION_DAYS.contains(&days) {
        let allowed = RETENTION_DAYS.iter().map(i32::to_string).collect::<Vec<_>>();
        return Err(LogsError::invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            allowed.join(", ")
        ))
        .into());
    }
    let key = group_key(ctx, &input.log_group_name);
    let now_ms = ctx.now().millis();
    logs.store
        .write(move |tx| -> Result<(), LogsError> {
            let mut group = group_in(tx, &key)?;
            group.retention_days = Some(days);
            engine::expire_in(tx, &partition(&key.0, &key.1, &key.2), group.horizon_ms(now_ms))?;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?;
    logs.upkeep.wake();
    Ok(())
}

pub async fn delete_retention(ctx: &Ctx, logs: &Logs, input: aws::DeleteRetentionPolicyRequest) -> Result<(), Fault> {
    Ok(change(ctx, logs, &input.log_group_name, |group| {
        group.retention_days = None;
        Ok(())
    })
    .await?)
}

pub fn describe_access(ctx: &Ctx) -> Result<Access, Fault> {
    Ok(on_any(ctx))
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeLogGroupsRequest,
) -> Result<aws::DescribeLogGroupsResponse, Fault> {
    if input.include_linked_accounts == Some(true) || input.account_identifiers.is_some() {
        return Err(Fault::not_served("log groups of linked accounts"));
    }
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        return Err(LogsError::invalid(message).into());
    }
    let named: Option<Vec<String>> = input.log_group_identifiers.map(|identifiers| {
        let name = |identifier: String| match identifier.starts_with("arn:") {
            true => group_of_arn(ctx, &identifier),
            false => Some(identifier),
        };
        identifiers.into_iter().filter_map(name).collect()
    });
    let scope = format!(
        "DescribeLogGroups {:?} {:?} {:?} {named:?}",
        input.log_group_name_prefix, input.log_group_name_pattern, input.log_group_class
    );
    let pattern = input.log_group_name_pattern.unwrap_or_default().to_lowercase();
    let class = input.log_group_class;
    let wanted = |name: &str, group: &Group| {
        name.to_lowercase().contains(&pattern)
            && class.is_none_or(|class| class == class_name(group.class))
            && named.as_ref().is_none_or(|named| named.iter().any(|one| one == name))
    };
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let prefix = input.log_group_name_prefix.unwrap_or_default();
    let (page, next_token) = list(ctx, logs, &scope, &prefix, input.next_token.as_deref(), size, wanted)?;
    let described = page.iter().map(|(name, group)| described(ctx, logs, name, group));
    Ok(aws::DescribeLogGroupsResponse { log_groups: Some(described.collect::<Result<_, _>>()?), next_token })
}

pub async fn list_groups(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::ListLogGroupsRequest,
) -> Result<aws::ListLogGroupsResponse, Fault> {
    if input.include_linked_accounts == Some(true) || input.account_identifiers.is_some() {
        return Err(Fault::not_served("log groups of linked accounts"));
    }
    if input.data_sources.is_some() || input.field_index_names.is_some() {
        return Err(Fault::not_served("log groups by data source or field index"));
    }
    let scope = format!(
        "ListLogGroups {:?} {:?} {:?}",
        input.log_group_name_pattern, input.log_group_class, input.log_group_tags
    );
    let pattern = input.log_group_name_pattern.unwrap_or_default();
    let tags = input.log_group_tags.unwrap_or_default();
    let class = input.log_group_class;
    let wanted = |name: &str, group: &Group| {
        let fits = |part: &str| match part.strip_prefix('^') {
            Some(prefix) => name.starts_with(prefix),
            None => name.contains(part),
        };
        let tagged = |filter: &aws::TagFilter| {
            let mut found = group.tags.iter().filter(|(key, _)| *key == filter.key);
            found.any(|(_, value)| filter.values.as_ref().is_none_or(|values| values.contains(value)))
        };
        pattern.split('|').any(fits)
            && class.is_none_or(|class| class == class_name(group.class))
            && tags.iter().all(tagged)
    };
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let (page, next_token) = list(ctx, logs, &scope, "", input.next_token.as_deref(), size, wanted)?;
    let summary = |(name, group): (String, Group)| aws::LogGroupSummary {
        log_group_arn: Some(group_arn(ctx, &name).to_string()),
        log_group_name: Some(name),
        log_group_class: Some(class_name(group.class)),
    };
    Ok(aws::ListLogGroupsResponse { log_groups: Some(page.into_iter().map(summary).collect()), next_token })
}

/// Names and groups.
type Listed = Vec<(String, Group)>;

/// A page of the groups that are wanted, and the token of the next.
fn list(
    ctx: &Ctx,
    logs: &Logs,
    scope: &str,
    prefix: &str,
    token: Option<&str>,
    size: usize,
    wanted: impl Fn(&str, &Group) -> bool,
) -> Result<(Listed, Option<String>), LogsError> {
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    let mut span = Span::starting((account, region), prefix);
    if let Some(name) = super::cursor(ctx, scope, token)? {
        span = span.after(&(account, region, name.as_str()));
    }
    let found: Listed = logs.store.read(|tx| {
        let all = tx.scan(GROUPS, span).map(|found| found.map(|((.., name), group)| (name, group)));
        let fitting = all.filter(|found| found.as_ref().map_or(true, |(name, group)| wanted(name, group)));
        fitting.take(size + 1).collect::<Result<_, _>>()
    })?;
    let (page, next) = haar_platform::kernel::paging::cut(found, size, |(name, _)| name.clone());
    Ok((page, next.map(|cursor| ctx.page_token(scope, &cursor))))
}

fn described(ctx: &Ctx, logs: &Logs, name: &str, group: &Group) -> Result<aws::LogGroup, LogsError> {
    let held = partition(&ctx.account, &ctx.region, name);
    let stored = logs.store.read(|tx| engine::stored_bytes(tx, &held))?;
    let arn = group_arn(ctx, name).to_string();
    Ok(aws::LogGroup {
        log_group_name: Some(name.to_owned()),
        creation_time: Some(group.created_ms),
        retention_in_days: group.retention_days,
        metric_filter_count: i32::try_from(group.metric_filters).ok(),
        arn: Some(format!("{arn}:*")),
        stored_bytes: i64::try_from(stored).ok(),
        log_group_class: Some(class_name(group.class)),
        log_group_arn: Some(arn),
        deletion_protection_enabled: Some(group.protected),
        ..Default::default()
    })
}

fn class_name(class: Class) -> aws::LogGroupClass {
    match class {
        Class::Standard => aws::LogGroupClass::Standard,
        Class::InfrequentAccess => aws::LogGroupClass::InfrequentAccess,
    }
}
