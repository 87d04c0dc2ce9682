//! What a target gets of an event: all, a part, a constant, or a template filled in.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use haar_platform::kernel::Timestamp;
use serde_json::{Value, json};

use super::json_path::JsonPath;
use super::model::Input;

/// Variables that exist by themselves.
const RESERVED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

/// An event on its way through a rule.
pub struct Matched<'a> {
    pub event: &'a Value,
    pub rule_arn: &'a str,
    pub rule_name: &'a str,
    pub ingested: Timestamp,
}

/// A piece of a template.
#[derive(Debug, PartialEq)]
enum Piece<'t> {
    Text(&'t str),
    /// A variable, and whether it stands in a quoted text.
    Variable(&'t str, bool),
}

/// The payload for a target.
pub fn payload(input: &Input, matched: &Matched<'_>) -> String {
    match input {
        Input::Event => matched.event.to_string(),
        Input::Constant(text) => text.clone(),
        Input::Part(path) => {
            let part = JsonPath::parse(path).and_then(|path| path.find(matched.event));
            part.unwrap_or_default().to_string()
        }
        Input::Transformed { paths, template } => {
            let mut filled = String::with_capacity(template.len());
            for piece in pieces(template) {
                match piece {
                    Piece::Text(text) => filled.push_str(text),
                    Piece::Variable(name, quoted) => {
                        let path = paths.get(name).and_then(|path| JsonPath::parse(path));
                        let value = match path {
                            Some(path) => path.find(matched.event),
                            None => matched.reserved(name),
                        };
                        filled.push_str(&written(value.as_ref(), quoted));
                    }
                }
            }
            filled
        }
    }
}

/// The names in a template that are neither variables of it nor reserved.
pub fn unknown_variables(input: &Input) -> Vec<&str> {
    let Input::Transformed { paths, template } = input else { return Vec::new() };
    let names = pieces(template).into_iter().filter_map(|piece| match piece {
        Piece::Variable(name, _) => Some(name),
        Piece::Text(_) => None,
    });
    names.filter(|name| !paths.contains_key(*name) && !RESERVED.contains(name)).collect()
}

/// Whether variables may not have that name.
pub fn is_reserved(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("aws")
}

impl Matched<'_> {
    fn reserved(&self, name: &str) -> Option<Value> {
        Some(match name {
            "aws.events.rule-arn" => json!(self.rule_arn),
            "aws.events.rule-name" => json!(self.rule_name),
            "aws.events.event.ingestion-time" => json!(self.ingested.format("%Y-%m-%dT%H:%M:%S.%3fZ")),
            "aws.events.event.json" => self.event.clone(),
            "aws.events.event" => {
                let mut event = self.event.clone();
                if let Some(members) = event.as_object_mut() {
                    members.shift_remove("detail");
                }
                event
            }
            _ => return None,
        })
    }
}

/// A value inside quotes is a text without its own quotes; outside it is JSON. What is not there is an empty text.
fn written(value: Option<&Value>, quoted: bool) -> String {
    let text = match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) if quoted => other.to_string(),
        Some(other) => return other.to_string(),
    };
    let escaped = Value::String(text).to_string();
    if quoted { escaped[1..escaped.len() - 1].to_owned() } else { escaped }
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut quoted, mut escaped, mut start) = (Vec::new(), false, false, 0);
    let mut at = 0;
    while let Some(character) = template[at..].chars().next() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '<' => {
                if let Some(name) = variable(&template[at + 1..]) {
                    pieces.push(Piece::Text(&template[start..at]));
                    pieces.push(Piece::Variable(name, quoted));
                    at += name.len() + 2;
                    start = at;
                    continue;
                }
            }
            _ => {}
        }
        at += character.len_utf8();
    }
    pieces.push(Piece::Text(&template[start..]));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

fn variable(rest: &str) -> Option<&str> {
    let name = &rest[..rest.find('>')?];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str) -> String {
        let paths = [("id", "$.detail.id"), ("detail", "$.detail"), ("none", "$.detail.none"), ("n", "$.detail.n")];
        let paths = paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into();
        let input = Input::Transformed { paths, template: template.into() };
        let event = json!({"id": "e", "source": "s", "detail": {"id": "a \"b\"", "n": 5}});
        let ingested = Timestamp::from_millis(1_767_225_600_123);
        payload(&input, &Matched { event: &event, rule_arn: "arn:rule", rule_name: "rule", ingested })
    }

    #[test]
    fn variables_are_json_outside_of_quotes_and_text_inside() {
        for (template, expected) in [
            (r#"{"id": <id>, "n": <n>}"#, r#"{"id": "a \"b\"", "n": 5}"#),
            (r#"{"text": "it is <id>, <n>."}"#, r#"{"text": "it is a \"b\", 5."}"#),
            (r#"{"detail": <detail>}"#, r#"{"detail": {"id":"a \"b\"","n":5}}"#),
            (r#"{"detail": "<detail>"}"#, r#"{"detail": "{\"id\":\"a \\\"b\\\"\",\"n\":5}"}"#),
            (r#"{"none": <none>}"#, r#"{"none": ""}"#),
            (r#""<none> and <n>""#, r#"" and 5""#),
            (r#"{"a": "\"<n>\" < 6"}"#, r#"{"a": "\"5\" < 6"}"#),
        ] {
            assert_eq!(fill(template), expected, "{template}");
        }
    }

    #[test]
    fn reserved_variables_tell_of_the_rule_and_the_event() {
        assert_eq!(fill("<aws.events.rule-arn>"), "\"arn:rule\"");
        assert_eq!(fill("\"<aws.events.rule-name>\""), "\"rule\"");
        assert_eq!(fill("<aws.events.event.ingestion-time>"), "\"2026-01-01T00:00:00.123Z\"");
        assert_eq!(fill("<aws.events.event>"), r#"{"id":"e","source":"s"}"#);
        assert_eq!(fill("<aws.events.event.json>"), r#"{"id":"e","source":"s","detail":{"id":"a \"b\"","n":5}}"#);
    }

    #[test]
    fn variables_without_a_path_are_known_before() {
        let input = Input::Transformed {
            paths: [("a".to_owned(), "$.a".to_owned())].into(),
            template: "<a> <b> <aws.events.event> <aws.events.other>".into(),
        };
        assert_eq!(unknown_variables(&input), ["b", "aws.events.other"]);
    }
}
