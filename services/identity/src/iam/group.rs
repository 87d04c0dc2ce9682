//! Groups, and who is in them.

use haar_platform::aws::iam as api;
use haar_platform::kernel::Ctx;
use haar_platform::store::Read;

use super::error::Error;
use super::model::{Entity, GROUPS_BY_ID, Group, Kind, PolicySet, USERS_BY_GROUP, User, exactly, key};
use super::page::PageRequest;
use super::request::{About, Paged};
use super::{Iam, entity, user};

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const GROUPS_PER_USER_MAX: usize = 10;

pub async fn create(ctx: &Ctx, iam: &Iam, input: api::CreateGroupRequest) -> Result<api::CreateGroupResponse, Error> {
    let group = Group {
        head: entity::head(ctx, Kind::Group, input.path, input.group_name, Vec::new()),
        policies: PolicySet::default(),
    };
    let answer = answer(&group);
    iam.change(move |tx| entity::create(tx, &group)).await?;
    Ok(api::CreateGroupResponse { group: answer })
}

pub async fn delete(ctx: &Ctx, iam: &Iam, input: api::DeleteGroupRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let group = input.find(tx, &account)?;
        group.policies.check_empty()?;
        if tx.count_index(USERS_BY_GROUP, exactly(&group.head.id))? > 0 {
            return Err(Error::must_first("remove users from group"));
        }
        entity::delete(tx, &group)
    })
    .await
}

/// The group, and a page of its users.
pub async fn get(ctx: &Ctx, iam: &Iam, input: api::GetGroupRequest) -> Result<api::GetGroupResponse, Error> {
    let scope = format!("GetGroup {}", input.group_name);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    iam.store.read(|tx| {
        let group = input.find(tx, &ctx.account)?;
        let mut members = exactly(&group.head.id);
        if let Some(after) = page.after() {
            members = members.after_entry(&(&group.head.id), &key(&ctx.account, after));
        }
        let users = tx.scan_index(USERS_BY_GROUP, members);
        let page = page.fill(ctx, users.map(|found| found.map(|(_, (_, name), user)| (name, user))))?;
        Ok(api::GetGroupResponse {
            group: answer(&group),
            is_truncated: Some(page.is_truncated()),
            users: page.items.iter().map(user::brief).collect(),
            marker: page.marker,
        })
    })
}

pub async fn list(ctx: &Ctx, iam: &Iam, input: api::ListGroupsRequest) -> Result<api::ListGroupsResponse, Error> {
    let prefix = input.path_prefix.as_deref();
    let page = PageRequest::read(ctx, format!("ListGroups {prefix:?}"), input.marker(), input.max_items())?;
    let page = iam.store.read(|tx| entity::list(tx, ctx, prefix, &page))?;
    let is_truncated = Some(page.is_truncated());
    let groups = page.items.iter().map(answer).collect();
    Ok(api::ListGroupsResponse { groups, is_truncated, marker: page.marker })
}

pub async fn update(ctx: &Ctx, iam: &Iam, input: api::UpdateGroupRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let group: Group = input.find(tx, &account)?;
        entity::rename(tx, group, input.new_path, input.new_group_name)?;
        Ok(())
    })
    .await
}

pub async fn add_user(ctx: &Ctx, iam: &Iam, input: api::AddUserToGroupRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let group = input.find(tx, &account)?;
        let mut user: User = entity::find(tx, &account, &input.user_name)?;
        if user.groups.contains(&group.head.id) {
            return Ok(());
        }
        if user.groups.len() >= GROUPS_PER_USER_MAX {
            return Err(Error::over_quota("GroupsPerUser", GROUPS_PER_USER_MAX));
        }
        user.groups.push(group.head.id);
        entity::save(tx, &user)
    })
    .await
}

pub async fn remove_user(ctx: &Ctx, iam: &Iam, input: api::RemoveUserFromGroupRequest) -> Result<(), Error> {
    let account = ctx.account.clone();
    iam.change(move |tx| {
        let group = input.find(tx, &account)?;
        let mut user: User = entity::find(tx, &account, &input.user_name)?;
        user.groups.retain(|id| *id != group.head.id);
        entity::save(tx, &user)
    })
    .await
}

pub async fn list_for_user(
    ctx: &Ctx,
    iam: &Iam,
    input: api::ListGroupsForUserRequest,
) -> Result<api::ListGroupsForUserResponse, Error> {
    let scope = format!("ListGroupsForUser {}", input.user_name);
    let page = PageRequest::read(ctx, scope, input.marker(), input.max_items())?;
    let groups = iam.store.read(|tx| of_user(tx, &input.find(tx, &ctx.account)?))?;
    let page = page.cut(ctx, groups)?;
    let is_truncated = Some(page.is_truncated());
    let groups = page.items.iter().map(answer).collect();
    Ok(api::ListGroupsForUserResponse { groups, is_truncated, marker: page.marker })
}

/// The groups that a user is in, by name.
pub fn of_user(tx: &impl Read, user: &User) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::new();
    for id in &user.groups {
        groups.extend(entity::by_id(tx, GROUPS_BY_ID, id)?);
    }
    groups.sort_by_key(Entity::key);
    Ok(groups)
}

pub fn answer(group: &Group) -> api::Group {
    let head = &group.head;
    api::Group {
        path: head.path.clone(),
        group_name: head.name.clone(),
        group_id: head.id.clone(),
        arn: entity::arn(group),
        create_date: head.created,
    }
}
