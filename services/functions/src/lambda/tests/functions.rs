//! Functions come, change, are read, and go.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

const ECHO: &str = "def handler(event, context):\n    return event\n";

#[tokio::test]
async fn a_function_is_active_when_it_has_been_created() {
    let house = open().await;
    let made = house.create("echo", ECHO).await;
    assert_eq!(made.state, Some(State::Active));
    assert_eq!(made.last_update_status, Some(LastUpdateStatus::Successful));
    assert_eq!(made.function_arn.as_deref(), Some("arn:aws:lambda:us-east-1:000000000000:function:echo"));
    assert_eq!(made.version.as_deref(), Some("$LATEST"));
    assert_eq!((made.timeout, made.memory_size), (Some(3), Some(128)));
    assert_eq!(made.last_modified.as_deref(), Some("2026-01-01T00:00:00.000+0000"));
    let archive = zip(&[("main.py", ECHO)]);
    let digest = ring::digest::digest(&ring::digest::SHA256, &archive);
    assert_eq!(made.code_sha256, Some(STANDARD.encode(digest)));
    assert_eq!(made.code_size, Some(archive.len() as i64));
    assert_eq!(house.answer("echo", r#"{"a":1}"#).await, serde_json::json!({"a": 1}));
}

#[tokio::test]
async fn a_name_is_used_once() {
    let house = open().await;
    house.create("echo", ECHO).await;
    let again = house.call::<CreateFunction>(house.draft("echo", ECHO)).await;
    refused(again, "ResourceConflictException", "Function already exist: echo");
}

#[tokio::test]
async fn a_runtime_that_this_machine_does_not_have_is_named() {
    let house = open().await;
    let draft = CreateFunctionRequest { runtime: Some(Runtime::Java21), ..house.draft("java", ECHO) };
    refused(house.call::<CreateFunction>(draft).await, "InvalidParameterValueException", "java21");
}

#[tokio::test]
async fn code_must_be_a_zip_file() {
    let house = open().await;
    let with = |code| CreateFunctionRequest { code, ..house.draft("bad", ECHO) };
    let garbage = FunctionCode { zip_file: Some("no zip".into()), ..Default::default() };
    refused(
        house.call::<CreateFunction>(with(garbage)).await,
        "InvalidParameterValueException",
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    );
    let empty = FunctionCode { zip_file: Some(Bytes::new()), ..Default::default() };
    refused(
        house.call::<CreateFunction>(with(empty)).await,
        "InvalidParameterValueException",
        "Uploaded file must be a non-empty zip",
    );
    refused(
        house.call::<CreateFunction>(with(FunctionCode::default())).await,
        "InvalidParameterValueException",
        "Please provide a source for function code.",
    );
}

#[tokio::test]
async fn settings_are_checked_as_aws_does() {
    let house = open().await;
    let name = "InvalidParameterValueException";
    let draft = || house.draft("bad", ECHO);
    let timeout = CreateFunctionRequest { timeout: Some(901), ..draft() };
    refused(house.call::<CreateFunction>(timeout).await, name, "less than or equal to 900");
    let memory = CreateFunctionRequest { memory_size: Some(10_241), ..draft() };
    refused(house.call::<CreateFunction>(memory).await, name, "less than or equal to 10240");
    let small = CreateFunctionRequest { memory_size: Some(127), ..draft() };
    refused(house.call::<CreateFunction>(small).await, "ValidationException", "memorySize");
    let variables = |key: &str, value: String| Environment { variables: Some([(key.to_owned(), value)].into()) };
    let reserved = CreateFunctionRequest { environment: Some(variables("AWS_REGION", "x".into())), ..draft() };
    refused(house.call::<CreateFunction>(reserved).await, name, "Reserved keys used in this request: AWS_REGION");
    let large = CreateFunctionRequest { environment: Some(variables("TEXT", "x".repeat(4096))), ..draft() };
    refused(house.call::<CreateFunction>(large).await, name, "exceeded the 4KB limit");
    let other = if std::env::consts::ARCH == "aarch64" { Architecture::X8664 } else { Architecture::Arm64 };
    let foreign = CreateFunctionRequest { architectures: Some(vec![other]), ..draft() };
    refused(house.call::<CreateFunction>(foreign).await, name, "cannot run on this machine");
    let handler = CreateFunctionRequest { handler: None, ..draft() };
    refused(house.call::<CreateFunction>(handler).await, name, "Runtime and Handler are mandatory");
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_name() {
    let house = open().await;
    let network = VpcConfig { subnet_ids: Some(vec!["subnet-1".into()]), ..Default::default() };
    let draft = CreateFunctionRequest { vpc_config: Some(network), ..house.draft("vpc", ECHO) };
    refused(house.call::<CreateFunction>(draft).await, "NotImplemented", "VpcConfig");
    let empty = VpcConfig { subnet_ids: Some(Vec::new()), ..Default::default() };
    let draft = CreateFunctionRequest { vpc_config: Some(empty), ..house.draft("vpc", ECHO) };
    house.call::<CreateFunction>(draft).await.unwrap();
}

#[tokio::test]
async fn a_function_sees_its_variables_and_lambdas() {
    let house = open().await;
    let text = "import os\ndef handler(event, context):\n    return dict(os.environ)\n";
    let environment = Environment { variables: Some([("STAGE".to_owned(), "blue".to_owned())].into()) };
    let draft = CreateFunctionRequest { environment: Some(environment), ..house.draft("env", text) };
    let made = house.call::<CreateFunction>(draft).await.unwrap();
    assert_eq!(made.environment.unwrap().variables.unwrap()["STAGE"], "blue");
    let seen = house.answer("env", "{}").await;
    for (name, value) in [
        ("STAGE", "blue"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "env"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/env"),
        ("AWS_ENDPOINT_URL", house.platform.house.endpoint()),
        ("_HANDLER", "main.handler"),
    ] {
        assert_eq!(seen[name], value, "{name}");
    }
    let stream = seen["AWS_LAMBDA_LOG_STREAM_NAME"].as_str().unwrap();
    assert!(stream.starts_with("2026/01/01/[$LATEST]"), "{stream}");
}

#[tokio::test]
async fn new_code_and_configuration_run_from_the_next_invocation_on() {
    let house = open().await;
    let before = house.create("f", "def handler(event, context):\n    return 1\n").await;
    assert_eq!(house.answer("f", "{}").await, 1);
    let after =
        house.update_code("f", "import os\ndef handler(event, context):\n    return os.environ.get('STAGE')\n").await;
    assert_ne!(before.revision_id, after.revision_id);
    assert_eq!(house.answer("f", "{}").await, Value::Null);
    let request = UpdateFunctionConfigurationRequest {
        function_name: "f".into(),
        environment: Some(Environment { variables: Some([("STAGE".to_owned(), "x".to_owned())].into()) }),
        ..Default::default()
    };
    house.call::<UpdateFunctionConfiguration>(request).await.unwrap();
    assert_eq!(house.answer("f", "{}").await, "x");
}

#[tokio::test]
async fn a_revision_that_is_not_the_last_changes_nothing() {
    let house = open().await;
    house.create("f", ECHO).await;
    let request = UpdateFunctionConfigurationRequest {
        function_name: "f".into(),
        description: Some("new".into()),
        revision_id: Some("other".into()),
        ..Default::default()
    };
    let answer = house.call::<UpdateFunctionConfiguration>(request).await;
    refused(answer, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id");
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let house = open().await;
    let before = house.create("f", ECHO).await;
    let request = UpdateFunctionCodeRequest {
        function_name: "f".into(),
        zip_file: Some(zip(&[("main.py", "x = 1")])),
        dry_run: Some(true),
        ..Default::default()
    };
    let shown = house.call::<UpdateFunctionCode>(request).await.unwrap();
    assert_ne!(shown.code_sha256, before.code_sha256);
    let request = GetFunctionRequest { function_name: "f".into(), qualifier: None };
    let now = house.call::<GetFunction>(request).await.unwrap();
    assert_eq!(now.configuration.unwrap().code_sha256, before.code_sha256);
}

#[tokio::test]
async fn versions_are_what_latest_was() {
    let house = open().await;
    house.create("f", "def handler(event, context):\n    return 1\n").await;
    let first = house.publish("f").await;
    assert_eq!(first.version.as_deref(), Some("1"));
    assert!(first.function_arn.unwrap().ends_with(":function:f:1"));
    // Nothing changed since.
    assert_eq!(house.publish("f").await.version.as_deref(), Some("1"));
    house.update_code("f", "def handler(event, context):\n    return 2\n").await;
    assert_eq!(house.publish("f").await.version.as_deref(), Some("2"));
    assert_eq!(house.answer("f:1", "{}").await, 1);
    assert_eq!(house.answer("f:2", "{}").await, 2);
    let request = ListVersionsByFunctionRequest { function_name: "f".into(), max_items: Some(2), ..Default::default() };
    let page = house.call::<ListVersionsByFunction>(request.clone()).await.unwrap();
    let labels = |page: &ListVersionsByFunctionResponse| -> Vec<String> {
        page.versions.iter().flatten().filter_map(|version| version.version.clone()).collect()
    };
    assert_eq!(labels(&page), ["$LATEST", "1"]);
    let request = ListVersionsByFunctionRequest { marker: page.next_marker, ..request };
    assert_eq!(labels(&house.call::<ListVersionsByFunction>(request).await.unwrap()), ["2"]);
}

#[tokio::test]
async fn a_version_of_other_code_than_expected_is_not_published() {
    let house = open().await;
    house.create("f", ECHO).await;
    let request =
        PublishVersionRequest { function_name: "f".into(), code_sha256: Some("other".into()), ..Default::default() };
    refused(
        house.call::<PublishVersion>(request).await,
        "InvalidParameterValueException",
        "is different from current CodeSHA256",
    );
}

#[tokio::test]
async fn functions_are_listed_in_pages_with_all_their_versions_if_wanted() {
    let house = open().await;
    for name in ["a", "b", "c"] {
        house.create(name, ECHO).await;
    }
    house.publish("a").await;
    let mut found = Vec::new();
    let mut marker = None;
    loop {
        let request = ListFunctionsRequest {
            function_version: Some(FunctionVersion::All),
            max_items: Some(1),
            marker,
            ..Default::default()
        };
        let page = house.call::<ListFunctions>(request).await.unwrap();
        let names = page.functions.unwrap().into_iter();
        found.extend(names.map(|one| format!("{}:{}", one.function_name.unwrap(), one.version.unwrap())));
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(found, ["a:$LATEST", "a:1", "b:$LATEST", "c:$LATEST"]);
}

#[tokio::test]
async fn a_function_goes_with_all_that_hangs_on_it() {
    let house = open().await;
    house.create("f", ECHO).await;
    house.publish("f").await;
    let alias = CreateAliasRequest {
        function_name: "f".into(),
        name: "live".into(),
        function_version: "1".into(),
        ..Default::default()
    };
    house.call::<CreateAlias>(alias).await.unwrap();
    let version = DeleteFunctionRequest { function_name: "f".into(), qualifier: Some("1".into()) };
    refused(house.call::<DeleteFunction>(version).await, "ResourceConflictException", "[live]");
    let latest = DeleteFunctionRequest { function_name: "f".into(), qualifier: Some("$LATEST".into()) };
    refused(house.call::<DeleteFunction>(latest).await, "InvalidParameterValueException", "$LATEST");
    let whole = DeleteFunctionRequest { function_name: "f".into(), qualifier: None };
    house.call::<DeleteFunction>(whole.clone()).await.unwrap();
    refused(
        house.call::<DeleteFunction>(whole).await,
        "ResourceNotFoundException",
        "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f",
    );
    house.create("f", ECHO).await;
    let aliases = ListAliasesRequest { function_name: "f".into(), ..Default::default() };
    assert!(house.call::<ListAliases>(aliases).await.unwrap().aliases.unwrap().is_empty());
}

#[tokio::test]
async fn a_function_is_found_by_all_forms_of_its_name() {
    let house = open().await;
    house.create("f", ECHO).await;
    for name in [
        "f",
        "f:$LATEST",
        "000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
    ] {
        let request = GetFunctionConfigurationRequest { function_name: name.into(), qualifier: None };
        let found = house.call::<GetFunctionConfiguration>(request).await.unwrap();
        assert_eq!(found.function_name.as_deref(), Some("f"), "{name}");
    }
    let elsewhere = GetFunctionConfigurationRequest {
        function_name: "arn:aws:lambda:eu-west-1:000000000000:function:f".into(),
        qualifier: None,
    };
    refused(
        house.call::<GetFunctionConfiguration>(elsewhere).await,
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    );
}

#[tokio::test]
async fn tags_are_of_functions_and_not_of_versions() {
    let house = open().await;
    let arn = house.create("f", ECHO).await.function_arn.unwrap();
    let tags = [("team".to_owned(), "data".to_owned())];
    house.call::<TagResource>(TagResourceRequest { resource: arn.clone(), tags: tags.clone().into() }).await.unwrap();
    let listed = house.call::<ListTags>(ListTagsRequest { resource: arn.clone() }).await.unwrap();
    assert_eq!(listed.tags, Some(tags.into()));
    let untag = UntagResourceRequest { resource: arn.clone(), tag_keys: vec!["team".into()] };
    house.call::<UntagResource>(untag).await.unwrap();
    let listed = house.call::<ListTags>(ListTagsRequest { resource: arn.clone() }).await.unwrap();
    assert_eq!(listed.tags, Some(Default::default()));
    let version = house.call::<ListTags>(ListTagsRequest { resource: format!("{arn}:1") }).await;
    refused(version, "InvalidParameterValueException", "aliases and versions");
}

#[tokio::test]
async fn json_logging_has_levels_and_text_has_none() {
    let house = open().await;
    let levels = LoggingConfig { system_log_level: Some(SystemLogLevel::Warn), ..Default::default() };
    let draft = CreateFunctionRequest { logging_config: Some(levels.clone()), ..house.draft("f", ECHO) };
    refused(house.call::<CreateFunction>(draft).await, "InvalidParameterValueException", "JSON");
    let json = LoggingConfig { log_format: Some(LogFormat::Json), ..levels };
    let draft = CreateFunctionRequest { logging_config: Some(json), ..house.draft("f", ECHO) };
    let logging = house.call::<CreateFunction>(draft).await.unwrap().logging_config.unwrap();
    assert_eq!(logging.application_log_level, Some(ApplicationLogLevel::Info));
    assert_eq!(logging.system_log_level, Some(SystemLogLevel::Warn));
    assert_eq!(logging.log_group.as_deref(), Some("/aws/lambda/f"));
}

#[tokio::test]
async fn code_can_be_fetched_for_ten_minutes() {
    let house = open().await;
    house.create("f", ECHO).await;
    let request = GetFunctionRequest { function_name: "f".into(), qualifier: None };
    let location = house.call::<GetFunction>(request).await.unwrap().code.unwrap().location.unwrap();
    assert_eq!(urls::get(&house, &location).await, (200, zip(&[("main.py", ECHO)])));
    house.advance(Duration::from_secs(601)).await;
    assert_eq!(urls::get(&house, &location).await.0, 403);
}
