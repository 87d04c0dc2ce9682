//! What one value of delimited text is.

use super::rows::Cell;
use crate::infer::shape::Shape;
use crate::types::HiveType;

/// The type of a value; nothing at all when it is empty. Dates stay text, as crawlers leave them.
pub fn shape(cell: &Cell<'_>, trimmed: bool) -> Shape {
    // LazySimpleSerDe, by which such tables are read, takes quotes for part of the value.
    if cell.quoted {
        return Shape::TEXT;
    }
    let text = if trimmed { cell.text.trim() } else { &cell.text };
    if text.is_empty() {
        return Shape::Nothing;
    }
    Shape::Scalar(hive(text))
}

/// The type of a text.
pub fn hive(text: &str) -> HiveType {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return HiveType::Boolean;
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too long for 64 bits is no quantity.
        return if text.parse::<i64>().is_ok() { HiveType::Bigint } else { HiveType::String };
    }
    if is_decimal(digits) { HiveType::Double } else { HiveType::String }
}

/// Digits with a point, an exponent, or both; no words like `NaN`, which Rust would read.
fn is_decimal(digits: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().all(known)
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbers_flags_or_text() {
        for (text, expected) in [
            ("1", HiveType::Bigint),
            ("-007", HiveType::Bigint),
            ("+5", HiveType::Bigint),
            ("12345678901234567890", HiveType::String),
            ("1.5", HiveType::Double),
            (".5", HiveType::Double),
            ("1e6", HiveType::Double),
            ("1.2.3", HiveType::String),
            ("1e", HiveType::String),
            ("NaN", HiveType::String),
            ("-", HiveType::String),
            ("True", HiveType::Boolean),
            ("2024-01-01", HiveType::String),
            ("2024-01-01 10:00:00", HiveType::String),
            ("a", HiveType::String),
        ] {
            assert_eq!(hive(text), expected, "{text}");
        }
    }
}
