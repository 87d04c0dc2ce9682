//! Manifests: which files a snapshot of an Iceberg table is made of.
//!
//! <https://iceberg.apache.org/spec/#manifests>

use std::sync::Arc;

use arrow::array::{Array, AsArray, StructArray};
use arrow::datatypes::{Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use haar_formats::{Column, HiveType, TableFormat};
use haar_kernel::OpenObject;

use crate::error::SqlError;

const BATCH_ROWS: usize = 4096;

/// The status of a file that a manifest only remembers.
pub(super) const DELETED: i32 = 2;

/// What is read of a manifest list. The defaults are those of version 1, which has less to say.
const LIST: &str = r#"{"type": "record", "name": "manifest_file", "fields": [
    {"name": "manifest_path", "type": "string"},
    {"name": "content", "type": "int", "default": 0},
    {"name": "sequence_number", "type": "long", "default": 0}
]}"#;

/// What is read of a manifest. Partition values are not: files tell their bounds themselves.
const ENTRIES: &str = r#"{"type": "record", "name": "manifest_entry", "fields": [
    {"name": "status", "type": "int"},
    {"name": "sequence_number", "type": ["null", "long"], "default": null},
    {"name": "data_file", "type": {"type": "record", "name": "r2", "fields": [
        {"name": "content", "type": "int", "default": 0},
        {"name": "file_path", "type": "string"},
        {"name": "file_format", "type": "string"},
        {"name": "record_count", "type": "long"}
    ]}}
]}"#;

/// A manifest, as a manifest list has it.
pub(super) struct Manifest {
    pub(super) path: String,
    pub(super) deletes: bool,
    /// Of the files that do not say their own.
    sequence: i64,
}

impl Manifest {
    /// One that version 1 names without a list.
    pub(super) fn plain(path: String) -> Self {
        Self { path, deletes: false, sequence: 0 }
    }
}

/// A file of a snapshot.
pub(super) struct DataFile {
    pub(super) path: String,
    pub(super) content: Content,
    /// `PARQUET`.
    pub(super) format: String,
    pub(super) rows: i64,
    /// Deletes count for files whose number is not greater.
    pub(super) sequence: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Rows,
    /// Rows of other files, by their place.
    PositionDeletes,
    /// Rows of other files, by values.
    EqualityDeletes,
}

/// The manifests of a list.
pub(super) fn manifests(list: Arc<dyn OpenObject>) -> Result<Vec<Manifest>, SqlError> {
    let columns = ["manifest_path:string", "content:int", "sequence_number:bigint"];
    let mut manifests = Vec::new();
    for batch in read(list, Some(LIST), &columns)? {
        let paths = batch.column(0).as_string_view();
        for row in 0..batch.num_rows() {
            manifests.push(Manifest {
                path: paths.value(row).to_owned(),
                deletes: integer(&batch, 1, row) == Some(1),
                sequence: long(batch.column(2).as_ref(), row).unwrap_or(0),
            });
        }
    }
    Ok(manifests)
}

/// The files that are alive in a manifest.
pub(super) fn files(open: Arc<dyn OpenObject>, manifest: &Manifest) -> Result<Vec<DataFile>, SqlError> {
    let columns = [
        "status:int",
        "sequence_number:bigint",
        "data_file:struct<content:int,file_path:string,file_format:string,record_count:bigint>",
    ];
    let mut files = Vec::new();
    for batch in read(open, Some(ENTRIES), &columns)? {
        let data: &StructArray = batch.column(2).as_struct();
        for row in 0..batch.num_rows() {
            if integer(&batch, 0, row) == Some(DELETED) {
                continue;
            }
            let content = data.column(0).as_primitive::<Int32Type>();
            files.push(DataFile {
                content: match content.is_valid(row).then(|| content.value(row)) {
                    Some(1) => Content::PositionDeletes,
                    Some(2) => Content::EqualityDeletes,
                    _ => Content::Rows,
                },
                path: data.column(1).as_string_view().value(row).to_owned(),
                format: data.column(2).as_string_view().value(row).to_uppercase(),
                rows: long(data.column(3).as_ref(), row).unwrap_or(0),
                sequence: long(batch.column(1).as_ref(), row).unwrap_or(manifest.sequence),
            });
        }
    }
    Ok(files)
}

/// Columns of an Avro file: as Hive spells them, resolved against a schema that brings defaults, if there is one.
pub(super) fn read(
    open: Arc<dyn OpenObject>,
    schema: Option<&str>,
    columns: &[impl AsRef<str>],
) -> Result<Vec<RecordBatch>, SqlError> {
    let failed = |error: haar_formats::FormatError| SqlError::new(error.name, error.message);
    let column = |described: &str| {
        let (name, of) = described.split_once(':').unwrap_or((described, "string"));
        Ok(Column::new(name, HiveType::parse(of).map_err(failed)?))
    };
    let columns = columns.iter().map(|described| column(described.as_ref())).collect::<Result<Vec<_>, SqlError>>()?;
    let all: Vec<usize> = (0..columns.len()).collect();
    let format = TableFormat::Avro { schema_literal: schema.map(str::to_owned) };
    let batches = format.read(open, None, &columns, &all, BATCH_ROWS).map_err(failed)?;
    batches.map(|batch| batch.map_err(failed)).collect()
}

fn integer(batch: &RecordBatch, column: usize, row: usize) -> Option<i32> {
    let values = batch.column(column).as_primitive::<Int32Type>();
    values.is_valid(row).then(|| values.value(row))
}

fn long(values: &dyn Array, row: usize) -> Option<i64> {
    let values = values.as_primitive::<Int64Type>();
    values.is_valid(row).then(|| values.value(row))
}
