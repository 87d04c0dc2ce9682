//! What calls on objects and lists of objects touch.

use haar_platform::aws::s3::*;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};

use super::{CREATES, Grants, Keys, Target, on_bucket, on_object};
use crate::s3::S3;
use crate::s3::copy_source::CopySource;
use crate::s3::tag_set;

/// The object to be. Its ACL and its tags need permissions of their own.
pub fn put_object(ctx: &Ctx, s3: &S3, input: &PutObjectRequest) -> Result<Access, Fault> {
    let write = Write {
        grants: Grants {
            acl: input.acl.map(ObjectCannedACL::as_str),
            full_control: input.grant_full_control.as_deref(),
            read: input.grant_read.as_deref(),
            read_acp: input.grant_read_acp.as_deref(),
            write: None,
            write_acp: input.grant_write_acp.as_deref(),
        },
        tagging: input.tagging.as_deref(),
        encryption: input.server_side_encryption,
        key_id: input.ssekms_key_id.as_deref(),
        storage_class: input.storage_class,
        website_redirect: input.website_redirect_location.as_deref(),
    };
    let access = write.access(&Target::find(ctx, s3, &input.bucket)?, &input.key)?;
    Ok(access
        .with_call_keys(ctx)
        .with_key(CREATES, "true")
        .with_optional("s3:if-match", input.if_match.as_deref())
        .with_optional("s3:if-none-match", input.if_none_match.as_deref()))
}

/// The object to be, and the one that it is made from.
pub fn copy_object(ctx: &Ctx, s3: &S3, input: &CopyObjectRequest) -> Result<Access, Fault> {
    let source = CopySource::parse(&input.copy_source)?;
    let write = Write {
        grants: Grants {
            acl: input.acl.map(ObjectCannedACL::as_str),
            full_control: input.grant_full_control.as_deref(),
            read: input.grant_read.as_deref(),
            read_acp: input.grant_read_acp.as_deref(),
            write: None,
            write_acp: input.grant_write_acp.as_deref(),
        },
        tagging: input.tagging.as_deref(),
        encryption: input.server_side_encryption,
        key_id: input.ssekms_key_id.as_deref(),
        storage_class: input.storage_class,
        website_redirect: input.website_redirect_location.as_deref(),
    };
    let access = write.access(&Target::find(ctx, s3, &input.bucket)?, &input.key)?;
    Ok(reading(ctx, s3, access, &source)?
        .with_call_keys(ctx)
        .with_key(CREATES, "true")
        .with_optional("s3:x-amz-metadata-directive", input.metadata_directive)
        .with_optional("s3:if-match", input.if_match.as_deref())
        .with_optional("s3:if-none-match", input.if_none_match.as_deref()))
}

/// Adds the source of a copy to what a call touches.
pub(super) fn reading(ctx: &Ctx, s3: &S3, access: Access, source: &CopySource) -> Result<Access, Fault> {
    let target = Target::find(ctx, s3, &source.bucket)?;
    let version_id = source.version_id.as_deref();
    let action = if version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    let existing = target.existing(ctx, s3, &source.key, version_id)?;
    let access = access.and(target.object(&source.key).for_action(action));
    Ok(target
        .read(access, existing, version_id)
        .with_key("s3:x-amz-copy-source", format!("{}/{}", source.bucket, source.key)))
}

/// What a request that makes an object says of it.
pub(super) struct Write<'a> {
    pub grants: Grants<'a>,
    pub tagging: Option<&'a str>,
    pub encryption: Option<ServerSideEncryption>,
    pub key_id: Option<&'a str>,
    pub storage_class: Option<StorageClass>,
    pub website_redirect: Option<&'a str>,
}

impl Write<'_> {
    pub(super) fn access(self, target: &Target, key: &str) -> Result<Access, Fault> {
        let object = target.object(key);
        let mut access = Access::default().and(object.clone()).as_action("s3:PutObject");
        if self.grants.are_given() {
            access = access.and(object.clone().for_action("s3:PutObjectAcl"));
        }
        if let Some(tagging) = self.tagging {
            let tags = tag_set::from_header(tagging)?;
            access = access
                .and(object.for_action("s3:PutObjectTagging"))
                .with_object_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
        }
        Ok(access
            .with_grants(self.grants)
            .with_optional("s3:x-amz-server-side-encryption", self.encryption)
            .with_optional("s3:x-amz-server-side-encryption-aws-kms-key-id", self.key_id)
            .with_optional("s3:x-amz-storage-class", self.storage_class)
            .with_optional("s3:x-amz-website-redirect-location", self.website_redirect))
    }
}

/// An action on an object or one of its versions, whose conditions see the tags that it has.
fn on_version(
    ctx: &Ctx,
    s3: &S3,
    (bucket, key, version_id): (&str, &str, Option<&str>),
    (action, version_action): (&'static str, &'static str),
) -> Result<Access, Fault> {
    let target = Target::find(ctx, s3, bucket)?;
    let action = if version_id.is_some() { version_action } else { action };
    let access = Access::default().and(target.object(key)).as_action(action);
    // Conditions without a policy to ask them are not worth their making: this is the path of every read.
    if target.is_unquestioned(ctx) {
        return Ok(access);
    }
    let existing = target.existing(ctx, s3, key, version_id)?;
    let access = access.with_call_keys(ctx).with_optional("s3:VersionId", version_id);
    Ok(target.read(access, existing, version_id))
}

macro_rules! versions {
    ($($name:ident($input:ident) = $action:literal or $version_action:literal;)*) => {$(
        #[doc = concat!("The object, for ", $action, " (of a version by its id: ", $version_action, ").")]
        pub fn $name(ctx: &Ctx, s3: &S3, input: &$input) -> Result<Access, Fault> {
            let object = (input.bucket.as_str(), input.key.as_str(), input.version_id.as_deref());
            on_version(ctx, s3, object, ($action, $version_action))
        }
    )*};
}

versions! {
    get_object(GetObjectRequest) = "s3:GetObject" or "s3:GetObjectVersion";
    head_object(HeadObjectRequest) = "s3:GetObject" or "s3:GetObjectVersion";
    get_object_acl(GetObjectAclRequest) = "s3:GetObjectAcl" or "s3:GetObjectVersionAcl";
    get_object_tagging(GetObjectTaggingRequest) = "s3:GetObjectTagging" or "s3:GetObjectVersionTagging";
    delete_object_tagging(DeleteObjectTaggingRequest) = "s3:DeleteObjectTagging" or "s3:DeleteObjectVersionTagging";
}

/// The object; reading it and asking for its attributes are two permissions.
pub fn get_object_attributes(ctx: &Ctx, s3: &S3, input: &GetObjectAttributesRequest) -> Result<Access, Fault> {
    let object = (input.bucket.as_str(), input.key.as_str(), input.version_id.as_deref());
    let access = on_version(ctx, s3, object, ("s3:GetObject", "s3:GetObjectVersion"))?;
    let attributes = match input.version_id {
        Some(_) => "s3:GetObjectVersionAttributes",
        None => "s3:GetObjectAttributes",
    };
    let object = Target::find(ctx, s3, &input.bucket)?.object(&input.key);
    Ok(access.and(object.for_action(attributes)))
}

/// The object; the conditions see the new tags and the old.
pub fn put_object_tagging(ctx: &Ctx, s3: &S3, input: &PutObjectTaggingRequest) -> Result<Access, Fault> {
    let object = (input.bucket.as_str(), input.key.as_str(), input.version_id.as_deref());
    let tags = input.tagging.tag_set.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    Ok(on_version(ctx, s3, object, ("s3:PutObjectTagging", "s3:PutObjectVersionTagging"))?.with_object_tags(tags))
}

/// The object; the conditions see the ACL.
pub fn put_object_acl(ctx: &Ctx, s3: &S3, input: &PutObjectAclRequest) -> Result<Access, Fault> {
    let object = (input.bucket.as_str(), input.key.as_str(), input.version_id.as_deref());
    let grants = Grants {
        acl: input.acl.map(ObjectCannedACL::as_str),
        full_control: input.grant_full_control.as_deref(),
        read: input.grant_read.as_deref(),
        read_acp: input.grant_read_acp.as_deref(),
        write: input.grant_write.as_deref(),
        write_acp: input.grant_write_acp.as_deref(),
    };
    Ok(on_version(ctx, s3, object, ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"))?.with_grants(grants))
}

/// The object, or one of its versions.
pub fn delete_object(ctx: &Ctx, s3: &S3, input: &DeleteObjectRequest) -> Result<Access, Fault> {
    let action = delete_action(input.version_id.as_deref());
    let access = on_object(ctx, s3, &input.bucket, &input.key, action)?;
    Ok(access.with_optional("s3:VersionId", input.version_id.as_deref()))
}

/// Every object that is named, each as DeleteObject would. Where a policy may allow some and deny others, the operation
/// asks for each by itself.
pub fn delete_objects(ctx: &Ctx, s3: &S3, input: &DeleteObjectsRequest) -> Result<Access, Fault> {
    let target = Target::find(ctx, s3, &input.bucket)?;
    if !target.is_unquestioned(ctx) {
        return Ok(Access::open());
    }
    let objects = input.delete.objects.iter();
    let access = objects.fold(Access::default(), |access, object| {
        access.and(target.object(&object.key).for_action(delete_action(object.version_id.as_deref())))
    });
    Ok(access.with_call_keys(ctx))
}

fn delete_action(version_id: Option<&str>) -> &'static str {
    if version_id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" }
}

macro_rules! lists {
    ($($name:ident($input:ident) = $action:literal;)*) => {$(
        #[doc = concat!("The bucket, for ", $action, "; the conditions see what part of it is listed.")]
        pub fn $name(ctx: &Ctx, s3: &S3, input: &$input) -> Result<Access, Fault> {
            Ok(on_bucket(ctx, s3, &input.bucket, $action)?
                // A list without prefix and delimiter has them empty: policies deny by that.
                .with_key("s3:prefix", input.prefix.clone().unwrap_or_default())
                .with_key("s3:delimiter", input.delimiter.clone().unwrap_or_default())
                .with_optional("s3:max-keys", input.max_keys))
        }
    )*};
}

lists! {
    list_objects(ListObjectsRequest) = "s3:ListBucket";
    list_objects_v2(ListObjectsV2Request) = "s3:ListBucket";
    list_object_versions(ListObjectVersionsRequest) = "s3:ListBucketVersions";
}
