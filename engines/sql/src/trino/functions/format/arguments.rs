//! The values of a format, out of their columns.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, Time64NanosecondType, TimeUnit,
    TimestampNanosecondType,
};
use chrono::{DateTime, NaiveDate, NaiveTime, Offset};

use crate::error::SqlError;
use crate::types::Type;

use super::super::call::Call;
use super::super::cast::{Failures, cast};
use super::Value;
use super::moment::Moment;

/// One argument's values, in the form that its kind is formatted from.
pub(super) struct Column {
    array: ArrayRef,
    kind: Kind,
    constant: bool,
}

enum Kind {
    Null,
    Bool,
    Long,
    Double,
    Float,
    Decimal(u32),
    Text,
    Date,
    Time,
    /// With a zone, if it has one.
    Timestamp(Option<String>),
}

impl Column {
    pub(super) fn read(call: &Call, index: usize) -> Result<Column, SqlError> {
        let of = &call.types[index];
        let constant = call.is_constant(index);
        let array = call.array(index)?;
        let to = |to: &Type| cast(&array, of, to, Failures::Raise);
        let (array, kind) = match of {
            Type::Unknown => (array, Kind::Null),
            Type::Boolean => (array, Kind::Bool),
            Type::Tinyint | Type::Smallint | Type::Integer | Type::Bigint => (to(&Type::Bigint)?, Kind::Long),
            Type::Double => (array, Kind::Double),
            Type::Real => (array, Kind::Float),
            Type::Decimal(_, scale) => (array, Kind::Decimal(u32::from(scale.unsigned_abs()))),
            Type::Varchar(_) | Type::Char(_) | Type::Json => (array, Kind::Text),
            Type::Date => (array, Kind::Date),
            Type::Time(_) => (array, Kind::Time),
            Type::Timestamp(_) | Type::TimestampTz(_) => {
                let zone = match array.data_type() {
                    DataType::Timestamp(_, zone) => zone.as_ref().map(ToString::to_string),
                    _ => None,
                };
                let plain = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone().map(Into::into));
                (arrow::compute::cast(&array, &plain)?, Kind::Timestamp(zone))
            }
            _ => (to(&Type::VARCHAR)?, Kind::Text),
        };
        Ok(Column { constant: constant && array.len() == 1, array, kind })
    }

    pub(super) fn value(&self, row: usize) -> Value {
        let row = if self.constant { 0 } else { row };
        if matches!(self.kind, Kind::Null) || self.array.is_null(row) {
            return Value::Null;
        }
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(self.array.as_boolean().value(row)),
            Kind::Long => Value::Long(self.array.as_primitive::<Int64Type>().value(row)),
            Kind::Double => Value::Double(self.array.as_primitive::<Float64Type>().value(row)),
            Kind::Float => Value::Float(self.array.as_primitive::<Float32Type>().value(row)),
            Kind::Decimal(scale) => Value::Decimal(self.array.as_primitive::<Decimal128Type>().value(row), *scale),
            Kind::Text => Value::Text(self.array.as_string_view().value(row).to_owned()),
            Kind::Date => {
                let days = self.array.as_primitive::<Date32Type>().value(row);
                NaiveDate::from_epoch_days(days).map_or(Value::Null, |date| Value::Moment(Moment::Date(date)))
            }
            Kind::Time => {
                let nanoseconds = self.array.as_primitive::<Time64NanosecondType>().value(row);
                let time = NaiveTime::from_num_seconds_from_midnight_opt(
                    u32::try_from(nanoseconds / 1_000_000_000).unwrap_or(0),
                    u32::try_from(nanoseconds % 1_000_000_000).unwrap_or(0),
                );
                time.map_or(Value::Null, |time| Value::Moment(Moment::Time(time)))
            }
            Kind::Timestamp(zone) => {
                let moment =
                    DateTime::from_timestamp_nanos(self.array.as_primitive::<TimestampNanosecondType>().value(row));
                Value::Moment(match zone {
                    None => Moment::DateTime(moment.naive_utc()),
                    Some(zone) => {
                        let offset = match zone.parse::<arrow::array::timezone::Tz>() {
                            Ok(known) => moment.with_timezone(&known).offset().fix(),
                            Err(_) => chrono::Utc.fix(),
                        };
                        Moment::Zoned(moment.with_timezone(&offset), zone.clone())
                    }
                })
            }
        }
    }
}
