//! What other services deliver to topics, and what is measured of it all.

use haar_gateway::testkit::REGION;
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{Ctx, Delivery, Region};
use haar_platform::ledger::Query;

use super::*;

impl Bench {
    async fn deliver(&self, topic: &str, body: &str, parameters: Value) -> Result<(), Fault> {
        let alarms = Arc::new(Caller::service("cloudwatch", &AccountId::parse(ACCOUNT).unwrap()));
        let (region, origin) = (Region::parse(REGION).unwrap(), Arc::new(Origin::internal("test")));
        let ctx = Ctx::new(self.house.platform.house.clone(), alarms.clone(), region, origin);
        let delivery = Delivery { target: topic.parse().unwrap(), payload: body.into(), id: "id".into(), parameters };
        let outcome = ctx.deliver(alarms, delivery).await;
        self.house.settle().await;
        outcome
    }

    /// The measures of the lines of one operation, summed by name.
    async fn measured(&self, operation: &str) -> BTreeMap<String, f64> {
        self.house.platform.ledger.flush().await.unwrap();
        let query = Query { operation: Some(operation.into()), service: Some("sns".into()), ..Query::default() };
        let lines = self.house.platform.ledger.read(query).await.unwrap().all().await.unwrap();
        let mut sums = BTreeMap::new();
        for measure in lines.into_iter().flat_map(|line| line.measures) {
            assert_eq!(measure.dimensions, [("TopicName".into(), "a".to_owned())]);
            *sums.entry(measure.name.to_string()).or_default() += measure.value;
        }
        sums
    }
}

#[tokio::test]
async fn an_alarm_publishes_with_its_subject() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    bench.deliver(&topic, "{}", json!({"Subject": "ALARM: \"fire\""})).await.unwrap();
    let body = envelope(&bench.bodies(&queue).await[0]);
    assert_eq!((&body["Subject"], &body["Message"]), (&json!("ALARM: \"fire\""), &json!("{}")));
    let missing = bench.deliver(&topic_arn("b"), "{}", json!({})).await;
    assert!(missing.is_err());
}

#[tokio::test]
async fn publishing_and_delivering_are_measured() {
    let bench = Bench::open();
    let (topic, queue, other) = (bench.create("a").await, bench.queue("q").await, bench.queue("other").await);
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    bench.subscribe(&topic, "sqs", &other, &[("FilterPolicy", r#"{"kind": ["x"]}"#)]).await;
    let closed = bench.queue_with("closed", &[]).await;
    bench.subscribe(&topic, "sqs", &closed, &[]).await;
    bench.deliver(&topic, "1234", json!({})).await.unwrap();
    let published = bench.measured("Publish").await;
    for (name, value) in [
        ("NumberOfMessagesPublished", 1.0),
        ("PublishSize", 4.0),
        ("NumberOfNotificationsFilteredOut", 1.0),
        ("NumberOfNotificationsFilteredOut-NoMessageAttributes", 1.0),
    ] {
        assert_eq!(published.get(name), Some(&value), "{name}");
    }
    assert_eq!(bench.measured("NotificationDelivered").await["NumberOfNotificationsDelivered"], 1.0);
    assert_eq!(bench.measured("NotificationFailed").await["NumberOfNotificationsFailed"], 1.0);
}
