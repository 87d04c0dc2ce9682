//! What happens by itself, and what a restart keeps.

use super::*;
use crate::sqs::model::{ATTEMPTS, CONTENTS, DEDUPLICATIONS, DELETED, GARBAGE, GROUPS, MESSAGES, STOCKS};
use haar_platform::store::{Config, Read};

async fn assert_sound(bench: &Bench) {
    let report = bench.house.platform.store.check(crate::sqs::tables()).await.unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[tokio::test]
async fn messages_are_dropped_when_their_time_is_over() {
    let bench = Bench::open();
    let url = bench.create("orders", &[("MessageRetentionPeriod", "60")]).await;
    bench.send(&url, "a").await;
    bench.receive(&url, 1).await;
    bench.advance(30).await;
    bench.send(&url, "b").await;
    bench.advance(30).await;
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    assert_eq!(bench.bodies(&url, 10).await, ["b"]);
    bench.advance(30).await;
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}

#[tokio::test]
async fn a_shorter_retention_holds_at_once() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    bench.send(&url, "a").await;
    bench.advance(100).await;
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
    bench.set(&url, &[("MessageRetentionPeriod", "60")]).await.unwrap();
    assert!(bench.receive(&url, 10).await.is_empty());
    bench.house.settle().await;
    assert_eq!(bench.counts(&url).await, (0, 0, 0));
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_queue() {
    let bench = Bench::open();
    let url = bench.create("orders.fifo", &[("FifoQueue", "true")]).await;
    for index in 0..30 {
        let input = SendMessageRequest {
            message_body: "x".repeat(9000),
            ..fifo_letter(&url, &format!("g{}", index % 7), &index.to_string())
        };
        bench.try_send(input).await.unwrap();
    }
    let attempt = ReceiveMessageRequest { receive_request_attempt_id: Some("one".into()), ..wish(&url, 10) };
    bench.try_receive(attempt).await.unwrap();
    bench.delete_queue(&url).await;
    bench.house.settle().await;
    let left = |bench: &Bench| {
        bench.house.platform.store.read(|tx| {
            [
                tx.count(MESSAGES),
                tx.count(CONTENTS),
                tx.count(GROUPS),
                tx.count(DEDUPLICATIONS),
                tx.count(ATTEMPTS),
                tx.count(STOCKS),
                tx.count(GARBAGE),
                tx.count(DELETED),
            ]
            .map(Result::unwrap)
        })
    };
    assert_eq!(left(&bench), [0, 0, 0, 0, 0, 0, 0, 1]);
    bench.advance(60).await;
    assert_eq!(left(&bench), [0; 8]);
    assert_sound(&bench).await;
}

#[tokio::test]
async fn ids_are_forgotten() {
    let bench = Bench::open();
    let url = bench.create("orders.fifo", &[("FifoQueue", "true")]).await;
    bench.send_fifo(&url, "g", "a").await;
    bench.advance(320).await;
    let left = bench.house.platform.store.read(|tx| tx.count(DEDUPLICATIONS)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(bench.counts(&url).await, (1, 0, 0));
}

#[tokio::test]
async fn a_restart_keeps_messages_counts_and_handles() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Bench {
        house: TestHouse::with_authority(Config::at(directory.path()), |platform| {
            let nobody = haar_gateway::testkit::FixedAuthority::default();
            (vec![crate::sqs::service(platform)], std::sync::Arc::new(nobody) as _)
        }),
    };
    let bench = open();
    let url = bench.create("orders", &[]).await;
    for body in ["a", "b"] {
        bench.send(&url, body).await;
    }
    let delayed = SendMessageRequest { delay_seconds: Some(10), ..letter(&url, "c") };
    bench.try_send(delayed).await.unwrap();
    let held = bench.receive(&url, 1).await;
    bench.house.platform.house.tasks.close().await;
    bench.house.platform.store.close().await.unwrap();
    drop(bench);

    let bench = open();
    assert_eq!(bench.counts(&url).await, (1, 1, 1));
    bench.delete(&url, &held[0]).await.unwrap();
    assert_eq!(bench.counts(&url).await, (1, 0, 1));
    bench.advance(10).await;
    let mut bodies = bench.bodies(&url, 10).await;
    bodies.sort();
    assert_eq!(bodies, ["b", "c"]);
    assert_sound(&bench).await;
}
