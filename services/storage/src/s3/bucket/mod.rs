//! Buckets: what they are, and how operations find them.
//!
//! ```text
//!   create, list, name, versioning, tagging              the bucket itself
//!   policy, public, public_access_block, ownership, acl  who may come in
//!   cors, encryption, lifecycle, notification            what else is set on it
//! ```
//!
//! A bucket is served in every region; HeadBucket and GetBucketLocation tell the true one. AWS redirects callers who
//! come to the wrong region, which its SDKs follow without telling; we save them the detour.

pub mod acl;
mod condition_key;
pub mod cors;
pub mod create;
pub mod encryption;
pub mod lifecycle;
mod lifecycle_request;
pub mod list;
pub mod name;
pub mod notification;
pub mod ownership;
pub mod policy;
mod policy_action;
pub mod public;
pub mod public_access_block;
pub mod tagging;
pub mod versioning;

use haar_platform::aws::s3::*;
use haar_platform::kernel::{AccountId, Ctx};
use haar_platform::store::{Read, Span, StoreError, Tx};

use self::name::BucketName;
use super::S3;
use super::error::Error;
use super::model::{
    BUCKETS, Bucket, CONFIGURATIONS, Configuration, ConfigurationKind, PARTS, SEQUENCES, UPLOADS, VERSIONS,
};
use super::object::{REQUESTS_READ, REQUESTS_WRITE};

/// A bucket that must exist, and belong to the account that the request expects (`x-amz-expected-bucket-owner`).
pub fn find(tx: &impl Read, name: &str, expected_owner: Option<&str>) -> Result<Bucket, Error> {
    let bucket = tx.get(BUCKETS, name)?.ok_or_else(|| missing(name))?;
    match expected_owner {
        Some(expected) if expected != bucket.owner => Err(Error::AccessDenied),
        _ => Ok(bucket),
    }
}

/// A name that no bucket can have is told apart from one that no bucket has.
fn missing(name: &str) -> Error {
    match BucketName::parse(name) {
        Ok(_) => Error::NoSuchBucket(name.to_owned()),
        Err(error) => error,
    }
}

/// A configuration of a bucket, if it has one of that kind.
pub fn configuration(
    tx: &impl Read,
    bucket: &Bucket,
    kind: ConfigurationKind,
) -> Result<Option<Configuration>, StoreError> {
    tx.get(CONFIGURATIONS, &(bucket.number, kind.as_str()))
}

/// Sets a configuration of a bucket that must exist.
async fn set(
    ctx: &Ctx,
    s3: &S3,
    name: String,
    expected_owner: Option<String>,
    kind: ConfigurationKind,
    configuration: Configuration,
) -> Result<(), Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    s3.store
        .write(move |tx| {
            let bucket = find(tx, &name, expected_owner.as_deref())?;
            put(tx, &bucket, kind, &configuration)?;
            Ok(())
        })
        .await
}

/// Writes a configuration, over the one that was there.
fn put(tx: &mut Tx, bucket: &Bucket, kind: ConfigurationKind, configuration: &Configuration) -> Result<(), StoreError> {
    tx.put(CONFIGURATIONS, &(bucket.number, kind.as_str()), configuration)
}

/// Removes a configuration of a bucket that must exist; that there was none is no error.
async fn clear(s3: &S3, name: String, expected_owner: Option<String>, kind: ConfigurationKind) -> Result<(), Error> {
    s3.store
        .write(move |tx| {
            let bucket = find(tx, &name, expected_owner.as_deref())?;
            tx.delete(CONFIGURATIONS, &(bucket.number, kind.as_str()))?;
            Ok(())
        })
        .await
}

/// Reads a configuration of a bucket that must exist.
fn get(
    ctx: &Ctx,
    s3: &S3,
    name: &str,
    expected_owner: Option<&str>,
    kind: ConfigurationKind,
) -> Result<Option<Configuration>, Error> {
    ctx.meter(REQUESTS_READ, 1);
    s3.store.read(|tx| {
        let bucket = find(tx, name, expected_owner)?;
        Ok(configuration(tx, &bucket, kind)?)
    })
}

/// Removes a bucket with all that is set on it. Versions and delete markers keep it; uploads under way go with it.
pub async fn delete(_: &Ctx, s3: &S3, input: DeleteBucketRequest) -> Result<(), Error> {
    s3.store
        .write(move |tx| {
            let name = input.bucket;
            let bucket = find(tx, &name, input.expected_bucket_owner.as_deref())?;
            let number = bucket.number;
            if tx.scan_keys(VERSIONS, Span::under((number,))).next().transpose()?.is_some() {
                return Err(Error::BucketNotEmpty(name));
            }
            let parts: Vec<_> = tx.scan_keys(PARTS, Span::under((number,))).collect::<Result<_, _>>()?;
            for key in parts {
                tx.delete(PARTS, &key)?;
            }
            let uploads: Vec<_> = tx.scan_keys(UPLOADS, Span::under((number,))).collect::<Result<_, _>>()?;
            for key in uploads {
                tx.delete(UPLOADS, &key)?;
            }
            let configurations: Vec<_> =
                tx.scan_keys(CONFIGURATIONS, Span::under((number,))).collect::<Result<_, _>>()?;
            for key in configurations {
                tx.delete(CONFIGURATIONS, &key)?;
            }
            tx.delete(SEQUENCES, &number)?;
            tx.delete(BUCKETS, &name)?;
            Ok(())
        })
        .await
}

/// Whether there is a bucket, and where.
pub async fn head(ctx: &Ctx, s3: &S3, input: HeadBucketRequest) -> Result<HeadBucketOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let bucket = s3.store.read(|tx| find(tx, &input.bucket, input.expected_bucket_owner.as_deref()))?;
    Ok(HeadBucketOutput {
        bucket_region: Some(bucket.region),
        access_point_alias: Some(false),
        ..HeadBucketOutput::default()
    })
}

/// Where a bucket is: nowhere, in AWS's words, if that is `us-east-1`.
pub async fn location(ctx: &Ctx, s3: &S3, input: GetBucketLocationRequest) -> Result<GetBucketLocationOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let bucket = s3.store.read(|tx| find(tx, &input.bucket, input.expected_bucket_owner.as_deref()))?;
    let location_constraint = (bucket.region != create::FIRST_REGION).then_some(bucket.region);
    Ok(GetBucketLocationOutput { location_constraint })
}

/// A call by the bucket's account: some configurations are closed to all others, whatever the policies say.
fn by_owner(account: &AccountId, bucket: &Bucket, method: &'static str) -> Result<(), Error> {
    if account.as_str() == bucket.owner {
        Ok(())
    } else {
        Err(Error::MethodNotAllowed { method, resource_type: "BUCKETPOLICY" })
    }
}
