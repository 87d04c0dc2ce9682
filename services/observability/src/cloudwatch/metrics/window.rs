//! The times that a request is about, as AWS rounds them.

use haar_platform::kernel::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// From when to when, in seconds since 1970, and what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first period begins here, after rounding ([`Window::start`]).
    pub from: i64,
    /// Exclusive.
    pub to: i64,
    /// The time: how old data is, and where gaps end that are filled.
    pub now: i64,
    /// Seconds east of UTC in which labels say times.
    pub zone: i64,
}

impl Window {
    /// Of a request, or of an evaluation that an alarm makes.
    pub fn new(from: Timestamp, to: Timestamp, now: Timestamp) -> Self {
        let to = to.millis().saturating_add(999).div_euclid(1000);
        Self { from: from.seconds(), to, now: now.seconds(), zone: 0 }
    }

    /// With labels in a zone: `+0130`. `None` for what is no zone.
    pub fn in_zone(self, zone: &str) -> Option<Self> {
        let (sign, digits) = zone.split_at_checked(1)?;
        let digits: i64 = digits.parse().ok().filter(|_| digits.len() == 4 && !digits.starts_with(['+', '-']))?;
        let seconds = digits / 100 * HOUR + digits % 100 * MINUTE;
        match sign {
            "+" => Some(Self { zone: seconds, ..self }),
            "-" => Some(Self { zone: -seconds, ..self }),
            _ => None,
        }
    }

    /// Where the periods of a query begin: the older, the more coarsely is the start rounded down.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>
    pub fn start(&self, period: i64) -> i64 {
        let step = match self.now - self.from {
            ..=1_296_000 if period < MINUTE => period.max(1),
            ..=1_296_000 => MINUTE,
            5_443_201.. => HOUR,
            _ => 5 * MINUTE,
        };
        self.from - self.from.rem_euclid(step)
    }

    /// The same length of time before, for what is learnt from it.
    pub fn before(&self, period: i64, seconds: i64) -> Self {
        let to = self.start(period);
        Self { from: to - seconds, to, ..*self }
    }
}

/// Two weeks: how long AWS looks back for a model of what is normal.
pub const TRAINING_SECONDS: i64 = 14 * DAY;

/// Whether AWS serves such a period.
pub fn is_period(seconds: i64) -> bool {
    matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds % MINUTE == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_a_sign_and_four_digits() {
        let window = Window { from: 0, to: 1, now: 1, zone: 0 };
        let zone = |text: &str| window.in_zone(text).map(|window| window.zone);
        assert_eq!(zone("+0130"), Some(5400));
        assert_eq!(zone("-0800"), Some(-28_800));
        assert!(["", "0130", "+130", "+-130", "UTC", "+01:30"].iter().all(|text| zone(text).is_none()));
    }

    #[test]
    fn starts_are_rounded_by_their_age() {
        // 12:32:34, three hours, twenty days and a hundred days ago.
        let from = 12 * HOUR + 32 * MINUTE + 34;
        let start = |age: i64, period: i64| Window { from, to: from + DAY, now: from + age, zone: 0 }.start(period);
        assert_eq!(start(3 * HOUR, 60), 12 * HOUR + 32 * MINUTE);
        assert_eq!(start(3 * HOUR, 300), 12 * HOUR + 32 * MINUTE);
        assert_eq!(start(3 * HOUR, 10), 12 * HOUR + 32 * MINUTE + 30);
        assert_eq!(start(20 * DAY, 300), 12 * HOUR + 30 * MINUTE);
        assert_eq!(start(100 * DAY, 3600), 12 * HOUR);
    }
}
