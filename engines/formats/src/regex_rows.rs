//! RegexSerDe: lines taken apart by a regular expression with one group for every column.

use std::collections::BTreeMap;

use fancy_regex::Regex;

use crate::column::Builder;
use crate::column::pattern::TimestampFormats;
use crate::column::text::{Rules, append};
use crate::error::FormatError;
use crate::java_regex::{Meaning, compile};
use crate::lines::Lines;
use crate::rows::RowParser;

/// `input.regex`, compiled.
#[derive(Clone, Debug)]
pub struct RegexText {
    regex: Regex,
}

impl RegexText {
    /// Reads the SerDe's properties.
    pub fn of(properties: &BTreeMap<String, String>) -> Result<RegexText, FormatError> {
        let pattern = properties
            .get("input.regex")
            .ok_or_else(|| FormatError::invalid_metadata("This table does not have serde property \"input.regex\"!"))?;
        let case_insensitive =
            properties.get("input.regex.case.insensitive").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(RegexText { regex: compile(pattern, Meaning { case_insensitive, whole: true })? })
    }
}

/// Takes lines apart.
pub struct RegexParser {
    regex: Regex,
    column_count: usize,
    /// The column of the file, for every one of the batch.
    projection: Vec<usize>,
}

impl RegexParser {
    /// A parser of files with `column_count` columns.
    pub fn new(format: &RegexText, column_count: usize, projection: &[usize]) -> RegexParser {
        RegexParser { regex: format.regex.clone(), column_count, projection: projection.to_vec() }
    }
}

impl RowParser for RegexParser {
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError> {
        if self.regex.captures_len() - 1 != self.column_count {
            return Err(FormatError::cursor("Number of matching groups doesn't match the number of columns"));
        }
        if columns.is_empty() {
            return Ok(());
        }
        let line = String::from_utf8_lossy(lines.line());
        let captures = self.regex.captures(line.as_ref());
        let captures = captures.map_err(|error| FormatError::cursor(format!("{error} in {}", lines.path())))?;
        for (column, field) in columns.iter_mut().zip(&self.projection) {
            let text = captures.as_ref().and_then(|captures| captures.get(field + 1));
            append_or_null(column, text.map(|group| group.as_str()));
        }
        Ok(())
    }
}

/// What did not match, and what is no value of the column's type, is NULL.
pub fn append_or_null(column: &mut Builder, text: Option<&str>) {
    let appended = text.is_some_and(|text| append(column, text, Rules::Java, &TimestampFormats::default()).is_ok());
    if !appended {
        column.null();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::testing::{object, read_rows, table};

    fn rows(properties: &[(&str, &str)], columns: &str, text: &str) -> Result<Vec<String>, String> {
        let format = table("org.apache.hadoop.hive.serde2.RegexSerDe", properties);
        read_rows(&format, object("t.log", text.to_owned()), columns)
    }

    #[test]
    fn groups_are_columns_and_lines_that_do_not_match_are_nulls() {
        let regex = [("input.regex", r"^(\w+) (?:=\s*)?(\d+)?.*$")];
        let found = rows(&regex, "a string, b int", "x = 7 tail\ny z\n!\nw 99999999999\n").unwrap();
        assert_eq!(found, ["x|7", "y|NULL", "NULL|NULL", "w|NULL"]);
        let insensitive = [("input.regex", "(abc)"), ("input.regex.case.insensitive", "true")];
        assert_eq!(rows(&insensitive, "a string", "ABC\n").unwrap(), ["ABC"]);
    }

    #[test]
    fn groups_and_columns_must_be_as_many() {
        let refused = rows(&[("input.regex", "(a)(b)")], "a string", "ab").unwrap_err();
        assert_eq!(refused, "HIVE_CURSOR_ERROR: Number of matching groups doesn't match the number of columns");
    }

    #[test]
    fn a_pattern_that_explodes_is_an_error() {
        let regex = [("input.regex", r"((?:a|a)+)(\1)b[bc]")];
        let refused = rows(&regex, "a string, b string", &("a".repeat(60) + "b")).unwrap_err();
        assert!(refused.starts_with("HIVE_CURSOR_ERROR"), "{refused}");
    }
}
