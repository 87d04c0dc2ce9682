//! Object ownership: whether the bucket has ACLs at all.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, StoreError};

use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{Bucket, Configuration, ConfigurationKind};

const KIND: ConfigurationKind = ConfigurationKind::Ownership;

/// As it is stored.
pub fn configuration(ownership: ObjectOwnership) -> Configuration {
    Configuration::Ownership(ownership.as_str().to_owned())
}

/// What holds for a bucket. Without controls it is as in the days before there were any.
pub fn of(tx: &impl Read, bucket: &Bucket) -> Result<ObjectOwnership, StoreError> {
    Ok(stated(super::configuration(tx, bucket, KIND)?).unwrap_or(ObjectOwnership::ObjectWriter))
}

fn stated(configuration: Option<Configuration>) -> Option<ObjectOwnership> {
    match configuration {
        Some(Configuration::Ownership(text)) => ObjectOwnership::parse(&text),
        _ => None,
    }
}

/// Sets the one rule that there is.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketOwnershipControlsRequest) -> Result<(), Error> {
    let [rule] = input.ownership_controls.rules.as_slice() else { return Err(Error::MalformedXml) };
    let configuration = configuration(rule.object_ownership);
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, configuration).await
}

/// What was set.
pub async fn get(
    ctx: &Ctx,
    s3: &S3,
    input: GetBucketOwnershipControlsRequest,
) -> Result<GetBucketOwnershipControlsOutput, Error> {
    let configuration = super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)?;
    let object_ownership = stated(configuration).ok_or(Error::NoSuchOwnershipControls(input.bucket))?;
    let rules = vec![OwnershipControlsRule { object_ownership }];
    Ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(OwnershipControls { rules }) })
}

/// Removes the controls.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketOwnershipControlsRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}
