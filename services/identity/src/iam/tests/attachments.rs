//! Managed policies on users, groups and roles.

use super::*;

#[tokio::test]
async fn attaching_twice_is_no_mistake_and_detaching_twice_is_one() {
    let house = open();
    house.user("alice").await;
    house.attach("alice", READ_ONLY).await;
    house.attach("alice", READ_ONLY).await;
    let detach = || api::DetachUserPolicyRequest { user_name: "alice".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::DetachUserPolicy>(detach()).await.unwrap();
    let refused = house.refused::<api::DetachUserPolicy>(detach()).await;
    assert_eq!(refused, error("NoSuchEntity", &format!("Policy {READ_ONLY} was not found.")));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_attached() {
    let house = open();
    house.role("worker").await;
    for arn in ["arn:aws:iam::aws:policy/Nothing", "arn:aws:iam::000000000000:policy/nothing"] {
        let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: arn.into() };
        let refused = house.refused::<api::AttachRolePolicy>(input).await;
        let text = format!("Policy {arn} does not exist or is not attachable.");
        assert_eq!(refused, error("NoSuchEntity", &text));
    }
}

#[tokio::test]
async fn another_accounts_policy_cannot_be_attached() {
    let house = open();
    let arn = house.policy("queues", SQS).await;
    let other = house.root("111111111111");
    let input = api::CreateUserRequest { user_name: "alice".into(), ..Default::default() };
    house.call_as::<api::CreateUser>(&other, REGION, input).await.unwrap();
    let input = api::AttachUserPolicyRequest { user_name: "alice".into(), policy_arn: arn };
    assert_eq!(house.refused_as::<api::AttachUserPolicy>(&other, input).await.0, "NoSuchEntity");
}

#[tokio::test]
async fn at_most_ten_are_attached() {
    let house = open();
    house.group("developers").await;
    for number in 0..11 {
        let policy_arn = house.policy(&format!("policy{number}"), SQS).await;
        let input = api::AttachGroupPolicyRequest { group_name: "developers".into(), policy_arn };
        if number < 10 {
            house.call::<api::AttachGroupPolicy>(input).await.unwrap();
        } else {
            let refused = house.refused::<api::AttachGroupPolicy>(input).await;
            assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for PoliciesPerGroup: 10"));
        }
    }
    let list = api::ListAttachedGroupPoliciesRequest {
        group_name: "developers".into(),
        max_items: Some(7),
        ..Default::default()
    };
    let first = house.call::<api::ListAttachedGroupPolicies>(list.clone()).await.unwrap();
    assert_eq!(first.attached_policies.unwrap().len(), 7);
    let rest = api::ListAttachedGroupPoliciesRequest { marker: first.marker, ..list };
    let rest = house.call::<api::ListAttachedGroupPolicies>(rest).await.unwrap().attached_policies.unwrap();
    assert_eq!(rest.len(), 3);
    assert_eq!(rest[2].policy_name.as_deref(), Some("policy9"));
}

#[tokio::test]
async fn attached_policies_are_filtered_by_path() {
    let house = open();
    house.role("worker").await;
    for arn in [READ_ONLY, "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"] {
        let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: arn.into() };
        house.call::<api::AttachRolePolicy>(input).await.unwrap();
    }
    let input = api::ListAttachedRolePoliciesRequest {
        role_name: "worker".into(),
        path_prefix: Some("/service-role/".into()),
        ..Default::default()
    };
    let found = house.call::<api::ListAttachedRolePolicies>(input).await.unwrap().attached_policies.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].policy_name.as_deref(), Some("AWSGlueServiceRole"));
}

#[tokio::test]
async fn a_policy_knows_who_uses_it() {
    let house = open();
    house.user("alice").await;
    house.user("bob").await;
    house.group("developers").await;
    house.role("worker").await;
    house.attach("alice", READ_ONLY).await;
    let input = api::AttachGroupPolicyRequest { group_name: "developers".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::AttachGroupPolicy>(input).await.unwrap();
    let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::AttachRolePolicy>(input).await.unwrap();
    let input =
        api::PutUserPermissionsBoundaryRequest { user_name: "bob".into(), permissions_boundary: READ_ONLY.into() };
    house.call::<api::PutUserPermissionsBoundary>(input).await.unwrap();

    let all = api::ListEntitiesForPolicyRequest { policy_arn: READ_ONLY.into(), ..Default::default() };
    let found = house.call::<api::ListEntitiesForPolicy>(all.clone()).await.unwrap();
    let users = found.policy_users.unwrap();
    let users: Vec<_> = users.iter().map(|user| user.user_name.as_deref().unwrap()).collect();
    assert_eq!(users, ["alice", "bob"]);
    assert_eq!(found.policy_groups.unwrap().len(), 1);
    assert_eq!(found.policy_roles.unwrap()[0].role_name.as_deref(), Some("worker"));

    let boundaries = api::ListEntitiesForPolicyRequest {
        policy_usage_filter: Some(api::PolicyUsageType::PermissionsBoundary),
        ..all.clone()
    };
    let found = house.call::<api::ListEntitiesForPolicy>(boundaries).await.unwrap();
    assert_eq!(found.policy_users.unwrap()[0].user_name.as_deref(), Some("bob"));
    assert!(found.policy_roles.unwrap().is_empty());

    let two = api::ListEntitiesForPolicyRequest { max_items: Some(2), ..all };
    let first = house.call::<api::ListEntitiesForPolicy>(two.clone()).await.unwrap();
    assert_eq!((first.policy_groups.unwrap().len(), first.policy_users.unwrap().len()), (1, 1));
    let two = api::ListEntitiesForPolicyRequest { marker: first.marker, ..two };
    let second = house.call::<api::ListEntitiesForPolicy>(two).await.unwrap();
    assert_eq!((second.policy_users.unwrap().len(), second.policy_roles.unwrap().len()), (1, 1));
}
