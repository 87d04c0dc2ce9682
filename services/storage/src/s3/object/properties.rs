//! What a caller says of an object besides its bytes: headers, metadata, tags, storage class, encryption. PutObject,
//! CopyObject and CreateMultipartUpload say it in the same words.

use std::collections::BTreeMap;

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Fault;

use crate::s3::error::Error;
use crate::s3::model::{Encryption, Headers, KmsEncryption, StorageClass};
use crate::s3::tag_set::{self, OBJECT_TAGS_MAX, TagSet};

use super::acl::AclAsked;

/// Bytes of a key.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
const KEY_BYTES_MAX: usize = 1024;

/// Bytes of names and values of user-defined metadata.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
const METADATA_BYTES_MAX: usize = 2048;

/// What was said, unchecked: [`asked!`] takes it from a request.
pub struct Asked {
    pub acl: AclAsked,
    pub headers: Headers,
    pub metadata: Option<BTreeMap<String, String>>,
    pub tagging: Option<String>,
    pub storage_class: Option<api::StorageClass>,
    pub encryption: Option<api::ServerSideEncryption>,
    pub kms_key_id: Option<String>,
    pub kms_context: Option<String>,
    pub bucket_key: Option<bool>,
    /// Whether anything was said of a key of the caller's own.
    pub customer_key: bool,
    /// Whether anything was said of Object Lock.
    pub object_lock: bool,
}

/// What an object will be, checked.
#[derive(Clone, Debug)]
pub struct Properties {
    pub acl: AclAsked,
    pub headers: Headers,
    pub metadata: Vec<(String, String)>,
    pub tags: TagSet,
    pub storage_class: StorageClass,
    /// `None`: by the bucket's default.
    pub encryption: Option<Encryption>,
}

/// Takes an [`Asked`] out of a request: a macro because generated types have the same members and no trait in common.
macro_rules! asked {
    ($input:ident) => {
        $crate::s3::object::properties::Asked {
            acl: $crate::s3::object::acl::AclAsked {
                canned: $input.acl.take(),
                grants: $input.grant_full_control.is_some()
                    || $input.grant_read.is_some()
                    || $input.grant_read_acp.is_some()
                    || $input.grant_write_acp.is_some(),
            },
            headers: $crate::s3::model::Headers {
                content_type: $input.content_type.take(),
                cache_control: $input.cache_control.take(),
                content_disposition: $input.content_disposition.take(),
                content_encoding: $input.content_encoding.take(),
                content_language: $input.content_language.take(),
                expires: $input.expires.take(),
                website_redirect_location: $input.website_redirect_location.take(),
            },
            metadata: $input.metadata.take(),
            tagging: $input.tagging.take(),
            storage_class: $input.storage_class.take(),
            encryption: $input.server_side_encryption.take(),
            kms_key_id: $input.ssekms_key_id.take(),
            kms_context: $input.ssekms_encryption_context.take(),
            bucket_key: $input.bucket_key_enabled.take(),
            customer_key: $input.sse_customer_algorithm.is_some()
                || $input.sse_customer_key.is_some()
                || $input.sse_customer_key_md5.is_some(),
            object_lock: $input.object_lock_mode.is_some()
                || $input.object_lock_retain_until_date.is_some()
                || $input.object_lock_legal_hold_status.is_some()
                || $input.object_lock_event_hold.is_some()
                || $input.object_lock_event_hold_duration_days.is_some()
                || $input.object_lock_event_hold_duration_years.is_some(),
        }
    };
}
pub(crate) use asked;

impl Asked {
    /// Checks what was said.
    pub fn check(self) -> Result<Properties, Error> {
        refuse_customer_key(self.customer_key)?;
        if self.object_lock {
            return Err(Error::InvalidRequest("Bucket is missing Object Lock Configuration".into()));
        }
        let mut headers = self.headers;
        if let Some(location) = &headers.website_redirect_location
            && !["/", "http://", "https://"].iter().any(|start| location.starts_with(start))
        {
            let message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
            return Err(Error::Fault(Fault::common("InvalidRedirectLocation", 400, message)));
        }
        headers.content_encoding = headers.content_encoding.and_then(encoding_of_object);
        let tags = self.tagging.as_deref().map(tag_set::from_header).transpose()?.unwrap_or_default();
        let storage_class = self.storage_class.map_or(Ok(StorageClass::Standard), |class| {
            StorageClass::parse(class.as_str()).ok_or_else(|| Error::InvalidStorageClass(class.as_str().to_owned()))
        });
        Ok(Properties {
            acl: self.acl,
            headers,
            metadata: metadata(self.metadata.unwrap_or_default())?,
            tags: tag_set::check(tags, OBJECT_TAGS_MAX)?,
            storage_class: storage_class?,
            encryption: encryption(self.encryption, self.kms_key_id, self.kms_context, self.bucket_key)?,
        })
    }
}

/// `Content-Encoding` without `aws-chunked`, which says how the request came, not what the object is.
fn encoding_of_object(given: String) -> Option<String> {
    let is_transport = |name: &str| name.trim() == "aws-chunked";
    if !given.split(',').any(is_transport) {
        return Some(given);
    }
    let kept: Vec<_> = given.split(',').filter(|name| !is_transport(name)).map(str::trim).collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

/// SSE-C keeps no key here or on AWS, and is not served.
pub fn refuse_customer_key(asked: bool) -> Result<(), Error> {
    if asked {
        return Err(Error::not_served("server-side encryption with customer-provided keys (SSE-C)"));
    }
    Ok(())
}

/// A key is not too long.
pub fn check_key(key: &str) -> Result<(), Error> {
    if key.len() > KEY_BYTES_MAX {
        return Err(Error::KeyTooLong { size: key.len(), max: KEY_BYTES_MAX });
    }
    Ok(())
}

fn metadata(given: BTreeMap<String, String>) -> Result<Vec<(String, String)>, Error> {
    let size = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > METADATA_BYTES_MAX {
        return Err(Error::MetadataTooLarge { size, max: METADATA_BYTES_MAX });
    }
    Ok(given.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect())
}

fn encryption(
    algorithm: Option<api::ServerSideEncryption>,
    key_id: Option<String>,
    context: Option<String>,
    bucket_key: Option<bool>,
) -> Result<Option<Encryption>, Error> {
    use api::ServerSideEncryption as Algorithm;
    let dual_layer = match algorithm {
        Some(Algorithm::AwsKms) => false,
        Some(Algorithm::AwsKmsDsse) => true,
        Some(Algorithm::AwsFsx | Algorithm::AwsBackup) => {
            return Err(Error::InvalidEncryptionAlgorithm("Supported values: AES256, aws:kms, aws:kms:dsse".into()));
        }
        Some(Algorithm::Aes256) | None => {
            if key_id.is_some() || context.is_some() {
                let value = algorithm.map_or("null", |algorithm| algorithm.as_str());
                return Err(Error::argument(
                    "Server Side Encryption with AWS KMS managed key requires HTTP header \
                     x-amz-server-side-encryption : aws:kms",
                    "x-amz-server-side-encryption",
                    value,
                ));
            }
            return Ok(algorithm.map(|_| Encryption::Aes256));
        }
    };
    Ok(Some(Encryption::Kms(KmsEncryption { dual_layer, key_id, context, bucket_key })))
}
