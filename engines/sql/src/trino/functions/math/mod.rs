//! Numbers: rounding, powers, logarithms, angles, bases, chance.

mod decimal;
mod integral;
mod statistics;

use std::f64::consts;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array};
use arrow::compute::unary;
use arrow::datatypes::{Float32Type, Float64Type};
use rand::RngExt;

use crate::error::SqlError;

use super::arithmetic;
use super::call::{Call, Kernel};
use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    let mut functions = vec![
        function(
            "abs",
            integral::each(integral::ABS).chain([
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::abs),
                overload("(double) -> double", |call| doubles(call, f64::abs)),
                overload("(real) -> real", |call| reals(call, f32::abs)),
            ]),
        ),
        function(
            "ceiling",
            integral::each(integral::SAME).chain([
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::ceiling).returning(decimal::whole),
                overload("(double) -> double", |call| doubles(call, f64::ceil)),
                overload("(real) -> real", |call| reals(call, f32::ceil)),
            ]),
        )
        .alias("ceil"),
        function(
            "floor",
            integral::each(integral::SAME).chain([
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::floor).returning(decimal::whole),
                overload("(double) -> double", |call| doubles(call, f64::floor)),
                overload("(real) -> real", |call| reals(call, f32::floor)),
            ]),
        ),
        function(
            "round",
            integral::each(integral::SAME).chain(integral::each_rounded()).chain([
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::round).returning(decimal::whole),
                overload("(decimal(p,s), integer) -> decimal(p,s)", decimal::round_to).returning(decimal::rounded),
                overload("(double) -> double", |call| doubles(call, |value| round(value, 0))),
                overload("(double, integer) -> double", round_double),
                overload("(real) -> real", |call| reals(call, |value| round(f64::from(value), 0) as f32)),
                overload("(real, integer) -> real", round_real),
            ]),
        ),
        function(
            "sign",
            integral::each(integral::SIGN).chain([
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::sign).returning(decimal::digit),
                overload("(double) -> double", |call| doubles(call, sign)),
                overload("(real) -> real", |call| reals(call, |value| sign(f64::from(value)) as f32)),
            ]),
        ),
        function(
            "truncate",
            [
                overload("(decimal(p,s)) -> decimal(p,s)", decimal::truncate).returning(decimal::cut),
                overload("(decimal(p,s), integer) -> decimal(p,s)", decimal::truncate_to),
                overload("(double) -> double", |call| doubles(call, f64::trunc)),
                overload("(real) -> real", |call| reals(call, f32::trunc)),
            ],
        ),
        function(
            "mod",
            arithmetic::modulo().into_iter().chain([
                overload("(double, double) -> double", |call| of_two(call, |a, b| a % b)),
                overload("(real, real) -> real", modulo_real),
            ]),
        ),
        function("atan2", [overload("(double, double) -> double", |call| of_two(call, f64::atan2))]),
        function(
            "log",
            [overload("(double, double) -> double", |call| of_two(call, |base, value| value.ln() / base.ln()))],
        ),
        function("power", [overload("(double, double) -> double", |call| of_two(call, f64::powf))]).alias("pow"),
        function("from_base", [overload("(varchar(x), bigint) -> bigint", from_base)]),
        function("to_base", [overload("(bigint, bigint) -> varchar(64)", to_base)]),
        function("is_finite", [overload("(double) -> boolean", |call| tested(call, f64::is_finite))]),
        function("is_infinite", [overload("(double) -> boolean", |call| tested(call, f64::is_infinite))]),
        function(
            "is_nan",
            [
                overload("(real) -> boolean", is_nan_real),
                overload("(double) -> boolean", |call| tested(call, f64::is_nan)),
            ],
        ),
        function(
            "width_bucket",
            [
                overload("(double, double, double, bigint) -> bigint", width_bucket),
                overload("(double, array(double)) -> bigint", width_bucket_of_bins),
            ],
        ),
        function(
            "cosine_similarity",
            [overload("(map(varchar, double), map(varchar, double)) -> double", cosine_similarity)],
        ),
        function("random", integral::random().chain([overload("() -> double", random)])).alias("rand").volatile(),
    ];
    functions.extend(of_one().map(|(name, kernel)| function(name, [overload("(double) -> double", kernel)])));
    functions.extend(constants().map(|(name, kernel)| function(name, [overload("() -> double", kernel)])));
    functions.extend(distributions());
    functions
}

fn of_one() -> [(&'static str, Kernel); 17] {
    [
        ("acos", |call| doubles(call, f64::acos)),
        ("asin", |call| doubles(call, f64::asin)),
        ("atan", |call| doubles(call, f64::atan)),
        ("cbrt", |call| doubles(call, f64::cbrt)),
        ("cos", |call| doubles(call, f64::cos)),
        ("cosh", |call| doubles(call, f64::cosh)),
        ("degrees", |call| doubles(call, f64::to_degrees)),
        ("exp", |call| doubles(call, f64::exp)),
        ("ln", |call| doubles(call, f64::ln)),
        ("log10", |call| doubles(call, f64::log10)),
        ("log2", |call| doubles(call, |value| value.ln() / consts::LN_2)),
        ("radians", |call| doubles(call, f64::to_radians)),
        ("sin", |call| doubles(call, f64::sin)),
        ("sinh", |call| doubles(call, f64::sinh)),
        ("sqrt", |call| doubles(call, f64::sqrt)),
        ("tan", |call| doubles(call, f64::tan)),
        ("tanh", |call| doubles(call, f64::tanh)),
    ]
}

fn constants() -> [(&'static str, Kernel); 4] {
    [
        ("e", |call| call.to_doubles(|_| Ok(Some(consts::E)))),
        ("infinity", |call| call.to_doubles(|_| Ok(Some(f64::INFINITY)))),
        ("nan", |call| call.to_doubles(|_| Ok(Some(f64::NAN)))),
        ("pi", |call| call.to_doubles(|_| Ok(Some(consts::PI)))),
    ]
}

fn distributions() -> Vec<Function> {
    let of_three: [(&str, Kernel); 4] = [
        ("beta_cdf", |call| distributed(call, statistics::beta_cdf)),
        ("inverse_beta_cdf", |call| distributed(call, statistics::inverse_beta_cdf)),
        ("inverse_normal_cdf", |call| distributed(call, statistics::inverse_normal_cdf)),
        ("normal_cdf", |call| distributed(call, statistics::normal_cdf)),
    ];
    let intervals: [(&str, Kernel); 2] =
        [("wilson_interval_lower", |call| wilson(call, -1.0)), ("wilson_interval_upper", |call| wilson(call, 1.0))];
    let students: [(&str, Kernel); 2] =
        [("t_cdf", |call| student(call, statistics::t_cdf)), ("t_pdf", |call| student(call, statistics::t_pdf))];
    let three = of_three.map(|(name, kernel)| function(name, [overload("(double, double, double) -> double", kernel)]));
    let wilson =
        intervals.map(|(name, kernel)| function(name, [overload("(bigint, bigint, double) -> double", kernel)]));
    let student = students.map(|(name, kernel)| function(name, [overload("(double, double) -> double", kernel)]));
    three.into_iter().chain(wilson).chain(student).collect()
}

/// Whole arrays at once: what is computed of null rows is masked afterwards.
fn doubles(call: &Call, compute: impl Fn(f64) -> f64) -> Result<ArrayRef, SqlError> {
    let values: Float64Array = unary(call.doubles(0)?.array, compute);
    Ok(Arc::new(values))
}

fn reals(call: &Call, compute: impl Fn(f32) -> f32) -> Result<ArrayRef, SqlError> {
    let values: Float32Array = unary(call.reals(0)?.array, compute);
    Ok(Arc::new(values))
}

fn of_two(call: &Call, compute: impl Fn(f64, f64) -> f64) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.doubles(0)?, call.doubles(1)?);
    call.to_doubles(|row| Ok(Some(compute(left.at(row), right.at(row)))))
}

fn modulo_real(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.reals(0)?, call.reals(1)?);
    call.to_values::<Float32Type>(|row| Ok(Some(left.at(row) % right.at(row))))
}

fn tested(call: &Call, test: fn(f64) -> bool) -> Result<ArrayRef, SqlError> {
    let values = call.doubles(0)?;
    call.to_booleans(|row| Ok(Some(test(values.at(row)))))
}

fn is_nan_real(call: &Call) -> Result<ArrayRef, SqlError> {
    let values = call.reals(0)?;
    call.to_booleans(|row| Ok(Some(values.at(row).is_nan())))
}

fn sign(value: f64) -> f64 {
    if value == 0.0 { value } else { value.signum() }
}

/// Rounds half away from zero; numbers too large to have such digits stay.
fn round(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powf(f64::from(digits));
    let scaled = value * factor;
    if !scaled.is_finite() || scaled.abs() >= 9_223_372_036_854_775_807.0 {
        return value;
    }
    scaled.round() / factor
}

fn round_double(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, digits) = (call.doubles(0)?, call.integers(1)?);
    call.to_doubles(|row| Ok(Some(round(values.at(row), digits.at(row)))))
}

fn round_real(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, digits) = (call.reals(0)?, call.integers(1)?);
    call.to_values::<Float32Type>(|row| Ok(Some(round(f64::from(values.at(row)), digits.at(row)) as f32)))
}

fn radix(radix: i64) -> Result<u32, SqlError> {
    let fitting = u32::try_from(radix).ok().filter(|radix| (2..=36).contains(radix));
    fitting.ok_or_else(|| SqlError::invalid_argument("Radix must be between 2 and 36"))
}

fn from_base(call: &Call) -> Result<ArrayRef, SqlError> {
    let (texts, bases) = (call.strings(0)?, call.bigints(1)?);
    call.to_bigints(|row| {
        let (text, base) = (texts.at(row), radix(bases.at(row))?);
        let refused = |_| SqlError::invalid_argument(format!("Not a valid base-{base} number: {text}"));
        i64::from_str_radix(text, base).map(Some).map_err(refused)
    })
}

fn to_base(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, bases) = (call.bigints(0)?, call.bigints(1)?);
    call.to_strings(|row| Ok(Some(in_base(values.at(row), radix(bases.at(row))?))))
}

fn in_base(value: i64, base: u32) -> String {
    let mut digits = Vec::new();
    let mut rest = value.unsigned_abs();
    loop {
        let digit = u32::try_from(rest % u64::from(base)).unwrap_or(0);
        digits.extend(char::from_digit(digit, base));
        rest /= u64::from(base);
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

fn width_bucket(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, first, second, counts) = (call.doubles(0)?, call.doubles(1)?, call.doubles(2)?, call.bigints(3)?);
    call.to_bigints(|row| bucket(values.at(row), first.at(row), second.at(row), counts.at(row)).map(Some))
}

fn bucket(value: f64, first: f64, second: f64, count: i64) -> Result<i64, SqlError> {
    let refused = |message: &str| Err(SqlError::invalid_argument(message));
    if count <= 0 {
        return refused("bucketCount must be greater than 0");
    }
    if value.is_nan() {
        return refused("operand must not be NaN");
    }
    if !first.is_finite() {
        return refused("first bound must be finite");
    }
    if !second.is_finite() {
        return refused("second bound must be finite");
    }
    if first == second {
        return refused("bounds cannot equal each other");
    }
    let (lower, upper) = (first.min(second), first.max(second));
    let bucket = if value < lower {
        0
    } else if value >= upper {
        let beyond = || SqlError::out_of_range(format!("Bucket for value {value} is out of range"));
        count.checked_add(1).ok_or_else(beyond)?
    } else {
        (count as f64 * (value - lower) / (upper - lower) + 1.0) as i64
    };
    Ok(if first > second { count - bucket + 1 } else { bucket })
}

fn width_bucket_of_bins(call: &Call) -> Result<ArrayRef, SqlError> {
    let (values, bins) = (call.doubles(0)?, call.lists(1)?);
    call.to_bigints(|row| {
        let bins = bins.at(row);
        bin(values.at(row), bins.as_primitive::<Float64Type>().values()).map(Some)
    })
}

fn bin(value: f64, bins: &[f64]) -> Result<i64, SqlError> {
    if bins.is_empty() {
        return Err(SqlError::invalid_argument("Bins cannot be an empty array"));
    }
    if value.is_nan() {
        return Err(SqlError::invalid_argument("Operand cannot be NaN"));
    }
    let (mut lower, mut upper) = (0, bins.len());
    while lower < upper {
        if bins[lower] > bins[upper - 1] {
            return Err(SqlError::invalid_argument("Bin values are not sorted in ascending order"));
        }
        let middle = usize::midpoint(lower, upper);
        if !bins[middle].is_finite() {
            return Err(SqlError::invalid_argument(format!("Bin value must be finite, got {}", bins[middle])));
        }
        if value < bins[middle] {
            upper = middle;
        } else {
            lower = middle + 1;
        }
    }
    Ok(i64::try_from(lower).unwrap_or(i64::MAX))
}

/// The cosine of the angle between two sparse vectors; null when either has a null or no length.
fn cosine_similarity(call: &Call) -> Result<ArrayRef, SqlError> {
    let (left, right) = (call.maps(0)?, call.maps(1)?);
    call.to_doubles(|row| {
        let (left, right) = (left.at(row), right.at(row));
        let (names, values) = (left.column(0).as_string_view(), left.column(1).as_primitive::<Float64Type>());
        let (others, weights) = (right.column(0).as_string_view(), right.column(1).as_primitive::<Float64Type>());
        if values.null_count() + weights.null_count() > 0 {
            return Ok(None);
        }
        let by_name: std::collections::HashMap<&str, f64> =
            others.iter().flatten().zip(weights.values().iter().copied()).collect();
        let products =
            names.iter().flatten().zip(values.values()).map(|(name, value)| value * by_name.get(name).unwrap_or(&0.0));
        let length = |values: &Float64Array| values.values().iter().map(|value| value * value).sum::<f64>().sqrt();
        Ok(Some(products.sum::<f64>() / (length(values) * length(weights))))
    })
}

fn random(call: &Call) -> Result<ArrayRef, SqlError> {
    let mut chance = rand::rng();
    call.to_doubles(|_| Ok(Some(chance.random::<f64>())))
}

fn distributed(call: &Call, compute: fn(f64, f64, f64) -> Result<f64, SqlError>) -> Result<ArrayRef, SqlError> {
    let (first, second, third) = (call.doubles(0)?, call.doubles(1)?, call.doubles(2)?);
    call.to_doubles(|row| compute(first.at(row), second.at(row), third.at(row)).map(Some))
}

fn student(call: &Call, compute: fn(f64, f64) -> Result<f64, SqlError>) -> Result<ArrayRef, SqlError> {
    let (values, freedom) = (call.doubles(0)?, call.doubles(1)?);
    call.to_doubles(|row| compute(values.at(row), freedom.at(row)).map(Some))
}

fn wilson(call: &Call, bound: f64) -> Result<ArrayRef, SqlError> {
    let (successes, trials, z) = (call.bigints(0)?, call.bigints(1)?, call.doubles(2)?);
    call.to_doubles(|row| statistics::wilson(successes.at(row), trials.at(row), z.at(row), bound).map(Some))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn rounding_goes_away_from_zero_at_the_half() {
        assert_eq!(round(2.5, 0), 3.0);
        assert_eq!(round(-2.5, 0), -3.0);
        assert_eq!(round(2.7215, 2), 2.72);
        assert_eq!(round(1234.5, -2), 1200.0);
        assert_eq!(round(1e300, 0), 1e300);
        assert!(round(f64::NAN, 0).is_nan());
        assert_eq!(sign(0.0), 0.0);
    }

    #[test]
    fn numbers_have_digits_of_every_base() {
        assert_eq!(in_base(2048, 2), "100000000000");
        assert_eq!(in_base(-255, 16), "-ff");
        assert_eq!(in_base(0, 7), "0");
        assert_eq!(in_base(i64::MIN, 36), "-1y2p0ij32e8e8");
    }

    #[test]
    fn values_fall_into_buckets() {
        assert_eq!(bucket(3.25, 0.0, 4.0, 3).unwrap(), 3);
        assert_eq!(bucket(2.0, 0.0, 4.0, 3).unwrap(), 2);
        assert_eq!(bucket(f64::INFINITY, 0.0, 4.0, 3).unwrap(), 4);
        assert_eq!(bucket(-1.0, 0.0, 3.2, 4).unwrap(), 0);
        assert_eq!(bucket(3.25, 4.0, 0.0, 3).unwrap(), 1);
        assert!(bucket(3.25, 0.0, 4.0, 0).is_err());
        assert_eq!(bin(3.25, &[0.0, 2.0, 4.0]).unwrap(), 2);
        assert_eq!(bin(99.0, &[0.0, 2.0, 4.0]).unwrap(), 3);
        assert!(bin(1.0, &[4.0, 3.0]).is_err());
    }
}
