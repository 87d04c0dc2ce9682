//! Who may do what: queue policies, other accounts, what batches are authorized as.

use std::sync::Arc;

use super::*;
use haar_gateway::testkit::{ACCOUNT, FixedAuthority, REGION};
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Authority, Caller};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::Config;
use serde_json::{Value, json};

async fn add(bench: &Bench, url: &str, label: &str, accounts: &[&str], actions: &[&str]) -> Result<(), Fault> {
    let input = AddPermissionRequest {
        queue_url: url.into(),
        label: label.into(),
        aws_account_ids: accounts.iter().map(|id| (*id).to_owned()).collect(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
    };
    bench.house.call::<AddPermission>(input).await
}

async fn remove(bench: &Bench, url: &str, label: &str) -> Result<(), Fault> {
    let input = RemovePermissionRequest { queue_url: url.into(), label: label.into() };
    bench.house.call::<RemovePermission>(input).await
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    add(&bench, &url, "one", &["111111111111", "222222222222"], &["ReceiveMessage"]).await.unwrap();
    add(&bench, &url, "two", &["111111111111"], &["SendMessage", "DeleteMessage"]).await.unwrap();
    let policy: Value = serde_json::from_str(&bench.attributes(&url).await["Policy"]).unwrap();
    let resource = arn("orders");
    assert_eq!(
        policy,
        json!({
            "Version": "2008-10-17",
            "Id": format!("{resource}/SQSDefaultPolicy"),
            "Statement": [
                {
                    "Sid": "one",
                    "Effect": "Allow",
                    "Principal": {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"]},
                    "Action": "SQS:ReceiveMessage",
                    "Resource": resource,
                },
                {
                    "Sid": "two",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                    "Action": ["SQS:SendMessage", "SQS:DeleteMessage"],
                    "Resource": resource,
                },
            ],
        })
    );
    refused(
        add(&bench, &url, "one", &["111111111111"], &["*"]).await,
        "InvalidParameterValue",
        "Value one for parameter Label is invalid. Reason: Already exists.",
    );
    remove(&bench, &url, "one").await.unwrap();
    remove(&bench, &url, "two").await.unwrap();
    assert!(!bench.attributes(&url).await.contains_key("Policy"));
    refused(
        remove(&bench, &url, "two").await,
        "InvalidParameterValue",
        "Value two for parameter Label is invalid. Reason: can't find label.",
    );
}

#[tokio::test]
async fn permissions_that_make_no_sense_are_refused() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let account = ["111111111111"];
    refused(
        add(&bench, &url, "a", &account, &["CreateQueue"]).await,
        "InvalidParameterValue",
        "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a \
         list of valid actions. ",
    );
    refused(
        add(&bench, &url, "a", &["me"], &["*"]).await,
        "InvalidParameterValue",
        "Value me for parameter PrincipalId is invalid. Reason: Unable to verify.",
    );
    assert_eq!(add(&bench, &url, "a b", &account, &["*"]).await.unwrap_err().code, "InvalidParameterValue");
    assert_eq!(add(&bench, &url, "a", &account, &["*"; 8]).await.unwrap_err().code, "OverLimit");
    assert!(!bench.attributes(&url).await.contains_key("Policy"));
}

#[tokio::test]
async fn another_account_gets_in_where_the_policy_says_so() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let stranger = bench.house.root("111111111111");
    let send = || bench.house.call_as::<SendMessage>(&stranger, REGION, letter(&url, "hello"));
    assert_eq!(send().await.unwrap_err().code, "AccessDenied");
    add(&bench, &url, "friends", &["111111111111"], &["SendMessage", "GetQueueUrl"]).await.unwrap();
    send().await.unwrap();
    let input = GetQueueUrlRequest { queue_name: "orders".into(), queue_owner_aws_account_id: Some(ACCOUNT.into()) };
    let found = bench.house.call_as::<GetQueueUrl>(&stranger, REGION, input).await.unwrap();
    assert_eq!(found.queue_url.as_ref(), Some(&url));
    let receive = bench.house.call_as::<ReceiveMessage>(&stranger, REGION, wish(&url, 1)).await;
    assert_eq!(receive.unwrap_err().code, "AccessDenied");
    let entry = SendMessageBatchRequestEntry { id: "a".into(), message_body: "batch".into(), ..Default::default() };
    let input = SendMessageBatchRequest { queue_url: url.clone(), entries: vec![entry] };
    bench.house.call_as::<SendMessageBatch>(&stranger, REGION, input).await.unwrap();
    assert_eq!(bench.counts(&url).await.0, 2);
    let messages = bench.receive(&url, 1).await;
    assert_eq!(system(&messages[0], "SenderId"), Some("111111111111"));
}

#[tokio::test]
async fn no_policy_opens_the_control_plane_to_other_accounts() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let everything = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}],
    });
    bench.set(&url, &[("Policy", &everything.to_string())]).await.unwrap();
    let stranger = bench.house.root("111111111111");
    bench.house.call_as::<SendMessage>(&stranger, REGION, letter(&url, "hello")).await.unwrap();
    let input = DeleteQueueRequest { queue_url: url.clone() };
    let deleted = bench.house.call_as::<DeleteQueue>(&stranger, REGION, input).await;
    assert_eq!(deleted.unwrap_err().code, "AccessDenied");
    let input = SetQueueAttributesRequest { queue_url: url.clone(), attributes: map(&[("DelaySeconds", "1")]) };
    let set = bench.house.call_as::<SetQueueAttributes>(&stranger, REGION, input).await;
    assert_eq!(set.unwrap_err().code, "AccessDenied");
}

#[tokio::test]
async fn a_queue_policy_can_deny_its_own_account() {
    let bench = Bench::open();
    let url = bench.create("orders", &[]).await;
    let deny = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn("orders")}],
    });
    bench.set(&url, &[("Policy", &deny.to_string())]).await.unwrap();
    assert_eq!(bench.try_send(letter(&url, "x")).await.unwrap_err().code, "AccessDenied");
}

#[tokio::test]
async fn a_users_policy_sees_actions_resources_and_tags() {
    let account = AccountId::parse(ACCOUNT).unwrap();
    let alice = Arc::new(Caller {
        principal: Principal::User {
            arn: format!("arn:aws:iam::{ACCOUNT}:user/alice"),
            unique_id: "AIDAALICE".into(),
            account: ACCOUNT.into(),
        },
        arn: format!("arn:aws:iam::{ACCOUNT}:user/alice"),
        user_id: "AIDAALICE".into(),
        ..Caller::root(&account)
    });
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sqs:DeleteMessage", "Resource": arn("orders")},
            {"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": "*",
             "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}},
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*",
             "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}},
        ],
    });
    let source = Source {
        id: "inline".into(),
        arn: None,
        kind: SourceKind::User,
        document: Arc::new(Document::parse(&document.to_string(), Kind::Identity).unwrap()),
    };
    let permissions = Arc::new(Permissions { identity: vec![source], ..Default::default() });
    let authority = FixedAuthority { permissions: [(alice.arn.clone(), permissions)].into(), ..Default::default() };
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (vec![crate::sqs::service(platform)], Arc::new(authority) as Arc<dyn Authority>)
    });
    let create = |name: &str, tags: &[(&str, &str)]| CreateQueueRequest {
        queue_name: name.into(),
        attributes: None,
        tags: Some(map(tags)),
    };
    let untagged = house.call_as::<CreateQueue>(&alice, REGION, create("orders", &[])).await;
    assert_eq!(untagged.unwrap_err().code, "AccessDenied");
    let tagged = create("orders", &[("team", "a")]);
    let url = house.call_as::<CreateQueue>(&alice, REGION, tagged).await.unwrap().queue_url.unwrap();
    house.call_as::<SendMessage>(&alice, REGION, letter(&url, "x")).await.unwrap();
    let other = house.call::<CreateQueue>(create("other", &[("team", "b")])).await.unwrap().queue_url.unwrap();
    let refused = house.call_as::<SendMessage>(&alice, REGION, letter(&other, "x")).await;
    assert_eq!(refused.unwrap_err().code, "AccessDenied");
    // A batch is authorized as its single action.
    let entry = DeleteMessageBatchRequestEntry { id: "a".into(), receipt_handle: "garbage".into() };
    let input = DeleteMessageBatchRequest { queue_url: url, entries: vec![entry] };
    let result = house.call_as::<DeleteMessageBatch>(&alice, REGION, input).await.unwrap();
    assert_eq!(result.failed[0].code, "ReceiptHandleIsInvalid");
}
