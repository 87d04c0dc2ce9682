//! Values as Athena writes them into the CSV of a result.

use std::fmt::Write as _;

use arrow::array::{Array, AsArray, BinaryArray, BinaryViewArray, FixedSizeBinaryArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, Schema, Time64NanosecondType,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow::record_batch::RecordBatch;

use crate::batch::OutputColumn;
use crate::types::Type;

/// How the columns of a batch are written.
pub(crate) struct Renderers(Vec<Type>);

impl Renderers {
    pub(crate) fn new(rows: &RecordBatch, columns: &[OutputColumn]) -> Self {
        debug_assert_eq!(rows.num_columns(), columns.len());
        Self(columns.iter().map(|column| column.data_type.clone()).collect())
    }

    /// By the types that fields say.
    pub(crate) fn of_layout(schema: &Schema) -> Self {
        Self(schema.fields().iter().map(|field| Type::of(field)).collect())
    }

    /// Appends a value; `false` for NULL.
    pub(crate) fn push(&self, rows: &RecordBatch, column: usize, row: usize, out: &mut String) -> bool {
        let values = rows.column(column);
        if values.is_null(row) || values.data_type() == &DataType::Null {
            return false;
        }
        push_value(values.as_ref(), &self.0[column], row, out);
        true
    }
}

/// Appends a value that is not NULL.
fn push_value(values: &dyn Array, data_type: &Type, row: usize, out: &mut String) {
    match (data_type, values.data_type()) {
        (Type::Uuid, DataType::FixedSizeBinary(16)) => push_uuid(fixed(values, row), out),
        (Type::IpAddress, DataType::FixedSizeBinary(16)) => push_address(fixed(values, row), out),
        (Type::Array(of), _) => push_list(values, of, row, out),
        (Type::Map(key, value), DataType::Map(..)) => push_map(values, key, value, row, out),
        (Type::Row(fields), DataType::Struct(_)) => push_row(values, fields, row, out),
        (Type::Timestamp(digits), DataType::Timestamp(unit, _)) => {
            push_timestamp(nanos(values, *unit, row), *digits, out);
        }
        (Type::TimestampTz(digits), DataType::Timestamp(unit, zone)) => {
            push_zoned(nanos(values, *unit, row), *digits, zone.as_deref().unwrap_or("UTC"), out);
        }
        (Type::TimeTz(digits), DataType::Int64) => {
            push_offset_time(values.as_primitive::<Int64Type>().value(row), *digits, out);
        }
        (Type::Time(digits), DataType::Time64(TimeUnit::Nanosecond)) => {
            push_time(i128::from(values.as_primitive::<Time64NanosecondType>().value(row)), *digits, out);
        }
        (_, layout) => push_plain(values, layout, row, out),
    }
}

/// Types whose layout says it all.
fn push_plain(values: &dyn Array, layout: &DataType, row: usize, out: &mut String) {
    match layout {
        DataType::Utf8View => out.push_str(values.as_string_view().value(row)),
        DataType::Utf8 => out.push_str(values.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => out.push_str(values.as_string::<i64>().value(row)),
        DataType::Boolean => out.push_str(if values.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Int8 => push_integer(i64::from(values.as_primitive::<Int8Type>().value(row)), out),
        DataType::Int16 => push_integer(i64::from(values.as_primitive::<Int16Type>().value(row)), out),
        DataType::Int32 => push_integer(i64::from(values.as_primitive::<Int32Type>().value(row)), out),
        DataType::Int64 => push_integer(values.as_primitive::<Int64Type>().value(row), out),
        DataType::Float32 => push_real(values.as_primitive::<Float32Type>().value(row), out),
        DataType::Float64 => push_double(values.as_primitive::<Float64Type>().value(row), out),
        DataType::Decimal128(_, scale) => push_decimal(values.as_primitive::<Decimal128Type>().value(row), *scale, out),
        DataType::Date32 => push_date(i64::from(values.as_primitive::<Date32Type>().value(row)), out),
        DataType::Binary | DataType::BinaryView | DataType::FixedSizeBinary(_) => push_bytes(bytes(values, row), out),
        DataType::Interval(IntervalUnit::YearMonth) => {
            push_months(values.as_primitive::<IntervalYearMonthType>().value(row), out);
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let interval = values.as_primitive::<IntervalMonthDayNanoType>().value(row);
            push_interval(i64::from(interval.days) * DAY_MILLIS + interval.nanoseconds / 1_000_000, out);
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            push_interval(values.as_primitive::<DurationMillisecondType>().value(row), out);
        }
        // Nothing else comes out of a plan whose columns have Trino's types; Arrow's own text is better than none.
        _ => {
            let text = arrow::util::display::array_value_to_string(values, row);
            out.push_str(&text.unwrap_or_default());
        }
    }
}

const DAY_MILLIS: i64 = 86_400_000;

fn push_integer(value: i64, out: &mut String) {
    let mut digits = itoa(value);
    out.push_str(digits.text());
}

/// The digits of an integer, from the end of a buffer.
struct Digits {
    buffer: [u8; 20],
    from: usize,
}

impl Digits {
    fn text(&mut self) -> &str {
        std::str::from_utf8(&self.buffer[self.from..]).unwrap_or_default()
    }
}

fn itoa(value: i64) -> Digits {
    let mut digits = Digits { buffer: [0; 20], from: 20 };
    let mut rest = value.unsigned_abs();
    loop {
        digits.from -= 1;
        digits.buffer[digits.from] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        digits.from -= 1;
        digits.buffer[digits.from] = b'-';
    }
    digits
}

/// As Java prints a `double`: `1.0`, `1.0E10`, `NaN`.
pub(crate) fn push_double(value: f64, out: &mut String) {
    push_java(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, out, |scratch| {
        let _ = write!(scratch, "{:e}", value.abs());
    });
}

/// As Java prints a `float`.
pub(crate) fn push_real(value: f32, out: &mut String) {
    push_java(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, out, |scratch| {
        let _ = write!(scratch, "{:e}", value.abs());
    });
}

/// `shortest` writes `1.2345e10`. Java shows values from 10^-3 up to 10^7 plainly and others with an exponent.
fn push_java(nan: bool, infinite: bool, negative: bool, zero: bool, out: &mut String, shortest: impl Fn(&mut String)) {
    if nan {
        out.push_str("NaN");
        return;
    }
    if negative {
        out.push('-');
    }
    if infinite {
        out.push_str("Infinity");
        return;
    }
    if zero {
        out.push_str("0.0");
        return;
    }
    let mut scratch = String::with_capacity(24);
    shortest(&mut scratch);
    let (mantissa, exponent) = scratch.split_once('e').unwrap_or((&scratch, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    match exponent {
        -3..0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
            out.push_str(first);
            out.push_str(rest);
        }
        0..7 => {
            let whole = exponent as usize;
            out.push_str(first);
            out.push_str(&rest[..whole.min(rest.len())]);
            out.extend(std::iter::repeat_n('0', whole.saturating_sub(rest.len())));
            out.push('.');
            out.push_str(if rest.len() > whole { &rest[whole..] } else { "0" });
        }
        _ => {
            out.push_str(first);
            out.push('.');
            out.push_str(if rest.is_empty() { "0" } else { rest });
            out.push('E');
            push_integer(i64::from(exponent), out);
        }
    }
}

/// With all digits of the scale.
pub(crate) fn push_decimal(value: i128, scale: i8, out: &mut String) {
    let scale = usize::from(scale.unsigned_abs());
    if value < 0 {
        out.push('-');
    }
    let digits = value.unsigned_abs().to_string();
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        out.push('.');
        out.extend(std::iter::repeat_n('0', scale - fraction.len()));
        out.push_str(fraction);
    }
}

/// `2020-01-31`.
pub(crate) fn push_date(days: i64, out: &mut String) {
    let (year, month, day) = civil(days);
    if (0..=9999).contains(&year) {
        push_padded(year as u64, 4, out);
    } else {
        // As Java's ISO dates: a sign before years that need more than four digits, or are before the year 0.
        out.push(if year < 0 { '-' } else { '+' });
        push_padded(year.unsigned_abs(), 4, out);
    }
    out.push('-');
    push_padded(month, 2, out);
    out.push('-');
    push_padded(day, 2, out);
}

/// `2020-01-31 10:11:12.345`.
pub(crate) fn push_timestamp(nanos: i128, digits: u8, out: &mut String) {
    const DAY: i128 = 86_400_000_000_000;
    push_date(nanos.div_euclid(DAY) as i64, out);
    out.push(' ');
    push_time(nanos.rem_euclid(DAY), digits, out);
}

/// `2020-01-31 10:11:12.345 Europe/Paris`: the wall time there.
pub(crate) fn push_zoned(nanos: i128, digits: u8, zone: &str, out: &mut String) {
    use chrono::Offset as _;
    use chrono::TimeZone as _;
    let seconds = nanos.div_euclid(1_000_000_000) as i64;
    let offset = zone.parse::<arrow::array::timezone::Tz>().ok().and_then(|zone| {
        let at = chrono::DateTime::from_timestamp(seconds, 0)?;
        Some(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
    });
    push_timestamp(nanos + i128::from(offset.unwrap_or(0)) * 1_000_000_000, digits, out);
    out.push(' ');
    out.push_str(match zone {
        "+00:00" | "Z" => "UTC",
        zone => zone,
    });
}

/// `10:11:12.345`.
pub(crate) fn push_time(nanos_of_day: i128, digits: u8, out: &mut String) {
    let seconds = (nanos_of_day / 1_000_000_000) as u64;
    push_padded(seconds / 3600, 2, out);
    out.push(':');
    push_padded(seconds / 60 % 60, 2, out);
    out.push(':');
    push_padded(seconds % 60, 2, out);
    if digits > 0 {
        out.push('.');
        let nanos = (nanos_of_day % 1_000_000_000) as u64;
        let shown = usize::from(digits.min(9));
        push_padded(nanos / 10_u64.pow(9 - shown as u32), shown, out);
        out.extend(std::iter::repeat_n('0', usize::from(digits) - shown));
    }
}

/// `10:11:12.345+01:00`. Nanoseconds of the local day stand above eleven bits of offset in minutes, as Trino packs them.
fn push_offset_time(packed: i64, digits: u8, out: &mut String) {
    push_time(i128::from(packed >> 11), digits, out);
    let minutes = (packed << 53) >> 53;
    out.push(if minutes < 0 { '-' } else { '+' });
    push_padded(minutes.unsigned_abs() / 60, 2, out);
    out.push(':');
    push_padded(minutes.unsigned_abs() % 60, 2, out);
}

/// `1-3`: a year and three months.
pub(crate) fn push_months(months: i32, out: &mut String) {
    if months < 0 {
        out.push('-');
    }
    let months = i64::from(months).abs();
    push_integer(months / 12, out);
    out.push('-');
    push_integer(months % 12, out);
}

/// `2 03:04:05.678`.
pub(crate) fn push_interval(millis: i64, out: &mut String) {
    if millis < 0 {
        out.push('-');
    }
    let millis = millis.unsigned_abs();
    let (days, rest) = (millis / DAY_MILLIS as u64, millis % DAY_MILLIS as u64);
    push_integer(days as i64, out);
    out.push(' ');
    push_time(i128::from(rest) * 1_000_000, 3, out);
}

/// `de ad be ef`.
fn push_bytes(bytes: &[u8], out: &mut String) {
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        push_hex(*byte, out);
    }
}

/// `12151fd2-7586-11e9-8f9e-2a86e4085a59`.
pub(crate) fn push_uuid(bytes: &[u8], out: &mut String) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        push_hex(*byte, out);
    }
}

/// Version 4 where the address is one mapped into version 6.
pub(crate) fn push_address(bytes: &[u8], out: &mut String) {
    let Ok(bytes) = <[u8; 16]>::try_from(bytes) else { return };
    let address = std::net::Ipv6Addr::from(bytes);
    let _ = match address.to_ipv4_mapped() {
        Some(v4) => write!(out, "{v4}"),
        None => write!(out, "{address}"),
    };
}

fn push_hex(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// `[1, null, 3]`.
fn push_list(values: &dyn Array, of: &Type, row: usize, out: &mut String) {
    let items = match values.data_type() {
        DataType::List(_) => values.as_list::<i32>().value(row),
        DataType::LargeList(_) => values.as_list::<i64>().value(row),
        DataType::FixedSizeList(..) => values.as_fixed_size_list().value(row),
        layout => return push_plain(values, layout, row, out),
    };
    out.push('[');
    for at in 0..items.len() {
        if at > 0 {
            out.push_str(", ");
        }
        push_nested(items.as_ref(), of, at, out);
    }
    out.push(']');
}

/// `{a=1, b=null}`.
fn push_map(values: &dyn Array, key: &Type, value: &Type, row: usize, out: &mut String) {
    let entries = values.as_map().value(row);
    let (keys, values) = (entries.column(0), entries.column(1));
    out.push('{');
    for at in 0..entries.len() {
        if at > 0 {
            out.push_str(", ");
        }
        push_nested(keys.as_ref(), key, at, out);
        out.push('=');
        push_nested(values.as_ref(), value, at, out);
    }
    out.push('}');
}

/// `{name=x, field1=2}`: fields without a name are counted.
fn push_row(values: &dyn Array, fields: &[(Option<String>, Type)], row: usize, out: &mut String) {
    let columns = values.as_struct().columns();
    out.push('{');
    for (at, ((name, data_type), values)) in fields.iter().zip(columns).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match name {
            Some(name) => out.push_str(name),
            None => {
                out.push_str("field");
                push_integer(at as i64, out);
            }
        }
        out.push('=');
        push_nested(values.as_ref(), data_type, row, out);
    }
    out.push('}');
}

fn push_nested(values: &dyn Array, data_type: &Type, row: usize, out: &mut String) {
    if values.is_null(row) || values.data_type() == &DataType::Null {
        out.push_str("null");
    } else {
        push_value(values, data_type, row, out);
    }
}

fn push_padded(value: u64, width: usize, out: &mut String) {
    let mut digits = itoa(value as i64);
    let text = digits.text();
    out.extend(std::iter::repeat_n('0', width.saturating_sub(text.len())));
    out.push_str(text);
}

fn nanos(values: &dyn Array, unit: TimeUnit, row: usize) -> i128 {
    match unit {
        TimeUnit::Second => i128::from(values.as_primitive::<TimestampSecondType>().value(row)) * 1_000_000_000,
        TimeUnit::Millisecond => i128::from(values.as_primitive::<TimestampMillisecondType>().value(row)) * 1_000_000,
        TimeUnit::Microsecond => i128::from(values.as_primitive::<TimestampMicrosecondType>().value(row)) * 1_000,
        TimeUnit::Nanosecond => i128::from(values.as_primitive::<TimestampNanosecondType>().value(row)),
    }
}

fn bytes(values: &dyn Array, row: usize) -> &[u8] {
    let any = values.as_any();
    if let Some(values) = any.downcast_ref::<BinaryArray>() {
        return values.value(row);
    }
    if let Some(values) = any.downcast_ref::<BinaryViewArray>() {
        return values.value(row);
    }
    fixed(values, row)
}

fn fixed(values: &dyn Array, row: usize) -> &[u8] {
    values.as_any().downcast_ref::<FixedSizeBinaryArray>().map(|values| values.value(row)).unwrap_or_default()
}

/// The proleptic Gregorian date of a day since 1970 (Howard Hinnant's algorithm).
fn civil(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u64, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn doubles_are_written_as_java_does() {
        for (value, wanted) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (123_456.789, "123456.789"),
            (9_999_999.0, "9999999.0"),
            (10_000_000.0, "1.0E7"),
            (1.234_5e10, "1.2345E10"),
            (1e100, "1.0E100"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(|out| push_double(value, out)), wanted);
        }
        for (value, wanted) in [(0.1_f32, "0.1"), (1e10, "1.0E10"), (16_777_216.0, "1.6777216E7")] {
            assert_eq!(text(|out| push_real(value, out)), wanted);
        }
    }

    #[test]
    fn decimals_have_all_digits_of_their_scale() {
        for (value, scale, wanted) in
            [(0, 2, "0.00"), (5, 2, "0.05"), (-5, 2, "-0.05"), (12_345, 2, "123.45"), (-12_345, 0, "-12345")]
        {
            assert_eq!(text(|out| push_decimal(value, scale, out)), wanted);
        }
    }

    #[test]
    fn dates_and_times_are_padded() {
        assert_eq!(text(|out| push_date(0, out)), "1970-01-01");
        assert_eq!(text(|out| push_date(-719_528, out)), "0000-01-01");
        assert_eq!(text(|out| push_date(18_321, out)), "2020-02-29");
        assert_eq!(text(|out| push_date(-719_529, out)), "-0001-12-31");
        assert_eq!(text(|out| push_timestamp(-1_000_000, 3, out)), "1969-12-31 23:59:59.999");
        assert_eq!(text(|out| push_timestamp(1_577_880_000_123_456_789, 6, out)), "2020-01-01 12:00:00.123456");
        assert_eq!(text(|out| push_timestamp(0, 0, out)), "1970-01-01 00:00:00");
        let summer = 1_593_604_800_000_000_000;
        assert_eq!(text(|out| push_zoned(summer, 3, "Europe/Paris", out)), "2020-07-01 14:00:00.000 Europe/Paris");
        assert_eq!(text(|out| push_zoned(0, 3, "+00:00", out)), "1970-01-01 00:00:00.000 UTC");
        assert_eq!(text(|out| push_zoned(0, 0, "+05:30", out)), "1970-01-01 05:30:00 +05:30");
    }

    #[test]
    fn intervals_bytes_and_addresses_have_their_forms() {
        assert_eq!(text(|out| push_interval(183_845_678, out)), "2 03:04:05.678");
        assert_eq!(text(|out| push_interval(-1, out)), "-0 00:00:00.001");
        let noon = 43_200_000_000_000;
        assert_eq!(text(|out| push_offset_time((noon << 11) | (-90 & 0x7ff), 3, out)), "12:00:00.000-01:30");
        assert_eq!(text(|out| push_months(15, out)), "1-3");
        assert_eq!(text(|out| push_months(-15, out)), "-1-3");
        assert_eq!(text(|out| push_bytes(&[0xde, 0xad, 0x00], out)), "de ad 00");
        let uuid = 0x1215_1fd2_7586_11e9_8f9e_2a86_e408_5a59_u128.to_be_bytes();
        assert_eq!(text(|out| push_uuid(&uuid, out)), "12151fd2-7586-11e9-8f9e-2a86e4085a59");
        let address = std::net::Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped().octets();
        assert_eq!(text(|out| push_address(&address, out)), "10.0.0.1");
    }
}
