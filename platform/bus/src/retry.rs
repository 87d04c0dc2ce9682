//! When to try a delivery again, and when to give up.

use std::time::Duration;

use haar_kernel::{Timestamp, ids};

/// Attempts for each event: EventBridge's default.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>
pub const ATTEMPTS_MAX: u32 = 185;

/// Since the event was emitted: EventBridge's default.
pub const AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest wait after the first failure; it doubles with each further one.
pub const RETRY_FIRST: Duration = Duration::from_secs(1);

/// The longest wait after any failure: with it, [`ATTEMPTS_MAX`] attempts fit into [`AGE_MAX`].
pub const RETRY_MAX: Duration = Duration::from_secs(8 * 60);

/// How long to wait after that many failed attempts: between half of the doubled wait and all of it, so that what
/// failed together is not tried together.
pub fn delay(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let longest = (RETRY_FIRST * 2u32.pow(doublings)).min(RETRY_MAX);
    let half_millis = longest.as_millis() as u64 / 2;
    let jitter = u64::from_le_bytes(ids::random()) % (half_millis + 1);
    Duration::from_millis(half_millis + jitter)
}

/// Whether that was the last attempt.
pub(crate) fn is_over(attempts: u32, emitted: Timestamp, now: Timestamp) -> bool {
    attempts >= ATTEMPTS_MAX || now - emitted >= AGE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary_by_half() {
        for (attempts, longest) in
            [(1, RETRY_FIRST), (2, RETRY_FIRST * 2), (5, RETRY_FIRST * 16), (u32::MAX, RETRY_MAX)]
        {
            for _ in 0..100 {
                let delay = delay(attempts);
                assert!(delay >= longest / 2 && delay <= longest, "{attempts}: {delay:?}");
            }
        }
    }

    #[test]
    fn all_attempts_fit_into_the_age() {
        assert!(RETRY_MAX.mul_f64(0.75) * ATTEMPTS_MAX <= AGE_MAX);
    }
}
