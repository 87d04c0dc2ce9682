//! LazySimpleSerDe: text with a separator for every level of nesting. Values that are bad are NULL.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::column::Builder;
use crate::column::pattern::TimestampFormats;
use crate::column::text::{Rules, append};
use crate::error::FormatError;
use crate::lines::Lines;
use crate::rows::RowParser;

/// How the fields of a line are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delimited {
    /// One for each level: fields, collections, keys of maps, and what is nested in them.
    pub separators: Vec<u8>,
    /// `escape.delim`: the byte behind it is itself.
    pub escape: Option<u8>,
    /// `serialization.null.format`, usually `\N`.
    pub null: Vec<u8>,
    /// `line.delim`, when it is not a line feed.
    pub line: Option<u8>,
    /// `serialization.last.column.takes.rest`
    pub last_takes_rest: bool,
    /// `timestamp.formats`
    pub timestamps: TimestampFormats,
    rules: Rules,
}

/// Hive's separators behind the three that have names of their own: control characters that are nothing else, and
/// then the bytes above ASCII.
fn separators(field: u8, collection: u8, map_key: u8) -> Vec<u8> {
    let rest = (4..=8).chain([11]).chain(14..=26).chain(28..=31).chain(128..=255);
    [field, collection, map_key].into_iter().chain(rest).collect()
}

impl Delimited {
    /// Reads the SerDe's properties.
    pub fn of(properties: &BTreeMap<String, String>) -> Result<Delimited, FormatError> {
        let byte = |names: &[&str]| {
            let found = names.iter().find_map(|name| properties.get(*name)).filter(|value| !value.is_empty());
            found.map(|value| parse_byte(value))
        };
        let is = |name: &str| properties.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let formats = properties.get("timestamp.formats").map_or("", String::as_str);
        let null = properties.get("serialization.null.format").map_or("\\N", String::as_str);
        Ok(Delimited {
            separators: separators(
                byte(&["field.delim", "serialization.format"]).unwrap_or(1),
                // Hive 1 misspelled it, and tables live long.
                byte(&["collection.delim", "colelction.delim"]).unwrap_or(2),
                byte(&["mapkey.delim"]).unwrap_or(3),
            ),
            escape: properties
                .get("escape.delim")
                .map(|value| if value.is_empty() { b'\\' } else { parse_byte(value) }),
            null: null.as_bytes().to_vec(),
            line: byte(&["line.delim"]).filter(|byte| *byte != b'\n'),
            last_takes_rest: is("serialization.last.column.takes.rest"),
            timestamps: TimestampFormats::parse(formats, true)?,
            rules: Rules::Lazy { extended_booleans: is("hive.lazysimple.extended_boolean_literal") },
        })
    }
}

/// A separator is a character, or a number of a byte, which may be negative as Java's are.
fn parse_byte(value: &str) -> u8 {
    match value.parse::<i16>() {
        Ok(number @ -128..=255) => number as u8,
        _ => value.as_bytes()[0],
    }
}

/// Takes lines apart.
pub struct LazyParser {
    format: Delimited,
    /// For every column of the file: which one of the batch it is.
    targets: Vec<Option<usize>>,
    /// Behind this column no more are wanted.
    last_wanted: Option<usize>,
}

impl LazyParser {
    /// A parser of files with `column_count` columns.
    pub fn new(format: Delimited, column_count: usize, projection: &[usize]) -> LazyParser {
        let mut targets = vec![None; column_count];
        for (target, column) in projection.iter().enumerate() {
            targets[*column] = Some(target);
        }
        LazyParser { format, targets, last_wanted: projection.iter().copied().max() }
    }
}

impl RowParser for LazyParser {
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError> {
        let format = &self.format;
        let mut rest = Some(lines.line());
        let Some(last_wanted) = self.last_wanted else {
            return Ok(());
        };
        for (at, target) in self.targets.iter().enumerate().take(last_wanted + 1) {
            let takes_rest = format.last_takes_rest && at + 1 == self.targets.len();
            let field = match rest {
                Some(line) if !takes_rest => {
                    let (field, after) = split(line, format.separators[0], format.escape);
                    rest = after;
                    Some(field)
                }
                line => {
                    rest = None;
                    line
                }
            };
            if let Some(target) = target {
                append_field(&mut columns[*target], field, format, 1);
            }
        }
        Ok(())
    }
}

/// What stands before the next separator, and what after it.
fn split(text: &[u8], separator: u8, escape: Option<u8>) -> (&[u8], Option<&[u8]>) {
    let mut from = 0;
    loop {
        let found = match escape {
            None => memchr::memchr(separator, &text[from..]),
            Some(escape) => memchr::memchr2(separator, escape, &text[from..]),
        };
        match found.map(|found| from + found) {
            None => return (text, None),
            Some(at) if Some(text[at]) == escape && text[at] != separator => {
                from = at + 2;
                if from >= text.len() {
                    return (text, None);
                }
            }
            Some(at) => return (&text[..at], Some(&text[at + 1..])),
        }
    }
}

/// Appends a field that is there, or NULL.
fn append_field(column: &mut Builder, field: Option<&[u8]>, format: &Delimited, level: usize) {
    match field {
        Some(field) if field != format.null.as_slice() => append_value(column, field, format, level),
        _ => column.null(),
    }
}

/// Appends a value. `level` is that of the separators inside it.
fn append_value(column: &mut Builder, field: &[u8], format: &Delimited, level: usize) {
    match column {
        Builder::Text(to) => to.append_bytes(&unescape(field, format.escape)),
        Builder::Array(to) => {
            let Some(separator) = format.separators.get(level) else {
                return column.null();
            };
            let mut rest = (!field.is_empty()).then_some(field);
            while let Some(items) = rest {
                let (item, after) = split(items, *separator, format.escape);
                append_field(&mut to.item, Some(item), format, level + 1);
                rest = after;
            }
            to.close();
        }
        Builder::Map(to) => {
            let (Some(entries), Some(keys)) = (format.separators.get(level), format.separators.get(level + 1)) else {
                return column.null();
            };
            let mut rest = (!field.is_empty()).then_some(field);
            let mut seen: Vec<&[u8]> = Vec::new();
            while let Some(text) = rest {
                let (entry, after) = split(text, *entries, format.escape);
                rest = after;
                let (key, value) = split(entry, *keys, format.escape);
                // Of equal keys Hive keeps the first; a key is never NULL.
                if key == format.null.as_slice() || seen.contains(&key) {
                    continue;
                }
                if append_key(&mut to.key, key, format) {
                    seen.push(key);
                    append_field(&mut to.value, value, format, level + 2);
                }
            }
            to.close();
        }
        Builder::Struct(to) => {
            let Some(separator) = format.separators.get(level) else {
                return column.null();
            };
            let mut rest = Some(field);
            let count = to.fields.len();
            for (at, to) in to.fields.iter_mut().enumerate() {
                let takes_rest = format.last_takes_rest && at + 1 == count;
                let value = match rest {
                    Some(text) if !takes_rest => {
                        let (value, after) = split(text, *separator, format.escape);
                        rest = after;
                        Some(value)
                    }
                    text => text,
                };
                append_field(to, value, format, level + 1);
            }
            to.close();
        }
        scalar => {
            if !append_scalar(scalar, field, format) {
                scalar.null();
            }
        }
    }
}

/// Appends a map's key; `false` when it is bad, which makes it no entry.
fn append_key(column: &mut Builder, key: &[u8], format: &Delimited) -> bool {
    match column {
        Builder::Text(to) => {
            to.append_bytes(&unescape(key, format.escape));
            true
        }
        key_column => append_scalar(key_column, key, format),
    }
}

fn append_scalar(column: &mut Builder, field: &[u8], format: &Delimited) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| append(column, text, format.rules, &format.timestamps).is_ok())
}

fn unescape(field: &[u8], escape: Option<u8>) -> Cow<'_, [u8]> {
    let Some(escape) = escape.filter(|escape| memchr::memchr(*escape, field).is_some()) else {
        return Cow::Borrowed(field);
    };
    let mut unescaped = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        match *byte == escape {
            true => unescaped.push(*bytes.next().unwrap_or(byte)),
            false => unescaped.push(*byte),
        }
    }
    Cow::Owned(unescaped)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::format::TableFormat;
    use crate::testing::{columns, object, read_rows, show, table};

    fn lazy(properties: &[(&str, &str)]) -> TableFormat {
        table("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", properties)
    }

    fn rows(properties: &[(&str, &str)], columns: &str, text: &str) -> Vec<String> {
        read_rows(&lazy(properties), object("t.txt", text.to_owned()), columns).unwrap()
    }

    const COMMAS: (&str, &str) = ("field.delim", ",");

    #[test]
    fn fields_that_are_missing_bad_or_null_are_null() {
        let found = rows(&[COMMAS], "a int, b string, c double", "1,x,1.5\nx,\\N,\n2\n\n3,,1,9");
        assert_eq!(found, ["1|x|1.5", "NULL|NULL|NULL", "2|NULL|NULL", "NULL|NULL|NULL", "3||1.0"]);
    }

    #[test]
    fn separators_are_control_characters_unless_named() {
        assert_eq!(rows(&[], "a int, b array<int>", "1\u{1}2\u{2}3"), ["1|[2, 3]"]);
        assert_eq!(rows(&[("serialization.format", "9")], "a int, b int", "1\t2"), ["1|2"]);
    }

    #[test]
    fn every_level_of_nesting_has_its_own_separator() {
        let properties = [COMMAS, ("collection.delim", ";"), ("mapkey.delim", ":")];
        let found = rows(
            &properties,
            "m map<string,array<int>>, s struct<a:int,b:array<string>>, n array<map<string,int>>",
            "a:1\u{4}2;b:\\N;a:9,7;x:y,k\u{4}1:l\u{4}2;k\u{4}3",
        );
        assert_eq!(found, ["{a: [1, 2], b: NULL}|{a: 7, b: [x, y]}|[{k: 1, l: 2}, {k: 3}]"]);
    }

    #[test]
    fn empty_collections_are_empty_and_keys_that_are_bad_are_dropped() {
        let properties = [COMMAS, ("collection.delim", ";"), ("mapkey.delim", ":")];
        let found = rows(&properties, "a array<int>, m map<int,string>, s struct<x:int,y:int>", ",1:a;b:c;\\N:d,");
        assert_eq!(found, ["[]|{1: a}|{x: NULL, y: NULL}"]);
    }

    #[test]
    fn the_escape_hides_separators_and_itself() {
        let properties = [COMMAS, ("escape.delim", "\\")];
        assert_eq!(rows(&properties, "a string, b string", "x\\,y,a\\\\b\\"), ["x,y|a\\b\\"]);
    }

    #[test]
    fn the_last_column_may_take_the_rest() {
        let properties = [COMMAS, ("serialization.last.column.takes.rest", "true")];
        assert_eq!(rows(&properties, "a string, b string", "x,y,z\nw"), ["x|y,z", "w|NULL"]);
    }

    #[test]
    fn null_lines_and_timestamps_have_formats() {
        let properties =
            [COMMAS, ("serialization.null.format", ""), ("line.delim", "|"), ("timestamp.formats", "yyyyMMdd")];
        let found = rows(&properties, "a string, t timestamp", ",19700102|x,1970-01-01 00:00:01|");
        assert_eq!(found, ["NULL|1970-01-02T00:00:00", "x|1970-01-01T00:00:01"]);
    }

    #[test]
    fn headers_and_footers_are_skipped() {
        let properties = [COMMAS, ("skip.header.line.count", "2"), ("skip.footer.line.count", "1")];
        assert_eq!(rows(&properties, "a int", "7\n8\n1\n2\n3\n9\n"), ["1", "2", "3"]);
        assert_eq!(rows(&properties, "a int", "7\n"), [""; 0]);
    }

    #[test]
    fn only_projected_columns_are_read_and_none_at_all_still_count() {
        let columns = columns("a int, b int, c int");
        let source = || object("t.txt", "1,2,3\n4,5,6\n");
        let read = |projection: &[usize]| {
            let batches = lazy(&[COMMAS]).read(source(), None, &columns, projection, 9).unwrap();
            batches.map(Result::unwrap).next().unwrap()
        };
        assert_eq!(show(&read(&[2, 0])), ["3|1", "6|4"]);
        assert_eq!((read(&[]).num_columns(), read(&[]).num_rows()), (0, 2));
    }

    #[test]
    fn splits_give_every_row_once_and_the_header_to_the_first() {
        let format = lazy(&[("skip.header.line.count", "1")]);
        assert!(format.splittable("a.txt") && !format.splittable("a.txt.gz"));
        let (columns, source) = (columns("a int"), object("t.txt", "name\n1\n22\n333\n4\n"));
        let mut found = Vec::new();
        for split in [0..6, 6..7, 7..15, 15..source.meta().size] {
            let batches = format.read(source.clone(), Some(split), &columns, &[0], 9).unwrap();
            found.extend(batches.flat_map(|batch| show(&batch.unwrap())));
        }
        assert_eq!(found, ["1", "22", "333", "4"]);
    }
}
