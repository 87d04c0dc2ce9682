//! Versions of managed policies.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;

use super::error::Error;
use super::model::{ManagedPolicy, PolicyVersion, whole_second};
use super::page::PageRequest;
use super::policy::Managed;
use super::request::{About, Paged};
use super::{Iam, document, entity, policy};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const VERSIONS_MAX: usize = 5;

pub async fn create(
    ctx: &Ctx,
    iam: &Iam,
    input: api::CreatePolicyVersionRequest,
) -> Result<api::CreatePolicyVersionResponse, Error> {
    document::check_managed(&input.policy_document)?;
    let (account, now) = (ctx.account.clone(), whole_second(ctx.now()));
    let (number, is_default) = iam
        .change(move |tx| {
            let mut policy = input.find(tx, &account)?;
            if policy.versions.len() >= VERSIONS_MAX {
                return Err(Error::LimitExceeded(format!(
                    "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you \
                     must delete an existing version."
                )));
            }
            let number = policy.last_version + 1;
            policy.last_version = number;
            policy.updated = now;
            policy.versions.push(PolicyVersion { number, document: input.policy_document, created: now });
            if input.set_as_default.unwrap_or(false) {
                policy.default_version = number;
            }
            entity::save(tx, &policy)?;
            Ok::<_, Error>((number, policy.default_version == number))
        })
        .await?;
    Ok(api::CreatePolicyVersionResponse {
        policy_version: Some(api::PolicyVersion {
            document: None,
            version_id: Some(id(number)),
            is_default_version: Some(is_default),
            create_date: Some(now),
        }),
    })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeletePolicyVersionRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let mut policy = input.find(tx, &account)?;
        let number = find(&policy, &input.version_id)?.number;
        if number == policy.default_version {
            return Err(Error::DeleteConflict("Cannot delete the default version of a policy.".into()));
        }
        policy.versions.retain(|version| version.number != number);
        entity::save(tx, &policy)
    })
    .await
}

pub async fn get(
    ctx: &Ctx,
    iam: &Iam,
    input: api::GetPolicyVersionRequest,
) -> Result<api::GetPolicyVersionResponse, Error> {
    let version = match iam.store.read(|tx| policy::find_any(tx, &ctx.account, &input.policy_arn))? {
        Managed::Aws(policy) if input.version_id == id(1) => policy.version(true),
        Managed::Aws(policy) => return Err(no_such(&policy.arn(), &input.version_id)),
        Managed::Customer(policy) => answer(&policy, find(&policy, &input.version_id)?, true),
    };
    Ok(api::GetPolicyVersionResponse { policy_version: Some(version) })
}

/// Newest first.
pub async fn list(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListPolicyVersionsRequest,
) -> Result<api::ListPolicyVersionsResponse, Error> {
    let scope = format!("ListPolicyVersions {}", input.policy_arn);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    let versions = match iam.store.read(|tx| policy::find_any(tx, &ctx.account, &input.policy_arn))? {
        Managed::Aws(policy) => vec![policy.version(false)],
        Managed::Customer(policy) => {
            let newest_first = policy.versions.iter().rev();
            newest_first.map(|version| answer(&policy, version, false)).collect()
        }
    };
    let page = page.cut(ctx, versions)?;
    Ok(api::ListPolicyVersionsResponse {
        is_truncated: Some(page.is_truncated()),
        versions: Some(page.items),
        marker: page.marker,
    })
}

pub async fn set_default(ctx: &Ctx, iam: &Iam, input: api::SetDefaultPolicyVersionRequest) -> Result<(), Error> {
    let (account, now) = (ctx.account.clone(), whole_second(ctx.now()));
    iam.change(move |tx| {
        let mut policy = input.find(tx, &account)?;
        policy.default_version = find(&policy, &input.version_id)?.number;
        policy.updated = now;
        entity::save(tx, &policy)
    })
    .await
}

/// `v1`.
pub fn id(number: u32) -> String {
    format!("v{number}")
}

/// A version in an answer.
pub fn answer(policy: &ManagedPolicy, version: &PolicyVersion, with_document: bool) -> api::PolicyVersion {
    api::PolicyVersion {
        document: with_document.then(|| document::encoded(&version.document)),
        version_id: Some(id(version.number)),
        is_default_version: Some(version.number == policy.default_version),
        create_date: Some(version.created),
    }
}

fn find<'p>(policy: &'p ManagedPolicy, version_id: &str) -> Result<&'p PolicyVersion, Error> {
    let mut versions = policy.versions.iter();
    let found = versions.find(|version| id(version.number) == version_id);
    found.ok_or_else(|| no_such(&entity::arn(policy), version_id))
}

fn no_such(arn: &str, version_id: &str) -> Error {
    Error::NoSuchEntity(format!("Policy {arn} version {version_id} does not exist or is not attachable."))
}
