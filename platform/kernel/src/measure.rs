//! What a service measures of itself: the values behind the `AWS/…` metrics.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One value of one metric of ours. It travels on the ledger line of the call that it was measured in, and CloudWatch
/// reads it there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// `AWS/Lambda`.
    pub namespace: Cow<'static, str>,
    /// `Duration`.
    pub name: Cow<'static, str>,
    /// Pairs of name and value, in AWS's order: `FunctionName`, `echo`.
    pub dimensions: Vec<(Cow<'static, str>, String)>,
    /// In `unit`.
    pub value: f64,
    /// CloudWatch's name: `Milliseconds`, `Count`, `Bytes`, `None`.
    pub unit: Cow<'static, str>,
}

impl Measure {
    /// A value without dimensions.
    pub fn new(namespace: &'static str, name: &'static str, value: f64, unit: &'static str) -> Self {
        let [namespace, name, unit] = [namespace, name, unit].map(Cow::Borrowed);
        Self { namespace, name, dimensions: Vec::new(), value, unit }
    }

    /// One that is counted.
    pub fn count(namespace: &'static str, name: &'static str, value: f64) -> Self {
        Self::new(namespace, name, value, "Count")
    }

    /// With a dimension.
    pub fn of(mut self, dimension: &'static str, value: impl Into<String>) -> Self {
        self.dimensions.push((Cow::Borrowed(dimension), value.into()));
        self
    }
}
