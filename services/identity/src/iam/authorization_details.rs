//! GetAccountAuthorizationDetails: every user, group, role and policy of the account, in pages that run across the
//! kinds.

#[cfg(test)]
mod tests;

use haar_platform::aws::iam as api;
use haar_platform::kernel::{Access, Ctx, Fault};
use haar_platform::store::{Read, Span, StoreError};

use super::aws_managed::{self, AwsManaged};
use super::error::Error;
use super::model::{Entity, Group, Holder, ManagedPolicy, Role, User};
use super::page::PageRequest;
use super::policy::Uses;
use super::{Iam, attachment, boundary, document, entity, group, instance_profile, policy, policy_version, role, tag};

/// The kinds in the order in which they are listed.
const KINDS: [api::EntityType; 5] = [
    api::EntityType::User,
    api::EntityType::Group,
    api::EntityType::Role,
    api::EntityType::LocalManagedPolicy,
    api::EntityType::AwsManagedPolicy,
];

/// One entry of the list.
enum Entry {
    User(User),
    Group(Group),
    Role(Role),
    Local(ManagedPolicy),
    /// Only those in use: AWS has a thousand others.
    Aws(&'static AwsManaged, Uses),
}

/// Entries with the cursors that stand for them: the kind's place in [`KINDS`], and the key among its kind.
type Entries<'t> = Box<dyn Iterator<Item = Result<(String, Entry), StoreError>> + 't>;

pub fn access(_: &Ctx, _: &Iam, _: &api::GetAccountAuthorizationDetailsRequest) -> Result<Access, Fault> {
    Ok(Access::all())
}

pub async fn get(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetAccountAuthorizationDetailsRequest,
) -> Result<api::GetAccountAuthorizationDetailsResponse, Error> {
    let filter = input.filter.filter(|filter| !filter.is_empty());
    let scope = format!("GetAccountAuthorizationDetails {filter:?}");
    let page = PageRequest::read(ctx, scope, input.marker.as_deref(), input.max_items)?;
    iam.store.read(|tx| {
        let (first, mut after) = match page.after() {
            Some(cursor) => {
                cursor.split_once('/').map_or((0, None), |(kind, key)| (kind.parse().unwrap_or(0), Some(key)))
            }
            None => (0, None),
        };
        let mut entries: Vec<Entries<'_>> = Vec::new();
        for (place, kind) in KINDS.into_iter().enumerate().skip(first) {
            // Only the kind that the last page ended in begins behind its cursor.
            let after = after.take();
            if filter.as_ref().is_none_or(|filter| filter.contains(&kind)) {
                entries.push(of_kind(tx, ctx.account.as_str(), place, kind, after));
            }
        }
        let page = page.fill(ctx, entries.into_iter().flatten())?;
        answer(iam, tx, page.items, page.marker)
    })
}

fn of_kind<'t>(
    tx: &'t impl Read,
    account: &'t str,
    place: usize,
    kind: api::EntityType,
    after: Option<&str>,
) -> Entries<'t> {
    match kind {
        api::EntityType::User => all(tx, account, place, after, Entry::User),
        api::EntityType::Group => all(tx, account, place, after, Entry::Group),
        api::EntityType::Role => all(tx, account, place, after, Entry::Role),
        api::EntityType::LocalManagedPolicy => all(tx, account, place, after, Entry::Local),
        api::EntityType::AwsManagedPolicy => {
            let skipped = after.and_then(|index| index.parse().ok()).map_or(0, |index: usize| index + 1);
            let policies = aws_managed::ALL.iter().enumerate().skip(skipped);
            Box::new(policies.filter_map(move |(index, policy)| match policy::uses(tx, account, &policy.arn()) {
                Ok(uses) if uses.attached + uses.boundaries == 0 => None,
                Ok(uses) => Some(Ok((format!("{place}/{index}"), Entry::Aws(policy, uses)))),
                Err(error) => Some(Err(error)),
            }))
        }
    }
}

/// The account's entities of a kind, by name.
fn all<'t, E: Entity>(
    tx: &'t impl Read,
    account: &str,
    place: usize,
    after: Option<&str>,
    entry: fn(E) -> Entry,
) -> Entries<'t> {
    let mut span = Span::under((account,));
    if let Some(name) = after {
        span = span.after(&(account, name));
    }
    let found = tx.scan(E::TABLE, span);
    Box::new(found.map(move |found| found.map(|((_, name), entity)| (format!("{place}/{name}"), entry(entity)))))
}

fn answer(
    iam: &Iam,
    tx: &impl Read,
    entries: Vec<Entry>,
    marker: Option<String>,
) -> Result<api::GetAccountAuthorizationDetailsResponse, Error> {
    let (mut users, mut groups, mut roles, mut policies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::User(user) => users.push(of_user(tx, &user)?),
            Entry::Group(group) => groups.push(of_group(&group)),
            Entry::Role(role) => roles.push(of_role(iam, tx, &role)?),
            Entry::Local(policy) => policies.push(of_local(tx, &policy)?),
            Entry::Aws(policy, uses) => policies.push(of_aws(policy, uses)),
        }
    }
    Ok(api::GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(policies),
        is_truncated: Some(marker.is_some()),
        marker,
    })
}

fn of_user(tx: &impl Read, user: &User) -> Result<api::UserDetail, Error> {
    let head = &user.head;
    Ok(api::UserDetail {
        path: Some(head.path.clone()),
        user_name: Some(head.name.clone()),
        user_id: Some(head.id.clone()),
        arn: Some(entity::arn(user)),
        create_date: Some(head.created),
        user_policy_list: Some(inline(user)).filter(|policies| !policies.is_empty()),
        group_list: Some(group::of_user(tx, user)?.into_iter().map(|group| group.head.name).collect()),
        attached_managed_policies: Some(attached(user)),
        permissions_boundary: boundary::answer(user),
        tags: Some(tag::answer(&head.tags).unwrap_or_default()),
    })
}

fn of_group(group: &Group) -> api::GroupDetail {
    let head = &group.head;
    api::GroupDetail {
        path: Some(head.path.clone()),
        group_name: Some(head.name.clone()),
        group_id: Some(head.id.clone()),
        arn: Some(entity::arn(group)),
        create_date: Some(head.created),
        group_policy_list: Some(inline(group)),
        attached_managed_policies: Some(attached(group)),
    }
}

fn of_role(iam: &Iam, tx: &impl Read, role: &Role) -> Result<api::RoleDetail, Error> {
    let head = &role.head;
    let profiles = instance_profile::with_role(tx, role)?;
    let profiles: Result<_, Error> = profiles.iter().map(|profile| instance_profile::answer(tx, profile)).collect();
    Ok(api::RoleDetail {
        path: Some(head.path.clone()),
        role_name: Some(head.name.clone()),
        role_id: Some(head.id.clone()),
        arn: Some(entity::arn(role)),
        create_date: Some(head.created),
        assume_role_policy_document: Some(document::encoded(&role.trust_policy)),
        instance_profile_list: Some(profiles?),
        role_policy_list: Some(inline(role)),
        attached_managed_policies: Some(attached(role)),
        permissions_boundary: boundary::answer(role),
        tags: Some(tag::answer(&head.tags).unwrap_or_default()),
        role_last_used: Some(role::last_used(iam, role)?),
    })
}

fn of_local(tx: &impl Read, policy: &ManagedPolicy) -> Result<api::ManagedPolicyDetail, Error> {
    let head = &policy.head;
    let arn = entity::arn(policy);
    let uses = policy::uses(tx, &head.account, &arn)?;
    let newest_first = policy.versions.iter().rev();
    Ok(api::ManagedPolicyDetail {
        policy_name: Some(head.name.clone()),
        policy_id: Some(head.id.clone()),
        arn: Some(arn),
        path: Some(head.path.clone()),
        default_version_id: Some(policy_version::id(policy.default_version)),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundaries).ok(),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(head.created),
        update_date: Some(policy.updated),
        policy_version_list: Some(newest_first.map(|version| policy_version::answer(policy, version, true)).collect()),
    })
}

fn of_aws(policy: &AwsManaged, uses: Uses) -> api::ManagedPolicyDetail {
    let told = policy.answer(uses);
    api::ManagedPolicyDetail {
        policy_name: told.policy_name,
        policy_id: told.policy_id,
        arn: told.arn,
        path: told.path,
        default_version_id: told.default_version_id,
        attachment_count: told.attachment_count,
        permissions_boundary_usage_count: told.permissions_boundary_usage_count,
        is_attachable: told.is_attachable,
        description: told.description,
        create_date: told.create_date,
        update_date: told.update_date,
        policy_version_list: Some(vec![policy.version(true)]),
    }
}

fn inline(holder: &impl Holder) -> Vec<api::PolicyDetail> {
    let policies = holder.policies().inline.iter();
    let told = policies.map(|(name, text)| api::PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(document::encoded(text)),
    });
    told.collect()
}

fn attached(holder: &impl Holder) -> Vec<api::AttachedPolicy> {
    holder.policies().attached.iter().map(|arn| attachment::answer(arn)).collect()
}
