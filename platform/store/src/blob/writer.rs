//! Writing a blob: streamed to an unfinished file, summed on the way, published at the end.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use ring::digest::{Context, SHA256};

use super::{BlobId, BlobRow, BlobStore, Blobs, Place, UNFINISHED, publish};
use crate::error::StoreError;
use crate::store::off_thread;
use crate::vault::hex;

/// A blob in the making. Dropped before `finish`, it leaves nothing.
pub struct BlobWriter {
    id: BlobId,
    blobs: Arc<Blobs>,
    /// `None` only while a write is under way, and after one failed.
    draft: Option<Draft>,
}

struct Draft {
    content: Content,
    digest: Context,
    size: u64,
}

enum Content {
    Disk(UnfinishedFile),
    Memory(Vec<Bytes>),
}

/// A temporary file that goes with the value.
struct UnfinishedFile {
    file: fs::File,
    path: PathBuf,
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // After publishing, the file is no longer here; after a crash, the next open deletes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// A finished blob that is not garbage yet: it stays while this handle lives, and then for as long
/// as a record names it. Keep it until the transaction that stores its id is answered.
#[derive(Debug)]
pub struct Blob {
    pub id: BlobId,
    pub size: u64,
    pub sha256: [u8; 32],
    _held: Held,
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
    pub(super) fn new(blobs: Arc<Blobs>, id: BlobId, fresh: Option<BlobRow>) -> Self {
        blobs.hold(id, fresh);
        Self { id, blobs }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.blobs.release(self.id);
    }
}

impl BlobStore {
    /// Begins a blob.
    pub async fn writer(&self) -> Result<BlobWriter, StoreError> {
        let id = self.blobs.new_id()?;
        let content = match &self.blobs.place {
            Place::Memory(_) => Content::Memory(Vec::new()),
            Place::Disk(root) => {
                let path = root.join(UNFINISHED).join(id.to_string());
                off_thread(move || {
                    let file =
                        fs::File::create_new(&path).map_err(StoreError::io(format!("create {}", path.display())))?;
                    Ok(Content::Disk(UnfinishedFile { file, path }))
                })
                .await?
            }
        };
        let draft = Draft { content, digest: Context::new(&SHA256), size: 0 };
        Ok(BlobWriter { id, blobs: self.blobs.clone(), draft: Some(draft) })
    }
}

impl BlobWriter {
    /// Appends a chunk. Returns when the system has taken it, so a slow disk slows the sender down.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        let mut draft = self.draft.take().ok_or(StoreError::BlobInterrupted(self.id))?;
        self.draft = Some(
            off_thread(move || {
                draft.digest.update(&chunk);
                draft.size += chunk.len() as u64;
                match &mut draft.content {
                    Content::Memory(chunks) => chunks.push(chunk),
                    Content::Disk(unfinished) => unfinished
                        .file
                        .write_all(&chunk)
                        .map_err(StoreError::io(format!("write {}", unfinished.path.display())))?,
                }
                Ok(draft)
            })
            .await?,
        );
        Ok(())
    }

    /// Makes the blob durable and gives its handle; refuses content that is not what was expected.
    pub async fn finish(mut self, expected_sha256: Option<[u8; 32]>) -> Result<Blob, StoreError> {
        let Draft { content, digest, size } = self.draft.take().ok_or(StoreError::BlobInterrupted(self.id))?;
        let (id, blobs) = (self.id, self.blobs.clone());
        off_thread(move || {
            let sha256: [u8; 32] = digest.finish().as_ref().try_into().expect("SHA-256 is 32 bytes");
            if let Some(expected) = expected_sha256.filter(|expected| *expected != sha256) {
                return Err(StoreError::WrongChecksum { expected: hex(&expected), found: hex(&sha256) });
            }
            match (&blobs.place, content) {
                (Place::Disk(root), Content::Disk(unfinished)) => {
                    unfinished
                        .file
                        .sync_all()
                        .map_err(StoreError::io(format!("sync {}", unfinished.path.display())))?;
                    publish(root, &unfinished.path, id)?;
                }
                (Place::Memory(contents), Content::Memory(chunks)) => {
                    contents.lock().insert(id, chunks);
                }
                _ => unreachable!("a writer's content is of its own store's kind"),
            }
            let row = BlobRow { size, sha256, links: 0 };
            Ok(Blob { id, size, sha256, _held: Held::new(blobs, id, Some(row)) })
        })
        .await
    }
}
