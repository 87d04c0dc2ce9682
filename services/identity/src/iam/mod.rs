//! IAM: users, groups, roles, the policies that they hold, and the keys that they sign with.
//!
//! Requests of many types are about the same few kinds of entity: [`request`] says which, so that tags, attachments,
//! inline policies and boundaries are written once for all. Every change goes through [`Iam::change`], so that the
//! authority never answers from before it.

use std::sync::Arc;

use haar_platform::Platform;
use haar_platform::aws::iam as api;
use haar_platform::kernel::{Access, Service};
use haar_platform::store::{Store, Tx};

use crate::authority::HouseAuthority;
use error::Error;
use model::Kind;

mod access;
mod access_key;
mod account;
mod attachment;
mod authorization_details;
pub(crate) mod aws_managed;
mod boundary;
mod document;
pub(crate) mod entity;
mod error;
mod group;
mod inline_policy;
mod instance_profile;
pub(crate) mod last_use;
pub mod model;
mod page;
pub mod permissions;
pub(crate) mod policy;
mod policy_version;
mod request;
mod role;
mod service_linked_role;
mod simulate;
mod tag;
#[cfg(test)]
mod tests;
mod user;

pub use model::tables;

/// What IAM works on.
pub struct Iam {
    pub(crate) store: Store,
    pub(crate) authority: Arc<HouseAuthority>,
}

impl Iam {
    /// Runs a transaction after which the authority answers anew.
    async fn change<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.authority.write(closure).await
    }
}

/// IAM, over the house's authority.
pub fn service(platform: &Platform, authority: &Arc<HouseAuthority>) -> Service {
    let iam = Iam { store: platform.store.clone(), authority: authority.clone() };
    Service::of(&api::MODEL, iam)
        // Users.
        .op::<api::CreateUser>(
            |ctx, _, input| {
                let (tags, boundary) = (input.tags.as_deref(), input.permissions_boundary.as_deref());
                Ok(access::to_create(ctx, Kind::User, input.path.as_deref(), &input.user_name, tags, boundary))
            },
            user::create,
        )
        .op::<api::DeleteUser>(access::about, user::delete)
        .op::<api::GetUser>(|ctx, iam, input| access::to_user(ctx, iam, input.user_name.as_deref()), user::get)
        .op::<api::ListUsers>(|_, _, _| Ok(Access::all()), user::list)
        .op::<api::UpdateUser>(
            |ctx, iam, input| {
                access::to_rename(ctx, iam, input, input.new_path.as_deref(), input.new_user_name.as_deref())
            },
            user::update,
        )
        .op::<api::TagUser>(access::about_tags, tag::put)
        .op::<api::UntagUser>(access::about_tag_keys, tag::remove)
        .op::<api::ListUserTags>(access::about, tag::list_of_user)
        .op::<api::PutUserPermissionsBoundary>(access::about_boundary, boundary::put)
        .op::<api::DeleteUserPermissionsBoundary>(access::about_holder, boundary::delete)
        // Access keys.
        .op::<api::CreateAccessKey>(
            |ctx, iam, input| access::to_user(ctx, iam, input.user_name.as_deref()),
            access_key::create,
        )
        .op::<api::DeleteAccessKey>(
            |ctx, iam, input| access::to_user(ctx, iam, input.user_name.as_deref()),
            access_key::delete,
        )
        .op::<api::ListAccessKeys>(
            |ctx, iam, input| access::to_user(ctx, iam, input.user_name.as_deref()),
            access_key::list,
        )
        .op::<api::UpdateAccessKey>(
            |ctx, iam, input| access::to_user(ctx, iam, input.user_name.as_deref()),
            access_key::update,
        )
        .op::<api::GetAccessKeyLastUsed>(access_key::touch_owner, access_key::last_used)
        // Groups.
        .op::<api::CreateGroup>(
            |ctx, _, input| {
                Ok(access::to_create(ctx, Kind::Group, input.path.as_deref(), &input.group_name, None, None))
            },
            group::create,
        )
        .op::<api::DeleteGroup>(access::about, group::delete)
        .op::<api::GetGroup>(access::about, group::get)
        .op::<api::ListGroups>(|_, _, _| Ok(Access::all()), group::list)
        .op::<api::UpdateGroup>(
            |ctx, iam, input| {
                access::to_rename(ctx, iam, input, input.new_path.as_deref(), input.new_group_name.as_deref())
            },
            group::update,
        )
        .op::<api::AddUserToGroup>(access::about, group::add_user)
        .op::<api::RemoveUserFromGroup>(access::about, group::remove_user)
        .op::<api::ListGroupsForUser>(access::about, group::list_for_user)
        // Roles.
        .op::<api::CreateRole>(
            |ctx, _, input| {
                let (tags, boundary) = (input.tags.as_deref(), input.permissions_boundary.as_deref());
                Ok(access::to_create(ctx, Kind::Role, input.path.as_deref(), &input.role_name, tags, boundary))
            },
            role::create,
        )
        .op::<api::DeleteRole>(access::about, role::delete)
        .op::<api::GetRole>(access::about, role::get)
        .op::<api::ListRoles>(|_, _, _| Ok(Access::all()), role::list)
        .op::<api::UpdateRole>(access::about, role::update)
        .op::<api::UpdateRoleDescription>(access::about, role::update_description)
        .op::<api::UpdateAssumeRolePolicy>(access::about, role::update_trust)
        .op::<api::TagRole>(access::about_tags, tag::put)
        .op::<api::UntagRole>(access::about_tag_keys, tag::remove)
        .op::<api::ListRoleTags>(access::about, tag::list_of_role)
        .op::<api::PutRolePermissionsBoundary>(access::about_boundary, boundary::put)
        .op::<api::DeleteRolePermissionsBoundary>(access::about_holder, boundary::delete)
        .op::<api::CreateServiceLinkedRole>(service_linked_role::touch_new, service_linked_role::create)
        .op::<api::DeleteServiceLinkedRole>(access::about, service_linked_role::delete)
        .op::<api::GetServiceLinkedRoleDeletionStatus>(
            service_linked_role::touch_task,
            service_linked_role::deletion_status,
        )
        // Instance profiles.
        .op::<api::CreateInstanceProfile>(
            |ctx, _, input| {
                let (path, name) = (input.path.as_deref(), &input.instance_profile_name);
                Ok(access::to_create(ctx, Kind::InstanceProfile, path, name, input.tags.as_deref(), None))
            },
            instance_profile::create,
        )
        .op::<api::DeleteInstanceProfile>(access::about, instance_profile::delete)
        .op::<api::GetInstanceProfile>(access::about, instance_profile::get)
        .op::<api::ListInstanceProfiles>(|_, _, _| Ok(Access::all()), instance_profile::list)
        .op::<api::ListInstanceProfilesForRole>(access::about, instance_profile::list_of_role)
        .op::<api::AddRoleToInstanceProfile>(access::about, instance_profile::add_role)
        .op::<api::RemoveRoleFromInstanceProfile>(access::about, instance_profile::remove_role)
        .op::<api::TagInstanceProfile>(access::about_tags, tag::put)
        .op::<api::UntagInstanceProfile>(access::about_tag_keys, tag::remove)
        .op::<api::ListInstanceProfileTags>(access::about, tag::list_of_instance_profile)
        // Managed policies.
        .op::<api::CreatePolicy>(
            |ctx, _, input| {
                let (path, name) = (input.path.as_deref(), &input.policy_name);
                Ok(access::to_create(ctx, Kind::Policy, path, name, input.tags.as_deref(), None))
            },
            policy::create,
        )
        .op::<api::DeletePolicy>(access::about, policy::delete)
        .op::<api::GetPolicy>(access::about, policy::get)
        .op::<api::ListPolicies>(|_, _, _| Ok(Access::all()), policy::list)
        .op::<api::ListEntitiesForPolicy>(access::about, policy::list_entities)
        .op::<api::CreatePolicyVersion>(access::about, policy_version::create)
        .op::<api::DeletePolicyVersion>(access::about, policy_version::delete)
        .op::<api::GetPolicyVersion>(access::about, policy_version::get)
        .op::<api::ListPolicyVersions>(access::about, policy_version::list)
        .op::<api::SetDefaultPolicyVersion>(access::about, policy_version::set_default)
        .op::<api::TagPolicy>(access::about_tags, tag::put)
        .op::<api::UntagPolicy>(access::about_tag_keys, tag::remove)
        .op::<api::ListPolicyTags>(access::about, tag::list_of_policy)
        // Their attachment to users, groups and roles.
        .op::<api::AttachUserPolicy>(access::about_attachment, attachment::attach)
        .op::<api::DetachUserPolicy>(access::about_attachment, attachment::detach)
        .op::<api::ListAttachedUserPolicies>(access::about, attachment::list_of_user)
        .op::<api::AttachGroupPolicy>(access::about_attachment, attachment::attach)
        .op::<api::DetachGroupPolicy>(access::about_attachment, attachment::detach)
        .op::<api::ListAttachedGroupPolicies>(access::about, attachment::list_of_group)
        .op::<api::AttachRolePolicy>(access::about_attachment, attachment::attach)
        .op::<api::DetachRolePolicy>(access::about_attachment, attachment::detach)
        .op::<api::ListAttachedRolePolicies>(access::about, attachment::list_of_role)
        // Inline policies.
        .op::<api::PutUserPolicy>(access::about_holder, inline_policy::put)
        .op::<api::GetUserPolicy>(access::about, inline_policy::get_of_user)
        .op::<api::DeleteUserPolicy>(access::about_holder, inline_policy::delete)
        .op::<api::ListUserPolicies>(access::about, inline_policy::list_of_user)
        .op::<api::PutGroupPolicy>(access::about_holder, inline_policy::put)
        .op::<api::GetGroupPolicy>(access::about, inline_policy::get_of_group)
        .op::<api::DeleteGroupPolicy>(access::about_holder, inline_policy::delete)
        .op::<api::ListGroupPolicies>(access::about, inline_policy::list_of_group)
        .op::<api::PutRolePolicy>(access::about_holder, inline_policy::put)
        .op::<api::GetRolePolicy>(access::about, inline_policy::get_of_role)
        .op::<api::DeleteRolePolicy>(access::about_holder, inline_policy::delete)
        .op::<api::ListRolePolicies>(access::about, inline_policy::list_of_role)
        // The account.
        .op::<api::CreateAccountAlias>(|_, _, _| Ok(Access::all()), account::create_alias)
        .op::<api::DeleteAccountAlias>(|_, _, _| Ok(Access::all()), account::delete_alias)
        .op::<api::ListAccountAliases>(|_, _, _| Ok(Access::all()), account::list_aliases)
        .op::<api::GetAccountSummary>(|_, _, _| Ok(Access::all()), account::summary)
        .op::<api::GetAccountAuthorizationDetails>(authorization_details::access, authorization_details::get)
        // What if.
        .op::<api::SimulatePrincipalPolicy>(simulate::access_principal, simulate::simulate_principal_policy)
        .op::<api::SimulateCustomPolicy>(simulate::access_custom, simulate::simulate_custom_policy)
        .op::<api::GetContextKeysForPrincipalPolicy>(
            simulate::access_principal_keys,
            simulate::get_context_keys_for_principal_policy,
        )
        .op::<api::GetContextKeysForCustomPolicy>(
            simulate::access_custom_keys,
            simulate::get_context_keys_for_custom_policy,
        )
        // What happens by itself.
        .job("last-uses", &authority.uses().waker, last_use::write)
        .forget(|iam| iam.authority.forget())
        .build()
}
