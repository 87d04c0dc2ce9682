//! What a query's plan needs to know of Parquet files: their columns in the table's words, and their statistics.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::ParquetMetaData;

use crate::error::SqlError;
use crate::lake::adapt::MISMATCH_KEY;
use crate::lake::conform::{Match, decoded, find_column, readable};
use crate::lake::field_ids::{as_named_by, with_names_of};
use crate::lake::file::LakeFile;
use crate::lake::footers::FileFacts;
use crate::types::Type;

/// What a table with these columns wants to know of a file.
pub(super) fn facts(
    metadata: &ParquetMetaData,
    columns: &SchemaRef,
    how: Match,
    file: &LakeFile,
) -> Result<FileFacts, SqlError> {
    let schema = decoded_schema(metadata, columns, how, file)?;
    let own = DFParquetMetadata::statistics_from_parquet_metadata(metadata, &schema);
    let own = own.unwrap_or_else(|_| unknown(metadata, &schema));
    let of_column = |(at, wanted): (usize, &Arc<Field>)| match find_column(&schema, wanted, at, how) {
        // Files have it without the spaces that it is compared with.
        Some(_) if matches!(Type::of(wanted), Type::Char(_)) => ColumnStatistics::new_unknown(),
        Some(found) => in_layout(&own.column_statistics[found], schema.field(found).data_type(), wanted.data_type()),
        None => all_null(&own, wanted.data_type()),
    };
    let statistics = Statistics {
        num_rows: own.num_rows,
        total_byte_size: own.total_byte_size,
        column_statistics: columns.fields().iter().enumerate().map(of_column).collect(),
    };
    Ok(FileFacts { decoded: schema, statistics: Arc::new(statistics) })
}

/// The file's columns under their own names, in the layouts that suit the table; complaints in the metadata.
fn decoded_schema(
    metadata: &ParquetMetaData,
    columns: &SchemaRef,
    how: Match,
    file: &LakeFile,
) -> Result<SchemaRef, SqlError> {
    let parquet = metadata.file_metadata().schema_descr();
    // Not what a writer from Arrow's family left beside: the types that Parquet itself knows.
    let own = parquet_to_arrow_schema(parquet, None)
        .map_err(|error| SqlError::new("HIVE_BAD_DATA", format!("{}: {error}", file.url())))?;
    let mut wanted: Vec<Option<&Arc<Field>>> = vec![None; own.fields().len()];
    for (at, column) in columns.fields().iter().enumerate() {
        if let Some(found) = find_column(&own, column, at, how) {
            wanted[found] = Some(column);
        }
    }
    let mut leaves = parquet.columns().iter().map(|leaf| leaf.physical_type());
    let mut int96 = || leaves.next() == Some(PhysicalType::INT96);
    let mut fields = Vec::with_capacity(wanted.len());
    let mut complaints = std::collections::HashMap::new();
    for (at, (field, wanted)) in own.fields().iter().zip(&wanted).enumerate() {
        let named = wanted.and_then(|wanted| as_named_by(wanted, field));
        let named = named.map_or_else(|| field.as_ref().clone(), |named| field.as_ref().clone().with_data_type(named));
        let decoded = decoded(&named, wanted.map(|wanted| wanted.data_type()), &mut int96);
        if let Some(wanted) = wanted.filter(|wanted| !readable(decoded.data_type(), wanted.data_type())) {
            let complaint = format!(
                "Field {}'s type {} in parquet file {} is incompatible with type {} defined in table schema",
                wanted.name(),
                physical_name(metadata, at),
                file.url(),
                Type::of(wanted),
            );
            complaints.insert(format!("{MISMATCH_KEY}{}", wanted.name()), complaint);
        }
        let own = with_names_of(decoded.data_type(), field.data_type());
        fields.push(decoded.with_data_type(own));
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, complaints)))
}

/// `INT64`; groups have no such name.
fn physical_name(metadata: &ParquetMetaData, root: usize) -> String {
    let parquet = metadata.file_metadata().schema_descr();
    let leaf = (0..parquet.num_columns()).find(|leaf| parquet.get_column_root_idx(*leaf) == root);
    let simple = leaf.map(|leaf| parquet.column(leaf)).filter(|leaf| leaf.path().parts().len() == 1);
    match simple.map(|leaf| leaf.physical_type()) {
        Some(PhysicalType::BYTE_ARRAY) => "BINARY".to_owned(),
        Some(physical) => physical.to_string(),
        None => "GROUP".to_owned(),
    }
}

fn unknown(metadata: &ParquetMetaData, schema: &Schema) -> Statistics {
    let rows = usize::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
    Statistics { num_rows: Precision::Exact(rows), ..Statistics::new_unknown(schema) }
}

/// A column that the file lacks.
fn all_null(own: &Statistics, layout: &DataType) -> ColumnStatistics {
    let null = ScalarValue::try_from(layout).map_or(Precision::Absent, Precision::Exact);
    ColumnStatistics {
        null_count: own.num_rows,
        min_value: null.clone(),
        max_value: null,
        ..ColumnStatistics::new_unknown()
    }
}

fn in_layout(own: &ColumnStatistics, file: &DataType, table: &DataType) -> ColumnStatistics {
    if file == table {
        return own.clone();
    }
    let cast = |value: &Precision<ScalarValue>| match value {
        // Time that lost digits is not the exact bound any more, and neither is anything else that changes.
        Precision::Exact(value) | Precision::Inexact(value) if !table.is_nested() => {
            value.cast_to(table).map_or(Precision::Absent, Precision::Inexact)
        }
        _ => Precision::Absent,
    };
    let bounds = match (file, table) {
        (file, table) if file.is_integer() && table.is_integer() => (exact(own, table, true), exact(own, table, false)),
        _ => (cast(&own.min_value), cast(&own.max_value)),
    };
    ColumnStatistics {
        null_count: own.null_count,
        min_value: bounds.0,
        max_value: bounds.1,
        sum_value: Precision::Absent,
        distinct_count: own.distinct_count,
        byte_size: Precision::Absent,
    }
}

/// Integers do not change when they widen.
fn exact(own: &ColumnStatistics, table: &DataType, min: bool) -> Precision<ScalarValue> {
    let value = if min { &own.min_value } else { &own.max_value };
    match value {
        Precision::Exact(value) => value.cast_to(table).map_or(Precision::Absent, Precision::Exact),
        Precision::Inexact(value) => value.cast_to(table).map_or(Precision::Absent, Precision::Inexact),
        Precision::Absent => Precision::Absent,
    }
}
