//! `"t$manifests"`: the manifests of a table's current snapshot.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int32Array, ListArray, StringViewArray, StructArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Int32Type};

use super::bounds;
use super::manifest::read;
use super::metadata::{Snapshot, TableMetadata};
use super::tables::Facts;
use crate::error::SqlError;
use crate::lake::Lake;
use crate::lake::conform::conform;
use crate::types::Type;

/// Of a manifest list. Writers know the counts of files under two names.
const COLUMNS: [&str; 14] = [
    "manifest_path:string",
    "manifest_length:bigint",
    "partition_spec_id:int",
    "added_snapshot_id:bigint",
    "added_files_count:int",
    "added_data_files_count:int",
    "added_rows_count:bigint",
    "existing_files_count:int",
    "existing_data_files_count:int",
    "existing_rows_count:bigint",
    "deleted_files_count:int",
    "deleted_data_files_count:int",
    "deleted_rows_count:bigint",
    "partitions:array<struct<contains_null:boolean,contains_nan:boolean,lower_bound:binary,upper_bound:binary>>",
];

pub(super) async fn columns(
    lake: &Lake,
    metadata: &TableMetadata,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<Facts>, SqlError> {
    let batches = match snapshot.map(|snapshot| &snapshot.manifest_list) {
        Some(Some(list)) => read(lake.opened(list).await?, None, &COLUMNS)?,
        Some(None) => {
            return Err(SqlError::not_supported("Iceberg snapshots without a manifest list say nothing here"));
        }
        None => Vec::new(),
    };
    let batch = match batches.first() {
        Some(first) => Some(concat_batches(&first.schema(), &batches)?),
        None => None,
    };
    let column = |at: usize, of: &Type| match &batch {
        Some(batch) => Ok::<ArrayRef, SqlError>(batch.column(at).clone()),
        None => Ok(arrow::array::new_empty_array(&of.layout())),
    };
    let count = |at: usize| {
        let (one, other) = (column(at, &Type::Integer)?, column(at + 1, &Type::Integer)?);
        let (one, other) = (one.as_primitive::<Int32Type>(), other.as_primitive::<Int32Type>());
        let counts = one.iter().zip(other).map(|(one, other)| one.or(other));
        Ok::<ArrayRef, SqlError>(Arc::new(Int32Array::from_iter(counts)))
    };
    let summary = Type::array(Type::Row(vec![
        (Some("contains_null".to_owned()), Type::Boolean),
        (Some("contains_nan".to_owned()), Type::Boolean),
        (Some("lower_bound".to_owned()), Type::VARCHAR),
        (Some("upper_bound".to_owned()), Type::VARCHAR),
    ]));
    let summaries = match &batch {
        Some(batch) => {
            let specs = batch.column(2).as_primitive::<Int32Type>();
            let types = specs.iter().map(|spec| metadata.partition_types(spec.unwrap_or(0)));
            let types = types.collect::<Result<Vec<_>, _>>()?;
            conform(&shown(batch.column(13).as_list(), &types)?, &summary.layout())?
        }
        None => column(13, &summary)?,
    };
    Ok(vec![
        ("path", Type::VARCHAR, column(0, &Type::VARCHAR)?),
        ("length", Type::Bigint, column(1, &Type::Bigint)?),
        ("partition_spec_id", Type::Integer, column(2, &Type::Integer)?),
        ("added_snapshot_id", Type::Bigint, column(3, &Type::Bigint)?),
        ("added_data_files_count", Type::Integer, count(4)?),
        ("added_rows_count", Type::Bigint, column(6, &Type::Bigint)?),
        ("existing_data_files_count", Type::Integer, count(7)?),
        ("existing_rows_count", Type::Bigint, column(9, &Type::Bigint)?),
        ("deleted_data_files_count", Type::Integer, count(10)?),
        ("deleted_rows_count", Type::Bigint, column(12, &Type::Bigint)?),
        ("partition_summaries", summary, summaries),
    ])
}

/// Summaries with their bounds as text; of each row the types of what it is partitioned by.
fn shown(summaries: &ListArray, types: &[Vec<Type>]) -> Result<ArrayRef, SqlError> {
    let (_, offsets, items, nulls) = summaries.clone().into_parts();
    let (fields, mut columns, item_nulls) = items.as_struct().clone().into_parts();
    let mut of: Vec<&Type> = vec![&Type::Unknown; items.len()];
    for (range, types) in offsets.windows(2).zip(types) {
        let places = range[0] as usize..range[1] as usize;
        places.zip(types).for_each(|(place, known)| of[place] = known);
    }
    for at in [2, 3] {
        let bytes: &BinaryArray = columns[at].as_binary();
        let texts = bytes.iter().zip(&of).map(|(bytes, of)| bounds::text(&bounds::value(bytes?, of)?));
        columns[at] = Arc::new(StringViewArray::from_iter(texts));
    }
    let text = |at: usize| if at < 2 { DataType::Boolean } else { DataType::Utf8View };
    let fields = fields.iter().enumerate();
    let fields = fields.map(|(at, field)| field.as_ref().clone().with_data_type(text(at))).collect();
    let items = StructArray::try_new(fields, columns, item_nulls)?;
    let item = arrow::datatypes::Field::new_list_field(items.data_type().clone(), true);
    Ok(Arc::new(ListArray::try_new(Arc::new(item), offsets, Arc::new(items), nulls)?))
}
