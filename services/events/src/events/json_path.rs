//! JSON paths as EventBridge takes them: `$.detail.items[0]['a key']`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use serde_json::Value;

/// Where in an event something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
    /// All elements.
    Every,
}

impl JsonPath {
    /// Reads a path; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('.') {
                let end = behind.find(['.', '[']).unwrap_or(behind.len());
                let name = &behind[..end];
                let plain = !name.is_empty() && !name.contains([']', '\'', '"', '*', ' ']);
                steps.push(Step::Member(plain.then(|| name.to_owned())?));
                rest = &behind[end..];
            } else {
                let inside = rest.strip_prefix('[')?;
                let quote = inside.chars().next().filter(|first| ['\'', '"'].contains(first));
                let end = match quote {
                    Some(quote) => inside[1..].find(&format!("{quote}]")).map(|at| at + 2)?,
                    None => inside.find(']')?,
                };
                steps.push(match (quote, &inside[..end]) {
                    (Some(_), quoted) => Step::Member(quoted[1..quoted.len() - 1].to_owned()),
                    (None, "*") => Step::Every,
                    (None, number) => Step::Element(number.parse().ok()?),
                });
                rest = &inside[end + 1..];
            }
        }
        Some(Self(steps))
    }

    /// What is there, if anything.
    pub fn find(&self, event: &Value) -> Option<Value> {
        find(&self.0, event)
    }
}

fn find(steps: &[Step], value: &Value) -> Option<Value> {
    match steps {
        [] => Some(value.clone()),
        [Step::Member(name), rest @ ..] => find(rest, value.get(name)?),
        [Step::Element(at), rest @ ..] => find(rest, value.get(at)?),
        [Step::Every, rest @ ..] => {
            let found: Vec<Value> = value.as_array()?.iter().filter_map(|element| find(rest, element)).collect();
            Some(Value::Array(found))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_members_and_elements() {
        let event = json!({"detail": {"a b": [1, {"c": "x"}], "d": null, "e.f": 5}, "detail-type": "T"});
        for (path, expected) in [
            ("$", Some(event.clone())),
            ("$.detail-type", Some(json!("T"))),
            ("$.detail['a b'][1].c", Some(json!("x"))),
            ("$['detail'][\"e.f\"]", Some(json!(5))),
            ("$.detail.d", Some(json!(null))),
            ("$.detail['a b'][*].c", Some(json!(["x"]))),
            ("$.detail.nothing", None),
            ("$.detail['a b'][7]", None),
        ] {
            assert_eq!(JsonPath::parse(path).unwrap().find(&event), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "detail", "$detail", "$.", "$..a", "$.a[", "$.a[x]", "$.a['b]", "$.*"] {
            assert_eq!(JsonPath::parse(path), None, "{path}");
        }
    }
}
