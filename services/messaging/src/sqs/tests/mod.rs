//! Behaviour of SQS, through the pipeline and on a clock that tests move.
#![allow(clippy::unwrap_used)]

mod attributes;
mod batches;
mod contents;
mod fifo;
mod laws;
mod moves;
mod permissions;
mod queues;
mod redrive;
mod standard;
mod targets;
mod upkeep;

use std::collections::BTreeMap;
use std::time::Duration;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::sqs::*;
use haar_platform::kernel::Fault;

/// A house with SQS and short ways to its operations.
struct Bench {
    house: TestHouse,
}

impl Bench {
    fn open() -> Self {
        Self { house: TestHouse::open(|platform| vec![super::service(platform)]) }
    }

    async fn advance(&self, seconds: u64) {
        self.house.advance(Duration::from_secs(seconds)).await;
    }

    async fn try_create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault> {
        let input = CreateQueueRequest { queue_name: name.into(), attributes: Some(map(attributes)), tags: None };
        Ok(self.house.call::<CreateQueue>(input).await?.queue_url.unwrap())
    }

    async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        self.try_create(name, attributes).await.unwrap()
    }

    async fn delete_queue(&self, url: &str) {
        let input = DeleteQueueRequest { queue_url: url.into() };
        self.house.call::<DeleteQueue>(input).await.unwrap();
    }

    async fn set(&self, url: &str, attributes: &[(&str, &str)]) -> Result<(), Fault> {
        let input = SetQueueAttributesRequest { queue_url: url.into(), attributes: map(attributes) };
        self.house.call::<SetQueueAttributes>(input).await
    }

    async fn attributes(&self, url: &str) -> BTreeMap<String, String> {
        let input = GetQueueAttributesRequest { queue_url: url.into(), attribute_names: Some(vec!["All".into()]) };
        let output = self.house.call::<GetQueueAttributes>(input).await.unwrap();
        output.attributes.unwrap()
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, url: &str) -> (u64, u64, u64) {
        let attributes = self.attributes(url).await;
        let count = |name: &str| attributes[&format!("ApproximateNumberOfMessages{name}")].parse().unwrap();
        (count(""), count("NotVisible"), count("Delayed"))
    }

    async fn try_send(&self, input: SendMessageRequest) -> Result<SendMessageResult, Fault> {
        self.house.call::<SendMessage>(input).await
    }

    async fn send(&self, url: &str, body: &str) -> SendMessageResult {
        self.try_send(letter(url, body)).await.unwrap()
    }

    async fn send_fifo(&self, url: &str, group: &str, body: &str) -> SendMessageResult {
        self.try_send(fifo_letter(url, group, body)).await.unwrap()
    }

    async fn try_receive(&self, input: ReceiveMessageRequest) -> Result<Vec<Message>, Fault> {
        let output = self.house.call::<ReceiveMessage>(input).await?;
        Ok(output.messages.unwrap_or_default())
    }

    async fn receive(&self, url: &str, count: i32) -> Vec<Message> {
        self.try_receive(wish(url, count)).await.unwrap()
    }

    async fn bodies(&self, url: &str, count: i32) -> Vec<String> {
        bodies(&self.receive(url, count).await)
    }

    async fn delete(&self, url: &str, message: &Message) -> Result<(), Fault> {
        let input =
            DeleteMessageRequest { queue_url: url.into(), receipt_handle: message.receipt_handle.clone().unwrap() };
        self.house.call::<DeleteMessage>(input).await
    }

    async fn change_visibility(&self, url: &str, message: &Message, seconds: i32) -> Result<(), Fault> {
        let input = ChangeMessageVisibilityRequest {
            queue_url: url.into(),
            receipt_handle: message.receipt_handle.clone().unwrap(),
            visibility_timeout: seconds,
        };
        self.house.call::<ChangeMessageVisibility>(input).await
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn letter(url: &str, body: &str) -> SendMessageRequest {
    SendMessageRequest { queue_url: url.into(), message_body: body.into(), ..Default::default() }
}

/// Deduplicated by its body.
fn fifo_letter(url: &str, group: &str, body: &str) -> SendMessageRequest {
    SendMessageRequest {
        message_group_id: Some(group.into()),
        message_deduplication_id: Some(body.into()),
        ..letter(url, body)
    }
}

fn wish(url: &str, count: i32) -> ReceiveMessageRequest {
    ReceiveMessageRequest {
        queue_url: url.into(),
        max_number_of_messages: Some(count),
        message_system_attribute_names: Some(vec!["All".into()]),
        message_attribute_names: Some(vec!["All".into()]),
        ..Default::default()
    }
}

fn bodies(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.body.clone().unwrap()).collect()
}

fn system<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.attributes.as_ref()?.get(name).map(String::as_str)
}

fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

/// A RedrivePolicy.
fn redrive_to(name: &str, receives_max: u32) -> String {
    serde_json::json!({"deadLetterTargetArn": arn(name), "maxReceiveCount": receives_max}).to_string()
}

/// Refused with that query-era code and that message.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Fault>, code: &str, message: &str) {
    let fault = result.unwrap_err();
    assert_eq!((&*fault.code, &*fault.message), (code, message));
}
