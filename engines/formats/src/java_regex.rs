//! Regular expressions of tables, which are Java's: translated to what our engine understands.
//!
//! Java's classes `\d`, `\w`, `\s` and `\b`'s idea of a word are ASCII; ours are Unicode's. POSIX classes have other
//! names, and some escapes mean something else.

use fancy_regex::{Regex, RegexBuilder};

use crate::error::FormatError;

/// Steps back that one match may take: patterns of strangers do not keep a core for hours.
const BACKTRACK_MAX: usize = 1_000_000;

/// How a pattern is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meaning {
    /// Without regard to case.
    pub case_insensitive: bool,
    /// The whole text must match, as with Java's `matches()`.
    pub whole: bool,
}

/// Compiles a pattern; a bad one is `HIVE_INVALID_METADATA`. A dot is any character.
pub fn compile(pattern: &str, meaning: Meaning) -> Result<Regex, FormatError> {
    let translated = translate(pattern);
    let translated = if meaning.whole { format!(r"\A(?:{translated})\z") } else { translated };
    let mut builder = RegexBuilder::new(&translated);
    builder.dot_matches_new_line(true).case_insensitive(meaning.case_insensitive).backtrack_limit(BACKTRACK_MAX);
    builder
        .build()
        .map_err(|error| FormatError::invalid_metadata(format!("Invalid regular expression '{pattern}': {error}")))
}

const DIGIT: &str = "0-9";
const WORD: &str = "a-zA-Z0-9_";
const SPACE: &str = r" \t\n\x0B\f\r";
const BLANK: &str = r" \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}";

fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    let mut class_depth = 0_usize;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '\\' => rest = translate_escape(rest, class_depth > 0, &mut translated),
            '[' => {
                class_depth += 1;
                translated.push('[');
                if let Some(after) = rest.strip_prefix('^') {
                    translated.push('^');
                    rest = after;
                }
                // A bracket that closes at once is itself.
                if let Some(after) = rest.strip_prefix(']') {
                    translated.push_str(r"\]");
                    rest = after;
                }
            }
            ']' if class_depth > 0 => {
                class_depth -= 1;
                translated.push(']');
            }
            // In our classes two of them are operators.
            '-' | '~' if class_depth > 0 && rest.starts_with(character) => {
                translated.push('\\');
                translated.push(character);
            }
            character => translated.push(character),
        }
    }
    translated
}

/// Translates what stands behind a backslash; returns what comes after it.
fn translate_escape<'a>(rest: &'a str, in_class: bool, into: &mut String) -> &'a str {
    let Some(escaped) = rest.chars().next() else {
        into.push('\\');
        return rest;
    };
    let after = &rest[escaped.len_utf8()..];
    let mut class = |members: &str, negated: bool| match (negated, in_class) {
        (true, _) => into.push_str(&format!("[^{members}]")),
        (false, true) => into.push_str(members),
        (false, false) => into.push_str(&format!("[{members}]")),
    };
    match escaped {
        'd' | 'D' => class(DIGIT, escaped == 'D'),
        'w' | 'W' => class(WORD, escaped == 'W'),
        's' | 'S' => class(SPACE, escaped == 'S'),
        'h' | 'H' => class(BLANK, escaped == 'H'),
        'p' | 'P' => {
            let named = after.strip_prefix('{').and_then(|named| named.split_once('}'));
            if let Some((members, behind)) = named.and_then(|(name, behind)| Some((posix(name)?, behind))) {
                class(members, escaped == 'P');
                return behind;
            }
            into.push('\\');
            into.push(escaped);
        }
        'Z' => into.push_str(r"(?=\n?\z)"),
        'e' => into.push_str(r"\x1B"),
        '<' | '>' => into.push(escaped),
        'Q' => {
            let (quoted, behind) = after.split_once(r"\E").unwrap_or((after, ""));
            into.push_str(&fancy_regex::escape(quoted));
            return behind;
        }
        '0' => {
            let digits = after.bytes().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
            let octal = u32::from_str_radix(&after[..digits], 8).unwrap_or(0);
            into.push_str(&format!(r"\x{{{octal:X}}}"));
            return &after[digits..];
        }
        _ => {
            into.push('\\');
            into.push(escaped);
        }
    }
    after
}

/// Java's POSIX classes, as the members of a class.
fn posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => r"\x00-\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => DIGIT,
        "Alnum" => "a-zA-Z0-9",
        "Punct" => r"!-/:-@\[-`{-\~",
        "Graph" => r"!-\~",
        "Print" => r" -\~",
        "Blank" => r" \t",
        "Cntrl" => r"\x00-\x1F\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => SPACE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern, Meaning { whole: true, ..Meaning::default() }).unwrap().is_match(text).unwrap()
    }

    #[test]
    fn classes_are_ascii_and_posix_names_are_known() {
        assert!(matches(r"\d+", "123") && !matches(r"\d+", "१२३"));
        assert!(matches(r"[\w.-]+", "a_b.c-d") && !matches(r"\w", "ä"));
        assert!(matches(r"[^\s\W]+", "ab") && !matches(r"[^\s\W]+", "a b"));
        assert!(matches(r"\p{Alpha}[\p{Digit}]\P{Punct}", "a1b"));
        assert!(matches(r"\p{L}", "ä"));
    }

    #[test]
    fn escapes_mean_what_they_mean_in_java() {
        assert!(matches(r"\<a\>\-\/\Q.*\E\Z", "<a>-/.*"));
        assert!(matches(r"\0101\x42\u0043", "ABC"));
        assert!(matches(r"[]a]+", "]a"));
        assert!(matches(r"[a--c]+", "a-c"));
    }

    #[test]
    fn the_whole_text_must_match_with_look_around_and_possession() {
        assert!(!matches("a", "ab"));
        assert!(matches(r"(?=a)a++(?<!b)", "aaa"));
        assert!(matches("a.b", "a\nb"));
        assert_eq!(compile("(", Meaning::default()).unwrap_err().name, "HIVE_INVALID_METADATA");
    }

    proptest! {
        #[test]
        fn any_pattern_compiles_or_is_refused(pattern in r"[\\\[\]^(){}pdQEZ0<>a*+?|&~é-]{0,30}") {
            let _ = compile(&pattern, Meaning::default());
        }
    }
}
