//! Fields inside of structs by Iceberg's numbers: a file keeps the names of the day when it was written, the numbers
//! outlive renaming.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::error::SqlError;

/// In the metadata of a table's column: the names that the table has for the fields inside of it, by their numbers,
/// as JSON.
pub(super) const FIELD_NAMES_KEY: &str = "haar.field.names";

/// No field of a table has this name.
const DROPPED: &str = "\0";

/// The file's field with the table's names inside of it. `None` where nothing is known of numbers: then names count.
pub(super) fn as_named_by(table: &Field, file: &Field) -> Option<DataType> {
    let names = table.metadata().get(FIELD_NAMES_KEY)?;
    let names: BTreeMap<i32, String> = serde_json::from_str(names).ok()?;
    let named = named(file.data_type(), &names);
    (named != *file.data_type()).then_some(named)
}

fn named(layout: &DataType, names: &BTreeMap<i32, String>) -> DataType {
    let child = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(named(field.data_type(), names)));
    match layout {
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| {
                    let id = field.metadata().get(PARQUET_FIELD_ID_META_KEY).and_then(|id| id.parse().ok());
                    let name = id.map(|id: i32| names.get(&id).map_or(DROPPED, String::as_str));
                    let name = name.unwrap_or(field.name());
                    Arc::new(child(field).as_ref().clone().with_name(name))
                })
                .collect(),
        ),
        DataType::List(item) => DataType::List(child(item)),
        DataType::Map(entries, sorted) => match entries.data_type() {
            // Its struct of key and value has no numbers of its own to be matched by.
            DataType::Struct(fields) => {
                let entry = DataType::Struct(fields.iter().map(child).collect());
                DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(entry)), *sorted)
            }
            _ => layout.clone(),
        },
        _ => layout.clone(),
    }
}

/// A layout with the names of another that is built alike.
pub(super) fn with_names_of(layout: &DataType, names: &DataType) -> DataType {
    let child = |field: &FieldRef, names: &FieldRef| {
        let layout = with_names_of(field.data_type(), names.data_type());
        Arc::new(field.as_ref().clone().with_name(names.name()).with_data_type(layout))
    };
    match (layout, names) {
        (DataType::Struct(fields), DataType::Struct(names)) => {
            DataType::Struct(fields.iter().zip(names).map(|(field, names)| child(field, names)).collect())
        }
        (DataType::List(item), DataType::List(names)) => DataType::List(child(item, names)),
        (DataType::Map(entries, sorted), DataType::Map(names, _)) => DataType::Map(child(entries, names), *sorted),
        _ => layout.clone(),
    }
}

/// The same values, their fields under other names.
pub(super) fn rename(values: &ArrayRef, layout: &DataType) -> Result<ArrayRef, SqlError> {
    if values.data_type() == layout {
        return Ok(values.clone());
    }
    Ok(match (values.data_type(), layout) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let (_, columns, nulls) = values.as_struct().clone().into_parts();
            let columns = columns.iter().zip(fields).map(|(column, field)| rename(column, field.data_type()));
            let columns = columns.collect::<Result<_, _>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, values.len())?)
        }
        (DataType::List(_), DataType::List(item)) => {
            let (_, offsets, items, nulls) = values.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::try_new(item.clone(), offsets, rename(&items, item.data_type())?, nulls)?)
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let (_, offsets, pairs, nulls, _) = values.as_map().clone().into_parts();
            let pairs = rename(&(Arc::new(pairs) as ArrayRef), entries.data_type())?;
            Arc::new(MapArray::try_new(entries.clone(), offsets, pairs.as_struct().clone(), nulls, *sorted)?)
        }
        _ => values.clone(),
    })
}
