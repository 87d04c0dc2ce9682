//! Deliveries: where events come from, in whose name they are brought, and what a dead house leaves.

use std::sync::Arc;
use std::time::Duration;

use haar_gateway::testkit::FixedAuthority;
use haar_platform::Platform;
use haar_platform::aws::events as aws;
use haar_platform::bus::Event;
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Caller, Service, Timestamp};
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::{Config, Read, Span, StoreError};

use super::*;
use crate::events::model::{OUTSTANDING, Outstanding, Recipient};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn service_event(number: u64) -> Event {
    Event {
        id: format!("id-{number}"),
        source: "aws.s3".into(),
        detail_type: "Object Created".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        time: Timestamp::from_seconds(1_767_225_600),
        resources: Vec::new(),
        detail: json!({ "n": number }),
    }
}

#[tokio::test]
async fn what_services_tell_arrives_on_the_default_bus() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", r#"{"source":["aws.s3"],"detail":{"n":[1,3]}}"#, target("t", &arn)).await;
    house.platform.bus.start(&house.platform.house).await.unwrap();
    let bus = house.platform.bus.clone();
    let emitted = house.platform.store.write(move |tx| (1..=3).try_for_each(|n| bus.emit(tx, service_event(n))));
    emitted.await.map_err(|cause: StoreError| cause).unwrap();
    house.settle().await;
    let events = bodies(&house, "q").await;
    assert_eq!(events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>(), ["id-1", "id-3"]);
    assert_eq!(events[0]["source"], "aws.s3");
}

pub fn outstanding(house: &TestHouse) -> Vec<Outstanding> {
    let rows =
        house.platform.store.read(|tx| tx.scan(OUTSTANDING, Span::all()).collect::<Result<Vec<_>, StoreError>>());
    rows.unwrap().into_iter().map(|(_, row)| row).collect()
}

#[tokio::test]
async fn what_a_dead_house_left_is_delivered_by_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let left = Outstanding {
        bus: ("000000000000".into(), "us-east-1".into(), "default".into()),
        rule: "r".into(),
        target: Recipient {
            arn: "arn:aws:sqs:us-east-1:000000000000:q".into(),
            role_arn: None,
            message_group_id: None,
            dead_letter_arn: None,
            attempts_max: None,
            age_seconds_max: None,
        },
        payload: "{\"left\":true}".into(),
        event_id: "e".into(),
        ingested: haar_gateway::testkit::OPENING,
        hops: 0,
        attempts: 2,
        due: haar_gateway::testkit::OPENING + HOUR,
    };
    {
        let house = at(directory.path(), |platform| vec![sqs::service(platform)]);
        queue(&house, "q").await;
        let written = house.platform.store.write(move |tx| tx.put(OUTSTANDING, &7u64, &left));
        written.await.map_err(|cause: StoreError| cause).unwrap();
        house.platform.house.tasks.close().await;
        house.platform.store.close().await.unwrap();
    }
    let house = at(directory.path(), |platform| vec![crate::events::service(platform), sqs::service(platform)]);
    house.settle().await;
    assert!(bodies(&house, "q").await.is_empty());
    house.advance(HOUR).await;
    assert_eq!(bodies(&house, "q").await, [json!({"left": true})]);
    assert!(outstanding(&house).is_empty());
}

fn at(directory: &std::path::Path, build: impl FnOnce(&Platform) -> Vec<Service>) -> TestHouse {
    let authority = Arc::new(FixedAuthority::default());
    TestHouse::with_authority(Config::at(directory), |platform| (build(platform), authority))
}

#[tokio::test]
async fn a_target_with_a_role_is_reached_as_that_role() {
    let house = open();
    create_queue(&house, "closed", Vec::new()).await;
    let one = target("t", "arn:aws:sqs:us-east-1:000000000000:closed");
    // In this house there are no roles, and whoever assumes one works as its account.
    let role_arn = Some("arn:aws:iam::000000000000:role/sender".into());
    rule(&house, "r", MINE, Target { role_arn, ..one }).await;
    put(&house, json!({"n": 1})).await;
    assert_eq!(bodies(&house, "closed").await.len(), 1);
}

#[tokio::test]
async fn who_may_not_pass_a_role_gives_no_target_one() {
    let allowed = |actions: &[&str]| {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": actions, "Resource": "*",
        }]});
        let document = Document::parse(&policy.to_string(), Kind::Identity).unwrap();
        let source = Source { id: "inline".into(), arn: None, kind: SourceKind::User, document: Arc::new(document) };
        Arc::new(Permissions { identity: vec![source], ..Default::default() })
    };
    let account = AccountId::parse("000000000000").unwrap();
    let user = |name: &str| {
        let arn = format!("arn:aws:iam::000000000000:user/{name}");
        let principal = Principal::User { arn: arn.clone(), unique_id: name.into(), account: account.to_string() };
        Arc::new(Caller { principal, arn, user_id: name.into(), ..Caller::root(&account) })
    };
    let (with, without) = (user("with"), user("without"));
    let permissions =
        [(with.arn.clone(), allowed(&["events:*", "iam:PassRole"])), (without.arn.clone(), allowed(&["events:*"]))];
    let authority = FixedAuthority { permissions: permissions.into(), ..Default::default() };
    let house = TestHouse::with_authority(Config::in_memory(), |platform| {
        (vec![crate::events::service(platform), sqs::service(platform)], Arc::new(authority) as _)
    });
    house.call::<aws::PutRule>(pattern("r", MINE)).await.unwrap();
    let input = || {
        let role_arn = Some("arn:aws:iam::000000000000:role/sender".into());
        let one = target("t", "arn:aws:sqs:us-east-1:000000000000:q");
        aws::PutTargetsRequest { rule: "r".into(), event_bus_name: None, targets: vec![Target { role_arn, ..one }] }
    };
    let refused = refusal(house.call_as::<aws::PutTargets>(&without, "us-east-1", input()).await);
    assert!(refused.contains("iam:PassRole on resource: arn:aws:iam::000000000000:role/sender"), "{refused}");
    house.call_as::<aws::PutTargets>(&with, "us-east-1", input()).await.unwrap();
}

#[tokio::test]
async fn a_thousand_events_reach_two_targets_each() {
    let house = open();
    let (one, other) = (queue(&house, "one").await, queue(&house, "other").await);
    house.call::<aws::PutRule>(pattern("r", MINE)).await.unwrap();
    put_targets(&house, "r", vec![target("a", &one), target("b", &other)]).await.unwrap();
    for batch in 0..100 {
        put_all(&house, (0..10).map(|n| entry(json!({"n": batch * 10 + n}))).collect()).await;
    }
    house.settle().await;
    for name in ["one", "other"] {
        let mut numbers: Vec<_> =
            bodies(&house, name).await.iter().map(|body| body["detail"]["n"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    }
    assert!(outstanding(&house).is_empty());
}
