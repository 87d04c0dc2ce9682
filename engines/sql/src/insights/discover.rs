//! Fields that are found in messages: members of JSON, and what Lambda's own lines say.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewArray, StringViewBuilder};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Fields that are discovered in one event.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html>
const FIELDS_MAX: usize = 200;

/// Where a nested member ends being one of its own.
const DEPTH_MAX: usize = 100;

/// Of Lambda's lines: our name for it, and what stands before its value.
const LAMBDA: [(&str, &str); 7] = [
    ("@requestId", "RequestId: "),
    ("@duration", "\tDuration: "),
    ("@billedDuration", "\tBilled Duration: "),
    ("@memorySize", "\tMemory Size: "),
    ("@maxMemoryUsed", "\tMax Memory Used: "),
    ("@initDuration", "\tInit Duration: "),
    ("@xrayTraceId", "\tXRAY TraceId: "),
];

/// A megabyte, as Lambda means it: its sizes are discovered in bytes.
const MEGABYTE: f64 = 1_000_000.0;

/// Takes some fields out of messages.
pub(super) struct Discovery {
    /// Positions of the fields, by the names of members on the way to them.
    members: Members,
    lambda: Vec<(usize, Lambda)>,
    fields: usize,
}

#[derive(Clone, Copy)]
enum Lambda {
    Kind,
    Value { before: &'static str, bytes: bool },
}

/// A level of JSON.
#[derive(Default)]
struct Members {
    /// Fields that end here.
    here: Vec<usize>,
    below: BTreeMap<String, Members>,
}

impl Members {
    fn add(&mut self, path: &[&str], field: usize) {
        match path {
            [] => self.here.push(field),
            [first, rest @ ..] => self.below.entry((*first).to_owned()).or_default().add(rest, field),
        }
    }
}

impl Discovery {
    /// Of these fields.
    pub(super) fn of(fields: &[String]) -> Self {
        let mut members = Members::default();
        let mut lambda = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if field == "@type" {
                lambda.push((index, Lambda::Kind));
            } else if let Some((_, before)) = LAMBDA.iter().find(|(name, _)| name == field) {
                let bytes = matches!(field.as_str(), "@memorySize" | "@maxMemoryUsed");
                lambda.push((index, Lambda::Value { before, bytes }));
            } else {
                let path: Vec<&str> = field.split('.').collect();
                members.add(&path, index);
                if path.len() > 1 {
                    // A member's own name may have dots.
                    members.add(&[field], index);
                }
            }
        }
        Self { members, lambda, fields: fields.len() }
    }

    /// A column for each field; null where a message does not have it.
    pub(super) fn columns(&self, messages: &StringViewArray) -> Vec<ArrayRef> {
        let mut builders: Vec<StringViewBuilder> =
            (0..self.fields).map(|_| StringViewBuilder::with_capacity(messages.len())).collect();
        let mut row: Vec<Option<String>> = vec![None; self.fields];
        for message in messages.iter() {
            let message = message.unwrap_or_default();
            self.read(message, &mut row);
            for (builder, value) in builders.iter_mut().zip(&mut row) {
                match value.take() {
                    Some(text) => builder.append_value(text),
                    None => builder.append_null(),
                }
            }
        }
        builders.into_iter().map(|mut builder| Arc::new(builder.finish()) as ArrayRef).collect()
    }

    fn read(&self, message: &str, row: &mut [Option<String>]) {
        if !self.members.below.is_empty()
            && let Some(json) = fragment(message)
        {
            let mut parser = serde_json::Deserializer::from_str(json);
            let mut left = self.fields - self.lambda.len();
            let node = Node { members: &self.members, row, left: &mut left, depth: 0 };
            // Behind the last field that is wanted nobody looks: that is most of the work.
            if node.deserialize(&mut parser).is_err() && left > 0 {
                row.fill(None);
            }
        }
        for (index, field) in &self.lambda {
            row[*index] = match field {
                Lambda::Kind => lambda_kind(message).map(str::to_owned),
                Lambda::Value { before, bytes } => lambda_value(message, before, *bytes),
            };
        }
    }
}

/// The JSON of a message: all of it, or what begins at its first brace.
fn fragment(message: &str) -> Option<&str> {
    let trimmed = message.trim_start();
    if trimmed.starts_with(['{', '[']) {
        return Some(trimmed);
    }
    message.find('{').map(|start| &message[start..])
}

fn lambda_kind(message: &str) -> Option<&'static str> {
    ["START", "END", "REPORT"]
        .into_iter()
        .find(|kind| message.strip_prefix(kind).is_some_and(|rest| rest.starts_with(" RequestId: ")))
}

fn lambda_value(message: &str, before: &str, bytes: bool) -> Option<String> {
    lambda_kind(message)?;
    let start = message.find(before)? + before.len();
    let value = message[start..].split(['\t', ' ', '\n']).next().filter(|value| !value.is_empty())?;
    match bytes {
        true => Some((value.parse::<f64>().ok()? * MEGABYTE).to_string()),
        false => Some(value.to_owned()),
    }
}

/// A place in a message, and which members of it are wanted.
struct Node<'a> {
    members: &'a Members,
    row: &'a mut [Option<String>],
    /// Fields that were not found yet.
    left: &'a mut usize,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > DEPTH_MAX {
            return serde::Deserialize::deserialize(deserializer).map(|IgnoredAny| ());
        }
        if self.members.below.is_empty() {
            // The whole value is the field, whatever it is made of.
            let raw: &RawValue = serde::Deserialize::deserialize(deserializer)?;
            let value = shown(raw.get());
            self.set(value.as_deref());
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl Node<'_> {
    fn set(self, value: Option<&str>) {
        for field in &self.members.here {
            if self.row[*field].is_none() && value.is_some() {
                *self.left = self.left.saturating_sub(1);
            }
            self.row[*field] = value.map(str::to_owned);
        }
    }

    fn member<'b>(&'b mut self, members: &'b Members) -> Node<'b> {
        Node { members, row: &mut *self.row, left: &mut *self.left, depth: self.depth + 1 }
    }

    /// An error that ends the parsing, where there is nothing more to be found.
    fn enough<E: serde::de::Error>(&self) -> Result<(), E> {
        if *self.left == 0 { Err(E::custom("")) } else { Ok(()) }
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let members = self.members;
        while let Some(wanted) = map.next_key_seed(Name(members))? {
            match wanted {
                Some(members) => {
                    map.next_value_seed(self.member(members))?;
                    self.enough()?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let members = self.members;
            let more = match members.below.get(&index.to_string()) {
                Some(members) => list.next_element_seed(self.member(members))?.is_some(),
                None => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.set(None);
        Ok(())
    }

    fn visit_bool<E>(self, fact: bool) -> Result<(), E> {
        self.set(Some(truth(fact)));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.set(Some(&number.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.set(Some(&number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.set(Some(&number.to_string()));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.set(Some(text));
        Ok(())
    }
}

/// A member's name: is it wanted?
struct Name<'a>(&'a Members);

impl<'de, 'a> DeserializeSeed<'de> for Name<'a> {
    type Value = Option<&'a Members>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Name<'a> {
    type Value = Option<&'a Members>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.below.get(name))
    }
}

/// A JSON value as the field's: a text without its quotes, a truth as a number, null as nothing.
fn shown(raw: &str) -> Option<String> {
    match raw {
        "null" => None,
        "true" => Some(truth(true).into()),
        "false" => Some(truth(false).into()),
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        other => Some(other.to_owned()),
    }
}

fn truth(fact: bool) -> &'static str {
    if fact { "1" } else { "0" }
}

/// The names of all fields of a message, with dots for nesting: what `GetLogGroupFields` counts.
pub fn discovered_fields(message: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(kind) = lambda_kind(message) {
        names.push("@type".to_owned());
        names.extend(LAMBDA.iter().filter(|(_, before)| message.contains(before)).map(|(name, _)| (*name).to_owned()));
        if kind == "REPORT" {
            return names;
        }
    }
    if let Some(json) = fragment(message) {
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<serde_json::Value>();
        if let Some(Ok(value)) = values.next() {
            flatten(&value, "", &mut names);
        }
    }
    names
}

fn flatten(value: &serde_json::Value, path: &str, names: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        _ if names.len() >= FIELDS_MAX => {}
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(value, &below(name), names));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| flatten(item, &below(&index.to_string()), names));
        }
        serde_json::Value::Null => {}
        _ if !path.is_empty() => names.push(path.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;

    use super::*;

    fn values(fields: &[&str], message: &str) -> Vec<Option<String>> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        let columns = Discovery::of(&fields).columns(&StringViewArray::from(vec![message]));
        columns
            .iter()
            .map(|column| {
                let column = column.as_string_view();
                column.is_valid(0).then(|| column.value(0).to_owned())
            })
            .collect()
    }

    #[test]
    fn members_of_json_are_fields_however_deep() {
        let message = r#"{"a": "x\n", "b": {"c": [10, {"d": true}]}, "e": null, "f": 1.5, "g.h": "dotted"}"#;
        let found = values(&["a", "b.c.0", "b.c.1.d", "e", "f", "g.h", "zzz", "b.c"], message);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [text("x\n"), text("10"), text("1"), None, text("1.5"), text("dotted"), None, None],
            "a member that holds others is no field beside them"
        );
        assert_eq!(values(&["b"], message), [text(r#"{"c": [10, {"d": true}]}"#)]);
    }

    #[test]
    fn json_behind_a_prefix_is_found() {
        assert_eq!(values(&["n"], "INFO 17 {\"n\": 3} behind"), [Some("3".into())]);
        assert_eq!(values(&["n"], "no json at all"), [None]);
        assert_eq!(values(&["n"], "{\"m\": 3, broken"), [None]);
        assert_eq!(values(&["n"], "{\"n\": 3, broken"), [Some("3".into())], "behind the last field nobody looks");
    }

    #[test]
    fn lambdas_reports_have_fields() {
        let report = "REPORT RequestId: 8f\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t";
        let found = values(&["@type", "@requestId", "@duration", "@maxMemoryUsed", "@initDuration"], report);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(found, [text("REPORT"), text("8f"), text("12.50"), text("40000000"), None]);
    }

    #[test]
    fn all_fields_are_named_with_dots() {
        assert_eq!(discovered_fields(r#"{"a": 1, "b": {"c": [true]}}"#), ["a", "b.c.0"]);
    }
}
