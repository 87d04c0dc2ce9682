//! Patterns of dates and times: MySQL's (`%Y-%m-%d`) and Joda's (`yyyy-MM-dd`), as the same sequence of elements.

use crate::error::SqlError;

/// One piece of a pattern. Numbers carry the fewest digits that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Literal(String),
    Year(usize),
    /// Two digits, of this century or the last.
    YearOfCentury,
    WeekYear(usize),
    Week(usize),
    Month(usize),
    MonthShort,
    MonthFull,
    Day(usize),
    DayOfYear(usize),
    DayOfWeek,
    DayShort,
    DayFull,
    HalfDay,
    /// 0 to 23.
    Hour(usize),
    /// 1 to 24.
    HourFromOne(usize),
    /// 1 to 12.
    HourOfHalf(usize),
    /// 0 to 11.
    HourOfHalfFromZero(usize),
    Minute(usize),
    Second(usize),
    /// So many digits of a second.
    Fraction(usize),
    Era,
    Century(usize),
    /// `CET`.
    ZoneShort,
    /// `+0100`, `+01:00`.
    Offset {
        colon: bool,
    },
    /// `Europe/Berlin`.
    ZoneId,
}

/// MySQL's pattern, which `date_format` and `date_parse` take.
pub(super) fn mysql(pattern: &str) -> Result<Vec<Element>, SqlError> {
    let mut elements = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            literal(&mut elements, character);
            continue;
        }
        let Some(code) = characters.next() else {
            return Err(SqlError::invalid_argument(format!("Invalid date format string: {pattern}")));
        };
        let element = match code {
            'a' => Element::DayShort,
            'b' => Element::MonthShort,
            'c' => Element::Month(1),
            'd' => Element::Day(2),
            'e' => Element::Day(1),
            'f' => Element::Fraction(6),
            'H' => Element::Hour(2),
            'h' | 'I' => Element::HourOfHalf(2),
            'i' => Element::Minute(2),
            'j' => Element::DayOfYear(3),
            'k' => Element::Hour(1),
            'l' => Element::HourOfHalf(1),
            'M' => Element::MonthFull,
            'm' => Element::Month(2),
            'p' => Element::HalfDay,
            'S' | 's' => Element::Second(2),
            'v' => Element::Week(2),
            'x' => Element::WeekYear(4),
            'W' => Element::DayFull,
            'Y' => Element::Year(4),
            'y' => Element::YearOfCentury,
            'r' | 'T' => {
                let twelve = code == 'r';
                elements.push(if twelve { Element::HourOfHalf(2) } else { Element::Hour(2) });
                literal(&mut elements, ':');
                elements.push(Element::Minute(2));
                literal(&mut elements, ':');
                elements.push(Element::Second(2));
                if !twelve {
                    continue;
                }
                literal(&mut elements, ' ');
                Element::HalfDay
            }
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => {
                let message = format!("%{code} not supported in date format string");
                return Err(SqlError::invalid_argument(message));
            }
            other => {
                literal(&mut elements, other);
                continue;
            }
        };
        elements.push(element);
    }
    Ok(elements)
}

/// Joda's pattern, which `format_datetime` and `parse_datetime` take.
pub(super) fn joda(pattern: &str) -> Result<Vec<Element>, SqlError> {
    let mut elements = Vec::new();
    let characters: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        let letter = characters[at];
        if letter == '\'' {
            at = quoted(&characters, at + 1, &mut elements);
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            literal(&mut elements, letter);
            at += 1;
            continue;
        }
        let count = characters[at..].iter().take_while(|next| **next == letter).count();
        at += count;
        elements.push(match (letter, count) {
            ('G', _) => Element::Era,
            ('C', _) => Element::Century(count),
            ('Y' | 'y', 2) => Element::YearOfCentury,
            ('Y' | 'y', _) => Element::Year(count),
            ('x', _) => Element::WeekYear(count),
            ('w', _) => Element::Week(count),
            ('e', _) => Element::DayOfWeek,
            ('E', 1..=3) => Element::DayShort,
            ('E', _) => Element::DayFull,
            ('D', _) => Element::DayOfYear(count),
            ('M', 1 | 2) => Element::Month(count),
            ('M', 3) => Element::MonthShort,
            ('M', _) => Element::MonthFull,
            ('d', _) => Element::Day(count),
            ('a', _) => Element::HalfDay,
            ('K', _) => Element::HourOfHalfFromZero(count),
            ('h', _) => Element::HourOfHalf(count),
            ('H', _) => Element::Hour(count),
            ('k', _) => Element::HourFromOne(count),
            ('m', _) => Element::Minute(count),
            ('s', _) => Element::Second(count),
            ('S', _) => Element::Fraction(count),
            ('z', _) => Element::ZoneShort,
            ('Z', 1) => Element::Offset { colon: false },
            ('Z', 2) => Element::Offset { colon: true },
            ('Z', _) => Element::ZoneId,
            (other, _) => {
                return Err(SqlError::invalid_argument(format!("Illegal pattern component: {other}")));
            }
        });
    }
    Ok(elements)
}

/// Reads to the end of a quotation; two quotes are one. Where it ends.
fn quoted(characters: &[char], mut at: usize, elements: &mut Vec<Element>) -> usize {
    if characters.get(at) == Some(&'\'') {
        literal(elements, '\'');
        return at + 1;
    }
    while let Some(character) = characters.get(at) {
        at += 1;
        if *character != '\'' {
            literal(elements, *character);
        } else if characters.get(at) == Some(&'\'') {
            literal(elements, '\'');
            at += 1;
        } else {
            break;
        }
    }
    at
}

fn literal(elements: &mut Vec<Element>, character: char) {
    match elements.last_mut() {
        Some(Element::Literal(text)) => text.push(character),
        _ => elements.push(Element::Literal(character.to_string())),
    }
}

/// Names of months and days, in English as everywhere in Trino.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
