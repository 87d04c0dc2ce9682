//! Resource policies, and roles that are passed.

use haar_platform::policy::{Document, Kind, Source, SourceKind};

use super::*;

const ECHO: &str = "def handler(event, context):\n    return event\n";

fn grant(principal: &str) -> AddPermissionRequest {
    AddPermissionRequest {
        function_name: "f".into(),
        statement_id: "one".into(),
        action: "lambda:InvokeFunction".into(),
        principal: principal.into(),
        ..Default::default()
    }
}

fn allowing(actions: &str) -> Arc<Permissions> {
    let text =
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}]}}"#);
    let document = Arc::new(Document::parse(&text, Kind::Identity).unwrap());
    let source = Source { id: "test".into(), arn: None, kind: SourceKind::User, document };
    Arc::new(Permissions { identity: vec![source], ..Default::default() })
}

#[tokio::test]
async fn another_account_invokes_when_the_policy_says_so() {
    let house = open().await;
    house.create("f", ECHO).await;
    let other = house.root("111111111111");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let call = async || house.call_as::<Invoke>(&other, "us-east-1", invocation(arn, "1")).await;
    refused(call().await, "AccessDeniedException", "lambda:InvokeFunction");
    let statement = house.call::<AddPermission>(grant("111111111111")).await.unwrap().statement.unwrap();
    assert_eq!(
        statement,
        format!(
            r#"{{"Sid":"one","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111111111111:root"}},"Action":"lambda:InvokeFunction","Resource":"{arn}"}}"#
        )
    );
    assert_eq!(call().await.unwrap().payload.as_deref(), Some(&b"1"[..]));
    let remove =
        RemovePermissionRequest { function_name: "f".into(), statement_id: "one".into(), ..Default::default() };
    house.call::<RemovePermission>(remove).await.unwrap();
    refused(call().await, "AccessDeniedException", "lambda:InvokeFunction");
}

#[tokio::test]
async fn a_policy_is_read_as_aws_writes_it() {
    let house = open().await;
    house.create("f", ECHO).await;
    let get = GetPolicyRequest { function_name: "f".into(), qualifier: None };
    refused(house.call::<GetPolicy>(get.clone()).await, "ResourceNotFoundException", "does not exist");
    let grant = AddPermissionRequest {
        source_arn: Some("arn:aws:s3:::raw".into()),
        source_account: Some("000000000000".into()),
        ..grant("s3.amazonaws.com")
    };
    house.call::<AddPermission>(grant.clone()).await.unwrap();
    let policy: Value = serde_json::from_str(&house.call::<GetPolicy>(get).await.unwrap().policy.unwrap()).unwrap();
    assert_eq!(
        policy,
        serde_json::json!({
            "Version": "2012-10-17",
            "Id": "default",
            "Statement": [{
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f",
                "Condition": {
                    "StringEquals": {"AWS:SourceAccount": "000000000000"},
                    "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::raw"},
                },
            }],
        })
    );
    refused(
        house.call::<AddPermission>(grant).await,
        "ResourceConflictException",
        "The statement id (one) provided already exists.",
    );
}

#[tokio::test]
async fn a_policy_of_an_alias_opens_the_alias_only() {
    let house = open().await;
    house.create("f", ECHO).await;
    house.publish("f").await;
    let alias = CreateAliasRequest {
        function_name: "f".into(),
        name: "live".into(),
        function_version: "1".into(),
        ..Default::default()
    };
    house.call::<CreateAlias>(alias).await.unwrap();
    let grant = AddPermissionRequest { qualifier: Some("live".into()), ..grant("111111111111") };
    house.call::<AddPermission>(grant).await.unwrap();
    let other = house.root("111111111111");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let call = async |name: String| house.call_as::<Invoke>(&other, "us-east-1", invocation(&name, "1")).await;
    call(format!("{arn}:live")).await.unwrap();
    refused(call(arn.to_owned()).await, "AccessDeniedException", "lambda:InvokeFunction");
    refused(call(format!("{arn}:1")).await, "AccessDeniedException", "lambda:InvokeFunction");
}

#[tokio::test]
async fn a_role_is_passed_only_by_those_who_may() {
    let arn = "arn:aws:iam::000000000000:user/alice";
    let permissions = allowing(r#""lambda:*""#);
    let house = open_with([(arn.to_owned(), permissions)].into()).await;
    let alice = Arc::new(haar_platform::kernel::Caller {
        principal: haar_platform::policy::Principal::User {
            arn: arn.into(),
            unique_id: "AIDAALICE".into(),
            account: "000000000000".into(),
        },
        arn: arn.into(),
        user_id: "AIDAALICE".into(),
        ..haar_platform::kernel::Caller::clone(&house.root("000000000000"))
    });
    let draft = house.draft("f", ECHO);
    refused(house.call_as::<CreateFunction>(&alice, "us-east-1", draft).await, "AccessDeniedException", "iam:PassRole");
}
