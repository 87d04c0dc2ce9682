//! One call of a function with lambdas over a batch of rows.

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::take_arrays;
use arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{HigherOrderFunctionArgs, LambdaArgument, ValueOrLambda};

use crate::error::SqlError;
use crate::trino::functions::array::lists::Lists;
use crate::trino::functions::cast::coerce;
use crate::trino::functions::scalar::adapt;
use crate::trino::functions::signature::{Argument, Bound};
use crate::types::Type;

/// One argument.
enum Part<'a> {
    /// A value for each row, in the layout that the signature wants.
    Value(ArrayRef),
    /// A lambda, the type of what it gives, and the type that is wanted of it.
    Lambda(&'a LambdaArgument, Type, &'a Type),
}

/// The call.
pub(super) struct LambdaCall<'a> {
    /// Rows that the result must have.
    pub(super) rows: usize,
    /// The Arrow type of the result.
    pub(super) returns: DataType,
    parts: Vec<Part<'a>>,
}

impl<'a> LambdaCall<'a> {
    /// Brings the arguments into the layouts of the bound signature.
    pub(super) fn new(
        args: &'a HigherOrderFunctionArgs,
        arguments: &[Argument],
        bound: &'a Bound,
    ) -> Result<LambdaCall<'a>, DataFusionError> {
        let mut parts = Vec::with_capacity(args.args.len());
        for ((value, argument), wanted) in args.args.iter().zip(arguments).zip(&bound.arguments) {
            parts.push(match (value, argument) {
                (ValueOrLambda::Value(value), Argument::Value(actual)) => {
                    let array = value.to_array(args.number_rows)?;
                    Part::Value(converted(array, actual, wanted)?)
                }
                (ValueOrLambda::Lambda(lambda), Argument::Lambda(Some(actual))) => {
                    Part::Lambda(lambda, actual.clone(), wanted)
                }
                _ => return Err(SqlError::internal("an argument is not what its field says").into()),
            });
        }
        Ok(LambdaCall { rows: args.number_rows, returns: bound.result.layout(), parts })
    }

    /// The argument's value of each row.
    pub(super) fn value(&self, index: usize) -> Result<&ArrayRef, SqlError> {
        match self.parts.get(index) {
            Some(Part::Value(array)) => Ok(array),
            _ => Err(SqlError::internal(format!("argument {} is no value", index + 1))),
        }
    }

    /// The elements of the argument, an array or a map, without any that no row has.
    pub(super) fn lists(&self, index: usize) -> Result<Lists, SqlError> {
        Lists::of(self.value(index)?)?.compact()
    }

    /// What the lambda gives for these parameters, one result for each of their values. `rows` tells, for each of
    /// them, the row whose columns the lambda sees.
    pub(super) fn apply(
        &self,
        index: usize,
        parameters: &[ArrayRef],
        rows: &UInt32Array,
    ) -> Result<ArrayRef, DataFusionError> {
        let Some(Part::Lambda(lambda, actual, wanted)) = self.parts.get(index) else {
            return Err(SqlError::internal(format!("argument {} is no lambda", index + 1)).into());
        };
        if rows.is_empty() {
            return Ok(arrow::array::new_empty_array(&wanted.layout()));
        }
        let parameters: Vec<_> = parameters.iter().map(|values| || Ok(values.clone())).collect();
        let parameters: Vec<_> =
            parameters.iter().map(|values| values as &dyn Fn() -> Result<ArrayRef, DataFusionError>).collect();
        let result = lambda.evaluate(&parameters, |captured| Ok(take_arrays(captured, rows, None)?))?;
        Ok(converted(result.into_array(rows.len())?, actual, wanted)?)
    }

    /// [`LambdaCall::apply`] for a lambda that gives booleans.
    pub(super) fn matches(
        &self,
        index: usize,
        parameters: &[ArrayRef],
        rows: &UInt32Array,
    ) -> Result<BooleanArray, DataFusionError> {
        let result = self.apply(index, parameters, rows)?;
        let booleans = result.as_any().downcast_ref::<BooleanArray>();
        Ok(booleans.cloned().ok_or_else(|| SqlError::internal("a predicate gives booleans"))?)
    }
}

/// The values as another type that they become by themselves.
fn converted(array: ArrayRef, actual: &Type, wanted: &Type) -> Result<ArrayRef, SqlError> {
    let array = if actual == wanted { array } else { coerce(&array, actual, wanted)? };
    adapt(array, &wanted.layout())
}
