//! The text of a pattern, with the refusals of AWS's own parser.

use std::sync::Arc;

use serde_json::Number;

use crate::condition::{Bound, Condition, Range};
use crate::conjunction::{Conjunction, Constraint};
use crate::network::Network;
use crate::paths::{PathId, Paths};
use crate::pattern::InvalidPattern;
use crate::reader::{Reader, Token};
use crate::value::{Literal, NumberKey};
use crate::wildcard::Wildcard;

/// Combinations that `$or` may make.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
pub const COMBINATIONS_MAX: usize = 1000;

/// Stars in all the wildcards of a pattern. AWS measures the states that its own automaton would need and does not
/// publish the bound.
pub const WILDCARDS_MAX: usize = 100;

const OR: &str = "$or";

/// Names that no field may have inside `$or`: operators, present and future.
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

const ONE_KEY: &str = "Only one key allowed in match expression";

/// Reads a pattern into its alternatives, of which there are several only with `$or`.
pub(crate) fn parse(text: &str, paths: &mut Paths) -> Result<Vec<Conjunction>, InvalidPattern> {
    let mut parser = Parser { reader: Reader::new(text), paths, steps: Vec::new(), stars: 0 };
    if text.trim().is_empty() || parser.next()? != Token::StartObject {
        return parser.refuse("Filter is not an object");
    }
    let mut alternatives = vec![Conjunction { constraints: Vec::new() }];
    parser.object(&mut alternatives, false)?;
    parser.next()?;
    Ok(alternatives)
}

struct Parser<'t, 'p> {
    reader: Reader<'t>,
    paths: &'p mut Paths,
    /// The names around the present place.
    steps: Vec<String>,
    stars: usize,
}

impl Parser<'_, '_> {
    fn next(&mut self) -> Result<Token, InvalidPattern> {
        self.reader.next()
    }

    fn refuse<T>(&self, reason: impl std::fmt::Display) -> Result<T, InvalidPattern> {
        Err(self.reader.refuse(reason))
    }

    fn object(&mut self, alternatives: &mut Vec<Conjunction>, inside_or: bool) -> Result<(), InvalidPattern> {
        let mut empty = true;
        while let Token::Name(name) = self.next()? {
            empty = false;
            if name == OR {
                self.or(alternatives)?;
                continue;
            }
            if inside_or && RESERVED.contains(&name.as_str()) {
                return self.refuse(format!("{name} is Ruler reserved fieldName which cannot be used inside {OR}."));
            }
            match self.next()? {
                Token::StartObject => {
                    self.steps.push(name);
                    self.object(alternatives, inside_or)?;
                    self.steps.pop();
                }
                Token::StartArray => self.field(&name, alternatives)?,
                _ => return self.refuse(format!("\"{name}\" must be an object or an array")),
            }
        }
        if empty { self.refuse("Empty objects are not allowed") } else { Ok(()) }
    }

    /// Each object of the array, with all that came before.
    fn or(&mut self, alternatives: &mut Vec<Conjunction>) -> Result<(), InvalidPattern> {
        if self.next()? != Token::StartArray {
            return self.refuse(format!("It must be an Array followed with {OR}."));
        }
        let before = std::mem::take(alternatives);
        let mut objects = 0;
        loop {
            match self.next()? {
                Token::EndArray => break,
                Token::StartObject => {}
                _ => return self.refuse(format!("Only JSON object is allowed in array of {OR} relationship.")),
            }
            objects += 1;
            let mut branch = before.clone();
            self.object(&mut branch, true)?;
            alternatives.append(&mut branch);
            if alternatives.len() > COMBINATIONS_MAX {
                return self.refuse(format!(
                    "Rule is too complex - {OR} makes more than {COMBINATIONS_MAX} combinations of conditions"
                ));
            }
        }
        if objects < 2 {
            return self.refuse(format!("There must have at least 2 Objects in {OR} relationship."));
        }
        Ok(())
    }

    fn field(&mut self, name: &str, alternatives: &mut [Conjunction]) -> Result<(), InvalidPattern> {
        let mut conditions = Vec::new();
        loop {
            conditions.push(match self.next()? {
                Token::EndArray => break,
                Token::StartObject => self.expression()?,
                Token::Text(text) => Condition::Is(Literal::Text(text.into())),
                Token::Number(number) => Condition::Is(Literal::Number(NumberKey::of(&number))),
                Token::True => Condition::Is(Literal::Bool(true)),
                Token::False => Condition::Is(Literal::Bool(false)),
                Token::Null => Condition::Is(Literal::Null),
                _ => return self.refuse("Match value must be String, number, true, false, or null"),
            });
        }
        if conditions.is_empty() {
            return self.refuse("Empty arrays are not allowed");
        }
        self.steps.push(name.to_owned());
        let full = self.steps.join(".");
        self.steps.pop();
        let path: PathId = self.paths.intern(&full);
        let any: Arc<[Condition]> = conditions.into();
        for alternative in alternatives {
            if alternative.constraints.iter().any(|constraint| constraint.path == path) {
                return self.refuse(format!("Path `{full}` cannot be allowed multiple times"));
            }
            alternative.constraints.push(Constraint { path, any: any.clone() });
        }
        Ok(())
    }

    /// `{"prefix": "a"}`, behind its brace.
    fn expression(&mut self) -> Result<Condition, InvalidPattern> {
        let Token::Name(operator) = self.next()? else {
            return self.refuse("Match expression name not found");
        };
        match operator.as_str() {
            "exactly" => {
                let text = self.text("exact match pattern must be a string")?;
                self.end(Condition::Is(Literal::Text(text.into())))
            }
            "prefix" => match self.next()? {
                Token::StartObject => {
                    self.ignoring_case("Prefix", "prefix").map(|text| Condition::PrefixIgnoreCase(text.into()))
                }
                Token::Text(text) => self.end(Condition::Prefix(text.into())),
                _ => self.refuse("prefix match pattern must be a string"),
            },
            "suffix" => match self.next()? {
                Token::StartObject => {
                    self.ignoring_case("Suffix", "suffix").map(|text| Condition::SuffixIgnoreCase(text.into()))
                }
                Token::Text(text) => self.end(Condition::Suffix(text.into())),
                _ => self.refuse("suffix match pattern must be a string"),
            },
            "equals-ignore-case" => {
                let text = self.text("equals-ignore-case match pattern must be a string")?;
                self.end(Condition::IgnoreCase(text.to_lowercase().into()))
            }
            "wildcard" => {
                let text = self.text("wildcard match pattern must be a string")?;
                let condition = self.wildcard(&text)?;
                self.end(condition)
            }
            "numeric" => {
                if self.next()? != Token::StartArray {
                    return self.refuse("Value of numeric must be an array.");
                }
                let condition = self.numeric()?;
                if self.next()? != Token::EndObject {
                    return self.refuse("Too many elements in numeric expression");
                }
                Ok(condition)
            }
            "cidr" => {
                let text = self.text("prefix match pattern must be a string")?;
                self.reader.read();
                let network = Network::parse(&text).or_else(|reason| self.refuse(reason))?;
                self.end(Condition::Network(network))
            }
            "exists" => {
                let condition = match self.next()? {
                    Token::True => Condition::Exists,
                    Token::False => Condition::Absent,
                    _ => return self.refuse("exists match pattern must be either true or false."),
                };
                self.end(condition)
            }
            "anything-but" => self.anything_but(),
            other => self.refuse(format!("Unrecognized match type {other}")),
        }
    }

    fn text(&mut self, otherwise: &str) -> Result<String, InvalidPattern> {
        match self.next()? {
            Token::Text(text) => Ok(text),
            _ => self.refuse(otherwise),
        }
    }

    /// The end of an expression.
    fn end(&mut self, condition: Condition) -> Result<Condition, InvalidPattern> {
        match self.next()? {
            Token::EndObject => Ok(condition),
            _ => self.refuse(ONE_KEY),
        }
    }

    /// `{"equals-ignore-case": "a"}}`, behind its brace: the text in lower case.
    fn ignoring_case(&mut self, title: &str, operator: &str) -> Result<String, InvalidPattern> {
        match self.next()? {
            Token::Name(name) if name == "equals-ignore-case" => {}
            Token::Name(name) => return self.refuse(format!("Unsupported {operator} pattern: {name}")),
            _ => return self.refuse(format!("{title} expression name not found")),
        }
        let text = self.text("equals-ignore-case match pattern must be a string")?;
        for _ in 0..2 {
            if self.next()? != Token::EndObject {
                return self.refuse(ONE_KEY);
            }
        }
        Ok(text.to_lowercase())
    }

    fn wildcard(&mut self, text: &str) -> Result<Condition, InvalidPattern> {
        self.reader.read();
        let wildcard = Wildcard::parse(text).or_else(|reason| self.refuse(reason))?;
        self.stars += wildcard.stars();
        if self.stars > WILDCARDS_MAX {
            return self.refuse(
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences \
                 after a wildcard character",
            );
        }
        Ok(Condition::Wildcard(wildcard))
    }

    fn anything_but(&mut self) -> Result<Condition, InvalidPattern> {
        let mut token = self.next()?;
        let mut operator = None;
        if token == Token::StartObject {
            let Token::Name(name) = self.next()? else {
                return self.refuse("Anything-But expression name not found");
            };
            if !["equals-ignore-case", "prefix", "suffix", "wildcard"].contains(&name.as_str()) {
                return self.refuse(format!("Unsupported anything-but pattern: {name}"));
            }
            operator = Some(name);
            token = self.next()?;
        }
        let unwanted = match (token, &operator) {
            (Token::StartArray, Some(operator)) => self.unwanted_texts(&operator.clone())?,
            (Token::StartArray, None) => self.unwanted_values()?,
            (Token::Text(text), Some(operator)) => vec![self.unwanted_text(&operator.clone(), text)?],
            (Token::Number(_), Some(operator)) => return self.refuse(texts_only(operator)),
            (Token::Text(text), None) => vec![Condition::Is(Literal::Text(text.into()))],
            (Token::Number(number), None) => vec![Condition::Is(Literal::Number(NumberKey::of(&number)))],
            _ => return self.refuse("Value of anything-but must be an array or single string/number value."),
        };
        for _ in 0..1 + usize::from(operator.is_some()) {
            if self.next()? != Token::EndObject {
                return self.refuse("Too many elements in numeric expression");
            }
        }
        Ok(Condition::AnythingBut(unwanted))
    }

    fn unwanted_values(&mut self) -> Result<Vec<Condition>, InvalidPattern> {
        let (mut values, mut texts, mut numbers) = (Vec::new(), false, false);
        loop {
            values.push(match self.next()? {
                Token::EndArray => break,
                Token::Text(text) => {
                    texts = true;
                    Condition::Is(Literal::Text(text.into()))
                }
                Token::Number(number) => {
                    numbers = true;
                    Condition::Is(Literal::Number(NumberKey::of(&number)))
                }
                _ => return self.refuse("Inside anything but list, start|null|boolean is not supported."),
            });
        }
        if texts == numbers {
            return self.refuse(
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            );
        }
        Ok(values)
    }

    fn unwanted_texts(&mut self, operator: &str) -> Result<Vec<Condition>, InvalidPattern> {
        let mut conditions = Vec::new();
        loop {
            conditions.push(match self.next()? {
                Token::EndArray => return Ok(conditions),
                Token::Text(text) => self.unwanted_text(operator, text)?,
                _ => return self.refuse(texts_only(operator)),
            });
        }
    }

    fn unwanted_text(&mut self, operator: &str, text: String) -> Result<Condition, InvalidPattern> {
        self.reader.read();
        match operator {
            "equals-ignore-case" => Ok(Condition::IgnoreCase(text.to_lowercase().into())),
            "wildcard" => self.wildcard(&text),
            _ if text.is_empty() => self.refuse("Null prefix/suffix not allowed"),
            "prefix" => Ok(Condition::Prefix(text.into())),
            _ => Ok(Condition::Suffix(text.into())),
        }
    }

    /// `">", 0, "<=", 5]`.
    fn numeric(&mut self) -> Result<Condition, InvalidPattern> {
        let operator = match self.next()? {
            Token::Text(operator) => operator,
            other => return self.refuse(format!("Invalid member in numeric match: {}", written(&other))),
        };
        let name = match operator.as_str() {
            "=" => "equals",
            known @ (">" | ">=" | "<" | "<=") => known,
            _ => {
                self.next()?;
                return self.refuse(format!("Unrecognized numeric range operator: {operator}"));
            }
        };
        let number = self.number(name)?;
        let bound = |included| Some(Bound { value: number.as_f64().unwrap_or(f64::NAN), included });
        let token = self.next()?;
        let range = match operator.as_str() {
            ">" | ">=" if token != Token::EndArray => return self.range_up_to(token, bound(operator == ">=")),
            _ if token != Token::EndArray => return self.refuse("Too many elements in numeric expression"),
            "=" => return Ok(Condition::Is(Literal::Number(NumberKey::of(&number)))),
            ">" | ">=" => Range { low: bound(operator == ">="), high: None },
            _ => Range { low: None, high: bound(operator == "<=") },
        };
        Ok(Condition::Within(range))
    }

    fn range_up_to(&mut self, token: Token, low: Option<Bound>) -> Result<Condition, InvalidPattern> {
        let operator = match token {
            Token::Text(operator) if ["<", "<="].contains(&operator.as_str()) => operator,
            Token::Text(operator) => return self.refuse(format!("Bad numeric range operator: {operator}")),
            other => return self.refuse(format!("Bad value in numeric range: {}", written(&other))),
        };
        let value = self.number(&operator)?.as_f64().unwrap_or(f64::NAN);
        if self.next()? != Token::EndArray {
            return self.refuse("Too many terms in numeric range expression");
        }
        if low.is_some_and(|low| low.value >= value) {
            return self.refuse("Bottom must be less than top");
        }
        Ok(Condition::Within(Range { low, high: Some(Bound { value, included: operator == "<=" }) }))
    }

    fn number(&mut self, operator: &str) -> Result<Number, InvalidPattern> {
        match self.next()? {
            Token::Number(number) => Ok(number),
            _ => self.refuse(format!("Value of {operator} must be numeric")),
        }
    }
}

fn texts_only(operator: &str) -> &'static str {
    match operator {
        "equals-ignore-case" => {
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        }
        "wildcard" => "wildcard match pattern must be a string",
        _ => "prefix/suffix match pattern must be a string",
    }
}

/// A token as it stands in the text.
fn written(token: &Token) -> String {
    match token {
        Token::StartObject => "{".into(),
        Token::EndObject => "}".into(),
        Token::StartArray => "[".into(),
        Token::EndArray => "]".into(),
        Token::Name(text) | Token::Text(text) => text.clone(),
        Token::Number(number) => number.to_string(),
        Token::True => "true".into(),
        Token::False => "false".into(),
        Token::Null | Token::End => "null".into(),
    }
}
