//! Partition indexes and their states.

use super::*;

fn create(name: &str, keys: &[&str]) -> CreatePartitionIndexRequest {
    CreatePartitionIndexRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_index: PartitionIndex { index_name: name.into(), keys: texts(keys) },
        ..Default::default()
    }
}

async fn list(house: &TestHouse) -> Vec<PartitionIndexDescriptor> {
    let request =
        GetPartitionIndexesRequest { database_name: "db".into(), table_name: "t".into(), ..Default::default() };
    house.call::<aws::GetPartitionIndexes>(request).await.unwrap().partition_index_descriptor_list.unwrap()
}

#[tokio::test]
async fn an_index_becomes_active_when_its_partitions_fit() {
    let house = with_table(&[("year", "int"), ("day", "date")]).await;
    add_partitions(&house, &[&["2020", "2020-01-01"]]).await;
    house.call::<aws::CreatePartitionIndex>(create("i", &["day", "year"])).await.unwrap();
    house.settle().await;
    let indexes = list(&house).await;
    assert_eq!(indexes[0].index_name, "i");
    assert_eq!(indexes[0].index_status, PartitionIndexStatus::Active);
    let keys: Vec<_> = indexes[0].keys.iter().map(|key| (key.name.as_str(), key.r#type.as_str())).collect();
    assert_eq!(keys, [("day", "date"), ("year", "int")]);
    assert!(indexes[0].backfill_errors.is_none());
}

#[tokio::test]
async fn an_index_fails_and_names_the_partitions_that_do_not_fit() {
    let house = with_table(&[("year", "int"), ("day", "string")]).await;
    add_partitions(&house, &[&["2020", "a"], &["x", "b"], &["__HIVE_DEFAULT_PARTITION__", "c"]]).await;
    house.call::<aws::CreatePartitionIndex>(create("i", &["year", "day"])).await.unwrap();
    house.settle().await;
    let index = list(&house).await.remove(0);
    assert_eq!(index.index_status, PartitionIndexStatus::Failed);
    let mut errors = index.backfill_errors.unwrap();
    assert_eq!(errors.len(), 1);
    let error = errors.remove(0);
    assert_eq!(error.code, Some(BackfillErrorCode::InvalidPartitionTypeDataError));
    let partitions: Vec<_> = error.partitions.unwrap().into_iter().map(|partition| partition.values).collect();
    assert_eq!(partitions, [texts(&["x", "b"])]);
}

#[tokio::test]
async fn a_deleted_index_is_gone_when_the_work_is_done() {
    let house = with_table(&[("k", "string")]).await;
    house.call::<aws::CreatePartitionIndex>(create("i", &["k"])).await.unwrap();
    house.settle().await;
    let delete = |name: &str| DeletePartitionIndexRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        index_name: name.into(),
        ..Default::default()
    };
    house.call::<aws::DeletePartitionIndex>(delete("i")).await.unwrap();
    house.settle().await;
    assert!(list(&house).await.is_empty());
    let again = house.call::<aws::DeletePartitionIndex>(delete("i")).await;
    assert_eq!(refusal(again).split(':').next(), Some("EntityNotFoundException"));
}

#[tokio::test]
async fn a_table_has_three_indexes_at_most_over_different_keys() {
    let house = with_table(&[("a", "string"), ("b", "int"), ("c", "decimal(5,2)")]).await;
    for (name, keys) in [("1", ["a"].as_slice()), ("2", &["b"]), ("3", &["a", "b"])] {
        house.call::<aws::CreatePartitionIndex>(create(name, keys)).await.unwrap();
    }
    for (name, keys, code) in [
        ("1", ["b", "a"].as_slice(), "AlreadyExistsException"),
        ("4", &["a", "b"], "AlreadyExistsException"),
        ("4", &["b", "a"], "ResourceNumberLimitExceededException"),
        ("4", &["z"], "InvalidInputException"),
        ("4", &["a", "a"], "InvalidInputException"),
        ("4", &["c"], "InvalidInputException"),
    ] {
        let answer = house.call::<aws::CreatePartitionIndex>(create(name, keys)).await;
        assert_eq!(refusal(answer).split(':').next(), Some(code), "{name} {keys:?}");
    }
}

#[tokio::test]
async fn a_table_can_be_made_with_active_indexes() {
    let house = with_database().await;
    let index = PartitionIndex { index_name: "i".into(), keys: texts(&["k"]) };
    let request = CreateTableRequest { partition_indexes: Some(vec![index]), ..partitioned("t", &[("k", "string")]) };
    house.call::<aws::CreateTable>(request).await.unwrap();
    assert_eq!(list(&house).await[0].index_status, PartitionIndexStatus::Active);
}
