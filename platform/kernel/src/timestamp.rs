//! A point in time, to the millisecond, as AWS's APIs carry it.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads `2015-08-30T12:36:00Z`, with or without a fraction, with `Z` or an offset.
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        let parsed: jiff::Timestamp = text.parse().ok()?;
        Some(Self(parsed.as_millisecond()))
    }

    /// Reads `Mon, 16 Dec 2019 23:48:18 GMT`.
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let parsed = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(parsed.timestamp().as_millisecond()))
    }

    /// `2015-08-30T12:36:00Z`; three digits of fraction where there is one.
    pub fn iso8601(self) -> String {
        let format = if self.0.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
        self.format(format)
    }

    /// `Mon, 16 Dec 2019 23:48:18 GMT`; three digits of fraction where there is one.
    pub fn http_date(self) -> String {
        let format =
            if self.0.rem_euclid(1000) == 0 { "%a, %d %b %Y %H:%M:%S GMT" } else { "%a, %d %b %Y %H:%M:%S.%3f GMT" };
        self.format(format)
    }

    /// By a strftime-like format, in UTC.
    pub fn format(self, format: &str) -> String {
        self.civil().strftime(format).to_string()
    }

    /// Days since 1970-01-01, for counters that reset at midnight UTC.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// The latest point that calendars here can write (the end of the year 9999).
    pub const MAX: Self = Self(253_402_207_200_000);

    fn civil(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub for Timestamp {
    type Output = Duration;
    /// Zero when `earlier` is in fact later.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.iso8601())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_text_formats_are_read_back() {
        let moment = Timestamp::from_millis(1_576_540_098_123);
        assert_eq!(moment.iso8601(), "2019-12-16T23:48:18.123Z");
        assert_eq!(Timestamp::parse_iso8601("2019-12-16T23:48:18.123Z"), Some(moment));
        assert_eq!(Timestamp::parse_iso8601("2019-12-17T00:48:18.123+01:00"), Some(moment));
        let whole = Timestamp::from_seconds(1_576_540_098);
        assert_eq!(whole.http_date(), "Mon, 16 Dec 2019 23:48:18 GMT");
        assert_eq!(Timestamp::parse_http_date("Mon, 16 Dec 2019 23:48:18 GMT"), Some(whole));
        assert_eq!(Timestamp::parse_iso8601("yesterday"), None);
    }
}
