//! ACLs of buckets, as far as they say what is true anyway: the owner has full control, and nobody else has any.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;

use super::{find, ownership, public_access_block};
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::object::{REQUESTS_READ, REQUESTS_WRITE};
use crate::s3::owner;

/// Whether a new bucket can have the ACL that is asked for. It is private and closed to the public in any case.
pub fn check_new_bucket(
    ownership: ObjectOwnership,
    canned: Option<BucketCannedACL>,
    grants: bool,
) -> Result<(), Error> {
    match canned {
        None | Some(BucketCannedACL::Private) if !grants => Ok(()),
        _ if ownership == ObjectOwnership::BucketOwnerEnforced => Err(Error::InvalidBucketAclWithObjectOwnership),
        _ if grants => Err(not_served()),
        _ => Err(Error::InvalidBucketAclWithBlockPublicAccess),
    }
}

fn not_served() -> Error {
    Error::not_served("ACLs that grant something to others than the owner")
}

/// Sets the ACL that there is: the owner's.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketAclRequest) -> Result<(), Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let headers = [
        &input.grant_full_control,
        &input.grant_read,
        &input.grant_read_acp,
        &input.grant_write,
        &input.grant_write_acp,
    ];
    let by_header = headers.iter().any(|header| header.is_some());
    s3.store.read(|tx| {
        let bucket = find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let given = [input.acl.is_some(), by_header, input.access_control_policy.is_some()];
        match given.iter().filter(|given| **given).count() {
            0 => {
                let message = "Your request was missing a required header";
                return Err(Error::InvalidRequest(message.into()));
            }
            1 => {}
            _ if input.acl.is_some() && by_header => {
                let message = "Specifying both Canned ACLs and Header Grants is not allowed";
                return Err(Error::InvalidRequest(message.into()));
            }
            _ => return Err(Error::InvalidRequest("This request does not support content".into())),
        }
        let by_document = input.access_control_policy.as_ref();
        if by_document.is_some_and(|policy| grants_only_owner(policy, &bucket.owner)) {
            return Ok(());
        }
        if ownership::of(tx, &bucket)? == ObjectOwnership::BucketOwnerEnforced {
            return Err(Error::AccessControlListNotSupported);
        }
        match input.acl {
            Some(BucketCannedACL::Private) => Ok(()),
            Some(_) if public_access_block::of(tx, &bucket)?.block_public_acls => Err(Error::AccessDenied),
            _ => Err(not_served()),
        }
    })
}

/// Whether a document grants the owner full control, and nobody anything else.
fn grants_only_owner(policy: &AccessControlPolicy, account: &str) -> bool {
    let id = owner::canonical_id(account);
    let owned = policy.owner.as_ref().is_none_or(|owner| owner.id.as_ref() == Some(&id));
    let [grant] = policy.grants.as_deref().unwrap_or_default() else { return false };
    let to_owner = grant.grantee.as_ref().is_some_and(|grantee| grantee.id.as_ref() == Some(&id));
    owned && to_owner && grant.permission == Some(Permission::FullControl)
}

/// The owner's full control.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketAclRequest) -> Result<GetBucketAclOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let bucket = s3.store.read(|tx| find(tx, &input.bucket, input.expected_bucket_owner.as_deref()))?;
    let owner = owner::of(&bucket.owner);
    let grantee = Grantee {
        display_name: owner.display_name.clone(),
        id: owner.id.clone(),
        r#type: Type::CanonicalUser,
        email_address: None,
        uri: None,
    };
    let grant = Grant { grantee: Some(grantee), permission: Some(Permission::FullControl) };
    Ok(GetBucketAclOutput { owner: Some(owner), grants: Some(vec![grant]) })
}
