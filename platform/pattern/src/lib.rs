//! Event patterns: the language in which EventBridge's rules, Lambda's event source filters and SNS's filter policies
//! say which JSON they want.
//!
//! ```
//! # use haar_pattern::{Automaton, Pattern};
//! # use serde_json::json;
//! let pattern = Pattern::parse(r#"{"detail": {"state": ["stopped", {"prefix": "termin"}]}}"#)?;
//! assert!(pattern.matches(&json!({"detail": {"state": "terminated"}})));
//!
//! let mut rules = Automaton::build([("stopped", pattern)]);
//! rules.insert("all", Pattern::parse(r#"{"source": [{"exists": true}]}"#)?);
//! assert_eq!(rules.matches(&json!({"source": "a", "detail": {"state": "stopped"}})).len(), 2);
//! # Ok::<(), haar_pattern::InvalidPattern>(())
//! ```
//!
//! ```text
//!   pattern     one pattern: parse, matches
//!   automaton   many patterns in one structure: what an event matches costs little more with ten thousand than with one
//!   parse       the text of a pattern, with the refusals of AWS's own parser
//!   reader      JSON as tokens that know where they stand
//!   condition   what one value must be
//!   value       the values of an event, as conditions compare them
//!   wildcard    `*` in a string
//!   network     CIDR blocks
//!   paths       the fields that patterns speak of
//!   fields      an event, taken apart along those paths
//!   conjunction fields that must match together, in the same elements of arrays
//!   index       conditions by the values that meet them
//!   hashing     a quick hash for the maps
//! ```
//!
//! The language is the one of AWS's open-source event-ruler:
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>

mod automaton;
mod condition;
mod conjunction;
mod fields;
mod hashing;
mod index;
mod network;
mod parse;
mod paths;
mod pattern;
mod reader;
mod value;
mod wildcard;

pub use automaton::Automaton;
pub use parse::{COMBINATIONS_MAX, WILDCARDS_MAX};
pub use pattern::{InvalidPattern, Pattern};

#[cfg(test)]
mod tests;
