//! The committed state as one moment saw it: what every read goes to.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTableMetadata, TableDefinition, TableError};

use crate::error::StoreError;
use crate::span::Span;

/// Every table of ours is bytes to bytes in the database: the types are ours, not redb's.
pub(crate) type Raw = &'static [u8];
type Stored = ReadOnlyTable<Raw, Raw>;
pub(crate) type StoredRange = redb::Range<'static, Raw, Raw>;

pub(crate) fn definition(name: &str) -> TableDefinition<'_, Raw, Raw> {
    TableDefinition::new(name)
}

/// One MVCC view. Tables are opened at their first use and stay open, because finding a table in
/// the database costs more than finding a record in it.
pub(crate) struct Snapshot {
    /// `None` once the store is closed.
    transaction: Option<ReadTransaction>,
    /// `None` for a table that nothing was written to yet.
    tables: RwLock<HashMap<&'static str, Option<Stored>>>,
}

impl Snapshot {
    pub(crate) fn new(transaction: ReadTransaction) -> Arc<Self> {
        Arc::new(Self { transaction: Some(transaction), tables: RwLock::default() })
    }

    /// What a closed store shows: every read answers [`StoreError::Closed`].
    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self { transaction: None, tables: RwLock::default() })
    }

    pub(crate) fn transaction(&self) -> Result<&ReadTransaction, StoreError> {
        self.transaction.as_ref().ok_or(StoreError::Closed)
    }

    pub(crate) fn get<T>(
        &self,
        table: &'static str,
        key: &[u8],
        then: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        self.with(table, |stored| {
            let found = stored.get(key).map_err(StoreError::database("read a record"))?;
            Ok(found.map(|value| then(value.value())))
        })
        .map(Option::flatten)
    }

    pub(crate) fn range<K>(&self, table: &'static str, span: &Span<K>) -> Result<Option<StoredRange>, StoreError> {
        if span.is_empty() {
            return Ok(None);
        }
        self.with(table, |stored| {
            let range = match &span.end {
                Some(end) => stored.range(&span.start[..]..&end[..]),
                None => stored.range(&span.start[..]..),
            };
            range.map_err(StoreError::database("scan a table"))
        })
    }

    pub(crate) fn count(&self, table: &'static str) -> Result<u64, StoreError> {
        let count = self.with(table, |stored| stored.len().map_err(StoreError::database("count a table")))?;
        Ok(count.unwrap_or(0))
    }

    fn with<T>(
        &self,
        table: &'static str,
        then: impl FnOnce(&Stored) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if let Some(stored) = self.tables.read().get(table) {
            return stored.as_ref().map(then).transpose();
        }
        let stored = match self.transaction()?.open_table(definition(table)) {
            Ok(stored) => Some(stored),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(cause) => return Err(StoreError::database("open a table")(cause)),
        };
        let mut tables = self.tables.write();
        tables.entry(table).or_insert(stored).as_ref().map(then).transpose()
    }
}
