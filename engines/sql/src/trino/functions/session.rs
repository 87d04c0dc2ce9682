//! What a query knows of its surroundings.

use arrow::array::ArrayRef;

use crate::error::SqlError;

use super::call::Call;
use super::scalar::{Function, function, overload};

/// What `version()` answers: Athena's engine calls itself by a number alone.
const VERSION: &str = "3";

pub(crate) fn functions() -> Vec<Function> {
    vec![
        function("current_catalog", [overload("() -> varchar", catalog)]).stable(),
        function("current_schema", [overload("() -> varchar", schema)]).stable(),
        function("current_user", [overload("() -> varchar", user)]).stable(),
        function("current_timezone", [overload("() -> varchar", zone)]).stable(),
        function("version", [overload("() -> varchar", |call| call.to_strings(|_| Ok(Some(VERSION))))]).stable(),
    ]
}

fn catalog(call: &Call) -> Result<ArrayRef, SqlError> {
    let session = call.session()?;
    call.to_strings(|_| Ok(Some(session.catalog.as_str())))
}

fn schema(call: &Call) -> Result<ArrayRef, SqlError> {
    let session = call.session()?;
    call.to_strings(|_| Ok(session.schema.as_deref()))
}

fn user(call: &Call) -> Result<ArrayRef, SqlError> {
    let session = call.session()?;
    call.to_strings(|_| Ok(Some(session.user.as_str())))
}

fn zone(call: &Call) -> Result<ArrayRef, SqlError> {
    let session = call.session()?;
    call.to_strings(|_| Ok(Some(session.zone.as_str())))
}
