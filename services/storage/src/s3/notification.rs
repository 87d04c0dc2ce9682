//! Notifications of queues: what a bucket's owner wants to know, the outbox, and the way to the queue.
//!
//! The outbox is the bus's: a message is committed with the change that it tells of, in a lane of its queue, so that
//! a queue that refuses messages holds up no other.

use std::sync::{Arc, Weak};

use haar_platform::Platform;
use haar_platform::aws::sqs;
use haar_platform::bus::{BoxFuture, Bus, Event, Subscriber, Undelivered};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{AccountId, Arn, Caller, Ctx, Fault, House, Region, Timestamp, ids};
use haar_platform::store::{Read, StoreError, Tx};
use serde_json::{Value, json};

use super::error::Error;
use super::event;
use super::model::{Bucket, CONFIGURATIONS, Configuration, ConfigurationKind, Notification, NotificationTarget};

/// The outbox's name on the bus: stored data.
const OUTBOX: &str = "s3-notifications";

/// The name in which queues are called.
const S3: &str = "s3";

/// Lets the bus deliver what [`post`] puts into the outbox.
pub fn open(platform: &Platform) {
    platform.bus.subscribe(OUTBOX, Arc::new(Courier { house: Arc::downgrade(&platform.house) }));
}

/// What the owner of a bucket wants to know, if anything.
pub fn wishes(read: &impl Read, bucket: &Bucket) -> Result<Option<Notification>, StoreError> {
    match read.get(CONFIGURATIONS, &(bucket.number, ConfigurationKind::Notification.as_str()))? {
        Some(Configuration::Notification(wishes)) => Ok(Some(wishes)),
        _ => Ok(None),
    }
}

/// Whether a target wants to know of this: `name` is `ObjectCreated:Put`.
pub fn matches(target: &NotificationTarget, name: &str, key: &str) -> bool {
    let wanted = |pattern: &String| {
        let pattern = pattern.strip_prefix("s3:").unwrap_or(pattern);
        pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
    };
    target.events.iter().any(wanted)
        && target.prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix))
        && target.suffix.as_ref().is_none_or(|suffix| key.ends_with(suffix))
}

/// Puts a message into the outbox.
pub fn post(
    bus: &Bus,
    tx: &mut Tx,
    bucket_name: &str,
    bucket: &Bucket,
    target: &str,
    message: Value,
    time: Timestamp,
) -> Result<(), StoreError> {
    let event = Event {
        id: ids::uuid(),
        // The lane.
        source: target.to_owned(),
        detail_type: "S3 Notification".into(),
        account: bucket.owner.clone(),
        region: bucket.region.clone(),
        time,
        resources: vec![bucket_arn(bucket_name)],
        detail: message,
    };
    bus.emit_to(tx, OUTBOX, event)
}

/// Sends S3's test event to each queue of a new configuration: what cannot be told is refused before it is wanted.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
pub async fn validate(
    ctx: &Ctx,
    bucket_name: &str,
    bucket: &Bucket,
    targets: &[NotificationTarget],
) -> Result<(), Error> {
    for target in targets {
        let refused = |why: &str| {
            let message = "Unable to validate the following destination configurations";
            Error::argument(message, format!("{}, null", target.arn), why)
        };
        let Some(queue) = Queue::parse(&target.arn) else {
            return Err(refused("The ARN could not be parsed"));
        };
        if *queue.region != *bucket.region {
            return Err(refused(
                "The notification destination service region is not valid for the bucket location constraint",
            ));
        }
        if queue.name.ends_with(".fifo") {
            return Err(refused("FIFO SQS queues are not supported"));
        }
        let message = json!({
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": ctx.now().format("%Y-%m-%dT%H:%M:%S.%3fZ"),
            "Bucket": bucket_name,
            "RequestId": ctx.request_id,
            "HostId": event::host_id(&ctx.request_id),
        });
        let sent = send(&ctx.house, &queue, &bucket.owner, &bucket_arn(bucket_name), message.to_string()).await;
        if let Err(fault) = sent {
            return Err(match Refusal::of(&fault) {
                Some(Refusal::NoQueue) => refused("The destination queue does not exist"),
                Some(Refusal::Denied) => refused(
                    "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
                ),
                None => Error::Fault(fault),
            });
        }
    }
    Ok(())
}

/// Brings messages from the outbox to their queues.
struct Courier {
    /// Weak: the house holds the bus's tasks.
    house: Weak<House>,
}

impl Subscriber for Courier {
    fn wants(&self, event: &Event) -> bool {
        // Only [`post`] addresses the outbox; all other events are for everybody.
        event.detail_type == "S3 Notification" && Queue::parse(&event.source).is_some()
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async move {
            let closing = || Undelivered::retry("ServiceUnavailable", "the house is closing");
            let house = self.house.upgrade().ok_or_else(closing)?;
            let queue = Queue::parse(&event.source)
                .ok_or_else(|| Undelivered::refuse("InvalidArgument", "the target is not a queue"))?;
            let bucket_arn = event.resources.first().map_or("", String::as_str);
            let sent = send(&house, &queue, &event.account, bucket_arn, event.detail.to_string()).await;
            sent.map_err(|fault| match Refusal::of(&fault) {
                Some(_) => Undelivered::refuse(fault.name, fault.message),
                None => Undelivered::from(fault),
            })
        })
    }
}

/// Why a queue will not take messages the next time either.
enum Refusal {
    NoQueue,
    Denied,
}

impl Refusal {
    fn of(fault: &Fault) -> Option<Self> {
        match &*fault.name {
            "QueueDoesNotExist" => Some(Self::NoQueue),
            "AccessDeniedException" => Some(Self::Denied),
            _ => None,
        }
    }
}

/// A queue by its ARN.
struct Queue {
    region: Region,
    account: AccountId,
    name: String,
}

impl Queue {
    fn parse(arn: &str) -> Option<Self> {
        let arn: Arn = arn.parse().ok()?;
        let (region, account) = (Region::parse(&arn.region)?, AccountId::parse(&arn.account)?);
        (arn.service == "sqs").then_some(Self { region, account, name: arn.resource })
    }
}

/// Sends one message in S3's name, on behalf of the bucket: queue policies ask for `aws:SourceArn`.
async fn send(
    house: &Arc<House>,
    queue: &Queue,
    owner: &str,
    bucket_arn: &str,
    message_body: String,
) -> Result<(), Fault> {
    let account = AccountId::parse(owner).unwrap_or_else(|| house.account.clone());
    let mut caller = Caller::service(S3, &account);
    caller.keys.push(("aws:SourceArn".into(), bucket_arn.into()));
    caller.keys.push(("aws:SourceAccount".into(), account.to_string()));
    let caller = Arc::new(caller);
    let origin = Arc::new(Origin::internal("s3.amazonaws.com"));
    let queue_url = format!("{}/{}/{}", origin.endpoint, queue.account, queue.name);
    let ctx = Ctx::new(house.clone(), caller.clone(), queue.region.clone(), origin);
    let input = sqs::SendMessageRequest { queue_url, message_body, ..Default::default() };
    ctx.call_as::<sqs::SendMessage>(caller, input).await?;
    Ok(())
}

fn bucket_arn(bucket_name: &str) -> String {
    format!("arn:aws:s3:::{bucket_name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(events: &[&str], prefix: Option<&str>, suffix: Option<&str>) -> NotificationTarget {
        NotificationTarget {
            id: "news".into(),
            arn: "arn:aws:sqs:us-east-1:000000000000:q".into(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            prefix: prefix.map(str::to_owned),
            suffix: suffix.map(str::to_owned),
        }
    }

    #[test]
    fn a_wildcard_stands_for_all_events_of_its_kind() {
        let created = target(&["s3:ObjectCreated:*"], None, None);
        assert!(matches(&created, "ObjectCreated:CompleteMultipartUpload", "k"));
        assert!(!matches(&created, "ObjectRemoved:Delete", "k"));
        let put = target(&["s3:ObjectRemoved:Delete", "s3:ObjectCreated:Put"], None, None);
        assert!(matches(&put, "ObjectCreated:Put", "k"));
        assert!(!matches(&put, "ObjectCreated:Post", "k"));
    }

    #[test]
    fn keys_must_start_and_end_as_the_filter_says() {
        let images = target(&["s3:ObjectCreated:*"], Some("images/"), Some(".jpg"));
        assert!(matches(&images, "ObjectCreated:Put", "images/a.jpg"));
        assert!(!matches(&images, "ObjectCreated:Put", "images/a.png"));
        assert!(!matches(&images, "ObjectCreated:Put", "a.jpg"));
    }

    #[test]
    fn only_an_arn_of_a_queue_is_one() {
        assert!(Queue::parse("arn:aws:sqs:us-east-1:000000000000:q").is_some());
        assert!(Queue::parse("arn:aws:sns:us-east-1:000000000000:q").is_none());
        assert!(Queue::parse("q").is_none());
    }
}
