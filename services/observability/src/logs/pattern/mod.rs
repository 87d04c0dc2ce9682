//! The filter-pattern language: which log events match, and the values that they hold.
//!
//! ```text
//!   terms    ERROR "exact phrase" ?either ?or -not %regex%
//!   fields   [ip, user, ..., status = 4*, size > 1000]
//!   json     { $.level = "ERROR" && ($.latency >= 300 || $.user NOT EXISTS) }
//! ```
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod expression;
mod fields;
mod json;
mod operand;
mod scanner;
mod selector;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use self::fields::{FieldCaptures, Fields};
use self::json::Json;
use self::terms::Terms;

/// Regular expressions in one pattern.
const REGEX_MAX: usize = 2;

/// A pattern that does not parse, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("Invalid filter pattern")]
    Syntax,
    #[error("If a filter pattern starts with '{{' it must end with '}}'")]
    OpenBrace,
    #[error("If a filter pattern starts with '[' it must end with ']'")]
    OpenBracket,
    #[error("Invalid character(s) in term '{0}'")]
    Term(String),
    #[error("Invalid regular expression in filter pattern: {0}")]
    Regex(String),
    #[error("The filter pattern can contain at most {REGEX_MAX} regular expressions")]
    TooManyRegex,
}

/// A parsed pattern.
#[derive(Debug)]
pub enum Pattern {
    /// Every event.
    All,
    /// Words and phrases anywhere in the message.
    Terms(Terms),
    /// Fields with spaces between them.
    Fields(Fields),
    /// JSON.
    Json(Json),
}

/// What an event that matched holds.
pub enum Captures<'p, 'm> {
    /// Nothing that has a name.
    None,
    /// By name, or position.
    Fields(FieldCaptures<'p, 'm>),
    /// By path.
    Json(&'p Json, serde_json::Value),
}

impl Pattern {
    /// Any text at all is either a pattern or refused.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim();
        let pattern = match text.as_bytes().first() {
            None => Self::All,
            Some(b'{') if !text.ends_with('}') => return Err(BadPattern::OpenBrace),
            Some(b'{') => Self::Json(Json::parse(&text[1..text.len() - 1])?),
            Some(b'[') if !text.ends_with(']') => return Err(BadPattern::OpenBracket),
            Some(b'[') => Self::Fields(Fields::parse(&text[1..text.len() - 1])?),
            Some(_) => Self::Terms(Terms::parse(text)?),
        };
        if pattern.regex_count() > REGEX_MAX { Err(BadPattern::TooManyRegex) } else { Ok(pattern) }
    }

    /// Whether a message matches.
    pub fn matches(&self, message: &str) -> bool {
        match self {
            Self::All => true,
            Self::Terms(terms) => terms.matches(message),
            Self::Fields(fields) => fields.captures(message).is_some(),
            Self::Json(json) => json.captures(message).is_some(),
        }
    }

    /// What a message that matches holds.
    pub fn captures<'p, 'm>(&'p self, message: &'m str) -> Option<Captures<'p, 'm>> {
        match self {
            Self::All => Some(Captures::None),
            Self::Terms(terms) => terms.matches(message).then_some(Captures::None),
            Self::Fields(fields) => fields.captures(message).map(Captures::Fields),
            Self::Json(json) => json.captures(message).map(|value| Captures::Json(json, value)),
        }
    }

    /// Texts that every matching message has, byte for byte.
    pub fn needles(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Terms(terms) => terms.needles(),
            _ => Vec::new(),
        }
    }

    /// Regular expressions in the pattern.
    pub fn regex_count(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Terms(terms) => terms.regex_count(),
            Self::Fields(fields) => fields.regex_count(),
            Self::Json(json) => json.regex_count(),
        }
    }

    /// Whether matches hold values that a metric's value and dimensions can be taken from.
    pub fn has_values(&self) -> bool {
        matches!(self, Self::Fields(_) | Self::Json(_))
    }

    /// Whether `selector` (`$.latency`, `$size`) is one that matches of this pattern can answer.
    pub fn can_select(&self, selector: &str) -> bool {
        match self {
            Self::Json(_) => selector::Selector::parse(selector).is_some(),
            Self::Fields(fields) => fields.has(selector),
            Self::All | Self::Terms(_) => false,
        }
    }
}

impl Captures<'_, '_> {
    /// The value that a selector finds, as text.
    pub fn get(&self, selector: &str) -> Option<String> {
        match self {
            Self::None => None,
            Self::Fields(fields) => fields.get(selector).map(str::to_owned),
            Self::Json(_, value) => selector::Selector::parse(selector)?.first(value).map(selector::text),
        }
    }

    /// The values of everything that the pattern names.
    pub fn extracted(&self) -> BTreeMap<String, String> {
        match self {
            Self::None => BTreeMap::new(),
            Self::Fields(fields) => fields.all(),
            Self::Json(json, value) => json
                .selectors()
                .into_iter()
                .filter_map(|selector| Some((selector.text().to_owned(), selector::text(selector.first(value)?))))
                .collect(),
        }
    }
}
