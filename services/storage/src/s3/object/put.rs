//! PutObject: an object from a stream.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::event::{Happening, Scene};
use crate::s3::lifecycle;
use crate::s3::model::{Object, Version, Versioning};

use super::condition::WriteConditions;
use super::digest::{answer_checksum, given_checksums};
use super::properties::{asked, check_key};
use super::receive::{self, Announced};
use super::{REQUESTS_WRITE, quoted, store};

/// `PutObject`.
pub async fn put(ctx: &Ctx, s3: &S3, mut input: api::PutObjectRequest) -> Result<api::PutObjectOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let properties = asked!(input).check()?;
    let conditions = WriteConditions::of(input.if_match.take(), input.if_none_match.take())?;
    check_key(&input.key)?;
    if input.write_offset_bytes.is_some() {
        return Err(Error::not_served("x-amz-write-offset-bytes: appending is for directory buckets"));
    }
    if input.content_length.is_none() && input.body.length().is_none() {
        return Err(Error::MissingContentLength);
    }
    let announced = Announced::of(input.content_md5.as_deref(), input.checksum_algorithm, given_checksums!(input))?;
    // Nothing is received for a bucket that is not there, or for a condition that fails already.
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        properties.acl.check(tx, bucket.number)?;
        conditions.check_current(tx, bucket.number, &input.key)
    })?;

    let received = receive::object(&s3.store, input.body, announced).await?;
    let (content, checksum) = (received.content(), received.checksum.clone());
    let (size, etag) = (received.size, received.md5.clone());
    let scene = Scene::of(ctx, &s3.bus, &input.bucket);
    let now = ctx.now();
    let output = s3
        .store
        .write(move |tx| {
            let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            conditions.check_current(tx, bucket.number, &input.key)?;
            let encryption = match properties.encryption {
                Some(encryption) => encryption,
                None => bucket::encryption::of(tx, &bucket)?,
            };
            let object = Object {
                size,
                etag,
                storage_class: properties.storage_class,
                encryption,
                checksum: Some(checksum),
                parts: None,
                headers: properties.headers,
                metadata: properties.metadata,
                tags: properties.tags,
            };
            let found = store::commit_version(tx, &bucket, &input.key, object, &content, now)?;
            scene.tell(tx, &bucket, &input.key, &found.version, Happening::Put)?;
            let expiration = lifecycle::expiration(tx, &bucket, &input.key, &found.version)?;
            Ok::<_, Error>(api::PutObjectOutput { expiration, ..answer(bucket.versioning, &found.version) })
        })
        .await?;
    // Until here it held the file.
    drop(received);
    Ok(output)
}

fn answer(versioning: Versioning, version: &Version) -> api::PutObjectOutput {
    let mut output = api::PutObjectOutput::default();
    let Some(object) = version.object() else { return output };
    output.e_tag = Some(quoted(&object.etag));
    output.version_id = (versioning == Versioning::Enabled).then(|| version.id_text());
    output.server_side_encryption = Some(object.encryption.algorithm());
    if let Some(kms) = object.encryption.kms() {
        output.ssekms_key_id.clone_from(&kms.key_id);
        output.ssekms_encryption_context.clone_from(&kms.context);
        output.bucket_key_enabled = kms.bucket_key;
    }
    if let Some(checksum) = &object.checksum {
        answer_checksum!(output, checksum);
        output.checksum_type = Some(checksum.kind());
    }
    output
}
