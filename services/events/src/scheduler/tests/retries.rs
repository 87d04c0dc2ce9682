//! Targets that fail: again, and then the dead-letter queue; and a house that was down.

use std::path::Path;
use std::sync::Arc;

use haar_gateway::testkit::FixedAuthority;
use haar_platform::store::{Config, Read};

use super::*;
use crate::scheduler::model::{Due, SCHEDULES};

fn failing(queue: &str, dead: &str, attempts: i32) -> Target {
    Target {
        dead_letter_config: Some(DeadLetterConfig { arn: Some(dead.into()) }),
        retry_policy: Some(RetryPolicy {
            maximum_retry_attempts: Some(attempts),
            maximum_event_age_in_seconds: Some(3600),
        }),
        ..target(queue, "attempt <aws.scheduler.attempt-number>")
    }
}

/// A target for longer messages than its queue takes.
fn too_long(queue: &str, dead: &str, attempts: i32) -> Target {
    let input = format!("<aws.scheduler.attempt-number> {}", "x".repeat(2000));
    Target { input: Some(input), ..failing(queue, dead, attempts) }
}

impl Bench {
    async fn takes(&self, queue: &str, bytes: u32) {
        let input = queues::SetQueueAttributesRequest {
            queue_url: url(queue),
            attributes: [("MaximumMessageSize".to_owned(), bytes.to_string())].into(),
        };
        self.house.call::<queues::SetQueueAttributes>(input).await.unwrap();
    }
}

#[tokio::test]
async fn a_target_that_never_works_ends_in_the_dead_letter_queue() {
    let bench = Bench::open();
    let (queue, dead) = (bench.queue("q").await, bench.queue("dead").await);
    bench.takes(&queue, 1024).await;
    let arn = bench.create(schedule("a", "at(2026-01-01T01:00:00)", too_long(&queue, &dead, 2))).await;
    bench.advance(3600 + 2).await;
    assert!(bench.bodies(&dead).await.is_empty(), "tried at 0 s and 1 s");
    bench.advance(1).await;
    let letter = bench.received(&dead).await.remove(0);
    let attributes = letter.message_attributes.unwrap();
    let value = |name: &str| attributes[name].string_value.clone().unwrap();
    assert_eq!(value("ERROR_CODE"), "InvalidParameterValue");
    assert_eq!(value("EXHAUSTED_RETRY_CONDITION"), "MaximumRetryAttempts");
    assert_eq!(value("RETRY_ATTEMPTS"), "2");
    assert_eq!(value("SCHEDULE_ARN"), arn);
    assert_eq!(value("TARGET_ARN"), queue);
    assert_eq!(value("SCHEDULED_TIME"), "2026-01-01T01:00:00Z");
    let body: serde_json::Value = serde_json::from_str(&letter.body.unwrap()).unwrap();
    assert!(body["MessageBody"].as_str().unwrap().starts_with("3 x"));
}

#[tokio::test]
async fn a_target_that_is_gone_is_tried_once() {
    let bench = Bench::open();
    let dead = bench.queue("dead").await;
    let missing = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:missing");
    bench.create(schedule("a", "at(2026-01-01T01:00:00)", failing(&missing, &dead, 185))).await;
    bench.advance(3600).await;
    let attributes = bench.received(&dead).await.remove(0).message_attributes.unwrap();
    let value = |name: &str| attributes.get(name).and_then(|value| value.string_value.clone());
    assert_eq!(value("ERROR_CODE").as_deref(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    assert_eq!(value("RETRY_ATTEMPTS").as_deref(), Some("0"));
    assert_eq!(value("EXHAUSTED_RETRY_CONDITION"), None);
}

#[tokio::test]
async fn a_target_that_recovers_is_reached_and_the_age_ends_all() {
    let bench = Bench::open();
    let (late, never) = (bench.queue("late").await, bench.queue("never").await);
    let dead = bench.queue("dead").await;
    bench.takes(&late, 1024).await;
    bench.takes(&never, 1024).await;
    bench.create(schedule("a", "at(2026-01-01T01:00:00)", too_long(&late, &dead, 185))).await;
    bench.create(schedule("b", "at(2026-01-01T01:00:00)", too_long(&never, &dead, 185))).await;
    bench.advance(3610).await;
    bench.takes(&late, 4096).await;
    bench.advance(60).await;
    let bodies = bench.bodies(&late).await;
    assert!(bodies.len() == 1 && bodies[0].starts_with("5 x"));
    bench.advance(3600).await;
    let letters = bench.received(&dead).await;
    assert_eq!(letters.len(), 1);
    let attributes = letters[0].message_attributes.as_ref().unwrap();
    assert_eq!(attributes["EXHAUSTED_RETRY_CONDITION"].string_value.as_deref(), Some("MaximumEventAgeInSeconds"));
}

fn open(data: &Path) -> Bench {
    let house = TestHouse::with_authority(Config::at(data), |platform| {
        let services = vec![crate::scheduler::service(platform), sqs::service(platform)];
        (services, Arc::new(FixedAuthority::default()) as _)
    });
    Bench { house }
}

/// As if the house had been down since the schedule's next time, five hours ago.
async fn oversleep(bench: &Bench, name: &str) {
    let key = (ACCOUNT.to_owned(), "us-east-1".to_owned(), "default".to_owned(), name.to_owned());
    let write = bench.house.platform.store.write(move |tx| {
        let mut schedule = tx.get(SCHEDULES, &key)?.unwrap();
        let missed = at("2025-12-31T19:00:00Z");
        schedule.next = Some(Due { scheduled: missed, fires_at: missed });
        tx.put(SCHEDULES, &key, &schedule)
    });
    write.await.unwrap();
}

#[tokio::test]
async fn what_fell_due_while_the_house_was_down_fires_once_if_it_is_not_too_old() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let bench = open(&data);
    let (queue, dead) = (bench.queue("q").await, bench.queue("dead").await);
    let hourly = "<aws.scheduler.scheduled-time>";
    bench.create(schedule("hourly", "cron(0 * * * ? *)", target(&queue, hourly))).await;
    bench.create(schedule("impatient", "cron(0 * * * ? *)", failing(&queue, &dead, 185))).await;
    oversleep(&bench, "hourly").await;
    oversleep(&bench, "impatient").await;
    bench.house.platform.house.tasks.close().await;
    bench.house.platform.store.close().await.unwrap();
    drop(bench);

    let bench = open(&data);
    bench.house.settle().await;
    assert_eq!(bench.bodies(&queue).await, ["2025-12-31T19:00:00Z"]);
    let letter = bench.received(&dead).await.remove(0);
    assert_eq!(letter.message_attributes.unwrap()["RETRY_ATTEMPTS"].string_value.as_deref(), Some("0"));
    bench.advance(3600).await;
    let mut bodies = bench.bodies(&queue).await;
    bodies.sort_unstable();
    assert_eq!(bodies, ["2026-01-01T01:00:00Z", "attempt 1"]);
}
