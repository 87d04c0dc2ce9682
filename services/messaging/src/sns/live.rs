//! What SNS keeps in memory beside its tables: who gets what of a topic, and what is still to be delivered and when.
//! All of it follows from the tables.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use haar_platform::kernel::{Ctx, Timestamp, Waker};
use haar_platform::store::Tx;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::deadline::Deadline;

use super::address::TopicAddress;
use super::agenda::{Agenda, Parcel};
use super::fanout::Fanout;
use super::signature::Signing;
use super::signed::Signatures;
use super::webhook::Webhooks;

/// Topics whose subscribers are kept; beyond, all are forgotten and read again.
const FANOUTS_MAX: usize = 10_000;

/// Shared by operations, jobs and the callbacks of commits.
pub struct Live {
    fanouts: Mutex<HashMap<TopicAddress, Arc<Fanout>>>,
    /// Grows with every change of a topic or subscription: what was read before one is not kept after it.
    changes: AtomicU64,
    /// The number of the next message. Only closures of the store's one writer take numbers, so their order is that
    /// of the commits; it goes on growing when the store is emptied.
    next_message: AtomicU64,
    /// What was committed and the dispatcher has not seen yet.
    inbox: Mutex<Vec<Parcel>>,
    /// Says so while the dispatcher is at work.
    pub news: Notify,
    /// Says so while it sleeps.
    pub dispatch: Waker,
    pub agenda: Mutex<Agenda>,
    /// The job that drops unconfirmed subscriptions and forgets deduplication ids.
    pub upkeep: Deadline,
    pub signing: Signing,
    pub signatures: Signatures,
    pub webhooks: Webhooks,
}

impl Live {
    pub fn new(next_message: u64) -> Self {
        Self {
            fanouts: Mutex::default(),
            changes: AtomicU64::new(0),
            next_message: AtomicU64::new(next_message),
            inbox: Mutex::default(),
            news: Notify::new(),
            dispatch: Waker::default(),
            agenda: Mutex::default(),
            upkeep: Deadline::default(),
            signing: Signing::default(),
            signatures: Signatures::default(),
            webhooks: Webhooks::default(),
        }
    }

    /// After the store was emptied. The key is made anew when it is needed.
    pub fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.fanouts.lock().clear();
        self.inbox.lock().clear();
        self.agenda.lock().clear();
        self.signing.forget();
    }

    /// A transaction changes a topic or its subscriptions.
    pub fn changes(self: &Arc<Self>, tx: &mut Tx, topic: &TopicAddress) {
        let (live, topic) = (self.clone(), topic.clone());
        tx.on_commit(move || {
            live.changes.fetch_add(1, Ordering::AcqRel);
            live.fanouts.lock().remove(&topic);
        });
    }

    /// The subscribers of a topic, read with `read` where they are not known.
    pub fn fanout<E>(
        &self,
        topic: &TopicAddress,
        read: impl FnOnce() -> Result<Option<Fanout>, E>,
    ) -> Result<Option<Arc<Fanout>>, E> {
        if let Some(known) = self.fanouts.lock().get(topic) {
            return Ok(Some(known.clone()));
        }
        let before = self.changes.load(Ordering::Acquire);
        let Some(fanout) = read()?.map(Arc::new) else { return Ok(None) };
        let mut fanouts = self.fanouts.lock();
        if self.changes.load(Ordering::Acquire) == before {
            if fanouts.len() >= FANOUTS_MAX {
                fanouts.clear();
            }
            fanouts.insert(topic.clone(), fanout.clone());
        }
        Ok(Some(fanout))
    }

    /// A number for a message; in a transaction only.
    pub fn take_number(&self) -> u64 {
        self.next_message.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands parcels to the dispatcher once the transaction is durable.
    pub fn post(self: &Arc<Self>, tx: &mut Tx, parcels: Vec<Parcel>) {
        if parcels.is_empty() {
            return;
        }
        let live = self.clone();
        tx.on_commit(move || {
            live.inbox.lock().extend(parcels);
            live.news.notify_one();
            live.dispatch.wake();
        });
    }

    /// A transaction stores what is to be dropped then.
    pub fn expires(self: &Arc<Self>, tx: &mut Tx, at: Timestamp) {
        let live = self.clone();
        tx.on_commit(move || live.upkeep.note(at));
    }

    /// What was committed since the last look.
    pub fn take_inbox(&self) -> Vec<Parcel> {
        std::mem::take(&mut *self.inbox.lock())
    }
}

/// The address of the house for links: as the caller wrote it, or the house's own where no client calls.
pub fn house(ctx: &Ctx) -> String {
    let endpoint = if ctx.origin.source_ip.is_some() { &ctx.origin.endpoint } else { ctx.house.endpoint() };
    endpoint.trim_end_matches('/').to_owned()
}
