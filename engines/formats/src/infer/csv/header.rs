//! Whether the first row of delimited text names the columns.

use super::rows::Row;
use super::value;
use crate::infer::shape::Shape;
use crate::types::HiveType;

/// A longer text is no name, save in the last column.
const NAME_CHARS_MAX: usize = 150;

/// All of: each value of the row is text, is short, and can be a name; the last may be empty; and the row differs from
/// the others, some of which hold something other than text.
pub fn is_header(rows: &[Row<'_>], width: usize, trimmed: bool) -> bool {
    let Some((first, data)) = rows.split_first() else { return false };
    if first.0.len() != width {
        return false;
    }
    let last = width - 1;
    let may_be_name = |(at, text): (usize, &str)| {
        if at == last && text.is_empty() {
            return true;
        }
        let is_text = value::hive(text) == HiveType::String;
        let is_short = at == last || text.chars().count() < NAME_CHARS_MAX;
        is_text && is_short && !text.is_empty() && !text.contains(char::is_control)
    };
    let texts = first.0.iter().map(|cell| cell.text.trim()).enumerate();
    let differs = |row: &Row<'_>| {
        let kinds = row.0.iter().map(|cell| value::shape(cell, trimmed));
        kinds.into_iter().any(|shape| !matches!(shape, Shape::Nothing | Shape::Scalar(HiveType::String)))
    };
    texts.into_iter().all(may_be_name) && data.iter().any(differs)
}

/// The names in the first row; columns without one are numbered.
pub fn names(row: &Row<'_>, width: usize) -> Vec<String> {
    let name = |at: usize| {
        let text = row.0.get(at).map_or("", |cell| cell.text.trim());
        if text.is_empty() { format!("col{at}") } else { text.to_owned() }
    };
    (0..width.max(row.0.len())).map(name).collect()
}
