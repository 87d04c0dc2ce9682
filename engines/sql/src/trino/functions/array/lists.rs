//! Arrays of arrays as rows of elements: taken apart for the functions, and put together from picked elements.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt32Array, UInt32Builder};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, Fields};

use crate::error::SqlError;
use crate::trino::functions::scalar::adapt;

/// Rows of elements: an array column, or a map column seen as rows of entries.
#[derive(Debug, Clone)]
pub struct Lists {
    /// The elements of all rows; of a map, the keys.
    pub values: ArrayRef,
    /// The values of a map's entries.
    pub map_values: Option<ArrayRef>,
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
}

impl Lists {
    /// The rows of a column of arrays or maps; a column of bare nulls has only null rows.
    ///
    /// # Errors
    /// When the column is neither.
    pub fn of(column: &ArrayRef) -> Result<Lists, SqlError> {
        match column.data_type() {
            DataType::List(_) => {
                let list = column.as_list::<i32>();
                Ok(Lists {
                    values: Arc::clone(list.values()),
                    map_values: None,
                    offsets: list.offsets().clone(),
                    nulls: list.nulls().cloned(),
                })
            }
            DataType::Map(..) => {
                let map = column.as_map();
                Ok(Lists {
                    values: Arc::clone(map.keys()),
                    map_values: Some(Arc::clone(map.values())),
                    offsets: map.offsets().clone(),
                    nulls: map.nulls().cloned(),
                })
            }
            DataType::Null => Ok(Lists {
                values: column.slice(0, 0),
                map_values: Some(column.slice(0, 0)),
                offsets: OffsetBuffer::new(ScalarBuffer::from(vec![0; column.len() + 1])),
                nulls: Some(NullBuffer::new_null(column.len())),
            }),
            other => Err(SqlError::internal(format!("expected an array or a map, got {other}"))),
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Where a row's elements are among [`Lists::values`]; `None` of a null row.
    pub fn range(&self, row: usize) -> Option<Range<usize>> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        Some(self.offsets[row] as usize..self.offsets[row + 1] as usize)
    }

    /// How many elements a row has; `None` of a null row.
    pub fn length(&self, row: usize) -> Option<usize> {
        self.range(row).map(|range| range.len())
    }

    /// Which rows are null.
    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.nulls.as_ref()
    }

    /// The same rows with only the elements that belong to one, in order: what is left out lies between rows, or
    /// under null rows, where no function may look.
    pub fn compact(&self) -> Result<Lists, SqlError> {
        let lengths = (0..self.rows()).map(|row| self.length(row).unwrap_or(0));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let (first, last) = (self.offsets[0] as usize, self.offsets[self.rows()] as usize);
        let elements = offsets[self.rows()] as usize;
        let (values, map_values) = if elements == last - first {
            let slice = |values: &ArrayRef| values.slice(first, elements);
            (slice(&self.values), self.map_values.as_ref().map(slice))
        } else {
            let indices: UInt32Array =
                (0..self.rows()).filter_map(|row| self.range(row)).flatten().map(|index| index as u32).collect();
            let map_values = self.map_values.as_ref().map(|values| take(values, &indices, None)).transpose()?;
            (take(&self.values, &indices, None)?, map_values)
        };
        Ok(Lists { values, map_values, offsets, nulls: self.nulls.clone() })
    }

    /// For each element of [`Lists::compact`]ed rows, the number of its row.
    pub fn row_numbers(&self) -> UInt32Array {
        (0..self.rows()).flat_map(|row| std::iter::repeat_n(row as u32, self.length(row).unwrap_or(0))).collect()
    }

    /// The same rows with other elements, one for one.
    ///
    /// # Errors
    /// When the elements do not fit the wanted type.
    pub fn with_values(&self, values: ArrayRef, returns: &DataType) -> Result<ArrayRef, SqlError> {
        list(returns, self.offsets.clone(), values, self.nulls.clone())
    }

    /// The same rows as maps with these keys and values, one for one.
    ///
    /// # Errors
    /// When they do not fit the wanted type.
    pub fn with_entries(&self, keys: ArrayRef, values: ArrayRef, returns: &DataType) -> Result<ArrayRef, SqlError> {
        map(returns, self.offsets.clone(), keys, values, self.nulls.clone())
    }
}

/// Puts rows together from elements that are picked by their number.
#[derive(Debug)]
pub struct Picker {
    picks: UInt32Builder,
    lengths: Vec<usize>,
    valid: Vec<bool>,
    begun: usize,
}

impl Picker {
    /// For that many rows.
    pub fn with_capacity(rows: usize) -> Picker {
        Picker {
            picks: UInt32Builder::new(),
            lengths: Vec::with_capacity(rows),
            valid: Vec::with_capacity(rows),
            begun: 0,
        }
    }

    /// Puts the element of that number into the current row.
    pub fn pick(&mut self, element: usize) {
        self.picks.append_value(element as u32);
    }

    /// Puts these elements into the current row.
    pub fn pick_all(&mut self, elements: impl IntoIterator<Item = usize>) {
        elements.into_iter().for_each(|element| self.pick(element));
    }

    /// Puts a null into the current row.
    pub fn pick_null(&mut self) {
        self.picks.append_null();
    }

    /// How many elements have been picked, in all rows.
    pub fn picked(&self) -> usize {
        use arrow::array::ArrayBuilder;
        self.picks.len()
    }

    /// Ends the current row.
    pub fn end_row(&mut self) {
        let picked = self.picked();
        self.lengths.push(picked - self.begun);
        self.valid.push(true);
        self.begun = picked;
    }

    /// A null row.
    pub fn null_row(&mut self) {
        self.lengths.push(0);
        self.valid.push(false);
    }

    /// The offsets and nulls of the rows, and the numbers of the picked elements.
    pub fn into_parts(mut self) -> (OffsetBuffer<i32>, Option<NullBuffer>, UInt32Array) {
        let nulls = self.valid.contains(&false).then(|| NullBuffer::from(self.valid));
        (OffsetBuffer::from_lengths(self.lengths), nulls, self.picks.finish())
    }

    /// The rows as arrays of the elements of `values`.
    ///
    /// # Errors
    /// When the elements do not fit the wanted type.
    pub fn list(self, values: &ArrayRef, returns: &DataType) -> Result<ArrayRef, SqlError> {
        let (offsets, nulls, picks) = self.into_parts();
        list(returns, offsets, take(values, &picks, None)?, nulls)
    }

    /// The rows as maps of the entries of `keys` and `values`.
    ///
    /// # Errors
    /// When they do not fit the wanted type.
    pub fn map(self, keys: &ArrayRef, values: &ArrayRef, returns: &DataType) -> Result<ArrayRef, SqlError> {
        let (offsets, nulls, picks) = self.into_parts();
        map(returns, offsets, take(keys, &picks, None)?, take(values, &picks, None)?, nulls)
    }
}

/// The field of an array type's elements.
///
/// # Errors
/// When it is no array type.
pub fn element_field(returns: &DataType) -> Result<&FieldRef, SqlError> {
    match returns {
        DataType::List(element) => Ok(element),
        other => Err(SqlError::internal(format!("expected an array type, got {other}"))),
    }
}

/// The fields of a map type's key and value.
///
/// # Errors
/// When it is no map type.
pub fn entry_fields(returns: &DataType) -> Result<&Fields, SqlError> {
    match returns {
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => Ok(fields),
            other => Err(SqlError::internal(format!("expected the entries of a map, got {other}"))),
        },
        other => Err(SqlError::internal(format!("expected a map type, got {other}"))),
    }
}

/// An array column of that type.
///
/// # Errors
/// When the elements do not fit.
pub fn list(
    returns: &DataType,
    offsets: OffsetBuffer<i32>,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, SqlError> {
    let element = element_field(returns)?;
    let values = adapt(values, element.data_type())?;
    Ok(Arc::new(ListArray::try_new(Arc::clone(element), offsets, values, nulls)?))
}

/// A map column of that type.
///
/// # Errors
/// When the entries do not fit.
pub fn map(
    returns: &DataType,
    offsets: OffsetBuffer<i32>,
    keys: ArrayRef,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, SqlError> {
    let fields = entry_fields(returns)?;
    let DataType::Map(entries, sorted) = returns else { unreachable!("entry_fields takes only maps") };
    let columns = vec![adapt(keys, fields[0].data_type())?, adapt(values, fields[1].data_type())?];
    let structs = StructArray::try_new(fields.clone(), columns, None)?;
    Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, structs, nulls, *sorted)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::Int32Array;
    use arrow::datatypes::{Field, Int32Type};

    use super::*;

    /// `[1, 2]`, null over the elements 3 and 4, `[]`, `[5]`.
    fn column() -> ArrayRef {
        let field = Arc::new(Field::new_list_field(DataType::Int32, true));
        let offsets = OffsetBuffer::from_lengths([2, 2, 0, 1]);
        let nulls = NullBuffer::from(vec![true, false, true, true]);
        Arc::new(ListArray::new(field, offsets, Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5])), Some(nulls)))
    }

    fn elements(lists: &Lists) -> Vec<i32> {
        lists.values.as_primitive::<Int32Type>().values().to_vec()
    }

    #[test]
    fn what_lies_under_a_null_is_no_element() {
        let lists = Lists::of(&column()).unwrap().compact().unwrap();
        assert_eq!(elements(&lists), [1, 2, 5]);
        assert_eq!(lists.row_numbers().values(), &[0, 0, 3]);
        assert_eq!((0..4).map(|row| lists.length(row)).collect::<Vec<_>>(), [Some(2), None, Some(0), Some(1)]);
    }

    #[test]
    fn a_slice_has_only_its_own_elements() {
        let lists = Lists::of(&column().slice(2, 2)).unwrap().compact().unwrap();
        assert_eq!(elements(&lists), [5]);
        assert_eq!(lists.row_numbers().values(), &[1]);
    }

    #[test]
    fn picked_elements_make_rows() {
        let mut picker = Picker::with_capacity(3);
        picker.pick_all([4, 0]);
        picker.end_row();
        picker.null_row();
        picker.pick_null();
        picker.end_row();
        let lists = Lists::of(&column()).unwrap();
        let picked = picker.list(&lists.values, column().data_type()).unwrap();
        let wanted =
            ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(5), Some(1)]), None, Some(vec![None])]);
        assert_eq!(picked.as_list::<i32>(), &wanted);
    }
}
