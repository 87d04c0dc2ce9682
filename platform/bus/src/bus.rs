//! The handle of the bus: emit, subscribe, start, read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use haar_kernel::clock::RunnerHandle;
use haar_kernel::{Clock, House};
use haar_store::{Read, Span, Store, StoreError, TableInfo, Tx};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::dead_letter::{self, DEAD_LETTERS, DeadLetter, DeadLetterId};
use crate::dispatcher::{Counters, Dispatcher};
use crate::event::Event;
use crate::journal::{self, EVENTS, Entry, FLOORS};
use crate::keeper;
use crate::lane::CURSORS;
use crate::subscriber::Subscriber;

/// A cheap handle: clones share the same bus.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    /// The number of the newest event when the bus was opened.
    opened_at: u64,
    /// The number of the next event. In memory, because it must go on growing when the store is emptied; only
    /// closures of the store's one writer take numbers, so their order is that of the commits.
    next: AtomicU64,
    /// Until the start.
    subscribers: Mutex<BTreeMap<&'static str, Arc<dyn Subscriber>>>,
    /// From the start on: what a commit wakes, and what is counted.
    started: OnceLock<Started>,
}

struct Started {
    wakers: Vec<Waker>,
    counters: Vec<(&'static str, Arc<Counters>)>,
}

/// Wakes a dispatcher: between deliveries through the clock, during deliveries directly.
pub(crate) struct Waker {
    pub(crate) runner: RunnerHandle,
    pub(crate) news: Arc<Notify>,
}

impl Waker {
    pub(crate) fn wake(&self) {
        self.runner.wake();
        self.news.notify_one();
    }
}

/// Figures for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Events in the journal, delivered or not.
    pub journal: u64,
    /// Dead letters kept.
    pub dead_letters: u64,
    /// By name.
    pub subscribers: Vec<SubscriberStats>,
}

/// Figures of one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberStats {
    /// Its name.
    pub name: &'static str,
    /// Events since the oldest that it is not done with: at least as many as wait.
    pub outbox: u64,
    /// Deliveries that worked, since the start.
    pub delivered: u64,
    /// Attempts that failed, since the start.
    pub failed: u64,
    /// Events given up, since the start.
    pub dead: u64,
}

/// The bus's tables, for `Store::check`.
pub fn tables() -> Vec<TableInfo> {
    vec![EVENTS.info(), FLOORS.info(), CURSORS.info(), DEAD_LETTERS.info()]
}

impl Bus {
    /// Opens the bus. Events can be emitted from now on; they are delivered from [`Bus::start`] on.
    pub fn open(store: &Store, house: &House) -> Result<Self, StoreError> {
        let opened_at = store.read(journal::end)?;
        Ok(Self(Arc::new(Inner {
            store: store.clone(),
            clock: house.clock.clone(),
            opened_at,
            next: AtomicU64::new(opened_at + 1),
            subscribers: Mutex::default(),
            started: OnceLock::new(),
        })))
    }

    /// Registers who gets events. The name is stored data: under it the subscriber finds its place again. One that
    /// was not there the last time gets the events emitted since the bus was opened; one that is not registered at a
    /// start loses its place.
    pub fn subscribe(&self, name: &'static str, subscriber: Arc<dyn Subscriber>) {
        let before = self.0.subscribers.lock().insert(name, subscriber);
        assert!(before.is_none(), "subscribers have different names");
        assert!(self.0.started.get().is_none(), "subscribers register before the start");
    }

    /// Starts delivering, first of all what was not delivered the last time. Ends with the house, after what is in
    /// flight has ended and is noted.
    pub async fn start(&self, house: &House) -> Result<(), StoreError> {
        let subscribers = std::mem::take(&mut *self.0.subscribers.lock());
        let names: Vec<String> = subscribers.keys().map(|name| (*name).to_owned()).collect();
        let (opened_at, names_count) = (self.0.opened_at, names.len());
        self.0.store.write(move |tx| journal::enrol(tx, &names, opened_at)).await?;
        let mut started = Started { wakers: Vec::new(), counters: Vec::new() };
        for (name, subscriber) in subscribers {
            let dispatcher = Dispatcher::open(name, subscriber, &self.0.store, house)?;
            started.wakers.push(dispatcher.waker());
            started.counters.push((name, dispatcher.counters()));
            house.tasks.spawn("bus dispatcher", dispatcher.run());
        }
        let runner = house.clock.runner();
        started.wakers.push(Waker { runner: runner.handle(), news: Arc::default() });
        let keeper = keeper::run(self.0.store.clone(), house.clock.clone(), runner, names_count);
        house.tasks.spawn_forever("bus keeper", keeper);
        let first = self.0.started.set(started);
        assert!(first.is_ok(), "the bus starts once");
        // What was committed while nobody could be woken.
        self.0.wake();
        Ok(())
    }

    /// Emits an event if the transaction commits, and only then.
    pub fn emit(&self, tx: &mut Tx, event: Event) -> Result<(), StoreError> {
        self.append(tx, &Entry::new(event, self.0.clock.now()))
    }

    /// Emits an event for one subscriber alone, if the transaction commits: a service's own durable outbox, with the
    /// bus's retries and dead letters. Nobody else sees it, [`Bus::recent`] neither. A subscriber by that name must be
    /// registered at the start.
    pub fn emit_to(&self, tx: &mut Tx, subscriber: &str, event: Event) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        self.append(tx, &Entry::new(event, now).revived(subscriber, now))
    }

    /// Keeps an event among the recent ones if the transaction commits, and delivers it to nobody: who calls this has
    /// taken care of that in the same transaction.
    pub fn record(&self, tx: &mut Tx, event: Event) -> Result<(), StoreError> {
        self.append(tx, &Entry::recorded(event, self.0.clock.now()))
    }

    fn append(&self, tx: &mut Tx, entry: &Entry) -> Result<(), StoreError> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        tx.put(EVENTS, &number, entry)?;
        let inner = self.0.clone();
        tx.on_commit(move || inner.wake());
        Ok(())
    }

    /// The newest events, newest first, delivered or not.
    pub fn recent(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.0.store.read(|read| journal::recent(read, limit))
    }

    /// What could not be delivered, newest first.
    pub fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.0.store.read(|read| dead_letter::list(read, limit))
    }

    /// Delivers a dead letter anew, to the subscriber that did not get it and behind the events that its source
    /// emitted since. False if there is no such letter.
    pub async fn redrive(&self, id: &DeadLetterId) -> Result<bool, StoreError> {
        let (bus, id) = (self.clone(), id.clone());
        self.0.store.write(move |tx| bus.revive(tx, &id.key())).await
    }

    /// Delivers all dead letters anew, oldest first; how many.
    pub async fn redrive_all(&self) -> Result<u64, StoreError> {
        let bus = self.clone();
        self.0
            .store
            .write(move |tx| {
                let keys = dead_letter::keys(tx)?;
                for (number, subscriber) in &keys {
                    bus.revive(tx, &(*number, subscriber))?;
                }
                Ok(keys.len() as u64)
            })
            .await
    }

    fn revive(&self, tx: &mut Tx, key: &(u64, &str)) -> Result<bool, StoreError> {
        let Some(letter) = tx.delete(DEAD_LETTERS, key)? else {
            return Ok(false);
        };
        self.append(tx, &letter.into_entry().revived(key.1, self.0.clock.now()))?;
        Ok(true)
    }

    /// Forgets a dead letter. False if there is no such letter.
    pub async fn purge(&self, id: &DeadLetterId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.0.store.write(move |tx| Ok(tx.delete(DEAD_LETTERS, &id.key())?.is_some())).await
    }

    /// Forgets all dead letters; how many.
    pub async fn purge_all(&self) -> Result<u64, StoreError> {
        self.0
            .store
            .write(|tx| {
                let keys = dead_letter::keys(tx)?;
                for key in &keys {
                    tx.delete(DEAD_LETTERS, key)?;
                }
                Ok(keys.len() as u64)
            })
            .await
    }

    /// Figures for metrics. Walks what waits: not for every request.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let read = self.0.store.snapshot();
        let mut subscribers = Vec::new();
        for (name, counters) in self.0.started.get().into_iter().flat_map(|started| &started.counters) {
            let floor = read.get(FLOORS, *name)?.unwrap_or(0);
            subscribers.push(SubscriberStats {
                name,
                outbox: read.count_in(EVENTS, Span::between((), floor + 1..))?,
                delivered: counters.delivered.load(Ordering::Relaxed),
                failed: counters.failed.load(Ordering::Relaxed),
                dead: counters.dead.load(Ordering::Relaxed),
            });
        }
        Ok(Stats { journal: read.count(EVENTS)?, dead_letters: read.count(DEAD_LETTERS)?, subscribers })
    }
}

impl Inner {
    fn wake(&self) {
        if let Some(started) = self.started.get() {
            started.wakers.iter().for_each(Waker::wake);
        }
    }
}
