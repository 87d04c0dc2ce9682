//! JSON as tokens that know where they stand, because AWS says so in every refusal.

use serde_json::Value;

use crate::pattern::InvalidPattern;

/// How deep a pattern may be.
const DEPTH_MAX: usize = 1000;

/// A message quotes this much of the text.
const QUOTED_MAX: usize = 500;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    Name(String),
    Text(String),
    Number(serde_json::Number),
    True,
    False,
    Null,
    End,
}

/// Reads tokens, one after the other.
pub(crate) struct Reader<'t> {
    text: &'t str,
    /// Where the next token begins.
    at: usize,
    /// Where AWS's parser says that it is: behind the token, but behind the first quote of a text that nobody read.
    here: usize,
    /// True for objects.
    open: Vec<bool>,
    /// The value behind a name.
    pending: Option<(Token, usize)>,
    begun: bool,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, here: 0, open: Vec::new(), pending: None, begun: false }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token, InvalidPattern> {
        if let Some((token, here)) = self.pending.take() {
            self.here = here;
            self.enter(&token)?;
            return Ok(token);
        }
        self.skip_space();
        if self.open.is_empty() && self.begun {
            return match self.peek() {
                None => Ok(Token::End),
                Some(_) => Err(self.unexpected("end of the pattern")),
            };
        }
        let first = self.just_opened();
        self.begun = true;
        match (self.open.last().copied(), self.peek()) {
            (Some(true), Some(b'}')) => return Ok(self.close(Token::EndObject)),
            (Some(false), Some(b']')) => return Ok(self.close(Token::EndArray)),
            _ => {}
        }
        if !self.open.is_empty() && !first {
            self.expect(b',', "comma to separate entries")?;
            self.skip_space();
        }
        if self.open.last() == Some(&true) {
            return self.name();
        }
        let (token, here) = self.value()?;
        self.here = here;
        self.enter(&token)?;
        Ok(token)
    }

    /// The text of the last token was read: AWS's parser is behind it now.
    pub(crate) fn read(&mut self) {
        self.here = self.at;
    }

    /// A refusal at this place.
    pub(crate) fn refuse(&self, reason: impl std::fmt::Display) -> InvalidPattern {
        let before = &self.text.as_bytes()[..self.here];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
        let quoted: String = self.text.chars().take(QUOTED_MAX).collect();
        let cut = self.text.chars().count().saturating_sub(QUOTED_MAX);
        let cut = if cut > 0 { format!("[truncated {cut} chars]") } else { String::new() };
        let message = format!("{reason}\n at [Source: (String)\"{quoted}\"{cut}; line: {line}, column: {column}]");
        InvalidPattern { message }
    }

    fn just_opened(&self) -> bool {
        matches!(self.text.as_bytes()[..self.at].trim_ascii_end().last(), Some(b'{' | b'['))
    }

    fn name(&mut self) -> Result<Token, InvalidPattern> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("double-quote to start field name"));
        }
        let (name, _) = self.text_token()?;
        self.skip_space();
        self.expect(b':', "colon to separate field name and value")?;
        self.skip_space();
        let (token, here) = self.value()?;
        self.here = here;
        self.pending = Some((token, here));
        Ok(Token::Name(name))
    }

    fn value(&mut self) -> Result<(Token, usize), InvalidPattern> {
        let Some(first) = self.peek() else {
            self.here = self.at;
            return Err(self.refuse("Unexpected end-of-input within/between Object entries"));
        };
        match first {
            b'{' => self.single(Token::StartObject),
            b'[' => self.single(Token::StartArray),
            b'"' => self.text_token().map(|(text, here)| (Token::Text(text), here)),
            b'-' | b'0'..=b'9' => {
                let rest = &self.text[self.at..];
                let end =
                    rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E')).unwrap_or(rest.len());
                let Ok(number) = serde_json::from_str(&rest[..end]) else {
                    return Err(self.unexpected("number"));
                };
                self.at += end;
                Ok((Token::Number(number), self.at))
            }
            _ => {
                let words = [("true", Token::True), ("false", Token::False), ("null", Token::Null)];
                let found = words.into_iter().find(|(word, _)| self.text[self.at..].starts_with(word));
                let (word, token) = found.ok_or_else(|| self.unexpected("valid value"))?;
                self.at += word.len();
                Ok((token, self.at))
            }
        }
    }

    fn single(&mut self, token: Token) -> Result<(Token, usize), InvalidPattern> {
        self.at += 1;
        Ok((token, self.at))
    }

    /// A text, and where its first quote ends.
    fn text_token(&mut self) -> Result<(String, usize), InvalidPattern> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => {
                    self.here = bytes.len();
                    return Err(self.refuse("Unexpected end-of-input in VALUE_STRING"));
                }
            }
        }
        let Ok(Value::String(text)) = serde_json::from_str(&self.text[start..=end]) else {
            return Err(self.unexpected("valid string"));
        };
        self.at = end + 1;
        Ok((text, start + 1))
    }

    fn enter(&mut self, token: &Token) -> Result<(), InvalidPattern> {
        match token {
            Token::StartObject => self.open.push(true),
            Token::StartArray => self.open.push(false),
            _ => {}
        }
        if self.open.len() > DEPTH_MAX {
            return Err(self.refuse(format!("Document nesting depth exceeds the maximum allowed ({DEPTH_MAX})")));
        }
        Ok(())
    }

    fn close(&mut self, token: Token) -> Token {
        self.open.pop();
        self.at += 1;
        self.here = self.at;
        token
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), InvalidPattern> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(what));
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&mut self, expected: &str) -> InvalidPattern {
        let found = self.text[self.at..].chars().next();
        self.here = self.at + found.map_or(0, char::len_utf8);
        match found {
            Some(found) => {
                let code = u32::from(found);
                self.refuse(format!("Unexpected character ('{found}' (code {code})): was expecting {expected}"))
            }
            None => self.refuse("Unexpected end-of-input: expected close marker"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }
}
