//! Schedules work with a role that lets Scheduler in and may do what they do.

use haar_platform::aws::iam;
use haar_platform::store::Config;
use serde_json::json;

use super::*;

/// With real roles.
fn open() -> Bench {
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        let mut identity = haar_identity::open(platform);
        identity.services.extend([crate::scheduler::service(platform), sqs::service(platform)]);
        (identity.services, identity.authority as _)
    });
    Bench { house }
}

/// A role that trusts a service.
async fn role(bench: &Bench, service: &str) {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    });
    let input = iam::CreateRoleRequest {
        role_name: "scheduler".into(),
        assume_role_policy_document: trust.to_string(),
        ..Default::default()
    };
    bench.house.call::<iam::CreateRole>(input).await.unwrap();
}

#[tokio::test]
async fn a_role_must_trust_scheduler() {
    let bench = open();
    let queue = bench.queue("q").await;
    let message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";
    let input = || schedule("a", "rate(1 hour)", target(&queue, "x"));
    refused(bench.try_create(input()).await, "ValidationException", message);
    role(&bench, "lambda.amazonaws.com").await;
    refused(bench.try_create(input()).await, "ValidationException", message);
}

#[tokio::test]
async fn a_schedule_may_do_what_its_role_may() {
    let bench = open();
    let queue = bench.queue("q").await;
    role(&bench, "scheduler.amazonaws.com").await;
    bench.create(schedule("a", "rate(1 hour)", target(&queue, "x"))).await;
    assert!(bench.bodies(&queue).await.is_empty(), "the role may send nothing");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue},
    });
    let input = iam::PutRolePolicyRequest {
        role_name: "scheduler".into(),
        policy_name: "send".into(),
        policy_document: policy.to_string(),
    };
    bench.house.call::<iam::PutRolePolicy>(input).await.unwrap();
    bench.advance(3600).await;
    assert_eq!(bench.bodies(&queue).await, ["x"]);
}
