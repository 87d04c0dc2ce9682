//! Partitions: making, reading, changing, deleting.

use super::*;

const KEYS: [(&str, &str); 2] = [("year", "int"), ("region", "string")];

fn create(values: &[&str]) -> CreatePartitionRequest {
    CreatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_input: partition(values),
        ..Default::default()
    }
}

async fn get(house: &TestHouse, values: &[&str]) -> Result<Partition, Fault> {
    let request = GetPartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(values),
        ..Default::default()
    };
    Ok(house.call::<aws::GetPartition>(request).await?.partition.unwrap())
}

#[tokio::test]
async fn a_partition_is_answered_as_it_was_sent() {
    let house = with_table(&KEYS).await;
    let storage = StorageDescriptor { location: Some("s3://b/2020/eu".into()), ..Default::default() };
    let mut request = create(&["2020", "eu"]);
    request.partition_input.storage_descriptor = Some(storage);
    request.partition_input.parameters = Some(map(&[("rows", "1")]));
    house.call::<aws::CreatePartition>(request).await.unwrap();
    let got = get(&house, &["2020", "eu"]).await.unwrap();
    assert_eq!(got.values, Some(texts(&["2020", "eu"])));
    assert_eq!((got.database_name.as_deref(), got.table_name.as_deref()), (Some("db"), Some("t")));
    assert_eq!(got.storage_descriptor.unwrap().location.as_deref(), Some("s3://b/2020/eu"));
    assert_eq!((got.parameters, got.creation_time), (Some(map(&[("rows", "1")])), Some(house.now())));
}

#[tokio::test]
async fn refusals_are_in_the_words_of_aws() {
    let house = with_table(&KEYS).await;
    house.call::<aws::CreatePartition>(create(&["2020", "eu"])).await.unwrap();
    let again = house.call::<aws::CreatePartition>(create(&["2020", "eu"])).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Partition already exists.");
    let short = house.call::<aws::CreatePartition>(create(&["2020"])).await;
    assert_eq!(
        refusal(short),
        "InvalidInputException: The number of partition keys do not match the number of partition values"
    );
    assert_eq!(refusal(get(&house, &["1", "2"]).await), "EntityNotFoundException: Cannot find partition.");
    let delete = DeletePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(&["1", "2"]),
        ..Default::default()
    };
    let answer = house.call::<aws::DeletePartition>(delete).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Cannot find partition.");
    let missing = CreatePartitionRequest { table_name: "no".into(), ..create(&["2020", "eu"]) };
    let answer = house.call::<aws::CreatePartition>(missing).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Table no not found.");
}

#[tokio::test]
async fn a_batch_makes_what_it_can_and_reports_the_rest() {
    let house = with_table(&KEYS).await;
    add_partitions(&house, &[&["2020", "eu"]]).await;
    let request = |list: Vec<PartitionInput>| BatchCreatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_input_list: list,
        ..Default::default()
    };
    let list = vec![partition(&["2020", "eu"]), partition(&["2020"]), partition(&["2021", "eu"])];
    let errors = house.call::<aws::BatchCreatePartition>(request(list)).await.unwrap().errors.unwrap();
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[0].partition_values, Some(texts(&["2020", "eu"])));
    assert_eq!(detail(&errors[0].error_detail), "AlreadyExistsException: Partition already exists.");
    assert!(detail(&errors[1].error_detail).starts_with("InvalidInputException: The number of partition keys"));
    get(&house, &["2021", "eu"]).await.unwrap();
    let many = house.call::<aws::BatchCreatePartition>(request(vec![partition(&["1", "2"]); 101])).await;
    assert!(refusal(many).starts_with("ValidationException: 1 validation error detected"));
}

#[tokio::test]
async fn a_batch_read_answers_those_that_exist() {
    let house = with_table(&KEYS).await;
    add_partitions(&house, &[&["2020", "eu"], &["2021", "eu"]]).await;
    let wanted = [["2021", "eu"], ["1999", "eu"]];
    let request = BatchGetPartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partitions_to_get: wanted.iter().map(|values| PartitionValueList { values: texts(values) }).collect(),
        ..Default::default()
    };
    let answer = house.call::<aws::BatchGetPartition>(request).await.unwrap();
    let found: Vec<_> = answer.partitions.unwrap().into_iter().map(|partition| partition.values.unwrap()).collect();
    assert_eq!(found, [texts(&["2021", "eu"])]);
    assert!(answer.unprocessed_keys.unwrap().is_empty());
}

#[tokio::test]
async fn an_update_can_move_a_partition_but_not_onto_another() {
    let house = with_table(&KEYS).await;
    add_partitions(&house, &[&["2020", "eu"], &["2021", "eu"]]).await;
    let update = |old: &[&str], new: &[&str]| UpdatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_value_list: texts(old),
        partition_input: PartitionInput { parameters: Some(map(&[("a", "b")])), ..partition(new) },
        ..Default::default()
    };
    house.call::<aws::UpdatePartition>(update(&["2020", "eu"], &["2019", "us"])).await.unwrap();
    assert!(get(&house, &["2020", "eu"]).await.is_err());
    assert_eq!(get(&house, &["2019", "us"]).await.unwrap().parameters, Some(map(&[("a", "b")])));
    let onto = house.call::<aws::UpdatePartition>(update(&["2019", "us"], &["2021", "eu"])).await;
    assert_eq!(refusal(onto), "AlreadyExistsException: Partition already exists.");
    let missing = house.call::<aws::UpdatePartition>(update(&["1", "2"], &["1", "2"])).await;
    assert_eq!(refusal(missing), "EntityNotFoundException: Cannot find partition.");
}

#[tokio::test]
async fn a_batch_update_reports_what_it_does_not_find() {
    let house = with_table(&KEYS).await;
    add_partitions(&house, &[&["2020", "eu"]]).await;
    let entry = |values: &[&str]| BatchUpdatePartitionRequestEntry {
        partition_value_list: texts(values),
        partition_input: PartitionInput { parameters: Some(map(&[("a", "b")])), ..partition(values) },
    };
    let request = BatchUpdatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        entries: vec![entry(&["2020", "eu"]), entry(&["1", "2"])],
        ..Default::default()
    };
    let errors = house.call::<aws::BatchUpdatePartition>(request).await.unwrap().errors.unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].partition_value_list, Some(texts(&["1", "2"])));
    assert_eq!(detail(&errors[0].error_detail), "EntityNotFoundException: Cannot find partition.");
    assert_eq!(get(&house, &["2020", "eu"]).await.unwrap().parameters, Some(map(&[("a", "b")])));
}

#[tokio::test]
async fn a_batch_delete_reports_what_it_does_not_find() {
    let house = with_table(&KEYS).await;
    add_partitions(&house, &[&["2020", "eu"], &["2021", "eu"]]).await;
    let request = |list: &[[&str; 2]]| BatchDeletePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partitions_to_delete: list.iter().map(|values| PartitionValueList { values: texts(values) }).collect(),
        ..Default::default()
    };
    let answer = house.call::<aws::BatchDeletePartition>(request(&[["2020", "eu"], ["1", "2"]])).await.unwrap();
    let errors = answer.errors.unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(detail(&errors[0].error_detail), "EntityNotFoundException: Cannot find partition.");
    assert!(get(&house, &["2020", "eu"]).await.is_err());
    let many = house.call::<aws::BatchDeletePartition>(request(&[["1", "2"]; 26])).await;
    assert!(refusal(many).starts_with("ValidationException"));
}
