//! GetSessionToken: temporary credentials of the caller itself.

use haar_platform::aws::sts::{GetSessionTokenRequest, GetSessionTokenResponse};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::policy::Principal;

use super::credentials::NewCredentials;
use super::error::Error;
use super::model::{SESSIONS, Session, SessionOf};
use super::{Sts, require_signature, session};

/// Twelve hours.
const USER_DURATION_SECONDS: i32 = 43_200;

/// One hour, for the root user also at most: what asks for longer gets this.
const ROOT_DURATION_SECONDS: i32 = 3600;

/// Policies cannot control it: it authenticates.
pub fn access(ctx: &Ctx, _: &Sts, _: &GetSessionTokenRequest) -> Result<Access, Fault> {
    require_signature(ctx)?;
    Ok(Access::open())
}

pub async fn get(ctx: &Ctx, sts: &Sts, input: GetSessionTokenRequest) -> Result<GetSessionTokenResponse, Error> {
    if input.serial_number.is_some() || input.token_code.is_some() {
        return Err(Error::unknown_mfa_device());
    }
    let (user_id, duration_seconds) = match &ctx.caller.principal {
        _ if session::is_temporary(ctx) => return Err(has_session()),
        Principal::User { unique_id, .. } => (unique_id, input.duration_seconds.unwrap_or(USER_DURATION_SECONDS)),
        Principal::Root { account } => {
            (account, input.duration_seconds.unwrap_or(ROOT_DURATION_SECONDS).min(ROOT_DURATION_SECONDS))
        }
        _ => return Err(has_session()),
    };
    let made = NewCredentials::make(sts.store.vault(), input.minimum_session_token_size)?;
    let sealed = made.sealed.clone();
    let expires = session::end(ctx.now(), duration_seconds);
    let record = Session {
        account: ctx.account.to_string(),
        of: SessionOf::User { user_id: user_id.clone() },
        sealed_secret: sealed.secret,
        sealed_token: sealed.token,
        expires,
        keys: session::keys(ctx.now()),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        policy: None,
        policy_arns: Vec::new(),
    };
    let access_key_id = sealed.access_key_id;
    sts.store.write(move |tx| -> Result<_, Error> { Ok(tx.put(SESSIONS, &access_key_id, &record)?) }).await?;
    sts.sessions.wake();
    Ok(GetSessionTokenResponse {
        session_token_utilization: Some(made.token_utilization()),
        session_token_size: Some(made.token_size()),
        credentials: Some(made.hand_out(expires)),
    })
}

fn has_session() -> Error {
    Error::AccessDenied("Cannot call GetSessionToken with session credentials".into())
}
