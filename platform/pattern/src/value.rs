//! The values of an event, as conditions compare them.

use std::net::IpAddr;

use serde_json::{Number, Value};

/// A number by its value: 1, 1.0 and 1e0 are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum NumberKey {
    /// Whole numbers as long as they can be told apart.
    Whole(i128),
    /// The bits of all others.
    Fraction(u64),
}

/// Whole numbers above this are floating point, in which neighbours are the same.
const WHOLE_MAX: f64 = 9e15;

impl NumberKey {
    pub(crate) fn of(number: &Number) -> Self {
        if let Some(whole) = number.as_i128() {
            return Self::Whole(whole);
        }
        let value = number.as_f64().unwrap_or(f64::NAN);
        if value.fract() == 0.0 && value.abs() < WHOLE_MAX {
            Self::Whole(value as i128)
        } else {
            Self::Fraction(value.to_bits())
        }
    }
}

/// A value that equals another or does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    Text(Box<str>),
    Number(NumberKey),
    Bool(bool),
    Null,
}

/// A value of an event that is neither object nor array.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'e> {
    Text(&'e str),
    Number(&'e Number),
    Bool(bool),
    Null,
}

impl<'e> Scalar<'e> {
    pub(crate) fn of(value: &'e Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text)),
            Value::Number(number) => Some(Self::Number(number)),
            Value::Bool(bool) => Some(Self::Bool(*bool)),
            Value::Null => Some(Self::Null),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(crate) fn text(self) -> Option<&'e str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn float(self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    pub(crate) fn address(self) -> Option<IpAddr> {
        self.text()?.parse().ok()
    }

    pub(crate) fn is(self, literal: &Literal) -> bool {
        match (self, literal) {
            (Self::Text(text), Literal::Text(wanted)) => *text == **wanted,
            (Self::Number(number), Literal::Number(wanted)) => NumberKey::of(number) == *wanted,
            (Self::Bool(value), Literal::Bool(wanted)) => value == *wanted,
            (Self::Null, Literal::Null) => true,
            _ => false,
        }
    }
}
