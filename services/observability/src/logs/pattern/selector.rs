//! Paths into JSON: `$.a.b[0]`, `$.list[*].flag`, `$.['a.b']`.

use serde_json::Value;

use super::scanner::Scanner;

/// Steps of a path.
const STEPS_MAX: usize = 64;

/// A path, and how it was written.
#[derive(Debug, PartialEq)]
pub struct Selector {
    text: String,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
    /// Every member, or every element.
    Every,
}

impl Selector {
    /// A whole text that is a path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let selector = Self::take(&mut scanner)?;
        scanner.is_done().then_some(selector)
    }

    /// The path that the scanner is at.
    pub fn take(scanner: &mut Scanner<'_>) -> Option<Self> {
        scanner.skip_space();
        let start = scanner.rest();
        if !scanner.take("$") {
            return None;
        }
        let mut steps = Vec::new();
        while steps.len() < STEPS_MAX {
            let dotted = scanner.rest().starts_with('.');
            if dotted {
                scanner.take(".");
            }
            if scanner.rest().starts_with('[') {
                scanner.take("[");
                steps.push(bracketed(scanner)?);
            } else if dotted {
                steps.push(named(scanner)?);
            } else {
                break;
            }
        }
        let text = start[..start.len() - scanner.rest().len()].to_owned();
        // One step for every element is what AWS allows.
        let every = steps.iter().filter(|step| **step == Step::Every).count();
        (!steps.is_empty() && every <= 1).then_some(Self { text, steps })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Everything that the path finds.
    pub fn all<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.of(value)).collect();
        }
        found
    }

    /// The first that the path finds.
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.all(value).first().copied()
    }
}

impl Step {
    fn of<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Name(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Index(index), Value::Array(elements)) => elements.get(*index).into_iter().collect(),
            (Self::Every, Value::Array(elements)) => elements.iter().collect(),
            (Self::Every, Value::Object(members)) => members.values().collect(),
            _ => Vec::new(),
        }
    }
}

fn named(scanner: &mut Scanner<'_>) -> Option<Step> {
    if scanner.rest().starts_with('*') {
        scanner.take("*");
        return Some(Step::Every);
    }
    let name = scanner.take_while(|next| next.is_alphanumeric() || "_-@:/#".contains(next));
    (!name.is_empty()).then(|| Step::Name(name.to_owned()))
}

fn bracketed(scanner: &mut Scanner<'_>) -> Option<Step> {
    scanner.skip_space();
    let step = match scanner.rest().chars().next()? {
        '*' => {
            scanner.take("*");
            Step::Every
        }
        quote @ ('"' | '\'') => Step::Name(scanner.quoted(quote).ok()?.to_owned()),
        _ => Step::Index(scanner.take_while(|next| next.is_ascii_digit()).parse().ok()?),
    };
    scanner.take("]").then_some(step)
}

/// A value as extracted values show it: strings without quotes, everything else as JSON.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
