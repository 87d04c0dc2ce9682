//! Dates and timestamps as text, the way Hive reads and writes them.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Days from the epoch to a day that may be outside its month, as Java's lenient resolver counts: month 13 is January
/// of the next year, and March 0 is the last day of February.
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let months = month - 1;
    let year = i32::try_from(year + months.div_euclid(12)).ok()?;
    let first = NaiveDate::from_ymd_opt(year, months.rem_euclid(12) as u32 + 1, 1)?;
    Some(i64::from(first.to_epoch_days()) + day - 1)
}

/// `y-M-d`; what follows a space is ignored. In days since the epoch.
pub fn parse_date(text: &str) -> Option<i32> {
    let text = text.trim();
    let mut scanner = Scanner { text: text.split(' ').next()?.as_bytes() };
    let day = scanner.date()?;
    if !scanner.text.is_empty() {
        return None;
    }
    i32::try_from(day).ok()
}

/// `y-M-d[ H:m:s[.fraction]]` or ISO 8601 without a zone. In milliseconds since the epoch; what is finer is rounded.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let mut scanner = Scanner { text: text.trim().as_bytes() };
    let millis = scanner.timestamp()?;
    scanner.text.is_empty().then_some(millis)
}

/// A timestamp as [`parse_timestamp`] has it, with `Z` or an offset behind it, which is applied.
pub fn parse_zoned_timestamp(text: &str) -> Option<i64> {
    let mut scanner = Scanner { text: text.trim().as_bytes() };
    let millis = scanner.timestamp()?;
    let offset_minutes = match scanner.text {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), hours @ ..] => {
            let mut digits = Scanner { text: hours };
            let hours = digits.exactly(2)?;
            digits.mark(b':');
            let minutes = digits.exactly(2)?;
            if !digits.text.is_empty() {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    millis.checked_sub(offset_minutes * 60_000)
}

struct Scanner<'a> {
    text: &'a [u8],
}

impl Scanner<'_> {
    /// A number of at most `digits_max` digits.
    fn number(&mut self, digits_max: usize) -> Option<i64> {
        let digits = self.text.iter().take(digits_max).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let number = self.text[..digits].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        self.text = &self.text[digits..];
        Some(number)
    }

    fn exactly(&mut self, digits: usize) -> Option<i64> {
        let before = self.text.len();
        let number = self.number(digits)?;
        (before - self.text.len() == digits).then_some(number)
    }

    fn mark(&mut self, mark: u8) -> bool {
        let found = self.text.first() == Some(&mark);
        self.text = &self.text[usize::from(found)..];
        found
    }

    fn required(&mut self, mark: u8) -> Option<()> {
        self.mark(mark).then_some(())
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.mark(b'-');
        let year = self.number(10)?;
        self.required(b'-')?;
        let month = self.number(2)?;
        self.required(b'-')?;
        let day = self.number(2)?;
        days(if negative { -year } else { year }, month, day)
    }

    fn timestamp(&mut self) -> Option<i64> {
        let midnight = self.date()?.checked_mul(MILLIS_PER_DAY)?;
        let iso = self.mark(b'T') || self.mark(b't');
        if !iso && !self.mark(b' ') {
            return Some(midnight);
        }
        let hours = self.number(2)?;
        self.required(b':')?;
        let minutes = self.number(2)?;
        // ISO 8601 may leave the seconds out.
        let seconds = if !iso || self.text.first() == Some(&b':') {
            self.required(b':')?;
            self.number(2)?
        } else {
            0
        };
        let fraction = if self.mark(b'.') { self.fraction_millis()? } else { 0 };
        midnight.checked_add(((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction)
    }

    /// One to nine digits behind the point.
    fn fraction_millis(&mut self) -> Option<i64> {
        let before = self.text.len();
        let number = self.number(9)?;
        let digits = (before - self.text.len()) as u32;
        let nanos = number * 10_i64.pow(9 - digits);
        Some((nanos + 500_000) / 1_000_000)
    }
}

/// A date as Hive writes it: `2020-01-31`.
pub fn write_date(day: i32, into: &mut String) {
    // The calendar ends in the year 262142: what is later is shown as its last day.
    let date = NaiveDate::from_epoch_days(day).unwrap_or(if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX });
    let (year, month, day) = (date.year(), date.month(), date.day());
    // Writing to a string cannot fail.
    let _ = if (0..=9_999).contains(&year) {
        write!(into, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(into, "{year}-{month:02}-{day:02}")
    };
}

/// A timestamp as Hive writes it: `2020-01-31 09:05:00` and, when there are any, milliseconds without zeros at the end.
pub fn write_timestamp(millis: i64, separator: char, into: &mut String) {
    let day = millis.div_euclid(MILLIS_PER_DAY);
    write_date(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }), into);
    let in_day = millis.rem_euclid(MILLIS_PER_DAY);
    let (seconds, fraction) = (in_day / 1_000, in_day % 1_000);
    let _ = write!(into, "{separator}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let digits = format!(".{fraction:03}");
        into.push_str(digits.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dates_are_lenient_about_digits_and_what_follows() {
        assert_eq!(parse_date("1970-01-02"), Some(1));
        assert_eq!(parse_date(" 2020-2-9 09:00:00 "), parse_date("2020-02-09"));
        assert_eq!(parse_date("2019-13-01"), parse_date("2020-01-01"));
        assert_eq!(parse_date("-0001-01-01"), Some(-719_893));
        for text in ["", "2020", "2020-01", "2020-01-01T00:00:00", "20200101", "2020-01-001", "99999999999-01-01"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_are_hives_or_iso() {
        for (text, millis) in [
            ("1970-01-02", 86_400_000),
            ("1970-01-01 00:00:01", 1_000),
            ("1970-1-1 0:0:1.5", 1_500),
            ("1970-01-01 00:00:01.0015", 1_002),
            ("1970-01-01T00:01", 60_000),
            ("1970-01-01T00:00:01.123456789", 1_123),
            ("1969-12-31 23:59:59.999", -1),
            ("1970-01-01 24:00:00", 86_400_000),
        ] {
            assert_eq!(parse_timestamp(text), Some(millis), "{text}");
        }
        for text in ["", "1970-01-01 ", "1970-01-01 00:00", "1970-01-01T00:00:00Z", "1970-01-01 00:00:00.", "now"] {
            assert_eq!(parse_timestamp(text), if text == "1970-01-01 " { Some(0) } else { None }, "{text}");
        }
    }

    #[test]
    fn zones_are_applied() {
        assert_eq!(parse_zoned_timestamp("1970-01-01T00:00:00z"), Some(0));
        assert_eq!(parse_zoned_timestamp("1970-01-01T02:00:00.5+02:00"), Some(500));
        assert_eq!(parse_zoned_timestamp("1970-01-01 00:00:00-0130"), Some(5_400_000));
        assert_eq!(parse_zoned_timestamp("1970-01-01T00:00:00+2"), None);
    }

    #[test]
    fn what_is_written_can_be_read() {
        for millis in [0, -1, 1_500, 253_402_300_799_999, -62_135_596_800_000] {
            let mut text = String::new();
            write_timestamp(millis, ' ', &mut text);
            assert_eq!(parse_timestamp(&text), Some(millis), "{text}");
        }
        let mut text = String::new();
        write_timestamp(1_500, ' ', &mut text);
        assert_eq!(text, "1970-01-01 00:00:01.5");
    }
}
