//! DeleteObject: the end of an object, a delete marker on top of it, or the end of one version.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::{Ctx, Timestamp};
use haar_platform::store::{Read, Tx};

use crate::s3::S3;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::event::{Deletion, Happening, Scene};
use crate::s3::model::{Bucket, BucketNumber, Versioning};

use super::condition::{matches, not_implemented};
use super::store::{self, Found};

/// What is to go.
pub struct Wanted {
    pub key: String,
    pub version_id: Option<String>,
    pub conditions: DeleteConditions,
}

/// What the current version must be for the deletion to go on, whichever version is to go.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>
pub struct DeleteConditions {
    pub if_match: Option<String>,
    /// Of directory buckets only.
    pub last_modified: Option<Timestamp>,
    /// Of directory buckets only.
    pub size_bytes: Option<i64>,
}

/// What became of it, as answers tell.
pub struct Outcome {
    /// The delete marker that was made, or that was the version to go.
    pub marker_id: Option<String>,
    /// The version that was to go, as it was asked for.
    pub version_id: Option<String>,
}

/// `DeleteObject`.
pub async fn delete(ctx: &Ctx, s3: &S3, input: api::DeleteObjectRequest) -> Result<api::DeleteObjectOutput, Error> {
    refuse_mfa(input.mfa.as_deref())?;
    let scene = Scene::of(ctx, &s3.bus, &input.bucket);
    let now = ctx.now();
    let outcome = s3
        .store
        .write(move |tx| {
            let bucket = bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref())?;
            let conditions = DeleteConditions {
                if_match: input.if_match,
                last_modified: input.if_match_last_modified_time,
                size_bytes: input.if_match_size,
            };
            let wanted = Wanted { key: input.key, version_id: input.version_id, conditions };
            remove(tx, &scene, &bucket, &wanted, now)
        })
        .await?;
    Ok(api::DeleteObjectOutput {
        delete_marker: outcome.marker_id.is_some().then_some(true),
        version_id: outcome.version_id.or(outcome.marker_id),
        request_charged: None,
    })
}

/// Removes one object or version, and tells of it. What is not there is removed already.
pub fn remove(tx: &mut Tx, scene: &Scene, bucket: &Bucket, wanted: &Wanted, now: Timestamp) -> Result<Outcome, Error> {
    let Wanted { key, version_id, conditions } = wanted;
    conditions.check(tx, bucket.number, key)?;
    let removed = match version_id {
        Some(version_id) => store::remove_version(tx, bucket, key, version_id)?,
        None => store::remove_current(tx, bucket, key, now)?,
    };
    if let Some(marker) = removed.marker {
        scene.tell(tx, bucket, key, &marker.version, Happening::Deleted(Deletion::Marker))?;
        return Ok(Outcome { marker_id: Some(marker.version.id_text()), version_id: None });
    }
    let mut marker_id = None;
    if let Some(gone) = removed.gone {
        scene.tell(tx, bucket, key, &gone.version, Happening::Deleted(Deletion::Permanent))?;
        if gone.object().is_none() {
            marker_id = Some(gone.version.id_text());
        }
    }
    let version_id = version_id.clone().filter(|_| bucket.versioning != Versioning::Off);
    Ok(Outcome { marker_id, version_id })
}

/// MFA Delete cannot be switched on, so a code means a mistake.
pub fn refuse_mfa(mfa: Option<&str>) -> Result<(), Error> {
    match mfa {
        Some(_) => Err(Error::not_served("MFA delete (x-amz-mfa)")),
        None => Ok(()),
    }
}

impl DeleteConditions {
    fn check(&self, tx: &impl Read, bucket: BucketNumber, key: &str) -> Result<(), Error> {
        if self.last_modified.is_some() {
            return Err(not_implemented("x-amz-if-match-last-modified-time"));
        }
        if self.size_bytes.is_some() {
            return Err(not_implemented("x-amz-if-match-size"));
        }
        let Some(etags) = &self.if_match else { return Ok(()) };
        match store::current(tx, bucket, key)?.as_ref().and_then(Found::object) {
            None => Err(Error::NoSuchKey(key.to_owned())),
            Some(object) if !matches(etags, &object.etag) => Err(Error::PreconditionFailed("If-Match")),
            Some(_) => Ok(()),
        }
    }
}
