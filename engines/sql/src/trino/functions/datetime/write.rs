//! A moment written by a pattern.

use std::fmt::Write;

use arrow::array::timezone::Tz;
use chrono::{DateTime, Datelike, FixedOffset, Offset, TimeZone, Timelike, Utc};

use super::pattern::{DAYS, Element, MONTHS};

/// The moment as the zone's clock shows it.
pub(super) fn write(text: &mut String, elements: &[Element], instant: DateTime<Utc>, zone: Option<Tz>) {
    let offset = match zone {
        Some(zone) => zone.offset_from_utc_datetime(&instant.naive_utc()).fix(),
        None => Utc.fix(),
    };
    let at: DateTime<FixedOffset> = instant.with_timezone(&offset);
    for element in elements {
        // Writing into a string cannot fail.
        let _ = piece(text, element, at, zone);
    }
}

fn piece(text: &mut String, element: &Element, at: DateTime<FixedOffset>, zone: Option<Tz>) -> std::fmt::Result {
    let mut number = |value: i64, width: usize| write!(text, "{value:0width$}");
    let hour = i64::from(at.hour());
    match element {
        Element::Literal(literal) => text.write_str(literal),
        Element::Year(width) => number(i64::from(at.year()), *width),
        Element::YearOfCentury => number(i64::from(at.year().rem_euclid(100)), 2),
        Element::WeekYear(width) => number(i64::from(at.iso_week().year()), *width),
        Element::Week(width) => number(i64::from(at.iso_week().week()), *width),
        Element::Month(width) => number(i64::from(at.month()), *width),
        Element::MonthShort => text.write_str(&MONTHS[at.month0() as usize][..3]),
        Element::MonthFull => text.write_str(MONTHS[at.month0() as usize]),
        Element::Day(width) => number(i64::from(at.day()), *width),
        Element::DayOfYear(width) => number(i64::from(at.ordinal()), *width),
        Element::DayOfWeek => number(i64::from(at.weekday().number_from_monday()), 1),
        Element::DayShort => text.write_str(&DAYS[at.weekday().num_days_from_monday() as usize][..3]),
        Element::DayFull => text.write_str(DAYS[at.weekday().num_days_from_monday() as usize]),
        Element::HalfDay => text.write_str(if hour < 12 { "AM" } else { "PM" }),
        Element::Hour(width) => number(hour, *width),
        Element::HourFromOne(width) => number(if hour == 0 { 24 } else { hour }, *width),
        Element::HourOfHalf(width) => number((hour + 11) % 12 + 1, *width),
        Element::HourOfHalfFromZero(width) => number(hour % 12, *width),
        Element::Minute(width) => number(i64::from(at.minute()), *width),
        Element::Second(width) => number(i64::from(at.second()), *width),
        Element::Fraction(width) => {
            let digits = format!("{:09}", at.nanosecond());
            (0..*width).try_for_each(|place| text.write_str(digits.get(place..=place).unwrap_or("0")))
        }
        Element::Era => text.write_str(if at.year() > 0 { "AD" } else { "BC" }),
        Element::Century(width) => number(i64::from(at.year() / 100), *width),
        Element::ZoneShort | Element::ZoneId => match zone {
            Some(zone) => write!(text, "{zone}"),
            None => text.write_str("UTC"),
        },
        Element::Offset { colon } => {
            let shown = at.offset().to_string();
            text.write_str(&if *colon { shown } else { shown.replace(':', "") })
        }
    }
}
