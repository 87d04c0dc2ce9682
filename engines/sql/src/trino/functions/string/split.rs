//! `split` and its kin: one text becomes an array, a field or a map.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, MapBuilder, StringViewBuilder};

use crate::error::SqlError;

use super::super::call::Call;
use super::super::scalar::{Function, function, overload};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function(
            "split",
            [
                overload("(varchar(x), varchar(y)) -> array(varchar(x))", split),
                overload("(varchar(x), varchar(y), bigint) -> array(varchar(x))", split),
            ],
        ),
        function("split_part", [overload("(varchar(x), varchar(y), bigint) -> varchar(x)", split_part)]),
        function("split_to_map", [overload("(varchar, varchar, varchar) -> map(varchar, varchar)", split_to_map)]),
        function(
            "split_to_multimap",
            [overload("(varchar, varchar, varchar) -> map(varchar, array(varchar))", split_to_multimap)],
        ),
    ]
}

fn split(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, delimiters) = (call.strings(0)?, call.strings(1)?);
    let limits = if call.arity() > 2 { Some(call.bigints(2)?) } else { None };
    call.to_text_lists(|row, parts| {
        let limit = limits.as_ref().map_or(i64::from(i32::MAX), |limits| limits.at(row));
        if limit <= 0 {
            return Err(SqlError::invalid_argument("Limit must be positive"));
        }
        if limit > i64::from(i32::MAX) {
            return Err(SqlError::invalid_argument("Limit is too large"));
        }
        let delimiter = delimiters.at(row);
        if delimiter.is_empty() {
            return Err(SqlError::invalid_argument("The delimiter may not be the empty string"));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        texts.at(row).splitn(limit, delimiter).for_each(|part| parts.push(part));
        Ok(())
    })
}

fn split_part(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, delimiters, indexes) = (call.strings(0)?, call.strings(1)?, call.bigints(2)?);
    call.to_strings(|row| super::search::split_part(texts.at(row), delimiters.at(row), indexes.at(row)))
}

/// The keys and values of a text, in its order.
fn entries<'a>(text: &'a str, entry: &str, pair: &str, quoted: bool) -> Result<Vec<(&'a str, &'a str)>, SqlError> {
    if entry.is_empty() {
        return Err(SqlError::invalid_argument("entryDelimiter is empty"));
    }
    if pair.is_empty() {
        return Err(SqlError::invalid_argument("keyValueDelimiter is empty"));
    }
    if entry == pair {
        return Err(SqlError::invalid_argument("entryDelimiter and keyValueDelimiter must not be the same"));
    }
    // A delimiter at the very end begins no entry.
    let text = text.strip_suffix(entry).unwrap_or(text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(entry)
        .map(|part| match part.split_once(pair) {
            Some((key, value)) if !value.contains(pair) => Ok((key, value)),
            _ => {
                // The two functions spell it differently.
                let quote = if quoted { "'" } else { "" };
                let message = "Key-value delimiter must appear exactly once in each entry. Bad input: ";
                Err(SqlError::invalid_argument(format!("{message}{quote}{part}{quote}")))
            }
        })
        .collect()
}

fn split_to_map(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, entry, pair) = (call.strings(0)?, call.strings(1)?, call.strings(2)?);
    let mut builder = MapBuilder::new(None, StringViewBuilder::new(), StringViewBuilder::new());
    let mut seen = std::collections::HashSet::new();
    for row in 0..call.rows {
        if call.is_valid(row) {
            seen.clear();
            for (key, value) in entries(texts.at(row), entry.at(row), pair.at(row), true)? {
                if !seen.insert(key) {
                    return Err(SqlError::invalid_argument(format!("Duplicate keys ({key}) are not allowed")));
                }
                builder.keys().append_value(key);
                builder.values().append_value(value);
            }
        }
        builder.append(call.is_valid(row))?;
    }
    Ok(Arc::new(builder.finish()))
}

fn split_to_multimap(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, entry, pair) = (call.strings(0)?, call.strings(1)?, call.strings(2)?);
    let mut builder = MapBuilder::new(None, StringViewBuilder::new(), ListBuilder::new(StringViewBuilder::new()));
    for row in 0..call.rows {
        if call.is_valid(row) {
            let mut keys: Vec<(&str, Vec<&str>)> = Vec::new();
            let mut places = HashMap::new();
            for (key, value) in entries(texts.at(row), entry.at(row), pair.at(row), false)? {
                let place = *places.entry(key).or_insert_with(|| {
                    keys.push((key, Vec::new()));
                    keys.len() - 1
                });
                keys[place].1.push(value);
            }
            for (key, values) in keys {
                builder.keys().append_value(key);
                values.iter().for_each(|value| builder.values().values().append_value(value));
                builder.values().append(true);
            }
        }
        builder.append(call.is_valid(row))?;
    }
    Ok(Arc::new(builder.finish()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn entries_have_one_delimiter_each() {
        assert_eq!(entries("a=1;b=", ";", "=", true).unwrap(), [("a", "1"), ("b", "")]);
        assert_eq!(entries("a=1;", ";", "=", true).unwrap(), [("a", "1")]);
        assert_eq!(entries("", ";", "=", true).unwrap(), []);
        for (text, entry, pair, message) in [
            ("a", ";", "=", "Key-value delimiter must appear exactly once in each entry. Bad input: 'a'"),
            ("a=b=c", ";", "=", "Key-value delimiter must appear exactly once in each entry. Bad input: 'a=b=c'"),
            ("a=1;;b=2", ";", "=", "Key-value delimiter must appear exactly once in each entry. Bad input: ''"),
            ("", "", "=", "entryDelimiter is empty"),
            ("", ";", "", "keyValueDelimiter is empty"),
            ("", ";", ";", "entryDelimiter and keyValueDelimiter must not be the same"),
        ] {
            assert_eq!(entries(text, entry, pair, true).unwrap_err().message, message);
        }
    }
}
