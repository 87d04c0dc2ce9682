//! What queues get, and what happens when they cannot be reached.

use super::*;

#[tokio::test]
async fn a_queue_gets_awss_json() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    let subscription = bench.subscribe(&topic, "sqs", &queue, &[]).await;
    let input = with_attributes(letter(&topic, "Hello \"world\""), &[("kind", "String", "greeting")]);
    let input = PublishInput { subject: Some("Hi".into()), ..input };
    let id = bench.try_publish(input).await.unwrap().message_id.unwrap();
    let bodies = bench.bodies(&queue).await;
    let body = envelope(&bodies[0]);
    let lines: Vec<_> = bodies[0].lines().collect();
    assert_eq!(lines[..3], ["{", "  \"Type\" : \"Notification\",", &*format!("  \"MessageId\" : \"{id}\",")]);
    assert_eq!(body["TopicArn"], topic);
    assert_eq!(body["Subject"], "Hi");
    assert_eq!(body["Message"], "Hello \"world\"");
    assert_eq!(body["Timestamp"], "2026-01-01T00:00:00.000Z");
    assert_eq!(body["SignatureVersion"], "1");
    assert_eq!(body["MessageAttributes"]["kind"], json!({"Type": "String", "Value": "greeting"}));
    let unsubscribe = format!("http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={subscription}");
    assert_eq!(body["UnsubscribeURL"], unsubscribe);
}

#[tokio::test]
async fn raw_delivery_is_the_message_with_its_attributes() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    bench.subscribe(&topic, "sqs", &queue, &[("RawMessageDelivery", "true")]).await;
    let input = with_attributes(letter(&topic, "plain"), &[("n", "Number", "1"), ("list", "String.Array", "[1]")]);
    bench.try_publish(input).await.unwrap();
    let message = bench.received(&queue).await.remove(0);
    assert_eq!(message.body.as_deref(), Some("plain"));
    let attributes = message.message_attributes.unwrap();
    assert_eq!(attributes["n"].data_type, "Number");
    assert_eq!(attributes["list"].string_value.as_deref(), Some("[1]"));
}

#[tokio::test]
async fn a_json_structure_has_a_text_for_each_protocol() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    for (text, wanted) in [(r#"{"default": "d", "sqs": "for queues"}"#, "for queues"), (r#"{"default": "d"}"#, "d")] {
        let input = PublishInput { message_structure: Some("json".into()), ..letter(&topic, text) };
        bench.try_publish(input).await.unwrap();
        assert_eq!(bench.messages(&queue).await, [wanted]);
    }
}

#[tokio::test]
async fn what_a_queue_does_not_let_in_goes_to_the_dead_letter_queue_at_once() {
    let bench = Bench::open();
    let (topic, dead) = (bench.create("a").await, bench.queue("dead").await);
    let closed = bench.queue_with("closed", &[]).await;
    bench.subscribe(&topic, "sqs", &closed, &[("RedrivePolicy", &redrive_to(&dead))]).await;
    bench.publish(&topic, "lost").await;
    let letter = bench.received(&dead).await.remove(0);
    assert_eq!(envelope(letter.body.as_ref().unwrap())["Message"], "lost");
    let attributes = letter.message_attributes.unwrap();
    assert_eq!(attributes["ErrorCode"].string_value.as_deref(), Some("AccessDenied"));
    assert!(attributes.contains_key("ErrorMessage") && attributes.contains_key("RequestID"));
    // Opening the queue later brings nothing back: the attempt was the only one.
    bench.queue_policy_opens("closed").await;
    bench.advance(3600).await;
    assert!(bench.bodies(&closed).await.is_empty());
    bench.publish(&topic, "found").await;
    assert_eq!(bench.messages(&closed).await, ["found"]);
}

#[tokio::test]
async fn messages_that_cannot_be_are_refused() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let with = |change: fn(&mut PublishInput)| {
        let mut input = letter(&topic, "a");
        change(&mut input);
        bench.try_publish(input)
    };
    let code = "InvalidParameter";
    refused(with(|input| input.message = String::new()).await, code, "Invalid parameter: Empty message");
    refused(with(|input| input.message = "a".repeat(262_145)).await, code, "Invalid parameter: Message too long");
    refused(with(|input| input.subject = Some("a\nb".into())).await, code, "Invalid parameter: Subject");
    refused(
        with(|input| input.topic_arn = None).await,
        code,
        "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
    );
    refused(
        with(|input| input.message_deduplication_id = Some("a".into())).await,
        code,
        "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that \
         is not valid for this topic type",
    );
    assert!(with(|input| input.phone_number = Some("+15555550100".into())).await.unwrap_err().is_not_served());
    assert!(with(|input| input.message = "a".repeat(262_144)).await.is_ok());
}

#[tokio::test]
async fn a_group_of_a_standard_topic_reaches_the_queue() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    let input = PublishInput { message_group_id: Some("tenant".into()), ..letter(&topic, "a") };
    bench.try_publish(input).await.unwrap();
    let message = bench.received(&queue).await.remove(0);
    assert_eq!(message.attributes.unwrap()["MessageGroupId"], "tenant");
}

impl Bench {
    async fn queue_policy_opens(&self, name: &str) {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": queue_arn(name)},
        });
        let input = sqs::SetQueueAttributesRequest {
            queue_url: format!("http://localhost/{ACCOUNT}/{name}"),
            attributes: map(&[("Policy", &policy.to_string())]),
        };
        self.house.call::<sqs::SetQueueAttributes>(input).await.unwrap();
    }
}
