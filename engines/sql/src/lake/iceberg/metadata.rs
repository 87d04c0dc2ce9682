//! The metadata file of an Iceberg table: its schemas, its snapshots, and which of them is asked for.
//!
//! <https://iceberg.apache.org/spec/#table-metadata>

use std::collections::BTreeMap;

use arrow::datatypes::{Field, FieldRef};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use serde::Deserialize;
use std::sync::Arc;

use crate::error::SqlError;
use crate::planning::TableVersion;
use crate::types::Type;

/// As far as reading needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct TableMetadata {
    pub(super) format_version: u8,
    /// Of version 1.
    schema: Option<Schema>,
    #[serde(default)]
    schemas: Vec<Schema>,
    current_schema_id: Option<i32>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    snapshot_log: Vec<SnapshotLog>,
    #[serde(default)]
    refs: BTreeMap<String, Reference>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Snapshot {
    snapshot_id: i64,
    timestamp_ms: i64,
    /// A file that lists manifests.
    pub(super) manifest_list: Option<String>,
    /// Of version 1: the manifests themselves.
    #[serde(default)]
    pub(super) manifests: Vec<String>,
    schema_id: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SnapshotLog {
    snapshot_id: i64,
    timestamp_ms: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Reference {
    snapshot_id: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Schema {
    schema_id: Option<i32>,
    fields: Vec<Column>,
}

#[derive(Debug, Deserialize)]
struct Column {
    id: i32,
    name: String,
    #[serde(rename = "type")]
    of: Of,
}

/// A type: a word, or something with types in it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Of {
    Word(String),
    Nested(Box<Nested>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Nested {
    Struct { fields: Vec<Column> },
    List { element: Of },
    Map { key: Of, value: Of },
}

impl TableMetadata {
    /// Reads the file's text.
    pub(super) fn parse(bytes: &[u8], path: &str) -> Result<Self, SqlError> {
        let metadata: Self = serde_json::from_slice(bytes).map_err(|error| {
            SqlError::new("ICEBERG_INVALID_METADATA", format!("Invalid metadata file {path}: {error}"))
        })?;
        match metadata.format_version {
            1 | 2 => Ok(metadata),
            version => Err(SqlError::not_supported(format!("Iceberg format version {version} is not supported"))),
        }
    }

    /// The snapshot that is asked for; `None` for a table that never had rows.
    pub(super) fn snapshot(&self, version: Option<&TableVersion>, table: &str) -> Result<Option<&Snapshot>, SqlError> {
        let by_id = |id: i64| self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id);
        let missing = |message: String| SqlError::new("INVALID_ARGUMENTS", message);
        let found = match version {
            None => return Ok(self.current_snapshot_id.and_then(by_id)),
            Some(TableVersion::Snapshot(id)) => {
                by_id(*id).ok_or_else(|| missing(format!("Iceberg snapshot ID does not exists: {id}")))?
            }
            Some(TableVersion::Reference(name)) => {
                let reference = self.refs.get(name).and_then(|reference| by_id(reference.snapshot_id));
                reference.ok_or_else(|| missing(format!("Cannot find snapshot with reference name: {name}")))?
            }
            Some(TableVersion::At(at)) => {
                let logged = self.snapshot_log.iter().filter(|log| log.timestamp_ms <= at.millis());
                let logged = logged.max_by_key(|log| log.timestamp_ms).and_then(|log| by_id(log.snapshot_id));
                let made = || {
                    let made = self.snapshots.iter().filter(|snapshot| snapshot.timestamp_ms <= at.millis());
                    made.max_by_key(|snapshot| snapshot.timestamp_ms).filter(|_| self.snapshot_log.is_empty())
                };
                logged
                    .or_else(made)
                    .ok_or_else(|| missing(format!("No version history table {table} at or before {}", at.iso8601())))?
            }
        };
        Ok(Some(found))
    }

    /// The columns: of the snapshot's own schema when one was asked for, else of the current one.
    pub(super) fn columns(&self, of: Option<&Snapshot>) -> Result<Vec<FieldRef>, SqlError> {
        let id = of.and_then(|snapshot| snapshot.schema_id).or(self.current_schema_id);
        let schema = self.schemas.iter().find(|schema| schema.schema_id == id).or(self.schema.as_ref());
        let schema = schema.ok_or_else(|| SqlError::new("ICEBERG_INVALID_METADATA", "the table has no schema"))?;
        schema
            .fields
            .iter()
            .map(|column| {
                let id = [(PARQUET_FIELD_ID_META_KEY.to_owned(), column.id.to_string())];
                let field: Field = column.of.trino()?.field(column.name.to_lowercase(), true);
                let metadata = field.metadata().clone().into_iter().chain(id).collect();
                Ok(Arc::new(field.with_metadata(metadata)))
            })
            .collect()
    }
}

impl Of {
    fn trino(&self) -> Result<Type, SqlError> {
        let word = match self {
            Self::Word(word) => word.as_str(),
            Self::Nested(nested) => return nested.trino(),
        };
        Ok(match word {
            "boolean" => Type::Boolean,
            "int" => Type::Integer,
            "long" => Type::Bigint,
            "float" => Type::Real,
            "double" => Type::Double,
            "date" => Type::Date,
            "time" => Type::Time(6),
            "timestamp" => Type::Timestamp(6),
            "timestamptz" => Type::TimestampTz(6),
            "string" => Type::VARCHAR,
            "uuid" => Type::Uuid,
            "binary" => Type::Varbinary,
            fixed if fixed.starts_with("fixed[") => Type::Varbinary,
            other => Type::parse(&other.replace(' ', ""))
                .ok()
                .filter(|parsed| matches!(parsed, Type::Decimal(..)))
                .ok_or_else(|| SqlError::not_supported(format!("Iceberg type {other} is not supported")))?,
        })
    }
}

impl Nested {
    fn trino(&self) -> Result<Type, SqlError> {
        Ok(match self {
            Self::Struct { fields } => {
                let fields = fields.iter().map(|field| Ok((Some(field.name.to_lowercase()), field.of.trino()?)));
                Type::Row(fields.collect::<Result<Vec<_>, SqlError>>()?)
            }
            Self::List { element } => Type::array(element.trino()?),
            Self::Map { key, value } => Type::map(key.trino()?, value.trino()?),
        })
    }
}
