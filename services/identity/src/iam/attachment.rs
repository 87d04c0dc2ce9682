//! Managed policies attached to users, groups and roles.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;

use super::error::Error;
use super::model::{Entity, Holder, Kind};
use super::page::{Page, PageRequest};
use super::request::{About, AboutAttachment, Paged};
use super::{Iam, entity, policy};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const ATTACHED_MAX: usize = 10;

/// Attaches a managed policy; one that is attached stays so.
pub async fn attach<I: AboutAttachment<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        let arn = input.policy_arn();
        policy::check_attachable(tx, &account, arn)?;
        let attached = &mut holder.policies_mut().attached;
        if attached.iter().any(|known| known == arn) {
            return Ok(());
        }
        if attached.len() >= ATTACHED_MAX {
            return Err(Error::over_quota(I::Entity::ATTACHED_QUOTA, ATTACHED_MAX));
        }
        attached.push(arn.to_owned());
        entity::save(tx, &holder)
    })
    .await
}

pub async fn detach<I: AboutAttachment<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        let arn = input.policy_arn();
        let attached = &mut holder.policies_mut().attached;
        let position = attached.iter().position(|known| known == arn);
        attached.remove(position.ok_or_else(|| Error::no_such(Kind::Policy, arn))?);
        entity::save(tx, &holder)
    })
    .await
}

pub async fn list_of_user(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListAttachedUserPoliciesRequest,
) -> Result<api::ListAttachedUserPoliciesResponse, Error> {
    let page = list(ctx, iam, &input, input.path_prefix.as_deref())?;
    Ok(api::ListAttachedUserPoliciesResponse {
        is_truncated: Some(page.is_truncated()),
        attached_policies: Some(page.items),
        marker: page.marker,
    })
}

pub async fn list_of_group(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListAttachedGroupPoliciesRequest,
) -> Result<api::ListAttachedGroupPoliciesResponse, Error> {
    let page = list(ctx, iam, &input, input.path_prefix.as_deref())?;
    Ok(api::ListAttachedGroupPoliciesResponse {
        is_truncated: Some(page.is_truncated()),
        attached_policies: Some(page.items),
        marker: page.marker,
    })
}

pub async fn list_of_role(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListAttachedRolePoliciesRequest,
) -> Result<api::ListAttachedRolePoliciesResponse, Error> {
    let page = list(ctx, iam, &input, input.path_prefix.as_deref())?;
    Ok(api::ListAttachedRolePoliciesResponse {
        is_truncated: Some(page.is_truncated()),
        attached_policies: Some(page.items),
        marker: page.marker,
    })
}

fn list<I: About<Entity: Holder> + Paged>(
    ctx: &Ctx,
    iam: &Iam,
    input: &I,
    path_prefix: Option<&str>,
) -> Result<Page<api::AttachedPolicy>, Error> {
    let holder = iam.store.read(|tx| input.find(tx, &ctx.account))?;
    let scope = format!("ListAttachedPolicies {} {path_prefix:?}", holder.head().id);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    let prefix = path_prefix.unwrap_or("/");
    let arns = holder.policies().attached.iter();
    let page = page.cut(ctx, arns.filter(|arn| policy::path_of(arn).starts_with(prefix)))?;
    Ok(page.map(|arn| answer(arn)))
}

/// A managed policy as lists of attachments show it.
pub fn answer(arn: &str) -> api::AttachedPolicy {
    api::AttachedPolicy { policy_name: Some(policy::name_of(arn).to_owned()), policy_arn: Some(arn.to_owned()) }
}
