//! Sessions in the store: found by their key, and swept away some time after they ended.

use std::time::Duration;

use haar_platform::kernel::{Ctx, Next, Timestamp};
use haar_platform::policy::Principal;
use haar_platform::store::{Read, Span, StoreError, Tx};

use super::Sts;
use super::error::Error;
use super::model::{SESSIONS, SESSIONS_BY_EXPIRY, Session, TOKEN_ISSUE_TIME};

/// Credentials that have ended are remembered this long, so that their bearers learn that they ended
/// (`ExpiredToken`) and not that they never were (`InvalidClientTokenId`). AWS can tell for ever.
const REMEMBERED: Duration = Duration::from_secs(36 * 3600);

/// Sessions that one transaction sweeps away.
const SWEPT_MAX: usize = 1000;

/// The session that the caller calls with; `None` for long-term credentials and for services.
pub fn of_caller(ctx: &Ctx, tx: &impl Read) -> Result<Option<Session>, StoreError> {
    match &ctx.caller.access_key_id {
        Some(access_key_id) => tx.get(SESSIONS, access_key_id),
        None => Ok(None),
    }
}

/// Whether the caller calls with temporary credentials, as a service that works in a role always does.
pub fn is_temporary(ctx: &Ctx) -> bool {
    matches!(ctx.caller.principal, Principal::RoleSession { .. })
        || ctx.caller.keys.iter().any(|(key, _)| key == TOKEN_ISSUE_TIME)
}

/// The condition keys of credentials made now. MFA devices are not kept here, so no session was made with one; AWS
/// says so in every session and in no call with long-term credentials.
pub fn keys(now: Timestamp) -> Vec<(String, String)> {
    vec![
        (TOKEN_ISSUE_TIME.to_owned(), Timestamp::from_seconds(now.seconds()).iso8601()),
        ("aws:MultiFactorAuthPresent".to_owned(), "false".to_owned()),
    ]
}

/// When credentials end that last from now: at a whole second, as AWS's do.
pub fn end(now: Timestamp, duration_seconds: i32) -> Timestamp {
    Timestamp::from_seconds(now.seconds() + i64::from(duration_seconds))
}

/// The job that sweeps away what is over and no longer remembered.
pub async fn sweep(ctx: &Ctx, sts: &Sts) -> Result<Next, Error> {
    loop {
        let forgotten = ctx.now() - REMEMBERED;
        let Some(oldest) = sts.store.read(oldest_end)? else { return Ok(Next::WhenWoken) };
        if oldest > forgotten {
            return Ok(Next::At(oldest + REMEMBERED));
        }
        sts.store.write(move |tx| remove_ended(tx, forgotten)).await?;
    }
}

fn oldest_end(tx: &impl Read) -> Result<Option<Timestamp>, StoreError> {
    let mut ends = tx.scan_index_keys(SESSIONS_BY_EXPIRY, Span::all());
    Ok(ends.next().transpose()?.map(|(millis, _)| Timestamp::from_millis(millis)))
}

fn remove_ended(tx: &mut Tx, until: Timestamp) -> Result<(), Error> {
    let ended: Vec<_> = tx
        .scan_index_keys(SESSIONS_BY_EXPIRY, Span::between((), ..=until.millis()))
        .take(SWEPT_MAX)
        .collect::<Result<_, _>>()?;
    for (_, access_key_id) in ended {
        tx.delete(SESSIONS, &access_key_id)?;
    }
    Ok(())
}
