//! Multipart uploads under way.

use haar_platform::kernel::Timestamp;
use haar_platform::store::{BlobId, Record};
use serde::{Deserialize, Serialize};

use super::{Checksum, ChecksumAlgorithm, Encryption, Headers, Piece, StorageClass, VersionId};

/// A multipart upload under way: what the object will be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// Its name; tells the sequence number in the key.
    pub id: VersionId,
    pub initiated: Timestamp,
    /// The ARN of who began it.
    pub initiator: String,
    pub storage_class: StorageClass,
    pub encryption: Encryption,
    /// What the parts are checked by, if it was said.
    pub checksum: Option<UploadChecksum>,
    pub headers: Headers,
    pub metadata: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

impl Record for Upload {}

/// How the checksum of a multipart object is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadChecksum {
    pub algorithm: ChecksumAlgorithm,
    /// Of the parts' checksums instead of the bytes.
    pub composite: bool,
}

/// A part of an upload under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    pub modified: Timestamp,
    /// MD5 in hex, without quotes.
    pub etag: String,
    pub piece: Piece,
    pub checksum: Option<Checksum>,
}

impl Record for Part {}

impl Part {
    pub(super) fn blobs(&self) -> Vec<BlobId> {
        vec![self.piece.blob]
    }
}
