//! Compiled patterns: literal text, the wildcards `*` and `?`, and policy variables.
//!
//! Matching is greedy with one step back per wildcard, so its cost is bounded by the product of the lengths; a hostile
//! `*a*a*a…` cannot make it exponential. The value of a variable is always compared literally: a tag holding `*` must
//! not become a wildcard.

use std::borrow::Cow;

use crate::context::Lookup;
use crate::malformed::Malformed;

/// How a pattern's text is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    pub wildcards: bool,
    /// Only documents of version 2012-10-17 have policy variables.
    pub variables: bool,
    /// In an ARN a wildcard stays within its segment, unless it is a `*` that ends the segment.
    pub segments: bool,
    pub ignore_case: bool,
}

#[derive(Debug)]
enum Part {
    Literal(Box<str>),
    Variable(Variable),
    Any,
    AnyInSegment,
    One,
    OneInSegment,
}

#[derive(Debug)]
struct Variable {
    key: Box<str>,
    default: Option<Box<str>>,
}

#[derive(Debug)]
pub(crate) struct Pattern {
    parts: Box<[Part]>,
    has_variables: bool,
    ignore_case: bool,
}

/// The sixth segment of an ARN is the resource itself, whose colons belong to it.
const RESOURCE_SEGMENT: usize = 5;

impl Pattern {
    pub fn compile(text: &str, syntax: Syntax) -> Result<Pattern, Malformed> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut segment = 0;
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let tail = &rest[next.len_utf8()..];
            let bound = syntax.segments && segment < RESOURCE_SEGMENT;
            let part = match next {
                '$' if syntax.variables && tail.starts_with('{') => {
                    let (body, after) = tail[1..].split_once('}').ok_or(Malformed::Legacy)?;
                    rest = after;
                    match body {
                        "*" | "?" | "$" => {
                            literal.push_str(body);
                            continue;
                        }
                        _ => {
                            flush(&mut literal, &mut parts);
                            parts.push(Part::Variable(variable(body)?));
                            continue;
                        }
                    }
                }
                '*' if syntax.wildcards => {
                    let ends_segment = tail.is_empty() || tail.starts_with(':');
                    if bound && !ends_segment { Part::AnyInSegment } else { Part::Any }
                }
                '?' if syntax.wildcards => {
                    if bound {
                        Part::OneInSegment
                    } else {
                        Part::One
                    }
                }
                _ => {
                    if next == ':' {
                        segment += 1;
                    }
                    literal.push(next);
                    rest = tail;
                    continue;
                }
            };
            rest = tail;
            flush(&mut literal, &mut parts);
            let repeats = matches!((&part, parts.last()), (Part::Any, Some(Part::Any)));
            if !repeats {
                parts.push(part);
            }
        }
        flush(&mut literal, &mut parts);
        let has_variables = parts.iter().any(|part| matches!(part, Part::Variable(_)));
        Ok(Pattern { parts: parts.into(), has_variables, ignore_case: syntax.ignore_case })
    }

    /// Whether the text fits; `None` when a variable has neither a value nor a default.
    pub fn fits<'p>(&'p self, text: &str, lookup: &mut Lookup<'_, 'p>) -> Option<bool> {
        let mut values = Vec::new();
        if self.has_variables {
            for part in &self.parts {
                values.push(match part {
                    Part::Variable(variable) => match lookup.variable(&variable.key) {
                        Some(value) => value,
                        None => Cow::Borrowed(variable.default.as_deref()?),
                    },
                    _ => Cow::Borrowed(""),
                });
            }
        }
        Some(self.glob(text, &values))
    }

    /// The condition keys that the pattern's variables name.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(&*variable.key),
            _ => None,
        })
    }

    /// Two wildcards can be stepped back to: the last one within a segment, and the last one that crosses segments. An
    /// earlier one never helps, because the shortest match before it leaves the most room after it.
    fn glob(&self, text: &str, values: &[Cow<str>]) -> bool {
        let bytes = text.as_bytes();
        let (mut part, mut at) = (0, 0);
        let mut wide: Option<(usize, usize)> = None;
        let mut narrow: Option<(usize, usize)> = None;
        loop {
            let advanced = match self.parts.get(part) {
                None if at == bytes.len() => return true,
                None => None,
                Some(Part::Any) => {
                    if part + 1 == self.parts.len() {
                        return true;
                    }
                    wide = Some((part + 1, at));
                    narrow = None;
                    Some(at)
                }
                Some(Part::AnyInSegment) => {
                    narrow = Some((part + 1, at));
                    Some(at)
                }
                Some(Part::One) => bytes.get(at).map(|byte| at + width(*byte)),
                Some(Part::OneInSegment) => bytes.get(at).filter(|byte| **byte != b':').map(|byte| at + width(*byte)),
                Some(Part::Literal(literal)) => self.skip(bytes, at, literal),
                Some(Part::Variable(_)) => self.skip(bytes, at, &values[part]),
            };
            if let Some(next) = advanced {
                (part, at) = (part + 1, next);
            } else if let Some((resume, from)) = narrow
                && let Some(byte) = bytes.get(from).filter(|byte| **byte != b':')
            {
                (part, at) = (resume, from + width(*byte));
                narrow = Some((part, at));
            } else if let Some((resume, from)) = wide
                && let Some(byte) = bytes.get(from)
            {
                (part, at) = (resume, from + width(*byte));
                wide = Some((part, at));
                narrow = None;
            } else {
                return false;
            }
        }
    }

    fn skip(&self, bytes: &[u8], at: usize, literal: &str) -> Option<usize> {
        let end = at + literal.len();
        let candidate = bytes.get(at..end)?;
        let equal = if self.ignore_case {
            candidate.eq_ignore_ascii_case(literal.as_bytes())
        } else {
            candidate == literal.as_bytes()
        };
        equal.then_some(end)
    }
}

/// How many bytes the character takes that begins with this byte of UTF-8.
fn width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into()));
    }
}

/// Reads the inside of `${key}` or `${key, 'default'}`.
fn variable(body: &str) -> Result<Variable, Malformed> {
    let (key, default) = match body.split_once(',') {
        None => (body, None),
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            (key, Some(quoted.ok_or(Malformed::Legacy)?))
        }
    };
    let key = key.trim();
    if key.is_empty() {
        return Err(Malformed::Legacy);
    }
    Ok(Variable { key: key.into(), default: default.map(Into::into) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::Context;

    const PLAIN: Syntax = Syntax { wildcards: true, variables: false, segments: false, ignore_case: false };
    const ARN: Syntax = Syntax { wildcards: true, variables: true, segments: true, ignore_case: false };

    fn fits(pattern: &str, text: &str, syntax: Syntax) -> bool {
        let context = Context::new().with("aws:username", "ann*").with("aws:PrincipalTag/team", "a:b");
        Pattern::compile(pattern, syntax).unwrap().fits(text, &mut Lookup::new(&context)).unwrap_or(false)
    }

    #[test]
    fn wildcards_stand_for_any_text_and_one_character() {
        let table = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*abc", "ababc", true),
            ("a?c", "aßc", true),
            ("a?c", "ac", false),
            ("*?*?", "ü", false),
            ("?*?", "üü", true),
            ("**a**", "xax", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(fits(pattern, text, PLAIN), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_wildcard_crosses_a_colon_only_at_the_end_of_its_segment_or_in_the_resource() {
        let table = [
            ("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:sqs:eu-*-1:1:q", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:sqs:e*t:1:q", "arn:aws:sqs:eu:2:eat:1:q", false),
            ("arn:aws:sqs:e*:1:q", "arn:aws:sqs:eu:2:1:q", true),
            ("arn:aws:sqs:eu?west:1:q", "arn:aws:sqs:eu:west:1:q", false),
            ("arn:aws:logs:*", "arn:aws:logs:eu:1:log-group:a:*", true),
            ("arn:aws:s3:::bucket/*.txt", "arn:aws:s3:::bucket/a:b.txt", true),
            ("arn:a*s:*:x*z:1:q", "arn:aws:sqs:y:xaz:1:q", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(fits(pattern, text, ARN), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn variables_are_replaced_and_their_values_are_literal() {
        let table = [
            ("home/${aws:username}/*", "home/ann*/x", true),
            ("home/${AWS:UserName}", "home/ann*", true),
            ("home/${aws:username}", "home/anna", false),
            ("${aws:nobody, 'all'}/x", "all/x", true),
            ("${aws:nobody}/x", "/x", false),
            ("a${*}b${?}${$}", "a*b?$", true),
            ("a${*}", "ab", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(fits(pattern, text, ARN), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn variables_without_a_name_or_an_end_are_refused() {
        for pattern in ["${", "${}", "${a", "${a, b}", "${, 'x'}"] {
            assert!(Pattern::compile(pattern, ARN).is_err(), "{pattern}");
            assert!(fits(pattern, pattern, PLAIN), "{pattern} is plain text in version 2008-10-17");
        }
    }

    #[test]
    fn hostile_patterns_cost_no_more_than_the_product_of_the_lengths() {
        let text = "a".repeat(4096);
        assert!(!fits(&format!("{}b", "*a".repeat(2048)), &text, PLAIN));
        assert!(!fits(&format!("{}b", "*a?".repeat(1000)), &text, PLAIN));
        assert!(!fits(&format!("*{}b", "a*a".repeat(300)), &"a".repeat(1024), ARN));
        assert!(!fits(&format!("arn:*:{}b", "*a".repeat(300)), &format!("arn:{}", ":a".repeat(1024)), ARN));
    }

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            Some(('?', rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((first, rest)) => text.first() == Some(first) && naive(rest, &text[1..]),
        }
    }

    /// The reference for ARNs: which wildcards may cross a colon is decided per character of the pattern.
    fn naive_arn(pattern: &[char], at: usize, text: &[char]) -> bool {
        let Some(next) = pattern.get(at) else {
            return text.is_empty();
        };
        let bound = pattern[..at].iter().filter(|c| **c == ':').count() < RESOURCE_SEGMENT;
        match next {
            '*' => {
                let ends = matches!(pattern.get(at + 1), None | Some(':'));
                (0..=text.len())
                    .take_while(|skip| !bound || ends || !text[..*skip].contains(&':'))
                    .any(|skip| naive_arn(pattern, at + 1, &text[skip..]))
            }
            '?' => text.first().is_some_and(|c| !bound || *c != ':') && naive_arn(pattern, at + 1, &text[1..]),
            c => text.first() == Some(c) && naive_arn(pattern, at + 1, &text[1..]),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn matching_equals_a_naive_reference(pattern in "[ab*?ü]{0,8}", text in "[abü]{0,10}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits(&pattern, &text, PLAIN), naive(&p, &t));
        }

        #[test]
        fn matching_arns_equals_a_naive_reference(pattern in "[ab*?:]{0,10}", text in "[ab:]{0,12}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(fits(&pattern, &text, ARN), naive_arn(&p, 0, &t));
        }
    }
}
