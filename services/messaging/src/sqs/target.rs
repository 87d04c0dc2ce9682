//! Deliveries to queues: what rules, schedules, topics, alarms and dead letters send is a message like any other.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::aws::sqs::{MessageAttributeValue, SendMessage, SendMessageRequest};
use haar_platform::kernel::{Arn, Bytes, Ctx, Delivery, Fault};
use serde_json::Value;

use super::Sqs;
use super::address::Address;
use super::error::SqsError;

/// Queues, whether they exist or not.
pub fn serves(arn: &Arn) -> bool {
    Address::from_arn(&arn.to_string()).is_some()
}

/// Sends the payload as the deliverer, whom the queue's policy is asked about. Parameters:
/// `SqsParameters.MessageGroupId` as on AWS; `SqsParameters.MessageDeduplicationId` and `MessageAttributes` (as
/// SendMessage takes them) for deliverers that say more than their target's shape can: topics and dead letters.
pub async fn receive(ctx: &Ctx, sqs: &Sqs, delivery: Delivery) -> Result<(), Fault> {
    let address = Address::from_arn(&delivery.target.to_string()).ok_or(SqsError::QueueDoesNotExist)?;
    let fifo = sqs.find(&address)?.and_then(|queue| queue.settings.fifo);
    let text = |pointer: &str| delivery.parameter(pointer).map(str::to_owned);
    let told = text("/SqsParameters/MessageDeduplicationId");
    // A repetition of a delivery is a repetition of the message, unless the queue knows it by its content.
    let by_id = fifo.is_some_and(|fifo| !fifo.content_based_deduplication).then(|| delivery.id.clone());
    let input = SendMessageRequest {
        queue_url: address.url(ctx),
        message_group_id: text("/SqsParameters/MessageGroupId"),
        message_deduplication_id: fifo.and(told.or(by_id)),
        message_attributes: attributes(delivery.parameters.get("MessageAttributes")),
        message_body: delivery.payload,
        ..Default::default()
    };
    ctx.call_as::<SendMessage>(ctx.caller.clone(), input).await?;
    Ok(())
}

fn attributes(told: Option<&Value>) -> Option<BTreeMap<String, MessageAttributeValue>> {
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
    let told = told?.as_object()?.iter().map(|(name, value)| {
        let binary = text(value, "BinaryValue").and_then(|encoded| STANDARD.decode(encoded).ok());
        let attribute = MessageAttributeValue {
            string_value: text(value, "StringValue"),
            binary_value: binary.map(Bytes::from),
            data_type: text(value, "DataType").unwrap_or_default(),
            ..Default::default()
        };
        (name.clone(), attribute)
    });
    Some(told.collect())
}
