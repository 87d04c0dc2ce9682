//! Deliveries to be made: written in the transaction of the event, so that an event that was acknowledged reaches its
//! targets whatever happens to the process next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use haar_platform::kernel::{Timestamp, Waker};
use haar_platform::store::{Read, Span, Store, StoreError, Tx};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Notify;

use super::lanes::Lanes;
use super::model::{ARCHIVED, Archived, HOLDINGS, OUTSTANDING, Outstanding};
use super::place::BusPlace;
use super::router::{Armed, Route};
use super::transform::{self, Matched};

/// More than can be given out in a millisecond.
const NUMBERS_PER_MILLISECOND: u64 = 1000;

/// A cheap handle: clones share the same outbox.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    /// The number of the next delivery or archived event: only closures of the store's one writer take numbers.
    next: AtomicU64,
    /// What was written since the courier looked: number and target.
    arrived: Mutex<Vec<(u64, String)>>,
    /// The courier's, while it does not work.
    lanes: Mutex<Option<Lanes>>,
    waker: Waker,
    news: Notify,
}

/// An event that has arrived on a bus.
pub struct Arrival<'a> {
    pub event: &'a Value,
    pub time: Timestamp,
    pub ingested: Timestamp,
    pub hops: u8,
}

/// What an arrival leads to, made outside of the transaction.
pub struct Consequences {
    deliveries: Vec<Outstanding>,
    /// Numbers of archives.
    archives: Vec<u64>,
    /// The event, if it is archived.
    archived: Option<(i64, String)>,
}

impl Outbox {
    pub fn open(store: &Store, waker: &Waker, now: Timestamp) -> Self {
        let newest =
            store.read(|tx| tx.scan_back(OUTSTANDING, Span::all()).next().transpose()).unwrap_or_else(|cause| {
                // A store that does not read fails every call, and says so there.
                tracing::error!(%cause, "failed to look for deliveries that were not made");
                None
            });
        let newest = newest.map(|(number, _)| number);
        // Archived events have numbers too, and there may be many: the time is a number that was not reached yet.
        let last = newest.unwrap_or(0).max(now.millis().unsigned_abs() * NUMBERS_PER_MILLISECOND);
        Self(Arc::new(Shared {
            next: AtomicU64::new(last + 1),
            arrived: Mutex::default(),
            lanes: Mutex::default(),
            waker: waker.clone(),
            news: Notify::new(),
        }))
    }

    /// Writes what an arrival leads to; the courier is told after the commit.
    pub fn post(&self, tx: &mut Tx, consequences: &Consequences) -> Result<(), StoreError> {
        for archive in &consequences.archives {
            self.archive(tx, *archive, consequences)?;
        }
        if consequences.deliveries.is_empty() {
            return Ok(());
        }
        let mut arrived = Vec::with_capacity(consequences.deliveries.len());
        for delivery in &consequences.deliveries {
            let number = self.number();
            tx.put(OUTSTANDING, &number, delivery)?;
            arrived.push((number, delivery.target.arn.clone()));
        }
        let outbox = self.clone();
        tx.on_commit(move || {
            outbox.0.arrived.lock().extend(arrived);
            outbox.0.waker.wake();
            outbox.0.news.notify_one();
        });
        Ok(())
    }

    fn archive(&self, tx: &mut Tx, archive: u64, consequences: &Consequences) -> Result<(), StoreError> {
        let Some((time, event)) = &consequences.archived else { return Ok(()) };
        // Gone meanwhile: what hung on it is gone too.
        let Some(mut holdings) = tx.get(HOLDINGS, &archive)? else { return Ok(()) };
        holdings.events += 1;
        holdings.bytes += event.len() as u64;
        tx.put(HOLDINGS, &archive, &holdings)?;
        tx.put(ARCHIVED, &(archive, *time, self.number()), &Archived { event: event.clone() })
    }

    fn number(&self) -> u64 {
        self.0.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What was written since the last time.
    pub fn take_arrived(&self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.0.arrived.lock())
    }

    /// Resolves when something was written.
    pub async fn news(&self) {
        self.0.news.notified().await;
    }

    /// The lanes, as the courier left them.
    pub fn take_lanes(&self) -> Option<Lanes> {
        self.0.lanes.lock().take()
    }

    /// The courier has nothing to do: keeps its lanes.
    pub fn keep_lanes(&self, lanes: Lanes) {
        *self.0.lanes.lock() = Some(lanes);
    }

    /// After the store was emptied.
    pub fn forget(&self) {
        self.0.arrived.lock().clear();
        *self.0.lanes.lock() = None;
    }
}

impl Consequences {
    /// What follows when an event has found its rules and archives.
    pub fn of(route: &Route, arrival: &Arrival<'_>) -> Self {
        let deliveries = route.rules.iter().flat_map(|armed| deliveries(armed, arrival)).collect();
        let archived = (!route.archives.is_empty()).then(|| (arrival.time.millis(), arrival.event.to_string()));
        Self { deliveries, archives: route.archives.clone(), archived }
    }

    /// What follows when one rule is due.
    pub fn of_rule(armed: &Armed, arrival: &Arrival<'_>) -> Self {
        Self { deliveries: deliveries(armed, arrival).collect(), archives: Vec::new(), archived: None }
    }
}

fn deliveries<'a>(armed: &'a Armed, arrival: &'a Arrival<'_>) -> impl Iterator<Item = Outstanding> + 'a {
    let Armed { bus, name, arn, rule } = armed;
    let BusPlace { account, region, name: bus } = bus;
    let event_id = arrival.event.get("id").and_then(Value::as_str).unwrap_or_default();
    rule.targets.iter().map(move |target| {
        let matched = Matched { event: arrival.event, rule_arn: arn, rule_name: name, ingested: arrival.ingested };
        Outstanding {
            bus: (account.to_string(), region.to_string(), bus.clone()),
            rule: name.clone(),
            target: target.recipient(),
            payload: transform::payload(&target.input, &matched),
            event_id: event_id.to_owned(),
            ingested: arrival.ingested,
            hops: arrival.hops,
            attempts: 0,
            due: arrival.ingested,
        }
    })
}
