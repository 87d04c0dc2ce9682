//! Writing files of tables: rows as text, JSON, quoted text, ORC or Avro. Parquet is written where it is read, by
//! queries.

mod avro;
mod cells;
mod compress;
mod json;
mod lazy;
mod orc;
mod quoted;
#[cfg(test)]
mod tests;

use std::io::Write;

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use crate::compression::Compression;
use crate::error::FormatError;
use crate::format::TableFormat;
use crate::types::Column;
use compress::Compressed;

/// Where the bytes of a file go.
pub type Sink = Box<dyn Write + Send>;

/// A file that is being written. Blocks: call it off the async threads.
pub trait FileWriter: Send {
    /// Appends rows: one array for every column of the table, in their order.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError>;

    /// Writes what is left and flushes the sink. A file that is not finished is broken.
    fn finish(self: Box<Self>) -> Result<(), FormatError>;
}

impl TableFormat {
    /// Begins a file of this format. Text of every kind is compressed as a whole, and its key should end with
    /// [`Compression::ending`]; ORC and Avro compress inside. What cannot be written is `NOT_SUPPORTED`.
    pub fn writer(
        &self,
        columns: &[Column],
        compression: Option<Compression>,
        sink: Sink,
    ) -> Result<Box<dyn FileWriter>, FormatError> {
        let rows: Box<dyn RowWriter> = match self {
            TableFormat::Text(format, _) => Box::new(lazy::LazyRows::new(format.clone())),
            TableFormat::OpenCsv(format, _) => Box::new(quoted::QuotedRows::new(format)),
            TableFormat::Json(format, _) => Box::new(json::JsonRows::new(columns, format.openx)),
            TableFormat::Orc { .. } => return orc::writer(columns, compression, sink),
            TableFormat::Avro { .. } => return avro::writer(columns, compression, sink),
            TableFormat::Regex(..) => return Err(not_supported("Writing with RegexSerDe is not supported")),
            TableFormat::Grok(..) => return Err(not_supported("Writing with GrokSerDe is not supported")),
            TableFormat::Parquet { .. } => return Err(not_supported("Writing Parquet as rows is not supported")),
        };
        let sink = Compressed::new(compression, sink)?;
        Ok(Box::new(TextFile { columns: columns.to_vec(), rows, text: Vec::new(), sink }))
    }
}

/// A row as bytes.
trait RowWriter: Send {
    /// Appends a row and what ends it.
    fn row(&self, cells: &[cells::Cells<'_>], row: usize, into: &mut Vec<u8>);
}

/// So much text is gathered before it is handed on.
const TEXT_BYTES: usize = 1 << 16;

struct TextFile {
    columns: Vec<Column>,
    rows: Box<dyn RowWriter>,
    text: Vec<u8>,
    sink: Compressed,
}

impl FileWriter for TextFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        let arrays = layout(&self.columns, batch, |column| column.hive_type.arrow())?;
        let cells: Vec<_> = arrays.iter().map(|array| cells::Cells::of(array.as_ref())).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            self.rows.row(&cells, row, &mut self.text);
            if self.text.len() >= TEXT_BYTES {
                self.sink.write_all(&self.text).map_err(failed)?;
                self.text.clear();
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), FormatError> {
        self.sink.write_all(&self.text).map_err(failed)?;
        self.sink.finish().map_err(failed)
    }
}

/// The columns of a batch in a layout.
fn layout(
    columns: &[Column],
    batch: &RecordBatch,
    of: impl Fn(&Column) -> DataType,
) -> Result<Vec<ArrayRef>, FormatError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let arrays = columns.iter().zip(batch.columns()).map(|(column, array)| match of(column) {
        layout if *array.data_type() == layout => Ok(array.clone()),
        layout => cast_with_options(array, &layout, &strict).map_err(|error| writer_error(&error)),
    });
    arrays.collect()
}

fn writer_error(error: &dyn std::error::Error) -> FormatError {
    FormatError { name: "HIVE_WRITER_DATA_ERROR", message: error.to_string() }
}

fn failed(error: std::io::Error) -> FormatError {
    FormatError { name: "HIVE_WRITER_DATA_ERROR", message: format!("failed to write a file: {error}") }
}

fn not_supported(message: impl Into<String>) -> FormatError {
    FormatError { name: "NOT_SUPPORTED", message: message.into() }
}
