//! The attributes of a queue that people set: parsing, ranges, defaults, and how they read back.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use haar_platform::policy::{Document, Kind};
use serde::{Deserialize, Serialize};

use super::error::SqsError;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};

/// Bytes of the largest message, and of all messages of a batch. 256 KiB until August 2025.
pub const MESSAGE_BYTES_MAX: u32 = 1_048_576;

/// Seconds of the longest visibility timeout.
pub const VISIBILITY_SECONDS_MAX: u32 = 43_200;

/// Seconds of the longest delay.
pub const DELAY_SECONDS_MAX: u32 = 900;

/// Seconds of the longest wait for messages.
pub const WAIT_SECONDS_MAX: u32 = 20;

/// Bytes and statements of a queue's policy.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html>
const POLICY_BYTES_MAX: usize = 8192;
const POLICY_STATEMENTS_MAX: usize = 20;

/// What can be set, with AWS's defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub visibility_timeout_seconds: u32,
    pub maximum_message_bytes: u32,
    pub retention_seconds: u32,
    pub delay_seconds: u32,
    pub wait_seconds: u32,
    pub policy: Option<String>,
    pub redrive: Option<RedrivePolicy>,
    pub redrive_allow: Option<RedriveAllowPolicy>,
    pub fifo: Option<Fifo>,
    pub kms_key: Option<String>,
    pub kms_reuse_seconds: u32,
    pub sqs_managed_sse: bool,
}

/// What FIFO queues have beyond.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fifo {
    pub content_based_deduplication: bool,
    /// Duplicates are looked for in the message's group only.
    pub deduplicates_by_group: bool,
    /// `perMessageGroupId`. We throttle neither way.
    pub throughput_by_group: bool,
}

impl Settings {
    /// Of a new queue.
    pub fn new(fifo: bool) -> Self {
        Self {
            visibility_timeout_seconds: 30,
            maximum_message_bytes: MESSAGE_BYTES_MAX,
            retention_seconds: 345_600,
            delay_seconds: 0,
            wait_seconds: 0,
            policy: None,
            redrive: None,
            redrive_allow: None,
            fifo: fifo.then_some(Fifo {
                content_based_deduplication: false,
                deduplicates_by_group: false,
                throughput_by_group: false,
            }),
            kms_key: None,
            kms_reuse_seconds: 300,
            sqs_managed_sse: true,
        }
    }

    /// Changes what the attributes name. An empty value brings the default back.
    pub fn apply(&mut self, attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let wants_kms = attributes.get("KmsMasterKeyId").is_some_and(|key| !key.is_empty());
        let default = Self::new(self.fifo.is_some());
        for (name, value) in attributes {
            match name.as_str() {
                "VisibilityTimeout" => {
                    let fallback = default.visibility_timeout_seconds;
                    self.visibility_timeout_seconds = number(name, value, 0..=VISIBILITY_SECONDS_MAX, fallback)?;
                }
                "MaximumMessageSize" => {
                    let fallback = default.maximum_message_bytes;
                    self.maximum_message_bytes = number(name, value, 1024..=MESSAGE_BYTES_MAX, fallback)?;
                }
                "MessageRetentionPeriod" => {
                    self.retention_seconds = number(name, value, 60..=1_209_600, default.retention_seconds)?;
                }
                "DelaySeconds" => {
                    self.delay_seconds = number(name, value, 0..=DELAY_SECONDS_MAX, default.delay_seconds)?;
                }
                "ReceiveMessageWaitTimeSeconds" => {
                    self.wait_seconds = number(name, value, 0..=WAIT_SECONDS_MAX, default.wait_seconds)?;
                }
                "Policy" => self.policy = policy(value)?,
                "RedrivePolicy" => self.redrive = RedrivePolicy::parse(value)?,
                "RedriveAllowPolicy" => self.redrive_allow = RedriveAllowPolicy::parse(value)?,
                "KmsMasterKeyId" => {
                    self.kms_key = (!value.is_empty()).then(|| value.clone());
                    self.sqs_managed_sse &= self.kms_key.is_none();
                }
                "KmsDataKeyReusePeriodSeconds" => {
                    self.kms_reuse_seconds = number(name, value, 60..=86_400, default.kms_reuse_seconds)?;
                }
                "SqsManagedSseEnabled" => {
                    let enabled = flag(name, value)?;
                    if enabled && (wants_kms || self.kms_key.is_some()) {
                        return Err(SqsError::InvalidAttributeName(
                            "You can use one type of server-side encryption (SSE) at one time. You can either enable \
                             KMS SSE or SQS SSE."
                                .into(),
                        ));
                    }
                    self.sqs_managed_sse = enabled;
                }
                _ => self.apply_fifo(name, value)?,
            }
        }
        match self.fifo {
            Some(fifo) if fifo.throughput_by_group && !fifo.deduplicates_by_group => {
                Err(SqsError::InvalidAttributeValueBecause {
                    name: "FifoThroughputLimit",
                    reason: "The perMessageGroupId value is allowed only when the value for DeduplicationScope is \
                             messageGroup.",
                })
            }
            _ => Ok(()),
        }
    }

    fn apply_fifo(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        let only_fifo = |name: &str| {
            SqsError::InvalidAttributeName(format!("You can specify the {name} only when FifoQueue is set to true."))
        };
        match (name, &mut self.fifo) {
            ("FifoQueue", Some(_)) if flag(name, value)? => Ok(()),
            ("FifoQueue", Some(_)) => Err(SqsError::InvalidAttributeValueBecause {
                name: "FifoQueue",
                reason: "Modifying queue type is not supported.",
            }),
            ("ContentBasedDeduplication", Some(fifo)) => {
                fifo.content_based_deduplication = flag(name, value)?;
                Ok(())
            }
            ("DeduplicationScope", Some(fifo)) => {
                fifo.deduplicates_by_group = choice(name, value, ["queue", "messageGroup"])?;
                Ok(())
            }
            ("FifoThroughputLimit", Some(fifo)) => {
                fifo.throughput_by_group = choice(name, value, ["perQueue", "perMessageGroupId"])?;
                Ok(())
            }
            ("DeduplicationScope" | "FifoThroughputLimit", None) => Err(only_fifo(name)),
            _ => Err(SqsError::UnknownAttribute(name.to_owned())),
        }
    }

    /// As GetQueueAttributes shows them; what is not set is left out.
    pub fn describe(&self) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([
            ("VisibilityTimeout", self.visibility_timeout_seconds.to_string()),
            ("MaximumMessageSize", self.maximum_message_bytes.to_string()),
            ("MessageRetentionPeriod", self.retention_seconds.to_string()),
            ("DelaySeconds", self.delay_seconds.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.wait_seconds.to_string()),
            ("SqsManagedSseEnabled", self.sqs_managed_sse.to_string()),
        ]);
        if let Some(fifo) = self.fifo {
            let scope = if fifo.deduplicates_by_group { "messageGroup" } else { "queue" };
            let limit = if fifo.throughput_by_group { "perMessageGroupId" } else { "perQueue" };
            shown.insert("FifoQueue", "true".into());
            shown.insert("ContentBasedDeduplication", fifo.content_based_deduplication.to_string());
            shown.insert("DeduplicationScope", scope.into());
            shown.insert("FifoThroughputLimit", limit.into());
        }
        if let Some(key) = &self.kms_key {
            shown.insert("KmsMasterKeyId", key.clone());
            shown.insert("KmsDataKeyReusePeriodSeconds", self.kms_reuse_seconds.to_string());
        }
        if let Some(policy) = &self.policy {
            shown.insert("Policy", policy.clone());
        }
        if let Some(redrive) = &self.redrive {
            shown.insert("RedrivePolicy", redrive.to_json());
        }
        if let Some(allow) = &self.redrive_allow {
            shown.insert("RedriveAllowPolicy", allow.to_json());
        }
        shown
    }
}

/// Whether the attributes of CreateQueue ask for a FIFO queue. `false` is not a value that AWS knows.
pub fn asks_for_fifo(attributes: &BTreeMap<String, String>) -> Result<bool, SqsError> {
    match attributes.get("FifoQueue") {
        None => Ok(false),
        Some(value) if flag("FifoQueue", value)? => Ok(true),
        Some(_) => Err(SqsError::UnknownAttribute("FifoQueue".into())),
    }
}

fn number(name: &str, value: &str, range: RangeInclusive<u32>, default: u32) -> Result<u32, SqsError> {
    if value.is_empty() {
        return Ok(default);
    }
    let number = value.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
}

fn flag(name: &str, value: &str) -> Result<bool, SqsError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" | "" => Ok(false),
        _ => Err(SqsError::InvalidAttributeValue(name.to_owned())),
    }
}

/// Whether the second of two words is chosen; the first is the default.
fn choice(name: &str, value: &str, words: [&str; 2]) -> Result<bool, SqsError> {
    match words.iter().position(|word| *word == value) {
        Some(index) => Ok(index == 1),
        None if value.is_empty() => Ok(false),
        None => Err(SqsError::InvalidAttributeValue(name.to_owned())),
    }
}

fn policy(text: &str) -> Result<Option<String>, SqsError> {
    if text.is_empty() {
        return Ok(None);
    }
    let document = Document::parse(text, Kind::Resource).ok();
    let fits = document
        .is_some_and(|document| text.len() <= POLICY_BYTES_MAX && document.statements().len() <= POLICY_STATEMENTS_MAX);
    if fits { Ok(Some(text.to_owned())) } else { Err(SqsError::InvalidAttributeValue("Policy".into())) }
}
