//! Iceberg tables that pyiceberg wrote, and deletes that it does not write.
//!
//! `tests/data/iceberg` is a table of three rows, of which a column was renamed and one was added, then a fourth row
//! was appended, the first snapshot was tagged, and the second row was deleted.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use haar_kernel::{MemoryObjects, Timestamp};
use parquet::arrow::arrow_reader::RowSelector;

use super::*;
use crate::lake::Chunks;
use crate::lake::tests::run_over;

const FIRST: i64 = 7_293_377_417_546_369_745;

fn lake() -> Arc<Lake> {
    let objects = MemoryObjects::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/iceberg");
    for folder in ["metadata", "data"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            #[expect(clippy::disallowed_methods, reason = "a test reads its table")]
            let bytes = std::fs::read(entry.path()).unwrap();
            let key = format!("wh/db/t/{folder}/{}", entry.file_name().to_string_lossy());
            objects.put("lake", &key, Timestamp::default(), bytes);
        }
    }
    Arc::new(Lake::new(Arc::new(objects), Chunks::new(1 << 30)))
}

async fn rows(sql: &str, version: Option<TableVersion>) -> Result<Vec<String>, SqlError> {
    let table = LakeTable {
        name: crate::catalog::RelationName::new("awsdatacatalog", "db", "t"),
        columns: Vec::new(),
        partition_keys: Vec::new(),
        storage: Default::default(),
        parameters: [
            ("table_type".to_owned(), "ICEBERG".to_owned()),
            ("metadata_location".to_owned(), "s3://lake/wh/db/t/metadata/current.metadata.json".to_owned()),
        ]
        .into(),
    };
    let meter = Arc::new(Meter::new(None));
    let location = table.iceberg_metadata().unwrap();
    let source = lake().iceberg(&table, location, version.as_ref(), &meter).await?;
    run_over(&source, sql).await
}

#[tokio::test]
async fn the_current_snapshot_follows_renames_additions_and_deletions() {
    assert_eq!(rows("SELECT id, label, extra FROM t", None).await.unwrap(), ["1|a|", "3||", "4|d|e"]);
    assert_eq!(rows("SELECT id FROM t WHERE label = 'd' AND extra = 'e'", None).await.unwrap(), ["4"]);
    assert_eq!(rows("SELECT count(*) FROM t", None).await.unwrap(), ["3"]);
}

#[tokio::test]
async fn all_types_are_read() {
    assert_eq!(
        rows("SELECT ts, tz, d, dec, tags, s, t, m FROM t WHERE id = 1", None).await.unwrap(),
        ["2020-01-01T01:02:03.456789|2020-01-01T01:02:03.456789Z|2020-01-01|1.50|[x]|{a: 1, b: q}|01:02:03|{k: 1}"]
    );
}

#[tokio::test]
async fn earlier_snapshots_have_their_own_rows_and_columns() {
    let all = ["1|a", "2|b", "3|"];
    for version in [TableVersion::Snapshot(FIRST), TableVersion::Reference("first".to_owned())] {
        assert_eq!(rows("SELECT id, name FROM t", Some(version)).await.unwrap(), all);
    }
    let later = TableVersion::At(Timestamp::MAX);
    assert_eq!(rows("SELECT id, label FROM t", Some(later)).await.unwrap(), ["1|a", "3|", "4|d"]);
    let before = rows("SELECT id FROM t", Some(TableVersion::At(Timestamp::default()))).await.unwrap_err();
    assert_eq!(before.message, "No version history table awsdatacatalog.db.t at or before 1970-01-01T00:00:00Z");
    let unknown = rows("SELECT id FROM t", Some(TableVersion::Snapshot(7))).await.unwrap_err();
    assert_eq!(unknown.to_string(), "INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 7");
}

#[test]
fn rows_that_were_deleted_by_place_are_passed_over() {
    let file = |path: &str, places: &[i64]| -> Bytes {
        let paths: ArrayRef = Arc::new(StringArray::from(vec![path; places.len()]));
        let places: ArrayRef = Arc::new(Int64Array::from(places.to_vec()));
        let rows = RecordBatch::try_from_iter([("file_path", paths), ("pos", places)]).unwrap();
        let mut bytes = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        writer.close().unwrap();
        bytes.into()
    };
    let mut deletes = Deletes::default();
    deletes.add(file("a", &[0, 3, 3]), 5).unwrap();
    deletes.add(file("a", &[1]), 2).unwrap();
    let left: Vec<RowSelector> = deletes.left("a", 3, 6).unwrap().into();
    assert_eq!(left, [RowSelector::skip(1), RowSelector::select(2), RowSelector::skip(1), RowSelector::select(2)]);
    assert!(deletes.left("a", 6, 6).is_none());
    assert!(deletes.left("b", 1, 6).is_none());
}
