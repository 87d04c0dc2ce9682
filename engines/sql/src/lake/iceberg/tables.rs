//! Tables about an Iceberg table: `"t$snapshots"`, `"t$history"`, `"t$refs"`, `"t$manifests"`, `"t$files"` and
//! `"t$partitions"`, with the columns that Trino gives them.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html>

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int32Array, Int64Array, StringViewArray, TimestampMillisecondArray};
use arrow::array::{MapBuilder, MapFieldNames, StringViewBuilder};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::TableSource;

use super::metadata::{Snapshot, TableMetadata};
use super::{files, manifests, partitions};
use crate::catalog::LakeTable;
use crate::error::SqlError;
use crate::lake::Lake;
use crate::run::failure;
use crate::types::Type;

/// What is asked about a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Files,
    History,
    Manifests,
    Partitions,
    Refs,
    Snapshots,
}

impl About {
    /// The table and what is asked about it, of a name like `t$files`.
    pub(crate) fn of(name: &str) -> Option<(&str, Self)> {
        let (table, about) = name.rsplit_once('$')?;
        let about = match about {
            "files" => Self::Files,
            "history" => Self::History,
            "manifests" => Self::Manifests,
            "partitions" => Self::Partitions,
            "refs" => Self::Refs,
            "snapshots" => Self::Snapshots,
            _ => return None,
        };
        (!table.is_empty()).then_some((table, about))
    }
}

/// A column of such a table: its name, Trino's type, its values.
pub(super) type Facts = (&'static str, Type, ArrayRef);

impl Lake {
    /// A table about an Iceberg table, as it is now.
    pub(crate) async fn about_iceberg(
        self: &Arc<Self>,
        table: &LakeTable,
        metadata_location: &str,
        about: About,
    ) -> Result<Arc<dyn TableSource>, SqlError> {
        let metadata = TableMetadata::parse(&self.text(metadata_location).await?, metadata_location)?;
        let snapshot = metadata.snapshot(None, &table.name.to_string())?;
        let columns = match about {
            About::Snapshots => snapshots(&metadata)?,
            About::History => history(&metadata),
            About::Refs => refs(&metadata),
            About::Manifests => manifests::columns(self, &metadata, snapshot).await?,
            About::Files => files::columns(self, &metadata, snapshot).await?,
            About::Partitions => partitions::columns(self, &metadata, snapshot).await?,
        };
        let fields: Vec<Field> = columns.iter().map(|(name, of, _)| of.field(*name, true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let values = columns.into_iter().map(|(.., values)| values).collect();
        let batch = RecordBatch::try_new(schema.clone(), values)?;
        let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(failure)?;
        Ok(provider_as_source(Arc::new(table)))
    }
}

fn moments(millis: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampMillisecondArray::from_iter_values(millis).with_timezone("UTC"))
}

fn snapshots(metadata: &TableMetadata) -> Result<Vec<Facts>, SqlError> {
    let all = || metadata.snapshots.iter();
    let operation = |snapshot: &Snapshot| snapshot.summary.get(OPERATION).cloned();
    Ok(vec![
        ("committed_at", Type::TimestampTz(3), moments(all().map(|snapshot| snapshot.timestamp_ms))),
        (
            "snapshot_id",
            Type::Bigint,
            Arc::new(Int64Array::from_iter_values(all().map(|snapshot| snapshot.snapshot_id))),
        ),
        ("parent_id", Type::Bigint, Arc::new(Int64Array::from_iter(all().map(|snapshot| snapshot.parent_snapshot_id)))),
        ("operation", Type::VARCHAR, Arc::new(StringViewArray::from_iter(all().map(operation)))),
        (
            "manifest_list",
            Type::VARCHAR,
            Arc::new(StringViewArray::from_iter(all().map(|snapshot| snapshot.manifest_list.clone()))),
        ),
        ("summary", Type::map(Type::VARCHAR, Type::VARCHAR), summaries(all())?),
    ])
}

/// The key of a snapshot's summary that says what was done: a column of its own.
const OPERATION: &str = "operation";

fn summaries<'a>(snapshots: impl Iterator<Item = &'a Snapshot>) -> Result<ArrayRef, SqlError> {
    let names = MapFieldNames { entry: "entries".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    let mut maps = MapBuilder::new(Some(names), StringViewBuilder::new(), StringViewBuilder::new());
    for snapshot in snapshots {
        for (key, value) in snapshot.summary.iter().filter(|(key, _)| *key != OPERATION) {
            maps.keys().append_value(key);
            maps.values().append_value(value);
        }
        maps.append(true)?;
    }
    Ok(Arc::new(maps.finish()))
}

fn history(metadata: &TableMetadata) -> Vec<Facts> {
    let by_id = |id: i64| metadata.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id);
    let parent = |id: i64| by_id(id).and_then(|snapshot| snapshot.parent_snapshot_id);
    let mut ancestors = BTreeSet::new();
    let mut next = metadata.current_snapshot_id;
    // A chain that bites its own tail ends there.
    while let Some(id) = next.filter(|id| ancestors.insert(*id)) {
        next = parent(id);
    }
    let log = || metadata.snapshot_log.iter();
    vec![
        ("made_current_at", Type::TimestampTz(3), moments(log().map(|entry| entry.timestamp_ms))),
        ("snapshot_id", Type::Bigint, Arc::new(Int64Array::from_iter_values(log().map(|entry| entry.snapshot_id)))),
        ("parent_id", Type::Bigint, Arc::new(Int64Array::from_iter(log().map(|entry| parent(entry.snapshot_id))))),
        (
            "is_current_ancestor",
            Type::Boolean,
            Arc::new(BooleanArray::from_iter(log().map(|entry| Some(ancestors.contains(&entry.snapshot_id))))),
        ),
    ]
}

fn refs(metadata: &TableMetadata) -> Vec<Facts> {
    let all = || metadata.refs.values();
    vec![
        ("name", Type::VARCHAR, Arc::new(StringViewArray::from_iter_values(metadata.refs.keys()))),
        (
            "type",
            Type::VARCHAR,
            Arc::new(StringViewArray::from_iter_values(all().map(|reference| reference.kind.to_uppercase()))),
        ),
        (
            "snapshot_id",
            Type::Bigint,
            Arc::new(Int64Array::from_iter_values(all().map(|reference| reference.snapshot_id))),
        ),
        (
            "max_reference_age_in_ms",
            Type::Bigint,
            Arc::new(Int64Array::from_iter(all().map(|reference| reference.max_ref_age_ms))),
        ),
        (
            "min_snapshots_to_keep",
            Type::Integer,
            Arc::new(Int32Array::from_iter(all().map(|reference| reference.min_snapshots_to_keep))),
        ),
        (
            "max_snapshot_age_in_ms",
            Type::Bigint,
            Arc::new(Int64Array::from_iter(all().map(|reference| reference.max_snapshot_age_ms))),
        ),
    ]
}
