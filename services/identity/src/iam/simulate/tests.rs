//! Behaviour of the policy simulator, through the pipeline.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use haar_gateway::testkit::{ACCOUNT, TestHouse};
use haar_platform::aws::iam as api;
use haar_platform::kernel::Fault;
use haar_platform::store::Config;

use crate::{HouseAuthority, iam};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:orders";
const OTHER_QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:invoices";

fn house() -> TestHouse {
    TestHouse::with_authority(Config::in_memory(), |platform| {
        let authority = HouseAuthority::open(platform);
        (vec![iam::service(platform, &authority)], authority)
    })
}

fn document(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}"#)
}

fn policy(effect: &str, action: &str, resource: &str) -> String {
    document(&statement(effect, action, resource))
}

fn arn(entity: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{entity}")
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn custom(policies: &[String], actions: &[&str], resources: &[&str]) -> api::SimulateCustomPolicyRequest {
    api::SimulateCustomPolicyRequest {
        policy_input_list: policies.to_vec(),
        action_names: strings(actions),
        resource_arns: (!resources.is_empty()).then(|| strings(resources)),
        ..Default::default()
    }
}

async fn simulate(house: &TestHouse, input: api::SimulateCustomPolicyRequest) -> Vec<api::EvaluationResult> {
    house.call::<api::SimulateCustomPolicy>(input).await.unwrap().evaluation_results.unwrap()
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, Fault>) -> (String, String) {
    let fault = answer.unwrap_err();
    (fault.code.to_string(), fault.message)
}

/// Source and kind of the matched statements.
fn sources(statements: &Option<Vec<api::Statement>>) -> Vec<(&str, &str)> {
    statements
        .iter()
        .flatten()
        .map(|statement| {
            (statement.source_policy_id.as_deref().unwrap(), statement.source_policy_type.as_deref().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn each_action_is_decided_by_the_policies_that_were_passed() {
    use api::PolicyEvaluationDecisionType::{Allowed, ExplicitDeny, ImplicitDeny};
    let house = house();
    let policies = [policy("Allow", "sqs:*", "*"), policy("Deny", "sqs:PurgeQueue", "*")];
    let results =
        simulate(&house, custom(&policies, &["sqs:SendMessage", "sqs:PurgeQueue", "s3:GetObject"], &[])).await;
    let table = [
        (Allowed, vec![("PolicyInputList.1", "IAM Policy")]),
        (ExplicitDeny, vec![("PolicyInputList.2", "IAM Policy")]),
        (ImplicitDeny, vec![]),
    ];
    assert_eq!(results.len(), table.len());
    for (result, (decision, matched)) in results.iter().zip(table) {
        assert_eq!(result.eval_decision, decision, "{}", result.eval_action_name);
        assert_eq!(sources(&result.matched_statements), matched, "{}", result.eval_action_name);
        assert_eq!(result.eval_resource_name.as_deref(), Some("*"));
        assert!(result.resource_specific_results.is_none() && result.eval_decision_details.is_none());
        assert!(result.permissions_boundary_decision_detail.is_none());
    }
}

/// The example of the AWS CLI's reference: one statement, not in a list, on one line.
#[tokio::test]
async fn statements_are_found_where_they_stand() {
    let house = house();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
    let at = |moment: &str| api::SimulateCustomPolicyRequest {
        context_entries: Some(vec![api::ContextEntry {
            context_key_name: Some("aws:CurrentTime".into()),
            context_key_values: Some(strings(&[moment])),
            context_key_type: Some(api::ContextKeyTypeEnum::Date),
        }]),
        ..custom(&[policy.into()], &["dynamodb:CreateBackup"], &[])
    };
    let allowed = simulate(&house, at("2019-04-25T11:00:00Z")).await.remove(0);
    assert_eq!(allowed.eval_decision, api::PolicyEvaluationDecisionType::Allowed);
    let matched = allowed.matched_statements.unwrap().remove(0);
    let (start, end) = (matched.start_position.unwrap(), matched.end_position.unwrap());
    assert_eq!((start.line, start.column), (Some(1), Some(38)));
    assert_eq!((end.line, end.column), (Some(1), Some(167)));
    let denied = simulate(&house, at("2014-04-25T11:00:00Z")).await.remove(0);
    assert_eq!(denied.eval_decision, api::PolicyEvaluationDecisionType::ImplicitDeny);
    assert_eq!(denied.matched_statements.unwrap().len(), 0);
}

#[tokio::test]
async fn an_action_on_several_resources_is_as_allowed_as_on_the_least_of_them() {
    use api::PolicyEvaluationDecisionType::{Allowed, ExplicitDeny, ImplicitDeny};
    let house = house();
    let policies = [policy("Allow", "sqs:*", QUEUE), policy("Deny", "sqs:DeleteQueue", OTHER_QUEUE)];
    let input = custom(&policies, &["sqs:SendMessage", "sqs:DeleteQueue"], &[QUEUE, OTHER_QUEUE]);
    let results = simulate(&house, input).await;
    let table = [
        (ImplicitDeny, vec![], [Allowed, ImplicitDeny]),
        (ExplicitDeny, vec![("PolicyInputList.2", "IAM Policy")], [Allowed, ExplicitDeny]),
    ];
    for (result, (decision, matched, specific)) in results.iter().zip(table) {
        assert_eq!(result.eval_decision, decision);
        assert_eq!(sources(&result.matched_statements), matched);
        assert_eq!(result.eval_decision_details, Some(BTreeMap::new()));
        let resources = result.resource_specific_results.as_ref().unwrap();
        let decisions: Vec<_> = resources.iter().map(|resource| resource.eval_resource_decision).collect();
        assert_eq!(decisions, specific);
        let names: Vec<_> = resources.iter().map(|resource| resource.eval_resource_name.as_str()).collect();
        assert_eq!(names, [QUEUE, OTHER_QUEUE]);
    }
    let alone = simulate(&house, custom(&policies, &["sqs:SendMessage"], &[QUEUE])).await.remove(0);
    assert_eq!(alone.eval_resource_name.as_deref(), Some(QUEUE));
}

#[tokio::test]
async fn keys_that_are_asked_for_in_vain_are_told() {
    let house = house();
    let conditional = r#"{"Effect":"Allow","Action":"sqs:*","Resource":"*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"},"NumericLessThan":{"sqs:Size":"5"}}}"#;
    let ask = |size: Option<&str>| api::SimulateCustomPolicyRequest {
        context_entries: size.map(|size| {
            vec![api::ContextEntry {
                context_key_name: Some("SQS:size".into()),
                context_key_values: Some(strings(&[size])),
                context_key_type: Some(api::ContextKeyTypeEnum::Numeric),
            }]
        }),
        ..custom(&[document(conditional)], &["sqs:SendMessage"], &[])
    };
    let missing = |results: Vec<api::EvaluationResult>| results[0].missing_context_values.clone().unwrap();
    assert_eq!(missing(simulate(&house, ask(None)).await), ["aws:PrincipalTag/team", "sqs:Size"]);
    assert_eq!(missing(simulate(&house, ask(Some("3"))).await), ["aws:PrincipalTag/team"]);
    let (code, _) = refusal(house.call::<api::SimulateCustomPolicy>(ask(Some("three"))).await);
    assert_eq!(code, "InvalidInput");
}

#[tokio::test]
async fn a_boundary_limits_and_says_so() {
    use api::PolicyEvaluationDecisionType::{Allowed, ExplicitDeny, ImplicitDeny};
    let house = house();
    let boundary = document(&format!("{},{}", statement("Allow", "sqs:*", "*"), statement("Deny", "sqs:Purge*", "*")));
    let input = api::SimulateCustomPolicyRequest {
        permissions_boundary_policy_input_list: Some(vec![boundary.clone()]),
        ..custom(&[policy("Allow", "*", "*")], &["sqs:SendMessage", "s3:GetObject", "sqs:PurgeQueue"], &[])
    };
    let results = simulate(&house, input).await;
    let table = [
        (Allowed, true, vec![("PolicyInputList.1", "IAM Policy")]),
        (ImplicitDeny, false, vec![]),
        (ExplicitDeny, false, vec![("PermissionsBoundaryPolicyInputList.1", "Permissions Boundary Policy")]),
    ];
    for (result, (decision, by_boundary, matched)) in results.iter().zip(table) {
        assert_eq!(result.eval_decision, decision, "{}", result.eval_action_name);
        assert_eq!(sources(&result.matched_statements), matched, "{}", result.eval_action_name);
        let detail = result.permissions_boundary_decision_detail.as_ref().unwrap();
        assert_eq!(detail.allowed_by_permissions_boundary, Some(by_boundary), "{}", result.eval_action_name);
    }
    let two = api::SimulateCustomPolicyRequest {
        permissions_boundary_policy_input_list: Some(vec![boundary.clone(), boundary]),
        ..custom(&[policy("Allow", "*", "*")], &["sqs:SendMessage"], &[])
    };
    assert_eq!(refusal(house.call::<api::SimulateCustomPolicy>(two).await).0, "InvalidInput");
}

/// The example of SimulatePrincipalPolicy's reference, as a custom simulation.
#[tokio::test]
async fn across_accounts_every_kind_of_policy_is_told_by_itself() {
    use api::PolicyEvaluationDecisionType::{Allowed, ImplicitDeny};
    let house = house();
    let arnav = "arn:aws:iam::444455556666:user/arnav";
    let object = "arn:aws:s3:::mary/Test";
    let resource_policy = document(&format!(
        r#"{{"Effect":"Allow","Principal":{{"AWS":"{arnav}"}},"Action":["s3:List*","s3:Put*"],"Resource":"arn:aws:s3:::mary/*"}}"#
    ));
    let ask = |owner: &str, identity: String| api::SimulateCustomPolicyRequest {
        resource_owner: Some(format!("arn:aws:iam::{owner}:root")),
        caller_arn: Some(arnav.into()),
        resource_policy: Some(resource_policy.clone()),
        permissions_boundary_policy_input_list: Some(vec![policy("Allow", "iam:*", "*")]),
        ..custom(&[identity], &["s3:PutObject"], &[object])
    };
    let nothing = || policy("Allow", "sqs:*", "*");
    let abroad = simulate(&house, ask("123456789012", nothing())).await.remove(0);
    assert_eq!(abroad.eval_decision, ImplicitDeny);
    assert_eq!(sources(&abroad.matched_statements), []);
    let details = BTreeMap::from([
        ("IAM Policy".to_owned(), ImplicitDeny),
        ("Resource Policy".to_owned(), Allowed),
        ("Permissions Boundary Policy".to_owned(), ImplicitDeny),
    ]);
    assert_eq!(abroad.eval_decision_details, Some(details.clone()));
    let specific = &abroad.resource_specific_results.unwrap()[0];
    assert_eq!(sources(&specific.matched_statements), [("ResourcePolicy", "Resource Policy")]);
    assert_eq!(specific.eval_decision_details, Some(details));

    // At home the resource's policy, which names the user, is enough.
    let at_home = simulate(&house, ask("444455556666", nothing())).await.remove(0);
    assert_eq!(at_home.eval_decision, Allowed);
    assert_eq!(at_home.eval_decision_details, Some(BTreeMap::new()));
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused() {
    let house = house();
    let base = || custom(&[policy("Allow", "*", "*")], &["s3:GetObject"], &[]);
    let bucket = document(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#);
    let table = [
        (custom(&[policy("Allow", "*", "*")], &["s3:*"], &[]), "does not name one operation"),
        (custom(&[policy("Allow", "*", "*")], &["GetObject"], &[]), "does not name one operation"),
        (custom(&["{}".into()], &["s3:GetObject"], &[]), "Invalid Policy PolicyInputList.1: Syntax errors in policy."),
        (
            api::SimulateCustomPolicyRequest { resource_policy: Some(bucket.clone()), ..base() },
            "Invalid caller - Caller must be an IAM user in this context.",
        ),
        (
            api::SimulateCustomPolicyRequest {
                resource_policy: Some(bucket),
                caller_arn: Some(arn("role/reader")),
                ..base()
            },
            "Invalid caller - Caller must be an IAM user in this context.",
        ),
        (
            api::SimulateCustomPolicyRequest {
                caller_arn: Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/a/b")),
                ..base()
            },
            "does not clearly define entity type and name.",
        ),
        (api::SimulateCustomPolicyRequest { resource_owner: Some("mary".into()), ..base() }, "Invalid Resource Owner"),
        (
            api::SimulateCustomPolicyRequest { resource_handling_option: Some("EC2-VPC-EBS".into()), ..base() },
            "requires a resource of type instance",
        ),
        (
            api::SimulateCustomPolicyRequest { resource_handling_option: Some("EC2-Moon".into()), ..base() },
            "Invalid Resource Handling Option",
        ),
    ];
    for (input, expected) in table {
        let (code, message) = refusal(house.call::<api::SimulateCustomPolicy>(input).await);
        assert_eq!(code, "InvalidInput", "{expected}");
        assert!(message.contains(expected), "{message}");
    }
    let with_scp = api::SimulateCustomPolicyRequest {
        ordered_organization_policy_input_list: Some(vec![Default::default()]),
        ..base()
    };
    assert_eq!(refusal(house.call::<api::SimulateCustomPolicy>(with_scp).await).0, "NotImplemented");
    let ec2 = |kind: &str| format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:{kind}/1");
    let resources = ["instance", "image", "security-group", "network-interface", "volume"].map(ec2);
    let launch = api::SimulateCustomPolicyRequest {
        resource_handling_option: Some("EC2-VPC-EBS".into()),
        resource_arns: Some(resources.to_vec()),
        ..base()
    };
    assert_eq!(simulate(&house, launch).await.len(), 1);
}

#[tokio::test]
async fn results_come_in_pages_of_actions() {
    let house = house();
    let ask = |marker: Option<String>| api::SimulateCustomPolicyRequest {
        max_items: Some(2),
        marker,
        ..custom(&[policy("Allow", "a:*", "*")], &["a:One", "a:Two", "b:Three"], &[])
    };
    let first = house.call::<api::SimulateCustomPolicy>(ask(None)).await.unwrap();
    assert_eq!(first.is_truncated, Some(true));
    assert_eq!(first.evaluation_results.unwrap().len(), 2);
    let second = house.call::<api::SimulateCustomPolicy>(ask(first.marker.clone())).await.unwrap();
    assert_eq!((second.is_truncated, second.marker), (Some(false), None));
    assert_eq!(second.evaluation_results.unwrap()[0].eval_action_name, "b:Three");
    let other = api::SimulateCustomPolicyRequest { action_names: strings(&["a:One"]), ..ask(first.marker) };
    assert_eq!(refusal(house.call::<api::SimulateCustomPolicy>(other).await).0, "ValidationError");
}

#[tokio::test]
async fn a_simulation_has_a_size() {
    let house = house();
    let resources = |count: usize| Some((0..count).map(|index| format!("arn:aws:sqs:eu-west-1:1:q{index}")).collect());
    let ask = |statements: usize, count: usize| api::SimulateCustomPolicyRequest {
        resource_arns: resources(count),
        ..custom(&[document(&vec![statement("Allow", "b:*", "*"); statements].join(","))], &["a:One"], &[])
    };
    for (statements, count) in [(1, 20_001), (101, 20_000)] {
        let (code, message) = refusal(house.call::<api::SimulateCustomPolicy>(ask(statements, count)).await);
        assert_eq!(code, "InvalidInput");
        assert!(message.contains("too large"), "{message}");
    }
    assert_eq!(simulate(&house, ask(1, 100)).await.len(), 1);
}

/// Ann, of the group `readers`, with a policy of each kind.
async fn ann() -> TestHouse {
    let house = house();
    let user = api::CreateUserRequest { user_name: "ann".into(), path: Some("/team/".into()), ..Default::default() };
    house.call::<api::CreateUser>(user).await.unwrap();
    house.call::<api::CreateGroup>(api::CreateGroupRequest { group_name: "readers".into(), path: None }).await.unwrap();
    let member = api::AddUserToGroupRequest { group_name: "readers".into(), user_name: "ann".into() };
    house.call::<api::AddUserToGroup>(member).await.unwrap();
    let inline = api::PutUserPolicyRequest {
        user_name: "ann".into(),
        policy_name: "own".into(),
        policy_document: policy("Allow", "own:*", "arn:aws:sqs:*:*:${aws:username}"),
    };
    house.call::<api::PutUserPolicy>(inline).await.unwrap();
    let inline = api::PutGroupPolicyRequest {
        group_name: "readers".into(),
        policy_name: "shared".into(),
        policy_document: policy("Allow", "shared:*", "*"),
    };
    house.call::<api::PutGroupPolicy>(inline).await.unwrap();
    let managed = api::CreatePolicyRequest {
        policy_name: "managed".into(),
        policy_document: policy("Allow", "managed:*", "*"),
        ..Default::default()
    };
    house.call::<api::CreatePolicy>(managed).await.unwrap();
    for policy_arn in [arn("policy/managed"), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()] {
        let attached = api::AttachUserPolicyRequest { user_name: "ann".into(), policy_arn };
        house.call::<api::AttachUserPolicy>(attached).await.unwrap();
    }
    house
}

fn of_ann(actions: &[&str]) -> api::SimulatePrincipalPolicyRequest {
    api::SimulatePrincipalPolicyRequest {
        policy_source_arn: arn("user/team/ann"),
        action_names: strings(actions),
        resource_arns: Some(strings(&["arn:aws:sqs:eu-west-1:000000000000:ann"])),
        ..Default::default()
    }
}

const EACH_KIND: [&str; 5] = ["own:Do", "shared:Do", "managed:Do", "sqs:ListQueues", "more:Do"];

async fn allowed(house: &TestHouse, input: api::SimulatePrincipalPolicyRequest) -> Vec<String> {
    let answer = house.call::<api::SimulatePrincipalPolicy>(input).await.unwrap();
    let results = answer.evaluation_results.unwrap().into_iter();
    let allowed = results.filter(|result| result.eval_decision == api::PolicyEvaluationDecisionType::Allowed);
    allowed.map(|result| result.eval_action_name).collect()
}

#[tokio::test]
async fn a_principal_brings_its_policies_and_those_of_its_groups() {
    let house = ann().await;
    assert_eq!(allowed(&house, of_ann(&EACH_KIND)).await, EACH_KIND[..4]);
    let more = api::SimulatePrincipalPolicyRequest {
        policy_input_list: Some(vec![policy("Allow", "more:*", "*")]),
        ..of_ann(&EACH_KIND)
    };
    assert_eq!(allowed(&house, more).await, EACH_KIND);
    let answer = house.call::<api::SimulatePrincipalPolicy>(of_ann(&EACH_KIND[..4])).await.unwrap();
    let results = answer.evaluation_results.unwrap();
    let ids: Vec<_> = results.iter().map(|result| sources(&result.matched_statements)[0].0).collect();
    assert_eq!(ids, ["user_ann_own", "group_readers_shared", "managed", "ReadOnlyAccess"]);
}

#[tokio::test]
async fn the_attached_boundary_counts_unless_another_one_is_tried() {
    let house = ann().await;
    let boundary =
        api::PutUserPermissionsBoundaryRequest { user_name: "ann".into(), permissions_boundary: arn("policy/managed") };
    house.call::<api::PutUserPermissionsBoundary>(boundary).await.unwrap();
    assert_eq!(allowed(&house, of_ann(&EACH_KIND)).await, ["managed:Do"]);
    let other = api::SimulatePrincipalPolicyRequest {
        permissions_boundary_policy_input_list: Some(vec![policy("Allow", "own:*", "*")]),
        ..of_ann(&EACH_KIND)
    };
    assert_eq!(allowed(&house, other).await, ["own:Do"]);
}

#[tokio::test]
async fn policies_can_be_thought_away() {
    use api::{AttachmentType, InlinePolicyIdentifierType, PolicyIdentifier, PolicyIdentifierPolicyType as PolicyType};
    let house = ann().await;
    let inline = |policy: &str, attachment_type, name: &str| {
        PolicyIdentifier::InlinePolicyIdentifier(InlinePolicyIdentifierType {
            policy_name: policy.into(),
            attachment_type,
            attachment_name: name.into(),
        })
    };
    let without = |exclusion: PolicyIdentifier| api::SimulatePrincipalPolicyRequest {
        policy_exclusion_list: Some(vec![exclusion]),
        ..of_ann(&EACH_KIND[..4])
    };
    let table = [
        (PolicyIdentifier::PolicyType(PolicyType::Inline), vec!["managed:Do", "sqs:ListQueues"]),
        (PolicyIdentifier::PolicyType(PolicyType::AwsManaged), vec!["own:Do", "shared:Do", "managed:Do"]),
        (PolicyIdentifier::PolicyType(PolicyType::UserManaged), vec!["own:Do", "shared:Do", "sqs:ListQueues"]),
        (PolicyIdentifier::PolicyType(PolicyType::Scp), EACH_KIND[..4].to_vec()),
        (PolicyIdentifier::PolicyArn(arn("policy/man*")), vec!["own:Do", "shared:Do", "sqs:ListQueues"]),
        (PolicyIdentifier::PolicyArn(arn("policy/none")), EACH_KIND[..4].to_vec()),
        (inline("shared", AttachmentType::Group, "read*"), vec!["own:Do", "managed:Do", "sqs:ListQueues"]),
        (inline("shared", AttachmentType::User, "*"), EACH_KIND[..4].to_vec()),
    ];
    for (exclusion, expected) in table {
        let asked = format!("{exclusion:?}");
        assert_eq!(allowed(&house, without(exclusion)).await, expected, "{asked}");
    }
    for invalid in [
        PolicyIdentifier::PolicyArn(arn("policy/*/x")),
        PolicyIdentifier::PolicyArn(arn("policy/a*b*")),
        PolicyIdentifier::PolicyArn(arn("role/reader/longer")),
        inline("x", AttachmentType::Role, "**"),
    ] {
        let refused = house.call::<api::SimulatePrincipalPolicy>(without(invalid)).await;
        assert_eq!(refusal(refused).0, "InvalidInput");
    }
}

#[tokio::test]
async fn groups_and_roles_are_principals_too() {
    let house = ann().await;
    let role = api::CreateRoleRequest {
        role_name: "reader".into(),
        assume_role_policy_document: document(
            r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
        ),
        ..Default::default()
    };
    house.call::<api::CreateRole>(role).await.unwrap();
    let attached = api::AttachRolePolicyRequest { role_name: "reader".into(), policy_arn: arn("policy/managed") };
    house.call::<api::AttachRolePolicy>(attached).await.unwrap();
    for (source, expected) in [("group/readers", "shared:Do"), ("role/reader", "managed:Do")] {
        let input = api::SimulatePrincipalPolicyRequest { policy_source_arn: arn(source), ..of_ann(&EACH_KIND) };
        assert_eq!(allowed(&house, input).await, [expected], "{source}");
    }
}

#[tokio::test]
async fn principals_are_those_of_the_account() {
    let house = ann().await;
    let of = |source: &str| api::SimulatePrincipalPolicyRequest {
        policy_source_arn: source.into(),
        ..of_ann(&["s3:GetObject"])
    };
    let table = [
        (arn("user/bob"), "NoSuchEntity", "The user with name bob cannot be found.".to_owned()),
        (
            format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/x"),
            "InvalidInput",
            format!(
                "Invalid Entity Arn: arn:aws:sts::{ACCOUNT}:assumed-role/reader/x does not clearly define entity type and name."
            ),
        ),
        (
            "arn:aws:iam::222222222222:user/bob".into(),
            "InvalidInput",
            format!(
                "Invalid Policy Source Arn: caller's account {ACCOUNT} does not have access to policies in account 222222222222"
            ),
        ),
    ];
    for (source, code, message) in table {
        let refused = refusal(house.call::<api::SimulatePrincipalPolicy>(of(&source)).await);
        assert_eq!(refused, (code.to_owned(), message), "{source}");
    }
}

#[tokio::test]
async fn the_keys_that_policies_read_are_told_once_each() {
    let house = ann().await;
    let conditional = r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
        "StringEquals":{"aws:PrincipalTag/team":"${aws:UserName}"},"Bool":{"aws:SecureTransport":"true"}}}"#;
    let custom = api::GetContextKeysForCustomPolicyRequest {
        policy_input_list: vec![document(conditional), document(conditional)],
    };
    let keys = house.call::<api::GetContextKeysForCustomPolicy>(custom).await.unwrap().context_key_names.unwrap();
    assert_eq!(keys, ["aws:PrincipalTag/team", "aws:SecureTransport", "aws:UserName"]);
    let of_principal = |policies: Option<Vec<String>>| api::GetContextKeysForPrincipalPolicyRequest {
        policy_source_arn: arn("user/team/ann"),
        policy_input_list: policies,
    };
    let keys = house.call::<api::GetContextKeysForPrincipalPolicy>(of_principal(None)).await.unwrap();
    assert_eq!(keys.context_key_names.unwrap(), ["aws:username"]);
    let more = of_principal(Some(vec![document(conditional)]));
    let keys = house.call::<api::GetContextKeysForPrincipalPolicy>(more).await.unwrap();
    assert_eq!(keys.context_key_names.unwrap().len(), 3);
}
