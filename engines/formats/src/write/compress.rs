//! Sinks that compress.

use std::io::{self, Write};

use super::{Sink, failed};
use crate::compression::Compression;
use crate::error::FormatError;

/// What one chunk of Hadoop's block format holds, as Hadoop's own writers do.
const CHUNK_BYTES: usize = 256 << 10;

/// A sink with or without a codec before it.
pub enum Compressed {
    Plain(Sink),
    Gzip(flate2::write::GzEncoder<Sink>),
    Deflate(flate2::write::ZlibEncoder<Sink>),
    Bzip2(bzip2::write::BzEncoder<Sink>),
    Zstd(zstd::stream::write::Encoder<'static, Sink>),
    Blocks(BlockWriter),
}

impl Compressed {
    /// Begins.
    pub fn new(compression: Option<Compression>, sink: Sink) -> Result<Compressed, FormatError> {
        Ok(match compression {
            None => Compressed::Plain(sink),
            Some(Compression::Gzip) => {
                Compressed::Gzip(flate2::write::GzEncoder::new(sink, flate2::Compression::default()))
            }
            Some(Compression::Deflate) => {
                Compressed::Deflate(flate2::write::ZlibEncoder::new(sink, flate2::Compression::default()))
            }
            Some(Compression::Bzip2) => {
                Compressed::Bzip2(bzip2::write::BzEncoder::new(sink, bzip2::Compression::default()))
            }
            Some(Compression::Zstd) => Compressed::Zstd(
                zstd::stream::write::Encoder::new(sink, zstd::DEFAULT_COMPRESSION_LEVEL).map_err(failed)?,
            ),
            Some(codec @ (Compression::Snappy | Compression::Lz4)) => {
                Compressed::Blocks(BlockWriter { sink, snappy: codec == Compression::Snappy, chunk: Vec::new() })
            }
        })
    }

    /// Writes what is left.
    pub fn finish(self) -> io::Result<()> {
        let mut sink = match self {
            Compressed::Plain(sink) => sink,
            Compressed::Gzip(encoder) => encoder.finish()?,
            Compressed::Deflate(encoder) => encoder.finish()?,
            Compressed::Bzip2(encoder) => encoder.finish()?,
            Compressed::Zstd(encoder) => encoder.finish()?,
            Compressed::Blocks(mut blocks) => {
                blocks.write_chunk()?;
                blocks.sink
            }
        };
        sink.flush()
    }

    /// Writes all of it, or as much as makes a chunk.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Compressed::Plain(sink) => sink.write_all(bytes),
            Compressed::Gzip(encoder) => encoder.write_all(bytes),
            Compressed::Deflate(encoder) => encoder.write_all(bytes),
            Compressed::Bzip2(encoder) => encoder.write_all(bytes),
            Compressed::Zstd(encoder) => encoder.write_all(bytes),
            Compressed::Blocks(blocks) => blocks.write_all(bytes),
        }
    }
}

/// Hadoop's block format, with one chunk in every block.
pub struct BlockWriter {
    sink: Sink,
    snappy: bool,
    chunk: Vec<u8>,
}

impl BlockWriter {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == CHUNK_BYTES {
                self.write_chunk()?;
            }
        }
        Ok(())
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let compressed = match self.snappy {
            true => snap::raw::Encoder::new().compress_vec(&self.chunk).map_err(io::Error::other)?,
            false => lz4_flex::block::compress(&self.chunk),
        };
        self.sink.write_all(&(self.chunk.len() as u32).to_be_bytes())?;
        self.sink.write_all(&(compressed.len() as u32).to_be_bytes())?;
        self.sink.write_all(&compressed)?;
        self.chunk.clear();
        Ok(())
    }
}
