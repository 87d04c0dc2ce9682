//! Scalar functions of what aggregates give: of HyperLogLog sketches and t-digests.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;

use crate::error::SqlError;
use crate::trino::functions::array::lists::Lists;
use crate::trino::functions::call::Call;
use crate::trino::functions::scalar::{Function, function, overload};

use super::hyperloglog::HyperLogLog;
use super::tdigest::TDigest;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("cardinality", [overload("(HyperLogLog) -> bigint", cardinality)]),
        function(
            "empty_approx_set",
            [overload("() -> HyperLogLog", empty), overload("(double) -> HyperLogLog", empty)],
        ),
        function("value_at_quantile", [overload("(tdigest, double) -> double", value_at_quantile)]),
        function("values_at_quantiles", [overload("(tdigest, array(double)) -> array(double)", values_at_quantiles)]),
    ]
}

/// How many different values a sketch has seen.
fn cardinality(call: &Call) -> Result<ArrayRef, SqlError> {
    let sketches = call.binaries(0)?;
    call.to_bigints(|row| Ok(Some(HyperLogLog::read(sketches.at(row))?.cardinality())))
}

/// A sketch that has seen nothing.
fn empty(call: &Call) -> Result<ArrayRef, SqlError> {
    let errors = if call.arity() > 0 { Some(call.doubles(0)?) } else { None };
    call.to_binaries(|row| {
        let sketch = match &errors {
            Some(errors) => HyperLogLog::with_standard_error(errors.at(row))?,
            None => HyperLogLog::default(),
        };
        Ok(Some(sketch.write()))
    })
}

fn quantile(share: f64) -> Result<f64, SqlError> {
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(SqlError::invalid_argument("Quantile should be within bounds [0, 1], was: ".to_owned() + &share.to_string()))
}

/// The value below which that share of the digest's values lies.
fn value_at_quantile(call: &Call) -> Result<ArrayRef, SqlError> {
    let (digests, shares) = (call.binaries(0)?, call.doubles(1)?);
    call.to_doubles(|row| Ok(Some(TDigest::read(digests.at(row))?.value_at(quantile(shares.at(row))?))))
}

/// The same for several shares.
fn values_at_quantiles(call: &Call) -> Result<ArrayRef, SqlError> {
    let digests = call.binaries(0)?;
    let shares = Lists::of(&call.array(1)?)?.compact()?;
    let quantiles = shares.values.as_primitive::<Float64Type>();
    let mut values = Vec::with_capacity(quantiles.len());
    for row in 0..call.rows {
        let elements = shares.range(row).unwrap_or(0..0);
        let mut digest = if call.is_valid(row) { TDigest::read(digests.at(row))? } else { TDigest::default() };
        for element in elements {
            values.push(digest.value_at(quantile(quantiles.value(element))?));
        }
    }
    shares.with_values(Arc::new(Float64Array::from(values)), &call.returns.layout())
}
