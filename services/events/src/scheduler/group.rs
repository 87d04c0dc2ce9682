//! Schedule groups: what schedules and tags hang on.

use std::collections::BTreeMap;

use haar_platform::aws::scheduler::{
    CreateScheduleGroupInput, CreateScheduleGroupOutput, DeleteScheduleGroupInput, DeleteScheduleGroupOutput,
    GetScheduleGroupInput, GetScheduleGroupOutput, ListScheduleGroupsInput, ListScheduleGroupsOutput,
    ListTagsForResourceInput, ListTagsForResourceOutput, ScheduleGroupState, ScheduleGroupSummary, Tag,
    TagResourceInput, TagResourceOutput, UntagResourceInput, UntagResourceOutput,
};
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Arn, Ctx, Timestamp};
use haar_platform::store::{Read, Span, Tx};

use super::Scheduler;
use super::access::{DEFAULT_GROUP, group_arn};
use super::error::SchedulerError;
use super::model::{GROUPS, Group, SCHEDULES};

/// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html>
const GROUPS_MAX: usize = 500;

/// Tags of a group.
const TAGS_MAX: usize = 200;

/// Entries of a page for which no size was asked.
pub const PAGE: i32 = 100;

/// CreateScheduleGroup: the same token again is the same call.
pub async fn create(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: CreateScheduleGroupInput,
) -> Result<CreateScheduleGroupOutput, SchedulerError> {
    let arn = group_arn(ctx, &input.name).to_string();
    let key = (ctx.account.to_string(), ctx.region.to_string(), input.name);
    let (now, tags) = (ctx.now(), parse(input.tags.unwrap_or_default())?);
    scheduler
        .store
        .write(move |tx| {
            if let Some(known) = find(tx, &key)? {
                let again = known.client_token.is_some() && known.client_token == input.client_token;
                return if again { Ok(()) } else { Err(SchedulerError::GroupExists(key.2)) };
            }
            let groups = tx.scan_keys(GROUPS, Span::under((key.0.as_str(), key.1.as_str())));
            if groups.take(GROUPS_MAX).count() == GROUPS_MAX {
                let message = format!("The maximum number of schedule groups ({GROUPS_MAX}) was reached.");
                return Err(SchedulerError::QuotaExceeded(message));
            }
            let group = Group { created: now, modified: now, tags, client_token: input.client_token };
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?;
    Ok(CreateScheduleGroupOutput { schedule_group_arn: arn })
}

/// A group; the default group is there though nobody made it.
pub fn find(tx: &impl Read, key: &(String, String, String)) -> Result<Option<Group>, SchedulerError> {
    let stored = tx.get(GROUPS, &(key.0.as_str(), key.1.as_str(), key.2.as_str()))?;
    Ok(stored.or_else(|| (key.2 == DEFAULT_GROUP).then(default_group)))
}

/// The default group as long as nobody changed it: it is as old as time.
fn default_group() -> Group {
    let beginning = Timestamp::from_seconds(0);
    Group { created: beginning, modified: beginning, tags: BTreeMap::new(), client_token: None }
}

/// GetScheduleGroup.
pub async fn get(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: GetScheduleGroupInput,
) -> Result<GetScheduleGroupOutput, SchedulerError> {
    let key = (ctx.account.to_string(), ctx.region.to_string(), input.name);
    let group = scheduler.store.read(|tx| find(tx, &key))?;
    let group = group.ok_or_else(|| SchedulerError::NoGroup(key.2.clone()))?;
    Ok(GetScheduleGroupOutput {
        arn: Some(group_arn(ctx, &key.2).to_string()),
        name: Some(key.2),
        state: Some(ScheduleGroupState::Active),
        creation_date: Some(group.created),
        last_modification_date: Some(group.modified),
    })
}

/// DeleteScheduleGroup: its schedules go with it.
pub async fn delete(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: DeleteScheduleGroupInput,
) -> Result<DeleteScheduleGroupOutput, SchedulerError> {
    if input.name == DEFAULT_GROUP {
        return Err(SchedulerError::validation("The default schedule group cannot be deleted."));
    }
    let (account, region) = (ctx.account.to_string(), ctx.region.to_string());
    scheduler
        .store
        .write(move |tx| {
            let name = input.name;
            let group = tx.delete(GROUPS, &(account.as_str(), region.as_str(), name.as_str()))?;
            if group.is_none() {
                return Err(SchedulerError::NoGroup(name));
            }
            delete_schedules(tx, &account, &region, &name)
        })
        .await?;
    Ok(DeleteScheduleGroupOutput {})
}

fn delete_schedules(tx: &mut Tx, account: &str, region: &str, group: &str) -> Result<(), SchedulerError> {
    let keys: Vec<_> = tx.scan_keys(SCHEDULES, Span::under((account, region, group))).collect::<Result<_, _>>()?;
    for key in &keys {
        tx.delete(SCHEDULES, key)?;
    }
    Ok(())
}

/// ListScheduleGroups.
pub async fn list(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: ListScheduleGroupsInput,
) -> Result<ListScheduleGroupsOutput, SchedulerError> {
    let size_max = input.max_results.unwrap_or(PAGE).unsigned_abs() as usize;
    let prefix = input.name_prefix.unwrap_or_default();
    let scope = format!("ListScheduleGroups {prefix}");
    let last = cursor(ctx, &scope, input.next_token.as_deref())?;
    let place = (ctx.account.as_str(), ctx.region.as_str());
    let mut groups = scheduler.store.read(|tx| {
        let rows = tx.scan(GROUPS, Span::starting(place, &prefix));
        rows.map(|row| row.map(|((_, _, name), group)| (name, group))).collect::<Result<Vec<_>, _>>()
    })?;
    if DEFAULT_GROUP.starts_with(&prefix) && !groups.iter().any(|(name, _)| name == DEFAULT_GROUP) {
        groups.push((DEFAULT_GROUP.to_owned(), default_group()));
    }
    groups.sort_by(|(a, _), (b, _)| a.cmp(b));
    groups.retain(|(name, _)| last.as_ref().is_none_or(|last| name > last));
    let (groups, last) = cut(groups, size_max, |(name, _)| name.clone());
    let summaries = groups.into_iter().map(|(name, group)| ScheduleGroupSummary {
        arn: Some(group_arn(ctx, &name).to_string()),
        name: Some(name),
        state: Some(ScheduleGroupState::Active),
        creation_date: Some(group.created),
        last_modification_date: Some(group.modified),
    });
    Ok(ListScheduleGroupsOutput {
        schedule_groups: summaries.collect(),
        next_token: last.map(|last| ctx.page_token(&scope, &last)),
    })
}

/// The cursor behind a token.
pub fn cursor(ctx: &Ctx, scope: &str, token: Option<&str>) -> Result<Option<String>, SchedulerError> {
    let cursor = token.map(|token| ctx.page_cursor(scope, token)).transpose();
    cursor.map_err(|_| SchedulerError::validation("Invalid NextToken."))
}

fn parse(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, SchedulerError> {
    let count = tags.len();
    let tags: BTreeMap<_, _> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if tags.len() < count {
        return Err(SchedulerError::validation("Tag keys must be unique."));
    }
    Ok(tags)
}

/// The group that an ARN names: nothing else has tags.
fn tagged(ctx: &Ctx, arn: &str) -> Result<(String, String, String), SchedulerError> {
    let arn: Arn = arn.parse().map_err(|_| SchedulerError::validation(format!("Invalid ARN {arn}.")))?;
    let name = arn.resource.strip_prefix("schedule-group/").filter(|_| {
        arn.service == "scheduler" && arn.account == ctx.account.as_str() && arn.region == ctx.region.as_str()
    });
    let name = name.ok_or_else(|| SchedulerError::validation(format!("Invalid ARN {arn}: no schedule group.")))?;
    Ok((arn.account.clone(), arn.region.clone(), name.to_owned()))
}

/// ListTagsForResource.
pub async fn list_tags(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, SchedulerError> {
    let key = tagged(ctx, &input.resource_arn)?;
    let group = scheduler.store.read(|tx| find(tx, &key))?.ok_or(SchedulerError::NoGroup(key.2))?;
    let tags = group.tags.into_iter().map(|(key, value)| Tag { key, value });
    Ok(ListTagsForResourceOutput { tags: Some(tags.collect()) })
}

/// TagResource.
pub async fn tag(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: TagResourceInput,
) -> Result<TagResourceOutput, SchedulerError> {
    let tags = parse(input.tags)?;
    change(ctx, scheduler, &input.resource_arn, move |known| known.extend(tags)).await?;
    Ok(TagResourceOutput {})
}

/// UntagResource: keys that are not there do no harm.
pub async fn untag(
    ctx: &Ctx,
    scheduler: &Scheduler,
    input: UntagResourceInput,
) -> Result<UntagResourceOutput, SchedulerError> {
    let keys = input.tag_keys;
    change(ctx, scheduler, &input.resource_arn, move |known| known.retain(|key, _| !keys.contains(key))).await?;
    Ok(UntagResourceOutput {})
}

async fn change(
    ctx: &Ctx,
    scheduler: &Scheduler,
    arn: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), SchedulerError> {
    let (key, now) = (tagged(ctx, arn)?, ctx.now());
    scheduler
        .store
        .write(move |tx| {
            let mut group = find(tx, &key)?.ok_or_else(|| SchedulerError::NoGroup(key.2.clone()))?;
            change(&mut group.tags);
            if group.tags.len() > TAGS_MAX {
                return Err(SchedulerError::validation(format!("A resource can have at most {TAGS_MAX} tags.")));
            }
            group.modified = now;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await
}
