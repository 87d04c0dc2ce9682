//! `=`, `<>`, `<`, `<=`, `>`, `>=`, `IS [NOT] DISTINCT FROM`: which types meet, and who compares them.
//!
//! Two sides of one type stay DataFusion's own comparison wherever its kernels mean what Trino means, so that filters
//! reach Parquet's statistics. Floats and containers have rules of their own.

mod float;
mod nested;
#[cfg(test)]
mod tests;

use datafusion::common::ExprSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, Operator, binary_expr};

use crate::error::SqlError;
use crate::types::Type;

use super::planned::{coerce, type_of};

/// `left operator right`.
///
/// # Errors
/// `TYPE_MISMATCH: Cannot apply operator: integer = varchar(3)`.
pub(crate) fn plan(
    operator: Operator,
    left: Expr,
    right: Expr,
    schema: &dyn ExprSchema,
) -> Result<Expr, DataFusionError> {
    let (from, other) = (type_of(&left, schema)?, type_of(&right, schema)?);
    let common = from.common(&other).filter(|common| has_operator(common, operator));
    let Some(common) = common else {
        return Err(mismatch(operator, &from, &other).into());
    };
    let (left, right) = (coerce(left, &common, schema)?, coerce(right, &common, schema)?);
    Ok(match common {
        Type::Array(_) | Type::Map(..) | Type::Row(_) => nested::plan(operator, left, right),
        Type::Real | Type::Double => float::plan(operator, left, right, &common),
        _ => binary_expr(left, operator, right),
    })
}

fn has_operator(common: &Type, operator: Operator) -> bool {
    match operator {
        Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => common.is_orderable(),
        _ => common.is_comparable(),
    }
}

/// Trino's words for two types that an operator does not take.
pub(crate) fn mismatch(operator: Operator, left: &Type, right: &Type) -> SqlError {
    let sign = match operator {
        Operator::NotEq => "<>".to_owned(),
        Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => "IS DISTINCT FROM".to_owned(),
        other => other.to_string(),
    };
    SqlError::type_mismatch(format!("Cannot apply operator: {left} {sign} {right}"))
}
