//! Reads JSON text from left to right without building it: what the path functions walk over millions of rows.
//!
//! It is as lazy as Trino's own reader: a mistake behind the place that was asked for is never met.

use std::borrow::Cow;

/// Arrays and objects inside one another, at most: Jackson's limit.
const DEPTH_MAX: usize = 1_000;

/// The text is not JSON, at the place that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// What a value begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl Kind {
    /// Neither an object nor an array.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Kind::Object | Kind::Array)
    }
}

/// A string as it stands between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Quoted<'a> {
    /// The string that is meant.
    pub fn text(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }

    /// Whether it means `text`; allocates only when it has escapes.
    pub fn is(self, text: &str) -> bool {
        if self.escaped { unescape(self.raw) == text } else { self.raw == text }
    }
}

/// A place in a JSON text.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scanner<'a> {
    /// Before the text's only value.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What the next value begins with; it is not read yet. `None` at the end of the text.
    pub fn kind(&mut self) -> Result<Option<Kind>, Malformed> {
        self.skip_space();
        Ok(Some(match self.byte() {
            None => return Ok(None),
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'n') => Kind::Null,
            Some(_) => return Err(Malformed),
        }))
    }

    /// The same where a value must stand.
    pub fn value(&mut self) -> Result<Kind, Malformed> {
        self.kind()?.ok_or(Malformed)
    }

    /// Whether nothing but space is left.
    pub fn at_end(&mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }

    /// Reads `{` or `[`; the members follow with [`Self::next_member`] or [`Self::next_element`].
    pub fn enter(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Malformed) } else { Ok(()) }
    }

    /// The name of the object's next member (its value follows), or `None` behind the last.
    pub fn next_member(&mut self, first: &mut bool) -> Result<Option<Quoted<'a>>, Malformed> {
        if !self.next(b'}', first)? {
            return Ok(None);
        }
        if self.byte() != Some(b'"') {
            return Err(Malformed);
        }
        let name = self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(Some(name))
    }

    /// Whether the array has another element (which follows).
    pub fn next_element(&mut self, first: &mut bool) -> Result<bool, Malformed> {
        self.next(b']', first)
    }

    fn next(&mut self, end: u8, first: &mut bool) -> Result<bool, Malformed> {
        self.skip_space();
        let at_first = std::mem::replace(first, false);
        match self.byte() {
            Some(byte) if byte == end => {
                self.at += 1;
                self.depth -= 1;
                return Ok(false);
            }
            Some(b',') if !at_first => self.at += 1,
            Some(_) if at_first => return Ok(true),
            _ => return Err(Malformed),
        }
        self.skip_space();
        if self.byte() == Some(end) { Err(Malformed) } else { Ok(true) }
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Quoted<'a>, Malformed> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += match bytes.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u')
                            if bytes.get(at + 2..at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
                        {
                            6
                        }
                        _ => return Err(Malformed),
                    };
                }
                Some(0..=0x1f) | None => return Err(Malformed),
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        Ok(Quoted { raw: &self.text[start..at], escaped })
    }

    /// Reads a number, as it is spelled.
    pub fn number(&mut self) -> Result<&'a str, Malformed> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(Malformed),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.byte() {
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}') => Ok(&self.text[start..self.at]),
            Some(_) => Err(Malformed),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Malformed) } else { Ok(()) }
    }

    /// Reads `true`, `false` or `null`.
    pub fn word(&mut self, kind: Kind) -> Result<&'static str, Malformed> {
        let word = match kind {
            Kind::True => "true",
            Kind::False => "false",
            _ => "null",
        };
        if !self.text[self.at..].starts_with(word) {
            return Err(Malformed);
        }
        self.at += word.len();
        match self.byte() {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => Err(Malformed),
            _ => Ok(word),
        }
    }

    /// Reads a value for nothing.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        match self.value()? {
            Kind::Object => {
                self.enter()?;
                let mut first = true;
                while self.next_member(&mut first)?.is_some() {
                    self.skip()?;
                }
            }
            Kind::Array => {
                self.enter()?;
                let mut first = true;
                while self.next_element(&mut first)? {
                    self.skip()?;
                }
            }
            Kind::String => drop(self.string()?),
            Kind::Number => drop(self.number()?),
            word => drop(self.word(word)?),
        }
        Ok(())
    }

    /// Reads a value and writes it without spaces, its numbers and escapes as Trino writes them.
    pub fn copy(&mut self, out: &mut String) -> Result<(), Malformed> {
        match self.value()? {
            Kind::Object => {
                self.enter()?;
                out.push('{');
                let mut first = true;
                loop {
                    let comma = !first;
                    let Some(name) = self.next_member(&mut first)? else { break };
                    if comma {
                        out.push(',');
                    }
                    super::text::quote(&name.text(), out);
                    out.push(':');
                    self.copy(out)?;
                }
                out.push('}');
            }
            Kind::Array => {
                self.enter()?;
                out.push('[');
                let mut first = true;
                loop {
                    let comma = !first;
                    if !self.next_element(&mut first)? {
                        break;
                    }
                    if comma {
                        out.push(',');
                    }
                    self.copy(out)?;
                }
                out.push(']');
            }
            Kind::String => super::text::quote(&self.string()?.text(), out),
            Kind::Number => out.push_str(&super::text::number(self.number()?)),
            word => out.push_str(self.word(word)?),
        }
        Ok(())
    }
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes()[at + 1];
        rest = &rest[at + 2..];
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let high = hex(rest);
                rest = &rest[4..];
                let low = rest.strip_prefix("\\u").map(hex).filter(|low| (0xdc00..0xe000).contains(low));
                match (high, low) {
                    (0xd800..0xdc00, Some(low)) => {
                        rest = &rest[6..];
                        let joined = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        out.push(char::from_u32(joined).unwrap_or('?'));
                    }
                    // Half of a pair has no UTF-8; Java writes a question mark.
                    _ => out.push(char::from_u32(high).unwrap_or('?')),
                }
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    out
}

/// The four hexadecimal digits that the scanner has seen.
fn hex(digits: &str) -> u32 {
    digits.get(..4).and_then(|four| u32::from_str_radix(four, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn copied(text: &str) -> Result<String, Malformed> {
        let mut scanner = Scanner::new(text);
        let mut out = String::new();
        scanner.copy(&mut out)?;
        if scanner.at_end() { Ok(out) } else { Err(Malformed) }
    }

    #[test]
    fn a_copy_has_no_spaces_and_java_s_numbers() {
        assert_eq!(
            copied(r#" { "b" : [ 1 , 2.50, 1e2, -0 ], "a": null } "#).unwrap(),
            r#"{"b":[1,2.5,100.0,0],"a":null}"#
        );
        assert_eq!(copied(r#""\u00e9\/\n\u0001\"""#).unwrap(), "\"é/\\n\\u0001\\\"\"");
        assert_eq!(copied("[]").unwrap(), "[]");
        assert_eq!(copied("123456789012345678901234567890").unwrap(), "123456789012345678901234567890");
    }

    #[test]
    fn what_is_not_json_is_noticed() {
        for text in [
            "",
            "{",
            "[1,]",
            "[,1]",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "+1",
            "nul",
            "nullx",
            "\"a",
            "\"\\x\"",
            "[1 2]",
            "1 2",
            "'a'",
            "{a:1}",
            "\"\u{1}\"",
        ] {
            assert_eq!(copied(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn pairs_of_escapes_are_one_character() {
        assert_eq!(copied(r#""\ud83d\ude00""#).unwrap(), "\"😀\"");
        assert_eq!(copied(r#""\ud83dx""#).unwrap(), "\"?x\"");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(1_001) + &"]".repeat(1_001);
        assert_eq!(copied(&deep), Err(Malformed));
        let fine = "[".repeat(1_000) + &"]".repeat(1_000);
        assert_eq!(copied(&fine).unwrap(), fine);
    }
}
