//! Which partitions of a table a query needs, before anything is listed.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef, TimeUnit};
use datafusion::common::ScalarValue;
use haar_kernel::Timestamp;

use crate::catalog::{Catalog, LakeTable, Storage};
use crate::error::SqlError;
use crate::lake::predicates::Predicates;
use crate::lake::projection::{Projection, VALUES_MAX};
use crate::run::failure;
use crate::types::Type;

/// How Hive writes NULL into a path.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A partition, or the whole of a table that has none.
#[derive(Debug)]
pub(super) struct Partition {
    /// Of the keys, typed.
    pub(super) values: Vec<ScalarValue>,
    pub(super) storage: Arc<Storage>,
}

/// The partitions whose keys the predicates let pass.
pub(super) async fn needed(
    table: &LakeTable,
    keys: &[FieldRef],
    predicates: &Predicates,
    catalog: &dyn Catalog,
    now: Timestamp,
) -> Result<Vec<Partition>, SqlError> {
    if keys.is_empty() {
        return Ok(vec![Partition { values: Vec::new(), storage: Arc::new(table.storage.clone()) }]);
    }
    let candidates = match Projection::of(table, now)? {
        Some(projection) => projected(table, keys, predicates, &projection)?,
        None => {
            let filter = predicates.for_catalog(keys);
            let listed = catalog.partitions(table, filter.as_ref()).await?;
            let typed = listed.into_iter().map(|partition| {
                let values = typed(&partition.values, keys)?;
                Ok(Partition { values, storage: Arc::new(partition.storage) })
            });
            typed.collect::<Result<_, SqlError>>()?
        }
    };
    pruned(candidates, keys, predicates)
}

fn pruned(candidates: Vec<Partition>, keys: &[FieldRef], predicates: &Predicates) -> Result<Vec<Partition>, SqlError> {
    if candidates.is_empty() {
        return Ok(candidates);
    }
    let columns = (0..keys.len()).map(|at| column(candidates.iter().map(|candidate| &candidate.values[at]), &keys[at]));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(match predicates.keep(keys, columns)? {
        Some(keep) => {
            candidates.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(candidate, _)| candidate).collect()
        }
        None => candidates,
    })
}

/// Values of one key as a column.
pub(super) fn column<'a>(
    values: impl Iterator<Item = &'a ScalarValue>,
    field: &FieldRef,
) -> Result<ArrayRef, SqlError> {
    let mut values = values.cloned().peekable();
    match values.peek() {
        Some(_) => ScalarValue::iter_to_array(values).map_err(failure),
        None => Ok(arrow::array::new_empty_array(field.data_type())),
    }
}

/// The product of the keys' values; each key is pruned alone before it is multiplied.
fn projected(
    table: &LakeTable,
    keys: &[FieldRef],
    predicates: &Predicates,
    projection: &Projection,
) -> Result<Vec<Partition>, SqlError> {
    let mut rows: Vec<(Vec<String>, Vec<ScalarValue>)> = vec![(Vec::new(), Vec::new())];
    for (at, key) in keys.iter().enumerate() {
        let texts = projection.values(at, &predicates.wanted(key.name()))?;
        let mut values = Vec::with_capacity(texts.len());
        for (text, at) in texts {
            let value = match (at, key.data_type()) {
                (Some(at), DataType::Date32) => {
                    ScalarValue::Date32(Some(at.and_utc().timestamp().div_euclid(86_400) as i32))
                }
                (Some(at), DataType::Timestamp(TimeUnit::Millisecond, None)) => {
                    ScalarValue::TimestampMillisecond(Some(at.and_utc().timestamp_millis()), None)
                }
                _ => typed_value(&text, key)?,
            };
            values.push((text, value));
        }
        let alone = std::slice::from_ref(key);
        if let Some(keep) = predicates.keep(alone, vec![column(values.iter().map(|(_, value)| value), key)?])? {
            let mut keep = keep.into_iter();
            values.retain(|_| keep.next().unwrap_or(true));
        }
        if rows.len().saturating_mul(values.len()) > VALUES_MAX {
            return Err(SqlError::new(
                "HIVE_EXCEEDED_PARTITION_LIMIT",
                format!("Query over table '{}' can potentially read more than {VALUES_MAX} partitions", table.name),
            ));
        }
        let with = |(texts, row): &(Vec<String>, Vec<ScalarValue>), (text, value): &(String, ScalarValue)| {
            let (mut texts, mut row) = (texts.clone(), row.clone());
            texts.push(text.clone());
            row.push(value.clone());
            (texts, row)
        };
        rows = rows.iter().flat_map(|row| values.iter().map(move |value| with(row, value))).collect();
    }
    let partition = |(texts, values): (Vec<String>, Vec<ScalarValue>)| {
        let location = projection.location(&table.storage.location, &texts);
        Partition { values, storage: Arc::new(Storage { location, ..table.storage.clone() }) }
    };
    Ok(rows.into_iter().map(partition).collect())
}

fn typed(texts: &[String], keys: &[FieldRef]) -> Result<Vec<ScalarValue>, SqlError> {
    keys.iter().enumerate().map(|(at, key)| typed_value(texts.get(at).map_or(NULL, String::as_str), key)).collect()
}

/// The value that a text stands for.
fn typed_value(text: &str, key: &FieldRef) -> Result<ScalarValue, SqlError> {
    if text == NULL {
        return ScalarValue::try_from(key.data_type()).map_err(failure);
    }
    let parsed = match key.data_type() {
        DataType::Utf8View => Some(ScalarValue::Utf8View(Some(text.to_owned()))),
        layout => ScalarValue::try_from_string(text.trim().to_owned(), layout).ok(),
    };
    parsed.ok_or_else(|| {
        SqlError::new(
            "HIVE_INVALID_PARTITION_VALUE",
            format!(
                "Invalid partition value '{text}' for {} partition key: {}",
                Type::of(key).to_string().to_uppercase(),
                key.name()
            ),
        )
    })
}

/// As Hive writes a value into a path: what would be mistaken there is `%2F` and the like.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        let mistaken = c.is_ascii_control() || "\"#%'*/:=?\\{[]^\u{7f}".contains(c);
        match mistaken {
            true => escaped.push_str(&format!("%{:02X}", c as u32)),
            false => escaped.push(c),
        }
    }
    escaped
}
