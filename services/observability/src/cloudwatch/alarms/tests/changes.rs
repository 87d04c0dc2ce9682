//! Listing, setting and deleting alarms, their tags and their history.

use haar_platform::aws::cloudwatch::{Dimension, ScanBy, StateValue, Tag};
use haar_platform::kernel::serde_json::Value as Json;

use super::*;

#[tokio::test]
async fn a_state_that_was_set_lasts_until_the_next_evaluation() {
    let (house, _) = open().await;
    put(&house, errors()).await;
    data(&house, "errors", 0, 1.0).await;
    until(&house, 60).await;
    set(&house, "errors", StateValue::Alarm).await;
    assert_eq!(alarm(&house, "errors").await.state_reason.as_deref(), Some("to see it"));
    until(&house, 120).await;
    assert_eq!(state(&house, "errors").await, "OK");
}

#[tokio::test]
async fn an_alarm_that_is_put_again_keeps_its_state() {
    let (house, _) = open().await;
    put(&house, errors()).await;
    set(&house, "errors", StateValue::Alarm).await;
    put(&house, aws::PutMetricAlarmInput { threshold: Some(1000.0), ..errors() }).await;
    assert_eq!(state(&house, "errors").await, "ALARM");
    let items = history(&house, "errors", HistoryItemType::ConfigurationUpdate).await;
    assert_eq!(summaries(&items), ["Alarm \"errors\" updated", "Alarm \"errors\" created"]);
    let data: Json = items[0].history_data.as_deref().unwrap().parse().unwrap();
    assert_eq!((data["type"].as_str(), data["updatedAlarm"]["threshold"].as_f64()), (Some("Update"), Some(1000.0)));
}

#[tokio::test]
async fn alarms_are_found_by_prefix_state_action_and_metric() {
    let (house, _) = open().await;
    for name in ["app-a", "app-b", "other"] {
        put(&house, aws::PutMetricAlarmInput { alarm_name: name.into(), ..errors() }).await;
    }
    let dimensions = Some(vec![Dimension { name: "host".into(), value: "h".into() }]);
    let input = aws::PutMetricAlarmInput {
        alarm_name: "hosts".into(),
        dimensions: dimensions.clone(),
        alarm_actions: Some(vec![topic()]),
        ..errors()
    };
    put(&house, input).await;
    set(&house, "app-b", StateValue::Alarm).await;
    let names = async |input: aws::DescribeAlarmsInput| -> Vec<String> {
        let found = house.call::<aws::DescribeAlarms>(input).await.unwrap().metric_alarms.unwrap();
        found.into_iter().map(|alarm| alarm.alarm_name.unwrap()).collect()
    };
    let any = aws::DescribeAlarmsInput::default;
    assert_eq!(names(any()).await, ["app-a", "app-b", "hosts", "other"]);
    assert_eq!(
        names(aws::DescribeAlarmsInput { alarm_name_prefix: Some("app-".into()), ..any() }).await,
        ["app-a", "app-b"]
    );
    assert_eq!(names(aws::DescribeAlarmsInput { state_value: Some(StateValue::Alarm), ..any() }).await, ["app-b"]);
    assert_eq!(names(aws::DescribeAlarmsInput { action_prefix: Some("arn:aws:sns".into()), ..any() }).await, ["hosts"]);
    let for_metric = aws::DescribeAlarmsForMetricInput {
        metric_name: "errors".into(),
        namespace: "App".into(),
        dimensions,
        ..Default::default()
    };
    let found = house.call::<aws::DescribeAlarmsForMetric>(for_metric).await.unwrap().metric_alarms.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].alarm_name.as_deref(), Some("hosts"));
}

#[tokio::test]
async fn pages_of_alarms_and_of_history_follow_each_other() {
    let (house, _) = open().await;
    for name in ["a", "b", "c"] {
        put(&house, aws::PutMetricAlarmInput { alarm_name: name.into(), ..errors() }).await;
    }
    let mut names = Vec::new();
    let mut input = aws::DescribeAlarmsInput { max_records: Some(2), ..Default::default() };
    loop {
        let page = house.call::<aws::DescribeAlarms>(input.clone()).await.unwrap();
        names.extend(page.metric_alarms.unwrap().into_iter().map(|alarm| alarm.alarm_name.unwrap()));
        input.next_token = page.next_token;
        if input.next_token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"]);
    let mut seen = Vec::new();
    let mut input = aws::DescribeAlarmHistoryInput {
        max_records: Some(2),
        scan_by: Some(ScanBy::TimestampAscending),
        ..Default::default()
    };
    loop {
        let page = house.call::<aws::DescribeAlarmHistory>(input.clone()).await.unwrap();
        seen.extend(page.alarm_history_items.unwrap().into_iter().map(|item| item.alarm_name.unwrap()));
        input.next_token = page.next_token;
        if input.next_token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "b", "c"]);
}

#[tokio::test]
async fn alarms_are_deleted_all_or_none_and_their_history_stays() {
    let (house, _) = open().await;
    put(&house, errors()).await;
    let delete =
        |names: &[&str]| aws::DeleteAlarmsInput { alarm_names: names.iter().map(|name| (*name).to_owned()).collect() };
    let fault = house.call::<aws::DeleteAlarms>(delete(&["errors", "nobody"])).await.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("ResourceNotFound", 404));
    assert_eq!(state(&house, "errors").await, "INSUFFICIENT_DATA");
    house.call::<aws::DeleteAlarms>(delete(&["errors"])).await.unwrap();
    let left = house.call::<aws::DescribeAlarms>(Default::default()).await.unwrap().metric_alarms.unwrap();
    assert!(left.is_empty());
    let items = history(&house, "errors", HistoryItemType::ConfigurationUpdate).await;
    assert_eq!(summaries(&items)[0], "Alarm \"errors\" deleted");
    // Nothing is due any more.
    until(&house, 86_400).await;
    assert!(history(&house, "errors", HistoryItemType::StateUpdate).await.is_empty());
}

#[tokio::test]
async fn tags_come_with_an_alarm_and_are_changed_by_themselves() {
    let (house, _) = open().await;
    let tag = |key: &str, value: &str| Tag { key: key.into(), value: value.into() };
    put(&house, aws::PutMetricAlarmInput { tags: Some(vec![tag("team", "a")]), ..errors() }).await;
    put(&house, aws::PutMetricAlarmInput { tags: Some(vec![tag("team", "b")]), ..errors() }).await;
    let resource_arn = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors");
    let listed = async || {
        let input = aws::ListTagsForResourceInput { resource_arn: resource_arn.clone() };
        let tags = house.call::<aws::ListTagsForResource>(input).await.unwrap().tags.unwrap();
        tags.into_iter().map(|tag| (tag.key, tag.value)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [("team".into(), "a".into())]);
    let add = aws::TagResourceInput { resource_arn: resource_arn.clone(), tags: vec![tag("team", "c"), tag("x", "y")] };
    house.call::<aws::TagResource>(add).await.unwrap();
    let remove = aws::UntagResourceInput { resource_arn: resource_arn.clone(), tag_keys: vec!["team".into()] };
    house.call::<aws::UntagResource>(remove).await.unwrap();
    assert_eq!(listed().await, [("x".into(), "y".into())]);
    let nobody = aws::ListTagsForResourceInput { resource_arn: resource_arn.replace("errors", "nobody") };
    let fault = house.call::<aws::ListTagsForResource>(nobody).await.unwrap_err();
    assert_eq!(fault.name, "ResourceNotFoundException");
}
