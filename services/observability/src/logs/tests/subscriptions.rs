//! Subscription filters and what their subscribers get.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use haar_platform::kernel::serde_json::{self, Value};

use super::*;

fn subscription(name: &str, pattern: &str) -> aws::PutSubscriptionFilterRequest {
    aws::PutSubscriptionFilterRequest {
        log_group_name: GROUP.into(),
        filter_name: name.into(),
        filter_pattern: pattern.into(),
        destination_arn: function_arn(),
        ..Default::default()
    }
}

fn decoded(delivery: &Delivery) -> Value {
    let payload: Value = serde_json::from_str(&delivery.payload).unwrap();
    let gzip = STANDARD.decode(payload["awslogs"]["data"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*gzip).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn matching_events_reach_the_function() {
    let (house, world) = with_streams(&[STREAM]).await;
    house.call::<aws::PutSubscriptionFilter>(subscription("errors", "ERROR")).await.unwrap();
    put(&house, STREAM, &[(NOW, "ok"), (NOW + 1, "ERROR 1"), (NOW + 2, "ERROR 2")]).await;
    house.settle().await;
    let deliveries = world.deliveries.lock().clone();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].target.to_string(), function_arn());
    let data = decoded(&deliveries[0]);
    assert_eq!(data["messageType"], "DATA_MESSAGE");
    assert_eq!((data["owner"].as_str(), data["logGroup"].as_str()), (Some(ACCOUNT), Some(GROUP)));
    assert_eq!((data["logStream"].as_str(), data["subscriptionFilters"][0].as_str()), (Some(STREAM), Some("errors")));
    let messages: Vec<_> =
        data["logEvents"].as_array().unwrap().iter().map(|event| event["message"].as_str()).collect();
    assert_eq!(messages, [Some("ERROR 1"), Some("ERROR 2")]);
    let input = aws::FilterLogEventsRequest {
        log_group_name: Some(GROUP.into()),
        filter_pattern: Some("ERROR".into()),
        ..Default::default()
    };
    let events = house.call::<aws::FilterLogEvents>(input).await.unwrap().events.unwrap();
    assert_eq!(data["logEvents"][0]["id"].as_str(), events[0].event_id.as_deref());
}

#[tokio::test]
async fn a_delivery_that_failed_is_tried_again_and_a_refused_one_is_not() {
    let (house, world) = with_streams(&[STREAM]).await;
    house.call::<aws::PutSubscriptionFilter>(subscription("all", "")).await.unwrap();
    world.failures.lock().push(Fault::common("ServiceException", 500, "later"));
    put(&house, STREAM, &[(NOW, "a")]).await;
    house.settle().await;
    assert_eq!(world.deliveries.lock().len(), 1);
    house.advance(Duration::from_secs(5)).await;
    let ids: Vec<_> = world.deliveries.lock().iter().map(|delivery| delivery.id.clone()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);

    world.failures.lock().push(Fault::common("AccessDeniedException", 403, "no"));
    put(&house, STREAM, &[(NOW, "b")]).await;
    house.advance(Duration::from_secs(3600)).await;
    assert_eq!(world.deliveries.lock().len(), 3);
}

#[tokio::test]
async fn a_subscriber_that_stays_away_is_given_up_after_a_day() {
    let (house, world) = with_streams(&[STREAM]).await;
    house.call::<aws::PutSubscriptionFilter>(subscription("all", "")).await.unwrap();
    world.failures.lock().extend((0..1000).map(|_| Fault::common("ServiceException", 500, "later")));
    put(&house, STREAM, &[(NOW, "a")]).await;
    house.advance(Duration::from_secs(2 * 86_400)).await;
    let attempts = world.deliveries.lock().len();
    assert!((200..400).contains(&attempts), "{attempts}");
    house.advance(Duration::from_secs(86_400)).await;
    assert_eq!(world.deliveries.lock().len(), attempts);
}

#[tokio::test]
async fn a_group_has_two_subscriptions_at_most() {
    let (house, _) = with_streams(&[STREAM]).await;
    for name in ["a", "b"] {
        house.call::<aws::PutSubscriptionFilter>(subscription(name, "")).await.unwrap();
    }
    house.call::<aws::PutSubscriptionFilter>(subscription("a", "changed")).await.unwrap();
    let fault = house.call::<aws::PutSubscriptionFilter>(subscription("c", "")).await.unwrap_err();
    assert_eq!((&*fault.name, &*fault.message), ("LimitExceededException", "Resource limit exceeded."));
    let describe = aws::DescribeSubscriptionFiltersRequest { log_group_name: GROUP.into(), ..Default::default() };
    let found = house.call::<aws::DescribeSubscriptionFilters>(describe).await.unwrap().subscription_filters.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].filter_pattern.as_deref(), Some("changed"));
    assert_eq!(found[0].distribution, Some(aws::Distribution::ByLogStream));
    let delete = aws::DeleteSubscriptionFilterRequest { log_group_name: GROUP.into(), filter_name: "a".into() };
    house.call::<aws::DeleteSubscriptionFilter>(delete.clone()).await.unwrap();
    let fault = house.call::<aws::DeleteSubscriptionFilter>(delete).await.unwrap_err();
    assert_eq!(fault.message, "The specified subscription filter does not exist.");
}

#[tokio::test]
async fn destinations_that_are_not_served_are_refused_by_name() {
    let (house, _) = with_streams(&[STREAM]).await;
    for service in ["kinesis", "firehose", "logs"] {
        let destination_arn = format!("arn:aws:{service}:{REGION}:{ACCOUNT}:x/y");
        let input = aws::PutSubscriptionFilterRequest { destination_arn, ..subscription("a", "") };
        let fault = house.call::<aws::PutSubscriptionFilter>(input).await.unwrap_err();
        assert!(fault.is_not_served(), "{fault}");
    }
    let input = aws::PutSubscriptionFilterRequest {
        destination_arn: format!("arn:aws:sqs:{REGION}:{ACCOUNT}:q"),
        ..subscription("a", "")
    };
    assert_eq!(house.call::<aws::PutSubscriptionFilter>(input).await.unwrap_err().name, "InvalidParameterException");
}
