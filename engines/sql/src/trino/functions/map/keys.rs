//! The rules of a map's keys: none is null, each is there once.

use std::collections::HashSet;
use std::ops::Range;

use arrow::array::{Array, ArrayRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::SqlError;
use crate::trino::functions::array::keys::keys_of;

/// Checks the keys of maps, each of which has those of one range.
///
/// # Errors
/// `map key cannot be null`, `Duplicate map keys (a) are not allowed`.
pub fn check_keys(keys: &ArrayRef, maps: impl Iterator<Item = Range<usize>>) -> Result<(), SqlError> {
    let rows = keys_of(&[keys])?;
    let mut seen = HashSet::new();
    for entries in maps {
        seen.clear();
        for entry in entries {
            if keys.is_null(entry) {
                return Err(SqlError::invalid_argument("map key cannot be null"));
            }
            if !seen.insert(rows[0].row(entry)) {
                let message = format!("Duplicate map keys ({}) are not allowed", shown(keys, entry)?);
                return Err(SqlError::invalid_argument(message));
            }
        }
    }
    Ok(())
}

/// A key as messages show it.
pub(super) fn shown(keys: &ArrayRef, index: usize) -> Result<String, SqlError> {
    let options = FormatOptions::default();
    Ok(ArrayFormatter::try_new(keys, &options)?.value(index).to_string())
}
