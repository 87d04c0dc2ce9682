//! What targets and the bus are told.

use haar_platform::kernel::serde_json::{Value as Json, json};

use super::*;

fn acting() -> aws::PutMetricAlarmInput {
    aws::PutMetricAlarmInput {
        alarm_actions: Some(vec![topic(), function()]),
        alarm_description: Some("too many".into()),
        ..errors()
    }
}

async fn raised(input: aws::PutMetricAlarmInput) -> (TestHouse, World) {
    let (house, world) = open().await;
    put(&house, input).await;
    data(&house, "errors", 5, 11.0).await;
    until(&house, 60).await;
    house.settle().await;
    (house, world)
}

#[tokio::test]
async fn a_topic_is_told_as_aws_tells_it() {
    let (house, world) = raised(acting()).await;
    let deliveries = world.deliveries.lock().clone();
    let (caller, delivery) = deliveries.iter().find(|(_, delivery)| delivery.target.service == "sns").unwrap();
    assert_eq!(caller, "cloudwatch.amazonaws.com");
    assert_eq!(delivery.parameter("/Subject"), Some("ALARM: \"errors\" in US East (N. Virginia)"));
    let message: Json = delivery.payload.parse().unwrap();
    assert_eq!(
        message,
        json!({
            "AlarmName": "errors",
            "AlarmDescription": "too many",
            "AWSAccountId": ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
            "NewStateValue": "ALARM",
            "NewStateReason": alarm(&house, "errors").await.state_reason,
            "StateChangeTime": "2026-01-01T00:01:00.000+0000",
            "Region": "US East (N. Virginia)",
            "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors"),
            "OldStateValue": "INSUFFICIENT_DATA",
            "OKActions": [],
            "AlarmActions": [topic(), function()],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": "errors",
                "Namespace": "App",
                "StatisticType": "Statistic",
                "Statistic": "SUM",
                "Unit": null,
                "Dimensions": [],
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 10.0,
                "TreatMissingData": "missing",
                "EvaluateLowSampleCountPercentile": "",
            },
        })
    );
}

#[tokio::test]
async fn a_function_is_invoked_by_its_own_principal() {
    let (_house, world) = raised(acting()).await;
    let deliveries = world.deliveries.lock().clone();
    let (caller, delivery) = deliveries.iter().find(|(_, delivery)| delivery.target.service == "lambda").unwrap();
    assert_eq!(caller, "lambda.alarms.cloudwatch.amazonaws.com");
    let event: Json = delivery.payload.parse().unwrap();
    assert_eq!(event["source"], "aws.cloudwatch");
    assert_eq!(event["alarmArn"], format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors"));
    assert_eq!((&event["accountId"], &event["region"]), (&json!(ACCOUNT), &json!(REGION)));
    assert_eq!(event["alarmData"]["state"]["value"], "ALARM");
    assert_eq!(event["alarmData"]["previousState"]["value"], "INSUFFICIENT_DATA");
    assert_eq!(event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"], "errors");
}

#[tokio::test]
async fn the_bus_hears_of_states_and_of_configurations() {
    let (_house, world) = raised(errors()).await;
    let events = world.events.lock().clone();
    let types: Vec<_> = events.iter().map(|event| event.detail_type.as_str()).collect();
    assert_eq!(types, ["CloudWatch Alarm Configuration Change", "CloudWatch Alarm State Change"]);
    assert_eq!(events[0].detail["operation"], "create");
    assert_eq!(events[0].detail["configuration"]["threshold"], 10.0);
    assert_eq!(events[1].resources, [format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:errors")]);
    assert_eq!(events[1].detail["state"]["value"], "ALARM");
    assert!(events[1].detail["state"]["reasonData"].is_string());
}

#[tokio::test]
async fn what_came_of_an_action_is_in_the_history() {
    let (house, world) = open().await;
    world.failures.lock().push(Fault::common("AuthorizationError", 403, "not authorized to perform: SNS:Publish"));
    put(
        &house,
        aws::PutMetricAlarmInput { alarm_actions: Some(vec![topic()]), ok_actions: Some(vec![topic()]), ..errors() },
    )
    .await;
    set(&house, "errors", aws::StateValue::Alarm).await;
    house.settle().await;
    set(&house, "errors", aws::StateValue::Ok).await;
    house.settle().await;
    let actions = history(&house, "errors", HistoryItemType::Action).await;
    let topic = topic();
    assert_eq!(
        summaries(&actions),
        [
            format!("Successfully executed action {topic}"),
            format!("Failed to execute action {topic}. Received error: \"not authorized to perform: SNS:Publish\""),
        ]
    );
    let data: Json = actions[1].history_data.as_deref().unwrap().parse().unwrap();
    assert_eq!((&data["actionState"], &data["notificationResource"]), (&json!("Failed"), &json!(topic)));
    assert_eq!(world.deliveries.lock().len(), 2);
}

#[tokio::test]
async fn a_target_that_fails_gets_the_action_again() {
    let (house, world) = open().await;
    world.failures.lock().push(Fault::common("InternalFailure", 500, "later"));
    put(&house, aws::PutMetricAlarmInput { alarm_actions: Some(vec![topic()]), ..errors() }).await;
    set(&house, "errors", aws::StateValue::Alarm).await;
    house.settle().await;
    house.advance(Duration::from_secs(600)).await;
    let deliveries = world.deliveries.lock().clone();
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[0].1.id, deliveries[1].1.id);
}

#[tokio::test]
async fn disabled_actions_are_not_performed() {
    let (house, world) = open().await;
    put(&house, aws::PutMetricAlarmInput { alarm_actions: Some(vec![topic()]), ..errors() }).await;
    let names = vec!["errors".to_owned()];
    house.call::<aws::DisableAlarmActions>(aws::DisableAlarmActionsInput { alarm_names: names.clone() }).await.unwrap();
    set(&house, "errors", aws::StateValue::Alarm).await;
    house.settle().await;
    assert!(world.deliveries.lock().is_empty());
    assert_eq!(alarm(&house, "errors").await.actions_enabled, Some(false));
    house.call::<aws::EnableAlarmActions>(aws::EnableAlarmActionsInput { alarm_names: names }).await.unwrap();
    set(&house, "errors", aws::StateValue::Ok).await;
    set(&house, "errors", aws::StateValue::Alarm).await;
    house.settle().await;
    assert_eq!(world.deliveries.lock().len(), 1);
}

#[tokio::test]
async fn a_long_name_is_cut_from_the_subject() {
    let long = "n".repeat(200);
    let (_house, world) =
        raised(aws::PutMetricAlarmInput { alarm_name: long, alarm_actions: Some(vec![topic()]), ..errors() }).await;
    assert_eq!(world.deliveries.lock()[0].1.parameter("/Subject").unwrap().chars().count(), 99);
}
