//! Data definition: what it does to the catalog, and the texts that it answers.

use super::*;

async fn with_table() -> TestHouse {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    run(
        &house,
        "CREATE EXTERNAL TABLE t (id bigint COMMENT 'the id', name string) PARTITIONED BY (y string, m int) \
         ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION 's3://results/t/' \
         TBLPROPERTIES ('skip.header.line.count'='1')",
    )
    .await;
    house
}

#[tokio::test]
async fn databases_come_and_go() {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    run(&house, "CREATE SCHEMA IF NOT EXISTS db").await;
    assert_eq!(
        fails(&house, "CREATE DATABASE db").await,
        "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. Database db already exists"
    );
    run(&house, "CREATE EXTERNAL TABLE t (a int) LOCATION 's3://results/t/'").await;
    assert!(fails(&house, "DROP DATABASE db").await.contains("Database db is not empty"));
    run(&house, "DROP DATABASE db CASCADE").await;
    assert_eq!(
        fails(&house, "DROP DATABASE db").await,
        "FAILED: SemanticException [Error 10072]: Database does not exist: db"
    );
    run(&house, "DROP DATABASE IF EXISTS db").await;
}

#[tokio::test]
async fn a_table_is_shown_as_it_would_be_made() {
    let house = with_table().await;
    let shown = text(&house, "SHOW CREATE TABLE t").await;
    let expected = "CREATE EXTERNAL TABLE `t`(\n  `id` bigint COMMENT 'the id', \n  `name` string)\n\
                    PARTITIONED BY ( \n  `y` string, \n  `m` int)\n\
                    ROW FORMAT DELIMITED \n  FIELDS TERMINATED BY ',' \n\
                    STORED AS INPUTFORMAT \n  'org.apache.hadoop.mapred.TextInputFormat' \n\
                    OUTPUTFORMAT \n  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'\n\
                    LOCATION\n  's3://results/t/'\n\
                    TBLPROPERTIES (\n  'skip.header.line.count'='1', \n  'transient_lastDdlTime'='1767225600')\n";
    assert_eq!(shown, expected);
    assert!(
        fails(&house, "CREATE EXTERNAL TABLE t (a int) LOCATION 's3://results/t/'")
            .await
            .contains("AlreadyExistsException")
    );
    assert_eq!(
        fails(&house, "CREATE EXTERNAL TABLE u (a int)").await,
        "No location was specified for table. An S3 location must be specified"
    );
}

#[tokio::test]
async fn describe_has_hives_fixed_widths() {
    let house = with_table().await;
    let lines = text(&house, "DESCRIBE t").await;
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], "id                  \tbigint              \tthe id              ");
    assert_eq!(lines[4], "\t \t ");
    assert_eq!(lines[5], "# Partition Information\t \t ");
    assert_eq!(lines[8], "y                   \tstring              \t                    ");
    let formatted = text(&house, "DESCRIBE FORMATTED db.t").await;
    assert!(formatted.contains("Location:           \ts3://results/t/     \t "));
    assert!(
        text(&house, "DESCRIBE EXTENDED t").await.contains("Detailed Table Information\tTable(tableName:t, dbName:db")
    );
    assert_eq!(
        fails(&house, "DESCRIBE nope").await,
        "FAILED: SemanticException [Error 10001]: Table not found db.nope"
    );
}

#[tokio::test]
async fn columns_and_properties_change() {
    let house = with_table().await;
    run(&house, "ALTER TABLE t ADD COLUMNS (added double)").await;
    run(&house, "ALTER TABLE t CHANGE name title varchar(10)").await;
    assert_eq!(
        text(&house, "SHOW COLUMNS IN t").await,
        ["id", "title", "added", "y", "m"].map(|name| format!("{name:<20}\n")).concat()
    );
    run(&house, "ALTER TABLE t SET TBLPROPERTIES ('classification'='csv')").await;
    assert_eq!(text(&house, "SHOW TBLPROPERTIES t('classification')").await, "csv\n");
    run(&house, "ALTER TABLE t REPLACE COLUMNS (a int)").await;
    assert_eq!(text(&house, "SHOW COLUMNS FROM db.t").await.lines().count(), 3);
    assert!(fails(&house, "ALTER TABLE t ADD COLUMNS (a int)").await.contains("Duplicate column name: a"));
    run(&house, "ALTER TABLE t SET LOCATION 's3://results/elsewhere/'").await;
    assert!(text(&house, "SHOW CREATE TABLE t").await.contains("s3://results/elsewhere/"));
}

#[tokio::test]
async fn partitions_come_and_go() {
    let house = with_table().await;
    run(&house, "ALTER TABLE t ADD PARTITION (y='2020', m=1) PARTITION (m=2, y='2020') LOCATION 's3://results/far/'")
        .await;
    assert_eq!(text(&house, "SHOW PARTITIONS t").await, "y=2020/m=1\ny=2020/m=2\n");
    assert!(fails(&house, "ALTER TABLE t ADD PARTITION (y='2020', m=1)").await.contains("Partition already exists."));
    run(&house, "ALTER TABLE t ADD IF NOT EXISTS PARTITION (y='2020', m=1)").await;
    assert!(
        fails(&house, "ALTER TABLE t ADD PARTITION (y='2020')")
            .await
            .contains("doesn't contain all (2) partition columns")
    );
    run(&house, "ALTER TABLE t PARTITION (y='2020', m=2) RENAME TO PARTITION (y='2021', m=3)").await;
    run(&house, "ALTER TABLE t DROP PARTITION (y < '2021')").await;
    assert_eq!(text(&house, "SHOW PARTITIONS t").await, "y=2021/m=3\n");
    assert!(fails(&house, "ALTER TABLE t DROP PARTITION (y = '1999')").await.contains("Partition not found"));
    run(&house, "ALTER TABLE t DROP IF EXISTS PARTITION (y = '1999')").await;
}

#[tokio::test]
async fn repair_finds_what_lies_in_hives_folders() {
    let house = with_table().await;
    for key in ["t/y=2020/m=1/a.csv", "t/y=2020/m=2/a.csv", "t/y=2020/other/a.csv", "t/README"] {
        put(&house, key, "1,a\n").await;
    }
    run(&house, "ALTER TABLE t ADD PARTITION (y='2020', m=1)").await;
    assert_eq!(
        text(&house, "MSCK REPAIR TABLE t").await,
        "Partitions not in metastore:\tt:y=2020/m=2\nRepair: Added partition to metastore t:y=2020/m=2\n"
    );
    assert_eq!(text(&house, "MSCK REPAIR TABLE t").await, "");
    assert_eq!(text(&house, "SHOW PARTITIONS t").await, "y=2020/m=1\ny=2020/m=2\n");
}

#[tokio::test]
async fn a_context_may_name_its_database_in_backquotes() {
    let house = with_table().await;
    let context = QueryExecutionContext { database: Some("`db`".into()), catalog: Some("AwsDataCatalog".into()) };
    let execution =
        ended(&house, StartQueryExecutionInput { query_execution_context: Some(context), ..query("DESCRIBE t") }).await;
    assert_eq!(state(&execution), "SUCCEEDED", "{}", reason(&execution));
}

#[tokio::test]
async fn names_are_listed_by_pattern() {
    let house = with_table().await;
    run(&house, "CREATE EXTERNAL TABLE posts (a int) LOCATION 's3://results/p/'").await;
    assert_eq!(text(&house, "SHOW TABLES").await, "posts\nt\n");
    assert_eq!(text(&house, "SHOW TABLES IN db 'p*'").await, "posts\n");
    assert_eq!(text(&house, "SHOW DATABASES LIKE 'd*'").await, "db\n");
    run(&house, "DROP TABLE posts").await;
    assert_eq!(text(&house, "SHOW TABLES LIKE 'p*'").await, "");
    assert_eq!(
        fails(&house, "DROP TABLE posts").await,
        "FAILED: SemanticException [Error 10001]: Table not found db.posts"
    );
}

#[tokio::test]
async fn a_view_is_a_query_that_others_read() {
    let house = open().await;
    run(&house, "CREATE DATABASE db").await;
    run(&house, "CREATE VIEW v AS SELECT 1 AS a, 'x' AS b").await;
    assert_eq!(text(&house, "SELECT a + 1 AS c, b FROM v").await, "\"c\",\"b\"\n\"2\",\"x\"\n");
    assert_eq!(text(&house, "SHOW VIEWS").await, "v\n");
    assert_eq!(text(&house, "SHOW CREATE VIEW v").await, "CREATE VIEW db.v AS\nSELECT 1 AS a, 'x' AS b\n");
    assert!(fails(&house, "CREATE VIEW v AS SELECT 2 AS a").await.contains("already exists"));
    run(&house, "CREATE OR REPLACE VIEW v AS SELECT 2 AS a").await;
    assert_eq!(text(&house, "SELECT * FROM v").await, "\"a\"\n\"2\"\n");
    assert!(fails(&house, "DROP TABLE v").await.contains("Cannot drop a view with DROP TABLE"));
    run(&house, "DROP VIEW v").await;
    run(&house, "DROP VIEW IF EXISTS v").await;
}
