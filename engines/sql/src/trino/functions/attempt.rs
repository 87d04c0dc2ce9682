//! `TRY(expr)`: null where evaluating the expression fails.
//!
//! As in Trino the expression becomes the body of a lambda, which is evaluated here: for the whole batch at once, and
//! if that fails for ever smaller halves, until only the rows that fail are left out.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, NullArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{HigherOrderFunction, Lambda};
use datafusion::logical_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDF,
    HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use crate::error::{
    DIVISION_BY_ZERO, INVALID_CAST_ARGUMENT, INVALID_FUNCTION_ARGUMENT, NUMERIC_VALUE_OUT_OF_RANGE, SqlError,
};

/// `TRY(expr)`.
pub(crate) fn plan(expr: Expr) -> Expr {
    let body = Expr::Lambda(Lambda::new(Vec::new(), expr));
    Expr::HigherOrderFunction(HigherOrderFunction::new(TRY.clone(), vec![body]))
}

/// Whether `TRY` makes null of the error: those that depend on values, not those of the engine.
pub(crate) fn is_caught(error: &SqlError) -> bool {
    let caught = [DIVISION_BY_ZERO, INVALID_CAST_ARGUMENT, INVALID_FUNCTION_ARGUMENT, NUMERIC_VALUE_OUT_OF_RANGE];
    caught.contains(&error.name)
}

static TRY: LazyLock<Arc<HigherOrderUDF>> = LazyLock::new(|| {
    let signature = HigherOrderSignature::any(1, Volatility::Immutable);
    Arc::new(HigherOrderUDF::new_from_impl(Try { signature }))
});

#[derive(Debug, PartialEq, Eq, Hash)]
struct Try {
    signature: HigherOrderSignature,
}

impl HigherOrderUDFImpl for Try {
    fn name(&self) -> &str {
        "try"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    /// What is inside is not to be computed outside: there it would fail the query.
    fn short_circuits(&self) -> bool {
        true
    }

    /// The lambda takes nothing; a parameter that it does not name tells the evaluation how many rows there are.
    fn lambda_parameters(
        &self,
        _: usize,
        _: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress, DataFusionError> {
        Ok(LambdaParametersProgress::Complete(vec![vec![Arc::new(Field::new("row", DataType::Null, true))]]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        match &args.arg_fields[0] {
            ValueOrLambda::Lambda(field) | ValueOrLambda::Value(field) => {
                Ok(Arc::new(field.as_ref().clone().with_nullable(true)))
            }
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let Some(ValueOrLambda::Lambda(lambda)) = args.args.first() else {
            return Err(SqlError::internal("try without a lambda").into());
        };
        let layout = args.return_field.data_type();
        let mut parts = Vec::new();
        evaluate(lambda, 0, args.number_rows, layout, &mut parts)?;
        match parts.len() {
            0 => Ok(ColumnarValue::Array(new_null_array(layout, 0))),
            1 => Ok(ColumnarValue::Array(parts.remove(0))),
            _ => Ok(ColumnarValue::Array(concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>())?)),
        }
    }
}

/// Evaluates the rows from `start`, halving them as long as they fail.
fn evaluate(
    lambda: &LambdaArgument,
    start: usize,
    rows: usize,
    layout: &DataType,
    parts: &mut Vec<ArrayRef>,
) -> Result<(), DataFusionError> {
    if rows == 0 {
        return Ok(());
    }
    let count = || Ok(Arc::new(NullArray::new(rows)) as ArrayRef);
    let slice = |captured: &[ArrayRef]| Ok(captured.iter().map(|column| column.slice(start, rows)).collect());
    let result = lambda.evaluate(&[&count], slice).and_then(|value| value.into_array(rows));
    match result {
        Ok(values) => parts.push(values),
        Err(error) if !SqlError::inside(&error).is_some_and(|error| is_caught(&error)) => return Err(error),
        Err(_) if rows == 1 => parts.push(new_null_array(layout, 1)),
        Err(_) => {
            let half = rows / 2;
            evaluate(lambda, start, half, layout, parts)?;
            evaluate(lambda, start + half, rows - half, layout, parts)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::Operator;

    use super::*;
    use crate::trino::functions::arithmetic;
    use crate::trino::functions::evaluation::{evaluated, nothing, value};

    #[test]
    fn what_fails_is_null_and_the_rest_is_what_it_was() {
        let divided = |by| arithmetic::plan(Operator::Divide, value("integer", "6"), value("integer", by), &nothing());
        assert_eq!(evaluated(divided("2").map(plan)), "integer 3");
        assert_eq!(evaluated(divided("0").map(plan)), "integer NULL");
    }
}
