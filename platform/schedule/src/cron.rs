//! `cron(minutes hours day-of-month month day-of-week year)`: at the times that the fields allow.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use std::time::Duration;

use haar_kernel::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};

use crate::zone::Zone;

/// Times that are looked at to see how far apart they are.
const TIMES_COMPARED: usize = 300;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: (i16, i16) = (1970, 2199);

/// Times by the fields of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<i16>,
    hours: Vec<i16>,
    days: Days,
    months: Vec<i16>,
    years: Vec<i16>,
}

/// The days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    /// Days of the month, by their numbers.
    OfMonth(Vec<i16>),
    /// The last day of the month, or so many days before it.
    Last(i16),
    /// The weekday that is nearest to a day of the month; of its last day when there is none.
    NearestWeekday(Option<i16>),
    /// Days of the week: 1 is Sunday.
    OfWeek(Vec<i16>),
    /// The last such day of the month.
    LastOfWeek(i16),
    /// The so-manieth such day of the month.
    NthOfWeek(i16, i16),
}

impl Cron {
    /// Reads an expression; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let inside = text.trim().strip_prefix("cron(")?.strip_suffix(')')?;
        let fields: Vec<String> = inside.split_whitespace().map(str::to_ascii_uppercase).collect();
        let [minutes, hours, day_of_month, months, day_of_week, years] = fields.as_slice() else { return None };
        let days = match (day_of_month.as_str(), day_of_week.as_str()) {
            ("?", "?") => return None,
            ("?", day_of_week) => of_week(day_of_week)?,
            (day_of_month, "?") => of_month(day_of_month)?,
            // One of both must be left open.
            _ => return None,
        };
        Some(Cron {
            minutes: numbers(minutes, (0, 59), &[])?,
            hours: numbers(hours, (0, 23), &[])?,
            days,
            months: numbers(months, (1, 12), &MONTHS)?,
            years: numbers(years, YEARS, &[])?,
        })
    }

    /// The first time behind `now` on the clocks of a zone; none when there will be no more. A time that the clocks
    /// leave out in spring is left out, and one that they repeat in autumn is not repeated.
    /// <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>
    pub fn after(&self, now: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let local = zone.local(now)?;
        let years = self.years.iter().filter(|year| **year >= local.year());
        for (&year, &month) in years.flat_map(|year| self.months.iter().map(move |month| (year, month))) {
            let first = Date::new(year, month as i8, 1).ok()?;
            if first.last_of_month() < local.date() {
                continue;
            }
            for day in self.days.of(first) {
                let Ok(date) = Date::new(year, month as i8, day) else { continue };
                if date < local.date() {
                    continue;
                }
                let ahead = self.times_of(date).filter(|time| *time > local);
                if let Some(due) = ahead.filter_map(|time| zone.shown(time)).find(|due| *due > now) {
                    return Some(due);
                }
            }
        }
        None
    }

    fn times_of(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let hours = self.hours.iter();
        hours.flat_map(move |&hour| self.minutes.iter().map(move |&minute| date.at(hour as i8, minute as i8, 0, 0)))
    }

    /// Whether any two of its times are closer than that.
    pub fn is_faster_than(&self, apart: Duration) -> bool {
        let mut last: Option<Timestamp> = None;
        let mut at = Timestamp::from_seconds(0);
        for _ in 0..TIMES_COMPARED {
            let Some(next) = self.after(at, &Zone::UTC) else { return false };
            if last.is_some_and(|last| next - last < apart) {
                return true;
            }
            (last, at) = (Some(next), next);
        }
        false
    }
}

impl Days {
    /// The days of the month that begins with a date, in order.
    fn of(&self, first: Date) -> Vec<i8> {
        let last = first.days_in_month();
        let days = 1..=last;
        let weekday =
            |day: &i8| i16::from(first.with().day(*day).build().map_or(0, |date| sunday_first(date.weekday())));
        match self {
            Days::OfMonth(numbers) => days.filter(|day| numbers.contains(&i16::from(*day))).collect(),
            Days::Last(before) => {
                i8::try_from(i16::from(last) - before).ok().filter(|day| *day > 0).into_iter().collect()
            }
            Days::NearestWeekday(wanted) => {
                let wanted = wanted.map_or(last, |day| day as i8);
                let near = match weekday(&wanted) {
                    // Saturday goes back and Sunday on, but not into another month.
                    7 if wanted > 1 => wanted - 1,
                    7 => wanted + 2,
                    1 if wanted < last => wanted + 1,
                    1 => wanted - 2,
                    _ => wanted,
                };
                if wanted <= last { vec![near] } else { Vec::new() }
            }
            Days::OfWeek(numbers) => days.filter(|day| numbers.contains(&weekday(day))).collect(),
            Days::LastOfWeek(number) => days.rev().find(|day| weekday(day) == *number).into_iter().collect(),
            Days::NthOfWeek(number, nth) => {
                days.filter(|day| weekday(day) == *number).nth(*nth as usize - 1).into_iter().collect()
            }
        }
    }
}

fn sunday_first(weekday: Weekday) -> i8 {
    weekday.to_sunday_one_offset()
}

fn of_month(text: &str) -> Option<Days> {
    if text == "LW" {
        return Some(Days::NearestWeekday(None));
    }
    if let Some(before) = text.strip_prefix('L') {
        return match before.strip_prefix('-') {
            None if before.is_empty() => Some(Days::Last(0)),
            None => None,
            Some(before) => Some(Days::Last(number(before, (1, 30), &[])?)),
        };
    }
    if let Some(day) = text.strip_suffix('W') {
        return Some(Days::NearestWeekday(Some(number(day, (1, 31), &[])?)));
    }
    Some(Days::OfMonth(numbers(text, (1, 31), &[])?))
}

fn of_week(text: &str) -> Option<Days> {
    if text == "L" {
        return Some(Days::OfWeek(vec![7]));
    }
    if let Some(day) = text.strip_suffix('L') {
        return Some(Days::LastOfWeek(number(day, (1, 7), &WEEKDAYS)?));
    }
    if let Some((day, nth)) = text.split_once('#') {
        return Some(Days::NthOfWeek(number(day, (1, 7), &WEEKDAYS)?, number(nth, (1, 5), &[])?));
    }
    Some(Days::OfWeek(numbers(text, (1, 7), &WEEKDAYS)?))
}

/// The numbers of a field, in order.
fn numbers(text: &str, (min, max): (i16, i16), names: &[&str]) -> Option<Vec<i16>> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<i16>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (min, max),
            Some((from, to)) => (number(from, (min, max), names)?, number(to, (min, max), names)?),
            None => {
                let from = number(range, (min, max), names)?;
                (from, if step.is_some() { max } else { from })
            }
        };
        let step = step.unwrap_or(1) as usize;
        match from <= to {
            true => found.extend((from..=to).step_by(step)),
            // FRI-MON goes over the end.
            false => found.extend((from..=max).chain(min..=to).step_by(step)),
        }
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn number(text: &str, (min, max): (i16, i16), names: &[&str]) -> Option<i16> {
    let named = names.iter().position(|name| *name == text).map(|at| at as i16 + min);
    named.or_else(|| text.parse().ok()).filter(|number| (min..=max).contains(number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn next(cron: &str, after: &str) -> String {
        next_in("UTC", cron, after)
    }

    fn next_in(zone: &str, cron: &str, after: &str) -> String {
        let zone = Zone::parse(zone).unwrap();
        let due = Cron::parse(cron).unwrap().after(Timestamp::parse_iso8601(after).unwrap(), &zone);
        due.map_or("never".into(), Timestamp::iso8601)
    }

    #[test]
    fn times_follow_the_clocks_of_the_zone() {
        // New York goes to summer time on 2026-03-08 at 2:00 and back on 2026-11-01 at 2:00.
        for (cron, after, due) in [
            ("cron(0 8 * * ? *)", "2026-03-07T13:00:00Z", "2026-03-08T12:00:00Z"),
            ("cron(0 8 * * ? *)", "2026-10-31T12:00:00Z", "2026-11-01T13:00:00Z"),
            // There is no 2:30 on that day.
            ("cron(30 2 * * ? *)", "2026-03-07T08:00:00Z", "2026-03-09T06:30:00Z"),
            // There are two 1:30 on that day, but only one run.
            ("cron(30 1 * * ? *)", "2026-10-31T06:00:00Z", "2026-11-01T05:30:00Z"),
            ("cron(30 1 * * ? *)", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"),
            ("cron(0/30 * * * ? *)", "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z"),
            ("cron(0/30 * * * ? *)", "2026-11-01T06:10:00Z", "2026-11-01T07:00:00Z"),
        ] {
            assert_eq!(next_in("America/New_York", cron, after), due, "{cron} after {after}");
        }
    }

    #[test]
    fn the_next_time_comes() {
        // 2026-01-01 is a Thursday.
        for (cron, after, due) in [
            ("cron(15 12 * * ? *)", "2026-01-01T00:00:00Z", "2026-01-01T12:15:00Z"),
            ("cron(15 12 * * ? *)", "2026-01-01T12:15:00Z", "2026-01-02T12:15:00Z"),
            ("cron(0/15 * * * ? *)", "2026-01-01T00:07:00Z", "2026-01-01T00:15:00Z"),
            ("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z"),
            ("cron(0 18 ? * 2-6 *)", "2026-01-02T18:00:00Z", "2026-01-05T18:00:00Z"),
            ("cron(0 8 1 * ? *)", "2026-01-01T09:00:00Z", "2026-02-01T08:00:00Z"),
            ("cron(0 8 1 JAN,jul ? *)", "2026-01-01T09:00:00Z", "2026-07-01T08:00:00Z"),
            ("cron(0/5 8-17 ? * FRI-MON *)", "2026-01-01T00:00:00Z", "2026-01-02T08:00:00Z"),
            ("cron(0 0 L * ? *)", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00Z"),
            ("cron(0 0 L-2 * ? *)", "2026-02-01T00:00:00Z", "2026-02-26T00:00:00Z"),
            ("cron(0 0 3W * ? *)", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            ("cron(0 0 1W * ? *)", "2026-07-31T00:00:00Z", "2026-08-03T00:00:00Z"),
            ("cron(0 0 LW * ? *)", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z"),
            ("cron(0 0 ? * L *)", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"),
            ("cron(0 0 ? * 6L *)", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z"),
            ("cron(0 0 ? * TUE#2 *)", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"),
            ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("cron(0 0 1 1 ? 2027)", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("cron(0 0 1 1 ? 2025)", "2026-01-01T00:00:00Z", "never"),
            ("cron(0 0 31 4 ? *)", "2026-01-01T00:00:00Z", "never"),
        ] {
            assert_eq!(next(cron, after), due, "{cron} after {after}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for cron in [
            "",
            "15 12 * * ? *",
            "rate(5 minutes)",
            "cron()",
            "cron(15 12 * * ?)",
            "cron(15 12 * * * *)",
            "cron(15 12 ? * ? *)",
            "cron(60 12 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 12 0 * ? *)",
            "cron(0 12 * 13 ? *)",
            "cron(0 12 ? * 8 *)",
            "cron(0 12 * * ? 1969)",
            "cron(0/0 12 * * ? *)",
            "cron(a 12 * * ? *)",
        ] {
            assert_eq!(Cron::parse(cron), None, "{cron}");
        }
    }

    #[test]
    fn what_is_too_fast_can_be_told() {
        let fast = |cron: &str| Cron::parse(cron).unwrap().is_faster_than(Duration::from_secs(5 * 60));
        for cron in ["cron(* * * * ? *)", "cron(0,3 * * * ? *)", "cron(0/4 * * * ? *)", "cron(1,59 * * * ? *)"] {
            assert!(fast(cron), "{cron}");
        }
        assert!(!fast("cron(0/5 * * * ? *)"));
        assert!(!fast("cron(0 0 1 1 ? 2027)"));
    }
}
