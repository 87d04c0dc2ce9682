//! Rows as OpenCSVSerde writes them: every value in quotes, NULL as nothing.

use super::RowWriter;
use super::cells::Cells;
use crate::csv::QuotedText;

/// Values between separators.
pub struct QuotedRows {
    separator: u8,
    quote: u8,
    escape: u8,
}

impl QuotedRows {
    /// Rows of this format.
    pub fn new(format: &QuotedText) -> QuotedRows {
        QuotedRows { separator: format.separator, quote: format.quote, escape: format.write_escape }
    }

    fn text(&self, text: &[u8], into: &mut Vec<u8>) {
        into.push(self.quote);
        for byte in text {
            if *byte == self.quote || *byte == self.escape {
                into.push(self.escape);
            }
            into.push(*byte);
        }
        into.push(self.quote);
    }
}

impl RowWriter for QuotedRows {
    fn row(&self, cells: &[Cells<'_>], row: usize, into: &mut Vec<u8>) {
        for (at, cells) in cells.iter().enumerate() {
            if at > 0 {
                into.push(self.separator);
            }
            if cells.is_null(row) {
                continue;
            }
            match cells {
                Cells::Text(texts) => self.text(texts.value(row).as_bytes(), into),
                Cells::Binary(bytes) => self.text(bytes.value(row), into),
                // These two are read as numbers, so numbers are written.
                Cells::Date(days) => self.text(days.value(row).to_string().as_bytes(), into),
                Cells::Timestamp(millis) => self.text(millis.value(row).to_string().as_bytes(), into),
                plain => self.text(plain.plain(row).as_bytes(), into),
            }
        }
        into.push(b'\n');
    }
}
