//! Time zones: an instant shown elsewhere, and a clock's reading that gets a place.

use arrow::array::ArrayRef;

use crate::error::SqlError;
use crate::trino::functions::call::Call;
use crate::trino::functions::cast::time::{tick, timestamps, zone};
use crate::trino::functions::scalar::{Function, function, overload};

use super::moment::{Moments, instant_in};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function(
            "at_timezone",
            [
                overload("(timestamp(p) with time zone, varchar) -> timestamp(p) with time zone", elsewhere)
                    .in_zone(second),
                overload("(timestamp(p), varchar) -> timestamp(p) with time zone", elsewhere).in_zone(second),
            ],
        ),
        function(
            "with_timezone",
            [overload("(timestamp(p), varchar) -> timestamp(p) with time zone", placed).in_zone(second)],
        ),
        function("timezone", [overload("(timestamp(p) with time zone) -> varchar", name)]),
    ]
}

/// The zone that the second argument names.
fn second(texts: &[Option<&str>]) -> Option<String> {
    let name = texts.get(1).copied().flatten()?;
    zone(name).is_ok().then(|| name.to_owned())
}

/// The same instant. A timestamp without a zone is read in the session's, UTC.
fn elsewhere(call: &Call) -> Result<ArrayRef, SqlError> {
    let (moments, zones) = (Moments::of(call, 0)?, call.strings(1)?);
    let rows = (0..call.rows).map(|row| {
        if !call.is_valid(row) {
            return Ok(None);
        }
        zone(zones.at(row))?;
        tick(moments.instant(row)?, call.returns).map(Some)
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

/// The instant at which that zone's clock shows it.
fn placed(call: &Call) -> Result<ArrayRef, SqlError> {
    let (moments, zones) = (Moments::of(call, 0)?, call.strings(1)?);
    let rows = (0..call.rows).map(|row| {
        if !call.is_valid(row) {
            return Ok(None);
        }
        tick(instant_in(zone(zones.at(row))?, moments.local(row)?)?, call.returns).map(Some)
    });
    timestamps(rows.collect::<Result<_, _>>()?, call.returns)
}

fn name(call: &Call) -> Result<ArrayRef, SqlError> {
    let moments = Moments::of(call, 0)?;
    let name = moments.zone().map_or_else(|| "UTC".to_owned(), |zone| zone.to_string());
    call.to_strings(|_| Ok(Some(&name)))
}
