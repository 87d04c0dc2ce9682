//! Evaluates the paths of the SQL standard.

use std::borrow::Cow;

use crate::error::SqlError;

use super::arithmetic::{calculated, negated, whole};
use super::item::{Item, Number};
use super::standard_path::{Literal, Method, Path, StandardPath};
use super::value::Value;

/// Trino's name for what goes wrong in a path.
const PATH_EVALUATION_ERROR: &str = "PATH_EVALUATION_ERROR";

type Sequence<'a> = Vec<Item<'a>>;

/// One evaluation.
pub(super) struct Evaluation<'a> {
    pub(super) lax: bool,
    input: &'a Value,
    parameters: &'a [(String, Item<'a>)],
    objects: i64,
}

/// What `@` and `last` mean at a place of the path.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'s, 'a> {
    pub(super) current: Option<&'s Item<'a>>,
    pub(super) last: Option<i64>,
}

/// The items that a path finds.
///
/// # Errors
/// `PATH_EVALUATION_ERROR: path evaluation failed: …`
pub fn evaluate<'a>(
    path: &StandardPath,
    input: &'a Value,
    parameters: &'a [(String, Item<'a>)],
) -> Result<Sequence<'a>, SqlError> {
    Evaluation { lax: path.lax, input, parameters, objects: 0 }.path(&path.root, Scope::default())
}

pub(super) fn failed(message: impl std::fmt::Display) -> SqlError {
    SqlError::new(PATH_EVALUATION_ERROR, format!("path evaluation failed: {message}"))
}

fn wrong_type(expected: &str, item: &Item) -> SqlError {
    failed(format!("invalid item type. Expected: {expected}, actual: {}", item.kind()))
}

impl<'a> Evaluation<'a> {
    pub(super) fn path(&mut self, path: &Path, scope: Scope<'_, 'a>) -> Result<Sequence<'a>, SqlError> {
        match path {
            Path::Literal(literal) => Ok(vec![item_of(literal)]),
            Path::Input => Ok(vec![Item::Json(Cow::Borrowed(self.input))]),
            Path::Variable(name) => {
                let found = self.parameters.iter().find(|(known, _)| known == name);
                let (_, item) = found.ok_or_else(|| failed(format!("no value passed for parameter {name}")))?;
                Ok(vec![item.clone()])
            }
            Path::Current => Ok(vec![scope.current.cloned().ok_or_else(|| failed("no current item"))?]),
            Path::Last => {
                let last = scope.last.ok_or_else(|| failed("last is used outside of a subscript"))?;
                Ok(vec![Item::owned(Value::Integer(last))])
            }
            Path::Sign { negative, of } => {
                self.each_number(of, scope, |number| Ok(if *negative { negated(number)? } else { number }))
            }
            Path::Arithmetic(operator, left, right) => {
                let left = self.path(left, scope)?;
                let right = self.path(right, scope)?;
                let (left, right) = (self.unwrapped(left), self.unwrapped(right));
                let ([left], [right]) = (left.as_slice(), right.as_slice()) else {
                    return Err(failed("arithmetic binary expression requires singleton operands"));
                };
                let left = left.number().ok_or_else(|| wrong_type("NUMBER", left))?;
                let right = right.number().ok_or_else(|| wrong_type("NUMBER", right))?;
                Ok(vec![Item::of(calculated(*operator, left, right)?)])
            }
            Path::Member(of, name) => self.members(of, name.as_deref(), scope),
            Path::Descendants(of, name) => {
                let mut found = Vec::new();
                for item in self.path(of, scope)? {
                    match item {
                        Item::Json(Cow::Borrowed(value)) => {
                            descend(value, name, &mut |value| found.push(Item::Json(Cow::Borrowed(value))));
                        }
                        Item::Json(Cow::Owned(value)) => {
                            descend(&value, name, &mut |value| found.push(Item::owned(value.clone())));
                        }
                        Item::Decimal(..) => {}
                    }
                }
                Ok(found)
            }
            Path::Elements(of, subscripts) => self.elements(of, subscripts, scope),
            Path::Filter(of, predicate) => {
                let sequence = self.path(of, scope)?;
                let mut kept = Vec::new();
                for item in self.unwrapped(sequence) {
                    let inside = Scope { current: Some(&item), ..scope };
                    if self.predicate(predicate, inside) == Some(true) {
                        kept.push(item);
                    }
                }
                Ok(kept)
            }
            Path::Method(of, method) => self.method(of, *method, scope),
        }
    }

    /// In lax mode, arrays stand for their elements.
    pub(super) fn unwrapped(&self, sequence: Sequence<'a>) -> Sequence<'a> {
        if !self.lax || !sequence.iter().any(|item| matches!(item.json(), Some(Value::Array(_)))) {
            return sequence;
        }
        sequence.into_iter().flat_map(|item| elements_of(&item).unwrap_or_else(|| vec![item])).collect()
    }

    fn each_number(
        &mut self,
        of: &Path,
        scope: Scope<'_, 'a>,
        change: impl Fn(Number) -> Result<Number, SqlError>,
    ) -> Result<Sequence<'a>, SqlError> {
        let sequence = self.path(of, scope)?;
        let numbers = self.unwrapped(sequence).into_iter().map(|item| {
            let number = item.number().ok_or_else(|| wrong_type("NUMBER", &item))?;
            change(number).map(Item::of)
        });
        numbers.collect()
    }

    fn members(&mut self, of: &Path, name: Option<&str>, scope: Scope<'_, 'a>) -> Result<Sequence<'a>, SqlError> {
        let sequence = self.path(of, scope)?;
        let mut found = Vec::new();
        for item in self.unwrapped(sequence) {
            let Some(Value::Object(_)) = item.json() else {
                if self.lax {
                    continue;
                }
                return Err(wrong_type("OBJECT", &item));
            };
            let before = found.len();
            let wanted = |known: &str| name.is_none_or(|name| name == known);
            match item {
                Item::Json(Cow::Borrowed(Value::Object(members))) => found.extend(
                    members
                        .iter()
                        .filter(|(known, _)| wanted(known))
                        .map(|(_, value)| Item::Json(Cow::Borrowed(value))),
                ),
                Item::Json(Cow::Owned(Value::Object(members))) => found.extend(
                    members.into_iter().filter(|(known, _)| wanted(known)).map(|(_, value)| Item::owned(value)),
                ),
                _ => {}
            }
            if let Some(name) = name
                && found.len() == before
                && !self.lax
            {
                return Err(failed(format!("structural error: missing member '{name}' in JSON object")));
            }
        }
        Ok(found)
    }

    fn elements(
        &mut self,
        of: &Path,
        subscripts: &[(Path, Option<Path>)],
        scope: Scope<'_, 'a>,
    ) -> Result<Sequence<'a>, SqlError> {
        let mut found = Vec::new();
        for item in self.path(of, scope)? {
            let elements = match elements_of(&item) {
                Some(elements) => elements,
                None if self.lax => vec![item],
                None => return Err(wrong_type("ARRAY", &item)),
            };
            if subscripts.is_empty() {
                found.extend(elements);
                continue;
            }
            if elements.is_empty() {
                if self.lax {
                    continue;
                }
                return Err(failed("structural error: invalid array subscript for empty array"));
            }
            let size = i64::try_from(elements.len()).unwrap_or(i64::MAX);
            let inside = Scope { last: Some(size - 1), ..scope };
            for (from, to) in subscripts {
                let from = self.index(from, "from", inside)?;
                let to = match to {
                    Some(to) => self.index(to, "to", inside)?,
                    None => from,
                };
                let fits = |index: i64| (0..size).contains(&index);
                let exists = fits(from) && fits(to) && from <= to;
                if !self.lax && !exists {
                    let message =
                        format!("structural error: invalid array subscript: [{from}, {to}] for array of size {size}");
                    return Err(failed(message));
                }
                for index in from.max(0)..=to.min(size - 1) {
                    found.push(elements[usize::try_from(index).unwrap_or(0)].clone());
                }
            }
        }
        Ok(found)
    }

    fn index(&mut self, path: &Path, end: &str, scope: Scope<'_, 'a>) -> Result<i64, SqlError> {
        let sequence = self.path(path, scope)?;
        let [item] = sequence.as_slice() else {
            return Err(failed(format!("array subscript '{end}' value must be singleton numeric")));
        };
        match item.number().ok_or_else(|| wrong_type("NUMBER", item))? {
            Number::Integer(index) => Ok(index),
            // Numbers of JSON are cut, those of SQL rounded.
            Number::Double(index) if index.is_finite() => Ok(index.trunc() as i64),
            Number::Double(index) => Err(failed(format!("cannot convert value {index} to long"))),
            decimal @ Number::Decimal(..) => Ok(decimal.as_double().round() as i64),
        }
    }

    fn method(&mut self, of: &Path, method: Method, scope: Scope<'_, 'a>) -> Result<Sequence<'a>, SqlError> {
        match method {
            Method::Abs => self.each_number(of, scope, |number| match number {
                Number::Integer(value) => value.checked_abs().map(Number::Integer).ok_or_else(|| failed("")),
                Number::Decimal(unscaled, scale) => Ok(Number::Decimal(unscaled.abs(), scale)),
                Number::Double(value) => Ok(Number::Double(value.abs())),
            }),
            Method::Ceiling => self.each_number(of, scope, |number| Ok(whole(number, f64::ceil, 1))),
            Method::Floor => self.each_number(of, scope, |number| Ok(whole(number, f64::floor, -1))),
            Method::Double => {
                let sequence = self.path(of, scope)?;
                let doubles = self.unwrapped(sequence).into_iter().map(|item| {
                    let double = match (item.number(), item.text()) {
                        (Some(number), _) => number.as_double(),
                        (None, Some(text)) => text.trim().parse().map_err(|_| failed(""))?,
                        (None, None) => return Err(wrong_type("NUMBER or TEXT", &item)),
                    };
                    Ok(Item::owned(Value::Double(double)))
                });
                doubles.collect()
            }
            Method::KeyValue => {
                let sequence = self.path(of, scope)?;
                let mut pairs = Vec::new();
                for item in self.unwrapped(sequence) {
                    let Some(Value::Object(members)) = item.json() else { return Err(wrong_type("OBJECT", &item)) };
                    for (name, value) in members {
                        pairs.push(Item::owned(Value::Object(vec![
                            ("name".to_owned(), Value::String(name.clone())),
                            ("value".to_owned(), value.clone()),
                            ("id".to_owned(), Value::Integer(self.objects)),
                        ])));
                    }
                    self.objects += 1;
                }
                Ok(pairs)
            }
            Method::Size => {
                let mut sizes = Vec::new();
                for item in self.path(of, scope)? {
                    let size = match item.json() {
                        Some(Value::Array(elements)) => i64::try_from(elements.len()).unwrap_or(i64::MAX),
                        _ if self.lax => 1,
                        _ => return Err(wrong_type("ARRAY", &item)),
                    };
                    sizes.push(Item::owned(Value::Integer(size)));
                }
                Ok(sizes)
            }
            Method::Type => {
                let sequence = self.path(of, scope)?;
                Ok(sequence.iter().map(|item| Item::owned(Value::String(item.type_name().to_owned()))).collect())
            }
        }
    }
}

fn item_of<'a>(literal: &Literal) -> Item<'a> {
    match literal {
        Literal::Null => Item::owned(Value::Null),
        Literal::Bool(value) => Item::owned(Value::Bool(*value)),
        Literal::Integer(value) => Item::owned(Value::Integer(*value)),
        Literal::Decimal(unscaled, scale) => Item::Decimal(*unscaled, *scale),
        Literal::Double(value) => Item::owned(Value::Double(*value)),
        Literal::Text(text) => Item::owned(Value::String(text.clone())),
    }
}

/// The elements, if it is an array.
fn elements_of<'a>(item: &Item<'a>) -> Option<Sequence<'a>> {
    match item {
        Item::Json(Cow::Borrowed(Value::Array(elements))) => {
            Some(elements.iter().map(|element| Item::Json(Cow::Borrowed(element))).collect())
        }
        Item::Json(Cow::Owned(Value::Array(elements))) => Some(elements.iter().cloned().map(Item::owned).collect()),
        _ => None,
    }
}

/// Finds a name in all objects, the outer ones first.
fn descend<'v>(value: &'v Value, name: &str, found: &mut impl FnMut(&'v Value)) {
    match value {
        Value::Object(members) => {
            if let Some((_, bound)) = members.iter().find(|(known, _)| known == name) {
                found(bound);
            }
            for (_, value) in members {
                descend(value, name, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| descend(element, name, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::standard;
    use super::*;

    fn found(json: &str, path: &str) -> Result<Vec<String>, SqlError> {
        let input = Value::parse(json).unwrap();
        let sequence = evaluate(&StandardPath::parse(path).unwrap(), &input, &[])?;
        Ok(sequence.iter().map(standard::item_text).collect())
    }

    const CUSTOMERS: &str = r#"[{"customer": 100, "region": "AFRICA"}, {"region": "ASIA"}, {"customer": 300, "region": "AFRICA", "comment": null}]"#;

    #[test]
    fn lax_mode_forgives_what_strict_mode_refuses() {
        assert_eq!(found(CUSTOMERS, "lax $.customer").unwrap(), ["100", "300"]);
        let error = found(CUSTOMERS, "strict $[*].customer").unwrap_err();
        let message = "path evaluation failed: structural error: missing member 'customer' in JSON object";
        assert_eq!(error.message, message);
        let error = found(CUSTOMERS, "strict $.customer").unwrap_err();
        assert_eq!(error.message, "path evaluation failed: invalid item type. Expected: OBJECT, actual: ARRAY");
        assert_eq!(found("1", "lax $[0]").unwrap(), ["1"]);
        assert!(found("1", "strict $[0]").is_err());
        assert_eq!(found("[1,2,3]", "lax $[1 to 7, 0, last]").unwrap(), ["2", "3", "1", "3"]);
        assert!(found("[1,2,3]", "strict $[5]").is_err());
    }

    #[test]
    fn filters_keep_what_is_true() {
        let asia = [r#"{"customer":100,"region":"AFRICA"}"#, r#"{"customer":300,"region":"AFRICA","comment":null}"#];
        assert_eq!(found(CUSTOMERS, "lax $?(@.region != \"ASIA\")").unwrap(), asia);
        assert_eq!(found(CUSTOMERS, "lax $?(!exists(@.customer))").unwrap(), [r#"{"region":"ASIA"}"#]);
        assert_eq!(found("[1, 2.5, \"a\", null]", "lax $[*]?(@ > 1.5)").unwrap(), ["2.5"]);
        assert_eq!(found("[1, 2, 3]", "lax $[*]?(@ > 1 && @ < 3)").unwrap(), ["2"]);
        assert_eq!(found("[1, \"a\"]", "lax $[*]?((@ > 1) is unknown)").unwrap(), ["\"a\""]);
        assert_eq!(found("[\"abc\", \"xbc\"]", "lax $[*]?(@ starts with \"a\")").unwrap(), ["\"abc\""]);
        assert_eq!(found("[\"abc\", \"xBc\"]", "lax $[*]?(@ like_regex \"^X\" flag \"i\")").unwrap(), ["\"xBc\""]);
        assert_eq!(found("[null, 1]", "lax $[*]?(@ == null)").unwrap(), ["null"]);
    }

    #[test]
    fn methods_change_each_item() {
        assert_eq!(found("[-1.5, -1, 1.3]", "lax $.ceiling()").unwrap(), ["-1.0", "-1", "2.0"]);
        assert_eq!(found("[-1.5, -1, 1.3]", "lax $.floor()").unwrap(), ["-2.0", "-1", "1.0"]);
        assert_eq!(found("[-1.5, -1, 1.3]", "lax $.abs()").unwrap(), ["1.5", "1", "1.3"]);
        assert_eq!(found("[-1, 23e4, \"5.6\"]", "lax $.double()").unwrap(), ["-1.0", "230000.0", "5.6"]);
        assert_eq!(
            found("[[0,1,2],[\"a\",\"b\",\"c\",\"d\"],[null,null]]", "lax $[*].size()").unwrap(),
            ["3", "4", "2"]
        );
        assert_eq!(
            found("[1,\"a\",null,true,[],{}]", "lax $[*].type()").unwrap(),
            ["\"number\"", "\"string\"", "\"null\"", "\"boolean\"", "\"array\"", "\"object\""]
        );
        assert_eq!(found("{\"a\": 1}", "lax $.keyvalue()").unwrap(), [r#"{"name":"a","value":1,"id":0}"#]);
        assert!(found("[1, \"a\"]", "lax $.floor()").is_err());
    }

    #[test]
    fn descendants_come_outer_ones_first() {
        let json = r#"{"id": 1, "notes": [{"type": 1, "comment": "foo"}, {"type": 2, "comment": null}], "comment": ["bar", "baz"]}"#;
        assert_eq!(found(json, "lax $..comment").unwrap(), [r#"["bar","baz"]"#, "\"foo\"", "null"]);
    }

    #[test]
    fn arithmetic_follows_sql() {
        assert_eq!(found("{\"a\": 7}", "lax $.a / 2").unwrap(), ["3"]);
        assert_eq!(found("{\"a\": 7}", "lax ($.a + 1.5) * 2").unwrap(), ["17.0"]);
        assert_eq!(found("{\"a\": 7.0}", "lax -$.a / 2").unwrap(), ["-3.5"]);
        assert_eq!(found("1", "lax $ / 0").unwrap_err().name, PATH_EVALUATION_ERROR);
        let error = found("[1, 2]", "lax $ + 1").unwrap_err();
        assert_eq!(error.message, "path evaluation failed: arithmetic binary expression requires singleton operands");
    }
}
