//! `"t$files"`: the files that a table's current snapshot is made of, with what manifests know of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int32Array, ListArray, MapArray, StringViewArray, StructArray,
    new_empty_array,
};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{DataType, Int32Type};
use arrow::record_batch::RecordBatch;

use super::bounds;
use super::manifest::{self, DELETED, Manifest, read};
use super::metadata::{Snapshot, TableMetadata};
use super::tables::Facts;
use crate::error::SqlError;
use crate::lake::Lake;
use crate::types::Type;

/// Of a manifest's entries, beside the partition.
const DATA_FILE: &str = "content:int,file_path:string,file_format:string,record_count:bigint,\
    file_size_in_bytes:bigint,column_sizes:array<struct<key:int,value:bigint>>,\
    value_counts:array<struct<key:int,value:bigint>>,null_value_counts:array<struct<key:int,value:bigint>>,\
    nan_value_counts:array<struct<key:int,value:bigint>>,lower_bounds:array<struct<key:int,value:binary>>,\
    upper_bounds:array<struct<key:int,value:binary>>,key_metadata:binary,split_offsets:array<bigint>,\
    equality_ids:array<int>";

/// The places of the bounds among the above.
pub(super) const LOWER_BOUNDS: usize = 9;
pub(super) const UPPER_BOUNDS: usize = 10;
pub(super) const NULL_COUNTS: usize = 7;
pub(super) const NAN_COUNTS: usize = 8;

/// The files that are alive, one row each; `partition` is Hive's type of what they are partitioned by, and comes last.
pub(super) async fn alive(
    lake: &Lake,
    snapshot: Option<&Snapshot>,
    partition: Option<&str>,
) -> Result<Option<StructArray>, SqlError> {
    let Some(snapshot) = snapshot else { return Ok(None) };
    let manifests: Vec<Manifest> = match &snapshot.manifest_list {
        Some(list) => manifest::manifests(lake.opened(list).await?)?,
        None => snapshot.manifests.iter().cloned().map(Manifest::plain).collect(),
    };
    let partition = partition.map(|of| format!(",partition:{of}")).unwrap_or_default();
    let columns = ["status:int".to_owned(), format!("data_file:struct<{DATA_FILE}{partition}>")];
    let mut batches: Vec<RecordBatch> = Vec::new();
    for manifest in &manifests {
        for batch in read(lake.opened(&manifest.path).await?, None, &columns)? {
            let alive = batch.column(0).as_primitive::<Int32Type>().iter().map(|status| Some(status != Some(DELETED)));
            batches.push(filter_record_batch(&batch, &alive.collect())?);
        }
    }
    let Some(first) = batches.first() else { return Ok(None) };
    let rows = concat_batches(&first.schema(), &batches)?;
    Ok(Some(rows.column(1).as_struct().clone()))
}

pub(super) async fn columns(
    lake: &Lake,
    metadata: &TableMetadata,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<Facts>, SqlError> {
    let files = alive(lake, snapshot, None).await?;
    let leaves = metadata.leaves()?;
    let counts = || Type::map(Type::Integer, Type::Bigint);
    let texts = || Type::map(Type::Integer, Type::VARCHAR);
    let names = [
        ("content", Type::Integer),
        ("file_path", Type::VARCHAR),
        ("file_format", Type::VARCHAR),
        ("record_count", Type::Bigint),
        ("file_size_in_bytes", Type::Bigint),
        ("column_sizes", counts()),
        ("value_counts", counts()),
        ("null_value_counts", counts()),
        ("nan_value_counts", counts()),
        ("lower_bounds", texts()),
        ("upper_bounds", texts()),
        ("key_metadata", Type::Varbinary),
        ("split_offsets", Type::array(Type::Bigint)),
        ("equality_ids", Type::array(Type::Integer)),
    ];
    let column = |(at, (name, of)): (usize, (&'static str, Type))| {
        let values = match &files {
            None => new_empty_array(&of.layout()),
            Some(files) => match (&of, files.column(at)) {
                // Version 1 knows only rows.
                (Type::Integer, content) => {
                    let content = content.as_primitive::<Int32Type>();
                    Arc::new(Int32Array::from_iter_values(content.iter().map(Option::unwrap_or_default)))
                }
                (Type::Map(..), pairs) => map(pairs.as_list(), &of, &leaves)?,
                (Type::Array(_), list) => crate::lake::conform(list, &of.layout())?,
                (_, values) => values.clone(),
            },
        };
        Ok((name, of, values))
    };
    names.into_iter().enumerate().map(column).collect()
}

/// A list of pairs as a map; bytes are bounds, and shown as text.
fn map(pairs: &ListArray, of: &Type, leaves: &BTreeMap<i32, (String, Type)>) -> Result<ArrayRef, SqlError> {
    let (_, offsets, items, nulls) = pairs.clone().into_parts();
    let (keys, values) = (items.as_struct().column(0), items.as_struct().column(1));
    let values = match values.data_type() {
        DataType::Binary => {
            let (ids, bytes): (&Int32Array, &BinaryArray) = (keys.as_primitive(), values.as_binary());
            let shown = ids.iter().zip(bytes).map(|(id, bytes)| {
                let (_, of) = leaves.get(&id?)?;
                bounds::text(&bounds::value(bytes?, of)?)
            });
            Arc::new(StringViewArray::from_iter(shown)) as ArrayRef
        }
        _ => values.clone(),
    };
    let DataType::Map(entries, sorted) = of.layout() else {
        return Err(SqlError::internal("a map without a map's layout"));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(SqlError::internal("a map's entries are no struct"));
    };
    let items = StructArray::try_new(fields.clone(), vec![keys.clone(), values], None)?;
    Ok(Arc::new(MapArray::try_new(entries, offsets, items, nulls, sorted)?))
}
