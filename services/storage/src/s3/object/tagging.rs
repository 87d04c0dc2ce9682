//! Tags of objects: read, replaced as a whole, removed as a whole.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::Ctx;

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::event::{Happening, Scene};
use crate::s3::model::{State, Versioning};
use crate::s3::tag_set::{self, OBJECT_TAGS_MAX, TagSet};

use super::get::find;
use super::{REQUESTS_READ, REQUESTS_WRITE, store};

/// `PutObjectTagging`.
pub async fn put(
    ctx: &Ctx,
    s3: &S3,
    input: api::PutObjectTaggingRequest,
) -> Result<api::PutObjectTaggingOutput, Error> {
    ctx.meter(REQUESTS_WRITE, 1);
    let tags = tag_set::check(input.tagging.tag_set, OBJECT_TAGS_MAX)?;
    let subject = Subject {
        bucket: input.bucket,
        owner: input.expected_bucket_owner,
        key: input.key,
        version_id: input.version_id,
        method: "PUT",
    };
    let version_id = replace(ctx, s3, subject, tags, Happening::Tagged).await?;
    Ok(api::PutObjectTaggingOutput { version_id })
}

/// `DeleteObjectTagging`.
pub async fn delete(
    ctx: &Ctx,
    s3: &S3,
    input: api::DeleteObjectTaggingRequest,
) -> Result<api::DeleteObjectTaggingOutput, Error> {
    let subject = Subject {
        bucket: input.bucket,
        owner: input.expected_bucket_owner,
        key: input.key,
        version_id: input.version_id,
        method: "DELETE",
    };
    let version_id = replace(ctx, s3, subject, TagSet::new(), Happening::Untagged).await?;
    Ok(api::DeleteObjectTaggingOutput { version_id })
}

/// `GetObjectTagging`.
pub async fn get(
    ctx: &Ctx,
    s3: &S3,
    input: api::GetObjectTaggingRequest,
) -> Result<api::GetObjectTaggingOutput, Error> {
    ctx.meter(REQUESTS_READ, 1);
    s3.store.read(|tx| {
        let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
        let found = find(tx, &bucket, &input.key, input.version_id.as_deref(), "GET")?;
        let version_id = (bucket.versioning != Versioning::Off).then(|| found.version.id_text());
        let tags = found.object().map(|object| object.tags.clone()).unwrap_or_default();
        Ok(api::GetObjectTaggingOutput { version_id, tag_set: tag_set::answer(tags) })
    })
}

struct Subject {
    bucket: String,
    owner: Option<String>,
    key: String,
    version_id: Option<String>,
    method: &'static str,
}

async fn replace(
    ctx: &Ctx,
    s3: &S3,
    subject: Subject,
    tags: TagSet,
    happening: Happening,
) -> Result<Option<String>, Error> {
    let scene = Scene::of(ctx, &s3.bus, &subject.bucket);
    s3.store
        .write(move |tx| {
            let bucket = bucket::find(tx, &subject.bucket, subject.owner.as_deref())?;
            let mut found = find(tx, &bucket, &subject.key, subject.version_id.as_deref(), subject.method)?;
            if let State::Object(object) = &mut found.version.state {
                object.tags = tags;
            }
            store::rewrite(tx, bucket.number, &subject.key, &found)?;
            scene.tell(tx, &bucket, &subject.key, &found.version, happening)?;
            Ok((bucket.versioning != Versioning::Off).then(|| found.version.id_text()))
        })
        .await
}
