//! Tags of a bucket.

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;

use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{Configuration, ConfigurationKind};
use crate::s3::tag_set::{self, BUCKET_TAGS_MAX};

const KIND: ConfigurationKind = ConfigurationKind::Tagging;

/// Sets the tags, all at once.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketTaggingRequest) -> Result<(), Error> {
    let tags = tag_set::check(input.tagging.tag_set, BUCKET_TAGS_MAX)?;
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, Configuration::Tagging(tags)).await
}

/// The tags; that there are none is an error.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketTaggingRequest) -> Result<GetBucketTaggingOutput, Error> {
    match super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)? {
        Some(Configuration::Tagging(tags)) if !tags.is_empty() => {
            Ok(GetBucketTaggingOutput { tag_set: tag_set::answer(tags) })
        }
        _ => Err(Error::NoSuchTagSet(input.bucket)),
    }
}

/// Removes all tags.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketTaggingRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}
