//! `timestamp.formats`: a table's own formats of timestamps, in the letters that Joda-Time and java.time share.

use super::date;
use crate::error::FormatError;

/// The formats of a table, in the order in which they are tried; Hive's own come after them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimestampFormats(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// `millis`: milliseconds since the epoch; a fraction is cut.
    Millis,
    Parts(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(Field, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Year,
    Month,
    Day,
    DayOfYear,
    DayOfWeek,
    Hour,
    /// 1 to 24
    ClockHour,
    HalfdayHour,
    Minute,
    Second,
    Fraction,
    Halfday,
    Offset,
    ZoneName,
}

impl TimestampFormats {
    /// Reads the property: formats between commas. Hive's SerDes escape commas with a backslash; OpenX does not.
    pub fn parse(property: &str, escaped: bool) -> Result<TimestampFormats, FormatError> {
        let invalid =
            || FormatError::invalid_metadata(format!("Invalid 'timestamp.formats' property value '{property}'"));
        let mut formats = vec![String::new()];
        let mut characters = property.chars();
        while let Some(character) = characters.next() {
            match (character, formats.last_mut()) {
                ('\\', Some(format)) if escaped => {
                    format.push(characters.next().filter(|next| matches!(next, ',' | '\\')).ok_or_else(invalid)?);
                }
                (',', _) => formats.push(String::new()),
                (_, Some(format)) => format.push(character),
                (_, None) => {}
            }
        }
        let patterns = formats.iter().filter(|format| !format.is_empty()).map(|format| match format.as_str() {
            millis if millis.eq_ignore_ascii_case("millis") => Some(Pattern::Millis),
            format => parse_parts(format).map(Pattern::Parts),
        });
        Ok(TimestampFormats(patterns.collect::<Option<_>>().ok_or_else(invalid)?))
    }

    /// Milliseconds since the epoch, by the first format that fits the whole text.
    pub fn read(&self, text: &str) -> Option<i64> {
        self.0.iter().find_map(|pattern| match pattern {
            Pattern::Millis => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
                let fits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
                whole.parse().ok().filter(|_| fits && !whole.starts_with('+'))
            }
            Pattern::Parts(parts) => read_parts(parts, text),
        })
    }
}

fn parse_parts(format: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let end = rest[1..].find('\'')?;
            // Two quotes are one.
            parts.push(Part::Literal(if end == 0 { "'".into() } else { rest[1..=end].to_owned() }));
            rest = &rest[end + 2..];
            continue;
        }
        let count = rest.chars().take_while(|next| *next == letter).count();
        let run = &rest[..count * letter.len_utf8()];
        parts.push(match letter {
            'y' | 'u' | 'Y' => Part::Field(Field::Year, count),
            'M' | 'L' => Part::Field(Field::Month, count),
            'd' => Part::Field(Field::Day, count),
            'D' => Part::Field(Field::DayOfYear, count),
            'E' => Part::Field(Field::DayOfWeek, count),
            'H' => Part::Field(Field::Hour, count),
            'k' => Part::Field(Field::ClockHour, count),
            'h' | 'K' => Part::Field(Field::HalfdayHour, count),
            'm' => Part::Field(Field::Minute, count),
            's' => Part::Field(Field::Second, count),
            'S' | 'n' => Part::Field(Field::Fraction, count),
            'a' => Part::Field(Field::Halfday, count),
            'Z' | 'X' | 'x' => Part::Field(Field::Offset, count),
            'z' | 'V' => Part::Field(Field::ZoneName, count),
            letter if letter.is_ascii_alphabetic() => return None,
            _ => Part::Literal(run.to_owned()),
        });
        rest = &rest[run.len()..];
    }
    Some(parts)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn read_parts(parts: &[Part], text: &str) -> Option<i64> {
    let mut rest = text;
    let (mut year, mut month, mut day, mut day_of_year) = (1970, 1, 1, None);
    let (mut hour, mut minute, mut second, mut millis) = (0, 0, 0, 0);
    let (mut halfday, mut offset_minutes) = (None, 0);
    for (at, part) in parts.iter().enumerate() {
        let (field, count) = match part {
            Part::Literal(literal) => {
                rest = rest.strip_prefix(literal.as_str())?;
                continue;
            }
            Part::Field(field, count) => (*field, *count),
        };
        // Digits that follow without a mark between them have exactly the pattern's width.
        let adjacent = match parts.get(at + 1) {
            Some(Part::Field(Field::Halfday | Field::Offset | Field::ZoneName | Field::DayOfWeek, _)) => false,
            Some(Part::Field(Field::Month, letters)) => *letters <= 2,
            Some(Part::Field(..)) => true,
            Some(Part::Literal(_)) | None => false,
        };
        let width = |most: usize| if adjacent { count } else { most };
        match field {
            Field::Year => {
                let (number, digits) = take_signed(&mut rest, if adjacent { count } else { 9 })?;
                // Two letters and two digits are a year around 2000.
                year = if count == 2 && digits == 2 { 2_000 + number } else { number };
            }
            Field::Month if count > 2 => month = take_name(&mut rest, &MONTHS)? + 1,
            Field::Month => month = take_number(&mut rest, width(2)).filter(|month| (1..=12).contains(month))?,
            Field::Day => day = take_number(&mut rest, width(2)).filter(|day| (1..=31).contains(day))?,
            Field::DayOfYear => day_of_year = Some(take_number(&mut rest, width(3))?),
            Field::DayOfWeek => drop(take_name(&mut rest, &DAYS)?),
            Field::Hour => hour = take_number(&mut rest, width(2)).filter(|hour| *hour < 24)?,
            Field::ClockHour => hour = take_number(&mut rest, width(2)).filter(|hour| *hour <= 24)? % 24,
            Field::HalfdayHour => hour = take_number(&mut rest, width(2)).filter(|hour| *hour <= 12)? % 12,
            Field::Minute => minute = take_number(&mut rest, width(2)).filter(|minute| *minute < 60)?,
            Field::Second => second = take_number(&mut rest, width(2)).filter(|second| *second < 60)?,
            Field::Fraction => {
                let digits = rest.bytes().take(count).take_while(u8::is_ascii_digit).count();
                let number = take_number(&mut rest, count.min(9))?;
                millis = (number * 10_i64.pow(9 - digits.min(9) as u32)) / 1_000_000;
                rest = rest.trim_start_matches(|digit: char| count > 9 && digit.is_ascii_digit());
            }
            Field::Halfday => halfday = Some(take_name(&mut rest, &["am", "pm"])?),
            Field::Offset => offset_minutes = take_offset(&mut rest)?,
            Field::ZoneName => {
                let name = ["UTC", "GMT", "Z"].into_iter().find(|name| rest.starts_with(name))?;
                rest = &rest[name.len()..];
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let days = match day_of_year {
        Some(day) => date::days(year, 1, day)?,
        None => date::days(year, month, day)?,
    };
    let hour = hour + halfday.map_or(0, |half| half * 12);
    let minutes = days.checked_mul(1_440)?.checked_add(hour * 60 + minute - offset_minutes)?;
    minutes.checked_mul(60_000)?.checked_add(second * 1_000 + millis)
}

fn take_number(rest: &mut &str, digits_max: usize) -> Option<i64> {
    let digits = rest.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
    let number = rest[..digits].parse().ok()?;
    *rest = &rest[digits..];
    Some(number)
}

/// A number that may be negative, and how many digits it has.
fn take_signed(rest: &mut &str, digits_max: usize) -> Option<(i64, usize)> {
    let negative = rest.starts_with('-');
    *rest = &rest[usize::from(negative)..];
    let before = rest.len();
    let number = take_number(rest, digits_max)?;
    Some((if negative { -number } else { number }, before - rest.len()))
}

/// The place of a name, whole or by its first three letters, in any case.
fn take_name(rest: &mut &str, names: &[&str]) -> Option<i64> {
    let fits = |name: &str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let (at, length) = names.iter().enumerate().find_map(|(at, name)| {
        let short = &name[..name.len().min(3)];
        [name, short].into_iter().find(|name| fits(name)).map(|found| (at, found.len()))
    })?;
    *rest = &rest[length..];
    Some(at as i64)
}

/// `Z`, `+02`, `+0200` or `+02:00`, in minutes.
fn take_offset(rest: &mut &str) -> Option<i64> {
    if let Some(after) = rest.strip_prefix(['Z', 'z']) {
        *rest = after;
        return Some(0);
    }
    let sign = if rest.starts_with('-') { -1 } else { 1 };
    *rest = rest.strip_prefix(['+', '-'])?;
    let hours = take_number(rest, 2)?;
    let colon = rest.strip_prefix(':');
    let mut minutes_text = colon.unwrap_or(rest);
    let minutes = match take_number(&mut minutes_text, 2) {
        Some(minutes) => {
            *rest = minutes_text;
            minutes
        }
        None => 0,
    };
    Some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(format: &str, text: &str) -> Option<i64> {
        TimestampFormats::parse(format, true).unwrap().read(text)
    }

    #[test]
    fn formats_are_tried_in_their_order() {
        let formats = "yyyy-MM-dd'T'HH:mm:ss.SSSZ,dd/MMM/yyyy:HH:mm:ss Z,millis";
        assert_eq!(read(formats, "1970-01-01T00:00:01.250Z"), Some(1_250));
        assert_eq!(read(formats, "01/Jan/1970:02:00:00 +0200"), Some(0));
        assert_eq!(read(formats, "1234.9"), Some(1_234));
        assert_eq!(read(formats, "1970-01-01"), None);
    }

    #[test]
    fn fields_know_their_ranges_and_widths() {
        assert_eq!(read("yyyyMMddHHmmss", "19700102030405"), Some(97_445_000));
        assert_eq!(
            read("M/d/yy h:mm a", "1/2/70 12:30 PM"),
            date::days(2070, 1, 2).map(|d| d * 86_400_000 + 45_000_000)
        );
        assert_eq!(read("EEE MMM d HH:mm:ss yyyy", "Thu January 1 00:00:00 1970"), Some(0));
        assert_eq!(read("HH:mm", "01:00"), Some(3_600_000));
        assert_eq!(read("yyyy-MM-dd", "1970-13-01"), None);
        assert_eq!(read("yyyy-MM-dd''", "1970-01-01'"), Some(0));
        assert_eq!(read("yyyy-DDD", "1970-032"), Some(31 * 86_400_000));
    }

    #[test]
    fn escapes_are_hives_only() {
        assert_eq!(read(r"yyyy\,MM", "1970,01"), Some(0));
        assert!(TimestampFormats::parse(r"yyyy\M", true).is_err());
        assert!(TimestampFormats::parse("yyyy-QQ", true).is_err());
        assert!(TimestampFormats::parse("yyyy 'open", true).is_err());
        assert_eq!(TimestampFormats::parse("yyyy,MM", false).unwrap().0.len(), 2);
    }
}
