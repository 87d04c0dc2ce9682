//! Hadoop's block format, which its snappy and lz4 codecs write: blocks of a decoded size and chunks that fill it.

use std::io::{self, BufRead, Read};

/// The most that one chunk may decode to. Hadoop's writers fill 256 KiB.
const CHUNK_BYTES_MAX: usize = 64 << 20;

/// What chunks are compressed with.
#[derive(Clone, Copy, Debug)]
pub enum Codec {
    /// Raw snappy: a chunk says its decoded size.
    Snappy,
    /// Raw lz4: a chunk is at most as large as the block has left.
    Lz4,
}

/// Decodes blocks, one chunk at a time.
pub struct BlockReader<R> {
    input: R,
    codec: Codec,
    block_left: usize,
    compressed: Vec<u8>,
    decoded: Vec<u8>,
    at: usize,
}

impl<R: BufRead> BlockReader<R> {
    /// Blocks from here on.
    pub fn new(input: R, codec: Codec) -> BlockReader<R> {
        BlockReader { input, codec, block_left: 0, compressed: Vec::new(), decoded: Vec::new(), at: 0 }
    }

    fn length(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 4];
        self.input.read_exact(&mut bytes)?;
        let length = u32::from_be_bytes(bytes) as usize;
        if length > CHUNK_BYTES_MAX {
            return Err(corrupt(format!("a block of {length} bytes is larger than {CHUNK_BYTES_MAX}")));
        }
        Ok(length)
    }

    /// Decodes the next chunk that is not empty; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.decoded.clear();
        self.at = 0;
        while self.decoded.is_empty() {
            while self.block_left == 0 {
                if self.input.fill_buf()?.is_empty() {
                    return Ok(false);
                }
                self.block_left = self.length()?;
            }
            let length = self.length()?;
            self.compressed.clear();
            let read = (&mut self.input).take(length as u64).read_to_end(&mut self.compressed)?;
            if read < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.decode()?;
            self.block_left = self
                .block_left
                .checked_sub(self.decoded.len())
                .ok_or_else(|| corrupt("a chunk is larger than its block".into()))?;
            if self.decoded.is_empty() && self.block_left > 0 {
                return Err(corrupt("a chunk is empty".into()));
            }
        }
        Ok(true)
    }

    fn decode(&mut self) -> io::Result<()> {
        match self.codec {
            Codec::Snappy => {
                let size = snap::raw::decompress_len(&self.compressed).map_err(io::Error::other)?;
                if size > self.block_left {
                    return Err(corrupt("a chunk is larger than its block".into()));
                }
                self.decoded.resize(size, 0);
                snap::raw::Decoder::new().decompress(&self.compressed, &mut self.decoded).map_err(io::Error::other)?;
            }
            Codec::Lz4 => {
                self.decoded.resize(self.block_left, 0);
                let size = lz4_flex::block::decompress_into(&self.compressed, &mut self.decoded)
                    .map_err(|error| corrupt(error.to_string()))?;
                self.decoded.truncate(size);
            }
        }
        Ok(())
    }
}

fn corrupt(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<R: BufRead> BufRead for BlockReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.decoded.len() {
            self.advance()?;
        }
        Ok(&self.decoded[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl<R: BufRead> Read for BlockReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}
