//! ACLs of objects. Buckets that enforce their owner's ownership have none to change: the owner has full control.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, StoreError};

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::model::{BucketNumber, CONFIGURATIONS, Configuration, ConfigurationKind};
use crate::s3::owner;

use super::get::find;
use super::{REQUESTS_READ, REQUESTS_WRITE};

/// What a request says of ACLs.
#[derive(Clone, Copy, Debug)]
pub struct AclAsked {
    pub canned: Option<api::ObjectCannedACL>,
    /// Whether it grants anything by header.
    pub grants: bool,
}

impl AclAsked {
    /// Refuses what the bucket's ownership does not allow, and what haar does not keep.
    pub fn check(self, tx: &impl Read, bucket: BucketNumber) -> Result<(), Error> {
        use api::ObjectCannedACL as Canned;
        if self.canned == Some(Canned::BucketOwnerFullControl) && !self.grants {
            return Ok(());
        }
        if self.canned.is_none() && !self.grants {
            return Ok(());
        }
        if enforces_owner(tx, bucket)? {
            return Err(Error::AccessControlListNotSupported);
        }
        match self.canned {
            // The owner of the bucket and of the object are one here.
            Some(Canned::Private | Canned::BucketOwnerRead) if !self.grants => Ok(()),
            _ => Err(Error::not_served("ACLs of objects that grant others something")),
        }
    }
}

/// `PutObjectAcl`.
pub async fn put(ctx: &Ctx, s3: &S3, input: api::PutObjectAclRequest) -> Result<api::PutObjectAclOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let grants = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let asked = AclAsked { canned: input.acl, grants: grants.into_iter().any(Option::is_some) };
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        find(tx, &bucket, &input.key, input.version_id.as_deref(), "PUT")?;
        match &input.access_control_policy {
            Some(policy) => check_policy(tx, bucket.number, &bucket.owner, policy),
            None => asked.check(tx, bucket.number),
        }
    })?;
    Ok(api::PutObjectAclOutput::default())
}

/// `GetObjectAcl`.
pub async fn get(ctx: &Ctx, s3: &S3, input: api::GetObjectAclRequest) -> Result<api::GetObjectAclOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let bucket = s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        find(tx, &bucket, &input.key, input.version_id.as_deref(), "GET")?;
        Ok::<_, Error>(bucket)
    })?;
    let owner = owner::of(&bucket.owner);
    let grantee = api::Grantee {
        display_name: owner.display_name.clone(),
        email_address: None,
        id: owner.id.clone(),
        r#type: api::Type::CanonicalUser,
        uri: None,
    };
    let full_control = api::Grant { grantee: Some(grantee), permission: Some(api::Permission::FullControl) };
    Ok(api::GetObjectAclOutput { owner: Some(owner), grants: Some(vec![full_control]), request_charged: None })
}

/// An ACL that gives the owner full control and nobody anything changes nothing, and is allowed everywhere.
fn check_policy(
    tx: &impl Read,
    bucket: BucketNumber,
    account: &str,
    policy: &api::AccessControlPolicy,
) -> Result<(), Error> {
    let owner = owner::of(account);
    let is_owners = |grant: &api::Grant| {
        grant.permission == Some(api::Permission::FullControl)
            && grant.grantee.as_ref().is_some_and(|grantee| grantee.id.is_some() && grantee.id == owner.id)
    };
    let grants = policy.grants.as_deref().unwrap_or_default();
    if grants.len() == 1 && grants.iter().all(is_owners) {
        return Ok(());
    }
    if enforces_owner(tx, bucket)? {
        return Err(Error::AccessControlListNotSupported);
    }
    Err(Error::not_served("ACLs of objects that grant others something"))
}

/// New buckets enforce their owner's ownership; a bucket whose ownership controls were removed has ACLs again.
fn enforces_owner(tx: &impl Read, bucket: BucketNumber) -> Result<bool, StoreError> {
    Ok(match tx.get(CONFIGURATIONS, &(bucket, ConfigurationKind::Ownership.as_str()))? {
        Some(Configuration::Ownership(ownership)) => ownership == "BucketOwnerEnforced",
        _ => false,
    })
}
