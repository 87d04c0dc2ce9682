//! A blob's content while it is written: a file under its final name that no record names yet, or memory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use rustix::fs::{Advice, FallocateFlags, fadvise, fallocate};
use tokio::sync::oneshot;

use super::hands::WRITERS;
use super::lane::Work;
use super::sum::Summing;
use super::writer::{Blob, Held};
use super::{BlobRow, Blobs, Place, path_of};
use crate::directory::{create_private, sync_directory};
use crate::error::StoreError;

/// So many bytes are asked of the file system at a time: an announced body may never come.
const RESERVED_BYTES: u64 = 64 << 20;

/// So many bytes begin their way to the disk together, while the next ones come.
const WRITTEN_BACK_BYTES: u64 = 8 << 20;

/// What is there so far, and a hold on it.
pub(super) struct Draft {
    content: Content,
    summing: Summing,
    size: u64,
    held: Held,
}

enum Content {
    Disk(UnfinishedFile),
    Memory(Vec<Bytes>),
}

/// A file that goes with the value, unless it is kept.
struct UnfinishedFile {
    file: File,
    path: PathBuf,
    kept: bool,
    /// Of the whole, as it was announced.
    expected: u64,
    reserved: u64,
    written_back: u64,
    /// Whether the name is durable: found out while the bytes come.
    shelved: oneshot::Receiver<Result<(), StoreError>>,
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if !self.kept {
            // After a crash, and should this fail, the next open deletes it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Draft {
    pub(super) async fn begin(blobs: Arc<Blobs>, expected: Option<u64>) -> Result<Self, StoreError> {
        let id = blobs.new_id()?;
        // The hold comes before the file, so that nobody takes it for garbage.
        let held = Held::new(blobs.clone(), id);
        let content = match &blobs.place {
            Place::Memory(_) => Content::Memory(Vec::new()),
            Place::Disk(root) => {
                let path = path_of(root, id);
                let root = root.clone();
                let unfinished =
                    WRITERS.run(move || UnfinishedFile::create(&root, path, expected.unwrap_or(0))).await?;
                Content::Disk(unfinished)
            }
        };
        Ok(Self { content, summing: Summing::new(), size: 0, held })
    }

    /// Makes it durable, and a blob.
    pub(super) async fn publish(self) -> Result<Blob, StoreError> {
        let Self { content, summing, size, held } = self;
        match content {
            Content::Disk(unfinished) => {
                let unfinished = WRITERS
                    .run(move || {
                        unfinished.file.sync_all().map_err(unfinished.failed("sync"))?;
                        Ok(unfinished)
                    })
                    .await?;
                unfinished.keep().await?;
            }
            Content::Memory(chunks) => held.put_in_memory(chunks),
        }
        Ok(held.into_blob(BlobRow { size, sum: summing.finish(), links: 0 }))
    }
}

impl Work for Draft {
    fn take(&mut self, chunk: &Bytes) -> Result<(), StoreError> {
        self.summing.update(chunk);
        self.size += chunk.len() as u64;
        match &mut self.content {
            // Chunks are for passing through: what stays is a copy of its own size.
            Content::Memory(chunks) => chunks.push(Bytes::copy_from_slice(chunk)),
            Content::Disk(unfinished) => {
                unfinished.reserve(self.size)?;
                unfinished.file.write_all(chunk).map_err(unfinished.failed("write"))?;
                unfinished.write_back(self.size);
            }
        }
        Ok(())
    }
}

impl UnfinishedFile {
    fn create(root: &Path, path: PathBuf, expected: u64) -> Result<Self, StoreError> {
        let shelf = path.parent().expect("a blob's file is on a shelf").to_owned();
        let file = match File::create_new(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                create_private(&shelf)?;
                sync_directory(root)?;
                File::create_new(&path)
            }
            done => done,
        };
        let file = file.map_err(StoreError::io(format!("create {}", path.display())))?;
        let (reply, shelved) = oneshot::channel();
        WRITERS.submit(Box::new(move || {
            // Nobody waits for it when the blob is abandoned.
            let _ = reply.send(sync_directory(&shelf));
        }));
        Ok(Self { file, path, kept: false, expected, reserved: 0, written_back: 0, shelved })
    }

    /// Tells the file system how much will come, which it then lays out in one piece.
    fn reserve(&mut self, size: u64) -> Result<(), StoreError> {
        if size <= self.reserved || size > self.expected || self.expected <= WRITTEN_BACK_BYTES {
            return Ok(());
        }
        let length = (self.expected - self.reserved).min(RESERVED_BYTES);
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.reserved, length) {
            Ok(()) => {}
            Err(rustix::io::Errno::NOSPC) => return Err(self.failed("reserve")(rustix::io::Errno::NOSPC.into())),
            // Not every file system can.
            Err(_) => {}
        }
        self.reserved += length;
        Ok(())
    }

    /// Has the system begin to write what it would otherwise leave for the end. "No longer needed" means that: dirty
    /// pages go to the disk, and stay in memory because they are on their way.
    fn write_back(&mut self, size: u64) {
        if size - self.written_back < WRITTEN_BACK_BYTES {
            return;
        }
        let length = NonZeroU64::new(size - self.written_back);
        // A system that does not take advice writes everything at the end.
        let _ = fadvise(&self.file, self.written_back, length, Advice::DontNeed);
        self.written_back = size;
    }

    async fn keep(mut self) -> Result<(), StoreError> {
        (&mut self.shelved).await.unwrap_or(Err(StoreError::Closed))?;
        self.kept = true;
        Ok(())
    }

    fn failed(&self, action: &str) -> impl FnOnce(io::Error) -> StoreError + use<> {
        StoreError::io(format!("{action} {}", self.path.display()))
    }
}
