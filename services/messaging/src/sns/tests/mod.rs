//! Behaviour of SNS, through the pipeline and on a clock that tests move, with queues and webhooks to deliver to.
#![allow(clippy::unwrap_used)]

mod batches;
mod deliveries;
mod fifo;
mod filters;
mod hooks;
mod mail;
mod permissions;
mod restart;
mod subscriptions;
mod targets;
mod topics;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, TestHouse};
use haar_platform::aws::{sns::*, sqs};
use haar_platform::kernel::{AccountId, Caller, Fault};
use serde_json::{Value, json};

/// A house with SNS and SQS and short ways to their operations.
struct Bench {
    house: TestHouse,
}

impl Bench {
    fn open() -> Self {
        Self { house: TestHouse::open(|platform| vec![super::service(platform), crate::sqs::service(platform)]) }
    }

    async fn advance(&self, seconds: u64) {
        self.house.advance(Duration::from_secs(seconds)).await;
    }

    async fn try_create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault> {
        let input = CreateTopicInput { name: name.into(), attributes: Some(map(attributes)), ..Default::default() };
        Ok(self.house.call::<CreateTopic>(input).await?.topic_arn.unwrap())
    }

    async fn create(&self, name: &str) -> String {
        self.try_create(name, &[]).await.unwrap()
    }

    async fn attributes(&self, topic: &str) -> BTreeMap<String, String> {
        let input = GetTopicAttributesInput { topic_arn: topic.into() };
        self.house.call::<GetTopicAttributes>(input).await.unwrap().attributes.unwrap()
    }

    async fn set(&self, topic: &str, name: &str, value: &str) -> Result<(), Fault> {
        let input = SetTopicAttributesInput {
            topic_arn: topic.into(),
            attribute_name: name.into(),
            attribute_value: Some(value.into()),
        };
        self.house.call::<SetTopicAttributes>(input).await
    }

    async fn try_subscribe(
        &self,
        topic: &str,
        protocol: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> Result<String, Fault> {
        let input = SubscribeInput {
            topic_arn: topic.into(),
            protocol: protocol.into(),
            endpoint: Some(endpoint.into()),
            attributes: Some(map(attributes)),
            return_subscription_arn: Some(true),
        };
        Ok(self.house.call::<Subscribe>(input).await?.subscription_arn.unwrap())
    }

    async fn subscribe(&self, topic: &str, protocol: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        self.try_subscribe(topic, protocol, endpoint, attributes).await.unwrap()
    }

    async fn subscription(&self, arn: &str) -> BTreeMap<String, String> {
        let input = GetSubscriptionAttributesInput { subscription_arn: arn.into() };
        self.house.call::<GetSubscriptionAttributes>(input).await.unwrap().attributes.unwrap()
    }

    async fn confirm(&self, topic: &str, token: &str) -> Result<String, Fault> {
        let input = ConfirmSubscriptionInput { topic_arn: topic.into(), token: token.into(), ..Default::default() };
        let nobody = Arc::new(Caller::anonymous(&AccountId::parse(ACCOUNT).unwrap()));
        let output = self.house.call_as::<ConfirmSubscription>(&nobody, "us-east-1", input).await?;
        Ok(output.subscription_arn.unwrap())
    }

    async fn unsubscribe_unsigned(&self, arn: &str) -> Result<(), Fault> {
        let nobody = Arc::new(Caller::anonymous(&AccountId::parse(ACCOUNT).unwrap()));
        let input = UnsubscribeInput { subscription_arn: arn.into() };
        self.house.call_as::<Unsubscribe>(&nobody, "us-east-1", input).await
    }

    async fn try_publish(&self, input: PublishInput) -> Result<PublishResponse, Fault> {
        let answer = self.house.call::<Publish>(input).await;
        self.house.settle().await;
        answer
    }

    async fn publish(&self, topic: &str, message: &str) -> String {
        self.try_publish(letter(topic, message)).await.unwrap().message_id.unwrap()
    }

    /// A queue that lets SNS in; its ARN.
    async fn queue(&self, name: &str) -> String {
        let everybody = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn(name),
                "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
            }],
        });
        self.queue_with(name, &[("Policy", &everybody.to_string())]).await
    }

    async fn queue_with(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut attributes = map(attributes);
        if name.ends_with(".fifo") {
            attributes.insert("FifoQueue".into(), "true".into());
        }
        let input = sqs::CreateQueueRequest { queue_name: name.into(), attributes: Some(attributes), tags: None };
        self.house.call::<sqs::CreateQueue>(input).await.unwrap();
        queue_arn(name)
    }

    /// What a queue holds, and takes out of it.
    async fn received(&self, queue: &str) -> Vec<sqs::Message> {
        self.house.settle().await;
        let name = queue.rsplit_once(':').unwrap().1;
        let input = sqs::ReceiveMessageRequest {
            queue_url: format!("http://localhost/{ACCOUNT}/{name}"),
            max_number_of_messages: Some(10),
            message_attribute_names: Some(vec!["All".into()]),
            message_system_attribute_names: Some(vec!["All".into()]),
            ..Default::default()
        };
        self.house.call::<sqs::ReceiveMessage>(input).await.unwrap().messages.unwrap_or_default()
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.received(queue).await.into_iter().map(|message| message.body.unwrap()).collect()
    }

    /// The messages inside of the envelopes that a queue holds.
    async fn messages(&self, queue: &str) -> Vec<String> {
        let inner = |body: &String| envelope(body)["Message"].as_str().unwrap().to_owned();
        self.bodies(queue).await.iter().map(inner).collect()
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn letter(topic: &str, message: &str) -> PublishInput {
    PublishInput { topic_arn: Some(topic.into()), message: message.into(), ..Default::default() }
}

fn with_attributes(input: PublishInput, attributes: &[(&str, &str, &str)]) -> PublishInput {
    let attributes = attributes.iter().map(|(name, data_type, value)| {
        let value = MessageAttributeValue {
            data_type: (*data_type).into(),
            string_value: Some((*value).into()),
            binary_value: None,
        };
        ((*name).to_owned(), value)
    });
    PublishInput { message_attributes: Some(attributes.collect()), ..input }
}

fn envelope(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
}

fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:us-east-1:{ACCOUNT}:{name}")
}

fn redrive_to(queue: &str) -> String {
    json!({"deadLetterTargetArn": queue}).to_string()
}

/// Refused with that code and that message.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Fault>, code: &str, message: &str) {
    let fault = result.unwrap_err();
    assert_eq!((&*fault.code, &*fault.message), (code, message));
}
