//! A queue's message as a function gets it.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::sqs::{Message, MessageAttributeValue};
use haar_platform::kernel::Arn;
use haar_platform::kernel::serde_json::{Map, Value, json};

/// The record of a message.
pub fn record(message: &Message, queue: &Arn) -> Value {
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes.clone().unwrap_or_default(),
        "messageAttributes": attributes(message),
        "md5OfBody": message.md5_of_body,
    });
    if let Some(digest) = &message.md5_of_message_attributes {
        record["md5OfMessageAttributes"] = json!(digest);
    }
    record["eventSource"] = json!("aws:sqs");
    record["eventSourceARN"] = json!(queue.to_string());
    record["awsRegion"] = json!(queue.region);
    record
}

fn attributes(message: &Message) -> Value {
    let all = message.message_attributes.iter().flatten();
    Value::Object(all.map(|(name, value)| (name.clone(), attribute(value))).collect())
}

fn attribute(value: &MessageAttributeValue) -> Value {
    let mut fields = Map::new();
    if let Some(text) = &value.string_value {
        fields.insert("stringValue".into(), json!(text));
    }
    if let Some(bytes) = &value.binary_value {
        fields.insert("binaryValue".into(), json!(STANDARD.encode(bytes)));
    }
    fields.insert("stringListValues".into(), json!([]));
    fields.insert("binaryListValues".into(), json!([]));
    fields.insert("dataType".into(), json!(value.data_type));
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_as_aws_does() {
        let message = Message {
            message_id: Some("059f36b4-87a3-44ab-83d2-661975830a7d".into()),
            receipt_handle: Some("AQEB".into()),
            body: Some("Test message.".into()),
            md5_of_body: Some("e4e68fb7bd0e697a0ae8f1bb342846b3".into()),
            attributes: Some([("ApproximateReceiveCount".to_owned(), "1".to_owned())].into()),
            message_attributes: Some(
                [(
                    "myAttribute".to_owned(),
                    MessageAttributeValue {
                        string_value: Some("myValue".into()),
                        data_type: "String".into(),
                        ..Default::default()
                    },
                )]
                .into(),
            ),
            ..Default::default()
        };
        let queue: Arn = "arn:aws:sqs:us-east-2:123456789012:my-queue".parse().expect("an ARN");
        let expected = r#"{"messageId":"059f36b4-87a3-44ab-83d2-661975830a7d","receiptHandle":"AQEB","body":"Test message.","attributes":{"ApproximateReceiveCount":"1"},"messageAttributes":{"myAttribute":{"stringValue":"myValue","stringListValues":[],"binaryListValues":[],"dataType":"String"}},"md5OfBody":"e4e68fb7bd0e697a0ae8f1bb342846b3","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-2:123456789012:my-queue","awsRegion":"us-east-2"}"#;
        assert_eq!(record(&message, &queue).to_string(), expected);
    }
}
