//! How objects are encrypted: kept and echoed.

use haar_platform::aws::s3 as api;
use serde::{Deserialize, Serialize};

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
