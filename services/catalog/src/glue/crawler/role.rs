//! The role that a crawler works with: assumed for each crawl, and asked whether it may read what is to be crawled.

use std::sync::Arc;

use haar_platform::aws::{s3, sts};
use haar_platform::kernel::{Arn, Caller, Ctx, Fault};
use haar_platform::policy::Principal;

/// The name of the sessions.
const SESSION: &str = "AWS-Crawler";

/// The ARN of a role that is given by its name or its ARN.
pub fn arn(ctx: &Ctx, role: &str) -> Arn {
    role.parse().unwrap_or_else(|_| ctx.global_arn("iam", format!("role/{}", role.trim_start_matches('/'))))
}

/// A session of the role, which must trust Glue. Where there are no roles at all (a house without an identity room)
/// the account itself works.
pub async fn assume(ctx: &Ctx, role: &str) -> Result<Arc<Caller>, Fault> {
    let role_arn = arn(ctx, role).to_string();
    let request =
        sts::AssumeRoleRequest { role_arn: role_arn.clone(), role_session_name: SESSION.into(), ..Default::default() };
    let session = match ctx.call::<sts::AssumeRole>("glue", request).await {
        Ok(session) => session,
        Err(fault) if is_not_served(&fault) => return Ok(Arc::new(Caller::root(&ctx.account))),
        Err(fault) => return Err(fault),
    };
    let user = session.assumed_role_user.ok_or_else(|| Fault::internal("a session without a user"))?;
    let (role_id, _) = user.assumed_role_id.split_once(':').unwrap_or((&user.assumed_role_id, ""));
    Ok(Arc::new(Caller {
        principal: Principal::RoleSession {
            arn: user.arn.clone(),
            role_arn,
            role_id: role_id.to_owned(),
            account: ctx.account.to_string(),
        },
        arn: user.arn,
        user_id: user.assumed_role_id.clone(),
        access_key_id: session.credentials.map(|credentials| credentials.access_key_id),
        ..Caller::root(&ctx.account)
    }))
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
        Err(fault) if is_not_served(&fault) => return Ok(()),
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

fn is_not_served(fault: &Fault) -> bool {
    fault.status == 501
}
