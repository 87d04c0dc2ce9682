//! What is set on a bucket.

use haar_platform::store::Record;
use serde::{Deserialize, Serialize};

use super::{Encryption, LifecycleRule};

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
