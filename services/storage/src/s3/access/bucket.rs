//! What calls on buckets and their configurations touch.

use haar_platform::aws::s3::*;
use haar_platform::kernel::access::{Access, Resource};
use haar_platform::kernel::{Ctx, Fault};

use super::{Grants, Keys, Target, on_bucket};
use crate::s3::S3;

/// The bucket to be: nobody's policy is asked.
pub fn create_bucket(ctx: &Ctx, _: &S3, input: &CreateBucketRequest) -> Result<Access, Fault> {
    let arn = format!("arn:aws:s3:::{}", input.bucket);
    let bucket = Resource { arn, action: None, account: None, policy: None, tags: Vec::new() };
    let configuration = input.create_bucket_configuration.as_ref();
    let tags = configuration.and_then(|configuration| configuration.tags.as_deref()).unwrap_or_default();
    let grants = Grants {
        acl: input.acl.map(BucketCannedACL::as_str),
        full_control: input.grant_full_control.as_deref(),
        read: input.grant_read.as_deref(),
        read_acp: input.grant_read_acp.as_deref(),
        write: input.grant_write.as_deref(),
        write_acp: input.grant_write_acp.as_deref(),
    };
    let mut access = Access::default().and(bucket.clone());
    // Each of these needs its own permission on top.
    if !tags.is_empty() {
        access = access.and(bucket.clone().for_action("s3:TagResource"));
    }
    if grants.are_given() {
        access = access.and(bucket.clone().for_action("s3:PutBucketAcl"));
    }
    if input.object_ownership.is_some() {
        access = access.and(bucket.for_action("s3:PutBucketOwnershipControls"));
    }
    Ok(access
        .with_call_keys(ctx)
        .with_grants(grants)
        .with_optional("s3:LocationConstraint", configuration.and_then(|known| known.location_constraint.as_deref()))
        .with_optional("s3:x-amz-object-ownership", input.object_ownership)
        .with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))))
}

/// All buckets of the account.
pub fn list_buckets(ctx: &Ctx, _: &S3, _: &ListBucketsRequest) -> Result<Access, Fault> {
    Ok(Access::all().as_action("s3:ListAllMyBuckets").with_call_keys(ctx))
}

/// The bucket; the conditions see the ACL.
pub fn put_bucket_acl(ctx: &Ctx, s3: &S3, input: &PutBucketAclRequest) -> Result<Access, Fault> {
    let grants = Grants {
        acl: input.acl.map(BucketCannedACL::as_str),
        full_control: input.grant_full_control.as_deref(),
        read: input.grant_read.as_deref(),
        read_acp: input.grant_read_acp.as_deref(),
        write: input.grant_write.as_deref(),
        write_acp: input.grant_write_acp.as_deref(),
    };
    Ok(on_bucket(ctx, s3, &input.bucket, "s3:PutBucketAcl")?.with_grants(grants))
}

/// The bucket; the conditions see the tags.
pub fn put_bucket_tagging(ctx: &Ctx, s3: &S3, input: &PutBucketTaggingRequest) -> Result<Access, Fault> {
    let tags = input.tagging.tag_set.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(on_bucket(ctx, s3, &input.bucket, "s3:PutBucketTagging")?.with_request_tags(tags))
}

/// The bucket for an action on its policy. The owner's root user is not bound by that policy, or nobody could ever
/// correct one that denies everybody.
fn on_policy(ctx: &Ctx, s3: &S3, name: &str, action: &'static str) -> Result<Access, Fault> {
    let mut resource = Target::find(ctx, s3, name)?.resource();
    if ctx.caller.is_root() && resource.account.as_deref() == Some(ctx.account.as_str()) {
        resource.policy = None;
    }
    Ok(Access::default().and(resource).as_action(action).with_call_keys(ctx))
}

macro_rules! accesses {
    ($on:ident: $($name:ident($input:ident) = $action:literal;)*) => {$(
        #[doc = concat!("The bucket, for ", $action, ".")]
        pub fn $name(ctx: &Ctx, s3: &S3, input: &$input) -> Result<Access, Fault> {
            $on(ctx, s3, &input.bucket, $action)
        }
    )*};
}

accesses! { on_policy:
    put_bucket_policy(PutBucketPolicyRequest) = "s3:PutBucketPolicy";
    get_bucket_policy(GetBucketPolicyRequest) = "s3:GetBucketPolicy";
    delete_bucket_policy(DeleteBucketPolicyRequest) = "s3:DeleteBucketPolicy";
}

accesses! { on_bucket:
    delete_bucket(DeleteBucketRequest) = "s3:DeleteBucket";
    head_bucket(HeadBucketRequest) = "s3:ListBucket";
    get_bucket_location(GetBucketLocationRequest) = "s3:GetBucketLocation";
    put_bucket_versioning(PutBucketVersioningRequest) = "s3:PutBucketVersioning";
    get_bucket_versioning(GetBucketVersioningRequest) = "s3:GetBucketVersioning";
    get_bucket_tagging(GetBucketTaggingRequest) = "s3:GetBucketTagging";
    delete_bucket_tagging(DeleteBucketTaggingRequest) = "s3:PutBucketTagging";
    get_bucket_policy_status(GetBucketPolicyStatusRequest) = "s3:GetBucketPolicyStatus";
    put_bucket_cors(PutBucketCorsRequest) = "s3:PutBucketCORS";
    get_bucket_cors(GetBucketCorsRequest) = "s3:GetBucketCORS";
    delete_bucket_cors(DeleteBucketCorsRequest) = "s3:PutBucketCORS";
    put_bucket_lifecycle_configuration(PutBucketLifecycleConfigurationRequest) = "s3:PutLifecycleConfiguration";
    get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationRequest) = "s3:GetLifecycleConfiguration";
    delete_bucket_lifecycle(DeleteBucketLifecycleRequest) = "s3:PutLifecycleConfiguration";
    put_bucket_notification_configuration(PutBucketNotificationConfigurationRequest) = "s3:PutBucketNotification";
    get_bucket_notification_configuration(GetBucketNotificationConfigurationRequest) = "s3:GetBucketNotification";
    put_bucket_encryption(PutBucketEncryptionRequest) = "s3:PutEncryptionConfiguration";
    get_bucket_encryption(GetBucketEncryptionRequest) = "s3:GetEncryptionConfiguration";
    delete_bucket_encryption(DeleteBucketEncryptionRequest) = "s3:PutEncryptionConfiguration";
    put_bucket_ownership_controls(PutBucketOwnershipControlsRequest) = "s3:PutBucketOwnershipControls";
    get_bucket_ownership_controls(GetBucketOwnershipControlsRequest) = "s3:GetBucketOwnershipControls";
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsRequest) = "s3:PutBucketOwnershipControls";
    put_public_access_block(PutPublicAccessBlockRequest) = "s3:PutBucketPublicAccessBlock";
    get_public_access_block(GetPublicAccessBlockRequest) = "s3:GetBucketPublicAccessBlock";
    delete_public_access_block(DeletePublicAccessBlockRequest) = "s3:PutBucketPublicAccessBlock";
    get_bucket_acl(GetBucketAclRequest) = "s3:GetBucketAcl";
}
