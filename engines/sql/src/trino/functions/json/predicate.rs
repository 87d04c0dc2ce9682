//! The predicates of filters in the paths of the SQL standard: true, false or unknown. They never fail.

use std::cmp::Ordering;

use super::super::regexp::Pattern;
use super::evaluate::{Evaluation, Scope};
use super::item::Item;
use super::standard_path::{Comparison, Predicate};

impl<'a> Evaluation<'a> {
    /// What a predicate says; `None` is unknown. It never fails.
    pub(super) fn predicate(&mut self, predicate: &Predicate, scope: Scope<'_, 'a>) -> Option<bool> {
        match predicate {
            Predicate::And(left, right) => match self.predicate(left, scope) {
                Some(false) => Some(false),
                left => match (left, self.predicate(right, scope)) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                },
            },
            Predicate::Or(left, right) => match self.predicate(left, scope) {
                Some(true) => Some(true),
                left => match (left, self.predicate(right, scope)) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                },
            },
            Predicate::Not(of) => self.predicate(of, scope).map(|known| !known),
            Predicate::IsUnknown(of) => Some(self.predicate(of, scope).is_none()),
            Predicate::Exists(path) => self.path(path, scope).ok().map(|sequence| !sequence.is_empty()),
            Predicate::Compare(comparison, left, right) => {
                let left = self.path(left, scope).ok()?;
                let right = self.path(right, scope).ok()?;
                let (left, right) = (self.unwrapped(left), self.unwrapped(right));
                self.compare(*comparison, &left, &right)
            }
            Predicate::StartsWith(value, prefix) => {
                let values = self.path(value, scope).ok()?;
                let prefixes = self.path(prefix, scope).ok()?;
                let [prefix] = prefixes.as_slice() else { return None };
                let prefix = prefix.text()?;
                let values = self.unwrapped(values);
                self.any(&values, |item| item.text().map(|text| text.starts_with(prefix)))
            }
            Predicate::LikeRegex(value, pattern) => {
                let values = self.path(value, scope).ok()?;
                let pattern = Pattern::cached(pattern).ok()?;
                let values = self.unwrapped(values);
                self.any(&values, |item| item.text().and_then(|text| pattern.is_match(text).ok()))
            }
        }
    }

    /// Whether one of the items passes. In lax mode the first answer counts, in strict mode every error.
    fn any(&self, items: &[Item], passes: impl Fn(&Item) -> Option<bool>) -> Option<bool> {
        let mut found = false;
        for item in items {
            if passes(item)? {
                found = true;
                if self.lax {
                    break;
                }
            }
        }
        Some(found)
    }

    fn compare(&self, comparison: Comparison, left: &[Item], right: &[Item]) -> Option<bool> {
        let nested = |items: &[Item]| items.iter().any(|item| !item.is_scalar() && !item.is_null());
        let scalar = |items: &[Item]| items.iter().any(Item::is_scalar);
        let null = |items: &[Item]| items.iter().any(Item::is_null);
        if nested(left) && (nested(right) || scalar(right)) || scalar(left) && nested(right) {
            return None;
        }
        let mut found = match comparison {
            Comparison::Equal => null(left) && null(right),
            Comparison::NotEqual => {
                null(left) && (scalar(right) || nested(right)) || null(right) && (scalar(left) || nested(left))
            }
            _ => false,
        };
        for one in left.iter().filter(|item| item.is_scalar()) {
            for other in right.iter().filter(|item| item.is_scalar()) {
                if found && self.lax {
                    return Some(true);
                }
                found |= holds(comparison, one.compare(other).ok()?);
            }
        }
        Some(found)
    }
}

fn holds(comparison: Comparison, order: Option<Ordering>) -> bool {
    match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}
