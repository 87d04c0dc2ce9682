//! Block Public Access of a bucket. New policies are checked in `policy`, callers in `access`, ACLs in `acl`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, StoreError};

use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{Bucket, Configuration, ConfigurationKind, PublicAccessBlock};

const KIND: ConfigurationKind = ConfigurationKind::PublicAccessBlock;

/// What new buckets get.
pub const ALL: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: true,
    ignore_public_acls: true,
    block_public_policy: true,
    restrict_public_buckets: true,
};

/// What holds for a bucket; without a configuration nothing is blocked.
const NONE: PublicAccessBlock = PublicAccessBlock {
    block_public_acls: false,
    ignore_public_acls: false,
    block_public_policy: false,
    restrict_public_buckets: false,
};

/// What holds for a bucket.
pub fn of(tx: &impl Read, bucket: &Bucket) -> Result<PublicAccessBlock, StoreError> {
    Ok(match super::configuration(tx, bucket, KIND)? {
        Some(Configuration::PublicAccessBlock(block)) => block,
        _ => NONE,
    })
}

/// Sets the four switches; what is left out is off.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutPublicAccessBlockRequest) -> Result<(), Error> {
    let wanted = input.public_access_block_configuration;
    let block = PublicAccessBlock {
        block_public_acls: wanted.block_public_acls.unwrap_or(false),
        ignore_public_acls: wanted.ignore_public_acls.unwrap_or(false),
        block_public_policy: wanted.block_public_policy.unwrap_or(false),
        restrict_public_buckets: wanted.restrict_public_buckets.unwrap_or(false),
    };
    let configuration = Configuration::PublicAccessBlock(block);
    super::set(ctx, s3, input.bucket, input.expected_bucket_owner, KIND, configuration).await
}

/// The four switches.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetPublicAccessBlockRequest) -> Result<GetPublicAccessBlockOutput, Error> {
    match super::get(ctx, s3, &input.bucket, input.expected_bucket_owner.as_deref(), KIND)? {
        Some(Configuration::PublicAccessBlock(block)) => {
            let public_access_block_configuration = Some(PublicAccessBlockConfiguration {
                block_public_acls: Some(block.block_public_acls),
                ignore_public_acls: Some(block.ignore_public_acls),
                block_public_policy: Some(block.block_public_policy),
                restrict_public_buckets: Some(block.restrict_public_buckets),
            });
            Ok(GetPublicAccessBlockOutput { public_access_block_configuration })
        }
        _ => Err(Error::NoSuchPublicAccessBlock(input.bucket)),
    }
}

/// Opens the bucket to whatever its policy says.
pub async fn delete(_: &Ctx, s3: &S3, input: DeletePublicAccessBlockRequest) -> Result<(), Error> {
    super::clear(s3, input.bucket, input.expected_bucket_owner, KIND).await
}
