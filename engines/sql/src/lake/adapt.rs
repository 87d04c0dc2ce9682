//! Expressions over a table's columns become expressions over a file's: what DataFusion's Parquet source asks for
//! each file that it opens.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};

use crate::error::SqlError;
use crate::lake::conform::{Match, conform, find_column};
use crate::lake::field_ids::{as_named_by, rename};
use crate::lake::padded::Padded;
use crate::types::Type;

/// In the metadata of a file's schema, with the column's name behind it: why that column cannot be read as the table
/// says. The file's facts are found before the scan; the complaint is only due when the column is really read.
pub(super) const MISMATCH_KEY: &str = "haar.mismatch.";

/// How the columns of a table are found in its files.
#[derive(Debug)]
pub(super) struct LakeAdapters {
    pub(super) how: Match,
}

impl PhysicalExprAdapterFactory for LakeAdapters {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(LakeAdapter { table, file, how: self.how }))
    }
}

#[derive(Debug)]
struct LakeAdapter {
    table: SchemaRef,
    file: SchemaRef,
    how: Match,
}

impl PhysicalExprAdapter for LakeAdapter {
    fn rewrite(&self, expr: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        expr.transform(|expr| match expr.downcast_ref::<Column>() {
            Some(column) => Ok(Transformed::yes(self.column(column)?)),
            None => Ok(Transformed::no(expr)),
        })
        .data()
    }
}

impl LakeAdapter {
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let at = self.table.index_of(column.name())?;
        let wanted = &self.table.fields()[at];
        if let Some(complaint) = self.file.metadata().get(&format!("{MISMATCH_KEY}{}", wanted.name())) {
            return Err(SqlError::new("HIVE_BAD_DATA", complaint.clone()).into());
        }
        let Some(found) = find_column(&self.file, wanted, at, self.how) else {
            return Ok(Arc::new(Literal::new(ScalarValue::try_from(wanted.data_type())?)));
        };
        let field = self.file.field(found);
        let column = Arc::new(Column::new(field.name(), found));
        if let (Type::Char(length), DataType::Utf8View) = (Type::of(wanted), field.data_type()) {
            return Ok(Arc::new(Padded { input: column, length, wanted: wanted.clone() }));
        }
        Ok(match (field.data_type(), wanted.data_type()) {
            (file, table) if file == table && as_named_by(wanted, field).is_none() => column,
            // A cast that the planner knows, so that predicates prune row groups through it.
            (file, table) if !file.is_nested() => Arc::new(CastExpr::new(column, table.clone(), None)),
            _ => Arc::new(Conformed { input: column, named: as_named_by(wanted, field), wanted: wanted.clone() }),
        })
    }
}

/// A nested column in the table's layout.
#[derive(Debug, Eq)]
struct Conformed {
    input: Arc<dyn PhysicalExpr>,
    /// The layout of the input with the table's names for what is inside of it, where its own are others.
    named: Option<DataType>,
    wanted: FieldRef,
}

// Not derived: the derived one would move out of the pointer (rust-lang/rust#78808).
impl PartialEq for Conformed {
    fn eq(&self, other: &Self) -> bool {
        self.input.eq(&other.input) && self.named == other.named && self.wanted == other.wanted
    }
}

impl Hash for Conformed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.named.hash(state);
        self.wanted.hash(state);
    }
}

impl fmt::Display for Conformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "conformed({})", self.input)
    }
}

impl PhysicalExpr for Conformed {
    fn data_type(&self, _: &Schema) -> Result<DataType> {
        Ok(self.wanted.data_type().clone())
    }

    fn nullable(&self, _: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn evaluate(&self, rows: &RecordBatch) -> Result<ColumnarValue> {
        let mut values = self.input.evaluate(rows)?.into_array(rows.num_rows())?;
        if let Some(named) = &self.named {
            values = rename(&values, named)?;
        }
        Ok(ColumnarValue::Array(conform(&values, self.wanted.data_type())?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self { input, named: self.named.clone(), wanted: self.wanted.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
