//! The role that a function works with: trusted, passed on as credentials, and asked about logs, queues and objects.

use futures_util::future::BoxFuture;
use haar_observability::logs::insights;
use haar_platform::aws::{iam, logs, s3};
use haar_platform::kernel::Body;
use haar_telemetry::logs::LogStore;

use super::*;

/// Nobody asks it anything here.
struct NoQueries;

impl insights::Engine for NoQueries {
    fn check(&self, _: &str) -> Result<(), insights::Malformed> {
        Ok(())
    }

    fn run(
        &self,
        _: LogStore,
        _: insights::Ask,
        _: Arc<insights::Progress>,
    ) -> BoxFuture<'static, Result<(), insights::Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn fields(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// With identity, logs, queues and objects.
async fn open_whole() -> Functions {
    open_house(Config::in_memory(), |platform| {
        let identity = haar_identity::open(platform);
        let mut services = identity.services;
        services.push(haar_observability::logs::service(platform, Arc::new(NoQueries)));
        services.push(haar_messaging::sqs::service(platform));
        services.push(haar_storage::s3::service(platform));
        (services, identity.authority as Arc<dyn Authority>)
    })
    .await
}

/// The role of all functions, which a service may assume and which may do some things.
async fn role(house: &Functions, service: &str, actions: &str) {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let request =
        iam::CreateRoleRequest { role_name: "worker".into(), assume_role_policy_document: trust, ..Default::default() };
    house.call::<iam::CreateRole>(request).await.unwrap();
    let policy =
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}]}}"#);
    let request =
        iam::PutRolePolicyRequest { role_name: "worker".into(), policy_name: "work".into(), policy_document: policy };
    house.call::<iam::PutRolePolicy>(request).await.unwrap();
}

const ECHO: &str = "def handler(event, context):\n    print('hello')\n    return event\n";

#[tokio::test]
async fn a_role_that_lambda_may_not_assume_is_refused() {
    let house = open_whole().await;
    let name = "InvalidParameterValueException";
    let words = "The role defined for the function cannot be assumed by Lambda.";
    refused(house.call::<CreateFunction>(house.draft("f", ECHO)).await, name, words);
    role(&house, "glue.amazonaws.com", r#""logs:*""#).await;
    refused(house.call::<CreateFunction>(house.draft("f", ECHO)).await, name, words);
}

#[tokio::test]
async fn a_function_has_the_credentials_of_its_role() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""logs:*""#).await;
    let text = "import os\ndef handler(event, context):\n    return [os.environ[name] for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN')]\n";
    house.create("f", text).await;
    let seen = house.answer("f", "{}").await;
    assert!(seen[0].as_str().unwrap().starts_with("ASIA"), "{seen}");
    assert_eq!(house.answer("f", "{}").await, seen);
    // They end after an hour; before that, other environments take over.
    house.advance(Duration::from_secs(46 * 60)).await;
    assert_ne!(house.answer("f", "{}").await[0], seen[0]);
}

#[tokio::test]
async fn logs_go_to_a_stream_of_the_environment() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""logs:*""#).await;
    house.create("f", ECHO).await;
    house.answer("f", "{}").await;
    house.answer("f", "{}").await;
    house.settle().await;
    let streams =
        logs::DescribeLogStreamsRequest { log_group_name: Some("/aws/lambda/f".into()), ..Default::default() };
    let streams = house.call::<logs::DescribeLogStreams>(streams).await.unwrap().log_streams.unwrap();
    assert_eq!(streams.len(), 1);
    let stream = streams[0].log_stream_name.clone().unwrap();
    assert!(stream.starts_with("2026/01/01/[$LATEST]") && stream.len() == 20 + 32, "{stream}");
    let events = logs::GetLogEventsRequest {
        log_group_name: Some("/aws/lambda/f".into()),
        log_stream_name: stream,
        start_from_head: Some(true),
        ..Default::default()
    };
    let events = house.call::<logs::GetLogEvents>(events).await.unwrap().events.unwrap();
    let words: Vec<_> = events
        .iter()
        .filter_map(|event| event.message.as_ref()?.split_whitespace().next().map(str::to_owned))
        .collect();
    assert_eq!(words, ["INIT_START", "START", "hello", "END", "REPORT", "START", "hello", "END", "REPORT"]);
}

#[tokio::test]
async fn a_role_without_the_permission_has_no_logs() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""sqs:*""#).await;
    house.create("f", ECHO).await;
    house.answer("f", "{}").await;
    house.settle().await;
    let groups = house.call::<logs::DescribeLogGroups>(logs::DescribeLogGroupsRequest::default()).await.unwrap();
    assert!(groups.log_groups.unwrap_or_default().is_empty());
}

#[tokio::test]
async fn a_queue_is_read_only_by_a_role_that_may() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""sqs:ReceiveMessage","sqs:GetQueueAttributes""#).await;
    house.create("f", ECHO).await;
    house.queue("jobs", &[]).await;
    let mapping = CreateEventSourceMappingRequest {
        event_source_arn: Some("arn:aws:sqs:us-east-1:000000000000:jobs".into()),
        function_name: "f".into(),
        ..Default::default()
    };
    refused(
        house.call::<CreateEventSourceMapping>(mapping.clone()).await,
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call DeleteMessage on SQS",
    );
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}"#;
    let request = iam::PutRolePolicyRequest {
        role_name: "worker".into(),
        policy_name: "work".into(),
        policy_document: policy.into(),
    };
    house.call::<iam::PutRolePolicy>(request).await.unwrap();
    house.call::<CreateEventSourceMapping>(mapping).await.unwrap();
    let send = sqs::SendMessageRequest {
        queue_url: "000000000000/jobs".into(),
        message_body: "good".into(),
        ..Default::default()
    };
    house.call::<sqs::SendMessage>(send).await.unwrap();
    house.until("the queue is empty", async || house.depth("jobs").await == (0, 0)).await;
}

#[tokio::test]
async fn a_destination_is_told_only_as_far_as_the_role_may() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""logs:*""#).await;
    house.create("f", ECHO).await;
    house.queue("good", &[]).await;
    let request = PutFunctionEventInvokeConfigRequest {
        function_name: "f".into(),
        destination_config: Some(DestinationConfig {
            on_success: Some(OnSuccess { destination: Some("arn:aws:sqs:us-east-1:000000000000:good".into()) }),
            on_failure: None,
        }),
        ..Default::default()
    };
    house.call::<PutFunctionEventInvokeConfig>(request).await.unwrap();
    house.send("f", "{}").await;
    house.settle().await;
    assert_eq!(house.depth("good").await, (0, 0));
    assert_eq!(house.sum("DestinationDeliveryFailures", &[("FunctionName", "f")]).await, 1.0);
}

#[tokio::test]
async fn code_comes_from_s3_as_far_as_the_caller_may_read_it() {
    let house = open_whole().await;
    role(&house, "lambda.amazonaws.com", r#""logs:*""#).await;
    let bucket = s3::CreateBucketRequest { bucket: "code".into(), ..Default::default() };
    house.call::<s3::CreateBucket>(bucket).await.unwrap();
    let from = |key: &str| CreateFunctionRequest {
        code: FunctionCode { s3_bucket: Some("code".into()), s3_key: Some(key.into()), ..Default::default() },
        ..house.draft("f", ECHO)
    };
    refused(
        house.call::<CreateFunction>(from("missing.zip")).await,
        "InvalidParameterValueException",
        "Error occurred while GetObject. S3 Error Code: NoSuchKey.",
    );
    let put = s3::PutObjectRequest {
        bucket: "code".into(),
        key: "f.zip".into(),
        body: Body::full(zip(&[("main.py", ECHO)])),
        ..Default::default()
    };
    house.call::<s3::PutObject>(put).await.unwrap();
    house.call::<CreateFunction>(from("f.zip")).await.unwrap();
    assert_eq!(house.answer("f", "1").await, 1);
}
