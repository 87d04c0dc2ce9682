//! FIFO topics: order, sequence numbers, deduplication.

use super::*;

async fn topic_and_queue(bench: &Bench, attributes: &[(&str, &str)]) -> (String, String) {
    let all = [&[("FifoTopic", "true")], attributes].concat();
    let topic = bench.try_create("a.fifo", &all).await.unwrap();
    let queue = bench.queue("q.fifo").await;
    bench.subscribe(&topic, "sqs", &queue, &[("RawMessageDelivery", "true")]).await;
    (topic, queue)
}

fn in_group(topic: &str, group: &str, message: &str) -> PublishInput {
    PublishInput {
        message_group_id: Some(group.into()),
        message_deduplication_id: Some(message.into()),
        ..letter(topic, message)
    }
}

#[tokio::test]
async fn groups_keep_their_order_and_messages_have_sequence_numbers() {
    let bench = Bench::open();
    let (topic, queue) = topic_and_queue(&bench, &[]).await;
    let mut numbers = Vec::new();
    for number in 0..8 {
        let group = if number % 2 == 0 { "even" } else { "odd" };
        let input = in_group(&topic, group, &number.to_string());
        let answer = bench.house.call::<Publish>(input).await.unwrap();
        numbers.push(answer.sequence_number.unwrap());
    }
    assert!(numbers.is_sorted() && numbers[0].len() == 20);
    let bodies = bench.bodies(&queue).await;
    let of = |rest: u64| bodies.iter().map(|body| body.parse::<u64>().unwrap()).filter(move |n| n % 2 == rest);
    assert!(of(0).is_sorted() && of(1).is_sorted());
    assert_eq!(bodies.len(), 8);
}

#[tokio::test]
async fn a_repetition_within_five_minutes_is_answered_and_not_delivered() {
    let bench = Bench::open();
    let (topic, queue) = topic_and_queue(&bench, &[("ContentBasedDeduplication", "true")]).await;
    let input = || PublishInput { message_group_id: Some("g".into()), ..letter(&topic, "same") };
    let first = bench.try_publish(input()).await.unwrap();
    bench.advance(299).await;
    let second = bench.try_publish(input()).await.unwrap();
    assert_eq!((&first.message_id, &first.sequence_number), (&second.message_id, &second.sequence_number));
    bench.advance(2).await;
    let third = bench.try_publish(input()).await.unwrap();
    assert_ne!(first.message_id, third.message_id);
    assert_eq!(bench.bodies(&queue).await.len(), 2, "the first and the third");
}

#[tokio::test]
async fn group_and_deduplication_id_are_demanded() {
    let bench = Bench::open();
    let (topic, _) = topic_and_queue(&bench, &[]).await;
    refused(
        bench.try_publish(letter(&topic, "a")).await,
        "InvalidParameter",
        "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
    );
    let input = PublishInput { message_group_id: Some("g".into()), ..letter(&topic, "a") };
    refused(
        bench.try_publish(input).await,
        "InvalidParameter",
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId \
         provided explicitly",
    );
    let mail = bench.try_subscribe(&topic, "email", "ops@example.com", &[]).await;
    refused(mail, "InvalidParameter", "Invalid parameter: Invalid protocol type: email");
}

#[tokio::test]
async fn a_standard_queue_may_listen_to_a_fifo_topic() {
    let bench = Bench::open();
    let (topic, _) = topic_and_queue(&bench, &[]).await;
    let queue = bench.queue("plain").await;
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    bench.try_publish(in_group(&topic, "g", "a")).await.unwrap();
    let body = envelope(&bench.bodies(&queue).await[0]);
    assert_eq!(body["Message"], "a");
    assert_eq!(body["SequenceNumber"], "10000000000000000000");
}
