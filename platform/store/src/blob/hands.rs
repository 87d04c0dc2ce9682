//! The threads that touch the bytes of blobs: a few for everybody, however many bodies move at once.
//!
//! tokio's pool for blocking work would grow to a thread for every body, each with memory of its own and all of them
//! waiting for the same disk.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::writer::panic_message;

/// Those that open and read files. Reads never wait behind writes.
pub(super) static READERS: Hands = Hands::new("haar-blob-read", 8);

/// Those that write and make durable.
pub(super) static WRITERS: Hands = Hands::new("haar-blob-write", 8);

/// Those that compute digests: as many as there are cores.
pub(super) static DIGESTERS: LazyLock<Hands> =
    LazyLock::new(|| Hands::new("haar-blob-digest", std::thread::available_parallelism().map_or(4, usize::from)));

type Job = Box<dyn FnOnce() + Send>;

/// Threads of one kind. They start when there is work for them, and stay.
pub(super) struct Hands {
    name: &'static str,
    threads_max: usize,
    queue: Mutex<Queue>,
    work: Condvar,
}

struct Queue {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl Hands {
    const fn new(name: &'static str, threads_max: usize) -> Self {
        let queue = Queue { jobs: VecDeque::new(), threads: 0, idle: 0 };
        Self { name, threads_max, queue: Mutex::new(queue), work: Condvar::new() }
    }

    /// Has the work done behind what others asked for before.
    pub(super) async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(move || {
            let done = catch_unwind(AssertUnwindSafe(work));
            let done = done.unwrap_or_else(|panic| Err(StoreError::Panicked(panic_message(&*panic))));
            // Whoever asked may have left.
            let _ = reply.send(done);
        }));
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Queues a job, which must not panic.
    pub(super) fn submit(&'static self, job: Job) {
        let mut queue = self.queue.lock();
        queue.jobs.push_back(job);
        if queue.idle >= queue.jobs.len() || queue.threads == self.threads_max {
            drop(queue);
            self.work.notify_one();
            return;
        }
        queue.threads += 1;
        drop(queue);
        let started = std::thread::Builder::new().name(self.name.to_owned()).spawn(move || self.work());
        if let Err(cause) = started {
            tracing::warn!(threads = self.name, %cause, "failed to start a thread");
            self.do_without();
        }
    }

    /// After a thread did not start: if there is no other, the work is done here and now.
    fn do_without(&self) {
        let mut queue = self.queue.lock();
        queue.threads -= 1;
        if queue.threads > 0 {
            return;
        }
        let jobs = std::mem::take(&mut queue.jobs);
        drop(queue);
        jobs.into_iter().for_each(|job| job());
    }

    fn work(&self) {
        let mut queue = self.queue.lock();
        loop {
            match queue.jobs.pop_front() {
                Some(job) => {
                    drop(queue);
                    job();
                    queue = self.queue.lock();
                }
                None => {
                    queue.idle += 1;
                    self.work.wait(&mut queue);
                    queue.idle -= 1;
                }
            }
        }
    }
}
