//! Behaviour: on a store in memory, and a clock that moves when told to.

use std::sync::Arc;
use std::time::Duration;

use haar_kernel::paging::Pager;
use haar_kernel::{AccountId, Clock, House, Region, Timestamp};
use haar_store::{Config, Store, StoreError};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{AGE_MAX, BoxFuture, Bus, Event, JOURNAL_MAX, RETRY_FIRST, RETRY_MAX, Subscriber, Undelivered};

pub(crate) fn event(source: &str, number: u64) -> Event {
    Event {
        id: format!("{source}-{number}"),
        source: source.into(),
        detail_type: "Something Happened".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        time: Timestamp::from_seconds(0),
        resources: Vec::new(),
        detail: json!({ "number": number }),
    }
}

fn store() -> Store {
    Store::open(Config::in_memory()).expect("a store in memory")
}

fn house() -> Arc<House> {
    House::new(
        Clock::starting_at(Timestamp::from_seconds(0)),
        Pager::new(&[7; 32]),
        AccountId::parse("000000000000").expect("twelve digits"),
        Region::parse("us-east-1").expect("a region"),
    )
}

/// What a subscriber answers to an event.
type Answer = Box<dyn Fn(&Event) -> Result<(), Undelivered> + Send + Sync>;

/// Remembers what it was given and when.
#[derive(Clone)]
struct Recorder {
    clock: Clock,
    answer: Arc<Answer>,
    attempts: Arc<Mutex<Vec<(String, Timestamp)>>>,
}

impl Recorder {
    fn new(house: &House, answer: impl Fn(&Event) -> Result<(), Undelivered> + Send + Sync + 'static) -> Self {
        Self { clock: house.clock.clone(), answer: Arc::new(Box::new(answer)), attempts: Arc::default() }
    }

    fn accepting(house: &House) -> Self {
        Self::new(house, |_| Ok(()))
    }

    fn ids(&self) -> Vec<String> {
        self.attempts.lock().iter().map(|(id, _)| id.clone()).collect()
    }

    fn ids_of(&self, source: &str) -> Vec<String> {
        self.ids().into_iter().filter(|id| id.starts_with(source)).collect()
    }
}

impl Subscriber for Recorder {
    fn wants(&self, event: &Event) -> bool {
        assert!(event.id != "panics-1", "a bug of the subscriber");
        event.source != "unwanted"
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async {
            self.attempts.lock().push((event.id.clone(), self.clock.now()));
            (self.answer)(event)
        })
    }
}

/// Keeps the deliveries of a source until it is let go.
struct Stuck {
    recorder: Recorder,
    source: &'static str,
    gate: Arc<Semaphore>,
}

impl Subscriber for Stuck {
    fn wants(&self, _: &Event) -> bool {
        true
    }

    fn deliver<'a>(&'a self, event: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
        Box::pin(async move {
            if event.source == self.source {
                self.gate.acquire().await.expect("the gate is never closed").forget();
            }
            self.recorder.deliver(event).await
        })
    }
}

async fn emit(store: &Store, bus: &Bus, events: impl IntoIterator<Item = Event>) {
    let (bus, events): (_, Vec<_>) = (bus.clone(), events.into_iter().collect());
    let written: Result<(), StoreError> =
        store.write(move |tx| events.into_iter().try_for_each(|event| bus.emit(tx, event))).await;
    written.expect("committed");
}

fn ids(source: &str, numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
    numbers.map(|number| format!("{source}-{number}")).collect()
}

fn events(source: &str, numbers: std::ops::RangeInclusive<u64>) -> Vec<Event> {
    numbers.map(|number| event(source, number)).collect()
}

/// A bus with one subscriber, started.
async fn started(store: &Store, house: &House, subscriber: impl Subscriber) -> Bus {
    let bus = Bus::open(store, house).expect("a bus");
    bus.subscribe("first", Arc::new(subscriber));
    bus.start(house).await.expect("started");
    bus
}

fn busy() -> Result<(), Undelivered> {
    Err(Undelivered::retry("ThrottlingException", "too many"))
}

/// Lets everything that can happen without the clock happen.
async fn let_run() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn events_arrive_in_order_and_only_those_wanted() {
    let (store, house) = (store(), house());
    let recorder = Recorder::accepting(&house);
    let bus = started(&store, &house, recorder.clone()).await;
    for number in 1..=300 {
        emit(&store, &bus, [event("aws.ssm", number), event("unwanted", number)]).await;
    }
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ids("aws.ssm", 1..=300));
    assert_eq!(bus.stats().expect("readable").subscribers[0].delivered, 300);
}

#[tokio::test]
async fn a_transaction_that_fails_emits_nothing() {
    let (store, house) = (store(), house());
    let recorder = Recorder::accepting(&house);
    let bus = started(&store, &house, recorder.clone()).await;
    let failing = bus.clone();
    let failed: Result<(), StoreError> = store
        .write(move |tx| {
            failing.emit(tx, event("aws.ssm", 1))?;
            Err(StoreError::Closed)
        })
        .await;
    failed.expect_err("it fails");
    emit(&store, &bus, [event("aws.ssm", 2)]).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ["aws.ssm-2"]);
    assert_eq!(bus.recent(10).expect("readable"), [event("aws.ssm", 2)]);
}

#[test]
fn after_a_crash_events_are_delivered_at_least_once_in_order() {
    let store = store();
    let runtime = || tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime().block_on(async {
        let house = house();
        let gate = Arc::new(Semaphore::new(2));
        let recorder = Recorder::accepting(&house);
        let (source, gate_held) = ("aws.ssm", gate.clone());
        let stuck = Stuck { recorder: recorder.clone(), source, gate: gate_held };
        let bus = started(&store, &house, stuck).await;
        emit(&store, &bus, events("aws.ssm", 1..=5)).await;
        emit(&store, &bus, events("aws.sqs", 1..=3)).await;
        while recorder.ids().len() < 5 {
            tokio::task::yield_now().await;
        }
        // The runtime goes, and with it the bus, in the middle of the third delivery.
    });
    runtime().block_on(async {
        let house = house();
        let recorder = Recorder::accepting(&house);
        let bus = started(&store, &house, recorder.clone()).await;
        emit(&store, &bus, [event("aws.ssm", 6)]).await;
        house.clock.settle().await;
        let again = recorder.ids_of("aws.ssm");
        assert!(again.ends_with(&ids("aws.ssm", 3..=6)), "{again:?}");
        assert!(ids("aws.ssm", 1..=6).ends_with(&again), "{again:?}");
    });
}

#[tokio::test]
async fn after_an_orderly_end_nothing_is_delivered_twice() {
    let store = store();
    {
        let house = house();
        let bus = started(&store, &house, Recorder::accepting(&house)).await;
        emit(&store, &bus, events("aws.ssm", 1..=3)).await;
        emit(&store, &bus, events("unwanted", 1..=3)).await;
        house.clock.settle().await;
        house.tasks.close().await;
        emit(&store, &bus, [event("aws.ssm", 4)]).await;
    }
    let house = house();
    let recorder = Recorder::accepting(&house);
    started(&store, &house, recorder.clone()).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ["aws.ssm-4"]);
}

#[tokio::test]
async fn closing_waits_for_the_delivery_in_flight_and_remembers_it() {
    let store = store();
    {
        let house = house();
        let gate = Arc::new(Semaphore::new(0));
        let recorder = Recorder::accepting(&house);
        let stuck = Stuck { recorder: recorder.clone(), source: "aws.ssm", gate: gate.clone() };
        let bus = started(&store, &house, stuck).await;
        emit(&store, &bus, events("aws.ssm", 1..=2)).await;
        let_run().await;
        tokio::join!(house.tasks.close(), async { gate.add_permits(1) });
        assert_eq!(recorder.ids(), ["aws.ssm-1"]);
    }
    let house = house();
    let recorder = Recorder::accepting(&house);
    started(&store, &house, recorder.clone()).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ["aws.ssm-2"]);
}

#[tokio::test]
async fn a_failing_event_holds_up_its_own_source_in_order_and_no_other() {
    let (store, house) = (store(), house());
    let fails = Arc::new(Mutex::new(3));
    let recorder = Recorder::new(&house, move |event| {
        let mut left = fails.lock();
        if event.id == "aws.ssm-1" && *left > 0 {
            *left -= 1;
            return busy();
        }
        Ok(())
    });
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, events("aws.ssm", 1..=3)).await;
    emit(&store, &bus, events("aws.sqs", 1..=3)).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids_of("aws.sqs"), ids("aws.sqs", 1..=3));
    assert_eq!(recorder.ids_of("aws.ssm"), ["aws.ssm-1"]);
    house.clock.advance(Duration::from_secs(60)).await;
    let expected = ["aws.ssm-1", "aws.ssm-1", "aws.ssm-1", "aws.ssm-1", "aws.ssm-2", "aws.ssm-3"];
    assert_eq!(recorder.ids_of("aws.ssm"), expected);
}

#[tokio::test]
async fn attempts_back_off_by_the_clock() {
    let (store, house) = (store(), house());
    let recorder = Recorder::new(&house, |_| busy());
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, [event("aws.ssm", 1)]).await;
    house.clock.advance(Duration::from_secs(60 * 60)).await;
    let times: Vec<_> = recorder.attempts.lock().iter().map(|(_, time)| *time).collect();
    let mut longest = RETRY_FIRST;
    for pair in times.windows(2) {
        let waited = pair[1] - pair[0];
        assert!(waited >= longest / 2 && waited <= longest, "{waited:?} instead of about {longest:?}");
        longest = (longest * 2).min(RETRY_MAX);
    }
    assert!(times.len() > 10);
}

#[tokio::test]
async fn attempts_and_due_times_survive_a_restart() {
    let store = store();
    let attempts_before = {
        let house = house();
        let recorder = Recorder::new(&house, |_| busy());
        let bus = started(&store, &house, recorder.clone()).await;
        emit(&store, &bus, [event("aws.ssm", 1)]).await;
        house.clock.advance(Duration::from_secs(100)).await;
        house.tasks.close().await;
        recorder.ids().len()
    };
    assert!(attempts_before >= 7);
    let house = house();
    let recorder = Recorder::accepting(&house);
    started(&store, &house, recorder.clone()).await;
    house.clock.advance(Duration::from_secs(100)).await;
    assert_eq!(recorder.ids(), Vec::<String>::new());
    // The eighth wait, begun before second 100, lasts at most 128 seconds.
    house.clock.advance(Duration::from_secs(130)).await;
    assert_eq!(recorder.ids(), ["aws.ssm-1"]);
}

#[tokio::test]
async fn an_event_that_keeps_failing_becomes_a_dead_letter_and_the_line_moves_on() {
    let (store, house) = (store(), house());
    let recorder = Recorder::new(&house, |event| if event.id == "aws.ssm-1" { busy() } else { Ok(()) });
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, events("aws.ssm", 1..=2)).await;
    house.clock.advance(AGE_MAX / 4).await;
    assert!(bus.dead_letters(10).expect("readable").is_empty());
    house.clock.advance(AGE_MAX).await;
    let letters = bus.dead_letters(10).expect("readable");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event, event("aws.ssm", 1));
    assert_eq!(letters[0].subscriber, "first");
    assert_eq!(letters[0].code, "ThrottlingException");
    assert!(letters[0].attempts > 100 && letters[0].attempts <= crate::ATTEMPTS_MAX);
    assert!(recorder.ids().ends_with(&ids("aws.ssm", 1..=2)));
}

#[tokio::test]
async fn a_refused_event_dies_at_once_and_can_be_redriven_or_purged() {
    let (store, house) = (store(), house());
    let refusing = Arc::new(Mutex::new(true));
    let answer = refusing.clone();
    let recorder = Recorder::new(&house, move |_| match *answer.lock() {
        true => Err(Undelivered::refuse("ResourceNotFoundException", "no such target")),
        false => Ok(()),
    });
    let bus = Bus::open(&store, &house).expect("a bus");
    let other = Recorder::accepting(&house);
    bus.subscribe("first", Arc::new(recorder.clone()));
    bus.subscribe("second", Arc::new(other.clone()));
    bus.start(&house).await.expect("started");
    emit(&store, &bus, events("aws.ssm", 1..=3)).await;
    house.clock.settle().await;
    let letters = bus.dead_letters(10).expect("readable");
    assert_eq!(
        letters.iter().map(|letter| &*letter.event.id).collect::<Vec<_>>(),
        ["aws.ssm-3", "aws.ssm-2", "aws.ssm-1"]
    );
    let text = letters[0].id.to_string();
    assert_eq!(text.parse(), Ok(letters[0].id.clone()));

    *refusing.lock() = false;
    assert!(bus.purge(&letters[0].id).await.expect("written"));
    assert!(!bus.purge(&letters[0].id).await.expect("written"));
    assert!(bus.redrive(&letters[1].id).await.expect("written"));
    assert_eq!(bus.redrive_all().await.expect("written"), 1);
    house.clock.settle().await;
    assert_eq!(recorder.ids()[3..], ["aws.ssm-2", "aws.ssm-1"]);
    assert_eq!(other.ids(), ids("aws.ssm", 1..=3));
    assert!(bus.dead_letters(10).expect("readable").is_empty());
    assert_eq!(bus.recent(10).expect("readable").len(), 3);
    assert_eq!(bus.purge_all().await.expect("written"), 0);
}

#[tokio::test]
async fn a_slow_source_and_a_failing_subscriber_hold_up_nobody_else() {
    let (store, house) = (store(), house());
    let bus = Bus::open(&store, &house).expect("a bus");
    let gate = Arc::new(Semaphore::new(0));
    let slow = Recorder::accepting(&house);
    let healthy = Recorder::accepting(&house);
    bus.subscribe("failing", Arc::new(Recorder::new(&house, |_| busy())));
    bus.subscribe("healthy", Arc::new(healthy.clone()));
    bus.subscribe("slow", Arc::new(Stuck { recorder: slow.clone(), source: "aws.ssm", gate: gate.clone() }));
    bus.start(&house).await.expect("started");
    emit(&store, &bus, events("aws.ssm", 1..=3)).await;
    let_run().await;
    emit(&store, &bus, events("aws.sqs", 1..=3)).await;
    while slow.ids().len() < 3 || healthy.ids().len() < 6 {
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.ids(), ids("aws.sqs", 1..=3));
    assert_eq!(healthy.ids_of("aws.ssm"), ids("aws.ssm", 1..=3));
    gate.add_permits(3);
    house.clock.settle().await;
    assert_eq!(slow.ids_of("aws.ssm"), ids("aws.ssm", 1..=3));
}

#[tokio::test]
async fn the_clock_waits_for_deliveries() {
    let (store, house) = (store(), house());
    let gate = Arc::new(Semaphore::new(0));
    let recorder = Recorder::accepting(&house);
    let stuck = Stuck { recorder: recorder.clone(), source: "aws.ssm", gate: gate.clone() };
    let bus = started(&store, &house, stuck).await;
    emit(&store, &bus, [event("aws.ssm", 1)]).await;
    tokio::join!(house.clock.advance(Duration::from_secs(1)), async {
        let_run().await;
        gate.add_permits(1);
    });
    assert_eq!(*recorder.attempts.lock(), [("aws.ssm-1".to_owned(), Timestamp::from_seconds(0))]);
}

#[tokio::test]
async fn a_subscriber_that_panics_has_failed() {
    let (store, house) = (store(), house());
    let panics = Arc::new(Mutex::new(true));
    let recorder = Recorder::new(&house, move |_| {
        let panics = std::mem::take(&mut *panics.lock());
        assert!(!panics, "a bug of the subscriber");
        Ok(())
    });
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, [event("aws.ssm", 1)]).await;
    house.clock.advance(RETRY_FIRST).await;
    assert_eq!(recorder.ids(), ["aws.ssm-1", "aws.ssm-1"]);
}

#[tokio::test]
async fn a_subscriber_that_panics_over_an_event_gets_it_and_those_behind_it() {
    let (store, house) = (store(), house());
    let recorder = Recorder::accepting(&house);
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, events("panics", 1..=2)).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ids("panics", 1..=2));
}

#[tokio::test]
async fn a_new_subscriber_begins_with_the_events_since_the_bus_was_opened() {
    let (store, house) = (store(), house());
    let bus = Bus::open(&store, &house).expect("a bus");
    emit(&store, &bus, [event("aws.ssm", 1)]).await;
    let bus = Bus::open(&store, &house).expect("a bus");
    emit(&store, &bus, [event("aws.ssm", 2)]).await;
    let recorder = Recorder::accepting(&house);
    bus.subscribe("first", Arc::new(recorder.clone()));
    bus.start(&house).await.expect("started");
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ["aws.ssm-2"]);
}

#[tokio::test]
async fn the_journal_keeps_the_newest_events_and_all_that_are_not_delivered() {
    let (store, house) = (store(), house());
    let open = Arc::new(Mutex::new(false));
    let answer = open.clone();
    let recorder = Recorder::new(&house, move |_| if *answer.lock() { Ok(()) } else { busy() });
    let bus = started(&store, &house, recorder.clone()).await;
    let total = JOURNAL_MAX + 2000;
    for first in (1..=total).step_by(1000) {
        emit(&store, &bus, events("aws.ssm", first..=first + 999)).await;
    }
    house.clock.settle().await;
    let stats = bus.stats().expect("readable");
    assert_eq!((stats.journal, stats.subscribers[0].outbox), (total, total));
    *open.lock() = true;
    house.clock.advance(RETRY_FIRST).await;
    emit(&store, &bus, [event("aws.ssm", total + 1)]).await;
    house.clock.settle().await;
    let stats = bus.stats().expect("readable");
    assert!(stats.journal >= JOURNAL_MAX && stats.journal <= JOURNAL_MAX + crate::journal::SLACK, "{stats:?}");
    assert_eq!(stats.subscribers[0].outbox, 0);
    assert_eq!(bus.recent(2).expect("readable"), [event("aws.ssm", total + 1), event("aws.ssm", total)]);
}

#[tokio::test]
async fn emptying_the_store_does_not_stop_the_bus() {
    let (store, house) = (store(), house());
    let recorder = Recorder::accepting(&house);
    let bus = started(&store, &house, recorder.clone()).await;
    emit(&store, &bus, events("aws.ssm", 1..=3)).await;
    house.clock.settle().await;
    store.wipe().await.expect("emptied");
    emit(&store, &bus, [event("aws.ssm", 4)]).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ids("aws.ssm", 1..=4));
}

#[tokio::test]
async fn what_is_stored_is_sound() {
    let (store, house) = (store(), house());
    let bus = started(&store, &house, Recorder::new(&house, |_| Err(Undelivered::refuse("No", "no")))).await;
    emit(&store, &bus, events("aws.ssm", 1..=3)).await;
    house.clock.settle().await;
    let report = store.check(crate::tables()).await.expect("checked");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test]
async fn what_is_emitted_to_one_subscriber_is_nobody_elses() {
    let (store, house) = (store(), house());
    let (first, second) = (Recorder::accepting(&house), Recorder::accepting(&house));
    let bus = Bus::open(&store, &house).expect("a bus");
    bus.subscribe("first", Arc::new(first.clone()));
    bus.subscribe("second", Arc::new(second.clone()));
    bus.start(&house).await.expect("started");
    let emitting = bus.clone();
    let written: Result<(), StoreError> =
        store.write(move |tx| emitting.emit_to(tx, "second", event("aws.s3", 1))).await;
    written.expect("committed");
    emit(&store, &bus, [event("aws.s3", 2)]).await;
    house.clock.settle().await;
    assert_eq!(first.ids(), ["aws.s3-2"]);
    assert_eq!(second.ids(), ["aws.s3-1", "aws.s3-2"]);
    assert_eq!(bus.recent(10).expect("readable"), [event("aws.s3", 2)]);
}

#[tokio::test]
async fn what_is_recorded_is_seen_and_delivered_to_nobody() {
    let (store, house) = (store(), house());
    let recorder = Recorder::accepting(&house);
    let bus = started(&store, &house, recorder.clone()).await;
    let recording = bus.clone();
    let written: Result<(), StoreError> = store.write(move |tx| recording.record(tx, event("orders", 1))).await;
    written.expect("committed");
    emit(&store, &bus, [event("aws.s3", 2)]).await;
    house.clock.settle().await;
    assert_eq!(recorder.ids(), ["aws.s3-2"]);
    assert_eq!(bus.recent(10).expect("readable"), [event("aws.s3", 2), event("orders", 1)]);
}
