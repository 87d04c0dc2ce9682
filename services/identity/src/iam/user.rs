//! Users: made, read, renamed and deleted.

use haar_platform::aws::iam as api;
use haar_platform::kernel::{AccountId, Ctx, Timestamp};
use haar_platform::policy::Principal;
use haar_platform::store::Read;

use super::error::Error;
use super::model::{ACCESS_KEYS_BY_OWNER, ACCOUNT_ALIASES, Kind, PolicySet, USERS_BY_ID, User, exactly};
use super::page::PageRequest;
use super::request::{About, Paged};
use super::{Iam, boundary, document, entity, tag};

pub async fn create(ctx: &Ctx, iam: &Iam, input: api::CreateUserRequest) -> Result<api::CreateUserResponse, Error> {
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let user = User {
        head: entity::head(ctx, Kind::User, input.path, input.user_name, tags),
        policies: PolicySet { boundary: input.permissions_boundary, ..PolicySet::default() },
        groups: Vec::new(),
    };
    let answer = answer(&user);
    iam.change(move |tx| {
        boundary::check(tx, &user)?;
        entity::create(tx, &user)
    })
    .await?;
    Ok(api::CreateUserResponse { user: Some(answer) })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeleteUserRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let user = input.find(tx, &account)?;
        user.policies.check_empty()?;
        if !user.groups.is_empty() {
            return Err(Error::must_first("remove users from group"));
        }
        if tx.count_index(ACCESS_KEYS_BY_OWNER, exactly(&user.head.id))? > 0 {
            return Err(Error::must_first("delete access keys"));
        }
        document::replace_principal(tx, &entity::arn(&user), &user.head.id)?;
        entity::delete(tx, &user)
    })
    .await
}

pub async fn get(ctx: &Ctx, iam: &Iam, input: api::GetUserRequest) -> Result<api::GetUserResponse, Error> {
    let user = iam.store.read(|tx| match Caller::of(ctx).or_named(tx, input.user_name.as_deref())? {
        Some(user) => Ok(answer(&user)),
        None => root(tx, ctx),
    })?;
    Ok(api::GetUserResponse { user })
}

pub async fn list(ctx: &Ctx, iam: &Iam, input: api::ListUsersRequest) -> Result<api::ListUsersResponse, Error> {
    let prefix = input.path_prefix.as_deref();
    let page = PageRequest::read(ctx, format!("ListUsers {prefix:?}"), input.marker(), input.max_items())?;
    let page = iam.store.read(|tx| entity::list(tx, ctx, prefix, &page))?;
    let is_truncated = Some(page.is_truncated());
    let users = page.items.iter().map(brief).collect();
    Ok(api::ListUsersResponse { users, is_truncated, marker: page.marker })
}

pub async fn update(ctx: &Ctx, iam: &Iam, input: api::UpdateUserRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let user: User = input.find(tx, &account)?;
        let arn = entity::arn(&user);
        let user = entity::rename(tx, user, input.new_path, input.new_user_name)?;
        document::replace_principal(tx, &arn, &entity::arn(&user))
    })
    .await
}

/// What answers call the root user.
pub const ROOT: &str = "root";

/// Who calls, as far as requests need it that may leave out the user's name. It can go into a transaction.
pub struct Caller {
    account: AccountId,
    principal: Principal,
}

impl Caller {
    pub fn of(ctx: &Ctx) -> Self {
        Self { account: ctx.account.clone(), principal: ctx.caller.principal.clone() }
    }

    /// The user of that name, or else the one who calls; `None` when that is the root user.
    pub fn or_named(&self, tx: &impl Read, name: Option<&str>) -> Result<Option<User>, Error> {
        match (name, &self.principal) {
            (Some(name), _) => entity::find(tx, &self.account, name).map(Some),
            (None, Principal::Root { .. }) => Ok(None),
            (None, Principal::User { unique_id, arn, .. }) => {
                let user = entity::by_id(tx, USERS_BY_ID, unique_id)?;
                let name = arn.rsplit('/').next().unwrap_or_default();
                Ok(Some(user.ok_or_else(|| Error::no_such(Kind::User, name))?))
            }
            (None, _) => {
                let text = "Must specify userName when calling with non-User credentials";
                Err(Error::ValidationError(text.into()))
            }
        }
    }

    /// The same as keys know it, and as answers do: the unique id, and the name.
    pub fn key_owner(&self, tx: &impl Read, name: Option<&str>) -> Result<(String, String), Error> {
        Ok(match self.or_named(tx, name)? {
            Some(user) => (user.head.id, user.head.name),
            None => (self.account.to_string(), ROOT.to_owned()),
        })
    }
}

/// A user in full.
pub fn answer(user: &User) -> api::User {
    api::User { permissions_boundary: boundary::answer(user), tags: tag::answer(&user.head.tags), ..brief(user) }
}

/// A user as lists show it.
pub fn brief(user: &User) -> api::User {
    let head = &user.head;
    api::User {
        path: head.path.clone(),
        user_name: head.name.clone(),
        user_id: head.id.clone(),
        arn: entity::arn(user),
        create_date: head.created,
        ..api::User::default()
    }
}

/// The root user. AWS dates it to the opening of the account; the accounts of a house were always there.
fn root(tx: &impl Read, ctx: &Ctx) -> Result<api::User, Error> {
    let alias = tx.get(ACCOUNT_ALIASES, ctx.account.as_str())?;
    Ok(api::User {
        path: "/".into(),
        user_name: alias.unwrap_or_else(|| ROOT.into()),
        user_id: ctx.account.to_string(),
        arn: ctx.global_arn("iam", "root").to_string(),
        create_date: Timestamp::from_seconds(0),
        ..api::User::default()
    })
}
