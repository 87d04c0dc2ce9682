//! Column statistics of tables and partitions.

use super::*;
use haar_platform::kernel::{Bytes, Timestamp};

fn data(kind: ColumnStatisticsType) -> ColumnStatisticsData {
    let mut data = ColumnStatisticsData { r#type: kind, ..Default::default() };
    let time = Timestamp::from_seconds(86_400);
    match kind {
        ColumnStatisticsType::Boolean => {
            data.boolean_column_statistics_data =
                Some(BooleanColumnStatisticsData { number_of_trues: 1, number_of_falses: 2, number_of_nulls: 3 });
        }
        ColumnStatisticsType::Date => {
            data.date_column_statistics_data =
                Some(DateColumnStatisticsData { minimum_value: Some(time), ..Default::default() });
        }
        ColumnStatisticsType::Decimal => {
            let number = DecimalNumber { unscaled_value: Bytes::from_static(&[1, 0]), scale: 2 };
            data.decimal_column_statistics_data =
                Some(DecimalColumnStatisticsData { maximum_value: Some(number), ..Default::default() });
        }
        ColumnStatisticsType::Double => {
            data.double_column_statistics_data =
                Some(DoubleColumnStatisticsData { minimum_value: Some(-0.5), ..Default::default() });
        }
        ColumnStatisticsType::Long => {
            data.long_column_statistics_data =
                Some(LongColumnStatisticsData { maximum_value: Some(i64::MAX), ..Default::default() });
        }
        ColumnStatisticsType::String => {
            data.string_column_statistics_data =
                Some(StringColumnStatisticsData { average_length: 1.5, ..Default::default() });
        }
        ColumnStatisticsType::Binary => {
            data.binary_column_statistics_data =
                Some(BinaryColumnStatisticsData { maximum_length: 9, ..Default::default() });
        }
    }
    data
}

fn statistics(column: &str, kind: ColumnStatisticsType) -> ColumnStatistics {
    ColumnStatistics {
        column_name: column.into(),
        column_type: "whatever".into(),
        analyzed_time: Timestamp::from_seconds(1),
        statistics_data: data(kind),
    }
}

async fn update(house: &TestHouse, list: Vec<ColumnStatistics>) -> Vec<ColumnStatisticsError> {
    let request = UpdateColumnStatisticsForTableRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        column_statistics_list: list,
        ..Default::default()
    };
    house.call::<aws::UpdateColumnStatisticsForTable>(request).await.unwrap().errors.unwrap()
}

async fn get(house: &TestHouse, columns: &[&str]) -> GetColumnStatisticsForTableResponse {
    let request = GetColumnStatisticsForTableRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        column_names: texts(columns),
        ..Default::default()
    };
    house.call::<aws::GetColumnStatisticsForTable>(request).await.unwrap()
}

#[tokio::test]
async fn statistics_of_every_type_are_answered_as_they_were_sent() {
    let house = with_table(&[]).await;
    for kind in ColumnStatisticsType::ALL {
        assert!(update(&house, vec![statistics("id", *kind)]).await.is_empty(), "{kind}");
        let got = get(&house, &["ID"]).await.column_statistics_list.unwrap().remove(0);
        assert_eq!(format!("{got:?}"), format!("{:?}", statistics("id", *kind)));
    }
}

#[tokio::test]
async fn columns_without_statistics_are_reported() {
    let house = with_table(&[]).await;
    let answer = get(&house, &["id"]).await;
    assert!(answer.column_statistics_list.unwrap().is_empty());
    let error = answer.errors.unwrap().remove(0);
    assert_eq!(error.column_name.as_deref(), Some("id"));
    assert_eq!(detail(&error.error), "EntityNotFoundException: Statistics for column id not found.");
}

#[tokio::test]
async fn statistics_that_do_not_fit_are_reported() {
    let house = with_table(&[]).await;
    let mut wrong = statistics("id", ColumnStatisticsType::Long);
    wrong.statistics_data.r#type = ColumnStatisticsType::Date;
    let list = vec![wrong, statistics("no", ColumnStatisticsType::Long), statistics("id", ColumnStatisticsType::Long)];
    let errors = update(&house, list).await;
    assert_eq!(errors.len(), 2);
    assert!(detail(&errors[0].error).starts_with("InvalidInputException: Statistics data of column id"));
    assert!(detail(&errors[1].error).starts_with("InvalidInputException: Column no"));
    assert_eq!(get(&house, &["id"]).await.column_statistics_list.unwrap().len(), 1);
}

#[tokio::test]
async fn statistics_are_deleted_once() {
    let house = with_table(&[]).await;
    update(&house, vec![statistics("id", ColumnStatisticsType::Long)]).await;
    let delete = || DeleteColumnStatisticsForTableRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        column_name: "id".into(),
        ..Default::default()
    };
    house.call::<aws::DeleteColumnStatisticsForTable>(delete()).await.unwrap();
    let again = house.call::<aws::DeleteColumnStatisticsForTable>(delete()).await;
    assert_eq!(refusal(again), "EntityNotFoundException: Statistics for column id not found.");
}

#[tokio::test]
async fn statistics_of_a_partition_move_and_go_with_it() {
    let house = with_table(&[("k", "string")]).await;
    add_partitions(&house, &[&["1"]]).await;
    let put = UpdateColumnStatisticsForPartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(&["1"]),
        column_statistics_list: vec![statistics("id", ColumnStatisticsType::Long)],
        ..Default::default()
    };
    house.call::<aws::UpdateColumnStatisticsForPartition>(put).await.unwrap();
    let moved = UpdatePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_value_list: texts(&["1"]),
        partition_input: partition(&["2"]),
        ..Default::default()
    };
    house.call::<aws::UpdatePartition>(moved).await.unwrap();
    let get = |value: &str| GetColumnStatisticsForPartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(&[value]),
        column_names: texts(&["id"]),
        ..Default::default()
    };
    let gone = house.call::<aws::GetColumnStatisticsForPartition>(get("1")).await;
    assert_eq!(refusal(gone), "EntityNotFoundException: Cannot find partition.");
    let found = house.call::<aws::GetColumnStatisticsForPartition>(get("2")).await.unwrap();
    assert_eq!(found.column_statistics_list.unwrap().len(), 1);
    let delete = DeletePartitionRequest {
        database_name: "db".into(),
        table_name: "t".into(),
        partition_values: texts(&["2"]),
        ..Default::default()
    };
    house.call::<aws::DeletePartition>(delete).await.unwrap();
    add_partitions(&house, &[&["2"]]).await;
    let found = house.call::<aws::GetColumnStatisticsForPartition>(get("2")).await.unwrap();
    assert!(found.column_statistics_list.unwrap().is_empty());
}
