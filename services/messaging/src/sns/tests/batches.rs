//! PublishBatch and its partial failures.

use super::*;

fn entry(id: &str, message: &str) -> PublishBatchRequestEntry {
    PublishBatchRequestEntry { id: id.into(), message: message.into(), ..Default::default() }
}

async fn publish(
    bench: &Bench,
    topic: &str,
    entries: Vec<PublishBatchRequestEntry>,
) -> Result<PublishBatchResponse, Fault> {
    let input = PublishBatchInput { topic_arn: topic.into(), publish_batch_request_entries: entries };
    bench.house.call::<PublishBatch>(input).await
}

#[tokio::test]
async fn entries_fail_one_by_one() {
    let bench = Bench::open();
    let (topic, queue) = (bench.create("a").await, bench.queue("q").await);
    bench.subscribe(&topic, "sqs", &queue, &[]).await;
    let answer = publish(&bench, &topic, vec![entry("1", "a"), entry("2", ""), entry("3", "c")]).await.unwrap();
    let ids: Vec<_> = answer.successful.unwrap().into_iter().map(|entry| entry.id.unwrap()).collect();
    assert_eq!(ids, ["1", "3"]);
    let failed = answer.failed.unwrap().remove(0);
    assert_eq!((&*failed.id, &*failed.code, failed.sender_fault), ("2", "InvalidParameter", true));
    let mut messages = bench.messages(&queue).await;
    messages.sort_unstable();
    assert_eq!(messages, ["a", "c"]);
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_as_a_whole() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let of = |entries: Vec<PublishBatchRequestEntry>| publish(&bench, &topic, entries);
    let message = "The batch request doesn't contain any entries.";
    refused(of(Vec::new()).await, "EmptyBatchRequest", message);
    let message = "Two or more batch entries in the request have the same Id.";
    refused(of(vec![entry("1", "a"), entry("1", "b")]).await, "BatchEntryIdsNotDistinct", message);
    let eleven = (0..11).map(|id| entry(&id.to_string(), "a")).collect();
    let message = "The batch request contains more entries than permissible.";
    refused(of(eleven).await, "TooManyEntriesInBatchRequest", message);
    let half = "a".repeat(140_000);
    let long = of(vec![entry("1", &half), entry("2", &half)]).await.unwrap_err();
    assert_eq!(long.code, "BatchRequestTooLong");
}
