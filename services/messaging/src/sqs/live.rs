//! What SQS keeps in memory beside its tables: how many messages are hidden, who waits for messages, when jobs are
//! due. All of it follows from the tables and is built from them at start.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use haar_platform::kernel::{Timestamp, Waker};
use haar_platform::store::{Read, Span, StoreError, Tx};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::deadline::Deadline;

use super::measures::Gauges;
use super::model::{BY_VISIBILITY, QUEUES};

/// Shared by operations, jobs and the callbacks of commits.
#[derive(Default)]
pub struct Live {
    hidden: Mutex<HashMap<u64, Hidden>>,
    bells: Mutex<HashMap<u64, Arc<Notify>>>,
    /// The retention job.
    pub retention: Deadline,
    /// The job that forgets deduplication ids and receive attempts.
    pub forgetting: Deadline,
    /// The job that sweeps up what hangs on old numbers.
    pub sweep: Waker,
    /// The job that moves messages out of dead-letter queues.
    pub moves: Waker,
    /// The job that looks at what queues hold.
    pub gauges: Gauges,
}

/// The hidden messages of a queue, by why they are hidden.
#[derive(Default)]
struct Hidden {
    in_flight: Agenda,
    delayed: Agenda,
}

impl Hidden {
    fn agenda(&mut self, received: bool) -> &mut Agenda {
        if received { &mut self.in_flight } else { &mut self.delayed }
    }
}

/// Counts messages by when they become visible. An entry whose time has come is dropped at the next look, so that a
/// look costs no more than the messages that became visible since the last one.
#[derive(Default)]
struct Agenda {
    by_time: BTreeMap<i64, u32>,
    total: u64,
}

impl Agenda {
    fn add(&mut self, at: Timestamp) {
        *self.by_time.entry(at.millis()).or_default() += 1;
        self.total += 1;
    }

    fn remove(&mut self, at: Timestamp) {
        let Some(count) = self.by_time.get_mut(&at.millis()) else { return };
        *count -= 1;
        self.total -= 1;
        if *count == 0 {
            self.by_time.remove(&at.millis());
        }
    }

    fn count(&mut self, now: Timestamp) -> u64 {
        while let Some(first) = self.by_time.first_entry() {
            if *first.key() > now.millis() {
                break;
            }
            self.total -= u64::from(first.remove());
        }
        self.total
    }
}

impl Live {
    /// From the tables: reads the hidden messages only.
    pub fn load(tx: &impl Read, now: Timestamp) -> Result<Self, StoreError> {
        let live = Self::default();
        let mut all = live.hidden.lock();
        for queue in tx.scan(QUEUES, Span::all()) {
            let (_, queue) = queue?;
            let later = Span::between((queue.number,), now.millis() + 1..);
            for hidden in tx.scan_index(BY_VISIBILITY, later) {
                let (_, _, message) = hidden?;
                let of_queue = all.entry(queue.number).or_default();
                of_queue.agenda(message.was_received()).add(message.visible_at);
            }
        }
        drop(all);
        Ok(live)
    }

    /// After the store was emptied: nothing is hidden, and whoever waits learns that its queue is gone.
    pub fn forget(&self) {
        self.hidden.lock().clear();
        self.gauges.forget();
        self.bells.lock().values().for_each(|bell| bell.notify_waiters());
    }

    /// Messages in flight and messages delayed.
    pub fn hidden(&self, number: u64, now: Timestamp) -> (u64, u64) {
        let mut all = self.hidden.lock();
        let Some(hidden) = all.get_mut(&number) else { return (0, 0) };
        let counts = (hidden.in_flight.count(now), hidden.delayed.count(now));
        if counts == (0, 0) {
            all.remove(&number);
        }
        counts
    }

    /// Rings when messages of a queue may have become receivable.
    pub fn bell(self: &Arc<Self>, number: u64) -> Bell {
        let notify = self.bells.lock().entry(number).or_default().clone();
        Bell { live: self.clone(), number, notify }
    }

    fn ring(&self, number: u64, ring: Ring) {
        let Some(bell) = self.bells.lock().get(&number).cloned() else { return };
        match ring {
            Ring::Messages(count) => (0..count).for_each(|_| bell.notify_one()),
            Ring::Everyone => bell.notify_waiters(),
        }
    }
}

/// One who waits for messages of a queue.
pub struct Bell {
    live: Arc<Live>,
    number: u64,
    notify: Arc<Notify>,
}

impl Bell {
    /// The next ring, also one between this call and the first poll.
    pub fn rings(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let mut bells = self.live.bells.lock();
        // The map's own handle and ours.
        if Arc::strong_count(&self.notify) <= 2 {
            bells.remove(&self.number);
        }
    }
}

/// How many need to look.
#[derive(Clone, Copy)]
enum Ring {
    /// So many messages became receivable: no more waiters than that can get one.
    Messages(usize),
    /// What the waiters know of the future is no longer true.
    Everyone,
}

/// What a transaction changes in memory, once it is durable.
#[derive(Default)]
pub struct Ripple {
    shifts: Vec<Shift>,
    rings: Vec<(u64, Ring)>,
    retention_due: Option<Timestamp>,
    forgetting_due: Option<Timestamp>,
    retired: Vec<u64>,
    moves: bool,
}

struct Shift {
    number: u64,
    received: bool,
    at: Timestamp,
    hides: bool,
}

impl Ripple {
    /// A message is hidden from now on.
    pub fn hide(&mut self, number: u64, received: bool, at: Timestamp) {
        self.shifts.push(Shift { number, received, at, hides: true });
    }

    /// A message that was hidden until `at` no longer is; harmless if its time had come.
    pub fn reveal(&mut self, number: u64, received: bool, at: Timestamp) {
        self.shifts.push(Shift { number, received, at, hides: false });
    }

    /// Messages became receivable.
    pub fn ring(&mut self, number: u64) {
        match self.rings.iter_mut().find(|(rung, _)| *rung == number) {
            Some((_, Ring::Messages(count))) => *count += 1,
            Some((_, Ring::Everyone)) => {}
            None => self.rings.push((number, Ring::Messages(1))),
        }
    }

    /// Messages will become receivable at another time than before.
    pub fn ring_everyone(&mut self, number: u64) {
        self.rings.retain(|(rung, _)| *rung != number);
        self.rings.push((number, Ring::Everyone));
    }

    /// A message is to be dropped then.
    pub fn expires(&mut self, at: Timestamp) {
        self.retention_due = self.retention_due.into_iter().chain([at]).min();
    }

    /// An id is to be forgotten then.
    pub fn forgets(&mut self, at: Timestamp) {
        self.forgetting_due = self.forgetting_due.into_iter().chain([at]).min();
    }

    /// No queue has this number any more.
    pub fn retire(&mut self, number: u64) {
        self.retired.push(number);
        self.ring_everyone(number);
    }

    /// A task to move messages has something to do.
    pub fn moves(&mut self) {
        self.moves = true;
    }

    /// Registers everything with the transaction.
    pub fn on_commit(self, tx: &mut Tx, live: &Arc<Live>) {
        let live = live.clone();
        tx.on_commit(move || self.reach(&live));
    }

    fn reach(self, live: &Live) {
        let mut all = live.hidden.lock();
        for shift in &self.shifts {
            let agenda = all.entry(shift.number).or_default().agenda(shift.received);
            if shift.hides {
                agenda.add(shift.at);
            } else {
                agenda.remove(shift.at);
            }
        }
        for number in &self.retired {
            all.remove(number);
        }
        drop(all);
        for (number, ring) in self.rings {
            live.ring(number, ring);
        }
        if let Some(due) = self.retention_due {
            live.retention.note(due);
        }
        if let Some(due) = self.forgetting_due {
            live.forgetting.note(due);
        }
        if !self.retired.is_empty() {
            live.sweep.wake();
        }
        if self.moves {
            live.moves.wake();
        }
    }
}
