//! Data catalogs, and what is in them.

use std::collections::BTreeMap;

use super::*;

fn hive(name: &str) -> CreateDataCatalogInput {
    CreateDataCatalogInput {
        name: name.into(),
        r#type: DataCatalogType::Hive,
        parameters: Some(BTreeMap::from([(
            "metadata-function".into(),
            "arn:aws:lambda:us-east-1:000000000000:function:f".into(),
        )])),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_built_in_catalog_comes_first() {
    let house = open().await;
    house.call::<aws::CreateDataCatalog>(hive("a")).await.unwrap();
    house.call::<aws::CreateDataCatalog>(hive("b")).await.unwrap();
    let mut request = ListDataCatalogsInput { max_results: Some(2), ..Default::default() };
    let first = house.call::<aws::ListDataCatalogs>(request.clone()).await.unwrap();
    let names = |answer: &ListDataCatalogsOutput| -> Vec<String> {
        answer.data_catalogs_summary.iter().flatten().filter_map(|catalog| catalog.catalog_name.clone()).collect()
    };
    assert_eq!(names(&first), ["AwsDataCatalog", "a"]);
    request.next_token = first.next_token;
    let second = house.call::<aws::ListDataCatalogs>(request).await.unwrap();
    assert_eq!((names(&second), second.next_token), (vec!["b".to_owned()], None));
}

#[tokio::test]
async fn a_catalog_needs_what_its_type_demands() {
    let house = open().await;
    let request = CreateDataCatalogInput { parameters: None, ..hive("a") };
    assert!(refusal(house.call::<aws::CreateDataCatalog>(request).await).contains("metadata-function"));
    let request = CreateDataCatalogInput { name: "AwsDataCatalog".into(), ..hive("a") };
    assert!(refusal(house.call::<aws::CreateDataCatalog>(request).await).contains("already exists"));
}

#[tokio::test]
async fn a_catalog_of_a_connector_is_kept_and_not_looked_into() {
    let house = open().await;
    house.call::<aws::CreateDataCatalog>(hive("a")).await.unwrap();
    let request = ListDatabasesInput { catalog_name: "a".into(), ..Default::default() };
    assert!(refusal(house.call::<aws::ListDatabases>(request).await).starts_with("NotImplemented: "));
    let request = ListDatabasesInput { catalog_name: "b".into(), ..Default::default() };
    assert_eq!(
        refusal(house.call::<aws::ListDatabases>(request).await),
        "InvalidRequestException: DataCatalog b was not found"
    );
}

#[tokio::test]
async fn databases_and_tables_are_glues() {
    let house = open().await;
    run(&house, "CREATE DATABASE db COMMENT 'a db'").await;
    run(&house, "CREATE EXTERNAL TABLE db.t (a int COMMENT 'an a') PARTITIONED BY (y string) STORED AS PARQUET LOCATION 's3://results/t/'").await;
    let request = ListDatabasesInput { catalog_name: "AwsDataCatalog".into(), ..Default::default() };
    let databases = house.call::<aws::ListDatabases>(request).await.unwrap().database_list.unwrap();
    assert_eq!((databases[0].name.as_str(), databases[0].description.as_deref()), ("db", Some("a db")));
    let request = GetTableMetadataInput {
        catalog_name: "AwsDataCatalog".into(),
        database_name: "db".into(),
        table_name: "t".into(),
        work_group: None,
    };
    let table = house.call::<aws::GetTableMetadata>(request).await.unwrap().table_metadata.unwrap();
    assert_eq!(table.table_type.as_deref(), Some("EXTERNAL_TABLE"));
    assert_eq!(table.columns.unwrap()[0].comment.as_deref(), Some("an a"));
    assert_eq!(table.partition_keys.unwrap()[0].name, "y");
    let parameters = table.parameters.unwrap();
    assert_eq!(parameters["location"], "s3://results/t/");
    assert_eq!(parameters["serde.serialization.lib"], "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe");
    let request = ListTableMetadataInput {
        catalog_name: "AwsDataCatalog".into(),
        database_name: "db".into(),
        expression: Some("t.*".into()),
        ..Default::default()
    };
    assert_eq!(house.call::<aws::ListTableMetadata>(request).await.unwrap().table_metadata_list.unwrap().len(), 1);
    let request =
        GetDatabaseInput { catalog_name: "AwsDataCatalog".into(), database_name: "nope".into(), work_group: None };
    assert_eq!(refusal(house.call::<aws::GetDatabase>(request).await), "MetadataException: Database nope not found.");
}
