//! `regexp_replace`: what matches is replaced by a template with groups.

use arrow::array::ArrayRef;

use crate::error::SqlError;

use super::super::call::Call;
use super::Patterns;
use super::pattern::Pattern;

/// A replacement: literal text and groups of the match.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

pub(super) fn remove(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_strings(|row| {
        let pattern = patterns.at(row)?;
        Ok(Some(replace_all(&pattern, texts.at(row), &[])?))
    })
}

pub(super) fn replace(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, patterns, templates) = (call.strings(0)?, call.strings(1)?, call.strings(2)?);
    let constant = call.constant_string(1).zip(call.constant_string(2));
    if let Some((pattern, template)) = constant {
        let pattern = Pattern::cached(pattern)?;
        // A template that is wrong is an error only where something matches.
        let pieces = pieces(&pattern, template);
        return call.to_strings(|row| {
            let text = texts.at(row);
            match &pieces {
                Ok(pieces) => Ok(Some(replace_all(&pattern, text, pieces)?)),
                Err(error) if pattern.is_match(text)? => Err(error.clone()),
                Err(_) => Ok(Some(text.to_owned())),
            }
        });
    }
    call.to_strings(|row| {
        let text = texts.at(row);
        let pattern = Pattern::cached(patterns.at(row))?;
        match pieces(&pattern, templates.at(row)) {
            Ok(pieces) => Ok(Some(replace_all(&pattern, text, &pieces)?)),
            Err(error) if pattern.is_match(text)? => Err(error),
            Err(_) => Ok(Some(text.to_owned())),
        }
    })
}

fn replace_all(pattern: &Pattern, text: &str, pieces: &[Piece]) -> Result<String, SqlError> {
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
        pattern.each_match(text, |begin, end| {
            out.push_str(&text[last..begin]);
            append(&mut out, text, pieces, &[]);
            last = end;
            Ok(true)
        })?;
    } else {
        pattern.each_captures(text, |groups| {
            let (begin, end) = groups[0].unwrap_or((last, last));
            out.push_str(&text[last..begin]);
            append(&mut out, text, pieces, groups);
            last = end;
            Ok(())
        })?;
    }
    out.push_str(&text[last..]);
    Ok(out)
}

fn append(out: &mut String, text: &str, pieces: &[Piece], groups: &[Option<(usize, usize)>]) {
    for piece in pieces {
        match piece {
            Piece::Text(literal) => out.push_str(literal),
            Piece::Group(group) => {
                if let Some((begin, end)) = groups.get(*group).copied().flatten() {
                    out.push_str(&text[begin..end]);
                }
            }
        }
    }
}

/// Reads a template: `$1`, `${name}`, `\$`, text.
fn pieces(pattern: &Pattern, template: &str) -> Result<Vec<Piece>, SqlError> {
    let illegal = || SqlError::invalid_argument(format!("Illegal replacement sequence: {template}"));
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(letters.next().ok_or_else(illegal)?),
            '$' => {
                let group = match letters.next().ok_or_else(illegal)? {
                    '{' => {
                        let name: String = letters.by_ref().take_while(|inside| *inside != '}').collect();
                        pattern.group(&name).ok_or_else(|| {
                            let message = format!("Illegal replacement sequence: unknown group {{ {name} }}");
                            SqlError::invalid_argument(message)
                        })?
                    }
                    digit => {
                        let mut group = digit.to_digit(10).ok_or_else(illegal)? as usize;
                        if group > pattern.groups() {
                            let message = format!("Illegal replacement sequence: unknown group {group}");
                            return Err(SqlError::invalid_argument(message));
                        }
                        // As many digits as name a group that exists.
                        while let Some(digit) = letters.peek().and_then(|next| next.to_digit(10)) {
                            let longer = group * 10 + digit as usize;
                            if longer > pattern.groups() {
                                break;
                            }
                            group = longer;
                            letters.next();
                        }
                        group
                    }
                };
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Group(group));
            }
            other => text.push(other),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn replaced(text: &str, pattern: &str, template: &str) -> Result<String, SqlError> {
        let pattern = Pattern::compile(pattern)?;
        replace_all(&pattern, text, &pieces(&pattern, template)?)
    }

    #[test]
    fn templates_name_groups_by_number_and_name() {
        assert_eq!(replaced("1a 2b 14m", r"(\d+)([ab]) ", "3c$2 ").unwrap(), "3ca 3cb 14m");
        assert_eq!(replaced("xay", "(?<l>a)", "<${l}>").unwrap(), "x<a>y");
        assert_eq!(replaced("ab", "(a)(b)", "$21$0\\$").unwrap(), "b1ab$");
        assert_eq!(replaced("abc", "x*", "-").unwrap(), "-a-b-c-");
        assert_eq!(replaced("ab", "(a)|(b)", "[$1]").unwrap(), "[a][]");
    }

    #[test]
    fn templates_that_mean_nothing_are_refused() {
        for (template, message) in [
            ("$", "Illegal replacement sequence: $"),
            ("$x", "Illegal replacement sequence: $x"),
            ("\\", "Illegal replacement sequence: \\"),
            ("$2", "Illegal replacement sequence: unknown group 2"),
            ("${no}", "Illegal replacement sequence: unknown group { no }"),
        ] {
            assert_eq!(replaced("a", "(a)", template).unwrap_err().message, message);
        }
    }
}
