//! The schema of delimited text: which delimiter, whether the first row names the columns, and what they hold.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html#classifier-builtin-rules>

mod header;
mod rows;
mod value;

use self::rows::{Row, rows};
use super::shape::Shape;
use crate::types::HiveType;

/// The delimiters that crawlers look for, in their order.
const DELIMITERS: [char; 5] = [',', '|', '\t', ';', '\u{1}'];

/// Rows by which a delimiter is judged.
const ROWS_JUDGED: usize = 1000;

/// Of a hundred rows, those that must have as many columns as most have.
const ALIKE_PERCENT: usize = 95;

/// The quote that is looked for where nobody names one.
const QUOTE: char = '"';

/// Whether the first row names the columns, as a classifier says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Header {
    /// To be found out.
    #[default]
    Unknown,
    /// It does.
    Present,
    /// It is data.
    Absent,
}

/// What a classifier of one's own says of delimited text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvRule {
    /// Between columns; otherwise one is looked for.
    pub delimiter: Option<char>,
    /// Around values.
    pub quote: Option<char>,
    /// Whether the first row names the columns.
    pub header: Header,
    /// Names of the columns.
    pub names: Vec<String>,
    /// Whether blanks around values belong to them.
    pub untrimmed: bool,
    /// Whether one column is enough.
    pub single_column: bool,
    /// Types of the columns, in Hive's language.
    pub types: Vec<HiveType>,
}

/// What is in a file of delimited text.
#[derive(Debug, PartialEq)]
pub struct Csv {
    /// Between columns.
    pub delimiter: char,
    /// Whether any value stands in quotes.
    pub quoted: bool,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Names and types.
    pub fields: Vec<(String, Shape)>,
    /// How many rows of data there are in what was looked at.
    pub records: u64,
}

/// Looks at text; `cut` says that its last row may be half a one. `None` when it is no delimited text, or not of the
/// rule's.
pub fn infer(text: &[u8], cut: bool, rule: &CsvRule) -> Option<Csv> {
    let text = readable(text, cut)?;
    let quote = rule.quote.unwrap_or(QUOTE);
    let delimiter = match rule.delimiter {
        Some(delimiter) => delimiter,
        None => find_delimiter(text, cut, quote, rule.single_column)?,
    };
    let rows: Vec<Row<'_>> = rows(text, delimiter, quote, cut).collect();
    let width = usual_width(&rows)?;
    if width < 2 && !rule.single_column || !rule.names.is_empty() && rule.names.len() != width {
        return None;
    }
    let trimmed = !rule.untrimmed;
    let header = match rule.header {
        Header::Present => true,
        Header::Absent => false,
        Header::Unknown => rows.len() > 1 && header::is_header(&rows, width, trimmed),
    };
    // A file with one row is data, or a header without any: too little to be sure that it is delimited text at all.
    let custom = rule.delimiter.is_some() || !rule.names.is_empty() || rule.header != Header::Unknown;
    let enough = if custom { 1 } else { 2 };
    if rows.len() < enough {
        return None;
    }
    let (names, data) = match header {
        true => (rows.first().map(|row| header::names(row, width)), &rows[1..]),
        false => (None, &rows[..]),
    };
    let names = if rule.names.is_empty() { names.unwrap_or_else(|| numbered(width)) } else { rule.names.clone() };
    let mut fields: Vec<(String, Shape)> = names.into_iter().map(|name| (name, Shape::Nothing)).collect();
    let mut quoted = false;
    for row in data {
        for ((_, shape), cell) in fields.iter_mut().zip(&row.0) {
            quoted |= cell.quoted;
            shape.widen(&value::shape(cell, trimmed));
        }
    }
    for ((_, shape), given) in fields.iter_mut().zip(&rule.types) {
        *shape = Shape::of(given);
    }
    let quoted = quoted || rows.first().is_some_and(|row| row.0.iter().any(|cell| cell.quoted));
    Some(Csv { delimiter, quoted, header, fields, records: data.len() as u64 })
}

/// Text, if it is any: without zeros, and nearly without other characters that nobody types. What was cut may end within
/// a character.
fn readable(text: &[u8], cut: bool) -> Option<&str> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) if cut && error.error_len().is_none() => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let is_odd = |char: &char| char.is_control() && !matches!(char, '\t' | '\n' | '\r' | '\u{1}');
    let odd = text.chars().filter(is_odd).count();
    (!text.contains('\0') && odd * 100 <= text.len()).then_some(text)
}

/// The first delimiter that makes rows of one width.
fn find_delimiter(text: &str, cut: bool, quote: char, single_column: bool) -> Option<char> {
    let fits = |delimiter: &char| {
        let mut judged: Vec<Row<'_>> = rows(text, *delimiter, quote, cut).take(ROWS_JUDGED).collect();
        judged.retain(|row| !row.is_blank());
        let Some(width) = usual_width(&judged) else { return false };
        let alike = judged.iter().filter(|row| row.0.len() == width).count();
        width > 1 && judged.len() > 1 && alike * 100 >= judged.len() * ALIKE_PERCENT
    };
    let found = DELIMITERS.into_iter().find(fits);
    found.or_else(|| single_column.then_some(DELIMITERS[0]))
}

/// The number of columns that most rows have.
fn usual_width(rows: &[Row<'_>]) -> Option<usize> {
    let mut widths = std::collections::BTreeMap::new();
    for row in rows {
        *widths.entry(row.0.len()).or_insert(0_usize) += 1;
    }
    widths.into_iter().max_by_key(|(width, count)| (*count, *width)).map(|(width, _)| width)
}

/// The names that crawlers give to columns without any.
fn numbered(width: usize) -> Vec<String> {
    (0..width).map(|at| format!("col{at}")).collect()
}

#[cfg(test)]
mod tests;
