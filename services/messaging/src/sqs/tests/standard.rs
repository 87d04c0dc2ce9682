//! The way of a message through a standard queue.

use super::*;

#[tokio::test]
async fn what_is_sent_is_received_and_deleted() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let sent = bench.send(&url, "message").await;
    assert_eq!(sent.md5_of_message_body.as_deref(), Some("78e731027d8fd50ed642340b7c9a63b3"));
    assert_eq!(sent.sequence_number, None);
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    let messages = bench.receive(&url, 10).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].message_id, sent.message_id);
    assert_eq!(messages[0].md5_of_body, sent.md5_of_message_body);
    assert_eq!(bench.counts(&url).await, (0, 1, 0));
    bench.delete(&url, &messages[0]).await.unwrap();
    bench.delete(&url, &messages[0]).await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    bench.advance(31).await;
    assert!(bench.receive(&url, 10).await.is_empty());
}

#[tokio::test]
async fn a_message_comes_back_when_its_timeout_is_over() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("VisibilityTimeout", "10")]).await;
    bench.send(&url, "a").await;
    assert_eq!(bench.bodies(&url, 1).await, ["a"]);
    bench.advance(9).await;
    assert!(bench.receive(&url, 1).await.is_empty());
    bench.advance(1).await;
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    let again = bench.receive(&url, 1).await;
    assert_eq!(system(&again[0], "ApproximateReceiveCount"), Some("2"));
    assert_eq!(system(&again[0], "ApproximateFirstReceiveTimestamp"), Some("1767225600000"));
    assert_eq!(system(&again[0], "SentTimestamp"), Some("1767225600000"));
    assert_eq!(system(&again[0], "SenderId"), Some("000000000000"));
    assert_eq!(system(&again[0], "SequenceNumber"), None);
}

#[tokio::test]
async fn a_receive_can_have_its_own_timeout() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    bench.send(&url, "a").await;
    let with = |seconds| ReceiveMessageRequest { visibility_timeout: Some(seconds), ..wish(&url, 10) };
    // A timeout of nothing hands a message out once per receive, not until the answer is full.
    assert_eq!(bench.try_receive(with(0)).await.unwrap().len(), 1);
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    assert_eq!(bench.try_receive(with(100)).await.unwrap().len(), 1);
    bench.advance(99).await;
    assert!(bench.receive(&url, 1).await.is_empty());
    bench.advance(1).await;
    assert_eq!(bench.receive(&url, 1).await.len(), 1);
    refused(
        bench.try_receive(with(43_201)).await,
        "InvalidParameterValue",
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
    );
}

#[tokio::test]
async fn an_older_handle_deletes_nothing_and_says_nothing() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("VisibilityTimeout", "1")]).await;
    bench.send(&url, "a").await;
    let first = bench.receive(&url, 1).await;
    bench.advance(1).await;
    let second = bench.receive(&url, 1).await;
    assert_ne!(first[0].receipt_handle, second[0].receipt_handle);
    bench.delete(&url, &first[0]).await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 1, 0));
    // The latest one deletes, also after its timeout.
    bench.advance(5).await;
    bench.delete(&url, &second[0]).await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}

#[tokio::test]
async fn handles_are_good_for_their_queue_only() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let other = bench.create("others", &[]).await;
    bench.send(&url, "a").await;
    let messages = bench.receive(&url, 1).await;
    let handle = messages[0].receipt_handle.clone().unwrap();
    let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    refused(bench.delete(&other, &messages[0]).await, "ReceiptHandleIsInvalid", &message);
    let garbage = Message { receipt_handle: Some("garbage".into()), ..Default::default() };
    let message = "The input receipt handle \"garbage\" is not a valid receipt handle.";
    refused(bench.delete(&url, &garbage).await, "ReceiptHandleIsInvalid", message);
    refused(bench.change_visibility(&url, &garbage, 1).await, "ReceiptHandleIsInvalid", message);
}

#[tokio::test]
async fn visibility_can_be_changed_up_to_twelve_hours_in_total() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("VisibilityTimeout", "10")]).await;
    bench.send(&url, "a").await;
    let messages = bench.receive(&url, 1).await;
    bench.advance(5).await;
    bench.change_visibility(&url, &messages[0], 43_195).await.unwrap();
    refused(
        bench.change_visibility(&url, &messages[0], 43_196).await,
        "InvalidParameterValue",
        "Value 43196 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is \
         beyond the limit [43200 seconds].",
    );
    refused(
        bench.change_visibility(&url, &messages[0], -1).await,
        "InvalidParameterValue",
        "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
    );
    bench.advance(43_194).await;
    assert_eq!(bench.counts(&url).await, (0, 1, 0));
    bench.change_visibility(&url, &messages[0], 0).await.unwrap();
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    // Nobody took it meanwhile, so its receiver may hide it again.
    bench.change_visibility(&url, &messages[0], 1).await.unwrap();
    assert!(bench.receive(&url, 1).await.is_empty());
    bench.delete(&url, &messages[0]).await.unwrap();
    let handle = messages[0].receipt_handle.as_ref().unwrap();
    let message = format!(
        "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for \
         visibility timeout change."
    );
    refused(bench.change_visibility(&url, &messages[0], 1).await, "InvalidParameterValue", &message);
}

#[tokio::test]
async fn delays_come_from_the_message_or_else_from_the_queue() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("DelaySeconds", "10")]).await;
    bench.send(&url, "queue").await;
    let own = SendMessageRequest { delay_seconds: Some(0), ..letter(&url, "none") };
    bench.try_send(own).await.unwrap();
    let own = SendMessageRequest { delay_seconds: Some(900), ..letter(&url, "long") };
    bench.try_send(own).await.unwrap();
    assert_eq!(bench.counts(&url).await, (1, 0, 2));
    assert_eq!(bench.bodies(&url, 10).await, ["none"]);
    bench.advance(10).await;
    assert_eq!(bench.bodies(&url, 10).await, ["queue"]);
    assert_eq!(bench.counts(&url).await, (0, 2, 1));
    let too_long = SendMessageRequest { delay_seconds: Some(901), ..letter(&url, "never") };
    refused(
        bench.try_send(too_long).await,
        "InvalidParameterValue",
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    );
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_arrives() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let poll = ReceiveMessageRequest { wait_time_seconds: Some(20), ..wish(&url, 10) };
    let (messages, ()) = tokio::join!(bench.try_receive(poll), async {
        tokio::task::yield_now().await;
        bench.send(&url, "here").await;
    });
    assert_eq!(bodies(&messages.unwrap()), ["here"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_becomes_visible_and_when_its_time_is_over() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("ReceiveMessageWaitTimeSeconds", "20"), ("DelaySeconds", "5")]).await;
    bench.send(&url, "later").await;
    let poll = async {
        let messages = bench.receive(&url, 10).await;
        (bodies(&messages), bench.house.now().seconds() - 1_767_225_600)
    };
    let (first, ()) = tokio::join!(poll, async {
        tokio::task::yield_now().await;
        bench.advance(5).await;
    });
    assert_eq!(first, (vec!["later".to_owned()], 5));
    let poll = async { bench.receive(&url, 10).await.len() };
    let (second, ()) = tokio::join!(poll, async {
        tokio::task::yield_now().await;
        bench.advance(20).await;
    });
    assert_eq!(second, 0);
}

#[tokio::test]
async fn each_of_several_long_polls_gets_its_message() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let poll = || bench.try_receive(ReceiveMessageRequest { wait_time_seconds: Some(20), ..wish(&url, 1) });
    let (first, second, third, ()) = tokio::join!(poll(), poll(), poll(), async {
        tokio::task::yield_now().await;
        for body in ["a", "b", "c"] {
            bench.send(&url, body).await;
        }
    });
    let mut all: Vec<_> = [first, second, third].into_iter().flat_map(|got| bodies(&got.unwrap())).collect();
    all.sort();
    assert_eq!(all, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_the_house_closes_and_when_the_queue_goes() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let poll = || bench.try_receive(ReceiveMessageRequest { wait_time_seconds: Some(20), ..wish(&url, 1) });
    let (gone, ()) = tokio::join!(poll(), async {
        tokio::task::yield_now().await;
        bench.delete_queue(&url).await;
    });
    assert_eq!(gone.unwrap_err().name, "QueueDoesNotExist");
    bench.advance(60).await;
    bench.create("orders", &[]).await;
    let (closed, ()) = tokio::join!(poll(), async {
        tokio::task::yield_now().await;
        bench.house.platform.house.tasks.close().await;
    });
    assert!(closed.unwrap().is_empty());
}

#[tokio::test]
async fn waits_and_counts_have_ranges() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    for seconds in [-1, 21] {
        let poll = ReceiveMessageRequest { wait_time_seconds: Some(seconds), ..wish(&url, 1) };
        let message = format!(
            "Value {seconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
        );
        refused(bench.try_receive(poll).await, "InvalidParameterValue", &message);
    }
    for count in [0, 11] {
        let message = format!(
            "Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        );
        refused(bench.try_receive(wish(&url, count)).await, "InvalidParameterValue", &message);
    }
}

#[tokio::test]
async fn too_many_messages_in_flight_are_over_the_limit() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    for index in 0..35 {
        bench.send(&url, &index.to_string()).await;
    }
    let mut last = Vec::new();
    for _ in 0..3 {
        last = bench.receive(&url, 10).await;
        assert_eq!(last.len(), 10);
    }
    let fault = bench.try_receive(wish(&url, 10)).await.unwrap_err();
    assert_eq!((&*fault.name, fault.status), ("OverLimit", 403));
    bench.delete(&url, &last[0]).await.unwrap();
    assert_eq!(bench.receive(&url, 10).await.len(), 1);
    // A long poll waits instead.
    let poll = ReceiveMessageRequest { wait_time_seconds: Some(5), ..wish(&url, 10) };
    let (messages, ()) = tokio::join!(bench.try_receive(poll), async {
        tokio::task::yield_now().await;
        bench.advance(5).await;
    });
    assert!(messages.unwrap().is_empty());
}

#[tokio::test]
async fn purging_takes_everything_and_has_its_minute() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    bench.send(&url, "visible").await;
    bench.send(&url, "in flight").await;
    let held = bench.receive(&url, 1).await;
    let purge = || bench.house.call::<PurgeQueue>(PurgeQueueRequest { queue_url: url.clone() });
    purge().await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    bench.delete(&url, &held[0]).await.unwrap();
    refused(
        purge().await,
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on orders is allowed every 60 seconds.",
    );
    bench.send(&url, "new").await;
    bench.advance(60).await;
    assert_eq!(bench.bodies(&url, 10).await, ["new"]);
    purge().await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}

#[tokio::test]
async fn standard_messages_may_carry_a_group_but_no_deduplication() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let grouped = SendMessageRequest { message_group_id: Some("tenant".into()), ..letter(&url, "a") };
    bench.try_send(grouped).await.unwrap();
    let messages = bench.receive(&url, 1).await;
    assert_eq!(system(&messages[0], "MessageGroupId"), Some("tenant"));
    refused(
        bench.try_send(fifo_letter(&url, "tenant", "a")).await,
        "InvalidParameterValue",
        "Value a for parameter MessageDeduplicationId is invalid. Reason: The request includes a parameter that is not \
         valid for this queue type.",
    );
}
