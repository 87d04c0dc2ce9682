//! Queries become files, and files read again are the queries' rows.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use haar_kernel::Objects;

use super::*;
use crate::testkit::{TestHouse, TestSinks, keys};

const PARQUET: &str = "ql.io.parquet.serde.ParquetHiveSerDe";

fn spec(format: WriteFormat) -> WriteSpec {
    WriteSpec {
        format,
        compression: None,
        partitioned_by: Vec::new(),
        bucketed_by: None,
        target: None,
        single_file: false,
    }
}

impl TestHouse {
    async fn write(&self, sql: &str, spec: WriteSpec, folder: &'static str) -> Result<Written, SqlError> {
        let query = self.query(sql).await?;
        let sinks = Arc::new(TestSinks { objects: self.objects.clone(), folder });
        self.engine.write(query, spec, sinks).await
    }
}

const ROWS: &str = "SELECT * FROM (VALUES \
    (BIGINT '1', 'a', DATE '2020-01-31', DECIMAL '1.50', ARRAY['x', NULL], true), \
    (BIGINT '2', NULL, NULL, DECIMAL '-0.25', ARRAY[], false)) AS t (id, name, day, price, tags, flag)";

const READ: [&str; 2] = ["1|a|2020-01-31|1.50|[x, null]|true", "2|NULL|NULL|-0.25|[]|false"];

#[tokio::test]
async fn every_format_reads_as_it_was_written() {
    for (format, serde, ending) in [
        (WriteFormat::Parquet, PARQUET, ""),
        (WriteFormat::Json, "serde2.JsonSerDe", ".gz"),
        (WriteFormat::Text { field_delimiter: '\u{1}' }, "serde2.lazy.LazySimpleSerDe", ".gz"),
        (WriteFormat::Avro, "serde2.avro.AvroSerDe", ""),
    ] {
        let house = TestHouse::open();
        let written = house.write(ROWS, spec(format), "t/").await.unwrap();
        assert_eq!(written.rows, 2);
        let columns: Vec<(&str, &str)> =
            written.columns.iter().map(|column| (column.name.as_str(), column.hive_type.as_str())).collect();
        assert_eq!(
            columns,
            [
                ("id", "bigint"),
                ("name", "varchar(1)"),
                ("day", "date"),
                ("price", "decimal(3,2)"),
                ("tags", "array<varchar(1)>"),
                ("flag", "boolean")
            ]
        );
        for file in &written.files {
            assert!(file.key.starts_with("20240203_040506_0") && file.key.ends_with(ending), "{}", file.key);
            assert_eq!(file.bytes, house.objects.find("lake", &format!("t/{}", file.key)).unwrap().size);
        }
        house.catalog.add("t", serde, &columns, &[]);
        assert_eq!(house.rows("SELECT * FROM t").await.unwrap(), READ, "{serde}");
    }
}

#[tokio::test]
async fn partition_keys_become_directories() {
    let house = TestHouse::open();
    let spec = WriteSpec { partitioned_by: vec!["year".to_owned(), "place".to_owned()], ..spec(WriteFormat::Parquet) };
    let sql = "SELECT * FROM (VALUES (1, 2020, 'a/b'), (2, 2021, NULL), (3, 2020, 'a/b')) AS t (n, year, place)";
    let written = house.write(sql, spec, "t/").await.unwrap();
    let partitions: BTreeSet<&[String]> = written.files.iter().map(|file| file.partition.as_slice()).collect();
    let (first, second) =
        (["2020".to_owned(), "a/b".to_owned()], ["2021".to_owned(), "__HIVE_DEFAULT_PARTITION__".to_owned()]);
    assert_eq!(partitions, BTreeSet::from([first.as_slice(), second.as_slice()]));
    assert!(keys(&house.objects).iter().any(|key| key.starts_with("t/year=2020/place=a%2Fb/")));
    assert_eq!(written.partition_keys.len(), 2);
    house.catalog.add("t", PARQUET, &[("n", "int")], &[("year", "int"), ("place", "string")]);
    house.catalog.add_partition("t", &["2020", "a/b"], "t/year=2020/place=a%2Fb/");
    assert_eq!(house.rows("SELECT n, year, place FROM t").await.unwrap(), ["1|2020|a/b", "3|2020|a/b"]);
}

#[tokio::test]
async fn more_than_a_hundred_partitions_are_refused() {
    let house = TestHouse::open();
    let spec = WriteSpec { partitioned_by: vec!["p".to_owned()], ..spec(WriteFormat::Json) };
    let error = house.write("SELECT 1 AS n, p FROM UNNEST(sequence(1, 101)) AS t (p)", spec, "t/").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets"
    );
    assert_eq!(keys(&house.objects), [""; 0]);
}

#[tokio::test]
async fn rows_of_a_bucket_share_one_file() {
    let house = TestHouse::open();
    let bucketing = Bucketing { columns: vec!["n".to_owned()], count: 3 };
    let spec = WriteSpec { bucketed_by: Some(bucketing), ..spec(WriteFormat::Parquet) };
    let written = house.write("SELECT n FROM (VALUES 0, 1, 2, 3, 4, 6) AS t (n)", spec, "t/").await.unwrap();
    let mut files: Vec<(&str, u64)> = written.files.iter().map(|file| (&file.key[..9], file.rows)).collect();
    files.sort_unstable();
    assert_eq!(files, [("000000_0_", 3), ("000001_0_", 2), ("000002_0_", 1)]);
}

#[tokio::test]
async fn inserted_columns_are_those_that_were_named_and_the_others_are_null() {
    let house = TestHouse::open();
    let target = Target {
        columns: vec![LakeColumn::new("a", "bigint"), LakeColumn::new("b", "string"), LakeColumn::new("c", "double")],
        named: vec!["c".to_owned(), "a".to_owned()],
    };
    let insert = WriteSpec { target: Some(target.clone()), ..spec(WriteFormat::Parquet) };
    house.write("SELECT 2, 1", insert, "t/").await.unwrap();
    house.catalog.add("t", PARQUET, &[("a", "bigint"), ("b", "string"), ("c", "double")], &[]);
    assert_eq!(house.rows("SELECT a, b, c FROM t").await.unwrap(), ["1|NULL|2.0"]);
    let insert = WriteSpec { target: Some(target), ..spec(WriteFormat::Parquet) };
    assert_eq!(
        house.write("SELECT 'x', 1", insert, "t/").await.unwrap_err().to_string(),
        "TYPE_MISMATCH: Insert query has mismatched column types: Table: [double, bigint], Query: [varchar(1), integer]"
    );
}

#[tokio::test]
async fn a_query_that_fails_leaves_no_file_of_its_own() {
    let house = TestHouse::open();
    let error =
        house.write("SELECT 1 / (n - 3) AS x FROM (VALUES 1, 2, 3) AS t (n)", spec(WriteFormat::Json), "t/").await;
    assert_eq!(error.unwrap_err().name, "DIVISION_BY_ZERO");
    assert_eq!(keys(&house.objects), [""; 0]);
}

#[tokio::test]
async fn what_hive_has_no_type_for_is_refused() {
    let house = TestHouse::open();
    for (sql, message) in [
        ("SELECT NULL AS x", "NOT_SUPPORTED: Unsupported Hive type: unknown"),
        ("SELECT TIME '10:11:12' AS x", "NOT_SUPPORTED: Unsupported Hive type: time(0)"),
    ] {
        assert_eq!(house.write(sql, spec(WriteFormat::Json), "t/").await.unwrap_err().to_string(), message);
    }
}
