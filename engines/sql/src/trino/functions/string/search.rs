//! `strpos`, `replace`, `translate`, `split_part`: finding text in text.

use std::collections::HashMap;

use crate::error::SqlError;

use super::trim::{count, offset};

/// The place of the n-th occurrence in characters from one, or zero. Negative instances count from the end.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` when the instance is zero.
pub fn position(text: &str, searched: &str, instance: i64) -> Result<i64, SqlError> {
    if instance == 0 {
        return Err(SqlError::invalid_argument("'instance' must be a positive or negative number."));
    }
    if searched.is_empty() {
        return Ok(1);
    }
    let found = if instance > 0 { nth(text, searched, instance) } else { nth_back(text, searched, instance) };
    Ok(found.map_or(0, |at| as_bigint(count(&text[..at]) + 1)))
}

fn nth(text: &str, searched: &str, mut instance: i64) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(searched)?;
        instance -= 1;
        if instance == 0 {
            return Some(at);
        }
        // Occurrences may overlap.
        from = at + text[at..].chars().next().map_or(1, char::len_utf8);
    }
}

fn nth_back(text: &str, searched: &str, mut instance: i64) -> Option<usize> {
    let mut end = text.len();
    loop {
        let at = text[..end].rfind(searched)?;
        instance += 1;
        if instance == 0 {
            return Some(at);
        }
        // The next one may begin anywhere before, and so end inside of this one.
        let before = text[..at].char_indices().next_back()?.0;
        end = (before + searched.len()).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
    }
}

fn as_bigint(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Replaces all occurrences; an empty one stands before each character and at the end.
pub fn replace(text: &str, searched: &str, with: &str) -> String {
    text.replace(searched, with)
}

/// What each character becomes: another one, or nothing.
pub struct Table {
    /// The characters below 128, which most texts are made of.
    ascii: [Option<char>; 128],
    others: HashMap<char, Option<char>>,
}

impl Table {
    /// The first of several entries for a character counts; what has no counterpart in `to` is removed.
    pub fn new(from: &str, to: &str) -> Self {
        let mut others = HashMap::new();
        let mut to = to.chars();
        for letter in from.chars() {
            let counterpart = to.next();
            others.entry(letter).or_insert(counterpart);
        }
        let mut ascii = [None; 128];
        for (letter, becomes) in ('\0'..).zip(&mut ascii) {
            *becomes = others.get(&letter).copied().unwrap_or(Some(letter));
        }
        Self { ascii, others }
    }

    /// The text with its characters replaced.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        out.extend(text.chars().filter_map(|letter| match self.ascii.get(letter as usize) {
            Some(becomes) => *becomes,
            None => self.others.get(&letter).copied().unwrap_or(Some(letter)),
        }));
        out
    }
}

/// The field of that number from one; with an empty delimiter every character is one.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` when the index is not positive.
pub fn split_part<'a>(text: &'a str, delimiter: &str, index: i64) -> Result<Option<&'a str>, SqlError> {
    if index <= 0 {
        return Err(SqlError::invalid_argument("Index must be greater than zero"));
    }
    let skipped = usize::try_from(index - 1).unwrap_or(usize::MAX);
    if delimiter.is_empty() {
        let start = offset(text, skipped);
        return Ok(text[start..].chars().next().map(|letter| &text[start..start + letter.len_utf8()]));
    }
    Ok(text.split(delimiter).nth(skipped))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn positions_are_of_the_instance_that_is_asked_for() {
        assert_eq!(position("high", "ig", 1).unwrap(), 2);
        assert_eq!(position("high", "igx", 1).unwrap(), 0);
        assert_eq!(position("信念,爱,希望", "希望", 1).unwrap(), 6);
        assert_eq!(position("highhigh", "ig", 2).unwrap(), 6);
        assert_eq!(position("highhigh", "ig", -1).unwrap(), 6);
        assert_eq!(position("highhigh", "ig", -2).unwrap(), 2);
        assert_eq!(position("highhigh", "ig", -3).unwrap(), 0);
        assert_eq!(position("aaa", "aa", 2).unwrap(), 2);
        assert_eq!(position("aaa", "aa", -2).unwrap(), 1);
        assert_eq!(position("", "", 1).unwrap(), 1);
        let error = position("a", "a", 0).unwrap_err();
        assert_eq!(error.message, "'instance' must be a positive or negative number.");
    }

    #[test]
    fn characters_are_translated_or_removed() {
        for (text, from, to, result) in [
            ("abcd", "", "", "abcd"),
            ("abcda", "a", "z", "zbcdz"),
            ("Palhoça", "ç", "c", "Palhoca"),
            ("abcd", "a", "", "bcd"),
            ("abcd", "a", "zy", "zbcd"),
            ("abcd", "ac", "z", "zbd"),
            ("abcd", "aac", "zq", "zbd"),
        ] {
            assert_eq!(Table::new(from, to).apply(text), result);
        }
    }

    #[test]
    fn fields_are_counted_from_one() {
        assert_eq!(split_part("abc-@-def-@-ghi", "-@-", 2).unwrap(), Some("def"));
        assert_eq!(split_part("abc-@-def-@-ghi", "-@-", 4).unwrap(), None);
        assert_eq!(split_part("abc", "", 2).unwrap(), Some("b"));
        assert_eq!(split_part("abc", "", 4).unwrap(), None);
        assert_eq!(split_part("", "abc", 1).unwrap(), Some(""));
        assert_eq!(split_part("a", "b", 0).unwrap_err().message, "Index must be greater than zero");
    }

    #[test]
    fn an_empty_search_is_everywhere() {
        assert_eq!(replace("aaa", "a", "aa"), "aaaaaa");
        assert_eq!(replace("abc", "", "-"), "-a-b-c-");
        assert_eq!(replace("", "", "x"), "x");
        assert_eq!(replace("abcdef", "cd", ""), "abef");
    }
}
