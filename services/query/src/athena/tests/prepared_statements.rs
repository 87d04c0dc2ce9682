//! Prepared statements, by API and by SQL.

use super::*;

fn prepared(name: &str, query: &str) -> CreatePreparedStatementInput {
    CreatePreparedStatementInput {
        statement_name: name.into(),
        work_group: "primary".into(),
        query_statement: query.into(),
        description: None,
    }
}

async fn find(house: &TestHouse, name: &str) -> Result<PreparedStatement, Fault> {
    let request = GetPreparedStatementInput { statement_name: name.into(), work_group: "primary".into() };
    Ok(house.call::<aws::GetPreparedStatement>(request).await?.prepared_statement.unwrap())
}

#[tokio::test]
async fn a_statement_is_kept_once_and_changed() {
    let house = open().await;
    house.call::<aws::CreatePreparedStatement>(prepared("one", "SELECT ?")).await.unwrap();
    assert!(
        refusal(house.call::<aws::CreatePreparedStatement>(prepared("one", "SELECT ?")).await)
            .starts_with("InvalidRequestException: PreparedStatement one already exists")
    );
    let request = UpdatePreparedStatementInput {
        statement_name: "one".into(),
        work_group: "primary".into(),
        query_statement: "SELECT ?, ?".into(),
        description: Some("two".into()),
    };
    house.call::<aws::UpdatePreparedStatement>(request).await.unwrap();
    let found = find(&house, "one").await.unwrap();
    assert_eq!(found.query_statement.as_deref(), Some("SELECT ?, ?"));
    assert_eq!(
        refusal(find(&house, "two").await),
        "ResourceNotFoundException: PreparedStatement two was not found in workGroup primary"
    );
}

#[tokio::test]
async fn sql_prepares_executes_and_lets_go() {
    let house = open().await;
    run(&house, "PREPARE add FROM SELECT ? + ? AS sum").await;
    assert_eq!(find(&house, "add").await.unwrap().query_statement.as_deref(), Some("SELECT ? + ? AS sum"));
    assert_eq!(text(&house, "EXECUTE add USING 1, 2").await, "\"sum\"\n\"3\"\n");
    let with_parameters =
        StartQueryExecutionInput { execution_parameters: Some(vec!["3".into(), "4".into()]), ..query("EXECUTE add") };
    let execution = ended(&house, with_parameters).await;
    assert_eq!(read_text(&house, &output(&execution)).await, "\"sum\"\n\"7\"\n");
    run(&house, "DEALLOCATE PREPARE add").await;
    assert!(fails(&house, "EXECUTE add USING 1, 2").await.contains("PreparedStatement add was not found"));
}

#[tokio::test]
async fn a_batch_tells_what_it_did_not_find() {
    let house = open().await;
    house.call::<aws::CreatePreparedStatement>(prepared("one", "SELECT 1")).await.unwrap();
    let request = BatchGetPreparedStatementInput {
        prepared_statement_names: vec!["one".into(), "two".into()],
        work_group: "primary".into(),
    };
    let answer = house.call::<aws::BatchGetPreparedStatement>(request).await.unwrap();
    assert_eq!(answer.prepared_statements.unwrap().len(), 1);
    let missing = answer.unprocessed_prepared_statement_names.unwrap();
    assert_eq!(missing[0].statement_name.as_deref(), Some("two"));
}
