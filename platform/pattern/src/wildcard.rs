//! `*` in a string: any characters, or none.

/// What stands between the stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wildcard {
    /// Without a star: the only piece. With stars: the first and the last may be empty.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads one; otherwise what AWS says of it. `\*` is a star, `\\` a backslash.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // AWS counts the quote before the text.
        const QUOTE: usize = 1;
        let (mut pieces, mut piece) = (Vec::new(), String::new());
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '*' => {
                    if characters.peek().is_some_and(|(_, next)| *next == '*') {
                        return Err(format!("Consecutive wildcard characters at pos {}", at + QUOTE));
                    }
                    pieces.push(std::mem::take(&mut piece));
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => piece.push(escaped),
                    _ => return Err(format!("Invalid escape character at pos {}", at + QUOTE)),
                },
                _ => piece.push(character),
            }
        }
        pieces.push(piece);
        Ok(Self { pieces })
    }

    /// How many stars.
    pub(crate) fn stars(&self) -> usize {
        self.pieces.len() - 1
    }

    /// What a value must begin with.
    pub(crate) fn head(&self) -> &str {
        &self.pieces[0]
    }

    /// What a value must end with.
    pub(crate) fn tail(&self) -> &str {
        &self.pieces[self.pieces.len() - 1]
    }

    /// The longest text that a value must contain.
    pub(crate) fn core(&self) -> &str {
        self.pieces.iter().max_by_key(|piece| piece.len()).map_or("", String::as_str)
    }

    /// The leftmost place for each piece in its turn: a later one would never help.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let [head, inner @ .., tail] = self.pieces.as_slice() else {
            return self.pieces[0] == text;
        };
        let Some(mut rest) = text.strip_prefix(head.as_str()).and_then(|rest| rest.strip_suffix(tail.as_str())) else {
            return false;
        };
        for piece in inner {
            let Some(at) = memchr::memmem::find(rest.as_bytes(), piece.as_bytes()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*.png", "a.png", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("dir/*/file*.txt", "dir/b/c/file1.txt", true),
            ("dir/*/file*.txt", "dir/file1.txt", false),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "aba", false),
            ("hello\\*x", "hello*x", true),
            ("hello\\*x", "hello, x", false),
            ("a\\\\b", "a\\b", true),
            ("*ü*", "grün", true),
        ] {
            assert_eq!(Wildcard::parse(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn bad_ones_are_refused_with_their_place() {
        assert_eq!(Wildcard::parse("a**"), Err("Consecutive wildcard characters at pos 2".into()));
        assert_eq!(Wildcard::parse("\\a"), Err("Invalid escape character at pos 1".into()));
        assert_eq!(Wildcard::parse("a\\"), Err("Invalid escape character at pos 2".into()));
    }
}
