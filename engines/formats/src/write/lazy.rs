//! Rows as LazySimpleSerDe writes them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::RowWriter;
use super::cells::{Cells, inside};
use crate::lazy::Delimited;

/// Fields between separators, levels between theirs.
pub struct LazyRows {
    format: Delimited,
    /// Bytes that the escape stands before.
    escaped: [bool; 256],
}

impl LazyRows {
    /// Rows of this format.
    pub fn new(format: Delimited) -> LazyRows {
        let mut escaped = [false; 256];
        if let Some(escape) = format.escape {
            escaped[usize::from(escape)] = true;
            // The separators that tables can have of their own, and those of the levels that Hive has by default.
            for separator in format.separators.iter().take(8) {
                escaped[usize::from(*separator)] = true;
            }
        }
        LazyRows { format, escaped }
    }

    fn cell(&self, cells: &Cells<'_>, row: usize, level: usize, into: &mut Vec<u8>) {
        if cells.is_null(row) {
            into.extend_from_slice(&self.format.null);
            return;
        }
        let separator = |level: usize| self.format.separators.get(level).copied().unwrap_or_default();
        match cells {
            Cells::Text(texts) => self.text(texts.value(row).as_bytes(), into),
            Cells::Binary(bytes) => into.extend_from_slice(BASE64_STANDARD.encode(bytes.value(row)).as_bytes()),
            Cells::Array(list, items) => {
                let rows = inside(list.value_offsets(), row);
                for at in rows.clone() {
                    if at > rows.start {
                        into.push(separator(level));
                    }
                    self.cell(items, at, level + 1, into);
                }
            }
            Cells::Map(map, keys, values) => {
                let rows = inside(map.value_offsets(), row);
                for at in rows.clone() {
                    if at > rows.start {
                        into.push(separator(level));
                    }
                    self.cell(keys, at, level + 2, into);
                    into.push(separator(level + 1));
                    self.cell(values, at, level + 2, into);
                }
            }
            Cells::Struct(_, fields) => {
                for (at, field) in fields.iter().enumerate() {
                    if at > 0 {
                        into.push(separator(level));
                    }
                    self.cell(field, row, level + 1, into);
                }
            }
            plain => into.extend_from_slice(plain.plain(row).as_bytes()),
        }
    }

    fn text(&self, text: &[u8], into: &mut Vec<u8>) {
        let Some(escape) = self.format.escape else {
            into.extend_from_slice(text);
            return;
        };
        for byte in text {
            if self.escaped[usize::from(*byte)] {
                into.push(escape);
            }
            into.push(*byte);
        }
    }
}

impl RowWriter for LazyRows {
    fn row(&self, cells: &[Cells<'_>], row: usize, into: &mut Vec<u8>) {
        for (at, cells) in cells.iter().enumerate() {
            if at > 0 {
                into.push(self.format.separators[0]);
            }
            self.cell(cells, row, 1, into);
        }
        into.push(self.format.line.unwrap_or(b'\n'));
    }
}
