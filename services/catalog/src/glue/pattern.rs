//! Name patterns of GetTables and GetUserDefinedFunctions.
//!
//! AWS calls them regular expressions, and its clients send Hive's patterns (`sales_*`, `*`, `a*|b*`) through them:
//! a star on its own stands for anything.

use fancy_regex::{Regex, RegexBuilder};

use super::error::Error;

/// Steps that a pattern may take back before it counts as not matching.
const BACKTRACKS_MAX: usize = 10_000;

/// A pattern for whole names, whatever their case.
pub struct NamePattern(Regex);

impl NamePattern {
    /// What the caller sent.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut source = String::with_capacity(text.len() + 16);
        let mut before = None;
        for char in text.chars() {
            // Behind these a star is a repetition that somebody who writes regular expressions means.
            if char == '*' && !matches!(before, Some('.' | ']' | ')' | '\\' | '}')) {
                source.push('.');
            }
            source.push(char);
            before = Some(char);
        }
        let built = RegexBuilder::new(&format!(r"(?i)\A(?:{source})\z")).backtrack_limit(BACKTRACKS_MAX).build();
        built.map(Self).map_err(|_| Error::invalid(format!("Invalid expression: {text}")))
    }

    /// Whether a name fits. A pattern that needs too long to say does not fit.
    pub fn fits(&self, name: &str) -> bool {
        self.0.is_match(name).unwrap_or(false)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hive_patterns_and_regular_expressions_both_work() {
        for (pattern, name, fits) in [
            ("*", "sales", true),
            (".*", "sales", true),
            ("sales_*", "sales_2020", true),
            ("sales_*", "my_sales_2020", false),
            ("*_2020", "sales_2020", true),
            ("sales|orders", "orders", true),
            ("s.*s", "sales", true),
            ("[a-z]+_[0-9]*", "sales_2020", true),
            ("SALES", "sales", true),
            ("sale", "sales", false),
        ] {
            assert_eq!(NamePattern::parse(pattern).unwrap().fits(name), fits, "{pattern} on {name}");
        }
        assert!(NamePattern::parse("(").is_err());
    }
}
