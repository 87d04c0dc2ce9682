//! Inline policies of users, groups and roles.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::policy::quota_size;

use super::error::Error;
use super::model::{Entity, Holder, PolicySet};
use super::page::{Page, PageRequest};
use super::request::{About, AboutInline, Paged, PutInline};
use super::{Iam, document, entity};

/// Sets a policy, over the one of that name.
pub async fn put<I: PutInline<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    document::check_inline(input.policy_document())?;
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        let text = input.policy_document().to_owned();
        holder.policies_mut().put_inline(input.policy_name(), text);
        let size: usize = holder.policies().inline.values().map(|text| quota_size(text)).sum();
        if size > I::Entity::INLINE_SIZE_MAX {
            return Err(Error::LimitExceeded(format!(
                "Maximum policy size of {} bytes exceeded for {} {}",
                I::Entity::INLINE_SIZE_MAX,
                I::Entity::KIND.in_arn(),
                holder.head().name,
            )));
        }
        entity::save(tx, &holder)
    })
    .await
}

pub async fn delete<I: AboutInline<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: I) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut holder = entity::guard(input.find(tx, &account)?)?;
        let (name, _) = find(&holder, input.policy_name())?;
        holder.policies_mut().inline.remove(&name);
        entity::save(tx, &holder)
    })
    .await
}

pub async fn get_of_user(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetUserPolicyRequest,
) -> Result<api::GetUserPolicyResponse, Error> {
    let (user_name, policy_name, policy_document) = get(ctx, iam, &input)?;
    Ok(api::GetUserPolicyResponse { user_name, policy_name, policy_document })
}

pub async fn get_of_group(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetGroupPolicyRequest,
) -> Result<api::GetGroupPolicyResponse, Error> {
    let (group_name, policy_name, policy_document) = get(ctx, iam, &input)?;
    Ok(api::GetGroupPolicyResponse { group_name, policy_name, policy_document })
}

pub async fn get_of_role(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetRolePolicyRequest,
) -> Result<api::GetRolePolicyResponse, Error> {
    let (role_name, policy_name, policy_document) = get(ctx, iam, &input)?;
    Ok(api::GetRolePolicyResponse { role_name, policy_name, policy_document })
}

pub async fn list_of_user(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListUserPoliciesRequest,
) -> Result<api::ListUserPoliciesResponse, Error> {
    let page = list(ctx, iam, &input)?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListUserPoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
}

pub async fn list_of_group(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListGroupPoliciesRequest,
) -> Result<api::ListGroupPoliciesResponse, Error> {
    let page = list(ctx, iam, &input)?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListGroupPoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
}

pub async fn list_of_role(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListRolePoliciesRequest,
) -> Result<api::ListRolePoliciesResponse, Error> {
    let page = list(ctx, iam, &input)?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListRolePoliciesResponse { policy_names: page.items, is_truncated, marker: page.marker })
}

/// The names of the holder and of the policy, and its document as answers have it.
fn get<I: AboutInline<Entity: Holder>>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<(String, String, String), Error> {
    let holder = iam.store.read(|tx| input.find(tx, &ctx.account))?;
    let (name, text) = find(&holder, input.policy_name())?;
    Ok((holder.head().name.clone(), name, document::encoded(&text)))
}

fn list<I: About<Entity: Holder> + Paged>(ctx: &Ctx, iam: &Iam, input: &I) -> Result<Page<String>, Error> {
    let holder = iam.store.read(|tx| input.find(tx, &ctx.account))?;
    let scope = format!("ListPolicies {}", holder.head().id);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    page.cut(ctx, holder.policies().inline.keys().cloned())
}

/// The policy's name in its own case, and its document.
fn find<E: Holder>(holder: &E, name: &str) -> Result<(String, String), Error> {
    let mut inline = holder.policies().inline.iter();
    let found = inline.find(|(known, _)| known.eq_ignore_ascii_case(name));
    let found = found.map(|(known, text)| (known.clone(), text.clone()));
    found.ok_or_else(|| {
        let kind = E::KIND.in_arn();
        Error::NoSuchEntity(format!("The {kind} policy with name {name} cannot be found."))
    })
}

impl PolicySet {
    /// Names are one name in any case; the first one's case stays.
    fn put_inline(&mut self, name: &str, text: String) {
        let known = self.inline.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
        self.inline.insert(known.unwrap_or_else(|| name.to_owned()), text);
    }

    /// Whether the holder can be deleted as far as its policies go.
    pub fn check_empty(&self) -> Result<(), Error> {
        if !self.attached.is_empty() {
            return Err(Error::must_first("detach all policies"));
        }
        if !self.inline.is_empty() {
            return Err(Error::must_first("delete policies"));
        }
        Ok(())
    }
}
