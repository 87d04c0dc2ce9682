//! Scans in key order: what is stored merged with what is pending, one record at a time.

use std::collections::btree_map;
use std::iter::Peekable;
use std::marker::PhantomData;
use std::ops::Bound;

use redb::AccessGuard;

use crate::error::{Corrupt, StoreError};
use crate::key::{self, Key};
use crate::pending::Pending;
use crate::record::{self, Record};
use crate::snapshot::{Raw, Snapshot, StoredRange};
use crate::span::Span;
use crate::table::{Index, Table};

/// What a read sees: the committed state, and inside a transaction the pending writes over it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) pending: Option<&'a Pending>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

impl<'a> View<'a> {
    pub(crate) fn get<T>(
        self,
        table: &'static str,
        key: &[u8],
        then: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        match self.pending.and_then(|pending| pending.table(table)?.get(key)) {
            Some(change) => Ok(change.as_deref().map(then)),
            None => self.snapshot.get(table, key, then),
        }
    }

    pub(crate) fn count(self, table: &'static str) -> Result<u64, StoreError> {
        let mut count = self.snapshot.count(table)?;
        for (key, change) in self.pending.and_then(|pending| pending.table(table)).into_iter().flatten() {
            let stored = self.snapshot.get(table, key, |_| ())?.is_some();
            match (stored, change.is_some()) {
                (false, true) => count += 1,
                (true, false) => count -= 1,
                _ => {}
            }
        }
        Ok(count)
    }

    pub(crate) fn scan<K>(self, table: &'static str, span: &Span<K>, direction: Direction) -> Entries<'a> {
        let pending = self.pending.filter(|_| !span.is_empty()).and_then(|pending| pending.table(table)).map(|table| {
            let end = span.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            Walk { inner: table.range::<[u8], _>((Bound::Included(&span.start[..]), end)), direction }.peekable()
        });
        let (stored, failure) = match self.snapshot.range(table, span) {
            Ok(range) => (range.map(|inner| Walk { inner, direction }.peekable()), None),
            Err(failure) => (None, Some(failure)),
        };
        Entries { stored, pending, direction, failure }
    }
}

/// An iterator walked from its front or from its back.
struct Walk<I> {
    inner: I,
    direction: Direction,
}

impl<I: DoubleEndedIterator> Iterator for Walk<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        match self.direction {
            Direction::Forward => self.inner.next(),
            Direction::Backward => self.inner.next_back(),
        }
    }
}

type PendingRange<'a> = btree_map::Range<'a, Vec<u8>, Option<Vec<u8>>>;

/// Stored and pending entries as one sorted sequence of bytes; a pending entry hides the stored one
/// of the same key.
pub(crate) struct Entries<'a> {
    stored: Option<Peekable<Walk<StoredRange>>>,
    pending: Option<Peekable<Walk<PendingRange<'a>>>>,
    direction: Direction,
    failure: Option<StoreError>,
}

pub(crate) enum Entry<'a> {
    Stored(AccessGuard<'static, Raw>, AccessGuard<'static, Raw>),
    Pending(&'a [u8], &'a [u8]),
}

impl Entry<'_> {
    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Stored(key, _) => key.value(),
            Self::Pending(key, _) => key,
        }
    }

    pub(crate) fn value(&self) -> &[u8] {
        match self {
            Self::Stored(_, value) => value.value(),
            Self::Pending(_, value) => value,
        }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(failure) = self.failure.take() {
            return Some(Err(failure));
        }
        loop {
            let stored = self.stored.as_mut().and_then(Peekable::peek);
            let pending = self.pending.as_mut().and_then(Peekable::peek);
            let order = match (stored, pending) {
                (Some(Ok((stored, _))), Some((pending, _))) => {
                    let order = stored.value().cmp(&pending[..]);
                    if self.direction == Direction::Forward { order } else { order.reverse() }
                }
                (Some(_), _) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            if order.is_le() {
                let stored = self.stored.as_mut()?.next()?;
                if order.is_lt() {
                    return Some(
                        stored
                            .map(|(key, value)| Entry::Stored(key, value))
                            .map_err(StoreError::database("scan a table")),
                    );
                }
            }
            let (key, change) = self.pending.as_mut()?.next()?;
            if let Some(value) = change {
                return Some(Ok(Entry::Pending(key, value)));
            }
        }
    }
}

/// The records of a table in key order (or backward), read as they are asked for.
pub struct Scan<'a, K, R> {
    pub(crate) entries: Entries<'a>,
    pub(crate) table: &'static str,
    pub(crate) record: PhantomData<fn() -> (K, R)>,
}

impl<K: Key, R: Record> Iterator for Scan<'_, K, R> {
    type Item = Result<(K, R), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self.entries.next()? {
            Ok(entry) => entry,
            Err(failure) => return Some(Err(failure)),
        };
        let pair = key::decode(entry.key()).and_then(|key| Ok((key, record::decode(entry.value())?)));
        Some(pair.map_err(|cause| StoreError::corrupt(self.table, entry.key(), cause)))
    }
}

/// The keys of a table in order, without their records.
pub struct Keys<'a, K> {
    pub(crate) entries: Entries<'a>,
    pub(crate) table: &'static str,
    pub(crate) key: PhantomData<fn() -> K>,
}

impl<K: Key> Iterator for Keys<'_, K> {
    type Item = Result<K, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self.entries.next()? {
            Ok(entry) => entry,
            Err(failure) => return Some(Err(failure)),
        };
        Some(key::decode(entry.key()).map_err(|cause| StoreError::corrupt(self.table, entry.key(), cause)))
    }
}

/// The records that an index names, in the index's order (or backward).
pub struct IndexScan<'a, IK: 'static, K: 'static, R: 'static> {
    pub(crate) keys: Keys<'a, Joined<IK, K>>,
    pub(crate) view: View<'a>,
    pub(crate) index: Index<IK, K, R>,
}

impl<IK: Key, K: Key, R: Record> Iterator for IndexScan<'_, IK, K, R> {
    /// Index key, key, record.
    type Item = Result<(IK, K, R), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Joined(index_key, key) = match self.keys.next()? {
            Ok(joined) => joined,
            Err(failure) => return Some(Err(failure)),
        };
        let bytes = key::encode(&key);
        let table = Table::<K, R>::new(self.index.table());
        Some(match get(self.view, table, &bytes) {
            Ok(Some(record)) => Ok((index_key, key, record)),
            Ok(None) => {
                let cause = Corrupt::Dangling { index: self.index.name.to_owned() };
                Err(StoreError::corrupt(table.name, &bytes, cause))
            }
            Err(failure) => Err(failure),
        })
    }
}

/// The entries of an index, in order, without the records.
pub struct IndexKeys<'a, IK, K>(pub(crate) Keys<'a, Joined<IK, K>>);

impl<IK: Key, K: Key> Iterator for IndexKeys<'_, IK, K> {
    type Item = Result<(IK, K), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map(|Joined(index_key, key)| (index_key, key)))
    }
}

/// The key of an index entry: the index key, then the record's key.
pub struct Joined<IK, K>(IK, K);

impl<IK: Key, K: Key> key::Encode for Joined<IK, K> {
    type Key = Self;

    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<IK: Key, K: Key> Key for Joined<IK, K> {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        Ok(Self(IK::decode(bytes)?, K::decode(bytes)?))
    }
}

pub(crate) fn get<K: Key, R: Record>(view: View<'_>, table: Table<K, R>, key: &[u8]) -> Result<Option<R>, StoreError> {
    view.get(table.name, key, record::decode)?.transpose().map_err(|cause| StoreError::corrupt(table.name, key, cause))
}
