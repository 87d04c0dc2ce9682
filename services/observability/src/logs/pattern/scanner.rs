//! Reading a pattern character by character.

use super::BadPattern;

/// A place in a pattern.
#[derive(Clone)]
pub struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub fn rest(&self) -> &'a str {
        self.rest
    }

    pub fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    pub fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes a token if it is next, spaces before it or not.
    pub fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word in any case, if it is next and ends there.
    pub fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let Some((head, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let ends = !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let taken = ends && head.eq_ignore_ascii_case(word);
        if taken {
            self.rest = rest;
        }
        taken
    }

    /// Takes characters while they are wanted.
    pub fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|next| !wanted(next)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// What stands between two `delimiter`s, the first of which is next; a backslash escapes one.
    pub fn quoted(&mut self, delimiter: char) -> Result<&'a str, BadPattern> {
        let inner = self.rest.strip_prefix(delimiter).ok_or(BadPattern::Syntax)?;
        let mut escaped = false;
        for (place, next) in inner.char_indices() {
            if escaped {
                escaped = false;
            } else if next == '\\' {
                escaped = true;
            } else if next == delimiter {
                self.rest = &inner[place + delimiter.len_utf8()..];
                return Ok(&inner[..place]);
            }
        }
        Err(BadPattern::Syntax)
    }
}

/// A quoted text without its escapes of quotes and backslashes.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(next) = characters.next() {
        match characters.peek() {
            Some(escaped @ ('"' | '\\')) if next == '\\' => {
                plain.push(*escaped);
                characters.next();
            }
            _ => plain.push(next),
        }
    }
    plain
}
