//! ReceiveMessage: what is visible, at most ten, and waiting for it.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use haar_platform::aws::sqs::{Message as Answer, MessageAttributeValue, ReceiveMessageRequest, ReceiveMessageResult};
use haar_platform::kernel::{Bytes, Ctx, Timestamp};
use haar_platform::store::{Read, Span, StoreError};

use super::address::Address;
use super::error::SqsError;
use super::inventory::Inventory;
use super::live::Ripple;
use super::model::{
    ATTEMPTS, Attempt, Attribute, AttributeValue, BY_GROUP, BY_READINESS, BY_VISIBILITY, Content, MESSAGES, Message,
    MessageKey, Queue,
};
use super::receipt::Receipt;
use super::redrive::DeadLetters;
use super::send::{DEDUPLICATION_INTERVAL, check_id, sequence_text};
use super::settings::{VISIBILITY_SECONDS_MAX, WAIT_SECONDS_MAX};
use super::{Sqs, content, digest, measures, meter, queue_in};

/// Messages of one answer.
const MESSAGES_MAX: i32 = 10;

/// Messages of a queue that are in flight. Tests reach it sooner.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const IN_FLIGHT_MAX: u64 = if cfg!(test) { 30 } else { 120_000 };

/// Messages that one receive moves or drops on its way to those that it hands out.
const CLEARED_MAX: usize = 1000;

/// How long a receiver waits for room when too much is in flight.
const ROOM_WAIT: Duration = Duration::from_secs(1);

/// Names of system attributes that can be asked for.
const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

/// What a receiver asks for.
#[derive(Clone)]
struct Wish {
    address: Address,
    count_max: usize,
    visibility_seconds: Option<u32>,
    wait: Duration,
    attempt: Option<String>,
}

/// What a receiver gets to see.
struct Selection {
    system: Vec<String>,
    attributes: Vec<String>,
}

/// What a look at the queue brought.
enum Look {
    Ready,
    /// Nothing yet; something will be then.
    Later(Option<Timestamp>),
}

/// A message handed out.
struct Taken {
    key: MessageKey,
    message: Message,
    content: Content,
}

/// What a transaction brought.
struct Haul {
    taken: Vec<Taken>,
    /// Too much is in flight to hand out more.
    full: bool,
}

/// ReceiveMessage.
pub async fn receive(ctx: &Ctx, sqs: &Sqs, input: ReceiveMessageRequest) -> Result<ReceiveMessageResult, SqsError> {
    let (wish, selection) = parse(ctx, sqs, input)?;
    let taken = wait(ctx, sqs, &wish).await?;
    meter(ctx, taken.iter().map(|taken| content::size(&taken.content)).sum());
    measures::count(ctx, "NumberOfMessagesReceived", &wish.address, taken.len());
    measures::count(ctx, "NumberOfEmptyReceives", &wish.address, usize::from(taken.is_empty()));
    let messages: Vec<_> = taken.into_iter().map(|taken| taken.show(ctx, &wish.address, &selection)).collect();
    Ok(ReceiveMessageResult { messages: (!messages.is_empty()).then_some(messages) })
}

fn parse(ctx: &Ctx, sqs: &Sqs, input: ReceiveMessageRequest) -> Result<(Wish, Selection), SqsError> {
    let address = Address::from_url(ctx, &input.queue_url)?;
    let queue = sqs.queue(&address)?;
    sqs.live.gauges.called(queue.number, &address, ctx.now());
    let mut system = input.attribute_names.unwrap_or_default();
    system.extend(input.message_system_attribute_names.unwrap_or_default());
    if let Some(unknown) = system.iter().find(|name| !SYSTEM_ATTRIBUTES.contains(&name.as_str())) {
        return Err(SqsError::UnknownAttribute(unknown.clone()));
    }
    let count = input.max_number_of_messages.unwrap_or(1);
    if !(1..=MESSAGES_MAX).contains(&count) {
        let reason = "Must be between 1 and 10, if provided.";
        return Err(SqsError::parameter("MaxNumberOfMessages", count, reason));
    }
    let within = |name: &'static str, value: i32, max: u32| {
        let found = u32::try_from(value).ok().filter(|value| *value <= max);
        found.ok_or_else(|| SqsError::parameter(name, value, format!("Must be >= 0 and <= {max}, if provided.")))
    };
    let visibility_seconds = input
        .visibility_timeout
        .map(|seconds| within("VisibilityTimeout", seconds, VISIBILITY_SECONDS_MAX))
        .transpose()?;
    let wait_seconds = match input.wait_time_seconds {
        Some(seconds) => within("WaitTimeSeconds", seconds, WAIT_SECONDS_MAX)?,
        None => queue.settings.wait_seconds,
    };
    if let Some(id) = input.receive_request_attempt_id.as_ref().filter(|_| !address.is_fifo()) {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(SqsError::parameter("ReceiveRequestAttemptId", id, reason));
    }
    check_id("ReceiveRequestAttemptId", input.receive_request_attempt_id.as_deref())?;
    let wish = Wish {
        address,
        count_max: count.unsigned_abs() as usize,
        visibility_seconds,
        wait: Duration::from_secs(u64::from(wait_seconds)),
        attempt: input.receive_request_attempt_id,
    };
    let attributes = input.message_attribute_names.unwrap_or_default();
    Ok((wish, Selection { system, attributes }))
}

/// Takes messages as soon as there are any, until the wait is over, the queue is gone or the house closes.
async fn wait(ctx: &Ctx, sqs: &Sqs, wish: &Wish) -> Result<Vec<Taken>, SqsError> {
    let deadline = ctx.now() + wish.wait;
    loop {
        let queue = sqs.queue(&wish.address)?;
        let bell = sqs.live.bell(queue.number);
        let mut ring = pin!(bell.rings());
        // From here on no ring is missed, whatever happens while we look.
        ring.as_mut().enable();
        let look = sqs.store.read(|tx| look(tx, wish, &queue, ctx.now()))?;
        let wake_at = match look {
            Look::Later(due) => due,
            Look::Ready => {
                let haul = take(ctx, sqs, wish).await?;
                if !haul.taken.is_empty() {
                    return Ok(haul.taken);
                }
                if !haul.full && ctx.now() < deadline {
                    // Somebody was faster, or all that was there had to go: look again.
                    continue;
                }
                Some(ctx.now() + ROOM_WAIT)
            }
        };
        if ctx.now() >= deadline {
            return Ok(Vec::new());
        }
        let wake_at = wake_at.map_or(deadline, |due| due.min(deadline));
        tokio::select! {
            () = ring => {}
            () = ctx.sleep_until(wake_at) => {}
            () = ctx.house.tasks.closing() => return Ok(Vec::new()),
        }
    }
}

/// Whether a transaction is worth it: one step into an index.
fn look(tx: &impl Read, wish: &Wish, queue: &Queue, now: Timestamp) -> Result<Look, SqsError> {
    if let Some(attempt) = &wish.attempt
        && tx.contains(ATTEMPTS, &(queue.number, attempt.as_str()))?
    {
        return Ok(Look::Ready);
    }
    let all = Span::under((queue.number,));
    let first = if wish.address.is_fifo() {
        let first = tx.scan_index_keys(BY_READINESS, all).next().transpose()?;
        first.map(|((_, at), _)| at)
    } else {
        let first = tx.scan_index_keys(BY_VISIBILITY, all).next().transpose()?;
        first.map(|((_, at), _)| at)
    };
    Ok(match first {
        Some(at) if at <= now.millis() => Look::Ready,
        later => Look::Later(later.map(Timestamp::from_millis)),
    })
}

/// Takes what is there, in one transaction.
async fn take(ctx: &Ctx, sqs: &Sqs, wish: &Wish) -> Result<Haul, SqsError> {
    let (live, now, wish) = (sqs.live.clone(), ctx.now(), wish.clone());
    sqs.store
        .write(move |tx| {
            let queue = queue_in(tx, &wish.address)?;
            let seconds = wish.visibility_seconds.unwrap_or(queue.settings.visibility_timeout_seconds);
            let until = now + Duration::from_secs(u64::from(seconds));
            let mut ripple = Ripple::default();
            let mut inventory = Inventory { tx, ripple: &mut ripple, now };
            if let Some(taken) = again(&mut inventory, &wish, &queue, until)? {
                ripple.on_commit(tx, &live);
                return Ok(Haul { taken, full: false });
            }
            let (in_flight, _) = live.hidden(queue.number, now);
            let room = IN_FLIGHT_MAX.saturating_sub(in_flight);
            if room == 0 && !wish.address.is_fifo() && wish.wait.is_zero() {
                return Err(SqsError::OverLimit(format!(
                    "Too many messages are in flight: the queue allows {IN_FLIGHT_MAX}."
                )));
            }
            let count = wish.count_max.min(usize::try_from(room).unwrap_or(usize::MAX));
            let taken = fresh(&mut inventory, &wish, &queue, count, until)?;
            ripple.on_commit(tx, &live);
            Ok(Haul { taken, full: room == 0 })
        })
        .await
}

/// The same messages again, for a receiver that did not get the answer to the same attempt.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
fn again(
    inventory: &mut Inventory,
    wish: &Wish,
    queue: &Queue,
    until: Timestamp,
) -> Result<Option<Vec<Taken>>, SqsError> {
    let Some(id) = &wish.attempt else { return Ok(None) };
    let key = (queue.number, id.as_str());
    let Some(mut attempt) = inventory.tx.get(ATTEMPTS, &key)? else { return Ok(None) };
    let now = inventory.now;
    let mut found = Vec::new();
    for (key, visible_at) in &attempt.handed_out {
        match inventory.tx.get(MESSAGES, key)? {
            Some(message) if message.visible_at == *visible_at && message.visible_at > now => {
                found.push((*key, message));
            }
            _ => {}
        }
    }
    if attempt.expires <= now || found.len() < attempt.handed_out.len() {
        // Something was deleted, changed or became visible since: the attempt is over.
        inventory.tx.delete(ATTEMPTS, &key)?;
        return Ok(None);
    }
    let mut taken = Vec::new();
    for (key, before) in found {
        let mut message = before.clone();
        message.visible_at = until;
        inventory.change(&key, &before, &message)?;
        let content = inventory.content(&key, &message)?;
        taken.push(Taken { key, message, content });
    }
    attempt.handed_out = taken.iter().map(|taken| (taken.key, taken.message.visible_at)).collect();
    inventory.tx.put(ATTEMPTS, &key, &attempt)?;
    Ok(Some(taken))
}

/// Messages that nobody else has now.
fn fresh(
    inventory: &mut Inventory,
    wish: &Wish,
    queue: &Queue,
    count: usize,
    until: Timestamp,
) -> Result<Vec<Taken>, SqsError> {
    let now = inventory.now;
    let dead_letters = DeadLetters::of(inventory.tx, &wish.address, queue)?;
    let retention = Duration::from_secs(u64::from(queue.settings.retention_seconds));
    let mut taken: Vec<Taken> = Vec::new();
    let mut cleared = 0;
    while taken.len() < count && cleared < CLEARED_MAX {
        let keys: Vec<_> = taken.iter().map(|taken| taken.key).collect();
        let candidates = visible(inventory.tx, &wish.address, queue.number, now, count - taken.len(), &keys)?;
        if candidates.is_empty() {
            break;
        }
        for (key, before) in candidates {
            let sent = Timestamp::from_millis(key.1);
            if sent + retention <= now {
                inventory.remove(&key, &before)?;
                cleared += 1;
            } else if let Some(letters) =
                dead_letters.as_ref().filter(|letters| before.receive_count >= letters.receives_max)
            {
                bury(inventory, &key, &before, letters)?;
                cleared += 1;
            } else {
                let mut message = before.clone();
                message.visible_at = until;
                message.receive_count += 1;
                message.first_received.get_or_insert(now);
                message.last_received = Some(now);
                inventory.change(&key, &before, &message)?;
                let content = inventory.content(&key, &message)?;
                taken.push(Taken { key, message, content });
            }
        }
    }
    if let Some(id) = wish.attempt.as_ref().filter(|_| !taken.is_empty()) {
        let expires = now + DEDUPLICATION_INTERVAL;
        let handed_out = taken.iter().map(|taken| (taken.key, taken.message.visible_at)).collect();
        let attempt = Attempt { expires, handed_out };
        inventory.tx.put(ATTEMPTS, &(queue.number, id.as_str()), &attempt)?;
        inventory.ripple.forgets(expires);
    }
    Ok(taken)
}

/// Up to `count` messages that can be handed out, but none of those in `without`.
///
/// In a FIFO queue that is, of each group, the messages before the first that is hidden.
pub fn visible(
    tx: &impl Read,
    address: &Address,
    number: u64,
    now: Timestamp,
    count: usize,
    without: &[MessageKey],
) -> Result<Vec<(MessageKey, Message)>, StoreError> {
    if !address.is_fifo() {
        // Those that were taken with no timeout at all are still in the span.
        let due = tx.scan_index(BY_VISIBILITY, Span::between((number,), ..=now.millis()));
        let fresh = due.filter(|entry| !matches!(entry, Ok((_, key, _)) if without.contains(key)));
        return fresh.take(count).map(|entry| entry.map(|(_, key, message)| (key, message))).collect();
    }
    let mut found = Vec::new();
    for group in tx.scan_index_keys(BY_READINESS, Span::between((number,), ..=now.millis())) {
        let (_, (_, group)) = group?;
        for entry in tx.scan_index(BY_GROUP, Span::under((number, group.as_str()))) {
            let (_, key, message) = entry?;
            if found.len() == count {
                return Ok(found);
            }
            if message.visible_at > now && !without.contains(&key) {
                break;
            }
            if !without.contains(&key) {
                found.push((key, message));
            }
        }
    }
    Ok(found)
}

/// Moves a message that was received too often to the dead-letter queue.
fn bury(inventory: &mut Inventory, key: &MessageKey, before: &Message, letters: &DeadLetters) -> Result<(), SqsError> {
    let mut message = before.clone();
    message.content = Some(inventory.content(key, before)?);
    message.visible_at = inventory.now;
    message.dead_letter_source = Some(letters.source_arn.clone());
    inventory.remove(key, before)?;
    // The age of a message goes on in a standard dead-letter queue, and begins anew in a FIFO one.
    // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    let sent = match message.place {
        Some(_) => inventory.now,
        None => Timestamp::from_millis(key.1),
    };
    inventory.add(letters.target_number, sent, message, letters.target_retention_seconds)?;
    Ok(())
}

impl Taken {
    fn show(self, ctx: &Ctx, address: &Address, selection: &Selection) -> Answer {
        let attributes: BTreeMap<_, _> = self
            .system_attributes()
            .into_iter()
            .filter(|(name, _)| selection.wants_system(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let receipt = Receipt { key: self.key, receive_count: self.message.receive_count };
        let Content { body, attributes: mut carried, .. } = self.content;
        carried.retain(|(name, _)| selection.wants_attribute(name));
        let md5_of_attributes = digest::of_attributes(carried.iter().map(|(name, value)| (name.as_str(), value)));
        let carried: BTreeMap<_, _> = carried.into_iter().map(|(name, value)| (name, show(value))).collect();
        Answer {
            message_id: Some(self.message.message_id),
            receipt_handle: Some(receipt.seal(ctx, address)),
            md5_of_body: Some(digest::of_body(&body)),
            body: Some(body),
            attributes: (!attributes.is_empty()).then_some(attributes),
            md5_of_message_attributes: md5_of_attributes,
            message_attributes: (!carried.is_empty()).then_some(carried),
        }
    }

    fn system_attributes(&self) -> Vec<(&'static str, String)> {
        let message = &self.message;
        let (_, sent, sequence) = self.key;
        let mut known = vec![
            ("SenderId", message.sender_id.clone()),
            ("SentTimestamp", sent.to_string()),
            ("ApproximateReceiveCount", message.receive_count.to_string()),
        ];
        if let Some(first) = message.first_received {
            known.push(("ApproximateFirstReceiveTimestamp", first.millis().to_string()));
        }
        if let Some(place) = &message.place {
            known.push(("SequenceNumber", sequence_text(sequence)));
            known.push(("MessageGroupId", place.group.clone()));
            known.push(("MessageDeduplicationId", place.deduplication_id.clone()));
        }
        if let Some(group) = &message.group_label {
            known.push(("MessageGroupId", group.clone()));
        }
        if let Some(source) = &message.dead_letter_source {
            known.push(("DeadLetterQueueSourceArn", source.clone()));
        }
        if let Some(AttributeValue::Text(header)) = self.content.trace_header.as_ref().map(|header| &header.value) {
            known.push((content::TRACE_HEADER, header.clone()));
        }
        known
    }
}

impl Selection {
    fn wants_system(&self, name: &str) -> bool {
        self.system.iter().any(|asked| asked == "All" || asked == name)
    }

    /// By name, by prefix (`foo.*`), or all (`All`, `.*`).
    fn wants_attribute(&self, name: &str) -> bool {
        self.attributes.iter().any(|asked| {
            asked == "All" || asked == name || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    }
}

fn show(attribute: Attribute) -> MessageAttributeValue {
    let (string_value, binary_value) = match attribute.value {
        AttributeValue::Text(text) => (Some(text), None),
        AttributeValue::Binary(bytes) => (None, Some(Bytes::from(bytes))),
    };
    MessageAttributeValue {
        string_value,
        binary_value,
        string_list_values: None,
        binary_list_values: None,
        data_type: attribute.data_type,
    }
}
