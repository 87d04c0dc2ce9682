//! JSON: Trino's own functions over its dialect of JSONPath, and the functions of the SQL standard.
//!
//! The standard's functions have a syntax of their own, which the parser turns into calls of internal names;
//! [`standard`] lists their arguments.

mod arithmetic;
mod evaluate;
mod item;
mod path;
mod predicate;
pub(crate) mod scan;
mod standard;
mod standard_parser;
mod standard_path;
pub(crate) mod text;
pub(crate) mod value;

use arrow::array::ArrayRef;

use crate::error::SqlError;

use super::call::{Call, Kernel};
use super::scalar::{Function, function, overload};

use path::Path;
use scan::{Kind, Malformed, Scanner};

/// How much of a text an error shows.
const SHOWN_MAX: usize = 200;

pub(crate) fn functions() -> Vec<Function> {
    let mut functions = vec![
        function("is_json_scalar", on_text_and_json("", "boolean", is_json_scalar)),
        function(
            "json_array_contains",
            [
                overload("(varchar(x), boolean) -> boolean", contains_boolean),
                overload("(json, boolean) -> boolean", contains_boolean),
                overload("(varchar(x), bigint) -> boolean", contains_bigint),
                overload("(json, bigint) -> boolean", contains_bigint),
                overload("(varchar(x), double) -> boolean", contains_double),
                overload("(json, double) -> boolean", contains_double),
                overload("(varchar(x), varchar(y)) -> boolean", contains_text),
                overload("(json, varchar(y)) -> boolean", contains_text),
            ],
        ),
        function("json_array_get", on_text_and_json(", bigint", "json", array_get)),
        function("json_array_length", on_text_and_json("", "bigint", array_length)),
        function("json_extract", on_text_and_json(", varchar(y)", "json", extract)),
        function(
            "json_extract_scalar",
            [
                overload("(varchar(x), varchar(y)) -> varchar(x)", extract_scalar),
                overload("(json, varchar(y)) -> varchar", extract_scalar),
            ],
        ),
        function("json_format", [overload("(json) -> varchar", format)]),
        function("json_parse", [overload("(varchar(x)) -> json", parse)]),
        function("json_size", on_text_and_json(", varchar(y)", "bigint", size)),
    ];
    functions.extend(standard::functions());
    functions
}

/// The overloads of a function that takes JSON as text and as json.
fn on_text_and_json(further: &str, result: &str, kernel: Kernel) -> [super::scalar::Overload; 2] {
    ["varchar(x)", "json"].map(|json| overload(&format!("({json}{further}) -> {result}"), kernel))
}

/// Calls `row` with each row's JSON and path; a path that is the same as before is not read again.
fn with_path<'a, T>(
    call: &'a Call,
    mut row: impl FnMut(&'a str, &Path) -> Result<T, SqlError>,
) -> Result<impl FnMut(usize) -> Result<T, SqlError>, SqlError> {
    let (texts, paths) = (call.strings(0)?, call.strings(1)?);
    let mut known: Option<(&'a str, Path)> = None;
    Ok(move |index| {
        let text = paths.at(index);
        if known.as_ref().is_none_or(|(same, _)| *same != text) {
            known = Some((text, Path::parse(text)?));
        }
        match &known {
            Some((_, path)) => row(texts.at(index), path),
            None => Err(SqlError::internal("a path was lost")),
        }
    })
}

fn extract(call: &Call) -> Result<ArrayRef, SqlError> {
    call.to_strings(with_path(call, |json, path| {
        Ok(path.find(json).and_then(|(mut scanner, _)| {
            let mut out = String::new();
            scanner.copy(&mut out).ok().map(|()| out)
        }))
    })?)
}

fn extract_scalar(call: &Call) -> Result<ArrayRef, SqlError> {
    call.to_strings(with_path(call, |json, path| {
        Ok(path.find(json).and_then(|(mut scanner, kind)| scalar(&mut scanner, kind).ok()?))
    })?)
}

/// The scalar that comes next as text: strings without quotes, numbers as they are spelled.
fn scalar<'a>(scanner: &mut Scanner<'a>, kind: Kind) -> Result<Option<std::borrow::Cow<'a, str>>, Malformed> {
    Ok(match kind {
        Kind::String => Some(scanner.string()?.text()),
        Kind::Number => Some(scanner.number()?.into()),
        Kind::True | Kind::False => Some(scanner.word(kind)?.into()),
        Kind::Null | Kind::Object | Kind::Array => None,
    })
}

fn size(call: &Call) -> Result<ArrayRef, SqlError> {
    call.to_bigints(with_path(call, |json, path| {
        Ok(path.find(json).and_then(|(mut scanner, kind)| members(&mut scanner, kind).ok()))
    })?)
}

/// How many members the value has that comes next: none, if it is a scalar.
fn members(scanner: &mut Scanner, kind: Kind) -> Result<i64, Malformed> {
    if kind.is_scalar() {
        return Ok(0);
    }
    scanner.enter()?;
    let (mut count, mut first) = (0, true);
    loop {
        let more = match kind {
            Kind::Object => scanner.next_member(&mut first)?.is_some(),
            _ => scanner.next_element(&mut first)?,
        };
        if !more {
            return Ok(count);
        }
        scanner.skip()?;
        count += 1;
    }
}

fn parse(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_strings(|row| {
        let text = texts.at(row);
        let json = value::canonical(text);
        let refused = || SqlError::invalid_argument(format!("Cannot convert value to JSON: '{text}'"));
        json.ok_or_else(refused).map(Some)
    })
}

fn format(call: &Call) -> Result<ArrayRef, SqlError> {
    call.array(0)
}

fn is_json_scalar(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_booleans(|row| {
        let text = texts.at(row);
        let mut scanner = Scanner::new(text);
        let scalar = scanner.value().and_then(|kind| scanner.skip().map(|()| kind.is_scalar()));
        match scalar {
            Ok(scalar) if scanner.at_end() => Ok(Some(scalar)),
            _ => Err(SqlError::invalid_argument(format!("Invalid JSON value: {}", shown(text)))),
        }
    })
}

/// A text as errors show it.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}...(truncated)", &text[..end]),
        None => text.to_owned(),
    }
}

/// Goes through the array that a text is, until `each` finds something. `None` when it is no array.
fn search<'a, T>(
    text: &'a str,
    mut each: impl FnMut(&mut Scanner<'a>, Kind) -> Result<Option<T>, Malformed>,
) -> Result<Option<T>, Malformed> {
    let mut scanner = Scanner::new(text);
    if scanner.value()? != Kind::Array {
        return Err(Malformed);
    }
    scanner.enter()?;
    let mut first = true;
    while scanner.next_element(&mut first)? {
        let kind = scanner.value()?;
        if let Some(found) = each(&mut scanner, kind)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn array_length(call: &Call) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    call.to_bigints(|row| {
        let mut length = 0;
        let end = search(texts.at(row), |scanner, _| {
            length += 1;
            scanner.skip().map(|()| None::<()>)
        });
        Ok(end.ok().map(|_| length))
    })
}

fn array_get(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, indexes) = (call.strings(0)?, call.bigints(1)?);
    call.to_strings(|row| {
        let (text, index) = (texts.at(row), indexes.at(row));
        let place = if index < 0 {
            let mut length = 0_u64;
            let end = search(text, |scanner, _| {
                length += 1;
                scanner.skip().map(|()| None::<()>)
            });
            end.ok().and_then(|_| length.checked_sub(index.unsigned_abs()))
        } else {
            Some(index.unsigned_abs())
        };
        Ok(place.and_then(|place| element(text, place).ok()?))
    })
}

/// The array's element of that index: a string comes without its quotes, which is a flaw that Trino keeps.
fn element(text: &str, index: u64) -> Result<Option<String>, Malformed> {
    let mut at = 0;
    let found = search(text, |scanner, kind| {
        if at < index {
            at += 1;
            return scanner.skip().map(|()| None);
        }
        if kind.is_scalar() {
            return Ok(Some(scalar(scanner, kind)?.map(std::borrow::Cow::into_owned)));
        }
        let mut out = String::new();
        scanner.copy(&mut out).map(|()| Some(Some(out)))
    })?;
    Ok(found.flatten())
}

fn contains_boolean(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, wanted) = (call.strings(0)?, call.booleans(1)?);
    call.to_booleans(|row| {
        let wanted = if wanted.at(row) { Kind::True } else { Kind::False };
        Ok(contains(texts.at(row), |scanner, kind| scanner.skip().map(|()| kind == wanted)))
    })
}

fn contains_bigint(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, wanted) = (call.strings(0)?, call.bigints(1)?);
    call.to_booleans(|row| {
        Ok(contains(texts.at(row), |scanner, kind| match kind {
            Kind::Number => Ok(scanner.number()?.parse() == Ok(wanted.at(row))),
            _ => scanner.skip().map(|()| false),
        }))
    })
}

fn contains_double(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, wanted) = (call.strings(0)?, call.doubles(1)?);
    call.to_booleans(|row| {
        let wanted = wanted.at(row);
        if !wanted.is_finite() {
            return Ok(Some(false));
        }
        Ok(contains(texts.at(row), |scanner, kind| match kind {
            Kind::Number => {
                let number = scanner.number()?;
                // Whole numbers are no doubles, even where they are equal.
                let double = number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
                Ok(double && number.parse() == Ok(wanted))
            }
            _ => scanner.skip().map(|()| false),
        }))
    })
}

fn contains_text(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, wanted) = (call.strings(0)?, call.strings(1)?);
    call.to_booleans(|row| {
        Ok(contains(texts.at(row), |scanner, kind| match kind {
            Kind::String => Ok(scanner.string()?.is(wanted.at(row))),
            _ => scanner.skip().map(|()| false),
        }))
    })
}

/// Whether the array has an element that `is` it; null when the text is no array.
fn contains<'a>(text: &'a str, mut is: impl FnMut(&mut Scanner<'a>, Kind) -> Result<bool, Malformed>) -> Option<bool> {
    let found = search(text, |scanner, kind| Ok(is(scanner, kind)?.then_some(())));
    found.ok().map(|found| found.is_some())
}
