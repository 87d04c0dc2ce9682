//! A place in the text of a query, and what can be read from there: words, quoted texts, numbers, regular expressions.

use super::MalformedQuery;

/// Reads the text from left to right.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Behind what was read; white space and comments do not count.
    pub(super) fn at(&mut self) -> usize {
        self.skip();
        self.at
    }

    /// Behind what was read, without looking further.
    pub(super) fn behind(&self) -> usize {
        self.at
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text[start..end].trim_end()
    }

    pub(super) fn go_back(&mut self, to: usize) {
        self.at = to;
    }

    pub(super) fn ended(&mut self) -> bool {
        self.skip();
        self.at == self.text.len()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    /// Reads a symbol, if it comes next.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        self.skip();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len();
        }
        found
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), MalformedQuery> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The next word, unread.
    pub(super) fn peek_word(&mut self) -> &'a str {
        self.skip();
        let rest = self.rest();
        let end = rest.find(|letter: char| !is_word(letter)).unwrap_or(rest.len());
        if rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') { "" } else { &rest[..end] }
    }

    /// Reads a word, whatever its case.
    pub(super) fn word(&mut self, wanted: &str) -> bool {
        let found = self.peek_word().eq_ignore_ascii_case(wanted);
        if found {
            self.at += wanted.len();
        }
        found
    }

    /// Reads a field's name: a word, or anything between backticks.
    pub(super) fn name(&mut self) -> Result<Option<String>, MalformedQuery> {
        self.skip();
        if self.rest().starts_with('`') {
            return self.quoted('`').map(Some);
        }
        let word = self.peek_word();
        self.at += word.len();
        Ok((!word.is_empty()).then(|| word.to_owned()))
    }

    /// Reads a text in quotes of either kind, if one comes next.
    pub(super) fn text(&mut self) -> Result<Option<String>, MalformedQuery> {
        self.skip();
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Some),
            _ => Ok(None),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, MalformedQuery> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((offset, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    // A backslash that escapes nothing stands for itself.
                    Some((_, escaped)) if escaped == quote || escaped == '\\' => text.push(escaped),
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                letter if letter == quote => {
                    self.at = start + offset + letter.len_utf8();
                    return Ok(text);
                }
                letter => text.push(letter),
            }
        }
        Err(self.malformed("unterminated quoted text", start, self.text.len()))
    }

    /// Reads a regular expression between slashes, if one comes next.
    pub(super) fn regex(&mut self) -> Result<Option<regex::Regex>, MalformedQuery> {
        self.skip();
        if !self.rest().starts_with('/') {
            return Ok(None);
        }
        let start = self.at;
        let mut pattern = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((offset, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some((_, '/')) => pattern.push('/'),
                    Some((_, other)) => pattern.extend(['\\', other]),
                    None => break,
                },
                '/' => {
                    self.at = start + offset + 1;
                    return self.compile(&pattern, start).map(Some);
                }
                letter => pattern.push(letter),
            }
        }
        Err(self.malformed("unterminated regular expression", start, self.text.len()))
    }

    /// Compiles a regular expression that stands between `start` and here.
    pub(super) fn compile(&self, pattern: &str, start: usize) -> Result<regex::Regex, MalformedQuery> {
        regex::Regex::new(pattern).map_err(|error| {
            let cause = error.to_string();
            let cause = cause.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.malformed(&format!("invalid regular expression: {cause}"), start, self.at)
        })
    }

    /// Reads digits with a fraction, and the letters behind them: `5`, `0.5`, `5m`.
    pub(super) fn number(&mut self) -> Result<Option<(f64, &'a str)>, MalformedQuery> {
        self.skip();
        let rest = self.rest();
        let fraction = rest.strip_prefix('.').unwrap_or(rest);
        if !fraction.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Ok(None);
        }
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(digits);
        let letters = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let start = self.at;
        self.at += digits.len() + letters;
        let number = digits.parse().map_err(|_| self.malformed("invalid number", start, self.at))?;
        Ok(Some((number, &behind[..letters])))
    }

    /// What comes next does not belong there.
    pub(super) fn unexpected(&mut self) -> MalformedQuery {
        let start = self.at();
        let word = self.peek_word().len();
        let length = if word > 0 { word } else { self.rest().chars().next().map_or(0, char::len_utf8) };
        let found = &self.text[start..start + length];
        let (line, position) = self.position(start);
        let message = match found {
            "" => format!("unexpected end of query at line {line} and position {position}"),
            found => format!("unexpected symbol found {found} at line {line} and position {position}"),
        };
        MalformedQuery { message, start, end: start + length }
    }

    pub(super) fn malformed(&self, message: &str, start: usize, end: usize) -> MalformedQuery {
        let (line, position) = self.position(start);
        MalformedQuery { message: format!("{message} at line {line} and position {position}"), start, end }
    }

    /// Line and position, both from 1 on.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        (line, before[begin..].chars().count() + 1)
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '@' | '.' | '$' | ':')
}
