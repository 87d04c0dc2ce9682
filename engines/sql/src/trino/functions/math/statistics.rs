//! Distributions: normal, beta, Student's, and Wilson's interval.

use statrs::function::beta::{beta_reg, inv_beta_reg, ln_beta};
use statrs::function::erf::{erf, erf_inv};

use crate::error::SqlError;

fn require(holds: bool, message: &str) -> Result<(), SqlError> {
    if holds { Ok(()) } else { Err(SqlError::invalid_argument(message)) }
}

pub fn inverse_normal_cdf(mean: f64, deviation: f64, p: f64) -> Result<f64, SqlError> {
    require(p > 0.0 && p < 1.0, "p must be 0 > p > 1")?;
    require(deviation > 0.0, "sd must be > 0")?;
    Ok(mean + deviation * std::f64::consts::SQRT_2 * erf_inv(2.0 * p - 1.0))
}

pub fn normal_cdf(mean: f64, deviation: f64, value: f64) -> Result<f64, SqlError> {
    require(deviation > 0.0, "standardDeviation must be > 0")?;
    Ok(0.5 * (1.0 + erf((value - mean) / (deviation * std::f64::consts::SQRT_2))))
}

pub fn inverse_beta_cdf(a: f64, b: f64, p: f64) -> Result<f64, SqlError> {
    require((0.0..=1.0).contains(&p), "p must be 0 >= p >= 1")?;
    require(a > 0.0 && b > 0.0, "a, b must be > 0")?;
    Ok(inv_beta_reg(a, b, p))
}

pub fn beta_cdf(a: f64, b: f64, value: f64) -> Result<f64, SqlError> {
    require((0.0..=1.0).contains(&value), "value must be 0 >= v >= 1")?;
    require(a > 0.0 && b > 0.0, "a, b must be > 0")?;
    Ok(beta_reg(a, b, value))
}

pub fn t_cdf(value: f64, freedom: f64) -> Result<f64, SqlError> {
    require(freedom > 0.0, "df must be greater than 0")?;
    let tail = 0.5 * beta_reg(freedom / 2.0, 0.5, freedom / (freedom + value * value));
    Ok(if value > 0.0 { 1.0 - tail } else { tail })
}

pub fn t_pdf(value: f64, freedom: f64) -> Result<f64, SqlError> {
    require(freedom > 0.0, "df must be greater than 0")?;
    let log = -0.5 * freedom.ln() - ln_beta(freedom / 2.0, 0.5);
    Ok((log - (freedom + 1.0) / 2.0 * (value * value / freedom).ln_1p()).exp())
}

/// `bound` is -1 for the lower end and 1 for the upper.
pub fn wilson(successes: i64, trials: i64, z: f64, bound: f64) -> Result<f64, SqlError> {
    require(successes >= 0, "number of successes must not be negative")?;
    require(trials > 0, "number of trials must be positive")?;
    require(successes <= trials, "number of successes must not be larger than number of trials")?;
    require(z >= 0.0, "z-score must not be negative")?;
    let n = trials as f64;
    let p = successes as f64 / n;
    let spread = bound * z * ((p * (1.0 - p)) / n + (z * z) / (4.0 * n * n)).sqrt();
    Ok((p + (z * z) / (2.0 * n) + spread) / (1.0 + (z * z) / n))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-9, "{left} is not {right}");
    }

    #[test]
    fn distributions_have_their_known_values() {
        close(inverse_normal_cdf(0.0, 1.0, 0.3).unwrap(), -0.524_400_512_708_040_9);
        close(inverse_normal_cdf(10.0, 9.0, 0.9).unwrap(), 21.533_964_089_901_394);
        close(normal_cdf(0.0, 1.0, 1.96).unwrap(), 0.975_002_104_851_779_6);
        close(normal_cdf(10.0, 9.0, 10.0).unwrap(), 0.5);
        close(inverse_beta_cdf(3.0, 3.6, 0.3).unwrap(), 0.346_967_548_544_061_6);
        close(inverse_beta_cdf(3.0, 3.6, 1.0).unwrap(), 1.0);
        close(beta_cdf(3.0, 3.6, 0.3).unwrap(), 0.217_648_099_976_7);
        close(beta_cdf(3.0, 3.6, 0.9).unwrap(), 0.997_250_288_162_8);
        close(t_cdf(1.0, 10.0).unwrap(), 0.829_553_433_848_97);
        close(t_pdf(0.0, 10.0).unwrap(), 0.389_108_383_966_031_15);
        close(wilson(1250, 1310, 1.96, -1.0).unwrap(), 0.941_488_372_539_589_4);
        close(wilson(1250, 1310, 1.96, 1.0).unwrap(), 0.964_252_471_714_390_8);
        assert_eq!(normal_cdf(0.0, 0.0, 1.0).unwrap_err().message, "standardDeviation must be > 0");
    }
}
