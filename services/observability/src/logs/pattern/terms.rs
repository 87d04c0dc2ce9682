//! Words, phrases and regular expressions anywhere in a message.

use memchr::memmem::Finder;
use regex::Regex;

use super::BadPattern;
use super::operand::regex;
use super::scanner::{Scanner, unescape};

/// Terms of an unstructured pattern.
#[derive(Debug)]
pub struct Terms {
    required: Vec<Term>,
    /// One of these must be there, if there are any.
    optional: Vec<Term>,
    excluded: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    /// Boxed: a searcher has tables of its own.
    Text(Box<Finder<'static>>),
    Regex(Regex),
}

impl Term {
    fn occurs_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => text.find(message.as_bytes()).is_some(),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl Terms {
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let mut scanner = Scanner::new(text);
        let mut terms = Self { required: Vec::new(), optional: Vec::new(), excluded: Vec::new() };
        while !scanner.is_done() {
            let kind = if scanner.take("?") {
                &mut terms.optional
            } else if scanner.take("-") {
                &mut terms.excluded
            } else {
                &mut terms.required
            };
            kind.push(term(&mut scanner)?);
        }
        if !terms.required.is_empty() || !terms.excluded.is_empty() {
            // Beside other terms, AWS ignores optional ones.
            terms.optional.clear();
        }
        Ok(terms)
    }

    pub fn matches(&self, message: &str) -> bool {
        self.required.iter().all(|term| term.occurs_in(message))
            && !self.excluded.iter().any(|term| term.occurs_in(message))
            && (self.optional.is_empty() || self.optional.iter().any(|term| term.occurs_in(message)))
    }

    pub fn needles(&self) -> Vec<Vec<u8>> {
        let texts = self.required.iter().filter_map(|term| match term {
            Term::Text(text) => Some(text.needle().to_vec()),
            Term::Regex(_) => None,
        });
        texts.collect()
    }

    pub fn regex_count(&self) -> usize {
        let all = self.required.iter().chain(&self.optional).chain(&self.excluded);
        all.filter(|term| matches!(term, Term::Regex(_))).count()
    }
}

fn term(scanner: &mut Scanner<'_>) -> Result<Term, BadPattern> {
    match scanner.rest().chars().next() {
        None => Err(BadPattern::Syntax),
        Some(space) if space.is_whitespace() => Err(BadPattern::Syntax),
        Some('"') => {
            let phrase = unescape(scanner.quoted('"')?);
            if phrase.is_empty() {
                return Err(BadPattern::Syntax);
            }
            Ok(Term::Text(Box::new(Finder::new(&phrase).into_owned())))
        }
        Some('%') => Ok(Term::Regex(regex(scanner.quoted('%')?)?)),
        Some(_) => {
            let word = scanner.take_while(|next| !next.is_whitespace());
            // What is neither a letter nor a digit has to stand in quotes.
            if word.chars().all(|next| next.is_alphanumeric() || next == '_') {
                Ok(Term::Text(Box::new(Finder::new(word).into_owned())))
            } else {
                Err(BadPattern::Term(word.to_owned()))
            }
        }
    }
}
