//! `"t$partitions"`: how many rows and files each partition of a table has, and the bounds of its columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StructArray, UInt32Array, new_empty_array};
use arrow::compute::take;
use arrow::datatypes::{Fields, Int32Type, Int64Type};
use datafusion::common::ScalarValue;

use super::bounds;
use super::files::{LOWER_BOUNDS, NAN_COUNTS, NULL_COUNTS, UPPER_BOUNDS, alive};
use super::metadata::{Snapshot, TableMetadata};
use super::tables::Facts;
use crate::error::SqlError;
use crate::lake::{Lake, conform};
use crate::run::failure;
use crate::types::Type;

/// One partition, summed over its files.
#[derive(Default)]
struct Sum {
    rows: i64,
    files: i64,
    bytes: i64,
    columns: BTreeMap<i32, Column>,
}

#[derive(Default)]
struct Column {
    min: Option<ScalarValue>,
    max: Option<ScalarValue>,
    nulls: Option<i64>,
    nans: Option<i64>,
}

pub(super) async fn columns(
    lake: &Lake,
    metadata: &TableMetadata,
    snapshot: Option<&Snapshot>,
) -> Result<Vec<Facts>, SqlError> {
    let spread = metadata.partition_fields()?;
    let known: Vec<(&str, &Type, String)> =
        spread.iter().filter_map(|(field, of)| Some((field.name.as_str(), of, hive(of)?))).collect();
    let spelled: Vec<String> = known.iter().map(|(name, _, hive)| format!("{name}:{hive}")).collect();
    let partition = (!known.is_empty()).then(|| format!("struct<{}>", spelled.join(",")));
    let files = alive(lake, snapshot, partition.as_deref()).await?;
    let leaves: BTreeMap<i32, (String, Type)> =
        metadata.leaves()?.into_iter().filter(|(_, (path, _))| !path.contains('.')).collect();
    let mut sums: Vec<Sum> = Vec::new();
    // The first file of each partition has its values.
    let mut firsts: Vec<u32> = Vec::new();
    if let Some(files) = &files {
        let mut places: HashMap<Vec<ScalarValue>, usize> = HashMap::new();
        for row in 0..files.len() {
            if is_delete(files, row) {
                continue;
            }
            let values = match &partition {
                Some(_) => {
                    let values = files.columns()[files.num_columns() - 1].as_struct().columns().iter();
                    values.map(|values| ScalarValue::try_from_array(values, row)).collect::<Result<Vec<_>, _>>()
                }
                None => Ok(Vec::new()),
            };
            let place = *places.entry(values.map_err(failure)?).or_insert_with(|| {
                firsts.push(row as u32);
                sums.push(Sum::default());
                sums.len() - 1
            });
            sums[place].add(files, row, &leaves);
        }
    }
    let mut facts: Vec<Facts> = Vec::new();
    if let Some(files) = files.as_ref().filter(|_| partition.is_some()) {
        let values = take(&files.columns()[files.num_columns() - 1], &UInt32Array::from(firsts), None)?;
        facts.push(("partition", row_of(&known), conform(&values, &row_of(&known).layout())?));
    } else if partition.is_some() {
        facts.push(("partition", row_of(&known), new_empty_array(&row_of(&known).layout())));
    }
    let number = |of: fn(&Sum) -> i64| -> ArrayRef { Arc::new(Int64Array::from_iter_values(sums.iter().map(of))) };
    facts.push(("record_count", Type::Bigint, number(|sum| sum.rows)));
    facts.push(("file_count", Type::Bigint, number(|sum| sum.files)));
    facts.push(("total_size", Type::Bigint, number(|sum| sum.bytes)));
    let (of, values) = data(&sums, &leaves)?;
    facts.push(("data", of, values));
    Ok(facts)
}

/// Hive's word for the values of a partition; Iceberg's `time`, which Hive has not, is left out.
fn hive(of: &Type) -> Option<String> {
    let word = match of {
        Type::Decimal(..) => return Some(of.to_string()),
        Type::Boolean => "boolean",
        Type::Integer => "int",
        Type::Bigint => "bigint",
        Type::Real => "float",
        Type::Double => "double",
        Type::Date => "date",
        Type::Timestamp(_) | Type::TimestampTz(_) => "timestamp",
        Type::Varchar(_) => "string",
        Type::Varbinary | Type::Uuid => "binary",
        _ => return None,
    };
    Some(word.to_owned())
}

fn row_of(known: &[(&str, &Type, String)]) -> Type {
    Type::Row(known.iter().map(|(name, of, _)| (Some(name.to_lowercase()), (*of).clone())).collect())
}

fn is_delete(files: &StructArray, row: usize) -> bool {
    let content = files.column(0).as_primitive::<Int32Type>();
    content.is_valid(row) && content.value(row) != 0
}

impl Sum {
    fn add(&mut self, files: &StructArray, row: usize, leaves: &BTreeMap<i32, (String, Type)>) {
        let number = |at: usize| files.column(at).as_primitive::<Int64Type>().value(row);
        self.rows += number(3);
        self.files += 1;
        self.bytes += number(4);
        for (id, bytes) in pairs(files, LOWER_BOUNDS, row) {
            let lower = leaves.get(&id).and_then(|(_, of)| bounds::value(bytes.as_binary::<i32>().value(0), of));
            keep(&mut self.columns.entry(id).or_default().min, lower, |new, old| new < old);
        }
        for (id, bytes) in pairs(files, UPPER_BOUNDS, row) {
            let upper = leaves.get(&id).and_then(|(_, of)| bounds::value(bytes.as_binary::<i32>().value(0), of));
            keep(&mut self.columns.entry(id).or_default().max, upper, |new, old| new > old);
        }
        for (id, count) in pairs(files, NULL_COUNTS, row) {
            *self.columns.entry(id).or_default().nulls.get_or_insert(0) += count.as_primitive::<Int64Type>().value(0);
        }
        for (id, count) in pairs(files, NAN_COUNTS, row) {
            *self.columns.entry(id).or_default().nans.get_or_insert(0) += count.as_primitive::<Int64Type>().value(0);
        }
    }
}

fn keep(kept: &mut Option<ScalarValue>, new: Option<ScalarValue>, better: fn(&ScalarValue, &ScalarValue) -> bool) {
    if let Some(new) = new
        && kept.as_ref().is_none_or(|old| better(&new, old))
    {
        *kept = Some(new);
    }
}

/// The pairs of one row: numbers of columns, each with an array of its one value.
fn pairs(files: &StructArray, at: usize, row: usize) -> Vec<(i32, ArrayRef)> {
    let list: &ListArray = files.column(at).as_list();
    if list.is_null(row) {
        return Vec::new();
    }
    let items = list.value(row);
    let (keys, values) = (items.as_struct().column(0).as_primitive::<Int32Type>(), items.as_struct().column(1));
    (0..keys.len()).map(|place| (keys.value(place), values.slice(place, 1))).collect()
}

/// The bounds of each column of the table.
fn data(sums: &[Sum], leaves: &BTreeMap<i32, (String, Type)>) -> Result<(Type, ArrayRef), SqlError> {
    let part = |name: &str, of: Type| (Some(name.to_owned()), of);
    let of_column = |of: &Type| {
        Type::Row(vec![
            part("min", of.clone()),
            part("max", of.clone()),
            part("null_count", Type::Bigint),
            part("nan_count", Type::Bigint),
        ])
    };
    let of = Type::Row(leaves.values().map(|(name, of)| part(name, of_column(of))).collect());
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (id, (_, of)) in leaves {
        let bound = |pick: fn(&Column) -> &Option<ScalarValue>| -> Result<ArrayRef, SqlError> {
            let null = ScalarValue::try_from(&of.layout()).map_err(failure)?;
            let values = sums.iter().map(|sum| sum.columns.get(id).and_then(|column| pick(column).clone()));
            let values = values.map(|value| value.unwrap_or_else(|| null.clone()));
            if sums.is_empty() {
                return Ok(new_empty_array(&of.layout()));
            }
            ScalarValue::iter_to_array(values).map_err(failure)
        };
        let count = |pick: fn(&Column) -> Option<i64>| -> ArrayRef {
            Arc::new(Int64Array::from_iter(sums.iter().map(|sum| sum.columns.get(id).and_then(pick))))
        };
        let values = vec![
            bound(|column| &column.min)?,
            bound(|column| &column.max)?,
            count(|column| column.nulls),
            count(|column| column.nans),
        ];
        columns.push(row(&of_column(of), values, sums.len())?);
    }
    let values = row(&of, columns, sums.len())?;
    Ok((of, values))
}

fn row(of: &Type, columns: Vec<ArrayRef>, rows: usize) -> Result<ArrayRef, SqlError> {
    let fields: Fields = match of.layout() {
        arrow::datatypes::DataType::Struct(fields) => fields,
        _ => return Err(SqlError::internal("a row that is no struct")),
    };
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, None, rows)?))
}
