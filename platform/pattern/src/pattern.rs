//! One pattern.

use serde_json::Value;

use crate::conjunction::Conjunction;
use crate::fields::Fields;
use crate::parse;
use crate::paths::Paths;

/// A text that is no pattern, in the words of AWS's parser: the reason, then where it stands in the text.
///
/// Each service puts its own words before it: EventBridge `Event pattern is not valid. Reason: `, SNS
/// `Invalid parameter: FilterPolicy: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidPattern {
    /// `Empty arrays are not allowed\n at [Source: (String)"{"source":[]}"; line: 1, column: 13]`.
    pub message: String,
}

/// What an event must be like.
#[derive(Clone, Debug)]
pub struct Pattern {
    paths: Paths,
    /// One of them must match.
    alternatives: Vec<Conjunction>,
}

impl Pattern {
    /// Reads a pattern: the text of a JSON object.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let mut paths = Paths::default();
        let alternatives = parse::parse(text, &mut paths)?;
        Ok(Self { paths, alternatives })
    }

    /// Reads a pattern that is JSON already. What stands where in it is said of its shortest text.
    pub fn parse_value(value: &Value) -> Result<Self, InvalidPattern> {
        Self::parse(&value.to_string())
    }

    /// Whether an event is what the pattern asks for.
    pub fn matches(&self, event: &Value) -> bool {
        let fields = Fields::of(event, &self.paths);
        self.alternatives.iter().any(|alternative| alternative.matches(&fields))
    }

    /// The fields that the pattern speaks of: `detail.state`.
    pub fn field_names(&self) -> Vec<String> {
        self.paths.names()
    }

    /// How many combinations of conditions the pattern stands for: more than one only with `$or`.
    pub fn combinations(&self) -> usize {
        self.alternatives.len()
    }

    pub(crate) fn into_alternatives(self, paths: &mut Paths) -> Vec<Conjunction> {
        let ids: Vec<_> = self.paths.names().iter().map(|name| paths.intern(name)).collect();
        self.alternatives.into_iter().map(|alternative| alternative.renamed(&ids)).collect()
    }
}
