//! Functions that give a map's entries: by key, or all of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, StructArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;

use crate::error::SqlError;
use crate::trino::functions::array::keys::keys_of;
use crate::trino::functions::array::lists::{Lists, element_field};
use crate::trino::functions::call::Call;
use crate::trino::functions::scalar::adapt;

use super::keys::shown;

/// The values of a map's entries.
fn values_of(lists: &Lists) -> Result<&ArrayRef, SqlError> {
    lists.map_values.as_ref().ok_or_else(|| SqlError::internal("expected a map"))
}

/// How many entries there are.
pub(super) fn cardinality(call: &Call) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&call.array(0)?)?;
    call.to_bigints(|row| Ok(maps.length(row).map(|length| length as i64)))
}

/// The value under a key; null if there is none.
pub(super) fn element_at(call: &Call) -> Result<ArrayRef, SqlError> {
    find(call, |_, _| Ok(()))
}

/// `map[key]`: a key that is not there is an error.
pub(super) fn subscript(call: &Call) -> Result<ArrayRef, SqlError> {
    find(call, |keys, row| {
        let message = format!("Key not present in map: {}", shown(keys, row)?);
        Err(SqlError::invalid_argument(message))
    })
}

fn find(call: &Call, missing: impl Fn(&ArrayRef, usize) -> Result<(), SqlError>) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&call.array(0)?)?;
    let wanted = call.array(1)?;
    let keys = keys_of(&[&maps.values, &wanted])?;
    let mut picks = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let Some(mut entries) = maps.range(row).filter(|_| call.is_valid(row)) else {
            picks.push(None);
            continue;
        };
        let found = entries.find(|&entry| keys[0].row(entry) == keys[1].row(row));
        if found.is_none() {
            missing(&wanted, row)?;
        }
        picks.push(found.map(|entry| entry as u32));
    }
    Ok(take(values_of(&maps)?, &UInt32Array::from(picks), None)?)
}

/// The keys.
pub(super) fn map_keys(call: &Call) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&call.array(0)?)?.compact()?;
    maps.with_values(maps.values.clone(), &call.returns.layout())
}

/// The values.
pub(super) fn map_values(call: &Call) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&call.array(0)?)?.compact()?;
    maps.with_values(values_of(&maps)?.clone(), &call.returns.layout())
}

/// The entries as rows of key and value.
pub(super) fn map_entries(call: &Call) -> Result<ArrayRef, SqlError> {
    let maps = Lists::of(&call.array(0)?)?.compact()?;
    let returns = call.returns.layout();
    let DataType::Struct(fields) = element_field(&returns)?.data_type() else {
        return Err(SqlError::internal("map_entries gives rows"));
    };
    let columns = vec![
        adapt(maps.values.clone(), fields[0].data_type())?,
        adapt(values_of(&maps)?.clone(), fields[1].data_type())?,
    ];
    maps.with_values(Arc::new(StructArray::try_new(fields.clone(), columns, None)?), &returns)
}
