//! Which entity a request is about. AWS has a request type per operation; what they name is the same few things, and
//! saying so here lets one function serve users, groups and roles alike.

use haar_platform::aws::iam::*;
use haar_platform::store::Read;

use super::error::Error;
use super::model::{self, Entity};
use super::{entity, policy};

/// A request about one entity, which it names or gives the ARN of.
pub trait About: Send + Sync + 'static {
    type Entity: Entity;

    /// The entity, or `NoSuchEntity`.
    fn find(&self, tx: &impl Read, account: &str) -> Result<Self::Entity, Error>;

    /// The ARN that the entity would have if it does not exist: it is authorized before anybody learns that.
    fn arn(&self, account: &str) -> String;
}

/// A request about a managed policy and what it is attached to.
pub trait AboutAttachment: About {
    fn policy_arn(&self) -> &str;
}

/// A request about one inline policy of an entity.
pub trait AboutInline: About {
    fn policy_name(&self) -> &str;
}

/// A request that sets an inline policy.
pub trait PutInline: AboutInline {
    fn policy_document(&self) -> &str;
}

/// A request that sets a permissions boundary.
pub trait PutBoundary: About {
    fn permissions_boundary(&self) -> &str;
}

/// A request that sets tags.
pub trait PutTags: About {
    fn tags(&self) -> &[Tag];
}

/// A request that removes tags.
pub trait RemoveTags: About {
    fn tag_keys(&self) -> &[String];
}

/// A request for a page.
pub trait Paged {
    fn marker(&self) -> Option<&str>;
    fn max_items(&self) -> Option<i32>;
}

macro_rules! by_name {
    ($($entity:ident by $field:ident: $($request:ident),* $(,)?;)*) => {$($(
        impl About for $request {
            type Entity = model::$entity;
            fn find(&self, tx: &impl Read, account: &str) -> Result<model::$entity, Error> {
                entity::find(tx, account, &self.$field)
            }
            fn arn(&self, account: &str) -> String {
                model::$entity::KIND.arn(account, "/", &self.$field).to_string()
            }
        }
    )*)*};
}

macro_rules! by_policy_arn {
    ($($request:ident),* $(,)?) => {$(
        impl About for $request {
            type Entity = model::ManagedPolicy;
            fn find(&self, tx: &impl Read, account: &str) -> Result<model::ManagedPolicy, Error> {
                policy::find(tx, account, &self.policy_arn)
            }
            fn arn(&self, _: &str) -> String {
                self.policy_arn.clone()
            }
        }
    )*};
}

macro_rules! with_field {
    ($($about:ident, $field:ident -> $type:ty: $($request:ident),* $(,)?;)*) => {$($(
        impl $about for $request {
            fn $field(&self) -> $type {
                &self.$field
            }
        }
    )*)*};
}

macro_rules! paged {
    ($($request:ident),* $(,)?) => {$(
        impl Paged for $request {
            fn marker(&self) -> Option<&str> {
                self.marker.as_deref()
            }
            fn max_items(&self) -> Option<i32> {
                self.max_items
            }
        }
    )*};
}

by_name! {
    User by user_name: DeleteUserRequest, UpdateUserRequest, TagUserRequest, UntagUserRequest, ListUserTagsRequest,
        PutUserPermissionsBoundaryRequest, DeleteUserPermissionsBoundaryRequest, ListGroupsForUserRequest,
        AttachUserPolicyRequest, DetachUserPolicyRequest, ListAttachedUserPoliciesRequest,
        PutUserPolicyRequest, GetUserPolicyRequest, DeleteUserPolicyRequest, ListUserPoliciesRequest;
    Group by group_name: DeleteGroupRequest, GetGroupRequest, UpdateGroupRequest,
        AddUserToGroupRequest, RemoveUserFromGroupRequest,
        AttachGroupPolicyRequest, DetachGroupPolicyRequest, ListAttachedGroupPoliciesRequest,
        PutGroupPolicyRequest, GetGroupPolicyRequest, DeleteGroupPolicyRequest, ListGroupPoliciesRequest;
    Role by role_name: DeleteRoleRequest, GetRoleRequest, UpdateRoleRequest, UpdateRoleDescriptionRequest,
        UpdateAssumeRolePolicyRequest, TagRoleRequest, UntagRoleRequest, ListRoleTagsRequest,
        PutRolePermissionsBoundaryRequest, DeleteRolePermissionsBoundaryRequest, DeleteServiceLinkedRoleRequest,
        ListInstanceProfilesForRoleRequest,
        AttachRolePolicyRequest, DetachRolePolicyRequest, ListAttachedRolePoliciesRequest,
        PutRolePolicyRequest, GetRolePolicyRequest, DeleteRolePolicyRequest, ListRolePoliciesRequest;
    InstanceProfile by instance_profile_name: DeleteInstanceProfileRequest, GetInstanceProfileRequest,
        AddRoleToInstanceProfileRequest, RemoveRoleFromInstanceProfileRequest,
        TagInstanceProfileRequest, UntagInstanceProfileRequest, ListInstanceProfileTagsRequest;
}

by_policy_arn! {
    DeletePolicyRequest, GetPolicyRequest, ListEntitiesForPolicyRequest,
    CreatePolicyVersionRequest, DeletePolicyVersionRequest, GetPolicyVersionRequest, ListPolicyVersionsRequest,
    SetDefaultPolicyVersionRequest, TagPolicyRequest, UntagPolicyRequest, ListPolicyTagsRequest,
}

with_field! {
    AboutAttachment, policy_arn -> &str: AttachUserPolicyRequest, DetachUserPolicyRequest,
        AttachGroupPolicyRequest, DetachGroupPolicyRequest, AttachRolePolicyRequest, DetachRolePolicyRequest;
    AboutInline, policy_name -> &str: PutUserPolicyRequest, GetUserPolicyRequest, DeleteUserPolicyRequest,
        PutGroupPolicyRequest, GetGroupPolicyRequest, DeleteGroupPolicyRequest,
        PutRolePolicyRequest, GetRolePolicyRequest, DeleteRolePolicyRequest;
    PutInline, policy_document -> &str: PutUserPolicyRequest, PutGroupPolicyRequest, PutRolePolicyRequest;
    PutBoundary, permissions_boundary -> &str: PutUserPermissionsBoundaryRequest, PutRolePermissionsBoundaryRequest;
    PutTags, tags -> &[Tag]: TagUserRequest, TagRoleRequest, TagInstanceProfileRequest, TagPolicyRequest;
    RemoveTags, tag_keys -> &[String]: UntagUserRequest, UntagRoleRequest, UntagInstanceProfileRequest,
        UntagPolicyRequest;
}

paged! {
    ListUsersRequest, ListGroupsRequest, ListRolesRequest, ListInstanceProfilesRequest, ListPoliciesRequest,
    ListAccessKeysRequest, ListAccountAliasesRequest, GetGroupRequest, ListGroupsForUserRequest,
    ListInstanceProfilesForRoleRequest, ListEntitiesForPolicyRequest, ListPolicyVersionsRequest,
    ListUserTagsRequest, ListRoleTagsRequest, ListInstanceProfileTagsRequest, ListPolicyTagsRequest,
    ListUserPoliciesRequest, ListGroupPoliciesRequest, ListRolePoliciesRequest,
    ListAttachedUserPoliciesRequest, ListAttachedGroupPoliciesRequest, ListAttachedRolePoliciesRequest,
}
