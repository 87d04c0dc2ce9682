//! How alike words are: distances, Soundex, stems; and whether a number may be one (Luhn).

use rust_stemmers::{Algorithm, Stemmer};

use crate::error::SqlError;

/// How much work one distance may be.
const LEVENSHTEIN_CELLS_MAX: usize = 1_000_000;

/// Insertions, deletions and substitutions between two texts.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` when the texts are too long.
pub fn levenshtein(left: &str, right: &str) -> Result<i64, SqlError> {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let (long, short) = if left.len() < right.len() { (right, left) } else { (left, right) };
    if short.is_empty() {
        return Ok(as_bigint(long.len()));
    }
    if long.len() * (short.len() - 1) > LEVENSHTEIN_CELLS_MAX {
        return Err(SqlError::invalid_argument("The combined inputs for Levenshtein distance are too large"));
    }
    let mut distances: Vec<usize> = (0..=short.len()).collect();
    for (row, letter) in long.iter().enumerate() {
        let mut diagonal = distances[0];
        distances[0] = row + 1;
        for (column, other) in short.iter().enumerate() {
            let above = distances[column + 1];
            let changed = diagonal + usize::from(letter != other);
            distances[column + 1] = changed.min(above + 1).min(distances[column] + 1);
            diagonal = above;
        }
    }
    Ok(as_bigint(distances[short.len()]))
}

/// At how many places two texts of one length differ.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` when the lengths differ.
pub fn hamming(left: &str, right: &str) -> Result<i64, SqlError> {
    let (mut left, mut right) = (left.chars(), right.chars());
    let mut distance = 0;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ok(distance),
            (Some(one), Some(other)) => distance += i64::from(one != other),
            _ => {
                let message = "The input strings to hamming_distance function must have the same length";
                return Err(SqlError::invalid_argument(message));
            }
        }
    }
}

/// A word's sound in English: a letter and three digits.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` for letters that are not English.
pub fn soundex(text: &str) -> Result<String, SqlError> {
    const CODES: &[u8; 26] = b"01230120022455012623010202";
    let mut code = String::with_capacity(4);
    let mut last = '0';
    for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
        let upper = letter.to_uppercase().next().unwrap_or(letter);
        let index = u32::from(upper).wrapping_sub(u32::from('A'));
        let digit = usize::try_from(index).ok().and_then(|index| CODES.get(index)).copied().map(char::from);
        let Some(digit) = digit else {
            let message = format!("The character is not mapped: {upper} (index={index})");
            return Err(SqlError::invalid_argument(message));
        };
        if code.is_empty() {
            code.push(upper);
            last = digit;
            continue;
        }
        // These two do not even separate letters of one sound.
        if matches!(upper, 'H' | 'W') {
            continue;
        }
        if code.len() < 4 && digit != '0' && digit != last {
            code.push(digit);
        }
        last = digit;
    }
    while !code.is_empty() && code.len() < 4 {
        code.push('0');
    }
    Ok(code)
}

/// Whether the last digit checks the others.
pub fn luhn(digits: &str) -> bool {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let sum: u64 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u64::from(byte - b'0');
            let weighted = if place % 2 == 1 { digit * 2 } else { digit };
            weighted / 10 + weighted % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The stemmer of a language, by its two letters.
///
/// # Errors
/// `INVALID_FUNCTION_ARGUMENT` when there is none.
pub fn stemmer(language: &str) -> Result<Stemmer, SqlError> {
    let algorithm = match language {
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "tr" => Algorithm::Turkish,
        other => return Err(SqlError::invalid_argument(format!("Unknown stemmer language: {other}"))),
    };
    Ok(Stemmer::create(algorithm))
}

fn as_bigint(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn distances_count_characters() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "hello", 5),
            ("hello", "jello", 1),
            ("kitten", "sitting", 3),
            ("hello na\u{ef}ve world", "hello naive world", 1),
        ] {
            assert_eq!(levenshtein(left, right).unwrap(), distance);
            assert_eq!(levenshtein(right, left).unwrap(), distance);
        }
        let long = "a".repeat(2_000);
        assert!(levenshtein(&long, &long).is_err());
        assert_eq!(hamming("hello", "jello").unwrap(), 1);
        assert_eq!(hamming("like", "hate").unwrap(), 3);
        assert!(hamming("hello", "").is_err());
    }

    #[test]
    fn soundex_follows_the_american_rules() {
        for (word, code) in [
            ("jim", "J500"),
            ("jIM", "J500"),
            ("john", "J500"),
            ("johannes", "J520"),
            ("Sarah", "S600"),
            ("", ""),
            ("Ashcraft", "A261"),
            ("Tymczak", "T522"),
            ("Pfister", "P236"),
            ("123", ""),
        ] {
            assert_eq!(soundex(word).unwrap(), code, "{word}");
        }
        assert_eq!(soundex("jąmes").unwrap_err().message, "The character is not mapped: Ą (index=195)");
    }

    #[test]
    fn check_digits_are_checked() {
        for (digits, valid) in [
            ("4242424242424242", true),
            ("1234567891234567", false),
            ("", false),
            ("abcd424242424242", false),
            ("123456789", false),
        ] {
            assert_eq!(luhn(digits), valid, "{digits}");
        }
    }

    #[test]
    fn words_have_stems() {
        assert_eq!(stemmer("en").unwrap().stem("generally"), "general");
        assert_eq!(stemmer("en").unwrap().stem("generalized"), "general");
        assert_eq!(stemmer("fr").unwrap().stem("continuité"), "continu");
        assert_eq!(stemmer("xx").err().unwrap().message, "Unknown stemmer language: xx");
    }
}
