//! The segments of an ARN, and the patterns of `ArnLike`, which compare segment by segment.

use crate::context::Lookup;
use crate::malformed::Malformed;
use crate::pattern::{Pattern, Syntax};

/// An ARN has six segments; the colons of the last belong to it.
const SEGMENTS: usize = 6;

/// Splits a pattern at the colons between its segments, not at those inside a policy variable.
pub(crate) fn segments(pattern: &str) -> Vec<&str> {
    let mut segments = Vec::with_capacity(SEGMENTS);
    let (mut start, mut in_variable) = (0, false);
    for (at, character) in pattern.char_indices() {
        match character {
            '{' if pattern[..at].ends_with('$') => in_variable = true,
            '}' => in_variable = false,
            ':' if !in_variable && segments.len() + 1 < SEGMENTS => {
                segments.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&pattern[start..]);
    segments
}

/// One value of an `ArnEquals` or `ArnLike` condition, which are the same. A pattern with fewer segments than an ARN
/// compares its last one with all that remains: `${aws:PrincipalArn}` and `*` are such patterns.
#[derive(Debug)]
pub(crate) struct ArnPattern(Box<[Pattern]>);

impl ArnPattern {
    pub fn compile(text: &str, variables: bool) -> Result<ArnPattern, Malformed> {
        let syntax = Syntax { wildcards: true, variables, segments: false, ignore_case: false };
        segments(text)
            .into_iter()
            .map(|segment| Pattern::compile(segment, syntax))
            .collect::<Result<_, _>>()
            .map(ArnPattern)
    }

    pub fn fits<'p>(&'p self, arn: &str, lookup: &mut Lookup<'_, 'p>) -> bool {
        let mut actual = arn.splitn(self.0.len(), ':');
        self.0.iter().all(|pattern| actual.next().is_some_and(|segment| pattern.fits(segment, lookup).unwrap_or(false)))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Pattern::keys)
    }
}
