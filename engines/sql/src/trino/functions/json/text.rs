//! How JSON's scalars are written: strings with Jackson's escapes, numbers as Java prints them.

use std::borrow::Cow;
use std::fmt::Write;

/// Writes a string with its quotes.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0a => "\\n",
            0x0c => "\\f",
            0x0d => "\\r",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        from = at + 1;
        if escape.is_empty() {
            // A String takes every write.
            let _ = write!(out, "\\u{byte:04X}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// A number's spelling after it has been read: whole ones stay, others pass through a double.
pub fn number(raw: &str) -> Cow<'_, str> {
    if raw == "-0" {
        return Cow::Borrowed("0");
    }
    if !raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(finite(raw.parse().unwrap_or(f64::NAN)))
}

/// A double as a JSON value: those that JSON has no number for become strings, as Jackson does it.
pub fn finite(value: f64) -> String {
    if value.is_finite() { double(value) } else { format!("\"{}\"", double(value)) }
}

/// A double as Java's `Double.toString` prints it: `1.0`, `1.0E10`, `1.0E-5`.
pub fn double(value: f64) -> String {
    java(value, format!("{:e}", value.abs()))
}

/// A real as Java's `Float.toString` prints it.
pub fn real(value: f32) -> String {
    java(f64::from(value), format!("{:e}", value.abs()))
}

/// Java's layout of the shortest digits, which come as `1.5e-7`.
fn java(value: f64, scientific: String) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}Infinity");
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    if value == 0.0 {
        return format!("{sign}0.0");
    }
    if !(-3..7).contains(&exponent) {
        let fraction = if digits.len() > 1 { &digits[1..] } else { "0" };
        return format!("{sign}{}.{fraction}E{exponent}", &digits[..1]);
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1).unsigned_abs() as usize));
    }
    let whole = exponent.unsigned_abs() as usize + 1;
    if digits.len() <= whole {
        format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_does() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (12345678.0, "1.2345678E7"),
            (1e10, "1.0E10"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (-2.5, "-2.5"),
            (1.7976931348623157e308, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), text);
        }
        assert_eq!(real(0.1), "0.1");
        assert_eq!(real(1.5e9), "1.5E9");
    }
}
