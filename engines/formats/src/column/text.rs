//! One value from text, by the rules of the SerDe that found it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Builder;
use super::date::{parse_date, parse_timestamp, parse_zoned_timestamp};
use super::decimal::{NoDecimal, Rounding, parse as parse_decimal};
use super::pattern::TimestampFormats;

/// Java's `Base64.getDecoder()`: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whose rules apply. They differ in what a number, a boolean and a timestamp may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// LazySimpleSerDe: the decimals of integers are cut.
    Lazy {
        /// `hive.lazysimple.extended_boolean_literal`: `t`, `f`, `1` and `0` are booleans too.
        extended_booleans: bool,
    },
    /// Java's own parsers: RegexSerDe, GrokSerDe, and the keys of Hive's JSON maps.
    Java,
    /// OpenX's JsonSerDe: hexadecimal and octal integers, epochs as timestamps.
    OpenX,
    /// OpenCSVSerde as Athena has it: dates are days and timestamps milliseconds since the epoch.
    OpenCsv,
}

/// Why a value is not of its column's type, in Java's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadValue(pub String);

impl BadValue {
    fn input(text: &str) -> BadValue {
        BadValue(format!("For input string: \"{text}\""))
    }
}

/// Appends a value to a column of single values. When it is bad, nothing has been appended.
pub fn append(column: &mut Builder, text: &str, rules: Rules, formats: &TimestampFormats) -> Result<(), BadValue> {
    let bad = || BadValue::input(text);
    match column {
        Builder::Text(to) => to.append(text),
        Builder::Boolean(to) => to.append_value(parse_boolean(text, rules).ok_or_else(bad)?),
        Builder::Tinyint(to) => to.append_value(narrow(parse_long(text, rules)?, text)?),
        Builder::Smallint(to) => to.append_value(narrow(parse_long(text, rules)?, text)?),
        Builder::Int(to) => to.append_value(narrow(parse_long(text, rules)?, text)?),
        Builder::Bigint(to) => to.append_value(parse_long(text, rules)?),
        Builder::Float(to) => to.append_value(parse_float(text).ok_or_else(bad)?),
        Builder::Double(to) => to.append_value(parse_float(text).ok_or_else(bad)?),
        Builder::Decimal(to) => {
            let parsed = parse_decimal(text, to.precision, to.scale, Rounding::HalfUp).map_err(|why| {
                let why = match why {
                    NoDecimal::NotANumber => "Value is not a number.",
                    NoDecimal::TooLarge => "Value too large.",
                };
                BadValue(format!("Cannot convert '{text}' to decimal({},{}). {why}", to.precision, to.scale))
            })?;
            to.values.append_value(parsed);
        }
        Builder::Date(to) => to.append_value(parse_day(text, rules).ok_or_else(bad)?),
        Builder::Timestamp(to) => to.append_value(parse_moment(text, rules, formats).ok_or_else(bad)?),
        Builder::Binary(to) => match rules {
            Rules::Lazy { .. } | Rules::OpenX => to.append_value(BASE64.decode(text).map_err(|_| bad())?),
            Rules::Java | Rules::OpenCsv => to.append_value(text),
        },
        Builder::Array(_) | Builder::Map(_) | Builder::Struct(_) => return Err(bad()),
    }
    Ok(())
}

fn narrow<T: TryFrom<i64>>(value: i64, text: &str) -> Result<T, BadValue> {
    T::try_from(value).map_err(|_| BadValue(format!("Value out of range. Value:\"{text}\" Radix:10")))
}

fn parse_boolean(text: &str, rules: Rules) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match rules {
        Rules::Lazy { extended_booleans } => {
            if is("true") || extended_booleans && (is("t") || is("1")) {
                Some(true)
            } else if is("false") || extended_booleans && (is("f") || is("0")) {
                Some(false)
            } else {
                None
            }
        }
        // Java's Boolean.parseBoolean knows no bad values.
        Rules::Java | Rules::OpenX | Rules::OpenCsv => Some(is("true")),
    }
}

fn parse_long(text: &str, rules: Rules) -> Result<i64, BadValue> {
    // Rust's parser of integers is Java's: one sign, then digits.
    if let Ok(number) = text.parse() {
        let octal = rules == Rules::OpenX && text.len() > 1 && text.starts_with('0');
        if !octal {
            return Ok(number);
        }
    }
    let parsed = match rules {
        Rules::Java | Rules::OpenCsv => None,
        Rules::Lazy { .. } => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let digits = whole.trim_start_matches(['+', '-']);
            match digits.is_empty() && !fraction.is_empty() && whole.len() <= 1 {
                true => fraction.bytes().all(|byte| byte.is_ascii_digit()).then_some(0),
                false => whole.parse().ok().filter(|_| fraction.bytes().all(|byte| byte.is_ascii_digit())),
            }
        }
        Rules::OpenX => parse_radix_long(text).or_else(|| {
            let whole = parse_decimal(text, 38, 0, Rounding::Down).ok()?;
            i64::try_from(whole).ok()
        }),
    };
    parsed.ok_or_else(|| BadValue::input(text))
}

/// `0x1f`, `017`, or decimal digits: what OpenX takes for an integer.
pub fn parse_radix_long(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return unsigned(digits, 16);
    }
    match text.strip_prefix('0') {
        Some(digits) if digits.starts_with(|digit: char| digit.is_ascii_digit()) => unsigned(digits, 8),
        _ => text.parse().ok(),
    }
}

fn unsigned(digits: &str, radix: u32) -> Option<i64> {
    // from_str_radix would take a sign.
    digits.bytes().next().filter(u8::is_ascii_hexdigit)?;
    i64::from_str_radix(digits, radix).ok()
}

/// Java's `Double.parseDouble`: blanks around it and a type's letter behind it are allowed; of the words only
/// `NaN` and `Infinity`, in this case.
fn parse_float<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    let text = match text.strip_suffix(['d', 'D', 'f', 'F']) {
        Some(number) if number.ends_with(|last: char| last.is_ascii_digit() || last == '.') => number,
        _ => text,
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if !numeric && !matches!(unsigned, "NaN" | "Infinity") {
        return None;
    }
    text.parse().ok()
}

fn parse_day(text: &str, rules: Rules) -> Option<i32> {
    match rules {
        Rules::Lazy { .. } | Rules::Java => parse_date(text),
        Rules::OpenX => parse_date(text).or_else(|| i32::try_from(parse_radix_long(text)?).ok()),
        Rules::OpenCsv => text.parse().ok(),
    }
}

fn parse_moment(text: &str, rules: Rules, formats: &TimestampFormats) -> Option<i64> {
    match rules {
        Rules::Lazy { .. } | Rules::Java => formats.read(text.trim()).or_else(|| parse_timestamp(text)),
        Rules::OpenX => formats.read(text).or_else(|| match text.contains(':') {
            true => parse_zoned_timestamp(text),
            false => parse_epoch(text),
        }),
        Rules::OpenCsv => text.parse().ok(),
    }
}

/// Seconds with a fraction, or seconds of up to 12 digits, or milliseconds.
fn parse_epoch(text: &str) -> Option<i64> {
    if text.contains('.') {
        let millis = parse_decimal(text, 38, 3, Rounding::Down).ok()?;
        return i64::try_from(millis).ok().filter(|_| !text.contains(['e', 'E']));
    }
    let number: i64 = text.parse().ok()?;
    if text.len() >= 13 { Some(number) } else { number.checked_mul(1_000) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::util::display::array_value_to_string;

    use super::*;
    use crate::types::HiveType;

    const LAZY: Rules = Rules::Lazy { extended_booleans: false };

    fn read(hive_type: &str, rules: Rules, text: &str) -> Option<String> {
        let mut column = Builder::new(&HiveType::parse(hive_type).unwrap()).unwrap();
        append(&mut column, text, rules, &TimestampFormats::default()).ok()?;
        Some(array_value_to_string(&column.finish(), 0).unwrap())
    }

    fn assert_reads(hive_type: &str, rules: Rules, cases: &[(&str, Option<&str>)]) {
        for (text, value) in cases {
            assert_eq!(read(hive_type, rules, text).as_deref(), *value, "{hive_type} {text:?}");
        }
    }

    #[test]
    fn lazy_integers_lose_their_decimals() {
        let cases = [("1.9", Some("1")), ("-7.", Some("-7")), ("+3", Some("3")), (".5", Some("0")), ("1.x", None)];
        assert_reads("int", LAZY, &cases);
        assert_reads(
            "int",
            LAZY,
            &[("", None), ("-", None), (".", None), (" 1", None), ("2147483648", None), ("1e3", None)],
        );
        assert_reads("tinyint", LAZY, &[("127", Some("127")), ("128", None)]);
    }

    #[test]
    fn lazy_booleans_are_words_and_letters_only_when_asked_for() {
        assert_reads("boolean", LAZY, &[("TRUE", Some("true")), ("false", Some("false")), ("1", None), ("yes", None)]);
        let extended = Rules::Lazy { extended_booleans: true };
        assert_reads("boolean", extended, &[("T", Some("true")), ("0", Some("false")), ("2", None)]);
        assert_reads("boolean", Rules::Java, &[("yes", Some("false")), ("True", Some("true"))]);
    }

    #[test]
    fn openx_integers_have_radixes_and_exponents() {
        let cases =
            [("0x1F", Some("31")), ("017", Some("15")), ("08", Some("8")), ("1.9e1", Some("19")), ("-2.7", Some("-2"))];
        assert_reads("bigint", Rules::OpenX, &cases);
        assert_reads(
            "bigint",
            Rules::OpenX,
            &[("0x", None), ("0x-1", None), ("9223372036854775808", None), ("abc", None)],
        );
    }

    #[test]
    fn floats_are_javas() {
        let cases = [("1.5f", Some("1.5")), (" 2 ", Some("2.0")), ("NaN", Some("NaN")), ("-Infinity", Some("-inf"))];
        assert_reads("double", LAZY, &cases);
        assert_reads("double", LAZY, &[("nan", None), ("inf", None), ("", None), ("1,5", None), ("d", None)]);
    }

    #[test]
    fn timestamps_are_epochs_for_openx_and_open_csv() {
        let second = Some("1970-01-01T00:00:01");
        assert_reads("timestamp", Rules::OpenX, &[("1", second), ("1.0004", second), ("0000000001000", second)]);
        assert_reads(
            "timestamp",
            Rules::OpenX,
            &[("1970-01-01T01:00:01+0100", second), ("soon", None), ("1970-01-01", None)],
        );
        assert_reads("timestamp", Rules::OpenCsv, &[("1000", second), ("1970-01-01 00:00:01", None)]);
        assert_reads("date", Rules::OpenCsv, &[("365", Some("1971-01-01")), ("1971-01-01", None)]);
        assert_reads("date", Rules::OpenX, &[("0x1", Some("1970-01-02")), ("1970-01-02 x", Some("1970-01-02"))]);
    }

    #[test]
    fn text_is_cut_to_its_type() {
        assert_reads("varchar(2)", LAZY, &[("äöü", Some("äö")), ("a", Some("a"))]);
        assert_reads("char(3)", LAZY, &[("a  b", Some("a"))]);
    }

    #[test]
    fn decimals_say_why_they_are_bad() {
        let mut column = Builder::new(&HiveType::Decimal(3, 1)).unwrap();
        let why = append(&mut column, "1234", LAZY, &TimestampFormats::default()).unwrap_err();
        assert_eq!(why.0, "Cannot convert '1234' to decimal(3,1). Value too large.");
    }
}
