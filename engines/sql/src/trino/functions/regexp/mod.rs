//! Regular expressions, in Java's syntax with Joni's differences.

mod class;
mod pattern;
mod replace;
mod translate;

use std::rc::Rc;

use arrow::array::{ArrayRef, StringViewArray};

use crate::error::SqlError;
use crate::types::Type;

use super::call::{Call, Values};
use super::scalar::{Function, function, overload};

pub(super) use pattern::Pattern;

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function("regexp_count", [overload("(varchar(x), varchar(y)) -> bigint", count)]),
        function(
            "regexp_extract",
            [
                overload("(varchar(x), varchar(y)) -> varchar(x)", extract),
                overload("(varchar(x), varchar(y), bigint) -> varchar(x)", extract),
            ],
        ),
        function(
            "regexp_extract_all",
            [
                overload("(varchar(x), varchar(y)) -> array(varchar(x))", extract_all),
                overload("(varchar(x), varchar(y), bigint) -> array(varchar(x))", extract_all),
            ],
        ),
        function("regexp_like", [overload("(varchar(x), varchar(y)) -> boolean", like)]),
        function(
            "regexp_position",
            [
                overload("(varchar(x), varchar(y)) -> integer", position),
                overload("(varchar(x), varchar(y), integer) -> integer", position),
                overload("(varchar(x), varchar(y), integer, integer) -> integer", position),
            ],
        ),
        function(
            "regexp_replace",
            [
                overload("(varchar(x), varchar(y)) -> varchar(x)", replace::remove),
                overload("(varchar(x), varchar(y), varchar(z)) -> varchar", replace::replace).returning(replaced),
            ],
        ),
        function("regexp_split", [overload("(varchar(x), varchar(y)) -> array(varchar(x))", split)]),
    ]
}

/// How long the result of a replacement can become.
fn replaced(arguments: &[Type]) -> Type {
    let (Some(Type::Varchar(Some(text))), Some(Type::Varchar(Some(with)))) = (arguments.first(), arguments.get(2))
    else {
        return Type::VARCHAR;
    };
    let (text, with) = (u64::from(*text), u64::from(*with));
    let longest = text.saturating_add((text * with / 2).max(with).saturating_mul(text + 1));
    Type::Varchar(u32::try_from(longest).ok().filter(|length| *length < 2_147_483_647))
}

/// The patterns of an argument. Mostly all rows have the same, so that the last one is kept at hand.
struct Patterns<'a> {
    texts: Values<'a, StringViewArray>,
    last: Option<(&'a str, Rc<Pattern>)>,
}

impl<'a> Patterns<'a> {
    fn read(call: &'a Call) -> Result<Patterns<'a>, SqlError> {
        Ok(Patterns { texts: call.strings(1)?, last: None })
    }

    fn at(&mut self, row: usize) -> Result<Rc<Pattern>, SqlError> {
        let text = self.texts.at(row);
        if let Some((_, pattern)) = self.last.as_ref().filter(|(last, _)| *last == text) {
            return Ok(pattern.clone());
        }
        let pattern = Pattern::cached(text)?;
        self.last = Some((text, pattern.clone()));
        Ok(pattern)
    }
}

fn like(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_booleans(|row| patterns.at(row)?.is_match(texts.at(row)).map(Some))
}

fn count(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_bigints(|row| {
        let mut count = 0;
        patterns.at(row)?.each_match(texts.at(row), |_, _| {
            count += 1;
            Ok(true)
        })?;
        Ok(Some(count))
    })
}

/// The group that a call asks for: the whole match by default.
fn group(call: &Call, row: usize, pattern: &Pattern) -> Result<usize, SqlError> {
    if call.arity() < 3 {
        return Ok(0);
    }
    let group = call.bigints(2)?.at(row);
    let Ok(index) = usize::try_from(group) else {
        return Err(SqlError::invalid_argument("Group cannot be negative"));
    };
    if index > pattern.groups() {
        let message = format!("Pattern has {} groups. Cannot access group {group}", pattern.groups());
        return Err(SqlError::invalid_argument(message));
    }
    Ok(index)
}

fn extract(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_strings(|row| {
        let pattern = patterns.at(row)?;
        let text = texts.at(row);
        let found = match group(call, row, &pattern)? {
            0 => pattern.find(text, 0)?,
            group => pattern.captures(text, 0)?.and_then(|groups| groups[group]),
        };
        Ok(found.map(|(begin, end)| &text[begin..end]))
    })
}

fn extract_all(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_text_lists(|row, found| {
        let pattern = patterns.at(row)?;
        let text = texts.at(row);
        match group(call, row, &pattern)? {
            0 => pattern.each_match(text, |begin, end| {
                found.push(&text[begin..end]);
                Ok(true)
            }),
            group => pattern.each_captures(text, |groups| {
                found.push_option(groups[group].map(|(begin, end)| &text[begin..end]));
                Ok(())
            }),
        }
    })
}

fn split(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_text_lists(|row, parts| {
        let text = texts.at(row);
        let mut last = 0;
        patterns.at(row)?.each_match(text, |begin, end| {
            parts.push(&text[last..begin]);
            last = end;
            Ok(true)
        })?;
        parts.push(&text[last..]);
        Ok(())
    })
}

fn position(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, mut patterns) = (call.strings(0)?, Patterns::read(call)?);
    call.to_integers(|row| {
        let start = if call.arity() > 2 { call.integers(2)?.at(row) } else { 1 };
        let occurrence = if call.arity() > 3 { call.integers(3)?.at(row) } else { 1 };
        if start < 1 {
            return Err(SqlError::invalid_argument("start position cannot be smaller than 1"));
        }
        if occurrence < 1 {
            return Err(SqlError::invalid_argument("occurrence cannot be smaller than 1"));
        }
        let pattern = patterns.at(row)?;
        let found = nth(&pattern, texts.at(row), start, occurrence)?;
        Ok(Some(found.unwrap_or(-1)))
    })
}

/// The place of the match of that number, in characters from one.
fn nth(pattern: &Pattern, text: &str, start: i32, occurrence: i32) -> Result<Option<i32>, SqlError> {
    let skipped = usize::try_from(start - 1).unwrap_or(0);
    let Some((offset, _)) = text.char_indices().nth(skipped) else { return Ok(None) };
    let mut from = Some(offset);
    let mut seen = 0;
    while let Some(place) = from {
        let Some((begin, end)) = pattern.find(text, place)? else { return Ok(None) };
        seen += 1;
        if seen == occurrence {
            return Ok(i32::try_from(text[..begin].chars().count() + 1).ok());
        }
        from = pattern::next_start(text, begin, end);
    }
    Ok(None)
}
