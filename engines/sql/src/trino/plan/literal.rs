//! Literals: numbers, typed text, intervals.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use super::expression::Translator;
use crate::error::{INVALID_LITERAL, Position, SqlError};
use crate::trino::functions::arithmetic::interval::{DAY, of_milliseconds};
use crate::trino::functions::cast::{self, Failures};
use crate::trino::functions::planned;
use crate::trino::syntax::ast::{Interval, IntervalField};
use crate::types::Type;

/// The digits that a decimal can have.
const DIGITS_MAX: usize = 38;

impl Translator<'_> {
    /// The smallest of integer and bigint that holds it.
    pub(super) fn integer(&self, text: &str) -> Result<Expr, SqlError> {
        let value: i64 =
            text.parse().map_err(|_| SqlError::new(INVALID_LITERAL, format!("Invalid numeric literal: {text}")))?;
        Ok(match i32::try_from(value) {
            Ok(value) => planned::literal(ScalarValue::Int32(Some(value)), &Type::Integer),
            Err(_) => planned::literal(ScalarValue::Int64(Some(value)), &Type::Bigint),
        })
    }

    /// `1.20` has three digits, two of them behind the point.
    pub(super) fn decimal(&self, text: &str) -> Result<Expr, SqlError> {
        let wrong = || SqlError::new(INVALID_LITERAL, format!("Invalid decimal literal '{text}'"));
        let digits = text.trim().trim_start_matches(['-', '+']);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0');
        let precision = (whole.len() + fraction.len()).max(1);
        if precision > DIGITS_MAX {
            return Err(wrong());
        }
        let mut value: i128 = match format!("{whole}{fraction}").as_str() {
            "" => 0,
            digits => digits.parse().map_err(|_| wrong())?,
        };
        if text.trim().starts_with('-') {
            value = -value;
        }
        let (precision, scale) = (precision as u8, fraction.len() as i8);
        let value = ScalarValue::Decimal128(Some(value), precision, scale);
        Ok(planned::literal(value, &Type::Decimal(precision, scale)))
    }

    pub(super) fn double(&self, text: &str) -> Result<Expr, SqlError> {
        let value: f64 =
            text.parse().map_err(|_| SqlError::new(INVALID_LITERAL, format!("Invalid numeric literal: {text}")))?;
        Ok(planned::literal(ScalarValue::Float64(Some(value)), &Type::Double))
    }

    /// `DATE '2020-01-01'`: the text as that type, now.
    pub(super) fn typed(&self, name: &str, text: &str, at: Position) -> Result<Expr, SqlError> {
        let wrong = |_| {
            SqlError::new(INVALID_LITERAL, format!("'{text}' is not a valid {} literal", name.to_uppercase())).at(at)
        };
        if matches!(name, "decimal" | "dec" | "numeric") {
            return self.decimal(text).map_err(|error| error.at(at));
        }
        // A cast would make a JSON string of the text.
        if name == "json" {
            return self.internal("json_parse", vec![planned::string_literal(text)], at);
        }
        let to = match name {
            // The digits behind the point tell the precision, and a zone the kind.
            "timestamp" | "time" => temporal(name, text),
            "char" => Type::Char(text.chars().count().max(1) as u32),
            _ => Type::parse(name)
                .map_err(|_| SqlError::new("TYPE_NOT_FOUND", format!("Unknown type: {name}")).at(at))?,
        };
        let array: ArrayRef = Arc::new(StringViewArray::from(vec![text]));
        let cast = cast::cast(&array, &Type::VARCHAR, &to, Failures::Raise).map_err(wrong)?;
        let value = ScalarValue::try_from_array(&cast, 0).map_err(super::failure)?;
        Ok(planned::literal(value, &to))
    }

    pub(super) fn interval(&self, interval: &Interval) -> Result<Expr, SqlError> {
        let sign = if interval.negative { -1 } else { 1 };
        let wrong = || SqlError::new(INVALID_LITERAL, format!("'{}' is not a valid INTERVAL literal", interval.value));
        let value = interval.value.trim();
        let (sign, value) = match value.strip_prefix('-') {
            Some(rest) => (-sign, rest),
            None => (sign, value.strip_prefix('+').unwrap_or(value)),
        };
        let to = interval.to.unwrap_or(interval.from);
        if to < interval.from || (interval.from <= IntervalField::Month) != (to <= IntervalField::Month) {
            return Err(SqlError::new(INVALID_LITERAL, format!("Invalid interval {:?} TO {to:?}", interval.from)));
        }
        let fields = [
            IntervalField::Year,
            IntervalField::Month,
            IntervalField::Day,
            IntervalField::Hour,
            IntervalField::Minute,
            IntervalField::Second,
        ];
        let wanted = fields.iter().filter(|field| (interval.from..=to).contains(field));
        let add = |sum: &mut i64, count: i64, unit: i64| {
            *sum = count.checked_mul(unit).and_then(|more| sum.checked_add(more)).ok_or_else(wrong)?;
            Ok::<_, SqlError>(())
        };
        let mut parts = value.split(['-', ':', ' ']).filter(|part| !part.is_empty());
        let (mut months, mut milliseconds) = (0_i64, 0_i64);
        for field in wanted {
            let part = match parts.next() {
                Some(part) => part,
                // What is left out at the end is zero: `INTERVAL '2' DAY TO SECOND`.
                None if *field != interval.from => break,
                None => return Err(wrong()),
            };
            let (whole, fraction) = match part.split_once('.') {
                Some((whole, fraction)) if *field == IntervalField::Second => (whole, fraction),
                Some(_) => return Err(wrong()),
                None => (part, ""),
            };
            let whole: i64 = whole.parse().map_err(|_| wrong())?;
            match field {
                IntervalField::Year => add(&mut months, whole, 12)?,
                IntervalField::Month => add(&mut months, whole, 1)?,
                IntervalField::Day => add(&mut milliseconds, whole, DAY)?,
                IntervalField::Hour => add(&mut milliseconds, whole, 3_600_000)?,
                IntervalField::Minute => add(&mut milliseconds, whole, 60_000)?,
                IntervalField::Second => {
                    // Trino counts milliseconds.
                    let digits = format!("{fraction:0<3}");
                    let digits = digits.get(..3).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
                    add(&mut milliseconds, whole, 1000)?;
                    add(&mut milliseconds, digits, 1)?;
                }
            }
        }
        if parts.next().is_some() {
            return Err(wrong());
        }
        if interval.from <= IntervalField::Month {
            let months = i32::try_from(sign * months).map_err(|_| wrong())?;
            return Ok(planned::literal(ScalarValue::IntervalYearMonth(Some(months)), &Type::IntervalYearToMonth));
        }
        let value = ScalarValue::IntervalMonthDayNano(Some(of_milliseconds(sign * milliseconds)));
        Ok(planned::literal(value, &Type::IntervalDayToSecond))
    }
}

/// The type of `TIMESTAMP '2020-01-01 00:00:00.123 UTC'`.
fn temporal(name: &str, text: &str) -> Type {
    let text = text.trim();
    let fraction = text.split_once('.').map_or("", |(_, after)| after);
    let digits = fraction.chars().take_while(char::is_ascii_digit).count().min(9) as u8;
    let clock = match name {
        "time" => text,
        _ => text.split_once([' ', 'T']).map_or("", |(_, clock)| clock.trim_start()),
    };
    let zoned = clock.contains([' ', '+', '-']) || clock.chars().any(|letter| letter.is_ascii_alphabetic());
    match (name, zoned) {
        ("time", false) => Type::Time(digits),
        ("time", true) => Type::TimeTz(digits),
        (_, false) => Type::Timestamp(digits),
        (_, true) => Type::TimestampTz(digits),
    }
}
