//! The account: its alias, and how much of everything it has.

use std::collections::BTreeMap;

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::{Read, Span};

use super::error::Error;
use super::model::{
    ACCESS_KEYS_BY_OWNER, ACCOUNT_ALIASES, ACCOUNTS_BY_ALIAS, Group, Holder, InstanceProfile, Kind, MANAGED_POLICIES,
    ManagedPolicy, Role, User, exactly,
};
use super::page::PageRequest;
use super::request::Paged;
use super::{Iam, attachment, entity, policy_version};

/// Gives the account an alias, in place of the one it has.
pub async fn create_alias(ctx: &Ctx, iam: &Iam, input: api::CreateAccountAliasRequest) -> Result<(), Error> {
    let account = ctx.account.to_string();
    iam.change(move |tx| {
        let alias = input.account_alias;
        if tx.count_index(ACCOUNTS_BY_ALIAS, exactly(&alias))? > 0 {
            return Err(Error::EntityAlreadyExists(format!("The account alias {alias} already exists.")));
        }
        Ok(tx.put(ACCOUNT_ALIASES, &account, &alias)?)
    })
    .await
}

pub async fn delete_alias(ctx: &Ctx, iam: &Iam, input: api::DeleteAccountAliasRequest) -> Result<(), Error> {
    let account = ctx.account.to_string();
    iam.change(move |tx| {
        let alias = input.account_alias;
        if tx.get(ACCOUNT_ALIASES, &account)?.as_ref() != Some(&alias) {
            return Err(Error::NoSuchEntity(format!("The account alias {alias} cannot be found.")));
        }
        tx.delete(ACCOUNT_ALIASES, &account)?;
        Ok(())
    })
    .await
}

pub async fn list_aliases(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListAccountAliasesRequest,
) -> Result<api::ListAccountAliasesResponse, Error> {
    let page = PageRequest::read(ctx, "ListAccountAliases".into(), input.marker(), input.max_items())?;
    let alias = iam.store.read(|tx| tx.get(ACCOUNT_ALIASES, ctx.account.as_str()))?;
    let page = page.cut(ctx, alias)?;
    let is_truncated = Some(page.is_truncated());
    Ok(api::ListAccountAliasesResponse { account_aliases: page.items, is_truncated, marker: page.marker })
}

/// What there is, beside the quotas that hold for it. What haar does not serve (MFA devices, server certificates) is
/// there zero times, with AWS's default quota.
pub async fn summary(ctx: &Ctx, iam: &Iam, (): ()) -> Result<api::GetAccountSummaryResponse, Error> {
    let account = ctx.account.as_str();
    let counts = iam.store.read(|tx| {
        let mut versions = 0;
        for policy in tx.scan(MANAGED_POLICIES, Span::under((account,))) {
            versions += policy?.1.versions.len() as u64;
        }
        Ok::<_, Error>([
            ("Users", entity::count::<User>(tx, account)?),
            ("Groups", entity::count::<Group>(tx, account)?),
            ("Roles", entity::count::<Role>(tx, account)?),
            ("InstanceProfiles", entity::count::<InstanceProfile>(tx, account)?),
            ("Policies", entity::count::<ManagedPolicy>(tx, account)?),
            ("PolicyVersionsInUse", versions),
            ("AccountAccessKeysPresent", tx.count_index(ACCESS_KEYS_BY_OWNER, exactly(account))?),
        ])
    })?;
    let quotas = [
        ("UsersQuota", Kind::User.quota().1),
        ("GroupsQuota", Kind::Group.quota().1),
        ("RolesQuota", Kind::Role.quota().1),
        ("InstanceProfilesQuota", Kind::InstanceProfile.quota().1),
        ("PoliciesQuota", Kind::Policy.quota().1),
        ("PolicyVersionsInUseQuota", 10_000),
        ("VersionsPerPolicyQuota", policy_version::VERSIONS_MAX),
        ("PolicySizeQuota", super::document::MANAGED_SIZE_MAX),
        ("AssumeRolePolicySizeQuota", super::document::TRUST_SIZE_MAX),
        ("UserPolicySizeQuota", User::INLINE_SIZE_MAX),
        ("GroupPolicySizeQuota", Group::INLINE_SIZE_MAX),
        ("RolePolicySizeQuota", Role::INLINE_SIZE_MAX),
        ("AttachedPoliciesPerUserQuota", attachment::ATTACHED_MAX),
        ("AttachedPoliciesPerGroupQuota", attachment::ATTACHED_MAX),
        ("AttachedPoliciesPerRoleQuota", attachment::ATTACHED_MAX),
        ("GroupsPerUserQuota", super::group::GROUPS_PER_USER_MAX),
        ("AccessKeysPerUserQuota", super::access_key::KEYS_PER_USER_MAX),
        ("SigningCertificatesPerUserQuota", 2),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", 20),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("Providers", 0),
        ("GlobalEndpointTokenVersion", 1),
    ];
    let mut summary: BTreeMap<_, _> = quotas.into_iter().map(|(key, value)| (key, value as u64)).collect();
    summary.extend(counts);
    let summary = summary.into_iter().map(|(key, value)| (key.to_owned(), i32::try_from(value).unwrap_or(i32::MAX)));
    Ok(api::GetAccountSummaryResponse { summary_map: Some(summary.collect()) })
}
