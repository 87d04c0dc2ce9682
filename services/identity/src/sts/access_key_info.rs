//! GetAccessKeyInfo: the account behind an access key id.

use haar_platform::aws::sts::{GetAccessKeyInfoRequest, GetAccessKeyInfoResponse};
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::Read;

use super::Sts;
use super::error::Error;
use super::model::SESSIONS;
use crate::iam::model::ACCESS_KEYS;

pub fn access(_: &Ctx, _: &Sts, _: &GetAccessKeyInfoRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// Keys of every account and state are known, whoever asks. AWS reads the account out of the id itself and so also
/// knows those that are gone; it documents that it may say that they do not exist, as this does.
pub async fn get(_: &Ctx, sts: &Sts, input: GetAccessKeyInfoRequest) -> Result<GetAccessKeyInfoResponse, Error> {
    let id = input.access_key_id;
    let account = sts.store.read(|tx| -> Result<_, Error> {
        if let Some(access_key) = tx.get(ACCESS_KEYS, &id)? {
            return Ok(Some(access_key.account));
        }
        Ok(tx.get(SESSIONS, &id)?.map(|session| session.account))
    })?;
    match account {
        Some(account) => Ok(GetAccessKeyInfoResponse { account: Some(account) }),
        None => Err(Error::ValidationError(format!("The access key ID {id} does not exist."))),
    }
}
