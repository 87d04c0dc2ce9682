//! `uuid()`: random ones, of version four.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeBinaryBuilder};
use rand::Rng;

use crate::error::SqlError;

use super::call::Call;
use super::scalar::{Function, function, overload};

pub(crate) fn functions() -> Vec<Function> {
    vec![function("uuid", [overload("() -> uuid", uuid)]).volatile()]
}

fn uuid(call: &Call) -> Result<ArrayRef, SqlError> {
    let mut chance = rand::rng();
    let mut values = FixedSizeBinaryBuilder::with_capacity(call.rows, 16);
    for _ in 0..call.rows {
        let mut bytes = [0; 16];
        chance.fill_bytes(&mut bytes);
        // RFC 9562: the version's four bits, and two that say which layout this is.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        values.append_value(bytes)?;
    }
    Ok(Arc::new(values.finish()))
}
