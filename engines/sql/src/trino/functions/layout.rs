//! Arrays in exactly the layout that was promised: Arrow takes two types for different as soon as a field inside has
//! another name, nullability or metadata.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::datatypes::DataType;

use crate::error::SqlError;
use crate::types::Type;

/// The array in exactly that layout: names and metadata of inner fields are replaced, text becomes the wanted kind of
/// text. It is no cast: values stay what they are.
pub(crate) fn adapt(array: ArrayRef, layout: &DataType) -> Result<ArrayRef, SqlError> {
    if array.data_type() == layout {
        return Ok(array);
    }
    match (array.data_type(), layout) {
        (DataType::List(_), DataType::List(field)) => {
            let lists = array.as_list::<i32>();
            let values = adapt(lists.values().clone(), field.data_type())?;
            let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls)?))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let rows = array.as_struct();
            let columns = rows.columns().iter().zip(fields).map(|(column, to)| adapt(column.clone(), to.data_type()));
            let (columns, nulls) = (columns.collect::<Result<Vec<_>, _>>()?, rows.nulls().cloned());
            let rows = StructArray::try_new_with_length(fields.clone(), columns, nulls, rows.len())?;
            Ok(Arc::new(rows))
        }
        (DataType::Map(..), DataType::Map(field, sorted)) => {
            let maps = array.as_map();
            let entries = adapt(Arc::new(maps.entries().clone()), field.data_type())?;
            let entries = entries.as_struct().clone();
            let (offsets, nulls) = (maps.offsets().clone(), maps.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, nulls, *sorted)?))
        }
        _ => Ok(arrow::compute::cast(&array, layout)?),
    }
}

/// The type's layout, in the zone of a column of timestamps with time zone.
pub(crate) fn zoned(of: &Type, like: Option<&DataType>) -> DataType {
    match (of.layout(), like) {
        (DataType::Timestamp(unit, Some(_)), Some(DataType::Timestamp(_, Some(zone)))) => {
            DataType::Timestamp(unit, Some(zone.clone()))
        }
        (layout, _) => layout,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::Int32Array;
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, Fields};

    use super::*;

    #[test]
    fn fields_inside_are_renamed_by_place_not_by_name() {
        let values: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let others: ArrayRef = Arc::new(Int32Array::from(vec![2]));
        let found =
            Fields::from(vec![Field::new("b", DataType::Int32, false), Field::new("a", DataType::Int32, false)]);
        let rows: ArrayRef = Arc::new(StructArray::new(found.clone(), vec![values.clone(), others], None));
        let item = Arc::new(Field::new("x", DataType::Struct(found), true));
        let lists: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([1]), rows, None));
        let wanted = Type::parse("array(row(a integer, b integer))").unwrap().layout();
        let adapted = adapt(lists, &wanted).unwrap();
        assert_eq!(adapted.data_type(), &wanted);
        let rows = adapted.as_list::<i32>().values().clone();
        assert_eq!(rows.as_struct().column(0), &values);
    }
}
