//! Rows as the JsonSerDe of Hive or that of OpenX writes them: one object a line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::RowWriter;
use super::cells::{Cells, inside};
use crate::column::date::write_timestamp;
use crate::types::{Column, HiveType};

/// Objects with the names of columns.
pub struct JsonRows {
    names: Vec<Named>,
    /// OpenX leaves NULL fields out, and writes timestamps in ISO 8601 and bytes in base 64.
    openx: bool,
}

/// The names of the fields of a column's type, in quotes and with a colon, as deep as it goes.
struct Named {
    key: Vec<u8>,
    inside: Vec<Named>,
}

impl Named {
    fn new(name: &str, of: &HiveType) -> Named {
        let mut key = Vec::new();
        write_text(name, &mut key);
        key.push(b':');
        let inside = match of {
            HiveType::Array(item) => vec![Named::new("", item)],
            HiveType::Map(_, value) => vec![Named::new("", value)],
            HiveType::Struct(fields) => fields.iter().map(|(name, of)| Named::new(name, of)).collect(),
            _ => Vec::new(),
        };
        Named { key, inside }
    }
}

impl JsonRows {
    /// Rows with these columns.
    pub fn new(columns: &[Column], openx: bool) -> JsonRows {
        JsonRows { names: columns.iter().map(|column| Named::new(&column.name, &column.hive_type)).collect(), openx }
    }

    fn object(&self, cells: &[Cells<'_>], names: &[Named], row: usize, into: &mut Vec<u8>) {
        into.push(b'{');
        let mut first = true;
        for (cells, named) in cells.iter().zip(names) {
            if self.openx && cells.is_null(row) {
                continue;
            }
            if !first {
                into.push(b',');
            }
            first = false;
            into.extend_from_slice(&named.key);
            self.value(cells, named, row, into);
        }
        into.push(b'}');
    }

    fn value(&self, cells: &Cells<'_>, named: &Named, row: usize, into: &mut Vec<u8>) {
        if cells.is_null(row) {
            into.extend_from_slice(b"null");
            return;
        }
        match cells {
            Cells::Array(list, items) => {
                into.push(b'[');
                let rows = inside(list.value_offsets(), row);
                for at in rows.clone() {
                    if at > rows.start {
                        into.push(b',');
                    }
                    self.value(items, &named.inside[0], at, into);
                }
                into.push(b']');
            }
            Cells::Map(map, keys, values) => {
                into.push(b'{');
                let rows = inside(map.value_offsets(), row);
                for at in rows.clone() {
                    if at > rows.start {
                        into.push(b',');
                    }
                    write_text(&self.text(keys, at), into);
                    into.push(b':');
                    self.value(values, &named.inside[0], at, into);
                }
                into.push(b'}');
            }
            Cells::Struct(_, fields) => self.object(fields, &named.inside, row, into),
            Cells::Text(texts) => write_text(texts.value(row), into),
            Cells::Binary(_) | Cells::Date(_) | Cells::Timestamp(_) => write_text(&self.text(cells, row), into),
            plain => {
                let text = plain.plain(row);
                // JSON has no words for what is no number.
                match text.as_bytes() {
                    [.., b'N' | b'y'] => write_text(&text, into),
                    text => into.extend_from_slice(text),
                }
            }
        }
    }

    /// A single value as text.
    fn text(&self, cells: &Cells<'_>, row: usize) -> String {
        match cells {
            Cells::Text(texts) => texts.value(row).to_owned(),
            Cells::Binary(bytes) if self.openx => BASE64_STANDARD.encode(bytes.value(row)),
            Cells::Binary(bytes) => String::from_utf8_lossy(bytes.value(row)).into_owned(),
            Cells::Timestamp(millis) if self.openx => {
                let mut text = String::new();
                write_timestamp(millis.value(row), 'T', &mut text);
                text + "Z"
            }
            plain => plain.plain(row),
        }
    }
}

fn write_text(text: &str, into: &mut Vec<u8>) {
    // Writing to memory cannot fail, and text is always serializable.
    let _ = serde_json::to_writer(into, text);
}

impl RowWriter for JsonRows {
    fn row(&self, cells: &[Cells<'_>], row: usize, into: &mut Vec<u8>) {
        self.object(cells, &self.names, row, into);
        into.push(b'\n');
    }
}
