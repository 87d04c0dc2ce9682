//! The metadata file of an Iceberg table: its schemas, its snapshots, and which of them is asked for.
//!
//! <https://iceberg.apache.org/spec/#table-metadata>

use std::collections::BTreeMap;

use arrow::datatypes::{Field, FieldRef};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use serde::Deserialize;
use std::sync::Arc;

use crate::error::SqlError;
use crate::lake::field_ids::FIELD_NAMES_KEY;
use crate::planning::TableVersion;
use crate::types::Type;

/// As far as reading needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct TableMetadata {
    format_version: u8,
    /// Of version 1.
    schema: Option<Schema>,
    #[serde(default)]
    schemas: Vec<Schema>,
    current_schema_id: Option<i32>,
    /// Of version 1.
    #[serde(default)]
    partition_spec: Vec<PartitionField>,
    #[serde(default)]
    partition_specs: Vec<PartitionSpec>,
    #[serde(default)]
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) current_snapshot_id: Option<i64>,
    #[serde(default)]
    pub(super) snapshot_log: Vec<SnapshotLog>,
    #[serde(default)]
    pub(super) refs: BTreeMap<String, Reference>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Snapshot {
    pub(super) snapshot_id: i64,
    pub(super) parent_snapshot_id: Option<i64>,
    pub(super) timestamp_ms: i64,
    /// What was done, and how much of it.
    #[serde(default)]
    pub(super) summary: BTreeMap<String, String>,
    /// A file that lists manifests.
    pub(super) manifest_list: Option<String>,
    /// Of version 1: the manifests themselves.
    #[serde(default)]
    pub(super) manifests: Vec<String>,
    schema_id: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SnapshotLog {
    pub(super) snapshot_id: i64,
    pub(super) timestamp_ms: i64,
}

/// A branch or a tag.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Reference {
    pub(super) snapshot_id: i64,
    /// `branch` or `tag`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) max_ref_age_ms: Option<i64>,
    pub(super) min_snapshots_to_keep: Option<i32>,
    pub(super) max_snapshot_age_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PartitionSpec {
    spec_id: i32,
    fields: Vec<PartitionField>,
}

/// One part of how rows are spread over files.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PartitionField {
    source_id: i32,
    pub(super) name: String,
    /// `identity`, `bucket[16]`, `day`, …
    transform: String,
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
    Struct {
        fields: Vec<Column>,
    },
    #[serde(rename_all = "kebab-case")]
    List {
        element_id: i32,
        element: Of,
    },
    #[serde(rename_all = "kebab-case")]
    Map {
        key_id: i32,
        key: Of,
        value_id: i32,
        value: Of,
    },
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
                let mut inner = BTreeMap::new();
                column.of.names(&mut inner);
                let field: Field = column.of.trino()?.field(column.name.to_lowercase(), true);
                let mut metadata = field.metadata().clone();
                metadata.insert(PARQUET_FIELD_ID_META_KEY.to_owned(), column.id.to_string());
                if !inner.is_empty() {
                    metadata.insert(FIELD_NAMES_KEY.to_owned(), serde_json::json!(inner).to_string());
                }
                Ok(Arc::new(field.with_metadata(metadata)))
            })
            .collect()
    }

    /// Number, name and type of everything in the current schema and in those before it that is no struct, list or
    /// map: what files have bounds of.
    pub(super) fn leaves(&self) -> Result<BTreeMap<i32, (String, Type)>, SqlError> {
        let current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let earlier = self.schemas.iter().filter(|schema| !current(schema));
        let schemas = self.schema.iter().chain(earlier).chain(self.schemas.iter().filter(current));
        let mut leaves = BTreeMap::new();
        for column in schemas.flat_map(|schema| &schema.fields) {
            column.of.leaves(column.id, &column.name.to_lowercase(), &mut leaves)?;
        }
        Ok(leaves)
    }

    /// What rows were ever spread by, each with the type of its values.
    pub(super) fn partition_fields(&self) -> Result<Vec<(PartitionField, Type)>, SqlError> {
        let leaves = self.leaves()?;
        let mut fields: Vec<(PartitionField, Type)> = Vec::new();
        for field in self.partition_specs.iter().flat_map(|spec| &spec.fields).chain(&self.partition_spec) {
            let source = leaves.get(&field.source_id).map(|(_, of)| of);
            if let Some(of) = source.filter(|_| fields.iter().all(|(known, _)| known.name != field.name)) {
                fields.push((field.clone(), field.of(of)));
            }
        }
        Ok(fields)
    }
}

impl TableMetadata {
    /// The types of the values that rows are spread by under one of the specifications.
    pub(super) fn partition_types(&self, spec: i32) -> Result<Vec<Type>, SqlError> {
        let leaves = self.leaves()?;
        let spec = self.partition_specs.iter().find(|known| known.spec_id == spec);
        let fields = spec.map_or(&self.partition_spec, |spec| &spec.fields);
        let of = |field: &PartitionField| match leaves.get(&field.source_id) {
            Some((_, source)) => field.of(source),
            None => Type::Unknown,
        };
        Ok(fields.iter().map(of).collect())
    }
}

impl PartitionField {
    /// The type of its values over a column of this type.
    fn of(&self, source: &Type) -> Type {
        match self.transform.as_str() {
            "year" | "month" | "hour" => Type::Integer,
            "day" => Type::Date,
            bucket if bucket.starts_with("bucket") => Type::Integer,
            _ => source.clone(),
        }
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

impl Of {
    /// The names of what is in structs, by number.
    fn names(&self, names: &mut BTreeMap<i32, String>) {
        match self {
            Self::Word(_) => {}
            Self::Nested(nested) => match nested.as_ref() {
                Nested::Struct { fields } => {
                    for field in fields {
                        names.insert(field.id, field.name.to_lowercase());
                        field.of.names(names);
                    }
                }
                Nested::List { element, .. } => element.names(names),
                Nested::Map { key, value, .. } => {
                    key.names(names);
                    value.names(names);
                }
            },
        }
    }

    fn leaves(&self, id: i32, path: &str, leaves: &mut BTreeMap<i32, (String, Type)>) -> Result<(), SqlError> {
        let Self::Nested(nested) = self else {
            leaves.insert(id, (path.to_owned(), self.trino()?));
            return Ok(());
        };
        match nested.as_ref() {
            Nested::Struct { fields } => fields.iter().try_for_each(|field| {
                field.of.leaves(field.id, &format!("{path}.{}", field.name.to_lowercase()), leaves)
            }),
            Nested::List { element_id, element } => element.leaves(*element_id, &format!("{path}.element"), leaves),
            Nested::Map { key_id, key, value_id, value } => {
                key.leaves(*key_id, &format!("{path}.key"), leaves)?;
                value.leaves(*value_id, &format!("{path}.value"), leaves)
            }
        }
    }
}

impl Nested {
    fn trino(&self) -> Result<Type, SqlError> {
        Ok(match self {
            Self::Struct { fields } => {
                let fields = fields.iter().map(|field| Ok((Some(field.name.to_lowercase()), field.of.trino()?)));
                Type::Row(fields.collect::<Result<Vec<_>, SqlError>>()?)
            }
            Self::List { element, .. } => Type::array(element.trino()?),
            Self::Map { key, value, .. } => Type::map(key.trino()?, value.trino()?),
        })
    }
}
