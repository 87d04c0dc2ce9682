//! Owners as S3 names them: by a canonical user id, which hides the account's number.

use haar_platform::aws::s3::Owner;
use ring::digest::{SHA256, digest};

/// An account's canonical user id: 64 hex digits, always the same.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/finding-canonical-user-id.html>
pub fn canonical_id(account: &str) -> String {
    let hash = digest(&SHA256, format!("canonical user {account}").as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The owner of what belongs to an account. AWS stopped telling display names in 2025.
pub fn of(account: &str) -> Owner {
    Owner { display_name: None, id: Some(canonical_id(account)) }
}
