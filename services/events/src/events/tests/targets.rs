//! Targets: what is taken, what is refused, and what they get of an event.

use haar_platform::aws::events as aws;

use super::*;

#[tokio::test]
async fn targets_that_cannot_be_reached_are_refused_when_they_are_put() {
    let house = open();
    house.call::<aws::PutRule>(pattern("r", MINE)).await.unwrap();
    let queue = queue(&house, "q").await;
    let fifo = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    for (one, message) in [
        (
            target("t", "here"),
            "ValidationException: Parameter here is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            target("t", "arn:aws:kinesis:us-east-1:000000000000:stream/s"),
            "ValidationException: Parameter arn:aws:kinesis:us-east-1:000000000000:stream/s is not valid. Reason: haar \
             serves no target by that ARN. COMPATIBILITY.md lists what it serves.",
        ),
        (target("t", fifo), "ValidationException: Parameter(s) SqsParameters must be specified for target: t."),
        (
            Target { input: Some("{".into()), ..target("t", &queue) },
            "ValidationException: JSON syntax error in input for target t : EOF while parsing an object at line 1 column 1.",
        ),
        (
            Target { input: Some("1".into()), input_path: Some("$".into()), ..target("t", &queue) },
            "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            Target { input_path: Some("detail".into()), ..target("t", &queue) },
            "ValidationException: InputPath detail for target t is not a valid JSON path.",
        ),
        (
            Target {
                input_transformer: Some(aws::InputTransformer {
                    input_paths_map: None,
                    input_template: "<what>".into(),
                }),
                ..target("t", &queue)
            },
            "ValidationException: InputTemplate for target t contains invalid placeholder what.",
        ),
        (
            Target { input: Some("{}".into()), ..target("t", bus) },
            "ValidationException: Parameter(s) Input, InputPath and InputTransformer are not supported for an event bus \
             as target t.",
        ),
        (
            Target {
                dead_letter_config: Some(aws::DeadLetterConfig { arn: Some(fifo.into()) }),
                ..target("t", &queue)
            },
            "ValidationException: Parameter DeadLetterConfig.Arn is not valid. Reason: It must be a standard SQS queue.",
        ),
    ] {
        assert_eq!(refusal(put_targets(&house, "r", vec![one]).await), message);
    }
    let kinesis = aws::KinesisParameters { partition_key_path: "$.id".into() };
    let refused =
        put_targets(&house, "r", vec![Target { kinesis_parameters: Some(kinesis), ..target("t", &queue) }]).await;
    assert!(refusal(refused).starts_with("NotImplemented: haar does not serve targets with KinesisParameters"));
    assert_eq!(
        refusal(put_targets(&house, "none", vec![target("t", &queue)]).await),
        "ResourceNotFoundException: Rule none does not exist on EventBus default."
    );
    let many = (0..6).map(|number| target(&format!("t{number}"), &queue)).collect();
    assert_eq!(
        refusal(put_targets(&house, "r", many).await),
        "LimitExceededException: The requested resource exceeds the maximum number allowed."
    );
}

#[tokio::test]
async fn what_is_put_is_what_is_listed() {
    let house = open();
    house.call::<aws::PutRule>(pattern("r", MINE)).await.unwrap();
    let (queue, fifo) = (queue(&house, "q").await, super::queue(&house, "q.fifo").await);
    let targets = vec![
        Target {
            input_transformer: Some(aws::InputTransformer {
                input_paths_map: Some([("n".to_owned(), "$.detail.n".to_owned())].into()),
                input_template: "{\"n\": <n>}".into(),
            }),
            retry_policy: Some(aws::RetryPolicy {
                maximum_retry_attempts: Some(3),
                maximum_event_age_in_seconds: Some(60),
            }),
            dead_letter_config: Some(aws::DeadLetterConfig { arn: Some(queue.clone()) }),
            ..target("a", &queue)
        },
        Target {
            sqs_parameters: Some(aws::SqsParameters { message_group_id: Some("g".into()) }),
            input: Some("\"x\"".into()),
            ..target("b", &fifo)
        },
        Target { input_path: Some("$.detail".into()), ..target("c", &queue) },
    ];
    put_targets(&house, "r", targets.clone()).await.unwrap();
    let list = aws::ListTargetsByRuleRequest { rule: "r".into(), ..Default::default() };
    let listed = house.call::<aws::ListTargetsByRule>(list).await.unwrap().targets.unwrap();
    assert_eq!(format!("{listed:?}"), format!("{targets:?}"));
}

#[tokio::test]
async fn targets_get_what_they_asked_for() {
    let house = open();
    let names = ["event", "constant", "part", "template"];
    let mut targets = Vec::new();
    for name in names {
        targets.push(target(name, &queue(&house, name).await));
    }
    targets[1].input = Some("{\"always\": 1}".into());
    targets[2].input_path = Some("$.detail.inner".into());
    targets[3].input_transformer = Some(aws::InputTransformer {
        input_paths_map: Some([("n".to_owned(), "$.detail.inner.n".to_owned())].into()),
        input_template: "{\"rule\": <aws.events.rule-name>, \"text\": \"n is <n>\"}".into(),
    });
    house.call::<aws::PutRule>(pattern("r", MINE)).await.unwrap();
    put_targets(&house, "r", targets).await.unwrap();
    let id = put(&house, json!({"inner": {"n": 5}})).await;
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": "Thing",
        "source": "mine",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"inner": {"n": 5}},
    });
    let expected = [event, json!({"always": 1}), json!({"n": 5}), json!({"rule": "r", "text": "n is 5"})];
    for (name, body) in names.into_iter().zip(expected) {
        assert_eq!(bodies(&house, name).await, [body], "{name}");
    }
}

#[tokio::test]
async fn a_fifo_queue_gets_its_group() {
    let house = open();
    let fifo = queue(&house, "q.fifo").await;
    let sqs_parameters = Some(aws::SqsParameters { message_group_id: Some("g".into()) });
    rule(&house, "r", MINE, Target { sqs_parameters, ..target("t", &fifo) }).await;
    put(&house, json!({})).await;
    put(&house, json!({})).await;
    assert_eq!(received(&house, "q.fifo").await.len(), 2);
}
