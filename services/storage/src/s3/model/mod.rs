//! What S3 keeps: records, their tables, and the words that they are made of.
//!
//! ```text
//!   BUCKETS         name                       → Bucket (its number is the first part of every other key)
//!   CONFIGURATIONS  number, kind               → Configuration
//!   SEQUENCES       number                     → the last sequence number that was given out in the bucket
//!   VERSIONS        number, key, Newest(seq)   → Version: an object or a delete marker; the newest comes first
//!   CONTENTS        number, seq                → Content: the bytes of a version, inline or in blobs
//!   UPLOADS         number, key, seq           → Upload
//!   PARTS           number, seq of upload, n   → Part
//! ```
//!
//! A bucket's number is random, so a bucket that is deleted and made again never sees what was in it before.

mod bucket;
mod checksum;
mod configuration;
mod content;
mod encryption;
mod lifecycle;
mod object;
mod storage_class;
mod upload;
mod version;

use haar_platform::store::{Index, Table, TableInfo};

pub use self::bucket::{Bucket, BucketNumber, Versioning};
pub use self::checksum::{Checksum, ChecksumAlgorithm};
pub use self::configuration::{
    Configuration, ConfigurationKind, CorsRule, Notification, NotificationTarget, PublicAccessBlock,
};
pub use self::content::{Content, ContentPart, INLINE_BYTES_MAX, Inline, Piece};
pub use self::encryption::{Encryption, KmsEncryption};
pub use self::lifecycle::{Expiration, FilterForm, LifecycleFilter, LifecycleRule, Noncurrent, When};
pub use self::object::{Headers, Object};
pub use self::storage_class::StorageClass;
pub use self::upload::{Part, Upload, UploadChecksum};
pub use self::version::{Newest, State, Version, VersionId};

/// Buckets by name, which is unique in the house.
pub const BUCKETS: Table<String, Bucket> = Table::new("s3.buckets").indexed(&[&BY_OWNER]);

/// Buckets of an account in the order of their names.
pub const BY_OWNER: Index<(String, String), String, Bucket> =
    Index::new("s3.buckets.by_owner", |name, bucket| vec![(bucket.owner.clone(), name.clone())]);

/// What is set on a bucket, one record for each kind: [`ConfigurationKind::as_str`].
pub const CONFIGURATIONS: Table<(BucketNumber, String), Configuration> = Table::new("s3.configurations");

/// The last sequence number of each bucket.
pub const SEQUENCES: Table<BucketNumber, u64> = Table::new("s3.sequences");

/// Versions and delete markers. The first one under (bucket, key) is the current one.
pub const VERSIONS: Table<VersionKey, Version> = Table::new("s3.versions");

/// Bucket, key, sequence number.
pub type VersionKey = (BucketNumber, String, Newest);

/// The bytes of each version that is an object, by bucket and sequence number.
pub const CONTENTS: Table<(BucketNumber, u64), Content> = Table::new("s3.contents").blobs(Content::blobs);

/// Multipart uploads under way: bucket, key, sequence number (the earliest first).
pub const UPLOADS: Table<(BucketNumber, String, u64), Upload> = Table::new("s3.uploads");

/// Parts of uploads under way: bucket, the upload's sequence number, part number.
pub const PARTS: Table<(BucketNumber, u64, u16), Part> = Table::new("s3.parts").blobs(Part::blobs);

/// The tables of this service, for `haar data check`.
pub fn tables() -> Vec<TableInfo> {
    vec![
        BUCKETS.info(),
        CONFIGURATIONS.info(),
        SEQUENCES.info(),
        VERSIONS.info(),
        CONTENTS.info(),
        UPLOADS.info(),
        PARTS.info(),
        super::multipart::completed::COMPLETED.info(),
        super::lifecycle::LAST_DAY.info(),
    ]
}
