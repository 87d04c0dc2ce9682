//! Whole numbers: what does not fit its type is an error, never a wrapped number.

use std::fmt::Display;

use arrow::array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType};

use crate::error::SqlError;
use crate::trino::functions::call::Call;

use super::zip::try_zip;

pub(super) fn add<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    try_zip::<T>(call, |a, b| a.add_checked(b).map_err(|_| overflow(call, "addition", a, '+', b)))
}

pub(super) fn subtract<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    try_zip::<T>(call, |a, b| a.sub_checked(b).map_err(|_| overflow(call, "subtraction", a, '-', b)))
}

pub(super) fn multiply<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    try_zip::<T>(call, |a, b| a.mul_checked(b).map_err(|_| overflow(call, "multiplication", a, '*', b)))
}

pub(super) fn divide<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    try_zip::<T>(call, |a, b| {
        if b.is_zero() {
            return Err(SqlError::division_by_zero());
        }
        a.div_checked(b).map_err(|_| overflow(call, "division", a, '/', b))
    })
}

pub(super) fn modulus<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    try_zip::<T>(call, |a, b| if b.is_zero() { Err(SqlError::division_by_zero()) } else { Ok(a.mod_wrapping(b)) })
}

pub(super) fn negate<T: ArrowPrimitiveType<Native: Display>>(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.values::<arrow::array::PrimitiveArray<T>>(0)?;
    call.to_values::<T>(|row| {
        let value = values.at(row);
        let negated = value.neg_checked();
        negated.map(Some).map_err(|_| SqlError::out_of_range(format!("{} negation overflow: {value}", call.returns)))
    })
}

/// `bigint addition overflow: 9223372036854775807 + 1`.
fn overflow(call: &Call, what: &str, left: impl Display, sign: char, right: impl Display) -> SqlError {
    SqlError::out_of_range(format!("{} {what} overflow: {left} {sign} {right}", call.returns))
}
