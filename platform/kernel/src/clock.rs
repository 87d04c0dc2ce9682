//! The only clock. Nothing else in haar reads the machine's time.
//!
//! A system clock follows the machine, plus an offset that people move (`haar clock advance 24h`). A virtual
//! clock moves only when told to: tests use it.
//!
//! Moving time forward happens in steps. Background work (jobs, the bus) takes part in the clock as a
//! [`Runner`]: it sleeps until its next due time. [`Clock::advance`] goes to the earliest due time, lets every
//! runner that is due finish and go back to sleep, and only then takes the next step. So a month of hourly
//! schedules fires 720 times, in order, in the time that the work itself takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::timestamp::Timestamp;

/// Real sleeps are cut into pieces of this length, so that a jump of the machine's own clock is noticed.
const REAL_SLEEP_MAX: Duration = Duration::from_secs(60);

/// Steps of one [`Clock::advance`]: a job that never moves its due time forward must not hold the clock for ever.
const STEPS_MAX: usize = 1_000_000;

/// A cheap handle: clones share the same time.
#[derive(Clone)]
pub struct Clock(Arc<Shared>);

struct Shared {
    /// Virtual clocks: the time itself. System clocks: what is added to the machine's time. Milliseconds.
    moved: AtomicI64,
    system: bool,
    sleepers: Mutex<BTreeMap<(Timestamp, u64), oneshot::Sender<()>>>,
    sleeper_ids: AtomicU64,
    runners: Mutex<Vec<Weak<RunnerState>>>,
    settled: Notify,
    /// One advance at a time.
    advancing: tokio::sync::Mutex<()>,
}

impl Clock {
    /// Follows the machine.
    pub fn system() -> Self {
        Self::new(true, 0)
    }

    /// Stands still until it is moved.
    pub fn starting_at(now: Timestamp) -> Self {
        Self::new(false, now.millis())
    }

    fn new(system: bool, moved: i64) -> Self {
        Self(Arc::new(Shared {
            moved: AtomicI64::new(moved),
            system,
            sleepers: Mutex::new(BTreeMap::new()),
            sleeper_ids: AtomicU64::new(0),
            runners: Mutex::new(Vec::new()),
            settled: Notify::new(),
            advancing: tokio::sync::Mutex::new(()),
        }))
    }

    /// The time.
    #[inline]
    pub fn now(&self) -> Timestamp {
        let moved = self.0.moved.load(Ordering::Acquire);
        Timestamp::from_millis(if self.0.system { machine_millis().saturating_add(moved) } else { moved })
    }

    /// The machine's time, however far the clock was moved: what clients sign their requests with. A virtual clock
    /// has no machine behind it and answers its own time.
    pub fn machine_now(&self) -> Timestamp {
        if self.0.system { Timestamp::from_millis(machine_millis()) } else { self.now() }
    }

    /// How far a system clock is ahead of the machine.
    pub fn offset(&self) -> Duration {
        let moved = if self.0.system { self.0.moved.load(Ordering::Acquire) } else { 0 };
        Duration::from_millis(u64::try_from(moved).unwrap_or(0))
    }

    /// Returns at that time or later. For work that answers a caller; background work uses a [`Runner`].
    pub async fn sleep_until(&self, due: Timestamp) {
        while self.now() < due {
            let (wake, woken) = oneshot::channel();
            let id = self.0.sleeper_ids.fetch_add(1, Ordering::Relaxed);
            self.0.sleepers.lock().insert((due, id), wake);
            let forget = Forget { clock: self, key: (due, id) };
            if self.now() >= due {
                return;
            }
            tokio::select! {
                _ = woken => {}
                () = self.real_sleep(due) => {}
            }
            drop(forget);
        }
    }

    /// Returns after that long.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }

    /// Returns after that much of the machine's time, however this clock is moved: patience with a network peer.
    #[expect(clippy::disallowed_methods, reason = "the clock is where real time comes in")]
    pub async fn patience(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// Sleeps at most [`REAL_SLEEP_MAX`]; for ever on a virtual clock.
    #[expect(clippy::disallowed_methods, reason = "the clock is where real time comes in")]
    async fn real_sleep(&self, due: Timestamp) {
        if self.0.system {
            tokio::time::sleep((due - self.now()).min(REAL_SLEEP_MAX)).await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    /// Moves time forward, step by step; returns when all that fell due has run.
    pub async fn advance(&self, by: Duration) -> Timestamp {
        let _one_at_a_time = self.0.advancing.lock().await;
        let target = self.now() + by;
        let moved = self.0.moved.load(Ordering::Acquire) + i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        for _ in 0..STEPS_MAX {
            self.settle().await;
            match self.earliest_due().filter(|due| *due <= target) {
                Some(due) => self.step_to(due),
                None => break,
            }
        }
        // Exactly as far as was asked, however long the work took meanwhile on a clock that follows the machine.
        self.0.moved.fetch_max(moved, Ordering::AcqRel);
        self.step_to(target);
        self.settle().await;
        target
    }

    /// Waits until every runner sleeps.
    pub async fn settle(&self) {
        loop {
            let notified = self.0.settled.notified();
            let busy = self.0.runners.lock().iter().filter_map(Weak::upgrade).any(|runner| runner.is_busy());
            if !busy {
                return;
            }
            notified.await;
        }
    }

    fn earliest_due(&self) -> Option<Timestamp> {
        let runner = self.0.runners.lock().iter().filter_map(Weak::upgrade).filter_map(|runner| runner.due()).min();
        let sleeper = self.0.sleepers.lock().keys().next().map(|(due, _)| *due);
        runner.into_iter().chain(sleeper).min()
    }

    fn step_to(&self, time: Timestamp) {
        let ahead = time.millis() - self.now().millis();
        if ahead > 0 {
            self.0.moved.fetch_add(ahead, Ordering::AcqRel);
        }
        let now = self.now();
        {
            let mut sleepers = self.0.sleepers.lock();
            let later = sleepers.split_off(&(now + Duration::from_millis(1), 0));
            for (_, wake) in std::mem::replace(&mut *sleepers, later) {
                // The sleeper may have been dropped meanwhile: nobody to wake.
                let _ = wake.send(());
            }
        }
        for runner in self.0.runners.lock().iter().filter_map(Weak::upgrade) {
            if runner.due().is_some_and(|due| due <= now) {
                runner.wake();
            }
        }
    }

    /// Takes part in the clock as background work. The runner counts as busy until its first [`Runner::sleep`].
    pub fn runner(&self) -> Runner {
        let state = Arc::new(RunnerState {
            inner: Mutex::new(RunnerInner { busy: true, woken: false, due: None }),
            notify: Notify::new(),
        });
        let mut runners = self.0.runners.lock();
        runners.retain(|runner| runner.strong_count() > 0);
        runners.push(Arc::downgrade(&state));
        Runner { clock: self.clone(), state }
    }

    /// Measures how long something takes, by the machine's steady clock: for records, not for decisions.
    #[expect(clippy::disallowed_methods, reason = "the clock is where real time comes in")]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock is where real time comes in")]
fn machine_millis() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

struct Forget<'a> {
    clock: &'a Clock,
    key: (Timestamp, u64),
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.clock.0.sleepers.lock().remove(&self.key);
    }
}

/// See [`Clock::stopwatch`].
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Background work that the clock waits for when it is moved.
pub struct Runner {
    clock: Clock,
    state: Arc<RunnerState>,
}

struct RunnerState {
    inner: Mutex<RunnerInner>,
    notify: Notify,
}

struct RunnerInner {
    busy: bool,
    woken: bool,
    due: Option<Timestamp>,
}

impl RunnerState {
    fn is_busy(&self) -> bool {
        let inner = self.inner.lock();
        inner.busy || inner.woken
    }

    fn due(&self) -> Option<Timestamp> {
        self.inner.lock().due
    }

    fn wake(&self) {
        self.inner.lock().woken = true;
        self.notify.notify_one();
    }
}

impl Runner {
    /// Sleeps until `due` (for ever when there is none) or until a [`RunnerHandle::wake`].
    pub async fn sleep(&self, due: Option<Timestamp>) {
        {
            let mut inner = self.state.inner.lock();
            inner.busy = false;
            inner.due = due;
        }
        self.clock.0.settled.notify_waiters();
        loop {
            {
                let mut inner = self.state.inner.lock();
                if inner.woken || due.is_some_and(|due| due <= self.clock.now()) {
                    *inner = RunnerInner { busy: true, woken: false, due: None };
                    return;
                }
            }
            tokio::select! {
                () = self.state.notify.notified() => {}
                () = self.clock.real_sleep(due.unwrap_or(Timestamp::MAX)) => {}
            }
        }
    }

    /// A handle that wakes this runner.
    pub fn handle(&self) -> RunnerHandle {
        RunnerHandle(Arc::downgrade(&self.state))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.state.inner.lock().busy = false;
        self.clock.0.settled.notify_waiters();
    }
}

/// Wakes a [`Runner`]; harmless after the runner has gone.
#[derive(Clone)]
pub struct RunnerHandle(Weak<RunnerState>);

impl RunnerHandle {
    /// From this moment on the runner counts as busy.
    pub fn wake(&self) {
        if let Some(state) = self.0.upgrade() {
            state.wake();
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "these tests stand below the task supervisor")]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_month_of_hourly_work_runs_hour_by_hour() {
        let clock = Clock::starting_at(Timestamp::from_seconds(0));
        let ran = Arc::new(Mutex::new(Vec::new()));
        let runner = clock.runner();
        tokio::spawn({
            let (clock, ran) = (clock.clone(), ran.clone());
            async move {
                let mut due = clock.now() + HOUR;
                loop {
                    runner.sleep(Some(due)).await;
                    tokio::task::yield_now().await;
                    ran.lock().push(clock.now());
                    due = due + HOUR;
                }
            }
        });
        clock.advance(30 * 24 * HOUR).await;
        let ran = ran.lock();
        assert_eq!(ran.len(), 720);
        assert!(ran.iter().enumerate().all(|(hour, at)| at.seconds() == 3600 * (hour as i64 + 1)));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_at_its_time_and_not_before() {
        let clock = Clock::starting_at(Timestamp::from_seconds(0));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(Timestamp::from_seconds(10)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(9)).await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(5)).await;
        assert!(sleeper.await.expect("no panic") >= Timestamp::from_seconds(10));
    }

    #[tokio::test]
    async fn a_system_clock_keeps_the_offset() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(24 * HOUR).await;
        assert!(clock.now() >= before + 24 * HOUR);
        assert_eq!(clock.offset().as_secs() / 60, 24 * 60);
    }

    #[tokio::test]
    async fn waking_one_runner_from_another_holds_the_clock_until_it_has_run() {
        let clock = Clock::starting_at(Timestamp::from_seconds(0));
        let (first, second) = (clock.runner(), clock.runner());
        let wake_second = second.handle();
        let seen = Arc::new(Mutex::new(None));
        tokio::spawn({
            let (clock, seen) = (clock.clone(), seen.clone());
            async move {
                second.sleep(None).await;
                *seen.lock() = Some(clock.now());
                second.sleep(None).await;
            }
        });
        tokio::spawn(async move {
            first.sleep(Some(Timestamp::from_seconds(5))).await;
            wake_second.wake();
            first.sleep(None).await;
        });
        clock.advance(HOUR).await;
        assert_eq!(*seen.lock(), Some(Timestamp::from_seconds(5)));
    }
}
