//! Avro container files.

use std::sync::Arc;

use arrow_avro::reader::{ReaderBuilder, read_header_info};
use arrow_avro::schema::AvroSchema;
use haar_kernel::objects::OpenObject;
use serde_json::Value;

use crate::conform::{Conform, FileKind, compact, find_columns};
use crate::error::FormatError;
use crate::format::Batches;
use crate::guard::{guarded, guarded_batches};
use crate::source::ObjectReader;
use crate::types::Column;

/// Reads a whole file. `schema_literal` is the table's `avro.schema.literal`, which the file's schema is resolved
/// against: it brings defaults and aliases.
pub fn read(
    source: Arc<dyn OpenObject>,
    columns: &[Column],
    projection: &[usize],
    schema_literal: Option<&str>,
    batch_rows: usize,
) -> Result<Batches, FormatError> {
    let path = source.meta().key.clone();
    let size = source.meta().size;
    if size == 0 {
        return Ok(Box::new(std::iter::empty()));
    }
    let batches: Batches = guarded("Avro", &path, || {
        let open = |error: &dyn std::error::Error| {
            FormatError::open_split(format!("Error opening Hive split {path}: {error}"))
        };
        // The header is read more than once, first in small steps: which columns there are decides which are read.
        let header = || ObjectReader::of_split(source.clone(), &(0..0));
        let reader_schema = match schema_literal {
            None => None,
            Some(literal) => {
                let info = read_header_info(header()).map_err(|error| open(&error))?;
                let written = info.writer_schema().map_err(|error| open(&error))?;
                Some(rename_record(literal, &written.json_string))
            }
        };
        // Views of strings are not asked for: this version of the library loses their nulls.
        let builder = || {
            let builder = ReaderBuilder::new().with_batch_size(batch_rows.max(1));
            match &reader_schema {
                Some(schema) => builder.with_reader_schema(AvroSchema::new(schema.clone())),
                None => builder,
            }
        };
        let schema = builder().build(header()).map_err(|error| open(&error))?.schema();
        let sources =
            find_columns(schema.fields().iter().map(|field| field.name().as_str()), columns, projection, false);
        let (mut read, places) = compact(&sources);
        if read.is_empty() && !schema.fields().is_empty() {
            // Rows are counted by decoding one column.
            read.push(0);
        }
        let wanted = projection.iter().map(|at| columns[*at].clone()).collect();
        let conform = Conform::new(FileKind::Avro, &path, wanted, places);
        let batches =
            builder().with_projection(read).build(ObjectReader::new(source.clone())).map_err(|error| open(&error))?;
        let of = path.clone();
        let batches = batches.map(move |batch| {
            let batch = batch.map_err(|error| FormatError::bad_data(format!("Malformed Avro file. {error} [{of}]")))?;
            conform.batch(&batch)
        });
        Ok(Box::new(batches) as Batches)
    })?;
    Ok(guarded_batches("Avro", path, batches))
}

/// The table's schema with the name that the file's record has: tables are named by people and files by programs, and
/// Hive compares only what is inside.
fn rename_record(literal: &str, written: &str) -> String {
    let (Ok(mut literal_schema), Ok(written)) =
        (serde_json::from_str::<Value>(literal), serde_json::from_str::<Value>(written))
    else {
        // The library says what is wrong with it.
        return literal.to_owned();
    };
    if let (Some(schema), Some(written)) = (literal_schema.as_object_mut(), written.as_object()) {
        for name in ["name", "namespace"] {
            schema.remove(name);
            if let Some(value) = written.get(name) {
                schema.insert(name.to_owned(), value.clone());
            }
        }
    }
    literal_schema.to_string()
}
