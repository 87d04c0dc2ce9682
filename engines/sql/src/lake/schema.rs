//! What a table of the lake looks like to a query: Hive's columns as Trino's types, then the partition keys, then
//! what is known of each file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use haar_formats::{Column, HiveType};

use crate::catalog::{LakeColumn, LakeTable};
use crate::error::SqlError;
use crate::types::Type;

/// Hidden columns: the same for all rows of a file, shown only when they are named. The dialect knows them by their `$`.
pub(super) const PATH: &str = "$path";
pub(super) const FILE_SIZE: &str = "$file_size";
pub(super) const FILE_MODIFIED: &str = "$file_modified_time";
pub(super) const BUCKET: &str = "$bucket";

/// The columns of a table in every view that a scan needs.
pub(super) struct TableColumns {
    /// Those in the files, for readers of formats.
    pub(super) columns: Vec<Column>,
    /// Those in the files.
    pub(super) files: SchemaRef,
    /// The partition keys, then the hidden columns: one value each for all rows of a file.
    pub(super) constants: Vec<FieldRef>,
    /// How many of the constants are partition keys.
    pub(super) keys: usize,
    /// All of them, in the order above.
    pub(super) whole: SchemaRef,
}

impl TableColumns {
    pub(super) fn of(table: &LakeTable) -> Result<Self, SqlError> {
        let columns = table.columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let files: Vec<FieldRef> = columns.iter().map(|column| Arc::new(field(column))).collect();
        let keys = table.partition_keys.iter().map(|key| Ok(Arc::new(field(&column(key)?))));
        let mut constants = keys.collect::<Result<Vec<FieldRef>, SqlError>>()?;
        let keys = constants.len();
        constants.extend(hidden());
        let whole = files.iter().chain(&constants).cloned().collect::<Vec<_>>();
        Ok(Self { columns, files: Arc::new(Schema::new(files)), constants, keys, whole: Arc::new(Schema::new(whole)) })
    }
}

impl TableColumns {
    /// Of a table that describes its columns itself, and has no partition keys.
    pub(super) fn of_fields(files: Vec<FieldRef>) -> Self {
        let constants = hidden();
        let whole = files.iter().chain(&constants).cloned().collect::<Vec<_>>();
        Self {
            columns: Vec::new(),
            files: Arc::new(Schema::new(files)),
            constants,
            keys: 0,
            whole: Arc::new(Schema::new(whole)),
        }
    }
}

fn column(described: &LakeColumn) -> Result<Column, SqlError> {
    let hive_type = HiveType::parse(&described.hive_type)
        .map_err(|error| SqlError::new(error.name, format!("{} of column {}", error.message, described.name)))?;
    Ok(Column { name: described.name.to_lowercase(), hive_type, comment: described.comment.clone() })
}

fn field(column: &Column) -> Field {
    trino_type(&column.hive_type).field(&column.name, true)
}

fn hidden() -> Vec<FieldRef> {
    let fields = [
        (PATH, DataType::Utf8View),
        (FILE_SIZE, DataType::Int64),
        (FILE_MODIFIED, DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
        (BUCKET, DataType::Utf8View),
    ];
    fields.map(|(name, layout)| Arc::new(Field::new(name, layout, false))).into()
}

/// Hive's type in Trino's words.
pub(crate) fn trino_type(hive: &HiveType) -> Type {
    match hive {
        HiveType::Boolean => Type::Boolean,
        HiveType::Tinyint => Type::Tinyint,
        HiveType::Smallint => Type::Smallint,
        HiveType::Int => Type::Integer,
        HiveType::Bigint => Type::Bigint,
        HiveType::Float => Type::Real,
        HiveType::Double => Type::Double,
        HiveType::String => Type::VARCHAR,
        HiveType::Varchar(length) => Type::Varchar(Some(*length)),
        HiveType::Char(length) => Type::Char(*length),
        HiveType::Binary => Type::Varbinary,
        HiveType::Date => Type::Date,
        HiveType::Timestamp => Type::Timestamp(3),
        HiveType::Decimal(precision, scale) => Type::Decimal(*precision, *scale as i8),
        HiveType::Array(item) => Type::array(trino_type(item)),
        HiveType::Map(key, value) => Type::map(trino_type(key), trino_type(value)),
        HiveType::Struct(fields) => {
            Type::Row(fields.iter().map(|(name, of)| (Some(name.to_lowercase()), trino_type(of))).collect())
        }
        HiveType::Union(members) => {
            let tag = (Some("tag".to_owned()), Type::Tinyint);
            let members = members.iter().enumerate();
            let members = members.map(|(at, of)| (Some(format!("field{at}")), trino_type(of)));
            Type::Row(std::iter::once(tag).chain(members).collect())
        }
    }
}
