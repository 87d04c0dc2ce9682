//! DeleteObjects for callers who may delete some keys and not others: each deletion is a call of its own, in the
//! caller's name, so that policies are asked for each key and a refusal is that key's alone.

use futures_util::future::join_all;
use haar_platform::aws::s3 as api;
use haar_platform::kernel::{Ctx, Fault};

/// Deletions under way at the same time: they share commits.
const CONCURRENT_MAX: usize = 100;

/// What one deletion came to.
pub type Outcome = Result<api::DeletedObject, api::Error>;

/// Deletes one key after another, and tells the outcomes in the order of the request.
pub async fn delete_each(
    ctx: &Ctx,
    bucket: &str,
    expected_owner: Option<&str>,
    objects: Vec<api::ObjectIdentifier>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(objects.len());
    for batch in objects.chunks(CONCURRENT_MAX) {
        let calls = batch.iter().map(|object| delete_one(ctx, bucket, expected_owner, object));
        outcomes.extend(join_all(calls).await);
    }
    outcomes
}

async fn delete_one(ctx: &Ctx, bucket: &str, expected_owner: Option<&str>, object: &api::ObjectIdentifier) -> Outcome {
    let input = api::DeleteObjectRequest {
        bucket: bucket.to_owned(),
        key: object.key.clone(),
        version_id: object.version_id.clone(),
        expected_bucket_owner: expected_owner.map(str::to_owned),
        if_match: object.e_tag.clone(),
        if_match_last_modified_time: object.last_modified_time,
        if_match_size: object.size,
        ..api::DeleteObjectRequest::default()
    };
    match ctx.call_as::<api::DeleteObject>(ctx.caller.clone(), input).await {
        Ok(output) => Ok(answer(object, output)),
        Err(fault) => Err(refusal(object, fault)),
    }
}

fn answer(object: &api::ObjectIdentifier, output: api::DeleteObjectOutput) -> api::DeletedObject {
    let marker = output.delete_marker.filter(|marker| *marker);
    api::DeletedObject {
        key: Some(object.key.clone()),
        version_id: object.version_id.clone(),
        delete_marker: marker,
        delete_marker_version_id: marker.and(output.version_id),
    }
}

fn refusal(object: &api::ObjectIdentifier, fault: Fault) -> api::Error {
    api::Error {
        key: Some(object.key.clone()),
        version_id: object.version_id.clone(),
        code: Some(fault.code.into_owned()),
        message: Some(fault.message),
    }
}
