//! Behaviour of Scheduler, through the pipeline and on a clock that tests move, with queues to deliver to.
#![allow(clippy::unwrap_used)]

mod firing;
mod groups;
mod retries;
mod roles;
mod schedules;

use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, TestHouse};
use haar_messaging::{sns, sqs};
use haar_platform::aws::scheduler::*;
use haar_platform::aws::sqs as queues;
use haar_platform::kernel::{Fault, Timestamp};

/// A house with Scheduler, queues and topics, and short ways to their operations.
struct Bench {
    house: TestHouse,
}

impl Bench {
    fn open() -> Self {
        Self {
            house: TestHouse::open(|platform| {
                vec![
                    super::service(platform),
                    crate::events::service(platform),
                    sqs::service(platform),
                    sns::service(platform),
                ]
            }),
        }
    }

    async fn advance(&self, seconds: u64) {
        self.house.advance(Duration::from_secs(seconds)).await;
    }

    async fn try_create(&self, input: CreateScheduleInput) -> Result<String, Fault> {
        let answer = self.house.call::<CreateSchedule>(input).await.map(|output| output.schedule_arn);
        self.house.settle().await;
        answer
    }

    async fn create(&self, input: CreateScheduleInput) -> String {
        self.try_create(input).await.unwrap()
    }

    async fn get(&self, name: &str) -> Result<GetScheduleOutput, Fault> {
        self.house.call::<GetSchedule>(GetScheduleInput { name: name.into(), group_name: None }).await
    }

    async fn queue(&self, name: &str) -> String {
        let mut input = queues::CreateQueueRequest { queue_name: name.into(), ..Default::default() };
        if name.ends_with(".fifo") {
            let attributes = [("FifoQueue".to_owned(), "true".to_owned())];
            input.attributes = Some(attributes.into());
        }
        self.house.call::<queues::CreateQueue>(input).await.unwrap();
        format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}")
    }

    /// What a queue holds, and takes out of it.
    async fn received(&self, queue: &str) -> Vec<queues::Message> {
        let mut all = Vec::new();
        loop {
            let input = queues::ReceiveMessageRequest {
                queue_url: url(queue),
                max_number_of_messages: Some(10),
                message_attribute_names: Some(vec!["All".into()]),
                message_system_attribute_names: Some(vec!["All".into()]),
                ..Default::default()
            };
            let page = self.house.call::<queues::ReceiveMessage>(input).await.unwrap().messages.unwrap_or_default();
            if page.is_empty() {
                return all;
            }
            for message in page {
                let receipt_handle = message.receipt_handle.clone().unwrap();
                let input = queues::DeleteMessageRequest { queue_url: url(queue), receipt_handle };
                self.house.call::<queues::DeleteMessage>(input).await.unwrap();
                all.push(message);
            }
        }
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.received(queue).await.into_iter().map(|message| message.body.unwrap()).collect()
    }
}

fn url(queue: &str) -> String {
    format!("http://localhost:4566/{ACCOUNT}/{}", queue.rsplit_once(':').unwrap().1)
}

fn target(arn: &str, input: &str) -> Target {
    Target {
        arn: arn.into(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/scheduler"),
        input: Some(input.into()),
        ..Default::default()
    }
}

fn schedule(name: &str, expression: &str, target: Target) -> CreateScheduleInput {
    CreateScheduleInput {
        name: name.into(),
        schedule_expression: expression.into(),
        target,
        flexible_time_window: FlexibleTimeWindow { mode: FlexibleTimeWindowMode::Off, maximum_window_in_minutes: None },
        ..Default::default()
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_iso8601(text).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Fault>, name: &str, message: &str) {
    let fault = result.unwrap_err();
    assert_eq!((&*fault.name, &*fault.message), (name, message));
}
