//! A write transaction: reads and writes of one closure, all of which happen or none.

use std::sync::Arc;

use crate::blob::{BLOBS, BlobId, Blobs};
use crate::error::StoreError;
use crate::key::{self, Encode, Key, encode};
use crate::pending::Pending;
use crate::read::Read;
use crate::record::{self, Record};
use crate::scan::{View, get};
use crate::snapshot::Snapshot;
use crate::table::Table;

type Callback = Box<dyn FnOnce() + Send>;

/// What a closure given to `Store::write` works on. Several closures share one commit; each sees
/// the writes of those before it, and none of those that failed.
pub struct Tx {
    snapshot: Arc<Snapshot>,
    blobs: Arc<Blobs>,
    pub(crate) pending: Pending,
    callbacks: Vec<Callback>,
    callbacks_kept: usize,
    /// Blobs whose links changed, in failed closures too: their files are looked at after the commit.
    pub(crate) blobs_touched: Vec<BlobId>,
}

impl Read for Tx {
    fn view(&self) -> View<'_> {
        View { snapshot: &self.snapshot, pending: Some(&self.pending) }
    }
}

impl Tx {
    pub(crate) fn new(snapshot: Arc<Snapshot>, blobs: Arc<Blobs>) -> Self {
        Self {
            snapshot,
            blobs,
            pending: Pending::default(),
            callbacks: Vec::new(),
            callbacks_kept: 0,
            blobs_touched: Vec::new(),
        }
    }

    /// Writes a record, over the one that was there. Indexes and blob links follow.
    pub fn put<K: Key, R: Record>(
        &mut self,
        table: Table<K, R>,
        key: &(impl Encode<Key = K> + ?Sized),
        record: &R,
    ) -> Result<(), StoreError> {
        let bytes = encode(key);
        let value = record::encode(record).map_err(|cause| StoreError::corrupt(table.name, &bytes, cause))?;
        if table.is_derived_from() {
            let before = get(self.view(), table, &bytes)?;
            self.follow(table, &bytes, before.as_ref(), Some(record))?;
        }
        self.pending.set(table.name, bytes, Some(value));
        Ok(())
    }

    /// Removes a record and returns what it was, or `None` if there was none.
    pub fn delete<K: Key, R: Record>(
        &mut self,
        table: Table<K, R>,
        key: &(impl Encode<Key = K> + ?Sized),
    ) -> Result<Option<R>, StoreError> {
        let bytes = encode(key);
        let Some(before) = get(self.view(), table, &bytes)? else {
            return Ok(None);
        };
        if table.is_derived_from() {
            self.follow(table, &bytes, Some(&before), None)?;
        }
        self.pending.set(table.name, bytes, None);
        Ok(Some(before))
    }

    /// Runs `callback` after this closure's writes are durable and visible, and before the caller of
    /// `Store::write` gets its answer; not at all if the closure or the commit fails. It runs on the
    /// writer's thread, so it must only notify: whatever it does, every writer waits for.
    pub fn on_commit(&mut self, callback: impl FnOnce() + Send + 'static) {
        self.callbacks.push(Box::new(callback));
    }

    /// Brings indexes and blob links from what `before` implies to what `after` does.
    fn follow<K: Key, R: Record>(
        &mut self,
        table: Table<K, R>,
        key_bytes: &[u8],
        before: Option<&R>,
        after: Option<&R>,
    ) -> Result<(), StoreError> {
        let key: K = key::decode(key_bytes).map_err(|cause| StoreError::corrupt(table.name, key_bytes, cause))?;
        for index in table.indexes {
            let entries =
                |record: Option<&R>| record.map_or_else(Vec::new, |record| index.entries(&key, key_bytes, record));
            let (old, new) = (entries(before), entries(after));
            for entry in old.iter().filter(|entry| new.binary_search(entry).is_err()) {
                self.pending.set(index.name(), entry.clone(), None);
            }
            for entry in new.into_iter().filter(|entry| old.binary_search(entry).is_err()) {
                self.pending.set(index.name(), entry, Some(Vec::new()));
            }
        }
        if let Some(blobs) = table.blobs {
            // Links come first, so that a blob named by both never reaches zero in between.
            for blob in after.map_or_else(Vec::new, blobs) {
                self.link(blob)?;
            }
            for blob in before.map_or_else(Vec::new, blobs) {
                self.unlink(blob)?;
            }
        }
        Ok(())
    }

    fn link(&mut self, id: BlobId) -> Result<(), StoreError> {
        self.blobs_touched.push(id);
        let mut row = match self.get(BLOBS, &id)? {
            Some(row) => row,
            None => self.blobs.claim(id)?,
        };
        row.links += 1;
        self.put(BLOBS, &id, &row)
    }

    fn unlink(&mut self, id: BlobId) -> Result<(), StoreError> {
        self.blobs_touched.push(id);
        let mut row = self.get(BLOBS, &id)?.ok_or(StoreError::NoSuchBlob(id))?;
        row.links -= 1;
        if row.links == 0 {
            self.delete(BLOBS, &id)?;
            return Ok(());
        }
        self.put(BLOBS, &id, &row)
    }

    /// The closure succeeded: its writes and callbacks belong to the batch.
    pub(crate) fn keep(&mut self) {
        self.pending.keep();
        self.callbacks_kept = self.callbacks.len();
    }

    /// The closure failed: nothing of it remains.
    pub(crate) fn undo(&mut self) {
        self.pending.undo();
        self.callbacks.truncate(self.callbacks_kept);
    }

    pub(crate) fn take_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.callbacks)
    }
}

impl<K: Key, R: Record> Table<K, R> {
    /// Whether anything else in the store depends on what a record says.
    fn is_derived_from(&self) -> bool {
        debug_assert!(
            self.indexes.iter().all(|index| crate::table::table_of(index.name()) == self.name),
            "an index of {} is named after another table",
            self.name
        );
        !self.indexes.is_empty() || self.blobs.is_some()
    }
}
