//! Expressions of a plan with the kind of their values. The language is loosely typed: a text that looks like a number
//! is one where a number is wanted.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::{Expr, lit, try_cast, when};

use super::number;

/// Of what kind the values of an expression are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `Utf8View`; perhaps numbers.
    Text,
    /// `Float64`.
    Number,
    /// `Timestamp(Millisecond)`.
    Time,
    /// `Boolean`; shown as 1 and 0.
    Truth,
}

impl Kind {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8View,
            Self::Number => DataType::Float64,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, None),
            Self::Truth => DataType::Boolean,
        }
    }
}

/// An expression whose kind is known.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) expr: Expr,
    pub(super) kind: Kind,
    /// A text that stands in the query.
    pub(super) literal: Option<String>,
}

impl Value {
    pub(super) fn new(expr: Expr, kind: Kind) -> Self {
        Self { expr, kind, literal: None }
    }

    pub(super) fn text(text: &str) -> Self {
        let scalar = datafusion::common::ScalarValue::Utf8View(Some(text.to_owned()));
        Self { expr: Expr::Literal(scalar, None), kind: Kind::Text, literal: Some(text.to_owned()) }
    }

    pub(super) fn number(number: f64) -> Self {
        Self::new(lit(number), Kind::Number)
    }

    pub(super) fn truth(expr: Expr) -> Self {
        Self::new(expr, Kind::Truth)
    }

    /// As a number: null where it is none.
    pub(super) fn as_number(&self) -> Expr {
        match self.kind {
            Kind::Number => self.expr.clone(),
            Kind::Text => match &self.literal {
                Some(text) => {
                    text.trim().parse::<f64>().map_or(lit(datafusion::common::ScalarValue::Float64(None)), lit)
                }
                None => try_cast(self.expr.clone(), DataType::Float64),
            },
            Kind::Truth => datafusion::logical_expr::cast(self.expr.clone(), DataType::Float64),
            Kind::Time => datafusion::logical_expr::cast(
                datafusion::logical_expr::cast(self.expr.clone(), DataType::Int64),
                DataType::Float64,
            ),
        }
    }

    /// As the text that a result shows.
    pub(super) fn as_text(&self) -> Expr {
        match self.kind {
            Kind::Text => self.expr.clone(),
            _ => number::to_text(self.kind).call(vec![self.expr.clone()]),
        }
    }

    /// As a condition: numbers and their texts are true unless they are 0.
    pub(super) fn as_truth(&self) -> Expr {
        match self.kind {
            Kind::Truth => self.expr.clone(),
            _ => self.as_number().not_eq(lit(0.0)),
        }
    }

    /// Sort keys that put numbers in their order behind all other texts.
    pub(super) fn sort_keys(&self) -> Vec<Expr> {
        match self.kind {
            Kind::Text => vec![self.as_number().is_not_null(), self.as_number(), self.expr.clone()],
            _ => vec![self.expr.clone()],
        }
    }

    /// One of two, of a kind that both have.
    pub(super) fn either(condition: Expr, then: &Self, otherwise: &Self) -> datafusion::error::Result<Self> {
        let (kind, then, otherwise) = match then.kind == otherwise.kind {
            true => (then.kind, then.expr.clone(), otherwise.expr.clone()),
            false => (Kind::Text, then.as_text(), otherwise.as_text()),
        };
        Ok(Self::new(when(condition, then).otherwise(otherwise)?, kind))
    }
}
