//! Tables: making, reading, listing, deleting.

use super::*;

fn whole(name: &str) -> TableInput {
    TableInput {
        name: name.into(),
        description: Some("what was sold".into()),
        owner: Some("hadoop".into()),
        retention: Some(7),
        storage_descriptor: Some(StorageDescriptor {
            columns: Some(vec![Column {
                comment: Some("the number".into()),
                parameters: Some(map(&[("p", "q")])),
                ..column("id", "bigint")
            }]),
            location: Some("s3://bucket/t".into()),
            input_format: Some("in".into()),
            output_format: Some("out".into()),
            number_of_buckets: Some(-1),
            serde_info: Some(SerDeInfo {
                serialization_library: Some("lib".into()),
                parameters: Some(map(&[("a", "b")])),
                ..Default::default()
            }),
            sort_columns: Some(vec![Order { column: "id".into(), sort_order: 1 }]),
            skewed_info: Some(SkewedInfo { skewed_column_names: Some(texts(&["id"])), ..Default::default() }),
            ..Default::default()
        }),
        partition_keys: Some(vec![column("day", "date")]),
        view_original_text: Some("/* Presto View */".into()),
        view_expanded_text: Some("/* Presto View */".into()),
        table_type: Some("EXTERNAL_TABLE".into()),
        parameters: Some(map(&[("table_type", "ICEBERG"), ("metadata_location", "s3://bucket/m.json")])),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_table_is_answered_as_it_was_sent() {
    let house = with_database().await;
    house.call::<aws::CreateTable>(table(whole("Sold"))).await.unwrap();
    let got = get_table(&house, "SOLD").await.unwrap();
    let sent = whole("sold");
    assert_eq!((got.name.as_str(), got.database_name.as_deref()), ("sold", Some("db")));
    assert_eq!((got.create_time, got.update_time), (Some(house.now()), Some(house.now())));
    assert_eq!(got.created_by.as_deref(), Some("arn:aws:iam::000000000000:root"));
    assert_eq!(got.version_id.as_deref(), Some("0"));
    assert_eq!(got.is_registered_with_lake_formation, Some(false));
    assert_eq!((got.retention, got.owner, got.parameters), (sent.retention, sent.owner, sent.parameters));
    assert_eq!((got.table_type, got.view_original_text), (sent.table_type, sent.view_original_text));
    assert_eq!(format!("{:?}", got.partition_keys), format!("{:?}", sent.partition_keys));
    let expected = StorageDescriptor {
        compressed: Some(false),
        stored_as_sub_directories: Some(false),
        ..sent.storage_descriptor.unwrap()
    };
    assert_eq!(format!("{:?}", got.storage_descriptor.unwrap()), format!("{expected:?}"));
}

#[tokio::test]
async fn refusals_are_in_the_words_of_aws() {
    let house = with_database().await;
    house.call::<aws::CreateTable>(table(input("t"))).await.unwrap();
    let again = house.call::<aws::CreateTable>(table(input("T"))).await;
    assert_eq!(refusal(again), "AlreadyExistsException: Table already exists.");
    assert_eq!(refusal(get_table(&house, "no").await), "EntityNotFoundException: Table no not found.");
    let request = CreateTableRequest { database_name: "no".into(), ..table(input("t")) };
    let answer = house.call::<aws::CreateTable>(request).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Database no not found.");
    let delete = DeleteTableRequest { database_name: "db".into(), name: "no".into(), ..Default::default() };
    let answer = house.call::<aws::DeleteTable>(delete).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Table no not found.");
}

#[tokio::test]
async fn what_nobody_would_honour_is_refused_by_name() {
    let house = with_database().await;
    for (request, what) in [
        (
            CreateTableRequest { open_table_format_input: Some(OpenTableFormatInput::default()), ..table(input("t")) },
            "OpenTableFormatInput",
        ),
        (CreateTableRequest { transaction_id: Some("1".into()), ..table(input("t")) }, "TransactionId"),
        (table(TableInput { target_table: Some(TableIdentifier::default()), ..input("t") }), "TargetTable"),
        (table(TableInput { federated_table: Some(FederatedTable::default()), ..input("t") }), "FederatedTable"),
        (table(TableInput { view_definition: Some(ViewDefinitionInput::default()), ..input("t") }), "ViewDefinition"),
        (
            table(TableInput {
                storage_descriptor: Some(StorageDescriptor {
                    schema_reference: Some(SchemaReference::default()),
                    ..Default::default()
                }),
                ..input("t")
            }),
            "SchemaReference",
        ),
    ] {
        let refused = refusal(house.call::<aws::CreateTable>(request).await);
        assert!(refused.starts_with("NotImplemented: ") && refused.contains(what), "{refused}");
    }
    let past = GetTableRequest {
        database_name: "db".into(),
        name: "t".into(),
        query_as_of_time: Some(house.now()),
        ..Default::default()
    };
    assert!(refusal(house.call::<aws::GetTable>(past).await).contains("QueryAsOfTime"));
}

#[tokio::test]
async fn lists_choose_by_pattern_and_go_on_behind_the_last_name() {
    let house = with_database().await;
    for name in ["sales_1", "orders", "sales_2", "sales_3"] {
        house.call::<aws::CreateTable>(table(input(name))).await.unwrap();
    }
    let list = |expression: Option<&str>, token: Option<String>| GetTablesRequest {
        database_name: "db".into(),
        expression: expression.map(str::to_owned),
        max_results: Some(2),
        next_token: token,
        ..Default::default()
    };
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let page = house.call::<aws::GetTables>(list(Some("sales_*"), token)).await.unwrap();
        names.extend(page.table_list.unwrap().into_iter().map(|table| table.name));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(names, ["sales_1", "sales_2", "sales_3"]);
    let page = house.call::<aws::GetTables>(list(None, None)).await.unwrap();
    let stolen = house.call::<aws::GetTables>(list(Some("sales_*"), page.next_token)).await;
    assert_eq!(refusal(stolen), "InvalidInputException: The NextToken that was provided is not valid.");
    let bad = house.call::<aws::GetTables>(list(Some("("), None)).await;
    assert_eq!(refusal(bad), "InvalidInputException: Invalid expression: (");
    let missing = GetTablesRequest { database_name: "no".into(), ..Default::default() };
    let answer = house.call::<aws::GetTables>(missing).await;
    assert_eq!(refusal(answer), "EntityNotFoundException: Database no not found.");
}

#[tokio::test]
async fn names_alone_are_answered_where_only_they_are_wanted() {
    let house = with_database().await;
    house.call::<aws::CreateTable>(table(whole("t"))).await.unwrap();
    let request = GetTablesRequest {
        database_name: "db".into(),
        attributes_to_get: Some(vec![TableAttributes::Name, TableAttributes::TableType]),
        ..Default::default()
    };
    let list = house.call::<aws::GetTables>(request).await.unwrap().table_list.unwrap();
    assert_eq!((list[0].name.as_str(), list[0].table_type.as_deref()), ("t", Some("EXTERNAL_TABLE")));
    assert!(list[0].storage_descriptor.is_none());
}

#[tokio::test]
async fn a_batch_deletes_what_exists_and_reports_the_rest() {
    let house = with_database().await;
    house.call::<aws::CreateTable>(table(input("a"))).await.unwrap();
    let request = BatchDeleteTableRequest {
        database_name: "db".into(),
        tables_to_delete: texts(&["A", "b"]),
        ..Default::default()
    };
    let errors = house.call::<aws::BatchDeleteTable>(request).await.unwrap().errors.unwrap();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].table_name.as_deref(), Some("b"));
    assert_eq!(detail(&errors[0].error_detail), "EntityNotFoundException: Table b not found.");
    assert!(get_table(&house, "a").await.is_err());
}

#[tokio::test]
async fn a_table_that_is_made_again_is_empty() {
    let house = with_table(&[("k", "string")]).await;
    add_partitions(&house, &[&["1"]]).await;
    let delete = DeleteTableRequest { database_name: "db".into(), name: "t".into(), ..Default::default() };
    house.call::<aws::DeleteTable>(delete).await.unwrap();
    house.call::<aws::CreateTable>(partitioned("t", &[("k", "string")])).await.unwrap();
    add_partitions(&house, &[&["1"]]).await;
}
