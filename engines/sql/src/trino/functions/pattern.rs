//! The parameters and results of signatures, and what their variables stand for in one call.

use std::collections::BTreeMap;
use std::fmt;

use crate::types::Type;

use super::signature::Argument;

/// One parameter, or the result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Pattern {
    Any,
    Exact(Type),
    Variable(String),
    Array(Box<Pattern>),
    Map(Box<Pattern>, Box<Pattern>),
    Row(Vec<Pattern>),
    /// Parameters and result of a lambda.
    Function(Vec<Pattern>, Box<Pattern>),
    /// A type whose numbers are variables, under the base type's name and the variables' spelling.
    Sized(Sized, String),
}

/// The types that have numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sized {
    Decimal,
    Varchar,
    Char,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
}

impl Pattern {
    pub(super) fn parse(spelling: &str) -> Pattern {
        let spelling = spelling.trim();
        if spelling == "any" {
            return Pattern::Any;
        }
        if is_variable(spelling) {
            return Pattern::Variable(spelling.to_owned());
        }
        let (base, inside, after) = match (spelling.find('('), spelling.rfind(')')) {
            (Some(open), Some(close)) => (&spelling[..open], &spelling[open + 1..close], spelling[close + 1..].trim()),
            _ => (spelling, "", ""),
        };
        let parts = split(inside);
        let lettered = parts.iter().all(|part| part.chars().all(|letter| letter.is_ascii_lowercase()));
        let zoned = after == "with time zone";
        let sized = match base {
            _ if inside.is_empty() || !lettered => None,
            "decimal" => Some(Sized::Decimal),
            "varchar" => Some(Sized::Varchar),
            "char" => Some(Sized::Char),
            "time" if zoned => Some(Sized::TimeTz),
            "time" => Some(Sized::Time),
            "timestamp" if zoned => Some(Sized::TimestampTz),
            "timestamp" => Some(Sized::Timestamp),
            _ => None,
        };
        if let Some(sized) = sized {
            return Pattern::Sized(sized, inside.to_owned());
        }
        let mut inner: Vec<_> = match base {
            "array" | "map" | "row" | "function" => parts.into_iter().map(Pattern::parse).collect(),
            _ => Vec::new(),
        };
        match (base, inner.len()) {
            ("array", 1) => Pattern::Array(Box::new(inner.remove(0))),
            ("map", 2) => {
                let value = inner.remove(1);
                Pattern::Map(Box::new(inner.remove(0)), Box::new(value))
            }
            ("row", _) => Pattern::Row(inner),
            ("function", _) => {
                let gives = inner.pop().expect("a lambda has a result");
                Pattern::Function(inner, Box::new(gives))
            }
            _ => Pattern::Exact(Type::parse(spelling).expect("a signature's types exist")),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |patterns: &[Pattern], between: &str| {
            patterns.iter().map(Pattern::to_string).collect::<Vec<_>>().join(between)
        };
        match self {
            Pattern::Any => f.write_str("any"),
            Pattern::Exact(exact) => exact.fmt(f),
            Pattern::Variable(name) => f.write_str(name),
            Pattern::Array(element) => write!(f, "array({element})"),
            Pattern::Map(key, value) => write!(f, "map({key},{value})"),
            Pattern::Row(fields) => write!(f, "row({})", list(fields, ",")),
            Pattern::Function(takes, gives) if takes.is_empty() => write!(f, "function({gives})"),
            Pattern::Function(takes, gives) => write!(f, "function({},{gives})", list(takes, ",")),
            Pattern::Sized(Sized::Decimal, letters) => write!(f, "decimal({letters})"),
            Pattern::Sized(Sized::Varchar, letters) => write!(f, "varchar({letters})"),
            Pattern::Sized(Sized::Char, letters) => write!(f, "char({letters})"),
            Pattern::Sized(Sized::Time, letters) => write!(f, "time({letters})"),
            Pattern::Sized(Sized::TimeTz, letters) => write!(f, "time({letters}) with time zone"),
            Pattern::Sized(Sized::Timestamp, letters) => write!(f, "timestamp({letters})"),
            Pattern::Sized(Sized::TimestampTz, letters) => write!(f, "timestamp({letters}) with time zone"),
        }
    }
}

/// `T`, `K`, `T1`.
fn is_variable(spelling: &str) -> bool {
    let mut letters = spelling.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase()) && letters.all(|letter| letter.is_ascii_digit())
}

/// The parts between the commas that are in no parentheses.
pub(super) fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (index, letter) in list.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    let last = list[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// What the variables of a signature stand for in one call.
#[derive(Default)]
pub(super) struct Variables {
    named: BTreeMap<String, Type>,
    sized: BTreeMap<(u8, String), Type>,
}

impl Variables {
    /// Widens the variables so that the pattern takes the argument; false if no widening does it.
    pub(super) fn unify(&mut self, pattern: &Pattern, argument: &Argument) -> bool {
        match (pattern, argument) {
            (Pattern::Function(_, gives), Argument::Lambda(Some(known))) => self.unify_type(gives, known),
            (Pattern::Function(..), Argument::Lambda(None)) => true,
            (_, Argument::Lambda(_)) | (Pattern::Function(..), _) => false,
            (pattern, Argument::Value(actual)) => self.unify_type(pattern, actual),
        }
    }

    fn unify_type(&mut self, pattern: &Pattern, actual: &Type) -> bool {
        match (pattern, actual) {
            (Pattern::Any, _) => true,
            (Pattern::Exact(exact), actual) => actual.coerces_to(exact),
            (Pattern::Variable(name), actual) => {
                let known = self.named.get(name).unwrap_or(&Type::Unknown);
                match known.common(actual) {
                    Some(common) => {
                        self.named.insert(name.clone(), common);
                        true
                    }
                    None => false,
                }
            }
            (Pattern::Array(element), Type::Array(actual)) => self.unify_type(element, actual),
            (Pattern::Map(key, value), Type::Map(k, v)) => self.unify_type(key, k) && self.unify_type(value, v),
            (Pattern::Row(fields), Type::Row(actual)) => {
                fields.len() == actual.len()
                    && fields.iter().zip(actual).all(|(field, (_, actual))| self.unify_type(field, actual))
            }
            (Pattern::Array(_) | Pattern::Map(..) | Pattern::Row(_), Type::Unknown) => true,
            (Pattern::Sized(sized, letters), actual) => {
                let Some(as_sized) = sized.of(actual) else { return false };
                let key = (*sized as u8, letters.clone());
                let common = self.sized.get(&key).unwrap_or(&Type::Unknown).common(&as_sized);
                common.is_some_and(|common| {
                    self.sized.insert(key, common);
                    true
                })
            }
            _ => false,
        }
    }

    pub(super) fn apply(&self, pattern: &Pattern) -> Type {
        match pattern {
            Pattern::Any => Type::Unknown,
            Pattern::Exact(exact) => exact.clone(),
            Pattern::Variable(name) => self.named.get(name).cloned().unwrap_or(Type::Unknown),
            Pattern::Array(element) => Type::array(self.apply(element)),
            Pattern::Map(key, value) => Type::map(self.apply(key), self.apply(value)),
            Pattern::Row(fields) => Type::Row(fields.iter().map(|field| (None, self.apply(field))).collect()),
            Pattern::Function(_, gives) => self.apply(gives),
            Pattern::Sized(sized, letters) => {
                self.sized.get(&(*sized as u8, letters.clone())).cloned().unwrap_or_else(|| sized.smallest())
            }
        }
    }
}

impl Sized {
    /// What the type is as one of this kind.
    fn of(self, actual: &Type) -> Option<Type> {
        Some(match (self, actual) {
            (_, Type::Unknown) => self.smallest(),
            (Sized::Decimal, Type::Tinyint) => Type::Decimal(3, 0),
            (Sized::Decimal, Type::Smallint) => Type::Decimal(5, 0),
            (Sized::Decimal, Type::Integer) => Type::Decimal(10, 0),
            (Sized::Decimal, Type::Bigint) => Type::Decimal(19, 0),
            (Sized::Decimal, Type::Decimal(..)) => actual.clone(),
            (Sized::Varchar, Type::Varchar(_)) => actual.clone(),
            (Sized::Char, Type::Char(_)) => actual.clone(),
            (Sized::Char, Type::Varchar(_)) => Type::Char(0).common(actual)?,
            (Sized::Time, Type::Time(_)) => actual.clone(),
            (Sized::TimeTz, Type::Time(p) | Type::TimeTz(p)) => Type::TimeTz(*p),
            (Sized::Timestamp, Type::Date) => Type::Timestamp(0),
            (Sized::Timestamp, Type::Timestamp(_)) => actual.clone(),
            (Sized::TimestampTz, Type::Date) => Type::TimestampTz(0),
            (Sized::TimestampTz, Type::Timestamp(p) | Type::TimestampTz(p)) => Type::TimestampTz(*p),
            _ => return None,
        })
    }

    /// The type of this kind that becomes all others.
    fn smallest(self) -> Type {
        match self {
            Sized::Decimal => Type::Decimal(1, 0),
            Sized::Varchar => Type::Varchar(Some(0)),
            Sized::Char => Type::Char(0),
            Sized::Time => Type::Time(0),
            Sized::TimeTz => Type::TimeTz(0),
            Sized::Timestamp => Type::Timestamp(0),
            Sized::TimestampTz => Type::TimestampTz(0),
        }
    }
}
