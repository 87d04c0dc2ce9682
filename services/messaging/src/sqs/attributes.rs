//! The attributes of a queue, read and changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use haar_platform::aws::sqs::{GetQueueAttributesRequest, GetQueueAttributesResult, SetQueueAttributesRequest};
use haar_platform::kernel::{Ctx, Timestamp};
use haar_platform::store::{Read, Span};

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::{MESSAGES, MessageKey, QUEUES, Queue, STOCKS};
use super::settings::DELAY_SECONDS_MAX;
use super::{Sqs, meter, queue_in};

/// Names that can be asked for and may have no value.
const NAMES: [&str; 21] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

/// Messages whose delay one transaction changes.
const RETIMED_MAX: usize = 1000;

/// GetQueueAttributes.
pub async fn get(ctx: &Ctx, sqs: &Sqs, input: GetQueueAttributesRequest) -> Result<GetQueueAttributesResult, SqsError> {
    meter(ctx, 0);
    let address = Address::from_url(ctx, &input.queue_url)?;
    let queue = sqs.queue(&address)?;
    let asked = input.attribute_names.unwrap_or_default();
    if let Some(unknown) = asked.iter().find(|name| *name != "All" && !NAMES.contains(&name.as_str())) {
        return Err(SqsError::UnknownAttribute(unknown.clone()));
    }
    let all = asked.iter().any(|name| name == "All");
    let mut attributes = BTreeMap::new();
    if !asked.is_empty() {
        attributes = describe(ctx, sqs, &address, &queue)?;
        attributes.retain(|name, _| all || asked.contains(name));
    }
    Ok(GetQueueAttributesResult { attributes: (!attributes.is_empty()).then_some(attributes) })
}

fn describe(ctx: &Ctx, sqs: &Sqs, address: &Address, queue: &Queue) -> Result<BTreeMap<String, String>, SqsError> {
    let mut shown = queue.settings.describe();
    shown.insert("QueueArn", address.arn().to_string());
    shown.insert("CreatedTimestamp", queue.created.seconds().to_string());
    shown.insert("LastModifiedTimestamp", queue.modified.seconds().to_string());
    let stock = sqs.store.read(|tx| tx.get(STOCKS, &queue.number))?.unwrap_or_default();
    let (in_flight, delayed) = sqs.live.hidden(queue.number, ctx.now());
    let visible = stock.messages.saturating_sub(in_flight + delayed);
    shown.insert("ApproximateNumberOfMessages", visible.to_string());
    shown.insert("ApproximateNumberOfMessagesNotVisible", in_flight.to_string());
    shown.insert("ApproximateNumberOfMessagesDelayed", delayed.to_string());
    Ok(shown.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// SetQueueAttributes.
pub async fn set(ctx: &Ctx, sqs: &Sqs, input: SetQueueAttributesRequest) -> Result<(), SqsError> {
    meter(ctx, 0);
    let address = Arc::new(Address::from_url(ctx, &input.queue_url)?);
    let now = ctx.now();
    let target = address.clone();
    let (before, after) = sqs
        .store
        .write(move |tx| {
            let mut queue = queue_in(tx, &target)?;
            let before = queue.settings.clone();
            queue.settings.apply(&input.attributes)?;
            if let Some(redrive) = &queue.settings.redrive
                && before.redrive.as_ref() != Some(redrive)
            {
                redrive.check_target(tx, &target)?;
            }
            queue.modified = now;
            tx.put(QUEUES, &target.key(), &queue)?;
            Ok::<_, SqsError>((before, queue.settings))
        })
        .await?;
    if after.fifo.is_some() && after.delay_seconds != before.delay_seconds {
        retime(sqs, &address, after.delay_seconds, now).await?;
    }
    if after.retention_seconds != before.retention_seconds {
        sqs.live.retention.waker.wake();
    }
    Ok(())
}

/// The delay of a FIFO queue also holds for the messages that are in it already.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>
async fn retime(sqs: &Sqs, address: &Arc<Address>, delay_seconds: u32, now: Timestamp) -> Result<(), SqsError> {
    let delay = Duration::from_secs(u64::from(delay_seconds));
    // Only messages as young as the longest delay can be, or become, delayed.
    let oldest = now - Duration::from_secs(u64::from(DELAY_SECONDS_MAX));
    let mut last: Option<MessageKey> = None;
    loop {
        let (live, address) = (sqs.live.clone(), address.clone());
        let page = sqs
            .store
            .write(move |tx| {
                let number = queue_in(tx, &address)?.number;
                let mut span = Span::between((number,), oldest.millis()..);
                if let Some(last) = last {
                    span = span.after(&last);
                }
                let page: Vec<_> = tx.scan(MESSAGES, span).take(RETIMED_MAX).collect::<Result<_, _>>()?;
                let mut ripple = Ripple::default();
                let mut inventory = Inventory { tx, ripple: &mut ripple, now };
                for (key, before) in page.iter().filter(|(_, message)| !message.was_received()) {
                    let mut after = before.clone();
                    after.visible_at = Timestamp::from_millis(key.1) + delay;
                    inventory.change(key, before, &after)?;
                }
                ripple.on_commit(tx, &live);
                Ok::<_, SqsError>(page.last().map(|(key, _)| *key))
            })
            .await?;
        match page {
            Some(key) => last = Some(key),
            None => return Ok(()),
        }
    }
}
