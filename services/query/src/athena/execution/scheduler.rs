//! Who waits, who runs, and who is to stop: what is known of executions in memory.

use std::collections::HashMap;
use std::sync::Arc;

use haar_platform::kernel::Waker;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::run::Job;

/// Queries that run at once; further ones are QUEUED. They share the engine's memory and cores, so that more at a
/// time would not be done sooner.
const DML_RUNNING_MAX: usize = 16;

/// Data definition waits for the catalog, not for cores.
const DDL_RUNNING_MAX: usize = 20;

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Scheduler(Arc<Shared>);

struct Shared {
    dml: Arc<Semaphore>,
    ddl: Arc<Semaphore>,
    /// Executions of this process that have not ended, by their ids, with what stops them.
    alive: Mutex<HashMap<String, watch::Sender<bool>>>,
    /// Those whose submission is durable, and that nobody has begun with.
    submitted: Mutex<Vec<Job>>,
    /// Of the job that begins with them.
    waker: Waker,
}

impl Scheduler {
    /// Nobody waits.
    pub fn new(waker: Waker) -> Self {
        Self(Arc::new(Shared {
            dml: Arc::new(Semaphore::new(DML_RUNNING_MAX)),
            ddl: Arc::new(Semaphore::new(DDL_RUNNING_MAX)),
            alive: Mutex::default(),
            submitted: Mutex::default(),
            waker,
        }))
    }

    /// What an execution needs to run: one of a kind's places.
    pub fn places(&self, is_ddl: bool) -> Arc<Semaphore> {
        if is_ddl { self.0.ddl.clone() } else { self.0.dml.clone() }
    }

    /// Makes an execution known, before its submission is durable.
    pub fn register(&self, id: &str) -> Alive {
        let (stop, stopped) = watch::channel(false);
        self.0.alive.lock().insert(id.to_owned(), stop);
        Alive { scheduler: self.clone(), id: id.to_owned(), stopped }
    }

    /// Whether the execution is one of this process.
    pub fn knows(&self, id: &str) -> bool {
        self.0.alive.lock().contains_key(id)
    }

    /// Hands over an execution whose submission is durable.
    pub fn submit(&self, job: Job) {
        self.0.submitted.lock().push(job);
        self.0.waker.wake();
    }

    /// Those that were handed over since the last time.
    pub fn take_submitted(&self) -> Vec<Job> {
        std::mem::take(&mut *self.0.submitted.lock())
    }

    /// Stops an execution's work. Its state is decided elsewhere.
    pub fn stop(&self, id: &str) {
        if let Some(stop) = self.0.alive.lock().get(id) {
            stop.send_replace(true);
        }
    }

    /// Stops everything: the store was emptied.
    pub fn stop_all(&self) {
        self.0.submitted.lock().clear();
        for stop in self.0.alive.lock().values() {
            stop.send_replace(true);
        }
    }
}

/// An execution that has not ended; dropped when it has.
pub struct Alive {
    scheduler: Scheduler,
    id: String,
    stopped: watch::Receiver<bool>,
}

impl Alive {
    /// Resolves when somebody stops the execution.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // The sender lives as long as `self` is registered.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.scheduler.0.alive.lock().remove(&self.id);
    }
}
