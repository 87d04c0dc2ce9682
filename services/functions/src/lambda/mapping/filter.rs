//! Filters: patterns that say which messages a function gets.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>

use haar_platform::aws::lambda::FilterCriteria;
use haar_platform::kernel::serde_json::{self, Value};
use haar_platform::pattern::Pattern;

use crate::lambda::error::LambdaError;

/// Filters of a mapping.
const FILTERS_MAX: usize = 10;

/// The patterns of a request, each of which must be one.
pub fn check_filters(criteria: Option<FilterCriteria>) -> Result<Vec<String>, LambdaError> {
    let filters = criteria.and_then(|criteria| criteria.filters).unwrap_or_default();
    if filters.len() > FILTERS_MAX {
        return Err(LambdaError::invalid(format!("A mapping has {FILTERS_MAX} filters at most.")));
    }
    let texts: Vec<_> = filters.into_iter().filter_map(|filter| filter.pattern).collect();
    for text in &texts {
        Pattern::parse(text).map_err(|_| LambdaError::invalid("Invalid filter pattern definition."))?;
    }
    Ok(texts)
}

/// Compiled filters.
#[derive(Default)]
pub struct Filters(Vec<Filter>);

struct Filter {
    pattern: Pattern,
    /// Whether the pattern looks into the body, which is JSON then.
    parses_body: bool,
}

impl Filters {
    /// From stored patterns.
    pub fn compile(texts: &[String]) -> Self {
        let compile = |text: &String| {
            let outline: Value = serde_json::from_str(text).ok()?;
            let parses_body = outline.get("body").is_some_and(Value::is_object);
            Some(Filter { pattern: Pattern::parse(text).ok()?, parses_body })
        };
        Self(texts.iter().filter_map(compile).collect())
    }

    /// Whether any filter lets a record through; without filters all pass.
    pub fn pass(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|filter| filter.passes(record))
    }
}

impl Filter {
    fn passes(&self, record: &Value) -> bool {
        if !self.parses_body {
            return self.pattern.matches(record);
        }
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let Ok(parsed) = serde_json::from_str::<Value>(body) else { return false };
        let mut opened = record.clone();
        opened["body"] = parsed;
        self.pattern.matches(&opened)
    }
}

#[cfg(test)]
mod tests {
    use haar_platform::kernel::serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_on_the_body_looks_into_json_and_drops_what_is_none() {
        let filters = Filters::compile(&[r#"{"body":{"temp":[{"numeric":[">",100]}]}}"#.into()]);
        assert!(filters.pass(&json!({"body": r#"{"temp":101}"#})));
        assert!(!filters.pass(&json!({"body": r#"{"temp":99}"#})));
        assert!(!filters.pass(&json!({"body": "hot"})));
    }

    #[test]
    fn a_pattern_on_a_plain_body_compares_text() {
        let filters = Filters::compile(&[r#"{"body":["hot"]}"#.into()]);
        assert!(filters.pass(&json!({"body": "hot"})));
        assert!(!filters.pass(&json!({"body": "cold"})));
    }

    #[test]
    fn without_filters_everything_passes() {
        assert!(Filters::default().pass(&json!({})));
    }
}
