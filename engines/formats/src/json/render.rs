//! Values of JSON as canonical text: what OpenX's SerDe puts into a column of strings.

use std::borrow::Cow;
use std::fmt::Write;

use super::tape::{Kind, Tape};
use crate::column::text::parse_radix_long;

/// Appends a value without blanks; a single text without its quotes.
pub fn render(tape: Tape<'_>, at: usize, into: &mut String) {
    match tape.nodes[at].kind {
        Kind::Text | Kind::Escaped => into.push_str(&tape.text_of(at)),
        Kind::Literal => {
            let text = tape.text_of(at);
            into.push_str(canonical(&text).as_deref().unwrap_or(&text));
        }
        _ => nested(tape, at, into),
    }
}

fn nested(tape: Tape<'_>, at: usize, into: &mut String) {
    match tape.nodes[at].kind {
        Kind::Null => into.push_str("null"),
        Kind::Text | Kind::Escaped => write_text(&tape.text_of(at), into),
        Kind::Literal => {
            let text = tape.text_of(at);
            match canonical(&text) {
                Some(canonical) => into.push_str(&canonical),
                None => write_text(&text, into),
            }
        }
        Kind::Array => {
            into.push('[');
            for (place, item) in tape.items(at).enumerate() {
                into.push_str(if place > 0 { "," } else { "" });
                nested(tape, item, into);
            }
            into.push(']');
        }
        Kind::Object => {
            into.push('{');
            for (place, (name, value)) in tape.entries(at).enumerate() {
                into.push_str(if place > 0 { "," } else { "" });
                write_text(&tape.text_of(name), into);
                into.push(':');
                nested(tape, value, into);
            }
            into.push('}');
        }
    }
}

/// A boolean in lower case, or a number as Java's `BigDecimal` writes it; `None` for any other word.
fn canonical(word: &str) -> Option<Cow<'static, str>> {
    if word.eq_ignore_ascii_case("true") {
        return Some("true".into());
    } else if word.eq_ignore_ascii_case("false") {
        return Some("false".into());
    } else if let Some(number) = parse_radix_long(word) {
        return Some(number.to_string().into());
    }
    big_decimal(word).map(Cow::Owned)
}

/// `new BigDecimal(text).toString()`: scientific when the exponent says more than the digits.
fn big_decimal(text: &str) -> Option<String> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = match all.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let scale = fraction.len() as i64 - exponent;
    let adjusted = digits.len() as i64 - 1 - scale;
    let mut written = String::from(if negative && digits != "0" { "-" } else { "" });
    if scale >= 0 && adjusted >= -6 {
        // All digits are written, so there are no more of them than the text has, and six zeros.
        let scale = scale as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        written.push_str(whole);
        if !fraction.is_empty() {
            written.push('.');
            written.push_str(fraction);
        }
    } else {
        written.push_str(&digits[..1]);
        if digits.len() > 1 {
            written.push('.');
            written.push_str(&digits[1..]);
        }
        if adjusted != 0 {
            // Writing to a string cannot fail.
            let _ = write!(written, "E{adjusted:+}");
        }
    }
    Some(written)
}

/// A quoted text as the parser's own writer has it, which also escapes `</`.
fn write_text(text: &str, into: &mut String) {
    into.push('"');
    let mut previous = ' ';
    for character in text.chars() {
        match character {
            '"' => into.push_str("\\\""),
            '\\' => into.push_str("\\\\"),
            '/' if previous == '<' => into.push_str("\\/"),
            '\t' => into.push_str("\\t"),
            '\n' => into.push_str("\\n"),
            '\r' => into.push_str("\\r"),
            '\u{8}' => into.push_str("\\b"),
            '\u{c}' => into.push_str("\\f"),
            control if control < ' ' => {
                let _ = write!(into, "\\u{:04x}", control as u32);
            }
            character => into.push(character),
        }
        previous = character;
    }
    into.push('"');
}
