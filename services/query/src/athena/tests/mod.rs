//! Behaviour of Athena, through the pipeline. Shared here: a house with the lake, and short ways to call it.

mod catalogs;
mod definition;
mod executions;
mod lake;
mod named_queries;
mod prepared_statements;
mod results;
mod tags;
mod workgroups;
mod writes;

use std::fmt::Debug;
use std::sync::Arc;

use haar_gateway::testkit::TestHouse;
use haar_platform::Platform;
use haar_platform::aws::athena::{self as aws, *};
use haar_platform::aws::s3;
use haar_platform::kernel::{Body, Fault, Objects, Service};
use haar_sql::{Config, Engine};

/// Memory of a test's engine.
const MEMORY_BYTES: u64 = 256 << 20;

/// With storage, catalog and Athena, and the bucket `results`.
pub async fn open() -> TestHouse {
    let house = TestHouse::open(services);
    create_bucket(&house, "results").await;
    house
}

pub fn services(platform: &Platform) -> Vec<Service> {
    let objects: Arc<dyn Objects> = haar_storage::s3::objects(platform);
    let engine =
        Engine::open(Config { memory_bytes: MEMORY_BYTES, spill_dir: None, threads: 2 }, objects.clone()).unwrap();
    vec![
        haar_storage::s3::service(platform),
        haar_catalog::glue::service(platform, objects),
        super::service(platform, engine),
    ]
}

pub async fn create_bucket(house: &TestHouse, name: &str) {
    let request = s3::CreateBucketRequest { bucket: name.into(), ..Default::default() };
    house.call::<s3::CreateBucket>(request).await.unwrap();
}

pub async fn put(house: &TestHouse, key: &str, text: &str) {
    let request = s3::PutObjectRequest {
        bucket: "results".into(),
        key: key.into(),
        body: Body::full(text.to_owned()),
        ..Default::default()
    };
    house.call::<s3::PutObject>(request).await.unwrap();
}

pub async fn read(house: &TestHouse, location: &str) -> Vec<u8> {
    let (bucket, key) = location.strip_prefix("s3://").unwrap().split_once('/').unwrap();
    let request = s3::GetObjectRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
    let mut body = house.call::<s3::GetObject>(request).await.unwrap().body;
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes
}

pub async fn read_text(house: &TestHouse, location: &str) -> String {
    String::from_utf8(read(house, location).await).unwrap()
}

pub fn query(text: &str) -> StartQueryExecutionInput {
    StartQueryExecutionInput {
        query_string: text.into(),
        result_configuration: Some(ResultConfiguration {
            output_location: Some("s3://results/out/".into()),
            ..Default::default()
        }),
        query_execution_context: Some(QueryExecutionContext { database: Some("db".into()), catalog: None }),
        ..Default::default()
    }
}

pub async fn start(house: &TestHouse, input: StartQueryExecutionInput) -> Result<String, Fault> {
    Ok(house.call::<aws::StartQueryExecution>(input).await?.query_execution_id.unwrap())
}

pub async fn get(house: &TestHouse, id: &str) -> QueryExecution {
    let request = GetQueryExecutionInput { query_execution_id: id.into() };
    house.call::<aws::GetQueryExecution>(request).await.unwrap().query_execution.unwrap()
}

/// Runs a statement to its end, whatever that is.
pub async fn ended(house: &TestHouse, input: StartQueryExecutionInput) -> QueryExecution {
    let id = start(house, input).await.unwrap();
    house.settle().await;
    get(house, &id).await
}

/// Runs a statement, which must succeed.
pub async fn run(house: &TestHouse, text: &str) -> QueryExecution {
    let execution = ended(house, query(text)).await;
    assert_eq!(state(&execution), "SUCCEEDED", "{text}: {}", reason(&execution));
    execution
}

/// The reason why a statement fails, which it must.
pub async fn fails(house: &TestHouse, text: &str) -> String {
    let execution = ended(house, query(text)).await;
    assert_eq!(state(&execution), "FAILED", "{text}");
    reason(&execution)
}

pub fn state(execution: &QueryExecution) -> &'static str {
    execution.status.as_ref().unwrap().state.unwrap().as_str()
}

pub fn reason(execution: &QueryExecution) -> String {
    execution.status.as_ref().unwrap().state_change_reason.clone().unwrap_or_default()
}

pub fn output(execution: &QueryExecution) -> String {
    execution.result_configuration.as_ref().unwrap().output_location.clone().unwrap()
}

pub fn id(execution: &QueryExecution) -> String {
    execution.query_execution_id.clone().unwrap()
}

/// The text that a statement answers.
pub async fn text(house: &TestHouse, statement: &str) -> String {
    let execution = run(house, statement).await;
    read_text(house, &output(&execution)).await
}

/// The rows of a result, NULLs as `∅`.
pub fn rows(answer: &GetQueryResultsOutput) -> Vec<Vec<String>> {
    let rows = answer.result_set.as_ref().unwrap().rows.clone().unwrap().into_iter();
    let shown = |datum: Datum| datum.var_char_value.unwrap_or_else(|| "∅".into());
    rows.map(|row| row.data.unwrap().into_iter().map(shown).collect()).collect()
}

pub async fn results(house: &TestHouse, id: &str) -> GetQueryResultsOutput {
    let request = GetQueryResultsInput { query_execution_id: id.into(), ..Default::default() };
    house.call::<aws::GetQueryResults>(request).await.unwrap()
}

/// `Code: message`.
pub fn refusal<T: Debug>(answer: Result<T, Fault>) -> String {
    answer.expect_err("a refusal").to_string()
}
