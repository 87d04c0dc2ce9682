//! Two arguments of one primitive type, computed pairwise over whole arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, new_null_array};
use arrow::compute::{binary, try_binary, try_unary, unary};

use crate::error::SqlError;
use crate::trino::functions::call::{Call, Values};

/// The array beneath, where all of it is needed.
type Side<'a, T> = Values<'a, PrimitiveArray<T>>;

/// Applies what cannot fail. Rows without a value are computed, too, and masked afterwards: that is what lets the
/// compiler vectorise the loop.
pub(super) fn zip<T: ArrowPrimitiveType>(
    call: &Call,
    apply: impl Fn(T::Native, T::Native) -> T::Native,
) -> Result<ArrayRef, SqlError> {
    let (left, right): (Side<T>, Side<T>) = (call.values(0)?, call.values(1)?);
    if let Some(nothing) = constant_null(call, &left, &right) {
        return Ok(nothing);
    }
    let computed: PrimitiveArray<T> = match (left.constant, right.constant) {
        (true, false) => {
            let constant = left.array.value(0);
            unary(right.array, |value| apply(constant, value))
        }
        (false, true) => {
            let constant = right.array.value(0);
            unary(left.array, |value| apply(value, constant))
        }
        _ => binary(left.array, right.array, apply)?,
    };
    Ok(Arc::new(computed))
}

/// Applies what can fail, to the rows that have both values.
pub(super) fn try_zip<T: ArrowPrimitiveType>(
    call: &Call,
    apply: impl Fn(T::Native, T::Native) -> Result<T::Native, SqlError>,
) -> Result<ArrayRef, SqlError> {
    let (left, right): (Side<T>, Side<T>) = (call.values(0)?, call.values(1)?);
    if let Some(nothing) = constant_null(call, &left, &right) {
        return Ok(nothing);
    }
    let computed: PrimitiveArray<T> = match (left.constant, right.constant) {
        (true, false) => {
            let constant = left.array.value(0);
            try_unary(right.array, |value| Ok(apply(constant, value)?))?
        }
        (false, true) => {
            let constant = right.array.value(0);
            try_unary(left.array, |value| Ok(apply(value, constant)?))?
        }
        _ => try_binary(left.array, right.array, |a, b| Ok(apply(a, b)?))?,
    };
    Ok(Arc::new(computed))
}

/// All nulls, if one side is null for all rows.
fn constant_null<T: ArrowPrimitiveType>(call: &Call, left: &Side<T>, right: &Side<T>) -> Option<ArrayRef> {
    let is_null = |side: &Side<T>| side.constant && side.array.is_null(0);
    (is_null(left) || is_null(right)).then(|| new_null_array(&T::DATA_TYPE, call.rows))
}
