//! Policies: what they must be, and what they do when their time comes.

use std::time::Duration;

use serde_json::{Value, json};

use super::event::events;
use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn with_policies(name: &str, policies: &Value) -> PutParameterRequest {
    PutParameterRequest { policies: Some(policies.to_string()), ..advanced(over(string(name, "x"))) }
}

fn expiration(timestamp: &str) -> Value {
    json!({"Type": "Expiration", "Version": "1.0", "Attributes": {"Timestamp": timestamp}})
}

fn expiration_notification(before: &str, unit: &str) -> Value {
    json!({"Type": "ExpirationNotification", "Version": "1.0", "Attributes": {"Before": before, "Unit": unit}})
}

fn no_change_notification(after: &str, unit: &str) -> Value {
    json!({"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": after, "Unit": unit}})
}

/// What the policies did so far: their types, and `Delete`.
fn deeds(house: &TestHouse) -> Vec<String> {
    let detail = |(_, detail): (String, Value)| {
        let deed = detail.get("policy-type").or(detail.get("operation")).unwrap();
        deed.as_str().unwrap().to_owned()
    };
    let all = events(house).into_iter().map(detail);
    all.filter(|deed| deed != "Create" && deed != "Update").collect()
}

async fn statuses(house: &TestHouse) -> Vec<String> {
    let known = house.call::<aws::DescribeParameters>(Default::default()).await.unwrap();
    let policies = known.parameters.unwrap().remove(0).policies.unwrap();
    policies.into_iter().map(|policy| policy.policy_status.unwrap()).collect()
}

#[tokio::test]
async fn an_expired_parameter_is_deleted_at_its_time() {
    let house = open();
    put(&house, with_policies("a", &json!([expiration("2026-01-02T00:00:00.000Z")]))).await;
    house.advance(DAY - Duration::from_millis(1)).await;
    assert_eq!(value(&house, "a").await, "x");
    house.advance(Duration::from_millis(1)).await;
    assert_eq!(refusal(try_get(&house, "a").await), "ParameterNotFound: ");
    assert_eq!(deeds(&house), ["Expiration", "Delete"]);
}

#[tokio::test]
async fn timestamps_may_have_an_offset() {
    let house = open();
    put(&house, with_policies("a", &json!([expiration("2026-01-01T12:30:00+10:30")]))).await;
    house.advance(2 * HOUR - Duration::from_millis(1)).await;
    value(&house, "a").await;
    house.advance(Duration::from_millis(1)).await;
    refusal(try_get(&house, "a").await);
}

#[tokio::test]
async fn notifications_come_at_their_times_and_once() {
    let house = open();
    let policies = json!([
        expiration("2026-01-11T00:00:00Z"),
        expiration_notification("3", "Days"),
        expiration_notification("12", "Hours"),
        no_change_notification("2", "Hours"),
    ]);
    put(&house, with_policies("a", &policies)).await;
    assert!(deeds(&house).is_empty());
    house.advance(2 * HOUR).await;
    assert_eq!(deeds(&house), ["NoChangeNotification"]);
    assert_eq!(statuses(&house).await, ["Pending", "Pending", "Pending", "Finished"]);
    house.advance(7 * DAY).await;
    assert_eq!(deeds(&house), ["NoChangeNotification", "ExpirationNotification"]);
    house.advance(3 * DAY).await;
    assert_eq!(deeds(&house)[2..], ["ExpirationNotification", "Expiration", "Delete"]);
}

#[tokio::test]
async fn a_policy_action_is_told_in_aws_s_form() {
    let house = open();
    put(&house, with_policies("/a", &json!([no_change_notification("2", "Hours")]))).await;
    house.advance(2 * HOUR).await;
    let (detail_type, detail) = events(&house).remove(1);
    assert_eq!(detail_type, "Parameter Store Policy Action");
    assert_eq!(
        detail,
        json!({
            "policy-type": "NoChangeNotification",
            "parameter-name": "/a",
            "parameter-type": "String",
            "policy-content":
                "{\"Type\":\"NoChangeNotification\",\"Version\":\"1.0\",\"Attributes\":{\"After\":\"2\",\"Unit\":\"Hours\"}}",
            "action-status": "Success",
            "action-reason": "The parameter has not been changed for 2 hours. This notification was generated based on \
                              the policy created at 2026-01-01T00:00:00.000Z",
        })
    );
}

#[tokio::test]
async fn a_change_starts_the_silence_anew_and_leaves_the_expiration() {
    let house = open();
    let policies = json!([expiration("2026-01-01T10:00:00Z"), no_change_notification("4", "Hours")]);
    put(&house, with_policies("a", &policies)).await;
    house.advance(3 * HOUR).await;
    put(&house, over(string("a", "y"))).await;
    house.advance(3 * HOUR).await;
    assert!(deeds(&house).is_empty());
    house.advance(HOUR).await;
    assert_eq!(deeds(&house), ["NoChangeNotification"]);
    put(&house, over(string("a", "z"))).await;
    assert_eq!(statuses(&house).await, ["Pending", "Pending"]);
    house.advance(3 * HOUR).await;
    assert_eq!(deeds(&house), ["NoChangeNotification", "Expiration", "Delete"]);
}

#[tokio::test]
async fn an_empty_policy_takes_all_away() {
    let house = open();
    put(&house, with_policies("a", &json!([expiration("2026-01-02T00:00:00Z")]))).await;
    put(&house, with_policies("a", &json!([{}]))).await;
    house.advance(2 * DAY).await;
    assert_eq!(value(&house, "a").await, "x");
    assert!(statuses(&house).await.is_empty());
}

#[tokio::test]
async fn policies_act_in_every_account_and_region() {
    let house = open();
    let request = with_policies("a", &json!([expiration("2026-01-02T00:00:00Z")]));
    let caller = house.root("111111111111");
    house.call_as::<aws::PutParameter>(&caller, "eu-west-1", request).await.unwrap();
    house.advance(DAY).await;
    let event = house.platform.bus.recent(1).unwrap().remove(0);
    assert_eq!((event.account.as_str(), event.region.as_str()), ("111111111111", "eu-west-1"));
    assert_eq!(event.detail["operation"], "Delete");
}

#[tokio::test]
async fn many_that_expire_at_once_all_go() {
    let house = open();
    let policies = json!([expiration("2026-01-02T00:00:00Z")]);
    for number in 0..150 {
        put(&house, with_policies(&format!("p{number}"), &policies)).await;
    }
    house.advance(DAY).await;
    let known = house.call::<aws::DescribeParameters>(Default::default()).await.unwrap();
    assert!(known.parameters.unwrap().is_empty());
}

#[tokio::test]
async fn policies_are_for_the_advanced_tier() {
    let house = open();
    let policies = json!([expiration("2026-01-02T00:00:00Z")]);
    let standard = PutParameterRequest { tier: Some(ParameterTier::Standard), ..with_policies("a", &policies) };
    assert!(
        refusal(try_put(&house, standard).await)
            .starts_with("ValidationException: Standard tier parameters don't support parameter policies.")
    );
    let intelligent =
        PutParameterRequest { tier: Some(ParameterTier::IntelligentTiering), ..with_policies("a", &policies) };
    assert_eq!(put(&house, intelligent).await.tier, Some(ParameterTier::Advanced));
}

#[tokio::test]
async fn wrong_policies_are_refused_in_aws_s_words() {
    let house = open();
    let attribute = |text: &str| format!("InvalidPolicyAttributeException: {text}");
    let policy = |kind: &str, version: &str, attributes: Value| json!([{"Type": kind, "Version": version, "Attributes": attributes}]);
    let date = expiration("2026-02-01T00:00:00Z");
    let unit_missing = policy("NoChangeNotification", "1.0", json!({"After": "1"}));
    let refused = [
        (
            json!({"Type": "Expiration"}),
            "ValidationException: Invalid policies input: {\"Type\":\"Expiration\"}.".into(),
        ),
        (json!(["Expiration"]), "ValidationException: Invalid policies input: \"Expiration\".".into()),
        (
            Value::Array(vec![no_change_notification("1", "Days"); 11]),
            "PoliciesLimitExceededException: Number of policies attached to a parameter cannot exceed 10".into(),
        ),
        (
            policy("expiration", "1.0", json!({})),
            "InvalidPolicyTypeException: Policy type expiration is not supported.".into(),
        ),
        (policy("Expiration", "2.0", json!({})), attribute("Unsupported policy version.")),
        (
            json!([{"Type": "Expiration", "Version": "1.0"}]),
            attribute("Mandatory policy attribute Attributes is missing."),
        ),
        (
            policy("Expiration", "1.0", json!({})),
            attribute("A valid Expiration policy must have an attribute of Timestamp."),
        ),
        (json!([expiration("tomorrow")]), attribute("Invalid timestamp format")),
        (unit_missing, attribute("Mandatory policy attribute Unit is missing.")),
        (json!([no_change_notification("0", "Days")]), attribute("Attribute After must be a positive integer.")),
        (
            json!([date, expiration_notification("x", "Days")]),
            attribute("Attribute Before must be a positive integer."),
        ),
        (json!([no_change_notification("1", "Weeks")]), attribute("Supported time units: DAYS HOURS")),
        (
            policy("NoChangeNotification", "1.0", json!({"After": "1", "Unit": "Days", "Colour": "red"})),
            attribute("Policy attribute Colour is not supported."),
        ),
        (json!([date, date]), "IncompatiblePolicyException: There can be only one expiration policy".into()),
        (
            json!([expiration_notification("1", "Days")]),
            "IncompatiblePolicyException: Expiration notification policies are missing expiration policy".into(),
        ),
    ];
    for (policies, message) in refused {
        assert_eq!(refusal(try_put(&house, with_policies("a", &policies)).await), message);
    }
}
