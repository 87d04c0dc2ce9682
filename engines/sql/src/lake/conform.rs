//! Values as a file has them become values as the table says: names without regard to case, wider numbers, other
//! units of time, fields that are missing.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use arrow::error::ArrowError;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::error::SqlError;

/// How the columns of a table are found in its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Without regard to case.
    Name,
    /// By their place.
    Index,
    /// By Iceberg's numbers, which outlive renaming; by name in files that have none.
    Id,
}

/// Which column of a file is a column of the table.
pub(super) fn find_column(file: &Schema, wanted: &Field, at: usize, how: Match) -> Option<usize> {
    let name = wanted.name();
    match how {
        Match::Index => (at < file.fields().len()).then_some(at),
        Match::Name => find_field(file.fields(), name),
        Match::Id => {
            let id = |field: &Field| field.metadata().get(PARQUET_FIELD_ID_META_KEY).cloned();
            match file.fields().iter().any(|field| id(field).is_some()) {
                true => file.fields().iter().position(|field| id(field) == id(wanted)),
                false => find_field(file.fields(), name),
            }
        }
    }
}

fn find_field(fields: &Fields, name: &str) -> Option<usize> {
    let exact = fields.iter().position(|field| field.name() == name);
    exact.or_else(|| fields.iter().position(|field| field.name().to_lowercase() == name))
}

/// Whether values of the one layout can be read as the other, at all depths.
pub(super) fn readable(file: &DataType, table: &DataType) -> bool {
    use DataType as D;
    match (file, table) {
        (file, table) if file == table => true,
        (D::Null, _) => true,
        (file, D::Int8 | D::Int16 | D::Int32 | D::Int64 | D::Decimal128(..)) if file.is_integer() => true,
        (D::Float16 | D::Float32, D::Float64) => true,
        (D::Decimal32(..) | D::Decimal64(..) | D::Decimal128(..) | D::Decimal256(..), D::Decimal128(..)) => true,
        (file, D::Utf8View | D::Binary) => is_text(file) || is_bytes(file),
        (D::Timestamp(..), D::Timestamp(..)) | (D::Time32(_) | D::Time64(_), D::Time64(_)) => true,
        (D::FixedSizeBinary(file), D::FixedSizeBinary(table)) => file == table,
        (D::Struct(file), D::Struct(table)) => table.iter().all(|wanted| {
            find_field(file, wanted.name()).is_none_or(|at| readable(file[at].data_type(), wanted.data_type()))
        }),
        (D::List(file) | D::LargeList(file) | D::FixedSizeList(file, _), D::List(table)) => {
            readable(file.data_type(), table.data_type())
        }
        (D::Map(file, _), D::Map(table, _)) => match (file.data_type(), table.data_type()) {
            (D::Struct(file), D::Struct(table)) => {
                file.iter().zip(table).all(|(file, table)| readable(file.data_type(), table.data_type()))
            }
            _ => false,
        },
        _ => false,
    }
}

fn is_text(layout: &DataType) -> bool {
    matches!(layout, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_bytes(layout: &DataType) -> bool {
    matches!(layout, DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_))
}

/// The layout that a Parquet column is best decoded into, under the names of the file. `leaf_is_int96` is asked for
/// each leaf, in their order.
pub(super) fn decoded(file: &Field, table: Option<&DataType>, leaf_is_int96: &mut dyn FnMut() -> bool) -> Field {
    let layout = match (file.data_type(), table) {
        (DataType::Struct(fields), table) => {
            let wanted = match table {
                Some(DataType::Struct(wanted)) => Some(wanted),
                _ => None,
            };
            DataType::Struct(
                fields
                    .iter()
                    .map(|field| {
                        let same = |wanted: &&FieldRef| wanted.name() == &field.name().to_lowercase();
                        let wanted =
                            wanted.and_then(|wanted| wanted.iter().find(same)).map(|wanted| wanted.data_type());
                        decoded(field, wanted, leaf_is_int96)
                    })
                    .collect(),
            )
        }
        (DataType::List(item), table) => {
            let wanted = match table {
                Some(DataType::List(wanted)) => Some(wanted.data_type()),
                _ => None,
            };
            DataType::List(Arc::new(decoded(item, wanted, leaf_is_int96)))
        }
        (DataType::Map(entries, sorted), table) => {
            let wanted = match table {
                Some(DataType::Map(wanted, _)) => match wanted.data_type() {
                    DataType::Struct(wanted) => Some(wanted),
                    _ => None,
                },
                _ => None,
            };
            let layout = match entries.data_type() {
                DataType::Struct(fields) => DataType::Struct(
                    fields
                        .iter()
                        .enumerate()
                        .map(|(at, field)| {
                            let wanted = wanted.and_then(|wanted| wanted.get(at)).map(|wanted| wanted.data_type());
                            decoded(field, wanted, leaf_is_int96)
                        })
                        .collect(),
                ),
                other => other.clone(),
            };
            DataType::Map(Arc::new(entries.as_ref().clone().with_data_type(layout)), *sorted)
        }
        (leaf, table) => {
            let int96 = leaf_is_int96();
            match table {
                Some(DataType::Utf8View) if matches!(leaf, DataType::Utf8 | DataType::Binary) => DataType::Utf8View,
                // As nanoseconds the years before 1678 and after 2261 would overflow.
                Some(DataType::Timestamp(..)) if int96 => DataType::Timestamp(TimeUnit::Millisecond, None),
                _ => leaf.clone(),
            }
        }
    };
    file.clone().with_data_type(layout)
}

/// Values in the wanted layout. What [`readable`] allows can still fail for a value: a number that does not fit.
pub(crate) fn conform(values: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, SqlError> {
    if values.data_type() == wanted {
        return Ok(values.clone());
    }
    let conformed = match (values.data_type(), wanted) {
        (DataType::Struct(_), DataType::Struct(fields)) => Arc::new(conform_struct(values.as_struct(), fields)?),
        (DataType::List(_), DataType::List(item)) => {
            let (_, offsets, items, nulls) = values.as_list::<i32>().clone().into_parts();
            let items = conform(&items, item.data_type())?;
            Arc::new(ListArray::try_new(item.clone(), offsets, items, nulls).map_err(bad_data)?) as ArrayRef
        }
        (DataType::LargeList(item) | DataType::FixedSizeList(item, _), DataType::List(_)) => {
            let plain = cast(values, &DataType::List(item.clone()))?;
            conform(&plain, wanted)?
        }
        (DataType::Map(..), DataType::Map(entries, sorted)) => {
            let (_, offsets, pairs, nulls, _) = values.as_map().clone().into_parts();
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(SqlError::internal("a map's entries are no struct"));
            };
            let key = conform(pairs.column(0), fields[0].data_type())?;
            let value = conform(pairs.column(1), fields[1].data_type())?;
            let pairs = StructArray::try_new(fields.clone(), vec![key, value], None).map_err(bad_data)?;
            let map = MapArray::try_new(entries.clone(), offsets, pairs, nulls, *sorted);
            Arc::new(map.map_err(bad_data)?)
        }
        (DataType::Null, wanted) => new_null_array(wanted, values.len()),
        _ => cast(values, wanted)?,
    };
    Ok(conformed)
}

fn conform_struct(values: &StructArray, fields: &Fields) -> Result<StructArray, SqlError> {
    let columns = fields.iter().map(|field| match find_field(values.fields(), field.name()) {
        Some(at) => conform(values.column(at), field.data_type()),
        None => Ok(new_null_array(field.data_type(), values.len())),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    StructArray::try_new_with_length(fields.clone(), columns, values.nulls().cloned(), values.len()).map_err(bad_data)
}

fn cast(values: &ArrayRef, wanted: &DataType) -> Result<ArrayRef, SqlError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(values, wanted, &strict).map_err(bad_data)
}

fn bad_data(error: ArrowError) -> SqlError {
    SqlError::new("HIVE_BAD_DATA", error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::{Int32Array, Int64Array, StringArray, TimestampMicrosecondArray};
    use arrow::datatypes::Int64Type;

    use super::*;

    fn fields(fields: &[(&str, DataType)]) -> Fields {
        fields.iter().map(|(name, layout)| Field::new(*name, layout.clone(), true)).collect()
    }

    #[test]
    fn structs_are_matched_by_name_without_regard_to_case_and_missing_fields_are_null() {
        let file = StructArray::new(
            fields(&[("Zip", DataType::Int32), ("CITY", DataType::Utf8)]),
            vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(StringArray::from(vec!["a", "b"]))],
            None,
        );
        let table = DataType::Struct(fields(&[
            ("city", DataType::Utf8View),
            ("zip", DataType::Int64),
            ("street", DataType::Utf8View),
        ]));
        let file: ArrayRef = Arc::new(file);
        assert!(readable(file.data_type(), &table));
        let values = conform(&file, &table).unwrap();
        let values = values.as_struct();
        assert_eq!(values.column(0).as_string_view().value(1), "b");
        assert_eq!(values.column(1).as_primitive::<Int64Type>().value(0), 1);
        assert_eq!(values.column(2).null_count(), 2);
    }

    #[test]
    fn numbers_widen_and_narrow_only_when_they_fit() {
        let small: ArrayRef = Arc::new(Int64Array::from(vec![7]));
        assert!(conform(&small, &DataType::Int32).is_ok());
        let large: ArrayRef = Arc::new(Int64Array::from(vec![1 << 40]));
        assert_eq!(conform(&large, &DataType::Int32).unwrap_err().name, "HIVE_BAD_DATA");
    }

    #[test]
    fn times_of_any_unit_become_milliseconds() {
        let file: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_500]).with_timezone("UTC"));
        let table = DataType::Timestamp(TimeUnit::Millisecond, None);
        assert!(readable(file.data_type(), &table));
        assert_eq!(conform(&file, &table).unwrap().data_type(), &table);
    }

    #[test]
    fn other_types_are_not_readable() {
        for (file, table) in [
            (DataType::Int64, DataType::Utf8View),
            (DataType::Int64, DataType::Float64),
            (DataType::Float64, DataType::Float32),
            (DataType::Utf8, DataType::Int32),
            (DataType::Date32, DataType::Timestamp(TimeUnit::Millisecond, None)),
            (DataType::Boolean, DataType::Int32),
            (
                DataType::Struct(fields(&[("a", DataType::Int64)])),
                DataType::Struct(fields(&[("a", DataType::Utf8View)])),
            ),
        ] {
            assert!(!readable(&file, &table), "{file} as {table}");
        }
    }
}
