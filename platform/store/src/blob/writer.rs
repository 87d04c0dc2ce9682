//! Writing a blob: streamed to its file while whoever writes it digests it, durable at the end.
//!
//! ```text
//!   write ─▶ room for a few chunks ─┬─▶ digest   the caller's, on a thread of its own
//!                                   └─▶ draft    the checksum, the file, the disk
//! ```

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::draft::Draft;
use super::hands::{DIGESTERS, WRITERS};
use super::lane::{Lane, Load, Work};
use super::{BlobId, BlobRow, BlobStore, Blobs, Place};
use crate::error::StoreError;

/// Chunks of one blob that wait for the disk or the digest: a slow one slows the sender down.
const WAITING_MAX: usize = 4;

/// What is computed of a blob's bytes beside their writing. `()` computes nothing.
pub trait Digest: Send + 'static {
    /// The next bytes, in order.
    fn update(&mut self, bytes: &[u8]);
}

impl Digest for () {
    fn update(&mut self, _bytes: &[u8]) {}
}

/// A blob in the making. Dropped before `finish`, it leaves nothing.
pub struct BlobWriter<D = ()> {
    room: Arc<Semaphore>,
    draft: Lane<Draft>,
    digest: Lane<Digesting<D>>,
}

struct Digesting<D>(D);

impl<D: Digest> Work for Digesting<D> {
    fn take(&mut self, chunk: &Bytes) -> Result<(), StoreError> {
        self.0.update(chunk);
        Ok(())
    }
}

/// A finished blob that is not garbage yet: it stays while this handle lives, and then for as long
/// as a record names it. Keep it until the transaction that stores its id is answered.
#[derive(Debug)]
pub struct Blob {
    pub id: BlobId,
    pub size: u64,
    pub(super) _held: Held,
}

/// One hold on a blob's file.
pub(super) struct Held {
    id: BlobId,
    blobs: Arc<Blobs>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("held")
    }
}

impl Held {
    pub(super) fn new(blobs: Arc<Blobs>, id: BlobId) -> Self {
        blobs.hold(id);
        Self { id, blobs }
    }

    /// The content of a blob that is kept in memory.
    pub(super) fn put_in_memory(&self, chunks: Vec<Bytes>) {
        if let Place::Memory(contents) = &self.blobs.place {
            contents.lock().insert(self.id, chunks);
        }
    }

    /// The blob is complete, and may be named.
    pub(super) fn into_blob(self, row: BlobRow) -> Blob {
        let (id, size) = (self.id, row.size);
        self.blobs.complete(id, row);
        Blob { id, size, _held: self }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.blobs.release(self.id);
    }
}

impl BlobStore {
    /// Begins a blob. `size` is what the sender announced, if it did: the file system is told, nobody relies on it.
    pub async fn writer<D: Digest>(&self, size: Option<u64>, digest: D) -> Result<BlobWriter<D>, StoreError> {
        let draft = Draft::begin(self.blobs.clone(), size).await?;
        Ok(BlobWriter {
            room: Arc::new(Semaphore::new(WAITING_MAX)),
            draft: Lane::new(draft, &WRITERS),
            digest: Lane::new(Digesting(digest), &DIGESTERS),
        })
    }
}

impl<D: Digest> BlobWriter<D> {
    /// Appends a chunk. Returns when there is room for it among those that wait.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        let room = self.room.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let load = Arc::new(Load { chunk, _room: room });
        self.digest.feed(load.clone())?;
        self.draft.feed(load)
    }

    /// Makes the blob durable and gives its handle, and the digest of its bytes.
    pub async fn finish(self) -> Result<(Blob, D), StoreError> {
        let durable = async { self.draft.finish().await?.publish().await };
        let (blob, digest) = tokio::try_join!(durable, self.digest.finish())?;
        Ok((blob, digest.0))
    }
}
