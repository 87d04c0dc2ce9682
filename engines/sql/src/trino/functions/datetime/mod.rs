//! Dates, times and timestamps: their parts, their units, their texts, and what time it is.
//!
//! A timestamp with time zone keeps its zone in its column's type, so a zone that a call names (`at_timezone`) is the
//! result's zone when it is a constant; a zone that differs from row to row is shown as UTC, at the same instant.

mod epoch;
mod iso;
mod moment;
mod now;
mod part;
mod pattern;
mod read;
mod shift;
mod text;
mod truncate;
mod unit;
mod write;
mod zone;

use super::scalar::Function;

pub(crate) fn functions() -> Vec<Function> {
    [
        epoch::functions(),
        iso::functions(),
        now::functions(),
        part::functions(),
        shift::functions(),
        text::functions(),
        truncate::functions(),
        zone::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
