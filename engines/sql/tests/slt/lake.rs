//! The small lake of the scripts: objects in memory, and the catalog that describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int32Builder, Int64Array, ListBuilder, MapBuilder, StringArray,
    StringBuilder, StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;
use futures_util::future::BoxFuture;
use haar_kernel::{MemoryObjects, Objects, Timestamp};
use haar_sql::{
    Catalog, LakeColumn, LakePartition, LakeTable, PartitionFilter, Relation, RelationName, SqlError, Storage, View,
    ViewColumn,
};

const PARQUET: (&str, &str) = (
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
);
const TEXT: (&str, &str) =
    ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe");

/// `default.people`, `default.numbers`, `default.visits` (CSV, partitioned), `default.adults` (a view),
/// `tpch.nation`, `tpch.region`.
pub fn build() -> (Arc<dyn Objects>, Arc<dyn Catalog>) {
    let objects = MemoryObjects::default();
    let mut catalog = TestCatalog::default();
    people(&objects, &mut catalog);
    numbers(&objects, &mut catalog);
    codes(&objects, &mut catalog);
    visits(&objects, &mut catalog);
    geography(&objects, &mut catalog);
    let adults = View {
        sql: "SELECT id, name FROM people WHERE age >= 18".to_owned(),
        columns: vec![
            ViewColumn { name: "id".to_owned(), trino_type: "bigint".to_owned() },
            ViewColumn { name: "name".to_owned(), trino_type: "varchar".to_owned() },
        ],
        catalog: Some("awsdatacatalog".to_owned()),
        schema: Some("default".to_owned()),
    };
    catalog.relations.insert(RelationName::new("awsdatacatalog", "default", "adults"), Relation::View(adults));
    (Arc::new(objects), Arc::new(catalog))
}

/// 1 Ann 31, 2 Bob 17, 3 Cleo 45, 4 (nothing known), with nested columns.
fn people(objects: &MemoryObjects, catalog: &mut TestCatalog) {
    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("red"), Some("green")]);
    tags.append_value([Option::<&str>::None]);
    tags.append_value([Option::<&str>::None; 0]);
    tags.append_null();
    let mut points = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for (key, value) in [("chess", 7), ("go", 3)] {
        points.keys().append_value(key);
        points.values().append_value(value);
    }
    points.append(true).unwrap();
    points.keys().append_value("go");
    points.values().append_null();
    points.append(true).unwrap();
    points.append(true).unwrap();
    points.append(false).unwrap();
    let address = StructArray::new(
        vec![Field::new("city", DataType::Utf8, true), Field::new("zip", DataType::Int32, true)].into(),
        vec![
            Arc::new(StringArray::from(vec![Some("Paris"), Some("Rome"), None, None])) as ArrayRef,
            Arc::new(Int32Array::from(vec![Some(75001), None, None, None])),
        ],
        Some(vec![true, true, true, false].into()),
    );
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("id", "bigint", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("name", "string", Arc::new(StringArray::from(vec![Some("Ann"), Some("Bob"), Some("Cleo"), None]))),
        ("age", "int", Arc::new(Int32Array::from(vec![Some(31), Some(17), Some(45), None]))),
        ("score", "double", Arc::new(Float64Array::from(vec![Some(1.5), Some(-2.25), Some(1e10), None]))),
        ("born", "date", Arc::new(Date32Array::from(vec![Some(8431), Some(13_666), Some(3653), None]))),
        (
            "seen",
            "timestamp",
            Arc::new(TimestampMillisecondArray::from(vec![
                Some(1_577_880_000_123),
                Some(0),
                Some(1_704_067_199_999),
                None,
            ])),
        ),
        ("tags", "array<string>", Arc::new(tags.finish())),
        ("points", "map<string,int>", Arc::new(points.finish())),
        ("address", "struct<city:string,zip:int>", Arc::new(address)),
    ];
    catalog.parquet(objects, "default", "people", columns);
}

/// `n` from 1 to 1000, `square`, and `parity`.
fn numbers(objects: &MemoryObjects, catalog: &mut TestCatalog) {
    let parity = |n: i64| if n % 2 == 0 { "even" } else { "odd" };
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("n", "bigint", Arc::new(Int64Array::from_iter_values(1..=1000))),
        ("square", "bigint", Arc::new(Int64Array::from_iter_values((1..=1000).map(|n| n * n)))),
        ("parity", "string", Arc::new(StringArray::from_iter_values((1..=1000).map(parity)))),
    ];
    catalog.parquet(objects, "default", "numbers", columns);
}

/// `code` is as Parquet has it: without the spaces of its type.
fn codes(objects: &MemoryObjects, catalog: &mut TestCatalog) {
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("id", "int", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("code", "char(4)", Arc::new(StringArray::from(vec![Some("ab"), Some("abcde"), None]))),
    ];
    catalog.parquet(objects, "default", "codes", columns);
}

/// A CSV with a partition for each of three days of two years.
fn visits(objects: &MemoryObjects, catalog: &mut TestCatalog) {
    let name = RelationName::new("awsdatacatalog", "default", "visits");
    let storage = storage(TEXT, "s3://lake/default/visits/", &[("field.delim", ",")]);
    let table = LakeTable {
        name: name.clone(),
        columns: vec![LakeColumn::new("page", "string"), LakeColumn::new("millis", "int")],
        partition_keys: vec![LakeColumn::new("year", "int"), LakeColumn::new("day", "string")],
        storage: storage.clone(),
        parameters: BTreeMap::new(),
    };
    let mut partitions = Vec::new();
    for (year, day, rows) in [
        ("2022", "12-31", "/home,12\n/about,7\n"),
        ("2023", "01-01", "/home,15\n"),
        ("2023", "12-31", "/home,\n/about,9\n/help,101\n"),
    ] {
        let folder = format!("default/visits/year={year}/day={day}/");
        objects.put("lake", &format!("{folder}part-0.csv"), Timestamp::default(), rows);
        partitions.push(LakePartition {
            values: vec![year.to_owned(), day.to_owned()],
            storage: Storage { location: format!("s3://lake/{folder}"), ..storage.clone() },
        });
    }
    catalog.partitions.insert(name.clone(), partitions);
    catalog.relations.insert(name, Relation::Table(table));
}

/// TPC-H's regions and nations, without their comments.
fn geography(objects: &MemoryObjects, catalog: &mut TestCatalog) {
    const REGIONS: [&str; 5] = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
    const NATIONS: [(&str, i32); 25] = [
        ("ALGERIA", 0),
        ("ARGENTINA", 1),
        ("BRAZIL", 1),
        ("CANADA", 1),
        ("EGYPT", 4),
        ("ETHIOPIA", 0),
        ("FRANCE", 3),
        ("GERMANY", 3),
        ("INDIA", 2),
        ("INDONESIA", 2),
        ("IRAN", 4),
        ("IRAQ", 4),
        ("JAPAN", 2),
        ("JORDAN", 4),
        ("KENYA", 0),
        ("MOROCCO", 0),
        ("MOZAMBIQUE", 0),
        ("PERU", 1),
        ("CHINA", 2),
        ("ROMANIA", 3),
        ("SAUDI ARABIA", 4),
        ("VIETNAM", 2),
        ("RUSSIA", 3),
        ("UNITED KINGDOM", 3),
        ("UNITED STATES", 1),
    ];
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("r_regionkey", "int", Arc::new(Int32Array::from_iter_values(0..5))),
        ("r_name", "string", Arc::new(StringArray::from(REGIONS.to_vec()))),
    ];
    catalog.parquet(objects, "tpch", "region", columns);
    let columns: Vec<(&str, &str, ArrayRef)> = vec![
        ("n_nationkey", "int", Arc::new(Int32Array::from_iter_values(0..25))),
        ("n_name", "string", Arc::new(StringArray::from_iter_values(NATIONS.iter().map(|(name, _)| name)))),
        ("n_regionkey", "int", Arc::new(Int32Array::from_iter_values(NATIONS.iter().map(|(_, region)| *region)))),
    ];
    catalog.parquet(objects, "tpch", "nation", columns);
}

fn storage((input_format, serde): (&str, &str), location: &str, parameters: &[(&str, &str)]) -> Storage {
    Storage {
        location: location.to_owned(),
        input_format: Some(input_format.to_owned()),
        serde_library: Some(serde.to_owned()),
        serde_parameters: parameters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

#[derive(Default)]
struct TestCatalog {
    relations: BTreeMap<RelationName, Relation>,
    partitions: BTreeMap<RelationName, Vec<LakePartition>>,
}

impl TestCatalog {
    fn parquet(&mut self, objects: &MemoryObjects, schema: &str, name: &str, columns: Vec<(&str, &str, ArrayRef)>) {
        let rows = RecordBatch::try_from_iter_with_nullable(
            columns.iter().map(|(name, _, values)| (*name, values.clone(), true)),
        );
        let rows = rows.unwrap();
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        let folder = format!("{schema}/{name}/");
        objects.put("lake", &format!("{folder}part-0.parquet"), Timestamp::default(), bytes);
        let name = RelationName::new("awsdatacatalog", schema, name);
        let table = LakeTable {
            name: name.clone(),
            columns: columns.iter().map(|(name, hive_type, _)| LakeColumn::new(name, hive_type)).collect(),
            partition_keys: Vec::new(),
            storage: storage(PARQUET, &format!("s3://lake/{folder}"), &[]),
            parameters: BTreeMap::new(),
        };
        self.relations.insert(name, Relation::Table(table));
    }
}

impl Catalog for TestCatalog {
    fn catalogs(&self) -> BoxFuture<'_, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["awsdatacatalog".to_owned()]) })
    }

    fn schemas<'a>(&'a self, _catalog: &'a str) -> BoxFuture<'a, Result<Vec<String>, SqlError>> {
        Box::pin(async { Ok(vec!["default".to_owned(), "tpch".to_owned()]) })
    }

    fn relations<'a>(
        &'a self,
        catalog: &'a str,
        schema: &'a str,
    ) -> BoxFuture<'a, Result<Vec<(String, Relation)>, SqlError>> {
        Box::pin(async move {
            let inside = self.relations.iter().filter(|(name, _)| name.catalog == catalog && name.schema == schema);
            Ok(inside.map(|(name, relation)| (name.name.clone(), relation.clone())).collect())
        })
    }

    fn relation<'a>(&'a self, name: &'a RelationName) -> BoxFuture<'a, Result<Option<Relation>, SqlError>> {
        Box::pin(async move { Ok(self.relations.get(name).cloned()) })
    }

    fn partitions<'a>(
        &'a self,
        table: &'a LakeTable,
        _filter: Option<&'a PartitionFilter>,
    ) -> BoxFuture<'a, Result<Vec<LakePartition>, SqlError>> {
        Box::pin(async move { Ok(self.partitions.get(&table.name).cloned().unwrap_or_default()) })
    }
}
