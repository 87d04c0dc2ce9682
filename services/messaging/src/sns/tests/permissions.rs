//! Who may publish, by the topic's policy.

use super::*;

const STRANGER: &str = "111111111111";

async fn publish_as(bench: &Bench, caller: Caller, topic: &str) -> Result<PublishResponse, Fault> {
    bench.house.call_as::<Publish>(&Arc::new(caller), "us-east-1", letter(topic, "a")).await
}

fn service(name: &str) -> Caller {
    Caller::service(name, &AccountId::parse(ACCOUNT).unwrap())
}

#[tokio::test]
async fn another_account_needs_the_topics_permission() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    let stranger = || Caller::root(&AccountId::parse(STRANGER).unwrap());
    assert_eq!(publish_as(&bench, stranger(), &topic).await.unwrap_err().status, 403);
    let input = AddPermissionInput {
        topic_arn: topic.clone(),
        label: "friends".into(),
        aws_account_id: vec![STRANGER.into()],
        action_name: vec!["Publish".into()],
    };
    bench.house.call::<AddPermission>(input.clone()).await.unwrap();
    refused(
        bench.house.call::<AddPermission>(input).await,
        "InvalidParameter",
        "Invalid parameter: Statement already exists",
    );
    assert!(publish_as(&bench, stranger(), &topic).await.is_ok());
    let input = RemovePermissionInput { topic_arn: topic.clone(), label: "friends".into() };
    bench.house.call::<RemovePermission>(input).await.unwrap();
    assert!(publish_as(&bench, stranger(), &topic).await.is_err());
}

#[tokio::test]
async fn the_default_policy_lets_alarms_in_and_no_other_service() {
    let bench = Bench::open();
    let topic = bench.create("a").await;
    assert!(publish_as(&bench, service("cloudwatch"), &topic).await.is_ok());
    assert!(publish_as(&bench, service("events"), &topic).await.is_err());
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
        },
    });
    bench.set(&topic, "Policy", &policy.to_string()).await.unwrap();
    assert!(publish_as(&bench, service("events"), &topic).await.is_ok());
}
