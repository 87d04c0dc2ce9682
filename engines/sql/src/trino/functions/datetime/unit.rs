//! Units of time by their names, with which calls move, cut and count.

use crate::error::SqlError;
use crate::trino::functions::call::Call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn parse(name: &str) -> Option<Unit> {
        Some(match name.to_ascii_lowercase().as_str() {
            "millisecond" => Unit::Millisecond,
            "second" => Unit::Second,
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            "day" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        })
    }

    /// How many milliseconds it has, if always the same.
    pub(super) fn milliseconds(self) -> Option<i64> {
        Some(match self {
            Unit::Millisecond => 1,
            Unit::Second => 1000,
            Unit::Minute => 60_000,
            Unit::Hour => 3_600_000,
            Unit::Day => 86_400_000,
            Unit::Week => 7 * 86_400_000,
            Unit::Month | Unit::Quarter | Unit::Year => return None,
        })
    }

    /// How many months it has, if whole ones.
    pub(super) fn months(self) -> Option<i64> {
        Some(match self {
            Unit::Month => 1,
            Unit::Quarter => 3,
            Unit::Year => 12,
            _ => return None,
        })
    }

    /// Whether a date can be moved and cut by it.
    pub(super) fn is_of_dates(self) -> bool {
        matches!(self, Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year)
    }

    /// Whether a time of day can be moved and cut by it.
    pub(super) fn is_of_times(self) -> bool {
        matches!(self, Unit::Millisecond | Unit::Second | Unit::Minute | Unit::Hour)
    }
}

/// The units that the argument at an index names, row by row.
pub(super) struct Units<'a> {
    call: &'a Call<'a>,
    index: usize,
    kind: &'static str,
    fits: fn(Unit) -> bool,
    constant: Option<Unit>,
}

impl<'a> Units<'a> {
    /// `kind` is the word of Trino's refusal: `'foo' is not a valid DATE field`.
    pub(super) fn of(
        call: &'a Call<'a>,
        index: usize,
        kind: &'static str,
        fits: fn(Unit) -> bool,
    ) -> Result<Units<'a>, SqlError> {
        let mut units = Units { call, index, kind, fits, constant: None };
        if let Some(name) = call.constant_string(index) {
            units.constant = Some(units.read(name)?);
        }
        Ok(units)
    }

    pub(super) fn at(&self, row: usize) -> Result<Unit, SqlError> {
        match self.constant {
            Some(unit) => Ok(unit),
            None => self.read(self.call.strings(self.index)?.at(row)),
        }
    }

    fn read(&self, name: &str) -> Result<Unit, SqlError> {
        Unit::parse(name)
            .filter(|unit| (self.fits)(*unit))
            .ok_or_else(|| SqlError::invalid_argument(format!("'{name}' is not a valid {} field", self.kind)))
    }
}
