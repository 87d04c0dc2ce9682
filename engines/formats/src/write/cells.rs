//! The values of a batch, one by one: arrays whose types have been told apart once.

use arrow::array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMillisecondType,
};
use arrow::array::{
    Array, AsArray, BinaryArray, BooleanArray, ListArray, MapArray, PrimitiveArray, StringViewArray, StructArray,
};
use arrow::datatypes::{DataType, TimeUnit};
use std::ops::Range;

use super::not_supported;
use crate::column::date::{write_date, write_timestamp};
use crate::column::decimal;
use crate::error::FormatError;

/// A column in the layout of [`crate::HiveType::arrow`].
pub enum Cells<'a> {
    Boolean(&'a BooleanArray),
    Tinyint(&'a PrimitiveArray<Int8Type>),
    Smallint(&'a PrimitiveArray<Int16Type>),
    Int(&'a PrimitiveArray<Int32Type>),
    Bigint(&'a PrimitiveArray<Int64Type>),
    Float(&'a PrimitiveArray<Float32Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Text(&'a StringViewArray),
    Binary(&'a BinaryArray),
    Date(&'a PrimitiveArray<Date32Type>),
    Timestamp(&'a PrimitiveArray<TimestampMillisecondType>),
    Decimal(&'a PrimitiveArray<Decimal128Type>, u8),
    Array(&'a ListArray, Box<Cells<'a>>),
    Map(&'a MapArray, Box<Cells<'a>>, Box<Cells<'a>>),
    Struct(&'a StructArray, Vec<Cells<'a>>),
}

impl<'a> Cells<'a> {
    /// The cells of an array.
    pub fn of(array: &'a dyn Array) -> Result<Cells<'a>, FormatError> {
        Ok(match array.data_type() {
            DataType::Boolean => Cells::Boolean(array.as_boolean()),
            DataType::Int8 => Cells::Tinyint(array.as_primitive()),
            DataType::Int16 => Cells::Smallint(array.as_primitive()),
            DataType::Int32 => Cells::Int(array.as_primitive()),
            DataType::Int64 => Cells::Bigint(array.as_primitive()),
            DataType::Float32 => Cells::Float(array.as_primitive()),
            DataType::Float64 => Cells::Double(array.as_primitive()),
            DataType::Utf8View => Cells::Text(array.as_string_view()),
            DataType::Binary => Cells::Binary(array.as_binary()),
            DataType::Date32 => Cells::Date(array.as_primitive()),
            DataType::Timestamp(TimeUnit::Millisecond, None) => Cells::Timestamp(array.as_primitive()),
            DataType::Decimal128(_, scale) => Cells::Decimal(array.as_primitive(), (*scale).max(0) as u8),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Cells::Array(list, Box::new(Cells::of(list.values().as_ref())?))
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let (keys, values) = (Cells::of(map.keys().as_ref())?, Cells::of(map.values().as_ref())?);
                Cells::Map(map, Box::new(keys), Box::new(values))
            }
            DataType::Struct(_) => {
                let structure = array.as_struct();
                let fields = structure.columns().iter().map(|column| Cells::of(column.as_ref()));
                Cells::Struct(structure, fields.collect::<Result<_, _>>()?)
            }
            other => return Err(not_supported(format!("Unsupported column type: {other}"))),
        })
    }

    /// Whether a value is there.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Cells::Boolean(array) => array.is_null(row),
            Cells::Tinyint(array) => array.is_null(row),
            Cells::Smallint(array) => array.is_null(row),
            Cells::Int(array) => array.is_null(row),
            Cells::Bigint(array) => array.is_null(row),
            Cells::Float(array) => array.is_null(row),
            Cells::Double(array) => array.is_null(row),
            Cells::Text(array) => array.is_null(row),
            Cells::Binary(array) => array.is_null(row),
            Cells::Date(array) => array.is_null(row),
            Cells::Timestamp(array) => array.is_null(row),
            Cells::Decimal(array, _) => array.is_null(row),
            Cells::Array(array, _) => array.is_null(row),
            Cells::Map(array, ..) => array.is_null(row),
            Cells::Struct(array, _) => array.is_null(row),
        }
    }

    /// A single value as Hive writes it. Texts and bytes are not among them, and nested values neither.
    pub fn plain(&self, row: usize) -> String {
        let mut text = String::new();
        match self {
            Cells::Boolean(array) => text.push_str(if array.value(row) { "true" } else { "false" }),
            Cells::Tinyint(array) => text = array.value(row).to_string(),
            Cells::Smallint(array) => text = array.value(row).to_string(),
            Cells::Int(array) => text = array.value(row).to_string(),
            Cells::Bigint(array) => text = array.value(row).to_string(),
            Cells::Float(array) => {
                let value = array.value(row);
                write_float(value.into(), &format!("{value:e}"), &mut text);
            }
            Cells::Double(array) => {
                let value = array.value(row);
                write_float(value, &format!("{value:e}"), &mut text);
            }
            Cells::Date(array) => write_date(array.value(row), &mut text),
            Cells::Timestamp(array) => write_timestamp(array.value(row), ' ', &mut text),
            Cells::Decimal(array, scale) => decimal::write(array.value(row), *scale, &mut text),
            Cells::Text(_) | Cells::Binary(_) | Cells::Array(..) | Cells::Map(..) | Cells::Struct(..) => {}
        }
        text
    }
}

/// The rows of the values inside a nested one.
pub fn inside(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

/// Java's `Double.toString`, from the shortest digits as `d.ddde±x`.
fn write_float(value: f64, scientific: &str, into: &mut String) {
    if !value.is_finite() {
        into.push_str(match value {
            _ if value.is_nan() => "NaN",
            _ if value > 0.0 => "Infinity",
            _ => "-Infinity",
        });
        return;
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    into.push_str(sign);
    let or_zero = |digits: &str| if digits.is_empty() { "0".to_owned() } else { digits.to_owned() };
    match exponent {
        0..=6 => {
            let places = exponent as usize;
            let padded = format!("{rest:0<places$}");
            let (whole, fraction) = padded.split_at(places);
            into.push_str(&format!("{first}{whole}.{}", or_zero(fraction)));
        }
        -3..=-1 => {
            let zeros = "0".repeat((-exponent - 1) as usize);
            into.push_str(&format!("0.{zeros}{first}{rest}"));
        }
        _ => into.push_str(&format!("{first}.{}E{exponent}", or_zero(rest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_javas() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1234.5, "-1234.5"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (0.001, "0.001"),
            (0.00012, "1.2E-4"),
            (1.25e-300, "1.25E-300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut written = String::new();
            write_float(value, &format!("{value:e}"), &mut written);
            assert_eq!(written, text);
        }
    }
}
