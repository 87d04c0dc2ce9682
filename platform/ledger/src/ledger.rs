//! Recording: callers put lines into a queue, and a writer appends them to the log in batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use haar_kernel::clock::{Runner, RunnerHandle};
use haar_kernel::{Clock, House, Timestamp};
use haar_store::{Log, LogOptions, Store, StoreError};
use parking_lot::Mutex;

use crate::frame::{self, FrameError};
use crate::line::Line;
use crate::query::Query;
use crate::reader::Lines;

/// One file of the log, and what a reader holds in memory.
pub const SEGMENT_BYTES: u64 = 4 << 20;

/// Files kept: 128 MiB in all, about 400,000 calls.
pub const SEGMENTS_MAX: usize = 32;

/// Kept where they take memory: 16 MiB of lines.
const SEGMENTS_IN_MEMORY_MAX: usize = 4;

/// How long a line may wait for others before they are written together.
pub const LINGER: Duration = Duration::from_millis(20);

/// So many waiting lines are written at once, without lingering.
pub const BATCH_LINES: usize = 1024;

/// From so many waiting lines on, those who record wait for the disk.
pub const QUEUE_MAX: usize = 8192;

/// A cheap handle: clones share the same ledger.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    log: Log,
    clock: Clock,
    waker: RunnerHandle,
    queue: Mutex<Waiting>,
    /// Held while a batch is taken from the queue and written: one batch at a time, in order.
    turn: Arc<tokio::sync::Mutex<Turn>>,
    recorded: AtomicU64,
    lost: AtomicU64,
    /// Told when the queue gets its first line.
    listeners: Mutex<Vec<Listener>>,
}

pub(crate) type Listener = Box<dyn Fn() + Send + Sync>;

/// Lines that are not written yet, as frames one behind the other: they are encoded where they were made, while their
/// memory is at hand, and cost the queue no memory of their own.
#[derive(Default)]
struct Waiting {
    frames: Vec<u8>,
    /// Where each frame ends, and the time of its line.
    ends: Vec<(usize, Timestamp)>,
}

struct Turn {
    /// Of the newest frame.
    written: Timestamp,
}

/// What can go wrong with the ledger.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk, or the house is closing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line that cannot be read.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Figures for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Lines recorded since the start.
    pub recorded: u64,
    /// Of these, lines that the disk refused.
    pub lost: u64,
    /// Of these, lines that are not written yet.
    pub waiting: u64,
    /// Bytes of the log.
    pub bytes: u64,
}

impl Ledger {
    /// Opens the ledger and starts its writer. Blocks on the disk: for startup. On a clock that stands still lines
    /// stay in the queue until it is moved, or full, or somebody reads.
    pub fn open(store: &Store, house: &House) -> Result<Self, LedgerError> {
        let segments_max = if store.is_in_memory() { SEGMENTS_IN_MEMORY_MAX } else { SEGMENTS_MAX };
        let options = LogOptions { segment_bytes: SEGMENT_BYTES, segments_max };
        let log = store.log("ledger", options)?;
        let written = match log.read_back().next().transpose()? {
            Some((_, frame)) => frame::written(&frame)?,
            None => Timestamp::default(),
        };
        let runner = house.clock.runner();
        let ledger = Self(Arc::new(Inner {
            log,
            clock: house.clock.clone(),
            waker: runner.handle(),
            queue: Mutex::default(),
            turn: Arc::new(tokio::sync::Mutex::new(Turn { written })),
            recorded: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            listeners: Mutex::default(),
        }));
        // The writer may end before the last line is recorded: those who wait for it write themselves.
        house.tasks.spawn_forever("ledger", ledger.clone().write_behind(runner));
        Ok(ledger)
    }

    /// Records a line. Cheap, and ready at once while the queue has room; then it waits for the disk. The line is
    /// recorded even if the caller stops waiting.
    pub async fn record(&self, mut line: Line) {
        line.bound();
        self.0.recorded.fetch_add(1, Ordering::Relaxed);
        let waiting = {
            let frame = frame::encode(&line);
            let mut queue = self.0.queue.lock();
            queue.frames.extend_from_slice(&frame);
            let end = queue.frames.len();
            queue.ends.push((end, line.time));
            queue.ends.len()
        };
        if waiting == 1 || waiting == BATCH_LINES {
            self.0.waker.wake();
        }
        if waiting == 1 {
            self.0.listeners.lock().iter().for_each(|listener| listener());
        }
        if waiting > QUEUE_MAX {
            // A failure is counted and logged where it happens; the call that is recorded here cannot help it.
            let _ = self.write().await;
        }
    }

    /// Returns when everything recorded before can be read, and has left the process. For the machine to fail, see
    /// [`Ledger::close`].
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.write().await
    }

    /// Writes what waits and makes it survive the machine: the last thing before the store closes.
    pub async fn close(&self) -> Result<(), LedgerError> {
        self.write().await?;
        let log = self.0.log.clone();
        off_thread(move || log.flush()).await
    }

    /// Reads lines, including all that were recorded before.
    pub async fn read(&self, query: Query) -> Result<Lines, LedgerError> {
        self.flush().await?;
        Ok(Lines::new(&self.0.log, query))
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }

    pub(crate) fn listeners(&self) -> &Mutex<Vec<Listener>> {
        &self.0.listeners
    }

    /// Figures for metrics.
    pub fn stats(&self) -> Stats {
        Stats {
            recorded: self.0.recorded.load(Ordering::Relaxed),
            lost: self.0.lost.load(Ordering::Relaxed),
            waiting: self.0.queue.lock().ends.len() as u64,
            bytes: self.0.log.bytes(),
        }
    }

    /// Lets lines gather for a moment, and writes them together, until the house closes.
    async fn write_behind(self, runner: Runner) {
        loop {
            runner.sleep(None).await;
            if self.0.queue.lock().ends.len() < BATCH_LINES {
                runner.sleep(Some(self.0.clock.now() + LINGER)).await;
            }
            // Logged and counted in `append`.
            let _ = self.write().await;
        }
    }

    /// Writes everything that waits, after whoever is writing.
    async fn write(&self) -> Result<(), LedgerError> {
        let turn = self.0.turn.clone().lock_owned().await;
        if self.0.queue.lock().ends.is_empty() {
            return Ok(());
        }
        let inner = self.0.clone();
        // The turn goes with the work: it ends with the write, also if nobody waits for it any longer.
        off_thread(move || {
            let mut turn = turn;
            inner.append(&mut turn)
        })
        .await
    }
}

impl Inner {
    fn append(&self, turn: &mut Turn) -> Result<(), StoreError> {
        let Waiting { mut frames, ends } = std::mem::take(&mut *self.queue.lock());
        let now = self.clock.now();
        let mut start = 0;
        for (end, time) in &ends {
            turn.written = turn.written.max(now).max(*time);
            frame::stamp(&mut frames[start..*end], turn.written);
            start = *end;
        }
        let starts = std::iter::once(0).chain(ends.iter().map(|(end, _)| *end));
        let appended = self.log.append(starts.zip(&ends).map(|(start, (end, _))| &frames[start..*end]));
        if let Err(cause) = &appended {
            // Kept lines would fill the memory, and waiting for the disk would stop a house that can still read.
            self.lost.fetch_add(ends.len() as u64, Ordering::Relaxed);
            tracing::error!(lines = ends.len(), %cause, "failed to write to the ledger, lines are lost");
        }
        appended.map(drop)
    }
}

async fn off_thread(work: impl FnOnce() -> Result<(), StoreError> + Send + 'static) -> Result<(), LedgerError> {
    // A join fails when the runtime is going down.
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or(Err(StoreError::Closed))?)
}

#[cfg(test)]
mod tests;
