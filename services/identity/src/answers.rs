//! Answers kept in memory until something changes: what makes the authority cheap to ask.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

/// Answers kept; when there are more, all are forgotten and asked for again.
const ANSWERS_MAX: usize = 10_000;

/// Answers to one question, by what it was asked about, all found out at one version of what is stored.
pub struct Answers<T>(RwLock<Kept<T>>);

struct Kept<T> {
    version: u64,
    by_key: HashMap<String, Arc<T>>,
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self(RwLock::new(Kept { version: 0, by_key: HashMap::new() }))
    }
}

impl<T> Answers<T> {
    /// The answer, if it was found out at this version.
    pub fn get(&self, version: u64, key: &str) -> Option<Arc<T>> {
        let kept = self.0.read();
        if kept.version == version { kept.by_key.get(key).cloned() } else { None }
    }

    /// Keeps an answer that was looked for from this version on. One that comes late, after newer ones, is not kept.
    pub fn keep(&self, version: u64, key: &str, answer: Arc<T>) {
        let mut kept = self.0.write();
        if kept.version < version {
            *kept = Kept { version, by_key: HashMap::new() };
        }
        if kept.version == version {
            if kept.by_key.len() >= ANSWERS_MAX {
                kept.by_key.clear();
            }
            kept.by_key.insert(key.to_owned(), answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_for_its_version_only() {
        let answers = Answers::default();
        answers.keep(1, "key", Arc::new("old"));
        assert_eq!(answers.get(1, "key").as_deref(), Some(&"old"));
        assert_eq!(answers.get(2, "key"), None);
        answers.keep(2, "key", Arc::new("new"));
        answers.keep(1, "key", Arc::new("late"));
        assert_eq!(answers.get(2, "key").as_deref(), Some(&"new"));
        assert_eq!(answers.get(1, "key"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let answers = Answers::default();
        for number in 0..=ANSWERS_MAX {
            answers.keep(1, &number.to_string(), Arc::new(number));
        }
        assert_eq!(answers.0.read().by_key.len(), 1);
    }
}
