//! Scalars as text: how headers, labels, query strings, form bodies and XML write numbers, blobs and times.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::schema::{Kind, Member, Shape, TimestampFormat};
use haar_kernel::{Bytes, Timestamp, Value};

use crate::malformed::{Found, Malformed};

/// The format of a timestamp: the member's, else the shape's, else the protocol's.
pub(crate) fn timestamp_format(member: Option<&Member>, shape: &Shape, protocol: TimestampFormat) -> TimestampFormat {
    let own = match shape.kind {
        Kind::Timestamp(format) => format,
        _ => None,
    };
    member.and_then(|member| member.timestamp_format).or(own).unwrap_or(protocol)
}

/// Reads a scalar.
pub(crate) fn parse(shape: &Shape, format: TimestampFormat, text: &str) -> Result<Value, Malformed> {
    let wrong = || Found::String.instead_of(shape);
    match shape.kind {
        Kind::String { .. } => Ok(Value::String(text.to_owned())),
        Kind::Blob { .. } => Ok(Value::Blob(blob(text).ok_or_else(wrong)?)),
        Kind::Boolean => match text.trim() {
            "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
            _ => Err(wrong()),
        },
        Kind::Integer => Ok(Value::Integer(text.trim().parse::<i32>().map_err(|_| wrong())?.into())),
        Kind::Long => Ok(Value::Integer(text.trim().parse().map_err(|_| wrong())?)),
        Kind::Float | Kind::Double => Ok(Value::Float(float(text.trim()).ok_or_else(wrong)?)),
        Kind::Timestamp(_) => Ok(Value::Timestamp(timestamp(format, text.trim()).ok_or_else(wrong)?)),
        Kind::Document => Ok(Value::Document(serde_json::Value::String(text.to_owned()))),
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. } => Err(wrong()),
    }
}

/// Base64, with or without line breaks: XML documents wrap it.
pub(crate) fn blob(text: &str) -> Option<Bytes> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return BASE64.decode(packed).ok().map(Bytes::from);
    }
    BASE64.decode(text).ok().map(Bytes::from)
}

/// A number, `NaN`, `Infinity` or `-Infinity`; Rust's own other spellings of these are refused, and so is what
/// does not fit.
pub(crate) fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

pub(crate) fn timestamp(format: TimestampFormat, text: &str) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 | TimestampFormat::Iso8601Millis => Timestamp::parse_iso8601(text),
        TimestampFormat::Rfc822 => http_date(text),
        TimestampFormat::UnixTimestamp => from_epoch_seconds(text.parse().ok()?),
    }
}

/// `Mon, 16 Dec 2019 23:48:18 GMT`, and with a fraction: `… 23:48:18.123 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    let Some((head, tail)) = text.split_once('.') else { return Timestamp::parse_http_date(text) };
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = tail.split_at(digits);
    let whole = Timestamp::parse_http_date(&format!("{head}{zone}"))?;
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    Some(Timestamp::from_millis(whole.millis() + (fraction * 1000.0) as i64))
}

/// Seconds since 1970, with a fraction; years that calendars cannot write are refused.
pub(crate) fn from_epoch_seconds(seconds: f64) -> Option<Timestamp> {
    /// The year -9999, the earliest that can be written.
    const SECONDS_MIN: f64 = -377_705_023_201.0;
    let in_range = seconds >= SECONDS_MIN && seconds <= Timestamp::MAX.seconds() as f64;
    in_range.then(|| Timestamp::from_millis((seconds * 1000.0).round() as i64))
}

/// Writes a scalar; nothing for what is not one.
pub(crate) fn write(out: &mut String, shape: &Shape, format: TimestampFormat, value: &Value) {
    match value {
        Value::Bool(fact) => out.push_str(if *fact { "true" } else { "false" }),
        Value::Integer(number) => write_display(out, number),
        Value::Float(number) => write_float(out, shape, *number),
        Value::String(text) => out.push_str(text),
        Value::Blob(bytes) => BASE64.encode_string(bytes, out),
        Value::Timestamp(moment) => write_timestamp(out, format, *moment),
        Value::Document(document) => write_display(out, document),
        Value::Absent | Value::List(_) | Value::Map(_) | Value::Struct(_) | Value::Body(_) => {}
    }
}

pub(crate) fn write_timestamp(out: &mut String, format: TimestampFormat, moment: Timestamp) {
    match format {
        TimestampFormat::Iso8601 => out.push_str(&moment.iso8601()),
        TimestampFormat::Iso8601Millis => out.push_str(&moment.format("%Y-%m-%dT%H:%M:%S.%3fZ")),
        TimestampFormat::Rfc822 => out.push_str(&moment.http_date()),
        TimestampFormat::UnixTimestamp => write_epoch_seconds(out, moment),
    }
}

/// `1576540098`, or `1576540098.123` where there is a fraction.
pub(crate) fn write_epoch_seconds(out: &mut String, moment: Timestamp) {
    let millis = moment.millis();
    if millis % 1000 == 0 {
        write_display(out, &(millis / 1000));
    } else {
        let sign = if millis < 0 { "-" } else { "" };
        let fraction = format!("{:03}", millis.unsigned_abs() % 1000);
        let fraction = fraction.trim_end_matches('0');
        write_display(out, &format_args!("{sign}{}.{fraction}", millis.unsigned_abs() / 1000));
    }
}

fn write_float(out: &mut String, shape: &Shape, number: f64) {
    match non_finite(shape, number) {
        Some(word) => out.push_str(word),
        // The shortest text of the 32-bit number: 1.1, not 1.100000023841858.
        None if matches!(shape.kind, Kind::Float) => write_display(out, &(number as f32)),
        None => write_display(out, &number),
    }
}

/// The word for a number that is none, or that does not fit its shape.
pub(crate) fn non_finite(shape: &Shape, number: f64) -> Option<&'static str> {
    let number = if matches!(shape.kind, Kind::Float) { f64::from(number as f32) } else { number };
    if number.is_nan() {
        Some("NaN")
    } else if number.is_infinite() {
        Some(if number < 0.0 { "-Infinity" } else { "Infinity" })
    } else {
        None
    }
}

fn write_display(out: &mut String, value: &impl std::fmt::Display) {
    write!(out, "{value}").expect("strings take what is written to them");
}
