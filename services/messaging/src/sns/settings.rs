//! The attributes of a topic.
//! <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>

use std::collections::BTreeMap;

use haar_platform::policy::{Document, Kind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::address::TopicAddress;
use super::delivery_policy::TopicDeliveryPolicy;
use super::error::SnsError;

/// Characters of a display name.
const DISPLAY_NAME_CHARS_MAX: usize = 100;

/// Bytes of a policy, and its statements.
const POLICY_BYTES_MAX: usize = 30 * 1024;
const POLICY_STATEMENTS_MAX: usize = 100;

/// What the topic's own account may do where nobody wrote a policy, in AWS's order.
const DEFAULT_ACTIONS: [&str; 8] = [
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
];

/// Protocols whose delivery status AWS can log.
const LOGGED_PROTOCOLS: [&str; 5] = ["HTTP", "Application", "Firehose", "Lambda", "SQS"];

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopicSettings {
    pub display_name: String,
    /// `None`: the default policy.
    pub policy: Option<String>,
    pub delivery_policy: Option<String>,
    pub kms_key: Option<String>,
    pub tracing: Option<String>,
    /// `None`: 1.
    pub signature_version: Option<u8>,
    pub fifo: Option<Fifo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fifo {
    pub content_based_deduplication: bool,
    /// Deduplication and throughput by message group rather than by topic.
    pub by_group: bool,
}

impl TopicSettings {
    /// Of a new topic.
    pub fn new(fifo: bool) -> Self {
        let fifo = fifo.then_some(Fifo { content_based_deduplication: false, by_group: false });
        Self { fifo, ..Self::default() }
    }

    /// Changes attributes when a topic is created.
    pub fn apply_all(&mut self, attributes: &BTreeMap<String, String>) -> Result<(), SnsError> {
        for (name, value) in attributes.iter().filter(|(name, _)| *name != "FifoTopic") {
            if !self.apply(name, value)? {
                return Err(SnsError::because("Attributes", format!("Unknown attribute {name}")));
            }
        }
        Ok(())
    }

    /// Changes one attribute; false if there is none by that name.
    pub fn apply(&mut self, name: &str, value: &str) -> Result<bool, SnsError> {
        match name {
            "DisplayName" => {
                if value.chars().count() > DISPLAY_NAME_CHARS_MAX {
                    return Err(SnsError::invalid("DisplayName exceeds maximum length of 100"));
                }
                self.display_name = value.to_owned();
            }
            "Policy" => self.policy = policy(value)?,
            "DeliveryPolicy" => {
                TopicDeliveryPolicy::parse(value)?;
                self.delivery_policy = some(value);
            }
            "KmsMasterKeyId" => self.kms_key = some(value),
            "TracingConfig" => self.tracing = tracing(value)?,
            "SignatureVersion" => {
                let version = value.parse().ok().filter(|version| matches!(version, 1 | 2));
                self.signature_version = Some(version.ok_or_else(|| invalid(name, value))?);
            }
            "ContentBasedDeduplication" => self.fifo(name)?.content_based_deduplication = flag(name, value)?,
            "FifoThroughputScope" => {
                self.fifo(name)?.by_group = match value {
                    "MessageGroup" => true,
                    "Topic" => false,
                    _ => return Err(invalid(name, value)),
                }
            }
            "FifoTopic" => return Err(SnsError::invalid("AttributeName")),
            "ArchivePolicy" => return Err(SnsError::NotServed("archives of SNS topics (ArchivePolicy)".into())),
            _ if is_delivery_status(name) => {
                return Err(SnsError::NotServed(format!("delivery status logging of SNS topics ({name})")));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn fifo(&mut self, name: &str) -> Result<&mut Fifo, SnsError> {
        let reason = format!("{name}: Attribute is only valid for FIFO topics");
        self.fifo.as_mut().ok_or_else(|| SnsError::because("Attributes", reason))
    }

    /// As GetTopicAttributes shows them.
    pub fn describe(&self, address: &TopicAddress) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([
            ("DisplayName", self.display_name.clone()),
            ("Policy", self.policy(address)),
            ("EffectiveDeliveryPolicy", TopicDeliveryPolicy::of(self).to_json().to_string()),
        ]);
        let mut optional = |name, value: Option<String>| {
            if let Some(value) = value {
                shown.insert(name, value);
            }
        };
        optional("DeliveryPolicy", self.delivery_policy.clone());
        optional("KmsMasterKeyId", self.kms_key.clone());
        optional("TracingConfig", self.tracing.clone());
        optional("SignatureVersion", self.signature_version.map(|version| version.to_string()));
        if let Some(fifo) = self.fifo {
            shown.insert("FifoTopic", "true".into());
            shown.insert("ContentBasedDeduplication", fifo.content_based_deduplication.to_string());
            shown.insert("FifoThroughputScope", if fifo.by_group { "MessageGroup" } else { "Topic" }.into());
        }
        shown
    }

    /// The policy that holds.
    pub fn policy(&self, address: &TopicAddress) -> String {
        self.policy.clone().unwrap_or_else(|| {
            json!({
                "Version": "2008-10-17",
                "Id": "__default_policy_ID",
                "Statement": [{
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": DEFAULT_ACTIONS,
                    "Resource": address.arn().to_string(),
                    "Condition": {"StringEquals": {"AWS:SourceOwner": address.account}},
                }],
            })
            .to_string()
        })
    }
}

fn is_delivery_status(name: &str) -> bool {
    let rest = LOGGED_PROTOCOLS.iter().find_map(|protocol| name.strip_prefix(protocol));
    rest.is_some_and(|rest| {
        matches!(rest, "SuccessFeedbackRoleArn" | "SuccessFeedbackSampleRate" | "FailureFeedbackRoleArn")
    })
}

fn policy(text: &str) -> Result<Option<String>, SnsError> {
    if text.is_empty() {
        return Ok(None);
    }
    let document = Document::parse(text, Kind::Resource);
    let document = document.map_err(|refused| SnsError::invalid(format!("Policy Error: {refused}")))?;
    if text.len() > POLICY_BYTES_MAX || document.statements().len() > POLICY_STATEMENTS_MAX {
        return Err(SnsError::invalid("Policy Error: too long"));
    }
    Ok(Some(text.to_owned()))
}

fn tracing(value: &str) -> Result<Option<String>, SnsError> {
    match value {
        "PassThrough" => Ok(Some(value.to_owned())),
        "Active" => Err(SnsError::NotServed("active tracing of SNS topics (TracingConfig=Active)".into())),
        _ => Err(invalid("TracingConfig", value)),
    }
}

fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn invalid(name: &str, value: &str) -> SnsError {
    SnsError::because("Attributes", format!("{name}: Invalid value [{value}]."))
}

/// `true` or `false`, in any case.
pub fn flag(name: &str, value: &str) -> Result<bool, SnsError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let reason = format!("{name}: Invalid value [{value}]. Must be true or false.");
            Err(SnsError::because("Attributes", reason))
        }
    }
}
