//! The only place that starts background work: named, counted, and finished before the house closes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// A cheap handle: clones share the same tasks.
#[derive(Clone)]
pub struct Tasks(Arc<Shared>);

struct Shared {
    closing: watch::Sender<bool>,
    running: AtomicUsize,
    idle: Notify,
}

impl Default for Tasks {
    fn default() -> Self {
        Self(Arc::new(Shared { closing: watch::Sender::new(false), running: AtomicUsize::new(0), idle: Notify::new() }))
    }
}

impl Tasks {
    /// Runs work that ends by itself: a connection, a delivery. Closing waits for it.
    #[expect(clippy::disallowed_methods, reason = "the supervisor is where tasks start")]
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let counted = Counted::new(&self.0);
        tokio::spawn(async move {
            let _counted = counted;
            if let Err(panic) = tokio::spawn(work).await
                && panic.is_panic()
            {
                tracing::error!(task = name, "task panicked");
            }
        });
    }

    /// Runs work that goes on until the house closes; it is dropped at its next await then.
    pub fn spawn_forever(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let mut closing = self.0.closing.subscribe();
        self.spawn(name, async move {
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => {}
                () = work => {}
            }
        });
    }

    /// Resolves when the house begins to close.
    pub async fn closing(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Asks everything to end, and waits until it has.
    pub async fn close(&self) {
        self.0.closing.send_replace(true);
        loop {
            let idle = self.0.idle.notified();
            if self.0.running.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }
}

struct Counted(Arc<Shared>);

impl Counted {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.running.fetch_add(1, Ordering::AcqRel);
        Self(shared.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn closing_waits_for_what_is_in_flight_and_drops_what_never_ends() {
        let tasks = Tasks::default();
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let (done, finished) = tokio::sync::oneshot::channel();
        tasks.spawn("in flight", async move {
            released.await.expect("released");
            done.send(()).expect("somebody waits");
        });
        tasks.spawn_forever("for ever", std::future::pending());
        release.send(()).expect("in flight");
        tasks.close().await;
        finished.await.expect("finished before close returned");
    }
}
