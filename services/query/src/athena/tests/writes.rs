//! CTAS, INSERT and UNLOAD.

use super::*;

async fn with_database() -> TestHouse {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    house
}

fn manifest(execution: &QueryExecution) -> String {
    execution.statistics.clone().unwrap().data_manifest_location.unwrap()
}

#[tokio::test]
async fn a_table_is_made_of_a_query() {
    let house = with_database().await;
    let execution = run(&house, "CREATE TABLE made WITH (format = 'PARQUET') AS SELECT 1 AS a, 'x' AS b").await;
    assert_eq!(execution.statement_type, Some(StatementType::Ddl));
    assert_eq!(output(&execution), format!("s3://results/out/tables/{}", id(&execution)));
    assert_eq!(manifest(&execution), format!("s3://results/out/tables/{}-manifest.csv", id(&execution)));
    let files = read_text(&house, &manifest(&execution)).await;
    assert!(files.starts_with(&format!("s3://results/out/tables/{}/", id(&execution))), "{files}");
    assert!(!read(&house, &format!("{}.metadata", output(&execution))).await.is_empty());
    let answer = results(&house, &id(&execution)).await;
    assert_eq!((answer.update_count, rows(&answer).len()), (Some(1), 0));
    assert_eq!(text(&house, "SELECT * FROM made").await, "\"a\",\"b\"\n\"1\",\"x\"\n");
    assert_eq!(
        fails(&house, "CREATE TABLE made AS SELECT 1 AS a").await,
        "TABLE_ALREADY_EXISTS: line 1:1: Table 'awsdatacatalog.db.made' already exists"
    );
    run(&house, "CREATE TABLE IF NOT EXISTS made AS SELECT 1 AS a").await;
}

#[tokio::test]
async fn partitions_that_are_written_are_known() {
    let house = with_database().await;
    run(
        &house,
        "CREATE TABLE p WITH (format = 'ORC', partitioned_by = ARRAY['y'], external_location = 's3://results/p/') AS \
         SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, y)",
    )
    .await;
    assert_eq!(text(&house, "SHOW PARTITIONS p").await, "y=a\ny=b\n");
    let inserted = run(&house, "INSERT INTO p VALUES (3, 'b'), (4, 'c')").await;
    assert_eq!(results(&house, &id(&inserted)).await.update_count, Some(2));
    assert_eq!(text(&house, "SHOW PARTITIONS p").await, "y=a\ny=b\ny=c\n");
    assert_eq!(text(&house, "SELECT sum(n) AS s FROM p WHERE y = 'b'").await, "\"s\"\n\"5\"\n");
    let taken = fails(&house, "CREATE TABLE q WITH (external_location = 's3://results/p/') AS SELECT 1 AS a").await;
    assert!(taken.starts_with("HIVE_PATH_ALREADY_EXISTS: "), "{taken}");
}

#[tokio::test]
async fn a_table_without_data_is_empty() {
    let house = with_database().await;
    run(&house, "CREATE TABLE e AS SELECT 1 AS a WITH NO DATA").await;
    assert_eq!(text(&house, "SELECT * FROM e").await, "\"a\"\n");
}

#[tokio::test]
async fn insert_fills_what_is_not_named_with_null() {
    let house = with_database().await;
    run(&house, "CREATE EXTERNAL TABLE t (a int, b string, c double) STORED AS PARQUET LOCATION 's3://results/t/'")
        .await;
    run(&house, "INSERT INTO t (c, a) SELECT 1.5, 2").await;
    assert_eq!(text(&house, "SELECT * FROM t").await, "\"a\",\"b\",\"c\"\n\"2\",,\"1.5\"\n");
    assert!(fails(&house, "INSERT INTO t (nope) SELECT 1").await.starts_with("COLUMN_NOT_FOUND: "));
    assert!(fails(&house, "INSERT INTO t SELECT 1").await.starts_with("TYPE_MISMATCH: "));
    assert!(fails(&house, "INSERT INTO nope SELECT 1").await.starts_with("TABLE_NOT_FOUND: "));
}

#[tokio::test]
async fn unload_leaves_files_and_a_manifest() {
    let house = with_database().await;
    let execution =
        run(&house, "UNLOAD (SELECT 1 AS a) TO 's3://results/unloaded/' WITH (format = 'JSON', compression = 'NONE')")
            .await;
    assert_eq!(manifest(&execution), format!("s3://results/out/{}-manifest.csv", id(&execution)));
    let files = read_text(&house, &manifest(&execution)).await;
    assert!(files.starts_with("s3://results/unloaded/"));
    assert_eq!(read_text(&house, files.trim()).await, "{\"a\":1}\n");
    assert!(
        fails(&house, "UNLOAD (SELECT 1 AS a) TO 's3://results/unloaded/' WITH (format = 'JSON')")
            .await
            .starts_with("HIVE_PATH_ALREADY_EXISTS")
    );
    assert!(fails(&house, "UNLOAD (SELECT 1 AS a) TO 's3://results/u/'").await.starts_with("INVALID_TABLE_PROPERTY"));
}

#[tokio::test]
async fn what_ctas_does_not_take_is_named() {
    let house = with_database().await;
    assert_eq!(
        fails(&house, "CREATE TABLE t WITH (foo = 'bar') AS SELECT 1 AS a").await,
        "INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property 'foo' does not exist"
    );
    assert!(fails(&house, "CREATE TABLE t AS SELECT 1").await.starts_with("COLUMN_NAME_NOT_SPECIFIED: "));
    assert!(
        fails(&house, "CREATE TABLE t WITH (partitioned_by = ARRAY['a']) AS SELECT 1 AS a, 2 AS b")
            .await
            .starts_with("HIVE_COLUMN_ORDER_MISMATCH: ")
    );
    assert!(fails(&house, "CREATE TABLE nope.t AS SELECT 1 AS a").await.starts_with("SCHEMA_NOT_FOUND: "));
}
