//! Access keys of users and of the root user.

use haar_platform::aws::iam as api;
use haar_platform::kernel::{Access, Ctx, Fault, ids};
use haar_platform::store::{Read, Tx};

use super::error::Error;
use super::model::{ACCESS_KEYS, ACCESS_KEYS_BY_OWNER, AccessKey, LAST_USES, USERS_BY_ID, exactly, whole_second};
use super::page::PageRequest;
use super::request::Paged;
use super::{Iam, access, entity, user};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const KEYS_PER_USER_MAX: usize = 2;

/// What answers say of a key that was never used.
const NEVER: &str = "N/A";

pub async fn create(
    ctx: &Ctx,
    iam: &Iam,
    input: api::CreateAccessKeyRequest,
) -> Result<api::CreateAccessKeyResponse, Error> {
    let access_key_id = ids::iam("AKIA", 20);
    let secret_access_key = ids::secret_key();
    let sealed_secret = iam.store.vault().seal(access_key_id.as_bytes(), secret_access_key.as_bytes())?;
    let (account, created) = (ctx.account.to_string(), whole_second(ctx.now()));
    let caller = user::Caller::of(ctx);
    let id = access_key_id.clone();
    let user_name = iam
        .change(move |tx| {
            let (owner, user_name) = caller.key_owner(tx, input.user_name.as_deref())?;
            let keys = tx.count_index(ACCESS_KEYS_BY_OWNER, exactly(&owner))?;
            if keys >= KEYS_PER_USER_MAX as u64 {
                return Err(Error::over_quota("AccessKeysPerUser", KEYS_PER_USER_MAX));
            }
            let access_key = AccessKey { account, owner, active: true, created, sealed_secret };
            tx.put(ACCESS_KEYS, &id, &access_key)?;
            Ok(user_name)
        })
        .await?;
    Ok(api::CreateAccessKeyResponse {
        access_key: api::AccessKey {
            user_name,
            access_key_id,
            status: api::StatusType::Active,
            secret_access_key,
            create_date: Some(created),
        },
    })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeleteAccessKeyRequest) -> Result<(), Error> {
    let caller = user::Caller::of(ctx);
    iam.change(move |tx| {
        find(tx, &caller, input.user_name.as_deref(), &input.access_key_id)?;
        tx.delete(ACCESS_KEYS, &input.access_key_id)?;
        tx.delete(LAST_USES, &input.access_key_id)?;
        Ok(())
    })
    .await
}

pub async fn update(ctx: &Ctx, iam: &Iam, input: api::UpdateAccessKeyRequest) -> Result<(), Error> {
    let active = match input.status {
        api::StatusType::Active => true,
        api::StatusType::Inactive => false,
        api::StatusType::Expired => {
            return Err(Error::ValidationError("An access key cannot be set to Expired.".into()));
        }
    };
    let caller = user::Caller::of(ctx);
    iam.change(move |tx| {
        let mut access_key = find(tx, &caller, input.user_name.as_deref(), &input.access_key_id)?;
        access_key.active = active;
        Ok(tx.put(ACCESS_KEYS, &input.access_key_id, &access_key)?)
    })
    .await
}

pub async fn list(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListAccessKeysRequest,
) -> Result<api::ListAccessKeysResponse, Error> {
    let scope = format!("ListAccessKeys {:?}", input.user_name);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    iam.store.read(|tx| {
        let (owner, user_name) = user::Caller::of(ctx).key_owner(tx, input.user_name.as_deref())?;
        let keys: Result<Vec<_>, _> = tx.scan_index(ACCESS_KEYS_BY_OWNER, exactly(&owner)).collect();
        let page = page.cut(ctx, keys?)?;
        Ok(api::ListAccessKeysResponse {
            is_truncated: Some(page.is_truncated()),
            access_key_metadata: page
                .items
                .into_iter()
                .map(|(_, access_key_id, access_key)| api::AccessKeyMetadata {
                    user_name: Some(user_name.clone()),
                    access_key_id: Some(access_key_id),
                    status: Some(if access_key.active { api::StatusType::Active } else { api::StatusType::Inactive }),
                    create_date: Some(access_key.created),
                })
                .collect(),
            marker: page.marker,
        })
    })
}

/// The key is all that the request names; what it touches is the key's user.
pub fn touch_owner(ctx: &Ctx, iam: &Iam, input: &api::GetAccessKeyLastUsedRequest) -> Result<Access, Fault> {
    let owner = iam.store.read(|tx| {
        let access_key = tx.get(ACCESS_KEYS, &input.access_key_id)?;
        let access_key = access_key.filter(|access_key| access_key.account == *ctx.account);
        access_key.map_or(Ok(None), |access_key| entity::by_id(tx, USERS_BY_ID, &access_key.owner))
    });
    Ok(owner.map_err(Error::from)?.map_or_else(Access::all, |user| access::of(&user)))
}

pub async fn last_used(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetAccessKeyLastUsedRequest,
) -> Result<api::GetAccessKeyLastUsedResponse, Error> {
    let id = &input.access_key_id;
    let user_name = iam.store.read(|tx| {
        let access_key = tx.get(ACCESS_KEYS, id)?;
        let access_key = access_key.filter(|access_key| access_key.account == *ctx.account);
        let access_key = access_key.ok_or_else(|| no_such(id))?;
        let user = entity::by_id(tx, USERS_BY_ID, &access_key.owner)?;
        Ok::<_, Error>(user.map_or_else(|| user::ROOT.to_owned(), |user| user.head.name))
    })?;
    let last = iam.authority.last_use(id)?;
    Ok(api::GetAccessKeyLastUsedResponse {
        user_name: Some(user_name),
        access_key_last_used: Some(api::AccessKeyLastUsed {
            last_used_date: last.as_ref().map(|last| last.at),
            service_name: last.as_ref().map_or(NEVER, |last| &last.service).to_owned(),
            region: last.as_ref().map_or(NEVER, |last| &last.region).to_owned(),
        }),
    })
}

fn find(tx: &Tx, caller: &user::Caller, user_name: Option<&str>, access_key_id: &str) -> Result<AccessKey, Error> {
    let (owner, _) = caller.key_owner(tx, user_name)?;
    let access_key = tx.get(ACCESS_KEYS, access_key_id)?;
    access_key.filter(|access_key| access_key.owner == owner).ok_or_else(|| no_such(access_key_id))
}

fn no_such(access_key_id: &str) -> Error {
    Error::NoSuchEntity(format!("The Access Key with id {access_key_id} cannot be found."))
}
