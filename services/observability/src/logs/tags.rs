//! Tags of log groups, over the old operations (by name) and the new ones (by ARN).

use std::collections::BTreeMap;

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};

use super::Logs;
use super::address::{group_of_arn, on_group, on_tagged};
use super::error::LogsError;
use super::group::{TAGS_MAX, change, group_in};
use super::model::group_key;

pub fn tag_group_access(ctx: &Ctx, logs: &Logs, input: &aws::TagLogGroupRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(on_group(ctx, logs, &input.log_group_name)?.with_request_tags(tags))
}

pub fn tag_access(ctx: &Ctx, logs: &Logs, input: &aws::TagResourceRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(on_tagged(ctx, logs, &input.resource_arn)?.with_request_tags(tags))
}

pub async fn tag_group(ctx: &Ctx, logs: &Logs, input: aws::TagLogGroupRequest) -> Result<(), Fault> {
    tag(ctx, logs, &input.log_group_name, input.tags).await
}

pub async fn untag_group(ctx: &Ctx, logs: &Logs, input: aws::UntagLogGroupRequest) -> Result<(), Fault> {
    untag(ctx, logs, &input.log_group_name, input.tags).await
}

pub async fn list_group(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::ListTagsLogGroupRequest,
) -> Result<aws::ListTagsLogGroupResponse, Fault> {
    Ok(aws::ListTagsLogGroupResponse { tags: Some(tags_of(ctx, logs, &input.log_group_name)?) })
}

pub async fn tag_resource(ctx: &Ctx, logs: &Logs, input: aws::TagResourceRequest) -> Result<(), Fault> {
    tag(ctx, logs, &named(ctx, &input.resource_arn)?, input.tags).await
}

pub async fn untag_resource(ctx: &Ctx, logs: &Logs, input: aws::UntagResourceRequest) -> Result<(), Fault> {
    untag(ctx, logs, &named(ctx, &input.resource_arn)?, input.tag_keys).await
}

pub async fn list_resource(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::ListTagsForResourceRequest,
) -> Result<aws::ListTagsForResourceResponse, Fault> {
    Ok(aws::ListTagsForResourceResponse { tags: Some(tags_of(ctx, logs, &named(ctx, &input.resource_arn)?)?) })
}

fn named(ctx: &Ctx, arn: &str) -> Result<String, LogsError> {
    group_of_arn(ctx, arn).ok_or_else(|| LogsError::ResourceNotFound("The specified resource does not exist.".into()))
}

fn tags_of(ctx: &Ctx, logs: &Logs, group: &str) -> Result<BTreeMap<String, String>, LogsError> {
    let group = logs.store.read(|tx| group_in(tx, &group_key(ctx, group)))?;
    Ok(group.tags.into_iter().collect())
}

async fn tag(ctx: &Ctx, logs: &Logs, group: &str, tags: BTreeMap<String, String>) -> Result<(), Fault> {
    Ok(change(ctx, logs, group, |group| {
        let mut all: BTreeMap<String, String> = std::mem::take(&mut group.tags).into_iter().collect();
        all.extend(tags);
        if all.len() > TAGS_MAX {
            return Err(LogsError::TooManyTags);
        }
        group.tags = all.into_iter().collect();
        Ok(())
    })
    .await?)
}

async fn untag(ctx: &Ctx, logs: &Logs, group: &str, keys: Vec<String>) -> Result<(), Fault> {
    Ok(change(ctx, logs, group, move |group| {
        group.tags.retain(|(key, _)| !keys.contains(key));
        Ok(())
    })
    .await?)
}
