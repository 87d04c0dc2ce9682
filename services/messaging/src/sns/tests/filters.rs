//! Filter policies, end to end; their rules are tested beside them.

use super::*;

#[tokio::test]
async fn each_subscription_gets_what_it_asks_for() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let (all, orders, large) = (bench.queue("all").await, bench.queue("orders").await, bench.queue("large").await);
    bench.subscribe(&topic, "sqs", &all, &[]).await;
    bench.subscribe(&topic, "sqs", &orders, &[("FilterPolicy", r#"{"kind": ["order"]}"#)]).await;
    let body = [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", r#"{"size": [{"numeric": [">", 10]}]}"#)];
    bench.subscribe(&topic, "sqs", &large, &body).await;
    let order = with_attributes(letter(&topic, r#"{"size": 3}"#), &[("kind", "String", "order")]);
    bench.try_publish(order).await.unwrap();
    bench.publish(&topic, r#"{"size": 11}"#).await;
    bench.publish(&topic, "no json").await;
    assert_eq!(bench.messages(&all).await.len(), 3);
    assert_eq!(bench.messages(&orders).await, [r#"{"size": 3}"#]);
    assert_eq!(bench.messages(&large).await, [r#"{"size": 11}"#]);
}

#[tokio::test]
async fn a_changed_filter_holds_for_the_next_message() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    let arn = bench.subscribe(&topic, "sqs", &queue, &[("FilterPolicy", r#"{"kind": ["a"]}"#)]).await;
    bench.publish(&topic, "filtered").await;
    let input = SetSubscriptionAttributesInput {
        subscription_arn: arn,
        attribute_name: "FilterPolicy".into(),
        attribute_value: Some("{}".into()),
    };
    bench.house.call::<SetSubscriptionAttributes>(input).await.unwrap();
    bench.publish(&topic, "wanted").await;
    assert_eq!(bench.messages(&queue).await, ["wanted"]);
}
