//! Checksums of objects and parts.

use serde::{Deserialize, Serialize};

/// The checksum of an object or a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    pub algorithm: ChecksumAlgorithm,
    /// Of the parts' checksums instead of the bytes.
    pub composite: bool,
    /// Base64; if composite with `-` and the number of parts.
    pub value: String,
}

/// The checksums that haar computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}
