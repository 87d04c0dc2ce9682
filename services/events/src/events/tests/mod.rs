//! Behaviour of EventBridge, through the pipeline. Shared here: a house with it and with queues, and short ways to
//! call them.
#![allow(clippy::unwrap_used)]

mod archives;
mod buses;
mod delivery;
mod forwarding;
mod put;
mod retries;
mod rules;
mod schedules;
mod targets;

use std::fmt::Debug;

use haar_gateway::testkit::TestHouse;
use haar_messaging::sqs;
use haar_platform::aws::events as aws;
use haar_platform::aws::events::{
    PutEventsRequest, PutEventsRequestEntry, PutEventsResultEntry, PutRuleRequest, Target,
};
use haar_platform::aws::sqs::{
    CreateQueue, CreateQueueRequest, DeleteMessage, DeleteMessageRequest, ReceiveMessage, ReceiveMessageRequest,
};
use haar_platform::kernel::Fault;
use serde_json::{Value, json};

pub const MINE: &str = r#"{"source":["mine"]}"#;

pub fn open() -> TestHouse {
    TestHouse::open(|platform| vec![super::service(platform), sqs::service(platform)])
}

pub fn refusal<T: Debug>(result: Result<T, Fault>) -> String {
    result.unwrap_err().to_string()
}

/// A queue that lets EventBridge in; its ARN.
pub async fn queue(house: &TestHouse, name: &str) -> String {
    let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let mut attributes = vec![("Policy".to_owned(), policy)];
    if name.ends_with(".fifo") {
        attributes.push(("FifoQueue".into(), "true".into()));
    }
    create_queue(house, name, attributes).await;
    arn
}

pub async fn create_queue(house: &TestHouse, name: &str, attributes: Vec<(String, String)>) {
    let attributes = Some(attributes.into_iter().collect());
    let input = CreateQueueRequest { queue_name: name.into(), attributes, ..Default::default() };
    house.call::<CreateQueue>(input).await.unwrap();
}

/// What is in a queue, taken out of it.
pub async fn received(house: &TestHouse, name: &str) -> Vec<haar_platform::aws::sqs::Message> {
    let mut all = Vec::new();
    loop {
        let input = ReceiveMessageRequest {
            queue_url: format!("http://localhost:4566/000000000000/{name}"),
            max_number_of_messages: Some(10),
            message_attribute_names: Some(vec!["All".into()]),
            ..Default::default()
        };
        let queue_url = input.queue_url.clone();
        let messages = house.call::<ReceiveMessage>(input).await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return all;
        }
        for message in messages {
            let receipt_handle = message.receipt_handle.clone().unwrap();
            let input = DeleteMessageRequest { queue_url: queue_url.clone(), receipt_handle };
            house.call::<DeleteMessage>(input).await.unwrap();
            all.push(message);
        }
    }
}

/// Their bodies as JSON.
pub async fn bodies(house: &TestHouse, name: &str) -> Vec<Value> {
    let messages = received(house, name).await;
    messages.iter().map(|message| serde_json::from_str(message.body.as_deref().unwrap()).unwrap()).collect()
}

pub fn pattern(name: &str, pattern: &str) -> PutRuleRequest {
    PutRuleRequest { name: name.into(), event_pattern: Some(pattern.into()), ..Default::default() }
}

pub fn target(id: &str, arn: &str) -> Target {
    Target { id: id.into(), arn: arn.into(), ..Default::default() }
}

pub async fn put_targets(house: &TestHouse, rule: &str, targets: Vec<Target>) -> Result<(), Fault> {
    let input = aws::PutTargetsRequest { rule: rule.into(), event_bus_name: None, targets };
    house.call::<aws::PutTargets>(input).await.map(|_| ())
}

/// A rule on the default bus with one target.
pub async fn rule(house: &TestHouse, name: &str, text: &str, one: Target) {
    house.call::<aws::PutRule>(pattern(name, text)).await.unwrap();
    put_targets(house, name, vec![one]).await.unwrap();
}

pub fn entry(detail: Value) -> PutEventsRequestEntry {
    PutEventsRequestEntry {
        source: Some("mine".into()),
        detail_type: Some("Thing".into()),
        detail: Some(detail.to_string()),
        ..Default::default()
    }
}

pub async fn put_all(house: &TestHouse, entries: Vec<PutEventsRequestEntry>) -> Vec<PutEventsResultEntry> {
    let input = PutEventsRequest { entries, endpoint_id: None };
    house.call::<aws::PutEvents>(input).await.unwrap().entries.unwrap()
}

/// Puts one event and waits until what follows has followed; its id.
pub async fn put(house: &TestHouse, detail: Value) -> String {
    let id = put_all(house, vec![entry(detail)]).await.remove(0).event_id.unwrap();
    house.settle().await;
    id
}
