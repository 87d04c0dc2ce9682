//! Words and signs as a tree.

use std::fmt;

use super::token::{Token, tokens};
use super::value::MathError;

/// AWS takes expressions of 2,048 characters; so deep no sensible one of them goes, and the stack bears it.
const DEPTH_MAX: usize = 100;

/// A tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number(f64),
    Text(String),
    /// A query's id, or a keyword (`REPEAT`).
    Name(String),
    Call(String, Vec<Expression>),
    Negated(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    List(Vec<Expression>),
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

impl Operator {
    fn of(token: &Token) -> Option<Self> {
        Some(match token {
            Token::Sign("||") => Self::Or,
            Token::Sign("&&") => Self::And,
            Token::Word(word) if word == "OR" => Self::Or,
            Token::Word(word) if word == "AND" => Self::And,
            Token::Sign("==") => Self::Equal,
            Token::Sign("!=") => Self::NotEqual,
            Token::Sign("<") => Self::Less,
            Token::Sign("<=") => Self::LessOrEqual,
            Token::Sign(">") => Self::Greater,
            Token::Sign(">=") => Self::GreaterOrEqual,
            Token::Sign("+") => Self::Add,
            Token::Sign("-") => Self::Subtract,
            Token::Sign("*") => Self::Multiply,
            Token::Sign("/") => Self::Divide,
            Token::Sign("^") => Self::Power,
            _ => return None,
        })
    }

    /// The higher binds tighter.
    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual | Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide => 5,
            Self::Power => 7,
        }
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
        }
    }
}

/// Of a minus sign in front: looser than a power, tighter than all else.
const NEGATION: u8 = 6;

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expression, MathError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    let expression = parser.binary(0)?;
    if parser.tokens.is_empty() { Ok(expression) } else { Err(MathError::Syntax) }
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    /// Operators of at least this strength.
    fn binary(&mut self, strength: u8) -> Result<Expression, MathError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(MathError::Syntax);
        }
        let mut left = self.prefixed()?;
        while let Some(operator) = self.tokens.first().and_then(Operator::of) {
            if operator.strength() < strength {
                break;
            }
            self.tokens = &self.tokens[1..];
            // A power's right side may be a power again: 2^3^2 is 2^9.
            let tighter = operator.strength() + u8::from(operator != Operator::Power);
            let right = self.binary(tighter)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefixed(&mut self) -> Result<Expression, MathError> {
        if self.take_sign("-") {
            return Ok(Expression::Negated(Box::new(self.binary(NEGATION)?)));
        }
        if self.take_sign("+") {
            return self.binary(NEGATION);
        }
        self.single()
    }

    fn single(&mut self) -> Result<Expression, MathError> {
        let (first, rest) = self.tokens.split_first().ok_or(MathError::Syntax)?;
        self.tokens = rest;
        match first {
            Token::Number(number) => Ok(Expression::Number(*number)),
            Token::Text(text) => Ok(Expression::Text(text.clone())),
            Token::Word(word) if self.take_sign("(") => Ok(Expression::Call(word.clone(), self.list(")")?)),
            Token::Word(word) if !matches!(word.as_str(), "AND" | "OR") => Ok(Expression::Name(word.clone())),
            Token::Sign("(") => {
                let inner = self.binary(0)?;
                if self.take_sign(")") { Ok(inner) } else { Err(MathError::Syntax) }
            }
            Token::Sign("[") => Ok(Expression::List(self.list("]")?)),
            _ => Err(MathError::Syntax),
        }
    }

    fn list(&mut self, end: &'static str) -> Result<Vec<Expression>, MathError> {
        let mut items = Vec::new();
        if self.take_sign(end) {
            return Ok(items);
        }
        loop {
            items.push(self.binary(0)?);
            if self.take_sign(end) {
                return Ok(items);
            }
            if !self.take_sign(",") {
                return Err(MathError::Syntax);
            }
        }
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        let found = self.tokens.first() == Some(&Token::Sign(sign));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }
}

impl Expression {
    /// The names that it mentions: queries' ids and keywords.
    pub fn names(&self) -> Vec<&str> {
        let (mut names, mut left) = (Vec::new(), vec![self]);
        while let Some(next) = left.pop() {
            match next {
                Self::Number(_) | Self::Text(_) => {}
                Self::Name(name) => names.push(name.as_str()),
                Self::Call(_, parts) | Self::List(parts) => left.extend(parts.iter().rev()),
                Self::Negated(inner) => left.push(inner),
                Self::Binary(_, one, other) => left.extend([&**other, one]),
            }
        }
        names
    }
}

/// With all brackets that there can be: reads back as the same tree.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Self]| {
            items.iter().enumerate().try_for_each(|(index, item)| {
                f.write_str(if index > 0 { ", " } else { "" })?;
                item.fmt(f)
            })
        };
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            Self::Name(name) => f.write_str(name),
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                list(f, arguments)?;
                f.write_str(")")
            }
            Self::Negated(inner) => write!(f, "(-{inner})"),
            Self::Binary(operator, left, right) => write!(f, "({left} {} {right})", operator.sign()),
            Self::List(items) => {
                f.write_str("[")?;
                list(f, items)?;
                f.write_str("]")
            }
        }
    }
}
