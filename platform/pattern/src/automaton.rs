//! Many patterns in one structure: what an event matches costs little more with ten thousand patterns than with one.
//!
//! A tree. Each node knows, by path and by value, which patterns ask for what: a value of the event leads straight
//! to the node of those that it satisfies, where the next of their fields decides. What is left at the end of the
//! way, and what no index can tell apart (`anything-but`, `exists: false`), is compared pattern by pattern. Every
//! match is confirmed there, so the tree only has to lead to all candidates, never to prove anything.

use std::collections::HashMap;
use std::hash::Hash;

use crate::conjunction::Conjunction;
use crate::fields::Fields;
use crate::hashing::QuickMap;
use crate::index::{self, Index, Selectivity};
use crate::paths::{PathId, Paths};
use crate::pattern::Pattern;

/// So many candidates are compared one by one before a node tells them apart.
const HELD_MAX: usize = 8;

/// So many places of the tree may hold one conjunction: a field with many values has a place for each.
const COPIES_MAX: usize = 256;

/// Fields of a conjunction that can lead through the tree.
const GUIDES_MAX: usize = u64::BITS as usize;

/// Patterns, each with an id.
#[derive(Clone, Debug)]
pub struct Automaton<Id> {
    paths: Paths,
    root: Node,
    conjunctions: Vec<Option<Entry>>,
    patterns: Vec<Option<Stored<Id>>>,
    by_id: HashMap<Id, usize>,
    /// Conjunctions that were removed, and still have places in the tree.
    dead: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    pattern: usize,
    conjunction: Conjunction,
}

#[derive(Clone, Debug)]
struct Stored<Id> {
    id: Id,
    conjunctions: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    held: Vec<Candidate>,
    branches: Option<Box<QuickMap<PathId, Index<Node>>>>,
}

/// A conjunction on its way through the tree.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    conjunction: usize,
    /// The constraints that have led here.
    used: u64,
    copies: usize,
}

impl<Id> Default for Automaton<Id> {
    fn default() -> Self {
        Self {
            paths: Paths::default(),
            root: Node::default(),
            conjunctions: Vec::new(),
            patterns: Vec::new(),
            by_id: HashMap::new(),
            dead: 0,
        }
    }
}

impl<Id: Clone + Eq + Hash> Automaton<Id> {
    /// From all patterns at once.
    pub fn build(patterns: impl IntoIterator<Item = (Id, Pattern)>) -> Self {
        let mut automaton = Self::default();
        for (id, pattern) in patterns {
            automaton.insert(id, pattern);
        }
        automaton
    }

    /// Adds a pattern, in the place of one with the same id.
    pub fn insert(&mut self, id: Id, pattern: Pattern) {
        self.remove(&id);
        let slot = self.patterns.len();
        let mut conjunctions = Vec::new();
        for conjunction in pattern.into_alternatives(&mut self.paths) {
            conjunctions.push(self.conjunctions.len());
            self.conjunctions.push(Some(Entry { pattern: slot, conjunction }));
        }
        for &conjunction in &conjunctions {
            let candidate = Candidate { conjunction, used: 0, copies: COPIES_MAX };
            self.root.add(candidate, &self.conjunctions);
        }
        self.patterns.push(Some(Stored { id: id.clone(), conjunctions }));
        self.by_id.insert(id, slot);
    }

    /// Takes a pattern out; false if there is none with that id.
    pub fn remove(&mut self, id: &Id) -> bool {
        let Some(slot) = self.by_id.remove(id) else { return false };
        if let Some(stored) = self.patterns[slot].take() {
            for conjunction in stored.conjunctions {
                self.conjunctions[conjunction] = None;
                self.dead += 1;
            }
        }
        if self.dead > HELD_MAX * HELD_MAX + self.conjunctions.len() / 2 {
            self.rebuild();
        }
        true
    }

    /// How many patterns there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The ids of the patterns that an event matches, in the order in which they were inserted.
    pub fn matches(&self, event: &serde_json::Value) -> Vec<Id> {
        let fields = Fields::of(event, &self.paths);
        let mut found = Vec::new();
        self.visit(&self.root, &fields, &mut found);
        found.sort_unstable();
        found.dedup();
        let ids = found.into_iter().filter_map(|slot| self.patterns[slot].as_ref());
        ids.map(|stored| stored.id.clone()).collect()
    }

    fn visit(&self, node: &Node, fields: &Fields<'_>, found: &mut Vec<usize>) {
        for candidate in &node.held {
            if let Some(entry) = &self.conjunctions[candidate.conjunction]
                && entry.conjunction.matches(fields)
            {
                found.push(entry.pattern);
            }
        }
        let Some(branches) = &node.branches else { return };
        if branches.len() < fields.len() {
            for (path, index) in &**branches {
                for field in fields.at(*path) {
                    index.lookup(field.value, |child| self.visit(child, fields, found));
                }
            }
        } else {
            for values in fields.by_path() {
                let Some(index) = values.first().and_then(|first| branches.get(&first.path)) else { continue };
                for field in values {
                    index.lookup(field.value, |child| self.visit(child, fields, found));
                }
            }
        }
    }

    /// The same patterns without what removed ones have left.
    fn rebuild(&mut self) {
        let old = std::mem::take(self);
        self.paths = old.paths;
        let mut conjunctions = old.conjunctions;
        for stored in old.patterns.into_iter().flatten() {
            let slot = self.patterns.len();
            let mut kept = Vec::new();
            for entry in stored.conjunctions.iter().filter_map(|at| conjunctions[*at].take()) {
                kept.push(self.conjunctions.len());
                self.conjunctions.push(Some(Entry { pattern: slot, ..entry }));
            }
            self.by_id.insert(stored.id.clone(), slot);
            self.patterns.push(Some(Stored { id: stored.id, conjunctions: kept }));
        }
        for conjunction in 0..self.conjunctions.len() {
            let candidate = Candidate { conjunction, used: 0, copies: COPIES_MAX };
            self.root.add(candidate, &self.conjunctions);
        }
    }
}

impl Node {
    fn add(&mut self, candidate: Candidate, all: &[Option<Entry>]) {
        if self.branches.is_none() {
            self.held.push(candidate);
            if self.held.len() > HELD_MAX {
                self.branches = Some(Box::default());
                for held in std::mem::take(&mut self.held) {
                    self.lead(held, all);
                }
            }
        } else {
            self.lead(candidate, all);
        }
    }

    /// Leads a candidate on by the field that tells most, or keeps it.
    fn lead(&mut self, candidate: Candidate, all: &[Option<Entry>]) {
        let Some(entry) = &all[candidate.conjunction] else { return };
        let constraints = entry.conjunction.constraints.iter().take(GUIDES_MAX).enumerate();
        let open = constraints
            .filter(|(at, constraint)| candidate.used & (1 << at) == 0 && constraint.any.len() <= candidate.copies);
        let guide = open
            .filter_map(|(at, constraint)| {
                let each = constraint.any.iter().map(index::selectivity);
                let weakest = each.collect::<Option<Vec<Selectivity>>>()?.into_iter().max()?;
                Some((weakest, constraint.any.len(), at, constraint))
            })
            .min_by_key(|(weakest, count, at, _)| (*weakest, *count, *at));
        let (Some((_, count, at, constraint)), Some(branches)) = (guide, &mut self.branches) else {
            self.held.push(candidate);
            return;
        };
        let next = Candidate { used: candidate.used | 1 << at, copies: candidate.copies / count, ..candidate };
        let index = branches.entry(constraint.path).or_default();
        for condition in &*constraint.any {
            index.entries(condition, |child| child.add(next, all));
        }
    }
}
