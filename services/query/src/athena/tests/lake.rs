//! Queries over files: what is read, what it costs, and who may.

use std::collections::HashMap;
use std::sync::Arc;

use haar_gateway::testkit::{ACCOUNT, FixedAuthority, REGION};
use haar_platform::kernel::caller::Permissions;
use haar_platform::kernel::{AccountId, Caller};
use haar_platform::ledger::Query;
use haar_platform::policy::{Document, Kind, Principal, Source, SourceKind};
use haar_platform::store::{Config as StoreConfig, Read};

use super::super::model::{PROGRESS, Progress, State};
use super::*;

const POSTS: &str = "id,title\n1,\"a, b\"\n2,c\n";

async fn fill(house: &TestHouse) {
    create_bucket(house, "results").await;
    for (year, text) in [("2020", POSTS), ("2021", "id,title\n3,d\n")] {
        put(house, &format!("posts/year={year}/part.csv"), text).await;
    }
    run(house, "CREATE DATABASE db").await;
    run(
        house,
        "CREATE EXTERNAL TABLE posts (id bigint, title string) PARTITIONED BY (year string) \
         ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' LOCATION 's3://results/posts/' \
         TBLPROPERTIES ('skip.header.line.count'='1')",
    )
    .await;
    run(house, "MSCK REPAIR TABLE posts").await;
}

async fn with_posts() -> TestHouse {
    let house = TestHouse::open(services);
    fill(&house).await;
    house
}

#[tokio::test]
async fn files_are_rows_and_folders_are_columns() {
    let house = with_posts().await;
    assert_eq!(
        text(&house, "SELECT id, title, year FROM posts ORDER BY id").await,
        "\"id\",\"title\",\"year\"\n\"1\",\"a, b\",\"2020\"\n\"2\",\"c\",\"2020\"\n\"3\",\"d\",\"2021\"\n"
    );
}

#[tokio::test]
async fn only_partitions_that_are_needed_are_read_and_billed() {
    let house = with_posts().await;
    let scanned = |execution: &QueryExecution| execution.statistics.clone().unwrap().data_scanned_in_bytes.unwrap();
    let all = run(&house, "SELECT count(*) FROM posts").await;
    assert_eq!(scanned(&all), i64::try_from(POSTS.len() + "id,title\n3,d\n".len()).unwrap());
    let one = run(&house, "SELECT title FROM posts WHERE year = '2020'").await;
    assert_eq!(scanned(&one), i64::try_from(POSTS.len()).unwrap());
    house.platform.ledger.flush().await.unwrap();
    let mut lines = house.platform.ledger.read(Query::default()).await.unwrap();
    let mut billed = 0;
    while let Some(line) = lines.next().await {
        let line = line.unwrap();
        billed +=
            line.usage.iter().filter(|(unit, _)| unit == "athena-bytes-scanned").map(|(_, bytes)| bytes).sum::<u64>();
    }
    assert_eq!(i64::try_from(billed).unwrap(), scanned(&all) + scanned(&one));
    let request = GetQueryRuntimeStatisticsInput { query_execution_id: id(&one) };
    let runtime =
        house.call::<aws::GetQueryRuntimeStatistics>(request).await.unwrap().query_runtime_statistics.unwrap();
    assert_eq!(runtime.rows.unwrap().output_rows, Some(2));
}

fn policies(statement: &str) -> Arc<Permissions> {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
    let document = Arc::new(Document::parse(&text, Kind::Identity).unwrap());
    let source = Source { id: "p".into(), arn: None, kind: SourceKind::User, document };
    Arc::new(Permissions { identity: vec![source], ..Default::default() })
}

fn user(name: &str) -> Arc<Caller> {
    let account = AccountId::parse(ACCOUNT).unwrap();
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let principal = Principal::User { account: ACCOUNT.into(), arn: arn.clone(), unique_id: name.into() };
    Arc::new(Caller { principal, arn, user_id: name.into(), ..Caller::root(&account) })
}

/// Runs a query as somebody who may do this; what it came to.
async fn as_somebody(allowed: &str) -> String {
    let caller = user("somebody");
    let authority = FixedAuthority {
        permissions: HashMap::from([(caller.arn.clone(), policies(allowed))]),
        credentials: HashMap::new(),
    };
    let house =
        TestHouse::with_authority(StoreConfig::in_memory(), |platform| (services(platform), Arc::new(authority)));
    fill(&house).await;
    let input = query("SELECT count(*) AS n FROM posts");
    let started = house.call_as::<aws::StartQueryExecution>(&caller, REGION, input).await;
    let id = match started {
        Ok(answer) => answer.query_execution_id.unwrap(),
        Err(fault) => return fault.to_string(),
    };
    house.settle().await;
    let execution = get(&house, &id).await;
    if state(&execution) == "SUCCEEDED" { "SUCCEEDED".to_owned() } else { reason(&execution) }
}

fn allow(actions: &str, resources: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":[{actions}],"Resource":[{resources}]}}"#)
}

#[tokio::test]
async fn a_query_does_what_its_owner_may() {
    let athena = allow(r#""athena:*","s3:GetBucketLocation""#, r#""*""#);
    let glue = allow(r#""glue:Get*""#, r#""*""#);
    let results = allow(r#""s3:PutObject""#, r#""arn:aws:s3:::results/out/*""#);
    let list = allow(r#""s3:ListBucket""#, r#""arn:aws:s3:::results""#);
    let data = allow(r#""s3:GetObject""#, r#""arn:aws:s3:::results/posts/*""#);
    let old_data = allow(r#""s3:GetObject""#, r#""arn:aws:s3:::results/posts/year=2020/*""#);
    let denied = as_somebody(&allow(r#""athena:*""#, r#""*""#)).await;
    assert_eq!(denied, "InvalidRequestException: Unable to verify/create output bucket results");
    let denied = as_somebody(&athena).await;
    assert!(denied.starts_with("Insufficient permissions to execute the query."), "{denied}");
    assert!(denied.contains("is not authorized to perform: glue:GetTable"), "{denied}");
    let denied = as_somebody(&[&*athena, &glue, &results].join(",")).await;
    assert_eq!(denied, "Permission denied on S3 path: s3://results/posts/");
    let denied = as_somebody(&[&*athena, &glue, &results, &list, &old_data].join(",")).await;
    assert!(denied.starts_with("Permission denied on S3 path: s3://results/posts/year=2021"), "{denied}");
    let denied = as_somebody(&[&*athena, &glue, &list, &data].join(",")).await;
    assert!(denied.starts_with("Access denied when writing output to url: s3://results/out/"), "{denied}");
    assert_eq!(as_somebody(&[athena, glue, results, list, data].join(",")).await, "SUCCEEDED");
}

#[tokio::test]
async fn a_tables_partitions_are_a_table() {
    let house = with_posts().await;
    assert_eq!(
        text(&house, "SELECT * FROM \"posts$partitions\" ORDER BY year DESC").await,
        "\"year\"\n\"2021\"\n\"2020\"\n"
    );
    run(&house, "ALTER TABLE posts DROP PARTITION (year > '0')").await;
    assert_eq!(text(&house, "SELECT * FROM \"posts$partitions\"").await, "\"year\"\n");
}

#[tokio::test]
async fn the_schema_of_everything_can_be_queried() {
    let house = with_posts().await;
    assert_eq!(
        text(
            &house,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'db' ORDER BY ordinal_position"
        )
        .await,
        "\"column_name\"\n\"id\"\n\"title\"\n\"year\"\n"
    );
}

#[tokio::test]
async fn what_a_crash_left_unfinished_fails_honestly() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        TestHouse::with_authority(StoreConfig::at(folder.path()), |platform| {
            (services(platform), Arc::new(FixedAuthority::default()))
        })
    };
    let house = open();
    create_bucket(&house, "results").await;
    let id = id(&run(&house, "SELECT 1").await);
    let key = (ACCOUNT.to_owned(), REGION.to_owned(), id.clone());
    // As the record was in the middle of the query, when the process died.
    let interrupted = house.platform.store.write(move |tx| {
        let progress = tx.get(PROGRESS, &key)?.unwrap();
        tx.put(PROGRESS, &key, &Progress { state: State::Running, sequence: 2, completed: None, ..progress })
    });
    interrupted.await.unwrap();
    house.platform.store.close().await.unwrap();
    drop(house);
    let house = open();
    house.settle().await;
    let execution = get(&house, &id).await;
    assert_eq!(state(&execution), "FAILED");
    assert!(reason(&execution).starts_with("The service was restarted while the query was in progress."));
    let events = house.platform.bus.recent(1).unwrap();
    assert_eq!(events[0].detail["currentState"], "FAILED");
    assert_eq!(events[0].detail["previousState"], "RUNNING");
}

#[tokio::test]
async fn a_workgroups_cutoff_ends_a_query_that_reads_too_much() {
    let house = with_posts().await;
    let row = format!("1,{}\n", "x".repeat(9_999));
    put(&house, "posts/year=2022/large.csv", &format!("id,title\n{}", row.repeat(2_000))).await;
    run(&house, "MSCK REPAIR TABLE posts").await;
    let configuration = WorkGroupConfiguration {
        bytes_scanned_cutoff_per_query: Some(10_000_000),
        enforce_work_group_configuration: Some(false),
        ..Default::default()
    };
    let request = CreateWorkGroupInput { name: "w".into(), configuration: Some(configuration), ..Default::default() };
    house.call::<aws::CreateWorkGroup>(request).await.unwrap();
    let input = StartQueryExecutionInput {
        work_group: Some("w".into()),
        ..query("SELECT count(*) FROM posts WHERE year = '2022' AND title LIKE '%y%'")
    };
    let execution = ended(&house, input).await;
    assert_eq!(state(&execution), "CANCELLED");
    assert!(reason(&execution).contains("Bytes scanned limit was exceeded"), "{}", reason(&execution));
}
