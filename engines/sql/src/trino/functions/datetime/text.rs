//! `date_format` and `date_parse` by MySQL's patterns, `format_datetime` and `parse_datetime` by Joda's.

use arrow::array::ArrayRef;

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{tick, timestamps};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::Moments;
use super::pattern::{Element, joda, mysql};
use super::read::{Read, read};
use super::write::write;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function(
            "date_format",
            [
                overload("(timestamp(p), varchar) -> varchar", |call| format(call, mysql)),
                overload("(timestamp(p) with time zone, varchar) -> varchar", |call| format(call, mysql)),
            ],
        ),
        function(
            "date_parse",
            [overload("(varchar, varchar) -> timestamp(3)", |call| {
                parse(call, mysql, |read, call| tick(read.local.and_utc(), call.returns))
            })],
        ),
        function(
            "format_datetime",
            [
                overload("(timestamp(p), varchar) -> varchar", |call| format(call, joda)),
                overload("(timestamp(p) with time zone, varchar) -> varchar", |call| format(call, joda)),
            ],
        ),
        function(
            "parse_datetime",
            [overload("(varchar, varchar) -> timestamp(3) with time zone", |call| {
                parse(call, joda, |read, call| tick(read.instant()?, call.returns))
            })
            .in_zone(zone_of_text)],
        ),
    ]
}

type Patterns = fn(&str) -> Result<Vec<Element>, SqlError>;

/// The pattern at index 1: read once if it is the same for all rows.
fn with_pattern<T>(
    call: &Call,
    patterns: Patterns,
    mut row: impl FnMut(usize, &[Element]) -> Result<T, SqlError>,
) -> Result<Vec<Option<T>>, SqlError> {
    let texts = call.strings(1)?;
    let constant = call.constant_string(1).map(patterns).transpose()?;
    let rows = (0..call.rows).map(|index| match &constant {
        _ if !call.is_valid(index) => Ok(None),
        Some(elements) => row(index, elements).map(Some),
        None => row(index, &patterns(texts.at(index))?).map(Some),
    });
    rows.collect()
}

fn format(call: &Call, patterns: Patterns) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    let mut texts = with_pattern(call, patterns, |row, elements| {
        let mut text = String::new();
        write(&mut text, elements, moments.instant(row)?, moments.zone());
        Ok(text)
    })?;
    call.to_strings(|row| Ok(texts[row].take()))
}

fn parse(call: &Call, patterns: Patterns, of: fn(&Read, &Call) -> Result<i64, SqlError>) -> Result<ArrayRef, SqlError> {
    let texts = call.strings(0)?;
    let ticks = with_pattern(call, patterns, |row, elements| of(&read(texts.at(row), elements)?, call))?;
    timestamps(ticks, call.returns)
}

/// The zone that a constant text names.
fn zone_of_text(texts: &[Option<&str>]) -> Option<String> {
    let [Some(text), Some(pattern)] = texts else {
        return None;
    };
    read(text, &joda(pattern).ok()?).ok()?.zone_name()
}
