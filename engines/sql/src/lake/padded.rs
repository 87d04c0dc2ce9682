//! `char(n)` out of Parquet, which stores it without the spaces that it is compared and shown with.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewBuilder};
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;

/// A column of text in exactly so many characters: spaces are added, what is too much is cut. No `Column` to the
/// planner, so that it does not compare the bounds in the file, which have no spaces.
#[derive(Debug, Eq)]
pub(super) struct Padded {
    pub(super) input: Arc<dyn PhysicalExpr>,
    pub(super) length: u32,
    /// The table's column, which says its type.
    pub(super) wanted: FieldRef,
}

// Not derived: the derived one would move out of the pointer (rust-lang/rust#78808).
impl PartialEq for Padded {
    fn eq(&self, other: &Self) -> bool {
        self.input.eq(&other.input) && self.wanted == other.wanted
    }
}

impl Hash for Padded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.wanted.hash(state);
    }
}

impl fmt::Display for Padded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "padded({}, {})", self.input, self.length)
    }
}

impl PhysicalExpr for Padded {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn return_field(&self, _: &Schema) -> Result<FieldRef> {
        Ok(self.wanted.clone())
    }

    fn evaluate(&self, rows: &RecordBatch) -> Result<ColumnarValue> {
        let values = self.input.evaluate(rows)?.into_array(rows.num_rows())?;
        Ok(ColumnarValue::Array(pad(&values, self.length as usize)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self { input, length: self.length, wanted: self.wanted.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn pad(values: &ArrayRef, length: usize) -> ArrayRef {
    let mut padded = StringViewBuilder::with_capacity(values.len());
    for text in values.as_string_view() {
        padded.append_option(text.map(|text| {
            let text: String = text.chars().take(length).collect();
            format!("{text:<length$}")
        }));
    }
    Arc::new(padded.finish())
}
