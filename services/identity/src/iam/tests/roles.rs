//! Roles and their trust policies.

use super::*;

fn trusting(principal: &str) -> String {
    let statement = format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}"#);
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

fn create(name: &str, trust: String) -> api::CreateRoleRequest {
    api::CreateRoleRequest { role_name: name.into(), assume_role_policy_document: trust, ..Default::default() }
}

async fn get(house: &House, name: &str) -> api::Role {
    house.call::<api::GetRole>(api::GetRoleRequest { role_name: name.into() }).await.unwrap().role
}

#[tokio::test]
async fn a_role_answers_what_it_was_made_with() {
    let house = open();
    let input = api::CreateRoleRequest {
        path: Some("/service-role/".into()),
        description: Some("for crawlers".into()),
        max_session_duration: Some(7200),
        ..create("crawler", TRUST.into())
    };
    let role = house.call::<api::CreateRole>(input).await.unwrap().role;
    assert_eq!(role.arn, "arn:aws:iam::000000000000:role/service-role/crawler");
    assert!(role.role_id.starts_with("AROA"));
    let found = get(&house, "crawler").await;
    assert_eq!(found.max_session_duration, Some(7200));
    assert_eq!(found.description.as_deref(), Some("for crawlers"));
    let trust = found.assume_role_policy_document.unwrap();
    assert!(trust.starts_with("%7B%22Version%22%3A%222012-10-17%22%2C"), "{trust}");
    assert!(found.role_last_used.unwrap().last_used_date.is_none());
    assert_eq!(get(&house, "CRAWLER").await.role_name, "crawler");
}

#[tokio::test]
async fn sessions_last_an_hour_unless_the_role_says_otherwise() {
    let house = open();
    assert_eq!(house.role("worker").await.max_session_duration, Some(3600));
    let input =
        api::UpdateRoleRequest { role_name: "worker".into(), max_session_duration: Some(43_200), description: None };
    house.call::<api::UpdateRole>(input).await.unwrap();
    assert_eq!(get(&house, "worker").await.max_session_duration, Some(43_200));
    let input = api::UpdateRoleDescriptionRequest { role_name: "worker".into(), description: "works".into() };
    let role = house.call::<api::UpdateRoleDescription>(input).await.unwrap().role.unwrap();
    assert_eq!((role.description.as_deref(), role.max_session_duration), (Some("works"), Some(43_200)));
}

#[tokio::test]
async fn a_trust_policy_is_checked() {
    let house = open();
    let refused = house.refused::<api::CreateRole>(create("worker", SQS.into())).await;
    assert_eq!(refused.0, "MalformedPolicyDocument");
    let refused = house.refused::<api::CreateRole>(create("worker", "{".into())).await;
    assert_eq!(refused.0, "MalformedPolicyDocument");
    house.role("worker").await;
    let input = api::UpdateAssumeRolePolicyRequest { role_name: "worker".into(), policy_document: SQS.into() };
    assert_eq!(house.refused::<api::UpdateAssumeRolePolicy>(input).await.0, "MalformedPolicyDocument");
}

#[tokio::test]
async fn a_trust_policy_names_principals_that_exist() {
    let house = open();
    let alice = r#"{"AWS":"arn:aws:iam::000000000000:user/alice"}"#;
    let refused = house.refused::<api::CreateRole>(create("worker", trusting(alice))).await;
    let text = r#"Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/alice""#;
    assert_eq!(refused, error("MalformedPolicyDocument", text));
    house.user("alice").await;
    house.call::<api::CreateRole>(create("worker", trusting(alice))).await.unwrap();
    let session = r#"{"AWS":"arn:aws:sts::000000000000:assumed-role/worker/me"}"#;
    house.call::<api::CreateRole>(create("second", trusting(session))).await.unwrap();
    let elsewhere = r#"{"AWS":["arn:aws:iam::123456789012:role/theirs","arn:aws:iam::123456789012:root"]}"#;
    house.call::<api::CreateRole>(create("third", trusting(elsewhere))).await.unwrap();
}

#[tokio::test]
async fn a_trust_policy_has_at_most_2048_characters() {
    let house = open();
    let services: Vec<_> = (0..150).map(|number| format!(r#""s{number}.amazonaws.com""#)).collect();
    let trust = trusting(&format!(r#"{{"Service":[{}]}}"#, services.join(",")));
    let refused = house.refused::<api::CreateRole>(create("worker", trust)).await;
    assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"));
}

#[tokio::test]
async fn a_changed_trust_policy_is_answered() {
    let house = open();
    house.role("worker").await;
    let trust = trusting(r#"{"Service":"glue.amazonaws.com"}"#);
    let input = api::UpdateAssumeRolePolicyRequest { role_name: "worker".into(), policy_document: trust };
    house.call::<api::UpdateAssumeRolePolicy>(input).await.unwrap();
    assert!(get(&house, "worker").await.assume_role_policy_document.unwrap().contains("glue.amazonaws.com"));
}

#[tokio::test]
async fn a_role_goes_only_when_nothing_hangs_on_it() {
    let house = open();
    house.role("worker").await;
    let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::AttachRolePolicy>(input).await.unwrap();
    let delete = || api::DeleteRoleRequest { role_name: "worker".into() };
    let refused = house.refused::<api::DeleteRole>(delete()).await;
    assert_eq!(refused, error("DeleteConflict", "Cannot delete entity, must detach all policies first."));
    let input = api::DetachRolePolicyRequest { role_name: "worker".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::DetachRolePolicy>(input).await.unwrap();
    house.call::<api::DeleteRole>(delete()).await.unwrap();
    let refused = house.refused::<api::DeleteRole>(delete()).await;
    assert_eq!(refused, error("NoSuchEntity", "The role with name worker cannot be found."));
}

#[tokio::test]
async fn lists_leave_out_tags_and_boundary() {
    let house = open();
    let input = api::CreateRoleRequest {
        permissions_boundary: Some(READ_ONLY.into()),
        tags: Some(vec![api::Tag { key: "team".into(), value: "data".into() }]),
        ..create("worker", TRUST.into())
    };
    house.call::<api::CreateRole>(input).await.unwrap();
    let listed = house.call::<api::ListRoles>(Default::default()).await.unwrap().roles.remove(0);
    assert!(listed.tags.is_none() && listed.permissions_boundary.is_none());
    let found = get(&house, "worker").await;
    assert!(found.tags.is_some() && found.permissions_boundary.is_some());
}

#[tokio::test]
async fn a_namesake_of_a_deleted_principal_is_not_trusted() {
    let house = open();
    let user = house.user("alice").await;
    let alice = r#"{"AWS":["arn:aws:iam::000000000000:user\/alice","arn:aws:iam::000000000000:root"]}"#;
    house.call::<api::CreateRole>(create("worker", trusting(alice))).await.unwrap();
    let rename =
        api::UpdateUserRequest { user_name: "alice".into(), new_user_name: Some("alicia".into()), new_path: None };
    house.call::<api::UpdateUser>(rename).await.unwrap();
    let trust = get(&house, "worker").await.assume_role_policy_document.unwrap();
    assert!(trust.contains("user%2Falicia") && !trust.contains("alice"), "{trust}");
    house.call::<api::DeleteUser>(api::DeleteUserRequest { user_name: "alicia".into() }).await.unwrap();
    house.user("alicia").await;
    let trust = get(&house, "worker").await.assume_role_policy_document.unwrap();
    assert!(trust.contains(&user.user_id) && !trust.contains("alicia"), "{trust}");
}
