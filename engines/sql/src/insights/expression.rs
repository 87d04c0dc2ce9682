//! From the tree of an expression to one of the plan's.

use datafusion::logical_expr::{Expr, lit};

use super::function;
use super::number;
use super::scope::Scope;
use super::syntax::{Kind as Syntax, MalformedQuery, Matcher, Node, Operator};
use super::value::{Kind, Value};

/// Compiles an expression whose fields mean what the scope says.
pub(super) fn compile(node: &Node, scope: &Scope) -> Result<Value, MalformedQuery> {
    match &node.kind {
        Syntax::Field(name) => Ok(scope.value(name)),
        Syntax::Text(text) => Ok(Value::text(text)),
        Syntax::Number(number) => Ok(Value::number(*number)),
        Syntax::Boolean(fact) => Ok(Value::truth(lit(*fact))),
        Syntax::Period(_) => Err(malformed(node, "a length of time stands where a value is wanted")),
        Syntax::List(_) => Err(malformed(node, "a list stands where a value is wanted")),
        Syntax::Star => Err(malformed(node, "* stands where a value is wanted")),
        Syntax::Call(name, arguments) => function::call(node, name, arguments, scope),
        Syntax::Not(inner) => Ok(Value::truth(!compile(inner, scope)?.as_truth())),
        Syntax::Negative(inner) => Ok(Value::new(-compile(inner, scope)?.as_number(), Kind::Number)),
        Syntax::Binary(operator, left, right) => Ok(binary(*operator, &compile(left, scope)?, &compile(right, scope)?)),
        Syntax::In { value, list, negated } => {
            let value = compile(value, scope)?;
            let Syntax::List(items) = &list.kind else { return Err(malformed(list, "in wants a list")) };
            let mut found = lit(false);
            for item in items {
                found = found.or(equal(&value, &compile(item, scope)?));
            }
            Ok(Value::truth(if *negated { !found } else { found }))
        }
        Syntax::Like { value, matcher, negated } => {
            let found = like(compile(value, scope)?.as_text(), matcher);
            Ok(Value::truth(if *negated { !found } else { found }))
        }
    }
}

/// A query that is spelled right and means nothing.
pub(super) fn malformed(node: &Node, message: &str) -> MalformedQuery {
    MalformedQuery { message: message.to_owned(), start: node.start, end: node.end }
}

fn binary(operator: Operator, left: &Value, right: &Value) -> Value {
    use datafusion::functions::expr_fn::power;
    let numbers = || (left.as_number(), right.as_number());
    let number = |expr| Value::new(expr, Kind::Number);
    match operator {
        Operator::And => Value::truth(left.as_truth().and(right.as_truth())),
        Operator::Or => Value::truth(left.as_truth().or(right.as_truth())),
        Operator::Equal => Value::truth(equal(left, right)),
        Operator::NotEqual => Value::truth(!equal(left, right)),
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            Value::truth(ordered(operator, left, right))
        }
        Operator::Plus => number(numbers().0 + numbers().1),
        Operator::Minus => number(numbers().0 - numbers().1),
        Operator::Times => number(numbers().0 * numbers().1),
        // Nothing divided by zero is a number.
        Operator::Divide => number(numbers().0 / nonzero(numbers().1)),
        Operator::Modulo => number(numbers().0 % nonzero(numbers().1)),
        Operator::Power => number(power(numbers().0, numbers().1)),
    }
}

fn nonzero(number: Expr) -> Expr {
    datafusion::functions::expr_fn::nullif(number, lit(0.0))
}

/// Numbers are equal by value, also as texts; other texts letter by letter.
fn equal(left: &Value, right: &Value) -> Expr {
    let is_word = |value: &Value| value.literal.as_ref().is_some_and(|text| text.trim().parse::<f64>().is_err());
    match (left.kind, right.kind) {
        (Kind::Text, Kind::Text) if is_word(left) || is_word(right) => left.expr.clone().eq(right.expr.clone()),
        (Kind::Text, Kind::Text) => {
            left.expr.clone().eq(right.expr.clone()).or(is_true(left.as_number().eq(right.as_number())))
        }
        // A time and a text that is one.
        (Kind::Time, Kind::Text) | (Kind::Text, Kind::Time) => left.as_text().eq(right.as_text()),
        _ => left.as_number().eq(right.as_number()),
    }
}

fn ordered(operator: Operator, left: &Value, right: &Value) -> Expr {
    let compare = |left: Expr, right: Expr| match operator {
        Operator::Less => left.lt(right),
        Operator::LessOrEqual => left.lt_eq(right),
        Operator::Greater => left.gt(right),
        _ => left.gt_eq(right),
    };
    match (left.kind, right.kind) {
        (Kind::Text, Kind::Text) => {
            let numbers = compare(left.as_number(), right.as_number());
            let both = left.as_number().is_not_null().and(right.as_number().is_not_null());
            is_true(numbers).or((!both).and(compare(left.expr.clone(), right.expr.clone())))
        }
        (Kind::Time, Kind::Text) | (Kind::Text, Kind::Time) => compare(left.as_text(), right.as_text()),
        _ => compare(left.as_number(), right.as_number()),
    }
}

fn is_true(expr: Expr) -> Expr {
    expr.is_true()
}

fn like(text: Expr, matcher: &Matcher) -> Expr {
    match matcher {
        Matcher::Text { text: pattern, insensitive } if pattern.contains('%') || *insensitive => {
            let pieces = pattern.split('%').map(regex::escape).collect::<Vec<_>>();
            let flags = if *insensitive { "(?si)" } else { "(?s)" };
            let regex = regex::Regex::new(&format!("{flags}{}", pieces.join(".*"))).expect("escaped texts are regular");
            number::truth("insights_like", 1, move |texts| regex.is_match(texts[0])).call(vec![text])
        }
        Matcher::Text { text: pattern, .. } => {
            let finder = memchr::memmem::Finder::new(pattern.as_bytes()).into_owned();
            number::truth("insights_contains", 1, move |texts| finder.find(texts[0].as_bytes()).is_some())
                .call(vec![text])
        }
        Matcher::Regex(regex) => {
            let regex = regex.clone();
            number::truth("insights_matches", 1, move |texts| regex.is_match(texts[0])).call(vec![text])
        }
    }
}
