//! Who is told of what happens in a bucket: the configuration.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::{Ctx, ids};
use haar_platform::store::Read;

use super::find;
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{BUCKETS, Configuration, ConfigurationKind, Notification, NotificationTarget};
use crate::s3::notification::{self, Kind};
use crate::s3::object::REQUESTS_WRITE;

const KIND: ConfigurationKind = ConfigurationKind::Notification;

/// Targets of a bucket.
/// <https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3>
const TARGETS_MAX: usize = 100;

/// What can be told. Some of it never happens here: nothing is replicated, restored or lost.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
const EVENTS: [&str; 27] = [
    "s3:IntelligentTiering",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition",
    "s3:ObjectAcl:Put",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Put",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ObjectRestore:Post",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Delete",
    "s3:ObjectTagging:Put",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationReplicatedAfterThreshold",
];

/// Sets the configuration, after everybody in it was asked.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketNotificationConfigurationRequest) -> Result<(), Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let PutBucketNotificationConfigurationRequest { bucket: name, expected_bucket_owner, .. } = input;
    let bucket = s3.store.read(|tx| find(tx, &name, expected_bucket_owner.as_deref()))?;
    let wanted = parse(input.notification_configuration)?;
    if input.skip_destination_validation != Some(true) {
        notification::validate(ctx, &name, &bucket, &wanted.targets).await?;
    }
    s3.store
        .write(move |tx| {
            // While queues were asked, the bucket may have gone, and another come in its place.
            if tx.get(BUCKETS, &name)?.is_none_or(|known| known.number != bucket.number) {
                return Err(Error::NoSuchBucket(name));
            }
            super::put(tx, &bucket, KIND, &Configuration::Notification(wanted))?;
            Ok(())
        })
        .await
}

fn parse(configuration: NotificationConfiguration) -> Result<Notification, Error> {
    let topics = configuration.topic_configurations.unwrap_or_default().into_iter().map(|topic| Wanted {
        kind: Kind::Topic,
        id: topic.id,
        arn: topic.topic_arn,
        events: topic.events,
        filter: topic.filter,
    });
    let queues = configuration.queue_configurations.unwrap_or_default().into_iter().map(|queue| Wanted {
        kind: Kind::Queue,
        id: queue.id,
        arn: queue.queue_arn,
        events: queue.events,
        filter: queue.filter,
    });
    let functions = configuration.lambda_function_configurations.unwrap_or_default().into_iter().map(|function| {
        let LambdaFunctionConfiguration { id, lambda_function_arn: arn, events, filter } = function;
        Wanted { kind: Kind::Function, id, arn, events, filter }
    });
    let wanted: Vec<Wanted> = topics.chain(queues).chain(functions).collect();
    if wanted.len() > TARGETS_MAX {
        let message = "The number of notification configurations should not exceed allowed limit of 100";
        return Err(Error::InvalidRequest(message.into()));
    }
    let targets: Vec<_> = wanted.into_iter().map(parse_target).collect::<Result<_, _>>()?;
    for (index, target) in targets.iter().enumerate() {
        if targets[..index].iter().any(|other| other.id == target.id) {
            let message = "Same ID used for multiple configurations. IDs must be unique";
            return Err(Error::argument(message, "Id", target.id.as_str()));
        }
        if targets[..index].iter().any(|other| overlap(other, target)) {
            let message = "Configurations overlap. Configurations on the same bucket cannot share a common event type.";
            return Err(Error::argument(message, "Event", target.events.join(",")));
        }
    }
    Ok(Notification { event_bridge: configuration.event_bridge_configuration.is_some(), targets })
}

/// One of the configuration's lists of targets has it: all three say the same of a target.
struct Wanted {
    kind: Kind,
    id: Option<String>,
    arn: String,
    events: Vec<String>,
    filter: Option<NotificationConfigurationFilter>,
}

fn parse_target(wanted: Wanted) -> Result<NotificationTarget, Error> {
    if Kind::parse(&wanted.arn).is_none_or(|(_, kind)| kind != wanted.kind) {
        return Err(Error::argument("The ARN is not well formed", "Arn", wanted.arn));
    }
    let mut target = NotificationTarget {
        id: wanted.id.filter(|id| !id.is_empty()).unwrap_or_else(ids::uuid),
        arn: wanted.arn,
        events: wanted.events,
        prefix: None,
        suffix: None,
    };
    if target.events.is_empty() {
        return Err(Error::MalformedXml);
    }
    if let Some(event) = target.events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(Error::argument("The event is not supported for notifications", "Event", event.as_str()));
    }
    let rules = wanted.filter.and_then(|filter| filter.key).and_then(|key| key.filter_rules);
    for rule in rules.unwrap_or_default() {
        let name = rule.name.unwrap_or_default();
        let (slot, twice) = match name.to_ascii_lowercase().as_str() {
            "prefix" => (&mut target.prefix, "Cannot specify more than one prefix rule in a filter."),
            "suffix" => (&mut target.suffix, "Cannot specify more than one suffix rule in a filter."),
            _ => {
                let message = "filter rule name must be either prefix or suffix";
                return Err(Error::argument(message, "FilterRule.Name", name));
            }
        };
        let value = rule.value.unwrap_or_default();
        if slot.is_some() {
            return Err(Error::argument(twice, "FilterRule", value));
        }
        if value.len() > 1024 {
            return Err(Error::argument(
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                "FilterRule.Value",
                value,
            ));
        }
        *slot = Some(value);
    }
    Ok(target)
}

/// Whether there is an event of a key that both want to hear of.
fn overlap(one: &NotificationTarget, other: &NotificationTarget) -> bool {
    let covers = |one: &str, other: &str| one.strip_suffix('*').map_or(one == other, |start| other.starts_with(start));
    let event = one.events.iter().any(|one| other.events.iter().any(|other| covers(one, other) || covers(other, one)));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (one_prefix, other_prefix) = (text(&one.prefix), text(&other.prefix));
    let (one_suffix, other_suffix) = (text(&one.suffix), text(&other.suffix));
    event
        && (one_prefix.starts_with(&other_prefix) || other_prefix.starts_with(&one_prefix))
        && (one_suffix.ends_with(&other_suffix) || other_suffix.ends_with(&one_suffix))
}

/// The configuration; an empty one, if none was set.
pub async fn get(
    ctx: &Ctx,
    s3: &S3,
    input: GetBucketNotificationConfigurationRequest,
) -> Result<NotificationConfiguration, Error> {
    let Some(Configuration::Notification(Notification { event_bridge, targets })) =
        super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)?
    else {
        return Ok(NotificationConfiguration::default());
    };
    let mut answer = NotificationConfiguration {
        event_bridge_configuration: event_bridge.then_some(EventBridgeConfiguration {}),
        ..NotificationConfiguration::default()
    };
    for target in targets {
        // What is stored was checked before.
        let Some((_, kind)) = Kind::parse(&target.arn) else { continue };
        let filter = filter(&target);
        let NotificationTarget { id, arn, events, .. } = target;
        let id = Some(id);
        match kind {
            Kind::Topic => {
                let topic = TopicConfiguration { id, topic_arn: arn, events, filter };
                answer.topic_configurations.get_or_insert_default().push(topic);
            }
            Kind::Queue => {
                let queue = QueueConfiguration { id, queue_arn: arn, events, filter };
                answer.queue_configurations.get_or_insert_default().push(queue);
            }
            Kind::Function => {
                let function = LambdaFunctionConfiguration { id, lambda_function_arn: arn, events, filter };
                answer.lambda_function_configurations.get_or_insert_default().push(function);
            }
        }
    }
    Ok(answer)
}

fn filter(target: &NotificationTarget) -> Option<NotificationConfigurationFilter> {
    let rule = |name: &str, value: &Option<String>| {
        value.clone().map(|value| FilterRule { name: Some(name.into()), value: Some(value) })
    };
    let rules = [rule("Prefix", &target.prefix), rule("Suffix", &target.suffix)];
    let rules: Vec<_> = rules.into_iter().flatten().collect();
    let key = Some(S3KeyFilter { filter_rules: Some(rules) });
    key.filter(|key| key.filter_rules.as_ref().is_some_and(|rules| !rules.is_empty()))
        .map(|key| NotificationConfigurationFilter { key: Some(key) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(event: &str, prefix: Option<&str>, suffix: Option<&str>) -> NotificationTarget {
        NotificationTarget {
            id: "id".into(),
            arn: "arn".into(),
            events: vec![event.into()],
            prefix: prefix.map(str::to_owned),
            suffix: suffix.map(str::to_owned),
        }
    }

    #[test]
    fn targets_overlap_where_one_key_would_be_told_twice() {
        let created = target("s3:ObjectCreated:*", Some("images/"), None);
        assert!(overlap(&created, &target("s3:ObjectCreated:Put", None, None)));
        assert!(overlap(&created, &target("s3:ObjectCreated:*", Some("images/a"), Some(".jpg"))));
        assert!(!overlap(&created, &target("s3:ObjectRemoved:*", None, None)));
        assert!(!overlap(&created, &target("s3:ObjectCreated:Put", Some("logs/"), None)));
        let (jpg, png) =
            (target("s3:ObjectCreated:*", None, Some(".jpg")), target("s3:ObjectCreated:*", None, Some(".png")));
        assert!(!overlap(&jpg, &png));
    }
}
