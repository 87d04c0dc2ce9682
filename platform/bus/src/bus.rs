//! The handle of the bus: emit, subscribe, start, read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use haar_kernel::clock::RunnerHandle;
use haar_kernel::{Clock, House};
use haar_store::{Read, Span, Store, StoreError, TableInfo, Tx};
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
    /// What a commit wakes; empty before the start.
    wakers: OnceLock<Vec<Waker>>,
    counters: OnceLock<Vec<(&'static str, Arc<Counters>)>>,
}

/// Wakes a dispatcher: between deliveries through the clock, during deliveries directly.
#[derive(Clone)]
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

/// Subscribers by name, until the bus starts.
pub type Subscribers = BTreeMap<&'static str, Arc<dyn Subscriber>>;

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
