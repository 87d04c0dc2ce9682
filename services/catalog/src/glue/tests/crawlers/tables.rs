//! What crawls write to the catalog.

use super::*;

#[tokio::test]
async fn a_table_is_described_as_glue_does() {
    let lake = lake();
    lake.put("sales/year=2024/a.csv", "id,price\n1,2.5\n2,3\n");
    lake.put("sales/year=2025/a.csv", "id,price\n3,2.5\n");
    lake.create(crawler("s3://lake/sales")).await;
    assert_eq!(lake.crawl().await, "1/0/0 2/0/0");
    let table = lake.table("sales").await;
    assert_eq!(describe(&table), "sales: id bigint, price double by year");
    assert_eq!((table.owner.as_deref(), table.table_type.as_deref()), (Some("owner"), Some("EXTERNAL_TABLE")));
    assert_eq!(table.created_by.as_deref(), Some("arn:aws:iam::000000000000:root"));
    let key = &table.partition_keys.as_ref().unwrap()[0];
    assert_eq!(key.r#type.as_deref(), Some("string"));
    let storage = table.storage_descriptor.unwrap();
    assert_eq!(storage.location.as_deref(), Some("s3://lake/sales/"));
    assert_eq!(storage.input_format.as_deref(), Some("org.apache.hadoop.mapred.TextInputFormat"));
    let serde = storage.serde_info.unwrap();
    assert_eq!(serde.serialization_library.as_deref(), Some("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"));
    assert_eq!(serde.parameters, Some(map(&[("field.delim", ",")])));
    let mut parameters = table.parameters.unwrap();
    let run = parameters.remove("CRAWL_RUN_ID");
    assert_eq!(run, lake.crawls().await[0].crawl_id);
    let expected = map(&[
        ("CrawlerSchemaDeserializerVersion", "1.0"),
        ("CrawlerSchemaSerializerVersion", "1.0"),
        ("UPDATED_BY_CRAWLER", "c"),
        ("areColumnsQuoted", "false"),
        ("averageRecordSize", "11"),
        ("classification", "csv"),
        ("columnsOrdered", "true"),
        ("compressionType", "none"),
        ("delimiter", ","),
        ("objectCount", "2"),
        ("partition_filtering.enabled", "true"),
        ("recordCount", "3"),
        ("sizeKey", "34"),
        ("skip.header.line.count", "1"),
        ("typeOfData", "file"),
    ]);
    assert_eq!(parameters, expected);
    let request = GetPartitionRequest {
        database_name: "db".into(),
        table_name: "sales".into(),
        partition_values: texts(&["2025"]),
        ..Default::default()
    };
    let partition = lake.house.call::<aws::GetPartition>(request).await.unwrap().partition.unwrap();
    assert_eq!(partition.parameters.unwrap()["recordCount"], "1");
    let storage = partition.storage_descriptor.unwrap();
    assert_eq!(storage.location.as_deref(), Some("s3://lake/sales/year=2025/"));
    assert_eq!(storage.columns.unwrap().len(), 2);
}

#[tokio::test]
async fn new_tables_with_partitions_get_an_index() {
    let lake = lake();
    lake.put("t/day=1/a.json", "{\"a\": 1}");
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    let request =
        GetPartitionIndexesRequest { database_name: "db".into(), table_name: "t".into(), ..Default::default() };
    let indexes = lake.house.call::<aws::GetPartitionIndexes>(request).await.unwrap();
    let index = &indexes.partition_index_descriptor_list.unwrap()[0];
    assert_eq!((index.index_name.as_str(), index.keys[0].name.as_str()), ("crawler_partition_index", "day"));
}

#[tokio::test]
async fn json_keeps_the_spelling_of_its_names_for_the_serde() {
    let lake = lake();
    lake.put("t/a.json", "{\"userId\": 1, \"Name\": null, \"tags\": [{\"Key\": \"x\"}]}\n");
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    assert_eq!(lake.tables().await, ["t: userid int, name string, tags array<struct<Key:string>>"]);
    let serde = lake.table("t").await.storage_descriptor.unwrap().serde_info.unwrap();
    assert_eq!(serde.serialization_library.as_deref(), Some("org.openx.data.jsonserde.JsonSerDe"));
    assert_eq!(serde.parameters, Some(map(&[("paths", "Name,tags,userId")])));
}

#[tokio::test]
async fn nothing_changes_when_nothing_has_changed() {
    let lake = lake();
    lake.put("t/k=1/a.csv", "id,n\n1,2\n");
    lake.create(crawler("s3://lake/t/")).await;
    assert_eq!(lake.crawl().await, "1/0/0 1/0/0");
    assert_eq!(lake.crawl().await, "0/0/0 0/0/0");
    assert_eq!(lake.table("t").await.version_id.as_deref(), Some("0"));
}

#[tokio::test]
async fn new_data_change_tables_and_partitions() {
    let lake = lake();
    lake.put("t/k=1/a.json", "{\"a\": 1}");
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    lake.put("t/k=1/b.json", "{\"a\": 1.5}");
    lake.put("t/k=2/a.json", "{\"a\": 1}");
    assert_eq!(lake.crawl().await, "0/1/0 1/1/0");
    assert_eq!(lake.tables().await, ["t: a double by k"]);
    assert_eq!(lake.partitions("t").await, ["1: 2", "2: 1"]);
}

#[tokio::test]
async fn a_logged_change_leaves_the_table_as_it_is() {
    let lake = lake();
    lake.put("t/k=1/a.json", "{\"a\": 1}");
    let policy = SchemaChangePolicy { update_behavior: Some(UpdateBehavior::Log), ..Default::default() };
    lake.create(CreateCrawlerRequest { schema_change_policy: Some(policy), ..crawler("s3://lake/t/") }).await;
    lake.crawl().await;
    lake.put("t/k=1/a.json", "{\"a\": \"text\"}");
    lake.put("t/k=2/a.json", "{\"a\": \"text\"}");
    assert_eq!(lake.crawl().await, "0/0/0 1/0/0");
    assert_eq!(lake.tables().await, ["t: a int by k"]);
}

#[tokio::test]
async fn merging_adds_columns_and_keeps_the_others() {
    let lake = lake();
    lake.put("t/a.json", "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1}");
    let configuration = r#"{"Version": 1.0, "CrawlerOutput": {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}"#;
    lake.create(CreateCrawlerRequest { configuration: Some(configuration.into()), ..crawler("s3://lake/t/") }).await;
    lake.crawl().await;
    lake.put("t/a.json", "{\"a\": \"x\", \"b\": 1, \"c\": 1, \"e\": 1}");
    assert_eq!(lake.crawl().await, "0/1/0 0/0/0");
    assert_eq!(lake.tables().await, ["t: a int, b int, c int, d int, e int"]);
    lake.put("t/a.json", "id,n\n1,2\n");
    assert_eq!(lake.crawl().await, "0/1/0 0/0/0");
    assert!(lake.table("t").await.parameters.unwrap().contains_key("DEPRECATED_BY_CRAWLER"));
    assert_eq!(lake.crawl().await, "0/0/0 0/0/0");
}

#[tokio::test]
async fn partitions_can_inherit_from_their_table() {
    let lake = lake();
    lake.put("t/k=1/a.json", "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1}");
    lake.put("t/k=2/a.json", "{\"a\": 1, \"b\": 1, \"c\": 1, \"e\": 1.5}");
    let configuration =
        r#"{"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}"#;
    lake.create(CreateCrawlerRequest { configuration: Some(configuration.into()), ..crawler("s3://lake/t/") }).await;
    lake.crawl().await;
    let request = GetPartitionsRequest { database_name: "db".into(), table_name: "t".into(), ..Default::default() };
    let partitions = lake.house.call::<aws::GetPartitions>(request).await.unwrap().partitions.unwrap();
    for (partition, location) in partitions.iter().zip(["s3://lake/t/k=1/", "s3://lake/t/k=2/"]) {
        let storage = partition.storage_descriptor.as_ref().unwrap();
        assert_eq!(storage.columns.as_ref().unwrap().len(), 5);
        assert_eq!(storage.location.as_deref(), Some(location));
    }
}

#[tokio::test]
async fn what_is_gone_is_marked_or_deleted() {
    for (behavior, changes, left) in [
        (None, "1/1/0 0/1/0", 2),
        (Some(DeleteBehavior::Log), "1/0/0 0/0/0", 2),
        (Some(DeleteBehavior::DeleteFromDatabase), "1/0/1 0/0/1", 1),
    ] {
        let lake = lake();
        let policy = SchemaChangePolicy { delete_behavior: behavior, update_behavior: Some(UpdateBehavior::Log) };
        let request = CreateCrawlerRequest {
            schema_change_policy: Some(policy),
            table_prefix: Some("p_".into()),
            ..crawler("s3://lake/")
        };
        lake.create(request).await;
        lake.put("orders/k=1/a.json", "{\"a\": 1}");
        lake.put("orders/k=2/a.json", "{\"a\": 1}");
        lake.put("users/a.json", "{\"b\": 1}");
        assert_eq!(lake.crawl().await, "2/0/0 2/0/0");
        assert_eq!(lake.tables().await, ["p_orders: a int by k", "p_users: b int"]);
        // Empty objects are no data. Another folder keeps the one that is left from being all that there is.
        lake.put("orders/k=2/a.json", "");
        lake.put("users/a.json", "");
        lake.put("others/a.json", "{\"c\": 1}");
        assert_eq!(lake.crawl().await, changes);
        assert_eq!(lake.tables().await.len(), left + 1);
        assert_eq!(lake.partitions("p_orders").await.len(), left);
        // What is marked already is not marked again.
        assert_eq!(lake.crawl().await, "0/0/0 0/0/0");
    }
}

#[tokio::test]
async fn a_table_that_comes_back_is_no_longer_marked() {
    let lake = lake();
    lake.put("t/a.json", "{\"a\": 1}");
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    lake.put("t/a.json", "");
    assert_eq!(lake.crawl().await, "0/1/0 0/0/0");
    assert!(lake.table("t").await.parameters.unwrap().contains_key("DEPRECATED_BY_CRAWLER"));
    lake.put("t/a.json", "{\"a\": 1}");
    assert_eq!(lake.crawl().await, "0/1/0 0/0/0");
    assert!(!lake.table("t").await.parameters.unwrap().contains_key("DEPRECATED_BY_CRAWLER"));
}

#[tokio::test]
async fn a_name_that_is_taken_gets_a_hash() {
    let lake = lake();
    lake.put("a/t/x.json", "{\"a\": 1}");
    lake.put("b/t/x.json", "{\"b\": 1}");
    let both =
        ["s3://lake/a/t/", "s3://lake/b/t/"].map(|path| S3Target { path: Some(path.into()), ..Default::default() });
    let targets = CrawlerTargets { s3_targets: Some(both.to_vec()), ..Default::default() };
    lake.create(CreateCrawlerRequest { targets, ..crawler("s3://lake/") }).await;
    assert_eq!(lake.crawl().await, "2/0/0 0/0/0");
    let tables = lake.tables().await;
    assert_eq!(tables[0], "t: a int");
    assert!(tables[1].starts_with("t_") && tables[1].ends_with(": b int"));
    assert_eq!(lake.crawl().await, "0/0/0 0/0/0");
}

#[tokio::test]
async fn exclusions_samples_and_objects_of_their_own() {
    let lake = lake();
    for number in 0..5 {
        lake.put(&format!("t/{number}.json"), &format!("{{\"c{number}\": 1, \"a\": 1, \"b\": 1, \"d\": 1}}"));
    }
    lake.put("t/skipped.csv", "id,n\n1,2\n");
    lake.put("t/_SUCCESS", "x");
    let target = S3Target {
        path: Some("s3://lake/t".into()),
        exclusions: Some(texts(&["**.csv"])),
        sample_size: Some(2),
        ..Default::default()
    };
    let targets = CrawlerTargets { s3_targets: Some(vec![target]), ..Default::default() };
    lake.create(CreateCrawlerRequest { targets, ..crawler("s3://lake/") }).await;
    lake.crawl().await;
    assert_eq!(lake.tables().await, ["t: c0 int, a int, b int, d int, c1 int"]);
    let parameters = lake.table("t").await.parameters.unwrap();
    assert_eq!((parameters["objectCount"].as_str(), parameters["recordCount"].as_str()), ("5", "5"));
    assert_eq!(parameters["exclusions"], "[\"s3://lake/t/**.csv\"]");
    // One object is a target too.
    let request = UpdateCrawlerRequest {
        name: "c".into(),
        targets: Some(super::targets("s3://lake/t/skipped.csv")),
        ..Default::default()
    };
    lake.house.call::<aws::UpdateCrawler>(request).await.unwrap();
    lake.crawl().await;
    let table = lake.table("skipped_csv").await;
    assert_eq!(describe(&table), "skipped_csv: id bigint, n bigint");
    assert_eq!(table.storage_descriptor.unwrap().location.as_deref(), Some("s3://lake/t/skipped.csv"));
}

#[tokio::test]
async fn classifiers_of_ones_own_are_asked_first() {
    let lake = lake();
    lake.put("t/a.json", "[{\"a\": 1}, {\"a\": 2}]");
    let json = CreateJsonClassifierRequest { name: "j".into(), json_path: "$[*]".into() };
    let request = CreateClassifierRequest { json_classifier: Some(json), ..Default::default() };
    lake.house.call::<aws::CreateClassifier>(request).await.unwrap();
    lake.create(crawler("s3://lake/t/")).await;
    lake.crawl().await;
    assert_eq!(lake.tables().await, ["t: array array<struct<a:int>>"]);
    let request = UpdateCrawlerRequest { name: "c".into(), classifiers: Some(texts(&["j"])), ..Default::default() };
    lake.house.call::<aws::UpdateCrawler>(request).await.unwrap();
    lake.crawl().await;
    assert_eq!(lake.tables().await, ["t: a int"]);
    assert_eq!(lake.table("t").await.parameters.unwrap()["jsonPath"], "$[*]");
}

#[tokio::test]
async fn an_incremental_crawl_looks_at_new_folders_only() {
    let lake = lake();
    lake.put("t/k=1/a.json", "{\"a\": 1}");
    let policy = RecrawlPolicy { recrawl_behavior: Some(RecrawlBehavior::CrawlNewFoldersOnly) };
    lake.create(CreateCrawlerRequest { recrawl_policy: Some(policy), ..crawler("s3://lake/t/") }).await;
    assert_eq!(lake.crawl().await, "1/0/0 1/0/0");
    lake.put("t/k=1/b.json", "{\"b\": 1}");
    lake.put("t/k=2/a.json", "{\"a\": 1}");
    assert_eq!(lake.crawl().await, "0/0/0 1/0/0");
    // What is too different from the table is left out.
    lake.put("t/k=3/a.json", "{\"z\": 1}");
    assert_eq!(lake.crawl().await, "0/0/0 0/0/0");
    assert_eq!(lake.partitions("t").await, ["1: 1", "2: 1"]);
    assert_eq!(lake.tables().await, ["t: a int by k"]);
    let other = UpdateCrawlerRequest { name: "c".into(), targets: Some(targets("s3://lake/x/")), ..Default::default() };
    let answer = lake.house.call::<aws::UpdateCrawler>(other).await;
    assert_eq!(answer.expect_err("a refusal").name, "InvalidInputException");
}

#[tokio::test]
async fn too_many_tables_fail_the_crawl_and_write_nothing() {
    let lake = lake();
    lake.put("x/a.json", "{\"a\": 1}");
    lake.put("y/a.json", "{\"b\": 1}");
    let configuration = r#"{"Version": 1.0, "CrawlerOutput": {"Tables": {"TableThreshold": 1}}}"#;
    lake.create(CreateCrawlerRequest { configuration: Some(configuration.into()), ..crawler("s3://lake/") }).await;
    let expected = "The number of tables detected by crawler: 2 is greater than the table threshold value provided: 1. \
                    Failing crawler without writing to Data Catalog.";
    assert_eq!(lake.fail().await, expected);
    assert!(lake.tables().await.is_empty());
}

#[tokio::test]
async fn tables_of_the_catalog_are_targets() {
    let lake = lake();
    lake.house.call::<aws::CreateDatabase>(database("db")).await.unwrap();
    let storage = StorageDescriptor { location: Some("s3://lake/t/".into()), ..Default::default() };
    let own = TableInput {
        storage_descriptor: Some(storage),
        description: Some("mine".into()),
        partition_keys: Some(vec![column("k", "string")]),
        ..input("mine")
    };
    lake.house.call::<aws::CreateTable>(table(own)).await.unwrap();
    lake.put("t/k=1/a.json", "{\"a\": 1}");
    let target = CatalogTarget { database_name: "db".into(), tables: texts(&["mine"]), ..Default::default() };
    let targets = CrawlerTargets { catalog_targets: Some(vec![target]), ..Default::default() };
    lake.create(CreateCrawlerRequest { targets, database_name: None, ..crawler("s3://lake/") }).await;
    assert_eq!(lake.crawl().await, "0/1/0 1/0/0");
    assert_eq!(lake.tables().await, ["mine: a int by k"]);
    assert_eq!(lake.table("mine").await.description.as_deref(), Some("mine"));
}

#[tokio::test]
async fn grok_classifiers_make_tables_for_the_grok_serde() {
    let lake = lake();
    lake.put("t/a.log", "INFO 1 ready\nWARN 2 slow\n");
    let grok = CreateGrokClassifierRequest {
        name: "g".into(),
        classification: "mine".into(),
        grok_pattern: "%{LEVEL:level} %{NUMBER:code:int} %{GREEDYDATA:text}".into(),
        custom_patterns: Some("LEVEL (INFO|WARN)".into()),
    };
    let request = CreateClassifierRequest { grok_classifier: Some(grok), ..Default::default() };
    lake.house.call::<aws::CreateClassifier>(request).await.unwrap();
    lake.create(CreateCrawlerRequest { classifiers: Some(texts(&["g"])), ..crawler("s3://lake/t/") }).await;
    lake.crawl().await;
    let table = lake.table("t").await;
    assert_eq!(describe(&table), "t: level string, code int, text string");
    assert_eq!(table.parameters.unwrap()["classification"], "mine");
    let serde = table.storage_descriptor.unwrap().serde_info.unwrap();
    assert_eq!(serde.serialization_library.as_deref(), Some("com.amazonaws.glue.serde.GrokSerDe"));
    let expected = map(&[
        ("input.format", "%{LEVEL:level} %{NUMBER:code:int} %{GREEDYDATA:text}"),
        ("input.grokCustomPatterns", "LEVEL (INFO|WARN)"),
    ]);
    assert_eq!(serde.parameters, Some(expected));
}
