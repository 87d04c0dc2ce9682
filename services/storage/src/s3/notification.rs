//! Notifications of queues, topics and functions: what a bucket's owner wants to know, the outbox, and the way to
//! whom it is for.
//!
//! The outbox is the bus's: a message is committed with the change that it tells of, in a lane of its target, so that
//! a target that refuses messages holds up no other.

use std::sync::{Arc, Weak};

use haar_platform::Platform;
use haar_platform::aws::lambda;
use haar_platform::bus::{BoxFuture, Bus, Event, Subscriber, Undelivered};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{AccountId, Arn, Caller, Ctx, Delivery, Fault, House, Region, Timestamp, ids};
use haar_platform::store::{Read, StoreError, Tx};
use serde_json::{Value, json};

use super::error::Error;
use super::event;
use super::model::{Bucket, CONFIGURATIONS, Configuration, ConfigurationKind, Notification, NotificationTarget};

/// The outbox's name on the bus: stored data.
const OUTBOX: &str = "s3-notifications";

/// The name in which targets are called.
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

/// Sends S3's test event to each queue and topic of a new configuration, and asks each function whether it may be
/// invoked: what cannot be told is refused before it is wanted.
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
        let Some((arn, kind)) = Kind::parse(&target.arn) else {
            return Err(refused("The ARN could not be parsed"));
        };
        if *arn.region != *bucket.region {
            return Err(refused(
                "The notification destination service region is not valid for the bucket location constraint",
            ));
        }
        match kind {
            Kind::Queue if arn.resource.ends_with(".fifo") => return Err(refused("FIFO SQS queues are not supported")),
            Kind::Topic if arn.resource.ends_with(".fifo") => return Err(refused("FIFO SNS topics are not supported")),
            _ => {}
        }
        let sender = Sender::of(&ctx.house, &bucket.owner, &bucket_arn(bucket_name));
        let asked = match kind {
            Kind::Function => sender.ask(&arn).await,
            Kind::Queue | Kind::Topic => {
                let message = json!({
                    "Service": "Amazon S3",
                    "Event": "s3:TestEvent",
                    "Time": ctx.now().format("%Y-%m-%dT%H:%M:%S.%3fZ"),
                    "Bucket": bucket_name,
                    "RequestId": ctx.request_id,
                    "HostId": event::host_id(&ctx.request_id),
                });
                sender.send(arn.clone(), message.to_string(), &ctx.request_id).await
            }
        };
        if let Err(fault) = asked {
            return Err(match Refusal::of(&fault) {
                Some(Refusal::Missing) => refused(kind.missing()),
                Some(Refusal::Denied) => refused(&kind.denied(&arn)),
                None => Error::Fault(fault),
            });
        }
    }
    Ok(())
}

/// Brings messages from the outbox to their targets.
struct Courier {
    /// Weak: the house holds the bus's tasks.
    house: Weak<House>,
}

impl Subscriber for Courier {
    fn wants(&self, event: &Event) -> bool {
        // Only [`post`] addresses the outbox; all other events are for everybody.
        event.detail_type == "S3 Notification" && Kind::parse(&event.source).is_some()
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async move {
            let closing = || Undelivered::retry("ServiceUnavailable", "the house is closing");
            let house = self.house.upgrade().ok_or_else(closing)?;
            let (target, _) = Kind::parse(&event.source)
                .ok_or_else(|| Undelivered::refuse("InvalidArgument", "nobody is told by that ARN"))?;
            let bucket_arn = event.resources.first().map_or("", String::as_str);
            let sender = Sender::of(&house, &event.account, bucket_arn);
            let sent = sender.send(target, event.detail.to_string(), &event.id).await;
            sent.map_err(|fault| match Refusal::of(&fault) {
                Some(_) => Undelivered::refuse(fault.name, fault.message),
                None => Undelivered::from(fault),
            })
        })
    }
}

/// Why a target will not take messages the next time either.
enum Refusal {
    Missing,
    Denied,
}

impl Refusal {
    fn of(fault: &Fault) -> Option<Self> {
        match &*fault.name {
            "QueueDoesNotExist" | "NotFound" | "NotFoundException" | "ResourceNotFoundException" => Some(Self::Missing),
            name if name.starts_with("AccessDenied") || name.starts_with("AuthorizationError") => Some(Self::Denied),
            _ => None,
        }
    }
}

/// What can be told of events.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Queue,
    Topic,
    Function,
}

impl Kind {
    /// By its ARN.
    pub fn parse(text: &str) -> Option<(Arn, Self)> {
        let arn: Arn = text.parse().ok()?;
        let kind = match arn.service.as_str() {
            "sqs" => Self::Queue,
            "sns" => Self::Topic,
            "lambda" if arn.resource.starts_with("function:") => Self::Function,
            _ => return None,
        };
        let fits = Region::parse(&arn.region).is_some() && AccountId::parse(&arn.account).is_some();
        fits.then_some((arn, kind))
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Queue => "The destination queue does not exist",
            Self::Topic => "The destination topic does not exist",
            Self::Function => "The destination Lambda does not exist",
        }
    }

    fn denied(self, arn: &Arn) -> String {
        let what = match self {
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Function => return format!("Not authorized to invoke function [{arn}]"),
        };
        format!("Permissions on the destination {what} do not allow S3 to publish notifications from this bucket")
    }
}

/// Speaks in S3's name, on behalf of a bucket: policies of targets ask for `aws:SourceArn`.
struct Sender {
    ctx: Ctx,
    caller: Arc<Caller>,
}

impl Sender {
    fn of(house: &Arc<House>, owner: &str, bucket_arn: &str) -> Self {
        let account = AccountId::parse(owner).unwrap_or_else(|| house.account.clone());
        let caller = Caller::service(S3, &account);
        let caller = caller.with_key("aws:SourceArn", bucket_arn).with_key("aws:SourceAccount", account.to_string());
        let caller = Arc::new(caller);
        let origin = Arc::new(Origin::internal("s3.amazonaws.com"));
        Self { ctx: Ctx::new(house.clone(), caller.clone(), house.region.clone(), origin), caller }
    }

    /// Hands over one message.
    async fn send(&self, target: Arn, message: String, id: &str) -> Result<(), Fault> {
        self.ctx.deliver(self.caller.clone(), Delivery::new(target, message, id)).await
    }

    /// Asks a function whether it may be invoked.
    async fn ask(&self, function: &Arn) -> Result<(), Fault> {
        let input = lambda::InvocationRequest {
            function_name: function.to_string(),
            invocation_type: Some(lambda::InvocationType::DryRun),
            ..Default::default()
        };
        let region = Region::parse(&function.region).unwrap_or_else(|| self.ctx.region.clone());
        let there = self.ctx.elsewhere(self.caller.clone(), region);
        there.call_as::<lambda::Invoke>(self.caller.clone(), input).await?;
        Ok(())
    }
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
    fn queues_topics_and_functions_can_be_told() {
        let kind = |arn: &str| Kind::parse(arn).map(|(_, kind)| kind);
        assert_eq!(kind("arn:aws:sqs:us-east-1:000000000000:q"), Some(Kind::Queue));
        assert_eq!(kind("arn:aws:sns:us-east-1:000000000000:t"), Some(Kind::Topic));
        assert_eq!(kind("arn:aws:lambda:us-east-1:000000000000:function:f:live"), Some(Kind::Function));
        assert_eq!(kind("arn:aws:lambda:us-east-1:000000000000:layer:l"), None);
        assert_eq!(kind("arn:aws:events:us-east-1:000000000000:event-bus/default"), None);
        assert_eq!(kind("arn:aws:sqs:us-east-1:0:q"), None);
        assert_eq!(kind("q"), None);
    }
}
