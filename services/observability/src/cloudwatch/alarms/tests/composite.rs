//! Alarms over alarms.

use haar_platform::aws::cloudwatch::{AlarmType, CompositeAlarm, StateValue};
use haar_platform::kernel::serde_json::{Value as Json, json};

use super::*;

fn composite(name: &str, rule: &str) -> aws::PutCompositeAlarmInput {
    aws::PutCompositeAlarmInput { alarm_name: name.into(), alarm_rule: rule.into(), ..Default::default() }
}

async fn described(house: &TestHouse, name: &str) -> CompositeAlarm {
    let input = aws::DescribeAlarmsInput {
        alarm_names: Some(vec![name.into()]),
        alarm_types: Some(vec![AlarmType::CompositeAlarm]),
        ..Default::default()
    };
    house.call::<aws::DescribeAlarms>(input).await.unwrap().composite_alarms.unwrap().remove(0)
}

async fn with_children() -> (TestHouse, World) {
    let (house, world) = open().await;
    for name in ["a", "b"] {
        put(&house, aws::PutMetricAlarmInput { alarm_name: name.into(), ..errors() }).await;
    }
    (house, world)
}

#[tokio::test]
async fn a_composite_alarm_follows_its_children_at_once() {
    let (house, world) = with_children().await;
    let both = aws::PutCompositeAlarmInput {
        alarm_actions: Some(vec![topic()]),
        ..composite("both", &format!("ALARM(a) AND ALARM(\"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:b\")"))
    };
    house.call::<aws::PutCompositeAlarm>(both).await.unwrap();
    house.call::<aws::PutCompositeAlarm>(composite("above", "ALARM(both) OR FALSE")).await.unwrap();
    let arn = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:");
    assert_eq!(
        described(&house, "both").await.state_reason.unwrap(),
        format!("{arn}both was created and its alarm rule evaluates to OK")
    );
    set(&house, "a", StateValue::Alarm).await;
    assert_eq!(described(&house, "both").await.state_value, Some(StateValue::Ok));
    set(&house, "b", StateValue::Alarm).await;
    let raised = described(&house, "both").await;
    assert_eq!(raised.state_value, Some(StateValue::Alarm));
    assert_eq!(
        raised.state_reason.unwrap(),
        format!("{arn}b transitioned to ALARM at Thursday 01 January, 2026 00:00:00 UTC")
    );
    assert_eq!(described(&house, "above").await.state_value, Some(StateValue::Alarm));
    house.settle().await;
    let deliveries = world.deliveries.lock().clone();
    let message: Json = deliveries[0].1.payload.parse().unwrap();
    assert_eq!(message["AlarmRule"].as_str(), described(&house, "both").await.alarm_rule.as_deref());
    assert_eq!(message["TriggeringChildren"][0]["Arn"], format!("{arn}b"));
    set(&house, "a", StateValue::Ok).await;
    assert_eq!(described(&house, "above").await.state_value, Some(StateValue::Ok));
}

#[tokio::test]
async fn relatives_are_found_both_ways() {
    let (house, _) = with_children().await;
    house.call::<aws::PutCompositeAlarm>(composite("either", "ALARM(a) OR ALARM(b)")).await.unwrap();
    let children = aws::DescribeAlarmsInput { children_of_alarm_name: Some("either".into()), ..Default::default() };
    let children = house.call::<aws::DescribeAlarms>(children).await.unwrap().metric_alarms.unwrap();
    let names: Vec<_> = children.iter().map(|alarm| alarm.alarm_name.as_deref().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    let parents = aws::DescribeAlarmsInput { parents_of_alarm_name: Some("a".into()), ..Default::default() };
    let parents = house.call::<aws::DescribeAlarms>(parents).await.unwrap().composite_alarms.unwrap();
    assert_eq!(parents[0].alarm_name.as_deref(), Some("either"));
}

#[tokio::test]
async fn an_alarm_stays_while_a_rule_names_it() {
    let (house, _) = with_children().await;
    house.call::<aws::PutCompositeAlarm>(composite("either", "ALARM(a) OR ALARM(b)")).await.unwrap();
    let delete =
        |names: &[&str]| aws::DeleteAlarmsInput { alarm_names: names.iter().map(|name| (*name).to_owned()).collect() };
    let fault = house.call::<aws::DeleteAlarms>(delete(&["a"])).await.unwrap_err();
    assert_eq!(fault.message, "Cannot delete a as there are composite alarm(s) depending on it: either.");
    house.call::<aws::DeleteAlarms>(delete(&["a", "either"])).await.unwrap();
    let left = house.call::<aws::DescribeAlarms>(Default::default()).await.unwrap().metric_alarms.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn rules_in_a_circle_are_left_alone() {
    let (house, _) = with_children().await;
    house.call::<aws::PutCompositeAlarm>(composite("one", "ALARM(a)")).await.unwrap();
    house.call::<aws::PutCompositeAlarm>(composite("two", "ALARM(one)")).await.unwrap();
    house.call::<aws::PutCompositeAlarm>(composite("one", "ALARM(a) OR ALARM(two)")).await.unwrap();
    set(&house, "a", StateValue::Alarm).await;
    assert_eq!(described(&house, "two").await.state_value, Some(StateValue::Alarm));
}

#[tokio::test]
async fn rules_that_cannot_be_kept_are_refused() {
    let (house, _) = with_children().await;
    let refusal = async |input: aws::PutCompositeAlarmInput| {
        house.call::<aws::PutCompositeAlarm>(input).await.unwrap_err().message
    };
    assert_eq!(
        refusal(composite("x", "ALARM(a) AND ALARM(nobody)")).await,
        "Could not save the composite alarm as alarms [nobody] in the alarm rule do not exist"
    );
    assert_eq!(
        refusal(composite("x", "ALARM(a) AND")).await,
        "Invalid AlarmRule syntax: expected ALARM, OK, \
         INSUFFICIENT_DATA, TRUE, FALSE, NOT or ( at position 12"
    );
    assert!(refusal(composite("a", "TRUE")).await.contains("already exists"));
    let suppressed = aws::PutCompositeAlarmInput { actions_suppressor: Some("b".into()), ..composite("x", "ALARM(a)") };
    assert_eq!(refusal(suppressed).await, "ActionsSuppressor requires ActionsSuppressorWaitPeriod.");
}

/// `main` follows `a` and is suppressed by `b`, with a wait of two minutes and an extension of three.
async fn with_suppressor() -> (TestHouse, World) {
    let (house, world) = with_children().await;
    let quiet =
        aws::PutMetricAlarmInput { alarm_name: "b".into(), metric_name: Some("maintenance".into()), ..errors() };
    put(&house, quiet).await;
    let input = aws::PutCompositeAlarmInput {
        alarm_actions: Some(vec![topic()]),
        actions_suppressor: Some("b".into()),
        actions_suppressor_wait_period: Some(120),
        actions_suppressor_extension_period: Some(180),
        ..composite("main", "ALARM(a)")
    };
    house.call::<aws::PutCompositeAlarm>(input).await.unwrap();
    // Its first state has been told, if anybody had to be.
    until(&house, 130).await;
    (house, world)
}

async fn suppressed_by(house: &TestHouse) -> Option<&'static str> {
    described(house, "main").await.actions_suppressed_by.map(|by| by.as_str())
}

#[tokio::test]
async fn actions_wait_for_the_suppressor_and_are_performed_without_it() {
    let (house, world) = with_suppressor().await;
    set(&house, "a", StateValue::Alarm).await;
    house.settle().await;
    assert_eq!(described(&house, "main").await.state_value, Some(StateValue::Alarm));
    assert_eq!(suppressed_by(&house).await, Some("WaitPeriod"));
    assert!(world.deliveries.lock().is_empty());
    keep_raised(&house, 130, 250).await;
    assert_eq!(suppressed_by(&house).await, None);
    assert_eq!(world.deliveries.lock().len(), 1);
    let events = world.events.lock().clone();
    let detail = &events.iter().rfind(|event| event.detail["alarmName"] == "main").unwrap().detail;
    assert_eq!((&detail["state"]["value"], &detail["previousState"]["value"]), (&json!("ALARM"), &json!("ALARM")));
    assert_eq!(detail["previousState"]["actionsSuppressedBy"], "WaitPeriod");
    assert_eq!(detail["configuration"]["actionsSuppressor"], "b");
}

#[tokio::test]
async fn actions_are_kept_back_during_the_suppressors_alarm_and_a_while_longer() {
    let (house, world) = with_suppressor().await;
    set(&house, "a", StateValue::Alarm).await;
    set(&house, "b", StateValue::Alarm).await;
    assert_eq!(suppressed_by(&house).await, Some("Alarm"));
    set(&house, "b", StateValue::Ok).await;
    assert_eq!(suppressed_by(&house).await, Some("ExtensionPeriod"));
    keep_raised(&house, 130, 300).await;
    assert!(world.deliveries.lock().is_empty());
    keep_raised(&house, 300, 310).await;
    assert_eq!(world.deliveries.lock().len(), 1);
}

/// Lets time pass, with a metric that keeps `a` in ALARM.
async fn keep_raised(house: &TestHouse, from: i64, to: i64) {
    for minute in (from - 60) / 60..=to / 60 {
        data(house, "errors", minute * 60, 11.0).await;
    }
    until(house, to).await;
}
