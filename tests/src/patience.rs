//! A test that waits for something that never comes fails, and does not hang.

use std::time::Duration;

use haar_platform::kernel::Clock;

/// Longer than anything that a test waits for, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The outcome, or a panic that names what did not come.
#[track_caller]
pub fn await_patiently<T>(what: &str, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let clock = Clock::system();
        tokio::select! {
            outcome = future => outcome,
            () = clock.patience(PATIENCE) => panic!("{place}: {what} did not come"),
        }
    }
}
