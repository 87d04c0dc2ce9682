//! What the paths of the SQL standard give: JSON values, and decimals, which only literals and arithmetic make.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::cast::text;
use super::value::Value;

/// One item of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<'a> {
    Json(Cow<'a, Value>),
    /// Unscaled value and scale.
    Decimal(i128, u32),
}

/// A number of any kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Integer(i64),
    Decimal(i128, u32),
    Double(f64),
}

/// The result of a comparison that cannot be made.
pub struct Incomparable;

impl<'a> Item<'a> {
    pub fn owned(value: Value) -> Item<'a> {
        Item::Json(Cow::Owned(value))
    }

    pub fn of(number: Number) -> Item<'a> {
        match number {
            Number::Integer(value) => Item::owned(Value::Integer(value)),
            Number::Decimal(unscaled, scale) => Item::Decimal(unscaled, scale),
            Number::Double(value) => Item::owned(Value::Double(value)),
        }
    }

    /// The JSON that it is, if it is.
    pub fn json(&self) -> Option<&Value> {
        if let Item::Json(value) = self { Some(value) } else { None }
    }

    pub fn is_null(&self) -> bool {
        self.json() == Some(&Value::Null)
    }

    /// Neither null nor an array nor an object.
    pub fn is_scalar(&self) -> bool {
        !matches!(self.json(), Some(Value::Null | Value::Array(_) | Value::Object(_)))
    }

    pub fn text(&self) -> Option<&str> {
        if let Some(Value::String(text)) = self.json() { Some(text) } else { None }
    }

    pub fn number(&self) -> Option<Number> {
        match self {
            Item::Decimal(unscaled, scale) => Some(Number::Decimal(*unscaled, *scale)),
            Item::Json(value) => match value.as_ref() {
                Value::Integer(value) => Some(Number::Integer(*value)),
                Value::Double(value) => Some(Number::Double(*value)),
                _ => None,
            },
        }
    }

    /// What errors call it.
    pub fn kind(&self) -> &'static str {
        match self {
            Item::Decimal(..) => "decimal",
            Item::Json(value) => match value.as_ref() {
                Value::Null => "NULL",
                Value::Bool(_) => "BOOLEAN",
                Value::Integer(_) | Value::Big(_) | Value::Double(_) => "NUMBER",
                Value::String(_) => "STRING",
                Value::Array(_) => "ARRAY",
                Value::Object(_) => "OBJECT",
            },
        }
    }

    /// What `type()` answers.
    pub fn type_name(&self) -> &'static str {
        match self {
            Item::Decimal(..) => "number",
            Item::Json(value) => match value.as_ref() {
                Value::Null => "null",
                Value::Bool(_) => "boolean",
                Value::Integer(_) | Value::Big(_) | Value::Double(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            },
        }
    }

    /// The order of two scalars.
    pub fn compare(&self, other: &Item) -> Result<Option<Ordering>, Incomparable> {
        if let (Some(left), Some(right)) = (self.number(), other.number()) {
            return Ok(left.compare(right));
        }
        match (self.json(), other.json()) {
            (Some(Value::Bool(left)), Some(Value::Bool(right))) => Ok(Some(left.cmp(right))),
            (Some(Value::String(left)), Some(Value::String(right))) => Ok(Some(left.cmp(right))),
            _ => Err(Incomparable),
        }
    }
}

/// A decimal as text.
pub fn decimal_text(unscaled: i128, scale: u32) -> String {
    text::decimal(unscaled, u8::try_from(scale).unwrap_or(0))
}

impl Number {
    pub fn as_double(self) -> f64 {
        match self {
            Number::Integer(value) => value as f64,
            // Through text, so that it is the nearest double.
            Number::Decimal(unscaled, scale) => decimal_text(unscaled, scale).parse().unwrap_or(f64::NAN),
            Number::Double(value) => value,
        }
    }

    /// Unscaled value and scale; a double has none.
    pub fn as_decimal(self) -> (i128, u32) {
        match self {
            Number::Integer(value) => (i128::from(value), 0),
            Number::Decimal(unscaled, scale) => (unscaled, scale),
            Number::Double(_) => (0, 0),
        }
    }

    /// Both as unscaled values of one scale; `None` when they do not fit.
    pub fn aligned(self, other: Number) -> Option<(i128, i128, u32)> {
        let ((left, left_scale), (right, right_scale)) = (self.as_decimal(), other.as_decimal());
        let scale = left_scale.max(right_scale);
        let left = left.checked_mul(10_i128.checked_pow(scale - left_scale)?)?;
        let right = right.checked_mul(10_i128.checked_pow(scale - right_scale)?)?;
        Some((left, right, scale))
    }

    fn compare(self, other: Number) -> Option<Ordering> {
        if let (Number::Double(_), _) | (_, Number::Double(_)) = (self, other) {
            return self.as_double().partial_cmp(&other.as_double());
        }
        match self.aligned(other) {
            Some((left, right, _)) => Some(left.cmp(&right)),
            None => self.as_double().partial_cmp(&other.as_double()),
        }
    }
}
