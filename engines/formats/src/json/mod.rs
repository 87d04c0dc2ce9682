//! JSON lines: the JsonSerDe of Hive and that of OpenX.

mod decode;
mod render;
mod tape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use crate::column::Builder;
use crate::column::pattern::TimestampFormats;
use crate::column::text::BadValue;
use crate::error::FormatError;
use crate::lines::Lines;
use crate::rows::RowParser;
use crate::types::Column;
use decode::{Decoder, Names, Naming, Shape};
use tape::{JsonError, Kind, Node, Reader, Tape, text_of};

/// So many spellings of keys are remembered; a file with more has keys that are data.
const KEYS_REMEMBERED_MAX: usize = 10_000;

/// A JSON SerDe with its properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonLines {
    /// OpenX's grammar and rules; otherwise Hive's.
    pub openx: bool,
    /// `ignore.malformed.json`: a line that is no JSON is a row of NULLs.
    pub ignore_malformed: bool,
    /// `use.null.for.invalid.data`: values that are bad are NULL and no error.
    pub null_for_invalid: bool,
    timestamps: TimestampFormats,
    naming: Naming,
}

impl JsonLines {
    /// Reads the SerDe's properties.
    pub fn of(
        properties: &BTreeMap<String, String>,
        openx: bool,
        null_for_invalid: bool,
    ) -> Result<JsonLines, FormatError> {
        let is = |name: &str, default: bool| {
            properties.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
        };
        let formats = properties.get("timestamp.formats").map_or("", String::as_str);
        let mapping = properties.iter().filter_map(|(name, key)| {
            let field = name.strip_prefix("mapping.")?;
            Some((field.to_lowercase(), key.clone()))
        });
        Ok(JsonLines {
            openx,
            ignore_malformed: openx && is("ignore.malformed.json", false),
            null_for_invalid,
            timestamps: TimestampFormats::parse(formats, !openx)?,
            naming: Naming {
                case_sensitive: openx && !is("case.insensitive", true),
                dots: openx && is("dots.in.keys", false),
                mapping: if openx { mapping.collect() } else { HashMap::new() },
                positional: !openx,
            },
        })
    }
}

/// Takes lines apart.
pub struct JsonParser {
    format: JsonLines,
    decoder: Decoder,
    names: Names,
    shapes: Vec<Shape>,
    /// For every column of the file: which one of the batch it is.
    targets: Vec<Option<usize>>,
    /// What keys turned out to mean, by their bytes.
    keys: HashMap<Vec<u8>, Option<(usize, bool)>>,
    nodes: Vec<Node>,
    /// For every column of the batch: the value in this row, and whether its key was exact.
    values: Vec<Option<(usize, bool)>>,
}

impl JsonParser {
    /// A parser for these columns of the file.
    pub fn new(format: JsonLines, columns: &[Column], projection: &[usize]) -> JsonParser {
        let mut targets = vec![None; columns.len()];
        for (target, column) in projection.iter().enumerate() {
            targets[*column] = Some(target);
        }
        JsonParser {
            decoder: Decoder {
                openx: format.openx,
                null_for_invalid: format.null_for_invalid,
                timestamps: format.timestamps.clone(),
            },
            names: Names::new(columns.iter().map(|column| column.name.as_str()), &format.naming),
            shapes: projection.iter().map(|at| Shape::new(&columns[*at].hive_type, &format.naming)).collect(),
            targets,
            keys: HashMap::new(),
            nodes: Vec::new(),
            values: vec![None; projection.len()],
            format,
        }
    }

    /// Finds the values of a row's columns; of columns that nobody wants nothing is kept.
    fn find_values(&mut self, line: &[u8]) -> Result<(), JsonError> {
        self.nodes.clear();
        self.values.fill(None);
        let mut reader = Reader::new(line, self.format.openx);
        match reader.token()? {
            Some(b'{') => self.find_in_object(line, &mut reader),
            Some(b'[') if self.format.openx => {
                reader.back();
                reader.value(&mut self.nodes, 0)?;
                let tape = Tape { text: line, nodes: &self.nodes };
                for (item, target) in tape.items(0).zip(&self.targets) {
                    if let Some(target) = target {
                        self.values[*target] = Some((item, true));
                    }
                }
                Ok(())
            }
            // What does not begin as JSON is a row of NULLs to OpenX, and so is an empty line.
            _ if self.format.openx => Ok(()),
            _ => Err(JsonError { what: "Invalid JSON: start of object expected".into(), at: 0 }),
        }
    }

    fn find_in_object(&mut self, line: &[u8], reader: &mut Reader<'_>) -> Result<(), JsonError> {
        let mut first = true;
        while let Some(name) = reader.name(first)? {
            first = false;
            let target = self.column_of(line, name).and_then(|(column, exact)| Some((self.targets[column]?, exact)));
            match target {
                None => reader.skip(&mut self.nodes)?,
                Some((target, exact)) => {
                    let at = self.nodes.len();
                    reader.value(&mut self.nodes, 0)?;
                    match (self.values[target], exact) {
                        (Some((_, true)), true) => return Err(self.duplicate(&text_of(line, name))),
                        (Some(_), false) => {}
                        _ => self.values[target] = Some((at, exact)),
                    }
                }
            }
            if !reader.another()? {
                break;
            }
        }
        Ok(())
    }

    /// AWS documents both: neither SerDe allows a key twice, and two that differ in case only are one key.
    fn duplicate(&self, key: &str) -> JsonError {
        let what = match self.format.openx {
            true => format!("Duplicate key \"{}\"", key.to_lowercase()),
            false => format!("Duplicate field '{key}'"),
        };
        JsonError { what, at: 0 }
    }

    /// The column that a key means.
    fn column_of(&mut self, line: &[u8], name: Node) -> Option<(usize, bool)> {
        let raw = name.bytes(line);
        if let Some(known) = self.keys.get(raw) {
            return *known;
        }
        let found = self.names.find(&text_of(line, name));
        // An escaped name and a plain one may have equal bytes: only plain ones are remembered.
        if self.keys.len() < KEYS_REMEMBERED_MAX && name.kind != Kind::Escaped {
            self.keys.insert(raw.to_vec(), found);
        }
        found
    }

    fn malformed(&self, error: &JsonError) -> FormatError {
        let JsonError { what, at } = error;
        FormatError::cursor(match self.format.openx {
            true if what.starts_with("Duplicate") => {
                format!("Row is not a valid JSON Object - JSONException: {what}")
            }
            true => {
                let place = at + 1;
                format!("Row is not a valid JSON Object - JSONException: {what} at {at} [character {place} line 1]")
            }
            false => format!("JsonParseException: {what}"),
        })
    }
}

impl RowParser for JsonParser {
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError> {
        let line = lines.line();
        if columns.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.find_values(line) {
            if !self.format.ignore_malformed {
                return Err(self.malformed(&error));
            }
            self.values.fill(None);
        }
        let tape = Tape { text: line, nodes: &self.nodes };
        for ((column, value), shape) in columns.iter_mut().zip(&self.values).zip(&self.shapes) {
            match value {
                Some((at, _)) => self.decoder.value(tape, *at, shape, column).map_err(|BadValue(why)| {
                    FormatError::bad_data(format!("Error Parsing a column in the table: {why}"))
                })?,
                None => column.null(),
            }
        }
        Ok(())
    }
}
