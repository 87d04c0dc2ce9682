//! Who is subscribed at once, who is asked first, and how subscriptions are listed and changed.

use super::*;

#[tokio::test]
async fn a_queue_of_the_same_account_is_subscribed_at_once() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    let arn = bench.subscribe(&topic, "sqs", &queue, &[("RawMessageDelivery", "true")]).await;
    let attributes = bench.subscription(&arn).await;
    assert_eq!(attributes["PendingConfirmation"], "false");
    assert_eq!(attributes["ConfirmationWasAuthenticated"], "true");
    assert_eq!(attributes["RawMessageDelivery"], "true");
    assert_eq!(attributes["Endpoint"], queue);
    assert_eq!(bench.attributes(&topic).await["SubscriptionsConfirmed"], "1");
    // Once more is the same subscription, unless it should be another one.
    assert_eq!(bench.subscribe(&topic, "sqs", &queue, &[]).await, arn);
    let other = bench.try_subscribe(&topic, "sqs", &queue, &[("RawMessageDelivery", "false")]).await;
    let message = "Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
    refused(other, "InvalidParameter", message);
}

#[tokio::test]
async fn others_are_pending_until_they_confirm() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let input = SubscribeInput {
        topic_arn: topic.clone(),
        protocol: "email".into(),
        endpoint: Some("ops@example.com".into()),
        ..Default::default()
    };
    let answer = bench.house.call::<Subscribe>(input).await.unwrap();
    assert_eq!(answer.subscription_arn.as_deref(), Some("pending confirmation"));
    assert_eq!(bench.attributes(&topic).await["SubscriptionsPending"], "1");
    let list = ListSubscriptionsByTopicInput { topic_arn: topic.clone(), next_token: None };
    let listed = bench.house.call::<ListSubscriptionsByTopic>(list).await.unwrap().subscriptions.unwrap();
    assert_eq!(listed[0].subscription_arn.as_deref(), Some("PendingConfirmation"));
    refused(bench.confirm(&topic, "00").await, "InvalidParameter", "Invalid parameter: Token");
    bench.advance(3 * 24 * 3600 + 60).await;
    assert_eq!(bench.attributes(&topic).await["SubscriptionsPending"], "0");
}

#[tokio::test]
async fn endpoints_and_protocols_are_refused_by_name() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    for (protocol, endpoint, message) in [
        ("sqs", "q", "Invalid parameter: SQS endpoint ARN"),
        ("http", "https://localhost/", "Invalid parameter: Endpoint must match the specified protocol"),
        ("email", "ops", "Invalid parameter: Email address"),
        ("pigeon", "ops", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"),
        (
            "sqs",
            "arn:aws:sqs:us-east-1:000000000000:q.fifo",
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to \
             standard SNS topics",
        ),
    ] {
        refused(bench.try_subscribe(&topic, protocol, endpoint, &[]).await, "InvalidParameter", message);
    }
    for (protocol, endpoint) in
        [("sms", "+15555550100"), ("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f")]
    {
        let fault = bench.try_subscribe(&topic, protocol, endpoint, &[]).await.unwrap_err();
        assert!(fault.is_not_served(), "{protocol}: {fault}");
    }
    let missing = bench.try_subscribe(&topic_arn("b"), "sqs", &queue_arn("q"), &[]).await;
    refused(missing, "NotFound", "Topic does not exist");
}

#[tokio::test]
async fn attributes_of_a_subscription_are_checked_and_changed() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let arn = bench.subscribe(&topic, "sqs", &queue_arn("q"), &[]).await;
    let set = |name: &str, value: &str| {
        bench.house.call::<SetSubscriptionAttributes>(SetSubscriptionAttributesInput {
            subscription_arn: arn.clone(),
            attribute_name: name.into(),
            attribute_value: Some(value.into()),
        })
    };
    set("FilterPolicy", r#"{"kind": ["a"]}"#).await.unwrap();
    assert_eq!(bench.subscription(&arn).await["FilterPolicyScope"], "MessageAttributes");
    set("FilterPolicy", "{}").await.unwrap();
    assert!(!bench.subscription(&arn).await.contains_key("FilterPolicy"));
    for (name, value, message) in [
        ("Colour", "red", "Invalid parameter: AttributeName"),
        ("FilterPolicy", "{", "Invalid parameter: FilterPolicy: failed to parse JSON."),
        (
            "FilterPolicyScope",
            "Both",
            "Invalid parameter: FilterPolicyScope: Invalid value [Both]. Please use either MessageBody or \
             MessageAttributes",
        ),
        (
            "RawMessageDelivery",
            "yes",
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [yes]. Must be true or false.",
        ),
        (
            "RedrivePolicy",
            r#"{"deadLetterTargetArn": "q"}"#,
            "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
        ),
    ] {
        refused(set(name, value).await, "InvalidParameter", message);
    }
}

#[tokio::test]
async fn subscriptions_are_listed_by_account_and_by_topic() {
    let bench = Bench::open();
    let (a, b) = (bench.create("a").await, bench.create("b").await);
    for number in 0..101 {
        bench.subscribe(&a, "sqs", &queue_arn(&format!("q{number}")), &[]).await;
    }
    bench.subscribe(&b, "sqs", &queue_arn("q"), &[]).await;
    let (mut token, mut seen) = (None, Vec::new());
    loop {
        let input = ListSubscriptionsInput { next_token: token };
        let page = bench.house.call::<ListSubscriptions>(input).await.unwrap();
        seen.extend(page.subscriptions.unwrap().into_iter().map(|listed| listed.subscription_arn.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 102);
    let input = ListSubscriptionsByTopicInput { topic_arn: b, next_token: None };
    let page = bench.house.call::<ListSubscriptionsByTopic>(input).await.unwrap();
    assert_eq!(page.subscriptions.unwrap().len(), 1);
}

#[tokio::test]
async fn unsubscribing_is_idempotent_and_counted() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    let arn = bench.subscribe(&topic, "sqs", &queue, &[]).await;
    for _ in 0..2 {
        let input = UnsubscribeInput { subscription_arn: arn.clone() };
        bench.house.call::<Unsubscribe>(input).await.unwrap();
    }
    assert_eq!(bench.attributes(&topic).await["SubscriptionsDeleted"], "1");
    bench.publish(&topic, "gone").await;
    assert!(bench.bodies(&queue).await.is_empty());
}
