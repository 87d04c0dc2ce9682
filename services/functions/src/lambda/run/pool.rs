//! Environments that wait for their next invocation, by deployment: warm ones first, the rest retired in time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use haar_platform::kernel::{Caller, Ctx, Next, Timestamp, Waker};
use haar_process::{Environment, Package, Runtime};
use parking_lot::Mutex;

use super::super::Lambda;
use super::super::error::LambdaError;

/// How long an environment waits before it is retired. AWS says no number; ten minutes is what is seen.
const IDLE: Duration = Duration::from_secs(600);

/// Environments that wait in the whole house: each is a process. Beyond, the one that waited longest goes.
const IDLE_MAX: usize = 64;

/// An environment that has been started.
pub struct Warm {
    pub environment: Environment,
    pub kit: Arc<Kit>,
    /// Its log stream.
    pub stream: String,
}

/// What the environments of a deployment are started with; made once.
pub struct Kit {
    pub runtime: Runtime,
    pub code: Package,
    pub layers: Option<Package>,
    /// All but those that differ from one environment to the next.
    pub variables: Vec<(String, String)>,
    /// The session of the function's role.
    pub caller: Arc<Caller>,
    /// When environments of this kit are no longer given work, because their credentials end.
    pub ends: Option<Timestamp>,
}

impl Kit {
    fn is_good(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// All that waits.
#[derive(Default)]
pub struct Pool {
    deployments: Mutex<HashMap<u64, Deployment>>,
    /// Of the job that retires.
    pub waker: Waker,
}

#[derive(Default)]
struct Deployment {
    kit: Option<Arc<Kit>>,
    /// The one that was used last comes last, and is taken first.
    idle: Vec<(Warm, Timestamp)>,
    used: Timestamp,
}

impl Pool {
    /// The environment that was used last, if one waits.
    pub fn take(&self, deployment: u64, now: Timestamp) -> Option<Warm> {
        let mut all = self.deployments.lock();
        let waiting = all.get_mut(&deployment)?;
        waiting.used = now;
        while let Some((mut warm, since)) = waiting.idle.pop() {
            if warm.environment.is_alive() && warm.kit.is_good(now) && now < since + IDLE {
                return Some(warm);
            }
        }
        None
    }

    /// An environment that has done its work.
    pub fn put_back(&self, deployment: u64, warm: Warm, now: Timestamp) {
        let mut all = self.deployments.lock();
        let waiting = all.entry(deployment).or_default();
        let is_first = waiting.idle.is_empty();
        waiting.used = now;
        waiting.idle.push((warm, now));
        if all.values().map(|waiting| waiting.idle.len()).sum::<usize>() > IDLE_MAX {
            let oldest =
                all.values_mut().filter(|waiting| !waiting.idle.is_empty()).min_by_key(|waiting| waiting.idle[0].1);
            oldest.map(|waiting| waiting.idle.remove(0));
        }
        drop(all);
        if is_first {
            self.waker.wake();
        }
    }

    /// What environments of a deployment are started with, if that is known.
    pub fn kit(&self, deployment: u64, now: Timestamp) -> Option<Arc<Kit>> {
        let mut all = self.deployments.lock();
        let known = all.get_mut(&deployment)?;
        known.used = now;
        known.kit.clone().filter(|kit| kit.is_good(now))
    }

    /// Remembers what environments of a deployment are started with.
    pub fn keep(&self, deployment: u64, kit: Arc<Kit>, now: Timestamp) {
        let mut all = self.deployments.lock();
        let known = all.entry(deployment).or_default();
        known.kit = Some(kit);
        known.used = now;
        drop(all);
        self.waker.wake();
    }

    /// No environment of a deployment is needed any more. Those at work finish, and are never taken again.
    pub fn retire(&self, deployment: u64) {
        self.deployments.lock().remove(&deployment);
    }

    /// After the store was emptied.
    pub fn forget(&self) {
        self.deployments.lock().clear();
    }

    fn sweep(&self, now: Timestamp) -> Option<Timestamp> {
        let mut all = self.deployments.lock();
        for waiting in all.values_mut() {
            waiting.idle.retain(|(warm, since)| now < *since + IDLE && warm.kit.is_good(now));
        }
        all.retain(|_, waiting| !waiting.idle.is_empty() || now < waiting.used + IDLE);
        let dues = all.values().map(|waiting| match waiting.idle.first() {
            Some((warm, since)) => warm.kit.ends.map_or(*since + IDLE, |ends| ends.min(*since + IDLE)),
            None => waiting.used + IDLE,
        });
        dues.min()
    }
}

/// The job that retires environments which have waited too long.
pub async fn retire_idle(ctx: &Ctx, lambda: &Lambda) -> Result<Next, LambdaError> {
    Ok(Next::at(lambda.pool.sweep(ctx.now())))
}
