//! What other services deliver to queues, and what is measured of it all.

use std::sync::Arc;

use haar_gateway::testkit::{ACCOUNT, REGION};
use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{AccountId, Caller, Ctx, Delivery, Region};
use haar_platform::ledger::Query;
use serde_json::{Value, json};

use super::*;

impl Bench {
    fn ctx(&self, caller: Caller) -> Ctx {
        let (caller, region) = (Arc::new(caller), Region::parse(REGION).unwrap());
        let origin = Arc::new(Origin::internal("test"));
        Ctx::new(self.house.platform.house.clone(), caller, region, origin)
    }

    async fn deliver(&self, caller: Caller, queue: &str, body: &str, parameters: Value) -> Result<(), Fault> {
        let delivery =
            Delivery { target: arn(queue).parse().unwrap(), payload: body.into(), id: "id".into(), parameters };
        let ctx = self.ctx(caller);
        ctx.deliver(ctx.caller.clone(), delivery).await
    }

    /// The measures of the lines of one operation, summed by name.
    async fn measured(&self, operation: &str) -> BTreeMap<String, f64> {
        self.house.platform.ledger.flush().await.unwrap();
        let query = Query { operation: Some(operation.into()), ..Query::default() };
        let lines = self.house.platform.ledger.read(query).await.unwrap().all().await.unwrap();
        let mut sums = BTreeMap::new();
        for measure in lines.into_iter().flat_map(|line| line.measures) {
            assert_eq!((&*measure.namespace, &*measure.dimensions[0].0), ("AWS/SQS", "QueueName"));
            *sums.entry(measure.name.to_string()).or_default() += measure.value;
        }
        sums
    }
}

fn owner() -> Caller {
    Caller::root(&AccountId::parse(ACCOUNT).unwrap())
}

fn events() -> Caller {
    Caller::service("events", &AccountId::parse(ACCOUNT).unwrap())
        .with_key("aws:SourceArn", "arn:aws:events:r:a:rule/r")
}

#[tokio::test]
async fn a_delivery_is_a_message_with_attributes() {
    let bench = Bench::open();
    let url = bench.create("q", &[]).await;
    let attributes = json!({"MessageAttributes": {
        "ERROR_CODE": {"DataType": "String", "StringValue": "AccessDenied"},
        "BYTES": {"DataType": "Binary", "BinaryValue": "AQI="},
    }});
    bench.deliver(owner(), "q", "{}", attributes).await.unwrap();
    let message = bench.receive(&url, 1).await.remove(0);
    let carried = message.message_attributes.unwrap();
    assert_eq!(carried["ERROR_CODE"].string_value.as_deref(), Some("AccessDenied"));
    assert_eq!(carried["BYTES"].binary_value.as_deref(), Some(&[1, 2][..]));
}

#[tokio::test]
async fn a_fifo_queue_takes_a_repeated_delivery_once() {
    let bench = Bench::open();
    let url = bench.create("q.fifo", &[("FifoQueue", "true")]).await;
    let grouped = || json!({"SqsParameters": {"MessageGroupId": "g"}});
    for _ in 0..2 {
        bench.deliver(owner(), "q.fifo", "once", grouped()).await.unwrap();
    }
    assert_eq!(bench.bodies(&url, 10).await, ["once"]);
    let without = bench.deliver(owner(), "q.fifo", "x", json!({})).await;
    assert_eq!(without.unwrap_err().code, "MissingParameter");
}

#[tokio::test]
async fn the_queues_policy_is_asked_about_the_deliverer() {
    let bench = Bench::open();
    let url = bench.create("q", &[]).await;
    assert_eq!(bench.deliver(events(), "q", "{}", json!({})).await.unwrap_err().code, "AccessDenied");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn("q"),
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:r:a:rule/r"}},
        },
    });
    bench.set(&url, &[("Policy", &policy.to_string())]).await.unwrap();
    bench.deliver(events(), "q", "{}", json!({})).await.unwrap();
    let missing = bench.deliver(owner(), "missing", "{}", json!({})).await;
    assert_eq!(missing.unwrap_err().name, "QueueDoesNotExist");
}

#[tokio::test]
async fn calls_and_contents_are_measured() {
    let bench = Bench::open();
    let url = bench.create("q", &[]).await;
    // Jobs run once when the house opens.
    bench.house.settle().await;
    bench.deliver(owner(), "q", "1234", json!({})).await.unwrap();
    bench.deliver(owner(), "q", "123456", json!({})).await.unwrap();
    let sent = bench.measured("SendMessage").await;
    assert_eq!((sent["NumberOfMessagesSent"], sent["SentMessageSize"]), (2.0, 10.0));
    bench.receive(&url, 1).await;
    // The house opened at a full minute.
    bench.advance(59).await;
    assert!(bench.measured("QueueSampled").await.is_empty());
    bench.advance(1).await;
    let held = bench.measured("QueueSampled").await;
    assert_eq!(held["ApproximateNumberOfMessagesVisible"], 2.0, "the visibility timeout of 30 seconds is over");
    assert_eq!(held["ApproximateAgeOfOldestMessage"], 60.0);
    bench.advance(60).await;
    assert_eq!(bench.measured("QueueSampled").await["ApproximateAgeOfOldestMessage"], 60.0 + 120.0);
    // Six hours after its last call a queue is not active any more.
    bench.advance(7 * 3600).await;
    let before = bench.measured("QueueSampled").await;
    bench.advance(3600).await;
    assert_eq!(bench.measured("QueueSampled").await, before);
}
