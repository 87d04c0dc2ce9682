//! The store of logs: nothing acknowledged is lost or seen twice, whatever upkeep does meanwhile.
#![allow(clippy::unwrap_used)]

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use haar_store::{Config, Store};

use super::*;

const GROUP: &str = "000000000000/us-east-1/app";
const HOUR: i64 = 3_600_000;

fn open() -> LogStore {
    LogStore::open(&Store::open(Config::in_memory()).unwrap())
}

fn events(from: i64, count: i64) -> Vec<LogEvent> {
    (from..from + count).map(|ms| LogEvent { timestamp_ms: ms, message: format!("event {ms}") }).collect()
}

async fn add(logs: &LogStore, stream: &str, from: i64, count: i64) {
    logs.append(GROUP, stream, events(from, count), from).await.unwrap().unwrap();
}

/// Seals what there is.
async fn seal(logs: &LogStore) {
    logs.maintain(i64::MAX).await.unwrap();
}

async fn read(logs: &LogStore, scan: Scan) -> Vec<String> {
    let scan = logs.scan(scan).await.unwrap();
    let column = scan.schema.index_of("message").unwrap();
    let mut messages = Vec::new();
    for part in scan.parts {
        for batch in part.read().unwrap() {
            let batch = batch.unwrap();
            assert_eq!(batch.schema(), scan.schema);
            messages.extend(batch.column(column).as_string_view().iter().flatten().map(str::to_owned));
        }
    }
    messages.sort_by_key(|message| message.rsplit(' ').next().unwrap().parse::<i64>().unwrap_or(0));
    messages
}

async fn all(logs: &LogStore) -> Vec<String> {
    read(logs, Scan::of(vec![GROUP.to_owned()])).await
}

fn messages(from: i64, count: i64) -> Vec<String> {
    events(from, count).into_iter().map(|event| event.message).collect()
}

#[tokio::test]
async fn events_are_found_before_and_after_sealing() {
    let logs = open();
    add(&logs, "a", 0, 10).await;
    add(&logs, "b", 10, 10).await;
    assert_eq!(all(&logs).await, messages(0, 20));
    seal(&logs).await;
    assert_eq!(all(&logs).await, messages(0, 20));
    add(&logs, "a", 20, 10).await;
    assert_eq!(all(&logs).await, messages(0, 30));
}

#[tokio::test]
async fn sealing_waits_until_it_is_due() {
    let logs = open();
    add(&logs, "a", 0, 10).await;
    let due = logs.maintain(0).await.unwrap();
    assert_eq!(due, Some(model::SEAL_AFTER_MS));
    assert_eq!(logs.maintain(model::SEAL_AFTER_MS).await.unwrap(), None);
}

#[tokio::test]
async fn many_small_segments_become_few() {
    let logs = open();
    for round in 0..20 {
        add(&logs, "a", round * 100, 100).await;
        seal(&logs).await;
    }
    assert_eq!(all(&logs).await, messages(0, 2_000));
    let scan = logs.scan(Scan::of(vec![GROUP.to_owned()])).await.unwrap();
    assert!(scan.parts.len() < 8, "{} parts", scan.parts.len());
}

#[tokio::test]
async fn a_scan_sees_only_its_time_range_and_streams() {
    let logs = open();
    for sealed in [false, true] {
        if sealed {
            seal(&logs).await;
        } else {
            add(&logs, "a", 0, 100).await;
            add(&logs, "b", 100, 100).await;
        }
        let range = Scan { from_ms: 50, to_ms: 150, ..Scan::of(vec![GROUP.to_owned()]) };
        assert_eq!(read(&logs, range.clone()).await, messages(50, 100));
        let one = Scan { streams: Some(vec!["b".to_owned()]), ..range };
        assert_eq!(read(&logs, one).await, messages(100, 50));
        let none = Scan { streams: Some(vec!["c".to_owned()]), ..Scan::of(vec![GROUP.to_owned()]) };
        assert!(read(&logs, none).await.is_empty());
    }
}

#[tokio::test]
async fn a_scan_prunes_row_groups_by_time() {
    let logs = open();
    for round in 0..3 {
        add(&logs, "a", round * HOUR, 60_000).await;
    }
    seal(&logs).await;
    let scan = Scan { from_ms: 0, to_ms: 10, ..Scan::of(vec![GROUP.to_owned()]) };
    assert_eq!(logs.scan(scan).await.unwrap().parts.len(), 1);
}

#[tokio::test]
async fn needles_leave_out_rows_but_count_them() {
    let logs = open();
    add(&logs, "a", 0, 1_000).await;
    for sealed in [false, true] {
        if sealed {
            seal(&logs).await;
        }
        let scan = Scan {
            needles: vec![b"event".to_vec(), b"99".to_vec()],
            projection: vec![Column::Sequence, Column::Message, Column::Group, Column::Stream],
            ..Scan::of(vec![GROUP.to_owned()])
        };
        let scan = logs.scan(scan).await.unwrap();
        let batches: Vec<_> = scan.parts.into_iter().flat_map(|part| part.read().unwrap()).collect();
        let rows: usize = batches.iter().map(|batch| batch.as_ref().unwrap().num_rows()).sum();
        assert_eq!((rows, scan.statistics.rows(), scan.statistics.bytes()), (19, 1_000, 8_890));
        let first = batches[0].as_ref().unwrap();
        assert_eq!(first.column(2).as_string_view().value(0), GROUP);
        assert_eq!(first.column(3).as_string_view().value(0), "a");
        assert_eq!(first.column(0).as_primitive::<UInt64Type>().value(0), 100);
    }
}

#[tokio::test]
async fn bytes_count_as_scanned_where_no_message_is_read() {
    let logs = open();
    add(&logs, "a", 100, 100).await;
    seal(&logs).await;
    let scan =
        logs.scan(Scan { projection: vec![Column::Timestamp], ..Scan::of(vec![GROUP.to_owned()]) }).await.unwrap();
    scan.parts.into_iter().for_each(|part| part.read().unwrap().for_each(|batch| drop(batch.unwrap())));
    assert_eq!((scan.statistics.rows(), scan.statistics.bytes()), (100, 900));
}

#[tokio::test]
async fn a_deleted_stream_or_group_takes_its_events_along() {
    let logs = open();
    add(&logs, "a", 0, 10).await;
    add(&logs, "b", 10, 10).await;
    seal(&logs).await;
    add(&logs, "a", 20, 10).await;
    let deleted = logs.store.write(|tx| delete_stream_in(tx, GROUP, "a")).await.unwrap();
    assert!(deleted);
    assert_eq!(all(&logs).await, messages(10, 10));
    // One of the same name begins empty.
    add(&logs, "a", 30, 10).await;
    let expected: Vec<_> = [messages(10, 10), messages(30, 10)].concat();
    assert_eq!(all(&logs).await, expected);
    seal(&logs).await;
    assert_eq!(all(&logs).await, expected);

    assert!(logs.store.write(|tx| delete_group_in(tx, GROUP)).await.unwrap());
    assert!(all(&logs).await.is_empty());
    add(&logs, "a", 0, 5).await;
    seal(&logs).await;
    assert_eq!(all(&logs).await, messages(0, 5));
    let left = logs.store.stats().await.unwrap().tables;
    let rows = |name: &str| left.iter().find(|table| table.name == name).map_or(0, |table| table.rows);
    assert_eq!((rows("logstore.partitions"), rows("logstore.segments"), rows("logstore.stream_names")), (1, 1, 1));
}

#[tokio::test]
async fn expired_events_are_gone_at_once_and_their_bytes_with_upkeep() {
    let logs = open();
    add(&logs, "a", 0, 10).await;
    seal(&logs).await;
    add(&logs, "a", 10, 10).await;
    seal(&logs).await;
    let before = logs.store.read(|tx| stored_bytes(tx, GROUP)).unwrap();
    logs.store.write(|tx| expire_in(tx, GROUP, 15)).await.unwrap();
    assert_eq!(all(&logs).await, messages(15, 5));
    seal(&logs).await;
    assert_eq!(all(&logs).await, messages(15, 5));
    assert!(logs.store.read(|tx| stored_bytes(tx, GROUP)).unwrap() < before);
}

#[tokio::test]
async fn a_scan_that_was_planned_outlives_upkeep_and_deletion() {
    let logs = open();
    add(&logs, "a", 0, 10).await;
    seal(&logs).await;
    add(&logs, "a", 10, 10).await;
    let scan =
        logs.scan(Scan { projection: vec![Column::Sequence], ..Scan::of(vec![GROUP.to_owned()]) }).await.unwrap();
    seal(&logs).await;
    add(&logs, "a", 20, 10).await;
    let rows: usize =
        scan.parts.into_iter().flat_map(|part| part.read().unwrap()).map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, 20);
}

#[tokio::test]
async fn a_walk_goes_in_the_order_of_time_and_goes_on_where_it_was() {
    let logs = open();
    // Streams overlap in time, and some of it is sealed.
    for stream in ["a", "b", "c"] {
        add(&logs, stream, 0, 50).await;
        seal(&logs).await;
        add(&logs, stream, 25, 50).await;
    }
    for direction in [Direction::Forward, Direction::Backward] {
        let mut seen = Vec::new();
        let mut start = None;
        loop {
            let walk = Walk {
                group: GROUP.to_owned(),
                streams: None,
                from_ms: i64::MIN,
                to_ms: i64::MAX,
                start,
                direction,
                needles: Vec::new(),
                bytes_max: u64::MAX,
            };
            let mut walker = logs.walk(walk).await.unwrap();
            let mut page = Vec::new();
            while let (true, Step::Event(event)) = (page.len() < 7, walker.step().unwrap()) {
                page.push(event.point);
            }
            let Some(last) = page.last() else { break };
            start = Some(match direction {
                Direction::Forward => Point { ms: last.ms, sequence: last.sequence + 1 },
                Direction::Backward => *last,
            });
            seen.extend(page);
        }
        assert_eq!(seen.len(), 300);
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        if direction == Direction::Backward {
            sorted.reverse();
        }
        assert_eq!(seen, sorted);
    }
}

#[tokio::test]
async fn a_walk_that_read_enough_pauses_and_says_where() {
    let logs = open();
    for hour in 0..3 {
        add(&logs, "a", hour * HOUR, 60_000).await;
    }
    seal(&logs).await;
    let mut walk = Walk {
        group: GROUP.to_owned(),
        streams: None,
        from_ms: 0,
        to_ms: i64::MAX,
        start: None,
        direction: Direction::Forward,
        needles: vec![b"event 7205000".to_vec()],
        bytes_max: 1,
    };
    let mut pauses = 0;
    loop {
        match logs.walk(walk.clone()).await.unwrap().step().unwrap() {
            Step::Paused(point) => walk.start = Some(point),
            Step::Event(event) => break assert_eq!(event.point.ms, 7_205_000),
            Step::End => panic!("it is there"),
        }
        pauses += 1;
    }
    assert!(pauses > 0);
}

#[tokio::test]
async fn streams_are_listed_by_name_and_by_last_event() {
    let logs = open();
    logs.store.write(|tx| create_stream_in(tx, GROUP, "empty", 5)).await.unwrap();
    assert!(!logs.store.write(|tx| create_stream_in(tx, GROUP, "empty", 6)).await.unwrap());
    add(&logs, "late", 100, 2).await;
    add(&logs, "early", 0, 2).await;
    let store = &logs.store;
    let names = |streams: Vec<StreamInfo>| streams.into_iter().map(|stream| stream.name).collect::<Vec<_>>();
    let by_name =
        |after, descending| names(store.read(|tx| streams_by_name(tx, GROUP, "", after, descending, 2)).unwrap());
    assert_eq!(by_name(None, false), ["early", "empty"]);
    assert_eq!(by_name(Some("empty"), false), ["late"]);
    assert_eq!(by_name(None, true), ["late", "empty"]);
    assert_eq!(names(store.read(|tx| streams_by_name(tx, GROUP, "em", None, false, 9)).unwrap()), ["empty"]);
    let by_event =
        |after, descending| names(store.read(|tx| streams_by_last_event(tx, GROUP, after, descending, 2)).unwrap());
    assert_eq!(by_event(None, true), ["late", "early"]);
    assert_eq!(by_event(Some((1, "early")), true), ["empty"]);
    assert_eq!(by_event(None, false), ["empty", "early"]);
    let facts = store.read(|tx| stream(tx, GROUP, "late")).unwrap().unwrap().facts.unwrap();
    assert_eq!((facts.first_event_ms, facts.last_event_ms, facts.events), (100, 101, 2));
}

#[tokio::test]
async fn what_was_acknowledged_is_there_once_after_a_crash_at_any_point_of_upkeep() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for round in 0..6_i64 {
        let store = Store::open(Config::at(directory.path())).unwrap();
        let logs = LogStore::open(&store);
        assert_eq!(all(&logs).await, expected, "round {round}");
        add(&logs, "a", round * 100, 100).await;
        expected.extend(messages(round * 100, 100));
        // Upkeep is cut off after some of its steps, as a crash would; the store beneath is then let go of.
        let upkeep = logs.maintain(i64::MAX);
        let mut upkeep = std::pin::pin!(upkeep);
        let waker = std::task::Waker::noop();
        for _ in 0..round * 2 {
            if upkeep.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        store.close().await.unwrap();
    }
    let store = Store::open(Config::at(directory.path())).unwrap();
    let logs = LogStore::open(&store);
    seal(&logs).await;
    assert_eq!(all(&logs).await, expected);
    assert!(store.check(tables()).await.unwrap().problems.is_empty());
}
