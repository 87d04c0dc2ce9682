//! What endpoints get to see: AWS's JSON for queues, webhooks and functions, and mail for people.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::address::TopicAddress;
use super::model::{Attribute, AttributeValue, Kind, Message, Protocol};
use super::publish::sequence_text;
use super::signed::Signature;

/// The path of certificates, around the key's id.
pub const CERTIFICATE_PREFIX: &str = "/SimpleNotificationService-";
pub const CERTIFICATE_SUFFIX: &str = ".pem";

/// What a link's parameter keeps as it is, ARNs readable.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');

/// With three digits of fraction, always.
pub fn timestamp(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%S.%3fZ")
}

/// The ARN of the topic of a message.
pub fn topic_arn(message: &Message) -> String {
    topic_address(message).arn().to_string()
}

/// The topic of a message.
pub fn topic_address(message: &Message) -> TopicAddress {
    let (account, region, name) = message.topic.clone();
    TopicAddress { account, region, name }
}

/// A link that an endpoint or a person follows, unsigned.
fn link(house: &str, action: &str, parameters: &[(&str, &str)]) -> String {
    let mut link = format!("{house}/?Action={action}");
    for (name, value) in parameters {
        link.push_str(&format!("&{name}={}", utf8_percent_encode(value, PARAMETER)));
    }
    link
}

/// Ends a subscription.
pub fn unsubscribe_url(message: &Message, subscription_arn: &str) -> String {
    link(&message.house, "Unsubscribe", &[("SubscriptionArn", subscription_arn)])
}

/// Confirms a subscription, where a message is about one.
pub fn subscribe_url(message: &Message) -> Option<String> {
    match &message.kind {
        Kind::Notification => None,
        Kind::SubscriptionConfirmation { token } | Kind::UnsubscribeConfirmation { token, .. } => {
            let parameters = [("TopicArn", topic_arn(message)), ("Token", token.clone())];
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Some(link(&message.house, "ConfirmSubscription", &parameters))
        }
    }
}

fn certificate_url(message: &Message, signature: &Signature) -> String {
    format!("{}{CERTIFICATE_PREFIX}{}{CERTIFICATE_SUFFIX}", message.house, signature.key_id)
}

/// The name of a message's kind.
pub fn kind_name(message: &Message) -> &'static str {
    match message.kind {
        Kind::Notification => "Notification",
        Kind::SubscriptionConfirmation { .. } => "SubscriptionConfirmation",
        Kind::UnsubscribeConfirmation { .. } => "UnsubscribeConfirmation",
    }
}

/// The JSON of queues, webhooks and `email-json`, set as AWS sets it.
pub fn envelope(message: &Message, protocol: Protocol, subscription_arn: &str, signature: &Signature) -> String {
    let mut members: Vec<(&str, Value)> =
        vec![("Type", json!(kind_name(message))), ("MessageId", json!(message.message_id))];
    match &message.kind {
        Kind::Notification => {}
        Kind::SubscriptionConfirmation { token } | Kind::UnsubscribeConfirmation { token, .. } => {
            members.push(("Token", json!(token)));
        }
    }
    if let Some(place) = &message.place {
        members.push(("SequenceNumber", json!(sequence_text(place.sequence))));
    }
    members.push(("TopicArn", json!(topic_arn(message))));
    if let Some(subject) = &message.subject {
        members.push(("Subject", json!(subject)));
    }
    members.push(("Message", json!(message.body.for_protocol(protocol))));
    if let Some(url) = subscribe_url(message) {
        members.push(("SubscribeURL", json!(url)));
    }
    members.push(("Timestamp", json!(timestamp(message.published))));
    members.push(("SignatureVersion", json!(message.signature_version.to_string())));
    members.push(("Signature", json!(signature.text)));
    members.push(("SigningCertURL", json!(certificate_url(message, signature))));
    if matches!(message.kind, Kind::Notification) {
        members.push(("UnsubscribeURL", json!(unsubscribe_url(message, subscription_arn))));
    }
    let mut lines: Vec<String> = members.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    if !message.attributes.is_empty() {
        let attributes = message.attributes.iter();
        let attributes: Vec<_> =
            attributes.map(|(name, attribute)| format!("    {} : {}", json!(name), shown(attribute))).collect();
        lines.push(format!("  \"MessageAttributes\" : {{\n{}\n  }}", attributes.join(",\n")));
    }
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// The event that a function gets.
pub fn lambda_event(message: &Message, subscription_arn: &str, signature: &Signature) -> String {
    let attributes = message.attributes.iter().map(|(name, attribute)| (name.clone(), shown(attribute)));
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message.message_id,
            "TopicArn": topic_arn(message),
            "Subject": message.subject,
            "Message": message.body.for_protocol(Protocol::Lambda),
            "Timestamp": timestamp(message.published),
            "SignatureVersion": message.signature_version.to_string(),
            "Signature": signature.text,
            "SigningCertUrl": certificate_url(message, signature),
            "UnsubscribeUrl": unsubscribe_url(message, subscription_arn),
            "MessageAttributes": attributes.collect::<serde_json::Map<_, _>>(),
        },
    }]})
    .to_string()
}

fn shown(attribute: &Attribute) -> Value {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
    };
    json!({"Type": attribute.data_type, "Value": value})
}

/// Attributes as a queue's deliveries carry them: raw messages keep theirs.
pub fn queue_attributes(message: &Message) -> Value {
    let attributes = message.attributes.iter().map(|(name, attribute)| {
        let value = match &attribute.value {
            AttributeValue::Text(text) => json!({"DataType": attribute.data_type, "StringValue": text}),
            AttributeValue::Binary(bytes) => {
                json!({"DataType": attribute.data_type, "BinaryValue": STANDARD.encode(bytes)})
            }
        };
        (name.clone(), value)
    });
    Value::Object(attributes.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::model::Body;
    use super::*;

    #[test]
    fn a_function_gets_records() {
        let attribute = Attribute { data_type: "Binary".into(), value: AttributeValue::Binary(vec![1, 2]) };
        let message = Message {
            topic: ("123456789012".into(), "us-east-1".into(), "news".into()),
            display_name: String::new(),
            kind: Kind::Notification,
            message_id: "95df01b4-ee98-5cb9-9903-4c221d41eb5e".into(),
            published: Timestamp::from_seconds(1_546_430_667),
            subject: None,
            body: Body::Same("Hello".into()),
            attributes: vec![("bytes".into(), attribute)],
            place: None,
            group_label: None,
            signature_version: 1,
            house: "http://localhost:4566".into(),
        };
        let signature = Signature { text: "c2lnbmVk".into(), key_id: "0a".into() };
        let event: Value = serde_json::from_str(&lambda_event(&message, "arn:subscription", &signature)).unwrap();
        let record = &event["Records"][0];
        assert_eq!(record["EventSource"], "aws:sns");
        assert_eq!(record["EventSubscriptionArn"], "arn:subscription");
        let sns = &record["Sns"];
        assert_eq!(sns["Timestamp"], "2019-01-02T12:04:27.000Z");
        assert_eq!(sns["TopicArn"], "arn:aws:sns:us-east-1:123456789012:news");
        assert_eq!(sns["Subject"], Value::Null);
        assert_eq!(sns["MessageAttributes"]["bytes"], json!({"Type": "Binary", "Value": "AQI="}));
        assert_eq!(sns["SigningCertUrl"], "http://localhost:4566/SimpleNotificationService-0a.pem");
    }
}
