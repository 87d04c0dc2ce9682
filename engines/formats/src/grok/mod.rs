//! Grok: named patterns that are made of patterns, for logs. GrokSerDe reads with it and crawlers classify with it.
//!
//! `%{PATTERN}` is a pattern, `%{PATTERN:field}` one whose text is a field, and `%{PATTERN:field:type}` one of a type.

mod patterns;

use std::collections::{BTreeMap, HashMap};

use fancy_regex::Regex;

use crate::error::FormatError;
use crate::java_regex::{Meaning, compile};
use crate::types::HiveType;

/// Patterns within patterns within …
const DEPTH_MAX: usize = 32;

/// The length of a pattern when everything has been put in its place.
const EXPANDED_BYTES_MAX: usize = 256 << 10;

/// A field of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrokField {
    /// As the pattern spells it.
    pub name: String,
    /// `string` unless the pattern says another one.
    pub hive_type: HiveType,
}

/// A format with all its patterns.
#[derive(Clone, Debug)]
pub struct Grok {
    regex: Regex,
    fields: Vec<GrokField>,
    /// For every field its groups: a field that stands in two alternatives has two.
    groups: Vec<Vec<usize>>,
}

impl Grok {
    /// Compiles a format. `custom` are lines of a name, a blank and its pattern, which win over the built-in ones.
    /// What makes no sense is `HIVE_INVALID_METADATA`.
    pub fn compile(format: &str, custom: Option<&str>) -> Result<Grok, FormatError> {
        let custom = custom.unwrap_or_default().lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
        let custom: HashMap<&str, &str> = custom.map(|(name, pattern)| (name, pattern.trim())).collect();
        let mut expansion = Expansion { custom, text: String::new(), named: Vec::new() };
        expansion.expand(format, 0)?;
        let regex = compile(&expansion.text, Meaning::default())?;
        let mut grok = Grok { regex, fields: Vec::new(), groups: Vec::new() };
        for (group, name) in grok.regex.capture_names().enumerate() {
            let Some(name) = name else {
                continue;
            };
            let number = name.strip_prefix(GROUP).and_then(|number| number.parse::<usize>().ok());
            let field = match number.and_then(|number| expansion.named.get(number)) {
                Some(field) => field.clone(),
                // A named group of the pattern's author is a field too.
                None => GrokField { name: name.to_owned(), hive_type: HiveType::String },
            };
            match grok.fields.iter().position(|known| known.name == field.name) {
                Some(known) => grok.groups[known].push(group),
                None => {
                    grok.fields.push(field);
                    grok.groups.push(vec![group]);
                }
            }
        }
        Ok(grok)
    }

    /// The fields in the order of the format.
    pub fn fields(&self) -> &[GrokField] {
        &self.fields
    }

    /// The texts of all fields, in their order, or nothing when no part of the line matches.
    pub fn captures<'a>(&self, line: &'a str) -> Result<Option<Vec<Option<&'a str>>>, FormatError> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let captures = self.regex.captures(line).map_err(|error| FormatError::cursor(error.to_string()))?;
        Ok(captures.map(|captures| {
            let text = |groups: &Vec<usize>| groups.iter().find_map(|group| captures.get(*group));
            self.groups.iter().map(|groups| text(groups).map(|found| found.as_str())).collect()
        }))
    }

    /// Whether the format matches the line from its beginning to its end.
    pub fn matches_whole(&self, line: &str) -> Result<bool, FormatError> {
        let found = self.regex.find(line).map_err(|error| FormatError::cursor(error.to_string()))?;
        Ok(found.is_some_and(|found| found.start() == 0 && found.end() == line.len()))
    }
}

/// What groups of ours are called.
const GROUP: &str = "grok";

struct Expansion<'a> {
    custom: HashMap<&'a str, &'a str>,
    text: String,
    named: Vec<GrokField>,
}

impl Expansion<'_> {
    fn expand(&mut self, pattern: &str, depth: usize) -> Result<(), FormatError> {
        if depth > DEPTH_MAX || self.text.len() > EXPANDED_BYTES_MAX {
            return Err(FormatError::invalid_metadata("Grok compilation failure: Deep recursion pattern compilation"));
        }
        let mut rest = pattern;
        while let Some(begin) = rest.find("%{") {
            let (before, reference) = (&rest[..begin], &rest[begin + 2..]);
            self.text.push_str(before);
            let Some(end) = reference.find('}') else {
                rest = &rest[begin..];
                break;
            };
            let (inside, after) = (&reference[..end], &reference[end + 1..]);
            rest = after;
            let mut parts = inside.splitn(3, ':');
            let (name, field, data_type) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
            let known = self.custom.get(name).map(|known| (*known).to_owned());
            let Some(known) = known.or_else(|| patterns::find(name).map(str::to_owned)) else {
                return Err(FormatError::invalid_metadata(format!(
                    "Grok compilation failure: Pattern {name} is not defined."
                )));
            };
            match field {
                None => self.text.push_str("(?:"),
                Some(field) => {
                    self.text.push_str(&format!("(?<{GROUP}{}>", self.named.len()));
                    let hive_type = data_type.map_or(HiveType::String, type_of);
                    self.named.push(GrokField { name: field.to_owned(), hive_type });
                }
            }
            self.expand(&known, depth + 1)?;
            self.text.push(')');
        }
        self.text.push_str(rest);
        Ok(())
    }
}

/// The data types that Glue documents for grok; any other one, such as `date;format`, stays text.
fn type_of(data_type: &str) -> HiveType {
    match data_type.trim().to_ascii_lowercase().as_str() {
        "byte" => HiveType::Tinyint,
        "boolean" => HiveType::Boolean,
        "double" => HiveType::Double,
        "short" => HiveType::Smallint,
        "int" | "integer" => HiveType::Int,
        "long" => HiveType::Bigint,
        "float" => HiveType::Float,
        _ => HiveType::String,
    }
}

/// `input.format` and `input.grokCustomPatterns` of GrokSerDe.
pub fn of_properties(properties: &BTreeMap<String, String>) -> Result<Grok, FormatError> {
    let format = properties
        .get("input.format")
        .ok_or_else(|| FormatError::invalid_metadata("This table does not have serde property \"input.format\"!"))?;
    Grok::compile(format, properties.get("input.grokCustomPatterns").map(String::as_str))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(format: &str, line: &str) -> Vec<(String, Option<String>)> {
        let grok = Grok::compile(format, None).unwrap();
        let texts = grok.captures(line).unwrap().unwrap_or_default();
        let names = grok.fields().iter().map(|field| field.name.clone());
        names.zip(texts.into_iter().map(|text| text.map(str::to_owned))).collect()
    }

    #[test]
    fn an_apache_log_is_taken_apart() {
        let line =
            r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?b HTTP/1.0" 200 2326 "http://x/" "curl/8""#;
        let found = read("%{COMBINEDAPACHELOG}", line);
        let text = |name: &str| found.iter().find(|(field, _)| field == name).unwrap().1.clone().unwrap();
        assert_eq!(text("clientip"), "127.0.0.1");
        assert_eq!(text("timestamp"), "10/Oct/2000:13:55:36 -0700");
        assert_eq!(
            (text("verb"), text("request"), text("httpversion")),
            ("GET".into(), "/a.gif?b".into(), "1.0".into())
        );
        assert_eq!((text("response"), text("bytes")), ("200".into(), "2326".into()));
        assert_eq!(text("agent"), "\"curl/8\"");
    }

    #[test]
    fn fields_have_types_and_custom_patterns_win() {
        let grok = Grok::compile("%{ID:id:long} %{WORD:w}", Some("ID #%{INT}\nWORD [a-c]+")).unwrap();
        let types: Vec<_> = grok.fields().iter().map(|field| field.hive_type.to_string()).collect();
        assert_eq!(types, ["bigint", "string"]);
        assert_eq!(grok.captures("#17 abc").unwrap().unwrap(), [Some("#17"), Some("abc")]);
        assert!(grok.captures("#17 xyz").unwrap().is_none());
    }

    #[test]
    fn every_built_in_pattern_compiles() {
        for name in patterns::names() {
            Grok::compile(&format!("%{{{name}}}"), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn built_in_patterns_know_their_texts() {
        for (name, text) in [
            ("NUMBER", "-1.5"),
            ("BASE16NUM", "0x1F"),
            ("UUID", "123e4567-e89b-12d3-a456-426614174000"),
            ("IP", "2001:db8::1"),
            ("IP", "192.168.0.255"),
            ("MAC", "00:1A:2b:3C:4d:5E"),
            ("HOSTPORT", "example.org:443"),
            ("UNIXPATH", "/var/log/a b.log"),
            ("WINPATH", r"C:\logs\a.log"),
            ("URI", "https://user@example.org:8080/a/b?c=d&e"),
            ("TIMESTAMP_ISO8601", "2020-02-29T23:59:60.5+02:00"),
            ("DATESTAMP_RFC822", "Mon Jan 02 2006 15:04:05 UTC"),
            ("SYSLOGTIMESTAMP", "Jan  2 15:04:05"),
            ("HTTPDATE", "10/Oct/2000:13:55:36 -0700"),
            ("QUOTEDSTRING", r#""a \" b""#),
            ("LOGLEVEL", "WARN"),
        ] {
            let grok = Grok::compile(&format!("%{{{name}}}"), None).unwrap();
            assert!(grok.matches_whole(text).unwrap(), "{name} {text}");
        }
        let grok = Grok::compile("^%{IPV4}$", None).unwrap();
        assert!(!grok.matches_whole("256.0.0.1").unwrap());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (format, custom) in [
            ("%{NOPE}", None),
            ("%{A}", Some("A %{A}")),
            ("%{A}", Some("A %{B}%{B}\nB %{C}%{C}\nC %{A}%{A}")),
            ("(", None),
        ] {
            assert_eq!(Grok::compile(format, custom).unwrap_err().name, "HIVE_INVALID_METADATA", "{format}");
        }
    }
}
