//! `lower` and `upper`: character by character, as Java's `Character` does it; one character never becomes two.

use std::borrow::Cow;

/// Lower case.
pub fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    Cow::Owned(text.chars().map(lower_letter).collect())
}

/// Upper case.
pub fn upper(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(text.to_ascii_uppercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    Cow::Owned(text.chars().map(upper_letter).collect())
}

fn lower_letter(letter: char) -> char {
    // The one letter whose full mapping has two characters; the simple one is a plain i.
    if letter == 'İ' { 'i' } else { only(letter.to_lowercase(), letter) }
}

fn upper_letter(letter: char) -> char {
    match letter {
        // Greek with a iota below: the full mapping writes the iota behind, the simple one is the title case.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
            char::from_u32(u32::from(letter) + 8).unwrap_or(letter)
        }
        '\u{1fb3}' => '\u{1fbc}',
        '\u{1fc3}' => '\u{1fcc}',
        '\u{1ff3}' => '\u{1ffc}',
        other => only(other.to_uppercase(), other),
    }
}

/// The mapping if it is one character, the letter itself otherwise.
fn only(mut mapped: impl Iterator<Item = char>, letter: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_becomes_one_letter() {
        assert_eq!(lower("HELLO World"), "hello world");
        assert_eq!(upper("hello"), "HELLO");
        assert_eq!(upper("what!!"), "WHAT!!");
        assert_eq!(lower("ÖSTERREICH"), "österreich");
        assert_eq!(upper("straße"), "STRAßE");
        assert_eq!(lower("İ"), "i");
        assert_eq!(upper("ᾳ"), "ᾼ");
    }
}
