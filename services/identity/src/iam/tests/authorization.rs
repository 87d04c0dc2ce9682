//! Who may call IAM itself: resources and condition keys of its operations.

use super::*;

/// A user whose one policy is this statement.
async fn with_statement(house: &House, name: &str, statement: &str) -> Arc<Caller> {
    let caller = house.caller(name).await;
    house.put_inline(name, "own", &format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).await;
    caller
}

fn denied(name: &str, action: &str, resource: &str) -> (String, String) {
    let text = format!(
        "User: arn:aws:iam::000000000000:user/{name} is not authorized to perform: {action} on resource: {resource} \
         because no identity-based policy allows the {action} action"
    );
    error("AccessDenied", &text)
}

#[tokio::test]
async fn without_a_policy_everything_is_denied() {
    let house = open();
    let alice = house.caller("alice").await;
    let input = api::GetUserRequest { user_name: Some("bob".into()) };
    let expected = denied("alice", "iam:GetUser", "arn:aws:iam::000000000000:user/bob");
    assert_eq!(house.refused_as::<api::GetUser>(&alice, input).await, expected);
    let expected = denied("alice", "iam:ListUsers", "*");
    assert_eq!(house.refused_as::<api::ListUsers>(&alice, Default::default()).await, expected);
}

#[tokio::test]
async fn an_entity_is_known_by_its_path() {
    let house = open();
    let input = api::CreateUserRequest { user_name: "bob".into(), path: Some("/staff/".into()), ..Default::default() };
    house.call::<api::CreateUser>(input).await.unwrap();
    house.user("carol").await;
    let statement = r#"{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::000000000000:user/staff/*"}"#;
    let alice = with_statement(&house, "alice", statement).await;
    let get = |name: &str| api::GetUserRequest { user_name: Some(name.into()) };
    house.call_as::<api::GetUser>(&alice, REGION, get("bob")).await.unwrap();
    assert_eq!(house.refused_as::<api::GetUser>(&alice, get("carol")).await.0, "AccessDenied");
}

#[tokio::test]
async fn attachments_can_be_limited_to_a_policy() {
    let house = open();
    house.user("bob").await;
    let statement = r#"{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*",
        "Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}}"#;
    let alice = with_statement(&house, "alice", statement).await;
    let attach = |arn: &str| api::AttachUserPolicyRequest { user_name: "bob".into(), policy_arn: arn.into() };
    house.call_as::<api::AttachUserPolicy>(&alice, REGION, attach(READ_ONLY)).await.unwrap();
    assert_eq!(house.refused_as::<api::AttachUserPolicy>(&alice, attach(ADMINISTRATOR)).await.0, "AccessDenied");
}

#[tokio::test]
async fn new_users_can_be_held_to_a_boundary() {
    let house = open();
    let statement = r#"{"Effect":"Allow","Action":["iam:CreateUser","iam:PutUserPolicy"],"Resource":"*",
        "Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}}"#;
    let alice = with_statement(&house, "alice", statement).await;
    let create = |name: &str, boundary: Option<&str>| api::CreateUserRequest {
        user_name: name.into(),
        permissions_boundary: boundary.map(str::to_owned),
        ..Default::default()
    };
    assert_eq!(house.refused_as::<api::CreateUser>(&alice, create("bob", None)).await.0, "AccessDenied");
    house.call_as::<api::CreateUser>(&alice, REGION, create("bob", Some(READ_ONLY))).await.unwrap();
    let put = |name: &str| api::PutUserPolicyRequest {
        user_name: name.into(),
        policy_name: "queues".into(),
        policy_document: SQS.into(),
    };
    house.call_as::<api::PutUserPolicy>(&alice, REGION, put("bob")).await.unwrap();
    assert_eq!(house.refused_as::<api::PutUserPolicy>(&alice, put("alice")).await.0, "AccessDenied");
}

#[tokio::test]
async fn a_boundary_limits_what_policies_allow() {
    let house = open();
    let alice = house.caller("alice").await;
    house.attach("alice", ADMINISTRATOR).await;
    house.call_as::<api::ListUsers>(&alice, REGION, Default::default()).await.unwrap();
    let queues = house.policy("queues", SQS).await;
    let input = api::PutUserPermissionsBoundaryRequest { user_name: "alice".into(), permissions_boundary: queues };
    house.call::<api::PutUserPermissionsBoundary>(input).await.unwrap();
    let refused = house.refused_as::<api::ListUsers>(&alice, Default::default()).await;
    assert!(refused.1.ends_with("because no permissions boundary allows the iam:ListUsers action"), "{}", refused.1);
}

#[tokio::test]
async fn tags_decide_on_both_sides() {
    let house = open();
    let tags = |value: &str| vec![api::Tag { key: "team".into(), value: value.into() }];
    for (name, team) in [("bob", "data"), ("carol", "web")] {
        let input = api::CreateUserRequest { user_name: name.into(), tags: Some(tags(team)), ..Default::default() };
        house.call::<api::CreateUser>(input).await.unwrap();
    }
    let statements = r#"{"Effect":"Allow","Action":"iam:GetUser","Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/team":"data","iam:ResourceTag/team":"data"}}},
        {"Effect":"Allow","Action":"iam:TagUser","Resource":"*",
            "Condition":{"StringEquals":{"aws:RequestTag/team":"data"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}"#;
    let alice = with_statement(&house, "alice", statements).await;
    let get = |name: &str| api::GetUserRequest { user_name: Some(name.into()) };
    house.call_as::<api::GetUser>(&alice, REGION, get("bob")).await.unwrap();
    assert_eq!(house.refused_as::<api::GetUser>(&alice, get("carol")).await.0, "AccessDenied");
    let tag = |value: &str| api::TagUserRequest { user_name: "carol".into(), tags: tags(value) };
    assert_eq!(house.refused_as::<api::TagUser>(&alice, tag("ops")).await.0, "AccessDenied");
    house.call_as::<api::TagUser>(&alice, REGION, tag("data")).await.unwrap();
}

#[tokio::test]
async fn service_linked_roles_can_be_limited_to_a_service() {
    let house = open();
    let statement = r#"{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*",
        "Condition":{"StringLike":{"iam:AWSServiceName":"ssm.amazonaws.com"}}}"#;
    let alice = with_statement(&house, "alice", statement).await;
    let create =
        |service: &str| api::CreateServiceLinkedRoleRequest { aws_service_name: service.into(), ..Default::default() };
    house.call_as::<api::CreateServiceLinkedRole>(&alice, REGION, create("ssm.amazonaws.com")).await.unwrap();
    let refused = house.refused_as::<api::CreateServiceLinkedRole>(&alice, create("redshift.amazonaws.com")).await;
    assert_eq!(refused.0, "AccessDenied");
}

#[tokio::test]
async fn a_rename_needs_both_names() {
    let house = open();
    house.user("bob").await;
    let statement = r#"{"Effect":"Allow","Action":"iam:UpdateUser","Resource":"arn:aws:iam::000000000000:user/bo*"}"#;
    let alice = with_statement(&house, "alice", statement).await;
    let rename = |from: &str, to: &str| api::UpdateUserRequest {
        user_name: from.into(),
        new_user_name: Some(to.into()),
        new_path: None,
    };
    let expected = denied("alice", "iam:UpdateUser", "arn:aws:iam::000000000000:user/admin");
    assert_eq!(house.refused_as::<api::UpdateUser>(&alice, rename("bob", "admin")).await, expected);
    house.call_as::<api::UpdateUser>(&alice, REGION, rename("bob", "bonnie")).await.unwrap();
}

#[tokio::test]
async fn a_user_may_be_let_at_its_own_keys() {
    let house = open();
    let statement = r#"{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::*:user/${aws:username}"}"#;
    let alice = with_statement(&house, "alice", statement).await;
    house.user("bob").await;
    house.call_as::<api::ListAccessKeys>(&alice, REGION, Default::default()).await.unwrap();
    let input = api::CreateAccessKeyRequest { user_name: Some("bob".into()) };
    assert_eq!(house.refused_as::<api::CreateAccessKey>(&alice, input).await.0, "AccessDenied");
}

#[tokio::test]
async fn who_is_no_user_must_name_one() {
    let house = open();
    house.role("worker").await;
    let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: ADMINISTRATOR.into() };
    house.call::<api::AttachRolePolicy>(input).await.unwrap();
    let role = house.platform.store.read(|tx| {
        let key = crate::iam::model::key("000000000000", "worker");
        haar_platform::store::Read::get(tx, crate::iam::model::ROLES, &key)
    });
    let caller = Arc::new(crate::authority::role_session(&role.unwrap().unwrap(), "me", &[]));
    let refused = house.refused_as::<api::GetUser>(&caller, Default::default()).await;
    assert_eq!(refused, error("ValidationError", "Must specify userName when calling with non-User credentials"));
}
