//! Whether a bucket keeps what is overwritten and deleted.

use haar_platform::aws::s3::*;
use haar_platform::kernel::Ctx;

use super::find;
use crate::s3::S3;
use crate::s3::error::Error;
use crate::s3::model::{BUCKETS, Versioning};
use crate::s3::object::{REQUESTS_READ, REQUESTS_WRITE};

/// Enables or suspends versioning; there is no way back to never having had it.
pub async fn set(ctx: &Ctx, s3: &S3, input: PutBucketVersioningRequest) -> Result<(), Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    if input.mfa.is_some() || input.versioning_configuration.mfa_delete == Some(MFADelete::Enabled) {
        return Err(Error::not_served("MFA delete (MfaDelete of VersioningConfiguration, x-amz-mfa)"));
    }
    let versioning = match input.versioning_configuration.status {
        Some(BucketVersioningStatus::Enabled) => Versioning::Enabled,
        Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
        None => {
            let message = "The Versioning element must be specified";
            return Err(Error::IllegalVersioningConfiguration(message));
        }
    };
    s3.store
        .write(move |tx| {
            let mut bucket = find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            bucket.versioning = versioning;
            tx.put(BUCKETS, &input.bucket, &bucket)?;
            Ok(())
        })
        .await
}

/// What was set; nothing, if nothing ever was.
pub async fn get(ctx: &Ctx, s3: &S3, input: GetBucketVersioningRequest) -> Result<GetBucketVersioningOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    let bucket = s3.store.read(|tx| find(tx, &input.bucket, input.expected_bucket_owner.as_deref()))?;
    let status = match bucket.versioning {
        Versioning::Off => None,
        Versioning::Enabled => Some(BucketVersioningStatus::Enabled),
        Versioning::Suspended => Some(BucketVersioningStatus::Suspended),
    };
    Ok(GetBucketVersioningOutput { status, mfa_delete: None })
}
