//! Java's regular expressions, spelled for Rust's engines.
//!
//! The syntaxes agree in most; this file is the rest: `\Q…\E`, octal and control escapes, braces that are no
//! repetition, what a class may hold, names of character properties, and what `$` means.

/// A pattern spelled anew.
#[derive(Debug, PartialEq, Eq)]
pub struct Translated {
    /// For text that does not end in a line break.
    pub pattern: String,
    /// For text that does, where that makes a difference: `$` and `\Z` match before it, too.
    pub before_newline: Option<String>,
    /// It looks around, refers back or is possessive: more than a finite automaton can do.
    pub backtracks: bool,
}

/// Spells a pattern anew.
///
/// # Errors
/// Joni's words for what is wrong with it.
pub fn translate(java: &str) -> Result<Translated, String> {
    let mut plain = Translator::new(java, "\\z");
    plain.run()?;
    let before_newline = if plain.has_end {
        let mut other = Translator::new(java, "(?=\\n?\\z)");
        other.run()?;
        Some(other.out)
    } else {
        None
    };
    Ok(Translated { pattern: plain.out, before_newline, backtracks: plain.backtracks })
}

pub(super) struct Translator<'a> {
    pub(super) letters: Vec<char>,
    pub(super) at: usize,
    pub(super) out: String,
    /// What `$` becomes outside of multi-line mode.
    end: &'a str,
    has_end: bool,
    backtracks: bool,
    /// Multi-line mode, for each group that is open.
    groups: Vec<bool>,
    multi_line: bool,
    /// Something stands before that could be repeated.
    repeatable: bool,
}

impl<'a> Translator<'a> {
    fn new(java: &str, end: &'a str) -> Self {
        Self {
            letters: java.chars().collect(),
            at: 0,
            out: String::with_capacity(java.len() + 8),
            end,
            has_end: false,
            backtracks: false,
            groups: Vec::new(),
            multi_line: false,
            repeatable: false,
        }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let letter = self.peek(0)?;
        self.at += 1;
        Some(letter)
    }

    fn rest_starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(index, letter)| self.peek(index) == Some(letter))
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(letter) = self.next() {
            let mut repeatable = true;
            match letter {
                '\\' => repeatable = self.escape()?,
                '[' => self.class()?,
                '(' => {
                    repeatable = false;
                    self.open()?;
                }
                ')' => {
                    self.multi_line = self.groups.pop().ok_or("unmatched close parenthesis")?;
                    self.out.push(')');
                }
                '|' => {
                    repeatable = false;
                    self.out.push('|');
                }
                '^' => {
                    repeatable = false;
                    self.out.push('^');
                }
                '$' => {
                    repeatable = false;
                    if self.multi_line { self.out.push('$') } else { self.end_of_text() }
                }
                '*' | '+' | '?' => self.repeat(letter)?,
                '{' if self.repeatable && self.is_interval() => {
                    self.out.push('{');
                    while let Some(inside) = self.next() {
                        self.out.push(inside);
                        if inside == '}' {
                            break;
                        }
                    }
                    self.suffix();
                }
                '{' | '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(letter);
                }
                other => self.out.push(other),
            }
            self.repeatable = repeatable;
        }
        if self.groups.is_empty() { Ok(()) } else { Err("end pattern with unmatched parenthesis".to_owned()) }
    }

    fn end_of_text(&mut self) {
        self.has_end = true;
        self.out.push_str(self.end);
    }

    fn repeat(&mut self, letter: char) -> Result<(), String> {
        if !self.repeatable {
            return Err("target of repeat operator is not specified".to_owned());
        }
        self.out.push(letter);
        self.suffix();
        Ok(())
    }

    /// `?` makes a repetition lazy, `+` possessive.
    fn suffix(&mut self) {
        match self.peek(0) {
            Some('?') => {
                self.at += 1;
                self.out.push('?');
            }
            Some('+') => {
                self.at += 1;
                self.out.push('+');
                self.backtracks = true;
            }
            _ => {}
        }
    }

    /// Whether `3}`, `3,}` or `3,5}` follows.
    fn is_interval(&self) -> bool {
        let inside: String = self.letters[self.at..].iter().take_while(|letter| **letter != '}').collect();
        if self.at + inside.chars().count() >= self.letters.len() {
            return false;
        }
        let (low, high) = inside.split_once(',').unwrap_or((&inside, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !low.is_empty() && digits(low) && digits(high)
    }

    /// A parenthesis that opens: a group, or flags.
    fn open(&mut self) -> Result<(), String> {
        self.groups.push(self.multi_line);
        self.out.push('(');
        if self.peek(0) != Some('?') {
            return Ok(());
        }
        for looks in ["?=", "?!", "?<=", "?<!", "?>"] {
            if self.rest_starts_with(looks) {
                self.backtracks = true;
                self.at += looks.len();
                self.out.push_str(looks);
                return Ok(());
            }
        }
        if self.rest_starts_with("?<") {
            self.at += 2;
            self.out.push_str("?<");
            return Ok(());
        }
        self.flags()
    }

    /// `?i)`, `?i:`, `?-m:`, `?:`; the unknown ones are refused.
    fn flags(&mut self) -> Result<(), String> {
        self.at += 1;
        self.out.push('?');
        let mut on = true;
        loop {
            match self.next().ok_or("end pattern in group")? {
                ':' => {
                    self.out.push(':');
                    return Ok(());
                }
                ')' => {
                    // Flags hold until the group around them ends.
                    self.groups.pop();
                    self.out.push(')');
                    return Ok(());
                }
                '-' => {
                    on = false;
                    self.out.push('-');
                }
                'm' => {
                    self.multi_line = on;
                    self.out.push('m');
                }
                flag @ ('i' | 's' | 'x') => self.out.push(flag),
                _ => return Err("undefined group option".to_owned()),
            }
        }
    }

    /// Behind a backslash; whether it can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        let letter = self.next().ok_or("end pattern at escape")?;
        match letter {
            'Q' => {
                let mut any = false;
                while self.at < self.letters.len() {
                    if self.rest_starts_with("\\E") {
                        self.at += 2;
                        break;
                    }
                    if let Some(literal) = self.next() {
                        push_literal(&mut self.out, literal);
                        any = true;
                    }
                }
                return Ok(any || self.repeatable);
            }
            'E' => return Ok(self.repeatable),
            'Z' => {
                self.end_of_text();
                return Ok(false);
            }
            'A' | 'z' | 'b' | 'B' => {
                self.out.push('\\');
                self.out.push(letter);
                return Ok(false);
            }
            'G' => return Err("undefined anchor \\G".to_owned()),
            'R' => self.out.push_str(r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'h' => self.out.push_str(HORIZONTAL),
            'H' => self.out.push_str(NOT_HORIZONTAL),
            'k' => {
                self.backtracks = true;
                self.out.push_str("\\k");
            }
            '1'..='9' => {
                self.backtracks = true;
                self.out.push('\\');
                self.out.push(letter);
            }
            other => self.letter_escape(other)?,
        }
        Ok(true)
    }

    /// The escapes that mean one character or one class of them, inside of brackets and outside.
    pub(super) fn letter_escape(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'd' | 'D' | 'w' | 'W' | 's' | 'S' | 't' | 'n' | 'r' | 'f' | 'a' | 'v' => {
                self.out.push('\\');
                self.out.push(letter);
            }
            'e' => self.out.push_str("\\x1B"),
            '0' => {
                let digits = self.take_while(3, |digit| ('0'..='7').contains(&digit));
                let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
                self.push_code(code)?;
            }
            'c' => {
                let control = self.next().ok_or("end pattern at control")?;
                self.push_code(u32::from(control.to_ascii_uppercase()) ^ 0x40)?;
            }
            'x' if self.peek(0) == Some('{') => {
                self.at += 1;
                let digits = self.take_while(8, |digit| digit.is_ascii_hexdigit());
                if self.next() != Some('}') {
                    return Err("invalid code point value".to_owned());
                }
                self.push_code(u32::from_str_radix(&digits, 16).map_err(|_| "invalid code point value")?)?;
            }
            'x' | 'u' => {
                let digits = self.take_while(if letter == 'x' { 2 } else { 4 }, |digit| digit.is_ascii_hexdigit());
                self.push_code(u32::from_str_radix(&digits, 16).map_err(|_| "too short escape sequence")?)?;
            }
            'p' | 'P' => self.property(letter)?,
            other => push_literal(&mut self.out, other),
        }
        Ok(())
    }

    fn take_while(&mut self, most: usize, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while taken.len() < most && self.peek(0).is_some_and(&belongs) {
            taken.extend(self.next());
        }
        taken
    }

    fn push_code(&mut self, code: u32) -> Result<(), String> {
        let letter = char::from_u32(code).ok_or("invalid code point value")?;
        push_literal(&mut self.out, letter);
        Ok(())
    }

    /// `\p{Lower}`, `\pL`, in Java's names.
    fn property(&mut self, letter: char) -> Result<(), String> {
        let name = if self.peek(0) == Some('{') {
            self.at += 1;
            let name = self.take_while(64, |inside| inside != '}');
            self.next().ok_or("invalid character property name {p}")?;
            name
        } else {
            self.next().ok_or("invalid character property name {p}")?.to_string()
        };
        let (name, negative) = match name.strip_prefix('^') {
            Some(rest) => (rest, letter == 'p'),
            None => (name.as_str(), letter == 'P'),
        };
        let sign = if negative { "^" } else { "" };
        let class = match name.to_ascii_lowercase().as_str() {
            "alpha" | "javaalphabetic" => r"\p{Alphabetic}".to_owned(),
            "lower" | "javalowercase" => r"\p{Lowercase}".to_owned(),
            "upper" | "javauppercase" => r"\p{Uppercase}".to_owned(),
            "digit" => r"\p{Nd}".to_owned(),
            "alnum" => r"\p{Alphabetic}\p{Nd}".to_owned(),
            "punct" => r"\p{P}".to_owned(),
            "space" | "javawhitespace" => r"\s".to_owned(),
            "blank" => r"\p{Zs}\t".to_owned(),
            "cntrl" => r"\p{Cc}".to_owned(),
            "xdigit" => "0-9A-Fa-f".to_owned(),
            "word" => r"\w".to_owned(),
            "ascii" => r"\x00-\x7F".to_owned(),
            "graph" => r"[^\s\p{Cc}\p{Cs}\p{Cn}]".to_owned(),
            "print" => r"[^\p{Cc}\p{Cs}\p{Cn}]".to_owned(),
            _ => format!("\\p{{{}}}", name.strip_prefix("Is").unwrap_or(name)),
        };
        self.out.push_str(&format!("[{sign}{class}]"));
        Ok(())
    }
}

pub(super) const HORIZONTAL: &str = r"[ \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]";
pub(super) const NOT_HORIZONTAL: &str = r"[^ \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]";

/// Writes a character that means itself, wherever it stands.
pub(super) fn push_literal(out: &mut String, letter: char) {
    if letter.is_ascii_punctuation() && letter != '<' && letter != '>' && letter != '_' {
        out.push('\\');
    } else if letter.is_whitespace() || letter.is_control() {
        out.push_str(&format!("\\x{{{:X}}}", u32::from(letter)));
        return;
    }
    out.push(letter);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn plain(java: &str) -> String {
        translate(java).unwrap().pattern
    }

    #[test]
    fn what_both_understand_stays() {
        for pattern in
            [r"(\d+)([ab]+) ", r"a.*?b|c{2,3}", r"(?i)foo(?:bar)", r"(?<year>\d{4})", r"\bword\b", "[^a-z0-9]+"]
        {
            assert!(regex::Regex::new(&plain(pattern)).is_ok(), "{pattern} -> {}", plain(pattern));
            assert!(!translate(pattern).unwrap().backtracks);
        }
    }

    #[test]
    fn quotes_braces_and_odd_escapes_are_spelled_anew() {
        assert_eq!(plain(r"\Qa.b\Ec"), r"a\.bc");
        assert_eq!(plain(r#"{"a":(\d)}"#), r#"\{"a":(\d)\}"#);
        assert_eq!(plain(r"x{2,}y{,3}"), r"x{2,}y\{,3\}");
        assert_eq!(plain(r"\e\041\cA\x{1F600}\u0041"), "\\x1B\\!\\x{1}😀A");
        assert_eq!(plain(r"[\w-]"), r"[\w\-]");
        assert_eq!(plain(r"[a--]"), r"[a-\-]");
        assert_eq!(plain(r"[a~~b&]"), r"[a\~\~b\&]");
        assert_eq!(plain(r"\<b\>"), "<b>");
        assert_eq!(plain(r"\p{Alpha}\P{L}[\p{Upper}\d]"), r"[\p{Alphabetic}][^\p{L}][[\p{Uppercase}]\d]");
    }

    #[test]
    fn the_end_is_before_a_last_line_break_too() {
        let translated = translate("a$").unwrap();
        assert_eq!(translated.pattern, r"a\z");
        assert_eq!(translated.before_newline.unwrap(), r"a(?=\n?\z)");
        assert_eq!(translate("(?m)a$").unwrap().before_newline, None);
        assert_eq!(translate("(?m:a$)b$").unwrap().pattern, r"(?m:a$)b\z");
    }

    #[test]
    fn mistakes_have_joni_s_words() {
        for (pattern, message) in [
            ("(a", "end pattern with unmatched parenthesis"),
            ("a)", "unmatched close parenthesis"),
            ("[a", "premature end of char-class"),
            ("*a", "target of repeat operator is not specified"),
            ("a\\", "end pattern at escape"),
            ("(?d)a", "undefined group option"),
        ] {
            assert_eq!(translate(pattern).unwrap_err(), message);
        }
    }

    #[test]
    fn what_needs_backtracking_is_told() {
        for pattern in ["(?=a)", "(?<!x)y", r"(a)\1", "a++", "(?>a)"] {
            assert!(translate(pattern).unwrap().backtracks, "{pattern}");
        }
    }

    #[test]
    fn bracketed_names_of_classes_stay() {
        assert_eq!(plain("[[:alpha:]_]"), "[[:alpha:]_]");
        assert_eq!(plain("[[:^digit:]]"), "[[:^digit:]]");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_pattern_or_refused(java in "[\\\\\\[\\](){}^$|?*+.,:<>=!a-zQE0-9 é&~-]*") {
            if let Ok(translated) = translate(&java) {
                drop(regex::Regex::new(&translated.pattern));
            }
        }
    }
}
