//! Dates, times and timestamps as text: what Trino accepts.

use arrow::array::timezone::Tz;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::error::SqlError;
use crate::types::Type;

use super::text::offset;
use super::time::{DAY, SECOND, pack, resolution, round, tick};

/// What is left to read of a date's or time's text.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// A number of so many digits.
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if !digits.contains(&length) {
            return None;
        }
        let (number, rest) = self.0.split_at(length);
        self.0 = rest;
        number.parse().ok()
    }

    fn skip(&mut self, symbol: char) -> Option<()> {
        self.0 = self.0.strip_prefix(symbol)?;
        Some(())
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let sign = match self.0.strip_prefix('-') {
            Some(rest) => {
                self.0 = rest;
                -1
            }
            None => {
                self.0 = self.0.strip_prefix('+').unwrap_or(self.0);
                1
            }
        };
        let year = self.number(4..=6)? * sign;
        self.skip('-')?;
        let month = self.number(1..=2)?;
        self.skip('-')?;
        let day = self.number(1..=2)?;
        NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)
    }

    /// Nanoseconds of the day; more digits of a second than those are rounded away.
    fn time(&mut self) -> Option<i64> {
        let hour = self.number(1..=2).filter(|hour| *hour < 24)?;
        self.skip(':')?;
        let minute = self.number(1..=2).filter(|minute| *minute < 60)?;
        let (mut second, mut fraction) = (0, 0);
        if self.skip(':').is_some() {
            second = self.number(1..=2).filter(|second| *second < 60)?;
            if self.skip('.').is_some() {
                let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
                let (digits, rest) = self.0.split_at(length);
                if digits.is_empty() {
                    return None;
                }
                self.0 = rest;
                let kept: i64 = format!("{digits:0<9}")[..9].parse().ok()?;
                let up = digits.as_bytes().get(9).is_some_and(|digit| *digit >= b'5');
                fraction = kept + i64::from(up);
            }
        }
        Some(((hour * 60 + minute) * 60 + second) * SECOND + fraction)
    }
}

fn refused(kind: &str, text: &str) -> SqlError {
    SqlError::invalid_cast(format!("Value cannot be cast to {kind}: {text}"))
}

/// Days since 1970 of `2020-02-29`.
pub(in crate::trino::functions) fn parse_date(text: &str) -> Result<i32, SqlError> {
    let mut reader = Reader(text.trim());
    let date = reader.date().filter(|_| reader.0.is_empty());
    date.map(|date| date.to_epoch_days()).ok_or_else(|| refused("date", text))
}

/// Nanoseconds of the day of `12:34:56.789`.
pub(in crate::trino::functions) fn parse_time(text: &str, digits: u8) -> Result<i64, SqlError> {
    let mut reader = Reader(text);
    let time = reader.time().filter(|_| reader.0.is_empty());
    Ok(round(time.ok_or_else(|| refused("time", text))?, digits) % DAY)
}

/// The packed time of `12:34:56.789+02:00`.
pub(in crate::trino::functions) fn parse_time_with_zone(text: &str, digits: u8) -> Result<i64, SqlError> {
    let mut reader = Reader(text);
    let read = reader.time().and_then(|time| {
        let offset = reader.0.trim();
        let minutes = if offset.is_empty() { 0 } else { parse_offset(offset)? };
        Some(pack(round(time, digits) % DAY, minutes))
    });
    read.ok_or_else(|| refused("time with time zone", text))
}

/// Minutes of `+02:00`.
fn parse_offset(text: &str) -> Option<i64> {
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => return None,
    };
    let mut reader = Reader(rest);
    let hours = reader.number(1..=2).filter(|hours| *hours <= 14)?;
    let minutes = match reader.skip(':') {
        Some(()) => reader.number(1..=2).filter(|minutes| *minutes < 60)?,
        None => 0,
    };
    reader.0.is_empty().then_some(sign * (hours * 60 + minutes))
}

/// Local date and time, and what follows them: a zone, perhaps.
fn parse_date_time(text: &str) -> Option<(NaiveDateTime, i64, &str)> {
    let mut reader = Reader(text.trim());
    let date = reader.date()?;
    let mut nanoseconds = 0;
    if reader.skip(' ').is_some() && reader.0.starts_with(|first: char| first.is_ascii_digit()) {
        nanoseconds = reader.time()?;
    }
    Some((date.and_time(NaiveTime::MIN), nanoseconds, reader.0.trim()))
}

/// The tick of a local time.
fn local_tick(midnight: NaiveDateTime, nanoseconds: i64, of: &Type) -> Option<DateTime<Utc>> {
    let (digits, _) = resolution(of);
    let rounded = chrono::Duration::nanoseconds(round(nanoseconds, digits));
    Some(midnight.checked_add_signed(rounded)?.and_utc())
}

/// The tick of `2020-02-29 12:34:56.789`. A text with a zone is no timestamp without.
pub(in crate::trino::functions) fn parse_timestamp(text: &str, digits: u8) -> Result<i64, SqlError> {
    let of = Type::Timestamp(digits);
    let refuse = || refused("timestamp", text);
    let (midnight, nanoseconds, zone) = parse_date_time(text).ok_or_else(refuse)?;
    if !zone.is_empty() {
        return Err(refuse());
    }
    tick(local_tick(midnight, nanoseconds, &of).ok_or_else(refuse)?, &of)
}

/// The tick of `2020-02-29 12:34:56.789 Europe/Berlin`; without a zone it is the session's.
pub(in crate::trino::functions) fn parse_timestamp_with_zone(text: &str, digits: u8) -> Result<i64, SqlError> {
    let of = Type::TimestampTz(digits);
    let refuse = || refused("timestamp with time zone", text);
    let (midnight, nanoseconds, named) = parse_date_time(text).ok_or_else(refuse)?;
    let local = local_tick(midnight, nanoseconds, &of).ok_or_else(refuse)?.naive_utc();
    let moment = if named.is_empty() || named == "Z" {
        Some(local.and_utc())
    } else if let Some(minutes) = parse_offset(named) {
        let offset = FixedOffset::east_opt(minutes as i32 * 60);
        offset.and_then(|offset| offset.from_local_datetime(&local).single()).map(|moment| moment.to_utc())
    } else {
        let zone: Option<Tz> = named.parse().ok();
        zone.and_then(|zone| zone.from_local_datetime(&local).earliest()).map(|moment| moment.to_utc())
    };
    tick(moment.ok_or_else(refuse)?, &of)
}

/// The zone at the end of a timestamp's text, if it has one: a name, or an offset as `+02:00`.
pub(in crate::trino::functions) fn zone_named(text: &str) -> Option<String> {
    let (_, _, zone) = parse_date_time(text)?;
    if let Some(minutes) = parse_offset(zone) {
        return Some(offset(minutes));
    }
    zone.parse::<Tz>().is_ok().then(|| zone.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::trino::functions::cast::time::unpack;

    #[test]
    fn timestamps_are_read_and_rounded() {
        for (text, digits, tick) in [
            ("1970-01-01", 3, 0),
            ("1970-01-01 00:00:01", 3, 1000),
            ("1970-1-2 1:2", 0, 86_400 + 3720),
            ("1970-01-01 00:00:00.9995", 3, 1000),
            ("1969-12-31 23:59:59.5", 3, -500),
            ("  1970-01-01 00:00:00.123456789  ", 9, 123_456_789),
        ] {
            assert_eq!(parse_timestamp(text, digits).unwrap(), tick, "{text}");
        }
        for text in ["", "1970", "1970-13-01", "1970-01-01T00:00:00", "1970-01-01 25:00", "1970-01-01 00:00 UTC"] {
            let error = parse_timestamp(text, 3).unwrap_err();
            assert_eq!(error.message, format!("Value cannot be cast to timestamp: {text}"));
        }
    }

    #[test]
    fn zones_and_offsets_are_understood() {
        assert_eq!(parse_timestamp_with_zone("1970-01-01 00:00:00 +01:00", 0).unwrap(), -3600);
        assert_eq!(parse_timestamp_with_zone("2020-07-01 00:00:00 Europe/Berlin", 0).unwrap(), 1_593_554_400);
        assert_eq!(zone_named("2020-07-01 00:00:00 -3:30"), Some("-03:30".to_owned()));
        assert_eq!(zone_named("2020-07-01 00:00:00 Europe/Berlin"), Some("Europe/Berlin".to_owned()));
        assert!(parse_timestamp_with_zone("2020-07-01 00:00:00 Middle/Earth", 0).is_err());
    }

    #[test]
    fn packed_times_come_back() {
        for (nanoseconds, minutes) in [(0, 0), (DAY - 1, -480), (1, 840)] {
            assert_eq!(unpack(pack(nanoseconds, minutes)), (nanoseconds, minutes));
        }
        assert_eq!(unpack(parse_time_with_zone("01:00-08:00", 3).unwrap()), (3600 * SECOND, -480));
    }
}
