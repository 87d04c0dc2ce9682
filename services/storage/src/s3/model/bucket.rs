//! Buckets, as they are kept.

use haar_platform::kernel::Timestamp;
use haar_platform::store::Record;
use serde::{Deserialize, Serialize};

/// A bucket's number: random, never given twice.
pub type BucketNumber = u64;

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bucket {
    /// The first part of the keys of all that is in it.
    pub number: BucketNumber,
    /// The account that owns it.
    pub owner: String,
    /// Where it lives.
    pub region: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it keeps what is overwritten and deleted.
    pub versioning: Versioning,
}

impl Record for Bucket {}

/// Whether a bucket keeps what is overwritten and deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Never asked for.
    Off,
    /// Every put and delete makes a version.
    Enabled,
    /// Puts and deletes replace the null version; the other versions stay.
    Suspended,
}
