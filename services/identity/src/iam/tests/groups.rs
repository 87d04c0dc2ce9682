//! Groups and memberships.

use super::*;

fn membership(group: &str, user: &str) -> api::AddUserToGroupRequest {
    api::AddUserToGroupRequest { group_name: group.into(), user_name: user.into() }
}

async fn groups_of(house: &House, user: &str) -> Vec<String> {
    let input = api::ListGroupsForUserRequest { user_name: user.into(), ..Default::default() };
    let groups = house.call::<api::ListGroupsForUser>(input).await.unwrap().groups;
    groups.into_iter().map(|group| group.group_name).collect()
}

#[tokio::test]
async fn members_are_paged_by_name() {
    let house = open();
    let group = house.group("developers").await;
    assert!(group.group_id.starts_with("AGPA"));
    for user in ["carol", "alice", "bob"] {
        house.user(user).await;
        house.call::<api::AddUserToGroup>(membership("developers", user)).await.unwrap();
    }
    let input = api::GetGroupRequest { group_name: "Developers".into(), max_items: Some(2), marker: None };
    let first = house.call::<api::GetGroup>(input.clone()).await.unwrap();
    let names: Vec<_> = first.users.iter().map(|user| user.user_name.as_str()).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(first.group.group_name, "developers");
    let second = house.call::<api::GetGroup>(api::GetGroupRequest { marker: first.marker, ..input }).await.unwrap();
    assert_eq!(second.users[0].user_name, "carol");
    assert_eq!((second.is_truncated, second.marker), (Some(false), None));
}

#[tokio::test]
async fn joining_and_leaving_twice_is_no_mistake() {
    let house = open();
    house.group("developers").await;
    house.user("alice").await;
    house.call::<api::AddUserToGroup>(membership("developers", "alice")).await.unwrap();
    house.call::<api::AddUserToGroup>(membership("developers", "alice")).await.unwrap();
    assert_eq!(groups_of(&house, "alice").await, ["developers"]);
    for _ in 0..2 {
        let input = api::RemoveUserFromGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
        house.call::<api::RemoveUserFromGroup>(input).await.unwrap();
    }
    assert!(groups_of(&house, "alice").await.is_empty());
}

#[tokio::test]
async fn a_user_is_in_at_most_ten_groups() {
    let house = open();
    house.user("alice").await;
    for number in 0..10 {
        let name = format!("group{number}");
        house.group(&name).await;
        house.call::<api::AddUserToGroup>(membership(&name, "alice")).await.unwrap();
    }
    house.group("eleventh").await;
    let refused = house.refused::<api::AddUserToGroup>(membership("eleventh", "alice")).await;
    assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10"));
}

#[tokio::test]
async fn a_renamed_group_keeps_its_members() {
    let house = open();
    house.group("developers").await;
    house.user("alice").await;
    house.call::<api::AddUserToGroup>(membership("developers", "alice")).await.unwrap();
    let input = api::UpdateGroupRequest {
        group_name: "developers".into(),
        new_group_name: Some("engineers".into()),
        new_path: None,
    };
    house.call::<api::UpdateGroup>(input).await.unwrap();
    assert_eq!(groups_of(&house, "alice").await, ["engineers"]);
}

#[tokio::test]
async fn a_group_with_members_stays() {
    let house = open();
    house.group("developers").await;
    house.user("alice").await;
    house.call::<api::AddUserToGroup>(membership("developers", "alice")).await.unwrap();
    let input = api::DeleteGroupRequest { group_name: "developers".into() };
    let refused = house.refused::<api::DeleteGroup>(input).await;
    assert_eq!(refused, error("DeleteConflict", "Cannot delete entity, must remove users from group first."));
}

#[tokio::test]
async fn both_sides_of_a_membership_must_exist() {
    let house = open();
    house.group("developers").await;
    let refused = house.refused::<api::AddUserToGroup>(membership("developers", "nobody")).await;
    assert_eq!(refused, error("NoSuchEntity", "The user with name nobody cannot be found."));
    let refused = house.refused::<api::AddUserToGroup>(membership("nowhere", "nobody")).await;
    assert_eq!(refused, error("NoSuchEntity", "The group with name nowhere cannot be found."));
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let house = open();
    house.group("developers").await;
    let input = api::CreateGroupRequest { group_name: "Developers".into(), path: None };
    let refused = house.refused::<api::CreateGroup>(input).await;
    assert_eq!(refused, error("EntityAlreadyExists", "Group with name Developers already exists."));
}
