//! CreateMultipartUpload: what the object will be, said before its first byte.

use haar_platform::aws::s3 as aws;
use haar_platform::kernel::Ctx;

use super::checksum;
use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::lifecycle;
use crate::s3::model::{UPLOADS, Upload, VersionId};
use crate::s3::object::REQUESTS_WRITE;
use crate::s3::object::properties::{asked, check_key};
use crate::s3::object::store::next_sequence;

/// CreateMultipartUpload.
pub async fn create(
    ctx: &Ctx,
    s3: &S3,
    mut input: aws::CreateMultipartUploadRequest,
) -> Result<aws::CreateMultipartUploadOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let properties = asked!(input).check()?;
    check_key(&input.key)?;
    let checksum = checksum::asked_for(input.checksum_algorithm, input.checksum_type)?;
    let (initiated, initiator) = (ctx.now(), ctx.caller.arn.clone());
    s3.store
        .write(move |tx| {
            let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            properties.acl.check(tx, bucket.number)?;
            let encryption = match properties.encryption {
                Some(encryption) => encryption,
                None => bucket::encryption::of(tx, &bucket)?,
            };
            let sequence = next_sequence(tx, bucket.number)?;
            let upload = Upload {
                id: VersionId::new(sequence),
                initiated,
                initiator,
                storage_class: properties.storage_class,
                encryption,
                checksum,
                headers: properties.headers,
                metadata: properties.metadata,
                tags: properties.tags,
            };
            tx.put(UPLOADS, &(bucket.number, input.key.as_str(), sequence), &upload)?;
            let abortion = lifecycle::abortion(tx, &bucket, &input.key, initiated)?;
            let (abort_date, abort_rule_id) = abortion.unzip();
            let kms = upload.encryption.kms();
            Ok(aws::CreateMultipartUploadOutput {
                abort_date,
                abort_rule_id,
                bucket: Some(input.bucket),
                key: Some(input.key),
                upload_id: Some(upload.id.to_string()),
                server_side_encryption: Some(upload.encryption.algorithm()),
                ssekms_key_id: kms.and_then(|kms| kms.key_id.clone()),
                ssekms_encryption_context: kms.and_then(|kms| kms.context.clone()),
                bucket_key_enabled: kms.and_then(|kms| kms.bucket_key),
                checksum_algorithm: checksum.map(|checksum| checksum.algorithm.api()),
                checksum_type: checksum.map(checksum::kind),
                ..Default::default()
            })
        })
        .await
}
