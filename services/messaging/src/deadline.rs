//! When a job is due, kept beside the job so that whoever makes something due earlier can wake it.

use std::sync::atomic::{AtomicI64, Ordering};

use haar_platform::kernel::{Timestamp, Waker};

/// When a job is due, and the way to have it earlier.
pub struct Deadline {
    pub waker: Waker,
    at: AtomicI64,
}

impl Default for Deadline {
    /// Not due: jobs run when the house opens, whatever this says.
    fn default() -> Self {
        Self { waker: Waker::default(), at: AtomicI64::new(i64::MAX) }
    }
}

impl Deadline {
    /// Something is due then; wakes the job if it sleeps for longer.
    pub fn note(&self, due: Timestamp) {
        if self.at.fetch_min(due.millis(), Ordering::AcqRel) > due.millis() {
            self.waker.wake();
        }
    }

    /// The job begins to look: whatever falls due from here on wakes it again.
    pub fn reset(&self) {
        self.at.store(i64::MAX, Ordering::Release);
    }

    /// The job found out when it is due.
    pub fn set(&self, due: Option<Timestamp>) {
        if let Some(due) = due {
            self.at.fetch_min(due.millis(), Ordering::AcqRel);
        }
    }
}
