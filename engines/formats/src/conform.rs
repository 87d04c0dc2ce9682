//! From a file's columns to a table's: found by name or by place, and brought into the layout of their types.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StringViewBuilder, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::FormatError;
use crate::types::{Column, HiveType, entries_field, item_field};

/// Whose files they are: the words of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// ORC
    Orc,
    /// Avro
    Avro,
    /// Parquet
    Parquet,
}

impl FileKind {
    fn mismatch(self, path: &str, column: &str, found: &DataType, wanted: &HiveType) -> FormatError {
        let wanted = trino_type(wanted);
        FormatError::bad_data(match self {
            FileKind::Orc => {
                let found = orc_type(found);
                format!(
                    "Malformed ORC file. Cannot read SQL type {wanted} from ORC stream .{column} of type {found} [{path}]"
                )
            }
            FileKind::Avro => format!("Cannot read field {column} of type {found} as {wanted} in Avro file {path}"),
            FileKind::Parquet => format!(
                "Field {column}'s type {} in parquet file {path} is incompatible with type {wanted} defined in table schema",
                parquet_type(found)
            ),
        })
    }
}

/// A type in Trino's words, as far as messages need them.
fn trino_type(of: &HiveType) -> String {
    match of {
        HiveType::Int => "integer".into(),
        HiveType::Float => "real".into(),
        HiveType::String => "varchar".into(),
        HiveType::Binary => "varbinary".into(),
        HiveType::Timestamp => "timestamp(3)".into(),
        HiveType::Array(item) => format!("array({})", trino_type(item)),
        HiveType::Map(key, value) => format!("map({}, {})", trino_type(key), trino_type(value)),
        HiveType::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|(name, of)| format!("{name} {}", trino_type(of))).collect();
            format!("row({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn orc_type(of: &DataType) -> String {
    match of {
        DataType::Int8 => "BYTE".into(),
        DataType::Int16 => "SHORT".into(),
        DataType::Int32 => "INT".into(),
        DataType::Int64 => "LONG".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Utf8 => "STRING".into(),
        DataType::Date32 => "DATE".into(),
        DataType::Decimal128(..) => "DECIMAL".into(),
        DataType::Timestamp(..) => "TIMESTAMP".into(),
        DataType::List(_) => "LIST".into(),
        DataType::Map(..) => "MAP".into(),
        DataType::Struct(_) => "STRUCT".into(),
        other => other.to_string().to_uppercase(),
    }
}

fn parquet_type(of: &DataType) -> String {
    match of {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Date32 => "INT32".into(),
        DataType::Int64 | DataType::Timestamp(..) => "INT64".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView => "BINARY".into(),
        other => other.to_string().to_uppercase(),
    }
}

/// Brings the columns of files into those of a table. The names are looked up once for all batches of a file.
pub struct Conform {
    kind: FileKind,
    path: String,
    columns: Vec<Column>,
    sources: Vec<Option<usize>>,
    schema: SchemaRef,
}

impl Conform {
    /// For every wanted column the place of its source among the columns of the batches to come; one without a source
    /// is NULL.
    pub fn new(kind: FileKind, path: &str, columns: Vec<Column>, sources: Vec<Option<usize>>) -> Conform {
        let schema = Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>());
        Conform { kind, path: path.to_owned(), columns, sources, schema: Arc::new(schema) }
    }

    /// The table's columns of a batch.
    pub fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, FormatError> {
        let columns = self.columns.iter().zip(&self.sources).map(|(column, source)| match source {
            Some(source) => self.array(batch.column(*source), &column.hive_type, &column.name),
            None => Ok(new_null_array(&column.hive_type.arrow(), batch.num_rows())),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| FormatError::bad_data(error.to_string()))
    }

    /// A column in the layout of a type.
    pub fn array(&self, array: &ArrayRef, to: &HiveType, name: &str) -> Result<ArrayRef, FormatError> {
        let target = to.arrow();
        let mismatch = || self.kind.mismatch(&self.path, name, array.data_type(), to);
        match (to, array.data_type()) {
            (HiveType::Array(item), DataType::List(_)) => {
                let list = array.as_list::<i32>();
                let values = self.array(list.values(), item, name)?;
                let field = Arc::new(item_field(values.data_type().clone()));
                Ok(Arc::new(ListArray::new(field, list.offsets().clone(), values, list.nulls().cloned())))
            }
            (HiveType::Map(key, value), DataType::Map(..)) => {
                let map = array.as_map();
                let (keys, values) = (self.array(map.keys(), key, name)?, self.array(map.values(), value, name)?);
                let field = entries_field(keys.data_type().clone(), values.data_type().clone());
                let DataType::Struct(fields) = field.data_type() else { unreachable!("entries are a struct") };
                let entries = StructArray::try_new(fields.clone(), vec![keys, values], None);
                let entries = entries.map_err(|error| FormatError::bad_data(error.to_string()))?;
                let map =
                    MapArray::try_new(Arc::new(field), map.offsets().clone(), entries, map.nulls().cloned(), false);
                Ok(Arc::new(map.map_err(|error| FormatError::bad_data(error.to_string()))?))
            }
            (HiveType::Struct(fields), DataType::Struct(found)) => {
                let source = array.as_struct();
                let places: HashMap<String, usize> =
                    found.iter().enumerate().rev().map(|(at, field)| (field.name().to_lowercase(), at)).collect();
                let columns = fields.iter().map(|(field, of)| match places.get(&field.to_lowercase()) {
                    Some(at) => self.array(source.column(*at), of, &format!("{name}.{field}")),
                    None => Ok(new_null_array(&of.arrow(), source.len())),
                });
                let columns = columns.collect::<Result<Vec<_>, _>>()?;
                if columns.is_empty() {
                    return Ok(Arc::new(StructArray::new_empty_fields(source.len(), source.nulls().cloned())));
                }
                let fields: Fields = fields.iter().map(|(name, of)| Field::new(name, of.arrow(), true)).collect();
                Ok(Arc::new(StructArray::new(fields, columns, source.nulls().cloned())))
            }
            (_, found) if is_readable(found, to) => {
                let cast = match array.data_type() == &target {
                    true => array.clone(),
                    false => {
                        let strict = CastOptions { safe: false, ..CastOptions::default() };
                        cast_with_options(array, &target, &strict).map_err(|error| {
                            FormatError::bad_data(format!("{error} in column {name} of {}", self.path))
                        })?
                    }
                };
                Ok(shorten(cast, to))
            }
            _ => Err(mismatch()),
        }
    }
}

/// Which single types of files may be read as which of tables: numbers as wider or narrower ones that hold them, texts
/// as texts.
fn is_readable(found: &DataType, to: &HiveType) -> bool {
    let integer = found.is_integer();
    match to {
        HiveType::Boolean => matches!(found, DataType::Boolean | DataType::Null),
        HiveType::Tinyint | HiveType::Smallint | HiveType::Int | HiveType::Bigint => integer,
        HiveType::Float => matches!(found, DataType::Float32),
        HiveType::Double => matches!(found, DataType::Float32 | DataType::Float64),
        HiveType::Decimal(..) => {
            integer
                || matches!(
                    found,
                    DataType::Decimal32(..)
                        | DataType::Decimal64(..)
                        | DataType::Decimal128(..)
                        | DataType::Decimal256(..)
                )
        }
        HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => match found {
            DataType::Dictionary(_, values) => is_readable(values, to),
            found => matches!(
                found,
                DataType::Utf8
                    | DataType::LargeUtf8
                    | DataType::Utf8View
                    | DataType::Binary
                    | DataType::LargeBinary
                    | DataType::BinaryView
            ),
        },
        HiveType::Binary => matches!(
            found,
            DataType::Binary
                | DataType::LargeBinary
                | DataType::BinaryView
                | DataType::FixedSizeBinary(_)
                | DataType::Utf8
                | DataType::Utf8View
        ),
        HiveType::Date => matches!(found, DataType::Date32 | DataType::Date64),
        HiveType::Timestamp => matches!(found, DataType::Timestamp(..)),
        HiveType::Array(_) | HiveType::Map(..) | HiveType::Struct(_) | HiveType::Union(_) => false,
    }
}

/// Cuts text to its type's length.
fn shorten(array: ArrayRef, to: &HiveType) -> ArrayRef {
    let (length_max, trimmed) = match to {
        HiveType::Varchar(length) => (*length as usize, false),
        HiveType::Char(length) => (*length as usize, true),
        _ => return array,
    };
    let texts = array.as_string_view();
    let fits = |text: &str| text.len() <= length_max && !(trimmed && text.ends_with(' '));
    if texts.iter().flatten().all(fits) {
        return array;
    }
    let mut builder = StringViewBuilder::new();
    for text in texts {
        builder.append_option(text.map(|text| {
            let end = text.char_indices().nth(length_max).map_or(text.len(), |(end, _)| end);
            if trimmed { text[..end].trim_end_matches(' ') } else { &text[..end] }
        }));
    }
    Arc::new(builder.finish())
}

/// Where the columns of a table are in a file: by name, of any case, or by place.
pub fn find_columns<'a>(
    names: impl Iterator<Item = &'a str>,
    columns: &[Column],
    projection: &[usize],
    by_index: bool,
) -> Vec<Option<usize>> {
    let names: Vec<String> = names.map(str::to_lowercase).collect();
    let find = |at: &usize| match by_index {
        true => (*at < names.len()).then_some(*at),
        false => names.iter().position(|name| *name == columns[*at].name.to_lowercase()),
    };
    projection.iter().map(find).collect()
}

/// Among the columns that are read, the place of each source.
pub fn compact(sources: &[Option<usize>]) -> (Vec<usize>, Vec<Option<usize>>) {
    let mut read: Vec<usize> = sources.iter().flatten().copied().collect();
    read.sort_unstable();
    read.dedup();
    let places = sources.iter().map(|source| source.and_then(|source| read.binary_search(&source).ok()));
    (read.clone(), places.collect())
}
