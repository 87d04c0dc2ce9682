//! What can go wrong in the store, in words an operator can act on.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::blob::BlobId;

/// A failure of the store itself. A service hands it on through `From<StoreError>` of its own
/// error; only [`StoreError::Closed`] is expected in a healthy house (during shutdown).
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store is closed")]
    Closed,
    /// The closure given to `Store::write` panicked. Its writes were undone.
    #[error("a transaction panicked: {0}")]
    Panicked(String),
    #[error("failed to read table {table}, key {key}: {cause}")]
    Corrupt { table: String, key: String, cause: Corrupt },
    #[error("no blob {0}")]
    NoSuchBlob(BlobId),
    #[error("the writing of blob {0} was interrupted")]
    BlobInterrupted(BlobId),
    #[error("{found} bytes do not fit into a log frame, which holds {max}")]
    FrameTooLarge { found: usize, max: usize },
    #[error("log name {0:?} is not made of lower-case letters, digits, '.', '_' and '-'")]
    BadLogName(String),
    #[error("log {log}, segment {segment}, byte {offset}: {reason}")]
    BrokenLog { log: String, segment: u64, offset: u64, reason: &'static str },
    #[error("failed to {action}: {cause}")]
    Io { action: String, cause: Arc<io::Error> },
    #[error("failed to {action}: {cause}")]
    Database { action: &'static str, cause: Arc<redb::Error> },
    #[error("data directory {} is in use by process {process}: stop it, or use another --data-dir", .directory.display())]
    Locked { directory: PathBuf, process: String },
    #[error("data directory {} was written by haar data format {found}; this haar reads up to {supported}: use a newer haar or another --data-dir", .directory.display())]
    NewerFormat { directory: PathBuf, found: u32, supported: u32 },
    #[error("{} is not a haar data directory: {reason}", .directory.display())]
    NotOurs { directory: PathBuf, reason: String },
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Why bytes do not make a key or a record.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Corrupt {
    #[error("the key is not in the form of its table: {0}")]
    Key(&'static str),
    #[error("the record is too short to carry a version")]
    NoVersion,
    #[error("the record has version {found}, this haar knows up to {known}")]
    Newer { found: u16, known: u16 },
    #[error("the record has version {found}, from which {record} has no upgrade")]
    NoUpgrade { found: u16, record: &'static str },
    #[error("the record does not decode: {0}")]
    Record(String),
    #[error("the index {index} names a record that is not there")]
    Dangling { index: String },
}

/// Why the vault does not open, or does not open a sealed value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VaultError {
    #[error("the vault key {} is missing, without it the secrets in this data directory cannot be read: put it back from a backup", .0.display())]
    KeyMissing(PathBuf),
    #[error("the vault key {} is not in the expected form", .0.display())]
    KeyDamaged(PathBuf),
    #[error("the sealed value is not in the expected form")]
    Malformed,
    #[error("the value was sealed with key {0}, which the vault does not hold")]
    UnknownKey(u32),
    #[error("the sealed value was changed, or belongs to something else")]
    Tampered,
    #[error("the system's random source failed")]
    NoRandom,
}

impl StoreError {
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |cause| Self::Io { action, cause: Arc::new(cause) }
    }

    pub(crate) fn database<E: Into<redb::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |cause| Self::Database { action, cause: Arc::new(cause.into()) }
    }

    pub(crate) fn corrupt(table: &str, key: &[u8], cause: Corrupt) -> Self {
        Self::Corrupt { table: table.to_owned(), key: crate::key::readable(key), cause }
    }
}
