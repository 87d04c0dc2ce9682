//! Roles that services work with: assumed as the service's principal, so that the role must trust it.

use std::sync::Arc;

use haar_aws::sts;
use haar_kernel::{Caller, Ctx, Fault};
use haar_policy::Principal;

/// A session of a role.
#[derive(Clone, Debug)]
pub struct Session {
    /// As which the service calls others.
    pub caller: Arc<Caller>,
    /// For what works outside the house: a function's process. None in a house without roles.
    pub credentials: Option<sts::Credentials>,
}

/// Assumes a role as `service` (`lambda`), in the account of this call. Where there are no roles at all (a house
/// without an identity room: tests of services) the account itself works.
pub async fn assume(ctx: &Ctx, service: &str, role_arn: &str, session_name: &str) -> Result<Session, Fault> {
    let request = sts::AssumeRoleRequest {
        role_arn: role_arn.to_owned(),
        role_session_name: session_name.to_owned(),
        ..Default::default()
    };
    let session = match ctx.call::<sts::AssumeRole>(service, request).await {
        Ok(session) => session,
        Err(fault) if fault.is_not_served() => {
            return Ok(Session { caller: Arc::new(Caller::root(&ctx.account)), credentials: None });
        }
        Err(fault) => return Err(fault),
    };
    let user = session.assumed_role_user.ok_or_else(|| Fault::internal("a session without a user"))?;
    let (role_id, _) = user.assumed_role_id.split_once(':').unwrap_or((&user.assumed_role_id, ""));
    let caller = Arc::new(Caller {
        principal: Principal::RoleSession {
            arn: user.arn.clone(),
            role_arn: role_arn.to_owned(),
            role_id: role_id.to_owned(),
            account: ctx.account.to_string(),
        },
        arn: user.arn,
        user_id: user.assumed_role_id.clone(),
        access_key_id: session.credentials.as_ref().map(|credentials| credentials.access_key_id.clone()),
        ..Caller::root(&ctx.account)
    });
    Ok(Session { caller, credentials: session.credentials })
}
