//! `array_join`: the elements as text, with something between them.

use arrow::array::{Array, ArrayRef, AsArray};

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::{Failures, cast};
use crate::trino::functions::scalar::adapt;
use crate::types::Type;

use super::element_of;
use super::lists::Lists;

/// The elements as `CAST(… AS varchar)` writes them; nulls are left out, or replaced by the third argument.
pub(super) fn array_join(call: &Call) -> Result<ArrayRef, SqlError> {
    let element = element_of(&call.types[0]);
    if matches!(element, Type::Array(_) | Type::Map(..) | Type::Row(_)) {
        return Err(SqlError::invalid_argument(format!("Input type {} not supported", call.types[0])));
    }
    let lists = Lists::of(&call.array(0)?)?.compact()?;
    let texts = match element {
        Type::Varchar(_) | Type::Unknown => adapt(lists.values.clone(), &Type::VARCHAR.layout())?,
        other => cast(&lists.values, &other, &Type::VARCHAR, Failures::Raise)?,
    };
    let texts = texts.as_string_view();
    let separators = call.strings(1)?;
    let replacements = if call.arity() > 2 { Some(call.strings(2)?) } else { None };
    call.to_strings(|row| {
        let Some(elements) = lists.range(row) else { return Ok(None) };
        let mut joined = String::new();
        let mut first = true;
        for element in elements {
            let text = if texts.is_valid(element) {
                texts.value(element)
            } else if let Some(replacements) = &replacements {
                replacements.at(row)
            } else {
                continue;
            };
            if !first {
                joined.push_str(separators.at(row));
            }
            first = false;
            joined.push_str(text);
        }
        Ok(Some(joined))
    })
}
