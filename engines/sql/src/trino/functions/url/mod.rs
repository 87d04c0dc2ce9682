//! URLs: their parts, and the escapes of their parameters.

mod uri;

use arrow::array::ArrayRef;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::SqlError;
use crate::types::Type;

use super::call::{Call, Kernel};
use super::scalar::{Function, function, overload};

use uri::Uri;

/// What a form leaves as it is, besides letters and digits; a space becomes a plus.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

pub(crate) fn functions() -> Vec<Function> {
    let parts: [(&str, Kernel); 5] = [
        ("url_extract_fragment", |call| part(call, |uri| uri.fragment)),
        ("url_extract_host", |call| part(call, |uri| uri.host)),
        ("url_extract_path", |call| part(call, |uri| uri.path)),
        ("url_extract_protocol", |call| part(call, |uri| uri.scheme)),
        ("url_extract_query", |call| part(call, |uri| uri.query)),
    ];
    let mut functions = vec![
        function("url_decode", [overload("(varchar(x)) -> varchar(x)", decode)]),
        function("url_encode", [overload("(varchar(x)) -> varchar", encode).returning(encoded)]),
        function("url_extract_parameter", [overload("(varchar(x), varchar(y)) -> varchar(x)", parameter)]),
        function("url_extract_port", [overload("(varchar(x)) -> bigint", port)]),
    ];
    functions.extend(parts.map(|(name, kernel)| function(name, [overload("(varchar(x)) -> varchar(x)", kernel)])));
    functions
}

/// A character becomes twelve at most.
fn encoded(arguments: &[Type]) -> Type {
    match arguments.first() {
        Some(Type::Varchar(Some(length))) => {
            Type::Varchar(length.checked_mul(12).filter(|length| *length < 2_147_483_647))
        }
        _ => Type::VARCHAR,
    }
}

/// A part of the URL: empty when it has none, null when it is no URL.
fn part(call: &Call, part: for<'a> fn(&Uri<'a>) -> Option<&'a str>) -> Result<ArrayRef, SqlError> {
    let urls = call.strings(0)?;
    call.to_strings(|row| Ok(Uri::parse(urls.at(row)).map(|uri| Uri::decoded(part(&uri).unwrap_or_default()))))
}

fn port(call: &Call) -> Result<ArrayRef, SqlError> {
    let urls = call.strings(0)?;
    call.to_bigints(|row| Ok(Uri::parse(urls.at(row)).and_then(|uri| uri.port)))
}

fn parameter(call: &Call) -> Result<ArrayRef, SqlError> {
    let (urls, names) = (call.strings(0)?, call.strings(1)?);
    call.to_strings(|row| {
        let Some(query) = Uri::parse(urls.at(row)).and_then(|uri| uri.query) else { return Ok(None) };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name == names.at(row) {
                return unescape(value).map(Some);
            }
        }
        Ok(None)
    })
}

fn encode(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| Ok(Some(utf8_percent_encode(texts.at(row), ESCAPED).to_string().replace(' ', "+"))))
}

fn decode(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| unescape(texts.at(row)).map(Some))
}

/// What a form has escaped, as it was.
fn unescape(text: &str) -> Result<String, SqlError> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let Some(digits) = text.get(at + 1..at + 3) else {
                    let message = "URLDecoder: Incomplete trailing escape (%) pattern";
                    return Err(SqlError::invalid_argument(message));
                };
                let code = u8::from_str_radix(digits, 16).map_err(|_| {
                    let message = "URLDecoder: Illegal hex characters in escape (%) pattern - ";
                    let at = usize::from(digits.as_bytes()[0].is_ascii_hexdigit());
                    SqlError::invalid_argument(format!("{message}Error at index {at} in: \"{digits}\""))
                })?;
                out.push(code);
                at += 2;
            }
            other => out.push(*other),
        }
        at += 1;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescape("http%3A%2F%2Ftest+a%C3%A9").unwrap(), "http://test aé");
        assert_eq!(unescape("%2").unwrap_err().message, "URLDecoder: Incomplete trailing escape (%) pattern");
        let message = "URLDecoder: Illegal hex characters in escape (%) pattern - Error at index 1 in: \"2x\"";
        assert_eq!(unescape("%2x").unwrap_err().message, message);
    }
}
