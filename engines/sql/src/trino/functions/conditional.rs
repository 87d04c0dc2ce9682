//! `CASE`, `IF`, `COALESCE`, `NULLIF`: their branches meet in one type. `greatest` and `least`: null as soon as one
//! argument is. `typeof`.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, make_comparator};
use arrow::compute::{SortOptions, interleave};
use datafusion::common::ExprSchema;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, Operator, ScalarUDF};

use crate::error::SqlError;
use crate::types::Type;

use super::call::Call;
use super::comparison;
use super::logical::searched;
use super::planned::{self, coerce, coerce_all, null, type_of};
use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function("greatest", [overload("(T...) -> T", greatest)]),
        function("least", [overload("(T...) -> T", least)]),
        function("typeof", [overload("(T) -> varchar", name_of_type).handles_null()]),
    ]
}

/// `CASE [operand] WHEN … THEN … [ELSE …] END`.
///
/// # Errors
/// `TYPE_MISMATCH` when branches or operands have no type in common.
pub(crate) fn case(
    operand: Option<Expr>,
    branches: Vec<(Expr, Expr)>,
    otherwise: Option<Expr>,
    schema: &dyn ExprSchema,
) -> Result<Expr, DataFusionError> {
    let (mut conditions, mut values): (Vec<_>, Vec<_>) = branches.into_iter().unzip();
    if let Some(operand) = operand {
        // Each comparison has a type of its own, so a simple case is a searched one.
        let of = type_of(&operand, schema)?;
        for condition in &mut conditions {
            let when = type_of(condition, schema)?;
            if of.common(&when).is_none() {
                let message = format!("CASE operand type does not match WHEN clause operand type: {of} vs {when}");
                return Err(SqlError::type_mismatch(message).into());
            }
            *condition = comparison::plan(Operator::Eq, operand.clone(), condition.clone(), schema)?;
        }
    } else {
        for condition in &mut conditions {
            let found = type_of(condition, schema)?;
            if !found.coerces_to(&Type::Boolean) {
                let message = format!("CASE WHEN clause must evaluate to a boolean (actual: {found})");
                return Err(SqlError::type_mismatch(message).into());
            }
            *condition = coerce(condition.clone(), &Type::Boolean, schema)?;
        }
    }
    values.extend(otherwise);
    let mismatch = |one: &Type, other: &Type| {
        format!(
            "All CASE results must be the same type or coercible to a common type. Cannot find common type between {one} and {other}, all types (without duplicates): [{one}, {other}]"
        )
    };
    let (mut values, common) = coerce_all(values, schema, mismatch)?;
    let otherwise = if values.len() > conditions.len() { values.pop() } else { Some(null(&common)?) };
    let branches = conditions.into_iter().zip(values).collect();
    Ok(typed(Expr::Case(searched(branches, otherwise)), &common))
}

/// `IF(condition, then[, otherwise])`.
///
/// # Errors
/// `TYPE_MISMATCH`.
pub(crate) fn choose(
    condition: Expr,
    then: Expr,
    otherwise: Option<Expr>,
    schema: &dyn ExprSchema,
) -> Result<Expr, DataFusionError> {
    let found = type_of(&condition, schema)?;
    if !found.coerces_to(&Type::Boolean) {
        let message = format!("IF condition must evaluate to a boolean (actual: {found})");
        return Err(SqlError::type_mismatch(message).into());
    }
    if let Some(otherwise) = &otherwise {
        let (one, other) = (type_of(&then, schema)?, type_of(otherwise, schema)?);
        if one.common(&other).is_none() {
            let message = format!("Result types for IF must be the same: {one} vs {other}");
            return Err(SqlError::type_mismatch(message).into());
        }
    }
    case(None, vec![(condition, then)], otherwise, schema)
}

/// `COALESCE(…)`: later arguments are looked at only where the earlier ones are null.
///
/// # Errors
/// `TYPE_MISMATCH`.
pub(crate) fn coalesce(arguments: Vec<Expr>, schema: &dyn ExprSchema) -> Result<Expr, DataFusionError> {
    let mismatch = |one: &Type, other: &Type| {
        format!(
            "All COALESCE operands must be the same type or coercible to a common type. Cannot find common type between {one} and {other}, all types (without duplicates): [{one}, {other}]"
        )
    };
    let (mut arguments, common) = coerce_all(arguments, schema, mismatch)?;
    let Some(last) = arguments.pop() else {
        return Err(SqlError::invalid_argument("The 'coalesce' function must have at least two arguments").into());
    };
    if arguments.is_empty() {
        return Ok(last);
    }
    let branches = arguments.into_iter().map(|value| (value.clone().is_not_null(), value));
    Ok(typed(Expr::Case(searched(branches.collect(), Some(last))), &common))
}

/// `NULLIF(value, other)`: of the first's type.
///
/// # Errors
/// `TYPE_MISMATCH`.
pub(crate) fn null_if(value: Expr, other: Expr, schema: &dyn ExprSchema) -> Result<Expr, DataFusionError> {
    let (of, with) = (type_of(&value, schema)?, type_of(&other, schema)?);
    if of.common(&with).is_none() {
        let message = format!("Types are not comparable with NULLIF: {of} vs {with}");
        return Err(SqlError::type_mismatch(message).into());
    }
    let equal = comparison::plan(Operator::Eq, value.clone(), other, schema)?;
    let branches = vec![(equal, null(&of)?)];
    Ok(typed(Expr::Case(searched(branches, Some(value))), &of))
}

/// The expression under its type's field: DataFusion tells a `CASE`'s type by its Arrow type alone.
fn typed(expr: Expr, of: &Type) -> Expr {
    if Type::of_layout(&of.layout()) == *of { expr } else { planned::call(&stamp(of), vec![expr]) }
}

/// The function that gives its argument back as that type. The layouts must be equal.
fn stamp(of: &Type) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(super::stamp::Stamp::new(of.clone())))
}

fn greatest(call: &Call) -> Result<ArrayRef, SqlError> {
    pick(call, Ordering::Greater)
}

fn least(call: &Call) -> Result<ArrayRef, SqlError> {
    pick(call, Ordering::Less)
}

/// Of each row the first value that is before (or after) all others.
fn pick(call: &Call, wanted: Ordering) -> Result<ArrayRef, SqlError> {
    if call.arity() == 0 {
        return Err(SqlError::invalid_argument("There must be one or more arguments"));
    }
    let arrays = (0..call.arity()).map(|index| call.array(index)).collect::<Result<Vec<_>, _>>()?;
    let mut best = vec![0; call.rows];
    for challenger in 1..arrays.len() {
        for holder in 0..challenger {
            let compare = make_comparator(&arrays[challenger], &arrays[holder], SortOptions::default())?;
            for (row, best) in best.iter_mut().enumerate() {
                if *best == holder && call.is_valid(row) && compare(row, row) == wanted {
                    *best = challenger;
                }
            }
        }
    }
    let places: Vec<_> = best.into_iter().enumerate().map(|(row, array)| (array, row)).collect();
    Ok(interleave(&arrays.iter().map(|array| array.as_ref()).collect::<Vec<_>>(), &places)?)
}

fn name_of_type(call: &Call) -> Result<ArrayRef, SqlError> {
    let name = call.types[0].to_string();
    call.to_strings(|_| Ok(Some(&name)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use arrow::datatypes::Schema;
    use datafusion::common::{DFSchema, ScalarValue};

    use super::*;
    use crate::trino::functions::planned::{literal, string_literal};

    fn nothing() -> DFSchema {
        DFSchema::try_from(Schema::new_with_metadata(Vec::<arrow::datatypes::Field>::new(), HashMap::new())).unwrap()
    }

    #[test]
    fn branches_meet_in_one_type_and_keep_its_name() {
        let json = literal(ScalarValue::Utf8View(Some("1".into())), &Type::Json);
        let condition = Expr::Literal(ScalarValue::Boolean(Some(true)), None);
        let expr = choose(condition.clone(), json, None, &nothing()).unwrap();
        assert_eq!(type_of(&expr, &nothing()).unwrap(), Type::Json);
        let error =
            choose(condition, string_literal("a"), Some(Expr::Literal(ScalarValue::Int32(Some(1)), None)), &nothing());
        let error = SqlError::inside(&error.unwrap_err()).unwrap();
        assert_eq!(error.message, "Result types for IF must be the same: varchar(1) vs integer");
    }
}
