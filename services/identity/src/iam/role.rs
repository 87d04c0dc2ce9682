//! Roles: made, read, changed and deleted, with the policy that says whom they trust.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Tx};

use super::error::Error;
use super::model::{INSTANCE_PROFILES_BY_ROLE, Kind, LAST_USES, PolicySet, Role, exactly};
use super::page::PageRequest;
use super::request::{About, Paged};
use super::{Iam, boundary, document, entity, tag};

/// One hour, unless the role says otherwise.
const MAX_SESSION_SECONDS_DEFAULT: u32 = 3600;

pub async fn create(ctx: &Ctx, iam: &Iam, input: api::CreateRoleRequest) -> Result<api::CreateRoleResponse, Error> {
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let role = Role {
        head: entity::head(ctx, Kind::Role, input.path, input.role_name, tags),
        policies: PolicySet { boundary: input.permissions_boundary, ..PolicySet::default() },
        trust_policy: input.assume_role_policy_document,
        description: input.description,
        max_session_seconds: seconds(input.max_session_duration).unwrap_or(MAX_SESSION_SECONDS_DEFAULT),
        linked_service: None,
    };
    let answer =
        api::Role { permissions_boundary: boundary::answer(&role), tags: tag::answer(&role.head.tags), ..brief(&role) };
    iam.change(move |tx| {
        document::check_trust(tx, &role.head.account, &role.trust_policy)?;
        boundary::check(tx, &role)?;
        entity::create(tx, &role)
    })
    .await?;
    Ok(api::CreateRoleResponse { role: answer })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeleteRoleRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let role = entity::guard(input.find(tx, &account)?)?;
        role.policies.check_empty()?;
        if tx.count_index(INSTANCE_PROFILES_BY_ROLE, exactly(&role.head.id))? > 0 {
            return Err(Error::must_first("remove roles from instance profile"));
        }
        remove(tx, &role)
    })
    .await
}

/// Removes a role and what remembers it.
pub fn remove(tx: &mut Tx, role: &Role) -> Result<(), Error> {
    document::replace_principal(tx, &entity::arn(role), &role.head.id)?;
    tx.delete(LAST_USES, &role.head.id)?;
    entity::delete(tx, role)
}

pub async fn get(ctx: &Ctx, iam: &Iam, input: api::GetRoleRequest) -> Result<api::GetRoleResponse, Error> {
    let role = iam.store.read(|tx| input.find(tx, &ctx.account))?;
    Ok(api::GetRoleResponse { role: answer(iam, &role)? })
}

pub async fn list(ctx: &Ctx, iam: &Iam, input: api::ListRolesRequest) -> Result<api::ListRolesResponse, Error> {
    let prefix = input.path_prefix.as_deref();
    let page = PageRequest::read(ctx, format!("ListRoles {prefix:?}"), input.marker(), input.max_items())?;
    let page = iam.store.read(|tx| entity::list(tx, ctx, prefix, &page))?;
    let is_truncated = Some(page.is_truncated());
    let roles = page.items.iter().map(brief).collect();
    Ok(api::ListRolesResponse { roles, is_truncated, marker: page.marker })
}

/// Of a role that is linked to a service, the description alone can be changed.
pub async fn update(ctx: &Ctx, iam: &Iam, input: api::UpdateRoleRequest) -> Result<api::UpdateRoleResponse, Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut role = input.find(tx, &account)?;
        if let Some(max_session_seconds) = seconds(input.max_session_duration) {
            role = entity::guard(role)?;
            role.max_session_seconds = max_session_seconds;
        }
        if input.description.is_some() {
            role.description = input.description;
        }
        entity::save(tx, &role)
    })
    .await?;
    Ok(api::UpdateRoleResponse {})
}

pub async fn update_description(
    ctx: &Ctx,
    iam: &Iam,
    input: api::UpdateRoleDescriptionRequest,
) -> Result<api::UpdateRoleDescriptionResponse, Error> {
    let account = ctx.account.clone();
    let role = iam
        .change(move |tx| {
            let mut role = input.find(tx, &account)?;
            role.description = Some(input.description);
            entity::save(tx, &role)?;
            Ok::<_, Error>(role)
        })
        .await?;
    Ok(api::UpdateRoleDescriptionResponse { role: Some(answer(iam, &role)?) })
}

pub async fn update_trust(ctx: &Ctx, iam: &Iam, input: api::UpdateAssumeRolePolicyRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut role = entity::guard(input.find(tx, &account)?)?;
        document::check_trust(tx, &account, &input.policy_document)?;
        role.trust_policy = input.policy_document;
        entity::save(tx, &role)
    })
    .await
}

/// A role in full.
pub fn answer(iam: &Iam, role: &Role) -> Result<api::Role, Error> {
    Ok(api::Role {
        permissions_boundary: boundary::answer(role),
        tags: tag::answer(&role.head.tags),
        role_last_used: Some(last_used(iam, role)?),
        ..brief(role)
    })
}

/// When the role was last used; empty when it never was.
pub fn last_used(iam: &Iam, role: &Role) -> Result<api::RoleLastUsed, Error> {
    let last = iam.authority.last_use(&role.head.id)?;
    Ok(api::RoleLastUsed { last_used_date: last.as_ref().map(|last| last.at), region: last.map(|last| last.region) })
}

/// A role as lists show it.
pub fn brief(role: &Role) -> api::Role {
    let head = &role.head;
    api::Role {
        path: head.path.clone(),
        role_name: head.name.clone(),
        role_id: head.id.clone(),
        arn: entity::arn(role),
        create_date: head.created,
        assume_role_policy_document: Some(document::encoded(&role.trust_policy)),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session_seconds).ok(),
        ..api::Role::default()
    }
}

fn seconds(given: Option<i32>) -> Option<u32> {
    given.and_then(|seconds| u32::try_from(seconds).ok())
}
