//! Pieces of Parquet files that were read lately: columns are wanted again and again. By ETag, so that an overwritten
//! object is another file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::lake::file::LakeFile;

/// Of all pieces together; the least recently used go first.
const REMEMBERED_BYTES_MAX: u64 = 256 << 20;

/// The engine's memory is mostly for queries.
const SHARE_OF_MEMORY: u64 = 4;

/// With less memory than this, queries need all of it.
const MEMORY_BYTES_MIN: u64 = 512 << 20;

/// A larger piece would push too many others out.
const PIECE_BYTES_MAX: u64 = 8 << 20;

/// Bucket, key, ETag, first byte and end.
type Identity = (String, String, String, u64, u64);

/// Remembered pieces. Clones share them.
#[derive(Clone)]
pub(crate) struct Chunks(Arc<Shared>);

struct Shared {
    remembered: Mutex<Remembered>,
    uses: AtomicU64,
    bytes_max: u64,
}

#[derive(Default)]
struct Remembered {
    chunks: HashMap<Identity, Chunk>,
    bytes: u64,
}

struct Chunk {
    bytes: Bytes,
    used: u64,
}

impl Chunks {
    /// Within a share of the engine's memory.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        Self::of_bytes(match memory_bytes {
            ..MEMORY_BYTES_MIN => 0,
            _ => REMEMBERED_BYTES_MAX.min(memory_bytes / SHARE_OF_MEMORY),
        })
    }

    fn of_bytes(bytes_max: u64) -> Self {
        Self(Arc::new(Shared { remembered: Mutex::default(), uses: AtomicU64::new(0), bytes_max }))
    }

    /// What all pieces together may take.
    pub(crate) fn bytes_max(&self) -> u64 {
        self.0.bytes_max
    }

    /// The bytes of a range, if they are remembered.
    pub(crate) fn get(&self, file: &LakeFile, range: &Range<u64>) -> Option<Bytes> {
        let used = self.0.uses.fetch_add(1, Ordering::Relaxed);
        let mut remembered = self.0.remembered.lock();
        let chunk = remembered.chunks.get_mut(&identity(file, range))?;
        chunk.used = used;
        Some(chunk.bytes.clone())
    }

    /// Remembers what was read.
    pub(crate) fn keep(&self, file: &LakeFile, range: &Range<u64>, bytes: &Bytes) {
        let size = bytes.len() as u64;
        if size > PIECE_BYTES_MAX.min(self.0.bytes_max) {
            return;
        }
        let used = self.0.uses.fetch_add(1, Ordering::Relaxed);
        let mut remembered = self.0.remembered.lock();
        let chunk = Chunk { bytes: bytes.clone(), used };
        remembered.bytes += size;
        if let Some(before) = remembered.chunks.insert(identity(file, range), chunk) {
            remembered.bytes -= before.bytes.len() as u64;
        }
        if remembered.bytes > self.0.bytes_max {
            remembered.forget(self.0.bytes_max / 4 * 3);
        }
    }
}

impl Remembered {
    /// Forgets the oldest down to a size, so that it need not be done for each piece.
    fn forget(&mut self, bytes: u64) {
        let mut uses: Vec<(u64, u64)> =
            self.chunks.values().map(|chunk| (chunk.used, chunk.bytes.len() as u64)).collect();
        uses.sort_unstable();
        let mut left = self.bytes;
        let oldest = uses.into_iter().find_map(|(used, size)| {
            left -= size;
            (left <= bytes).then_some(used)
        });
        self.chunks.retain(|_, chunk| oldest.is_some_and(|oldest| chunk.used > oldest));
        self.bytes = self.chunks.values().map(|chunk| chunk.bytes.len() as u64).sum();
    }
}

fn identity(file: &LakeFile, range: &Range<u64>) -> Identity {
    (file.bucket.clone(), file.meta.key.clone(), file.meta.etag.clone(), range.start, range.end)
}

#[cfg(test)]
mod tests {
    use haar_kernel::{ObjectMeta, Timestamp};

    use super::*;

    fn file(etag: &str) -> LakeFile {
        let meta = ObjectMeta {
            key: "k".to_owned(),
            size: 100,
            etag: etag.to_owned(),
            modified: Timestamp::default(),
            readable: true,
        };
        LakeFile::new("b".to_owned(), meta)
    }

    #[test]
    fn what_was_read_is_there_until_the_object_is_another() {
        let chunks = Chunks::new(1 << 30);
        chunks.keep(&file("1"), &(0..3), &Bytes::from_static(b"abc"));
        assert_eq!(chunks.get(&file("1"), &(0..3)).as_deref(), Some(&b"abc"[..]));
        assert_eq!(chunks.get(&file("2"), &(0..3)), None);
        assert_eq!(chunks.get(&file("1"), &(0..2)), None);
    }

    #[test]
    fn the_oldest_are_forgotten_and_memory_is_bounded() {
        let chunks = Chunks::of_bytes(100);
        for at in 0..30 {
            chunks.keep(&file("1"), &(at..at + 10), &Bytes::from_static(b"0123456789"));
            assert!(chunks.get(&file("1"), &(0..10)).is_some(), "what is used stays");
            assert!(chunks.0.remembered.lock().bytes <= 100);
        }
        assert!(chunks.get(&file("1"), &(1..11)).is_none());
        assert!(chunks.get(&file("1"), &(29..39)).is_some());
    }
}
