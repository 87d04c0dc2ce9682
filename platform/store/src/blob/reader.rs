//! Reading a blob: whole or in part, a bounded chunk at a time, or as a file for an engine.

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::chunk::{CHUNK_BYTES, Chunk};
use super::hands::READERS;
use super::writer::Held;
use super::{BLOBS, BlobId, BlobStore, Place, path_of};
use crate::error::StoreError;
use crate::read::Read;

/// A read of less does not take a whole chunk.
const SMALL_BYTES: usize = CHUNK_BYTES / 8;

/// An open blob. Its file stays while the reader lives, also when the last record that names it goes.
#[derive(Debug)]
pub struct BlobReader {
    pub size: u64,
    content: Content,
    rest: Range<u64>,
    _held: Held,
}

#[derive(Debug)]
enum Content {
    Disk(Arc<File>, PathBuf),
    Memory(Vec<Bytes>),
}

impl BlobStore {
    /// Opens a blob that a committed record names.
    pub async fn open(&self, id: &BlobId) -> Result<BlobReader, StoreError> {
        let id = *id;
        let blobs = self.blobs.clone();
        // The hold comes before the look, so that the file cannot go between the two.
        let held = Held::new(blobs.clone(), id);
        let row = self.published.read().get(BLOBS, &id)?.ok_or(StoreError::NoSuchBlob(id))?;
        let content = match &blobs.place {
            Place::Memory(contents) => {
                Content::Memory(contents.lock().get(&id).cloned().ok_or(StoreError::NoSuchBlob(id))?)
            }
            Place::Disk(root) => {
                let path = path_of(root, id);
                let open = move || {
                    let file = File::open(&path).map_err(StoreError::io(format!("open {}", path.display())))?;
                    Ok(Content::Disk(Arc::new(file), path))
                };
                READERS.run(open).await?
            }
        };
        Ok(BlobReader { size: row.size, content, rest: 0..row.size, _held: held })
    }
}

impl BlobReader {
    /// Narrows what `next` reads to these bytes; what lies behind the end is left out.
    #[must_use]
    pub fn range(mut self, bytes: Range<u64>) -> Self {
        let end = bytes.end.min(self.size);
        self.rest = bytes.start.min(end)..end;
        self
    }

    /// The next chunk, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        if self.rest.is_empty() {
            return None;
        }
        let start = self.rest.start;
        let length = (self.rest.end - start).min(CHUNK_BYTES as u64) as usize;
        let chunk = match &self.content {
            Content::Memory(chunks) => Ok(slice(chunks, start, length)),
            Content::Disk(file, path) => {
                let (file, path) = (file.clone(), path.clone());
                READERS
                    .run(move || read(&file, start, length).map_err(StoreError::io(format!("read {}", path.display()))))
                    .await
            }
        };
        match &chunk {
            Ok(chunk) => self.rest.start += chunk.len() as u64,
            Err(_) => self.rest = 0..0,
        }
        Some(chunk)
    }

    /// The bytes of a range, which lies within the blob. Reads on the calling thread, from the page cache or the disk:
    /// for engines, whose threads are their own.
    pub fn read_at(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let length = (range.end - range.start) as usize;
        match &self.content {
            Content::Disk(file, path) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, range.start)
                    .map_err(StoreError::io(format!("read {}", path.display())))?;
                Ok(Bytes::from(bytes))
            }
            Content::Memory(chunks) => {
                let first = slice(chunks, range.start, length);
                if first.len() == length {
                    return Ok(first);
                }
                let mut bytes = first.to_vec();
                while bytes.len() < length {
                    let next = slice(chunks, range.start + bytes.len() as u64, length - bytes.len());
                    if next.is_empty() {
                        let end = std::io::Error::from(io::ErrorKind::UnexpectedEof);
                        return Err(StoreError::io("read a blob in memory".to_owned())(end));
                    }
                    bytes.extend_from_slice(&next);
                }
                Ok(Bytes::from(bytes))
            }
        }
    }

    /// The file, for engines that read or map it themselves while they keep this reader.
    /// `None` in memory.
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.content {
            Content::Disk(_, path) => Some(path),
            Content::Memory(_) => None,
        }
    }
}

fn read(file: &File, start: u64, length: usize) -> io::Result<Bytes> {
    if length <= SMALL_BYTES {
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, start)?;
        return Ok(bytes.into());
    }
    let mut chunk = Chunk::default();
    file.read_exact_at(chunk.room(length), start)?;
    Ok(chunk.freeze())
}

/// The chunk at `start`, cut where the writer's chunks were, so that nothing is copied.
fn slice(chunks: &[Bytes], start: u64, length: usize) -> Bytes {
    let mut skip = start as usize;
    for chunk in chunks {
        if skip < chunk.len() {
            return chunk.slice(skip..(skip + length).min(chunk.len()));
        }
        skip -= chunk.len();
    }
    Bytes::new()
}

/// A whole file in order, for a check.
pub(super) fn chunks(mut file: File) -> impl Iterator<Item = io::Result<Bytes>> {
    std::iter::from_fn(move || {
        let mut chunk = Vec::new();
        match (&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut chunk) {
            Ok(0) => None,
            Ok(_) => Some(Ok(Bytes::from(chunk))),
            Err(cause) => Some(Err(cause)),
        }
    })
}
