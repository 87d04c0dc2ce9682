//! Behaviour of the Data Catalog, through the pipeline. Shared here: a house with it, and short ways to call it.

mod access;
mod classifiers;
mod column_statistics;
mod connections;
mod crawlers;
mod databases;
mod events;
mod functions;
mod partition_indexes;
mod partition_lists;
mod partitions;
mod resource_policies;
mod search;
mod table_versions;
mod tables;
mod tags;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use haar_gateway::testkit::TestHouse;
use haar_platform::aws::glue::{self as aws, *};
use haar_platform::kernel::{Fault, MemoryObjects};

pub fn open() -> TestHouse {
    TestHouse::open(|platform| vec![super::service(platform, Arc::new(MemoryObjects::default()))])
}

/// With the database `db`.
pub async fn with_database() -> TestHouse {
    let house = open();
    house.call::<aws::CreateDatabase>(database("db")).await.unwrap();
    house
}

/// With the table `db.t`, partitioned by these keys.
pub async fn with_table(keys: &[(&str, &str)]) -> TestHouse {
    let house = with_database().await;
    house.call::<aws::CreateTable>(partitioned("t", keys)).await.unwrap();
    house
}

pub fn database(name: &str) -> CreateDatabaseRequest {
    CreateDatabaseRequest {
        database_input: DatabaseInput { name: name.into(), ..Default::default() },
        ..Default::default()
    }
}

pub fn input(name: &str) -> TableInput {
    TableInput { name: name.into(), ..Default::default() }
}

pub fn table(input: TableInput) -> CreateTableRequest {
    CreateTableRequest { database_name: "db".into(), table_input: Some(input), ..Default::default() }
}

pub fn column(name: &str, kind: &str) -> Column {
    Column { name: name.into(), r#type: Some(kind.into()), ..Default::default() }
}

pub fn partitioned(name: &str, keys: &[(&str, &str)]) -> CreateTableRequest {
    let storage = StorageDescriptor { columns: Some(vec![column("id", "bigint")]), ..Default::default() };
    table(TableInput {
        partition_keys: Some(keys.iter().map(|(name, kind)| column(name, kind)).collect()),
        storage_descriptor: Some(storage),
        ..input(name)
    })
}

pub fn partition(values: &[&str]) -> PartitionInput {
    PartitionInput { values: Some(texts(values)), ..Default::default() }
}

/// Makes partitions of `db.t`, and expects no errors.
pub async fn add_partitions(house: &TestHouse, partitions: &[&[&str]]) {
    for chunk in partitions.chunks(100) {
        let request = BatchCreatePartitionRequest {
            database_name: "db".into(),
            table_name: "t".into(),
            partition_input_list: chunk.iter().map(|values| partition(values)).collect(),
            ..Default::default()
        };
        let answer = house.call::<aws::BatchCreatePartition>(request).await.unwrap();
        assert!(answer.errors.unwrap().is_empty());
    }
}

pub async fn get_table(house: &TestHouse, name: &str) -> Result<Table, Fault> {
    let request = GetTableRequest { database_name: "db".into(), name: name.into(), ..Default::default() };
    Ok(house.call::<aws::GetTable>(request).await?.table.unwrap())
}

/// `Code: message`.
pub fn refusal<T: Debug>(answer: Result<T, Fault>) -> String {
    answer.expect_err("a refusal").to_string()
}

/// `Code: message` of a batch's entry.
pub fn detail(detail: &Option<ErrorDetail>) -> String {
    let detail = detail.as_ref().unwrap();
    format!("{}: {}", detail.error_code.as_deref().unwrap(), detail.error_message.as_deref().unwrap())
}

pub fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

pub fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
