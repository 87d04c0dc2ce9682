//! Message move tasks.

use super::*;

/// A source whose dead-letter queue holds so many messages: their URLs.
async fn dead_letters(bench: &Bench, count: usize) -> (String, String) {
    let dead = bench.create("dead", &[]).await;
    let policy = redrive_to("dead", 1);
    let url = bench.create("orders", &[("RedrivePolicy", &policy), ("VisibilityTimeout", "0")]).await;
    for index in 0..count {
        bench.send(&url, &format!("message {index}")).await;
    }
    for _ in 0..=count.div_ceil(10) {
        bench.receive(&url, 10).await;
    }
    while bench.counts(&url).await.0 > 0 {
        bench.receive(&url, 10).await;
    }
    (url, dead)
}

async fn start(bench: &Bench, destination: Option<&str>, per_second: Option<i32>) -> Result<String, Fault> {
    let input = StartMessageMoveTaskRequest {
        source_arn: arn("dead"),
        destination_arn: destination.map(arn),
        max_number_of_messages_per_second: per_second,
    };
    Ok(bench.house.call::<StartMessageMoveTask>(input).await?.task_handle.unwrap())
}

async fn tasks(bench: &Bench) -> Vec<ListMessageMoveTasksResultEntry> {
    let input = ListMessageMoveTasksRequest { source_arn: arn("dead"), max_results: Some(10) };
    bench.house.call::<ListMessageMoveTasks>(input).await.unwrap().results.unwrap()
}

async fn cancel(bench: &Bench, handle: &str) -> Result<Option<i64>, Fault> {
    let input = CancelMessageMoveTaskRequest { task_handle: handle.into() };
    let output = bench.house.call::<CancelMessageMoveTask>(input).await?;
    Ok(output.approximate_number_of_messages_moved)
}

#[tokio::test]
async fn messages_go_back_to_where_they_came_from_as_new_ones() {
    let bench = Bench::open();
    let (url, dead) = dead_letters(&bench, 3).await;
    assert_eq!(bench.counts(&dead).await, (3, 0, 0));
    bench.advance(100).await;
    start(&bench, None, None).await.unwrap();
    bench.house.settle().await;
    assert_eq!(bench.counts(&dead).await, (0, 0, 0));
    assert_eq!(bench.counts(&url).await, (3, 0, 0));
    let messages = bench.receive(&url, 1).await;
    assert_eq!(system(&messages[0], "ApproximateReceiveCount"), Some("1"));
    assert_eq!(system(&messages[0], "SentTimestamp"), Some("1767225700000"));
    assert_eq!(system(&messages[0], "DeadLetterQueueSourceArn"), None);
    let tasks = tasks(&bench).await;
    assert_eq!(tasks[0].status.as_deref(), Some("COMPLETED"));
    assert_eq!(tasks[0].approximate_number_of_messages_moved, Some(3));
    assert_eq!(tasks[0].approximate_number_of_messages_to_move, Some(3));
    assert_eq!(tasks[0].started_timestamp, Some(1_767_225_700_000));
    assert_eq!((&tasks[0].destination_arn, &tasks[0].task_handle), (&None, &None));
}

#[tokio::test]
async fn a_task_keeps_its_pace_and_can_be_cancelled() {
    let bench = Bench::open();
    let (_, dead) = dead_letters(&bench, 10).await;
    let elsewhere = bench.create("elsewhere", &[]).await;
    let handle = start(&bench, Some("elsewhere"), Some(2)).await.unwrap();
    bench.house.settle().await;
    assert_eq!(bench.counts(&elsewhere).await.0, 2);
    bench.advance(1).await;
    assert_eq!(bench.counts(&elsewhere).await.0, 4);
    let running = tasks(&bench).await;
    assert_eq!(running[0].status.as_deref(), Some("RUNNING"));
    assert_eq!(running[0].task_handle.as_ref(), Some(&handle));
    assert_eq!(running[0].destination_arn, Some(arn("elsewhere")));
    assert_eq!(running[0].max_number_of_messages_per_second, Some(2));
    refused(
        start(&bench, None, None).await,
        "InvalidParameterValue",
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
    assert_eq!(cancel(&bench, &handle).await.unwrap(), Some(4));
    bench.advance(10).await;
    assert_eq!(tasks(&bench).await[0].status.as_deref(), Some("CANCELLED"));
    assert_eq!((bench.counts(&elsewhere).await.0, bench.counts(&dead).await.0), (4, 6));
    assert_eq!(cancel(&bench, &handle).await.unwrap_err().name, "UnsupportedOperation");
    start(&bench, Some("elsewhere"), None).await.unwrap();
    bench.house.settle().await;
    let both = tasks(&bench).await;
    assert_eq!(both.len(), 2);
    assert_eq!(both[0].status.as_deref(), Some("COMPLETED"));
    assert_eq!(bench.counts(&elsewhere).await.0, 10);
}

#[tokio::test]
async fn a_task_fails_when_its_destination_goes() {
    let bench = Bench::open();
    dead_letters(&bench, 4).await;
    let elsewhere = bench.create("elsewhere", &[]).await;
    start(&bench, Some("elsewhere"), Some(1)).await.unwrap();
    bench.house.settle().await;
    bench.delete_queue(&elsewhere).await;
    bench.advance(5).await;
    let tasks = tasks(&bench).await;
    assert_eq!(tasks[0].status.as_deref(), Some("FAILED"));
    assert_eq!(tasks[0].failure_reason.as_deref(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    assert_eq!(tasks[0].approximate_number_of_messages_moved, Some(1));
}

#[tokio::test]
async fn messages_that_came_from_nowhere_cannot_go_back() {
    let bench = Bench::open();
    let (_, dead) = dead_letters(&bench, 0).await;
    bench.send(&dead, "direct").await;
    start(&bench, None, None).await.unwrap();
    bench.house.settle().await;
    let tasks = tasks(&bench).await;
    assert_eq!(tasks[0].failure_reason.as_deref(), Some("CouldNotDetermineMessageSource"));
    assert_eq!(bench.counts(&dead).await, (1, 0, 0));
}

#[tokio::test]
async fn tasks_that_cannot_be_are_refused() {
    let bench = Bench::open();
    let missing = |name: &str| format!("The resource that you specified for the {name} parameter doesn't exist.");
    refused(start(&bench, None, None).await, "ResourceNotFoundException", &missing("SourceArn"));
    bench.create("dead", &[]).await;
    refused(
        start(&bench, None, None).await,
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    );
    bench.create("orders", &[("RedrivePolicy", &redrive_to("dead", 1))]).await;
    refused(start(&bench, Some("missing"), None).await, "ResourceNotFoundException", &missing("DestinationArn"));
    for pace in [0, 501] {
        let message = format!(
            "Value {pace} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if \
             provided."
        );
        refused(start(&bench, None, Some(pace)).await, "InvalidParameterValue", &message);
    }
    refused(cancel(&bench, "garbage").await, "InvalidParameterValue", "Value for parameter TaskHandle is invalid.");
    let handle = start(&bench, None, None).await.unwrap();
    bench.delete_queue("http://h/000000000000/dead").await;
    refused(cancel(&bench, &handle).await, "ResourceNotFoundException", &missing("SourceArn"));
}

#[tokio::test]
async fn the_last_ten_tasks_are_remembered() {
    let bench = Bench::open();
    dead_letters(&bench, 0).await;
    for _ in 0..12 {
        start(&bench, None, None).await.unwrap();
        bench.advance(1).await;
    }
    assert_eq!(tasks(&bench).await.len(), 10);
}
