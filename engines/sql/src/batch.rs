//! Rows on their way out.

use arrow::record_batch::RecordBatch;

use crate::render::Renderers;
use crate::types::Type;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// `_col0` where the query gives it no name.
    pub name: String,
    /// Trino's type.
    pub data_type: Type,
    /// Whether the engine knows of a reason why there could be a NULL.
    pub nullable: bool,
}

/// Some rows of a result.
pub struct Batch {
    pub(crate) rows: RecordBatch,
    renderers: Renderers,
}

impl Batch {
    pub(crate) fn new(rows: RecordBatch, columns: &[OutputColumn]) -> Self {
        let renderers = Renderers::new(&rows, columns);
        Self { rows, renderers }
    }

    /// How many.
    pub fn rows(&self) -> usize {
        self.rows.num_rows()
    }

    /// How wide.
    pub fn columns(&self) -> usize {
        self.rows.num_columns()
    }

    /// A value exactly as Athena writes it into a result's CSV, without its quotes; `None` is NULL.
    pub fn text(&self, column: usize, row: usize) -> Option<String> {
        let mut text = String::new();
        self.push_text(column, row, &mut text).then_some(text)
    }

    /// Appends what [`Batch::text`] answers to `out`; `false`, and nothing is appended, for NULL.
    pub fn push_text(&self, column: usize, row: usize, out: &mut String) -> bool {
        self.renderers.push(&self.rows, column, row, out)
    }
}
