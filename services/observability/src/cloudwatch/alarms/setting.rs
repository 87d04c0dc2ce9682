//! How an alarm compares, and what it makes of datapoints that are missing or small.

use haar_platform::aws::cloudwatch::ComparisonOperator;
use serde::{Deserialize, Serialize};

/// What to make of periods without data.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// `missing`.
    #[default]
    Unknown,
    Ignore,
    Breaching,
    NotBreaching,
}

impl Missing {
    const ALL: [(&str, Self); 4] = [
        ("breaching", Self::Breaching),
        ("notBreaching", Self::NotBreaching),
        ("ignore", Self::Ignore),
        ("missing", Self::Unknown),
    ];

    /// As a request names it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, missing)| *missing)
    }

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, missing)| *missing == self).map_or("missing", |(name, _)| name)
    }
}

/// What to make of a percentile of few samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LowSamples {
    Evaluate,
    Ignore,
}

impl LowSamples {
    /// As a request names it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "evaluate" => Some(Self::Evaluate),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Ignore => "ignore",
        }
    }
}

/// How a datapoint is compared with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
    Outside,
    BelowBand,
    AboveBand,
}

impl Comparison {
    /// Whether it is about a band.
    pub fn needs_band(self) -> bool {
        matches!(self, Self::Outside | Self::BelowBand | Self::AboveBand)
    }

    /// Whether a value is wrong; `bounds` are the lower and the upper one, the same twice for a static threshold.
    pub fn is_breached(self, value: f64, (lower, upper): (f64, f64)) -> bool {
        match self {
            Self::GreaterOrEqual => value >= upper,
            Self::Greater | Self::AboveBand => value > upper,
            Self::Less | Self::BelowBand => value < lower,
            Self::LessOrEqual => value <= lower,
            Self::Outside => value < lower || value > upper,
        }
    }
}

impl From<ComparisonOperator> for Comparison {
    fn from(operator: ComparisonOperator) -> Self {
        match operator {
            ComparisonOperator::GreaterThanOrEqualToThreshold => Self::GreaterOrEqual,
            ComparisonOperator::GreaterThanThreshold => Self::Greater,
            ComparisonOperator::LessThanThreshold => Self::Less,
            ComparisonOperator::LessThanOrEqualToThreshold => Self::LessOrEqual,
            ComparisonOperator::LessThanLowerOrGreaterThanUpperThreshold => Self::Outside,
            ComparisonOperator::LessThanLowerThreshold => Self::BelowBand,
            ComparisonOperator::GreaterThanUpperThreshold => Self::AboveBand,
        }
    }
}

impl From<Comparison> for ComparisonOperator {
    fn from(comparison: Comparison) -> Self {
        match comparison {
            Comparison::GreaterOrEqual => Self::GreaterThanOrEqualToThreshold,
            Comparison::Greater => Self::GreaterThanThreshold,
            Comparison::Less => Self::LessThanThreshold,
            Comparison::LessOrEqual => Self::LessThanOrEqualToThreshold,
            Comparison::Outside => Self::LessThanLowerOrGreaterThanUpperThreshold,
            Comparison::BelowBand => Self::LessThanLowerThreshold,
            Comparison::AboveBand => Self::GreaterThanUpperThreshold,
        }
    }
}
