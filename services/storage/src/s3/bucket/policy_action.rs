//! The actions that a bucket policy can name, and what each is done to.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The bucket.
    Bucket,
    /// Objects in it.
    Object,
    /// A pattern that covers both.
    Both,
}

/// What the actions are done to that an `Action` element covers; `None` if it covers none.
pub fn level(pattern: &str) -> Option<Level> {
    let name = match pattern.split_once(':') {
        None if pattern == "*" => return Some(Level::Both),
        Some((vendor, name)) if vendor.eq_ignore_ascii_case("s3") => name.to_ascii_lowercase(),
        _ => return None,
    };
    let covers_any =
        |known: &[&str]| known.iter().any(|known| fits(name.as_bytes(), known.to_ascii_lowercase().as_bytes()));
    match (covers_any(BUCKET_ACTIONS), covers_any(OBJECT_ACTIONS)) {
        (true, true) => Some(Level::Both),
        (true, false) => Some(Level::Bucket),
        (false, true) => Some(Level::Object),
        (false, false) => None,
    }
}

/// Whether a pattern with `*` and `?` covers a name.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => fits(rest, name) || name.split_first().is_some_and(|(_, name)| fits(pattern, name)),
        (Some((b'?', rest)), Some((_, name))) => fits(rest, name),
        (Some((one, rest)), Some((other, name))) => one == other && fits(rest, name),
        _ => false,
    }
}

const BUCKET_ACTIONS: &[&str] = &[
    "CreateBucket",
    "CreateBucketMetadataTableConfiguration",
    "DeleteBucket",
    "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketPolicy",
    "DeleteBucketWebsite",
    "GetAccelerateConfiguration",
    "GetAnalyticsConfiguration",
    "GetBucketAbac",
    "GetBucketAcl",
    "GetBucketCORS",
    "GetBucketLocation",
    "GetBucketLogging",
    "GetBucketMetadataTableConfiguration",
    "GetBucketNotification",
    "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipControls",
    "GetBucketPolicy",
    "GetBucketPolicyStatus",
    "GetBucketPublicAccessBlock",
    "GetBucketRequestPayment",
    "GetBucketTagging",
    "GetBucketVersioning",
    "GetBucketWebsite",
    "GetEncryptionConfiguration",
    "GetIntelligentTieringConfiguration",
    "GetInventoryConfiguration",
    "GetLifecycleConfiguration",
    "GetMetricsConfiguration",
    "GetReplicationConfiguration",
    "ListBucket",
    "ListBucketMultipartUploads",
    "ListBucketVersions",
    "ListTagsForResource",
    "PutAccelerateConfiguration",
    "PutAnalyticsConfiguration",
    "PutBucketAbac",
    "PutBucketAcl",
    "PutBucketCORS",
    "PutBucketLogging",
    "PutBucketNotification",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketRequestPayment",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutBucketWebsite",
    "PutEncryptionConfiguration",
    "PutIntelligentTieringConfiguration",
    "PutInventoryConfiguration",
    "PutLifecycleConfiguration",
    "PutMetricsConfiguration",
    "PutReplicationConfiguration",
    "TagResource",
    "UntagResource",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
];

const OBJECT_ACTIONS: &[&str] = &[
    "AbortMultipartUpload",
    "BypassGovernanceRetention",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionTagging",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "GetObjectVersion",
    "GetObjectVersionAcl",
    "GetObjectVersionAttributes",
    "GetObjectVersionForReplication",
    "GetObjectVersionTagging",
    "GetObjectVersionTorrent",
    "InitiateReplication",
    "ListMultipartUploadParts",
    "ObjectOwnerOverrideToBucketOwner",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "PutObjectVersionAcl",
    "PutObjectVersionTagging",
    "ReplicateDelete",
    "ReplicateObject",
    "ReplicateTags",
    "RestoreObject",
    "UpdateObjectEncryption",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_their_letters_say() {
        assert_eq!(level("s3:Put*"), Some(Level::Both));
        assert_eq!(level("s3:PutObj*"), Some(Level::Object));
        assert_eq!(level("s3:?etBucket*"), Some(Level::Bucket));
        assert_eq!(level("S3:getobject"), Some(Level::Object));
        assert_eq!(level("s3:GetObj"), None);
        assert_eq!(level("GetObject"), None);
        assert_eq!(level("s3:ListAllMyBuckets"), None);
    }
}
