//! Log groups as targets of rules.

use haar_platform::kernel::ctx::Origin;
use haar_platform::kernel::{Caller, Region};

use super::*;

async fn deliver(house: &TestHouse, payload: &str, id: &str) -> Result<(), Fault> {
    let root = house.root(ACCOUNT);
    let origin = Arc::new(Origin::internal("test"));
    let ctx = Ctx::new(house.platform.house.clone(), root.clone(), Region::parse(REGION).unwrap(), origin);
    let rule = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/r");
    let sender = Caller::service("events", &root.account).with_key("aws:SourceArn", rule);
    let target: Arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*").parse().unwrap();
    assert!(ctx.serves_target(&target));
    ctx.deliver(Arc::new(sender), Delivery::new(target, payload, id)).await
}

async fn allow(house: &TestHouse, service: &str) {
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"a","Effect":"Allow","Principal":{{"Service":"{service}"}},
        "Action":["logs:CreateLogStream","logs:PutLogEvents"],
        "Resource":"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"}}]}}"#
    );
    let input = aws::PutResourcePolicyRequest {
        policy_name: Some(service.to_owned()),
        policy_document: Some(document),
        ..Default::default()
    };
    house.call::<aws::PutResourcePolicy>(input).await.unwrap();
}

#[tokio::test]
async fn a_rule_needs_a_policy_to_write_events() {
    let (house, _) = with_streams(&[]).await;
    let fault = deliver(&house, "{}", "one").await.unwrap_err();
    assert_eq!(fault.name, "AccessDeniedException");
    allow(&house, "delivery.logs.amazonaws.com").await;
    allow(&house, "events.amazonaws.com").await;
    deliver(&house, r#"{"detail":1}"#, "one").await.unwrap();
    // The same delivery again: an attempt that was thought to have failed.
    deliver(&house, r#"{"detail":1}"#, "one").await.unwrap();
    let shaped = format!(r#"{{"timestamp":{},"message":"made by a transformer"}}"#, NOW - 5);
    deliver(&house, &shaped, "two").await.unwrap();
    let input = aws::FilterLogEventsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    let events = house.call::<aws::FilterLogEvents>(input).await.unwrap().events.unwrap();
    let events: Vec<_> = events
        .into_iter()
        .map(|event| (event.log_stream_name.unwrap(), event.timestamp.unwrap() - NOW, event.message.unwrap()))
        .collect();
    let event = |stream: &str, time, message: &str| (stream.to_owned(), time, message.to_owned());
    assert_eq!(events, [event("two", -5, "made by a transformer"), event("one", 0, r#"{"detail":1}"#)]);
}

#[tokio::test]
async fn policies_are_checked_listed_and_deleted() {
    let (house, _) = open();
    let broken = aws::PutResourcePolicyRequest {
        policy_name: Some("p".into()),
        policy_document: Some("{}".into()),
        ..Default::default()
    };
    assert_eq!(house.call::<aws::PutResourcePolicy>(broken).await.unwrap_err().name, "InvalidParameterException");
    allow(&house, "events.amazonaws.com").await;
    let found = house.call::<aws::DescribeResourcePolicies>(Default::default()).await.unwrap();
    assert_eq!(found.resource_policies.unwrap()[0].policy_name.as_deref(), Some("events.amazonaws.com"));
    let delete =
        aws::DeleteResourcePolicyRequest { policy_name: Some("events.amazonaws.com".into()), ..Default::default() };
    house.call::<aws::DeleteResourcePolicy>(delete.clone()).await.unwrap();
    assert_eq!(house.call::<aws::DeleteResourcePolicy>(delete).await.unwrap_err().name, "ResourceNotFoundException");
}
