//! The attributes of a subscription.
//! <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>

use std::collections::BTreeMap;

use haar_platform::kernel::Arn;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delivery_policy::HttpPolicy;
use super::error::SnsError;
use super::filter::{Filter, Scope};
use super::model::Protocol;
use super::settings::{TopicSettings, flag};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionSettings {
    pub raw: bool,
    pub filter_policy: Option<String>,
    pub filter_scope: Scope,
    pub delivery_policy: Option<String>,
    /// The queue for what cannot be delivered.
    pub dead_letter_arn: Option<String>,
}

impl SubscriptionSettings {
    /// Changes attributes and checks that they fit together; they come from a call as a whole, because a filter policy
    /// means nothing without its scope.
    pub fn apply(&mut self, protocol: Protocol, attributes: &BTreeMap<String, String>) -> Result<(), SnsError> {
        for (name, value) in attributes {
            self.apply_one(protocol, name, value)?;
        }
        if let Some(policy) = &self.filter_policy {
            Filter::parse(policy, self.filter_scope)?;
        }
        Ok(())
    }

    fn apply_one(&mut self, protocol: Protocol, name: &str, value: &str) -> Result<(), SnsError> {
        match name {
            "RawMessageDelivery" => {
                self.raw = flag(name, value)?;
                if self.raw && !matches!(protocol, Protocol::Sqs | Protocol::Http | Protocol::Https) {
                    let reason = "Delivery protocol does not support raw message delivery.";
                    return Err(SnsError::because("Attributes", reason));
                }
            }
            // An empty policy filters nothing.
            "FilterPolicy" => self.filter_policy = some(value).filter(|text| text.trim() != "{}"),
            "FilterPolicyScope" => self.filter_scope = Scope::parse(value)?,
            "DeliveryPolicy" => {
                if !matches!(protocol, Protocol::Http | Protocol::Https) {
                    return Err(SnsError::invalid("Delivery policy is only supported for HTTP and HTTPS endpoints"));
                }
                HttpPolicy::check(value)?;
                self.delivery_policy = some(value);
            }
            "RedrivePolicy" => self.dead_letter_arn = redrive(value)?,
            "SubscriptionRoleArn" => return Err(SnsError::invalid("SubscriptionRoleArn is only valid for Firehose")),
            "ReplayPolicy" => return Err(SnsError::NotServed("replays of SNS archives (ReplayPolicy)".into())),
            _ => return Err(SnsError::invalid("AttributeName")),
        }
        Ok(())
    }

    /// As GetSubscriptionAttributes shows them.
    pub fn describe(&self, protocol: Protocol, topic: &TopicSettings) -> BTreeMap<&'static str, String> {
        let mut shown = BTreeMap::from([("RawMessageDelivery", self.raw.to_string())]);
        if let Some(policy) = &self.filter_policy {
            shown.insert("FilterPolicy", policy.clone());
            shown.insert("FilterPolicyScope", self.filter_scope.name().to_owned());
        }
        if let Some(policy) = &self.delivery_policy {
            shown.insert("DeliveryPolicy", policy.clone());
        }
        if matches!(protocol, Protocol::Http | Protocol::Https) {
            shown.insert("EffectiveDeliveryPolicy", HttpPolicy::of(topic, self).to_json().to_string());
        }
        if let Some(arn) = &self.dead_letter_arn {
            shown.insert("RedrivePolicy", json!({"deadLetterTargetArn": arn}).to_string());
        }
        shown
    }
}

fn redrive(text: &str) -> Result<Option<String>, SnsError> {
    if text.is_empty() {
        return Ok(None);
    }
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err(SnsError::invalid("RedrivePolicy: failed to parse JSON."));
    };
    if let Some(other) = policy.keys().find(|name| *name != "deadLetterTargetArn") {
        return Err(SnsError::invalid(format!("RedrivePolicy: unexpected member {other}")));
    }
    if policy.is_empty() {
        return Ok(None);
    }
    let arn = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
    let queue = arn.parse::<Arn>().ok().filter(|arn| arn.service == "sqs");
    match queue {
        Some(_) => Ok(Some(arn.to_owned())),
        None => Err(SnsError::invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")),
    }
}

fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}
