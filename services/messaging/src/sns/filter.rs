//! Filter policies: which messages a subscription wants.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

use haar_platform::pattern::Pattern;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::SnsError;
use super::model::{Attribute, AttributeValue};

/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
const KEYS_MAX: usize = 5;
const COMBINATIONS_MAX: usize = 150;
const BYTES_MAX: usize = 256 * 1024;

/// What a filter policy looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    #[default]
    MessageAttributes,
    MessageBody,
}

impl Scope {
    /// By AWS's name.
    pub fn parse(text: &str) -> Result<Self, SnsError> {
        match text {
            "MessageAttributes" => Ok(Self::MessageAttributes),
            "MessageBody" => Ok(Self::MessageBody),
            _ => Err(SnsError::invalid(format!(
                "FilterPolicyScope: Invalid value [{text}]. Please use either MessageBody or MessageAttributes"
            ))),
        }
    }

    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        }
    }
}

/// A policy, ready to be asked.
pub struct Filter {
    pattern: Pattern,
    scope: Scope,
}

/// A message as filters see it; each view is made when the first filter asks for it.
#[derive(Default)]
pub struct Views {
    attributes: Option<Value>,
    body: Option<Option<Value>>,
}

/// Why a message was not wanted, as metrics tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwanted {
    Attributes,
    NoAttributes,
    Body,
    /// It is no JSON.
    InvalidBody,
}

impl Filter {
    /// From the attribute.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, SnsError> {
        let refuse = |reason: &str| SnsError::invalid(format!("FilterPolicy: {reason}"));
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(refuse("failed to parse JSON."));
        };
        if text.len() > BYTES_MAX {
            return Err(refuse("Filter policy is too long"));
        }
        let nested = |(name, value): (&String, &Value)| name != "$or" && value.is_object();
        if scope == Scope::MessageAttributes && policy.iter().any(nested) {
            return Err(refuse("Filter policy scope MessageAttributes does not support nested filter policy"));
        }
        if keys(&policy) > KEYS_MAX {
            return Err(refuse("Filter policy can not have more than 5 keys"));
        }
        if combinations(&policy, 1) > COMBINATIONS_MAX {
            return Err(refuse("Filter policy is too complex"));
        }
        let pattern = Pattern::parse(text).map_err(|invalid| refuse(&invalid.message))?;
        Ok(Self { pattern, scope })
    }

    /// Whether a message is wanted.
    pub fn check(&self, views: &mut Views, attributes: &[(String, Attribute)], text: &str) -> Result<(), Unwanted> {
        match self.scope {
            Scope::MessageAttributes => {
                let view = views.attributes.get_or_insert_with(|| of_attributes(attributes));
                match self.pattern.matches(view) {
                    true => Ok(()),
                    false if attributes.is_empty() => Err(Unwanted::NoAttributes),
                    false => Err(Unwanted::Attributes),
                }
            }
            Scope::MessageBody => {
                let view = views.body.get_or_insert_with(|| serde_json::from_str(text).ok().filter(Value::is_object));
                match view {
                    None => Err(Unwanted::InvalidBody),
                    Some(view) if self.pattern.matches(view) => Ok(()),
                    Some(_) => Err(Unwanted::Body),
                }
            }
        }
    }
}

/// Keys at the top, where the alternatives of `$or` stand for theirs.
fn keys(policy: &Map<String, Value>) -> usize {
    policy
        .iter()
        .map(|(name, value)| match (name.as_str(), value) {
            ("$or", Value::Array(alternatives)) => alternatives.iter().filter_map(Value::as_object).map(Map::len).sum(),
            _ => 1,
        })
        .sum()
}

/// The product of the numbers of values, each times the depth of its key; alternatives of `$or` add up.
fn combinations(policy: &Map<String, Value>, depth: usize) -> usize {
    policy
        .iter()
        .map(|(name, value)| match value {
            Value::Object(nested) => combinations(nested, depth + 1),
            Value::Array(alternatives) if name == "$or" => {
                alternatives.iter().filter_map(Value::as_object).map(|nested| combinations(nested, depth)).sum()
            }
            Value::Array(values) => values.len().max(1).saturating_mul(depth),
            _ => 1,
        })
        .fold(1, usize::saturating_mul)
}

fn of_attributes(attributes: &[(String, Attribute)]) -> Value {
    let shown = attributes.iter().filter_map(|(name, attribute)| {
        let AttributeValue::Text(text) = &attribute.value else { return None };
        let value = match attribute.data_type.as_str() {
            "String.Array" => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
            number if number == "Number" || number.starts_with("Number.") => {
                serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            _ => Value::String(text.clone()),
        };
        Some((name.clone(), value))
    });
    Value::Object(shown.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> Attribute {
        Attribute { data_type: data_type.into(), value: AttributeValue::Text(value.into()) }
    }

    fn wants(policy: &str, scope: Scope, attributes: &[(&str, Attribute)], body: &str) -> Result<(), Unwanted> {
        let attributes: Vec<_> = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Filter::parse(policy, scope).unwrap().check(&mut Views::default(), &attributes, body)
    }

    #[test]
    fn attributes_are_matched_by_their_type() {
        let by_attributes =
            |policy, attributes: &[(&str, Attribute)]| wants(policy, Scope::MessageAttributes, attributes, "");
        let store = [("store", text("String", "example_corp")), ("price", text("Number", "210.75"))];
        assert_eq!(
            by_attributes(r#"{"store": ["example_corp"], "price": [{"numeric": [">=", 100]}]}"#, &store),
            Ok(())
        );
        assert_eq!(
            by_attributes(r#"{"store": [{"anything-but": "example_corp"}]}"#, &store),
            Err(Unwanted::Attributes)
        );
        assert_eq!(by_attributes(r#"{"store": ["a"]}"#, &[]), Err(Unwanted::NoAttributes));
        let array = [("interests", text("String.Array", r#"["rugby","soccer"]"#))];
        assert_eq!(by_attributes(r#"{"interests": ["soccer"]}"#, &array), Ok(()));
        assert_eq!(by_attributes(r#"{"interests": ["golf"]}"#, &array), Err(Unwanted::Attributes));
        // A number in a string is a string.
        assert_eq!(by_attributes(r#"{"n": [1]}"#, &[("n", text("String", "1"))]), Err(Unwanted::Attributes));
    }

    #[test]
    fn bodies_are_matched_in_depth() {
        let policy = r#"{"order": {"state": [{"prefix": "can"}]}}"#;
        let of = |body| wants(policy, Scope::MessageBody, &[], body);
        assert_eq!(of(r#"{"order": {"state": "cancelled"}}"#), Ok(()));
        assert_eq!(of(r#"{"order": {"state": "open"}}"#), Err(Unwanted::Body));
        assert_eq!(of("cancelled"), Err(Unwanted::InvalidBody));
    }

    #[test]
    fn limits_are_those_of_the_documentation() {
        let refused = |policy: &str, scope| Filter::parse(policy, scope).err().map(|error| error.to_string());
        let six = r#"{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}"#;
        assert_eq!(
            refused(six, Scope::MessageAttributes).as_deref(),
            Some("Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys")
        );
        let many = |count: usize| format!("[{}]", (0..count).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(","));
        let product = format!(r#"{{"a":{},"b":{}}}"#, many(15), many(10));
        assert_eq!(refused(&product, Scope::MessageAttributes), None);
        let product = format!(r#"{{"a":{},"b":{}}}"#, many(16), many(10));
        assert!(refused(&product, Scope::MessageAttributes).is_some());
        assert!(refused(r#"{"a": {"b": ["c"]}}"#, Scope::MessageAttributes).is_some());
        assert_eq!(refused(r#"{"a": {"b": ["c"]}}"#, Scope::MessageBody), None);
        assert!(refused(r#"{"a": "b"}"#, Scope::MessageBody).is_some());
        assert!(refused("[]", Scope::MessageBody).is_some());
    }
}
