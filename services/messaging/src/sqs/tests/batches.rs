//! Batches: refused as a whole, or entry by entry.

use super::*;

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry { id: id.into(), message_body: body.into(), ..Default::default() }
}

async fn send(
    bench: &Bench,
    url: &str,
    entries: Vec<SendMessageBatchRequestEntry>,
) -> Result<SendMessageBatchResult, Fault> {
    let input = SendMessageBatchRequest { queue_url: url.into(), entries };
    bench.house.call::<SendMessageBatch>(input).await
}

#[tokio::test]
async fn good_entries_go_through_beside_bad_ones() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("MaximumMessageSize", "1024")]).await;
    let entries = vec![
        entry("good", "hello"),
        entry("long", &"x".repeat(1025)),
        entry("odd", "\u{1}"),
        SendMessageBatchRequestEntry { delay_seconds: Some(901), ..entry("late", "x") },
    ];
    let result = send(&bench, &url, entries).await.unwrap();
    assert_eq!(result.successful.len(), 1);
    assert_eq!(result.successful[0].id, "good");
    assert_eq!(result.successful[0].md5_of_message_body, "5d41402abc4b2a76b9719d911017c592");
    let failed: Vec<_> =
        result.failed.iter().map(|failed| (failed.id.as_str(), failed.code.as_str(), failed.sender_fault)).collect();
    assert_eq!(
        failed,
        [
            ("long", "InvalidParameterValue", true),
            ("odd", "InvalidMessageContents", true),
            ("late", "InvalidParameterValue", true),
        ]
    );
    assert_eq!(
        result.failed[0].message.as_deref(),
        Some("One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.")
    );
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
}

#[tokio::test]
async fn a_batch_is_refused_for_its_shape() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let code = |suffix: &str| format!("AWS.SimpleQueueService.{suffix}");
    refused(
        send(&bench, &url, vec![]).await,
        &code("EmptyBatchRequest"),
        "There should be at least one SendMessageBatchRequestEntry in the request.",
    );
    let eleven = (0..11).map(|id| entry(&id.to_string(), "x")).collect();
    refused(
        send(&bench, &url, eleven).await,
        &code("TooManyEntriesInBatchRequest"),
        "Maximum number of entries per request are 10. You have sent 11.",
    );
    for id in ["", "a:b", &"a".repeat(81)] {
        refused(
            send(&bench, &url, vec![entry(id, "x")]).await,
            &code("InvalidBatchEntryId"),
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
             letters long.",
        );
    }
    refused(
        send(&bench, &url, vec![entry("a", "x"), entry("a", "y")]).await,
        &code("BatchEntryIdsNotDistinct"),
        "Id a repeated.",
    );
    let half = "x".repeat(1_048_576 / 2);
    let entries = vec![entry("a", &half), entry("b", &half), entry("c", "x")];
    refused(
        send(&bench, &url, entries).await,
        &code("BatchRequestTooLong"),
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    assert_eq!(send(&bench, &url, vec![entry("a", &half), entry("b", &half)]).await.unwrap().successful.len(), 2);
}

#[tokio::test]
async fn a_fifo_batch_without_group_or_deduplication_is_refused_as_a_whole() {
    let bench = Bench::open();
    let url = bench.create("orders.fifo", &[("FifoQueue", "true")]).await;
    let good = SendMessageBatchRequestEntry {
        message_group_id: Some("g".into()),
        message_deduplication_id: Some("d".into()),
        ..entry("good", "x")
    };
    refused(
        send(&bench, &url, vec![good.clone(), entry("a", "x")]).await,
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    );
    let undeduplicated =
        SendMessageBatchRequestEntry { message_deduplication_id: None, id: "b".into(), ..good.clone() };
    refused(
        send(&bench, &url, vec![good.clone(), undeduplicated]).await,
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
    let again = SendMessageBatchRequestEntry { id: "again".into(), ..good.clone() };
    let result = send(&bench, &url, vec![good, again]).await.unwrap();
    assert_eq!(result.successful[0].sequence_number, result.successful[1].sequence_number);
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
}

#[tokio::test]
async fn deletes_and_changes_fail_one_by_one() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    bench.send(&url, "a").await;
    let messages = bench.receive(&url, 1).await;
    let handle = messages[0].receipt_handle.clone().unwrap();
    let change = |id: &str, handle: &str, seconds| ChangeMessageVisibilityBatchRequestEntry {
        id: id.into(),
        receipt_handle: handle.into(),
        visibility_timeout: Some(seconds),
    };
    let input = ChangeMessageVisibilityBatchRequest {
        queue_url: url.clone(),
        entries: vec![change("good", &handle, 5), change("bad", "garbage", 5), change("long", &handle, 43_201)],
    };
    let result = bench.house.call::<ChangeMessageVisibilityBatch>(input).await.unwrap();
    assert_eq!(result.successful.len(), 1);
    let codes: Vec<_> = result.failed.iter().map(|failed| failed.code.as_str()).collect();
    assert_eq!(codes, ["ReceiptHandleIsInvalid", "InvalidParameterValue"]);

    let delete =
        |id: &str, handle: &str| DeleteMessageBatchRequestEntry { id: id.into(), receipt_handle: handle.into() };
    let input = DeleteMessageBatchRequest {
        queue_url: url.clone(),
        entries: vec![delete("bad", "garbage"), delete("good", &handle), delete("twice", &handle)],
    };
    let result = bench.house.call::<DeleteMessageBatch>(input).await.unwrap();
    let deleted: Vec<_> = result.successful.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(deleted, ["good", "twice"]);
    assert_eq!(result.failed[0].code, "ReceiptHandleIsInvalid");
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}
