//! The moment of a request as SigV4 writes it: `20150830T123600Z`.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A moment in whole seconds since 1970, UTC; displayed in ISO 8601's basic format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AmzDate(i64);

impl AmzDate {
    /// The earliest and latest moments whose year has four digits; a signature cannot say others.
    const EARLIEST_SECONDS: i64 = -62_167_219_200;
    const LATEST_SECONDS: i64 = 253_402_207_200;

    /// Unix seconds; what lies outside years 0 to 9999 is moved to the nearest moment inside.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.clamp(Self::EARLIEST_SECONDS, Self::LATEST_SECONDS))
    }

    /// Reads `yyyymmddThhmmssZ` and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let number = |from: usize, to: usize| {
            bytes[from..to]
                .iter()
                .try_fold(0_i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
        };
        let small = |from| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
        let civil = DateTime::new(number(0, 4)?, small(4)?, small(6)?, small(9)?, small(11)?, small(13)?, 0).ok()?;
        let moment = Offset::UTC.to_timestamp(civil).ok()?;
        Some(Self(moment.as_second()))
    }

    /// Reads a `Date` header: RFC 1123 as HTTP writes it, or the basic format that some clients put there.
    pub fn parse_http(text: &str) -> Option<Self> {
        let rfc_1123 = || {
            let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
            Some(Self::from_seconds(zoned.timestamp().as_second()))
        };
        Self::parse(text).or_else(rfc_1123)
    }

    pub fn seconds(self) -> i64 {
        self.0
    }

    /// This moment moved by some seconds.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_seconds(self.0.saturating_add(seconds))
    }

    /// `yyyymmdd`, as the credential scope has it.
    pub fn day(self) -> String {
        let mut basic = self.to_string();
        basic.truncate("yyyymmdd".len());
        basic
    }

    /// `2015-08-30T12:36:00Z`, as S3's error details have it.
    pub(super) fn extended(self) -> String {
        self.civil().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn civil(self) -> DateTime {
        let moment = jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Offset::UTC.to_datetime(moment)
    }
}

impl fmt::Display for AmzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil();
        let mut text = *b"yyyymmddThhmmssZ";
        // By hand: every request's signature covers one, and a format string would be read each time.
        let mut put = |from: usize, to: usize, mut number: u16| {
            for digit in text[from..to].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0, 4, civil.year().unsigned_abs());
        let parts = [civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()];
        for (from, part) in [4, 6, 9, 11, 13].into_iter().zip(parts) {
            put(from, from + 2, part.unsigned_abs().into());
        }
        f.write_str(std::str::from_utf8(&text).expect("digits are text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_header_formats_name_the_same_moment() {
        let basic = AmzDate::parse("20150830T123600Z");
        assert_eq!(basic, AmzDate::parse_http("Sun, 30 Aug 2015 12:36:00 GMT"));
        assert_eq!(basic.map(|date| date.to_string()), Some("20150830T123600Z".to_owned()));
        assert_eq!(basic.map(AmzDate::day), Some("20150830".to_owned()));
        assert_eq!(basic.map(AmzDate::seconds), Some(1_440_938_160));
    }

    #[test]
    fn only_the_basic_format_of_a_real_day_is_read() {
        for text in [
            "",
            "20150830",
            "2015-08-30T12:36Z",
            "20150230T000000Z",
            "20150830T250000Z",
            "20150830T12360éZ",
            "+0150830T123600Z",
        ] {
            assert_eq!(AmzDate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn extreme_clocks_still_format() {
        assert_eq!(AmzDate::from_seconds(i64::MIN).to_string().len(), 16);
        assert_eq!(AmzDate::from_seconds(i64::MAX).to_string().len(), 16);
        assert_eq!(AmzDate::from_seconds(i64::MAX).plus_seconds(i64::MAX).to_string().len(), 16);
    }
}
