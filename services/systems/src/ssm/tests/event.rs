//! Events, member for member as AWS documents them.

use super::*;
use serde_json::{Value, json};

/// Detail type and detail, oldest first.
pub fn events(house: &TestHouse) -> Vec<(String, Value)> {
    let mut events = house.platform.bus.recent(1000).unwrap();
    events.reverse();
    events.into_iter().map(|event| (event.detail_type, event.detail)).collect()
}

fn change(detail: Value) -> (String, Value) {
    ("Parameter Store Change".to_owned(), detail)
}

#[tokio::test]
async fn every_change_is_told_once() {
    let house = open();
    let described = PutParameterRequest { description: Some("Sample Parameter".into()), ..string("foo", "1") };
    put(&house, described).await;
    put(&house, over(string("foo", "2"))).await;
    let label =
        aws::LabelParameterVersionRequest { name: "foo".into(), parameter_version: Some(1), labels: texts(&["old"]) };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    let delete = aws::DeleteParameterRequest { name: "foo".into() };
    house.call::<aws::DeleteParameter>(delete).await.unwrap();
    let expected: Vec<_> = ["Create", "Update", "LabelParameterVersion", "Delete"]
        .into_iter()
        .map(|operation| {
            change(json!({
                "operation": operation,
                "name": "foo",
                "type": "String",
                "description": "Sample Parameter",
            }))
        })
        .collect();
    assert_eq!(events(&house), expected);
}

#[tokio::test]
async fn an_event_says_where_and_about_what() {
    let house = open();
    let caller = house.root("111111111111");
    house.call_as::<aws::PutParameter>(&caller, "eu-west-1", string("/a/b", "1")).await.unwrap();
    let event = house.platform.bus.recent(1).unwrap().remove(0);
    assert_eq!(event.source, "aws.ssm");
    assert_eq!((event.account.as_str(), event.region.as_str()), ("111111111111", "eu-west-1"));
    assert_eq!(event.resources, ["arn:aws:ssm:eu-west-1:111111111111:parameter/a/b"]);
    assert_eq!(event.time, house.now());
    assert_eq!(event.detail, json!({"operation": "Create", "name": "/a/b", "type": "String"}));
}

#[tokio::test]
async fn what_is_refused_is_not_told() {
    let house = open();
    put(&house, string("a", "1")).await;
    refusal(try_put(&house, string("a", "2")).await);
    let label =
        aws::LabelParameterVersionRequest { name: "a".into(), parameter_version: None, labels: texts(&["1unfit"]) };
    house.call::<aws::LabelParameterVersion>(label).await.unwrap();
    assert_eq!(events(&house).len(), 1);
}
