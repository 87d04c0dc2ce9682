//! What fires when, and what targets get.

use haar_platform::aws::events as bus;
use haar_platform::store::{Read, Span};
use serde_json::{Value, json};

use super::*;
use crate::scheduler::model::INVOCATIONS;

#[tokio::test]
async fn once_fires_once_and_goes_if_it_wants_to() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    bench.create(schedule("stays", "at(2026-01-01T01:00:00)", target(&queue, "stays"))).await;
    let going = schedule("goes", "at(2026-01-01T02:00:00)", target(&queue, "goes"));
    let after = Some(ActionAfterCompletion::Delete);
    bench.create(CreateScheduleInput { action_after_completion: after, ..going }).await;
    bench.advance(3599).await;
    assert!(bench.bodies(&queue).await.is_empty());
    bench.advance(1).await;
    assert_eq!(bench.bodies(&queue).await, ["stays"]);
    bench.advance(86_400).await;
    assert_eq!(bench.bodies(&queue).await, ["goes"]);
    assert!(bench.get("stays").await.is_ok());
    refused(bench.get("goes").await, "ResourceNotFoundException", "Schedule goes does not exist.");
    let left = bench.house.platform.store.read(|tx| tx.scan_keys(INVOCATIONS, Span::all()).count());
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_month_of_hours_fires_hour_by_hour() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = r#"{"at": "<aws.scheduler.scheduled-time>"}"#;
    let zone = Some("Europe/Berlin".to_owned());
    let hourly = schedule("hourly", "cron(0 * * * ? *)", target(&queue, input));
    bench.create(CreateScheduleInput { schedule_expression_timezone: zone, ..hourly }).await;
    bench.advance(30 * 24 * 3600).await;
    // Four days are as long as a queue keeps what it gets.
    let mut bodies = bench.bodies(&queue).await;
    bodies.sort_unstable();
    assert_eq!(bodies.len(), 4 * 24);
    assert_eq!(bodies.last().map(String::as_str), Some(r#"{"at": "2026-01-31T00:00:00Z"}"#));
}

#[tokio::test]
async fn a_rate_begins_at_once_and_ends_with_its_end() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let rate = schedule("rate", "rate(10 minutes)", target(&queue, "tick"));
    let end = Some(at("2026-01-01T00:25:00Z"));
    bench.create(CreateScheduleInput { end_date: end, ..rate }).await;
    assert_eq!(bench.bodies(&queue).await.len(), 1);
    bench.advance(3600).await;
    assert_eq!(bench.bodies(&queue).await.len(), 2);
}

#[tokio::test]
async fn a_disabled_schedule_does_not_fire() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = schedule("a", "rate(1 minute)", target(&queue, "x"));
    bench.create(CreateScheduleInput { state: Some(ScheduleState::Disabled), ..input }).await;
    bench.advance(3600).await;
    assert!(bench.bodies(&queue).await.is_empty());
}

#[tokio::test]
async fn a_flexible_window_is_kept() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let window = FlexibleTimeWindow { mode: FlexibleTimeWindowMode::Flexible, maximum_window_in_minutes: Some(15) };
    let input = schedule("a", "at(2026-01-01T01:00:00)", target(&queue, "x"));
    bench.create(CreateScheduleInput { flexible_time_window: window, ..input }).await;
    bench.advance(3599).await;
    assert!(bench.bodies(&queue).await.is_empty());
    bench.advance(901).await;
    assert_eq!(bench.bodies(&queue).await, ["x"]);
}

#[tokio::test]
async fn an_input_knows_its_invocation() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time> <aws.scheduler.attempt-number> \
                 <aws.scheduler.execution-id>";
    let arn = bench.create(schedule("a", "at(2026-01-01T01:00:00)", target(&queue, input))).await;
    bench.advance(3600).await;
    let body = bench.bodies(&queue).await.remove(0);
    let (known, id) = body.rsplit_once(' ').unwrap();
    assert_eq!(known, format!("{arn} 2026-01-01T01:00:00Z 1"));
    assert_eq!(id.len(), 16);
}

#[tokio::test]
async fn without_input_a_target_gets_an_event() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let without = Target { input: None, ..target(&queue, "") };
    let arn = bench.create(schedule("a", "at(2026-01-01T01:00:00)", without)).await;
    bench.advance(3600).await;
    let event: Value = serde_json::from_str(&bench.bodies(&queue).await[0]).unwrap();
    assert_eq!(event["detail-type"], "Scheduled Event");
    assert_eq!(event["source"], "aws.scheduler");
    assert_eq!(event["time"], "2026-01-01T01:00:00Z");
    assert_eq!(event["resources"], json!([arn]));
}

#[tokio::test]
async fn any_operation_can_be_called() {
    let bench = Bench::open();
    let queue = bench.queue("q").await;
    let input = json!({"QueueUrl": url(&queue), "MessageBody": "universal"}).to_string();
    let universal = target("arn:aws:scheduler:::aws-sdk:sqs:sendMessage", &input);
    bench.create(schedule("a", "at(2026-01-01T01:00:00)", universal)).await;
    bench.advance(3600).await;
    assert_eq!(bench.bodies(&queue).await, ["universal"]);
}

#[tokio::test]
async fn fifo_queues_get_their_group_and_buses_their_event() {
    let bench = Bench::open();
    let (fifo, queue) = (bench.queue("q.fifo").await, bench.queue("q").await);
    let parameters = SqsParameters { message_group_id: Some("g".into()) };
    let grouped = Target { sqs_parameters: Some(parameters), ..target(&fifo, "in order") };
    bench.create(schedule("fifo", "at(2026-01-01T01:00:00)", grouped)).await;
    bench.opens_to_rules("q").await;
    let rule = bus::PutRuleRequest {
        name: "r".into(),
        event_pattern: Some(r#"{"source": ["my.app"]}"#.into()),
        ..Default::default()
    };
    bench.house.call::<bus::PutRule>(rule).await.unwrap();
    let to_queue = bus::Target { id: "1".into(), arn: queue.clone(), ..Default::default() };
    let input = bus::PutTargetsRequest { rule: "r".into(), targets: vec![to_queue], ..Default::default() };
    bench.house.call::<bus::PutTargets>(input).await.unwrap();
    let parameters = EventBridgeParameters { detail_type: "Tick".into(), source: "my.app".into() };
    let to_bus = Target {
        event_bridge_parameters: Some(parameters),
        ..target(&format!("arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"), r#"{"n": 1}"#)
    };
    bench.create(schedule("bus", "at(2026-01-01T01:00:00)", to_bus)).await;
    bench.advance(3600).await;
    let message = bench.received(&fifo).await.remove(0);
    assert_eq!(message.attributes.unwrap()["MessageGroupId"], "g");
    let event: Value = serde_json::from_str(&bench.bodies(&queue).await[0]).unwrap();
    assert_eq!((&event["detail-type"], &event["detail"]), (&json!("Tick"), &json!({"n": 1})));
}

impl Bench {
    async fn opens_to_rules(&self, name: &str) {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"},
        });
        let input = queues::SetQueueAttributesRequest {
            queue_url: format!("http://localhost:4566/{ACCOUNT}/{name}"),
            attributes: [("Policy".to_owned(), policy.to_string())].into(),
        };
        self.house.call::<queues::SetQueueAttributes>(input).await.unwrap();
    }
}
