//! Dead-letter queues.

use super::*;

const CODE: &str = "InvalidParameterValue";

/// A source with a dead-letter queue: their URLs.
async fn pair(bench: &Bench, receives_max: u32) -> (String, String) {
    let dead = bench.create("dead", &[]).await;
    let policy = redrive_to("dead", receives_max);
    let url = bench.create("orders", &[("RedrivePolicy", &policy), ("VisibilityTimeout", "1")]).await;
    (url, dead)
}

#[tokio::test]
async fn a_message_moves_when_it_was_received_too_often() {
    let bench = Bench::open();
    let (url, dead) = pair(&bench, 2).await;
    let sent = bench.send(&url, "poison").await;
    for _ in 0..2 {
        assert_eq!(bench.bodies(&url, 10).await, ["poison"]);
        bench.advance(1).await;
    }
    assert_eq!(bench.counts(&dead).await, (0, 0, 0));
    assert!(bench.receive(&url, 10).await.is_empty());
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    let messages = bench.receive(&dead, 10).await;
    assert_eq!(messages[0].message_id, sent.message_id);
    assert_eq!(system(&messages[0], "ApproximateReceiveCount"), Some("3"));
    assert_eq!(system(&messages[0], "DeadLetterQueueSourceArn"), Some(arn("orders").as_str()));
    assert_eq!(system(&messages[0], "SentTimestamp"), Some("1767225600000"));
}

#[tokio::test]
async fn good_messages_are_found_behind_dead_ones() {
    let bench = Bench::open();
    let (url, dead) = pair(&bench, 1).await;
    for index in 0..12 {
        bench.send(&url, &format!("bad {index}")).await;
    }
    for count in [10, 10] {
        bench.receive(&url, count).await;
    }
    bench.advance(1).await;
    bench.send(&url, "good").await;
    assert_eq!(bench.bodies(&url, 10).await, ["good"]);
    assert_eq!(bench.counts(&dead).await, (12, 0, 0));
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_message_stays() {
    let bench = Bench::open();
    let (url, dead) = pair(&bench, 1).await;
    bench.send(&url, "poison").await;
    bench.delete_queue(&dead).await;
    for _ in 0..3 {
        assert_eq!(bench.bodies(&url, 10).await, ["poison"]);
        bench.advance(1).await;
    }
}

#[tokio::test]
async fn the_age_of_a_message_goes_on_in_a_standard_dead_letter_queue() {
    let bench = Bench::open();
    let (url, dead) = pair(&bench, 1).await;
    bench.set(&dead, &[("MessageRetentionPeriod", "100")]).await.unwrap();
    bench.send(&url, "poison").await;
    bench.advance(60).await;
    bench.receive(&url, 1).await;
    bench.advance(1).await;
    bench.receive(&url, 1).await;
    assert_eq!(bench.counts(&dead).await, (1, 0, 0));
    bench.advance(39).await;
    assert_eq!(bench.counts(&dead).await, (0, 0, 0));
}

#[tokio::test]
async fn a_fifo_group_goes_on_behind_a_dead_message() {
    let bench = Bench::open();
    let dead = bench.create("dead.fifo", &[("FifoQueue", "true")]).await;
    let policy = redrive_to("dead.fifo", 1);
    let settings = [("FifoQueue", "true"), ("RedrivePolicy", &policy), ("VisibilityTimeout", "1")];
    let url = bench.create("orders.fifo", &settings).await;
    for body in ["a", "b"] {
        bench.send_fifo(&url, "g", body).await;
    }
    assert_eq!(bench.bodies(&url, 1).await, ["a"]);
    bench.advance(1).await;
    assert_eq!(bench.bodies(&url, 1).await, ["b"]);
    let messages = bench.receive(&dead, 10).await;
    assert_eq!(bodies(&messages), ["a"]);
    assert_eq!(system(&messages[0], "MessageGroupId"), Some("g"));
    // The age begins anew in a FIFO queue.
    assert_eq!(system(&messages[0], "SentTimestamp"), Some("1767225601000"));
}

#[tokio::test]
async fn a_redrive_policy_must_make_sense() {
    let bench = Bench::open();
    bench.create("dead", &[]).await;
    bench.create("dead.fifo", &[("FifoQueue", "true")]).await;
    let url = bench.create("orders", &[]).await;
    let target = arn("dead");
    let with =
        |target: &str, count: &str| format!("{{\"deadLetterTargetArn\":\"{target}\",\"maxReceiveCount\":{count}}}");
    for (policy, reason) in [
        ("nonsense".to_owned(), "Redrive policy is not a valid JSON map."),
        (
            "{\"maxReceiveCount\":1}".to_owned(),
            "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            format!("{{\"deadLetterTargetArn\":\"{target}\"}}"),
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (with("dummy", "42"), "Invalid value for deadLetterTargetArn."),
        (with(&target, "0"), "Invalid value for maxReceiveCount: must be between 1 and 1000."),
        (with(&target, "1001"), "Invalid value for maxReceiveCount: must be between 1 and 1000."),
        (with(&arn("missing"), "1"), "Dead letter target does not exist."),
        (with(&arn("dead.fifo"), "1"), "Dead letter queue must be same type of queue as the source."),
        (
            with("arn:aws:sqs:eu-west-1:000000000000:dead", "1"),
            "Dead-letter target owner should be same as the source.",
        ),
        (with(&arn("orders"), "1"), "Invalid value for deadLetterTargetArn."),
    ] {
        let message = format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
        refused(bench.set(&url, &[("RedrivePolicy", &policy)]).await, CODE, &message);
    }
    bench.set(&url, &[("RedrivePolicy", &with(&target, "\"5\""))]).await.unwrap();
    assert_eq!(bench.attributes(&url).await["RedrivePolicy"], with(&target, "5"));
    bench.set(&url, &[("RedrivePolicy", "")]).await.unwrap();
    assert!(!bench.attributes(&url).await.contains_key("RedrivePolicy"));
}

#[tokio::test]
async fn a_dead_letter_queue_chooses_its_sources() {
    let bench = Bench::open();
    let dead = bench.create("dead", &[]).await;
    let url = bench.create("orders", &[]).await;
    let policy = redrive_to("dead", 1);
    let allow = |policy: serde_json::Value| policy.to_string();
    let other = allow(serde_json::json!({"redrivePermission": "byQueue", "sourceQueueArns": [arn("other")]}));
    let own = allow(serde_json::json!({"redrivePermission": "byQueue", "sourceQueueArns": [arn("orders")]}));
    let nobody = allow(serde_json::json!({"redrivePermission": "denyAll"}));
    let everybody = allow(serde_json::json!({"redrivePermission": "allowAll"}));
    for (permission, allowed) in [(&nobody, false), (&other, false), (&own, true), (&everybody, true)] {
        bench.set(&dead, &[("RedriveAllowPolicy", permission)]).await.unwrap();
        assert_eq!(&bench.attributes(&dead).await["RedriveAllowPolicy"], permission);
        bench.set(&url, &[("RedrivePolicy", "")]).await.unwrap();
        assert_eq!(bench.set(&url, &[("RedrivePolicy", &policy)]).await.is_ok(), allowed, "{permission}");
    }
    for bad in
        ["x", "{}", "{\"redrivePermission\":\"byQueue\"}", "{\"redrivePermission\":\"denyAll\",\"sourceQueueArns\":[]}"]
    {
        assert_eq!(bench.set(&dead, &[("RedriveAllowPolicy", bad)]).await.unwrap_err().code, CODE, "{bad}");
    }
}

#[tokio::test]
async fn sources_of_a_dead_letter_queue_are_listed_by_page() {
    let bench = Bench::open();
    let dead = bench.create("dead", &[]).await;
    let policy = redrive_to("dead", 1);
    for name in ["a", "b", "c"] {
        bench.create(name, &[("RedrivePolicy", &policy)]).await;
    }
    let list = |next_token| {
        bench.house.call::<ListDeadLetterSourceQueues>(ListDeadLetterSourceQueuesRequest {
            queue_url: dead.clone(),
            max_results: Some(2),
            next_token,
        })
    };
    let first = list(None).await.unwrap();
    assert_eq!(first.queue_urls, [dead.replace("dead", "a"), dead.replace("dead", "b")]);
    let second = list(first.next_token).await.unwrap();
    assert_eq!(second.queue_urls, [dead.replace("dead", "c")]);
    assert_eq!(second.next_token, None);
}
