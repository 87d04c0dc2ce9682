//! Topics come, are found, and go; their attributes and tags.

use super::*;

#[tokio::test]
async fn create_is_idempotent_only_for_equal_settings() {
    let bench = Bench::open();
    let arn = bench.try_create("news", &[("DisplayName", "News")]).await.unwrap();
    assert_eq!(arn, topic_arn("news"));
    assert_eq!(bench.create("news").await, arn);
    let again = bench.try_create("news", &[("DisplayName", "Olds")]).await;
    let message = "Invalid parameter: Attributes Reason: Topic already exists with different attributes";
    refused(again, "InvalidParameter", message);
    let tags = Some(vec![Tag { key: "team".into(), value: "a".into() }]);
    let input = CreateTopicInput { name: "news".into(), tags, ..Default::default() };
    let message = "Invalid parameter: Tags Reason: Topic already exists with different tags";
    refused(bench.house.call::<CreateTopic>(input).await, "InvalidParameter", message);
}

#[tokio::test]
async fn a_new_topic_has_the_default_policy_and_delivery_policy() {
    let bench = Bench::open();
    let topic = bench.create("news").await;
    let attributes = bench.attributes(&topic).await;
    let policy: Value = serde_json::from_str(&attributes["Policy"]).unwrap();
    assert_eq!(policy["Id"], "__default_policy_ID");
    assert_eq!(policy["Statement"][0]["Condition"]["StringEquals"]["AWS:SourceOwner"], ACCOUNT);
    let delivery: Value = serde_json::from_str(&attributes["EffectiveDeliveryPolicy"]).unwrap();
    assert_eq!(delivery["http"]["defaultHealthyRetryPolicy"]["numRetries"], 3);
    let shown = |name: &str| attributes.get(name).map(String::as_str);
    assert_eq!(shown("Owner"), Some(ACCOUNT));
    assert_eq!(shown("SubscriptionsConfirmed"), Some("0"));
    assert_eq!(shown("DisplayName"), Some(""));
    assert_eq!(shown("FifoTopic"), None);
}

#[tokio::test]
async fn names_and_attributes_are_refused_in_awss_words() {
    let bench = Bench::open();
    refused(bench.try_create("a b", &[]).await, "InvalidParameter", "Invalid parameter: Topic Name");
    refused(bench.try_create("a.fifo", &[]).await, "InvalidParameter", "Invalid parameter: Topic Name");
    assert!(bench.try_create("a", &[("FifoTopic", "true")]).await.is_err());
    refused(
        bench.try_create("a", &[("Colour", "red")]).await,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Unknown attribute Colour",
    );
    let topic = bench.create("a").await;
    refused(bench.set(&topic, "Colour", "red").await, "InvalidParameter", "Invalid parameter: AttributeName");
    refused(bench.set(&topic_arn("b"), "DisplayName", "b").await, "NotFound", "Topic does not exist");
    let malformed = bench.set("b", "DisplayName", "b").await;
    let message = "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1";
    refused(malformed, "InvalidParameter", message);
    let unserved = bench.set(&topic, "TracingConfig", "Active").await.unwrap_err();
    assert!(unserved.is_not_served());
    let unserved = bench.set(&topic, "SQSSuccessFeedbackRoleArn", "arn").await.unwrap_err();
    assert!(unserved.is_not_served());
}

#[tokio::test]
async fn attributes_are_set_and_shown() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    for (name, value) in [("DisplayName", "A"), ("SignatureVersion", "2"), ("KmsMasterKeyId", "alias/aws/sns")] {
        bench.set(&topic, name, value).await.unwrap();
        assert_eq!(bench.attributes(&topic).await[name], value);
    }
}

#[tokio::test]
async fn a_deleted_topic_takes_its_subscriptions_along() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    let subscription = bench.subscribe(&topic, "sqs", &queue, &[]).await;
    bench.house.call::<DeleteTopic>(DeleteTopicInput { topic_arn: topic.clone() }).await.unwrap();
    bench.house.call::<DeleteTopic>(DeleteTopicInput { topic_arn: topic.clone() }).await.unwrap();
    refused(bench.try_publish(letter(&topic, "a")).await, "NotFound", "Topic does not exist");
    let input = GetSubscriptionAttributesInput { subscription_arn: subscription };
    refused(bench.house.call::<GetSubscriptionAttributes>(input).await, "NotFound", "Subscription does not exist");
    bench.create("a").await;
    bench.publish(&topic, "nobody listens").await;
    assert!(bench.bodies(&queue).await.is_empty());
}

#[tokio::test]
async fn topics_are_listed_page_by_page() {
    let bench = Bench::open();
    for number in 0..101 {
        bench.create(&format!("t{number:03}")).await;
    }
    let first = bench.house.call::<ListTopics>(ListTopicsInput::default()).await.unwrap();
    assert_eq!(first.topics.unwrap().len(), 100);
    let second = bench.house.call::<ListTopics>(ListTopicsInput { next_token: first.next_token }).await.unwrap();
    assert_eq!(second.topics.unwrap()[0].topic_arn, Some(topic_arn("t100")));
    assert_eq!(second.next_token, None);
}

#[tokio::test]
async fn tags_are_added_listed_and_removed() {
    let bench = Bench::open();
    let arn = bench.create("a").await;
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    let input = TagResourceRequest { resource_arn: arn.clone(), tags: vec![tag("a", "1"), tag("b", "2")] };
    bench.house.call::<TagResource>(input).await.unwrap();
    let input = UntagResourceRequest { resource_arn: arn.clone(), tag_keys: vec!["a".into(), "c".into()] };
    bench.house.call::<UntagResource>(input).await.unwrap();
    let list =
        |resource_arn: String| bench.house.call::<ListTagsForResource>(ListTagsForResourceRequest { resource_arn });
    let tags = list(arn).await.unwrap().tags.unwrap();
    assert_eq!(tags.iter().map(|tag| (&*tag.key, &*tag.value)).collect::<Vec<_>>(), [("b", "2")]);
    refused(list(topic_arn("b")).await, "ResourceNotFound", "Resource does not exist");
}
