//! Compressed objects: which codec one has, by its name as Hadoop does or by its first bytes as crawlers do, and its
//! bytes decoded as a stream.

mod block;

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use haar_kernel::objects::OpenObject;

use crate::error::FormatError;
use crate::source::ObjectReader;
use block::{BlockReader, Codec};

/// Windows of up to 2 GiB, which the dumps of large archives use (`zstd --long=31`).
const ZSTD_WINDOW_LOG_MAX: u32 = 31;

/// What decoders hand on at once.
const DECODED_BYTES: usize = 1 << 18;

/// A codec of whole objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// `.gz`, of one or several members
    Gzip,
    /// `.bz2`, of one or several streams
    Bzip2,
    /// `.zst`, of one or several frames
    Zstd,
    /// `.snappy`: Hadoop's blocks, or the framing format
    Snappy,
    /// `.deflate`: zlib's format, or bare
    Deflate,
    /// `.lz4`: Hadoop's blocks, or the frame format
    Lz4,
}

impl Compression {
    /// By the name's ending, as Athena decides when it reads text: a name that says nothing is uncompressed.
    pub fn of_key(key: &str) -> Option<Compression> {
        let (_, ending) = key.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "gz" | "gzip" => Some(Compression::Gzip),
            "bz2" => Some(Compression::Bzip2),
            "zst" | "zstd" => Some(Compression::Zstd),
            "snappy" | "sz" => Some(Compression::Snappy),
            "deflate" => Some(Compression::Deflate),
            "lz4" => Some(Compression::Lz4),
            _ => None,
        }
    }

    /// How the keys of such objects end.
    pub fn ending(self) -> &'static str {
        match self {
            Compression::Gzip => ".gz",
            Compression::Bzip2 => ".bz2",
            Compression::Zstd => ".zst",
            Compression::Snappy => ".snappy",
            Compression::Deflate => ".deflate",
            Compression::Lz4 => ".lz4",
        }
    }

    /// By the first bytes of an object, as a crawler decides. Hadoop's blocks and deflate have no magic: they are
    /// known by their names only.
    pub fn of_magic(start: &[u8]) -> Option<Compression> {
        if start.starts_with(&[0x1f, 0x8b, 8]) {
            Some(Compression::Gzip)
        } else if start.starts_with(b"BZh") && start.get(4..10).is_some_and(is_bzip2_block) {
            Some(Compression::Bzip2)
        } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Compression::Zstd)
        } else if start.starts_with(SNAPPY_FRAME) {
            Some(Compression::Snappy)
        } else if start.starts_with(LZ4_FRAME) {
            Some(Compression::Lz4)
        } else {
            None
        }
    }

    /// The decoded bytes of an object. Errors of the stream are those of its codec.
    pub fn decode(self, source: Arc<dyn OpenObject>) -> Result<Box<dyn BufRead + Send>, FormatError> {
        let mut raw = ObjectReader::new(source);
        let start = raw.fill_buf().map_err(|error| FormatError::cursor(error.to_string()))?;
        Ok(match self {
            Compression::Gzip => buffered(flate2::bufread::MultiGzDecoder::new(raw)),
            Compression::Bzip2 => buffered(bzip2::bufread::MultiBzDecoder::new(raw)),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(raw)
                    .map_err(|error| FormatError::cursor(error.to_string()))?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| FormatError::cursor(error.to_string()))?;
                buffered(decoder)
            }
            Compression::Snappy if start.starts_with(SNAPPY_FRAME) => buffered(snap::read::FrameDecoder::new(raw)),
            Compression::Snappy => Box::new(BlockReader::new(raw, Codec::Snappy)),
            Compression::Deflate if is_zlib(start) => buffered(flate2::bufread::ZlibDecoder::new(raw)),
            Compression::Deflate => buffered(flate2::bufread::DeflateDecoder::new(raw)),
            Compression::Lz4 if start.starts_with(LZ4_FRAME) => buffered(lz4_flex::frame::FrameDecoder::new(raw)),
            Compression::Lz4 => Box::new(BlockReader::new(raw, Codec::Lz4)),
        })
    }
}

/// The bytes of an object, decoded when its name says that it is compressed.
pub fn decoded(source: Arc<dyn OpenObject>) -> Result<Box<dyn BufRead + Send>, FormatError> {
    match Compression::of_key(&source.meta().key) {
        Some(compression) => compression.decode(source),
        None => Ok(Box::new(ObjectReader::new(source))),
    }
}

const SNAPPY_FRAME: &[u8] = b"\xff\x06\x00\x00sNaPpY";
const LZ4_FRAME: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

fn buffered(reader: impl Read + Send + 'static) -> Box<dyn BufRead + Send> {
    Box::new(BufReader::with_capacity(DECODED_BYTES, reader))
}

/// The digits of π that begin a block, or those of its root that end an empty stream.
fn is_bzip2_block(magic: &[u8]) -> bool {
    magic == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] || magic == [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]
}

/// RFC 1950: deflate with a window of at most 32 KiB, and a header that 31 divides.
fn is_zlib(start: &[u8]) -> bool {
    matches!(start, [cmf, flags, ..] if cmf & 0x0f == 8 && cmf >> 4 <= 7
        && (u16::from(*cmf) << 8 | u16::from(*flags)).is_multiple_of(31))
}

#[cfg(test)]
mod tests;
