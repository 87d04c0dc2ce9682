//! Rows of text files as batches: lines in, columns out.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::column::Builder;
use crate::error::FormatError;
use crate::lines::Lines;
use crate::types::Column;

/// A batch ends early when so much text has gone into it: rows of megabytes are not gathered by the thousand.
const BATCH_BYTES_MAX: usize = 32 << 20;

/// The most lines at a file's end that are no rows: Hive's `hive.file.max.footer`.
const FOOTER_LINES_MAX: usize = 100;

/// What a SerDe makes of lines.
pub trait RowParser: Send {
    /// Appends one row, made of the current line: a value to every column. Takes further lines when the row goes on
    /// there.
    fn parse(&mut self, lines: &mut Lines, columns: &mut [Builder]) -> Result<(), FormatError>;
}

/// `skip.header.line.count` and `skip.footer.line.count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Lines at the file's beginning that are no rows.
    pub header: usize,
    /// Lines at the file's end that are no rows.
    pub footer: usize,
}

impl Skipped {
    /// Reads the two properties. What is no number is an error, as in Athena.
    pub fn of(properties: &BTreeMap<String, String>) -> Result<Skipped, FormatError> {
        let count = |name: &str, count_max: usize| {
            let Some(value) = properties.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()) else {
                return Ok(0);
            };
            value
                .parse()
                .ok()
                .filter(|count| *count <= count_max)
                .ok_or_else(|| FormatError::invalid_metadata(format!("Invalid value for {name} property: {value}")))
        };
        Ok(Skipped {
            header: count("skip.header.line.count", usize::MAX)?,
            footer: count("skip.footer.line.count", FOOTER_LINES_MAX)?,
        })
    }
}

/// The batches of a text file.
pub struct RowBatches {
    lines: Lines,
    parser: Box<dyn RowParser>,
    columns: Vec<Builder>,
    schema: SchemaRef,
    batch_rows: usize,
    header_left: usize,
    footer: usize,
    ended: bool,
}

impl RowBatches {
    /// The rows of `lines` with these columns of a table. A split that does not begin the file has no header.
    pub fn new(
        lines: Lines,
        parser: Box<dyn RowParser>,
        projected: &[&Column],
        skipped: Skipped,
        begins_file: bool,
        batch_rows: usize,
    ) -> Result<RowBatches, FormatError> {
        let columns = projected.iter().map(|column| Builder::new(&column.hive_type)).collect::<Result<_, _>>()?;
        let schema = Schema::new(projected.iter().map(|column| column.field()).collect::<Vec<_>>());
        Ok(RowBatches {
            lines,
            parser,
            columns,
            schema: Arc::new(schema),
            batch_rows: batch_rows.max(1),
            header_left: if begins_file { skipped.header } else { 0 },
            footer: skipped.footer,
            ended: false,
        })
    }

    fn read(&mut self) -> Result<Option<RecordBatch>, FormatError> {
        let (mut rows, mut bytes) = (0, 0);
        while self.header_left > 0 && !self.ended {
            self.header_left -= 1;
            self.ended = !self.lines.advance()?;
        }
        while !self.ended && rows < self.batch_rows && bytes < BATCH_BYTES_MAX {
            if !self.lines.advance()? || !self.lines.has_after(self.footer)? {
                self.ended = true;
                break;
            }
            self.parser.parse(&mut self.lines, &mut self.columns)?;
            bytes += self.lines.line().len();
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        batch.map(Some).map_err(|error| FormatError::cursor(error.to_string()))
    }
}

impl Iterator for RowBatches {
    type Item = Result<RecordBatch, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.read().transpose();
        self.ended |= !matches!(batch, Some(Ok(_)));
        batch
    }
}
