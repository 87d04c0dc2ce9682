//! Publish and PublishBatch.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use haar_platform::aws::sns::{
    BatchResultErrorEntry, MessageAttributeValue, Publish, PublishBatchInput, PublishBatchRequestEntry,
    PublishBatchResponse, PublishBatchResultEntry, PublishInput, PublishResponse,
};
use haar_platform::kernel::{Access, Arn, Ctx, Delivery as Arrival, Fault, Timestamp, ids};
use haar_platform::store::{Read, Tx};

use super::address::TopicAddress;
use super::agenda::{LaneKey, Parcel};
use super::error::SnsError;
use super::fanout::Fanout;
use super::live::{self, Live};
use super::model::{
    Attribute, Body, COUNTERS, DEDUPLICATIONS, DELIVERIES, Deduplication, Delivery, Kind, MESSAGES, Message, Place,
    SubscriptionKey,
};
use super::settings::TopicSettings;
use super::{Sns, access, content, measures, meter};

/// How long a deduplication id is remembered.
const DEDUPLICATION_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// The first sequence number: they are written with 20 digits.
const SEQUENCE_BASE: u64 = 10_000_000_000_000_000_000;

/// Characters of a group id and of a deduplication id.
const ID_CHARS_MAX: usize = 128;

/// Entries of a batch, and characters of an entry's id.
const ENTRIES_MAX: usize = 10;
const ENTRY_ID_CHARS_MAX: usize = 80;

/// A sequence number as callers see it.
pub fn sequence_text(sequence: u64) -> String {
    SEQUENCE_BASE.saturating_add(sequence).to_string()
}

/// A message as its publisher wrote it.
struct Letter {
    message: String,
    subject: Option<String>,
    structure: Option<String>,
    attributes: Option<BTreeMap<String, MessageAttributeValue>>,
    deduplication_id: Option<String>,
    group: Option<String>,
}

/// A message that has been checked, and who gets it.
struct Draft {
    subject: Option<String>,
    body: Body,
    attributes: Vec<(String, Attribute)>,
    bytes: usize,
    /// FIFO topics: group and deduplication id.
    place: Option<(String, String)>,
    group_label: Option<String>,
    recipients: Vec<(u64, SubscriptionKey)>,
}

/// What a message has in common with the others of its call.
#[derive(Clone)]
struct Frame {
    address: TopicAddress,
    number: u64,
    settings: TopicSettings,
    house: String,
    now: Timestamp,
}

/// What became of a message.
struct Published {
    message_id: String,
    sequence: Option<u64>,
}

/// The topic that a publisher means.
fn target(ctx: &Ctx, input: &PublishInput) -> Result<TopicAddress, SnsError> {
    if input.phone_number.is_some() {
        return Err(SnsError::NotServed("SNS messages to phones (PhoneNumber)".into()));
    }
    let (parameter, arn) = match (&input.topic_arn, &input.target_arn) {
        (Some(arn), _) => ("TopicArn", arn),
        (None, Some(arn)) => ("TargetArn", arn),
        (None, None) => {
            return Err(SnsError::because("TopicArn or TargetArn", "no value for required parameter"));
        }
    };
    let is_device = arn.parse::<Arn>().is_ok_and(|arn| arn.service == "sns" && arn.resource.starts_with("endpoint/"));
    if is_device {
        return Err(SnsError::NotServed("SNS messages to mobile devices (TargetArn)".into()));
    }
    TopicAddress::parse(ctx, parameter, arn)
}

/// The topic.
pub fn access(ctx: &Ctx, sns: &Sns, input: &PublishInput) -> Result<Access, Fault> {
    Ok(access::to(ctx, sns, &target(ctx, input)?)?)
}

/// Publish.
pub async fn publish(ctx: &Ctx, sns: &Sns, input: PublishInput) -> Result<PublishResponse, SnsError> {
    let address = target(ctx, &input)?;
    let fanout = sns.fanout(&address)?;
    let letter = Letter {
        message: input.message,
        subject: input.subject,
        structure: input.message_structure,
        attributes: input.message_attributes,
        deduplication_id: input.message_deduplication_id,
        group: input.message_group_id,
    };
    let draft = letter.check(ctx, &address, &fanout)?;
    meter(ctx, draft.bytes);
    let mut published = post(ctx, sns, address, &fanout, vec![draft]).await?;
    let published = published.pop().expect("one message was posted");
    Ok(PublishResponse {
        message_id: Some(published.message_id),
        sequence_number: published.sequence.map(sequence_text),
    })
}

/// PublishBatch: entries fail one by one.
pub async fn publish_batch(ctx: &Ctx, sns: &Sns, input: PublishBatchInput) -> Result<PublishBatchResponse, SnsError> {
    let address = TopicAddress::parse(ctx, "TopicArn", &input.topic_arn)?;
    let fanout = sns.fanout(&address)?;
    check_entries(&input.publish_batch_request_entries)?;
    let (mut ids, mut drafts, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for entry in input.publish_batch_request_entries {
        let (id, letter) = Letter::of_entry(entry);
        match letter.check(ctx, &address, &fanout) {
            Ok(draft) => {
                ids.push(id);
                drafts.push(draft);
            }
            Err(error) => failed.push(error.into_entry(id)?),
        }
    }
    let bytes = drafts.iter().map(|draft| draft.bytes).sum();
    if bytes > content::MESSAGE_BYTES_MAX {
        return Err(SnsError::BatchRequestTooLong);
    }
    meter(ctx, bytes);
    let published = post(ctx, sns, address, &fanout, drafts).await?;
    Ok(answer_batch(ids, published, failed))
}

fn answer_batch(
    ids: Vec<String>,
    published: Vec<Published>,
    failed: Vec<BatchResultErrorEntry>,
) -> PublishBatchResponse {
    let successful = ids.into_iter().zip(published).map(|(id, published)| PublishBatchResultEntry {
        id: Some(id),
        message_id: Some(published.message_id),
        sequence_number: published.sequence.map(sequence_text),
    });
    PublishBatchResponse { successful: Some(successful.collect()), failed: Some(failed) }
}

fn check_entries(entries: &[PublishBatchRequestEntry]) -> Result<(), SnsError> {
    if entries.is_empty() {
        return Err(SnsError::EmptyBatchRequest);
    }
    if entries.len() > ENTRIES_MAX {
        return Err(SnsError::TooManyEntriesInBatchRequest);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut seen = HashSet::new();
    for entry in entries {
        if entry.id.is_empty() || entry.id.len() > ENTRY_ID_CHARS_MAX || !entry.id.bytes().all(plain) {
            return Err(SnsError::InvalidBatchEntryId);
        }
        if !seen.insert(entry.id.as_str()) {
            return Err(SnsError::BatchEntryIdsNotDistinct);
        }
    }
    Ok(())
}

impl Letter {
    fn of_entry(entry: PublishBatchRequestEntry) -> (String, Self) {
        let letter = Self {
            message: entry.message,
            subject: entry.subject,
            structure: entry.message_structure,
            attributes: entry.message_attributes,
            deduplication_id: entry.message_deduplication_id,
            group: entry.message_group_id,
        };
        (entry.id, letter)
    }

    fn check(self, ctx: &Ctx, address: &TopicAddress, fanout: &Fanout) -> Result<Draft, SnsError> {
        self.subject.as_deref().map(content::check_subject).transpose()?;
        check_id("MessageGroupId", self.group.as_deref())?;
        check_id("MessageDeduplicationId", self.deduplication_id.as_deref())?;
        let (bytes, text) = (self.message.len(), self.message.clone());
        let body = content::body(self.message, self.structure.as_deref())?;
        let attributes = content::attributes(self.attributes)?;
        let bytes = bytes + content::attributes_size(&attributes);
        if bytes > content::MESSAGE_BYTES_MAX {
            return Err(SnsError::invalid("Message too long"));
        }
        let (mut place, mut group_label) = (None, None);
        match fanout.topic.settings.fifo {
            None => {
                if self.deduplication_id.is_some() {
                    let reason =
                        "The request includes MessageDeduplicationId parameter that is not valid for this topic type";
                    return Err(SnsError::because("MessageDeduplicationId", reason));
                }
                group_label = self.group;
            }
            Some(fifo) => {
                let group = self
                    .group
                    .ok_or_else(|| SnsError::invalid("The MessageGroupId parameter is required for FIFO topics"))?;
                let by_content = fifo.content_based_deduplication.then(|| content_id(&text));
                let id = self.deduplication_id.or(by_content).ok_or_else(|| {
                    SnsError::invalid(
                        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
                         provided explicitly",
                    )
                })?;
                place = Some((group, id));
            }
        }
        let (wanted, unwanted) = fanout.choose(&body, &attributes);
        let recipients = wanted.iter().map(|subscriber| (subscriber.number, subscriber.key.clone())).collect();
        measures::published(ctx, &address.name, bytes);
        measures::filtered(ctx, &address.name, &unwanted);
        Ok(Draft { subject: self.subject, body, attributes, bytes, place, group_label, recipients })
    }
}

fn check_id(name: &str, id: Option<&str>) -> Result<(), SnsError> {
    let Some(id) = id else { return Ok(()) };
    if (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(SnsError::because(name, reason))
}

/// What stands in for a deduplication id where a topic deduplicates by content.
fn content_id(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Stores messages with their deliveries, all or none, and tells the dispatcher.
async fn post(
    ctx: &Ctx,
    sns: &Sns,
    address: TopicAddress,
    fanout: &Fanout,
    drafts: Vec<Draft>,
) -> Result<Vec<Published>, SnsError> {
    let topic = &fanout.topic;
    let ordered = topic.settings.fifo.is_some();
    if !ordered && drafts.iter().all(|draft| draft.recipients.is_empty()) {
        // Nobody wants them: there is nothing to remember.
        let published = |_| Published { message_id: ids::uuid(), sequence: None };
        return Ok(drafts.iter().map(published).collect());
    }
    let (number, settings) = (topic.number, topic.settings.clone());
    let frame = Frame { address, number, settings, house: live::house(ctx), now: ctx.now() };
    let live = sns.live.clone();
    sns.store
        .write(move |tx| {
            let mut published = Vec::with_capacity(drafts.len());
            let mut parcels = Vec::new();
            for draft in drafts {
                let (place, message_id) = match &draft.place {
                    None => (None, ids::uuid()),
                    Some((group, id)) => match in_order(tx, &frame, group, id)? {
                        Turn::Repeated(before) => {
                            published.push(before);
                            continue;
                        }
                        Turn::Next { place, message_id } => (Some(place), message_id),
                    },
                };
                let sequence = place.as_ref().map(|place| place.sequence);
                let recipients = draft.recipients.clone();
                let message = frame.message(draft, place, message_id.clone());
                put(tx, &live, frame.now, &message, recipients, &mut parcels)?;
                published.push(Published { message_id, sequence });
            }
            if ordered {
                live.expires(tx, frame.now + DEDUPLICATION_INTERVAL);
            }
            live.post(tx, parcels);
            Ok(published)
        })
        .await
}

/// Stores one message with its deliveries.
pub fn put(
    tx: &mut Tx,
    live: &Live,
    now: Timestamp,
    message: &Message,
    recipients: Vec<(u64, SubscriptionKey)>,
    parcels: &mut Vec<Parcel>,
) -> Result<(), SnsError> {
    if recipients.is_empty() {
        return Ok(());
    }
    let number = live.take_number();
    tx.put(MESSAGES, &number, message)?;
    let group = message.place.as_ref().map(|place| place.group.clone());
    for (subscription, address) in recipients {
        tx.put(DELIVERIES, &(number, subscription), &Delivery { address, attempts: 0, since: now, due: now })?;
        parcels.push(Parcel { message: number, lane: LaneKey { subscription, group: group.clone() }, due: now });
    }
    Ok(())
}

/// A message's turn in a FIFO topic.
enum Turn {
    /// Accepted, not delivered: the answer is that of the first time.
    Repeated(Published),
    Next {
        place: Place,
        message_id: String,
    },
}

fn in_order(tx: &mut Tx, frame: &Frame, group: &str, id: &str) -> Result<Turn, SnsError> {
    let by_group = frame.settings.fifo.is_some_and(|fifo| fifo.by_group);
    let scope = if by_group { group } else { "" };
    let key = (frame.number, scope, id);
    if let Some(known) = tx.get(DEDUPLICATIONS, &key)?.filter(|known| known.expires > frame.now) {
        let Deduplication { message_id, sequence, .. } = known;
        return Ok(Turn::Repeated(Published { message_id, sequence: Some(sequence) }));
    }
    let mut counter = tx.get(COUNTERS, &frame.number)?.ok_or(SnsError::NotFound("Topic"))?;
    let (sequence, message_id) = (counter.next_sequence, ids::uuid());
    counter.next_sequence += 1;
    tx.put(COUNTERS, &frame.number, &counter)?;
    let expires = frame.now + DEDUPLICATION_INTERVAL;
    tx.put(DEDUPLICATIONS, &key, &Deduplication { expires, message_id: message_id.clone(), sequence })?;
    let place = Place { group: group.to_owned(), deduplication_id: id.to_owned(), sequence };
    Ok(Turn::Next { place, message_id })
}

impl Frame {
    fn message(&self, draft: Draft, place: Option<Place>, message_id: String) -> Message {
        let TopicAddress { account, region, name } = self.address.clone();
        Message {
            topic: (account, region, name),
            display_name: self.settings.display_name.clone(),
            kind: Kind::Notification,
            message_id,
            published: self.now,
            subject: draft.subject,
            body: draft.body,
            attributes: draft.attributes,
            place,
            group_label: draft.group_label,
            signature_version: self.settings.signature_version.unwrap_or(1),
            house: self.house.clone(),
        }
    }
}

/// Topics, whether they exist or not.
pub fn serves(arn: &Arn) -> bool {
    TopicAddress::from_arn(&arn.to_string()).is_some()
}

/// Publishes a delivery's payload as the deliverer, whom the topic's policy is asked about. Parameters: `Subject`;
/// `MessageGroupId`, without which a FIFO topic refuses.
pub async fn receive(ctx: &Ctx, _: &Sns, delivery: Arrival) -> Result<(), Fault> {
    let address = TopicAddress::from_arn(&delivery.target.to_string()).ok_or(SnsError::NotFound("Topic"))?;
    let fifo = super::topic::is_fifo(&address);
    let text = |pointer: &str| delivery.parameter(pointer).map(str::to_owned);
    let input = PublishInput {
        topic_arn: Some(delivery.target.to_string()),
        subject: text("/Subject"),
        message_group_id: text("/MessageGroupId"),
        message_deduplication_id: fifo.then(|| delivery.id.clone()),
        message: delivery.payload,
        ..Default::default()
    };
    ctx.call_as::<Publish>(ctx.caller.clone(), input).await?;
    Ok(())
}
