//! Tags of topics.

use std::collections::BTreeMap;

use haar_platform::aws::sns::{
    ListTagsForResourceRequest, ListTagsForResourceResponse, Tag, TagResourceRequest, TagResourceResponse,
    UntagResourceRequest, UntagResourceResponse,
};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::address::TopicAddress;
use super::error::SnsError;
use super::model::TOPICS;
use super::{Sns, access, meter};

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html>
const TAGS_MAX: usize = 50;

/// Tags by key; the model has checked their lengths.
pub fn parse(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, SnsError> {
    let count = tags.len();
    let parsed: BTreeMap<_, _> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    if parsed.len() < count {
        return Err(SnsError::invalid("Duplicated keys are not allowed."));
    }
    check(&parsed)?;
    Ok(parsed)
}

fn check(tags: &BTreeMap<String, String>) -> Result<(), SnsError> {
    if tags.len() > TAGS_MAX { Err(SnsError::TagLimitExceeded) } else { Ok(()) }
}

/// Only topics have tags.
fn address(ctx: &Ctx, arn: &str) -> Result<TopicAddress, SnsError> {
    TopicAddress::parse(ctx, "ResourceArn", arn)
}

/// The topic.
pub fn list_access(ctx: &Ctx, sns: &Sns, input: &ListTagsForResourceRequest) -> Result<Access, Fault> {
    Ok(access::to(ctx, sns, &address(ctx, &input.resource_arn)?)?)
}

/// ListTagsForResource.
pub async fn list(
    ctx: &Ctx,
    sns: &Sns,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, SnsError> {
    meter(ctx, 0);
    let topic = sns.find(&address(ctx, &input.resource_arn)?)?.ok_or(SnsError::ResourceNotFound)?;
    let tags = topic.tags.into_iter().map(|(key, value)| Tag { key, value });
    Ok(ListTagsForResourceResponse { tags: Some(tags.collect()) })
}

/// The topic, with the keys of the tags to be.
pub fn tag_access(ctx: &Ctx, sns: &Sns, input: &TagResourceRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(access::to(ctx, sns, &address(ctx, &input.resource_arn)?)?.with_request_tags(tags))
}

/// TagResource.
pub async fn tag(ctx: &Ctx, sns: &Sns, input: TagResourceRequest) -> Result<TagResourceResponse, SnsError> {
    let tags = parse(input.tags)?;
    change(ctx, sns, &input.resource_arn, move |known| known.extend(tags)).await?;
    Ok(TagResourceResponse {})
}

/// The topic, with the keys of the tags to go.
pub fn untag_access(ctx: &Ctx, sns: &Sns, input: &UntagResourceRequest) -> Result<Access, Fault> {
    let mut access = access::to(ctx, sns, &address(ctx, &input.resource_arn)?)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// UntagResource: keys that are not there do no harm.
pub async fn untag(ctx: &Ctx, sns: &Sns, input: UntagResourceRequest) -> Result<UntagResourceResponse, SnsError> {
    change(ctx, sns, &input.resource_arn, move |known| known.retain(|key, _| !input.tag_keys.contains(key))).await?;
    Ok(UntagResourceResponse {})
}

async fn change(
    ctx: &Ctx,
    sns: &Sns,
    arn: &str,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), SnsError> {
    meter(ctx, 0);
    let address = address(ctx, arn)?;
    sns.store
        .write(move |tx| {
            let mut topic = tx.get(TOPICS, &address.key())?.ok_or(SnsError::ResourceNotFound)?;
            change(&mut topic.tags);
            check(&topic.tags)?;
            Ok(tx.put(TOPICS, &address.key(), &topic)?)
        })
        .await
}
