//! What a field is compared with: text with asterisks, a number, or a regular expression.

use regex::{Regex, RegexBuilder};

use super::BadPattern;
use super::scanner::{Scanner, unescape};

/// Memory that a regular expression may take once compiled.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// The next operator, if there is one.
    pub fn take(scanner: &mut Scanner<'_>) -> Option<Self> {
        // The longer ones first.
        const ALL: [(&str, Operator); 6] = [
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("=", Operator::Equal),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        ALL.into_iter().find(|(token, _)| scanner.take(token)).map(|(_, operator)| operator)
    }

    fn holds(self, one: f64, other: f64) -> bool {
        match self {
            Self::Equal => one == other,
            Self::NotEqual => one != other,
            Self::Less => one < other,
            Self::LessOrEqual => one <= other,
            Self::Greater => one > other,
            Self::GreaterOrEqual => one >= other,
        }
    }

    fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// The right side of a comparison.
#[derive(Debug)]
pub enum Operand {
    Text(Wildcard),
    Number { value: f64, text: Wildcard },
    Regex(Regex),
}

impl Operand {
    /// The next operand: `"quoted"`, `%regex%`, or a bare word that ends where `ends` says.
    pub fn take(scanner: &mut Scanner<'_>, ends: impl Fn(&str) -> bool) -> Result<Self, BadPattern> {
        scanner.skip_space();
        match scanner.rest().chars().next() {
            None => Err(BadPattern::Syntax),
            Some('"') => Ok(Self::Text(Wildcard::new(&unescape(scanner.quoted('"')?)))),
            Some('%') => Ok(Self::Regex(regex(scanner.quoted('%')?)?)),
            Some(_) => {
                let start = scanner.rest();
                let end = start.char_indices().map(|(place, _)| place).find(|place| ends(&start[*place..]));
                let word = start[..end.unwrap_or(start.len())].trim_end();
                if word.is_empty() || word.contains(['"', '\'', '%']) {
                    return Err(BadPattern::Syntax);
                }
                scanner.take(word);
                let text = Wildcard::new(word);
                Ok(match word.parse::<f64>() {
                    Ok(value) if value.is_finite() => Self::Number { value, text },
                    _ => Self::Text(text),
                })
            }
        }
    }

    /// Whether the operator can stand before this operand.
    pub fn fits(&self, operator: Operator) -> bool {
        !operator.orders() || matches!(self, Self::Number { .. })
    }

    pub fn is_regex(&self) -> bool {
        matches!(self, Self::Regex(_))
    }

    /// Compares a text with the operand.
    pub fn compare_text(&self, operator: Operator, actual: &str) -> bool {
        match (self, operator) {
            (Self::Number { value, .. }, operator) if operator.orders() => {
                actual.parse().is_ok_and(|actual| operator.holds(actual, *value))
            }
            (_, Operator::Equal) => self.equals(actual),
            (_, Operator::NotEqual) => !self.equals(actual),
            _ => false,
        }
    }

    /// Compares a number, which is written as `text`, with the operand.
    pub fn compare_number(&self, operator: Operator, actual: f64, text: &str) -> bool {
        match self {
            Self::Number { value, .. } => operator.holds(actual, *value),
            _ => self.compare_text(operator, text),
        }
    }

    fn equals(&self, actual: &str) -> bool {
        match self {
            Self::Text(text) => text.matches(actual),
            Self::Number { value, text } => text.matches(actual) || actual.parse() == Ok(*value),
            Self::Regex(regex) => regex.is_match(actual),
        }
    }
}

/// A text in which `*` stands for anything.
#[derive(Debug)]
pub struct Wildcard {
    /// What stands between the asterisks: the first and the last are at the ends of the text.
    pieces: Vec<String>,
}

impl Wildcard {
    pub fn new(text: &str) -> Self {
        Self { pieces: text.split('*').map(str::to_owned).collect() }
    }

    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &*self.pieces else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            let Some(place) = rest.find(piece.as_str()) else { return false };
            rest = &rest[place + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

/// A regular expression as AWS allows it: no parentheses, a short list of symbols, one-byte characters.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/regex-expressions.html>
pub fn regex(text: &str) -> Result<Regex, BadPattern> {
    let allowed = |next: char| next.is_ascii_alphanumeric() || ":_#=@/;,-^$?[]{}|\\*+.".contains(next);
    if text.is_empty() || !text.chars().all(allowed) {
        return Err(BadPattern::Regex(text.to_owned()));
    }
    RegexBuilder::new(text).size_limit(REGEX_BYTES_MAX).build().map_err(|_| BadPattern::Regex(text.to_owned()))
}
