//! The buffers that bodies pass through between socket and disk: all of one size, and used again, so that moving large
//! objects takes as much memory as there are chunks on their way, and no more.

use bytes::Bytes;
use parking_lot::Mutex;

/// The size of a chunk.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;

/// Buffers that wait for their next use: 16 MiB.
const SPARE_MAX: usize = 64;

static SPARE: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer with some bytes in it. Goes back to the others when it is dropped.
#[derive(Debug)]
pub struct Chunk {
    buffer: Box<[u8]>,
    filled: usize,
}

impl Default for Chunk {
    /// An empty one.
    fn default() -> Self {
        let spare = SPARE.lock().pop();
        Self { buffer: spare.unwrap_or_else(|| vec![0; CHUNK_BYTES].into_boxed_slice()), filled: 0 }
    }
}

impl Chunk {
    /// Moves as many bytes from `source` into the chunk as it has room for.
    pub fn fill(&mut self, source: &mut Bytes) {
        let taken = source.split_to(source.len().min(self.buffer.len() - self.filled));
        self.buffer[self.filled..self.filled + taken.len()].copy_from_slice(&taken);
        self.filled += taken.len();
    }

    pub fn is_full(&self) -> bool {
        self.filled == self.buffer.len()
    }

    /// The bytes, without a copy. The buffer goes back when the last handle on them does: not for keeping.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }

    /// The first `length` bytes, to be written over. They are what the chunk holds from then on.
    pub(super) fn room(&mut self, length: usize) -> &mut [u8] {
        self.filled = length;
        &mut self.buffer[..length]
    }
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut spare = SPARE.lock();
        if spare.len() < SPARE_MAX {
            spare.push(std::mem::take(&mut self.buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_takes_what_fits_and_leaves_the_rest() {
        let mut chunk = Chunk::default();
        let mut source = Bytes::from(vec![7; CHUNK_BYTES + 3]);
        chunk.fill(&mut source);
        assert!(chunk.is_full());
        assert_eq!(source.len(), 3);
        let frozen = chunk.freeze();
        assert_eq!(frozen.len(), CHUNK_BYTES);
        drop(frozen);
        let mut next = Chunk::default();
        assert!(next.as_ref().is_empty(), "a used buffer begins empty");
        next.fill(&mut source);
        assert_eq!(next.as_ref(), [7; 3]);
        assert!(source.is_empty());
    }
}
