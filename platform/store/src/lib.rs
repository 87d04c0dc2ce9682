//! Durable typed tables, blobs, append-only logs and sealed secrets: all that haar keeps.
//!
//! ```text
//!   write(closure) ─▶ bounded queue ─▶ writer thread ─▶ one redb commit, one fsync ─▶ answers
//!                                        │  runs closures one after another over `Pending`,
//!                                        │  takes back what a failed one wrote
//!                                        ▼
//!   read(closure) ◀── the published snapshot (MVCC, never waits for the writer)
//! ```
//!
//! - **Tables** are constants ([`Table`]) of versioned [`Record`]s under order-preserving [`Key`]s.
//!   A table lists its [`Index`]es, and the store keeps them in step with every put and delete.
//! - **Transactions** ([`Store::write`]) are closures over [`Tx`]. Those that wait share a commit
//!   (group commit); each happens completely or not at all, and is durable when answered.
//! - **Reads** ([`Store::read`]) see the last commit; queries take `&impl` [`Read`] and serve both.
//! - **Blobs** ([`Store::blobs`]) are files beside the database, written before the record that names
//!   them and deleted after the last one goes; a table says which blobs its records name.
//! - **Logs** ([`Store::log`]) are bounded, segmented and append-only, outside the transactions.
//! - **The vault** ([`Store::vault`]) seals secrets and signs tokens with a key in the data directory.
//!
//! The data directory, `LOCK`, `FORMAT`, `vault.key`, `state.redb`, `blobs/`, `logs/`, belongs to one
//! process. In memory ([`Config::in_memory`]) everything behaves the same and no file is touched.
//! This crate is the one home of `std::fs` in the project.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one home of files and of the writer's thread"
)]

mod blob;
mod check;
mod database;
mod directory;
mod error;
mod fault;
mod key;
mod log;
mod pending;
mod read;
mod record;
mod scan;
mod snapshot;
mod span;
mod store;
mod table;
mod transaction;
mod vault;
mod writer;

pub use blob::{Blob, BlobId, BlobReader, BlobStore, BlobWriter, Chunk, Digest};
pub use check::CheckReport;
pub use directory::DATA_FORMAT;
pub use error::{Corrupt, StoreError, VaultError};
pub use key::{Encode, Key};
pub use log::{Log, LogBackReader, LogOptions, LogReader, Position};
pub use read::{Read, ReadTx};
pub use record::{Record, decode_body};
pub use scan::{IndexKeys, IndexScan, Keys, Scan};
pub use span::{Prefix, Span};
pub use store::{Config, Stats, Store, TableStats};
pub use table::{Index, IndexOf, Table, TableInfo};
pub use transaction::Tx;
pub use vault::Vault;
