//! Events, member for member as AWS documents them.

use super::*;
use serde_json::{Value, json};

/// Detail type, resources and detail, oldest first.
fn events(house: &TestHouse) -> Vec<(String, Vec<String>, Value)> {
    let mut events = house.platform.bus.recent(1000).unwrap();
    events.reverse();
    events.into_iter().map(|event| (event.detail_type, event.resources, event.detail)).collect()
}

fn of_database(change: &str, arn: &str, tables: &[&str]) -> (String, Vec<String>, Value) {
    let detail = json!({"databaseName": "db", "typeOfChange": change, "changedTables": tables});
    (
        "Glue Data Catalog Database State Change".into(),
        vec![format!("arn:aws:glue:us-east-1:000000000000:{arn}")],
        detail,
    )
}

fn of_table(change: &str, partitions: &[&str]) -> (String, Vec<String>, Value) {
    let detail = json!({
        "databaseName": "db",
        "changedPartitions": partitions,
        "typeOfChange": change,
        "tableName": "t",
    });
    (
        "Glue Data Catalog Table State Change".into(),
        vec!["arn:aws:glue:us-east-1:000000000000:table/db/t".into()],
        detail,
    )
}

#[tokio::test]
async fn every_change_is_told_once() {
    let house = with_table(&[("year", "int"), ("month", "string")]).await;
    add_partitions(&house, &[&["2018", "01"], &["2018", "02"]]).await;
    let delete = DeletePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(&["2018", "01"]),
        ..Default::default()
    };
    house.call::<aws::DeletePartition>(delete).await.unwrap();
    let update = UpdateTableRequest {
        database_name: "db".into(),
        table_input: partitioned("t", &[("year", "int"), ("month", "string")]).table_input,
        ..Default::default()
    };
    house.call::<aws::UpdateTable>(update).await.unwrap();
    house.call::<aws::DeleteDatabase>(DeleteDatabaseRequest { name: "db".into(), ..Default::default() }).await.unwrap();
    let expected = [
        of_database("CreateDatabase", "database/db", &[]),
        of_database("CreateTable", "table/db/t", &["t"]),
        of_table("BatchCreatePartition", &["2018,01", "2018,02"]),
        of_table("DeletePartition", &["2018,01"]),
        of_table("UpdateTable", &[]),
        of_database("DeleteDatabase", "table/db/t", &["t"]),
    ];
    assert_eq!(events(&house), expected);
    assert_eq!(house.platform.bus.recent(1).unwrap()[0].source, "aws.glue");
}

#[tokio::test]
async fn what_is_refused_is_not_told() {
    let house = with_table(&[]).await;
    let before = events(&house).len();
    refusal(house.call::<aws::CreateTable>(table(input("t"))).await);
    refusal(house.call::<aws::CreateDatabase>(database("db")).await);
    let batch =
        BatchDeleteTableRequest { database_name: "db".into(), tables_to_delete: texts(&["no"]), ..Default::default() };
    house.call::<aws::BatchDeleteTable>(batch).await.unwrap();
    assert_eq!(events(&house).len(), before);
}
