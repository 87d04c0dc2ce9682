//! GetCallerIdentity: whose credentials these are.

use haar_platform::aws::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};
use haar_platform::kernel::{Access, Ctx, Fault};

use super::error::Error;
use super::{Sts, require_signature};

/// Not even an explicit deny keeps a caller from it, because a denial would say the same.
pub fn access(ctx: &Ctx, _: &Sts, _: &GetCallerIdentityRequest) -> Result<Access, Fault> {
    require_signature(ctx)?;
    Ok(Access::open())
}

pub async fn get(ctx: &Ctx, _: &Sts, _: GetCallerIdentityRequest) -> Result<GetCallerIdentityResponse, Error> {
    Ok(GetCallerIdentityResponse {
        user_id: Some(ctx.caller.user_id.clone()),
        account: Some(ctx.account.to_string()),
        arn: Some(ctx.caller.arn.clone()),
    })
}
