//! SendMessage and SendMessageBatch.

use std::time::Duration;

use haar_platform::aws::sqs::{
    BatchResultErrorEntry, MessageAttributeValue, MessageSystemAttributeValue, SendMessageBatchRequest,
    SendMessageBatchRequestEntry, SendMessageBatchResult, SendMessageBatchResultEntry, SendMessageRequest,
    SendMessageResult,
};
use haar_platform::kernel::{Ctx, ids};
use haar_platform::store::Read;

use std::collections::BTreeMap;

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::{Content, DEDUPLICATIONS, Deduplication, Message, Place, Queue};
use super::settings::{DELAY_SECONDS_MAX, MESSAGE_BYTES_MAX, Settings};
use super::{Sqs, batch, content, digest, measures, meter, queue_in};

/// How long a deduplication id is remembered.
pub const DEDUPLICATION_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Characters of a group id and of a deduplication id.
const ID_CHARS_MAX: usize = 128;

/// The first sequence number: they are written with 20 digits.
const SEQUENCE_BASE: u64 = 10_000_000_000_000_000_000;

/// A sequence number as callers see it.
pub fn sequence_text(sequence: u64) -> String {
    SEQUENCE_BASE.saturating_add(sequence).to_string()
}

/// A message as its sender wrote it.
struct Letter {
    body: String,
    delay_seconds: Option<i32>,
    attributes: Option<BTreeMap<String, MessageAttributeValue>>,
    system_attributes: Option<BTreeMap<String, MessageSystemAttributeValue>>,
    deduplication_id: Option<String>,
    group: Option<String>,
}

/// A message that has been checked and waits for its transaction.
struct Parcel {
    message_id: String,
    content: Content,
    sender_id: String,
    /// `None`: the queue's.
    delay_seconds: Option<u32>,
    place: Option<Place>,
    group_label: Option<String>,
}

/// What became of a parcel.
struct Sent {
    message_id: String,
    sequence: Option<u64>,
}

/// The MD5s of a message.
struct Digests {
    body: String,
    attributes: Option<String>,
    system_attributes: Option<String>,
}

/// SendMessage.
pub async fn send(ctx: &Ctx, sqs: &Sqs, input: SendMessageRequest) -> Result<SendMessageResult, SqsError> {
    let address = Address::from_url(ctx, &input.queue_url)?;
    let queue = sqs.queue(&address)?;
    let letter = Letter {
        body: input.message_body,
        delay_seconds: input.delay_seconds,
        attributes: input.message_attributes,
        system_attributes: input.message_system_attributes,
        deduplication_id: input.message_deduplication_id,
        group: input.message_group_id,
    };
    let parcel = letter.check(ctx, &queue.settings)?;
    let size = content::size(&parcel.content);
    if size > queue.settings.maximum_message_bytes as usize {
        let max = queue.settings.maximum_message_bytes;
        return Err(SqsError::InvalidParameterValue(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {max} bytes."
        )));
    }
    meter(ctx, size);
    let digests = Digests::of(&parcel.content);
    let mut sent = deliver(ctx, sqs, &address, &queue, vec![parcel]).await?;
    let sent = sent.pop().expect("one parcel was delivered");
    Ok(SendMessageResult {
        md5_of_message_body: Some(digests.body),
        md5_of_message_attributes: digests.attributes,
        md5_of_message_system_attributes: digests.system_attributes,
        message_id: Some(sent.message_id),
        sequence_number: sent.sequence.map(sequence_text),
    })
}

/// SendMessageBatch: entries fail one by one.
pub async fn send_batch(
    ctx: &Ctx,
    sqs: &Sqs,
    input: SendMessageBatchRequest,
) -> Result<SendMessageBatchResult, SqsError> {
    let address = Address::from_url(ctx, &input.queue_url)?;
    let ids = input.entries.iter().map(|entry| entry.id.as_str());
    batch::check("SendMessageBatchRequestEntry", ids)?;
    let queue = sqs.queue(&address)?;
    let (mut good, mut parcels, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = 0;
    for entry in input.entries {
        total += size_as_sent(&entry);
        let (id, letter) = Letter::of_entry(entry);
        let parcel = letter.check(ctx, &queue.settings).and_then(|parcel| fits(parcel, &queue));
        match parcel {
            Ok(parcel) => {
                good.push((id, Digests::of(&parcel.content)));
                parcels.push(parcel);
            }
            // What makes a message unfit for a FIFO queue at all fails the batch as a whole.
            Err(error @ SqsError::NoDeduplicationId) => return Err(error),
            Err(error @ SqsError::MissingParameter("MessageGroupId")) => {
                return Err(SqsError::InvalidParameterValue(error.to_string()));
            }
            Err(error) => failed.push(error.into_entry(id)?),
        }
    }
    let max = MESSAGE_BYTES_MAX as usize;
    if total > max {
        return Err(SqsError::BatchRequestTooLong { max, sent: total });
    }
    meter(ctx, total);
    let sent = if parcels.is_empty() { Vec::new() } else { deliver(ctx, sqs, &address, &queue, parcels).await? };
    Ok(answer_batch(good, sent, failed))
}

fn answer_batch(
    good: Vec<(String, Digests)>,
    sent: Vec<Sent>,
    failed: Vec<BatchResultErrorEntry>,
) -> SendMessageBatchResult {
    let successful = good.into_iter().zip(sent).map(|((id, digests), sent)| SendMessageBatchResultEntry {
        id,
        message_id: sent.message_id,
        md5_of_message_body: digests.body,
        md5_of_message_attributes: digests.attributes,
        md5_of_message_system_attributes: digests.system_attributes,
        sequence_number: sent.sequence.map(sequence_text),
    });
    SendMessageBatchResult { successful: successful.collect(), failed }
}

/// AWS words this differently in a batch.
fn fits(parcel: Parcel, queue: &Queue) -> Result<Parcel, SqsError> {
    let max = queue.settings.maximum_message_bytes;
    if content::size(&parcel.content) > max as usize {
        return Err(SqsError::InvalidParameterValue(format!(
            "One or more parameters cannot be validated. Reason: Message must be shorter than {max} bytes."
        )));
    }
    Ok(parcel)
}

/// Bytes of an entry whether it is valid or not.
fn size_as_sent(entry: &SendMessageBatchRequestEntry) -> usize {
    let attributes = entry.message_attributes.iter().flatten().map(|(name, value)| {
        name.len()
            + value.data_type.len()
            + value.string_value.as_ref().map_or(0, String::len)
            + value.binary_value.as_ref().map_or(0, |bytes| bytes.len())
    });
    entry.message_body.len() + attributes.sum::<usize>()
}

impl Digests {
    fn of(content: &Content) -> Self {
        let attributes = content.attributes.iter();
        let system = content.trace_header.iter();
        Self {
            body: digest::of_body(&content.body),
            attributes: digest::of_attributes(attributes.map(|(name, attribute)| (name.as_str(), attribute))),
            system_attributes: digest::of_attributes(system.map(|header| (content::TRACE_HEADER, header))),
        }
    }
}

impl Letter {
    fn of_entry(entry: SendMessageBatchRequestEntry) -> (String, Self) {
        let letter = Self {
            body: entry.message_body,
            delay_seconds: entry.delay_seconds,
            attributes: entry.message_attributes,
            system_attributes: entry.message_system_attributes,
            deduplication_id: entry.message_deduplication_id,
            group: entry.message_group_id,
        };
        (entry.id, letter)
    }

    fn check(self, ctx: &Ctx, settings: &Settings) -> Result<Parcel, SqsError> {
        let delay_seconds = self.delay_seconds.map(check_delay).transpose()?;
        check_id("MessageGroupId", self.group.as_deref())?;
        check_id("MessageDeduplicationId", self.deduplication_id.as_deref())?;
        let content = content::parse(self.body, self.attributes, self.system_attributes)?;
        let mut parcel = Parcel {
            message_id: ids::uuid(),
            content,
            sender_id: ctx.caller.user_id.clone(),
            delay_seconds,
            place: None,
            group_label: None,
        };
        let Some(fifo) = settings.fifo else {
            if let Some(id) = self.deduplication_id {
                let reason = "The request includes a parameter that is not valid for this queue type.";
                return Err(SqsError::parameter("MessageDeduplicationId", id, reason));
            }
            parcel.group_label = self.group;
            return Ok(parcel);
        };
        if let Some(delay) = delay_seconds.filter(|delay| *delay > 0) {
            let reason = "The request include parameter that is not valid for this queue type.";
            return Err(SqsError::parameter("DelaySeconds", delay, reason));
        }
        // Zero stands for the queue's own delay here.
        parcel.delay_seconds = None;
        let group = self.group.ok_or(SqsError::MissingParameter("MessageGroupId"))?;
        let deduplication_id = match self.deduplication_id {
            Some(id) => id,
            None if fifo.content_based_deduplication => digest::content_id(&parcel.content.body),
            None => return Err(SqsError::NoDeduplicationId),
        };
        parcel.place = Some(Place { group, deduplication_id });
        Ok(parcel)
    }
}

fn check_delay(seconds: i32) -> Result<u32, SqsError> {
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= DELAY_SECONDS_MAX)
        .ok_or_else(|| SqsError::parameter("DelaySeconds", seconds, "DelaySeconds must be >= 0 and <= 900."))
}

/// Group ids, deduplication ids and ids of attempts follow one rule.
pub fn check_id(name: &'static str, id: Option<&str>) -> Result<(), SqsError> {
    let Some(id) = id else { return Ok(()) };
    if (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(SqsError::parameter(name, id, reason))
}

/// Puts parcels into the queue, all or none.
async fn deliver(
    ctx: &Ctx,
    sqs: &Sqs,
    address: &Address,
    queue: &Queue,
    parcels: Vec<Parcel>,
) -> Result<Vec<Sent>, SqsError> {
    let (live, now) = (sqs.live.clone(), ctx.now());
    let sizes: Vec<_> = parcels.iter().map(|parcel| content::size(&parcel.content)).collect();
    let target = address.clone();
    let sent = sqs
        .store
        .write(move |tx| {
            let queue = queue_in(tx, &target)?;
            let mut ripple = Ripple::default();
            let mut inventory = Inventory { tx, ripple: &mut ripple, now };
            let mut sent = Vec::with_capacity(parcels.len());
            for parcel in parcels {
                sent.push(put(&mut inventory, &queue, parcel)?);
            }
            ripple.on_commit(tx, &live);
            Ok::<_, SqsError>(sent)
        })
        .await?;
    measures::count(ctx, "NumberOfMessagesSent", address, sizes.len());
    sizes.into_iter().for_each(|bytes| measures::sent(ctx, address, bytes));
    sqs.live.gauges.called(queue.number, address, now);
    Ok(sent)
}

fn put(inventory: &mut Inventory, queue: &Queue, parcel: Parcel) -> Result<Sent, SqsError> {
    let now = inventory.now;
    let settings = &queue.settings;
    let by_group = settings.fifo.is_some_and(|fifo| fifo.deduplicates_by_group);
    let deduplication = parcel.place.as_ref().map(|place| {
        let scope = if by_group { place.group.clone() } else { String::new() };
        (queue.number, scope, place.deduplication_id.clone())
    });
    if let Some(key) = &deduplication
        && let Some(known) = inventory.tx.get(DEDUPLICATIONS, key)?
        && known.expires > now
    {
        // Accepted, not delivered: the answer is that of the first time.
        return Ok(Sent { message_id: known.message_id, sequence: Some(known.sequence) });
    }
    let delay_seconds = parcel.delay_seconds.unwrap_or(settings.delay_seconds);
    let message = Message {
        message_id: parcel.message_id.clone(),
        content: Some(parcel.content),
        sender_id: parcel.sender_id,
        visible_at: now + Duration::from_secs(u64::from(delay_seconds)),
        receive_count: 0,
        first_received: None,
        last_received: None,
        dead_letter_source: None,
        place: parcel.place,
        group_label: parcel.group_label,
    };
    let sequence = inventory.add(queue.number, now, message, settings.retention_seconds)?;
    if let Some(key) = &deduplication {
        let record =
            Deduplication { expires: now + DEDUPLICATION_INTERVAL, message_id: parcel.message_id.clone(), sequence };
        inventory.tx.put(DEDUPLICATIONS, key, &record)?;
        inventory.ripple.forgets(record.expires);
    }
    Ok(Sent { message_id: parcel.message_id, sequence: deduplication.is_some().then_some(sequence) })
}
