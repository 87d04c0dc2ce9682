//! Who may: resources, and the conditions that AWS has for parameters.

use std::collections::HashMap;
use std::sync::Arc;

use haar_gateway::testkit::FixedAuthority;
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Authority, Caller};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::Config;
use serde_json::{Value, json};

use super::*;

const ALICE: &str = "arn:aws:iam::000000000000:user/alice";

fn alice() -> Arc<Caller> {
    let account = AccountId::parse("000000000000").unwrap();
    Arc::new(Caller {
        principal: Principal::User { arn: ALICE.into(), account: account.to_string(), unique_id: "AIDAEXAMPLE".into() },
        arn: ALICE.into(),
        ..Caller::root(&account)
    })
}

/// A house in which alice may do what the statements say; root puts `/app/a` and `/other/b`, the first tagged.
async fn house_where_alice_may(statements: Value) -> TestHouse {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let source = Source {
        id: "inline".into(),
        arn: None,
        kind: SourceKind::User,
        document: Arc::new(Document::parse(&text, Kind::Identity).unwrap()),
    };
    let permissions = Permissions { identity: vec![source], ..Default::default() };
    let authority = FixedAuthority {
        permissions: HashMap::from([(ALICE.to_owned(), Arc::new(permissions))]),
        ..Default::default()
    };
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (vec![crate::ssm::service(platform)], Arc::new(authority) as Arc<dyn Authority>)
    });
    let tagged = PutParameterRequest { tags: Some(vec![tag("team", "data")]), ..string("/app/a", "1") };
    put(&house, tagged).await;
    put(&house, string("/other/b", "1")).await;
    house
}

async fn reads(house: &TestHouse, name: &str) -> Result<aws::GetParameterResult, Fault> {
    let request = aws::GetParameterRequest { name: name.into(), with_decryption: None };
    house.call_as::<aws::GetParameter>(&alice(), "us-east-1", request).await
}

async fn writes(house: &TestHouse, request: PutParameterRequest) -> Result<PutParameterResult, Fault> {
    house.call_as::<aws::PutParameter>(&alice(), "us-east-1", request).await
}

fn is_denied<T: Debug>(answer: Result<T, Fault>) -> bool {
    let refusal = refusal(answer);
    assert!(
        refusal.starts_with("AccessDeniedException: User: arn:aws:iam::000000000000:user/alice is not"),
        "{refusal}"
    );
    true
}

#[tokio::test]
async fn permissions_are_by_the_parameter_s_arn() {
    let house = house_where_alice_may(json!([{
        "Effect": "Allow",
        "Action": ["ssm:GetParameter", "ssm:GetParameters"],
        "Resource": "arn:aws:ssm:us-east-1:000000000000:parameter/app/*",
    }]))
    .await;
    for name in ["/app/a", "/app/a:1", "arn:aws:ssm:us-east-1:000000000000:parameter/app/a"] {
        reads(&house, name).await.unwrap();
    }
    assert!(is_denied(reads(&house, "/other/b").await));
    assert!(is_denied(reads(&house, "/nowhere").await), "not even whether it exists");
    let several = |names: &[&str]| aws::GetParametersRequest { names: texts(names), with_decryption: None };
    let call = async |names| house.call_as::<aws::GetParameters>(&alice(), "us-east-1", several(names)).await;
    call(&["/app/a", "/app/b"]).await.unwrap();
    assert!(is_denied(call(&["/app/a", "/other/b"]).await));
}

#[tokio::test]
async fn a_path_is_allowed_as_a_whole() {
    let house = house_where_alice_may(json!([{
        "Effect": "Allow",
        "Action": "ssm:GetParametersByPath",
        "Resource": "arn:aws:ssm:us-east-1:000000000000:parameter/app",
        "Condition": {"StringEquals": {"ssm:Recursive": "false"}},
    }]))
    .await;
    let list = async |path: &str, recursive: bool| {
        let request =
            aws::GetParametersByPathRequest { path: path.into(), recursive: Some(recursive), ..Default::default() };
        house.call_as::<aws::GetParametersByPath>(&alice(), "us-east-1", request).await
    };
    assert_eq!(list("/app", false).await.unwrap().parameters.unwrap().len(), 1);
    assert!(is_denied(list("/app", true).await));
    assert!(is_denied(list("/other", false).await));
}

#[tokio::test]
async fn overwriting_and_policies_can_be_forbidden() {
    let house = house_where_alice_may(json!([
        {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"},
        {"Effect": "Deny", "Action": "ssm:PutParameter", "Resource": "*",
         "Condition": {"StringEquals": {"ssm:Overwrite": "true"}}},
        {"Effect": "Deny", "Action": "ssm:PutParameter", "Resource": "*",
         "Condition": {"Null": {"ssm:Policies": "false"}}},
    ]))
    .await;
    writes(&house, string("new", "1")).await.unwrap();
    assert!(is_denied(writes(&house, over(string("new", "2"))).await));
    let with_policies = PutParameterRequest { policies: Some("[]".into()), ..string("newer", "1") };
    assert!(is_denied(writes(&house, with_policies).await));
}

#[tokio::test]
async fn tags_of_requests_and_of_parameters_count() {
    let house = house_where_alice_may(json!([
        {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/team": "data"}}},
        {"Effect": "Allow", "Action": "ssm:DeleteParameter", "Resource": "*",
         "Condition": {"StringEquals": {"ssm:resourceTag/team": "data"}}},
        {"Effect": "Allow", "Action": ["ssm:PutParameter", "ssm:AddTagsToResource"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestTag/team": "data"}}},
    ]))
    .await;
    reads(&house, "/app/a").await.unwrap();
    assert!(is_denied(reads(&house, "/other/b").await));
    let tagged = |team: &str| PutParameterRequest { tags: Some(vec![tag("team", team)]), ..string("new", "1") };
    writes(&house, tagged("data")).await.unwrap();
    assert!(is_denied(writes(&house, tagged("web")).await));
    let delete = async |name: &str| {
        let request = aws::DeleteParameterRequest { name: name.into() };
        house.call_as::<aws::DeleteParameter>(&alice(), "us-east-1", request).await
    };
    assert!(is_denied(delete("/other/b").await));
    delete("/app/a").await.unwrap();
}

#[tokio::test]
async fn tagging_at_creation_needs_the_permission_to_tag() {
    let house =
        house_where_alice_may(json!([{"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"}])).await;
    writes(&house, string("new", "1")).await.unwrap();
    let tagged = PutParameterRequest { tags: Some(vec![tag("team", "data")]), ..string("newer", "1") };
    assert!(is_denied(writes(&house, tagged).await));
}

#[tokio::test]
async fn describing_is_on_no_parameter_in_particular() {
    let house = house_where_alice_may(json!([{
        "Effect": "Allow",
        "Action": "ssm:DescribeParameters",
        "Resource": "arn:aws:ssm:us-east-1:000000000000:parameter/app/*",
    }]))
    .await;
    let answer = house.call_as::<aws::DescribeParameters>(&alice(), "us-east-1", Default::default()).await;
    assert!(is_denied(answer));
}
