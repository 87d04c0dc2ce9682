//! Trino's scalar functions as DataFusion's: one implementation for all, which resolves the overload, casts the
//! arguments to what it takes and hands them to its kernel.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::nullif;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature as AnySignature,
    TypeSignature, Volatility,
};

use crate::error::SqlError;
use crate::types::Type;

use super::call::{Call, Kernel, Operand};
pub(crate) use super::layout::adapt;
use super::layout::zoned;
use super::signature::{Argument, Bound, Signature, resolve};

/// A function of Trino: a name and its overloads.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) aliases: Vec<&'static str>,
    pub(crate) overloads: Vec<Overload>,
    pub(crate) volatility: Volatility,
}

/// One way to call a function.
pub(crate) struct Overload {
    pub(crate) signature: Signature,
    pub(crate) kernel: Kernel,
    pub(crate) handles_null: bool,
    result: Option<fn(&[Type]) -> Type>,
    zone: Option<ZoneOf>,
}

/// The zone of a result, from the arguments that are constant texts.
pub(crate) type ZoneOf = fn(&[Option<&str>]) -> Option<String>;

/// A function whose result depends on its arguments alone.
pub(crate) fn function(name: &'static str, overloads: impl IntoIterator<Item = Overload>) -> Function {
    let overloads = overloads.into_iter().collect();
    Function { name, aliases: Vec::new(), overloads, volatility: Volatility::Immutable }
}

/// `overload("(varchar, bigint) -> varchar", kernel)`.
pub(crate) fn overload(signature: &str, kernel: Kernel) -> Overload {
    Overload { signature: Signature::parse(signature), kernel, handles_null: false, result: None, zone: None }
}

impl Function {
    /// The same function under another name.
    pub(crate) fn alias(mut self, name: &'static str) -> Function {
        self.aliases.push(name);
        self
    }

    /// The result is the same for one query: `now()`.
    pub(crate) fn stable(mut self) -> Function {
        self.volatility = Volatility::Stable;
        self
    }

    /// The result differs from row to row: `random()`.
    pub(crate) fn volatile(mut self) -> Function {
        self.volatility = Volatility::Volatile;
        self
    }

    /// The function as DataFusion calls it.
    pub(crate) fn udf(self) -> ScalarUDF {
        ScalarUDF::new_from_impl(Scalar::new(self))
    }
}

impl Overload {
    /// The kernel is called for rows with null arguments, too.
    pub(crate) fn handles_null(mut self) -> Overload {
        self.handles_null = true;
        self
    }

    /// Computes the result's type from those of the arguments (after coercion), where a signature cannot say it.
    pub(crate) fn returning(mut self, result: fn(&[Type]) -> Type) -> Overload {
        self.result = Some(result);
        self
    }
}

impl Overload {
    /// The result is shown in a zone that constants among the arguments name.
    pub(crate) fn in_zone(mut self, zone: ZoneOf) -> Overload {
        self.zone = Some(zone);
        self
    }
}

/// What DataFusion holds.
#[derive(Debug)]
struct Scalar {
    function: Function,
    aliases: Vec<String>,
    signature: AnySignature,
}

impl Scalar {
    fn new(function: Function) -> Scalar {
        let any = TypeSignature::OneOf(vec![TypeSignature::Nullary, TypeSignature::VariadicAny]);
        let signature = AnySignature::new(any, function.volatility);
        let aliases = function.aliases.iter().map(|alias| (*alias).to_owned()).collect();
        Scalar { function, aliases, signature }
    }

    /// The overload that is meant for arguments of these fields.
    fn resolve(&self, fields: &[FieldRef]) -> Result<(&Overload, Bound), SqlError> {
        let arguments: Vec<_> = fields.iter().map(|field| Argument::Value(Type::of(field))).collect();
        let signatures: Vec<_> = self.function.overloads.iter().map(|overload| &overload.signature).collect();
        let (index, mut bound) = resolve(self.function.name, &signatures, &arguments)?;
        let overload = &self.function.overloads[index];
        if let Some(result) = overload.result {
            bound.result = result(&bound.arguments);
        }
        Ok((overload, bound))
    }

    fn invoke(&self, args: &ScalarFunctionArgs) -> Result<ColumnarValue, SqlError> {
        let (overload, bound) = self.resolve(&args.arg_fields)?;
        let all_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let constant = all_constant && self.function.volatility != Volatility::Volatile;
        let rows = if constant { 1 } else { args.number_rows };
        let mut operands = Vec::with_capacity(args.args.len());
        for ((value, field), wanted) in args.args.iter().zip(&args.arg_fields).zip(&bound.arguments) {
            operands.push(operand(value, &Type::of(field), wanted)?);
        }
        let call =
            Call::new(rows, (&bound.arguments, &bound.result), operands, overload.handles_null, &args.config_options);
        let result = (overload.kernel)(&call)?;
        if result.len() != rows {
            let message = format!("{} gave {} rows for {rows}", self.function.name, result.len());
            return Err(SqlError::internal(message));
        }
        let result = adapt(mask(result, &call)?, args.return_field.data_type())?;
        if constant {
            let scalar = ScalarValue::try_from_array(&result, 0);
            return Ok(ColumnarValue::Scalar(scalar.map_err(|error| SqlError::internal(error.to_string()))?));
        }
        Ok(ColumnarValue::Array(result))
    }
}

/// One argument in the layout that the kernel expects.
fn operand(value: &ColumnarValue, actual: &Type, wanted: &Type) -> Result<Operand, SqlError> {
    let (array, constant) = match value {
        ColumnarValue::Array(array) => (array.clone(), false),
        ColumnarValue::Scalar(scalar) => {
            let array = scalar.to_array().map_err(|error| SqlError::internal(error.to_string()))?;
            (array, true)
        }
    };
    let array = if actual == wanted { array } else { super::cast::coerce(&array, actual, wanted)? };
    let layout = zoned(wanted, Some(array.data_type()));
    Ok(Operand { array: adapt(array, &layout)?, constant })
}

/// The result without the values of rows that lack an argument.
fn mask(result: ArrayRef, call: &Call) -> Result<ArrayRef, SqlError> {
    let Some(valid) = call.valid().filter(|valid| valid.null_count() > 0) else {
        return Ok(result);
    };
    if result.data_type() == &DataType::Null || valid.null_count() == valid.len() {
        return Ok(new_null_array(result.data_type(), result.len()));
    }
    let lacking = BooleanArray::new(!valid.inner(), None);
    Ok(nullif(&result, &lacking)?)
}

impl ScalarUDFImpl for Scalar {
    fn name(&self) -> &str {
        self.function.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &AnySignature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Err(SqlError::internal("a function's type is told from its arguments' fields").into())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        let (overload, bound) = self.resolve(args.arg_fields)?;
        if let Some(zone_of) = overload.zone {
            let texts: Vec<_> =
                args.scalar_arguments.iter().map(|value| value.and_then(ScalarValue::try_as_str)).collect();
            let texts: Vec<_> = texts.into_iter().map(Option::flatten).collect();
            let zone = zone_of(&texts).unwrap_or_else(|| "UTC".to_owned());
            let field = bound.result.field(self.function.name, true);
            if let DataType::Timestamp(unit, _) = bound.result.layout() {
                return Ok(Arc::new(field.with_data_type(DataType::Timestamp(unit, Some(zone.into())))));
            }
        }
        // A function of a time with a zone shows its result in the same zone.
        let mut layouts = args.arg_fields.iter().map(|field| field.data_type());
        let zone = layouts.find(|layout| matches!(layout, DataType::Timestamp(_, Some(_))));
        let field = bound.result.field(self.function.name, true);
        Ok(Arc::new(field.with_data_type(zoned(&bound.result, zone))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        Ok(self.invoke(&args)?)
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Functions are equal by name: the table has each name once.
impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.function.name == other.function.name
    }
}

impl Eq for Scalar {}

impl Hash for Scalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}
