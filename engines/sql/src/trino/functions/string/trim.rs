//! `trim`, `ltrim`, `rtrim`, `lpad`, `rpad`, `substr`: the ends of a text.

use crate::error::SqlError;

/// Whether Java's `Character.isWhitespace` says so: no space that must not break, but the old separators.
pub fn is_space(letter: char) -> bool {
    match letter {
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{85}' => false,
        '\u{1c}'..='\u{1f}' => true,
        other => other.is_whitespace(),
    }
}

/// The text from the character at `start`, counted from one or, if negative, from the end.
pub fn substring(text: &str, start: i64, length: Option<i64>) -> &str {
    if start == 0 || text.is_empty() || length.is_some_and(|length| length <= 0) {
        return "";
    }
    let skipped = if start > 0 {
        usize::try_from(start - 1).unwrap_or(usize::MAX)
    } else {
        let back = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
        match count(text).checked_sub(back) {
            Some(skipped) => skipped,
            None => return "",
        }
    };
    let Some(rest) = skip(text, skipped) else { return "" };
    match length {
        Some(length) => &rest[..offset(rest, usize::try_from(length).unwrap_or(usize::MAX))],
        None => rest,
    }
}

/// How many characters there are.
pub fn count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Where the first `characters` end, or the text does.
pub fn offset(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// What stands behind so many characters; `None` when there is nothing any more.
fn skip(text: &str, characters: usize) -> Option<&str> {
    let at = offset(text, characters);
    (at < text.len()).then(|| &text[at..])
}

/// Whether padding goes before or behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Cuts or pads to so many characters.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` for a length that cannot be and for empty padding.
pub fn pad(text: &str, length: i64, padding: &str, side: Side) -> Result<String, SqlError> {
    let Some(length) = i32::try_from(length).ok().and_then(|length| usize::try_from(length).ok()) else {
        return Err(SqlError::invalid_argument("Target length must be in the range [0..2147483647]"));
    };
    if padding.is_empty() {
        return Err(SqlError::invalid_argument("Padding string must not be empty"));
    }
    let present = count(text);
    if present >= length {
        return Ok(text[..offset(text, length)].to_owned());
    }
    let missing = length - present;
    let mut filler = String::with_capacity(missing);
    let (whole, part) = (missing / count(padding), missing % count(padding));
    for _ in 0..whole {
        filler.push_str(padding);
    }
    filler.push_str(&padding[..offset(padding, part)]);
    Ok(match side {
        Side::Left => filler + text,
        Side::Right => text.to_owned() + &filler,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn substrings_count_from_one_or_from_the_end() {
        assert_eq!(substring("Quadratically", 5, None), "ratically");
        assert_eq!(substring("Quadratically", 50, None), "");
        assert_eq!(substring("Quadratically", -5, None), "cally");
        assert_eq!(substring("Quadratically", -50, None), "");
        assert_eq!(substring("Quadratically", 0, None), "");
        assert_eq!(substring("Quadratically", 5, Some(6)), "ratica");
        assert_eq!(substring("Quadratically", -5, Some(4)), "call");
        assert_eq!(substring("Quadratically", 5, Some(0)), "");
        assert_eq!(substring("信念,爱,希望", 3, Some(i64::MAX)), ",爱,希望");
        assert_eq!(substring("信念,爱,希望", -2, Some(1)), "希");
    }

    #[test]
    fn padding_cuts_and_fills() {
        assert_eq!(pad("text", 5, "x", Side::Left).unwrap(), "xtext");
        assert_eq!(pad("text", 10, "xyz", Side::Left).unwrap(), "xyzxyztext");
        assert_eq!(pad("text", 9, "xyz", Side::Right).unwrap(), "textxyzxy");
        assert_eq!(pad("text", 2, "x", Side::Left).unwrap(), "te");
        assert_eq!(pad("é", 3, "望", Side::Right).unwrap(), "é望望");
        assert_eq!(pad("a", 3, "", Side::Left).unwrap_err().message, "Padding string must not be empty");
        let error = pad("a", -1, "x", Side::Left).unwrap_err();
        assert_eq!(error.message, "Target length must be in the range [0..2147483647]");
    }
}
