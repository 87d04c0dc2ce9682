//! What happens by itself: expiry, retention, retries. A job says when it wants to run next; the clock does the rest.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::caller::Caller;
use crate::clock::{Clock, RunnerHandle};
use crate::ctx::{Ctx, House, Origin};
use crate::fault::Fault;
use crate::service::IntoAnswer;
use crate::timestamp::Timestamp;

/// A job that failed is tried again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// When a job wants to run next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At that time.
    At(Timestamp),
    /// When its waker says so.
    WhenWoken,
}

impl Next {
    /// At that time, if there is one.
    pub fn at(due: Option<Timestamp>) -> Self {
        due.map_or(Self::WhenWoken, Self::At)
    }
}

/// Tells a job that something changed: an earlier due time, new work.
#[derive(Clone, Default)]
pub struct Waker(Arc<OnceLock<RunnerHandle>>);

impl Waker {
    /// Runs the job soon. Before the house has started this does nothing: jobs run at start anyway.
    pub fn wake(&self) {
        if let Some(runner) = self.0.get() {
            runner.wake();
        }
    }
}

/// A job's function: `async fn(ctx, state) -> Result<Next, error>`. It must bear being run at any time and twice.
pub trait JobHandler<'a, S>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output: IntoAnswer<Next>> + Send + 'a;
    /// Calls it.
    fn call(&self, ctx: &'a Ctx, state: &'a S) -> Self::Future;
}

impl<'a, S: 'a, F, R> JobHandler<'a, S> for F
where
    F: Fn(&'a Ctx, &'a S) -> R + Send + Sync,
    R: Future<Output: IntoAnswer<Next>> + Send + 'a,
{
    type Future = R;
    fn call(&self, ctx: &'a Ctx, state: &'a S) -> R {
        self(ctx, state)
    }
}

type Run = Box<dyn for<'a> Fn(&'a Ctx) -> BoxFuture<'a, Result<Next, Fault>> + Send + Sync>;

/// A job of a service.
pub struct Job {
    service: &'static str,
    name: &'static str,
    waker: Waker,
    run: Run,
}

impl Job {
    pub(crate) fn new<S: Send + Sync + 'static>(
        service: &'static str,
        name: &'static str,
        waker: Waker,
        state: Arc<S>,
        run: impl for<'a> JobHandler<'a, S> + 'static,
    ) -> Self {
        let shared = Arc::new((state, run));
        let run: Run = Box::new(move |ctx| {
            let shared = shared.clone();
            Box::pin(async move { shared.1.call(ctx, &shared.0).await.into_answer() })
        });
        Self { service, name, waker, run }
    }

    /// Runs the job until the house closes.
    pub fn start(self, house: &Arc<House>) {
        let runner = house.clock.runner();
        let first = self.waker.0.set(runner.handle());
        assert!(first.is_ok(), "a waker belongs to one job");
        let weak = Arc::downgrade(house);
        let clock: Clock = house.clock.clone();
        house.tasks.spawn_forever(self.name, async move {
            loop {
                let Some(house) = weak.upgrade() else { return };
                let next = self.once(house).await;
                let due = match next {
                    Ok(Next::At(due)) => Some(due),
                    Ok(Next::WhenWoken) => None,
                    Err(fault) => {
                        tracing::error!(service = self.service, job = self.name, %fault, cause = ?fault.cause, "job failed");
                        Some(clock.now() + RETRY_AFTER)
                    }
                };
                runner.sleep(due).await;
            }
        });
    }

    async fn once(&self, house: Arc<House>) -> Result<Next, Fault> {
        let caller = Arc::new(Caller::service(self.service, &house.account));
        let origin = Arc::new(Origin::internal(self.service));
        let region = house.region.clone();
        let ctx = Ctx::new(house, caller, region, origin);
        (self.run)(&ctx).await
    }
}
