//! PutEvents: entries that are taken, and entries that are not.

use haar_platform::aws::events as aws;

use super::*;

#[tokio::test]
async fn each_entry_is_taken_or_refused_by_itself() {
    let house = open();
    let without = |change: fn(&mut PutEventsRequestEntry)| {
        let mut entry = entry(json!({}));
        change(&mut entry);
        entry
    };
    let entries = vec![
        entry(json!({})),
        without(|entry| entry.source = None),
        without(|entry| entry.detail_type = Some(String::new())),
        without(|entry| entry.detail = None),
        without(|entry| entry.detail = Some("{".into())),
        without(|entry| entry.detail = Some("[]".into())),
        without(|entry| entry.source = Some("aws.mine".into())),
    ];
    let input = PutEventsRequest { entries, endpoint_id: None };
    let answer = house.call::<aws::PutEvents>(input).await.unwrap();
    assert_eq!(answer.failed_entry_count, Some(6));
    let results = answer.entries.unwrap();
    assert!(results[0].event_id.is_some());
    let errors: Vec<_> = results[1..]
        .iter()
        .map(|result| (result.error_code.as_deref().unwrap(), result.error_message.as_deref().unwrap()))
        .collect();
    assert_eq!(
        errors,
        [
            ("InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
            ("InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument."),
            ("InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
            ("MalformedDetail", "Detail is malformed."),
            ("MalformedDetail", "Detail is malformed."),
            ("NotAuthorizedForSource", "Not authorized for the source."),
        ]
    );
}

#[tokio::test]
async fn a_call_has_limits() {
    let house = open();
    let call = async |entries| house.call::<aws::PutEvents>(PutEventsRequest { entries, endpoint_id: None }).await;
    assert!(
        refusal(call(vec![entry(json!({})); 11]).await).contains("Member must have length less than or equal to 10")
    );
    let large = entry(json!({"text": "x".repeat(600_000)}));
    call(vec![large.clone()]).await.unwrap();
    assert_eq!(
        refusal(call(vec![large.clone(), large]).await),
        "ValidationException: Total size of the entries in the request is over the limit."
    );
    let endpoint = PutEventsRequest { entries: vec![entry(json!({}))], endpoint_id: Some("abc.veo".into()) };
    assert!(refusal(house.call::<aws::PutEvents>(endpoint).await).starts_with("NotImplemented"));
}

#[tokio::test]
async fn an_event_for_a_bus_that_is_not_there_is_acknowledged_and_lost() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", MINE, target("t", &arn)).await;
    let nowhere = PutEventsRequestEntry { event_bus_name: Some("none".into()), ..entry(json!({})) };
    assert!(put_all(&house, vec![nowhere]).await[0].event_id.is_some());
    house.settle().await;
    assert!(bodies(&house, "q").await.is_empty());
}

#[tokio::test]
async fn what_was_put_is_among_the_recent_events_of_the_house() {
    let house = open();
    let id = put(&house, json!({"a": 1})).await;
    let recent = house.platform.bus.recent(10).unwrap();
    assert_eq!(recent.iter().map(|event| &event.id).collect::<Vec<_>>(), [&id]);
}

#[tokio::test]
async fn disabled_rules_hear_nothing_and_changed_ones_what_they_say_now() {
    let house = open();
    let arn = queue(&house, "q").await;
    rule(&house, "r", MINE, target("t", &arn)).await;
    let name = || "r".to_owned();
    house.call::<aws::DisableRule>(aws::DisableRuleRequest { name: name(), event_bus_name: None }).await.unwrap();
    put(&house, json!({"n": 1})).await;
    house.call::<aws::EnableRule>(aws::EnableRuleRequest { name: name(), event_bus_name: None }).await.unwrap();
    put(&house, json!({"n": 2})).await;
    house.call::<aws::PutRule>(pattern("r", r#"{"detail":{"n":[4]}}"#)).await.unwrap();
    put(&house, json!({"n": 3})).await;
    put(&house, json!({"n": 4})).await;
    let numbers: Vec<_> = bodies(&house, "q").await.iter().map(|body| body["detail"]["n"].clone()).collect();
    assert_eq!(numbers, [2, 4]);
}
