//! S3's user metadata beyond ASCII: encoded words, as mail headers have them (RFC 2047).
//!
//! S3 takes the bytes of a header as Latin-1, decodes encoded words, and answers what is not ASCII as an encoded
//! word: in Q encoding where most of it is ASCII, else in B encoding.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The text that the bytes of a header mean.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let text: String = bytes.iter().copied().map(char::from).collect();
    if !text.contains("=?") {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, tail) = rest.split_at(start);
        match word(tail) {
            Some((decoded, length)) => {
                // Blanks between two encoded words are not part of the text.
                if !(after_word && before.trim().is_empty()) {
                    out.push_str(before);
                }
                out.push_str(&decoded);
                rest = &tail[length..];
                after_word = true;
            }
            None => {
                out.push_str(before);
                out.push_str("=?");
                rest = &tail[2..];
                after_word = false;
            }
        }
    }
    out.push_str(rest);
    out
}

/// An encoded word at the start of a text, and its length.
fn word(text: &str) -> Option<(String, usize)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let end = rest.find("?=")?;
    let content = &rest[..end];
    let bytes = match encoding {
        "B" | "b" => BASE64.decode(content).ok()?,
        "Q" | "q" => unquote(content)?,
        _ => return None,
    };
    let decoded = match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok()?,
        "iso-8859-1" => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    Some((decoded, 2 + charset.len() + 1 + encoding.len() + 1 + end + 2))
}

fn unquote(content: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(content.len());
    let mut rest = content.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(bytes)
}

/// The text as a header can carry it.
pub(crate) fn encode(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let beyond = text.chars().filter(|character| !character.is_ascii()).count();
    if text.chars().count() - beyond <= beyond {
        return Cow::Owned(format!("=?UTF-8?B?{}?=", BASE64.encode(text)));
    }
    let mut out = String::from("=?UTF-8?Q?");
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('_'),
            b'=' | b'?' | b'_' | b'"' | b'#'..=b'*' | b',' | b'.' | b':'..=b'@' | b'['..=b'^' | b'`' | b'{'..=b'~' => {
                write!(out, "={byte:02X}").expect("strings take what is written to them");
            }
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => write!(out, "={byte:02X}").expect("strings take what is written to them"),
        }
    }
    out.push_str("?=");
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of S3's user guide.
    #[test]
    fn metadata_goes_the_way_that_s3_documents() {
        let there_and_back = |sent: &str| encode(&decode(sent.as_bytes())).into_owned();
        assert_eq!(there_and_back("AMAZONS3"), "AMAZONS3");
        assert_eq!(there_and_back("ÄMÄZÕÑ S3"), "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=");
        assert_eq!(
            there_and_back("=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
            "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="
        );
        assert_eq!(there_and_back("=?UTF-8?Q?AMAZONS3?="), "AMAZONS3");
    }

    #[test]
    fn words_stand_in_text_and_what_is_none_stays() {
        assert_eq!(decode(b"a =?utf-8?b?w6Q=?= =?utf-8?q?=C3=B6?= b"), "a äö b");
        assert_eq!(decode(b"=?"), "=?");
        assert_eq!(decode(b"=?x?y?z"), "=?x?y?z");
        assert_eq!(decode(b"1 =? 2 =?utf-8?q?=ZZ?="), "1 =? 2 =?utf-8?q?=ZZ?=");
    }
}
