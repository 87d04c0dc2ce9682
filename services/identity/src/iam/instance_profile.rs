//! Instance profiles: the case that a role travels in to a machine.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::error::Error;
use super::model::{INSTANCE_PROFILES_BY_ROLE, InstanceProfile, Kind, ROLES_BY_ID, Role, exactly};
use super::page::PageRequest;
use super::request::{About, Paged};
use super::{Iam, entity, role, tag};

pub async fn create(
    ctx: &Ctx,
    iam: &Iam,
    input: api::CreateInstanceProfileRequest,
) -> Result<api::CreateInstanceProfileResponse, Error> {
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let profile = InstanceProfile {
        head: entity::head(ctx, Kind::InstanceProfile, input.path, input.instance_profile_name, tags),
        role: None,
    };
    let instance_profile = iam
        .change(move |tx| {
            entity::create(tx, &profile)?;
            answer(tx, &profile)
        })
        .await?;
    Ok(api::CreateInstanceProfileResponse { instance_profile })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeleteInstanceProfileRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let profile = input.find(tx, &account)?;
        if profile.role.is_some() {
            return Err(Error::must_first("remove roles from instance profile"));
        }
        entity::delete(tx, &profile)
    })
    .await
}

pub async fn get(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetInstanceProfileRequest,
) -> Result<api::GetInstanceProfileResponse, Error> {
    let instance_profile = iam.store.read(|tx| answer(tx, &input.find(tx, &ctx.account)?))?;
    Ok(api::GetInstanceProfileResponse { instance_profile })
}

pub async fn list(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListInstanceProfilesRequest,
) -> Result<api::ListInstanceProfilesResponse, Error> {
    let prefix = input.path_prefix.as_deref();
    let page = PageRequest::read(ctx, format!("ListInstanceProfiles {prefix:?}"), input.marker(), input.max_items())?;
    iam.store.read(|tx| {
        let page = entity::list(tx, ctx, prefix, &page)?;
        Ok(api::ListInstanceProfilesResponse {
            is_truncated: Some(page.is_truncated()),
            instance_profiles: brief(tx, &page.items)?,
            marker: page.marker,
        })
    })
}

pub async fn list_of_role(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListInstanceProfilesForRoleRequest,
) -> Result<api::ListInstanceProfilesForRoleResponse, Error> {
    let scope = format!("ListInstanceProfilesForRole {}", input.role_name);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    iam.store.read(|tx| {
        let profiles = with_role(tx, &input.find(tx, &ctx.account)?)?;
        let page = page.cut(ctx, profiles)?;
        Ok(api::ListInstanceProfilesForRoleResponse {
            is_truncated: Some(page.is_truncated()),
            instance_profiles: brief(tx, &page.items)?,
            marker: page.marker,
        })
    })
}

/// A profile holds one role, and that quota cannot be raised.
pub async fn add_role(ctx: &Ctx, iam: &Iam, input: api::AddRoleToInstanceProfileRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut profile = input.find(tx, &account)?;
        let role: Role = entity::guard(entity::find(tx, &account, &input.role_name)?)?;
        if profile.role.is_some() {
            return Err(Error::over_quota("InstanceSessionsPerInstanceProfile", 1));
        }
        profile.role = Some(role.head.id);
        entity::save(tx, &profile)
    })
    .await
}

pub async fn remove_role(ctx: &Ctx, iam: &Iam, input: api::RemoveRoleFromInstanceProfileRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut profile = input.find(tx, &account)?;
        let role: Role = entity::find(tx, &account, &input.role_name)?;
        if profile.role.as_ref() != Some(&role.head.id) {
            return Err(Error::no_such(Kind::Role, &input.role_name));
        }
        profile.role = None;
        entity::save(tx, &profile)
    })
    .await
}

/// The instance profiles that hold a role.
pub fn with_role(tx: &impl Read, role: &Role) -> Result<Vec<InstanceProfile>, Error> {
    let found = tx.scan_index(INSTANCE_PROFILES_BY_ROLE, exactly(&role.head.id));
    found.map(|found| Ok(found.map(|(_, _, profile)| profile)?)).collect()
}

/// An instance profile in full.
pub fn answer(tx: &impl Read, profile: &InstanceProfile) -> Result<api::InstanceProfile, Error> {
    let role = match &profile.role {
        Some(id) => entity::by_id(tx, ROLES_BY_ID, id)?,
        None => None,
    };
    let head = &profile.head;
    Ok(api::InstanceProfile {
        path: head.path.clone(),
        instance_profile_name: head.name.clone(),
        instance_profile_id: head.id.clone(),
        arn: entity::arn(profile),
        create_date: head.created,
        roles: role.iter().map(role::brief).collect(),
        tags: tag::answer(&head.tags),
    })
}

/// Instance profiles as lists show them.
fn brief(tx: &impl Read, profiles: &[InstanceProfile]) -> Result<Vec<api::InstanceProfile>, Error> {
    let answers = profiles.iter().map(|profile| answer(tx, profile));
    answers.map(|answer| Ok(api::InstanceProfile { tags: None, ..answer? })).collect()
}
