//! A function with lambdas as DataFusion calls it: resolves the overload, tells the types of the lambdas' parameters,
//! and hands the call to the overload's kernel.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature, HigherOrderUDFImpl,
    LambdaParametersProgress, ValueOrLambda, Volatility,
};

use crate::error::SqlError;
use crate::trino::functions::scalar::adapt;
use crate::trino::functions::signature::{Argument, Bound, Signature, resolve};
use crate::types::Type;

use super::call::LambdaCall;

/// The row function of one overload.
pub(super) type LambdaKernel = fn(&LambdaCall) -> Result<ArrayRef, DataFusionError>;

/// Rounds in which the type of a lambda that depends on its own result settles: `reduce(…, 0, (s, x) -> s + x, …)`
/// over bigints makes the state a bigint in the second.
const ROUNDS: usize = 2;
/// The same while the result is a decimal, which may grow a digit in each round.
const ROUNDS_OF_DECIMALS: usize = 40;

/// One way to call a function.
pub(super) struct LambdaOverload {
    signature: Signature,
    kernel: LambdaKernel,
}

/// `overload("(array(T), function(T, R)) -> array(R)", transform)`.
pub(super) fn overload(signature: &str, kernel: LambdaKernel) -> LambdaOverload {
    LambdaOverload { signature: Signature::parse(signature), kernel }
}

/// A function of Trino that takes lambdas.
pub(crate) struct LambdaFunction {
    pub(super) name: &'static str,
    overloads: Arc<Vec<LambdaOverload>>,
    /// What the lambdas of one call give; none in the table.
    results: Vec<Type>,
    signature: HigherOrderSignature,
}

/// A function of these overloads.
pub(super) fn function(name: &'static str, overloads: impl IntoIterator<Item = LambdaOverload>) -> LambdaFunction {
    // Arguments come as they are; the call casts them as Trino does.
    let signature = HigherOrderSignature::variadic_any(Volatility::Immutable);
    LambdaFunction { name, overloads: Arc::new(overloads.into_iter().collect()), results: Vec::new(), signature }
}

impl LambdaFunction {
    /// The function for one call, all of whose fields are known.
    pub(super) fn planned(&self, fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>]) -> LambdaFunction {
        let results = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Lambda(field) => Some(field.as_ref().map_or(Type::Unknown, |field| Type::of(field))),
            ValueOrLambda::Value(_) => None,
        });
        LambdaFunction {
            name: self.name,
            overloads: self.overloads.clone(),
            results: results.collect(),
            signature: self.signature.clone(),
        }
    }

    fn resolve(&self, arguments: &[Argument]) -> Result<(&LambdaOverload, Bound), SqlError> {
        let signatures: Vec<_> = self.overloads.iter().map(|overload| &overload.signature).collect();
        let (index, bound) = resolve(self.name, &signatures, arguments)?;
        Ok((&self.overloads[index], bound))
    }

    /// What the arguments of the call are. A function that knows what its lambdas give does not ask their fields.
    fn arguments<'f, L: 'f>(
        &self,
        fields: impl IntoIterator<Item = &'f ValueOrLambda<FieldRef, L>>,
        result: impl Fn(&L) -> Option<Type>,
    ) -> Vec<Argument> {
        let mut results = self.results.iter();
        let argument = |field: &ValueOrLambda<FieldRef, L>| match field {
            ValueOrLambda::Value(field) => Argument::Value(Type::of(field)),
            ValueOrLambda::Lambda(field) => Argument::Lambda(results.next().cloned().or_else(|| result(field))),
        };
        fields.into_iter().map(argument).collect()
    }

    fn invoke(&self, args: &HigherOrderFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arguments = self.arguments(&args.arg_fields, layout_of);
        let (overload, bound) = self.resolve(&arguments)?;
        let call = LambdaCall::new(args, &arguments, &bound)?;
        let result = (overload.kernel)(&call)?;
        if result.len() != args.number_rows {
            let message = format!("{} gave {} rows for {}", self.name, result.len(), args.number_rows);
            return Err(SqlError::internal(message).into());
        }
        Ok(ColumnarValue::Array(adapt(result, args.return_field.data_type())?))
    }
}

/// The type of a lambda's result, as far as its layout tells: DataFusion knows its metadata at some times only.
fn layout_of(field: &FieldRef) -> Option<Type> {
    Some(Type::of_layout(field.data_type()))
}

/// How many rounds it may take until a lambda that gives this has settled.
fn rounds(result: Option<&Type>) -> usize {
    match result {
        Some(Type::Decimal(precision, _)) if *precision < 38 => ROUNDS_OF_DECIMALS,
        _ => ROUNDS,
    }
}

impl HigherOrderUDFImpl for LambdaFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress, DataFusionError> {
        let arguments = self.arguments(fields, |field| field.as_ref().map(|field| Type::of(field)));
        let (_, bound) = self.resolve(&arguments)?;
        let parameters = |types: Vec<Type>| -> Vec<FieldRef> {
            types.into_iter().map(|parameter| Arc::new(parameter.field("", true))).collect()
        };
        let all: Vec<_> = bound.lambdas.into_values().map(parameters).collect();
        // A second lambda takes what the first one gives: the first must settle before. A call that knows all results
        // from the start asks for the outcome; no other lambda depends on itself.
        let mut known = arguments.iter().filter_map(|argument| match argument {
            Argument::Lambda(result) => Some(result.as_ref()),
            Argument::Value(_) => None,
        });
        let first = known.next().flatten();
        let settled = first.is_some() && known.all(|result| result.is_some()) && (step == 0 || step >= rounds(first));
        if all.len() < 2 || settled {
            return Ok(LambdaParametersProgress::Complete(all));
        }
        if step == 0 {
            let first = all.into_iter().enumerate().map(|(index, fields)| (index == 0).then_some(fields));
            return Ok(LambdaParametersProgress::Partial(first.collect()));
        }
        Ok(LambdaParametersProgress::Partial(all.into_iter().map(Some).collect()))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        let arguments = self.arguments(args.arg_fields, layout_of);
        let (_, bound) = self.resolve(&arguments)?;
        Ok(Arc::new(bound.result.field(self.name, true)))
    }

    fn coerce_value_types(&self, types: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        Ok(types.to_vec())
    }

    fn clear_null_values(&self) -> bool {
        // The call leaves out what lies under nulls, of maps too.
        false
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        self.invoke(&args)
    }
}

impl fmt::Debug for LambdaFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The table has each name once.
impl PartialEq for LambdaFunction {
    fn eq(&self, other: &LambdaFunction) -> bool {
        self.name == other.name && self.results == other.results
    }
}

impl Eq for LambdaFunction {}

impl Hash for LambdaFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name, &self.results).hash(state);
    }
}
