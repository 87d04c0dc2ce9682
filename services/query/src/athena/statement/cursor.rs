//! A place among a statement's tokens, and the two ways to complain about the next one: Hive's and Trino's.

use super::token::{Kind, Token, line_and_character, split, unquote, unquote_hive};
use super::{Name, ParseError};

/// Walks over a statement's tokens.
pub struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    hive: bool,
}

impl<'a> Cursor<'a> {
    /// Over a statement in Hive's language.
    pub fn hive(text: &'a str) -> Self {
        Self { text, tokens: split(text, true), at: 0, hive: true }
    }

    /// Over a statement in Trino's language.
    pub fn trino(text: &'a str) -> Self {
        Self { text, tokens: split(text, false), at: 0, hive: false }
    }

    /// The next token.
    pub fn peek(&self) -> Token<'a> {
        self.ahead(0)
    }

    /// The token so many behind the next one.
    pub fn ahead(&self, count: usize) -> Token<'a> {
        self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    /// Goes past the next token.
    pub fn bump(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Goes past these words, if they are next.
    pub fn take(&mut self, words: &[&str]) -> bool {
        let found = words.iter().enumerate().all(|(index, word)| self.ahead(index).is(word));
        if found {
            self.at += words.len();
        }
        found
    }

    /// Goes past a character, if it is next.
    pub fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().kind == Kind::Symbol && self.peek().text == symbol;
        if found {
            self.bump();
        }
        found
    }

    /// Goes past these words, which must be next.
    pub fn expect(&mut self, words: &[&str], rule: &str) -> Result<(), ParseError> {
        for word in words {
            if !self.take(&[word]) {
                return Err(self.expected(&word.to_ascii_uppercase(), rule));
            }
        }
        Ok(())
    }

    /// Goes past a character, which must be next.
    pub fn expect_symbol(&mut self, symbol: &str, rule: &str) -> Result<(), ParseError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.expected(symbol, rule)) }
    }

    /// Whether the statement ends here.
    pub fn is_at_end(&self) -> bool {
        let next = self.peek();
        next.kind == Kind::End || (next.kind == Kind::Symbol && next.text == ";")
    }

    /// The statement must end here.
    pub fn end(&mut self) -> Result<(), ParseError> {
        match self.is_at_end() {
            true => Ok(()),
            false if self.hive => {
                let before = self.tokens[self.at.saturating_sub(1)].text;
                Err(self.fails(&format!("missing EOF at '{}' near '{before}'", self.peek().text)))
            }
            false => Err(self.mismatched(&["<EOF>"])),
        }
    }

    /// A name: in Hive's language folded to small letters, because Glue's names are.
    pub fn name(&mut self, rule: &str) -> Result<String, ParseError> {
        let token = self.peek();
        let name = match token.kind {
            Kind::Word => token.text.to_owned(),
            Kind::BackQuoted => unquote(token.text),
            Kind::DoubleQuoted if !self.hive => unquote(token.text),
            Kind::Number if self.hive => token.text.to_owned(),
            _ => return Err(self.unrecognized(rule)),
        };
        self.bump();
        Ok(name.to_lowercase())
    }

    /// `[[catalog.]database.]name`.
    pub fn qualified_name(&mut self, rule: &str) -> Result<Name, ParseError> {
        let mut parts = vec![self.name(rule)?];
        while self.take_symbol(".") {
            parts.push(self.name(rule)?);
        }
        let name = parts.pop().unwrap_or_default();
        let database = parts.pop();
        let catalog = parts.pop();
        if !parts.is_empty() {
            return Err(self.unrecognized(rule));
        }
        Ok(Name { catalog, database, name })
    }

    /// A text in quotes.
    pub fn text(&mut self, rule: &str) -> Result<String, ParseError> {
        let token = self.peek();
        let text = match token.kind {
            Kind::Text | Kind::DoubleQuoted if self.hive => unquote_hive(token.text),
            Kind::Text => unquote(token.text),
            _ => return Err(self.unrecognized(rule)),
        };
        self.bump();
        Ok(text)
    }

    /// `(a, b, …)`.
    pub fn list<T>(
        &mut self,
        rule: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        self.expect_symbol("(", rule)?;
        let mut items = vec![item(self)?];
        while self.take_symbol(",") {
            items.push(item(self)?);
        }
        self.expect_symbol(")", rule)?;
        Ok(items)
    }

    /// The rest of the text, from the next token to the last that is no semicolon.
    pub fn rest(&self) -> std::ops::Range<usize> {
        let last = self.tokens.iter().rev().find(|token| token.kind != Kind::End && token.text != ";");
        self.peek().start..last.map_or(self.text.len(), Token::end).max(self.peek().start)
    }

    /// From the next token, which opens a parenthesis, to the one that closes it: what is between them.
    pub fn parenthesized(&mut self, rule: &str) -> Result<std::ops::Range<usize>, ParseError> {
        let open = self.peek();
        self.expect_symbol("(", rule)?;
        let mut depth = 1;
        loop {
            let token = self.peek();
            match (token.kind, token.text) {
                (Kind::End, _) => return Err(self.expected(")", rule)),
                (Kind::Symbol, "(") => depth += 1,
                (Kind::Symbol, ")") => depth -= 1,
                _ => {}
            }
            self.bump();
            if depth == 0 {
                return Ok(open.end()..token.start);
            }
        }
    }

    /// The text of some range.
    pub fn slice(&self, range: std::ops::Range<usize>) -> &'a str {
        &self.text[range]
    }

    /// Something else should be here.
    fn expected(&self, what: &str, rule: &str) -> ParseError {
        if !self.hive {
            return self.mismatched(&[&format!("'{what}'")]);
        }
        let before = self.tokens[self.at.saturating_sub(1)].text;
        self.fails(&format!("mismatched input '{}' expecting {what} near '{before}' in {rule}", self.shown(0)))
    }

    /// Nothing that begins like this can be here.
    pub fn unrecognized(&self, rule: &str) -> ParseError {
        if !self.hive {
            return self.mismatched(&["<identifier>"]);
        }
        let near: Vec<String> = (0..3).map(|index| format!("'{}'", self.shown(index))).collect();
        self.fails(&format!("cannot recognize input near {} in {rule}", near.join(" ")))
    }

    fn shown(&self, index: usize) -> &'a str {
        let token = self.ahead(index);
        if token.kind == Kind::End { "<EOF>" } else { token.text }
    }

    /// Hive's complaint, with the place: lines from one, characters from zero.
    fn fails(&self, complaint: &str) -> ParseError {
        let (line, character) = line_and_character(self.text, self.peek().start);
        ParseError::Fails(format!("FAILED: ParseException line {}:{character} {complaint}", line + 1))
    }

    /// Trino's complaint: everything from one.
    pub fn mismatched(&self, expected: &[&str]) -> ParseError {
        let token = self.peek();
        let (line, character) = line_and_character(self.text, token.start);
        let shown = if token.kind == Kind::End { "<EOF>" } else { token.text };
        ParseError::Refused(format!(
            "line {}:{}: mismatched input '{shown}'. Expecting: {}",
            line + 1,
            character + 1,
            expected.join(", ")
        ))
    }
}
