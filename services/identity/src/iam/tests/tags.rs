//! Tags of users, roles, policies and instance profiles follow one set of rules.

use super::*;

fn tag(key: &str, value: &str) -> api::Tag {
    api::Tag { key: key.into(), value: value.into() }
}

async fn tags_of(house: &House, user: &str) -> Vec<(String, String)> {
    let input = api::ListUserTagsRequest { user_name: user.into(), ..Default::default() };
    let tags = house.call::<api::ListUserTags>(input).await.unwrap().tags;
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn a_tag_takes_the_place_of_its_namesake_in_any_case() {
    let house = open();
    house.user("alice").await;
    let put = |tags: Vec<api::Tag>| api::TagUserRequest { user_name: "alice".into(), tags };
    house.call::<api::TagUser>(put(vec![tag("Team", "data"), tag("cost", "1")])).await.unwrap();
    house.call::<api::TagUser>(put(vec![tag("team", "web")])).await.unwrap();
    assert_eq!(tags_of(&house, "alice").await, [pair("cost", "1"), pair("team", "web")]);
    let input = api::UntagUserRequest { user_name: "alice".into(), tag_keys: vec!["TEAM".into(), "other".into()] };
    house.call::<api::UntagUser>(input).await.unwrap();
    assert_eq!(tags_of(&house, "alice").await, [pair("cost", "1")]);
}

#[tokio::test]
async fn a_request_names_each_key_once() {
    let house = open();
    let duplicates = vec![tag("team", "data"), tag("Team", "web")];
    let input = api::CreateUserRequest { tags: Some(duplicates), user_name: "alice".into(), ..Default::default() };
    let refused = house.refused::<api::CreateUser>(input).await;
    let text = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    assert_eq!(refused, error("InvalidInput", text));
}

#[tokio::test]
async fn keys_of_aws_are_reserved() {
    let house = open();
    house.user("alice").await;
    let input = api::TagUserRequest { user_name: "alice".into(), tags: vec![tag("AWS:mine", "x")] };
    assert_eq!(house.refused::<api::TagUser>(input).await.0, "InvalidInput");
}

#[tokio::test]
async fn there_are_at_most_fifty() {
    let house = open();
    house.user("alice").await;
    let put = |from: usize, to: usize| api::TagUserRequest {
        user_name: "alice".into(),
        tags: (from..to).map(|number| tag(&format!("key{number}"), "")).collect(),
    };
    house.call::<api::TagUser>(put(0, 50)).await.unwrap();
    house.call::<api::TagUser>(put(0, 10)).await.unwrap();
    assert_eq!(house.refused::<api::TagUser>(put(50, 51)).await.0, "LimitExceeded");
    let list = api::ListUserTagsRequest { user_name: "alice".into(), max_items: Some(30), marker: None };
    let first = house.call::<api::ListUserTags>(list.clone()).await.unwrap();
    let rest = api::ListUserTagsRequest { marker: first.marker, ..list };
    assert_eq!(house.call::<api::ListUserTags>(rest).await.unwrap().tags.len(), 20);
}

#[tokio::test]
async fn roles_policies_and_instance_profiles_have_them_too() {
    let house = open();
    house.role("worker").await;
    let tags = || vec![tag("team", "data")];
    let input = api::TagRoleRequest { role_name: "worker".into(), tags: tags() };
    house.call::<api::TagRole>(input).await.unwrap();
    let input = api::ListRoleTagsRequest { role_name: "worker".into(), ..Default::default() };
    assert_eq!(house.call::<api::ListRoleTags>(input).await.unwrap().tags.len(), 1);

    let policy_arn = house.policy("queues", SQS).await;
    let input = api::TagPolicyRequest { policy_arn: policy_arn.clone(), tags: tags() };
    house.call::<api::TagPolicy>(input).await.unwrap();
    let input = api::GetPolicyRequest { policy_arn: policy_arn.clone() };
    assert_eq!(house.call::<api::GetPolicy>(input).await.unwrap().policy.unwrap().tags.unwrap().len(), 1);
    let input = api::UntagPolicyRequest { policy_arn: policy_arn.clone(), tag_keys: vec!["team".into()] };
    house.call::<api::UntagPolicy>(input).await.unwrap();
    let input = api::ListPolicyTagsRequest { policy_arn, ..Default::default() };
    assert!(house.call::<api::ListPolicyTags>(input).await.unwrap().tags.is_empty());

    let name = || "machine".to_owned();
    let input = api::CreateInstanceProfileRequest { instance_profile_name: name(), tags: Some(tags()), path: None };
    house.call::<api::CreateInstanceProfile>(input).await.unwrap();
    let input = api::ListInstanceProfileTagsRequest { instance_profile_name: name(), ..Default::default() };
    assert_eq!(house.call::<api::ListInstanceProfileTags>(input).await.unwrap().tags[0].value, "data");
}
