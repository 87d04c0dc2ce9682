//! Queues that feed functions.

use super::*;

/// Fails on messages that say so.
const PICKY: &str = "def handler(event, context):\n    for record in event['Records']:\n        if record['body'] == 'bad':\n            raise Exception('bad')\n    return len(event['Records'])\n";

fn mapping(queue: &str) -> CreateEventSourceMappingRequest {
    CreateEventSourceMappingRequest {
        event_source_arn: Some(format!("arn:aws:sqs:us-east-1:000000000000:{queue}")),
        function_name: "f".into(),
        ..Default::default()
    }
}

async fn send(house: &Functions, queue: &str, body: &str, group: Option<&str>) {
    let request = sqs::SendMessageRequest {
        queue_url: format!("000000000000/{queue}"),
        message_body: body.into(),
        message_group_id: group.map(str::to_owned),
        message_deduplication_id: group.map(|_| body.to_owned()),
        ..Default::default()
    };
    house.call::<sqs::SendMessage>(request).await.unwrap();
}

async fn invoked(house: &Functions) -> f64 {
    house.sum("Invocations", &[("FunctionName", "f")]).await
}

#[tokio::test]
async fn messages_go_to_the_function_and_out_of_the_queue() {
    let house = open().await;
    house.create("f", PICKY).await;
    house.queue("jobs", &[]).await;
    let made = house.call::<CreateEventSourceMapping>(mapping("jobs")).await.unwrap();
    assert_eq!((made.state.as_deref(), made.batch_size), (Some("Creating"), Some(10)));
    send(&house, "jobs", "good", None).await;
    house.until("the queue is empty", async || house.depth("jobs").await == (0, 0)).await;
    let get = GetEventSourceMappingRequest { uuid: made.uuid.unwrap() };
    let found = house.call::<GetEventSourceMapping>(get).await.unwrap();
    assert_eq!((found.state.as_deref(), found.last_processing_result.as_deref()), (Some("Enabled"), Some("OK")));
    assert_eq!(invoked(&house).await, 1.0);
}

#[tokio::test]
async fn messages_of_a_failed_batch_come_back_when_they_are_no_longer_hidden() {
    let house = open().await;
    house.create("f", PICKY).await;
    house.queue("jobs", &[]).await;
    house.call::<CreateEventSourceMapping>(mapping("jobs")).await.unwrap();
    send(&house, "jobs", "bad", None).await;
    house.until("the function has failed", async || invoked(&house).await == 1.0).await;
    assert_eq!(house.depth("jobs").await, (0, 1));
    house.advance(Duration::from_secs(31)).await;
    house.until("it has failed again", async || invoked(&house).await == 2.0).await;
}

#[tokio::test]
async fn only_messages_that_the_function_names_come_back() {
    let house = open().await;
    let text = "def handler(event, context):\n    bad = [r['messageId'] for r in event['Records'] if r['body'] == 'bad']\n    return {'batchItemFailures': [{'itemIdentifier': one} for one in bad]}\n";
    house.create("f", text).await;
    house.queue("jobs", &[]).await;
    for body in ["good", "bad", "fine"] {
        send(&house, "jobs", body, None).await;
    }
    let request = CreateEventSourceMappingRequest {
        function_response_types: Some(vec![FunctionResponseType::ReportBatchItemFailures]),
        ..mapping("jobs")
    };
    house.call::<CreateEventSourceMapping>(request).await.unwrap();
    house.until("two are gone", async || house.depth("jobs").await == (0, 1)).await;
}

#[tokio::test]
async fn a_window_collects_messages_on_the_clock() {
    let house = open().await;
    house.create("f", PICKY).await;
    house.queue("jobs", &[("VisibilityTimeout", "600")]).await;
    let request = CreateEventSourceMappingRequest {
        batch_size: Some(100),
        maximum_batching_window_in_seconds: Some(60),
        ..mapping("jobs")
    };
    house.call::<CreateEventSourceMapping>(request).await.unwrap();
    for number in 0..15 {
        send(&house, "jobs", &number.to_string(), None).await;
    }
    house.until("all have been received", async || house.depth("jobs").await == (0, 15)).await;
    assert_eq!(invoked(&house).await, 0.0);
    house.advance(Duration::from_secs(60)).await;
    house.until("the queue is empty", async || house.depth("jobs").await == (0, 0)).await;
    assert_eq!(invoked(&house).await, 1.0);
}

#[tokio::test]
async fn filters_drop_what_the_function_does_not_want() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return [r['body'] for r in event['Records']]\n").await;
    house.queue("jobs", &[]).await;
    for body in [r#"{"kind":"a"}"#, r#"{"kind":"b"}"#, "text"] {
        send(&house, "jobs", body, None).await;
    }
    let filter = |pattern: &str| FilterCriteria { filters: Some(vec![Filter { pattern: Some(pattern.into()) }]) };
    let bad = CreateEventSourceMappingRequest { filter_criteria: Some(filter("{")), ..mapping("jobs") };
    refused(
        house.call::<CreateEventSourceMapping>(bad).await,
        "InvalidParameterValueException",
        "Invalid filter pattern definition.",
    );
    let none = CreateEventSourceMappingRequest {
        filter_criteria: Some(filter(r#"{"body":{"kind":["c"]}}"#)),
        ..mapping("jobs")
    };
    house.call::<CreateEventSourceMapping>(none).await.unwrap();
    house.until("the queue is empty", async || house.depth("jobs").await == (0, 0)).await;
    assert_eq!(invoked(&house).await, 0.0);
}

#[tokio::test]
async fn a_group_of_a_fifo_queue_is_worked_on_in_order() {
    let house = open().await;
    let text = "seen = []\ndef handler(event, context):\n    for record in event['Records']:\n        seen.append(int(record['body']))\n    if seen != sorted(seen):\n        raise Exception(str(seen))\n";
    house.create("f", text).await;
    house.queue("jobs.fifo", &[("FifoQueue", "true")]).await;
    for number in 0..25 {
        send(&house, "jobs.fifo", &number.to_string(), Some("g")).await;
    }
    house.call::<CreateEventSourceMapping>(mapping("jobs.fifo")).await.unwrap();
    house.until("the queue is empty", async || house.depth("jobs.fifo").await == (0, 0)).await;
    assert_eq!(house.sum("Errors", &[("FunctionName", "f")]).await, 0.0);
}

#[tokio::test]
async fn a_disabled_mapping_leaves_messages_alone_until_it_is_enabled() {
    let house = open().await;
    house.create("f", PICKY).await;
    house.queue("jobs", &[]).await;
    let request = CreateEventSourceMappingRequest { enabled: Some(false), ..mapping("jobs") };
    let uuid = house.call::<CreateEventSourceMapping>(request).await.unwrap().uuid.unwrap();
    send(&house, "jobs", "good", None).await;
    house.settle().await;
    assert_eq!(house.depth("jobs").await, (1, 0));
    let enable = UpdateEventSourceMappingRequest { uuid: uuid.clone(), enabled: Some(true), ..Default::default() };
    let changed = house.call::<UpdateEventSourceMapping>(enable).await.unwrap();
    assert_eq!(changed.state.as_deref(), Some("Enabling"));
    house.until("the queue is empty", async || house.depth("jobs").await == (0, 0)).await;
    let delete = DeleteEventSourceMappingRequest { uuid: uuid.clone() };
    let deleted = house.call::<DeleteEventSourceMapping>(delete).await.unwrap();
    assert_eq!(deleted.state.as_deref(), Some("Deleting"));
    send(&house, "jobs", "good", None).await;
    house.settle().await;
    assert_eq!(house.depth("jobs").await, (1, 0));
    let get = GetEventSourceMappingRequest { uuid };
    refused(house.call::<GetEventSourceMapping>(get).await, "ResourceNotFoundException", "does not exist");
}

#[tokio::test]
async fn mappings_that_could_not_work_are_refused() {
    let house = open().await;
    house.create("f", PICKY).await;
    let name = "InvalidParameterValueException";
    refused(
        house.call::<CreateEventSourceMapping>(mapping("missing")).await,
        name,
        "The specified queue does not exist",
    );
    house.queue("short", &[("VisibilityTimeout", "2")]).await;
    refused(
        house.call::<CreateEventSourceMapping>(mapping("short")).await,
        name,
        "Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds",
    );
    house.queue("jobs", &[]).await;
    let large = CreateEventSourceMappingRequest { batch_size: Some(11), ..mapping("jobs") };
    refused(
        house.call::<CreateEventSourceMapping>(large).await,
        name,
        "Maximum batch window in seconds must be greater than 0",
    );
    let stream = CreateEventSourceMappingRequest {
        event_source_arn: Some("arn:aws:kinesis:us-east-1:000000000000:stream/s".into()),
        ..mapping("jobs")
    };
    refused(house.call::<CreateEventSourceMapping>(stream).await, "NotImplemented", "kinesis");
    let position =
        CreateEventSourceMappingRequest { starting_position: Some(EventSourcePosition::Latest), ..mapping("jobs") };
    refused(house.call::<CreateEventSourceMapping>(position).await, name, "StartingPosition");
    house.call::<CreateEventSourceMapping>(mapping("jobs")).await.unwrap();
    refused(
        house.call::<CreateEventSourceMapping>(mapping("jobs")).await,
        "ResourceConflictException",
        "already exists. Please update or delete the existing mapping with UUID",
    );
}

#[tokio::test]
async fn mappings_are_listed_by_queue_and_function() {
    let house = open().await;
    house.create("f", PICKY).await;
    for queue in ["a", "b"] {
        house.queue(queue, &[]).await;
        house.call::<CreateEventSourceMapping>(mapping(queue)).await.unwrap();
    }
    let count = async |request: ListEventSourceMappingsRequest| {
        house.call::<ListEventSourceMappings>(request).await.unwrap().event_source_mappings.unwrap().len()
    };
    let of_function =
        |name: &str| ListEventSourceMappingsRequest { function_name: Some(name.into()), ..Default::default() };
    assert_eq!(count(of_function("f")).await, 2);
    assert_eq!(count(of_function("g")).await, 0);
    let of_queue =
        ListEventSourceMappingsRequest { event_source_arn: mapping("a").event_source_arn, ..Default::default() };
    assert_eq!(count(of_queue).await, 1);
}
