//! Evaluates expressions over one row, for tests of what the planner asks for.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_expr::execution_props::ExecutionProps;

use crate::error::SqlError;
use crate::types::Type;

use super::cast::{self, Failures};
use super::planned::{literal, type_of};

/// A constant written as text: `value("decimal(5,2)", "1.25")`; the text `NULL` is null.
pub(crate) fn value(of: &str, text: &str) -> Expr {
    let of = Type::parse(of).unwrap();
    if text == "NULL" {
        return super::planned::null(&of).unwrap();
    }
    let text: arrow::array::ArrayRef = Arc::new(arrow::array::StringViewArray::from(vec![text]));
    let from = if matches!(of, Type::Array(_) | Type::Map(..) | Type::Row(_)) { Type::Json } else { Type::VARCHAR };
    let array = if of == Type::Json { text } else { cast::cast(&text, &from, &of, Failures::Raise).unwrap() };
    literal(ScalarValue::try_from_array(&array, 0).unwrap(), &of)
}

/// No columns.
pub(crate) fn nothing() -> DFSchema {
    DFSchema::try_from(Schema::new_with_metadata(Vec::<Field>::new(), HashMap::new())).unwrap()
}

/// The type and the text of an expression's value, or its error.
pub(crate) fn evaluated(expr: Result<Expr, DataFusionError>) -> String {
    fn run(expr: Result<Expr, DataFusionError>) -> Result<String, DataFusionError> {
        let (expr, schema) = (expr?, nothing());
        let of = type_of(&expr, &schema)?;
        let physical = create_physical_expr(&expr, &schema, &ExecutionProps::new(), &Default::default())?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?;
        let result = physical.evaluate(&batch)?.into_array(1)?;
        assert_eq!(Type::of_layout(result.data_type()), Type::of_layout(&of.layout()));
        let texts = match &of {
            Type::Array(_) | Type::Map(..) | Type::Row(_) => cast::cast(&result, &of, &Type::Json, Failures::Raise)?,
            Type::Json => result,
            Type::Unknown => arrow::array::new_null_array(&Type::VARCHAR.layout(), 1),
            of => cast::cast(&result, of, &Type::VARCHAR, Failures::Raise)?,
        };
        let texts = texts.as_string_view();
        Ok(format!("{of} {}", if texts.is_null(0) { "NULL" } else { texts.value(0) }))
    }
    run(expr).unwrap_or_else(|error| match SqlError::inside(&error) {
        Some(error) => error.to_string(),
        None => error.to_string(),
    })
}
