//! AbortMultipartUpload: an upload is given up, and its parts go.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Ctx;

use super::{find, remove};
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;

/// AbortMultipartUpload.
pub async fn abort(
    _: &Ctx,
    s3: &S3,
    input: aws::AbortMultipartUploadRequest,
) -> Result<aws::AbortMultipartUploadOutput, Error> {
    if input.if_match_initiated_time.is_some() {
        return Err(Error::not_served("x-amz-if-match-initiated-time, which directory buckets have"));
    }
    s3.store
        .write(move |tx| {
            let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            let found = find(tx, &bucket, &input.key, &input.upload_id)?;
            remove(tx, bucket.number, &input.key, found.sequence)?;
            Ok(aws::AbortMultipartUploadOutput::default())
        })
        .await
}
