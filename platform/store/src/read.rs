//! Reading: the one interface of a snapshot and of a transaction.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::StoreError;
use crate::key::{Encode, Key, encode};
use crate::record::Record;
use crate::scan::{Direction, IndexKeys, IndexScan, Joined, Keys, Scan, View, get};
use crate::snapshot::Snapshot;
use crate::span::Span;
use crate::table::{Index, Table};

/// What [`ReadTx`] and [`crate::Tx`] have in common. A query takes `&impl Read` and serves both.
/// A transaction reads its own writes.
pub trait Read {
    #[doc(hidden)]
    fn view(&self) -> View<'_>;

    fn get<K: Key, R: Record>(
        &self,
        table: Table<K, R>,
        key: &(impl Encode<Key = K> + ?Sized),
    ) -> Result<Option<R>, StoreError> {
        get(self.view(), table, &encode(key))
    }

    /// Whether there is a record, without decoding it.
    fn contains<K: Key, R: Record>(
        &self,
        table: Table<K, R>,
        key: &(impl Encode<Key = K> + ?Sized),
    ) -> Result<bool, StoreError> {
        Ok(self.view().get(table.name, &encode(key), |_| ())?.is_some())
    }

    /// The records of a span in the order of their keys, read one by one as the iterator is asked.
    fn scan<K: Key, R: Record>(&self, table: Table<K, R>, span: Span<K>) -> Scan<'_, K, R> {
        scan(self.view(), table, &span, Direction::Forward)
    }

    /// The records of a span, last key first.
    fn scan_back<K: Key, R: Record>(&self, table: Table<K, R>, span: Span<K>) -> Scan<'_, K, R> {
        scan(self.view(), table, &span, Direction::Backward)
    }

    /// The keys of a span in order. Records are not decoded.
    fn scan_keys<K: Key, R: Record>(&self, table: Table<K, R>, span: Span<K>) -> Keys<'_, K> {
        let entries = self.view().scan(table.name, &span, Direction::Forward);
        Keys { entries, table: table.name, key: PhantomData }
    }

    /// The records that an index names, in the order of the index: index key, key, record.
    fn scan_index<IK: Key, K: Key, R: Record>(
        &self,
        index: Index<IK, K, R>,
        span: Span<IK>,
    ) -> IndexScan<'_, IK, K, R> {
        scan_index(self.view(), index, &span, Direction::Forward)
    }

    /// The records that an index names, last index key first.
    fn scan_index_back<IK: Key, K: Key, R: Record>(
        &self,
        index: Index<IK, K, R>,
        span: Span<IK>,
    ) -> IndexScan<'_, IK, K, R> {
        scan_index(self.view(), index, &span, Direction::Backward)
    }

    /// The entries of an index in order, without the records that they name.
    fn scan_index_keys<IK: Key, K: Key, R: Record>(
        &self,
        index: Index<IK, K, R>,
        span: Span<IK>,
    ) -> IndexKeys<'_, IK, K> {
        IndexKeys(index_keys(self.view(), index, &span, Direction::Forward))
    }

    /// The number of records in a table: a stored figure, not a scan.
    fn count<K: Key, R: Record>(&self, table: Table<K, R>) -> Result<u64, StoreError> {
        self.view().count(table.name)
    }

    /// The number of records in a span: walks the keys.
    fn count_in<K: Key, R: Record>(&self, table: Table<K, R>, span: Span<K>) -> Result<u64, StoreError> {
        count(self.view().scan(table.name, &span, Direction::Forward))
    }

    /// The number of an index's entries in a span: walks the entries.
    fn count_index<IK: Key, K: Key, R: Record>(
        &self,
        index: Index<IK, K, R>,
        span: Span<IK>,
    ) -> Result<u64, StoreError> {
        count(self.view().scan(index.name, &span, Direction::Forward))
    }
}

/// A snapshot of the committed state. It does not see later commits, and keeps their space from
/// being reused while it lives: do not hold it across a wait.
#[derive(Clone)]
pub struct ReadTx {
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Read for ReadTx {
    fn view(&self) -> View<'_> {
        View { snapshot: &self.snapshot, pending: None }
    }
}

fn scan<'a, K: Key, R: Record>(
    view: View<'a>,
    table: Table<K, R>,
    span: &Span<K>,
    direction: Direction,
) -> Scan<'a, K, R> {
    Scan { entries: view.scan(table.name, span, direction), table: table.name, record: PhantomData }
}

fn scan_index<'a, IK: Key, K: Key, R: Record>(
    view: View<'a>,
    index: Index<IK, K, R>,
    span: &Span<IK>,
    direction: Direction,
) -> IndexScan<'a, IK, K, R> {
    IndexScan { keys: index_keys(view, index, span, direction), view, index }
}

fn index_keys<'a, IK: Key, K: Key, R: Record>(
    view: View<'a>,
    index: Index<IK, K, R>,
    span: &Span<IK>,
    direction: Direction,
) -> Keys<'a, Joined<IK, K>> {
    Keys { entries: view.scan(index.name, span, direction), table: index.name, key: PhantomData }
}

fn count<T>(mut entries: impl Iterator<Item = Result<T, StoreError>>) -> Result<u64, StoreError> {
    entries.try_fold(0, |count, entry| entry.map(|_| count + 1))
}
