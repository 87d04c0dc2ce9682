//! FIFO queues: order, groups, deduplication, attempts.

use super::*;

async fn queue(bench: &Bench, attributes: &[(&str, &str)]) -> String {
    let mut all = vec![("FifoQueue", "true")];
    all.extend(attributes);
    bench.create("orders.fifo", &all).await
}

#[tokio::test]
async fn messages_carry_their_place() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    let first = bench.send_fifo(&url, "g", "a").await.sequence_number.unwrap();
    let second = bench.send_fifo(&url, "g", "b").await.sequence_number.unwrap();
    assert_eq!((first.len(), second.len()), (20, 20));
    assert!(first < second);
    let messages = bench.receive(&url, 10).await;
    assert_eq!(system(&messages[1], "SequenceNumber"), Some(second.as_str()));
    assert_eq!(system(&messages[1], "MessageGroupId"), Some("g"));
    assert_eq!(system(&messages[1], "MessageDeduplicationId"), Some("b"));
}

#[tokio::test]
async fn a_group_is_blocked_while_one_of_its_messages_is_in_flight() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
        bench.send_fifo(&url, group, body).await;
    }
    let first = bench.receive(&url, 1).await;
    assert_eq!(bodies(&first), ["a1"]);
    assert_eq!(bench.bodies(&url, 10).await, ["b1"]);
    assert!(bench.receive(&url, 10).await.is_empty());
    bench.delete(&url, &first[0]).await.unwrap();
    assert_eq!(bench.bodies(&url, 10).await, ["a2"]);
}

#[tokio::test]
async fn one_answer_takes_as_much_of_a_group_as_it_can_before_the_next() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")] {
        bench.send_fifo(&url, group, body).await;
        bench.advance(1).await;
    }
    assert_eq!(bench.bodies(&url, 3).await, ["a1", "a2", "b1"]);
    assert!(bench.receive(&url, 3).await.is_empty());
}

#[tokio::test]
async fn a_group_that_was_served_goes_behind_those_that_wait() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    for body in ["a1", "a2", "a3"] {
        bench.send_fifo(&url, "a", body).await;
    }
    bench.advance(1).await;
    bench.send_fifo(&url, "b", "b1").await;
    bench.advance(1).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        let messages = bench.receive(&url, 1).await;
        order.extend(bodies(&messages));
        bench.delete(&url, &messages[0]).await.unwrap();
    }
    assert_eq!(order, ["a1", "b1", "a2", "a3"]);
}

/// Observed on AWS: messages before the hidden one come back, that one and those behind it do not.
#[tokio::test]
async fn messages_behind_a_hidden_one_wait_for_it() {
    for (hidden, expected) in [(0, vec![]), (1, vec!["a"]), (2, vec!["a", "b"])] {
        let bench = Bench::open();
        let url = queue(&bench, &[("VisibilityTimeout", "1")]).await;
        for body in ["a", "b", "c"] {
            bench.send_fifo(&url, "g", body).await;
        }
        let messages = bench.receive(&url, 5).await;
        bench.change_visibility(&url, &messages[hidden], 4).await.unwrap();
        bench.advance(2).await;
        assert_eq!(bench.bodies(&url, 5).await, expected);
    }
}

#[tokio::test]
async fn an_expired_handle_deletes_nothing() {
    let bench = Bench::open();
    let url = queue(&bench, &[("VisibilityTimeout", "1")]).await;
    bench.send_fifo(&url, "g", "a").await;
    let messages = bench.receive(&url, 1).await;
    bench.advance(1).await;
    let handle = messages[0].receipt_handle.as_ref().unwrap();
    let message =
        format!("Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.");
    refused(bench.delete(&url, &messages[0]).await, "InvalidParameterValue", &message);
    let again = bench.receive(&url, 1).await;
    bench.change_visibility(&url, &again[0], 5).await.unwrap();
    bench.advance(2).await;
    refused(bench.delete(&url, &messages[0]).await, "InvalidParameterValue", &message);
    bench.delete(&url, &again[0]).await.unwrap();
    bench.delete(&url, &again[0]).await.unwrap();
}

#[tokio::test]
async fn duplicates_are_accepted_and_dropped_for_five_minutes() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    let first = bench.send_fifo(&url, "g", "a").await;
    let messages = bench.receive(&url, 1).await;
    bench.delete(&url, &messages[0]).await.unwrap();
    bench.advance(299).await;
    let duplicate = bench.send_fifo(&url, "other", "a").await;
    assert_eq!(duplicate.message_id, first.message_id);
    assert_eq!(duplicate.sequence_number, first.sequence_number);
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
    bench.advance(1).await;
    let anew = bench.send_fifo(&url, "g", "a").await;
    assert_ne!(anew.message_id, first.message_id);
    assert_eq!(bench.bodies(&url, 1).await, ["a"]);
}

#[tokio::test]
async fn high_throughput_mode_deduplicates_by_group() {
    let bench = Bench::open();
    let mode = [("DeduplicationScope", "messageGroup"), ("FifoThroughputLimit", "perMessageGroupId")];
    let url = queue(&bench, &mode).await;
    for group in ["a", "b", "a"] {
        bench.send_fifo(&url, group, "same").await;
    }
    assert_eq!(bench.counts(&url).await, (2, 0, 0));
}

#[tokio::test]
async fn content_stands_in_for_the_id_where_the_queue_says_so() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    let plain = |body: &str| SendMessageRequest { message_deduplication_id: None, ..fifo_letter(&url, "g", body) };
    refused(
        bench.try_send(plain("a")).await,
        "InvalidParameterValue",
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
    );
    bench.set(&url, &[("ContentBasedDeduplication", "true")]).await.unwrap();
    for body in ["a", "a", "b"] {
        bench.try_send(plain(body)).await.unwrap();
    }
    // An explicit id wins over the content.
    bench.send_fifo(&url, "g", "a").await;
    assert_eq!(bench.counts(&url).await, (3, 0, 0));
    let messages = bench.receive(&url, 1).await;
    let sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    assert_eq!(system(&messages[0], "MessageDeduplicationId"), Some(sha256));
}

#[tokio::test]
async fn groups_and_ids_are_required_and_have_an_alphabet() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    refused(
        bench.try_send(letter(&url, "a")).await,
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    );
    let long = "a".repeat(129);
    for id in ["", "group 123", &long] {
        let message = |name: &str| {
            format!(
                "Value {id} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and \
                 punctuation characters. 1 to 128 in length."
            )
        };
        let result = bench.try_send(fifo_letter(&url, id, "a")).await;
        refused(result, "InvalidParameterValue", &message("MessageGroupId"));
        let input = SendMessageRequest { message_deduplication_id: Some(id.into()), ..fifo_letter(&url, "g", "a") };
        refused(bench.try_send(input).await, "InvalidParameterValue", &message("MessageDeduplicationId"));
    }
}

#[tokio::test]
async fn only_the_queue_delays_and_a_new_delay_holds_for_old_messages() {
    let bench = Bench::open();
    let url = queue(&bench, &[("DelaySeconds", "10")]).await;
    let own = |delay_seconds| SendMessageRequest { delay_seconds: Some(delay_seconds), ..fifo_letter(&url, "g", "a") };
    refused(
        bench.try_send(own(2)).await,
        "InvalidParameterValue",
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for \
         this queue type.",
    );
    bench.try_send(own(0)).await.unwrap();
    assert_eq!(bench.counts(&url).await, (0, 0, 1));
    bench.set(&url, &[("DelaySeconds", "20")]).await.unwrap();
    bench.advance(10).await;
    assert_eq!(bench.counts(&url).await, (0, 0, 1));
    bench.set(&url, &[("DelaySeconds", "5")]).await.unwrap();
    assert_eq!(bench.bodies(&url, 1).await, ["a"]);
}

#[tokio::test]
async fn a_retried_attempt_gets_the_same_messages_and_handles() {
    let bench = Bench::open();
    let url = queue(&bench, &[("VisibilityTimeout", "60")]).await;
    for body in ["a", "b"] {
        bench.send_fifo(&url, "g", body).await;
    }
    bench.send_fifo(&url, "h", "c").await;
    let attempt = |id: &str| ReceiveMessageRequest { receive_request_attempt_id: Some(id.into()), ..wish(&url, 2) };
    let first = bench.try_receive(attempt("one")).await.unwrap();
    bench.advance(50).await;
    let again = bench.try_receive(attempt("one")).await.unwrap();
    assert_eq!(bodies(&again), ["a", "b"]);
    assert_eq!(again[0].receipt_handle, first[0].receipt_handle);
    assert_eq!(bodies(&bench.try_receive(attempt("two")).await.unwrap()), ["c"]);
    // The retry made the timeout begin anew.
    bench.advance(59).await;
    assert!(bench.receive(&url, 1).await.is_empty());
    // With a message deleted the attempt is over.
    bench.delete(&url, &again[0]).await.unwrap();
    assert!(bench.try_receive(attempt("one")).await.unwrap().is_empty());
}

#[tokio::test]
async fn attempts_are_for_fifo_queues() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let input = ReceiveMessageRequest { receive_request_attempt_id: Some("one".into()), ..wish(&url, 1) };
    refused(
        bench.try_receive(input).await,
        "InvalidParameterValue",
        "Value one for parameter ReceiveRequestAttemptId is invalid. Reason: The request include parameter that is not \
         valid for this queue type.",
    );
}

#[tokio::test]
async fn a_timeout_of_nothing_hands_each_message_out_once() {
    let bench = Bench::open();
    let url = queue(&bench, &[("VisibilityTimeout", "0")]).await;
    for body in ["a", "b"] {
        bench.send_fifo(&url, "g", body).await;
    }
    assert_eq!(bench.bodies(&url, 10).await, ["a", "b"]);
    assert_eq!(bench.bodies(&url, 10).await, ["a", "b"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_group_is_free_again() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    for body in ["a", "b"] {
        bench.send_fifo(&url, "g", body).await;
    }
    let first = bench.receive(&url, 1).await;
    let poll = ReceiveMessageRequest { wait_time_seconds: Some(20), ..wish(&url, 1) };
    let (second, ()) = tokio::join!(bench.try_receive(poll), async {
        tokio::task::yield_now().await;
        bench.delete(&url, &first[0]).await.unwrap();
    });
    assert_eq!(bodies(&second.unwrap()), ["b"]);
}

#[tokio::test]
async fn purging_forgets_duplicates_and_keeps_sequence_numbers_growing() {
    let bench = Bench::open();
    let url = queue(&bench, &[]).await;
    let first = bench.send_fifo(&url, "g", "a").await;
    let input = PurgeQueueRequest { queue_url: url.clone() };
    bench.house.call::<PurgeQueue>(input).await.unwrap();
    let second = bench.send_fifo(&url, "g", "a").await;
    assert_ne!(first.message_id, second.message_id);
    assert!(first.sequence_number < second.sequence_number);
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
}
