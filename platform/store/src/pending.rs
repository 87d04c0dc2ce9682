//! Writes that are not in the database yet: those of the batch, and how to take one closure's back.

use std::collections::{BTreeMap, HashMap};

/// A value to be, or `None` where the record is to go.
type Change = Option<Vec<u8>>;

/// The pending writes of a batch. Reads look here first, so a closure sees what earlier closures of
/// the batch did, and its own writes; `undo` takes back what came after a mark.
#[derive(Default)]
pub(crate) struct Pending {
    tables: HashMap<&'static str, BTreeMap<Vec<u8>, Change>>,
    undo: Vec<Undo>,
    bytes: usize,
}

struct Undo {
    table: &'static str,
    key: Vec<u8>,
    /// What was pending before, or `None` if nothing was.
    before: Option<Change>,
}

impl Pending {
    pub(crate) fn set(&mut self, table: &'static str, key: Vec<u8>, change: Change) {
        self.bytes += key.len() + change.as_ref().map_or(0, Vec::len);
        let before = self.tables.entry(table).or_default().insert(key.clone(), change);
        self.undo.push(Undo { table, key, before });
    }

    /// Forgets how to undo: what was written so far stays.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
    }

    /// Takes back everything since the last `keep`.
    pub(crate) fn undo(&mut self) {
        for Undo { table, key, before } in self.undo.drain(..).rev() {
            let changes = self.tables.entry(table).or_default();
            match before {
                Some(change) => changes.insert(key, change),
                None => changes.remove(&key),
            };
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.values().all(BTreeMap::is_empty)
    }

    /// Bytes that were written, including those overwritten or undone since: a bound on memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn table(&self, table: &'static str) -> Option<&BTreeMap<Vec<u8>, Change>> {
        self.tables.get(table)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = (&'static str, &BTreeMap<Vec<u8>, Change>)> {
        self.tables.iter().map(|(table, changes)| (*table, changes)).filter(|(_, changes)| !changes.is_empty())
    }
}
