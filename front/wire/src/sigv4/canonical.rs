//! The canonical request: one spelling for every way of writing the same request.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::borrow::Cow;

use http::HeaderMap;
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but RFC 3986's unreserved characters.
pub(super) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// What of an HTTP request its signature may cover, as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// What follows the question mark, still percent-encoded; empty if nothing does.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    /// HTTP/2's `:authority`, which stands in for a missing `Host`.
    pub authority: Option<&'a str>,
}

impl<'a> From<&'a Parts> for Request<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            authority: parts.uri.authority().map(http::uri::Authority::as_str),
        }
    }
}

impl<'a> Request<'a> {
    /// The first value of a header, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        query_pairs(self.query)
            .find(|(key, _)| decode(key) == name.as_bytes())
            .map(|(_, value)| String::from_utf8_lossy(&decode(value)).into_owned())
    }

    /// The canonical request. `signed_headers` are lower-case and sorted; `payload` is its last line.
    /// Bytes, not text: header values need not be UTF-8.
    pub(super) fn canonical(&self, s3: bool, signed_headers: &[String], payload: &str) -> Vec<u8> {
        let mut canonical = Vec::with_capacity(512 + self.path.len() + self.query.len());
        canonical.extend(self.method.as_bytes());
        canonical.push(b'\n');
        canonical.extend(canonical_path(self.path, s3).as_bytes());
        canonical.push(b'\n');
        canonical.extend(canonical_query(self.query).as_bytes());
        canonical.push(b'\n');
        for name in signed_headers {
            canonical.extend(name.as_bytes());
            canonical.push(b':');
            self.write_header_values(name, &mut canonical);
            canonical.push(b'\n');
        }
        canonical.push(b'\n');
        canonical.extend(signed_headers.join(";").as_bytes());
        canonical.push(b'\n');
        canonical.extend(payload.as_bytes());
        canonical
    }

    fn write_header_values(&self, name: &str, canonical: &mut Vec<u8>) {
        let mut values = self.headers.get_all(name).iter().peekable();
        if values.peek().is_none() && name == "host" {
            canonical.extend(self.authority.unwrap_or_default().as_bytes());
        }
        while let Some(value) = values.next() {
            write_folded(value.as_bytes(), canonical);
            if values.peek().is_some() {
                canonical.push(b',');
            }
        }
    }
}

/// Trims a header value and makes every run of blanks inside it one space.
fn write_folded(value: &[u8], canonical: &mut Vec<u8>) {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            canonical.push(b' ');
        }
        canonical.extend(word);
    }
}

/// S3 takes a key as it is and encodes it once, however the client spelled it. Everyone else takes the
/// path as sent, with `.`, `..` and `//` resolved, and encodes that, which makes it encoded twice.
fn canonical_path(path: &str, s3: bool) -> Cow<'_, str> {
    let path = if path.is_empty() { "/" } else { path };
    if s3 {
        let key: Vec<u8> = percent_decode_str(path).collect();
        return percent_encode(&key, RESERVED_IN_PATH).to_string().into();
    }
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_~".contains(&byte));
    if is_plain && !path.contains("//") {
        return path.into();
    }
    percent_encode(normalize(path).as_bytes(), RESERVED_IN_PATH).to_string().into()
}

fn normalize(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let ends_open = path.ends_with('/') && !segments.is_empty();
    format!("/{}{}", segments.join("/"), if ends_open { "/" } else { "" })
}

/// Parameters sorted by encoded name, then encoded value. The signature itself is never part of it.
fn canonical_query(query: &str) -> String {
    let encode = |text: &str| percent_encode(&decode(text), RESERVED).to_string();
    let mut pairs: Vec<(String, String)> = query_pairs(query)
        .map(|(name, value)| (encode(name), encode(value)))
        .filter(|(name, _)| name != "X-Amz-Signature")
        .collect();
    pairs.sort_unstable();
    let mut canonical = String::with_capacity(query.len() + 16);
    for (name, value) in &pairs {
        if !canonical.is_empty() {
            canonical.push('&');
        }
        canonical.push_str(name);
        canonical.push('=');
        canonical.push_str(value);
    }
    canonical
}

/// Names and values as sent. A name without `=` has the empty value; `&&` says nothing.
fn query_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// A plus sign in a query means a space, as in forms: that is how the service will read the value, and the
/// signature must cover what is read.
fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('+') {
        return percent_decode_str(text).into();
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_paths_are_encoded_once_and_left_alone() {
        assert_eq!(canonical_path("/a//b/../c%20d+e/ä", true), "/a//b/../c%20d%2Be/%C3%A4");
        assert_eq!(canonical_path("/100%25", true), "/100%25");
        assert_eq!(canonical_path("/%zz", true), "/%25zz");
        assert_eq!(canonical_path("", true), "/");
    }

    #[test]
    fn other_paths_are_resolved_and_encoded_twice() {
        assert_eq!(canonical_path("/a//b/../c%20d/", false), "/a/c%2520d/");
        assert_eq!(canonical_path("/functions/arn%3Aaws", false), "/functions/arn%253Aaws");
        assert_eq!(canonical_path("/../..", false), "/");
        assert_eq!(canonical_path("/a/./", false), "/a/");
    }

    #[test]
    fn queries_are_decoded_and_encoded_again() {
        assert_eq!(canonical_query("b=2&a&c=x+y&c=%7e&a=1&&d=a=b"), "a=&a=1&b=2&c=x%20y&c=~&d=a%3Db");
        assert_eq!(canonical_query("X-Amz-Signature=1&X-Amz-Date=2"), "X-Amz-Date=2");
        assert_eq!(canonical_query("prefix-3=1&prefix=2"), "prefix=2&prefix-3=1");
    }
}
