//! `+ - * / %` and the unary minus, as Trino computes them: whole numbers that overflow fail, decimals grow by
//! Trino's rules, dates and times take intervals.

mod decimal;
mod integral;
pub(crate) mod interval;
#[cfg(test)]
mod tests;
mod time;
mod zip;

use std::sync::{Arc, LazyLock};

use arrow::array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ScalarUDF};

use crate::error::SqlError;
use crate::types::Type;

use super::comparison::mismatch;
use super::planned::{call, coerce, literal, type_of};
use super::scalar::{Overload, function, overload};
use super::signature::{Argument, resolve};

/// `left operator right`.
///
/// # Errors
/// `TYPE_MISMATCH: Cannot apply operator: varchar(3) + integer`.
pub(crate) fn plan(
    operator: Operator,
    left: Expr,
    right: Expr,
    schema: &dyn ExprSchema,
) -> Result<Expr, DataFusionError> {
    let (from, other) = (type_of(&left, schema)?, type_of(&right, schema)?);
    // IEEE numbers neither overflow nor fail: they are DataFusion's own.
    if let Some(common @ (Type::Real | Type::Double)) = from.common(&other).filter(Type::is_numeric) {
        let (left, right) = (coerce(left, &common, schema)?, coerce(right, &common, schema)?);
        return Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right))));
    }
    let table = match operator {
        Operator::Plus => &PLUS,
        Operator::Minus => &MINUS,
        Operator::Multiply => &TIMES,
        Operator::Divide => &DIVIDED,
        Operator::Modulo => &MODULO,
        other => return Err(SqlError::internal(format!("{other} is no arithmetic")).into()),
    };
    let operation = &table.0;
    let arguments = [Argument::Value(from.clone()), Argument::Value(other.clone())];
    let signatures: Vec<_> = table.1.iter().collect();
    let Ok((_, bound)) = resolve(operation.name(), &signatures, &arguments) else {
        return Err(mismatch(operator, &from, &other).into());
    };
    let left = coerce(left, &bound.arguments[0], schema)?;
    let right = coerce(right, &bound.arguments[1], schema)?;
    Ok(call(operation, vec![left, right]))
}

/// `-expr`.
///
/// # Errors
/// `TYPE_MISMATCH: Cannot negate varchar(3)`.
pub(crate) fn negate(expr: Expr, schema: &dyn ExprSchema) -> Result<Expr, DataFusionError> {
    let of = type_of(&expr, schema)?;
    // A negative constant stays a constant: some functions want one.
    if let Expr::Literal(value, _) = &expr
        && let Ok(negative) = value.arithmetic_negate()
        && of.is_numeric()
    {
        return Ok(literal(negative, &of));
    }
    match of {
        Type::Real | Type::Double => Ok(Expr::Negative(Box::new(expr))),
        Type::Unknown => Ok(Expr::Literal(ScalarValue::Null, None)),
        _ if of.is_numeric() || matches!(of, Type::IntervalDayToSecond | Type::IntervalYearToMonth) => {
            Ok(call(&NEGATE, vec![expr]))
        }
        _ => Err(SqlError::type_mismatch(format!("Cannot negate {of}")).into()),
    }
}

/// An operator's function, beside the signatures that tell whether it takes two types.
struct Operation(Arc<ScalarUDF>, Vec<super::signature::Signature>);

fn operation(name: &'static str, overloads: Vec<Overload>) -> Operation {
    let signatures = overloads.iter().map(|overload| overload.signature.clone()).collect();
    Operation(Arc::new(function(name, overloads).udf()), signatures)
}

static PLUS: LazyLock<Operation> = LazyLock::new(|| {
    operation(
        "add",
        vec![
            overload("(tinyint, tinyint) -> tinyint", integral::add::<Int8Type>),
            overload("(smallint, smallint) -> smallint", integral::add::<Int16Type>),
            overload("(integer, integer) -> integer", integral::add::<Int32Type>),
            overload("(bigint, bigint) -> bigint", integral::add::<Int64Type>),
            overload("(decimal(p,s), decimal(q,t)) -> decimal(p,s)", decimal::add).returning(decimal::sum_type),
            overload("(date, interval day to second) -> date", time::date_plus_days),
            overload("(interval day to second, date) -> date", time::date_plus_days),
            overload("(date, interval year to month) -> date", time::date_plus_months),
            overload("(interval year to month, date) -> date", time::date_plus_months),
            overload("(timestamp(p), interval day to second) -> timestamp(p)", time::plus_duration)
                .returning(time::shifted),
            overload("(interval day to second, timestamp(p)) -> timestamp(p)", time::plus_duration)
                .returning(time::shifted),
            overload("(timestamp(p), interval year to month) -> timestamp(p)", time::plus_months),
            overload("(interval year to month, timestamp(p)) -> timestamp(p)", time::plus_months),
            overload(
                "(timestamp(p) with time zone, interval day to second) -> timestamp(p) with time zone",
                time::plus_duration,
            )
            .returning(time::shifted),
            overload(
                "(interval day to second, timestamp(p) with time zone) -> timestamp(p) with time zone",
                time::plus_duration,
            )
            .returning(time::shifted),
            overload(
                "(timestamp(p) with time zone, interval year to month) -> timestamp(p) with time zone",
                time::plus_months,
            ),
            overload(
                "(interval year to month, timestamp(p) with time zone) -> timestamp(p) with time zone",
                time::plus_months,
            ),
            overload("(time(p), interval day to second) -> time(p)", time::time_plus).returning(time::shifted),
            overload("(interval day to second, time(p)) -> time(p)", time::time_plus).returning(time::shifted),
            overload(
                "(interval day to second, interval day to second) -> interval day to second",
                interval::add_durations,
            ),
            overload(
                "(interval year to month, interval year to month) -> interval year to month",
                interval::add_months,
            ),
        ],
    )
});

static MINUS: LazyLock<Operation> = LazyLock::new(|| {
    operation(
        "subtract",
        vec![
            overload("(tinyint, tinyint) -> tinyint", integral::subtract::<Int8Type>),
            overload("(smallint, smallint) -> smallint", integral::subtract::<Int16Type>),
            overload("(integer, integer) -> integer", integral::subtract::<Int32Type>),
            overload("(bigint, bigint) -> bigint", integral::subtract::<Int64Type>),
            overload("(decimal(p,s), decimal(q,t)) -> decimal(p,s)", decimal::subtract).returning(decimal::sum_type),
            overload("(date, date) -> interval day to second", time::days_between),
            overload("(timestamp(p), timestamp(p)) -> interval day to second", time::duration_between),
            overload(
                "(timestamp(p) with time zone, timestamp(p) with time zone) -> interval day to second",
                time::duration_between,
            ),
            overload("(time(p), time(p)) -> interval day to second", time::time_between),
            overload("(date, interval day to second) -> date", time::date_minus_days),
            overload("(date, interval year to month) -> date", time::date_minus_months),
            overload("(timestamp(p), interval day to second) -> timestamp(p)", time::minus_duration)
                .returning(time::shifted),
            overload("(timestamp(p), interval year to month) -> timestamp(p)", time::minus_months),
            overload(
                "(timestamp(p) with time zone, interval day to second) -> timestamp(p) with time zone",
                time::minus_duration,
            )
            .returning(time::shifted),
            overload(
                "(timestamp(p) with time zone, interval year to month) -> timestamp(p) with time zone",
                time::minus_months,
            ),
            overload("(time(p), interval day to second) -> time(p)", time::time_minus).returning(time::shifted),
            overload(
                "(interval day to second, interval day to second) -> interval day to second",
                interval::subtract_durations,
            ),
            overload(
                "(interval year to month, interval year to month) -> interval year to month",
                interval::subtract_months,
            ),
        ],
    )
});

static TIMES: LazyLock<Operation> = LazyLock::new(|| {
    operation(
        "multiply",
        vec![
            overload("(tinyint, tinyint) -> tinyint", integral::multiply::<Int8Type>),
            overload("(smallint, smallint) -> smallint", integral::multiply::<Int16Type>),
            overload("(integer, integer) -> integer", integral::multiply::<Int32Type>),
            overload("(bigint, bigint) -> bigint", integral::multiply::<Int64Type>),
            overload("(decimal(p,s), decimal(q,t)) -> decimal(p,s)", decimal::multiply)
                .returning(decimal::product_type),
            overload("(interval day to second, bigint) -> interval day to second", interval::duration_times),
            overload("(bigint, interval day to second) -> interval day to second", interval::times_duration),
            overload("(interval day to second, double) -> interval day to second", interval::duration_scaled),
            overload("(double, interval day to second) -> interval day to second", interval::scaled_duration),
            overload("(interval year to month, bigint) -> interval year to month", interval::months_times),
            overload("(bigint, interval year to month) -> interval year to month", interval::times_months),
            overload("(interval year to month, double) -> interval year to month", interval::months_scaled),
            overload("(double, interval year to month) -> interval year to month", interval::scaled_months),
        ],
    )
});

static DIVIDED: LazyLock<Operation> = LazyLock::new(|| {
    operation(
        "divide",
        vec![
            overload("(tinyint, tinyint) -> tinyint", integral::divide::<Int8Type>),
            overload("(smallint, smallint) -> smallint", integral::divide::<Int16Type>),
            overload("(integer, integer) -> integer", integral::divide::<Int32Type>),
            overload("(bigint, bigint) -> bigint", integral::divide::<Int64Type>),
            overload("(decimal(p,s), decimal(q,t)) -> decimal(p,s)", decimal::divide).returning(decimal::quotient_type),
            overload("(interval day to second, double) -> interval day to second", interval::duration_divided),
            overload("(interval year to month, double) -> interval year to month", interval::months_divided),
        ],
    )
});

static MODULO: LazyLock<Operation> = LazyLock::new(|| operation("modulus", modulo()));

/// The overloads of `%`, which the function `mod` has, too.
pub(super) fn modulo() -> Vec<Overload> {
    vec![
        overload("(tinyint, tinyint) -> tinyint", integral::modulus::<Int8Type>),
        overload("(smallint, smallint) -> smallint", integral::modulus::<Int16Type>),
        overload("(integer, integer) -> integer", integral::modulus::<Int32Type>),
        overload("(bigint, bigint) -> bigint", integral::modulus::<Int64Type>),
        overload("(decimal(p,s), decimal(q,t)) -> decimal(p,s)", decimal::modulus).returning(decimal::remainder_type),
    ]
}

static NEGATE: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let overloads = [
        overload("(tinyint) -> tinyint", integral::negate::<Int8Type>),
        overload("(smallint) -> smallint", integral::negate::<Int16Type>),
        overload("(integer) -> integer", integral::negate::<Int32Type>),
        overload("(bigint) -> bigint", integral::negate::<Int64Type>),
        overload("(decimal(p,s)) -> decimal(p,s)", decimal::negate),
        overload("(interval day to second) -> interval day to second", interval::negate_duration),
        overload("(interval year to month) -> interval year to month", interval::negate_months),
    ];
    Arc::new(function("negate", overloads).udf())
});
