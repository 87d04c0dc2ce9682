//! Brings the journal to one subscriber: one event of a source at a time, many sources at once.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use haar_kernel::clock::Runner;
use haar_kernel::tasks::Tasks;
use haar_kernel::{Clock, House, Timestamp};
use haar_store::{Read, Span, Store, StoreError};
use tokio::sync::{Notify, oneshot};

use crate::bus::Waker;
use crate::dead_letter::{self, Stored};
use crate::event::Event;
use crate::journal::{self, EVENTS, Entry, FLOORS};
use crate::lane::{CURSORS, Cursor, Lane};
use crate::retry;
use crate::subscriber::{Subscriber, Undelivered};

/// Deliveries of one subscriber at a time.
pub const IN_FLIGHT_MAX: usize = 64;

/// A delivery that takes longer has failed: as long as a Lambda function may run.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Deliveries whose success is not stored yet, while others go on: a crash repeats them.
pub const UNSAVED_MAX: usize = 64;

/// Events looked at before other work gets its turn.
const STEP_MAX: usize = 1000;

/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(30);

/// What a subscriber got since the start.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) delivered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) dead: AtomicU64,
}

pub(crate) struct Dispatcher {
    name: &'static str,
    subscriber: Arc<dyn Subscriber>,
    store: Store,
    clock: Clock,
    tasks: Tasks,
    runner: Runner,
    /// Says that events were emitted while the runner does not sleep.
    news: Arc<Notify>,
    counters: Arc<Counters>,
    /// Events up to this one have been put into lanes.
    seen: u64,
    /// Lanes that have a next event, or whose cursor is not covered by the floor.
    lanes: HashMap<String, Lane>,
    /// Sources whose next event is due.
    ready: VecDeque<String>,
    /// Sources whose next event failed, by when it is due again.
    waiting: BTreeSet<(Timestamp, String)>,
    in_flight: FuturesUnordered<BoxFuture<'static, Delivery>>,
    /// Deliveries and failures since the last save.
    unsaved: usize,
    /// Events since the last save that the subscriber did not want.
    unwanted: usize,
    paused_until: Option<Timestamp>,
}

/// How a delivery ended.
struct Delivery {
    source: String,
    number: u64,
    entry: Entry,
    result: Result<(), Undelivered>,
}

impl Dispatcher {
    pub(crate) fn open(
        name: &'static str,
        subscriber: Arc<dyn Subscriber>,
        store: &Store,
        house: &House,
    ) -> Result<Self, StoreError> {
        let read = store.snapshot();
        let floor = read.get(FLOORS, name)?.unwrap_or(0);
        let mut lanes = HashMap::new();
        for row in read.scan(CURSORS, Span::under((name,))) {
            let ((_, source), cursor) = row?;
            let lane = Lane { cursor, ..Lane::default() };
            lanes.insert(source, lane);
        }
        Ok(Self {
            name,
            subscriber,
            store: store.clone(),
            clock: house.clock.clone(),
            tasks: house.tasks.clone(),
            runner: house.clock.runner(),
            news: Arc::default(),
            counters: Arc::default(),
            seen: floor,
            lanes,
            ready: VecDeque::new(),
            waiting: BTreeSet::new(),
            in_flight: FuturesUnordered::new(),
            unsaved: 0,
            unwanted: 0,
            paused_until: None,
        })
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker { runner: self.runner.handle(), news: self.news.clone() }
    }

    pub(crate) fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// Delivers until the house closes; then waits for what is in flight.
    pub(crate) async fn run(mut self) {
        let tasks = self.tasks.clone();
        let mut closing = pin!(tasks.closing());
        let mut closed = false;
        loop {
            self.paused_until.take_if(|until| *until <= self.clock.now());
            if self.paused_until.is_none() {
                match self.step(closed).await {
                    Ok(true) => {
                        tokio::task::yield_now().await;
                        continue;
                    }
                    Ok(false) => {}
                    Err(StoreError::Closed) => return,
                    Err(cause) => {
                        tracing::error!(subscriber = self.name, %cause, "failed to go on with the journal of events");
                        self.paused_until = Some(self.clock.now() + PAUSE);
                    }
                }
            }
            if closed && self.in_flight.is_empty() {
                return;
            }
            let due = self.paused_until.or_else(|| self.waiting.first().map(|(due, _)| *due));
            if self.in_flight.is_empty() {
                tokio::select! {
                    () = self.runner.sleep(due) => {}
                    () = &mut closing, if !closed => closed = true,
                }
            } else {
                // The runner is busy, so that the clock waits; only a clock that follows the machine gets here to
                // what is due.
                let clock = self.clock.clone();
                tokio::select! {
                    delivery = self.in_flight.next() => if let Some(delivery) = delivery {
                        self.note(delivery).await;
                    },
                    () = self.news.notified() => {}
                    () = clock.sleep_until(due.unwrap_or(Timestamp::MAX)) => {}
                    () = &mut closing, if !closed => closed = true,
                }
            }
        }
    }

    /// Takes up what is new and what is due, and saves how far we are; whether there is more to do at once.
    async fn step(&mut self, closed: bool) -> Result<bool, StoreError> {
        let mut more = false;
        if !closed {
            more |= self.discover()?;
            self.take_due();
            more |= self.deliver_ready()?;
        }
        let idle = self.in_flight.is_empty() && !more;
        let at_rest = idle && (self.unsaved > 0 || closed && self.unwanted > 0);
        if at_rest || self.unsaved >= UNSAVED_MAX || self.unwanted >= UNSAVED_MAX {
            self.save().await?;
        }
        Ok(more)
    }

    /// Puts new events into lanes; whether there are more.
    fn discover(&mut self) -> Result<bool, StoreError> {
        let read = self.store.snapshot();
        let new = Span::between((), (Bound::Excluded(self.seen), Bound::Unbounded));
        let mut count = 0;
        for row in read.scan(EVENTS, new).take(STEP_MAX) {
            count += 1;
            let (number, entry) = match row {
                Ok(row) => row,
                Err(cause @ StoreError::Corrupt { .. }) => {
                    tracing::error!(subscriber = self.name, %cause, "skipped a damaged event");
                    continue;
                }
                Err(cause) => return Err(cause),
            };
            self.seen = number;
            let lane = self.lanes.entry(entry.source.clone()).or_default();
            if number > lane.cursor.done && lane.head.is_none() {
                lane.head = Some(number);
                let due = lane.cursor.due;
                self.queue(entry.source, due);
            }
        }
        Ok(count == STEP_MAX)
    }

    fn queue(&mut self, source: String, due: Timestamp) {
        if due <= self.clock.now() {
            self.ready.push_back(source);
        } else {
            self.waiting.insert((due, source));
        }
    }

    fn take_due(&mut self) {
        let now = self.clock.now();
        while self.waiting.first().is_some_and(|(due, _)| *due <= now) {
            self.ready.extend(self.waiting.pop_first().map(|(_, source)| source));
        }
    }

    /// Delivers what is due; whether it stopped before the end for the sake of others.
    fn deliver_ready(&mut self) -> Result<bool, StoreError> {
        for _ in 0..STEP_MAX {
            if self.in_flight.len() == IN_FLIGHT_MAX {
                return Ok(false);
            }
            let Some(source) = self.ready.pop_front() else {
                return Ok(false);
            };
            let Some(number) = self.lanes.get(&source).and_then(|lane| lane.head) else {
                continue;
            };
            let entry = match self.store.read(|read| read.get(EVENTS, &number)) {
                Ok(entry) => entry,
                Err(cause @ StoreError::Corrupt { .. }) => {
                    tracing::error!(subscriber = self.name, %cause, "skipped a damaged event");
                    None
                }
                Err(cause) => {
                    self.ready.push_front(source);
                    return Err(cause);
                }
            };
            // An event can also be gone: the store was emptied.
            let wanted = entry.filter(|entry| entry.is_for(self.name)).and_then(|entry| {
                let event = entry.event();
                self.wants(&event).then_some((entry, event))
            });
            match wanted {
                Some((entry, event)) => self.deliver(source, number, entry, event),
                None => {
                    self.unwanted += 1;
                    self.pass(source, number)?;
                }
            }
        }
        Ok(!self.ready.is_empty())
    }

    /// A subscriber that panics over an event gets it: then it is a delivery that fails, and in the end a dead letter.
    fn wants(&self, event: &Event) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.subscriber.wants(event))).unwrap_or(true)
    }

    fn deliver(&mut self, source: String, number: u64, entry: Entry, event: Event) {
        let (answer, answered) = oneshot::channel();
        let (clock, subscriber) = (self.clock.clone(), self.subscriber.clone());
        // A task of its own: a panic of the subscriber ends there.
        self.tasks.spawn("delivery", async move {
            // The dispatcher waits for the answer, unless the runtime is going down.
            let _ = answer.send(deliver_in_time(&clock, &*subscriber, &event).await);
        });
        self.in_flight.push(Box::pin(async move {
            let panicked = |_| Err(Undelivered::retry("InternalFailure", "the delivery panicked"));
            Delivery { source, number, entry, result: answered.await.unwrap_or_else(panicked) }
        }));
    }

    /// Draws the consequences of a delivery.
    async fn note(&mut self, delivery: Delivery) {
        let Delivery { source, number, entry, result } = delivery;
        let passed = match result {
            Ok(()) => {
                self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                self.unsaved += 1;
                self.pass(source, number)
            }
            Err(why) => {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
                self.retry_or_bury(source, number, entry, why).await
            }
        };
        if let Err(cause) = passed {
            tracing::error!(subscriber = self.name, %cause, "failed to go on with the journal of events");
            self.paused_until = Some(self.clock.now() + PAUSE);
        }
    }

    async fn retry_or_bury(
        &mut self,
        source: String,
        number: u64,
        entry: Entry,
        why: Undelivered,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let lane = self.lanes.entry(source.clone()).or_default();
        let attempts = lane.cursor.attempts.saturating_add(1);
        let over = !why.retry || retry::is_over(attempts, entry.emitted, now);
        lane.cursor.attempts = attempts;
        lane.cursor.due = now + retry::delay(attempts);
        lane.changed = true;
        let due = lane.cursor.due;
        self.unsaved += 1;
        tracing::debug!(subscriber = self.name, source, number, attempts, over, code = why.code, "a delivery failed");
        if !over {
            self.queue(source, due);
            return Ok(());
        }
        let letter = Stored::new(entry, why, attempts, now);
        if let Err(cause) = bury(&self.store, self.name, source.clone(), number, letter).await {
            // Without its dead letter an event is not given up: it is tried again.
            self.queue(source, due);
            return Err(cause);
        }
        self.counters.dead.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(subscriber = self.name, source, number, attempts, "gave up an event: it is a dead letter now");
        self.pass(source, number)
    }

    /// Leaves an event of a lane behind, and queues the next.
    fn pass(&mut self, source: String, number: u64) -> Result<(), StoreError> {
        let lane = self.lanes.entry(source.clone()).or_default();
        lane.pass(number);
        match self.store.read(|read| journal::next(read, &source, number, self.seen)) {
            Ok(Some(next)) => {
                lane.head = Some(next);
                self.ready.push_back(source);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(cause) => {
                // The next event of the lane is found again with the new ones.
                self.seen = self.seen.min(number);
                Err(cause)
            }
        }
    }

    /// Stores how far we are.
    async fn save(&mut self) -> Result<(), StoreError> {
        let heads = self.lanes.values().filter_map(|lane| lane.head);
        let floor = heads.min().map_or(self.seen, |head| head - 1);
        let covered = |lane: &Lane| lane.head.is_none() && lane.cursor.done <= floor;
        let name = self.name;
        let (mut put, mut delete) = (Vec::new(), Vec::new());
        for (source, lane) in &self.lanes {
            if covered(lane) {
                delete.push((name, source.clone()));
            } else if lane.changed {
                put.push(((name, source.clone()), lane.cursor));
            }
        }
        self.store
            .write(move |tx| {
                tx.put(FLOORS, name, &floor)?;
                for key in &delete {
                    tx.delete(CURSORS, key)?;
                }
                put.iter().try_for_each(|(key, cursor)| tx.put(CURSORS, key, cursor))
            })
            .await?;
        self.lanes.retain(|_, lane| !covered(lane));
        self.lanes.values_mut().for_each(|lane| lane.changed = false);
        self.unsaved = 0;
        self.unwanted = 0;
        Ok(())
    }
}

/// Writes a dead letter and moves the stored cursor behind it, both or neither.
async fn bury(
    store: &Store,
    name: &'static str,
    source: String,
    number: u64,
    letter: Stored,
) -> Result<(), StoreError> {
    let behind = Cursor { done: number, ..Cursor::default() };
    store
        .write(move |tx| {
            dead_letter::put(tx, number, name, &letter)?;
            tx.put(CURSORS, &(name, source), &behind)
        })
        .await
}

async fn deliver_in_time(clock: &Clock, subscriber: &dyn Subscriber, event: &Event) -> Result<(), Undelivered> {
    tokio::select! {
        result = subscriber.deliver(event) => result,
        () = clock.sleep(DELIVERY_TIMEOUT) => {
            let seconds = DELIVERY_TIMEOUT.as_secs();
            Err(Undelivered::retry("Timeout", format!("the delivery took longer than {seconds} seconds")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::event;

    struct Hangs;

    impl Subscriber for Hangs {
        fn wants(&self, _: &Event) -> bool {
            true
        }

        fn deliver<'a>(&'a self, _: &'a Event) -> BoxFuture<'a, Result<(), Undelivered>> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn a_delivery_that_never_ends_has_failed_in_the_end() {
        let clock = Clock::starting_at(Timestamp::from_seconds(0));
        let event = event("aws.ssm", 1);
        let (result, _) = tokio::join!(
            biased;
            deliver_in_time(&clock, &Hangs, &event),
            clock.advance(DELIVERY_TIMEOUT)
        );
        assert_eq!(result.expect_err("too late").code, "Timeout");
    }
}
