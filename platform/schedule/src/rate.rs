//! `rate(5 minutes)`: again and again, so far apart.

use std::time::Duration;

use haar_kernel::Timestamp;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least one.
    pub value: u32,
    /// Of what.
    pub unit: Unit,
}

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// 24 hours, whatever daylight saving does.
    Days,
}

impl Rate {
    /// Reads a rate; `None` if it is none. One is `1 minute`, and only one is.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
    pub fn parse(text: &str) -> Option<Self> {
        let (value, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.trim().split_once(' ')?;
        let value: u32 =
            value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok())?.filter(|n| *n > 0)?;
        let unit = match (unit.trim_start(), value) {
            ("minute", 1) | ("minutes", 2..) => Unit::Minutes,
            ("hour", 1) | ("hours", 2..) => Unit::Hours,
            ("day", 1) | ("days", 2..) => Unit::Days,
            _ => return None,
        };
        Some(Self { value, unit })
    }

    /// How far apart.
    pub fn interval(self) -> Duration {
        let seconds = match self.unit {
            Unit::Minutes => 60,
            Unit::Hours => 60 * 60,
            Unit::Days => 24 * 60 * 60,
        };
        Duration::from_secs(u64::from(self.value) * seconds)
    }

    /// The first time behind `now` that is a whole number of intervals after `start`, or `start` itself.
    pub fn after(self, now: Timestamp, start: Timestamp) -> Timestamp {
        if start > now {
            return start;
        }
        let interval = self.interval().as_millis() as i64;
        let passed = (now.millis() - start.millis()) / interval;
        Timestamp::from_millis(start.millis().saturating_add((passed + 1).saturating_mul(interval)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rates_count_from_their_start() {
        let rate = Rate::parse("rate(5 minutes)").unwrap();
        let at = Timestamp::from_seconds;
        assert_eq!(rate.after(at(0), at(7)), at(7));
        assert_eq!(rate.after(at(7), at(7)), at(307));
        assert_eq!(rate.after(at(306), at(7)), at(307));
        assert_eq!(rate.after(at(307), at(7)), at(607));
        assert_eq!(Rate::parse("rate(1 day)").unwrap().interval(), Duration::from_secs(86_400));
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in [
            "rate(1 minutes)",
            "rate(2 minute)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(+2 minutes)",
            "rate(1.5 hours)",
            "rate(5)",
            "rate(5 seconds)",
            "rate(5 weeks)",
            "rate(5 minutes",
            "5 minutes",
            "",
        ] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
