//! Access keys, and when they were last used.

use std::time::Duration;

use super::*;

async fn last_used(house: &House, id: &str) -> api::GetAccessKeyLastUsedResponse {
    let input = api::GetAccessKeyLastUsedRequest { access_key_id: id.into() };
    house.call::<api::GetAccessKeyLastUsed>(input).await.unwrap()
}

#[tokio::test]
async fn a_user_has_at_most_two_keys() {
    let house = open();
    house.user("alice").await;
    let first = house.access_key("alice").await;
    assert!(first.access_key_id.starts_with("AKIA") && first.access_key_id.len() == 20);
    assert_eq!(first.secret_access_key.len(), 40);
    house.access_key("alice").await;
    let input = api::CreateAccessKeyRequest { user_name: Some("alice".into()) };
    let refused = house.refused::<api::CreateAccessKey>(input).await;
    assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"));
}

#[tokio::test]
async fn keys_are_listed_without_their_secrets() {
    let house = open();
    house.user("alice").await;
    let access_key = house.access_key("alice").await;
    let input = api::UpdateAccessKeyRequest {
        user_name: Some("alice".into()),
        access_key_id: access_key.access_key_id.clone(),
        status: api::StatusType::Inactive,
    };
    house.call::<api::UpdateAccessKey>(input).await.unwrap();
    let input = api::ListAccessKeysRequest { user_name: Some("alice".into()), ..Default::default() };
    let keys = house.call::<api::ListAccessKeys>(input).await.unwrap().access_key_metadata;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].access_key_id, Some(access_key.access_key_id));
    assert_eq!(keys[0].status, Some(api::StatusType::Inactive));
}

#[tokio::test]
async fn without_a_name_keys_are_the_callers_own() {
    let house = open();
    let alice = house.caller("alice").await;
    house.attach("alice", ADMINISTRATOR).await;
    house.call_as::<api::CreateAccessKey>(&alice, REGION, Default::default()).await.unwrap();
    let own = house.call_as::<api::ListAccessKeys>(&alice, REGION, Default::default()).await.unwrap();
    assert_eq!(own.access_key_metadata.len(), 2);

    let root = house.call::<api::CreateAccessKey>(Default::default()).await.unwrap().access_key;
    let credential = house.authority.credential(&root.access_key_id).unwrap();
    assert!(credential.caller.is_root());
}

#[tokio::test]
async fn a_key_belongs_to_its_user() {
    let house = open();
    house.user("alice").await;
    house.user("bob").await;
    let id = house.access_key("alice").await.access_key_id;
    let input = api::DeleteAccessKeyRequest { user_name: Some("bob".into()), access_key_id: id.clone() };
    let refused = house.refused::<api::DeleteAccessKey>(input).await;
    let text = format!("The Access Key with id {id} cannot be found.");
    assert_eq!(refused, error("NoSuchEntity", &text));
}

#[tokio::test]
async fn a_key_that_was_never_used_says_so() {
    let house = open();
    house.user("alice").await;
    let id = house.access_key("alice").await.access_key_id;
    let answer = last_used(&house, &id).await;
    assert_eq!(answer.user_name.as_deref(), Some("alice"));
    let last = answer.access_key_last_used.unwrap();
    assert_eq!((last.service_name.as_str(), last.region.as_str(), last.last_used_date), ("N/A", "N/A", None));
}

#[tokio::test]
async fn the_last_use_is_known_at_once_and_outlives_a_restart() {
    let house = open();
    let alice = house.caller("alice").await;
    let id = alice.access_key_id.clone().unwrap();
    house.authority.note_use(&alice, "sqs", "eu-west-1");
    let last = last_used(&house, &id).await.access_key_last_used.unwrap();
    assert_eq!((last.service_name.as_str(), last.region.as_str()), ("sqs", "eu-west-1"));
    assert_eq!(last.last_used_date, Some(house.now()));

    house.settle().await;
    let restarted = HouseAuthority::open(&house.platform);
    assert_eq!(restarted.last_use(&id).unwrap().unwrap().service, "sqs");
}

#[tokio::test]
async fn uses_close_together_are_one() {
    let house = open();
    let alice = house.caller("alice").await;
    let id = alice.access_key_id.clone().unwrap();
    house.authority.note_use(&alice, "sqs", "eu-west-1");
    house.advance(Duration::from_secs(30)).await;
    let first = house.authority.last_use(&id).unwrap().unwrap();
    house.authority.note_use(&alice, "sqs", "eu-west-1");
    assert_eq!(house.authority.last_use(&id).unwrap().unwrap(), first);
    house.authority.note_use(&alice, "ssm", "eu-west-1");
    let second = house.authority.last_use(&id).unwrap().unwrap();
    assert_eq!((second.service.as_str(), second.at), ("ssm", house.now()));
}

#[tokio::test]
async fn an_unknown_key_was_never_seen() {
    let house = open();
    let input = api::GetAccessKeyLastUsedRequest { access_key_id: "AKIAAAAAAAAAAAAAAAAA".into() };
    let refused = house.refused::<api::GetAccessKeyLastUsed>(input).await;
    assert_eq!(refused.0, "NoSuchEntity");
}
