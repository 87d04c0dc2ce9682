//! The bytes of an object: inline, or where they are in blobs.

use std::fmt;

use haar_platform::kernel::Bytes;
use haar_platform::store::{BlobId, Record};
use serde::{Deserialize, Serialize};

use super::Checksum;

/// Bodies up to this size live in the database: a small PUT is one commit, shared with others, and no file.
pub const INLINE_BYTES_MAX: usize = 16 * 1024;

/// The bytes of an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Content {
    /// At most [`INLINE_BYTES_MAX`].
    Inline(Inline),
    /// A single put.
    Stored(Piece),
    /// A multipart object, part by part.
    Parts(Vec<ContentPart>),
}

impl Record for Content {}

impl Content {
    pub(super) fn blobs(&self) -> Vec<BlobId> {
        match self {
            Self::Inline(_) => Vec::new(),
            Self::Stored(piece) => vec![piece.blob],
            Self::Parts(parts) => parts.iter().map(|part| part.piece.blob).collect(),
        }
    }
}

/// Bytes that postcard writes in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline(pub Bytes);

impl Serialize for Inline {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Inline {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Inline;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Inline, E> {
                Ok(Inline(Bytes::copy_from_slice(bytes)))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// A stretch of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub blob: BlobId,
    /// Its first byte in the blob.
    pub start: u64,
    /// In bytes.
    pub size: u64,
}

/// A part of a multipart object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContentPart {
    pub number: u16,
    pub piece: Piece,
    pub checksum: Option<Checksum>,
}
