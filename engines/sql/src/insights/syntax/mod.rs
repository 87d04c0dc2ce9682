//! The language of Logs Insights as a tree: commands, and the expressions in them.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>

mod cursor;
mod expression;
mod parser;

use std::time::Duration;

pub(super) use parser::parse;

/// Why a query does not parse, and where: what `MalformedQueryException` tells.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MalformedQuery {
    /// In words.
    pub message: String,
    /// Offset of the first wrong character.
    pub start: usize,
    /// Offset behind the last wrong character.
    pub end: usize,
}

/// One command; they work one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    /// Shows fields, and makes new ones.
    Fields(Vec<Named>),
    /// Shows these fields only.
    Display(Vec<Named>),
    /// Keeps the events for which it is true.
    Filter(Node),
    /// One row for each group.
    Stats { values: Vec<Named>, by: Vec<Named> },
    /// In this order.
    Sort(Vec<(Node, Direction)>),
    /// So many rows.
    Limit(u64),
    /// New fields out of a text.
    Parse { input: Node, pattern: Pattern },
    /// One row for each combination of values: the first.
    Dedup(Vec<Node>),
    /// One row for each element of a list.
    Unnest { input: Node, name: String },
}

/// The order of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// An expression, and what its column is called: its alias, or itself as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) node: Node,
    pub(super) name: String,
}

/// How `parse` takes a text apart.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: regex::Regex,
    /// A name for each of the regex's groups, in order; an empty one is a group without a field.
    pub(super) names: Vec<String>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str() && self.names == other.names
    }
}

/// An expression, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Field(String),
    Text(String),
    Number(f64),
    Boolean(bool),
    /// `5m`.
    Period(Period),
    /// `[1, 2]`.
    List(Vec<Node>),
    /// `*`, in `count(*)`.
    Star,
    Call(String, Vec<Node>),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    In {
        value: Box<Node>,
        list: Box<Node>,
        negated: bool,
    },
    /// `like`, `=~`: a text, or a regular expression.
    Like {
        value: Box<Node>,
        matcher: Matcher,
        negated: bool,
    },
}

/// What `like` looks for.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// Occurs in the text; `%` stands for any characters.
    Text {
        text: String,
        insensitive: bool,
    },
    Regex(regex::Regex),
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text { text: a, insensitive: b }, Self::Text { text: c, insensitive: d }) => a == c && b == d,
            (Self::Regex(a), Self::Regex(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// A length of time in which calendars are not needed, or months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    Exact(Duration),
    Months(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Power,
}

impl Operator {
    pub(super) fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual
        )
    }
}

impl Node {
    /// Calls `visit` with every field that the expression names.
    pub(super) fn fields<'a>(&'a self, visit: &mut impl FnMut(&'a str)) {
        match &self.kind {
            Kind::Field(name) => visit(name),
            Kind::List(nodes) | Kind::Call(_, nodes) => nodes.iter().for_each(|node| node.fields(visit)),
            Kind::Not(node) | Kind::Negative(node) => node.fields(visit),
            Kind::Binary(_, left, right) => {
                left.fields(visit);
                right.fields(visit);
            }
            Kind::In { value, list, .. } => {
                value.fields(visit);
                list.fields(visit);
            }
            Kind::Like { value, .. } => value.fields(visit),
            Kind::Text(_) | Kind::Number(_) | Kind::Boolean(_) | Kind::Period(_) | Kind::Star => {}
        }
    }

    /// The parts of a conjunction.
    pub(super) fn conjuncts<'a>(&'a self, out: &mut Vec<&'a Node>) {
        match &self.kind {
            Kind::Binary(Operator::And, left, right) => {
                left.conjuncts(out);
                right.conjuncts(out);
            }
            _ => out.push(self),
        }
    }
}

#[cfg(test)]
mod tests;
