//! The checksum by which `haar data check` knows that a blob's bytes are still what was written.

use crc_fast::CrcAlgorithm;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::vault::hex;

/// A checksum. New blobs have the CRC, which costs a fifteenth of the SHA and finds what disks do to bytes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Sum {
    /// Of blobs written before there was the other.
    Sha256([u8; 32]),
    /// CRC-64/NVME.
    Crc64(u64),
}

impl Sum {
    /// In hex.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Sha256(digest) => hex(digest),
            Self::Crc64(crc) => format!("{crc:016x}"),
        }
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Sha256(_) => "SHA-256",
            Self::Crc64(_) => "CRC-64",
        };
        write!(f, "{name} is {}", self.value())
    }
}

/// A checksum in the making.
pub(super) enum Summing {
    Sha256(Context),
    Crc64(crc_fast::Digest),
}

impl Summing {
    /// For a new blob.
    pub(super) fn new() -> Self {
        Self::Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme))
    }

    /// Of the same kind as another.
    pub(super) fn like(sum: &Sum) -> Self {
        match sum {
            Sum::Sha256(_) => Self::Sha256(Context::new(&SHA256)),
            Sum::Crc64(_) => Self::new(),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(context) => context.update(bytes),
            Self::Crc64(digest) => digest.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Sum {
        match self {
            Self::Sha256(context) => Sum::Sha256(context.finish().as_ref().try_into().expect("SHA-256 is 32 bytes")),
            Self::Crc64(digest) => Sum::Crc64(digest.finalize()),
        }
    }
}
