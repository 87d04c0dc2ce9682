//! An expression bound to the partition keys of a table: names become positions, literals become values.

use super::super::error::Error;
use super::outcome::Outcome;
use super::parser::{self, Comparison, Operand, Syntax};
use super::scalar::{KeyType, Scalar};
use super::token;

/// How Hive writes a partition key that has no value.
pub const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A condition on the values of a table's partition keys.
#[derive(Debug)]
pub struct Condition {
    root: Node,
    types: Vec<Option<KeyType>>,
}

#[derive(Debug)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Not(Box<Node>),
    Test(usize, Test),
}

/// What is asked of one key.
#[derive(Debug)]
enum Test {
    Compare(Comparison, Scalar),
    In(Vec<Scalar>),
    Between(Scalar, Scalar),
    Like(Vec<Like>),
    IsNull,
}

/// A part of a LIKE pattern.
#[derive(Debug, PartialEq)]
enum Like {
    Char(char),
    AnyChar,
    AnyText,
}

impl Condition {
    /// Parses an expression over partition keys: names and Hive types, in their order.
    pub fn parse(text: &str, keys: &[(&str, &str)]) -> Result<Self, Error> {
        let syntax = token::split(text).as_deref().and_then(parser::parse);
        let syntax = syntax.ok_or_else(|| Error::invalid(format!("Unsupported expression '{text}'")))?;
        let binder = Binder(keys);
        let root = binder.node(syntax)?;
        Ok(Self { root, types: keys.iter().map(|(_, kind)| KeyType::parse(kind)).collect() })
    }

    /// What it comes to for the first of a partition's values, all of them or fewer.
    pub fn evaluate(&self, values: &[String]) -> Result<Outcome, Error> {
        self.root.evaluate(&self.types, values)
    }

    /// How many of the first values already rule the partition out; `None` if it fits.
    pub fn ruled_out(&self, values: &[String]) -> Result<Option<usize>, Error> {
        for known in 0..=values.len() {
            if !self.evaluate(&values[..known])?.may_hold() {
                return Ok(Some(known));
            }
        }
        Ok(None)
    }
}

impl Node {
    fn evaluate(&self, types: &[Option<KeyType>], values: &[String]) -> Result<Outcome, Error> {
        match self {
            Self::Any(parts) => {
                parts.iter().try_fold(Outcome::of(false), |so_far, part| Ok(so_far.or(part.evaluate(types, values)?)))
            }
            Self::All(parts) => {
                parts.iter().try_fold(Outcome::of(true), |so_far, part| Ok(so_far.and(part.evaluate(types, values)?)))
            }
            Self::Not(inner) => Ok(inner.evaluate(types, values)?.not()),
            Self::Test(key, test) => {
                let Some(value) = values.get(*key) else { return Ok(Outcome::OPEN) };
                if value == HIVE_NULL {
                    let is_null_test = matches!(test, Test::IsNull);
                    return Ok(if is_null_test { Outcome::of(true) } else { Outcome::NULL });
                }
                let kind = types[*key].expect("binding refuses keys of other types");
                Ok(Outcome::of(test.holds(kind.read(value).map_err(Error::InvalidState)?)))
            }
        }
    }
}

impl Test {
    fn holds(&self, value: Scalar) -> bool {
        match self {
            Self::Compare(comparison, literal) => comparison.holds(value.cmp(literal)),
            Self::In(literals) => literals.contains(&value),
            Self::Between(low, high) => (low..=high).contains(&&value),
            Self::Like(pattern) => match value {
                Scalar::Text(text) => is_like(pattern, &text),
                _ => false,
            },
            Self::IsNull => false,
        }
    }
}

struct Binder<'a>(&'a [(&'a str, &'a str)]);

impl Binder<'_> {
    fn node(&self, syntax: Syntax) -> Result<Node, Error> {
        Ok(match syntax {
            Syntax::Any(parts) => Node::Any(self.nodes(parts)?),
            Syntax::All(parts) => Node::All(self.nodes(parts)?),
            Syntax::Not(inner) => Node::Not(Box::new(self.node(*inner)?)),
            Syntax::Compare(left, comparison, right) => {
                let (name, comparison, literal) = sides(left, comparison, right)?;
                let (key, kind) = self.key(&name)?;
                Node::Test(key, Test::Compare(comparison, read(kind, &literal)?))
            }
            Syntax::In(key, literals) => {
                let (key, kind) = self.key_of(key)?;
                let literals = literals.into_iter().map(|operand| read(kind, &literal(operand)?));
                Node::Test(key, Test::In(literals.collect::<Result<_, _>>()?))
            }
            Syntax::Between(key, low, high) => {
                let (key, kind) = self.key_of(key)?;
                Node::Test(key, Test::Between(read(kind, &literal(low)?)?, read(kind, &literal(high)?)?))
            }
            Syntax::Like(key, pattern) => {
                let (key, kind) = self.key_of(key)?;
                kind.check_like()?;
                Node::Test(key, Test::Like(read_pattern(&literal(pattern)?)))
            }
            Syntax::IsNull(key) => Node::Test(self.key_of(key)?.0, Test::IsNull),
        })
    }

    fn nodes(&self, parts: Vec<Syntax>) -> Result<Vec<Node>, Error> {
        parts.into_iter().map(|part| self.node(part)).collect()
    }

    fn key_of(&self, operand: Operand) -> Result<(usize, KeyType), Error> {
        match operand {
            Operand::Key(name) | Operand::Either(name) => self.key(&name),
            Operand::Literal(_) => Err(invalid()),
        }
    }

    fn key(&self, name: &str) -> Result<(usize, KeyType), Error> {
        let found = self.0.iter().position(|(key, _)| key.eq_ignore_ascii_case(name)).ok_or_else(invalid)?;
        let kind = self.0[found].1;
        let kind = KeyType::parse(kind).ok_or_else(|| Error::invalid(format!("Unknown type : '{kind}'")))?;
        Ok((found, kind))
    }
}

/// Puts the key to the left.
fn sides(left: Operand, comparison: Comparison, right: Operand) -> Result<(String, Comparison, String), Error> {
    match (left, right) {
        (Operand::Key(key), Operand::Literal(literal) | Operand::Either(literal))
        | (Operand::Either(key), Operand::Literal(literal)) => Ok((key, comparison, literal)),
        (Operand::Literal(literal) | Operand::Either(literal), Operand::Key(key))
        | (Operand::Literal(literal), Operand::Either(key)) => Ok((key, comparison.mirrored(), literal)),
        (Operand::Key(_), Operand::Key(_))
        | (Operand::Literal(_), Operand::Literal(_))
        | (Operand::Either(_), Operand::Either(_)) => Err(invalid()),
    }
}

/// What AWS says of names that are no partition keys, and of comparisons without one.
fn invalid() -> Error {
    Error::invalid("Invalid partition expression!")
}

fn literal(operand: Operand) -> Result<String, Error> {
    match operand {
        Operand::Literal(text) | Operand::Either(text) => Ok(text),
        Operand::Key(_) => Err(invalid()),
    }
}

fn read(kind: KeyType, literal: &str) -> Result<Scalar, Error> {
    kind.read(literal).map_err(Error::InvalidInput)
}

fn read_pattern(text: &str) -> Vec<Like> {
    let part = |char| match char {
        '%' => Like::AnyText,
        '_' => Like::AnyChar,
        char => Like::Char(char),
    };
    let mut parts: Vec<Like> = text.chars().map(part).collect();
    // Several in a row mean what one does.
    parts.dedup_by(|one, other| *one == Like::AnyText && *other == Like::AnyText);
    parts
}

/// Matches without recursion: on a mismatch, the last `%` takes one character more.
fn is_like(pattern: &[Like], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read, mut retry) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some(Like::AnyText) => {
                retry = Some((at, read));
                at += 1;
            }
            Some(Like::AnyChar) => (at, read) = (at + 1, read + 1),
            Some(Like::Char(char)) if *char == text[read] => (at, read) = (at + 1, read + 1),
            _ => match retry {
                Some((any, from)) => {
                    retry = Some((any, from + 1));
                    (at, read) = (any + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|part| *part == Like::AnyText)
}
