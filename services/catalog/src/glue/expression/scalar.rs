//! Types of partition keys, and values of them that compare.

use std::cmp::Ordering;

use jiff::civil::{Date, DateTime};

use super::super::error::Error;

/// A type that filter expressions and partition indexes know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// string, char, varchar
    Text,
    /// tinyint, smallint, int, bigint, long
    Integer,
    /// decimal
    Decimal,
    /// date
    Date,
    /// timestamp
    Timestamp,
}

impl KeyType {
    /// By Hive's name for it, with or without parameters.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let base = name.split('(').next().unwrap_or_default().trim_end();
        Some(match base {
            "string" | "char" | "varchar" => Self::Text,
            "tinyint" | "smallint" | "int" | "integer" | "bigint" | "long" => Self::Integer,
            "decimal" => Self::Decimal,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            _ => return None,
        })
    }

    /// Reads a value; the error is a sentence in AWS's words.
    pub fn read(self, text: &str) -> Result<Scalar, String> {
        match self {
            Self::Text => Ok(Scalar::Text(text.to_owned())),
            Self::Integer => {
                text.trim().parse().map(Scalar::Integer).map_err(|_| format!("\"{text}\" is not an integer."))
            }
            Self::Decimal => {
                Decimal::parse(text.trim()).map(Scalar::Decimal).ok_or_else(|| format!("{text} is not a decimal."))
            }
            Self::Date => read_date(text).map(Scalar::Date).ok_or_else(|| format!("{text} is not a date.")),
            Self::Timestamp => read_timestamp(text).map(Scalar::Timestamp).ok_or_else(|| {
                format!("Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] {text} is not a timestamp.")
            }),
        }
    }

    /// Refuses LIKE on what is no text.
    pub fn check_like(self) -> Result<(), Error> {
        let name = match self {
            Self::Text => return Ok(()),
            Self::Integer => "Integral",
            Self::Decimal => "Decimal",
            Self::Date => "Date",
            Self::Timestamp => "Timestamp",
        };
        Err(Error::invalid(format!("{name} data type doesn't support operation 'LIKE'")))
    }
}

/// A value of a partition key. Values of one type compare; no others meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// Compares by its bytes.
    Text(String),
    /// Of any width.
    Integer(i128),
    /// Of any scale.
    Decimal(Decimal),
    /// A day.
    Date(Date),
    /// Without a zone.
    Timestamp(DateTime),
}

fn read_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let has_form = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !has_form {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
}

fn read_timestamp(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_at_checked(10)?;
    let date = read_date(date)?;
    let time = time.strip_prefix(' ')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let bytes = time.as_bytes();
    let has_form = bytes.len() == 8
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            2 | 5 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !has_form || !(1..=9).contains(&fraction.len()) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    let time =
        jiff::civil::Time::new(time[..2].parse().ok()?, time[3..5].parse().ok()?, time[6..].parse().ok()?, nanoseconds);
    Some(date.to_datetime(time.ok()?))
}

/// A decimal of any length, without what does not count: zeros at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let negative = text.starts_with('-') && !(whole.is_empty() && fraction.is_empty());
        Some(Self { negative, whole: whole.to_owned(), fraction: fraction.to_owned() })
    }

    fn size(&self) -> (usize, &str, &str) {
        (self.whole.len(), &self.whole, &self.fraction)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size().cmp(&other.size()),
            (true, true) => other.size().cmp(&self.size()),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
