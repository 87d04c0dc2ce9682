//! DeleteObjects: up to a thousand deletions, each with its own outcome.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>

use haar_platform::aws::s3 as api;
use haar_platform::kernel::{AwsError, Ctx};

use crate::s3::S3;
use crate::s3::access;
use crate::s3::bucket;
use crate::s3::error::Error;
use crate::s3::event::Scene;

use super::delete::{DeleteConditions, Outcome, Wanted, refuse_mfa, remove};
use super::delete_each::delete_each;

/// Keys in one request.
const KEYS_MAX: usize = 1000;

/// Deletions in one transaction, so that other writers get their turn.
const BATCH_MAX: usize = 100;

/// `DeleteObjects`.
pub async fn delete(ctx: &Ctx, s3: &S3, input: api::DeleteObjectsRequest) -> Result<api::DeleteObjectsOutput, Error> {
    refuse_mfa(input.mfa.as_deref())?;
    let api::Delete { objects, quiet } = input.delete;
    if objects.is_empty() || objects.len() > KEYS_MAX {
        return Err(Error::MalformedXml);
    }
    s3.store.read(|tx| bucket::find(tx, &input.bucket, input.expected_bucket_owner.as_deref()))?;
    let scene = Scene::of(ctx, &s3.bus, &input.bucket);
    let now = ctx.now();
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    if !access::is_unquestioned(ctx, s3, &input.bucket)? {
        for outcome in delete_each(ctx, &input.bucket, input.expected_bucket_owner.as_deref(), objects).await {
            match outcome {
                Ok(object) => deleted.push(object),
                Err(refusal) => errors.push(refusal),
            }
        }
        return Ok(told(deleted, errors, quiet));
    }
    let mut objects = objects.into_iter().peekable();
    while objects.peek().is_some() {
        let batch: Vec<_> = objects.by_ref().take(BATCH_MAX).map(wanted).collect();
        let (name, owner, scene) = (input.bucket.clone(), input.expected_bucket_owner.clone(), scene.clone());
        let outcomes = s3
            .store
            .write(move |tx| {
                let bucket = bucket::find(tx, &name, owner.as_deref())?;
                let mut outcomes = Vec::with_capacity(batch.len());
                for wanted in batch {
                    let outcome = match remove(tx, &scene, &bucket, &wanted, now) {
                        Err(Error::Store(failure)) => return Err(failure.into()),
                        other => other,
                    };
                    outcomes.push((wanted, outcome));
                }
                Ok::<_, Error>(outcomes)
            })
            .await?;
        for (wanted, outcome) in outcomes {
            match outcome {
                Ok(outcome) => deleted.push(answer(wanted, outcome)),
                Err(error) => errors.push(refusal(wanted, error)),
            }
        }
    }
    Ok(told(deleted, errors, quiet))
}

/// A quiet caller hears of refusals only.
fn told(deleted: Vec<api::DeletedObject>, errors: Vec<api::Error>, quiet: Option<bool>) -> api::DeleteObjectsOutput {
    let deleted = if quiet == Some(true) { Vec::new() } else { deleted };
    api::DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), request_charged: None }
}

fn wanted(object: api::ObjectIdentifier) -> Wanted {
    let conditions =
        DeleteConditions { if_match: object.e_tag, last_modified: object.last_modified_time, size_bytes: object.size };
    Wanted { key: object.key, version_id: object.version_id, conditions }
}

fn answer(wanted: Wanted, outcome: Outcome) -> api::DeletedObject {
    api::DeletedObject {
        key: Some(wanted.key),
        version_id: outcome.version_id,
        delete_marker: outcome.marker_id.is_some().then_some(true),
        delete_marker_version_id: outcome.marker_id,
    }
}

fn refusal(wanted: Wanted, error: Error) -> api::Error {
    let fault = error.into_fault();
    api::Error {
        key: Some(wanted.key),
        version_id: wanted.version_id,
        code: Some(fault.code.into_owned()),
        message: Some(fault.message),
    }
}
