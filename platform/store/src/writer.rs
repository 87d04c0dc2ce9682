//! Group commit: one thread runs the queued transactions, and one fsync makes a batch durable.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::blob::{BLOBS, Blobs};
use crate::database::Engine;
use crate::directory::Directory;
use crate::error::StoreError;
use crate::pending::Pending;
use crate::read::Read;
use crate::snapshot::{Snapshot, definition};
use crate::store::Published;
use crate::transaction::Tx;

/// Transactions that wait for the writer; more make their senders wait.
pub(crate) const QUEUE_MAX: usize = 4096;
/// Transactions that share a commit.
const BATCH_MAX: usize = 1024;
/// Bytes of pending writes after which a batch takes no further transaction.
const BATCH_BYTES_MAX: usize = 16 << 20;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer's thread does, in the order of arrival.
pub(crate) enum Command {
    Write(Box<dyn Job>),
    /// Deletes all records and blobs.
    Wipe {
        reply: Reply<()>,
    },
    /// Verifies the database file itself; `false` says that it was damaged.
    Verify {
        reply: Reply<bool>,
    },
    Close {
        reply: Reply<()>,
    },
}

/// A transaction whose types are forgotten, so that all kinds fit in one queue.
pub(crate) trait Job: Send {
    /// Runs the closure; whether its writes are to be kept.
    fn run(&mut self, tx: &mut Tx) -> bool;

    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(crate) struct Transaction<F, T, E> {
    state: State<F, T, E>,
    reply: oneshot::Sender<Result<T, E>>,
}

enum State<F, T, E> {
    Waiting(F),
    Ran(Result<T, E>),
    /// Only while the closure runs.
    Running,
}

impl<F, T, E> Transaction<F, T, E> {
    pub(crate) fn new(closure: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { state: State::Waiting(closure), reply }
    }
}

impl<F, T, E> Job for Transaction<F, T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let State::Waiting(closure) = std::mem::replace(&mut self.state, State::Running) else {
            return false;
        };
        // Unwind-safe: all that a closure can leave half done is in `tx`, and is undone.
        let result = catch_unwind(AssertUnwindSafe(|| closure(tx)))
            .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_message(&*panic)).into()));
        let keep = result.is_ok();
        self.state = State::Ran(result);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let State::Ran(result) = self.state else { return };
        let answer = match committed {
            Ok(()) => result,
            Err(failure) => result.and(Err(failure.into())),
        };
        // A caller that no longer waits does not hear what became of its transaction.
        let _ = self.reply.send(answer);
    }
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

/// How much the writer has done.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) transactions: AtomicU64,
    pub(crate) commits: AtomicU64,
}

/// The writer: owner of the database, and of the data directory's lock until it is closed.
pub(crate) struct Writer {
    pub(crate) engine: Engine,
    pub(crate) published: Arc<Published>,
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) directory: Option<Directory>,
}

impl Writer {
    /// Serves the queue until the store is closed or dropped.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        let mut next = queue.blocking_recv();
        while let Some(command) = next.take() {
            match command {
                Command::Write(job) => next = self.write(job, &mut queue),
                Command::Wipe { reply } => {
                    let _ = reply.send(self.wipe());
                }
                Command::Verify { reply } => {
                    let _ = reply.send(self.verify());
                }
                Command::Close { reply } => {
                    queue.close();
                    self.published.set(Snapshot::closed());
                    let closed = self.engine.close();
                    drop(self.directory);
                    let _ = reply.send(closed);
                    // What was sent behind the close is dropped with the queue, and answered `Closed`.
                    return;
                }
            }
            if next.is_none() {
                next = queue.blocking_recv();
            }
        }
    }

    /// Runs a batch: this job and those that wait behind it. Gives back the first other command.
    fn write(&mut self, first: Box<dyn Job>, queue: &mut mpsc::Receiver<Command>) -> Option<Command> {
        let mut tx = Tx::new(self.published.read().snapshot, self.blobs.clone());
        let mut batch = Vec::new();
        let mut job = first;
        let other = loop {
            if job.run(&mut tx) {
                tx.keep();
            } else {
                tx.undo();
            }
            batch.push(job);
            if batch.len() == BATCH_MAX || tx.pending.bytes() >= BATCH_BYTES_MAX {
                break None;
            }
            match queue.try_recv() {
                Ok(Command::Write(another)) => job = another,
                Ok(other) => break Some(other),
                Err(_) => break None,
            }
        };
        let committed = self.commit(&tx.pending);
        self.counters.transactions.fetch_add(batch.len() as u64, Ordering::Relaxed);
        match &committed {
            Ok(()) => run_callbacks(&mut tx),
            Err(cause) => tracing::error!(%cause, transactions = batch.len(), "failed to commit"),
        }
        for job in batch {
            job.answer(committed.clone());
        }
        self.settle_blobs(tx);
        other
    }

    fn commit(&mut self, pending: &Pending) -> Result<(), StoreError> {
        if pending.is_empty() {
            return Ok(());
        }
        let transaction = self.engine.begin()?;
        for (name, changes) in pending.tables() {
            let mut table = transaction.open_table(definition(name)).map_err(StoreError::database("open a table"))?;
            for (key, change) in changes {
                match change {
                    Some(value) => table.insert(&key[..], &value[..]).map(drop),
                    None => table.remove(&key[..]).map(drop),
                }
                .map_err(StoreError::database("write a record"))?;
            }
        }
        transaction.commit().map_err(StoreError::database("commit"))?;
        self.publish()
    }

    fn publish(&self) -> Result<(), StoreError> {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.published.set(self.engine.snapshot()?);
        Ok(())
    }

    /// Deletes the files of blobs that lost their last link. A crash before this is repaired at open.
    fn settle_blobs(&self, mut tx: Tx) {
        let mut touched = std::mem::take(&mut tx.blobs_touched);
        drop(tx);
        touched.sort_unstable();
        touched.dedup();
        let now = self.published.read();
        for id in touched {
            match now.contains(BLOBS, &id) {
                Ok(named) => self.blobs.settle(id, named),
                Err(cause) => tracing::warn!(blob = %id, %cause, "failed to see whether a blob is used, keeping it"),
            }
        }
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        let transaction = self.engine.begin()?;
        let tables: Vec<_> = transaction.list_tables().map_err(StoreError::database("list the tables"))?.collect();
        for table in tables {
            transaction.delete_table(table).map_err(StoreError::database("delete a table"))?;
        }
        transaction.commit().map_err(StoreError::database("commit"))?;
        self.publish()?;
        self.blobs.clear()
    }

    fn verify(&mut self) -> Result<bool, StoreError> {
        // The database verifies itself only when nobody reads it: readers wait at the door meanwhile.
        let published = self.published.clone();
        let mut door = published.lock_for(Snapshot::closed());
        let verified = self.engine.verify();
        *door = self.engine.snapshot()?;
        verified
    }
}

fn run_callbacks(tx: &mut Tx) {
    for callback in tx.take_callbacks() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(callback)) {
            tracing::error!(panic = panic_message(&*panic), "a callback of a commit panicked");
        }
    }
}
