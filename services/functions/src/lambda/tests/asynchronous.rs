//! Asynchronous invocations: retries on the clock, destinations, dead letters.

use super::*;
use crate::lambda::model::EVENTS;
use haar_platform::kernel::{Caller, Delivery};
use haar_platform::store::Read;

const FAILING: &str = "def handler(event, context):\n    raise ValueError('no good')\n";
const ECHO: &str = "def handler(event, context):\n    return event\n";

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

async fn configure(house: &Functions, retries: Option<i32>, age: Option<i32>) {
    for queue in ["good", "bad"] {
        house.queue(queue, &[]).await;
    }
    let request = PutFunctionEventInvokeConfigRequest {
        function_name: "f".into(),
        maximum_retry_attempts: retries,
        maximum_event_age_in_seconds: age,
        destination_config: Some(DestinationConfig {
            on_success: Some(OnSuccess { destination: Some(queue_arn("good")) }),
            on_failure: Some(OnFailure { destination: Some(queue_arn("bad")) }),
        }),
        ..Default::default()
    };
    house.call::<PutFunctionEventInvokeConfig>(request).await.unwrap();
}

fn waiting(house: &Functions) -> u64 {
    house.platform.store.read(|tx| tx.count(EVENTS)).unwrap()
}

#[tokio::test]
async fn a_success_is_told_to_its_destination() {
    let house = open().await;
    house.create("f", ECHO).await;
    configure(&house, None, None).await;
    house.send("f", r#"{"a":1}"#).await;
    house.settle().await;
    let record = house.body("good").await;
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["requestContext"]["functionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 1);
    assert_eq!(record["requestPayload"], serde_json::json!({"a": 1}));
    assert_eq!(record["responsePayload"], serde_json::json!({"a": 1}));
    assert_eq!(record["responseContext"], serde_json::json!({"statusCode": 200, "executedVersion": "$LATEST"}));
    assert_eq!(waiting(&house), 0);
    assert_eq!(house.sum("AsyncEventsReceived", &[("FunctionName", "f")]).await, 1.0);
}

#[tokio::test]
async fn an_error_is_tried_again_after_one_and_two_minutes() {
    let house = open().await;
    house.create("f", FAILING).await;
    configure(&house, None, None).await;
    house.send("f", "{}").await;
    house.settle().await;
    let invoked = async || house.sum("Invocations", &[("FunctionName", "f")]).await;
    assert_eq!(invoked().await, 1.0);
    house.advance(Duration::from_secs(59)).await;
    assert_eq!(invoked().await, 1.0);
    house.advance(Duration::from_secs(1)).await;
    assert_eq!(invoked().await, 2.0);
    house.advance(Duration::from_secs(119)).await;
    assert_eq!((invoked().await, waiting(&house)), (2.0, 1));
    house.advance(Duration::from_secs(1)).await;
    assert_eq!((invoked().await, waiting(&house)), (3.0, 0));
    let record = house.body("bad").await;
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(record["responseContext"]["functionError"], "Unhandled");
    assert_eq!(record["responsePayload"]["errorMessage"], "no good");
    assert_eq!(house.sum("AsyncEventsDropped", &[("FunctionName", "f")]).await, 1.0);
    assert_eq!(house.depth("good").await, (0, 0));
}

#[tokio::test]
async fn without_retries_a_failure_is_final() {
    let house = open().await;
    house.create("f", FAILING).await;
    configure(&house, Some(0), None).await;
    house.send("f", "{}").await;
    house.settle().await;
    assert_eq!(house.body("bad").await["requestContext"]["approximateInvokeCount"], 1);
}

#[tokio::test]
async fn an_event_that_is_too_old_is_given_up() {
    let house = open().await;
    house.create("f", FAILING).await;
    configure(&house, Some(2), Some(90)).await;
    house.send("f", "{}").await;
    house.advance(Duration::from_secs(600)).await;
    let record = house.body("bad").await;
    assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 2);
    assert_eq!(record.get("responsePayload"), None);
}

#[tokio::test]
async fn a_function_without_room_is_tried_again_until_there_is_some() {
    let house = open().await;
    house.create("f", ECHO).await;
    configure(&house, None, None).await;
    let none = PutFunctionConcurrencyRequest { function_name: "f".into(), reserved_concurrent_executions: 0 };
    house.call::<PutFunctionConcurrency>(none).await.unwrap();
    house.send("f", "{}").await;
    house.advance(Duration::from_secs(3600)).await;
    assert_eq!(waiting(&house), 1);
    assert!(house.sum("Throttles", &[("FunctionName", "f")]).await > 10.0);
    let delete = DeleteFunctionConcurrencyRequest { function_name: "f".into() };
    house.call::<DeleteFunctionConcurrency>(delete).await.unwrap();
    house.advance(Duration::from_secs(300)).await;
    assert_eq!(house.body("good").await["requestContext"]["condition"], "Success");
}

#[tokio::test]
async fn a_dead_letter_has_the_event_and_what_went_wrong() {
    let house = open().await;
    house.queue("dead", &[]).await;
    let draft = CreateFunctionRequest {
        dead_letter_config: Some(DeadLetterConfig { target_arn: Some(queue_arn("dead")) }),
        ..house.draft("f", FAILING)
    };
    house.call::<CreateFunction>(draft).await.unwrap();
    house.send("f", r#"{"a":1}"#).await;
    house.advance(Duration::from_secs(180)).await;
    let message = house.message("dead").await.unwrap();
    assert_eq!(message.body.as_deref(), Some(r#"{"a":1}"#));
    let attributes = message.message_attributes.unwrap();
    assert_eq!(attributes["ErrorMessage"].string_value.as_deref(), Some("no good"));
    assert_eq!(attributes["ErrorCode"].string_value.as_deref(), Some("200"));
    assert!(attributes.contains_key("RequestID"));
}

#[tokio::test]
async fn targets_that_nobody_serves_are_refused() {
    let house = open().await;
    house.create("f", ECHO).await;
    let request = PutFunctionEventInvokeConfigRequest {
        function_name: "f".into(),
        destination_config: Some(DestinationConfig {
            on_success: Some(OnSuccess { destination: Some("arn:aws:kinesis:us-east-1:000000000000:stream/s".into()) }),
            on_failure: None,
        }),
        ..Default::default()
    };
    let answer = house.call::<PutFunctionEventInvokeConfig>(request).await;
    refused(answer, "InvalidParameterValueException", "arn:aws:kinesis");
    let draft = CreateFunctionRequest {
        dead_letter_config: Some(DeadLetterConfig { target_arn: Some("arn:aws:s3:::bucket".into()) }),
        ..house.draft("g", ECHO)
    };
    refused(house.call::<CreateFunction>(draft).await, "InvalidParameterValueException", "dead letter target");
}

#[tokio::test]
async fn a_configuration_is_of_one_qualifier_and_changes_in_parts() {
    let house = open().await;
    house.create("f", ECHO).await;
    let get = GetFunctionEventInvokeConfigRequest { function_name: "f".into(), qualifier: None };
    refused(
        house.call::<GetFunctionEventInvokeConfig>(get.clone()).await,
        "ResourceNotFoundException",
        "function:f:$LATEST doesn't have an EventInvokeConfig",
    );
    configure(&house, Some(1), None).await;
    let update = UpdateFunctionEventInvokeConfigRequest {
        function_name: "f".into(),
        maximum_event_age_in_seconds: Some(60),
        ..Default::default()
    };
    let config = house.call::<UpdateFunctionEventInvokeConfig>(update).await.unwrap();
    assert_eq!((config.maximum_retry_attempts, config.maximum_event_age_in_seconds), (Some(1), Some(60)));
    assert_eq!(config.destination_config.unwrap().on_success.unwrap().destination, Some(queue_arn("good")));
    let list = ListFunctionEventInvokeConfigsRequest { function_name: "f".into(), ..Default::default() };
    let listed = house.call::<ListFunctionEventInvokeConfigs>(list).await.unwrap();
    assert_eq!(listed.function_event_invoke_configs.unwrap().len(), 1);
}

#[tokio::test]
async fn an_acknowledged_event_outlives_the_house() {
    let data = tempfile::tempdir().unwrap();
    {
        let house = open_over(Config::at(data.path()), HashMap::new()).await;
        house.create("f", ECHO).await;
        configure(&house, None, None).await;
        let none = PutFunctionConcurrencyRequest { function_name: "f".into(), reserved_concurrent_executions: 0 };
        house.call::<PutFunctionConcurrency>(none).await.unwrap();
        house.send("f", r#"{"a":1}"#).await;
        house.settle().await;
        house.platform.house.tasks.close().await;
        house.platform.store.close().await.unwrap();
    }
    let house = open_over(Config::at(data.path()), HashMap::new()).await;
    let delete = DeleteFunctionConcurrencyRequest { function_name: "f".into() };
    house.call::<DeleteFunctionConcurrency>(delete).await.unwrap();
    house.advance(Duration::from_secs(300)).await;
    assert_eq!(house.body("good").await["requestPayload"], serde_json::json!({"a": 1}));
}

#[tokio::test]
async fn a_delivery_needs_the_functions_permission() {
    let house = open().await;
    house.create("f", ECHO).await;
    configure(&house, None, None).await;
    let rule = "arn:aws:events:us-east-1:000000000000:rule/nightly";
    let account = house.platform.house.account.clone();
    let caller = Arc::new(Caller::service("events", &account).with_key("aws:SourceArn", rule));
    let ctx = house.ctx();
    let target: haar_platform::kernel::Arn = "arn:aws:lambda:us-east-1:000000000000:function:f".parse().unwrap();
    assert!(ctx.serves_target(&target));
    let delivery = || Delivery::new(target.clone(), r#"{"from":"rule"}"#, "1");
    refused(ctx.deliver(caller.clone(), delivery()).await, "AccessDeniedException", "lambda:InvokeFunction");
    let grant = AddPermissionRequest {
        function_name: "f".into(),
        statement_id: "rule".into(),
        action: "lambda:InvokeFunction".into(),
        principal: "events.amazonaws.com".into(),
        source_arn: Some(rule.into()),
        ..Default::default()
    };
    house.call::<AddPermission>(grant).await.unwrap();
    ctx.deliver(caller, delivery()).await.unwrap();
    house.settle().await;
    assert_eq!(house.body("good").await["requestPayload"], serde_json::json!({"from": "rule"}));
}
