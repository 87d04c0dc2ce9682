//! A moment read by a pattern.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc, Weekday};

use crate::error::SqlError;
use crate::trino::functions::cast::time::zone;

use super::moment::{instant_in, out_of_range};
use super::pattern::{DAYS, Element, MONTHS};

/// What was read: a local time, and where it was local if the text said so.
pub(super) struct Read {
    pub(super) local: NaiveDateTime,
    place: Option<Place>,
}

enum Place {
    Offset(i32),
    Zone(String),
}

impl Read {
    /// The instant; a text without a zone is in UTC, the session's.
    pub(super) fn instant(&self) -> Result<DateTime<Utc>, SqlError> {
        match &self.place {
            None => Ok(self.local.and_utc()),
            Some(Place::Zone(name)) => instant_in(zone(name)?, self.local),
            Some(Place::Offset(seconds)) => {
                let offset = FixedOffset::east_opt(*seconds).ok_or_else(out_of_range)?;
                Ok(offset.from_local_datetime(&self.local).single().ok_or_else(out_of_range)?.to_utc())
            }
        }
    }

    /// The zone as a column names it.
    pub(super) fn zone_name(&self) -> Option<String> {
        match self.place.as_ref()? {
            Place::Zone(name) => Some(name.clone()),
            Place::Offset(0) => None,
            Place::Offset(seconds) => FixedOffset::east_opt(*seconds).map(|offset| offset.to_string()),
        }
    }
}

/// The fields that the elements fill; what no element names is that of 1970-01-01T00:00.
#[derive(Default)]
struct Fields {
    year: Option<i64>,
    week_year: Option<i64>,
    week: Option<i64>,
    weekday: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    /// Set when the hour is that of a half day.
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanosecond: i64,
    place: Option<Place>,
}

/// Reads the whole text.
///
/// # Errors
/// `Invalid format: "2020-13-x" is malformed at "x"`, and `Cannot parse "2020-13-01": Value 13 for monthOfYear must be
/// in the range [1,12]`.
pub(super) fn read(text: &str, elements: &[Element]) -> Result<Read, SqlError> {
    let malformed = |rest: &str| {
        let at = if rest.len() == text.len() { String::new() } else { format!(" is malformed at \"{rest}\"") };
        let at = if rest.is_empty() { " is too short".to_owned() } else { at };
        SqlError::invalid_argument(format!("Invalid format: \"{text}\"{at}"))
    };
    let mut fields = Fields::default();
    let mut rest = text;
    for (index, element) in elements.iter().enumerate() {
        // Digits that follow digits are told apart by their number alone.
        let adjacent = elements.get(index + 1).is_some_and(is_number);
        rest = fields.take(rest, element, adjacent, text).ok_or_else(|| malformed(rest))??;
    }
    if !rest.is_empty() {
        return Err(malformed(rest));
    }
    let local = fields.local().ok_or_else(|| malformed(text))?;
    Ok(Read { local, place: fields.place })
}

fn is_number(element: &Element) -> bool {
    use Element::{DayFull, DayShort, Era, HalfDay, Literal, MonthFull, MonthShort, Offset, ZoneId, ZoneShort};
    !matches!(
        element,
        Literal(_) | MonthFull | MonthShort | DayFull | DayShort | HalfDay | Era | Offset { .. } | ZoneId | ZoneShort
    )
}

/// `None`: the text is not what the element says. An error: it is, and out of range.
type Taken<'a> = Option<Result<&'a str, SqlError>>;

impl Fields {
    fn take<'a>(&mut self, rest: &'a str, element: &Element, adjacent: bool, text: &str) -> Taken<'a> {
        let ranged = |(value, rest): (i64, &'a str), name: &str, (low, high): (i64, i64), field: &mut i64| {
            if !(low..=high).contains(&value) {
                let message =
                    format!("Cannot parse \"{text}\": Value {value} for {name} must be in the range [{low},{high}]");
                return Some(Err(SqlError::invalid_argument(message)));
            }
            *field = value;
            Some(Ok(rest))
        };
        let most = |width: usize, all: usize| if adjacent { width.max(1) } else { all };
        match element {
            Element::Literal(literal) => rest.strip_prefix(literal.as_str()).map(Ok),
            Element::Year(width) => {
                let (negative, digits) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
                let (value, rest) = number(digits, most(*width, 9))?;
                self.year = Some(if negative { -value } else { value });
                Some(Ok(rest))
            }
            Element::YearOfCentury => {
                let (value, after) = number(rest, if adjacent { 2 } else { 4 })?;
                // As Joda has it: two digits are within fifty years of 2000; more are what they say.
                let two = rest.len() - after.len() == 2;
                self.year = Some(if !two {
                    value
                } else if value < 70 {
                    2000 + value
                } else {
                    1900 + value
                });
                Some(Ok(after))
            }
            Element::WeekYear(width) => {
                let (value, rest) = number(rest, most(*width, 9))?;
                self.week_year = Some(value);
                Some(Ok(rest))
            }
            Element::Week(width) => {
                ranged(number(rest, most(*width, 2))?, "weekOfWeekyear", (1, 53), self.week.get_or_insert(1))
            }
            Element::Month(width) => {
                ranged(number(rest, most(*width, 2))?, "monthOfYear", (1, 12), self.month.get_or_insert(1))
            }
            Element::MonthShort | Element::MonthFull => {
                let (index, rest) = named(rest, &MONTHS)?;
                self.month = Some(index + 1);
                Some(Ok(rest))
            }
            Element::Day(width) => {
                ranged(number(rest, most(*width, 2))?, "dayOfMonth", (1, 31), self.day.get_or_insert(1))
            }
            Element::DayOfYear(width) => {
                ranged(number(rest, most(*width, 3))?, "dayOfYear", (1, 366), self.day_of_year.get_or_insert(1))
            }
            Element::DayOfWeek => ranged(number(rest, 1)?, "dayOfWeek", (1, 7), self.weekday.get_or_insert(1)),
            Element::DayShort | Element::DayFull => {
                let (index, rest) = named(rest, &DAYS)?;
                self.weekday = Some(index + 1);
                Some(Ok(rest))
            }
            Element::HalfDay => {
                let (index, rest) = named(rest, &["AM", "PM"])?;
                self.afternoon = Some(index == 1);
                Some(Ok(rest))
            }
            Element::Hour(width) => ranged(number(rest, most(*width, 2))?, "hourOfDay", (0, 23), &mut self.hour),
            Element::HourFromOne(width) => {
                let (value, rest) = number(rest, most(*width, 2))?;
                ranged((value, rest), "clockhourOfDay", (1, 24), &mut self.hour).inspect(|_| self.hour %= 24)
            }
            Element::HourOfHalf(width) => {
                let taken = number(rest, most(*width, 2))?;
                self.afternoon.get_or_insert(false);
                ranged(taken, "clockhourOfHalfday", (1, 12), &mut self.hour).inspect(|_| self.hour %= 12)
            }
            Element::HourOfHalfFromZero(width) => {
                self.afternoon.get_or_insert(false);
                ranged(number(rest, most(*width, 2))?, "hourOfHalfday", (0, 11), &mut self.hour)
            }
            Element::Minute(width) => ranged(number(rest, most(*width, 2))?, "minuteOfHour", (0, 59), &mut self.minute),
            Element::Second(width) => {
                ranged(number(rest, most(*width, 2))?, "secondOfMinute", (0, 59), &mut self.second)
            }
            Element::Fraction(width) => {
                let (_, after) = number(rest, most(*width, 9).max(*width))?;
                let digits = &rest[..rest.len() - after.len()];
                self.nanosecond = format!("{digits:0<9}")[..9].parse().ok()?;
                Some(Ok(after))
            }
            Element::Era => named(rest, &["AD", "BC"]).map(|(_, rest)| Ok(rest)),
            Element::Century(width) => {
                let (value, rest) = number(rest, most(*width, 2))?;
                self.year = Some(value * 100);
                Some(Ok(rest))
            }
            Element::Offset { .. } => {
                let (seconds, rest) = offset(rest)?;
                self.place = Some(Place::Offset(seconds));
                Some(Ok(rest))
            }
            Element::ZoneShort | Element::ZoneId => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"/_+-:".contains(c)).unwrap_or(rest.len());
                zone(&rest[..end]).ok()?;
                self.place = Some(Place::Zone(rest[..end].to_owned()));
                Some(Ok(&rest[end..]))
            }
        }
    }

    fn local(&self) -> Option<NaiveDateTime> {
        let year = i32::try_from(self.year.unwrap_or(1970)).ok()?;
        let small = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        let date = if let Some(week) = small(self.week) {
            let year = self.week_year.map_or(Some(year), |year| i32::try_from(year).ok())?;
            let weekday = Weekday::try_from(u8::try_from(self.weekday.unwrap_or(1) - 1).ok()?).ok()?;
            NaiveDate::from_isoywd_opt(year, week, weekday)?
        } else if let Some(day) = small(self.day_of_year) {
            NaiveDate::from_yo_opt(year, day)?
        } else {
            NaiveDate::from_ymd_opt(year, small(self.month).unwrap_or(1), small(self.day).unwrap_or(1))?
        };
        let hour = self.hour + if self.afternoon == Some(true) && self.hour < 12 { 12 } else { 0 };
        let part = |value: i64| u32::try_from(value).ok();
        let local = date.and_hms_nano_opt(part(hour)?, part(self.minute)?, part(self.second)?, part(self.nanosecond)?);
        local.filter(|local| local.year().abs() < 250_000)
    }
}

/// The digits at the beginning, at most so many.
fn number(text: &str, most: usize) -> Option<(i64, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    Some((text[..length].parse().ok()?, &text[length..]))
}

/// Which of the names, whole or by its first three letters, the text begins with.
fn named<'a>(text: &'a str, names: &[&str]) -> Option<(i64, &'a str)> {
    let begins = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let whole = names.iter().position(|name| begins(name)).map(|index| (index, names[index].len()));
    let found =
        whole.or_else(|| names.iter().position(|name| begins(&name[..name.len().min(3)])).map(|index| (index, 3)));
    found.map(|(index, length)| (index as i64, &text[length..]))
}

/// Seconds of `+0100`, `+01:00`, `Z`.
fn offset(text: &str) -> Option<(i32, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = if text.starts_with('-') { -1 } else { i32::from(text.starts_with('+')) };
    let (hours, rest) = number(text.get(1..).filter(|_| sign != 0)?, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':').unwrap_or(rest), 2)?;
    Some((sign * i32::try_from((hours * 60 + minutes) * 60).ok()?, rest))
}
