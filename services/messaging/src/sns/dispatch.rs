//! Brings messages to their endpoints: many at once, again where they failed, and to a dead-letter queue in the end.
//!
//! What is to be delivered was stored with its message, and is deleted when it was delivered: a crash in between
//! delivers again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use haar_platform::kernel::{AccountId, Arn, Caller, Ctx, Delivery as Sent, Fault, Next, Region, Timestamp};
use haar_platform::store::{Read, Span};
use serde_json::{Value, json};

use super::Sns;
use super::address::SubscriptionAddress;
use super::agenda::{LaneKey, Parcel};
use super::delivery_policy::{HttpPolicy, RetryPolicy};
use super::error::SnsError;
use super::failure::Failure;
use super::model::{
    DELIVERIES, Delivery, Kind, MESSAGES, Message, Protocol, SUBSCRIPTIONS, State, Subscription, TOPICS,
};
use super::notification::{envelope, kind_name, lambda_event, queue_attributes, topic_address, topic_arn};
use super::settings::TopicSettings;
use super::webhook::Call;
use super::{mail, measures, newest_message};

/// Deliveries at a time.
const IN_FLIGHT_MAX: usize = 256;

/// After a failure of the store.
const STORE_PAUSE: Duration = Duration::from_secs(30);

/// Characters of an error that a dead letter carries.
const ERROR_CHARS_MAX: usize = 1000;

/// A delivery with all that it needs.
struct Task {
    number: u64,
    lane: LaneKey,
    message: Message,
    delivery: Delivery,
    address: SubscriptionAddress,
    to: Recipient,
}

/// Who gets it.
struct Recipient {
    protocol: Protocol,
    endpoint: String,
    raw: bool,
    dead_letter_arn: Option<String>,
    http: Option<HttpPolicy>,
}

/// How a delivery ended.
enum Ended {
    Done,
    Retry(Timestamp),
}

type Work<'a> = FuturesUnordered<BoxFuture<'a, (u64, LaneKey, Result<Ended, SnsError>)>>;

/// The job: delivers all that is due.
pub async fn run(ctx: &Ctx, sns: &Sns) -> Result<Next, SnsError> {
    load(ctx, sns)?;
    let mut work: Work<'_> = FuturesUnordered::new();
    let mut failure = None;
    loop {
        let news = sns.live.news.notified();
        while work.len() < IN_FLIGHT_MAX
            && let Some((number, lane)) = next(ctx, sns)
        {
            work.push(Box::pin(async move {
                let ended = attempt(ctx, sns, number, &lane).await;
                (number, lane, ended)
            }));
        }
        if work.is_empty() {
            break;
        }
        tokio::select! {
            Some((number, lane, ended)) = work.next() => {
                let mut agenda = sns.live.agenda.lock();
                match ended {
                    Ok(Ended::Done) => agenda.end(&lane),
                    Ok(Ended::Retry(due)) => agenda.retry(number, lane, due),
                    // The store failed: the delivery is as it was, and is tried again with the job.
                    Err(error) => {
                        agenda.retry(number, lane, ctx.now() + STORE_PAUSE);
                        failure = Some(error);
                    }
                }
            }
            () = news => {}
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(Next::at(sns.live.agenda.lock().due())),
    }
}

/// Takes over what an earlier life of the house left.
fn load(ctx: &Ctx, sns: &Sns) -> Result<(), SnsError> {
    let mut agenda = sns.live.agenda.lock();
    if agenda.loaded_until.is_some() {
        return Ok(());
    }
    let (parcels, last) = sns.store.read(|tx| {
        let last = newest_message(tx)?;
        let mut parcels = Vec::new();
        let mut message: Option<(u64, Option<String>)> = None;
        for row in tx.scan(DELIVERIES, Span::all()) {
            let ((number, subscription), delivery) = row?;
            if message.as_ref().is_none_or(|(known, _)| *known != number) {
                let group = tx.get(MESSAGES, &number)?.and_then(|message| message.place).map(|place| place.group);
                message = Some((number, group));
            }
            let group = message.as_ref().and_then(|(_, group)| group.clone());
            parcels.push(Parcel { message: number, lane: LaneKey { subscription, group }, due: delivery.due });
        }
        Ok::<_, SnsError>((parcels, last))
    })?;
    agenda.loaded_until = Some(last.unwrap_or(0));
    let now = ctx.now();
    parcels.into_iter().for_each(|parcel| agenda.add(parcel, now));
    Ok(())
}

fn next(ctx: &Ctx, sns: &Sns) -> Option<(u64, LaneKey)> {
    let (now, news) = (ctx.now(), sns.live.take_inbox());
    let mut agenda = sns.live.agenda.lock();
    let loaded_until = agenda.loaded_until.unwrap_or(0);
    for parcel in news.into_iter().filter(|parcel| parcel.message > loaded_until) {
        agenda.add(parcel, now);
    }
    agenda.next(now)
}

/// One attempt of one delivery, and what follows from it.
async fn attempt(ctx: &Ctx, sns: &Sns, number: u64, lane: &LaneKey) -> Result<Ended, SnsError> {
    let Some(task) = sns.store.read(|tx| find(tx, number, lane))? else {
        settle(sns, number, lane.subscription).await?;
        return Ok(Ended::Done);
    };
    let per_second_max = task.to.http.as_ref().and_then(|http| http.per_second_max);
    let pause = per_second_max.map_or(Duration::ZERO, |max| Duration::from_secs(1) / max);
    if sns.live.agenda.lock().pace(lane, pause, ctx.now()) {
        sns.live.news.notify_one();
    }
    let place = (AccountId::parse(&task.address.topic.account), Region::parse(&task.address.topic.region));
    let (Some(account), Some(region)) = place else {
        settle(sns, number, lane.subscription).await?;
        return Ok(Ended::Done);
    };
    let noted = ctx.elsewhere(Arc::new(Caller::service("sns", &account)), region);
    let topic = task.address.topic.name.as_str();
    match deliver(&noted, sns, &task).await {
        Ok(()) => {
            settle(sns, number, lane.subscription).await?;
            if matches!(task.message.kind, Kind::Notification) {
                noted.meter(measures::delivery_unit(task.to.protocol), 1);
                measures::count(&noted, "NumberOfNotificationsDelivered", topic, 1);
                noted.note("NotificationDelivered").await;
            }
            Ok(Ended::Done)
        }
        Err(failure) => {
            let retry = task.to.http.as_ref().map_or(RetryPolicy::MANAGED, |http| http.retry);
            let failures = task.delivery.attempts + 1;
            match retry.delay(failures).filter(|_| !failure.lasting) {
                Some(delay) => {
                    let due = ctx.now() + delay;
                    postpone(sns, &task, failures, due).await?;
                    Ok(Ended::Retry(due))
                }
                None => {
                    give_up(&noted, sns, &task, &failure).await;
                    settle(sns, number, lane.subscription).await?;
                    noted.note("NotificationFailed").await;
                    Ok(Ended::Done)
                }
            }
        }
    }
}

/// What a delivery needs; `None` where nobody wants it any more.
fn find(tx: &impl Read, number: u64, lane: &LaneKey) -> Result<Option<Task>, SnsError> {
    let Some(delivery) = tx.get(DELIVERIES, &(number, lane.subscription))? else { return Ok(None) };
    let Some(message) = tx.get(MESSAGES, &number)? else { return Ok(None) };
    let (_, _, _, id) = &delivery.address;
    let address = SubscriptionAddress { topic: topic_address(&message), id: id.clone() };
    let topic = tx.get(TOPICS, &address.topic.key())?.map(|topic| topic.settings).unwrap_or_default();
    let to = match &message.kind {
        Kind::UnsubscribeConfirmation { protocol, endpoint, .. } => {
            let http = is_http(*protocol).then(|| HttpPolicy::of(&topic, &Default::default()));
            let (protocol, endpoint) = (*protocol, endpoint.clone());
            Recipient { protocol, endpoint, raw: false, dead_letter_arn: None, http }
        }
        kind => {
            let known = tx.get(SUBSCRIPTIONS, &address.key())?;
            let is_notification = matches!(kind, Kind::Notification);
            let wanted = |subscription: &Subscription| {
                let confirmed = matches!(subscription.state, State::Confirmed { .. });
                subscription.number == lane.subscription && confirmed == is_notification
            };
            let Some(subscription) = known.filter(wanted) else { return Ok(None) };
            Recipient::of(subscription, &topic)
        }
    };
    Ok(Some(Task { number, lane: lane.clone(), message, delivery, address, to }))
}

impl Recipient {
    fn of(subscription: Subscription, topic: &TopicSettings) -> Self {
        let Subscription { protocol, endpoint, settings, .. } = subscription;
        let http = is_http(protocol).then(|| HttpPolicy::of(topic, &settings));
        Self { protocol, endpoint, raw: settings.raw, dead_letter_arn: settings.dead_letter_arn, http }
    }
}

fn is_http(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Http | Protocol::Https)
}

async fn deliver(ctx: &Ctx, sns: &Sns, task: &Task) -> Result<(), Failure> {
    let payload = payload(ctx, sns, task).await?;
    match task.to.protocol {
        Protocol::Sqs | Protocol::Lambda => {
            let target = task.to.protocol.target(&task.to.endpoint);
            let target = target.ok_or_else(|| Failure::lasting("InvalidEndpoint", task.to.endpoint.clone()))?;
            let is_raw = task.to.raw && matches!(task.message.kind, Kind::Notification);
            let attributes = if is_raw { queue_attributes(&task.message) } else { json!({}) };
            send(ctx, task, target, payload, attributes).await.map_err(Failure::from)
        }
        Protocol::Http | Protocol::Https => sns.live.webhooks.call(&ctx.house.clock, task.call(payload)).await,
        Protocol::Email | Protocol::EmailJson => {
            let mail = mail::write(
                &task.message,
                task.to.protocol,
                &task.to.endpoint,
                &task.address.arn(),
                payload,
                ctx.now(),
            );
            Ok(mail::put(sns, mail).await?)
        }
    }
}

/// What the endpoint gets: the text as it was written, or AWS's JSON around it, signed.
async fn payload(ctx: &Ctx, sns: &Sns, task: &Task) -> Result<String, SnsError> {
    let Task { message, to, .. } = task;
    let is_notification = matches!(message.kind, Kind::Notification);
    if to.protocol == Protocol::Email || is_notification && to.raw {
        return Ok(message.body.for_protocol(to.protocol).to_owned());
    }
    let signature = sns.live.signatures.of(sns, ctx.now(), task.number, message, to.protocol).await?;
    let arn = task.address.arn();
    Ok(match to.protocol {
        Protocol::Lambda if is_notification => lambda_event(message, &arn, &signature),
        protocol => envelope(message, protocol, &arn, &signature),
    })
}

/// Hands a payload to another service of the house, as SNS on behalf of the topic.
async fn send(ctx: &Ctx, task: &Task, target: Arn, payload: String, attributes: Value) -> Result<(), Fault> {
    let caller = Caller::service("sns", &ctx.account)
        .with_key("aws:SourceArn", topic_arn(&task.message))
        .with_key("aws:SourceAccount", task.address.topic.account.clone());
    let mut parameters = json!({"MessageAttributes": attributes});
    if let Some(place) = &task.message.place {
        parameters["SqsParameters"] =
            json!({"MessageGroupId": place.group, "MessageDeduplicationId": place.deduplication_id});
    } else if let Some(group) = &task.message.group_label {
        parameters["SqsParameters"] = json!({"MessageGroupId": group});
    }
    let id = format!("{}-{}", task.message.message_id, task.address.id);
    ctx.deliver(Arc::new(caller), Sent { target, payload, id, parameters }).await
}

impl Task {
    fn call(&self, body: String) -> Call {
        let mut headers = vec![
            ("x-amz-sns-message-type", kind_name(&self.message).to_owned()),
            ("x-amz-sns-message-id", self.message.message_id.clone()),
            ("x-amz-sns-topic-arn", topic_arn(&self.message)),
        ];
        if !matches!(self.message.kind, Kind::SubscriptionConfirmation { .. }) {
            headers.push(("x-amz-sns-subscription-arn", self.address.arn()));
        }
        if self.to.raw && matches!(self.message.kind, Kind::Notification) {
            headers.push(("x-amz-sns-rawdelivery", "true".to_owned()));
        }
        let content_type = self.to.http.as_ref().map(|http| http.content_type.clone()).unwrap_or_default();
        Call { endpoint: self.to.endpoint.clone(), content_type, headers, body }
    }
}

/// The end of a delivery that never worked: the dead-letter queue, if there is one.
async fn give_up(ctx: &Ctx, sns: &Sns, task: &Task, failure: &Failure) {
    let topic = task.address.topic.name.as_str();
    tracing::debug!(
        subscription = task.address.arn(),
        code = failure.code,
        message = failure.message,
        "delivery failed"
    );
    if !matches!(task.message.kind, Kind::Notification) {
        return;
    }
    measures::count(ctx, "NumberOfNotificationsFailed", topic, 1);
    let Some(queue) = task.to.dead_letter_arn.as_ref().and_then(|arn| arn.parse::<Arn>().ok()) else { return };
    let text = |value: &str| {
        let value: String = value.chars().take(ERROR_CHARS_MAX).collect();
        json!({"DataType": "String", "StringValue": if value.is_empty() { "-".to_owned() } else { value }})
    };
    let mut attributes = json!({
        "RequestID": text(&ctx.request_id),
        "ErrorCode": text(&failure.code),
        "ErrorMessage": text(&failure.message),
    });
    let body = match task.to.protocol {
        Protocol::Lambda => dead_letter_of_function(ctx, sns, task).await,
        _ => payload(ctx, sns, task).await,
    };
    if task.to.raw
        && let (Value::Object(all), Value::Object(own)) = (&mut attributes, queue_attributes(&task.message))
    {
        // A queue takes ten attributes; the reason goes before the message's own.
        let room = 10usize.saturating_sub(all.len());
        all.extend(own.into_iter().take(room));
    }
    let sent = match body {
        Ok(body) => send(ctx, task, queue, body, attributes).await,
        Err(error) => Err(error.into()),
    };
    match sent {
        Ok(()) => measures::count(ctx, "NumberOfNotificationsRedrivenToDlq", topic, 1),
        Err(fault) => {
            tracing::debug!(subscription = task.address.arn(), %fault, "dead letter not delivered");
            measures::count(ctx, "NumberOfNotificationsFailedToRedriveToDlq", topic, 1);
        }
    }
}

/// Queues get the envelope, not the function's event.
async fn dead_letter_of_function(ctx: &Ctx, sns: &Sns, task: &Task) -> Result<String, SnsError> {
    let signatures = &sns.live.signatures;
    let signature = signatures.of(sns, ctx.now(), task.number, &task.message, Protocol::Lambda).await?;
    Ok(envelope(&task.message, Protocol::Lambda, &task.address.arn(), &signature))
}

/// The delivery is over; the message goes with its last one.
async fn settle(sns: &Sns, number: u64, subscription: u64) -> Result<(), SnsError> {
    sns.store
        .write(move |tx| {
            tx.delete(DELIVERIES, &(number, subscription))?;
            if tx.scan_keys(DELIVERIES, Span::under((number,))).next().is_none() {
                tx.delete(MESSAGES, &number)?;
            }
            Ok(())
        })
        .await
}

async fn postpone(sns: &Sns, task: &Task, attempts: u32, due: Timestamp) -> Result<(), SnsError> {
    let (key, mut delivery) = ((task.number, task.lane.subscription), task.delivery.clone());
    (delivery.attempts, delivery.due) = (attempts, due);
    sns.store
        .write(move |tx| {
            // It may be gone with a store that was emptied.
            if tx.contains(DELIVERIES, &key)? {
                tx.put(DELIVERIES, &key, &delivery)?;
            }
            Ok(())
        })
        .await
}
