//! All of an object but its bytes.

use serde::{Deserialize, Serialize};

use super::{Checksum, Encryption, StorageClass};

/// All of an object but its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Object {
    /// In bytes.
    pub size: u64,
    /// Hex, without quotes; of multipart objects with `-` and the number of parts.
    pub etag: String,
    pub storage_class: StorageClass,
    pub encryption: Encryption,
    pub checksum: Option<Checksum>,
    /// The number of parts, of multipart objects only.
    pub parts: Option<u16>,
    /// What it is answered with.
    pub headers: Headers,
    /// `x-amz-meta-…`, names without the prefix.
    pub metadata: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

/// Headers that are kept and echoed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Headers {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<String>,
    pub website_redirect_location: Option<String>,
}
