//! Inline policies.

use super::*;

fn get(policy: &str) -> api::GetUserPolicyRequest {
    api::GetUserPolicyRequest { user_name: "alice".into(), policy_name: policy.into() }
}

/// A document of so many characters.
fn of_size(characters: usize) -> String {
    SQS.replace("sqs:*", &format!("sqs:{}", "a".repeat(characters - SQS.len() + 1)))
}

#[tokio::test]
async fn a_policy_is_set_answered_encoded_and_deleted() {
    let house = open();
    house.user("alice").await;
    house.put_inline("alice", "Queues", SQS).await;
    let found = house.call::<api::GetUserPolicy>(get("queues")).await.unwrap();
    assert_eq!((found.user_name.as_str(), found.policy_name.as_str()), ("alice", "Queues"));
    assert!(found.policy_document.starts_with("%7B%22Version%22"));
    house.put_inline("alice", "QUEUES", SQS).await;
    let list = || api::ListUserPoliciesRequest { user_name: "alice".into(), ..Default::default() };
    assert_eq!(house.call::<api::ListUserPolicies>(list()).await.unwrap().policy_names, ["Queues"]);
    let delete = || api::DeleteUserPolicyRequest { user_name: "alice".into(), policy_name: "queues".into() };
    house.call::<api::DeleteUserPolicy>(delete()).await.unwrap();
    let refused = house.refused::<api::DeleteUserPolicy>(delete()).await;
    assert_eq!(refused, error("NoSuchEntity", "The user policy with name queues cannot be found."));
    assert_eq!(house.refused::<api::GetUserPolicy>(get("queues")).await.0, "NoSuchEntity");
}

#[tokio::test]
async fn groups_and_roles_have_them_too() {
    let house = open();
    house.group("developers").await;
    house.role("worker").await;
    let input = api::PutGroupPolicyRequest {
        group_name: "developers".into(),
        policy_name: "queues".into(),
        policy_document: SQS.into(),
    };
    house.call::<api::PutGroupPolicy>(input).await.unwrap();
    let input = api::PutRolePolicyRequest {
        role_name: "worker".into(),
        policy_name: "queues".into(),
        policy_document: SQS.into(),
    };
    house.call::<api::PutRolePolicy>(input).await.unwrap();
    let input = api::GetGroupPolicyRequest { group_name: "developers".into(), policy_name: "queues".into() };
    assert_eq!(house.call::<api::GetGroupPolicy>(input).await.unwrap().group_name, "developers");
    let input = api::GetRolePolicyRequest { role_name: "worker".into(), policy_name: "nothing".into() };
    let refused = house.refused::<api::GetRolePolicy>(input).await;
    assert_eq!(refused, error("NoSuchEntity", "The role policy with name nothing cannot be found."));
}

#[tokio::test]
async fn their_size_counts_together_without_white_space() {
    let house = open();
    house.user("alice").await;
    house.put_inline("alice", "first", &of_size(1024).replace(',', ",     ")).await;
    house.put_inline("alice", "second", &of_size(1024)).await;
    let input = api::PutUserPolicyRequest {
        user_name: "alice".into(),
        policy_name: "second".into(),
        policy_document: of_size(1025),
    };
    let refused = house.refused::<api::PutUserPolicy>(input).await;
    assert_eq!(refused, error("LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice"));
    let input = api::PutRolePolicyRequest {
        role_name: house.role("worker").await.role_name,
        policy_name: "large".into(),
        policy_document: of_size(10_241),
    };
    let refused = house.refused::<api::PutRolePolicy>(input).await;
    assert_eq!(refused, error("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role worker"));
}

#[tokio::test]
async fn a_document_must_be_a_policy() {
    let house = open();
    house.user("alice").await;
    let input = api::PutUserPolicyRequest {
        user_name: "alice".into(),
        policy_name: "trust".into(),
        policy_document: TRUST.into(),
    };
    let refused = house.refused::<api::PutUserPolicy>(input).await;
    assert_eq!(refused, error("MalformedPolicyDocument", "Policy document should not specify a principal."));
}
