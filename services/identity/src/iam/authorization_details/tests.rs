//! Behaviour of GetAccountAuthorizationDetails, through the pipeline.
#![allow(clippy::unwrap_used)]

use haar_gateway::testkit::{ACCOUNT, TestHouse};
use haar_platform::aws::iam as api;
use haar_platform::store::Config;

use crate::{HouseAuthority, iam};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const ENCODED: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
                       %22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// Two users, a group, a role with an instance profile, a policy of the account's and one of AWS's in use.
async fn furnished() -> TestHouse {
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        let authority = HouseAuthority::open(platform);
        (vec![iam::service(platform, &authority)], authority)
    });
    for name in ["ann", "bob"] {
        let tags = Some(vec![api::Tag { key: "team".into(), value: "blue".into() }]).filter(|_| name == "ann");
        let user = api::CreateUserRequest { user_name: name.into(), tags, ..Default::default() };
        house.call::<api::CreateUser>(user).await.unwrap();
    }
    house.call::<api::CreateGroup>(api::CreateGroupRequest { group_name: "readers".into(), path: None }).await.unwrap();
    let member = api::AddUserToGroupRequest { group_name: "readers".into(), user_name: "ann".into() };
    house.call::<api::AddUserToGroup>(member).await.unwrap();
    let attached = api::AttachGroupPolicyRequest { group_name: "readers".into(), policy_arn: READ_ONLY.into() };
    house.call::<api::AttachGroupPolicy>(attached).await.unwrap();
    let inline = api::PutUserPolicyRequest {
        user_name: "ann".into(),
        policy_name: "own".into(),
        policy_document: POLICY.into(),
    };
    house.call::<api::PutUserPolicy>(inline).await.unwrap();
    let policy =
        api::CreatePolicyRequest { policy_name: "limit".into(), policy_document: POLICY.into(), ..Default::default() };
    let arn = house.call::<api::CreatePolicy>(policy).await.unwrap().policy.unwrap().arn.unwrap();
    let version = api::CreatePolicyVersionRequest {
        policy_arn: arn.clone(),
        policy_document: POLICY.into(),
        set_as_default: Some(true),
    };
    house.call::<api::CreatePolicyVersion>(version).await.unwrap();
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
    let role = api::CreateRoleRequest {
        role_name: "server".into(),
        assume_role_policy_document: trust.into(),
        permissions_boundary: Some(arn),
        ..Default::default()
    };
    house.call::<api::CreateRole>(role).await.unwrap();
    let profile = api::CreateInstanceProfileRequest { instance_profile_name: "server".into(), ..Default::default() };
    house.call::<api::CreateInstanceProfile>(profile).await.unwrap();
    let held =
        api::AddRoleToInstanceProfileRequest { instance_profile_name: "server".into(), role_name: "server".into() };
    house.call::<api::AddRoleToInstanceProfile>(held).await.unwrap();
    house
}

async fn details(
    house: &TestHouse,
    input: api::GetAccountAuthorizationDetailsRequest,
) -> api::GetAccountAuthorizationDetailsResponse {
    house.call::<api::GetAccountAuthorizationDetails>(input).await.unwrap()
}

/// The names of all that was listed, by kind.
fn names(answer: &api::GetAccountAuthorizationDetailsResponse) -> Vec<String> {
    let users = answer.user_detail_list.iter().flatten().map(|user| &user.user_name);
    let groups = answer.group_detail_list.iter().flatten().map(|group| &group.group_name);
    let roles = answer.role_detail_list.iter().flatten().map(|role| &role.role_name);
    let policies = answer.policies.iter().flatten().map(|policy| &policy.policy_name);
    users.chain(groups).chain(roles).chain(policies).map(|name| name.clone().unwrap()).collect()
}

#[tokio::test]
async fn everything_is_told_with_what_it_is_tied_to() {
    let house = furnished().await;
    let answer = details(&house, Default::default()).await;
    assert_eq!(names(&answer), ["ann", "bob", "readers", "server", "limit", "ReadOnlyAccess"]);
    assert_eq!((answer.is_truncated, &answer.marker), (Some(false), &None));

    let users = answer.user_detail_list.unwrap();
    assert_eq!(users[0].group_list, Some(vec!["readers".to_owned()]));
    let own = &users[0].user_policy_list.as_ref().unwrap()[0];
    assert_eq!((own.policy_name.as_deref(), own.policy_document.as_deref()), (Some("own"), Some(ENCODED)));
    assert_eq!(users[0].tags.as_ref().unwrap().len(), 1);
    assert!(users[1].user_policy_list.is_none() && users[1].group_list.as_ref().unwrap().is_empty());

    let group = &answer.group_detail_list.unwrap()[0];
    let attached = &group.attached_managed_policies.as_ref().unwrap()[0];
    assert_eq!(attached.policy_arn.as_deref(), Some(READ_ONLY));

    let role = &answer.role_detail_list.unwrap()[0];
    let profile = &role.instance_profile_list.as_ref().unwrap()[0];
    assert_eq!((profile.instance_profile_name.as_str(), profile.roles[0].role_name.as_str()), ("server", "server"));
    let boundary = role.permissions_boundary.as_ref().unwrap();
    assert_eq!(boundary.permissions_boundary_arn, Some(format!("arn:aws:iam::{ACCOUNT}:policy/limit")));
    assert!(role.assume_role_policy_document.as_ref().unwrap().starts_with("%7B%22Version%22"));

    let policies = answer.policies.unwrap();
    assert_eq!(policies[0].default_version_id.as_deref(), Some("v2"));
    assert_eq!((policies[0].attachment_count, policies[0].permissions_boundary_usage_count), (Some(0), Some(1)));
    let versions = policies[0].policy_version_list.as_ref().unwrap();
    let told: Vec<_> =
        versions.iter().map(|version| (version.version_id.as_deref(), version.is_default_version)).collect();
    assert_eq!(told, [(Some("v2"), Some(true)), (Some("v1"), Some(false))]);
    assert_eq!(versions[0].document.as_deref(), Some(ENCODED));
    assert_eq!((policies[1].arn.as_deref(), policies[1].attachment_count), (Some(READ_ONLY), Some(1)));
}

#[tokio::test]
async fn a_filter_chooses_kinds() {
    use api::EntityType::{AwsManagedPolicy, Group, LocalManagedPolicy, Role, User};
    let house = furnished().await;
    let table: [(&[api::EntityType], &[&str]); 5] = [
        (&[User], &["ann", "bob"]),
        (&[Role, Group], &["readers", "server"]),
        (&[LocalManagedPolicy], &["limit"]),
        (&[AwsManagedPolicy], &["ReadOnlyAccess"]),
        (&[], &["ann", "bob", "readers", "server", "limit", "ReadOnlyAccess"]),
    ];
    for (filter, expected) in table {
        let input = api::GetAccountAuthorizationDetailsRequest { filter: Some(filter.to_vec()), ..Default::default() };
        assert_eq!(names(&details(&house, input).await), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_run_across_the_kinds() {
    let house = furnished().await;
    for size in 1..=6 {
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let input =
                api::GetAccountAuthorizationDetailsRequest { max_items: Some(size), marker, ..Default::default() };
            let page = details(&house, input).await;
            let listed = names(&page);
            assert!(listed.len() <= usize::try_from(size).unwrap());
            assert_eq!(page.is_truncated, Some(page.marker.is_some()));
            seen.extend(listed);
            marker = page.marker;
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["ann", "bob", "readers", "server", "limit", "ReadOnlyAccess"], "{size} a page");
    }
}
