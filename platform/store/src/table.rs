//! Handles of tables and indexes: constants that say what is stored, under which key, found how.

use std::marker::PhantomData;

use crate::blob::BlobId;
use crate::error::Corrupt;
use crate::key::{self, Key};
use crate::record::{self, Record};

/// A table of records `R` under keys `K`. Declared once, as a constant:
///
/// ```
/// # use haar_store::{Index, Record, Table};
/// # #[derive(serde::Serialize, serde::Deserialize)] struct Message { due: i64 }
/// # impl Record for Message {}
/// const MESSAGES: Table<(String, u64), Message> = Table::new("sqs.messages").indexed(&[&BY_DUE]);
/// /// Messages of a queue in the order in which they become visible.
/// const BY_DUE: Index<(String, i64), (String, u64), Message> =
///     Index::new("sqs.messages.by_due", |(queue, _), message| vec![(queue.clone(), message.due)]);
/// ```
pub struct Table<K: 'static, R: 'static> {
    pub(crate) name: &'static str,
    pub(crate) indexes: &'static [&'static dyn IndexOf<K, R>],
    pub(crate) blobs: Option<fn(&R) -> Vec<BlobId>>,
}

impl<K, R> Clone for Table<K, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, R> Copy for Table<K, R> {}

impl<K: Key, R: Record> Table<K, R> {
    /// The name is stored data: lower case, `service.plural`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, indexes: &[], blobs: None }
    }

    /// The indexes that the store keeps in step with every put and delete of this table.
    #[must_use]
    pub const fn indexed(self, indexes: &'static [&'static dyn IndexOf<K, R>]) -> Self {
        Self { indexes, ..self }
    }

    /// The blobs that a record names. Each is kept while any record names it.
    #[must_use]
    pub const fn blobs(self, blobs: fn(&R) -> Vec<BlobId>) -> Self {
        Self { blobs: Some(blobs), ..self }
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The type-erased form, by which `Store::check` knows this table.
    pub fn info(&self) -> TableInfo {
        let table = *self;
        TableInfo {
            name: self.name,
            indexes: self.indexes.iter().map(|index| (index.name(), key_behind_of(*index))).collect(),
            examine: Box::new(move |key, value| table.examine(key, value)),
        }
    }

    fn examine(&self, key_bytes: &[u8], value: &[u8]) -> Result<Examined, Corrupt> {
        let key: K = key::decode(key_bytes)?;
        let record: R = record::decode(value)?;
        Ok(Examined {
            entries: self.indexes.iter().map(|index| index.entries(&key, key_bytes, &record)).collect(),
            blobs: self.blobs.map_or_else(Vec::new, |blobs| blobs(&record)),
        })
    }
}

/// A second order of a table's records: `derive` gives the index keys under which a record is found
/// (none, one or several). The name is the table's name, a dot and the index's own.
pub struct Index<IK: 'static, K: 'static, R: 'static> {
    pub(crate) name: &'static str,
    derive: fn(&K, &R) -> Vec<IK>,
    key: PhantomData<fn() -> IK>,
}

impl<IK, K, R> Clone for Index<IK, K, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<IK, K, R> Copy for Index<IK, K, R> {}

impl<IK: Key, K: Key, R: Record> Index<IK, K, R> {
    pub const fn new(name: &'static str, derive: fn(&K, &R) -> Vec<IK>) -> Self {
        Self { name, derive, key: PhantomData }
    }

    /// The table whose records this index orders.
    pub(crate) fn table(&self) -> &'static str {
        table_of(self.name)
    }
}

/// An index without its own key type, so that a table can list indexes of different keys.
pub trait IndexOf<K, R>: Sync {
    fn name(&self) -> &'static str;

    /// The entries of one record, sorted: the index key's bytes, then the key's.
    #[doc(hidden)]
    fn entries(&self, key: &K, key_bytes: &[u8], record: &R) -> Vec<Vec<u8>>;

    /// The bytes of the key that an entry ends with.
    #[doc(hidden)]
    fn key_behind(&self, entry: &[u8]) -> Result<Vec<u8>, Corrupt>;
}

impl<IK: Key, K: Key, R: Record> IndexOf<K, R> for Index<IK, K, R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn entries(&self, key: &K, key_bytes: &[u8], record: &R) -> Vec<Vec<u8>> {
        let mut entries: Vec<_> = (self.derive)(key, record)
            .iter()
            .map(|index_key| {
                let mut entry = Vec::with_capacity(key_bytes.len() + 32);
                index_key.encode(&mut entry);
                entry.extend_from_slice(key_bytes);
                entry
            })
            .collect();
        entries.sort_unstable();
        entries.dedup();
        entries
    }

    fn key_behind(&self, mut entry: &[u8]) -> Result<Vec<u8>, Corrupt> {
        IK::decode(&mut entry)?;
        Ok(entry.to_vec())
    }
}

fn key_behind_of<K: 'static, R: 'static>(index: &'static dyn IndexOf<K, R>) -> KeyBehind {
    Box::new(move |entry| index.key_behind(entry))
}

/// The table of an index, from its name: all before the last dot.
pub(crate) fn table_of(index: &'static str) -> &'static str {
    index.rsplit_once('.').map_or(index, |(table, _)| table)
}

/// A table without its types: what `Store::check` verifies it by.
pub struct TableInfo {
    pub(crate) name: &'static str,
    /// Name, and the way from an entry to the key of its record.
    pub(crate) indexes: Vec<(&'static str, KeyBehind)>,
    pub(crate) examine: Examine,
}

pub(crate) type KeyBehind = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Corrupt> + Send + Sync>;
type Examine = Box<dyn Fn(&[u8], &[u8]) -> Result<Examined, Corrupt> + Send + Sync>;

/// What a stored record implies elsewhere.
pub(crate) struct Examined {
    /// One list of entries for each index of the table.
    pub(crate) entries: Vec<Vec<Vec<u8>>>,
    pub(crate) blobs: Vec<BlobId>,
}
