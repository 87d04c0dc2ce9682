//! Which columns go into files, in which types, and which into the names of directories.

use arrow::array::new_null_array;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use haar_formats::{Column, HiveType};
use std::sync::Arc;

use crate::batch::OutputColumn;
use crate::catalog::LakeColumn;
use crate::error::{self, SqlError};
use crate::lake::{conform, trino_type};
use crate::types::Type;
use crate::write::WriteSpec;

/// Hive has no longer ones.
const HIVE_VARCHAR_MAX: u32 = 65_535;

/// From the query's columns to the files'.
#[derive(Debug)]
pub(super) struct Layout {
    /// In the files.
    pub(super) columns: Vec<LakeColumn>,
    /// In the names of directories.
    pub(super) keys: Vec<LakeColumn>,
    /// Both, in this order, as formats write them.
    pub(super) typed: Vec<Column>,
    /// Both, in this order, in the layout of their Hive types.
    pub(super) schema: SchemaRef,
    /// For each of them the query's column; `None`: NULL.
    sources: Vec<Option<usize>>,
}

impl Layout {
    pub(super) fn of(query: &[OutputColumn], spec: &WriteSpec) -> Result<Self, SqlError> {
        let (all, sources) = match &spec.target {
            Some(target) => {
                let sources = insert_sources(query, &target.columns, &target.named)?;
                (target.columns.clone(), sources)
            }
            None => (hive_columns(query)?, (0..query.len()).map(Some).collect()),
        };
        let keys = spec.partitioned_by.len();
        let first_key = all
            .len()
            .checked_sub(keys)
            .filter(|first| *first > 0)
            .ok_or_else(|| SqlError::new("INVALID_TABLE_PROPERTY", "Table contains only partition columns"))?;
        let last = all[first_key..].iter().map(|column| column.name.to_lowercase());
        if !last.eq(spec.partitioned_by.iter().map(|name| name.to_lowercase())) {
            return Err(SqlError::new(
                "HIVE_COLUMN_ORDER_MISMATCH",
                format!(
                    "Partition keys must be the last columns in the table and in the same order as the table properties: [{}]",
                    spec.partitioned_by.join(", ")
                ),
            ));
        }
        let typed = all.iter().map(|column| {
            let hive = HiveType::parse(&column.hive_type).map_err(|error| SqlError::new(error.name, error.message))?;
            Ok(Column::new(column.name.to_lowercase(), hive))
        });
        let typed = typed.collect::<Result<Vec<Column>, SqlError>>()?;
        let fields: Vec<Field> = typed.iter().map(Column::field).collect();
        let keys = all[first_key..].to_vec();
        let columns = all[..first_key].to_vec();
        Ok(Self { columns, keys, typed, schema: Arc::new(Schema::new(fields)), sources })
    }

    /// The rows as they are written: the files' columns, then the keys.
    pub(super) fn rows(&self, batch: &RecordBatch) -> Result<RecordBatch, SqlError> {
        let columns = self.sources.iter().zip(self.schema.fields()).map(|(source, field)| match source {
            Some(source) => conform(batch.column(*source), field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?)
    }
}

/// Which column of the query each column of the table gets.
fn insert_sources(
    query: &[OutputColumn],
    table: &[LakeColumn],
    named: &[String],
) -> Result<Vec<Option<usize>>, SqlError> {
    let at_of = |name: &String| table.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    let targets: Vec<usize> = match named.is_empty() {
        true => (0..table.len()).collect(),
        false => {
            let known = named.iter().map(|name| {
                let missing = || {
                    SqlError::new(
                        error::COLUMN_NOT_FOUND,
                        format!("Insert column name does not exist in target table: {name}"),
                    )
                };
                at_of(name).ok_or_else(missing)
            });
            known.collect::<Result<_, _>>()?
        }
    };
    let wanted = targets.iter().map(|at| {
        let hive = HiveType::parse(&table[*at].hive_type).map_err(|error| SqlError::new(error.name, error.message))?;
        Ok(trino_type(&hive))
    });
    let wanted = wanted.collect::<Result<Vec<Type>, SqlError>>()?;
    let fits = |(from, to): (&OutputColumn, &Type)| assignable(&from.data_type, to);
    if query.len() != wanted.len() || !query.iter().zip(&wanted).all(fits) {
        let spelled = |types: Vec<String>| types.join(", ");
        return Err(SqlError::type_mismatch(format!(
            "Insert query has mismatched column types: Table: [{}], Query: [{}]",
            spelled(wanted.iter().map(Type::to_string).collect()),
            spelled(query.iter().map(|column| column.data_type.to_string()).collect()),
        )));
    }
    let mut sources = vec![None; table.len()];
    for (source, target) in targets.into_iter().enumerate() {
        sources[target] = Some(source);
    }
    Ok(sources)
}

/// What an INSERT converts by itself: what always fits, and text of other lengths.
fn assignable(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Varchar(_) | Type::Char(_), Type::Varchar(_) | Type::Char(_)) => true,
        (Type::Timestamp(_), Type::Timestamp(_)) => true,
        (Type::Row(from), Type::Row(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|((_, from), (_, to))| assignable(from, to))
        }
        (Type::Array(from), Type::Array(to)) => assignable(from, to),
        (Type::Map(key, value), Type::Map(to_key, to_value)) => assignable(key, to_key) && assignable(value, to_value),
        (from, to) => from.coerces_to(to),
    }
}

/// The Hive types of a query's columns: what CTAS writes into the catalog. Fails for types that Hive lacks, in
/// Athena's words.
pub fn hive_columns(columns: &[OutputColumn]) -> Result<Vec<LakeColumn>, SqlError> {
    columns
        .iter()
        .map(|column| Ok(LakeColumn::new(&column.name.to_lowercase(), &hive_type(&column.data_type, &column.name)?)))
        .collect()
}

/// Hive's spelling of a type.
fn hive_type(data_type: &Type, column: &str) -> Result<String, SqlError> {
    Ok(match data_type {
        Type::Boolean => "boolean".to_owned(),
        Type::Tinyint => "tinyint".to_owned(),
        Type::Smallint => "smallint".to_owned(),
        Type::Integer => "int".to_owned(),
        Type::Bigint => "bigint".to_owned(),
        Type::Real => "float".to_owned(),
        Type::Double => "double".to_owned(),
        Type::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
        Type::Varchar(Some(length)) if (1..=HIVE_VARCHAR_MAX).contains(length) => format!("varchar({length})"),
        Type::Varchar(_) => "string".to_owned(),
        Type::Char(length) => format!("char({length})"),
        Type::Varbinary => "binary".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Timestamp(3) => "timestamp".to_owned(),
        Type::Timestamp(precision) => {
            return Err(SqlError::not_supported(format!(
                "Incorrect timestamp precision for timestamp({precision}); the configured precision is MILLISECONDS; column name: {column}"
            )));
        }
        Type::Array(of) => format!("array<{}>", hive_type(of, column)?),
        Type::Map(key, value) => format!("map<{},{}>", hive_type(key, column)?, hive_type(value, column)?),
        Type::Row(fields) => {
            let fields = fields.iter().map(|(name, of)| match name {
                Some(name) => Ok(format!("{name}:{}", hive_type(of, column)?)),
                None => Err(SqlError::not_supported(format!(
                    "Anonymous row type is not supported in Hive. Please give each field a name: {data_type}"
                ))),
            });
            format!("struct<{}>", fields.collect::<Result<Vec<_>, _>>()?.join(","))
        }
        other => return Err(SqlError::not_supported(format!("Unsupported Hive type: {other}"))),
    })
}
