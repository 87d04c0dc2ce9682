//! Expressions with Trino's types: what the planner and the families ask of an expression, and implicit casts.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{Cast, ScalarFunction};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF};

use crate::error::SqlError;
use crate::types::Type;

use super::cast;

/// The type of an expression.
pub(crate) fn type_of(expr: &Expr, schema: &dyn ExprSchema) -> Result<Type, DataFusionError> {
    Ok(Type::of(&expr.to_field(schema)?.1))
}

/// A constant of that type. The value must lie in the type's layout.
pub(crate) fn literal(value: ScalarValue, of: &Type) -> Expr {
    let field = of.field("", true);
    let metadata = (!field.metadata().is_empty()).then(|| FieldMetadata::from(field.metadata()));
    Expr::Literal(value, metadata)
}

/// A string literal: `'abc'` is a `varchar(3)`.
pub(crate) fn string_literal(text: &str) -> Expr {
    let length = text.chars().count() as u32;
    literal(ScalarValue::Utf8View(Some(text.to_owned())), &Type::Varchar(Some(length)))
}

/// `NULL` of that type.
pub(crate) fn null(of: &Type) -> Result<Expr, DataFusionError> {
    Ok(literal(ScalarValue::try_from(&of.layout())?, of))
}

/// The call of a function on arguments.
pub(crate) fn call(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(function.clone(), args))
}

/// The expression as a type that its own becomes by itself.
///
/// Casts that Arrow does exactly as Trino stay DataFusion's: its optimizer sees through them, for example when it moves
/// a filter into a Parquet file.
pub(crate) fn coerce(expr: Expr, to: &Type, schema: &dyn ExprSchema) -> Result<Expr, DataFusionError> {
    let from = type_of(&expr, schema)?;
    if from == *to {
        return Ok(expr);
    }
    if is_null(&expr) {
        return null(to);
    }
    if let Expr::Literal(value, _) = &expr {
        let cast = cast::coerce(&value.to_array()?, &from, to)?;
        return Ok(literal(ScalarValue::try_from_array(&cast, 0)?, to));
    }
    match (&from, to) {
        (Type::Varchar(_), Type::Varchar(None)) => Ok(expr),
        _ if is_native(&from, to) => {
            let field: FieldRef = Arc::new(to.field("", true));
            Ok(Expr::Cast(Cast::new_from_field(Box::new(expr), field)))
        }
        _ => Ok(cast::coercion(expr, to)),
    }
}

/// All expressions as the type that they have in common, with that type.
///
/// # Errors
/// `TYPE_MISMATCH` in the words that `mismatch` finds for two types that have nothing in common.
pub(crate) fn coerce_all(
    exprs: Vec<Expr>,
    schema: &dyn ExprSchema,
    mismatch: impl Fn(&Type, &Type) -> String,
) -> Result<(Vec<Expr>, Type), DataFusionError> {
    let mut common = Type::Unknown;
    for expr in &exprs {
        let next = type_of(expr, schema)?;
        common = common.common(&next).ok_or_else(|| SqlError::type_mismatch(mismatch(&common, &next)))?;
    }
    let exprs = exprs.into_iter().map(|expr| coerce(expr, &common, schema)).collect::<Result<_, _>>()?;
    Ok((exprs, common))
}

/// Whether it is a bare `NULL`.
pub(crate) fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Null, _))
}

/// Whether Arrow's cast does what Trino's does, for every value.
fn is_native(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (from, Type::Decimal(precision, scale)) => match from {
            Type::Decimal(p, s) => s <= scale && *p as i8 - s <= *precision as i8 - scale,
            Type::Tinyint => precision - *scale as u8 >= 3,
            Type::Smallint => precision - *scale as u8 >= 5,
            Type::Integer => precision - *scale as u8 >= 10,
            Type::Bigint => precision - *scale as u8 >= 19,
            _ => false,
        },
        (Type::Decimal(..), _) => false,
        (from, to) if from.is_numeric() && to.is_numeric() => from.coerces_to(to),
        (Type::Date | Type::Timestamp(_), Type::Timestamp(_)) => from.coerces_to(to),
        _ => false,
    }
}
