//! Casts: one type's values as another's, in Trino's text forms and with Trino's errors.

pub(super) mod clock;
mod json;
mod nested;
mod number;
mod parse;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(super) mod time;
mod value;

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::SqlError;
use crate::types::Type;

use super::attempt;
use super::layout::{adapt, zoned};
use super::planned::{call, coerce as coerce_expression, is_null, null, type_of};

/// What becomes of a value that cannot be cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failures {
    /// The query fails: `CAST`.
    Raise,
    /// The value becomes null: `TRY_CAST`.
    Null,
}

impl Failures {
    /// A value or its failure, as this wants it.
    fn settle<T>(self, result: Result<T, SqlError>) -> Result<Option<T>, SqlError> {
        match result {
            Err(error) if self == Failures::Null && attempt::is_caught(&error) => Ok(None),
            other => other.map(Some),
        }
    }
}

/// `CAST(expr AS to)` or `TRY_CAST(expr AS to)`.
///
/// # Errors
/// `TYPE_MISMATCH: Cannot cast date to integer`.
pub(crate) fn plan(
    expr: Expr,
    to: &Type,
    failures: Failures,
    schema: &dyn ExprSchema,
) -> Result<Expr, DataFusionError> {
    let from = type_of(&expr, schema)?;
    if !castable(&from, to) {
        return Err(SqlError::type_mismatch(format!("Cannot cast {from} to {to}")).into());
    }
    if from == *to {
        return Ok(expr);
    }
    if is_null(&expr) {
        return null(to);
    }
    // A cast that cannot fail is a coercion, through which DataFusion's optimizer sees. Text is left out: a coercion
    // to a longer varchar is nothing at all, and would keep the shorter type.
    if from.coerces_to(to) && !to.is_text() {
        return coerce_expression(expr, to, schema);
    }
    Ok(expression(expr, to, failures))
}

/// The cast as an expression. The types must be castable.
fn expression(expr: Expr, to: &Type, failures: Failures) -> Expr {
    let name = if failures == Failures::Null { "try_cast" } else { "cast" };
    named(name, expr, to, failures)
}

/// The cast to a type that the expression's own becomes by itself. Its name tells that it cannot fail.
pub(super) fn coercion(expr: Expr, to: &Type) -> Expr {
    named("coerce", expr, to, Failures::Raise)
}

fn named(name: &'static str, expr: Expr, to: &Type, failures: Failures) -> Expr {
    let function = Cast { name, to: to.clone(), failures, signature: Signature::any(1, Volatility::Immutable) };
    call(&Arc::new(ScalarUDF::new_from_impl(function)), vec![expr])
}

/// Whether there is a cast between the types.
pub(crate) fn castable(from: &Type, to: &Type) -> bool {
    use Type::*;
    match (from, to) {
        _ if from == to => true,
        (Unknown, _) => true,
        (Array(a), Array(b)) => castable(a, b),
        (Map(k, v), Map(l, w)) => castable(k, l) && castable(v, w),
        (Row(fields), Row(others)) => {
            fields.len() == others.len() && fields.iter().zip(others).all(|((_, a), (_, b))| castable(a, b))
        }
        (Array(element), Json) => castable(element, &Json),
        (Map(key, value), Json) => json::can_be_key(key) && castable(value, &Json),
        (Row(fields), Json) => fields.iter().all(|(_, field)| castable(field, &Json)),
        (Json, Array(element)) => castable(&Json, element),
        (Json, Map(key, value)) => json::can_be_key(key) && castable(&Json, value),
        (Json, Row(fields)) => fields.iter().all(|(_, field)| castable(&Json, field)),
        (Array(_) | Map(..) | Row(_), _) | (_, Array(_) | Map(..) | Row(_)) => false,
        (Json, to) => *to == Boolean || to.is_numeric() || matches!(to, Varchar(_)),
        (from, Json) => from.is_numeric() || matches!(from, Boolean | Varchar(_) | Date | Timestamp(_)),
        (Varchar(_), to) => !matches!(to, Varbinary | HyperLogLog | TDigest | Unknown),
        (Char(_), to) => to.is_text() || to.is_numeric() || matches!(to, Boolean | Date),
        (Varbinary, to) => matches!(to, Uuid | IpAddress | HyperLogLog | TDigest),
        (Uuid | IpAddress, Varbinary) | (HyperLogLog | TDigest, Varbinary) => true,
        (HyperLogLog | TDigest, _) => false,
        (_, Varchar(_)) => true,
        (from, Char(_)) => from.is_numeric() || matches!(from, Boolean | Date),
        (from, to) if from.is_numeric() || *from == Boolean => to.is_numeric() || *to == Boolean,
        (Date | Timestamp(_) | TimestampTz(_), Date | Timestamp(_) | TimestampTz(_)) => true,
        (Timestamp(_) | TimestampTz(_) | Time(_) | TimeTz(_), Time(_) | TimeTz(_)) => true,
        (Time(_) | TimeTz(_), Timestamp(_) | TimestampTz(_)) => true,
        _ => false,
    }
}

/// Values as a type that they become by themselves.
pub(crate) fn coerce(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, SqlError> {
    cast(array, from, to, Failures::Raise)
}

/// Values of one type as another's.
pub(crate) fn cast(array: &ArrayRef, from: &Type, to: &Type, failures: Failures) -> Result<ArrayRef, SqlError> {
    if from == to {
        return adapt(array.clone(), &zoned(to, Some(array.data_type())));
    }
    if *from == Type::Unknown {
        return Ok(new_null_array(&to.layout(), array.len()));
    }
    let original = array;
    let zone = zone_of(original.data_type());
    let array = &laid_out(original, from)?;
    let result = match (from, to) {
        (Type::Array(_) | Type::Map(..) | Type::Row(_), _)
        | (Type::Json, Type::Array(_) | Type::Map(..) | Type::Row(_))
            if *to != Type::Json =>
        {
            nested::cast(array, from, to, failures)
        }
        (_, Type::Json) => json::from_values(array, from, failures),
        (Type::Json, _) => json::to_values(array, to, failures),
        (_, Type::Varchar(_) | Type::Char(_)) => text::cast(array, from, to, zone.as_deref(), failures),
        (Type::Varchar(_) | Type::Char(_), _) => parse::cast(array, to, failures),
        (from, to) if is_number(from) && is_number(to) => number::cast(array, from, to, failures),
        (Type::Varbinary | Type::Uuid | Type::IpAddress | Type::HyperLogLog | Type::TDigest, _) => {
            value::cast_bytes(array, from, to, failures)
        }
        _ => time::cast(array, from, to, zone.as_deref(), failures),
    };
    let layout = match (from, to) {
        // One text is a literal, and its zone is the column's.
        (Type::Varchar(_), Type::TimestampTz(_)) if array.len() == 1 && array.is_valid(0) => {
            match clock::zone_named(array.as_string_view().value(0)) {
                Some(zone) => zoned_as(to, &zone),
                None => to.layout(),
            }
        }
        // Between timestamps with time zone the zone stays.
        _ => zoned(to, Some(original.data_type())),
    };
    adapt(result?, &layout)
}

fn is_number(of: &Type) -> bool {
    of.is_numeric() || *of == Type::Boolean
}

/// The zone in which a column's timestamps are shown.
fn zone_of(layout: &DataType) -> Option<String> {
    match layout {
        DataType::Timestamp(_, Some(zone)) => Some(zone.to_string()),
        _ => None,
    }
}

/// A layout of timestamps in that zone.
fn zoned_as(of: &Type, zone: &str) -> DataType {
    match of.layout() {
        DataType::Timestamp(unit, _) => DataType::Timestamp(unit, Some(zone.into())),
        other => other,
    }
}

/// The array in its type's own layout; a column's zone is kept aside.
fn laid_out(array: &ArrayRef, of: &Type) -> Result<ArrayRef, SqlError> {
    adapt(array.clone(), &of.layout())
}

/// The cast as DataFusion's function.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    name: &'static str,
    to: Type,
    failures: Failures,
    signature: Signature,
}

impl Cast {
    fn invoke(&self, args: &ScalarFunctionArgs) -> Result<ColumnarValue, SqlError> {
        let from = Type::of(&args.arg_fields[0]);
        match &args.args[0] {
            ColumnarValue::Array(array) => {
                let array = cast(array, &from, &self.to, self.failures)?;
                Ok(ColumnarValue::Array(adapt(array, args.return_field.data_type())?))
            }
            ColumnarValue::Scalar(scalar) => {
                let internal = |error: DataFusionError| SqlError::internal(error.to_string());
                let array = cast(&scalar.to_array().map_err(internal)?, &from, &self.to, self.failures)?;
                let array = adapt(array, args.return_field.data_type())?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(internal)?))
            }
        }
    }
}

impl ScalarUDFImpl for Cast {
    fn name(&self) -> &str {
        self.name
    }

    /// Two casts of one expression to different types are different columns.
    fn schema_name(&self, args: &[Expr]) -> Result<String, DataFusionError> {
        Ok(format!("{}({} AS {})", self.name(), args[0].schema_name(), self.to))
    }

    fn display_name(&self, args: &[Expr]) -> Result<String, DataFusionError> {
        Ok(format!("{}({} AS {})", self.name(), args[0], self.to))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.to.layout())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        let nullable = self.failures == Failures::Null || args.arg_fields[0].is_nullable();
        let field = self.to.field(self.name(), nullable);
        let layout = match (&self.to, args.scalar_arguments.first()) {
            // A constant's zone is known beforehand, and becomes the column's.
            (Type::TimestampTz(_), Some(Some(ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text))))) => {
                clock::zone_named(text).map(|zone| zoned_as(&self.to, &zone))
            }
            _ => Some(zoned(&self.to, Some(args.arg_fields[0].data_type()))),
        };
        Ok(Arc::new(match layout {
            Some(layout) => field.with_data_type(layout),
            None => field,
        }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        Ok(self.invoke(&args)?)
    }
}
