//! Whose a key is and what they may do, as the gateway asks it.

use std::time::Duration;

use haar_platform::kernel::caller::{Credential, Permissions};
use haar_platform::policy::{Principal, SourceKind};
use haar_platform::store::StoreError;

use super::*;
use crate::authority::role_session;
use crate::sts::model::{SESSIONS, Session, SessionOf};

fn ids(permissions: &Permissions) -> Vec<String> {
    permissions.identity.iter().map(|source| source.id.to_string()).collect()
}

async fn set_status(house: &House, user: &str, id: &str, status: api::StatusType) {
    let input = api::UpdateAccessKeyRequest { user_name: Some(user.into()), access_key_id: id.into(), status };
    house.call::<api::UpdateAccessKey>(input).await.unwrap();
}

/// A session of the role, made as STS makes it, and its credential.
async fn session(house: &House, role: &api::Role, policy: Option<&str>) -> Arc<Credential> {
    let id = "ASIAAAAAAAAAAAAAAAAA";
    let vault = house.platform.store.vault();
    let session = Session {
        account: "000000000000".into(),
        of: SessionOf::Role { role_id: role.role_id.clone(), session_name: "me".into() },
        sealed_secret: vault.seal(id.as_bytes(), b"secret").unwrap(),
        sealed_token: vault.seal(id.as_bytes(), b"token").unwrap(),
        expires: house.now() + Duration::from_secs(3600),
        keys: vec![("aws:TokenIssueTime".into(), house.now().iso8601())],
        tags: vec![("team".into(), "web".into())],
        transitive_tag_keys: Vec::new(),
        policy: policy.map(str::to_owned),
        policy_arns: Vec::new(),
    };
    let written = house.platform.store.write(move |tx| tx.put(SESSIONS, id, &session));
    written.await.map_err(|error: StoreError| error).unwrap();
    house.authority.credential(id).unwrap()
}

#[tokio::test]
async fn the_default_credentials_are_the_root_users() {
    let house = open();
    let credential = house.authority.credential("test").unwrap();
    assert_eq!(credential.secret, "test");
    assert!(credential.caller.is_root());
    assert_eq!(credential.caller.account.as_str(), "000000000000");
    assert!(house.authority.credential("AKIAAAAAAAAAAAAAAAAA").is_none());
}

#[tokio::test]
async fn a_users_key_says_who_it_is() {
    let house = open();
    let user = house.user("alice").await;
    let tags = vec![api::Tag { key: "team".into(), value: "data".into() }];
    house.call::<api::TagUser>(api::TagUserRequest { user_name: "alice".into(), tags }).await.unwrap();
    let access_key = house.access_key("alice").await;
    let credential = house.authority.credential(&access_key.access_key_id).unwrap();
    assert_eq!(credential.secret, access_key.secret_access_key);
    assert_eq!((credential.session_token.as_deref(), credential.expires), (None, None));
    let caller = &credential.caller;
    assert_eq!((caller.arn.as_str(), caller.user_id.as_str()), (user.arn.as_str(), user.user_id.as_str()));
    assert_eq!(caller.access_key_id, Some(access_key.access_key_id));
    assert_eq!(caller.tags, [("team".to_owned(), "data".to_owned())]);
}

#[tokio::test]
async fn secrets_are_sealed_where_they_are_kept() {
    let house = open();
    house.user("alice").await;
    let access_key = house.access_key("alice").await;
    let read = house.platform.store.read(|tx| {
        haar_platform::store::Read::get(tx, crate::iam::model::ACCESS_KEYS, access_key.access_key_id.as_str())
    });
    let sealed = read.unwrap().unwrap().sealed_secret;
    let secret = access_key.secret_access_key.as_bytes();
    assert!(!sealed.windows(secret.len()).any(|window| window == secret));
    let restarted = HouseAuthority::open(&house.platform);
    let credential = restarted.credential(&access_key.access_key_id).unwrap();
    assert_eq!(credential.secret, access_key.secret_access_key);
}

#[tokio::test]
async fn an_inactive_key_stops_at_once_and_works_again_when_activated() {
    let house = open();
    house.user("alice").await;
    let id = house.access_key("alice").await.access_key_id;
    assert!(house.authority.credential(&id).is_some());
    set_status(&house, "alice", &id, api::StatusType::Inactive).await;
    assert!(house.authority.credential(&id).is_none());
    set_status(&house, "alice", &id, api::StatusType::Active).await;
    assert!(house.authority.credential(&id).is_some());
    let input = api::DeleteAccessKeyRequest { user_name: Some("alice".into()), access_key_id: id.clone() };
    house.call::<api::DeleteAccessKey>(input).await.unwrap();
    assert!(house.authority.credential(&id).is_none());
}

#[tokio::test]
async fn permissions_follow_every_change_at_once() {
    let house = open();
    let alice = house.caller("alice").await;
    let granted = || ids(&house.authority.permissions(&alice));
    assert!(granted().is_empty());
    house.put_inline("alice", "queues", SQS).await;
    assert_eq!(granted(), ["user_alice_queues"]);
    house.attach("alice", READ_ONLY).await;
    assert_eq!(granted(), ["user_alice_queues", "ReadOnlyAccess"]);
    house.group("developers").await;
    let input = api::PutGroupPolicyRequest {
        group_name: "developers".into(),
        policy_name: "all".into(),
        policy_document: SQS.into(),
    };
    house.call::<api::PutGroupPolicy>(input).await.unwrap();
    let input = api::AddUserToGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
    house.call::<api::AddUserToGroup>(input).await.unwrap();
    assert_eq!(granted(), ["user_alice_queues", "ReadOnlyAccess", "group_developers_all"]);
    let input = api::RemoveUserFromGroupRequest { group_name: "developers".into(), user_name: "alice".into() };
    house.call::<api::RemoveUserFromGroup>(input).await.unwrap();
    assert_eq!(granted(), ["user_alice_queues", "ReadOnlyAccess"]);
}

#[tokio::test]
async fn a_new_default_version_counts_at_once() {
    let house = open();
    let alice = house.caller("alice").await;
    let arn = house.policy("queues", SQS).await;
    house.attach("alice", &arn).await;
    let text = |permissions: &Permissions| permissions.identity[0].document.text().to_owned();
    assert!(text(&house.authority.permissions(&alice)).contains("sqs:*"));
    assert_eq!(house.authority.permissions(&alice).identity[0].kind, SourceKind::UserManaged);
    let input = api::CreatePolicyVersionRequest {
        policy_arn: arn,
        policy_document: SQS.replace("sqs:*", "ssm:*"),
        set_as_default: Some(true),
    };
    house.call::<api::CreatePolicyVersion>(input).await.unwrap();
    assert!(text(&house.authority.permissions(&alice)).contains("ssm:*"));
}

#[tokio::test]
async fn answers_are_kept_while_nothing_changes() {
    let house = open();
    let alice = house.caller("alice").await;
    house.attach("alice", READ_ONLY).await;
    let id = alice.access_key_id.as_deref().unwrap();
    assert!(Arc::ptr_eq(&house.authority.permissions(&alice), &house.authority.permissions(&alice)));
    let credential = || house.authority.credential(id).unwrap();
    assert!(Arc::ptr_eq(&credential(), &credential()));
    let kept = credential();
    house.authority.forget();
    assert!(!Arc::ptr_eq(&kept, &credential()));
}

#[tokio::test]
async fn an_emptied_house_knows_nobody_but_root() {
    let house = open();
    let alice = house.caller("alice").await;
    let id = alice.access_key_id.as_deref().unwrap();
    house.put_inline("alice", "queues", SQS).await;
    assert!(!house.authority.permissions(&alice).identity.is_empty());
    house.platform.store.wipe().await.unwrap();
    super::super::service(&house.platform, &house.authority).forget();
    assert!(house.authority.credential(id).is_none());
    assert!(house.authority.permissions(&alice).identity.is_empty());
    assert!(house.authority.credential("test").is_some());
}

#[tokio::test]
async fn a_deleted_user_may_nothing_and_a_namesake_inherits_nothing() {
    let house = open();
    let alice = house.caller("alice").await;
    house.put_inline("alice", "queues", SQS).await;
    assert!(!house.authority.permissions(&alice).identity.is_empty());
    let input = api::DeleteUserPolicyRequest { user_name: "alice".into(), policy_name: "queues".into() };
    house.call::<api::DeleteUserPolicy>(input).await.unwrap();
    let id = alice.access_key_id.clone().unwrap();
    let input = api::DeleteAccessKeyRequest { user_name: Some("alice".into()), access_key_id: id };
    house.call::<api::DeleteAccessKey>(input).await.unwrap();
    house.call::<api::DeleteUser>(api::DeleteUserRequest { user_name: "alice".into() }).await.unwrap();
    house.user("alice").await;
    house.put_inline("alice", "queues", SQS).await;
    assert!(house.authority.permissions(&alice).identity.is_empty());
}

#[tokio::test]
async fn a_session_bears_its_role_its_tags_and_its_keys() {
    let house = open();
    let role = house.role("worker").await;
    let tags =
        vec![api::Tag { key: "Team".into(), value: "data".into() }, api::Tag { key: "cost".into(), value: "1".into() }];
    house.call::<api::TagRole>(api::TagRoleRequest { role_name: "worker".into(), tags }).await.unwrap();
    let credential = session(&house, &role, None).await;
    assert_eq!((credential.secret.as_str(), credential.session_token.as_deref()), ("secret", Some("token")));
    assert_eq!(credential.expires, Some(house.now() + Duration::from_secs(3600)));
    let caller = &credential.caller;
    assert_eq!(caller.arn, "arn:aws:sts::000000000000:assumed-role/worker/me");
    assert_eq!(caller.user_id, format!("{}:me", role.role_id));
    assert!(matches!(&caller.principal, Principal::RoleSession { role_arn, .. } if *role_arn == role.arn));
    let tags: Vec<_> = caller.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, [("team", "web"), ("cost", "1")]);
    assert_eq!(caller.keys[0].0, "aws:TokenIssueTime");
}

#[tokio::test]
async fn a_session_is_limited_by_its_policies_and_dies_with_its_role() {
    let house = open();
    let role = house.role("worker").await;
    let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: ADMINISTRATOR.into() };
    house.call::<api::AttachRolePolicy>(input).await.unwrap();
    let caller = session(&house, &role, Some(SQS)).await.caller.clone();
    let permissions = house.authority.permissions(&caller);
    assert_eq!(ids(&permissions), ["AdministratorAccess"]);
    assert_eq!(permissions.session.as_ref().map(Vec::len), Some(1));

    let input = api::DetachRolePolicyRequest { role_name: "worker".into(), policy_arn: ADMINISTRATOR.into() };
    house.call::<api::DetachRolePolicy>(input).await.unwrap();
    house.call::<api::DeleteRole>(api::DeleteRoleRequest { role_name: "worker".into() }).await.unwrap();
    house.role("worker").await;
    assert!(house.authority.credential(caller.access_key_id.as_deref().unwrap()).is_none());
    assert!(house.authority.permissions(&caller).identity.is_empty());
}

#[tokio::test]
async fn a_service_at_work_in_a_role_has_the_roles_permissions() {
    let house = open();
    house.role("worker").await;
    let input = api::AttachRolePolicyRequest { role_name: "worker".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::AttachRolePolicy>(input).await.unwrap();
    let role = house.platform.store.read(|tx| {
        let key = crate::iam::model::key("000000000000", "worker");
        haar_platform::store::Read::get(tx, crate::iam::model::ROLES, &key)
    });
    let caller = role_session(&role.unwrap().unwrap(), "crawl", &[]);
    assert_eq!(ids(&house.authority.permissions(&caller)), ["ReadOnlyAccess"]);
    house.authority.note_use(&caller, "s3", "us-east-1");
    let input = api::GetRoleRequest { role_name: "worker".into() };
    let last = house.call::<api::GetRole>(input).await.unwrap().role.role_last_used.unwrap();
    assert_eq!((last.last_used_date, last.region.as_deref()), (Some(house.now()), Some("us-east-1")));
}
