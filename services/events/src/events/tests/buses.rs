//! Buses, their policies and their tags.

use std::sync::Arc;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::events as aws;
use haar_platform::kernel::Fault;
use serde_json::{Value, json};

use super::*;

async fn create(house: &TestHouse, name: &str) -> Result<(), Fault> {
    let input = aws::CreateEventBusRequest { name: name.into(), ..Default::default() };
    house.call::<aws::CreateEventBus>(input).await.map(|_| ())
}

async fn describe(house: &TestHouse, name: Option<&str>) -> Result<aws::DescribeEventBusResponse, Fault> {
    house.call::<aws::DescribeEventBus>(aws::DescribeEventBusRequest { name: name.map(str::to_owned) }).await
}

#[tokio::test]
async fn the_default_bus_is_there_by_itself_and_stays() {
    let house = open();
    let bus = describe(&house, None).await.unwrap();
    assert_eq!(bus.name.as_deref(), Some("default"));
    assert_eq!(bus.arn.as_deref(), Some("arn:aws:events:us-east-1:000000000000:event-bus/default"));
    let again = create(&house, "default").await;
    assert_eq!(refusal(again), "ResourceAlreadyExistsException: Event bus default already exists.");
    let gone = house.call::<aws::DeleteEventBus>(aws::DeleteEventBusRequest { name: "default".into() }).await;
    assert_eq!(refusal(gone), "ValidationException: Cannot delete event bus default.");
}

#[tokio::test]
async fn buses_come_and_go_and_are_listed_by_pages() {
    let house = open();
    for name in ["orders", "alerts", "other"] {
        create(&house, name).await.unwrap();
    }
    assert_eq!(
        refusal(create(&house, "orders").await),
        "ResourceAlreadyExistsException: Event bus orders already exists."
    );
    let mut names = Vec::new();
    let mut next_token = None;
    loop {
        let input = aws::ListEventBusesRequest { next_token, limit: Some(2), ..Default::default() };
        let page = house.call::<aws::ListEventBuses>(input).await.unwrap();
        names.extend(page.event_buses.unwrap().into_iter().map(|bus| bus.name.unwrap()));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["alerts", "default", "orders", "other"]);
    let on_bus = PutRuleRequest { event_bus_name: Some("orders".into()), ..pattern("r", MINE) };
    let arn = house.call::<aws::PutRule>(on_bus).await.unwrap().rule_arn;
    assert_eq!(arn.as_deref(), Some("arn:aws:events:us-east-1:000000000000:rule/orders/r"));
    let delete = || aws::DeleteEventBusRequest { name: "orders".into() };
    let refused = house.call::<aws::DeleteEventBus>(delete()).await;
    assert_eq!(refusal(refused), "ValidationException: Cannot delete event bus orders since it has rules.");
    let rule = aws::DeleteRuleRequest { name: "r".into(), event_bus_name: Some("orders".into()), force: None };
    house.call::<aws::DeleteRule>(rule).await.unwrap();
    house.call::<aws::DeleteEventBus>(delete()).await.unwrap();
    let missing = describe(&house, Some("orders")).await;
    assert_eq!(refusal(missing), "ResourceNotFoundException: Event bus orders does not exist.");
}

#[tokio::test]
async fn a_policy_is_made_of_statements_and_lets_other_accounts_in() {
    let house = open();
    let other = house.root("111111111111");
    let bus_arn = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let foreign = async || {
        let entries = vec![PutEventsRequestEntry { event_bus_name: Some(bus_arn.into()), ..entry(json!({})) }];
        let input = PutEventsRequest { entries, endpoint_id: None };
        house.call_as::<aws::PutEvents>(&Arc::clone(&other), "us-east-1", input).await
    };
    assert!(refusal(foreign().await).starts_with("AccessDeniedException"));
    let input = aws::PutPermissionRequest {
        action: Some("events:PutEvents".into()),
        principal: Some("111111111111".into()),
        statement_id: Some("friends".into()),
        ..Default::default()
    };
    house.call::<aws::PutPermission>(input).await.unwrap();
    foreign().await.unwrap();
    let policy: Value = serde_json::from_str(&describe(&house, None).await.unwrap().policy.unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Principal"]["AWS"], "arn:aws:iam::111111111111:root");
    let remove = |id: &str| aws::RemovePermissionRequest { statement_id: Some(id.into()), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::RemovePermission>(remove("nobody")).await),
        "ResourceNotFoundException: Statement with the provided id does not exist."
    );
    house.call::<aws::RemovePermission>(remove("friends")).await.unwrap();
    assert!(refusal(foreign().await).starts_with("AccessDeniedException"));
    assert_eq!(
        refusal(house.call::<aws::RemovePermission>(remove("friends")).await),
        "ResourceNotFoundException: EventBus does not have a policy."
    );
}

#[tokio::test]
async fn a_policy_may_ask_for_the_source_of_events() {
    let house = open();
    let other = house.root("111111111111");
    let bus_arn = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    let statement = json!({
        "Effect": "Allow",
        "Principal": {"AWS": "111111111111"},
        "Action": "events:PutEvents",
        "Resource": bus_arn,
        "Condition": {"StringEquals": {"events:source": "mine"}},
    });
    let policy = Some(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string());
    let input = aws::PutPermissionRequest { policy, ..Default::default() };
    house.call::<aws::PutPermission>(input).await.unwrap();
    let put = async |source: &str| {
        let entry = PutEventsRequestEntry {
            event_bus_name: Some(bus_arn.into()),
            source: Some(source.into()),
            ..entry(json!({}))
        };
        let input = PutEventsRequest { entries: vec![entry], endpoint_id: None };
        house.call_as::<aws::PutEvents>(&Arc::clone(&other), "us-east-1", input).await
    };
    put("mine").await.unwrap();
    assert!(refusal(put("theirs").await).starts_with("AccessDeniedException"));
}

#[tokio::test]
async fn tags_hang_on_buses_and_rules() {
    let house = open();
    let tag = |key: &str, value: &str| aws::Tag { key: key.into(), value: value.into() };
    let rule = PutRuleRequest { tags: Some(vec![tag("a", "1")]), ..pattern("r", MINE) };
    let arn = house.call::<aws::PutRule>(rule).await.unwrap().rule_arn.unwrap();
    let input = aws::TagResourceRequest { resource_arn: arn.clone(), tags: vec![tag("b", "2"), tag("a", "3")] };
    house.call::<aws::TagResource>(input).await.unwrap();
    let input = aws::UntagResourceRequest { resource_arn: arn.clone(), tag_keys: vec!["b".into(), "c".into()] };
    house.call::<aws::UntagResource>(input).await.unwrap();
    let list = |resource_arn: &str| aws::ListTagsForResourceRequest { resource_arn: resource_arn.into() };
    let tags = house.call::<aws::ListTagsForResource>(list(&arn)).await.unwrap().tags.unwrap();
    let tags: Vec<_> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    assert_eq!(tags, [("a".to_owned(), "3".to_owned())]);
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/none";
    assert_eq!(
        refusal(house.call::<aws::ListTagsForResource>(list(bus)).await),
        "ResourceNotFoundException: Event bus none does not exist."
    );
}
