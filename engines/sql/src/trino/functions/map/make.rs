//! Functions that make maps: of arrays, of entries, of other maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use arrow::row::Row;

use crate::error::SqlError;
use crate::trino::functions::array::keys::keys_of;
use crate::trino::functions::array::lists::{Lists, Picker, entry_fields, list, map as map_of};
use crate::trino::functions::call::Call;

use super::keys::check_keys;

/// `map()`: no entries.
pub(super) fn empty(call: &Call) -> Result<ArrayRef, SqlError> {
    let DataType::Map(entries, sorted) = call.returns.layout() else {
        return Err(SqlError::internal("map gives maps"));
    };
    let columns: StructArray = new_empty_array(entries.data_type()).as_struct().clone();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(vec![0; call.rows + 1]));
    Ok(Arc::new(MapArray::try_new(entries, offsets, columns, None, sorted)?))
}

/// `map(keys, values)`: two arrays of one length.
pub(super) fn map(call: &Call) -> Result<ArrayRef, SqlError> {
    let (keys, values) = (Lists::of(&call.array(0)?)?, Lists::of(&call.array(1)?)?);
    let (mut key_picker, mut value_picker) = (Picker::with_capacity(call.rows), Picker::with_capacity(call.rows));
    for row in 0..call.rows {
        match (keys.range(row), values.range(row)) {
            (Some(keys), Some(values)) => {
                if keys.len() != values.len() {
                    return Err(SqlError::invalid_argument("Key and value arrays must be the same length"));
                }
                key_picker.pick_all(keys);
                value_picker.pick_all(values);
                key_picker.end_row();
            }
            _ => key_picker.null_row(),
        }
    }
    let (offsets, nulls, key_picks) = key_picker.into_parts();
    let (_, _, value_picks) = value_picker.into_parts();
    checked(call, offsets, nulls, take(&keys.values, &key_picks, None)?, take(&values.values, &value_picks, None)?)
}

/// The map of rows of key and value.
pub(super) fn map_from_entries(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, keys, values) = entries(call)?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match lists.range(row) {
            Some(entries) => {
                picker.pick_all(entries);
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    let (offsets, nulls, picks) = picker.into_parts();
    checked(call, offsets, nulls, take(&keys, &picks, None)?, take(&values, &picks, None)?)
}

/// The map from each key to the array of its values.
pub(super) fn multimap_from_entries(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, keys, values) = entries(call)?;
    let rows = keys_of(&[&keys])?;
    let returns = call.returns.layout();
    let (mut maps, mut groups) = (Picker::with_capacity(call.rows), Picker::with_capacity(call.rows));
    for row in 0..call.rows {
        let Some(entries) = lists.range(row) else {
            maps.null_row();
            continue;
        };
        let mut places: HashMap<Row, usize> = HashMap::new();
        let mut grouped: Vec<Vec<usize>> = Vec::new();
        for entry in entries {
            if keys.is_null(entry) {
                return Err(SqlError::invalid_argument("map key cannot be null"));
            }
            let place = *places.entry(rows[0].row(entry)).or_insert_with(|| {
                maps.pick(entry);
                grouped.push(Vec::new());
                grouped.len() - 1
            });
            grouped[place].push(entry);
        }
        for group in grouped {
            groups.pick_all(group);
            groups.end_row();
        }
        maps.end_row();
    }
    let (offsets, nulls, picks) = maps.into_parts();
    let (group_offsets, _, value_picks) = groups.into_parts();
    let arrays = entry_fields(&returns)?[1].data_type();
    let groups = list(arrays, group_offsets, take(&values, &value_picks, None)?, None)?;
    map_of(&returns, offsets, take(&keys, &picks, None)?, groups, nulls)
}

/// The rows of an array argument, with their two fields. A null row is an error, as in Trino.
fn entries(call: &Call) -> Result<(Lists, ArrayRef, ArrayRef), SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let rows: &StructArray =
        lists.values.as_struct_opt().ok_or_else(|| SqlError::internal("expected an array of rows"))?;
    let null = (0..call.rows).filter_map(|row| lists.range(row)).flatten().any(|entry| rows.is_null(entry));
    if null {
        return Err(SqlError::invalid_argument("map entry cannot be null"));
    }
    let (keys, values) = (rows.column(0).clone(), rows.column(1).clone());
    Ok((lists, keys, values))
}

/// The maps of those entries, if the keys may be a map's.
fn checked(
    call: &Call,
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
    keys: ArrayRef,
    values: ArrayRef,
) -> Result<ArrayRef, SqlError> {
    check_keys(&keys, offsets.windows(2).map(|pair| pair[0] as usize..pair[1] as usize))?;
    map_of(&call.returns.layout(), offsets, keys, values, nulls)
}

/// The entries of all maps; of a key that several have, the last one's.
pub(super) fn map_concat(call: &Call) -> Result<ArrayRef, SqlError> {
    let maps = (0..call.arity()).map(|index| Lists::of(&call.array(index)?)).collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<&dyn Array> = maps.iter().map(|map| map.values.as_ref()).collect();
    let values: Vec<&dyn Array> = maps.iter().filter_map(|map| map.map_values.as_deref()).collect();
    let (keys, values) = (concat(&keys)?, concat(&values)?);
    let rows = keys_of(&[&keys])?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut places: HashMap<Row, usize> = HashMap::new();
        let mut chosen: Vec<usize> = Vec::new();
        let mut shift = 0;
        for map in &maps {
            for entry in map.range(row).unwrap_or(0..0).map(|entry| entry + shift) {
                match places.get(&rows[0].row(entry)) {
                    Some(place) => chosen[*place] = entry,
                    None => {
                        places.insert(rows[0].row(entry), chosen.len());
                        chosen.push(entry);
                    }
                }
            }
            shift += map.values.len();
        }
        picker.pick_all(chosen);
        picker.end_row();
    }
    picker.map(&keys, &values, &call.returns.layout())
}
