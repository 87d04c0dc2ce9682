//! Arrays, maps and rows element by element: a null inside leaves the answer open, which Arrow's kernels do not know.

use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, make_comparator};
use arrow::compute::SortOptions;
use datafusion::logical_expr::{Expr, Operator, ScalarUDF, not};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::planned::call;
use crate::trino::functions::scalar::{function, overload};

/// The comparison of two containers of one type.
pub(super) fn plan(operator: Operator, left: Expr, right: Expr) -> Expr {
    match operator {
        Operator::Eq => call(&EQUAL, vec![left, right]),
        Operator::NotEq => not(call(&EQUAL, vec![left, right])),
        Operator::IsDistinctFrom => call(&DISTINCT, vec![left, right]),
        Operator::IsNotDistinctFrom => not(call(&DISTINCT, vec![left, right])),
        Operator::Lt => call(&LESS, vec![left, right]),
        Operator::Gt => call(&LESS, vec![right, left]),
        Operator::LtEq => not(call(&LESS, vec![right, left])),
        _ => not(call(&LESS, vec![left, right])),
    }
}

static EQUAL: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| Arc::new(function("equal", [overload("(T, T) -> boolean", equal)]).udf()));
static LESS: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| Arc::new(function("less_than", [overload("(T, T) -> boolean", less)]).udf()));
static DISTINCT: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    Arc::new(function("is_distinct_from", [overload("(T, T) -> boolean", distinct).handles_null()]).udf())
});

fn equal(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    call.to_booleans(|row| equal_values(&left, row, &right, row))
}

fn less(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    call.to_booleans(|row| Ok(Some(order_values(&left, row, &right, row)? == Ordering::Less)))
}

fn distinct(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    let compare = make_comparator(&left, &right, SortOptions::default())?;
    call.to_booleans(|row| Ok(Some(compare(row, row) != Ordering::Equal)))
}

/// Whether two values are equal; `None` if a null inside leaves it open.
fn equal_values(left: &dyn Array, row: usize, right: &dyn Array, other: usize) -> Result<Option<bool>, SqlError> {
    if left.is_null(row) || right.is_null(other) {
        return Ok(None);
    }
    if let (Some(a), Some(b)) = (left.as_list_opt::<i32>(), right.as_list_opt::<i32>()) {
        let (a, b) = (a.value(row), b.value(other));
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        return all((0..a.len()).map(|index| equal_values(&a, index, &b, index)));
    }
    if let (Some(a), Some(b)) = (left.as_struct_opt(), right.as_struct_opt()) {
        return all(a.columns().iter().zip(b.columns()).map(|(a, b)| equal_values(a, row, b, other)));
    }
    if let (Some(a), Some(b)) = (left.as_map_opt(), right.as_map_opt()) {
        let (a, b) = (a.value(row), b.value(other));
        if a.len() != b.len() {
            return Ok(Some(false));
        }
        return all((0..a.len()).map(|index| {
            let found = (0..b.len()).find(|at| equal_values(a.column(0), index, b.column(0), *at) == Ok(Some(true)));
            match found {
                Some(at) => equal_values(a.column(1), index, b.column(1), at),
                None => Ok(Some(false)),
            }
        }));
    }
    let compare = make_comparator(left, right, SortOptions::default())?;
    Ok(Some(compare(row, other) == Ordering::Equal))
}

/// False as soon as one is false, else open if one is open.
fn all(answers: impl Iterator<Item = Result<Option<bool>, SqlError>>) -> Result<Option<bool>, SqlError> {
    let mut answer = Some(true);
    for next in answers {
        match next? {
            Some(false) => return Ok(Some(false)),
            Some(true) => {}
            None => answer = None,
        }
    }
    Ok(answer)
}

/// Which of two arrays or rows comes first.
///
/// # Errors
/// `NOT_SUPPORTED` if it depends on a null inside.
fn order_values(left: &dyn Array, row: usize, right: &dyn Array, other: usize) -> Result<Ordering, SqlError> {
    if left.is_null(row) || right.is_null(other) {
        let kind = "comparison not supported for values with null elements";
        return Err(SqlError::not_supported(kind));
    }
    if let (Some(a), Some(b)) = (left.as_list_opt::<i32>(), right.as_list_opt::<i32>()) {
        let (a, b) = (a.value(row), b.value(other));
        for index in 0..a.len().min(b.len()) {
            let order = order_values(&a, index, &b, index)?;
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
        return Ok(a.len().cmp(&b.len()));
    }
    if let (Some(a), Some(b)) = (left.as_struct_opt(), right.as_struct_opt()) {
        for (a, b) in a.columns().iter().zip(b.columns()) {
            let order = order_values(a, row, b, other)?;
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
        return Ok(Ordering::Equal);
    }
    Ok(make_comparator(left, right, SortOptions::default())?(row, other))
}
