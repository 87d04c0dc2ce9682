//! JSON as a tree: what `json_parse` writes anew and what the paths of the SQL standard walk through.

use std::collections::HashMap;

use super::scan::{Kind, Malformed, Scanner};
use super::text;

/// As many members are looked through for one that stands twice; more are hashed.
const FEW_MEMBERS: usize = 16;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// A whole number that fits a bigint.
    Integer(i64),
    /// A whole number beyond.
    Big(String),
    /// A number with a fraction or an exponent.
    Double(f64),
    String(String),
    Array(Vec<Value>),
    /// Members in their order; a name stands once, with the last of its values.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Reads a text that is one JSON value.
    pub fn parse(text: &str) -> Result<Value, Malformed> {
        let mut scanner = Scanner::new(text);
        let value = Value::read(&mut scanner)?;
        if scanner.at_end() { Ok(value) } else { Err(Malformed) }
    }

    fn read(scanner: &mut Scanner) -> Result<Value, Malformed> {
        Ok(match scanner.value()? {
            Kind::Object => {
                scanner.enter()?;
                let mut members: Vec<(String, Value)> = Vec::new();
                // Where a name stands, once there are too many to look through.
                let mut places: HashMap<String, usize> = HashMap::new();
                let mut first = true;
                while let Some(name) = scanner.next_member(&mut first)? {
                    let name = name.text();
                    let value = Value::read(scanner)?;
                    let known = if members.len() <= FEW_MEMBERS {
                        members.iter().position(|(known, _)| *known == name)
                    } else {
                        if places.is_empty() {
                            places.extend(members.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)));
                        }
                        places.get(name.as_ref()).copied()
                    };
                    match known {
                        Some(at) => members[at].1 = value,
                        None => {
                            if !places.is_empty() {
                                places.insert(name.to_string(), members.len());
                            }
                            members.push((name.into_owned(), value));
                        }
                    }
                }
                Value::Object(members)
            }
            Kind::Array => {
                scanner.enter()?;
                let mut elements = Vec::new();
                let mut first = true;
                while scanner.next_element(&mut first)? {
                    elements.push(Value::read(scanner)?);
                }
                Value::Array(elements)
            }
            Kind::String => Value::String(scanner.string()?.text().into_owned()),
            Kind::Number => number(scanner.number()?),
            word => match scanner.word(word)? {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::Null,
            },
        })
    }

    /// Sorts the members of all objects by name, as Java orders strings.
    pub fn sort(&mut self) {
        match self {
            Value::Array(elements) => elements.iter_mut().for_each(Value::sort),
            Value::Object(members) => {
                members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
                members.iter_mut().for_each(|(_, value)| value.sort());
            }
            _ => {}
        }
    }

    /// Writes the value without spaces.
    pub fn write(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Integer(value) => out.push_str(&value.to_string()),
            Value::Big(digits) => out.push_str(digits),
            Value::Double(value) => out.push_str(&text::finite(*value)),
            Value::String(value) => text::quote(value, out),
            Value::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    text::quote(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The value as text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

fn number(raw: &str) -> Value {
    if raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Value::Double(raw.parse().unwrap_or(f64::NAN));
    }
    match raw.parse() {
        Ok(value) => Value::Integer(value),
        Err(_) => Value::Big(raw.to_owned()),
    }
}

/// What a value of Trino's type json looks like: the text without spaces, members sorted by name, the last of several
/// values of one name. `None` when it is no JSON.
pub fn canonical(text: &str) -> Option<String> {
    let mut value = Value::parse(text).ok()?;
    value.sort();
    Some(value.to_text())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn canonical_json_is_sorted_and_has_each_name_once() {
        assert_eq!(canonical(r#" { "b" : 1.10, "a" : [ ], "b": "x" } "#).unwrap(), r#"{"a":[],"b":"x"}"#);
        assert_eq!(canonical("123456789012345678901").unwrap(), "123456789012345678901");
        assert_eq!(canonical("1e2").unwrap(), "100.0");
        assert_eq!(canonical("[1] x"), None);
        assert_eq!(canonical(""), None);
    }

    #[test]
    fn large_objects_have_each_name_once_too() {
        let members: Vec<String> = (0..100).map(|index| format!("\"n{}\":{index}", index % 50)).collect();
        let Value::Object(members) = Value::parse(&format!("{{{}}}", members.join(","))).unwrap() else {
            panic!("not an object")
        };
        assert_eq!(members.len(), 50);
        assert_eq!(members[49], ("n49".to_owned(), Value::Integer(99)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}:,\"\\\\ue0-9.truefalsn é-]*") {
            if let Ok(value) = Value::parse(&text) {
                // What was written once is read as the same again.
                proptest::prop_assert_eq!(Value::parse(&value.to_text()).unwrap().to_text(), value.to_text());
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains("\\u"));
            }
        }
    }
}
