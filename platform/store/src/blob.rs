//! Blobs: content too large for a record, written once, kept while a record names it.
//!
//! A blob's file is complete and durable before the record that names it is committed, so a record never
//! names a file that is not there. What no record names is garbage: it goes when the last hold on it
//! does, or soon after the next open when there was a crash.
//!
//! ```text
//!   writer  a stream becomes a blob        reader   a blob becomes a stream
//!   draft   what is there so far           chunk    the buffers of both
//!   lane    chunk after chunk, by ...      hands    ... whichever thread has time
//!   sum     whether it is still the same   reclaim  what a crash left
//! ```

mod chunk;
mod draft;
mod hands;
mod lane;
mod reader;
mod reclaim;
mod sum;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

pub use self::chunk::Chunk;
pub use self::reader::BlobReader;
use self::reclaim::Reclaimed;
use self::sum::{Sum, Summing};
pub use self::writer::{Blob, BlobWriter, Digest};
use crate::directory::create_private;
use crate::error::{Corrupt, StoreError};
use crate::key::{Encode, Key};
use crate::record::{Record, decode_body};
use crate::table::Table;
use crate::vault::{hex, random_bytes};

pub(crate) const BLOBS: Table<BlobId, BlobRow> = Table::new("store.blobs");

/// A random name of a blob: what a record holds. Blobs are never changed, so the same id is the
/// same content for ever.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct BlobId([u8; 16]);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Encode for BlobId {
    type Key = Self;

    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl Key for BlobId {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        <[u8; 16]>::decode(bytes).map(Self)
    }
}

/// What the store knows of a blob that records name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct BlobRow {
    pub(crate) size: u64,
    pub(crate) sum: Sum,
    pub(crate) links: u64,
}

impl Record for BlobRow {
    const VERSION: u16 = 2;

    fn upgrade(version: u16, bytes: &[u8]) -> Result<Self, Corrupt> {
        match version {
            1 => {
                let (size, sha256, links) = decode_body(bytes)?;
                Ok(Self { size, sum: Sum::Sha256(sha256), links })
            }
            found => Err(Corrupt::NoUpgrade { found, record: "BlobRow" }),
        }
    }
}

/// The blob files, and what keeps each of them from being deleted.
pub(crate) struct Blobs {
    place: Place,
    holds: Mutex<HashMap<BlobId, Hold>>,
    random: SystemRandom,
    reclaimed: Reclaimed,
}

enum Place {
    Disk(PathBuf),
    Memory(Mutex<HashMap<BlobId, Vec<Bytes>>>),
}

/// Why a blob's file stays although no committed record may name it.
#[derive(Default)]
struct Hold {
    /// Writers, their handles, and readers.
    handles: usize,
    /// Finished and not yet named by a committed record.
    fresh: Option<BlobRow>,
    /// A transaction that is not committed yet names it.
    claimed: bool,
    /// No record names it any more: the last handle deletes it.
    doomed: bool,
}

impl Blobs {
    pub(crate) fn in_memory() -> Self {
        Self::at(Place::Memory(Mutex::default()))
    }

    pub(crate) fn on_disk(root: PathBuf) -> Result<Self, StoreError> {
        create_private(&root)?;
        Ok(Self::at(Place::Disk(root)))
    }

    fn at(place: Place) -> Self {
        Self { place, holds: Mutex::default(), random: SystemRandom::new(), reclaimed: Reclaimed::default() }
    }

    fn new_id(&self) -> Result<BlobId, StoreError> {
        Ok(BlobId(random_bytes(&self.random)?))
    }

    /// The row of a blob that gets its first link, or gets one again in the transaction that took its last.
    pub(crate) fn claim(&self, id: BlobId) -> Result<BlobRow, StoreError> {
        let mut holds = self.holds.lock();
        let hold = holds.get_mut(&id).ok_or(StoreError::NoSuchBlob(id))?;
        let row = hold.fresh.clone().ok_or(StoreError::NoSuchBlob(id))?;
        hold.claimed = true;
        Ok(row)
    }

    /// After a commit or its failure: what was touched is either named by a record or not.
    pub(crate) fn settle(&self, id: BlobId, named: bool) {
        let mut holds = self.holds.lock();
        let unheld = match holds.get_mut(&id) {
            Some(hold) => {
                hold.claimed = false;
                if named {
                    hold.fresh = None;
                } else if hold.fresh.is_none() {
                    hold.doomed = true;
                }
                hold.handles == 0
            }
            None => true,
        };
        if unheld {
            holds.remove(&id);
        }
        drop(holds);
        if unheld && !named {
            self.remove(id);
        }
    }

    fn release(&self, id: BlobId) {
        let mut holds = self.holds.lock();
        let Some(hold) = holds.get_mut(&id) else { return };
        hold.handles -= 1;
        if hold.handles > 0 || hold.claimed {
            return;
        }
        let garbage = hold.doomed || hold.fresh.is_some();
        holds.remove(&id);
        drop(holds);
        if garbage {
            self.remove(id);
        }
    }

    fn hold(&self, id: BlobId) {
        self.holds.lock().entry(id).or_default().handles += 1;
    }

    /// A held blob is all there, and may be named.
    fn complete(&self, id: BlobId, row: BlobRow) {
        let mut holds = self.holds.lock();
        let hold = holds.entry(id).or_default();
        hold.fresh = Some(row);
        // A reset in the middle took it for one of the old.
        hold.doomed = false;
    }

    fn is_held(&self, id: BlobId) -> bool {
        self.holds.lock().contains_key(&id)
    }

    fn remove(&self, id: BlobId) {
        match &self.place {
            Place::Memory(contents) => {
                contents.lock().remove(&id);
            }
            Place::Disk(root) => {
                if let Err(cause) = fs::remove_file(path_of(root, id)) {
                    // The next open removes it.
                    tracing::warn!(blob = %id, %cause, "failed to delete an unused blob");
                }
            }
        }
    }

    /// What is wrong with a blob's content, or `None`. Reads all of it.
    pub(crate) fn examine(&self, id: BlobId, row: &BlobRow) -> Option<String> {
        match &self.place {
            Place::Memory(contents) => match contents.lock().get(&id) {
                Some(chunks) => compare(row, chunks.iter().map(|chunk| Ok(chunk.clone()))),
                None => Some("its content is missing".to_owned()),
            },
            Place::Disk(root) => match fs::File::open(path_of(root, id)) {
                Ok(file) => compare(row, reader::chunks(file)),
                Err(cause) => Some(format!("its file does not open: {cause}")),
            },
        }
    }

    /// Deletes every blob that nobody holds. For a reset: the records that named them are gone.
    pub(crate) fn clear(&self) -> Result<(), StoreError> {
        let ids: Vec<_> = match &self.place {
            Place::Memory(contents) => contents.lock().keys().copied().collect(),
            Place::Disk(root) => {
                let files = list(root)?.into_iter().map(|shelf| list(&shelf)).collect::<Result<Vec<_>, _>>()?;
                files.iter().flatten().filter_map(|path| id_of(path)).collect()
            }
        };
        for id in ids {
            self.settle(id, false);
        }
        Ok(())
    }
}

fn compare(row: &BlobRow, chunks: impl Iterator<Item = io::Result<Bytes>>) -> Option<String> {
    let mut summing = Summing::like(&row.sum);
    let mut size = 0;
    for chunk in chunks {
        match chunk {
            Ok(chunk) => {
                summing.update(&chunk);
                size += chunk.len() as u64;
            }
            Err(cause) => return Some(format!("its file does not read: {cause}")),
        }
    }
    if size != row.size {
        return Some(format!("it has {size} bytes, {} were written", row.size));
    }
    let sum = summing.finish();
    (sum != row.sum).then(|| format!("its {sum}, and was {}", row.sum.value()))
}

/// 256 shelves, by the first byte of the id, keep directories short.
fn path_of(root: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    root.join(&name[..2]).join(name)
}

/// The blob whose file this is, if it is one's.
fn id_of(path: &Path) -> Option<BlobId> {
    path.file_name().and_then(|name| name.to_str()).and_then(crate::vault::unhex).map(BlobId)
}

fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(StoreError::io(format!("list {}", directory.display())))
}

/// The way to the blobs, from [`crate::Store::blobs`].
#[derive(Clone)]
pub struct BlobStore {
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) published: Arc<crate::store::Published>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// As version 1 wrote it: the SHA-256 of `abc`, 3 bytes, named once.
    #[test]
    fn a_row_of_before_the_crc_is_read() {
        let digest = ring::digest::digest(&ring::digest::SHA256, b"abc");
        let mut stored = vec![1, 0, 3];
        stored.extend_from_slice(digest.as_ref());
        stored.push(1);
        let row: BlobRow = crate::record::decode(&stored).unwrap();
        assert_eq!((row.size, row.links), (3, 1));
        assert_eq!(compare(&row, [Ok(Bytes::from_static(b"abc"))].into_iter()), None);
        let wrong = compare(&row, [Ok(Bytes::from_static(b"abd"))].into_iter()).unwrap();
        assert!(wrong.starts_with("its SHA-256 is a52d159f262b2c6d"), "{wrong}");
    }
}
