//! The role that a crawler works with: assumed for each crawl, and asked whether it may read what is to be crawled.

use std::sync::Arc;

use haar_platform::aws::s3;
use haar_platform::kernel::{Arn, Caller, Ctx, Fault};
use haar_platform::role;

/// The name of the sessions.
const SESSION: &str = "AWS-Crawler";

/// The ARN of a role that is given by its name or its ARN.
pub fn arn(ctx: &Ctx, role: &str) -> Arn {
    role.parse().unwrap_or_else(|_| ctx.global_arn("iam", format!("role/{}", role.trim_start_matches('/'))))
}

/// A session of the role, which must trust Glue.
pub async fn assume(ctx: &Ctx, role: &str) -> Result<Arc<Caller>, Fault> {
    Ok(role::assume(ctx, "glue", &arn(ctx, role).to_string(), SESSION).await?.caller)
}

/// Whether the role may list what is under a path, and read the first object there. The error is for the crawl.
pub async fn check_reading(ctx: &Ctx, role: &Arc<Caller>, bucket: &str, prefix: &str) -> Result<(), String> {
    let request = s3::ListObjectsV2Request {
        bucket: bucket.to_owned(),
        prefix: Some(prefix.to_owned()),
        max_keys: Some(1),
        ..Default::default()
    };
    let listed = match ctx.call_as::<s3::ListObjectsV2>(role.clone(), request).await {
        Ok(listed) => listed,
        Err(fault) if fault.is_not_served() => return Ok(()),
        Err(fault) => return Err(refused(ctx, &fault, bucket, prefix)),
    };
    let first = listed.contents.and_then(|mut objects| objects.pop()).and_then(|object| object.key);
    let Some(key) = first else { return Ok(()) };
    let request = s3::HeadObjectRequest { bucket: bucket.to_owned(), key: key.clone(), ..Default::default() };
    match ctx.call_as::<s3::HeadObject>(role.clone(), request).await {
        Err(fault) if fault.status == 403 => Err(refused(ctx, &fault, bucket, &key)),
        _ => Ok(()),
    }
}

fn refused(ctx: &Ctx, fault: &Fault, bucket: &str, path: &str) -> String {
    let (code, status) = match fault.status {
        403 => ("AccessDenied".into(), 403),
        status => (fault.code.clone(), status),
    };
    let message = if status == 403 { "Access Denied" } else { &fault.message };
    format!(
        "{message} (Service: Amazon S3; Status Code: {status}; Error Code: {code}; Request ID: {}) retrieving file at \
         s3://{bucket}/{path}. Tables created did not infer schemas from this file.",
        ctx.request_id
    )
}
