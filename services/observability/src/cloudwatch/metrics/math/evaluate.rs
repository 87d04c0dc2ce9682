//! A tree into a value.

use haar_telemetry::series::finest_since;

use super::function;
use super::syntax::{Expression, Operator};
use super::value::{MathError, Series, Value};

/// What an expression can reach.
pub trait Surroundings {
    /// The value of the query with this id.
    fn variable(&mut self, id: &str) -> Result<Value, MathError>;

    /// The ids of the queries that are metrics, in the order of the request.
    fn metrics(&self) -> Vec<String>;

    /// The series that a search finds; without a period that of the query.
    fn search(&mut self, search: &str, stat: &str, period: Option<i64>) -> Result<Vec<Series>, MathError>;

    /// What an argument would be over the time before the request's: what a band is computed from.
    fn history(&mut self, argument: &Expression) -> Result<Series, MathError>;

    /// The times of the request.
    fn grid(&self) -> Grid;
}

/// The times that a series without gaps has points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub from: i64,
    /// Exclusive.
    pub to: i64,
    /// Of series that have none of their own.
    pub period: i64,
    /// The time.
    pub now: i64,
}

impl Grid {
    /// All times for a period, as far back as data is kept so finely: before that there are no gaps, but nothing.
    pub fn times(self, period: i64) -> impl Iterator<Item = i64> {
        let period = period.max(1);
        let missed = (finest_since(period, self.now) - self.from).max(0).div_euclid(period);
        let from = self.from + missed * period;
        (from..self.to).step_by(usize::try_from(period).unwrap_or(1))
    }
}

/// The value of an expression.
pub fn evaluate(expression: &Expression, surroundings: &mut dyn Surroundings) -> Result<Value, MathError> {
    match expression {
        Expression::Number(number) => Ok(Value::Scalar(*number)),
        Expression::Text(text) => Ok(Value::Text(text.clone())),
        Expression::Name(name) => surroundings.variable(name),
        Expression::Call(name, arguments) => function::call(name, arguments, surroundings),
        Expression::Negated(inner) => match evaluate(inner, surroundings)? {
            Value::Scalar(scalar) => Ok(Value::Scalar(-scalar)),
            Value::Series(series) => Ok(Value::Series(series.map(|value| -value))),
            Value::Array(all) => Ok(Value::Array(all.iter().map(|series| series.map(|value| -value)).collect())),
            text @ Value::Text(_) => Err(MathError::Argument { function: "-".into(), found: text.kind() }),
        },
        Expression::Binary(..) => {
            // A long sum leans to the left: walked down, not called down, because the stack has an end.
            let (mut leftmost, mut rest) = (expression, Vec::new());
            while let Expression::Binary(operator, left, right) = leftmost {
                rest.push((*operator, right));
                leftmost = left;
            }
            let mut value = evaluate(leftmost, surroundings)?;
            for (operator, right) in rest.into_iter().rev() {
                let right = evaluate(right, surroundings)?;
                value = binary(operator, value, right)?;
            }
            Ok(value)
        }
        Expression::List(items) => {
            let mut all = Vec::with_capacity(items.len());
            for item in items {
                match evaluate(item, surroundings)? {
                    Value::Series(series) => all.push(series),
                    Value::Array(array) => all.extend(array),
                    other => return Err(MathError::Argument { function: "[]".into(), found: other.kind() }),
                }
            }
            Ok(Value::Array(all))
        }
    }
}

/// An operator between two values: scalars and series each with each, an array with one of those, element by element.
fn binary(operator: Operator, left: Value, right: Value) -> Result<Value, MathError> {
    let apply = |one, other| scalar(operator, one, other);
    Ok(match (left, right) {
        (Value::Scalar(one), Value::Scalar(other)) => Value::Scalar(apply(one, other)),
        (Value::Series(one), Value::Scalar(other)) => Value::Series(one.map(|value| apply(value, other))),
        (Value::Scalar(one), Value::Series(other)) => Value::Series(other.map(|value| apply(one, value))),
        (Value::Series(one), Value::Series(other)) => Value::Series(together(&one, &other, apply)),
        (Value::Array(all), Value::Scalar(other)) => {
            Value::Array(all.iter().map(|one| one.map(|value| apply(value, other))).collect())
        }
        (Value::Scalar(one), Value::Array(all)) => {
            Value::Array(all.iter().map(|other| other.map(|value| apply(one, value))).collect())
        }
        (Value::Array(all), Value::Series(other)) => {
            Value::Array(all.iter().map(|one| together(one, &other, apply)).collect())
        }
        (Value::Series(one), Value::Array(all)) => {
            let swapped = |other: &Series| together(other, &one, |value, first| apply(first, value));
            Value::Array(all.iter().map(swapped).collect())
        }
        (left, right) => {
            let (left, right) = (left.kind(), right.kind());
            return Err(MathError::Operands { operator: operator.sign(), left, right });
        }
    })
}

/// Where both have a point. The result is called after the first.
pub fn together(one: &Series, other: &Series, apply: impl Fn(f64, f64) -> f64) -> Series {
    let mut others = other.points.iter().peekable();
    let points = one.points.iter().filter_map(|(time, value)| {
        while others.next_if(|(at, _)| at < time).is_some() {}
        others.next_if(|(at, _)| at == time).map(|(_, other)| (*time, apply(*value, *other)))
    });
    Series { period: one.period.max(other.period), ..one.with(points) }
}

#[expect(clippy::float_cmp, reason = "the language compares for equality")]
fn scalar(operator: Operator, one: f64, other: f64) -> f64 {
    let truth = |holds: bool| f64::from(u8::from(holds));
    match operator {
        Operator::Or => truth(one != 0.0 || other != 0.0),
        Operator::And => truth(one != 0.0 && other != 0.0),
        Operator::Equal => truth(one == other),
        Operator::NotEqual => truth(one != other),
        Operator::Less => truth(one < other),
        Operator::LessOrEqual => truth(one <= other),
        Operator::Greater => truth(one > other),
        Operator::GreaterOrEqual => truth(one >= other),
        Operator::Add => one + other,
        Operator::Subtract => one - other,
        Operator::Multiply => one * other,
        Operator::Divide => one / other,
        Operator::Power => one.powf(other),
    }
}
