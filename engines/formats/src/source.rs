//! An open object as a stream of bytes: read in chunks, so that memory stays bounded.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use haar_kernel::objects::OpenObject;

/// What is read of an object at once.
const CHUNK_BYTES: u64 = 1 << 20;

/// What is read at once behind the end of a split: only the rest of a line is wanted.
const TAIL_CHUNK_BYTES: u64 = 1 << 16;

/// Reads an object from a place on to its end.
pub struct ObjectReader {
    source: Arc<dyn OpenObject>,
    chunk: Bytes,
    at: u64,
    size: u64,
    split_end: u64,
}

impl ObjectReader {
    /// The whole object.
    pub fn new(source: Arc<dyn OpenObject>) -> ObjectReader {
        let size = source.meta().size;
        ObjectReader { source, chunk: Bytes::new(), at: 0, size, split_end: size }
    }

    /// From the start of a split on, and behind its end in small steps, because few of those bytes are wanted.
    pub fn of_split(source: Arc<dyn OpenObject>, split: &Range<u64>) -> ObjectReader {
        let size = source.meta().size;
        ObjectReader { source, chunk: Bytes::new(), at: split.start.min(size), size, split_end: split.end.min(size) }
    }
}

impl BufRead for ObjectReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() && self.at < self.size {
            let end = match self.at < self.split_end {
                true => self.split_end.min(self.at + CHUNK_BYTES),
                false => self.size.min(self.at + TAIL_CHUNK_BYTES),
            };
            self.chunk = self.source.read_at(self.at..end).map_err(io::Error::other)?;
            if self.chunk.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.at += self.chunk.len() as u64;
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, count: usize) {
        bytes::Buf::advance(&mut self.chunk, count);
    }
}

impl Read for ObjectReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
