//! Work on one chunk after the other, in their order, by whichever thread has time: a thread is taken only while chunks
//! wait.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::hands::Hands;
use crate::error::StoreError;
use crate::writer::panic_message;

/// Chunks in a row, after which other lanes have their turn.
const TURN_CHUNKS: usize = 8;

/// What is done with each chunk.
pub(super) trait Work: Send + 'static {
    fn take(&mut self, chunk: &Bytes) -> Result<(), StoreError>;
}

/// A chunk that waits, and its share of the room for chunks that wait.
pub(super) struct Load {
    pub(super) chunk: Bytes,
    pub(super) _room: OwnedSemaphorePermit,
}

pub(super) struct Lane<W> {
    state: Arc<Mutex<State<W>>>,
    hands: &'static Hands,
}

struct State<W> {
    waiting: VecDeque<Arc<Load>>,
    /// Whether a job is queued or runs. It holds the worker while it runs.
    busy: bool,
    /// The worker between two chunks; the failure once one failed.
    worker: Option<Result<W, StoreError>>,
    /// Who waits for the worker behind the last chunk.
    done: Option<oneshot::Sender<Result<W, StoreError>>>,
}

impl<W: Work> Lane<W> {
    pub(super) fn new(worker: W, hands: &'static Hands) -> Self {
        let state = State { waiting: VecDeque::new(), busy: false, worker: Some(Ok(worker)), done: None };
        Self { state: Arc::new(Mutex::new(state)), hands }
    }

    /// Queues a chunk; says so if one before it failed.
    pub(super) fn feed(&self, load: Arc<Load>) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if let Some(Err(failure)) = &state.worker {
            return Err(failure.clone());
        }
        state.waiting.push_back(load);
        if !state.busy {
            state.busy = true;
            drop(state);
            submit(self.state.clone(), self.hands);
        }
        Ok(())
    }

    /// The worker, once it has done all chunks.
    pub(super) async fn finish(self) -> Result<W, StoreError> {
        let answer = {
            let mut state = self.state.lock();
            if !state.busy {
                return state.worker.take().unwrap_or(Err(StoreError::Closed));
            }
            let (reply, answer) = oneshot::channel();
            state.done = Some(reply);
            answer
        };
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn submit<W: Work>(state: Arc<Mutex<State<W>>>, hands: &'static Hands) {
    hands.submit(Box::new(move || {
        if run(&state) {
            submit(state, hands);
        }
    }));
}

/// Does some chunks; whether there are more.
fn run<W: Work>(shared: &Mutex<State<W>>) -> bool {
    for _ in 0..TURN_CHUNKS {
        let (load, mut worker) = {
            let mut state = shared.lock();
            match (state.waiting.pop_front(), state.worker.take()) {
                (Some(load), Some(Ok(worker))) => (load, worker),
                (_, worker) => {
                    // Nothing waits, or nothing that waits will be done.
                    state.waiting.clear();
                    state.busy = false;
                    match (state.done.take(), worker) {
                        (Some(done), Some(worker)) => {
                            // Whoever waited may have left; the worker goes then.
                            let _ = done.send(worker);
                        }
                        (_, worker) => state.worker = worker,
                    }
                    return false;
                }
            }
        };
        // Unwind-safe: a worker that panicked is dropped.
        let done = catch_unwind(AssertUnwindSafe(move || worker.take(&load.chunk).map(|()| worker)));
        let done = done.unwrap_or_else(|panic| Err(StoreError::Panicked(panic_message(&*panic))));
        shared.lock().worker = Some(done);
    }
    true
}
