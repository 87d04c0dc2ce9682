//! Scans as DataFusion runs them: what is found, what is read, and what is refused.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use datafusion::datasource::source_as_provider;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::TableSource;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::future::BoxFuture;
use haar_kernel::{MemoryObjects, Timestamp};
use parking_lot::Mutex;

use super::{Chunks, Lake, Meter, STORE_URL};
use crate::catalog::{Catalog, LakeColumn, LakePartition, LakeTable, PartitionFilter, Relation, RelationName, Storage};
use crate::error::SqlError;
use crate::run::failure;

/// A table `t`, its objects, and what its queries ask.
struct House {
    objects: MemoryObjects,
    table: LakeTable,
    catalog: Arc<Partitions>,
    lake: Arc<Lake>,
}

/// Partitions of the one table, and the filters that were asked with.
#[derive(Default)]
struct Partitions {
    partitions: Mutex<Vec<LakePartition>>,
    asked: Mutex<Vec<Option<String>>>,
}

impl Catalog for Partitions {
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn schemas<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn relations<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn relation<'a>(&'a self, _: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>> {
        Box::pin(async { Ok(None) })
    }

    fn partitions<'a>(
        &'a self,
        _: &'a LakeTable,
        filter: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>> {
        self.asked.lock().push(filter.map(|filter| filter.expression().to_owned()));
        let partitions = self.partitions.lock().clone();
        Box::pin(async { Ok(partitions) })
    }
}

fn parquet_storage(location: &str) -> Storage {
    Storage {
        location: location.to_owned(),
        input_format: Some("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat".to_owned()),
        serde_library: Some("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe".to_owned()),
        serde_parameters: BTreeMap::new(),
    }
}

fn parquet_bytes(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let rows = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true)));
    let rows = rows.unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    bytes
}

impl House {
    fn new(columns: &[(&str, &str)], keys: &[(&str, &str)], storage: Storage) -> Self {
        let lake_columns =
            |columns: &[(&str, &str)]| columns.iter().map(|(name, of)| LakeColumn::new(name, of)).collect();
        let objects = MemoryObjects::default();
        Self {
            lake: Arc::new(Lake::new(Arc::new(objects.clone()), Chunks::new(1 << 30))),
            objects,
            table: LakeTable {
                name: RelationName::new("awsdatacatalog", "db", "t"),
                columns: lake_columns(columns),
                partition_keys: lake_columns(keys),
                storage,
                parameters: BTreeMap::new(),
            },
            catalog: Arc::default(),
        }
    }

    fn put(&self, key: &str, bytes: Vec<u8>) {
        self.objects.put("lake", key, Timestamp::from_seconds(1_700_000_000), bytes);
    }

    fn partition(&self, values: &[&str], location: &str) {
        self.catalog.partitions.lock().push(LakePartition {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            storage: Storage { location: location.to_owned(), ..self.table.storage.clone() },
        });
    }

    async fn run(&self, sql: &str, meter: &Arc<Meter>) -> Result<Vec<String>, SqlError> {
        let catalog: Arc<dyn Catalog> = self.catalog.clone();
        let now = Timestamp::parse_iso8601("2024-03-01T00:00:00Z").unwrap();
        let source = self.lake.table(self.table.clone(), &catalog, meter, now)?;
        run_over(&source, sql).await
    }

    async fn rows(&self, sql: &str) -> Result<Vec<String>, SqlError> {
        self.run(sql, &Arc::new(Meter::new(None))).await
    }
}

/// The rows of a statement of DataFusion's own dialect over a table `t`, sorted.
pub(super) async fn run_over(table: &Arc<dyn TableSource>, sql: &str) -> Result<Vec<String>, SqlError> {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().execution.parquet.pushdown_filters = true;
    let context = SessionContext::new_with_config(config);
    let url = ObjectStoreUrl::parse(STORE_URL).unwrap();
    context.register_object_store(url.as_ref(), Arc::new(object_store::memory::InMemory::new()));
    context.register_table("t", source_as_provider(table).unwrap()).unwrap();
    let batches = context.sql(sql).await.map_err(failure)?.collect().await.map_err(failure)?;
    let mut rows: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.num_rows()).map(|row| {
                let values = batch.columns().iter().map(|values| array_value_to_string(values, row).unwrap());
                values.collect::<Vec<_>>().join("|")
            })
        })
        .collect();
    rows.sort();
    Ok(rows)
}

/// Three partitions with one file each; `n` counts through them.
fn by_year() -> House {
    let house = House::new(&[("n", "bigint")], &[("year", "int")], parquet_storage("s3://lake/t/"));
    for (at, year) in ["2021", "2022", "2023"].iter().enumerate() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![at as i64 * 10, at as i64 * 10 + 1]));
        house.put(&format!("t/year={year}/part.parquet"), parquet_bytes(vec![("n", values)]));
        house.partition(&[year], &format!("s3://lake/t/year={year}/"));
    }
    house
}

#[tokio::test]
async fn predicates_on_keys_choose_partitions_and_are_told_to_the_catalog() {
    let house = by_year();
    let meter = Arc::new(Meter::new(None));
    let rows = house.run("SELECT n, year FROM t WHERE year >= 2022 AND year <> 2023", &meter).await.unwrap();
    assert_eq!(rows, ["10|2022", "11|2022"]);
    assert_eq!(meter.files(), 1);
    assert_eq!(house.catalog.asked.lock().last().unwrap().as_deref(), Some("(year >= 2022) AND (year <> 2023)"));
}

#[tokio::test]
async fn predicates_that_no_catalog_understands_prune_all_the_same() {
    let house = by_year();
    let meter = Arc::new(Meter::new(None));
    let rows = house.run("SELECT n FROM t WHERE year % 2 = 0", &meter).await.unwrap();
    assert_eq!((rows.len(), meter.files()), (2, 1));
    let rows = house.run("SELECT \"$path\" FROM t WHERE \"$path\" LIKE '%2023%' LIMIT 1", &meter).await.unwrap();
    assert_eq!(rows, ["s3://lake/t/year=2023/part.parquet"]);
}

#[tokio::test]
async fn files_whose_statistics_rule_them_out_are_not_read() {
    let house = by_year();
    let meter = Arc::new(Meter::new(None));
    assert_eq!(house.run("SELECT n FROM t WHERE n = 21", &meter).await.unwrap(), ["21"]);
    assert_eq!(meter.files(), 1);
    let before = meter.bytes();
    assert_eq!(house.run("SELECT n FROM t WHERE n = 99", &meter).await.unwrap(), [""; 0]);
    assert_eq!((meter.files(), meter.bytes()), (1, before));
}

#[tokio::test]
async fn counting_rows_of_parquet_reads_no_data() {
    let house = by_year();
    let meter = Arc::new(Meter::new(None));
    assert_eq!(house.run("SELECT count(*) FROM t", &meter).await.unwrap(), ["6"]);
    assert_eq!(meter.bytes(), 0);
}

#[tokio::test]
async fn only_the_chunks_of_wanted_columns_are_metered() {
    let house = House::new(&[("a", "bigint"), ("b", "string")], &[], parquet_storage("s3://lake/t/"));
    let a: ArrayRef = Arc::new(Int64Array::from_iter_values(0..1000));
    let b: ArrayRef = Arc::new(StringArray::from_iter_values((0..1000).map(|n| format!("a long text {n}"))));
    house.put("t/x.parquet", parquet_bytes(vec![("a", a), ("b", b)]));
    let (narrow, wide) = (Arc::new(Meter::new(None)), Arc::new(Meter::new(None)));
    house.run("SELECT sum(a) FROM t", &narrow).await.unwrap();
    house.run("SELECT a, b FROM t", &wide).await.unwrap();
    assert!(narrow.bytes() > 0 && narrow.bytes() * 2 < wide.bytes(), "{} of {}", narrow.bytes(), wide.bytes());
}

#[tokio::test]
async fn a_query_that_reads_more_than_it_may_fails() {
    let house = by_year();
    let error = house.run("SELECT sum(n) FROM t", &Arc::new(Meter::new(Some(10)))).await.unwrap_err();
    assert_eq!(error.to_string(), "EXCEEDED_SCAN_LIMIT: Bytes scanned limit was exceeded");
}

#[tokio::test]
async fn columns_are_found_by_name_widened_and_filled_with_null() {
    let columns = [("id", "bigint"), ("seen", "timestamp"), ("name", "string"), ("late", "double")];
    let house = House::new(&columns, &[], parquet_storage("s3://lake/t/"));
    let name: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let id: ArrayRef = Arc::new(Int32Array::from(vec![7]));
    let seen: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_577_880_000_123_456]).with_timezone("UTC"));
    house.put("t/old.parquet", parquet_bytes(vec![("NAME", name), ("Id", id), ("seen", seen)]));
    let rows = house.rows("SELECT id, seen, name, late FROM t WHERE id = 7 AND name = 'x'").await.unwrap();
    assert_eq!(rows, ["7|2020-01-01T12:00:00.123|x|"]);
}

#[tokio::test]
async fn a_column_of_another_type_is_bad_data_once_it_is_read() {
    let house = House::new(&[("a", "string"), ("b", "bigint")], &[], parquet_storage("s3://lake/t/"));
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    house.put("t/x.parquet", parquet_bytes(vec![("a", values.clone()), ("b", values)]));
    assert_eq!(house.rows("SELECT b FROM t").await.unwrap(), ["1"]);
    assert_eq!(
        house.rows("SELECT a FROM t").await.unwrap_err().to_string(),
        "HIVE_BAD_DATA: Field a's type INT64 in parquet file s3://lake/t/x.parquet is incompatible with type varchar defined in table schema"
    );
}

#[tokio::test]
async fn projected_partitions_are_never_asked_of_the_catalog_and_only_needed_folders_are_listed() {
    let mut house = by_year();
    for (key, value) in
        [("projection.enabled", "true"), ("projection.year.type", "integer"), ("projection.year.range", "2000,2100")]
    {
        house.table.parameters.insert(key.to_owned(), value.to_owned());
    }
    assert_eq!(house.rows("SELECT n FROM t WHERE year = 2023").await.unwrap(), ["20", "21"]);
    assert_eq!(house.rows("SELECT n FROM t WHERE year BETWEEN 2021 AND 2022").await.unwrap().len(), 4);
    assert!(house.catalog.asked.lock().is_empty());
}

#[tokio::test]
async fn keys_that_are_null_or_no_number_are_told_apart() {
    let house = by_year();
    house.put(
        "t/year=__HIVE_DEFAULT_PARTITION__/p.parquet",
        parquet_bytes(vec![("n", Arc::new(Int64Array::from(vec![5])))]),
    );
    house.partition(&["__HIVE_DEFAULT_PARTITION__"], "s3://lake/t/year=__HIVE_DEFAULT_PARTITION__/");
    assert_eq!(house.rows("SELECT n FROM t WHERE year IS NULL").await.unwrap(), ["5"]);
    house.partition(&["many"], "s3://lake/t/year=many/");
    let error = house.rows("SELECT n FROM t").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value 'many' for INTEGER partition key: year"
    );
}

#[tokio::test]
async fn files_that_are_no_parquet_are_named() {
    let house = House::new(&[("a", "string")], &[], parquet_storage("s3://lake/t/"));
    house.put("t/x.parquet", b"a,b,c\n1,2,3\n".to_vec());
    let error = house.rows("SELECT a FROM t").await.unwrap_err();
    assert_eq!(error.name, "HIVE_BAD_DATA");
    assert!(error.message.contains("s3://lake/t/x.parquet"), "{error}");
}

#[tokio::test]
async fn a_table_without_files_is_empty() {
    let house = House::new(&[("a", "string")], &[], parquet_storage("s3://lake/t/"));
    assert_eq!(house.rows("SELECT a FROM t").await.unwrap(), [""; 0]);
    assert_eq!(house.rows("SELECT count(*) FROM t").await.unwrap(), ["0"]);
}
