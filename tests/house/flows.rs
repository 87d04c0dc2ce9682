//! A few ways through the whole house, in this process, over real sockets.

use haar::cli::{Auth, IamMode};
use haar::client::{Client, element};
use haar::settings::Settings;
use haar::wiring::OpenHouse;
use http::Method;
use serde_json::{Value, json};

async fn open(change: impl FnOnce(&mut Settings)) -> (OpenHouse, Client) {
    let mut settings = Settings::ephemeral();
    change(&mut settings);
    let house = OpenHouse::open(&settings).await.unwrap();
    let client = Client::new(house.endpoint());
    (house, client)
}

async fn ssm(client: &Client, operation: &str, input: Value) -> Result<Value, String> {
    let answer = client.json("ssm", "1.1", &format!("AmazonSSM.{operation}"), input).await.unwrap();
    answer.map_err(|error| error.to_string())
}

async fn sqs(client: &Client, operation: &str, input: Value) -> Result<Value, String> {
    let answer = client.json("sqs", "1.0", &format!("AmazonSQS.{operation}"), input).await.unwrap();
    answer.map_err(|error| error.to_string())
}

async fn iam(client: &Client, action: &str, parameters: &[(&str, &str)]) -> String {
    client.query("iam", "2010-05-08", action, parameters).await.unwrap().unwrap()
}

/// A new user's client, with one inline policy.
async fn user(root: &Client, name: &str, policy: &Value) -> Client {
    iam(root, "CreateUser", &[("UserName", name)]).await;
    let document = policy.to_string();
    let policy = [("UserName", name), ("PolicyName", "own"), ("PolicyDocument", document.as_str())];
    iam(root, "PutUserPolicy", &policy).await;
    let key = iam(root, "CreateAccessKey", &[("UserName", name)]).await;
    root.with_keys(&element(&key, "AccessKeyId"), &element(&key, "SecretAccessKey"))
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }] })
}

#[tokio::test]
async fn a_user_may_do_what_the_policy_says_and_no_more_from_the_moment_it_says_so() {
    let (house, root) = open(|_| {}).await;
    for name in ["/team/a", "/other"] {
        ssm(&root, "PutParameter", json!({ "Name": name, "Type": "String", "Value": "v" })).await.unwrap();
    }
    let ana = user(&root, "ana", &allow("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/team/*")).await;
    assert_eq!(ssm(&ana, "GetParameter", json!({ "Name": "/team/a" })).await.unwrap()["Parameter"]["Value"], "v");
    assert_eq!(
        ssm(&ana, "GetParameter", json!({ "Name": "/other" })).await.unwrap_err(),
        "AccessDeniedException: User: arn:aws:iam::000000000000:user/ana is not authorized to perform: \
         ssm:GetParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter/other because no identity-based \
         policy allows the ssm:GetParameter action"
    );
    iam(&root, "DeleteUserPolicy", &[("UserName", "ana"), ("PolicyName", "own")]).await;
    assert!(ssm(&ana, "GetParameter", json!({ "Name": "/team/a" })).await.is_err());
    house.close().await.unwrap();
}

#[tokio::test]
async fn observe_lets_through_and_suggests_the_least_policy() {
    let (house, root) = open(|settings| settings.iam = IamMode::Observe).await;
    ssm(&root, "PutParameter", json!({ "Name": "/a", "Type": "String", "Value": "v" })).await.unwrap();
    let ana = user(&root, "ana", &allow("sqs:*", "*")).await;
    ssm(&ana, "GetParameter", json!({ "Name": "/a" })).await.unwrap();
    let suggested = root.page(Method::GET, "/_haar/iam/suggest?principal=user%2Fana").await.unwrap();
    let text = suggested["policy"].to_string();
    assert!(text.contains("ssm:GetParameter") && text.contains("parameter/a"), "{text}");
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_poisoned_message_ends_in_the_dead_letter_queue() {
    let (house, root) = open(|_| {}).await;
    let dead = sqs(&root, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    let redrive = json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 2 });
    let attributes = json!({ "RedrivePolicy": redrive.to_string(), "VisibilityTimeout": "0" });
    let work = sqs(&root, "CreateQueue", json!({ "QueueName": "work", "Attributes": attributes })).await.unwrap();
    let url = &work["QueueUrl"];
    sqs(&root, "SendMessage", json!({ "QueueUrl": url, "MessageBody": "poison" })).await.unwrap();
    for _ in 0..2 {
        let received = sqs(&root, "ReceiveMessage", json!({ "QueueUrl": url })).await.unwrap();
        assert_eq!(received["Messages"][0]["Body"], "poison");
    }
    assert_eq!(sqs(&root, "ReceiveMessage", json!({ "QueueUrl": url })).await.unwrap()["Messages"], Value::Null);
    let buried = sqs(&root, "ReceiveMessage", json!({ "QueueUrl": dead["QueueUrl"] })).await.unwrap();
    assert_eq!(buried["Messages"][0]["Body"], "poison");
    house.close().await.unwrap();
}

#[tokio::test]
async fn with_auth_off_a_twelve_digit_key_names_its_account() {
    let (house, client) = open(|settings| settings.auth = Auth::Off).await;
    let (one, two) = (client.with_keys("111111111111", "x"), client.with_keys("222222222222", "y"));
    ssm(&one, "PutParameter", json!({ "Name": "/mine", "Type": "String", "Value": "v" })).await.unwrap();
    let refused = ssm(&two, "GetParameter", json!({ "Name": "/mine" })).await.unwrap_err();
    assert!(refused.starts_with("ParameterNotFound"), "{refused}");
    let who = two.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.unwrap().unwrap();
    assert_eq!(element(&who, "Account"), "222222222222");
    house.close().await.unwrap();
}

#[tokio::test]
async fn the_ledger_has_a_line_for_every_call_allowed_or_not() {
    let (house, root) = open(|_| {}).await;
    ssm(&root, "PutParameter", json!({ "Name": "/a", "Type": "String", "Value": "v" })).await.unwrap();
    let stranger = root.with_keys("AKIAIOSFODNN7EXAMPLE", "x");
    let refused = ssm(&stranger, "GetParameter", json!({ "Name": "/a" })).await.unwrap_err();
    assert!(refused.starts_with("UnrecognizedClientException"), "{refused}");
    let page = root.page(Method::GET, "/_haar/ledger?service=ssm").await.unwrap();
    let lines = page["lines"].as_array().unwrap();
    let operations: Vec<_> = lines.iter().map(|line| line["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["GetParameter", "PutParameter"]);
    house.close().await.unwrap();
}

#[tokio::test]
async fn two_houses_in_one_process_share_nothing() {
    let ((one, root_of_one), (two, root_of_two)) = (open(|_| {}).await, open(|_| {}).await);
    assert_ne!(one.endpoint(), two.endpoint());
    ssm(&root_of_one, "PutParameter", json!({ "Name": "/a", "Type": "String", "Value": "v" })).await.unwrap();
    assert!(ssm(&root_of_two, "GetParameter", json!({ "Name": "/a" })).await.is_err());
    one.close().await.unwrap();
    let calm = root_of_two.page(Method::GET, "/_haar/health").await.unwrap();
    assert_eq!(calm["status"], "ok");
    two.close().await.unwrap();
}

#[tokio::test]
async fn a_house_opens_again_over_its_data_in_the_same_process() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = Some(folder.path().to_owned());
    let (house, root) = open(|settings| settings.data_dir = data_dir.clone()).await;
    ssm(&root, "PutParameter", json!({ "Name": "/a", "Type": "String", "Value": "v" })).await.unwrap();
    house.close().await.unwrap();
    let (house, root) = open(|settings| settings.data_dir = data_dir).await;
    assert_eq!(ssm(&root, "GetParameter", json!({ "Name": "/a" })).await.unwrap()["Parameter"]["Version"], 1);
    house.close().await.unwrap();
}
