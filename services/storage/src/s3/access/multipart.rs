//! What calls on multipart uploads touch.

use haar_platform::aws::s3::*;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::{Ctx, Fault};

use super::object::{Write, reading};
use super::{CREATES, Grants, Keys, Target, on_bucket, on_object};
use crate::s3::S3;
use crate::s3::copy_source::CopySource;

/// The object to be. Its ACL and its tags need permissions of their own.
pub fn create_multipart_upload(ctx: &Ctx, s3: &S3, input: &CreateMultipartUploadRequest) -> Result<Access, Fault> {
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
    Ok(access.with_call_keys(ctx).with_key(CREATES, "false"))
}

/// The object to be.
pub fn upload_part(ctx: &Ctx, s3: &S3, input: &UploadPartRequest) -> Result<Access, Fault> {
    Ok(on_object(ctx, s3, &input.bucket, &input.key, "s3:PutObject")?.with_key(CREATES, "false"))
}

/// The object to be, and the one that the part is made from.
pub fn upload_part_copy(ctx: &Ctx, s3: &S3, input: &UploadPartCopyRequest) -> Result<Access, Fault> {
    let source = CopySource::parse(&input.copy_source)?;
    let access = on_object(ctx, s3, &input.bucket, &input.key, "s3:PutObject")?.with_key(CREATES, "false");
    reading(ctx, s3, access, &source)
}

/// The object to be.
pub fn complete_multipart_upload(ctx: &Ctx, s3: &S3, input: &CompleteMultipartUploadRequest) -> Result<Access, Fault> {
    let access = on_object(ctx, s3, &input.bucket, &input.key, "s3:PutObject")?;
    Ok(access
        .with_key(CREATES, "true")
        .with_optional("s3:if-match", input.if_match.as_deref())
        .with_optional("s3:if-none-match", input.if_none_match.as_deref()))
}

/// The object that will not be.
pub fn abort_multipart_upload(ctx: &Ctx, s3: &S3, input: &AbortMultipartUploadRequest) -> Result<Access, Fault> {
    on_object(ctx, s3, &input.bucket, &input.key, "s3:AbortMultipartUpload")
}

/// The bucket.
pub fn list_multipart_uploads(ctx: &Ctx, s3: &S3, input: &ListMultipartUploadsRequest) -> Result<Access, Fault> {
    on_bucket(ctx, s3, &input.bucket, "s3:ListBucketMultipartUploads")
}

/// The object to be.
pub fn list_parts(ctx: &Ctx, s3: &S3, input: &ListPartsRequest) -> Result<Access, Fault> {
    on_object(ctx, s3, &input.bucket, &input.key, "s3:ListMultipartUploadParts")
}
