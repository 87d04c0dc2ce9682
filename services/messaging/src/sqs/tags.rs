//! Tags of queues.

use std::collections::BTreeMap;

use haar_platform::aws::sqs::{ListQueueTagsRequest, ListQueueTagsResult, TagQueueRequest, UntagQueueRequest};
use haar_platform::kernel::{Access, Ctx, Fault};

use super::address::Address;
use super::error::SqsError;
use super::model::QUEUES;
use super::{Sqs, access, meter, queue_in};

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html>
const TAGS_MAX: usize = 50;
const KEY_CHARS_MAX: usize = 128;
const VALUE_CHARS_MAX: usize = 256;

/// Refuses tags that a queue cannot have.
pub fn check(queue_name: &str, tags: &BTreeMap<String, String>) -> Result<(), SqsError> {
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > KEY_CHARS_MAX {
            return Err(SqsError::InvalidParameterValue(
                "Tag keys must be between 1 and 128 characters in length.".into(),
            ));
        }
        if value.chars().count() > VALUE_CHARS_MAX {
            return Err(SqsError::InvalidParameterValue(
                "Tag values must be between 0 and 256 characters in length.".into(),
            ));
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(SqsError::InvalidParameterValue(format!("Too many tags added for queue {queue_name}.")));
    }
    Ok(())
}

/// The queue, with the keys of the tags to be.
pub fn tag_access(ctx: &Ctx, sqs: &Sqs, input: &TagQueueRequest) -> Result<Access, Fault> {
    let tags = input.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Ok(access::own(ctx, sqs, &input.queue_url)?.with_request_tags(tags))
}

/// TagQueue.
pub async fn tag(ctx: &Ctx, sqs: &Sqs, input: TagQueueRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    sqs.store
        .write(move |tx| {
            let mut queue = queue_in(tx, &address)?;
            queue.tags.extend(input.tags);
            check(&address.name, &queue.tags)?;
            Ok(tx.put(QUEUES, &address.key(), &queue)?)
        })
        .await
}

/// The queue, with the keys of the tags to go.
pub fn untag_access(ctx: &Ctx, sqs: &Sqs, input: &UntagQueueRequest) -> Result<Access, Fault> {
    let mut access = access::own(ctx, sqs, &input.queue_url)?;
    access.keys.push(("aws:TagKeys".into(), input.tag_keys.clone()));
    Ok(access)
}

/// UntagQueue: keys that are not there do no harm.
pub async fn untag(ctx: &Ctx, sqs: &Sqs, input: UntagQueueRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    sqs.store
        .write(move |tx| {
            let mut queue = queue_in(tx, &address)?;
            queue.tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(tx.put(QUEUES, &address.key(), &queue)?)
        })
        .await
}

/// ListQueueTags.
pub async fn list(ctx: &Ctx, sqs: &Sqs, input: ListQueueTagsRequest) -> Result<ListQueueTagsResult, SqsError> {
    meter(ctx, 0);
    let tags = sqs.queue(&Address::from_url(ctx, &input.queue_url)?)?.tags;
    Ok(ListQueueTagsResult { tags: (!tags.is_empty()).then_some(tags) })
}
