//! Java's date patterns, as far as partition projection needs them: `yyyy-MM-dd'T'HH:mm:ss`.

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// The steps between two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

impl Unit {
    /// `DAYS`, `days`, `DAY`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_uppercase();
        Some(match word.strip_suffix('S').unwrap_or(&word) {
            "MILLISECOND" | "MILLI" => Self::Milliseconds,
            "SECOND" => Self::Seconds,
            "MINUTE" => Self::Minutes,
            "HOUR" => Self::Hours,
            "DAY" => Self::Days,
            "WEEK" => Self::Weeks,
            "MONTH" => Self::Months,
            "YEAR" => Self::Years,
            _ => return None,
        })
    }

    /// So many of them after a date, or before.
    pub(super) fn after(self, from: NaiveDateTime, count: i64) -> Option<NaiveDateTime> {
        use chrono::{Months, TimeDelta};
        let months = |count: i64| {
            let size = Months::new(u32::try_from(count.unsigned_abs()).ok()?);
            if count < 0 { from.checked_sub_months(size) } else { from.checked_add_months(size) }
        };
        let delta = match self {
            Self::Milliseconds => TimeDelta::try_milliseconds(count)?,
            Self::Seconds => TimeDelta::try_seconds(count)?,
            Self::Minutes => TimeDelta::try_minutes(count)?,
            Self::Hours => TimeDelta::try_hours(count)?,
            Self::Days => TimeDelta::try_days(count)?,
            Self::Weeks => TimeDelta::try_weeks(count)?,
            Self::Months => return months(count),
            Self::Years => return months(count.checked_mul(12)?),
        };
        from.checked_add_signed(delta)
    }
}

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    items: Vec<Item<'static>>,
    /// The smallest thing that it writes.
    pub(super) finest: Unit,
}

impl Pattern {
    /// `None` for letters that are not known.
    pub(super) fn parse(java: &str) -> Option<Self> {
        let mut strftime = String::new();
        let mut finest = Unit::Years;
        let mut rest = java.chars().peekable();
        while let Some(letter) = rest.next() {
            if letter == '\'' {
                let mut quoted: String = std::iter::from_fn(|| rest.next_if(|next| *next != '\'')).collect();
                rest.next()?;
                if quoted.is_empty() {
                    quoted.push('\'');
                }
                strftime.push_str(&quoted.replace('%', "%%"));
                continue;
            }
            if !letter.is_ascii_alphabetic() {
                strftime.push_str(if letter == '%' { "%%" } else { "" });
                if letter != '%' {
                    strftime.push(letter);
                }
                continue;
            }
            let mut width = 1;
            while rest.next_if_eq(&letter).is_some() {
                width += 1;
            }
            let (spelled, unit) = match (letter, width) {
                ('y' | 'u', 2) => ("%y", Unit::Years),
                ('y' | 'u', _) => ("%Y", Unit::Years),
                ('M' | 'L', 1) => ("%-m", Unit::Months),
                ('M' | 'L', 2) => ("%m", Unit::Months),
                ('M' | 'L', 3) => ("%b", Unit::Months),
                ('M' | 'L', _) => ("%B", Unit::Months),
                ('d', 1) => ("%-d", Unit::Days),
                ('d', 2) => ("%d", Unit::Days),
                ('D', _) => ("%j", Unit::Days),
                ('E', 1..=3) => ("%a", Unit::Days),
                ('E', _) => ("%A", Unit::Days),
                ('H', 1) => ("%-H", Unit::Hours),
                ('H', _) => ("%H", Unit::Hours),
                ('h', 1) => ("%-I", Unit::Hours),
                ('h', _) => ("%I", Unit::Hours),
                ('a', _) => ("%p", Unit::Hours),
                ('m', 1) => ("%-M", Unit::Minutes),
                ('m', _) => ("%M", Unit::Minutes),
                ('s', 1) => ("%-S", Unit::Seconds),
                ('s', _) => ("%S", Unit::Seconds),
                ('S', 3) => ("%3f", Unit::Milliseconds),
                _ => return None,
            };
            strftime.push_str(spelled);
            finest = finest.min(unit);
        }
        let items: Vec<Item<'static>> = StrftimeItems::new(&strftime).map(Item::to_owned).collect();
        (!items.contains(&Item::Error)).then_some(Self { items, finest })
    }

    pub(super) fn format(&self, at: NaiveDateTime) -> String {
        at.format_with_items(self.items.iter()).to_string()
    }

    /// What the text leaves out is the first of it: January, the 1st, midnight.
    pub(super) fn read(&self, text: &str) -> Option<NaiveDateTime> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text.trim(), self.items.iter()).ok()?;
        let date = parsed.to_naive_date().ok().or_else(|| {
            if parsed.month.is_none() && parsed.ordinal.is_none() {
                parsed.set_month(1).ok()?;
            }
            if parsed.day.is_none() {
                parsed.set_day(1).ok()?;
            }
            parsed.to_naive_date().ok()
        })?;
        let hour = parsed.hour_div_12.zip(parsed.hour_mod_12).map(|(half, hour)| half * 12 + hour);
        let hour = hour.or(parsed.hour_mod_12).unwrap_or(0);
        let (minute, second) = (parsed.minute.unwrap_or(0), parsed.second.unwrap_or(0));
        let time = NaiveTime::from_hms_nano_opt(hour, minute, second, parsed.nanosecond.unwrap_or(0))?;
        Some(NaiveDate::and_time(&date, time))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn dates_survive_a_round_trip_through_their_pattern() {
        for (java, text, finest) in [
            ("yyyy-MM-dd", "2020-02-29", Unit::Days),
            ("yyyy/MM/dd/HH", "2020/02/29/23", Unit::Hours),
            ("yyyyMM", "202002", Unit::Months),
            ("yyyy", "2020", Unit::Years),
            ("yyyy-MM-dd'T'HH:mm:ss", "2020-02-29T01:02:03", Unit::Seconds),
            ("yyyy-MM-dd HH:mm:ss.SSS", "2020-02-29 01:02:03.456", Unit::Milliseconds),
            ("d MMM yyyy", "3 Feb 2020", Unit::Days),
            ("'dt='yyyy''MM", "dt=2020'02", Unit::Months),
        ] {
            let pattern = Pattern::parse(java).unwrap();
            assert_eq!(pattern.format(pattern.read(text).unwrap()), text, "{java}");
            assert_eq!(pattern.finest, finest, "{java}");
        }
        assert_eq!(Pattern::parse("yyyy-QQ"), None);
        assert_eq!(Pattern::parse("yyyy-MM-dd").unwrap().read("2020-13-01"), None);
    }
}
