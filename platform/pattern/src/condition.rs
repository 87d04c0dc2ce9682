//! What one value must be.

use crate::network::Network;
use crate::value::{Literal, Scalar};
use crate::wildcard::Wildcard;

/// One matcher of a pattern's array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// Equal: texts character by character, numbers by value.
    Is(Literal),
    /// Texts that begin so.
    Prefix(Box<str>),
    /// The same in lower case.
    PrefixIgnoreCase(Box<str>),
    /// Texts that end so.
    Suffix(Box<str>),
    /// The same in lower case.
    SuffixIgnoreCase(Box<str>),
    /// Texts that are so in lower case.
    IgnoreCase(Box<str>),
    /// Texts with stars.
    Wildcard(Wildcard),
    /// Numbers in a range.
    Within(Range),
    /// Addresses in a block.
    Network(Network),
    /// Any value.
    Exists,
    /// No value at all.
    Absent,
    /// Any value that meets none of these.
    AnythingBut(Vec<Condition>),
}

/// Numbers between two bounds, each of which may be open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: Option<Bound>,
    pub(crate) high: Option<Bound>,
}

/// Where a range ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) included: bool,
}

impl Range {
    pub(crate) fn contains(&self, value: f64) -> bool {
        let above = self.low.is_none_or(|low| value > low.value || low.included && value == low.value);
        above && self.high.is_none_or(|high| value < high.value || high.included && value == high.value)
    }
}

impl Condition {
    /// Whether a value meets it.
    pub(crate) fn admits(&self, value: Scalar<'_>) -> bool {
        let text = |test: &dyn Fn(&str) -> bool| value.text().is_some_and(test);
        match self {
            Self::Is(literal) => value.is(literal),
            Self::Prefix(prefix) => text(&|text| text.starts_with(&**prefix)),
            Self::PrefixIgnoreCase(prefix) => text(&|text| text.to_lowercase().starts_with(&**prefix)),
            Self::Suffix(suffix) => text(&|text| text.ends_with(&**suffix)),
            Self::SuffixIgnoreCase(suffix) => text(&|text| text.to_lowercase().ends_with(&**suffix)),
            Self::IgnoreCase(wanted) => text(&|text| text.to_lowercase() == **wanted),
            Self::Wildcard(wildcard) => text(&|text| wildcard.matches(text)),
            Self::Within(range) => value.float().is_some_and(|float| range.contains(float)),
            Self::Network(network) => value.address().is_some_and(|address| network.contains(address)),
            Self::Exists => true,
            Self::Absent => false,
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|condition| condition.admits(value)),
        }
    }
}
