//! Recording and reading, on a store in memory and a clock that stands still.

use std::pin::pin;
use std::task::Poll;

use haar_kernel::paging::Pager;
use haar_kernel::{AccountId, Region};
use haar_store::Config;

use super::*;
use crate::line::samples::{at, full};
use crate::line::{Outcome, WouldDeny};
use crate::query::OutcomeFilter;

fn house() -> Arc<House> {
    House::new(
        Clock::starting_at(Timestamp::from_seconds(1_000_000)),
        Pager::new(&[7; 32]),
        AccountId::parse("000000000000").expect("twelve digits"),
        Region::parse("us-east-1").expect("a region"),
    )
}

fn store() -> Store {
    Store::open(Config::in_memory()).expect("a store in memory")
}

fn open(store: &Store) -> Ledger {
    Ledger::open(store, &house()).expect("a ledger")
}

async fn seconds(ledger: &Ledger, query: Query) -> Vec<i64> {
    let lines = ledger.read(query).await.expect("flushed").all().await.expect("readable");
    lines.iter().map(|line| line.time.seconds()).collect()
}

#[tokio::test]
async fn what_is_recorded_is_read_back_whole() {
    let ledger = open(&store());
    ledger.record(full()).await;
    let lines = ledger.read(Query::default()).await.expect("flushed").all().await;
    assert_eq!(lines.expect("readable"), [full()]);
}

#[tokio::test]
async fn the_writer_writes_by_itself_when_it_has_lingered() {
    let house = house();
    let ledger = Ledger::open(&store(), &house).expect("a ledger");
    house.clock.settle().await;
    ledger.record(at(1)).await;
    house.clock.settle().await;
    assert_eq!(ledger.stats().waiting, 1);
    house.clock.advance(LINGER).await;
    assert_eq!(ledger.stats().waiting, 0);
    assert!(ledger.stats().bytes > 0);
}

#[tokio::test]
async fn a_full_batch_does_not_linger() {
    let house = house();
    let ledger = Ledger::open(&store(), &house).expect("a ledger");
    for second in 0..BATCH_LINES {
        ledger.record(at(second as i64)).await;
    }
    house.clock.settle().await;
    assert_eq!(ledger.stats().waiting, 0);
}

#[tokio::test]
async fn those_who_record_into_a_full_queue_wait_for_a_slow_writer_and_lose_nothing() {
    let ledger = open(&store());
    let slow = ledger.0.turn.clone().lock_owned().await;
    for second in 0..QUEUE_MAX {
        ledger.record(at(second as i64)).await;
    }
    {
        let mut waits = pin!(ledger.record(at(-1)));
        assert_eq!(poll_once(waits.as_mut()).await, Poll::Pending);
        // Its caller goes away; the line stays.
    }
    let mut waits = pin!(ledger.record(at(-2)));
    assert_eq!(poll_once(waits.as_mut()).await, Poll::Pending);
    drop(slow);
    waits.await;
    let newest = Query { newest_first: true, limit: Some(2), ..Query::default() };
    assert_eq!(seconds(&ledger, newest).await, [-2, -1]);
    assert_eq!(seconds(&ledger, Query::default()).await.len(), QUEUE_MAX + 2);
}

async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[tokio::test]
async fn lines_come_in_both_directions_and_within_a_limit() {
    let ledger = open(&store());
    for second in 1..=600 {
        ledger.record(at(second)).await;
    }
    let back = Query { newest_first: true, limit: Some(3), ..Query::default() };
    assert_eq!(seconds(&ledger, back).await, [600, 599, 598]);
    assert_eq!(seconds(&ledger, Query::default()).await, (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_span_of_time_is_the_same_in_both_directions() {
    let house = house();
    let ledger = Ledger::open(&store(), &house).expect("a ledger");
    // The call of second 1,000,001 took long: its line comes after those of later calls.
    for second in [0, 2, 3, 1, 4] {
        house.clock.advance(Duration::from_secs(1)).await;
        ledger.record(at(1_000_000 + second)).await;
        ledger.flush().await.expect("flushed");
    }
    let query = |newest_first| Query {
        since: Some(Timestamp::from_seconds(1_000_001)),
        until: Some(Timestamp::from_seconds(1_000_004)),
        newest_first,
        ..Query::default()
    };
    assert_eq!(seconds(&ledger, query(false)).await, [1_000_002, 1_000_003, 1_000_001]);
    assert_eq!(seconds(&ledger, query(true)).await, [1_000_001, 1_000_003, 1_000_002]);
}

#[tokio::test]
async fn each_condition_selects() {
    let ledger = open(&store());
    ledger.record(at(0)).await;
    let mut other = at(1);
    other.service = "iam".into();
    other.operation = "GetUser".into();
    other.account = "210987654321".into();
    other.region = "us-east-1".into();
    other.caller.arn = "arn:aws:iam::210987654321:root".into();
    other.outcome = Outcome::failed(403, "AccessDenied", "no");
    other.would_deny = Some(WouldDeny { action: "iam:GetUser".into(), resource: "*".into() });
    ledger.record(other.clone()).await;
    let base = Query::default;
    for query in [
        Query { service: Some("iam".into()), ..base() },
        Query { operation: Some("GetUser".into()), ..base() },
        Query { account: Some(other.account.clone()), ..base() },
        Query { region: Some("us-east-1".into()), ..base() },
        Query { caller_arn: Some(other.caller.arn.clone()), ..base() },
        Query { outcome: Some(OutcomeFilter::Failed), ..base() },
        Query { outcome: Some(OutcomeFilter::Code("AccessDenied".into())), ..base() },
        Query { would_deny: true, ..base() },
    ] {
        assert_eq!(seconds(&ledger, query.clone()).await, [1], "{query:?}");
    }
    let worked = Query { outcome: Some(OutcomeFilter::Succeeded), ..base() };
    assert_eq!(seconds(&ledger, worked).await, [0]);
}

#[tokio::test]
async fn old_lines_make_way_for_new_ones() {
    let store = store();
    let small = LogOptions { segment_bytes: 4096, segments_max: 3 };
    // The first to ask for a log sets how much it keeps.
    store.log("ledger", small).expect("a log");
    let ledger = open(&store);
    for second in 0..200 {
        ledger.record(at(second)).await;
        ledger.flush().await.expect("flushed");
    }
    let kept = seconds(&ledger, Query::default()).await;
    assert!(ledger.stats().bytes <= 3 * 4096);
    assert!(kept.len() < 200);
    assert_eq!(kept, ((200 - kept.len() as i64)..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn recording_goes_on_while_the_house_closes() {
    let store = store();
    let house = house();
    let ledger = Ledger::open(&store, &house).expect("a ledger");
    house.tasks.close().await;
    ledger.record(at(1)).await;
    ledger.close().await.expect("written");
    assert_eq!(seconds(&open(&store), Query::default()).await, [1]);
}

#[tokio::test]
async fn a_clock_that_was_turned_back_hides_no_line() {
    let store = store();
    let before = open(&store);
    before.record(at(2_000_000)).await;
    before.flush().await.expect("flushed");
    let after = open(&store);
    after.record(at(5)).await;
    let query = Query { since: Some(Timestamp::from_seconds(5)), newest_first: true, ..Query::default() };
    assert_eq!(seconds(&after, query).await, [5, 2_000_000]);
    let since_then = Query { since: Some(Timestamp::from_seconds(2_000_000)), ..Query::default() };
    assert_eq!(seconds(&after, since_then).await, [2_000_000]);
}

#[tokio::test]
async fn a_store_that_fails_is_reported_and_counted() {
    let store = store();
    let tiny = LogOptions { segment_bytes: 64, segments_max: 2 };
    store.log("ledger", tiny).expect("a log");
    let ledger = open(&store);
    ledger.record(at(1)).await;
    assert!(matches!(ledger.flush().await, Err(LedgerError::Store(StoreError::FrameTooLarge { .. }))));
    assert_eq!(ledger.stats().lost, 1);
}

#[tokio::test]
async fn a_follower_gets_each_line_once_and_is_woken_for_the_first() {
    let ledger = open(&store());
    let woken = Arc::new(AtomicU64::new(0));
    let counter = woken.clone();
    ledger.wake_with(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let follow = async |from, lines_max| {
        let tail = ledger.tail(from, lines_max).await.expect("readable");
        let seconds: Vec<i64> = tail.lines.iter().map(|line| line.time.seconds()).collect();
        (seconds, tail.position, tail.more)
    };
    let (none, start, more) = follow(Default::default(), 10).await;
    assert!(none.is_empty() && !more);
    for second in 1..=3 {
        ledger.record(at(second)).await;
    }
    assert_eq!(woken.load(Ordering::Relaxed), 1);
    let (first, middle, more) = follow(start, 2).await;
    assert_eq!((first, more), (vec![1, 2], true));
    ledger.record(at(4)).await;
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    let (rest, end, more) = follow(middle, 10).await;
    assert_eq!((rest, more), (vec![3, 4], false));
    assert_eq!(follow(end, 10).await.0, Vec::<i64>::new());
}
