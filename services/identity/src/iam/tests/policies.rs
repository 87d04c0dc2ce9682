//! Managed policies and their versions.

use super::*;

fn version(arn: &str, set_as_default: bool) -> api::CreatePolicyVersionRequest {
    api::CreatePolicyVersionRequest {
        policy_arn: arn.into(),
        policy_document: SQS.into(),
        set_as_default: Some(set_as_default),
    }
}

async fn get(house: &House, arn: &str) -> api::Policy {
    house.call::<api::GetPolicy>(api::GetPolicyRequest { policy_arn: arn.into() }).await.unwrap().policy.unwrap()
}

async fn versions(house: &House, arn: &str) -> Vec<(String, bool)> {
    let input = api::ListPolicyVersionsRequest { policy_arn: arn.into(), ..Default::default() };
    let versions = house.call::<api::ListPolicyVersions>(input).await.unwrap().versions.unwrap();
    let pair = |version: api::PolicyVersion| (version.version_id.unwrap(), version.is_default_version.unwrap());
    versions.into_iter().map(pair).collect()
}

async fn names(house: &House, input: api::ListPoliciesRequest) -> Vec<String> {
    let policies = house.call::<api::ListPolicies>(input).await.unwrap().policies.unwrap();
    policies.into_iter().map(|policy| policy.policy_name.unwrap()).collect()
}

#[tokio::test]
async fn a_policy_answers_what_it_was_made_with() {
    let house = open();
    let input = api::CreatePolicyRequest {
        policy_name: "Queues".into(),
        path: Some("/team/".into()),
        policy_document: SQS.into(),
        description: Some("all queues".into()),
        tags: None,
    };
    let made = house.call::<api::CreatePolicy>(input).await.unwrap().policy.unwrap();
    let arn = "arn:aws:iam::000000000000:policy/team/Queues";
    assert_eq!(made.arn.as_deref(), Some(arn));
    assert!(made.policy_id.unwrap().starts_with("ANPA"));
    let found = get(&house, arn).await;
    assert_eq!(found.default_version_id.as_deref(), Some("v1"));
    assert_eq!((found.attachment_count, found.is_attachable), (Some(0), Some(true)));
    assert_eq!(found.description.as_deref(), Some("all queues"));
    let input = api::GetPolicyVersionRequest { policy_arn: arn.into(), version_id: "v1".into() };
    let version = house.call::<api::GetPolicyVersion>(input).await.unwrap().policy_version.unwrap();
    assert!(version.document.unwrap().contains("%22Action%22%3A%22sqs%3A%2A%22"));
}

#[tokio::test]
async fn a_name_is_taken_on_every_path() {
    let house = open();
    house.policy("queues", SQS).await;
    let input = api::CreatePolicyRequest {
        policy_name: "Queues".into(),
        path: Some("/team/".into()),
        policy_document: SQS.into(),
        ..Default::default()
    };
    let refused = house.refused::<api::CreatePolicy>(input).await;
    let text = "A policy called Queues already exists. Duplicate names are not allowed.";
    assert_eq!(refused, error("EntityAlreadyExists", text));
}

#[tokio::test]
async fn documents_are_checked_and_measured_without_white_space() {
    let house = open();
    let create = |document: String| api::CreatePolicyRequest {
        policy_name: "queues".into(),
        policy_document: document,
        ..Default::default()
    };
    let refused = house.refused::<api::CreatePolicy>(create("not json".into())).await;
    assert_eq!(refused, error("MalformedPolicyDocument", "Syntax errors in policy."));
    let padded = |characters: usize| SQS.replace("sqs:*", &format!("sqs:{}", "a".repeat(characters - SQS.len() + 1)));
    let spaced = padded(6144).replace(',', ",   \n");
    house.call::<api::CreatePolicy>(create(spaced)).await.unwrap();
    let refused = house.refused::<api::CreatePolicy>(create(padded(6145))).await;
    assert_eq!(refused, error("LimitExceeded", "Cannot exceed quota for PolicySize: 6144"));
}

#[tokio::test]
async fn there_are_at_most_five_versions_and_numbers_are_not_used_again() {
    let house = open();
    let arn = house.policy("queues", SQS).await;
    for _ in 0..4 {
        house.call::<api::CreatePolicyVersion>(version(&arn, false)).await.unwrap();
    }
    let refused = house.refused::<api::CreatePolicyVersion>(version(&arn, false)).await;
    let text = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                existing version.";
    assert_eq!(refused, error("LimitExceeded", text));
    let input = api::DeletePolicyVersionRequest { policy_arn: arn.clone(), version_id: "v5".into() };
    house.call::<api::DeletePolicyVersion>(input).await.unwrap();
    let made = house.call::<api::CreatePolicyVersion>(version(&arn, true)).await.unwrap().policy_version.unwrap();
    assert_eq!((made.version_id.as_deref(), made.is_default_version), (Some("v6"), Some(true)));
    let order: Vec<_> = versions(&house, &arn).await;
    let ids: Vec<_> = order.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["v6", "v4", "v3", "v2", "v1"]);
    assert!(order[0].1 && !order[4].1);
}

#[tokio::test]
async fn the_default_version_is_chosen_and_cannot_be_deleted() {
    let house = open();
    let arn = house.policy("queues", SQS).await;
    house.call::<api::CreatePolicyVersion>(version(&arn, false)).await.unwrap();
    let delete = |id: &str| api::DeletePolicyVersionRequest { policy_arn: arn.clone(), version_id: id.into() };
    let refused = house.refused::<api::DeletePolicyVersion>(delete("v1")).await;
    assert_eq!(refused, error("DeleteConflict", "Cannot delete the default version of a policy."));
    let input = api::SetDefaultPolicyVersionRequest { policy_arn: arn.clone(), version_id: "v2".into() };
    house.call::<api::SetDefaultPolicyVersion>(input).await.unwrap();
    house.call::<api::DeletePolicyVersion>(delete("v1")).await.unwrap();
    assert_eq!(get(&house, &arn).await.default_version_id.as_deref(), Some("v2"));
    let refused = house.refused::<api::DeletePolicyVersion>(delete("v1")).await;
    let text = format!("Policy {arn} version v1 does not exist or is not attachable.");
    assert_eq!(refused, error("NoSuchEntity", &text));
}

#[tokio::test]
async fn a_policy_goes_when_it_is_not_attached_and_has_one_version() {
    let house = open();
    let arn = house.policy("queues", SQS).await;
    house.user("alice").await;
    house.attach("alice", &arn).await;
    house.call::<api::CreatePolicyVersion>(version(&arn, false)).await.unwrap();
    let delete = || api::DeletePolicyRequest { policy_arn: arn.clone() };
    let refused = house.refused::<api::DeletePolicy>(delete()).await;
    assert_eq!(refused, error("DeleteConflict", "Cannot delete a policy attached to entities."));
    let input = api::DetachUserPolicyRequest { user_name: "alice".into(), policy_arn: arn.clone() };
    house.call::<api::DetachUserPolicy>(input).await.unwrap();
    let refused = house.refused::<api::DeletePolicy>(delete()).await;
    let text = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                versions. The default version is deleted with the policy.";
    assert_eq!(refused, error("DeleteConflict", text));
    let input = api::DeletePolicyVersionRequest { policy_arn: arn.clone(), version_id: "v2".into() };
    house.call::<api::DeletePolicyVersion>(input).await.unwrap();
    house.call::<api::DeletePolicy>(delete()).await.unwrap();
    let refused = house.refused::<api::DeletePolicy>(delete()).await;
    assert_eq!(refused, error("NoSuchEntity", &format!("Policy {arn} was not found.")));
}

#[tokio::test]
async fn a_boundary_keeps_its_policy_too() {
    let house = open();
    let arn = house.policy("queues", SQS).await;
    house.user("alice").await;
    let input = api::PutUserPermissionsBoundaryRequest { user_name: "alice".into(), permissions_boundary: arn.clone() };
    house.call::<api::PutUserPermissionsBoundary>(input).await.unwrap();
    let policy = get(&house, &arn).await;
    assert_eq!((policy.attachment_count, policy.permissions_boundary_usage_count), (Some(0), Some(1)));
    let refused = house.refused::<api::DeletePolicy>(api::DeletePolicyRequest { policy_arn: arn }).await;
    assert_eq!(refused.0, "DeleteConflict");
}

#[tokio::test]
async fn awss_policies_are_there_to_read_and_attach_but_not_to_change() {
    let house = open();
    let policy = get(&house, ADMINISTRATOR).await;
    assert_eq!(policy.policy_name.as_deref(), Some("AdministratorAccess"));
    assert_eq!(versions(&house, ADMINISTRATOR).await, [("v1".to_owned(), true)]);
    let refused =
        house.refused::<api::DeletePolicy>(api::DeletePolicyRequest { policy_arn: ADMINISTRATOR.into() }).await;
    assert_eq!(refused.0, "NoSuchEntity");
    let refused = house.refused::<api::CreatePolicyVersion>(version(ADMINISTRATOR, true)).await;
    assert_eq!(refused.0, "NoSuchEntity");
    let unknown = "arn:aws:iam::aws:policy/AmazonBraketFullAccess";
    let refused = house.refused::<api::GetPolicy>(api::GetPolicyRequest { policy_arn: unknown.into() }).await;
    assert_eq!(refused, error("NoSuchEntity", &format!("Policy {unknown} was not found.")));
}

#[tokio::test]
async fn lists_select_by_scope_use_and_path() {
    let house = open();
    house.policy("queues", SQS).await;
    let attached = house.policy("used", SQS).await;
    house.user("alice").await;
    house.attach("alice", &attached).await;
    house.attach("alice", READ_ONLY).await;
    let all = api::ListPoliciesRequest::default();
    let local = api::ListPoliciesRequest { scope: Some(api::PolicyScopeType::Local), ..all.clone() };
    assert_eq!(names(&house, local.clone()).await, ["queues", "used"]);
    let used = api::ListPoliciesRequest { only_attached: Some(true), ..all.clone() };
    assert_eq!(names(&house, used).await, ["ReadOnlyAccess", "used"]);
    let boundaries = Some(api::PolicyUsageType::PermissionsBoundary);
    let boundaries = api::ListPoliciesRequest { policy_usage_filter: boundaries, ..all.clone() };
    assert!(names(&house, boundaries).await.is_empty());
    let service_roles = api::ListPoliciesRequest { path_prefix: Some("/service-role/".into()), ..all.clone() };
    assert!(names(&house, service_roles).await.contains(&"AWSGlueServiceRole".to_owned()));
    let one = api::ListPoliciesRequest { max_items: Some(1), ..local };
    let first = house.call::<api::ListPolicies>(one.clone()).await.unwrap();
    assert_eq!(first.is_truncated, Some(true));
    assert_eq!(names(&house, api::ListPoliciesRequest { marker: first.marker, ..one }).await, ["used"]);
}
