//! Patterns over JSON messages.

use serde_json::Value;

use super::BadPattern;
use super::expression::Expression;
use super::operand::{Operand, Operator};
use super::scanner::Scanner;
use super::selector::{Selector, text};

/// Steps for every element, in a whole pattern.
const EVERY_MAX: usize = 3;

/// A JSON pattern.
#[derive(Debug)]
pub struct Json(Expression<Comparison>);

#[derive(Debug)]
struct Comparison {
    selector: Selector,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Compare(Operator, Operand),
    Exists,
    NotExists,
    Null,
    Is(bool),
}

impl Json {
    /// What stands between the braces.
    pub fn parse(inner: &str) -> Result<Self, BadPattern> {
        let mut scanner = Scanner::new(inner);
        let expression = Expression::take(&mut scanner, &comparison)?;
        if !scanner.is_done() {
            return Err(BadPattern::Syntax);
        }
        let json = Self(expression);
        let every: usize = json.selectors().iter().map(|selector| selector.text().matches('*').count()).sum();
        if every > EVERY_MAX { Err(BadPattern::Syntax) } else { Ok(json) }
    }

    /// The message as JSON, if it is and matches.
    pub fn captures(&self, message: &str) -> Option<Value> {
        // Most lines that are no JSON show it at once.
        if !message.trim_start().starts_with(['{', '[']) {
            return None;
        }
        let value: Value = serde_json::from_str(message).ok()?;
        self.0.holds(&|comparison| comparison.holds(&value)).then_some(value)
    }

    pub fn selectors(&self) -> Vec<&Selector> {
        self.0.comparisons().into_iter().map(|comparison| &comparison.selector).collect()
    }

    pub fn regex_count(&self) -> usize {
        let tests = self.0.comparisons().into_iter().map(|comparison| &comparison.test);
        tests.filter(|test| matches!(test, Test::Compare(_, operand) if operand.is_regex())).count()
    }
}

fn comparison(scanner: &mut Scanner<'_>) -> Result<Comparison, BadPattern> {
    let selector = Selector::take(scanner).ok_or(BadPattern::Syntax)?;
    let test = if scanner.take_word("EXISTS") {
        Test::Exists
    } else if scanner.take_word("NOT") {
        if !scanner.take_word("EXISTS") {
            return Err(BadPattern::Syntax);
        }
        Test::NotExists
    } else if scanner.take_word("IS") {
        match () {
            () if scanner.take_word("NULL") => Test::Null,
            () if scanner.take_word("TRUE") => Test::Is(true),
            () if scanner.take_word("FALSE") => Test::Is(false),
            () => return Err(BadPattern::Syntax),
        }
    } else {
        let operator = Operator::take(scanner).ok_or(BadPattern::Syntax)?;
        let operand = Operand::take(scanner, |rest| {
            rest.starts_with([' ', '\t', '\n', '\r', ')', '(']) || rest.starts_with("&&") || rest.starts_with("||")
        })?;
        if !operand.fits(operator) {
            return Err(BadPattern::Syntax);
        }
        Test::Compare(operator, operand)
    };
    Ok(Comparison { selector, test })
}

impl Comparison {
    fn holds(&self, message: &Value) -> bool {
        let found = self.selector.all(message);
        match &self.test {
            Test::Exists => !found.is_empty(),
            Test::NotExists => found.is_empty(),
            Test::Null => found.iter().any(|value| value.is_null()),
            Test::Is(wanted) => found.iter().any(|value| value.as_bool() == Some(*wanted)),
            Test::Compare(operator, operand) => found.iter().any(|value| match value {
                Value::Number(number) => {
                    let actual = number.as_f64().unwrap_or(f64::NAN);
                    operand.compare_number(*operator, actual, &number.to_string())
                }
                Value::String(actual) => operand.compare_text(*operator, actual),
                other => operand.compare_text(*operator, &text(other)),
            }),
        }
    }
}
