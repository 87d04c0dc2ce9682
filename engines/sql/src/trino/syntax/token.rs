//! The words of a statement: Trino's lexical rules, each token with its place in the text.

use crate::error::{Position, SYNTAX_ERROR, SqlError};

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word: a keyword or an identifier, which only the parser can tell.
    Word,
    /// `"an identifier"`, without its quotes.
    QuotedName(String),
    /// `12`.
    Integer,
    /// `1.5`.
    Decimal,
    /// `1e3`.
    Double,
    /// `'text'`, also from `U&'…'`, without its quotes.
    Text(String),
    /// `X'0a'`.
    Binary(Vec<u8>),
    /// An operator or punctuation.
    Symbol,
    /// The end of the statement.
    End,
}

/// A token and the place where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) at: Position,
}

impl Token {
    /// Whether this is the keyword or symbol, in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::Symbol) && self.text.eq_ignore_ascii_case(word)
    }
}

const SYMBOLS: [&str; 27] = [
    "<>", "<=", ">=", "!=", "||", "->", "=>", "(", ")", "[", "]", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<",
    ">", "?", ":", "|", "{", "}",
];

/// The tokens of a statement; the last one is [`TokenKind::End`].
pub(crate) fn tokenize(sql: &str) -> Result<Vec<Token>, SqlError> {
    let mut reader = Reader { rest: sql, at: Position { line: 1, column: 1 } };
    let mut tokens = Vec::new();
    loop {
        reader.skip_space();
        let at = reader.at;
        let before = reader.rest;
        let kind = reader.read(at)?;
        let end = kind == TokenKind::End;
        let text = match &kind {
            TokenKind::End => "<EOF>".to_owned(),
            _ => before[..before.len() - reader.rest.len()].to_owned(),
        };
        tokens.push(Token { kind, text, at });
        if end {
            return Ok(tokens);
        }
    }
}

fn refuse(at: Position, message: impl Into<String>) -> SqlError {
    SqlError::new(SYNTAX_ERROR, message).at(at)
}

struct Reader<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        for character in taken.chars() {
            if character == '\n' {
                self.at = Position { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn skip_space(&mut self) {
        loop {
            self.take_while(char::is_whitespace);
            if self.rest.starts_with("--") {
                self.take_while(|c| c != '\n' && c != '\r');
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                let end = comment.find("*/").map_or(self.rest.len(), |end| end + 4);
                self.take(end);
            } else {
                return;
            }
        }
    }

    fn read(&mut self, at: Position) -> Result<TokenKind, SqlError> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(TokenKind::End);
        };
        let second = self.rest.chars().nth(1);
        match first {
            '\'' => Ok(TokenKind::Text(self.quoted('\'', at)?)),
            '"' => Ok(TokenKind::QuotedName(self.quoted('"', at)?)),
            '`' => Err(refuse(at, "backquoted identifiers are not supported; use double quotes to quote identifiers")),
            'X' | 'x' if second == Some('\'') => self.binary(at),
            'U' | 'u' if self.rest[1..].starts_with("&'") => self.unicode(at),
            _ if first.is_ascii_digit() || (first == '.' && second.is_some_and(|c| c.is_ascii_digit())) => {
                self.number(at)
            }
            _ if first == '_' || first.is_alphabetic() => {
                self.take_while(|c| c == '_' || c.is_alphanumeric());
                Ok(TokenKind::Word)
            }
            _ => match SYMBOLS.iter().find(|symbol| self.rest.starts_with(**symbol)) {
                Some(symbol) => {
                    self.take(symbol.len());
                    Ok(TokenKind::Symbol)
                }
                None => {
                    // The parser meets it as a token that nothing expects.
                    self.take(first.len_utf8());
                    Ok(TokenKind::Symbol)
                }
            },
        }
    }

    /// A quoted text; a doubled quote stands for one.
    fn quoted(&mut self, quote: char, at: Position) -> Result<String, SqlError> {
        self.take(1);
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != quote));
            if self.rest.is_empty() {
                return Err(refuse(at, format!("mismatched input '{quote}'. Expecting: <expression>")));
            }
            self.take(1);
            if !self.rest.starts_with(quote) {
                return Ok(text);
            }
            text.push(quote);
            self.take(1);
        }
    }

    fn binary(&mut self, at: Position) -> Result<TokenKind, SqlError> {
        self.take(1);
        let digits: String = self.quoted('\'', at)?.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.chars().any(|c| !c.is_ascii_hexdigit()) {
            return Err(refuse(at, "Binary literal can only contain hexadecimal digits"));
        }
        if !digits.len().is_multiple_of(2) {
            return Err(refuse(at, "Binary literal must contain an even number of digits"));
        }
        let bytes = (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16));
        bytes.collect::<Result<_, _>>().map(TokenKind::Binary).map_err(|_| refuse(at, "Invalid binary literal"))
    }

    fn number(&mut self, at: Position) -> Result<TokenKind, SqlError> {
        let whole = self.take_while(|c| c.is_ascii_digit());
        let mut kind = TokenKind::Integer;
        if self.rest.starts_with('.') {
            kind = TokenKind::Decimal;
            self.take(1);
            self.take_while(|c| c.is_ascii_digit());
        }
        let exponent = self.rest.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(digits) = exponent.filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
            kind = TokenKind::Double;
            self.take(self.rest.len() - digits.len());
            self.take_while(|c| c.is_ascii_digit());
        }
        if !whole.is_empty() && self.rest.starts_with(|c: char| c == '_' || c.is_alphabetic()) {
            return Err(refuse(
                at,
                "identifiers must not start with a digit; surround the identifier with double quotes",
            ));
        }
        Ok(kind)
    }

    /// `U&'snowman \2603' [UESCAPE '#']`.
    fn unicode(&mut self, at: Position) -> Result<TokenKind, SqlError> {
        self.take(2);
        let raw = self.quoted('\'', at)?;
        let mut escape = '\\';
        let (rest, place) = (self.rest, self.at);
        self.skip_space();
        if self.rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("UESCAPE")) {
            self.take(7);
            self.skip_space();
            let text = if self.rest.starts_with('\'') { self.quoted('\'', at)? } else { String::new() };
            let mut characters = text.chars();
            escape = match (characters.next(), characters.next()) {
                (Some(one), None) => one,
                (None, _) => return Err(refuse(at, "Empty Unicode escape character")),
                _ => return Err(refuse(at, "Unicode escape must be a single character")),
            };
        } else {
            (self.rest, self.at) = (rest, place);
        }
        decode(&raw, escape).map(TokenKind::Text).map_err(|message| refuse(at, message))
    }
}

/// `\2603` is four hexadecimal digits, `\+01F600` six, and a doubled escape itself.
fn decode(raw: &str, escape: char) -> Result<String, String> {
    let mut text = String::new();
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != escape {
            text.push(character);
            continue;
        }
        let rest = characters.as_str();
        if rest.starts_with(escape) {
            characters.next();
            text.push(escape);
            continue;
        }
        let (digits, skipped) = if rest.starts_with('+') { (rest.get(1..7), 7) } else { (rest.get(..4), 4) };
        let Some(digits) = digits else {
            return Err(format!("Incomplete escape sequence: {rest}"));
        };
        let code = u32::from_str_radix(digits, 16).map_err(|_| format!("Invalid hexadecimal digit: {digits}"))?;
        text.push(char::from_u32(code).ok_or_else(|| format!("Invalid escaped character: {digits}"))?);
        characters = rest[skipped..].chars();
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn kinds(sql: &str) -> Vec<TokenKind> {
        tokenize(sql).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_are_integers_decimals_or_doubles() {
        use TokenKind::{Decimal, Double, End, Integer};
        assert_eq!(kinds("1 1.5 .5 1e3 1.5E-2 1."), [Integer, Decimal, Decimal, Double, Double, Decimal, End]);
    }

    #[test]
    fn places_count_lines_and_characters() {
        let tokens = tokenize("-- é\n  'é' x").unwrap();
        let places: Vec<_> = tokens.iter().map(|token| (token.at.line, token.at.column)).collect();
        assert_eq!(places, [(2, 3), (2, 7), (2, 8)]);
    }

    #[test]
    fn escaped_text_is_decoded() {
        let text = |text: &str| TokenKind::Text(text.to_owned());
        assert_eq!(kinds(r"U&'a\2603\+01F600\\'")[0], text("a☃😀\\"));
        assert_eq!(kinds("U&'a#2603' UESCAPE '#'")[0], text("a☃"));
        assert_eq!(kinds("'it''s'")[0], text("it's"));
        assert_eq!(kinds("X'0a Ff'")[0], TokenKind::Binary(vec![10, 255]));
    }

    #[test]
    fn backquotes_and_leading_digits_are_refused_in_trinos_words() {
        assert_eq!(
            tokenize("SELECT `a`").unwrap_err().to_string(),
            "SYNTAX_ERROR: line 1:8: backquoted identifiers are not supported; use double quotes to quote identifiers"
        );
        assert_eq!(
            tokenize("SELECT 1a").unwrap_err().to_string(),
            "SYNTAX_ERROR: line 1:8: identifiers must not start with a digit; surround the identifier with double quotes"
        );
    }
}
