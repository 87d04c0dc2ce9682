//! Managed policies: the account's own, and AWS's beside them.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span, StoreError};

use super::aws_managed::{self, AwsManaged};
use super::error::Error;
use super::model::{
    GROUPS_BY_POLICY, Group, Holder, Kind, MANAGED_POLICIES, ManagedPolicy, PolicyVersion, ROLES_BY_POLICY, Role,
    USERS_BY_POLICY, User, key,
};
use super::page::PageRequest;
use super::request::{About, Paged};
use super::{Iam, document, entity, tag};

/// A managed policy of either kind.
pub enum Managed {
    Aws(&'static AwsManaged),
    Customer(ManagedPolicy),
}

pub async fn create(ctx: &Ctx, iam: &Iam, input: api::CreatePolicyRequest) -> Result<api::CreatePolicyResponse, Error> {
    document::check_managed(&input.policy_document)?;
    let tags = tag::checked(input.tags.unwrap_or_default())?;
    let head = entity::head(ctx, Kind::Policy, input.path, input.policy_name, tags);
    let created = head.created;
    let policy = ManagedPolicy {
        head,
        description: input.description,
        updated: created,
        versions: vec![PolicyVersion { number: 1, document: input.policy_document, created }],
        default_version: 1,
        last_version: 1,
    };
    let answer = answer(&policy, Uses::default());
    iam.change(move |tx| entity::create(tx, &policy)).await?;
    Ok(api::CreatePolicyResponse { policy: Some(answer) })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeletePolicyRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let policy = input.find(tx, &account)?;
        if uses(tx, &account, &input.policy_arn)?.any() {
            return Err(Error::DeleteConflict("Cannot delete a policy attached to entities.".into()));
        }
        if policy.versions.len() > 1 {
            return Err(Error::DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy."
                    .into(),
            ));
        }
        entity::delete(tx, &policy)
    })
    .await
}

pub async fn get(ctx: &Ctx, iam: &Iam, input: api::GetPolicyRequest) -> Result<api::GetPolicyResponse, Error> {
    let policy = iam.store.read(|tx| {
        let uses = uses(tx, &ctx.account, &input.policy_arn)?;
        Ok::<_, Error>(match find_any(tx, &ctx.account, &input.policy_arn)? {
            Managed::Aws(policy) => policy.answer(uses),
            Managed::Customer(policy) => answer(&policy, uses),
        })
    })?;
    Ok(api::GetPolicyResponse { policy: Some(policy) })
}

/// AWS's policies first, then the account's, each by name.
pub async fn list(ctx: &Ctx, iam: &Iam, input: api::ListPoliciesRequest) -> Result<api::ListPoliciesResponse, Error> {
    let api::ListPoliciesRequest { scope, only_attached, path_prefix, policy_usage_filter, .. } = &input;
    let selection = format!("ListPolicies {scope:?} {only_attached:?} {path_prefix:?} {policy_usage_filter:?}");
    let page = PageRequest::read(ctx, selection, input.marker(), input.max_items())?;
    let mut policies = iam.store.read(|tx| all(tx, ctx, scope.unwrap_or(api::PolicyScopeType::All)))?;
    policies.retain(|policy| {
        let (attached, boundaries) = (policy.attachment_count, policy.permissions_boundary_usage_count);
        let path = policy.path.as_deref().unwrap_or("/");
        let used = match policy_usage_filter {
            Some(api::PolicyUsageType::PermissionsPolicy) => attached > Some(0),
            Some(api::PolicyUsageType::PermissionsBoundary) => boundaries > Some(0),
            None => !only_attached.unwrap_or(false) || attached > Some(0) || boundaries > Some(0),
        };
        used && path.starts_with(path_prefix.as_deref().unwrap_or("/"))
    });
    let page = page.cut(ctx, policies)?;
    Ok(api::ListPoliciesResponse {
        is_truncated: Some(page.is_truncated()),
        policies: Some(page.items),
        marker: page.marker,
    })
}

/// Groups, users and roles in one list, so that a page holds so many of them together.
pub async fn list_entities(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListEntitiesForPolicyRequest,
) -> Result<api::ListEntitiesForPolicyResponse, Error> {
    let arn = &input.policy_arn;
    let api::ListEntitiesForPolicyRequest { entity_filter, path_prefix, policy_usage_filter, .. } = &input;
    let scope = format!("ListEntitiesForPolicy {arn} {entity_filter:?} {path_prefix:?} {policy_usage_filter:?}");
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    let wanted = |kind: api::EntityType| entity_filter.is_none_or(|filter| filter == kind);
    let mut found = Vec::new();
    iam.store.read(|tx| {
        find_any(tx, &ctx.account, arn)?;
        if wanted(api::EntityType::Group) {
            found.extend(using::<Group>(tx, ctx, &input)?);
        }
        if wanted(api::EntityType::User) {
            found.extend(using::<User>(tx, ctx, &input)?);
        }
        if wanted(api::EntityType::Role) {
            found.extend(using::<Role>(tx, ctx, &input)?);
        }
        Ok::<_, Error>(())
    })?;
    let page = page.cut(ctx, found)?;
    let mut answer = api::ListEntitiesForPolicyResponse {
        is_truncated: Some(page.is_truncated()),
        marker: page.marker,
        policy_groups: Some(Vec::new()),
        policy_users: Some(Vec::new()),
        policy_roles: Some(Vec::new()),
    };
    for (kind, name, id) in page.items {
        let (name, id) = (Some(name), Some(id));
        match kind {
            Kind::Group => {
                answer.policy_groups.get_or_insert_default().push(api::PolicyGroup { group_name: name, group_id: id })
            }
            Kind::Role => {
                answer.policy_roles.get_or_insert_default().push(api::PolicyRole { role_name: name, role_id: id })
            }
            _ => answer.policy_users.get_or_insert_default().push(api::PolicyUser { user_name: name, user_id: id }),
        }
    }
    Ok(answer)
}

/// Kind, name and unique id of the entities of one kind that use the policy.
fn using<E: Holder>(
    tx: &impl Read,
    ctx: &Ctx,
    input: &api::ListEntitiesForPolicyRequest,
) -> Result<Vec<(Kind, String, String)>, Error> {
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let mut found = Vec::new();
    for holder in tx.scan_index(E::BY_POLICY, Span::under((ctx.account.as_str(), input.policy_arn.as_str()))) {
        let ((_, _, as_boundary), _, holder) = holder?;
        let wanted = match input.policy_usage_filter {
            Some(api::PolicyUsageType::PermissionsPolicy) => !as_boundary,
            Some(api::PolicyUsageType::PermissionsBoundary) => as_boundary,
            None => true,
        };
        let head = holder.head();
        let entry = (E::KIND, head.name.clone(), head.id.clone());
        if wanted && head.path.starts_with(prefix) && !found.contains(&entry) {
            found.push(entry);
        }
    }
    Ok(found)
}

fn all(tx: &impl Read, ctx: &Ctx, scope: api::PolicyScopeType) -> Result<Vec<api::Policy>, Error> {
    let mut policies = Vec::new();
    if scope != api::PolicyScopeType::Local {
        for policy in aws_managed::ALL {
            let uses = uses(tx, &ctx.account, &policy.arn())?;
            policies.push(api::Policy { description: None, ..policy.answer(uses) });
        }
    }
    if scope != api::PolicyScopeType::Aws {
        for policy in tx.scan(MANAGED_POLICIES, Span::under((ctx.account.as_str(),))) {
            let (_, policy) = policy?;
            let uses = uses(tx, &ctx.account, &entity::arn(&policy))?;
            policies.push(api::Policy { description: None, tags: None, ..answer(&policy, uses) });
        }
    }
    Ok(policies)
}

/// The account's own policy with that ARN, or `NoSuchEntity`.
pub fn find(tx: &impl Read, account: &str, arn: &str) -> Result<ManagedPolicy, Error> {
    by_arn(tx, account, arn)?.ok_or_else(|| Error::no_such(Kind::Policy, arn))
}

/// The account's own policy with that ARN.
pub fn by_arn(tx: &impl Read, account: &str, arn: &str) -> Result<Option<ManagedPolicy>, StoreError> {
    let policy = tx.get(MANAGED_POLICIES, &key(account, name_of(arn)))?;
    Ok(policy.filter(|policy| entity::arn(policy) == arn))
}

/// A policy of either kind, or `NoSuchEntity`.
pub fn find_any(tx: &impl Read, account: &str, arn: &str) -> Result<Managed, Error> {
    match aws_managed::find(arn) {
        Some(policy) => Ok(Managed::Aws(policy)),
        None => Ok(Managed::Customer(find(tx, account, arn)?)),
    }
}

/// Whether there is such a policy, of either kind.
pub fn exists(tx: &impl Read, account: &str, arn: &str) -> Result<bool, StoreError> {
    Ok(aws_managed::find(arn).is_some() || by_arn(tx, account, arn)?.is_some())
}

/// Whether the account can attach the policy, or use it as a boundary.
pub fn check_attachable(tx: &impl Read, account: &str, arn: &str) -> Result<(), Error> {
    if exists(tx, account, arn)? { Ok(()) } else { Err(Error::not_attachable(arn)) }
}

/// `name` of `arn:aws:iam::123456789012:policy/path/name`.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// `/path/` of `arn:aws:iam::123456789012:policy/path/name`.
pub fn path_of(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let path_and_name = resource.strip_prefix("policy").unwrap_or_default();
    path_and_name.rfind('/').map_or("/", |end| &path_and_name[..=end])
}

/// How often a policy is used in an account.
#[derive(Clone, Copy, Default)]
pub struct Uses {
    pub attached: u64,
    pub boundaries: u64,
}

impl Uses {
    fn any(self) -> bool {
        self.attached + self.boundaries > 0
    }
}

/// Counts the users, groups and roles with a managed policy.
pub fn uses(tx: &impl Read, account: &str, arn: &str) -> Result<Uses, StoreError> {
    let count = |as_boundary: bool| {
        let span = || Span::between((account, arn), as_boundary..=as_boundary);
        let users = tx.count_index(USERS_BY_POLICY, span())?;
        let groups = tx.count_index(GROUPS_BY_POLICY, span())?;
        let roles = tx.count_index(ROLES_BY_POLICY, span())?;
        Ok::<_, StoreError>(users + groups + roles)
    };
    Ok(Uses { attached: count(false)?, boundaries: count(true)? })
}

fn answer(policy: &ManagedPolicy, uses: Uses) -> api::Policy {
    let head = &policy.head;
    api::Policy {
        policy_name: Some(head.name.clone()),
        policy_id: Some(head.id.clone()),
        arn: Some(entity::arn(policy)),
        path: Some(head.path.clone()),
        default_version_id: Some(super::policy_version::id(policy.default_version)),
        attachment_count: i32::try_from(uses.attached).ok(),
        permissions_boundary_usage_count: i32::try_from(uses.boundaries).ok(),
        is_attachable: Some(true),
        description: policy.description.clone(),
        create_date: Some(head.created),
        update_date: Some(policy.updated),
        tags: tag::answer(&head.tags),
    }
}
