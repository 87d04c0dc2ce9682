//! What scripts cannot say: parameters, views in other schemas, statements that are too deep.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::error::SqlError;
use crate::session::Dialect;
use crate::testkit::TestHouse;

/// The rows of a query with values for its `?`s.
async fn execute(sql: &str, parameters: &[&str]) -> Result<Vec<String>, SqlError> {
    let house = TestHouse::open();
    let mut session = house.session();
    session.parameters = parameters.iter().map(|text| (*text).to_owned()).collect();
    let catalog: Arc<dyn Catalog> = house.catalog.clone();
    let mut query = house.engine.query(Dialect::Trino, sql, session, catalog).await?;
    let mut rows = Vec::new();
    while let Some(batch) = query.next().await {
        let batch = batch?;
        for row in 0..batch.rows() {
            let values = (0..batch.columns()).map(|column| batch.text(column, row).unwrap_or("NULL".to_owned()));
            rows.push(values.collect::<Vec<_>>().join("|"));
        }
    }
    Ok(rows)
}

#[tokio::test]
async fn parameters_stand_for_expressions_in_the_order_of_the_text() {
    let rows = execute("SELECT ? || 'b', ? + 1, ?", &["'a'", "41", "DATE '2020-01-01'"]).await.unwrap();
    assert_eq!(rows, ["ab|42|2020-01-01"]);
    let sql = "SELECT x FROM (VALUES 1, 2, 3) t (x) WHERE x > ? ORDER BY x OFFSET ? LIMIT ?";
    assert_eq!(execute(sql, &["0", "1", "1"]).await.unwrap(), ["2"]);
}

#[tokio::test]
async fn a_missing_parameter_is_told() {
    let error = execute("SELECT ?, ?", &["1"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "INVALID_PARAMETER_USAGE: line 1:11: Incorrect number of parameters: expected 2 but found 1"
    );
}

#[tokio::test]
async fn an_expression_that_is_too_deep_is_refused() {
    let sum = vec!["1"; 2000].join(" + ");
    let error = execute(&format!("SELECT {sum}"), &[]).await.unwrap_err();
    assert_eq!(error.name, "STACK_OVERFLOW");
    let error = execute(&format!("SELECT {}", vec!["1"; 100_000].join("+")), &[]).await.unwrap_err();
    assert_eq!(error.name, "STACK_OVERFLOW");
}

#[tokio::test]
async fn thousands_of_conditions_are_no_problem() {
    let conditions: Vec<_> = (0..2000).map(|n| format!("x = {n}")).collect();
    let sql = format!("SELECT count(*) FROM (VALUES 1, 2, 5000) t (x) WHERE {}", conditions.join(" OR "));
    assert_eq!(execute(&sql, &[]).await.unwrap(), ["2"]);
}
