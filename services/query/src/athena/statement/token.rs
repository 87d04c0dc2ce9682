//! Words of a statement, with their places in its text: enough of SQL's lexical grammar for what we parse ourselves.

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// As it stands in the statement, quotes included.
    pub text: &'a str,
    /// Where it begins, in bytes.
    pub start: usize,
}

impl Token<'_> {
    /// Where it ends, in bytes.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this word, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    DoubleQuoted,
    /// A name in backquotes.
    BackQuoted,
    /// A text in single quotes.
    Text,
    /// Digits, with or without a fraction.
    Number,
    /// Any other character.
    Symbol,
    /// Behind the last token.
    End,
}

/// The tokens of a statement; the last one is [`Kind::End`]. Comments and white space are between them.
///
/// `backslashes` says whether a backslash takes the meaning from the quote behind it: it does in Hive's texts, not in
/// Trino's.
pub fn split(text: &str, backslashes: bool) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = Scanner { text, at: 0 };
    loop {
        rest.skip_space();
        let start = rest.at;
        let Some(first) = rest.peek() else {
            tokens.push(Token { kind: Kind::End, text: "", start });
            return tokens;
        };
        let kind = match first {
            '\'' => rest.quoted('\'', backslashes, Kind::Text),
            '"' => rest.quoted('"', backslashes, Kind::DoubleQuoted),
            '`' => rest.quoted('`', false, Kind::BackQuoted),
            first if first.is_ascii_digit() => rest.number(),
            first if first.is_alphabetic() || first == '_' => {
                rest.while_some(|next| next.is_alphanumeric() || matches!(next, '_' | '@' | '$'));
                Kind::Word
            }
            other => {
                rest.at += other.len_utf8();
                Kind::Symbol
            }
        };
        tokens.push(Token { kind, text: &text[start..rest.at], start });
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn while_some(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        self.at += rest.find(|next| !wanted(next)).unwrap_or(rest.len());
    }

    fn skip_space(&mut self) {
        loop {
            self.while_some(char::is_whitespace);
            let rest = &self.text[self.at..];
            if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    /// From the quote on; a quote that is doubled does not end it. One without an end is a symbol, which nothing
    /// expects.
    fn quoted(&mut self, quote: char, backslashes: bool, kind: Kind) -> Kind {
        let start = self.at;
        self.at += quote.len_utf8();
        while let Some(next) = self.peek() {
            self.at += next.len_utf8();
            if next == '\\' && backslashes {
                self.at += self.peek().map_or(0, char::len_utf8);
            } else if next == quote {
                if self.peek() != Some(quote) {
                    return kind;
                }
                self.at += quote.len_utf8();
            }
        }
        self.at = start + quote.len_utf8();
        Kind::Symbol
    }

    /// Digits, a fraction, an exponent. Digits with letters behind them are a word: Hive's names may begin so.
    fn number(&mut self) -> Kind {
        self.while_some(|next| next.is_ascii_digit());
        let rest = &self.text[self.at..];
        if rest.starts_with('.') && rest[1..].starts_with(|next: char| next.is_ascii_digit()) {
            self.at += 1;
            self.while_some(|next| next.is_ascii_digit());
        }
        let before = self.at;
        self.while_some(|next| next.is_alphanumeric() || next == '_');
        match &self.text[before..self.at] {
            "" => Kind::Number,
            suffix if is_exponent(suffix) => Kind::Number,
            _ => Kind::Word,
        }
    }
}

fn is_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['e', 'E']).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|next| next.is_ascii_digit())
}

/// The line of a place, and the character in it, both counted from zero.
pub fn line_and_character(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count(), before[line_start..].chars().count())
}

/// What a name or text in quotes says: doubled quotes are one.
pub fn unquote(text: &str) -> String {
    let mut chars = text.chars();
    let Some(quote) = chars.next() else { return String::new() };
    let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).unwrap_or_default();
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

/// What a text of Hive's says: backslashes give the next character another meaning.
pub fn unquote_hive(text: &str) -> String {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    let quote = text.chars().next().unwrap_or('\'');
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            '\\' => escaped(&mut chars, &mut out),
            next if next == quote => {
                chars.next_if_eq(&quote);
                out.push(quote);
            }
            next => out.push(next),
        }
    }
    out
}

fn escaped(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let Some(next) = chars.next() else { return out.push('\\') };
    match next {
        '0'..='3' => {
            let digits: Vec<char> = chars.clone().take(2).collect();
            match digits.as_slice() {
                [a @ '0'..='7', b @ '0'..='7'] => {
                    let octal = [next, *a, *b]
                        .iter()
                        .filter_map(|digit| digit.to_digit(8))
                        .fold(0, |sum, digit| sum * 8 + digit);
                    out.extend(char::from_u32(octal));
                    chars.nth(1);
                }
                _ if next == '0' => out.push('\0'),
                _ => out.push(next),
            }
        }
        'u' => {
            let digits: String = chars.clone().take(4).collect();
            match u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4).and_then(char::from_u32) {
                Some(decoded) => {
                    out.push(decoded);
                    chars.nth(3);
                }
                None => out.push('u'),
            }
        }
        'n' => out.push('\n'),
        'r' => out.push('\r'),
        't' => out.push('\t'),
        'b' => out.push('\u{8}'),
        'Z' => out.push('\u{1a}'),
        // LIKE patterns keep the backslash in front of their own characters.
        '%' | '_' => out.extend(['\\', next]),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        split(text, true).into_iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn comments_and_quotes_are_no_words() {
        let found = kinds("a -- b\n /* c */ `d``e` 'f\\'g' 12.5 2020_x (");
        let expected = [
            (Kind::Word, "a"),
            (Kind::BackQuoted, "`d``e`"),
            (Kind::Text, "'f\\'g'"),
            (Kind::Number, "12.5"),
            (Kind::Word, "2020_x"),
            (Kind::Symbol, "("),
            (Kind::End, ""),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn hive_texts_have_escapes() {
        assert_eq!(unquote_hive(r"'\t'"), "\t");
        assert_eq!(unquote_hive(r"'\001'"), "\u{1}");
        assert_eq!(unquote_hive(r"'\u0041b'"), "Ab");
        assert_eq!(unquote_hive(r"'(\\d+)'"), r"(\d+)");
        assert_eq!(unquote_hive("'it''s'"), "it's");
        assert_eq!(unquote("'it''s \\'"), "it's \\");
    }

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(line_and_character("ä\nöx", 5), (1, 1));
    }

    #[test]
    fn a_quote_without_an_end_is_a_symbol() {
        assert_eq!(kinds("'a")[0], (Kind::Symbol, "'"));
    }
}
