//! The database file: how it is opened, committed to and verified (docs/decisions/0002).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, WriteTransaction};

use crate::error::StoreError;
use crate::snapshot::Snapshot;

/// From this size on, a commit also records which pages are free (a second fsync). Without that
/// record, the first open after a crash reads the whole file: nothing for a small file, seconds for
/// a big one.
const QUICK_REPAIR_BYTES: u64 = 64 << 20;

/// How often, and how far apart, a verification asks whether all reads have ended.
const VERIFY_PATIENCE: u32 = 1000;
const VERIFY_PAUSE: Duration = Duration::from_millis(1);

pub(crate) struct Engine {
    /// `None` once closed.
    database: Option<Database>,
    /// `None` in memory.
    path: Option<PathBuf>,
}

impl Engine {
    pub(crate) fn in_memory(cache_bytes: usize) -> Result<Self, StoreError> {
        let database = Builder::new()
            .set_cache_size(cache_bytes)
            .create_with_backend(InMemoryBackend::new())
            .map_err(StoreError::database("open the database in memory"))?;
        Ok(Self { database: Some(database), path: None })
    }

    pub(crate) fn on_disk(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let database = Builder::new()
            .set_cache_size(cache_bytes)
            .create(path)
            .map_err(StoreError::database("open the database"))?;
        Ok(Self { database: Some(database), path: Some(path.to_owned()) })
    }

    pub(crate) fn begin(&self) -> Result<WriteTransaction, StoreError> {
        let mut transaction = self.database()?.begin_write().map_err(StoreError::database("begin a transaction"))?;
        transaction.set_quick_repair(self.file_bytes() >= QUICK_REPAIR_BYTES);
        Ok(transaction)
    }

    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        let read = self.database()?.begin_read().map_err(StoreError::database("begin a snapshot"))?;
        Ok(Snapshot::new(read))
    }

    /// Verifies the file's own structure and checksums; `false` says that it had to be repaired.
    pub(crate) fn verify(&mut self) -> Result<bool, StoreError> {
        let database = self.database.as_mut().ok_or(StoreError::Closed)?;
        let mut patience = VERIFY_PATIENCE;
        loop {
            match database.check_integrity() {
                // Reads that began before the doors closed are short: let them finish.
                Err(DatabaseError::TransactionInProgress) if patience > 0 => {
                    patience -= 1;
                    std::thread::sleep(VERIFY_PAUSE);
                }
                verified => return verified.map_err(StoreError::database("verify the database")),
            }
        }
    }

    pub(crate) fn close(&mut self) -> Result<(), StoreError> {
        match self.database.take() {
            Some(database) => database.close().map_err(StoreError::database("close the database")),
            None => Ok(()),
        }
    }

    fn file_bytes(&self) -> u64 {
        // Without the length, the commit is made the cheap way.
        self.path.as_deref().and_then(|path| fs::metadata(path).ok()).map_or(0, |metadata| metadata.len())
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.database.as_ref().ok_or(StoreError::Closed)
    }
}
