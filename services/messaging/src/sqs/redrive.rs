//! Dead-letter queues: the policy of the source, the policy of the target, and whether they fit together.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>

use haar_platform::store::Read;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::Address;
use super::error::SqsError;
use super::model::{QUEUES, Queue};

/// Receives after which a message can be moved at the latest.
const RECEIVES_MAX: u64 = 1000;

/// Queues that a redrive allow policy can name.
const SOURCES_MAX: usize = 10;

/// `RedrivePolicy` of a source queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RedrivePolicy {
    pub target_arn: String,
    pub receives_max: u32,
}

impl RedrivePolicy {
    /// From JSON; empty is none.
    pub fn parse(text: &str) -> Result<Option<Self>, SqsError> {
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |reason: &str| SqsError::parameter("RedrivePolicy", text, reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(invalid("Redrive policy is not a valid JSON map."));
        };
        let member = |name: &str| {
            let missing = || invalid(&format!("Redrive policy does not contain mandatory attribute: {name}."));
            policy.get(name).ok_or_else(missing)
        };
        let target = member("deadLetterTargetArn")?;
        let count = member("maxReceiveCount")?;
        if let Some(other) =
            policy.keys().find(|key| !matches!(key.as_str(), "deadLetterTargetArn" | "maxReceiveCount"))
        {
            return Err(invalid(&format!("Unknown attribute: {other}.")));
        }
        let target = target.as_str().filter(|arn| Address::from_arn(arn).is_some());
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        Ok(Some(Self {
            target_arn: target.ok_or_else(|| invalid("Invalid value for deadLetterTargetArn."))?.to_owned(),
            receives_max: count
                .filter(|count| (1..=RECEIVES_MAX).contains(count))
                .and_then(|count| u32::try_from(count).ok())
                .ok_or_else(|| invalid("Invalid value for maxReceiveCount: must be between 1 and 1000."))?,
        }))
    }

    /// As the attribute shows it.
    pub fn to_json(&self) -> String {
        json!({"deadLetterTargetArn": self.target_arn, "maxReceiveCount": self.receives_max}).to_string()
    }

    /// Refuses a target that the source cannot have.
    pub fn check_target(&self, tx: &impl Read, source: &Address) -> Result<(), SqsError> {
        let invalid = |reason: &str| SqsError::parameter("RedrivePolicy", self.to_json(), reason);
        let target = Address::from_arn(&self.target_arn).filter(|target| target != source);
        let target = target.ok_or_else(|| invalid("Invalid value for deadLetterTargetArn."))?;
        if target.account != source.account || target.region != source.region {
            return Err(invalid("Dead-letter target owner should be same as the source."));
        }
        let queue = tx.get(QUEUES, &target.key())?.ok_or_else(|| invalid("Dead letter target does not exist."))?;
        if target.is_fifo() != source.is_fifo() {
            return Err(invalid("Dead letter queue must be same type of queue as the source."));
        }
        match &queue.settings.redrive_allow {
            Some(allow) if !allow.permits(&source.arn().to_string()) => {
                Err(invalid("Dead letter target does not allow this queue as a source: see its RedriveAllowPolicy."))
            }
            _ => Ok(()),
        }
    }
}

/// `RedriveAllowPolicy` of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RedriveAllowPolicy {
    AllowAll,
    DenyAll,
    ByQueue(Vec<String>),
}

impl RedriveAllowPolicy {
    /// From JSON; empty is none.
    pub fn parse(text: &str) -> Result<Option<Self>, SqsError> {
        if text.is_empty() {
            return Ok(None);
        }
        let invalid = |reason: &str| SqsError::parameter("RedriveAllowPolicy", text, reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(invalid("Redrive allow policy is not a valid JSON map."));
        };
        let permission = policy.get("redrivePermission").and_then(Value::as_str);
        let arns = policy.get("sourceQueueArns");
        match (permission, arns) {
            (Some("allowAll"), None) => Ok(Some(Self::AllowAll)),
            (Some("denyAll"), None) => Ok(Some(Self::DenyAll)),
            (Some("byQueue"), Some(Value::Array(arns))) if (1..=SOURCES_MAX).contains(&arns.len()) => {
                let sources: Option<Vec<String>> = arns
                    .iter()
                    .map(|arn| arn.as_str().filter(|arn| Address::from_arn(arn).is_some()))
                    .map(|arn| arn.map(str::to_owned))
                    .collect();
                let sources = sources.ok_or_else(|| invalid("Invalid value for sourceQueueArns."))?;
                Ok(Some(Self::ByQueue(sources)))
            }
            (Some("byQueue"), _) => {
                Err(invalid("byQueue needs sourceQueueArns: between 1 and 10 ARNs of source queues."))
            }
            (Some("allowAll" | "denyAll"), Some(_)) => {
                Err(invalid("sourceQueueArns is allowed only when redrivePermission is byQueue."))
            }
            _ => Err(invalid("Invalid value for redrivePermission.")),
        }
    }

    /// As the attribute shows it.
    pub fn to_json(&self) -> String {
        match self {
            Self::AllowAll => json!({"redrivePermission": "allowAll"}),
            Self::DenyAll => json!({"redrivePermission": "denyAll"}),
            Self::ByQueue(arns) => json!({"redrivePermission": "byQueue", "sourceQueueArns": arns}),
        }
        .to_string()
    }

    fn permits(&self, source_arn: &str) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(arns) => arns.iter().any(|arn| arn == source_arn),
        }
    }
}

/// Where a message that was received too often goes.
pub struct DeadLetters {
    /// Receives that are allowed.
    pub receives_max: u32,
    /// Number of the dead-letter queue.
    pub target_number: u64,
    pub target_retention_seconds: u32,
    pub source_arn: String,
}

impl DeadLetters {
    /// Of a queue; none while the target is missing, so that messages stay where they are rather than vanish.
    pub fn of(tx: &impl Read, address: &Address, queue: &Queue) -> Result<Option<Self>, SqsError> {
        let Some(redrive) = &queue.settings.redrive else { return Ok(None) };
        let Some(target) = Address::from_arn(&redrive.target_arn) else { return Ok(None) };
        Ok(tx.get(QUEUES, &target.key())?.map(|target| Self {
            receives_max: redrive.receives_max,
            target_number: target.number,
            target_retention_seconds: target.settings.retention_seconds,
            source_arn: address.arn().to_string(),
        }))
    }
}
