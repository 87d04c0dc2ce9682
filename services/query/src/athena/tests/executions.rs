//! Executions: how they begin, go on and end.

use std::time::Duration;

use haar_gateway::testkit::{ACCOUNT, REGION};

use super::super::model::{Outcome, PROGRESS, Progress, State, Statistics};
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::test]
async fn a_query_is_told_apart_by_its_statement() {
    let house = open().await;
    let execution = run(&house, "SELECT 1 AS one").await;
    assert_eq!(execution.statement_type, Some(StatementType::Dml));
    assert_eq!(execution.substatement_type.as_deref(), Some("SELECT"));
    assert_eq!(execution.work_group.as_deref(), Some("primary"));
    assert_eq!(execution.query_execution_context.unwrap().database.as_deref(), Some("db"));
    let statistics = execution.statistics.unwrap();
    assert!(!statistics.result_reuse_information.unwrap().reused_previous_result);
    let status = execution.status.unwrap();
    assert_eq!((status.submission_date_time, status.completion_date_time), (Some(house.now()), Some(house.now())));
}

#[tokio::test]
async fn results_must_have_somewhere_to_go() {
    let house = open().await;
    let nowhere = StartQueryExecutionInput { result_configuration: None, ..query("SELECT 1") };
    assert_eq!(
        refusal(start(&house, nowhere).await),
        "InvalidRequestException: No output location provided. An output location is required either through the \
         Workgroup result configuration setting or as an API input."
    );
    let mut lost = query("SELECT 1");
    lost.result_configuration.as_mut().unwrap().output_location = Some("s3://nobody/".into());
    assert_eq!(
        refusal(start(&house, lost).await),
        "InvalidRequestException: Unable to verify/create output bucket nobody"
    );
}

#[tokio::test]
async fn a_workgroup_that_insists_has_its_way() {
    let house = open().await;
    let configuration = WorkGroupConfiguration {
        enforce_work_group_configuration: Some(true),
        result_configuration: Some(ResultConfiguration {
            output_location: Some("s3://results/enforced/".into()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let request = CreateWorkGroupInput { name: "w".into(), configuration: Some(configuration), ..Default::default() };
    house.call::<aws::CreateWorkGroup>(request).await.unwrap();
    let mut input = query("SELECT 1");
    input.work_group = Some("w".into());
    let execution = ended(&house, input.clone()).await;
    assert!(output(&execution).starts_with("s3://results/enforced/"));
    let request =
        UpdateWorkGroupInput { work_group: "w".into(), state: Some(WorkGroupState::Disabled), ..Default::default() };
    house.call::<aws::UpdateWorkGroup>(request).await.unwrap();
    assert_eq!(refusal(start(&house, input).await), "InvalidRequestException: WorkGroup w is disabled.");
}

#[tokio::test]
async fn a_token_starts_one_query_only_for_equal_requests() {
    let house = open().await;
    let input = StartQueryExecutionInput { client_request_token: Some("t".repeat(32)), ..query("SELECT 1") };
    let first = start(&house, input.clone()).await.unwrap();
    assert_eq!(start(&house, input.clone()).await.unwrap(), first);
    assert_eq!(
        refusal(start(&house, StartQueryExecutionInput { query_string: "SELECT 2".into(), ..input }).await),
        "InvalidRequestException: Idempotent parameters do not match"
    );
    house.settle().await;
}

#[tokio::test]
async fn what_is_no_statement_does_not_start_and_what_hive_cannot_read_fails() {
    let house = open().await;
    assert!(
        refusal(start(&house, query("FOO")).await)
            .starts_with("InvalidRequestException: line 1:1: mismatched input 'FOO'.")
    );
    assert!(
        fails(&house, "CREATE DATABASE my-db").await.starts_with("FAILED: ParseException line 1:18 missing EOF at '-'")
    );
    assert!(refusal(start(&house, query("DELETE FROM t")).await).starts_with("NotImplemented: "));
    assert!(
        refusal(
            start(
                &house,
                query("CREATE TABLE t (a int) LOCATION 's3://results/t/' TBLPROPERTIES ('table_type'='ICEBERG')")
            )
            .await
        )
        .starts_with("NotImplemented: ")
    );
}

#[tokio::test]
async fn a_failure_has_trinos_words_and_athenas_category() {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    let execution = ended(&house, query("SELECT * FROM nope")).await;
    assert_eq!(reason(&execution), "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.nope' does not exist");
    let error = execution.status.unwrap().athena_error.unwrap();
    assert_eq!((error.error_category, error.retryable), (Some(2), Some(false)));
}

#[tokio::test]
async fn a_query_in_the_queue_is_stopped_for_good() {
    let house = open().await;
    let id = start(&house, query("SELECT 1")).await.unwrap();
    let request = StopQueryExecutionInput { query_execution_id: id.clone() };
    house.call::<aws::StopQueryExecution>(request.clone()).await.unwrap();
    house.settle().await;
    let execution = get(&house, &id).await;
    // It may have been faster than we; stopping it then is no error.
    assert!(matches!(state(&execution), "CANCELLED" | "SUCCEEDED"));
    house.call::<aws::StopQueryExecution>(request).await.unwrap();
    assert_eq!(state(&get(&house, &id).await), state(&execution));
}

#[tokio::test]
async fn a_result_is_used_again_while_it_is_young() {
    let house = open().await;
    let reuse = ResultReuseConfiguration {
        result_reuse_by_age_configuration: Some(ResultReuseByAgeConfiguration {
            enabled: true,
            max_age_in_minutes: Some(60),
        }),
    };
    let input = StartQueryExecutionInput { result_reuse_configuration: Some(reuse), ..query("SELECT 1 AS a") };
    let first = ended(&house, input.clone()).await;
    house.advance(Duration::from_secs(59 * 60)).await;
    let second = ended(&house, input.clone()).await;
    let reused = |execution: &QueryExecution| {
        execution.statistics.clone().unwrap().result_reuse_information.unwrap().reused_previous_result
    };
    assert!(!reused(&first) && reused(&second));
    assert_eq!(output(&second), output(&first));
    assert_eq!(rows(&results(&house, &id(&second)).await), [["a"], ["1"]]);
    house.advance(Duration::from_secs(2 * 60)).await;
    assert!(!reused(&ended(&house, input).await));
}

#[tokio::test]
async fn history_lasts_45_days() {
    let house = open().await;
    let execution = run(&house, "SELECT 1").await;
    house.advance(44 * DAY).await;
    let list = ListQueryExecutionsInput::default();
    let ids = house.call::<aws::ListQueryExecutions>(list.clone()).await.unwrap().query_execution_ids.unwrap();
    assert_eq!(ids, [id(&execution)]);
    house.advance(2 * DAY).await;
    assert!(house.call::<aws::ListQueryExecutions>(list).await.unwrap().query_execution_ids.unwrap().is_empty());
    let request = GetQueryExecutionInput { query_execution_id: id(&execution) };
    assert_eq!(
        refusal(house.call::<aws::GetQueryExecution>(request).await),
        format!("InvalidRequestException: QueryExecution {} was not found", id(&execution))
    );
}

#[tokio::test]
async fn a_batch_tells_what_it_did_not_find() {
    let house = open().await;
    let execution = run(&house, "SELECT 1").await;
    let request = BatchGetQueryExecutionInput { query_execution_ids: vec![id(&execution), "x".into()] };
    let answer = house.call::<aws::BatchGetQueryExecution>(request).await.unwrap();
    assert_eq!(answer.query_executions.unwrap().len(), 1);
    let missing = answer.unprocessed_query_execution_ids.unwrap();
    assert_eq!(missing[0].error_message.as_deref(), Some("QueryExecution x was not found"));
}

#[tokio::test]
async fn each_change_of_state_is_an_event() {
    let house = open().await;
    let execution = run(&house, "SELECT 1").await;
    let mut heard: Vec<serde_json::Value> =
        house.platform.bus.recent(3).unwrap().iter().map(haar_platform::bus::Event::to_json).collect();
    heard.sort_by_key(|event| event["detail"]["sequenceNumber"].as_str().unwrap().to_owned());
    let details: Vec<_> = heard
        .iter()
        .map(|event| {
            let detail = &event["detail"];
            (
                detail["currentState"].as_str().unwrap(),
                detail["previousState"].as_str(),
                detail["sequenceNumber"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [("QUEUED", None, "1"), ("RUNNING", Some("QUEUED"), "2"), ("SUCCEEDED", Some("RUNNING"), "3")];
    assert_eq!(details, expected);
    assert_eq!(heard[2]["detail-type"], "Athena Query State Change");
    assert_eq!(heard[2]["detail"]["queryExecutionId"], id(&execution));
    assert_eq!(heard[2]["detail"]["workgroupName"], "primary");
}

#[tokio::test]
async fn a_query_that_cannot_be_read_does_not_start() {
    let house = open().await;
    let refused = refusal(start(&house, query("SELECT 1 FROM WHERE")).await);
    assert!(refused.starts_with("InvalidRequestException: line 1:15: mismatched input 'WHERE'."), "{refused}");
    let refused = refusal(start(&house, query("CREATE VIEW v AS\nSELECT FROM t")).await);
    assert!(refused.starts_with("InvalidRequestException: line 2:8: mismatched input 'FROM'."), "{refused}");
}

#[tokio::test]
async fn too_many_at_once_are_refused_by_their_kind() {
    let house = open().await;
    let unfinished = Progress {
        state: State::Running,
        sequence: 2,
        is_ddl: true,
        started: None,
        completed: None,
        failure: None,
        statistics: Statistics::default(),
        outcome: Outcome::default(),
    };
    let filled = house.platform.store.write(move |tx| {
        (0..20).try_for_each(|n| tx.put(PROGRESS, &(ACCOUNT.to_owned(), REGION.to_owned(), n.to_string()), &unfinished))
    });
    filled.await.unwrap();
    assert!(
        refusal(start(&house, query("CREATE DATABASE d")).await)
            .starts_with("TooManyRequestsException: You have exceeded the limit")
    );
    run(&house, "SELECT 1").await;
}

#[tokio::test]
async fn a_prepared_statement_must_be_one() {
    let house = open().await;
    let reason = fails(&house, "PREPARE p FROM SELECT FROM t").await;
    assert!(reason.starts_with("SYNTAX_ERROR: line 1:8: mismatched input 'FROM'."), "{reason}");
    assert!(fails(&house, "PREPARE p FROM EXECUTE q").await.starts_with("NOT_SUPPORTED: "));
}
