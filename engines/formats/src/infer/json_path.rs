//! The paths of JSON classifiers: `$`, `.name`, `['name']`, `[*]`, `.*` and `[n]`.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/custom-classifier.html#custom-classifier-json>

use serde_json::Value;

/// A path, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Element(usize),
    Each,
}

impl JsonPath {
    /// Reads a path; `None` when it is none, or uses what classifiers do not have.
    pub fn parse(text: &str) -> Option<JsonPath> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, after) = bracket(inside)?;
                steps.push(step);
                rest = after;
            } else {
                let name = rest.strip_prefix('.')?;
                let end = name.find(['.', '[']).unwrap_or(name.len());
                let (name, after) = name.split_at(end);
                if name.is_empty() {
                    return None;
                }
                steps.push(if name == "*" { Step::Each } else { Step::Name(name.to_owned()) });
                rest = after;
            }
        }
        Some(JsonPath(steps))
    }

    /// Shows all that the path leads to.
    pub fn each(&self, value: &Value, show: &mut dyn FnMut(&Value)) {
        walk(&self.0, value, show);
    }

    /// Whether the path is `$[*]`.
    pub fn is_each_element(&self) -> bool {
        self.0 == [Step::Each]
    }
}

fn bracket(inside: &str) -> Option<(Step, &str)> {
    for quote in ['\'', '"'] {
        if let Some(name) = inside.strip_prefix(quote) {
            let (name, after) = name.split_once(quote)?;
            return Some((Step::Name(name.to_owned()), after.strip_prefix(']')?));
        }
    }
    let (index, after) = inside.split_once(']')?;
    let step = match index.trim() {
        "*" => Step::Each,
        index => Step::Element(index.parse().ok()?),
    };
    Some((step, after))
}

fn walk(steps: &[Step], value: &Value, show: &mut dyn FnMut(&Value)) {
    let Some((step, rest)) = steps.split_first() else {
        show(value);
        return;
    };
    match (step, value) {
        (Step::Name(name), Value::Object(fields)) => {
            if let Some(found) = fields.get(name) {
                walk(rest, found, show);
            }
        }
        (Step::Element(at), Value::Array(items)) => {
            if let Some(found) = items.get(*at) {
                walk(rest, found, show);
            }
        }
        (Step::Each, Value::Array(items)) => items.iter().for_each(|item| walk(rest, item, show)),
        (Step::Each, Value::Object(fields)) => fields.values().for_each(|field| walk(rest, field, show)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "a", "$a", "$.", "$[", "$[x]", "$['a]", "$..a", "$[?(@.a)]"] {
            assert_eq!(JsonPath::parse(text), None, "{text}");
        }
    }
}
