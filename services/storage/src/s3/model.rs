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

use std::fmt;

use haar_platform::aws::s3 as api;
use haar_platform::kernel::{Bytes, Timestamp, ids};
use haar_platform::store::{BlobId, Corrupt, Encode, Index, Key, Record, Table, TableInfo};
use serde::{Deserialize, Serialize};

/// A bucket's number: random, never given twice.
pub type BucketNumber = u64;

/// Bodies up to this size live in the database: a small PUT is one commit, shared with others, and no file.
pub const INLINE_BYTES_MAX: usize = 16 * 1024;

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

/// The kinds of configuration, each of which a bucket has at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigurationKind {
    /// Tags of the bucket.
    Tagging,
    /// The bucket policy.
    Policy,
    /// Cross-origin rules.
    Cors,
    /// Lifecycle rules.
    Lifecycle,
    /// Who is told of what happens.
    Notification,
    /// Default encryption.
    Encryption,
    /// Object ownership.
    Ownership,
    /// Block Public Access.
    PublicAccessBlock,
}

impl ConfigurationKind {
    /// The second part of the key in [`CONFIGURATIONS`]: stored data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tagging => "tagging",
            Self::Policy => "policy",
            Self::Cors => "cors",
            Self::Lifecycle => "lifecycle",
            Self::Notification => "notification",
            Self::Encryption => "encryption",
            Self::Ownership => "ownership",
            Self::PublicAccessBlock => "public-access-block",
        }
    }
}

/// One configuration of a bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Configuration {
    /// Key and value.
    Tagging(Vec<(String, String)>),
    /// The document as it was given.
    Policy(String),
    /// In order: the first that matches counts.
    Cors(Vec<CorsRule>),
    /// Lifecycle rules.
    Lifecycle(Vec<LifecycleRule>),
    /// Who is told of what happens.
    Notification(Notification),
    /// Default encryption.
    Encryption(Encryption),
    /// AWS's spelling: `BucketOwnerEnforced`.
    Ownership(String),
    /// Block Public Access.
    PublicAccessBlock(PublicAccessBlock),
}

impl Record for Configuration {}

/// A cross-origin rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CorsRule {
    pub id: Option<String>,
    pub allowed_headers: Vec<String>,
    pub allowed_methods: Vec<String>,
    pub allowed_origins: Vec<String>,
    pub expose_headers: Vec<String>,
    pub max_age_seconds: Option<i32>,
}

/// A lifecycle rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub id: String,
    pub enabled: bool,
    /// Which objects.
    pub filter: LifecycleFilter,
    /// Of current versions.
    pub expiration: Option<Expiration>,
    /// Of current versions.
    pub transitions: Vec<(When, StorageClass)>,
    pub noncurrent_expiration: Option<Noncurrent>,
    pub noncurrent_transitions: Vec<(Noncurrent, StorageClass)>,
    /// Days after which an upload that is not completed goes.
    pub abort_upload_days: Option<i32>,
}

/// Which objects a lifecycle rule is for: all that is given must be true of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LifecycleFilter {
    /// How it was written, so that it is answered the same way.
    pub form: FilterForm,
    pub prefix: Option<String>,
    pub tags: Vec<(String, String)>,
    /// Larger than so many bytes.
    pub size_over: Option<i64>,
    /// Smaller than so many bytes.
    pub size_under: Option<i64>,
}

/// The ways to write a lifecycle rule's filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterForm {
    /// `<Filter>` with at most one condition.
    #[default]
    Filter,
    /// `<Filter><And>`.
    And,
    /// `<Prefix>` in the rule itself.
    Prefix,
}

/// When something happens to a current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// Days after it was made.
    Days(i32),
    /// On a date.
    Date(Timestamp),
}

/// What expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiration {
    /// Current versions.
    At(When),
    /// Delete markers under which nothing is left.
    LoneDeleteMarkers,
}

/// Noncurrent versions after some days, but for the newest few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noncurrent {
    /// Since it became noncurrent.
    pub days: Option<i32>,
    /// How many noncurrent versions stay in any case.
    pub newer_kept: Option<i32>,
}

/// Who is told of what happens in a bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Notification {
    /// All events go to EventBridge.
    pub event_bridge: bool,
    pub targets: Vec<NotificationTarget>,
}

/// A queue (or a topic, or a function) that is told of some events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotificationTarget {
    pub id: String,
    /// Its service says what it is.
    pub arn: String,
    /// `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// Only keys that start so.
    pub prefix: Option<String>,
    /// Only keys that end so.
    pub suffix: Option<String>,
}

/// Block Public Access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

/// How an object is encrypted at rest: kept and echoed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// SSE-S3.
    Aes256,
    /// SSE-KMS.
    Kms(KmsEncryption),
}

/// SSE-KMS and DSSE-KMS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KmsEncryption {
    /// `aws:kms:dsse` instead of `aws:kms`.
    pub dual_layer: bool,
    pub key_id: Option<String>,
    /// Base64, as it was given.
    pub context: Option<String>,
    pub bucket_key: Option<bool>,
}

impl Encryption {
    /// The value of `x-amz-server-side-encryption`.
    pub fn algorithm(&self) -> api::ServerSideEncryption {
        match self {
            Self::Aes256 => api::ServerSideEncryption::Aes256,
            Self::Kms(kms) if kms.dual_layer => api::ServerSideEncryption::AwsKmsDsse,
            Self::Kms(_) => api::ServerSideEncryption::AwsKms,
        }
    }

    /// What a KMS key does, if one does anything.
    pub fn kms(&self) -> Option<&KmsEncryption> {
        match self {
            Self::Aes256 => None,
            Self::Kms(kms) => Some(kms),
        }
    }
}

/// A sequence number that sorts the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest(pub u64);

impl Encode for Newest {
    type Key = Self;

    fn encode(&self, out: &mut Vec<u8>) {
        (!self.0).encode(out);
    }
}

impl Key for Newest {
    fn decode(bytes: &mut &[u8]) -> Result<Self, Corrupt> {
        u64::decode(bytes).map(|bits| Self(!bits))
    }
}

/// The name of a version or of an upload. Opaque to callers; to us it tells the sequence number, so that a version
/// is found by its name without an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionId(String);

impl VersionId {
    /// A new name for the version with this sequence number.
    pub fn new(sequence: u64) -> Self {
        let mut bytes: [u8; 24] = ids::random();
        let (hidden, mask) = bytes.split_at_mut(8);
        for ((byte, bits), noise) in hidden.iter_mut().zip(sequence.to_be_bytes()).zip(mask) {
            *byte = bits ^ *noise;
        }
        Self(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes))
    }

    /// Reads a name: `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).ok()?;
        (bytes.len() == 24).then(|| Self(text.to_owned()))
    }

    /// The sequence number behind it. Whether the version has this name is for the record to say.
    pub fn sequence(&self) -> u64 {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &self.0);
        let bytes = bytes.unwrap_or_default();
        let mut sequence = [0; 8];
        for (index, byte) in sequence.iter_mut().enumerate() {
            *byte = bytes.get(index).unwrap_or(&0) ^ bytes.get(index + 8).unwrap_or(&0);
        }
        u64::from_be_bytes(sequence)
    }

    /// As callers read it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Version {
    /// `None` is the null version.
    pub id: Option<VersionId>,
    /// The sequence number of the null version below this one, if there was one when this one was made. Versions are
    /// only ever added on top, so what the current version says here is true unless the null version has gone.
    pub null_below: Option<u64>,
    /// When it was made.
    pub modified: Timestamp,
    /// What it is.
    pub state: State,
}

impl Record for Version {}

/// What a version is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum State {
    /// The key reads as deleted.
    DeleteMarker,
    /// Something to read.
    Object(Box<Object>),
}

impl Version {
    /// As callers read it.
    pub fn id_text(&self) -> String {
        self.id.as_ref().map_or_else(|| "null".to_owned(), |id| id.as_str().to_owned())
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        match &self.state {
            State::Object(object) => Some(object),
            State::DeleteMarker => None,
        }
    }
}

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

/// The storage classes that haar keeps objects in: in name, for the answers and the bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageClass {
    Standard,
    ReducedRedundancy,
    StandardIa,
    OnezoneIa,
    IntelligentTiering,
    GlacierIr,
    Glacier,
    DeepArchive,
}

impl StorageClass {
    /// AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::ReducedRedundancy => "REDUCED_REDUNDANCY",
            Self::StandardIa => "STANDARD_IA",
            Self::OnezoneIa => "ONEZONE_IA",
            Self::IntelligentTiering => "INTELLIGENT_TIERING",
            Self::GlacierIr => "GLACIER_IR",
            Self::Glacier => "GLACIER",
            Self::DeepArchive => "DEEP_ARCHIVE",
        }
    }

    /// By AWS's spelling; `None` for classes of other products (OUTPOSTS, SNOW, EXPRESS_ONEZONE, …).
    pub fn parse(text: &str) -> Option<Self> {
        use StorageClass::*;
        let all =
            [Standard, ReducedRedundancy, StandardIa, OnezoneIa, IntelligentTiering, GlacierIr, Glacier, DeepArchive];
        all.into_iter().find(|class| class.as_str() == text)
    }

    /// The generated enumeration's word for it.
    pub fn api(self) -> api::StorageClass {
        api::StorageClass::parse(self.as_str()).expect("AWS knows our classes")
    }

    /// Whether it must be restored before it can be read.
    pub const fn archived(self) -> bool {
        matches!(self, Self::Glacier | Self::DeepArchive)
    }
}

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
    fn blobs(&self) -> Vec<BlobId> {
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
    fn blobs(&self) -> Vec<BlobId> {
        vec![self.piece.blob]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_version_id_tells_its_sequence_number_and_nothing_else() {
        for sequence in [1, 255, 1 << 40, u64::MAX] {
            let id = VersionId::new(sequence);
            assert_eq!(id.as_str().len(), 32);
            assert_eq!(id.sequence(), sequence);
            assert_eq!(VersionId::parse(id.as_str()), Some(id.clone()));
            assert_ne!(VersionId::new(sequence), id);
        }
    }

    #[test]
    fn what_cannot_be_a_version_id_is_refused() {
        for text in ["", "null", "short", &"A".repeat(31), &"A".repeat(33), &"é".repeat(16), &"/".repeat(32)] {
            assert_eq!(VersionId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_storage_class_has_its_name() {
        for name in ["STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"] {
            assert_eq!(StorageClass::parse(name).unwrap().api().as_str(), name);
        }
        for name in ["GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"] {
            assert_eq!(StorageClass::parse(name).unwrap().api().as_str(), name);
        }
        assert_eq!(StorageClass::parse("OUTPOSTS"), None);
    }
}
