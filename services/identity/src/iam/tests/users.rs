//! Users come, go and change their names.

use super::*;

fn named(name: &str) -> api::CreateUserRequest {
    api::CreateUserRequest { user_name: name.into(), ..Default::default() }
}

async fn names(house: &House, input: api::ListUsersRequest) -> (Vec<String>, Option<String>) {
    let page = house.call::<api::ListUsers>(input).await.unwrap();
    assert_eq!(page.is_truncated, Some(page.marker.is_some()));
    (page.users.into_iter().map(|user| user.user_name).collect(), page.marker)
}

#[tokio::test]
async fn a_user_has_a_path_an_arn_and_an_id() {
    let house = open();
    let input = api::CreateUserRequest { path: Some("/division/".into()), ..named("Alice") };
    let user = house.call::<api::CreateUser>(input).await.unwrap().user.unwrap();
    assert_eq!(user.arn, "arn:aws:iam::000000000000:user/division/Alice");
    assert!(user.user_id.starts_with("AIDA") && user.user_id.len() == 21, "{}", user.user_id);
    assert_eq!(user.create_date, house.now());
    let input = api::GetUserRequest { user_name: Some("alice".into()) };
    let found = house.call::<api::GetUser>(input).await.unwrap().user;
    assert_eq!((found.user_name, found.user_id), ("Alice".into(), user.user_id));
}

#[tokio::test]
async fn time_is_told_in_whole_seconds() {
    let house = open();
    house.advance(std::time::Duration::from_millis(1500)).await;
    assert_eq!(house.user("alice").await.create_date.millis() % 1000, 0);
}

#[tokio::test]
async fn a_name_is_taken_in_any_case() {
    let house = open();
    house.user("alice").await;
    let refused = house.refused::<api::CreateUser>(named("ALICE")).await;
    assert_eq!(refused, error("EntityAlreadyExists", "User with name ALICE already exists."));
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let house = open();
    let input = api::GetUserRequest { user_name: Some("nobody".into()) };
    let refused = house.refused::<api::GetUser>(input).await;
    assert_eq!(refused, error("NoSuchEntity", "The user with name nobody cannot be found."));
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let house = open();
    house.user("alice").await;
    let other = house.root("111111111111");
    let users = house.call_as::<api::ListUsers>(&other, "eu-west-1", Default::default()).await.unwrap().users;
    assert!(users.is_empty());
    let user = house.call_as::<api::CreateUser>(&other, "eu-west-1", named("alice")).await.unwrap().user.unwrap();
    assert_eq!(user.arn, "arn:aws:iam::111111111111:user/alice");
}

#[tokio::test]
async fn without_a_name_it_is_the_calling_user() {
    let house = open();
    let alice = house.caller("alice").await;
    house.attach("alice", ADMINISTRATOR).await;
    let found = house.call_as::<api::GetUser>(&alice, REGION, Default::default()).await.unwrap();
    assert_eq!(found.user.user_name, "alice");
    let root = house.call::<api::GetUser>(Default::default()).await.unwrap().user;
    assert_eq!(root.arn, "arn:aws:iam::000000000000:root");
    assert_eq!(root.user_id, "000000000000");
}

#[tokio::test]
async fn lists_are_paged_by_name_and_filtered_by_path() {
    let house = open();
    for (name, path) in [("carol", "/a/"), ("Bob", "/a/b/"), ("alice", "/c/"), ("dave", "/a/")] {
        let input = api::CreateUserRequest { path: Some(path.into()), ..named(name) };
        house.call::<api::CreateUser>(input).await.unwrap();
    }
    let all = api::ListUsersRequest::default();
    assert_eq!(names(&house, all.clone()).await.0, ["alice", "Bob", "carol", "dave"]);
    let two = api::ListUsersRequest { path_prefix: Some("/a/".into()), max_items: Some(2), ..all };
    let (first, marker) = names(&house, two.clone()).await;
    assert_eq!(first, ["Bob", "carol"]);
    let (second, end) = names(&house, api::ListUsersRequest { marker: marker.clone(), ..two.clone() }).await;
    assert_eq!((second, end), (vec!["dave".to_owned()], None));

    let other_path = api::ListUsersRequest { path_prefix: Some("/".into()), marker, ..two };
    let refused = house.refused::<api::ListUsers>(other_path).await;
    assert_eq!(refused, error("ValidationError", "Invalid Marker."));
}

#[tokio::test]
async fn a_page_that_holds_everything_is_not_truncated() {
    let house = open();
    house.user("alice").await;
    house.user("bob").await;
    let input = api::ListUsersRequest { max_items: Some(2), ..Default::default() };
    assert_eq!(names(&house, input).await, (vec!["alice".into(), "bob".into()], None));
}

#[tokio::test]
async fn a_new_name_keeps_id_policies_groups_and_keys() {
    let house = open();
    let before = house.user("alice").await;
    house.group("developers").await;
    let member = api::AddUserToGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
    house.call::<api::AddUserToGroup>(member).await.unwrap();
    house.attach("alice", READ_ONLY).await;
    house.access_key("alice").await;
    let input = api::UpdateUserRequest {
        user_name: "alice".into(),
        new_user_name: Some("alicia".into()),
        new_path: Some("/new/".into()),
    };
    house.call::<api::UpdateUser>(input).await.unwrap();
    let input = api::GetUserRequest { user_name: Some("alicia".into()) };
    let after = house.call::<api::GetUser>(input).await.unwrap().user;
    assert_eq!(after.arn, "arn:aws:iam::000000000000:user/new/alicia");
    assert_eq!(after.user_id, before.user_id);
    let input = api::GetGroupRequest { group_name: "developers".into(), ..Default::default() };
    assert_eq!(house.call::<api::GetGroup>(input).await.unwrap().users[0].user_name, "alicia");
    let input = api::ListAccessKeysRequest { user_name: Some("alicia".into()), ..Default::default() };
    assert_eq!(house.call::<api::ListAccessKeys>(input).await.unwrap().access_key_metadata.len(), 1);
    let input = api::ListAttachedUserPoliciesRequest { user_name: "alicia".into(), ..Default::default() };
    let attached = house.call::<api::ListAttachedUserPolicies>(input).await.unwrap().attached_policies.unwrap();
    assert_eq!(attached.len(), 1);
}

#[tokio::test]
async fn a_new_name_must_be_free_but_may_change_case() {
    let house = open();
    house.user("alice").await;
    house.user("bob").await;
    let rename =
        |to: &str| api::UpdateUserRequest { user_name: "alice".into(), new_user_name: Some(to.into()), new_path: None };
    let refused = house.refused::<api::UpdateUser>(rename("Bob")).await;
    assert_eq!(refused, error("EntityAlreadyExists", "User with name Bob already exists."));
    house.call::<api::UpdateUser>(rename("ALICE")).await.unwrap();
    assert_eq!(names(&house, Default::default()).await.0, ["ALICE", "bob"]);
}

#[tokio::test]
async fn a_user_goes_only_when_nothing_hangs_on_it() {
    let house = open();
    house.user("alice").await;
    house.group("developers").await;
    house.attach("alice", READ_ONLY).await;
    house.put_inline("alice", "queues", SQS).await;
    let member = api::AddUserToGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
    house.call::<api::AddUserToGroup>(member).await.unwrap();
    let access_key = house.access_key("alice").await;
    let delete = || api::DeleteUserRequest { user_name: "alice".into() };
    let conflict = |text: &str| error("DeleteConflict", text);

    let refused = house.refused::<api::DeleteUser>(delete()).await;
    assert_eq!(refused, conflict("Cannot delete entity, must detach all policies first."));
    let input = api::DetachUserPolicyRequest { user_name: "alice".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::DetachUserPolicy>(input).await.unwrap();

    let refused = house.refused::<api::DeleteUser>(delete()).await;
    assert_eq!(refused, conflict("Cannot delete entity, must delete policies first."));
    let input = api::DeleteUserPolicyRequest { user_name: "alice".into(), policy_name: "queues".into() };
    house.call::<api::DeleteUserPolicy>(input).await.unwrap();

    let refused = house.refused::<api::DeleteUser>(delete()).await;
    assert_eq!(refused, conflict("Cannot delete entity, must remove users from group first."));
    let input = api::RemoveUserFromGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
    house.call::<api::RemoveUserFromGroup>(input).await.unwrap();

    let refused = house.refused::<api::DeleteUser>(delete()).await;
    assert_eq!(refused, conflict("Cannot delete entity, must delete access keys first."));
    let input =
        api::DeleteAccessKeyRequest { user_name: Some("alice".into()), access_key_id: access_key.access_key_id };
    house.call::<api::DeleteAccessKey>(input).await.unwrap();
    house.call::<api::DeleteUser>(delete()).await.unwrap();
    assert!(names(&house, Default::default()).await.0.is_empty());
}

#[tokio::test]
async fn a_boundary_is_a_managed_policy_and_can_be_taken_away() {
    let house = open();
    let missing = "arn:aws:iam::000000000000:policy/missing";
    let input = api::CreateUserRequest { permissions_boundary: Some(missing.into()), ..named("alice") };
    let refused = house.refused::<api::CreateUser>(input).await;
    let text = format!("Policy {missing} does not exist or is not attachable.");
    assert_eq!(refused, error("NoSuchEntity", &text));

    house.user("alice").await;
    let input =
        api::PutUserPermissionsBoundaryRequest { user_name: "alice".into(), permissions_boundary: READ_ONLY.into() };
    house.call::<api::PutUserPermissionsBoundary>(input).await.unwrap();
    let get = || api::GetUserRequest { user_name: Some("alice".into()) };
    let boundary = house.call::<api::GetUser>(get()).await.unwrap().user.permissions_boundary.unwrap();
    assert_eq!(boundary.permissions_boundary_arn.as_deref(), Some(READ_ONLY));
    assert_eq!(boundary.permissions_boundary_type.unwrap().as_str(), "Policy");

    let input = api::DeleteUserPermissionsBoundaryRequest { user_name: "alice".into() };
    house.call::<api::DeleteUserPermissionsBoundary>(input).await.unwrap();
    assert!(house.call::<api::GetUser>(get()).await.unwrap().user.permissions_boundary.is_none());
}
