//! Archives and replays.

use std::time::Duration;

use haar_platform::aws::events as aws;
use haar_platform::aws::events::{ArchiveState, ReplayState};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const BUS: &str = "arn:aws:events:us-east-1:000000000000:event-bus/default";
const ARCHIVE: &str = "arn:aws:events:us-east-1:000000000000:archive/kept";

async fn archive(house: &TestHouse, pattern: Option<&str>, retention_days: Option<i32>) {
    let input = aws::CreateArchiveRequest {
        archive_name: "kept".into(),
        event_source_arn: BUS.into(),
        event_pattern: pattern.map(str::to_owned),
        retention_days,
        ..Default::default()
    };
    let answer = house.call::<aws::CreateArchive>(input).await.unwrap();
    assert_eq!((answer.archive_arn.as_deref(), answer.state), (Some(ARCHIVE), Some(ArchiveState::Enabled)));
}

async fn held(house: &TestHouse) -> (i64, i64) {
    let input = aws::DescribeArchiveRequest { archive_name: "kept".into() };
    let archive = house.call::<aws::DescribeArchive>(input).await.unwrap();
    (archive.event_count.unwrap(), archive.size_bytes.unwrap())
}

fn replay(house: &TestHouse, name: &str) -> aws::StartReplayRequest {
    aws::StartReplayRequest {
        replay_name: name.into(),
        description: None,
        event_source_arn: ARCHIVE.into(),
        event_start_time: haar_gateway::testkit::OPENING,
        event_end_time: house.now(),
        destination: aws::ReplayDestination { arn: BUS.into(), filter_arns: None },
    }
}

async fn state(house: &TestHouse, name: &str) -> aws::DescribeReplayResponse {
    house.call::<aws::DescribeReplay>(aws::DescribeReplayRequest { replay_name: name.into() }).await.unwrap()
}

#[tokio::test]
async fn an_archive_keeps_what_matches_for_its_days() {
    let house = open();
    archive(&house, Some(r#"{"detail":{"keep":[true]}}"#), Some(2)).await;
    put(&house, json!({"keep": true})).await;
    put(&house, json!({"keep": false})).await;
    let (events, bytes) = held(&house).await;
    assert_eq!(events, 1);
    assert!(bytes > 100);
    house.advance(DAY).await;
    put(&house, json!({"keep": true})).await;
    house.advance(DAY).await;
    assert_eq!(held(&house).await.0, 1);
    house.advance(DAY).await;
    assert_eq!(held(&house).await, (0, 0));
}

#[tokio::test]
async fn a_replay_brings_events_again_in_their_order() {
    let house = open();
    archive(&house, None, None).await;
    for n in 0..250 {
        put_all(&house, vec![entry(json!({ "n": n }))]).await;
        house.advance(Duration::from_millis(10)).await;
    }
    let (one, other) = (queue(&house, "one").await, queue(&house, "other").await);
    rule(&house, "one", MINE, target("t", &one)).await;
    rule(&house, "other", MINE, target("t", &other)).await;
    let mut input = replay(&house, "again");
    input.destination.filter_arns = Some(vec!["arn:aws:events:us-east-1:000000000000:rule/one".into()]);
    let started = house.call::<aws::StartReplay>(input).await.unwrap();
    assert_eq!(started.state, Some(ReplayState::Starting));
    house.settle().await;
    let done = state(&house, "again").await;
    assert_eq!(done.state, Some(ReplayState::Completed));
    assert!(done.replay_end_time.is_some() && done.event_last_replayed_time.is_some());
    let events = bodies(&house, "one").await;
    assert_eq!(events.len(), 250);
    assert!(events.iter().all(|event| event["replay-name"] == "again"));
    assert!(bodies(&house, "other").await.is_empty());
    // What is replayed is not archived again.
    assert_eq!(held(&house).await.0, 250);
}

#[tokio::test]
async fn a_replay_takes_the_times_that_it_is_given() {
    let house = open();
    archive(&house, None, None).await;
    let arn = queue(&house, "q").await;
    for n in 0..3 {
        put(&house, json!({ "n": n })).await;
        house.advance(DAY).await;
    }
    rule(&house, "r", MINE, target("t", &arn)).await;
    let start = haar_gateway::testkit::OPENING + DAY / 2;
    let input =
        aws::StartReplayRequest { event_start_time: start, event_end_time: start + DAY, ..replay(&house, "middle") };
    house.call::<aws::StartReplay>(input).await.unwrap();
    house.settle().await;
    let events = bodies(&house, "q").await;
    assert_eq!(events.iter().map(|event| event["detail"]["n"].clone()).collect::<Vec<_>>(), [1]);
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused() {
    let house = open();
    let missing = house.call::<aws::StartReplay>(aws::StartReplayRequest {
        event_end_time: haar_gateway::testkit::OPENING + DAY,
        ..replay(&house, "r")
    });
    assert_eq!(refusal(missing.await), "ResourceNotFoundException: Archive kept does not exist.");
    archive(&house, None, None).await;
    house.advance(DAY).await;
    let backwards = aws::StartReplayRequest {
        event_start_time: house.now(),
        event_end_time: haar_gateway::testkit::OPENING,
        ..replay(&house, "r")
    };
    assert!(refusal(house.call::<aws::StartReplay>(backwards).await).contains("EventEndTime must be later"));
    house.call::<aws::StartReplay>(replay(&house, "r")).await.unwrap();
    assert_eq!(
        refusal(house.call::<aws::StartReplay>(replay(&house, "r")).await),
        "ResourceAlreadyExistsException: Replay r already exists."
    );
    house.settle().await;
    let cancel = aws::CancelReplayRequest { replay_name: "r".into() };
    assert!(
        refusal(house.call::<aws::CancelReplay>(cancel).await).starts_with("IllegalStatusException: Replay r is not")
    );
    let again =
        aws::CreateArchiveRequest { archive_name: "kept".into(), event_source_arn: BUS.into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::CreateArchive>(again).await),
        "ResourceAlreadyExistsException: Archive kept already exists."
    );
}

#[tokio::test]
async fn an_archive_that_is_deleted_takes_its_events_along() {
    let house = open();
    archive(&house, None, None).await;
    put(&house, json!({})).await;
    let delete = aws::DeleteArchiveRequest { archive_name: "kept".into() };
    house.call::<aws::DeleteArchive>(delete).await.unwrap();
    archive(&house, None, None).await;
    house.settle().await;
    assert_eq!(held(&house).await, (0, 0));
    let list = aws::ListArchivesRequest { name_prefix: Some("k".into()), ..Default::default() };
    let archives = house.call::<aws::ListArchives>(list).await.unwrap().archives.unwrap();
    assert_eq!(archives.len(), 1);
}
