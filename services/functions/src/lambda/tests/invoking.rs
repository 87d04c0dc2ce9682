//! Invocations: answers, errors, timeouts, crashes, logs, warmth.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

async fn tail(house: &Functions, name: &str) -> (InvocationResponse, String) {
    let request = InvocationRequest { log_type: Some(LogType::Tail), ..invocation(name, "{}") };
    let answer = house.call::<Invoke>(request).await.unwrap();
    let log = STANDARD.decode(answer.log_result.clone().unwrap()).unwrap();
    (answer, String::from_utf8(log).unwrap())
}

fn json(answer: &InvocationResponse) -> Value {
    serde_json::from_slice(answer.payload.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn an_answer_says_what_ran() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return event\n").await;
    let answer = house.invoke("f", r#"{"a": [1, "ä"]}"#).await.unwrap();
    assert_eq!((answer.status_code, answer.executed_version.as_deref()), (Some(200), Some("$LATEST")));
    assert_eq!(json(&answer), serde_json::json!({"a": [1, "ä"]}));
    assert_eq!(answer.log_result, None);
}

#[tokio::test]
async fn the_tail_of_the_log_is_written_as_aws_does() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    print('hello')\n    return 1\n").await;
    let (_, log) = tail(&house, "f").await;
    let lines: Vec<_> = log.lines().collect();
    assert!(lines[0].starts_with("INIT_START Runtime Version: python:3."), "{log}");
    assert!(lines[1].starts_with("START RequestId: ") && lines[1].ends_with(" Version: $LATEST"), "{log}");
    assert_eq!(lines[2], "hello", "{log}");
    assert!(lines[3].starts_with("END RequestId: "), "{log}");
    assert!(lines[4].contains("\tMemory Size: 128 MB\tMax Memory Used: "), "{log}");
    assert!(lines[4].contains("\tInit Duration: "), "{log}");
    let (_, warm) = tail(&house, "f").await;
    assert!(warm.starts_with("START RequestId: ") && !warm.contains("Init Duration"), "{warm}");
}

#[tokio::test]
async fn an_environment_is_used_again_until_it_has_idled_too_long() {
    let house = open().await;
    house
        .create("f", "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n")
        .await;
    assert_eq!(house.answer("f", "{}").await, 1);
    assert_eq!(house.answer("f", "{}").await, 2);
    house.advance(Duration::from_secs(9 * 60)).await;
    assert_eq!(house.answer("f", "{}").await, 3);
    house.advance(Duration::from_secs(11 * 60)).await;
    assert_eq!(house.answer("f", "{}").await, 1);
}

#[tokio::test]
async fn an_exception_is_the_functions_error_and_the_environment_lives_on() {
    let house = open().await;
    let text = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    if event.get('bad'):\n        raise ValueError('no good')\n    return count\n";
    house.create("f", text).await;
    let answer = house.invoke("f", r#"{"bad": true}"#).await.unwrap();
    assert_eq!((answer.status_code, answer.function_error.as_deref()), (Some(200), Some("Unhandled")));
    let error = json(&answer);
    assert_eq!((error["errorMessage"].as_str(), error["errorType"].as_str()), (Some("no good"), Some("ValueError")));
    assert!(error["stackTrace"].is_array());
    assert_eq!(house.answer("f", "{}").await, 2);
    assert_eq!(house.sum("Errors", &[("FunctionName", "f")]).await, 1.0);
    assert_eq!(house.sum("Invocations", &[("FunctionName", "f"), ("Resource", "f")]).await, 2.0);
    assert_eq!(house.sum("Invocations", &[]).await, 2.0);
}

#[tokio::test]
async fn a_timeout_kills() {
    let house = open().await;
    let text = "import time\ndef handler(event, context):\n    time.sleep(60)\n";
    let draft = CreateFunctionRequest { timeout: Some(1), ..house.draft("slow", text) };
    house.call::<CreateFunction>(draft).await.unwrap();
    let (answer, log) = tail(&house, "slow").await;
    assert_eq!(answer.function_error.as_deref(), Some("Unhandled"));
    let error = json(&answer);
    assert!(error["errorMessage"].as_str().unwrap().contains("Task timed out after 1.00 seconds"), "{error}");
    assert!(log.contains("Task timed out after 1.00 seconds") && log.contains("Status: timeout"), "{log}");
}

#[tokio::test]
async fn an_exit_is_reported_and_the_next_invocation_starts_anew() {
    let house = open().await;
    let text =
        "import os\ndef handler(event, context):\n    if event.get('exit'):\n        os._exit(7)\n    return 'alive'\n";
    house.create("f", text).await;
    let answer = house.invoke("f", r#"{"exit": true}"#).await.unwrap();
    let error = json(&answer);
    assert_eq!(error["errorType"], "Runtime.ExitError");
    assert!(error["errorMessage"].as_str().unwrap().ends_with("Runtime exited with error: exit status 7"), "{error}");
    assert_eq!(house.answer("f", "{}").await, "alive");
}

#[tokio::test]
async fn a_bootstrap_of_any_kind_runs_and_a_missing_one_is_named() {
    let house = open().await;
    let script = "#!/bin/sh\nexit 3\n";
    let with = |name: &str, files: &[(&str, &str)]| CreateFunctionRequest {
        runtime: Some(Runtime::ProvidedAl2023),
        code: FunctionCode { zip_file: Some(zip(files)), ..Default::default() },
        ..house.draft(name, "")
    };
    house.call::<CreateFunction>(with("exits", &[("bootstrap", script)])).await.unwrap();
    let answer = house.invoke("exits", "{}").await.unwrap();
    assert_eq!(json(&answer)["errorType"], "Runtime.ExitError", "{:?}", answer.payload);
    house.call::<CreateFunction>(with("none", &[("readme", "nothing")])).await.unwrap();
    let answer = house.invoke("none", "{}").await.unwrap();
    assert_eq!(answer.function_error.as_deref(), Some("Unhandled"));
    assert_eq!(json(&answer)["errorType"], "Runtime.InvalidEntrypoint");
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    raise Exception()\n").await;
    let request = InvocationRequest { invocation_type: Some(InvocationType::DryRun), ..invocation("f", "{}") };
    assert_eq!(house.call::<Invoke>(request).await.unwrap().status_code, Some(204));
    assert_eq!(house.sum("Invocations", &[("FunctionName", "f")]).await, 0.0);
}

#[tokio::test]
async fn payloads_are_json_of_a_bounded_size() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return 'x' * event['size']\n").await;
    refused(
        house.invoke("f", "{bad").await,
        "InvalidRequestContentException",
        "Could not parse request body into json",
    );
    let large = format!("\"{}\"", "x".repeat(1_048_576));
    let request = InvocationRequest { invocation_type: Some(InvocationType::Event), ..invocation("f", &large) };
    refused(house.call::<Invoke>(request).await, "RequestTooLargeException", "limit 1048576 bytes");
    let answer = house.invoke("f", r#"{"size": 6291456}"#).await.unwrap();
    assert_eq!(answer.function_error.as_deref(), Some("Unhandled"));
    assert_eq!(json(&answer)["errorType"], "Function.ResponseSizeTooLarge");
}

#[tokio::test]
async fn the_context_of_a_client_reaches_the_function() {
    let house = open().await;
    let text = "def handler(event, context):\n    return [context.client_context.custom, context.invoked_function_arn, context.function_version]\n";
    house.create("f", text).await;
    let request =
        InvocationRequest { client_context: Some(STANDARD.encode(r#"{"custom":{"a":"b"}}"#)), ..invocation("f", "{}") };
    let answer = house.call::<Invoke>(request).await.unwrap();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    assert_eq!(json(&answer), serde_json::json!([{"a": "b"}, arn, "$LATEST"]));
}

#[tokio::test]
async fn invocations_run_side_by_side() {
    let house = open().await;
    let text = "import os, time\ndef handler(event, context):\n    time.sleep(0.2)\n    return os.environ['AWS_LAMBDA_LOG_STREAM_NAME']\n";
    house.create("f", text).await;
    let (first, second) = tokio::join!(house.invoke("f", "{}"), house.invoke("f", "{}"));
    assert_ne!(json(&first.unwrap()), json(&second.unwrap()));
}
