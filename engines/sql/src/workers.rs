//! The engine's own threads: queries never take the ones that answer requests.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::SqlError;

/// Plans are trees, and walking them recurses.
const STACK_BYTES: usize = 16 << 20;

/// Threads for readers that block on files without being able to yield.
const BLOCKING_THREADS_MAX: usize = 64;

/// A handle; the threads end with the last one.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Owned>);

struct Owned {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Workers {
    pub(crate) fn start(threads: usize) -> Result<Self, SqlError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .thread_name("sql")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| SqlError::internal(format!("failed to start the engine's workers: {error}")))?;
        let handle = runtime.handle().clone();
        Ok(Self(Arc::new(Owned { runtime: Some(runtime), handle })))
    }

    /// Runs work on the workers; it is dropped when the task is.
    pub(crate) fn start_task<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Task<T> {
        Task(self.0.handle.spawn(work))
    }

    /// Runs work on the workers and waits for it here.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SqlError>> + Send + 'static,
    ) -> Result<T, SqlError> {
        self.start_task(work).end().await
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // An engine may be dropped on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Work that stops when nobody wants it any more.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T> Task<Result<T, SqlError>> {
    /// What came of it. A panic is an internal error of that query alone.
    pub(crate) async fn end(mut self) -> Result<T, SqlError> {
        match (&mut self.0).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => Err(SqlError::internal("the engine failed unexpectedly")),
            Err(_) => Err(SqlError::new("USER_CANCELED", "Query was cancelled by user")),
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
