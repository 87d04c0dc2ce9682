//! Values in headers: scalars as text, lists with commas, strings that carry JSON in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::Value;
use haar_kernel::schema::{Kind, Member, Model, Shape, TimestampFormat};
use http::HeaderMap;

use crate::malformed::{Found, Malformed};
use crate::text;

/// The lines of a header, joined with commas. A request has few headers and an operation knows many, so those that were
/// sent are gone through: hashing each name that was not sent costs more.
pub(crate) fn lines(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let mut lines = headers.iter().filter(|(sent, _)| sent.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let mut joined = lines.next()?.as_bytes().to_vec();
    for line in lines {
        joined.push(b',');
        joined.extend_from_slice(line.as_bytes());
    }
    Some(joined)
}

/// Reads the value of a header; several lines of it are joined with commas before.
pub(crate) fn read(
    model: &'static Model,
    member: &'static Member,
    shape: &'static Shape,
    value: &str,
) -> Result<Value, Malformed> {
    match &shape.kind {
        Kind::List { .. } if value.is_empty() => Ok(Value::List(Vec::new())),
        Kind::List { element, .. } => {
            let target = model.shape(element.target);
            let format = text::timestamp_format(Some(element), target, TimestampFormat::Rfc822);
            let items = split(value, matches!(target.kind, Kind::Timestamp(_)) && format == TimestampFormat::Rfc822);
            items.iter().map(|item| text::parse(target, format, item)).collect::<Result<_, _>>().map(Value::List)
        }
        Kind::String { .. } if member.json_value => {
            let wrong = || Found::String.instead_of(shape);
            let bytes = BASE64.decode(value).map_err(|_| wrong())?;
            String::from_utf8(bytes).map(Value::String).map_err(|_| wrong())
        }
        _ => text::parse(shape, text::timestamp_format(Some(member), shape, TimestampFormat::Rfc822), value),
    }
}

/// The items of a list. A date has a comma of its own; quotes hold an item with commas together.
fn split(value: &str, dates: bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut item = String::new();
    let (mut quoted, mut escaped, mut commas) = (false, false, 0);
    for character in value.chars() {
        match character {
            _ if escaped => {
                item.push(character);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' if quoted || item.trim().is_empty() => quoted = !quoted,
            ',' if !quoted => {
                commas += 1;
                if dates && commas % 2 == 1 {
                    item.push(character);
                } else {
                    items.push(std::mem::take(&mut item));
                }
            }
            _ => item.push(character),
        }
    }
    items.push(item);
    items.iter().map(|item| item.trim().to_owned()).collect()
}

/// Writes the value of a header.
pub(crate) fn write(model: &'static Model, member: &'static Member, value: &Value) -> String {
    let shape = model.shape(member.target);
    let mut out = String::new();
    match (&shape.kind, value) {
        (Kind::List { element, .. }, Value::List(items)) => {
            let target = model.shape(element.target);
            let format = text::timestamp_format(Some(element), target, TimestampFormat::Rfc822);
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                match item {
                    Value::String(text) if text.contains([',', '"']) => quote(&mut out, text),
                    _ => text::write(&mut out, target, format, item),
                }
            }
        }
        (_, Value::String(text)) if member.json_value => BASE64.encode_string(text, &mut out),
        _ => {
            let format = text::timestamp_format(Some(member), shape, TimestampFormat::Rfc822);
            text::write(&mut out, shape, format, value);
        }
    }
    out
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_at_commas_outside_quotes_and_dates() {
        assert_eq!(split(r#""b,c", "\"def\"", a"#, false), ["b,c", "\"def\"", "a"]);
        assert_eq!(
            split("Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:18 GMT", true),
            ["Mon, 16 Dec 2019 23:48:18 GMT", "Mon, 16 Dec 2019 23:48:18 GMT"]
        );
    }
}
