//! `LIKE` with a pattern that is not known when the query is planned.

use arrow::array::ArrayRef;

use crate::error::SqlError;

use super::call::Call;
use super::scalar::{Function, function, overload};

pub(super) fn functions() -> Vec<Function> {
    let texts = ["(varchar, varchar) -> boolean", "(varchar, varchar, varchar) -> boolean"];
    let padded = ["(char(x), varchar) -> boolean", "(char(x), varchar, varchar) -> boolean"];
    vec![function("$like", texts.iter().chain(&padded).map(|signature| overload(signature, like)))]
}

fn like(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, patterns) = (call.strings(0)?, call.strings(1)?);
    let escapes = if call.arity() > 2 { Some(call.strings(2)?) } else { None };
    let mut known: Option<(String, Option<String>, Vec<Step>)> = None;
    call.to_booleans(|row| {
        let (pattern, escape) = (patterns.at(row), escapes.map(|escapes| escapes.at(row)));
        let steps = match &known {
            Some((last, with, steps)) if last == pattern && with.as_deref() == escape => steps,
            _ => {
                let steps = steps(pattern, escape)?;
                &known.insert((pattern.to_owned(), escape.map(str::to_owned), steps)).2
            }
        };
        Ok(Some(matches(texts.at(row), steps)))
    })
}

/// What a pattern asks for next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// `%`
    Many,
    /// `_`
    One,
    Letter(char),
}

fn steps(pattern: &str, escape: Option<&str>) -> Result<Vec<Step>, SqlError> {
    let escape = match escape {
        None => None,
        Some(escape) => {
            let mut letters = escape.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => Some(letter),
                _ => return Err(SqlError::invalid_argument("Escape string must be a single character")),
            }
        }
    };
    let mut steps = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        steps.push(match letter {
            _ if Some(letter) == escape => match letters.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => Step::Letter(next),
                _ => {
                    let message = "Escape character must be followed by '%', '_' or the escape character itself";
                    return Err(SqlError::invalid_argument(message));
                }
            },
            '%' => Step::Many,
            '_' => Step::One,
            other => Step::Letter(other),
        });
    }
    Ok(steps)
}

/// Walks text and pattern together; where they part, the last `%` takes one letter more.
fn matches(text: &str, steps: &[Step]) -> bool {
    let mut rest = text.chars();
    let mut step = 0;
    let mut last_many = None;
    loop {
        let mut ahead = rest.clone();
        match (steps.get(step), ahead.next()) {
            (Some(Step::Many), _) => {
                step += 1;
                last_many = Some((step, rest.clone()));
            }
            (None, None) => return true,
            (Some(Step::One), Some(_)) => {
                rest = ahead;
                step += 1;
            }
            (Some(Step::Letter(wanted)), Some(found)) if *wanted == found => {
                rest = ahead;
                step += 1;
            }
            _ => {
                let Some((after, taken)) = &mut last_many else { return false };
                if taken.next().is_none() {
                    return false;
                }
                rest = taken.clone();
                step = *after;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, wanted) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abcabd", "%ab_", true),
            ("abc", "____", false),
            ("", "%", true),
            ("", "", true),
            ("äöü", "_ö%", true),
            ("aXbXc", "a%X%c", true),
            ("aaa", "%b%", false),
        ] {
            assert_eq!(matches(text, &steps(pattern, None).unwrap()), wanted, "{text} LIKE {pattern}");
        }
        assert!(matches("50%", &steps("50#%", Some("#")).unwrap()));
        assert!(!matches("505", &steps("50#%", Some("#")).unwrap()));
        assert!(steps("a#b", Some("#")).is_err());
        assert!(steps("a", Some("##")).is_err());
    }
}
