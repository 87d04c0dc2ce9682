//! Aggregates that give maps: `map_agg`, `multimap_agg`, `map_union`, `histogram`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, UInt32Array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;

use crate::error::SqlError;
use crate::trino::functions::array::keys::keys_of;
use crate::trino::functions::array::lists::{Lists, entry_fields, list, map};

use super::collected::Group;
use super::function::{Aggregate, How, aggregate, overload};

pub(super) fn functions() -> Vec<Aggregate> {
    vec![
        aggregate("map_agg", [overload("(K, V) -> map(K,V)", How::Collected(map_agg))]).ordered(),
        aggregate("multimap_agg", [overload("(K, V) -> map(K,array(V))", How::Collected(multimap_agg))]).ordered(),
        aggregate("map_union", [overload("(map(K,V)) -> map(K,V)", How::Collected(map_union))]).ordered(),
        aggregate("histogram", [overload("(K) -> map(K,bigint)", How::Collected(histogram))]),
    ]
}

/// The rows of a column by their keys: for each different key, in order of appearance, the rows that have it. Nulls are
/// left out.
pub(super) fn grouped(keys: &ArrayRef, rows: impl Iterator<Item = usize>) -> Result<Vec<Vec<u32>>, SqlError> {
    let bytes = keys_of(&[keys])?;
    let nulls = keys.logical_nulls();
    let mut places = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for row in rows.filter(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) {
        let place = *places.entry(bytes[0].row(row)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(row as u32);
    }
    Ok(groups)
}

/// One map of chosen rows of keys and of one value for each.
pub(super) fn one_map(
    group: &Group,
    keys: &ArrayRef,
    chosen: impl Iterator<Item = u32>,
    values: ArrayRef,
) -> Result<ArrayRef, SqlError> {
    let keys = take(keys, &chosen.collect::<UInt32Array>(), None)?;
    map(group.returns, OffsetBuffer::from_lengths([keys.len()]), keys, values, None)
}

/// The map from keys to values; of a key that comes again, the first value stays. Null of no rows.
fn map_agg(group: &Group) -> Result<ArrayRef, SqlError> {
    pairs(group, &group.columns[0], &group.columns[1])
}

fn pairs(group: &Group, keys: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef, SqlError> {
    let groups = grouped(keys, 0..keys.len())?;
    if groups.is_empty() {
        return Ok(new_null_array(group.returns, 1));
    }
    let first: UInt32Array = groups.iter().map(|rows| rows[0]).collect();
    one_map(group, keys, first.values().iter().copied(), take(values, &first, None)?)
}

/// The map from keys to the arrays of their values.
fn multimap_agg(group: &Group) -> Result<ArrayRef, SqlError> {
    let groups = grouped(&group.columns[0], 0..group.rows())?;
    if groups.is_empty() {
        return Ok(new_null_array(group.returns, 1));
    }
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    let values = take(&group.columns[1], &UInt32Array::from(groups.concat()), None)?;
    let arrays = list(entry_fields(group.returns)?[1].data_type(), offsets, values, None)?;
    one_map(group, &group.columns[0], groups.iter().map(|rows| rows[0]), arrays)
}

/// All entries of all maps. Null if there is no map; empty if all are.
fn map_union(group: &Group) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&group.columns[0])?.compact()?;
    if maps.nulls().map_or(0, |nulls| nulls.null_count()) == maps.rows() {
        return Ok(new_null_array(group.returns, 1));
    }
    let values = maps.map_values.as_ref().ok_or_else(|| SqlError::internal("expected a map"))?;
    let first: UInt32Array = grouped(&maps.values, 0..maps.values.len())?.iter().map(|rows| rows[0]).collect();
    one_map(group, &maps.values, first.values().iter().copied(), take(values, &first, None)?)
}

/// The map from each value to how often it is there.
fn histogram(group: &Group) -> Result<ArrayRef, SqlError> {
    let groups = grouped(&group.columns[0], 0..group.rows())?;
    if groups.is_empty() {
        return Ok(new_null_array(group.returns, 1));
    }
    let counts = Int64Array::from_iter_values(groups.iter().map(|rows| rows.len() as i64));
    one_map(group, &group.columns[0], groups.iter().map(|rows| rows[0]), Arc::new(counts))
}
