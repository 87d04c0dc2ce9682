//! The language inside of SEARCH: which metrics are meant.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>

use super::value::MathError;

/// AWS takes searches of 1,024 characters; so deep no sensible one goes.
const DEPTH_MAX: usize = 100;

/// What a metric must be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    schema: Option<Schema>,
    term: Option<Term>,
}

/// `{AWS/EC2,InstanceId}`: the namespace, and exactly the names of the dimensions where there are any.
#[derive(Clone, Debug, PartialEq)]
struct Schema {
    namespace: String,
    dimensions: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    /// `MetricName=`, `InstanceId=`: the term is about this property only.
    About(String, Box<Term>),
    /// In quotes: the whole text.
    Exact(String),
    /// Without: its words, in order, among the words of the text.
    Partial(String),
}

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub account: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub dimensions: &'a [(String, String)],
}

impl Search {
    /// Reads a search.
    pub fn parse(text: &str) -> Result<Self, MathError> {
        let mut parser = Parser { rest: text.trim(), depth: 0 };
        let schema = if parser.rest.starts_with('{') { Some(parser.schema()?) } else { None };
        let term = if parser.rest.is_empty() { None } else { Some(parser.any()?) };
        let nothing = schema.is_none() && term.is_none();
        if nothing || !parser.rest.is_empty() { Err(invalid()) } else { Ok(Self { schema, term }) }
    }

    /// The namespace that all it finds is in, if it names one.
    pub fn namespace(&self) -> Option<&str> {
        self.schema.as_ref().map(|schema| schema.namespace.as_str())
    }

    /// Whether a metric is meant.
    pub fn finds(&self, subject: Subject<'_>) -> bool {
        self.schema.as_ref().is_none_or(|schema| schema.fits(subject))
            && self.term.as_ref().is_none_or(|term| term.finds(subject, None))
    }
}

impl Schema {
    fn fits(&self, subject: Subject<'_>) -> bool {
        let names = || subject.dimensions.iter().map(|(name, _)| name);
        self.namespace == subject.namespace
            && (self.dimensions.is_empty()
                || (self.dimensions.len() == subject.dimensions.len()
                    && names().all(|name| self.dimensions.contains(name))))
    }
}

impl Term {
    fn finds(&self, subject: Subject<'_>, about: Option<&str>) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.finds(subject, about)),
            Self::Any(terms) => terms.iter().any(|term| term.finds(subject, about)),
            Self::Not(term) => !term.finds(subject, about),
            Self::About(property, term) => term.finds(subject, Some(property)),
            Self::Exact(text) => texts(subject, about).iter().any(|found| found == text),
            Self::Partial(text) => {
                let wanted = words(text);
                texts(subject, about).iter().any(|found| {
                    let has = |found: &[String]| found.windows(wanted.len().max(1)).any(|part| part == wanted);
                    found.eq_ignore_ascii_case(text) || has(&words(found)) || has(&runs(found))
                })
            }
        }
    }
}

/// The texts of a metric that a term is about: one property's, or all.
fn texts<'a>(subject: Subject<'a>, about: Option<&str>) -> Vec<&'a str> {
    match about {
        Some("MetricName") => vec![subject.name],
        Some("Namespace") => vec![subject.namespace],
        Some(":aws.AccountId") => vec![subject.account, "LOCAL"],
        Some(name) => {
            subject.dimensions.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
        }
        None => {
            let dimensions = subject.dimensions.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
            [subject.namespace, subject.name].into_iter().chain(dimensions).collect()
        }
    }
}

/// The words of a text, in lower case: where letters meet digits or signs, and where a capital begins a word.
/// `CPUCreditUsage` is cpu, credit, usage.
fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for (index, char) in chars.iter().enumerate() {
        if !char.is_alphanumeric() {
            open = false;
            continue;
        }
        let before = index.checked_sub(1).map(|index| chars[index]);
        let after = chars.get(index + 1);
        let begins = before.is_some_and(|before| {
            before.is_numeric() != char.is_numeric()
                || (char.is_uppercase() && before.is_lowercase())
                || (char.is_uppercase() && before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
        });
        match words.last_mut() {
            Some(word) if open && !begins => word.extend(char.to_lowercase()),
            _ => words.push(char.to_lowercase().collect()),
        }
        open = true;
    }
    words
}

/// The longer words, which end at signs only: `cpucreditusage`.
fn runs(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()).map(str::to_lowercase).collect()
}

fn invalid() -> MathError {
    MathError::InvalidArgument("Invalid search expression".into())
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn schema(&mut self) -> Result<Schema, MathError> {
        let (inside, behind) = self.rest[1..].split_once('}').ok_or_else(invalid)?;
        // A comma may follow, as older examples have it.
        let behind = behind.trim_start();
        self.rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
        let mut names = Vec::new();
        let mut inner = Parser { rest: inside.trim(), depth: 0 };
        loop {
            let name = match inner.rest.strip_prefix('"') {
                Some(quoted) => {
                    let (name, behind) = quoted.split_once('"').ok_or_else(invalid)?;
                    inner.rest = behind.trim_start();
                    name
                }
                None => {
                    let end = inner.rest.find(',').unwrap_or(inner.rest.len());
                    let (name, behind) = inner.rest.split_at(end);
                    inner.rest = behind;
                    name.trim()
                }
            };
            if name.is_empty() {
                return Err(invalid());
            }
            names.push(name.to_owned());
            match inner.rest.strip_prefix(',') {
                Some(behind) => inner.rest = behind.trim_start(),
                None if inner.rest.is_empty() => break,
                None => return Err(invalid()),
            }
        }
        let dimensions = names.split_off(1);
        Ok(Schema { namespace: names.pop().ok_or_else(invalid)?, dimensions })
    }

    fn any(&mut self) -> Result<Term, MathError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(invalid());
        }
        let mut terms = vec![self.all()?];
        while self.take_word("OR") {
            terms.push(self.all()?);
        }
        self.depth -= 1;
        Ok(only_or(terms, Term::Any))
    }

    fn all(&mut self) -> Result<Term, MathError> {
        let mut terms = vec![self.one()?];
        loop {
            let and = self.take_word("AND");
            if !and && (self.rest.is_empty() || self.rest.starts_with(')') || self.sees_word("OR")) {
                return Ok(only_or(terms, Term::All));
            }
            terms.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Term, MathError> {
        if self.take_word("NOT") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(invalid());
            }
            let term = Term::Not(Box::new(self.one()?));
            self.depth -= 1;
            return Ok(term);
        }
        if self.rest.starts_with('(') {
            self.advance(1);
            let term = self.any()?;
            if !self.rest.starts_with(')') {
                return Err(invalid());
            }
            self.advance(1);
            return Ok(term);
        }
        let (text, exact) = self.text()?;
        if self.rest.starts_with('=') {
            self.advance(1);
            let term = if self.rest.starts_with('(') { self.one()? } else { self.value()? };
            return Ok(Term::About(text, Box::new(term)));
        }
        Ok(if exact { Term::Exact(text) } else { Term::Partial(text) })
    }

    fn value(&mut self) -> Result<Term, MathError> {
        let (text, exact) = self.text()?;
        Ok(if exact { Term::Exact(text) } else { Term::Partial(text) })
    }

    /// A text, and whether it is in quotes.
    fn text(&mut self) -> Result<(String, bool), MathError> {
        for quote in ['"', '\''] {
            if let Some(quoted) = self.rest.strip_prefix(quote) {
                let (text, behind) = quoted.split_once(quote).ok_or_else(invalid)?;
                self.rest = behind.trim_start();
                return Ok((text.to_owned(), true));
            }
        }
        let end = self.rest.find(|c: char| c.is_whitespace() || "()=\"{}".contains(c)).unwrap_or(self.rest.len());
        let text = &self.rest[..end];
        if text.is_empty() || matches!(text, "AND" | "OR" | "NOT") {
            return Err(invalid());
        }
        self.advance(end);
        Ok((text.to_owned(), false))
    }

    fn sees_word(&self, word: &str) -> bool {
        let behind = self.rest.strip_prefix(word);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(|c: char| c.is_whitespace() || c == '('))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let sees = self.sees_word(word);
        if sees {
            self.advance(word.len());
        }
        sees
    }

    fn advance(&mut self, by: usize) {
        self.rest = self.rest[by..].trim_start();
    }
}

fn only_or(mut terms: Vec<Term>, many: fn(Vec<Term>) -> Term) -> Term {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        last => {
            terms.extend(last);
            many(terms)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(search: &str, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> bool {
        let dimensions: Vec<_> =
            dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let subject = Subject { account: "111111111111", namespace, name, dimensions: &dimensions };
        Search::parse(search).expect(search).finds(subject)
    }

    #[test]
    fn searches_find_what_the_documentation_says() {
        let cpu = |search: &str| finds(search, "AWS/EC2", "CPUUtilization", &[("InstanceId", "i-12ab")]);
        for (search, found) in [
            (r#"{AWS/EC2,InstanceId} MetricName="CPUUtilization""#, true),
            (r#"{AWS/EC2,InstanceId}, MetricName="CPUUtilization""#, true),
            (r#"{"AWS/EC2", "InstanceId"} cpu"#, true),
            ("{AWS/EC2}", true),
            ("{AWS/EC2,InstanceId,ImageId}", false),
            ("{AWS/EC2,ImageId}", false),
            ("{AWS/EBS}", false),
            ("CPUUtilization", true),
            ("cpuutilization", true),
            ("utilization", true),
            ("util", false),
            ("CPU Utilization", true),
            ("CPU AND NOT disk", true),
            ("disk OR cpu", true),
            ("disk OR (cpu AND i-12ab)", true),
            ("disk cpu OR network", false),
            ("NOT cpu", false),
            (r#""CPUUtilization""#, true),
            (r#""CPU""#, false),
            (r#""cpuutilization""#, false),
            (r#"MetricName=("DiskReadOps" OR "CPUUtilization")"#, true),
            (r#"InstanceId="i-12ab""#, true),
            (r#"InstanceId=("i-99" OR "i-98")"#, false),
            (r#"MetricName="i-12ab""#, false),
            (r#"Namespace="AWS/EC2" InstanceId"#, true),
            (":aws.AccountId = 111111111111", true),
            (":aws.AccountId = 'LOCAL'", true),
            (":aws.AccountId = 222222222222", false),
        ] {
            assert_eq!(cpu(search), found, "{search}");
        }
    }

    #[test]
    fn words_end_at_signs_digits_and_capitals() {
        assert_eq!(words("CPUCreditUsage"), ["cpu", "credit", "usage"]);
        assert_eq!(words("HTTPCode_Target_2XX_Count"), ["http", "code", "target", "2", "xx", "count"]);
        assert!(finds("disk_used_percent", "CWAgent", "disk_used_percent", &[]));
        assert!(finds("count", "AWS/ELB", "RequestCount", &[]));
        assert!(!finds("count", "App", "accounts", &[]));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for search in
            ["", "  ", "{}", "{AWS/EC2", "(cpu", "cpu)", "NOT", "cpu AND", "OR cpu", "\"cpu", "MetricName=", "{a} }"]
        {
            assert!(Search::parse(search).is_err(), "{search}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}()=\"' a-cANDOR:,]{0,40}") {
            if let Ok(search) = Search::parse(&text) {
                search.finds(Subject { account: "1", namespace: "a", name: "b", dimensions: &[] });
            }
        }
    }
}
