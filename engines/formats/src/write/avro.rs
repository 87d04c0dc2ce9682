//! Avro container files.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use arrow_avro::compression::CompressionCodec;
use arrow_avro::writer::format::AvroOcfFormat;
use arrow_avro::writer::{Writer, WriterBuilder};

use super::{FileWriter, Sink, layout, not_supported, writer_error};
use crate::compression::Compression;
use crate::error::FormatError;
use crate::types::{Column, HiveType, entries_field, item_field};

/// Begins a file.
pub fn writer(
    columns: &[Column],
    compression: Option<Compression>,
    sink: Sink,
) -> Result<Box<dyn FileWriter>, FormatError> {
    let fields: Vec<_> =
        columns.iter().map(|column| Field::new(&column.name, written_type(&column.hive_type), true)).collect();
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let codec = match compression {
        None => None,
        Some(Compression::Deflate | Compression::Gzip) => Some(CompressionCodec::Deflate),
        Some(Compression::Snappy) => Some(CompressionCodec::Snappy),
        Some(Compression::Zstd) => Some(CompressionCodec::ZStandard),
        Some(Compression::Bzip2) => Some(CompressionCodec::Bzip2),
        Some(Compression::Lz4) => return Err(not_supported("Avro files cannot be compressed with LZ4")),
    };
    let builder = WriterBuilder::new(schema.as_ref().clone()).with_compression(codec);
    let writer = builder.build::<_, AvroOcfFormat>(sink).map_err(|error| writer_error(&error))?;
    Ok(Box::new(AvroFile { columns: columns.to_vec(), schema, writer }))
}

/// The layout that the library gives Hive's Avro types: plain strings, and instants for timestamps.
fn written_type(of: &HiveType) -> DataType {
    match of {
        HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => DataType::Utf8,
        // Avro has no integers that are smaller.
        HiveType::Tinyint | HiveType::Smallint => DataType::Int32,
        HiveType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into())),
        HiveType::Array(item) => DataType::List(Arc::new(item_field(written_type(item)))),
        HiveType::Map(_, value) => DataType::Map(Arc::new(entries_field(DataType::Utf8, written_type(value))), false),
        HiveType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|(name, of)| Field::new(name, written_type(of), true)).collect())
        }
        other => other.arrow(),
    }
}

struct AvroFile {
    columns: Vec<Column>,
    schema: SchemaRef,
    writer: Writer<Sink, AvroOcfFormat>,
}

impl FileWriter for AvroFile {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), FormatError> {
        let arrays = layout(&self.columns, batch, |column| written_type(&column.hive_type))?;
        let batch = RecordBatch::try_new(self.schema.clone(), arrays).map_err(|error| writer_error(&error))?;
        self.writer.write(&batch).map_err(|error| writer_error(&error))
    }

    fn finish(mut self: Box<Self>) -> Result<(), FormatError> {
        self.writer.finish().map_err(|error| writer_error(&error))
    }
}
