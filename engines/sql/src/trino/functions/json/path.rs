//! The paths of `json_extract` and its kin: `$.store.book[0]["author name"]`.
//!
//! Each step is a name; in an array it is an index, if it is a number. That is all there is: no wildcards, no filters.

use crate::error::SqlError;

use super::scan::{Kind, Malformed, Scanner};

/// A path that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    index: Option<usize>,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// `INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '…'`
    pub fn parse(path: &str) -> Result<Path, SqlError> {
        steps(path).map(Path).ok_or_else(|| SqlError::invalid_argument(format!("Invalid JSON path: '{path}'")))
    }

    /// Walks to the value, which the scanner then stands before. `None` if there is none.
    pub fn find<'a>(&self, json: &'a str) -> Option<(Scanner<'a>, Kind)> {
        let mut scanner = Scanner::new(json);
        scanner.kind().ok()??;
        for step in &self.0 {
            if !walk(&mut scanner, step).ok()? {
                return None;
            }
        }
        let kind = scanner.value().ok()?;
        Some((scanner, kind))
    }
}

/// Goes to the step's value inside the value that comes next.
fn walk(scanner: &mut Scanner, step: &Step) -> Result<bool, Malformed> {
    let mut first = true;
    match scanner.value()? {
        Kind::Object => {
            scanner.enter()?;
            while let Some(name) = scanner.next_member(&mut first)? {
                if name.is(&step.name) {
                    return Ok(true);
                }
                scanner.skip()?;
            }
            Ok(false)
        }
        Kind::Array => {
            scanner.enter()?;
            let mut index = 0;
            while scanner.next_element(&mut first)? {
                if step.index == Some(index) {
                    return Ok(true);
                }
                scanner.skip()?;
                index += 1;
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let name = if let Some(after) = rest.strip_prefix('.') {
            let (name, after) = plain(after, true)?;
            rest = after;
            name
        } else {
            let inside = rest.strip_prefix('[')?;
            let (name, after) = match inside.strip_prefix('"') {
                Some(quoted) => in_quotes(quoted)?,
                None => plain(inside, false)?,
            };
            rest = after.strip_prefix(']')?;
            name
        };
        let index = name.parse().ok();
        steps.push(Step { name, index });
    }
    Some(steps)
}

/// A name without quotes; behind a dot it may have colons.
fn plain(text: &str, colons: bool) -> Option<(String, &str)> {
    let belongs = |letter: char| letter == '_' || letter.is_alphanumeric() || (colons && letter == ':');
    let end = text.find(|letter| !belongs(letter)).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

/// A name in quotes, whose first is read already.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((name, &text[at + 1..])),
            '\\' => match letters.next()? {
                (_, escaped @ ('"' | '\\')) => name.push(escaped),
                _ => return None,
            },
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn extract(json: &str, path: &str) -> Option<String> {
        let (mut scanner, _) = Path::parse(path).unwrap().find(json)?;
        let mut out = String::new();
        scanner.copy(&mut out).ok()?;
        Some(out)
    }

    #[test]
    fn steps_go_through_objects_and_arrays() {
        let json =
            r#"{"store": {"book": [{"author": "Nigel"}, {"book name": 1, "isbn:x": 2}], "0": "zero"}, "a\"b": 3}"#;
        assert_eq!(extract(json, "$.store.book[0].author").unwrap(), "\"Nigel\"");
        assert_eq!(extract(json, "$[store][book][1][\"book name\"]").unwrap(), "1");
        assert_eq!(extract(json, "$.store.book[1].isbn:x").unwrap(), "2");
        assert_eq!(extract(json, "$.store.book.0.author").unwrap(), "\"Nigel\"");
        assert_eq!(extract(json, "$.store.0").unwrap(), "\"zero\"");
        assert_eq!(extract(json, r#"$["a\"b"]"#).unwrap(), "3");
        assert_eq!(extract(json, "$.store.missing"), None);
        assert_eq!(extract(json, "$.store.book[7]"), None);
        assert_eq!(extract(json, "$.store.0.x"), None);
        assert_eq!(extract(" [1]", "$").unwrap(), "[1]");
    }

    #[test]
    fn mistakes_behind_the_value_are_not_met() {
        assert_eq!(extract(r#"{"a": 1, oops"#, "$.a").unwrap(), "1");
        assert_eq!(extract(r#"{"b": oops, "a": 1}"#, "$.a"), None);
        assert_eq!(extract("", "$"), None);
    }

    #[test]
    fn paths_that_are_none_are_refused() {
        for path in [
            "",
            "a",
            "$.",
            "$..a",
            "$.a b",
            "$[",
            "$[]",
            "$[*]",
            "$.a-b",
            "$['a']",
            "$[\"a\\n\"]",
            "$[\"a]",
            "$[?(@.x)]",
            "$ ",
        ] {
            let error = Path::parse(path).unwrap_err();
            assert_eq!(error.to_string(), format!("INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '{path}'"));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_path_or_refused(path in "[$][.a\\[\\]\"\\\\0-9é]*", json in "[{}\\[\\]:,\"a0-9 ]*") {
            if let Ok(path) = Path::parse(&path) {
                let _ = path.find(&json);
            }
        }
    }
}
