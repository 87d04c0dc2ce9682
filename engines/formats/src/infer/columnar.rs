//! The schemas that Parquet and ORC files carry in their footers.

use std::io::{self, Cursor};
use std::sync::Arc;

use arrow::datatypes::DataType;
use bytes::Bytes;
use haar_kernel::objects::OpenObject;
use orc_rust::reader::ChunkReader as OrcChunks;
use orc_rust::schema::DataType as OrcType;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::schema::Schema;
use super::shape::Shape;
use crate::error::FormatError;
use crate::types::HiveType;

/// What is read of a Parquet file's end at first. Most footers are smaller.
const FOOTER_BYTES: u64 = 1 << 16;

/// The largest footer that is read.
const FOOTER_BYTES_MAX: u64 = 64 << 20;

/// A schema, and how many rows have it.
pub type Described = (Schema, u64);

/// The schema in a Parquet file.
pub fn parquet(object: &dyn OpenObject) -> Result<Described, FormatError> {
    let broken = |error: ParquetError| FormatError::cursor(error.to_string());
    let metadata = parquet_metadata(object).map_err(broken)?;
    let file = metadata.file_metadata();
    // Without Arrow's own schema beside it: a crawler sees Parquet's types.
    let schema = parquet_to_arrow_schema(file.schema_descr(), None).map_err(broken)?;
    let fields = schema.fields().iter().map(|field| (field.name().clone(), Shape::of(&of_arrow(field.data_type()))));
    Ok((Schema::of(fields.collect()), u64::try_from(file.num_rows()).unwrap_or_default()))
}

fn parquet_metadata(object: &dyn OpenObject) -> Result<ParquetMetaData, ParquetError> {
    let size = object.meta().size;
    let mut wanted = FOOTER_BYTES.min(size);
    loop {
        let read = object.read_at(size - wanted..size);
        let tail = read.map_err(|error| ParquetError::General(error.to_string()))?;
        let mut reader = ParquetMetaDataReader::new();
        match reader.try_parse_sized(&tail, size) {
            Ok(()) => return reader.finish(),
            Err(ParquetError::NeedMoreData(needed)) if needed as u64 > wanted && needed as u64 <= size => {
                wanted = needed as u64;
                if wanted > FOOTER_BYTES_MAX {
                    return Err(ParquetError::General(format!("a footer of {wanted} bytes is too large")));
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// A Parquet type in Hive's language.
fn of_arrow(kind: &DataType) -> HiveType {
    match kind {
        DataType::Boolean => HiveType::Boolean,
        DataType::Int8 => HiveType::Tinyint,
        DataType::Int16 | DataType::UInt8 => HiveType::Smallint,
        DataType::Int32 | DataType::UInt16 | DataType::Time32(_) => HiveType::Int,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 | DataType::Time64(_) => HiveType::Bigint,
        DataType::Float16 | DataType::Float32 => HiveType::Float,
        DataType::Float64 => HiveType::Double,
        DataType::Date32 | DataType::Date64 => HiveType::Date,
        DataType::Timestamp(..) => HiveType::Timestamp,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            HiveType::Decimal((*precision).min(38), u8::try_from(*scale).unwrap_or_default())
        }
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            HiveType::Array(Box::new(of_arrow(item.data_type())))
        }
        DataType::Struct(fields) => {
            HiveType::Struct(fields.iter().map(|field| (field.name().clone(), of_arrow(field.data_type()))).collect())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let [key, value] = [&fields[0], &fields[1]].map(|field| Box::new(of_arrow(field.data_type())));
                HiveType::Map(key, value)
            }
            _ => HiveType::String,
        },
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            HiveType::Binary
        }
        _ => HiveType::String,
    }
}

/// The schema in an ORC file.
pub fn orc(object: Arc<dyn OpenObject>) -> Result<Described, FormatError> {
    crate::orc_tail::check(object.as_ref())?;
    let key = object.meta().key.clone();
    let metadata = crate::guard::guarded("ORC", &key, || {
        orc_rust::reader::metadata::read_metadata(&mut Chunks(object))
            .map_err(|error| FormatError::cursor(error.to_string()))
    })?;
    let columns = metadata.root_data_type().children().iter();
    let fields = columns.map(|column| (column.name().to_owned(), Shape::of(&of_orc(column.data_type()))));
    Ok((Schema::of(fields.collect()), metadata.number_of_rows()))
}

fn of_orc(kind: &OrcType) -> HiveType {
    match kind {
        OrcType::Boolean { .. } => HiveType::Boolean,
        OrcType::Byte { .. } => HiveType::Tinyint,
        OrcType::Short { .. } => HiveType::Smallint,
        OrcType::Int { .. } => HiveType::Int,
        OrcType::Long { .. } => HiveType::Bigint,
        OrcType::Float { .. } => HiveType::Float,
        OrcType::Double { .. } => HiveType::Double,
        OrcType::String { .. } => HiveType::String,
        OrcType::Varchar { max_length, .. } => HiveType::Varchar(*max_length),
        OrcType::Char { max_length, .. } => HiveType::Char(*max_length),
        OrcType::Binary { .. } => HiveType::Binary,
        OrcType::Decimal { precision, scale, .. } => HiveType::Decimal(*precision as u8, *scale as u8),
        OrcType::Timestamp { .. } | OrcType::TimestampWithLocalTimezone { .. } => HiveType::Timestamp,
        OrcType::Date { .. } => HiveType::Date,
        OrcType::Struct { children, .. } => HiveType::Struct(
            children.iter().map(|child| (child.name().to_owned(), of_orc(child.data_type()))).collect(),
        ),
        OrcType::List { child, .. } => HiveType::Array(Box::new(of_orc(child))),
        OrcType::Map { key, value, .. } => HiveType::Map(Box::new(of_orc(key)), Box::new(of_orc(value))),
        OrcType::Union { variants, .. } => HiveType::Union(variants.iter().map(of_orc).collect()),
    }
}

/// An object, as the ORC reader wants it.
struct Chunks(Arc<dyn OpenObject>);

impl OrcChunks for Chunks {
    type T = Cursor<Bytes>;

    fn len(&self) -> u64 {
        self.0.meta().size
    }

    fn get_read(&self, from: u64) -> io::Result<Cursor<Bytes>> {
        self.0.read_at(from..self.len()).map(Cursor::new).map_err(io::Error::other)
    }

    fn get_bytes(&self, from: u64, length: u64) -> io::Result<Bytes> {
        let end = from.checked_add(length).filter(|end| *end <= self.len());
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0.read_at(from..end).map_err(io::Error::other)
    }
}
