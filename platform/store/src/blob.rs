//! Blobs: content too large for a record, written once, kept while a record names it.
//!
//! A blob's file is published before the record that names it is committed, so a record never names
//! a file that is not there. What no record names is garbage: it goes when the last hold on it does,
//! or at the next open after a crash.

mod reader;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use ring::digest::{Context, SHA256};
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};

pub use self::reader::BlobReader;
pub use self::writer::{Blob, BlobWriter};
use crate::directory::{create_private, sync_directory};
use crate::error::{Corrupt, StoreError};
use crate::key::{Encode, Key};
use crate::record::Record;
use crate::table::Table;
use crate::vault::{hex, random_bytes};

pub(crate) const BLOBS: Table<BlobId, BlobRow> = Table::new("store.blobs");

/// Where files are until they are complete.
const UNFINISHED: &str = "unfinished";

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
    pub(crate) sha256: [u8; 32],
    pub(crate) links: u64,
}

impl Record for BlobRow {}

/// The blob files, and what keeps each of them from being deleted.
pub(crate) struct Blobs {
    place: Place,
    holds: Mutex<HashMap<BlobId, Hold>>,
    random: SystemRandom,
}

enum Place {
    Disk(PathBuf),
    Memory(Mutex<HashMap<BlobId, Vec<Bytes>>>),
}

/// Why a blob's file stays although no committed record may name it.
#[derive(Default)]
struct Hold {
    /// Writers' handles and readers.
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
        create_private(&root.join(UNFINISHED))?;
        Ok(Self::at(Place::Disk(root)))
    }

    fn at(place: Place) -> Self {
        Self { place, holds: Mutex::default(), random: SystemRandom::new() }
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

    fn hold(&self, id: BlobId, fresh: Option<BlobRow>) {
        let mut holds = self.holds.lock();
        let hold = holds.entry(id).or_default();
        hold.handles += 1;
        if fresh.is_some() {
            hold.fresh = fresh;
        }
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

    /// At open: deletes unfinished files, and files that no record names. Gives the number deleted.
    pub(crate) fn reclaim(
        &self,
        mut named: impl FnMut(BlobId) -> Result<bool, StoreError>,
    ) -> Result<usize, StoreError> {
        let Place::Disk(root) = &self.place else { return Ok(0) };
        let mut deleted = 0;
        for path in list(&root.join(UNFINISHED))? {
            fs::remove_file(&path).map_err(StoreError::io(format!("delete {}", path.display())))?;
            deleted += 1;
        }
        for (id, path) in self.files()? {
            let garbage = match id {
                Some(id) => !named(id)?,
                None => false,
            };
            if garbage {
                fs::remove_file(&path).map_err(StoreError::io(format!("delete {}", path.display())))?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Every file among the published blobs, and the blob it is, if its name is one.
    pub(crate) fn files(&self) -> Result<Vec<(Option<BlobId>, PathBuf)>, StoreError> {
        let Place::Disk(root) = &self.place else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for shelf in list(root)? {
            if shelf.file_name().is_some_and(|name| name == UNFINISHED) {
                continue;
            }
            for path in list(&shelf)? {
                let name = path.file_name().and_then(|name| name.to_str());
                files.push((name.and_then(crate::vault::unhex).map(BlobId), path));
            }
        }
        Ok(files)
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
            Place::Disk(_) => self.files()?.into_iter().filter_map(|(id, _)| id).collect(),
        };
        for id in ids {
            self.settle(id, false);
        }
        Ok(())
    }
}

fn compare(row: &BlobRow, chunks: impl Iterator<Item = io::Result<Bytes>>) -> Option<String> {
    let mut digest = Context::new(&SHA256);
    let mut size = 0;
    for chunk in chunks {
        match chunk {
            Ok(chunk) => {
                digest.update(&chunk);
                size += chunk.len() as u64;
            }
            Err(cause) => return Some(format!("its file does not read: {cause}")),
        }
    }
    if size != row.size {
        return Some(format!("it has {size} bytes, {} were written", row.size));
    }
    let sha256 = digest.finish();
    (sha256.as_ref() != row.sha256)
        .then(|| format!("its SHA-256 is {}, it was {}", hex(sha256.as_ref()), hex(&row.sha256)))
}

/// 256 shelves, by the first byte of the id, keep directories short.
fn path_of(root: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    root.join(&name[..2]).join(name)
}

fn list(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    fs::read_dir(directory)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(StoreError::io(format!("list {}", directory.display())))
}

/// Moves a complete file to its name, durably.
fn publish(root: &Path, unfinished: &Path, id: BlobId) -> Result<(), StoreError> {
    let path = path_of(root, id);
    let shelf = path.parent().expect("a blob's file is on a shelf");
    match fs::rename(unfinished, &path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            create_private(shelf)?;
            sync_directory(root)?;
            fs::rename(unfinished, &path)
        }
        done => done,
    }
    .map_err(StoreError::io(format!("publish {}", path.display())))?;
    sync_directory(shelf)
}

/// The way to the blobs, from [`crate::Store::blobs`].
#[derive(Clone)]
pub struct BlobStore {
    pub(crate) blobs: Arc<Blobs>,
    pub(crate) published: Arc<crate::store::Published>,
}
