//! The model's constraints, checked on the tree before any service sees it, and reported in AWS's words.
//!
//! All violations are counted, as AWS does: "2 validation errors detected: Value '' at 'name' failed to satisfy
//! constraint: Member must have length greater than or equal to 1; Value …".

use crate::argument;
use crate::fault::Fault;
use crate::schema::{Kind, Member, Model, Operation, Shape, ShapeId, Violations};
use crate::value::Value;

/// Violations listed in one message; the count in front is always the true one.
const VIOLATIONS_LISTED_MAX: usize = 20;

/// Characters of an offending value that a message repeats.
const VALUE_CHARS_MAX: usize = 1024;

/// The pattern of IAM's names, for which IAM has a sentence of its own.
const NAME_PATTERN: &str = r"satisfy regular expression pattern: [\w+=,.@-]+";

/// One broken constraint.
#[derive(Debug, PartialEq)]
pub struct Violation {
    /// `messageAttributes.1.member.dataType`.
    pub path: String,
    /// The value as AWS shows it; `None` where it is missing.
    pub value: Option<String>,
    /// `Member must not be null`.
    pub constraint: String,
}

/// Checks the input of an operation; the fault is worded as the service words it.
pub fn input(model: &Model, operation: &Operation, value: &Value) -> Result<(), Fault> {
    let Some(shape) = operation.input else { return Ok(()) };
    let mut checker = Checker { model, path: Vec::new(), found: Vec::new(), count: 0 };
    checker.shape(shape, value);
    match (checker.found.first(), model.violations) {
        (None, _) => Ok(()),
        (Some(first), Violations::Argument) => Err(argument::fault(model, operation, first)),
        (Some(_), style) => Err(fault(style, &checker.found, checker.count)),
    }
}

/// Words violations as a service does: the first ones, and how many there are in all.
pub fn fault(style: Violations, found: &[Violation], count: usize) -> Fault {
    let first = &found[0];
    match style {
        Violations::ValidationException => Fault::common("ValidationException", 400, listed(found, count)),
        Violations::InvalidParameter => Fault::common("InvalidParameterException", 400, listed(found, count)),
        Violations::ValidationError => {
            let name = found.iter().find(|violation| violation.constraint.ends_with(NAME_PATTERN));
            let message = name.map_or_else(|| listed(found, count), |violation| format!("The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", violation.path));
            Fault::common("ValidationError", 400, message)
        }
        Violations::Argument => argument::malformed_document(),
        Violations::Parameter => {
            let mut parts = first.path.split('.');
            let member = capitalised(parts.next().unwrap_or_default());
            match &first.value {
                None => parameter_fault(
                    "MissingRequiredParameterException",
                    "MissingParameter",
                    format!("The request must contain the parameter {}.", indexed(&member, parts)),
                ),
                Some(value) => parameter_fault(
                    "InvalidParameterValueException",
                    "InvalidParameterValue",
                    format!("Value {value} for parameter {member} is invalid. Reason: {}.", first.constraint),
                ),
            }
        }
    }
}

/// JSON and query have names of their own for the same refusal.
fn parameter_fault(name: &'static str, code: &'static str, message: String) -> Fault {
    let mut fault = Fault::common(name, 400, message);
    fault.code = code.into();
    fault
}

/// `Entries.1.member.id` as the query-era services say it: `Entries.1.Id`.
fn indexed<'a>(member: &str, rest: impl Iterator<Item = &'a str>) -> String {
    let mut path = member.to_owned();
    for part in rest.filter(|part| *part != "member") {
        path.push('.');
        path.push_str(&capitalised(part));
    }
    path
}

fn listed(found: &[Violation], count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let mut text = format!("{count} validation error{plural} detected: ");
    for (index, violation) in found.iter().enumerate() {
        if index > 0 {
            text.push_str("; ");
        }
        let Violation { path, value, constraint } = violation;
        match value {
            Some(value) => {
                text.push_str(&format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"))
            }
            None => text.push_str(&format!("Value null at '{path}' failed to satisfy constraint: {constraint}")),
        }
    }
    text
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// AWS shows member names as Java fields: first letter small.
fn as_field(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

struct Checker<'a> {
    model: &'a Model,
    /// Names from the root; joined only when something is wrong.
    path: Vec<Step>,
    /// The first [`VIOLATIONS_LISTED_MAX`]: a hostile request can have a million.
    found: Vec<Violation>,
    count: usize,
}

enum Step {
    Member(&'static str),
    Index(usize),
    Key(String),
}

impl Checker<'_> {
    fn shape(&mut self, id: ShapeId, value: &Value) {
        let shape = self.model.shape(id);
        self.own(shape, value);
        match (&shape.kind, value) {
            (Kind::Structure(structure), Value::Struct(fields)) => {
                if structure.union {
                    self.union(shape, fields);
                }
                for (member, field) in structure.members.iter().zip(fields) {
                    self.path.push(Step::Member(member.name));
                    self.member(member, field);
                    self.path.pop();
                }
            }
            (Kind::List { element, .. }, Value::List(items)) => self.list(element, items),
            (Kind::Map { key, value: element, .. }, Value::Map(entries)) => self.map(key, element, entries),
            _ => {}
        }
    }

    fn member(&mut self, member: &Member, field: &Value) {
        match field {
            Value::Absent if member.required => self.report(None, "Member must not be null".into()),
            Value::Absent => {}
            _ => self.shape(member.target, field),
        }
    }

    fn union(&mut self, shape: &Shape, fields: &[Value]) {
        let set = fields.iter().filter(|field| field.is_present()).count();
        if set != 1 {
            self.report(Some(shape.name.to_owned()), "Member must have exactly one of its members set".into());
        }
    }

    /// Elements that are structures are reported one by one; AWS folds the constraints of scalar elements into
    /// one violation of the list.
    fn list(&mut self, element: &Member, items: &[Value]) {
        let target = self.model.shape(element.target);
        if !is_scalar(target) {
            for (index, item) in items.iter().enumerate() {
                self.path.push(Step::Index(index + 1));
                self.member(element, item);
                self.path.pop();
            }
            return;
        }
        let broken = items.iter().map(|item| broken(target, item)).find(|constraints| !constraints.is_empty());
        if let Some(constraints) = broken {
            let shown: Vec<String> = items.iter().map(|item| shown(target, item)).collect();
            let constraint = format!("Member must satisfy constraint: [{}]", constraints.join(", "));
            self.report(Some(format!("[{}]", shown.join(", "))), constraint);
        }
    }

    fn map(&mut self, key: &Member, element: &Member, entries: &[(String, Value)]) {
        let key_shape = self.model.shape(key.target);
        for (name, item) in entries {
            let constraints = broken_text(key_shape, name);
            if !constraints.is_empty() {
                let constraint = format!("Map keys must satisfy constraint: [{}]", constraints.join(", "));
                self.report(Some(name.clone()), constraint);
            }
            self.path.push(Step::Key(name.clone()));
            self.member(element, item);
            self.path.pop();
        }
    }

    fn own(&mut self, shape: &Shape, value: &Value) {
        for constraint in broken(shape, value) {
            self.report(Some(shown(shape, value)), constraint);
        }
    }

    fn report(&mut self, value: Option<String>, constraint: String) {
        self.count += 1;
        if self.found.len() == VIOLATIONS_LISTED_MAX {
            return;
        }
        let mut path = String::new();
        for (depth, step) in self.path.iter().enumerate() {
            let separator = if depth > 0 { "." } else { "" };
            match step {
                Step::Member(name) => path.push_str(&format!("{separator}{}", as_field(name))),
                Step::Index(index) => path.push_str(&format!("{separator}{index}.member")),
                Step::Key(key) => path.push_str(&format!("{separator}{key}.member")),
            }
        }
        self.found.push(Violation { path, value, constraint });
    }
}

fn is_scalar(shape: &Shape) -> bool {
    !matches!(shape.kind, Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. })
}

/// The constraints that the value itself breaks, not those of what it holds.
fn broken(shape: &Shape, value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => broken_text(shape, text),
        Value::Blob(bytes) => broken_length(shape, bytes.len()),
        Value::List(items) => broken_length(shape, items.len()),
        Value::Map(entries) => broken_length(shape, entries.len()),
        Value::Integer(number) => broken_range(shape, *number as f64),
        Value::Float(number) => broken_range(shape, *number),
        _ => Vec::new(),
    }
}

fn broken_text(shape: &Shape, text: &str) -> Vec<String> {
    let mut constraints = Vec::new();
    if let Kind::String { values } = shape.kind
        && !values.is_empty()
        && !values.contains(&text)
    {
        constraints.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
        return constraints;
    }
    if shape.min.is_some() || shape.max.is_some() {
        constraints = broken_length(shape, text.chars().count());
    }
    if let Some(pattern) = &shape.pattern
        && !pattern.matches(text)
    {
        constraints.push(format!("Member must satisfy regular expression pattern: {}", pattern.source()));
    }
    constraints
}

fn broken_length(shape: &Shape, length: usize) -> Vec<String> {
    broken_bounds(shape, length as f64, "length")
}

fn broken_range(shape: &Shape, number: f64) -> Vec<String> {
    broken_bounds(shape, number, "value")
}

fn broken_bounds(shape: &Shape, measure: f64, noun: &str) -> Vec<String> {
    let mut constraints = Vec::new();
    if let Some(max) = shape.max.filter(|max| measure > *max) {
        constraints.push(format!("Member must have {noun} less than or equal to {max}"));
    }
    if let Some(min) = shape.min.filter(|min| measure < *min) {
        constraints.push(format!("Member must have {noun} greater than or equal to {min}"));
    }
    constraints
}

fn shown(shape: &Shape, value: &Value) -> String {
    if shape.sensitive {
        return "*** Sensitive Data Redacted ***".into();
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(fact) => fact.to_string(),
        Value::Blob(bytes) => format!("java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", bytes.len()),
        Value::List(items) => {
            let items: Vec<String> = items.iter().take(VIOLATIONS_LISTED_MAX).map(plain).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .take(VIOLATIONS_LISTED_MAX)
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        _ => String::new(),
    };
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// An element inside a shown list: scalars as they are, structures not at all.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(fact) => fact.to_string(),
        _ => "...".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Pattern, Structure};

    const fn shape(name: &'static str, kind: Kind, min: Option<f64>, max: Option<f64>) -> Shape {
        Shape { name, kind, min, max, pattern: None, sensitive: false }
    }

    static SHAPES: [Shape; 6] = [
        shape(
            "Request",
            Kind::Structure(Structure {
                members: &[
                    Member { required: true, ..Member::new("Name", 1) },
                    Member::new("Type", 2),
                    Member::new("MaxResults", 3),
                    Member::new("Names", 4),
                ],
                union: false,
                payload: None,
                error: None,
                xml_name: None,
                xml_namespace: None,
                xml_unwrapped: false,
            }),
            None,
            None,
        ),
        Shape {
            name: "Name",
            kind: Kind::String { values: &[] },
            min: Some(1.0),
            max: Some(5.0),
            pattern: Some(Pattern::new("[a-z]+")),
            sensitive: false,
        },
        shape("Type", Kind::String { values: &["String", "StringList"] }, None, None),
        shape("MaxResults", Kind::Integer, Some(1.0), Some(50.0)),
        shape("Names", Kind::List { element: Member::new("", 5), flattened: false }, Some(1.0), Some(2.0)),
        shape("Element", Kind::String { values: &[] }, Some(1.0), Some(3.0)),
    ];

    static OPERATION: Operation = Operation {
        name: "Do",
        served: true,
        method: "POST",
        uri: "/",
        status: 200,
        request_bytes_max: None,
        input: Some(ShapeId(0)),
        output: None,
        result_wrapper: None,
        input_root: None,
        signed: true,
    };

    fn model(violations: Violations) -> Model {
        Model {
            service: "test",
            service_id: "Test",
            signing_name: "test",
            endpoint_prefix: "test",
            api_version: "1",
            protocols: &[],
            target_prefix: None,
            xml_namespace: None,
            query_compatible: false,
            violations,
            global: false,
            operations: &[],
            shapes: &SHAPES,
        }
    }

    fn message(fields: Vec<Value>) -> String {
        let fault = input(&model(Violations::ValidationException), &OPERATION, &Value::Struct(fields));
        fault.expect_err("a violation").message
    }

    fn named(name: &str) -> Value {
        Value::String(name.into())
    }

    #[test]
    fn a_missing_required_member_is_null() {
        assert_eq!(
            message(vec![Value::Absent, Value::Absent, Value::Absent, Value::Absent]),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"
        );
    }

    #[test]
    fn every_violation_is_counted() {
        assert_eq!(
            message(vec![named("ABCDEF"), named("Strong"), Value::Integer(51), Value::Absent]),
            "4 validation errors detected: Value 'ABCDEF' at 'name' failed to satisfy constraint: Member must have \
             length less than or equal to 5; Value 'ABCDEF' at 'name' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [a-z]+; Value 'Strong' at 'type' failed to satisfy constraint: \
             Member must satisfy enum value set: [String, StringList]; Value '51' at 'maxResults' failed to satisfy \
             constraint: Member must have value less than or equal to 50"
        );
    }

    #[test]
    fn constraints_of_scalar_elements_are_folded_into_the_list() {
        let names = Value::List(vec![named("ok"), named("long")]);
        assert_eq!(
            message(vec![named("a"), Value::Absent, Value::Absent, names]),
            "1 validation error detected: Value '[ok, long]' at 'names' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must have length less than or equal to 3]"
        );
    }

    #[test]
    fn sqs_names_the_missing_parameter() {
        let fields = vec![Value::Absent, Value::Absent, Value::Absent, Value::Absent];
        let fault = input(&model(Violations::Parameter), &OPERATION, &Value::Struct(fields)).expect_err("a violation");
        assert_eq!(
            fault.to_string(),
            "MissingRequiredParameterException: The request must contain the parameter Name."
        );
        assert_eq!(fault.code, "MissingParameter");
    }

    #[test]
    fn iam_has_a_sentence_for_names() {
        let constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]+".to_owned();
        let violation = Violation { path: "userName".into(), value: Some("a b".into()), constraint };
        assert_eq!(
            fault(Violations::ValidationError, &[violation], 1).to_string(),
            "ValidationError: The specified value for userName is invalid. It must contain only alphanumeric characters \
             and/or the following: +=,.@_-"
        );
    }

    #[test]
    fn a_fitting_request_passes() {
        let fields = vec![named("abc"), named("String"), Value::Integer(50), Value::List(vec![named("x")])];
        input(&model(Violations::ValidationException), &OPERATION, &Value::Struct(fields)).expect("no violation");
    }
}
