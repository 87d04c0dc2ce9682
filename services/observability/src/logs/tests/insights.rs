//! Queries: started, watched, stopped and remembered. What they find is the engine's own tests' business.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use haar_platform::kernel::serde_json;
use haar_telemetry::logs::LogStore;

use super::super::insights::{Ask, Engine, Failure, Malformed, Progress};
use super::*;

/// An engine that answers every query with itself, and one that says `forever` never.
pub struct Canned;

impl Engine for Canned {
    fn check(&self, query: &str) -> Result<(), Malformed> {
        match query.find("fitler") {
            Some(start) => Err(Malformed { message: "unexpected symbol found fitler".into(), start, end: start + 6 }),
            None => Ok(()),
        }
    }

    fn run(&self, _: LogStore, ask: Ask, progress: Arc<Progress>) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move {
            progress.update(|found| {
                found
                    .rows
                    .push(vec![("@log".into(), (ask.log_name)(&ask.groups[0])), ("query".into(), ask.query.clone())]);
                found.bytes_scanned = 100;
            });
            if ask.query.contains("forever") {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn fields(&self, message: &str) -> Vec<String> {
        let value: serde_json::Value = serde_json::from_str(message).unwrap_or_default();
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }
}

fn start(query: &str) -> aws::StartQueryRequest {
    aws::StartQueryRequest {
        log_group_name: Some(GROUP.into()),
        start_time: NOW / 1000 - 3600,
        end_time: NOW / 1000,
        query_string: query.into(),
        ..Default::default()
    }
}

async fn begin(house: &TestHouse, query: &str) -> String {
    house.call::<aws::StartQuery>(start(query)).await.unwrap().query_id.unwrap()
}

async fn results(house: &TestHouse, id: &str) -> aws::GetQueryResultsResponse {
    house
        .call::<aws::GetQueryResults>(aws::GetQueryResultsRequest { query_id: id.into(), ..Default::default() })
        .await
        .unwrap()
}

async fn with_group() -> TestHouse {
    let (house, _) = open();
    let input = aws::CreateLogGroupRequest { log_group_name: GROUP.into(), ..Default::default() };
    house.call::<aws::CreateLogGroup>(input).await.unwrap();
    house
}

#[tokio::test]
async fn a_query_runs_and_is_remembered_for_a_week() {
    let house = with_group().await;
    let id = begin(&house, "fields @message").await;
    house.settle().await;
    let answer = results(&house, &id).await;
    assert_eq!(answer.status, Some(aws::QueryStatus::Complete));
    let rows = answer.results.unwrap();
    assert_eq!(rows[0][0].value.as_deref(), Some("000000000000:/app"));
    assert_eq!(answer.statistics.unwrap().bytes_scanned, Some(100.0));
    let history = house.call::<aws::DescribeQueries>(aws::DescribeQueriesRequest::default()).await.unwrap();
    assert_eq!(history.queries.unwrap()[0].query_string.as_deref(), Some("fields @message"));
    house.advance(Duration::from_secs(7 * 86_400)).await;
    let input = aws::GetQueryResultsRequest { query_id: id, ..Default::default() };
    let fault = house.call::<aws::GetQueryResults>(input).await.unwrap_err();
    assert_eq!(fault.name, "ResourceNotFoundException");
}

#[tokio::test]
async fn what_means_nothing_is_refused_with_its_place() {
    let house = with_group().await;
    let fault = house.call::<aws::StartQuery>(start("fields @message | fitler x")).await.unwrap_err();
    assert_eq!((fault.name.as_ref(), fault.status), ("MalformedQueryException", 400));
    assert!(format!("{:?}", fault.fields).contains("Integer(18)"), "{:?}", fault.fields);
    let history = house.call::<aws::DescribeQueries>(aws::DescribeQueriesRequest::default()).await.unwrap();
    assert!(history.queries.unwrap().is_empty());
}

#[tokio::test]
async fn a_running_query_is_stopped_once() {
    let house = with_group().await;
    let id = begin(&house, "forever").await;
    assert_eq!(results(&house, &id).await.status, Some(aws::QueryStatus::Running));
    let stop = || aws::StopQueryRequest { query_id: id.clone() };
    assert_eq!(house.call::<aws::StopQuery>(stop()).await.unwrap().success, Some(true));
    house.settle().await;
    assert_eq!(results(&house, &id).await.status, Some(aws::QueryStatus::Cancelled));
    let fault = house.call::<aws::StopQuery>(stop()).await.unwrap_err();
    assert_eq!(fault.name, "InvalidParameterException");
}

#[tokio::test]
async fn groups_are_named_in_one_way_and_exist() {
    let house = with_group().await;
    let both = aws::StartQueryRequest { log_group_names: Some(vec![GROUP.into()]), ..start("fields a") };
    assert_eq!(house.call::<aws::StartQuery>(both).await.unwrap_err().name, "InvalidParameterException");
    let missing = aws::StartQueryRequest { log_group_name: Some("/none".into()), ..start("fields a") };
    assert_eq!(house.call::<aws::StartQuery>(missing).await.unwrap_err().name, "ResourceNotFoundException");
    let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:");
    let by_arn =
        aws::StartQueryRequest { log_group_name: None, log_group_identifiers: Some(vec![arn]), ..start("fields a") };
    house.call::<aws::StartQuery>(by_arn).await.unwrap();
}

#[tokio::test]
async fn definitions_are_saved_changed_and_deleted() {
    let house = with_group().await;
    let put = |id: Option<String>, text: &str| aws::PutQueryDefinitionRequest {
        name: "lab/errors".into(),
        query_string: text.into(),
        query_definition_id: id,
        ..Default::default()
    };
    let id = house.call::<aws::PutQueryDefinition>(put(None, "fields a")).await.unwrap().query_definition_id.unwrap();
    house.call::<aws::PutQueryDefinition>(put(Some(id.clone()), "fields b")).await.unwrap();
    let list = |prefix: &str| aws::DescribeQueryDefinitionsRequest {
        query_definition_name_prefix: Some(prefix.into()),
        ..Default::default()
    };
    let found = house.call::<aws::DescribeQueryDefinitions>(list("lab/")).await.unwrap().query_definitions.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].query_string.as_deref(), Some("fields b"));
    let delete = || aws::DeleteQueryDefinitionRequest { query_definition_id: id.clone() };
    assert_eq!(house.call::<aws::DeleteQueryDefinition>(delete()).await.unwrap().success, Some(true));
    let fault = house.call::<aws::DeleteQueryDefinition>(delete()).await.unwrap_err();
    assert_eq!(fault.name, "ResourceNotFoundException");
}

#[tokio::test]
async fn fields_are_counted_in_percent_of_events() {
    let house = with_group().await;
    let stream = aws::CreateLogStreamRequest { log_group_name: GROUP.into(), log_stream_name: STREAM.into() };
    house.call::<aws::CreateLogStream>(stream).await.unwrap();
    let messages = [r#"{"level": "INFO"}"#, r#"{"level": "INFO", "ms": 1}"#];
    let events = messages.map(|message| aws::InputLogEvent { timestamp: NOW - 1000, message: message.into() });
    let put = aws::PutLogEventsRequest {
        log_group_name: GROUP.into(),
        log_stream_name: STREAM.into(),
        log_events: events.into(),
        ..Default::default()
    };
    house.call::<aws::PutLogEvents>(put).await.unwrap();
    let input = aws::GetLogGroupFieldsRequest { log_group_name: Some(GROUP.into()), ..Default::default() };
    let found = house.call::<aws::GetLogGroupFields>(input).await.unwrap().log_group_fields.unwrap();
    let percent =
        |name: &str| found.iter().find(|field| field.name.as_deref() == Some(name)).and_then(|field| field.percent);
    assert_eq!((percent("level"), percent("ms"), percent("@message")), (Some(100), Some(50), Some(100)));
}
