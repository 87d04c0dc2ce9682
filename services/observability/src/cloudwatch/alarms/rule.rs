//! The rule language of composite alarms.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

use super::model::Value;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
pub const CHILDREN_MAX: usize = 100;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html>
pub const ELEMENTS_MAX: usize = 500;

/// Parentheses within parentheses: what the reader's stack bears, and more than anybody can read.
const DEPTH_MAX: usize = 100;

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    True,
    False,
    /// Whether the alarm (a name or an ARN) is in the state.
    Is(Value, String),
    Not(Box<Rule>),
    And(Box<Rule>, Box<Rule>),
    Or(Box<Rule>, Box<Rule>),
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("Invalid AlarmRule syntax: {what} at position {position}")]
    Syntax { what: String, position: usize },
    #[error("AlarmRule must not contain more than {ELEMENTS_MAX} elements")]
    TooLong,
    #[error("AlarmRule must not be nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
}

impl Rule {
    /// Reads a rule. `AND` binds more tightly than `OR`, `NOT` more tightly than both.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut reader = Reader { text, position: 0, elements: 0, depth: 0 };
        let rule = reader.either()?;
        match reader.peek() {
            None => Ok(rule),
            Some(_) => Err(reader.syntax("unexpected text")),
        }
    }

    /// The alarms that it names, each once, in their order.
    pub fn alarms(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::True | Self::False => {}
            Self::Is(_, alarm) => {
                if !found.contains(&alarm.as_str()) {
                    found.push(alarm);
                }
            }
            Self::Not(rule) => rule.collect(found),
            Self::And(one, other) | Self::Or(one, other) => {
                one.collect(found);
                other.collect(found);
            }
        }
    }

    /// Whether it holds; `state` knows the states of alarms, and an alarm that there is not is in none of them.
    pub fn holds(&self, state: &impl Fn(&str) -> Option<Value>) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Is(value, alarm) => state(alarm) == Some(*value),
            Self::Not(rule) => !rule.holds(state),
            Self::And(one, other) => one.holds(state) && other.holds(state),
            Self::Or(one, other) => one.holds(state) || other.holds(state),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    elements: usize,
    depth: usize,
}

impl Reader<'_> {
    fn either(&mut self) -> Result<Rule, RuleError> {
        let mut rule = self.both()?;
        while self.word("OR") {
            rule = Rule::Or(Box::new(rule), Box::new(self.both()?));
        }
        Ok(rule)
    }

    fn both(&mut self) -> Result<Rule, RuleError> {
        let mut rule = self.one()?;
        while self.word("AND") {
            rule = Rule::And(Box::new(rule), Box::new(self.one()?));
        }
        Ok(rule)
    }

    fn one(&mut self) -> Result<Rule, RuleError> {
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(RuleError::TooLong);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(RuleError::TooDeep);
        }
        let rule = self.element()?;
        self.depth -= 1;
        Ok(rule)
    }

    fn element(&mut self) -> Result<Rule, RuleError> {
        if self.word("NOT") {
            return Ok(Rule::Not(Box::new(self.one()?)));
        }
        if self.take('(') {
            let rule = self.either()?;
            return if self.take(')') { Ok(rule) } else { Err(self.syntax("expected )")) };
        }
        if self.word("TRUE") {
            return Ok(Rule::True);
        }
        if self.word("FALSE") {
            return Ok(Rule::False);
        }
        let states = [("ALARM", Value::Alarm), ("OK", Value::Ok), ("INSUFFICIENT_DATA", Value::InsufficientData)];
        for (name, value) in states {
            if self.word(name) {
                return Ok(Rule::Is(value, self.argument()?));
            }
        }
        Err(self.syntax("expected ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or ("))
    }

    /// `("name")`, `(name)`, with quotes and backslashes escaped within quotes.
    fn argument(&mut self) -> Result<String, RuleError> {
        if !self.take('(') {
            return Err(self.syntax("expected ("));
        }
        let name = if self.take('"') { self.quoted()? } else { self.bare() };
        if name.is_empty() {
            return Err(self.syntax("expected the name of an alarm"));
        }
        if self.take(')') { Ok(name) } else { Err(self.syntax("expected )")) }
    }

    fn quoted(&mut self) -> Result<String, RuleError> {
        let mut name = String::new();
        let mut escaped = false;
        for (offset, next) in self.text[self.position..].char_indices() {
            match next {
                _ if escaped => {
                    name.push(next);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.position += offset + 1;
                    return Ok(name);
                }
                _ => name.push(next),
            }
        }
        Err(self.syntax("a quotation mark is not closed"))
    }

    fn bare(&mut self) -> String {
        let rest = &self.text[self.position..];
        let end = rest.find([')', '(']).unwrap_or(rest.len());
        self.position += end;
        rest[..end].trim().to_owned()
    }

    /// Skips blanks.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
        self.text[self.position..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    /// Takes a word, in capitals or not, if it is the next.
    fn word(&mut self, wanted: &str) -> bool {
        self.peek();
        let rest = &self.text[self.position..];
        let Some(start) = rest.get(..wanted.len()) else { return false };
        let goes_on = rest[wanted.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        let found = start.eq_ignore_ascii_case(wanted) && !goes_on;
        if found {
            self.position += wanted.len();
        }
        found
    }

    fn syntax(&self, what: &str) -> RuleError {
        RuleError::Syntax { what: what.to_owned(), position: self.position }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        Rule::parse(text).unwrap().holds(&|alarm| match alarm {
            "a" => Some(Value::Alarm),
            "o" => Some(Value::Ok),
            "i \"x\")" => Some(Value::InsufficientData),
            _ => None,
        })
    }

    #[test]
    fn rules_hold_by_precedence() {
        assert!(holds("ALARM(a)"));
        assert!(holds("ALARM(\"a\") AND OK(\"o\")"));
        assert!(holds("INSUFFICIENT_DATA(\"i \\\"x\\\")\")"));
        assert!(!holds("ALARM(a) AND NOT OK(o)"));
        assert!(holds("ALARM(a) OR ALARM(o) AND ALARM(o)"));
        assert!(!holds("(ALARM(a) OR ALARM(o)) AND ALARM(o)"));
        assert!(holds("not ok(a) and (TRUE)"));
        assert!(!holds("FALSE OR ALARM(nobody) OR OK(nobody)"));
    }

    #[test]
    fn what_is_no_rule_is_refused_with_its_place() {
        for (text, position) in [
            ("", 0),
            ("ALARM", 5),
            ("ALARM(", 6),
            ("ALARM(a", 7),
            ("ALARM(a) OK(b)", 9),
            ("(TRUE", 5),
            ("ALARMS(a)", 0),
        ] {
            let found = Rule::parse(text);
            assert!(matches!(found, Err(RuleError::Syntax { position: at, .. }) if at == position), "{text} {found:?}");
        }
        assert_eq!(Rule::parse(&"NOT ".repeat(200)), Err(RuleError::TooDeep));
        assert_eq!(Rule::parse(&vec!["TRUE"; 501].join(" OR ")), Err(RuleError::TooLong));
    }

    #[test]
    fn alarms_are_named_once() {
        let rule = Rule::parse("ALARM(a) OR OK(a) OR NOT ALARM(b)").unwrap();
        assert_eq!(rule.alarms(), ["a", "b"]);
    }
}
