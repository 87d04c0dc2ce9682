//! Floats compare as IEEE says: a NaN is neither equal to, less than nor greater than anything, and both zeros are
//! equal. DataFusion agrees on the zeros, but orders the NaNs behind the infinities, and holds them equal.
//!
//! A column beside a constant keeps DataFusion's comparison, which reaches Parquet's statistics: the other side of the
//! infinities is cut off. Two columns that are equal keep it, too, so that joins can hash them. All else is computed here.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, PrimitiveArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{ArrowPrimitiveType, Float32Type, Float64Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Operator, ScalarUDF, binary_expr, not};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::planned::call;
use crate::trino::functions::scalar::{function, overload};
use crate::types::Type;

/// The comparison of two reals or two doubles.
pub(super) fn plan(operator: Operator, left: Expr, right: Expr, of: &Type) -> Expr {
    if matches!(operator, Operator::IsDistinctFrom | Operator::IsNotDistinctFrom) {
        return binary_expr(left, operator, right);
    }
    if is_column(&left)
        && let Some(constant) = Constant::of(&right)
    {
        return beside_constant(operator, left, constant);
    }
    if is_column(&right)
        && let Some(constant) = Constant::of(&left)
    {
        return match operator.swap() {
            Some(swapped) => beside_constant(swapped, right, constant),
            None => binary_expr(left, operator, right),
        };
    }
    if is_column(&left) && is_column(&right) {
        match operator {
            Operator::Eq => return left.clone().eq(right).and(is_number(left, of)),
            Operator::NotEq => return left.clone().not_eq(right).or(not(is_number(left, of))),
            _ => {}
        }
    }
    match operator {
        Operator::Eq => call(&EQUAL, vec![left, right]),
        Operator::NotEq => not(call(&EQUAL, vec![left, right])),
        Operator::Lt => call(&LESS, vec![left, right]),
        Operator::Gt => call(&LESS, vec![right, left]),
        Operator::LtEq => call(&AT_MOST, vec![left, right]),
        _ => call(&AT_MOST, vec![right, left]),
    }
}

/// A column, or what a cast makes of one.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) | Expr::OuterReferenceColumn(..) => true,
        Expr::Cast(cast) => is_column(&cast.expr),
        _ => false,
    }
}

/// Whether a column's value is no NaN.
fn is_number(column: Expr, of: &Type) -> Expr {
    let like = if *of == Type::Real { Constant::Real(0.0) } else { Constant::Double(0.0) };
    let (low, high) = (like.with(f64::NEG_INFINITY), like.with(f64::INFINITY));
    column.clone().gt_eq(low).and(column.lt_eq(high))
}

/// A literal that is a number.
#[derive(Clone, Copy)]
enum Constant {
    Real(f32),
    Double(f64),
}

impl Constant {
    fn of(expr: &Expr) -> Option<Constant> {
        match expr {
            Expr::Literal(ScalarValue::Float32(Some(value)), _) if !value.is_nan() => Some(Constant::Real(*value)),
            Expr::Literal(ScalarValue::Float64(Some(value)), _) if !value.is_nan() => Some(Constant::Double(*value)),
            _ => None,
        }
    }

    /// Another number of the same type.
    fn with(self, value: f64) -> Expr {
        let value = match self {
            Constant::Real(_) => ScalarValue::Float32(Some(value as f32)),
            Constant::Double(_) => ScalarValue::Float64(Some(value)),
        };
        Expr::Literal(value, None)
    }

    fn itself(self) -> Expr {
        match self {
            Constant::Real(value) => Expr::Literal(ScalarValue::Float32(Some(value)), None),
            Constant::Double(value) => Expr::Literal(ScalarValue::Float64(Some(value)), None),
        }
    }
}

fn beside_constant(operator: Operator, column: Expr, constant: Constant) -> Expr {
    let number = constant.itself();
    let no_high_nan = column.clone().lt_eq(constant.with(f64::INFINITY));
    let no_low_nan = column.clone().gt_eq(constant.with(f64::NEG_INFINITY));
    match operator {
        Operator::Lt => column.lt(number).and(no_low_nan),
        Operator::LtEq => column.lt_eq(number).and(no_low_nan),
        Operator::Gt => column.gt(number).and(no_high_nan),
        Operator::GtEq => column.gt_eq(number).and(no_high_nan),
        other => binary_expr(column, other, number),
    }
}

static EQUAL: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let overloads = [
        overload("(real, real) -> boolean", |call| compare::<Float32Type>(call, |a, b| a == b)),
        overload("(double, double) -> boolean", |call| compare::<Float64Type>(call, |a, b| a == b)),
    ];
    Arc::new(function("float_equal", overloads).udf())
});

static LESS: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let overloads = [
        overload("(real, real) -> boolean", |call| compare::<Float32Type>(call, |a, b| a < b)),
        overload("(double, double) -> boolean", |call| compare::<Float64Type>(call, |a, b| a < b)),
    ];
    Arc::new(function("float_less", overloads).udf())
});

static AT_MOST: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let overloads = [
        overload("(real, real) -> boolean", |call| compare::<Float32Type>(call, |a, b| a <= b)),
        overload("(double, double) -> boolean", |call| compare::<Float64Type>(call, |a, b| a <= b)),
    ];
    Arc::new(function("float_at_most", overloads).udf())
});

/// Compares all rows; those without a value are masked afterwards.
fn compare<T: ArrowPrimitiveType>(
    call: &Call,
    holds: impl Fn(T::Native, T::Native) -> bool,
) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.values::<PrimitiveArray<T>>(0)?, call.values::<PrimitiveArray<T>>(1)?);
    let answers = BooleanBuffer::collect_bool(call.rows, |row| holds(left.at(row), right.at(row)));
    Ok(Arc::new(BooleanArray::new(answers, None)))
}
