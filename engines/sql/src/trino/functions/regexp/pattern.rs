//! A compiled regular expression and its matches, one after the other, as Java counts them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::error::SqlError;

use super::translate::translate;

/// Compiled patterns that a thread keeps.
const KEPT_MAX: usize = 64;
/// Steps of a search that looks around or refers back, at most.
const BACKTRACKS_MAX: usize = 1_000_000;

/// A pattern, ready to search.
#[derive(Debug)]
pub struct Pattern {
    engine: Engine,
    /// For text that ends in a line break, when the pattern cares.
    before_newline: Option<Engine>,
}

#[derive(Debug)]
enum Engine {
    /// Linear time.
    Automaton(regex::Regex),
    /// For what an automaton cannot do.
    Backtracking(fancy_regex::Regex),
}

/// Where the groups of one match are; the first is the whole match.
pub type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Compiles a pattern of Java's syntax.
    ///
    /// # Errors
    /// `INVALID_FUNCTION_ARGUMENT` with what is wrong with it.
    pub fn compile(java: &str) -> Result<Pattern, SqlError> {
        let translated = translate(java).map_err(SqlError::invalid_argument)?;
        let engine = if translated.backtracks {
            Engine::backtracking(&translated.pattern)?
        } else {
            Engine::automaton(&translated.pattern)?
        };
        let before_newline = translated.before_newline.as_deref().map(Engine::backtracking).transpose()?;
        Ok(Pattern { engine, before_newline })
    }

    /// The same, from those that this thread has compiled before.
    pub fn cached(java: &str) -> Result<Rc<Pattern>, SqlError> {
        thread_local! {
            static KEPT: RefCell<HashMap<String, Rc<Pattern>>> = RefCell::default();
        }
        KEPT.with_borrow_mut(|kept| {
            if let Some(pattern) = kept.get(java) {
                return Ok(pattern.clone());
            }
            let pattern = Rc::new(Pattern::compile(java)?);
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert(java.to_owned(), pattern.clone());
            Ok(pattern)
        })
    }

    /// How many groups there are, without the whole match.
    pub fn groups(&self) -> usize {
        match &self.engine {
            Engine::Automaton(regex) => regex.captures_len() - 1,
            Engine::Backtracking(regex) => regex.captures_len() - 1,
        }
    }

    /// The number of the group of that name.
    pub fn group(&self, name: &str) -> Option<usize> {
        match &self.engine {
            Engine::Automaton(regex) => regex.capture_names().position(|known| known == Some(name)),
            Engine::Backtracking(regex) => regex.capture_names().position(|known| known == Some(name)),
        }
    }

    fn engine(&self, text: &str) -> &Engine {
        match &self.before_newline {
            Some(engine) if text.ends_with('\n') => engine,
            _ => &self.engine,
        }
    }

    /// Whether it matches somewhere.
    pub fn is_match(&self, text: &str) -> Result<bool, SqlError> {
        match self.engine(text) {
            Engine::Automaton(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking(regex) => regex.is_match(text).map_err(failed),
        }
    }

    /// The first match from that place on.
    pub fn find(&self, text: &str, start: usize) -> Result<Option<(usize, usize)>, SqlError> {
        Ok(match self.engine(text) {
            Engine::Automaton(regex) => regex.find_at(text, start).map(|found| (found.start(), found.end())),
            Engine::Backtracking(regex) => {
                regex.find_from_pos(text, start).map_err(failed)?.map(|found| (found.start(), found.end()))
            }
        })
    }

    /// The same with its groups.
    pub fn captures(&self, text: &str, start: usize) -> Result<Option<Groups>, SqlError> {
        Ok(match self.engine(text) {
            Engine::Automaton(regex) => {
                let mut places = regex.capture_locations();
                regex
                    .captures_read_at(&mut places, text, start)
                    .map(|_| (0..places.len()).map(|group| places.get(group)).collect())
            }
            Engine::Backtracking(regex) => regex.captures_from_pos(text, start).map_err(failed)?.map(|captures| {
                (0..captures.len()).map(|group| captures.get(group).map(|found| (found.start(), found.end()))).collect()
            }),
        })
    }

    /// Calls `each` with every match, from left to right, until it says no.
    ///
    /// An empty match may follow directly on another match, as in Java and unlike in Rust.
    pub fn each_match(
        &self,
        text: &str,
        mut each: impl FnMut(usize, usize) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        let mut start = Some(0);
        while let Some(from) = start {
            let Some((begin, end)) = self.find(text, from)? else { return Ok(()) };
            if !each(begin, end)? {
                return Ok(());
            }
            start = next_start(text, begin, end);
        }
        Ok(())
    }

    /// The same with groups.
    pub fn each_captures(
        &self,
        text: &str,
        mut each: impl FnMut(&Groups) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let mut start = Some(0);
        while let Some(from) = start {
            let Some(groups) = self.captures(text, from)? else { return Ok(()) };
            each(&groups)?;
            let (begin, end) = groups[0].unwrap_or((text.len(), text.len()));
            start = next_start(text, begin, end);
        }
        Ok(())
    }
}

/// Where the search goes on behind a match.
pub fn next_start(text: &str, begin: usize, end: usize) -> Option<usize> {
    if begin < end {
        return Some(end);
    }
    text[end..].chars().next().map(|letter| end + letter.len_utf8())
}

impl Engine {
    fn automaton(pattern: &str) -> Result<Engine, SqlError> {
        match regex::Regex::new(pattern) {
            Ok(regex) => Ok(Engine::Automaton(regex)),
            Err(error) => Err(invalid(&error.to_string())),
        }
    }

    fn backtracking(pattern: &str) -> Result<Engine, SqlError> {
        match fancy_regex::RegexBuilder::new(pattern).backtrack_limit(BACKTRACKS_MAX).build() {
            Ok(regex) => Ok(Engine::Backtracking(regex)),
            Err(error) => Err(invalid(&error.to_string())),
        }
    }
}

/// The last line of what the engines say: the ones before show the pattern.
fn invalid(message: &str) -> SqlError {
    let last = message.lines().last().unwrap_or(message);
    SqlError::invalid_argument(last.strip_prefix("error: ").unwrap_or(last))
}

fn failed(error: fancy_regex::Error) -> SqlError {
    SqlError::invalid_argument(format!("regular expression gave up: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn matches(pattern: &str, text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        Pattern::compile(pattern)
            .unwrap()
            .each_match(text, |begin, end| {
                found.push((begin, end));
                Ok(true)
            })
            .unwrap();
        found
    }

    #[test]
    fn empty_matches_follow_on_others_as_in_java() {
        assert_eq!(matches("a*", "ab"), [(0, 1), (1, 1), (2, 2)]);
        assert_eq!(matches("", "é"), [(0, 0), (2, 2)]);
        assert_eq!(matches("x", ""), []);
    }

    #[test]
    fn the_dollar_matches_before_a_last_line_break() {
        assert_eq!(matches("a$", "a\n"), [(0, 1)]);
        assert_eq!(matches("a$", "a\nb"), []);
        assert_eq!(matches("$", "a\n"), [(1, 1), (2, 2)]);
        assert_eq!(matches("(?m)^.$", "a\nb"), [(0, 1), (2, 3)]);
    }

    #[test]
    fn looking_around_and_referring_back_work() {
        assert_eq!(matches(r"(?<=\$)\d+", "a$12"), [(2, 4)]);
        assert_eq!(matches(r"(\w)\1", "hello"), [(2, 4)]);
        assert_eq!(matches(r"(?i)É", "é"), [(0, 2)]);
    }

    #[test]
    fn a_bad_pattern_says_what_is_wrong() {
        let error = Pattern::compile("a(b").unwrap_err();
        assert_eq!(error.to_string(), "INVALID_FUNCTION_ARGUMENT: end pattern with unmatched parenthesis");
    }
}
