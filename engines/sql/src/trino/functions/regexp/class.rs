//! Character classes in brackets, whose syntaxes differ most: what is an operator, a range or a literal.

use super::translate::{HORIZONTAL, NOT_HORIZONTAL, Translator, push_literal};

impl Translator<'_> {
    /// A class in brackets, from behind the first one.
    pub(super) fn class(&mut self) -> Result<(), String> {
        const OPEN: &str = "premature end of char-class";
        self.out.push('[');
        if self.peek(0) == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        if self.peek(0) == Some(']') {
            self.at += 1;
            self.out.push_str("\\]");
        }
        // Whether a hyphen could begin the end of a range.
        let mut literal_before = false;
        loop {
            let letter = self.next().ok_or(OPEN)?;
            let mut literal = false;
            match letter {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.peek(0) == Some(':') && self.posix_name().is_some() => {
                    let name = self.posix_name().unwrap_or_default();
                    self.at += name.chars().count();
                    self.out.push('[');
                    self.out.push_str(&name);
                }
                '[' => self.class()?,
                '&' if self.peek(0) == Some('&') => {
                    self.at += 1;
                    self.out.push_str("&&");
                }
                '-' if literal_before && !matches!(self.peek(0), None | Some(']' | '[')) => {
                    self.out.push('-');
                    match self.next().ok_or(OPEN)? {
                        '\\' => self.class_escape().map(drop)?,
                        other => push_literal(&mut self.out, other),
                    }
                }
                '\\' => literal = self.class_escape()?,
                other => {
                    push_literal(&mut self.out, other);
                    literal = true;
                }
            }
            literal_before = literal;
        }
    }

    /// `:alpha:]`, if that follows.
    fn posix_name(&self) -> Option<String> {
        let rest: String = self.letters[self.at..].iter().take(12).collect();
        let name = &rest[..rest.find(":]")? + 2];
        let inside = name.get(1..name.len() - 2)?;
        let inside = inside.strip_prefix('^').unwrap_or(inside);
        (!inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_lowercase())).then(|| name.to_owned())
    }

    /// Behind a backslash in a class; whether it is one character.
    fn class_escape(&mut self) -> Result<bool, String> {
        let letter = self.next().ok_or("end pattern at escape")?;
        match letter {
            'h' => self.out.push_str(HORIZONTAL),
            'H' => self.out.push_str(NOT_HORIZONTAL),
            'b' => self.out.push_str("\\x08"),
            'R' | 'k' | '1'..='9' | 'A' | 'z' | 'Z' | 'B' | 'G' | 'Q' | 'E' => push_literal(&mut self.out, letter),
            other => self.letter_escape(other)?,
        }
        Ok(!matches!(letter, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P' | 'h' | 'H'))
    }
}
