//! Bounds of columns, as manifests keep them: single values in bytes.
//!
//! <https://iceberg.apache.org/spec/#binary-single-value-serialization>

use datafusion::common::ScalarValue;
use haar_kernel::Timestamp;

use crate::types::Type;

const MICROS_OF_DAY: i64 = 86_400_000_000;

/// A value of this type; `None` where the bytes are none.
pub(super) fn value(bytes: &[u8], of: &Type) -> Option<ScalarValue> {
    let int = || Some(i32::from_le_bytes(bytes.try_into().ok()?));
    // Columns that were widened keep the bounds of their narrow days.
    let long = || match bytes.len() {
        4 => int().map(i64::from),
        _ => Some(i64::from_le_bytes(bytes.try_into().ok()?)),
    };
    Some(match of {
        Type::Boolean => ScalarValue::Boolean(Some(*bytes.first()? != 0)),
        Type::Integer => ScalarValue::Int32(Some(int()?)),
        Type::Bigint => ScalarValue::Int64(Some(long()?)),
        Type::Real => ScalarValue::Float32(Some(f32::from_le_bytes(bytes.try_into().ok()?))),
        Type::Double if bytes.len() == 4 => {
            ScalarValue::Float64(Some(f32::from_le_bytes(bytes.try_into().ok()?).into()))
        }
        Type::Double => ScalarValue::Float64(Some(f64::from_le_bytes(bytes.try_into().ok()?))),
        Type::Date => ScalarValue::Date32(Some(int()?)),
        Type::Time(_) => ScalarValue::Time64Nanosecond(Some(long()?.checked_mul(1000)?)),
        Type::Timestamp(_) => ScalarValue::TimestampMicrosecond(Some(long()?), None),
        Type::TimestampTz(_) => ScalarValue::TimestampMicrosecond(Some(long()?), Some("UTC".into())),
        Type::Varchar(_) => ScalarValue::Utf8View(Some(String::from_utf8_lossy(bytes).into_owned())),
        Type::Varbinary => ScalarValue::Binary(Some(bytes.to_vec())),
        Type::Uuid => ScalarValue::FixedSizeBinary(16, Some(bytes.to_vec()).filter(|bytes| bytes.len() == 16)),
        Type::Decimal(precision, scale) => {
            let negative = bytes.first()? & 0x80 != 0;
            let sign = if negative { -1_i128 } else { 0 };
            let unscaled = bytes.iter().fold(sign, |value, byte| value << 8 | i128::from(*byte));
            ScalarValue::Decimal128(Some(unscaled), *precision, *scale)
        }
        _ => return None,
    })
}

/// A value as Iceberg writes it for people.
pub(super) fn text(value: &ScalarValue) -> Option<String> {
    use base64::Engine;
    let moment = |micros: i64| {
        let seconds = Timestamp::from_millis(micros.div_euclid(1_000_000) * 1000).iso8601();
        let seconds = seconds.trim_end_matches('Z').to_owned();
        match micros.rem_euclid(1_000_000) {
            0 => seconds,
            fraction if fraction % 1000 == 0 => format!("{seconds}.{:03}", fraction / 1000),
            fraction => format!("{seconds}.{fraction:06}"),
        }
    };
    Some(match value {
        ScalarValue::Date32(Some(day)) => {
            let midnight = moment(i64::from(*day).checked_mul(MICROS_OF_DAY)?);
            midnight.split('T').next().unwrap_or_default().to_owned()
        }
        ScalarValue::TimestampMicrosecond(Some(micros), zone) => {
            format!("{}{}", moment(*micros), if zone.is_some() { "+00:00" } else { "" })
        }
        ScalarValue::Time64Nanosecond(Some(nanos)) => {
            moment(nanos / 1000).split('T').nth(1).unwrap_or_default().to_owned()
        }
        ScalarValue::Binary(Some(bytes)) => base64::engine::general_purpose::STANDARD.encode(bytes),
        ScalarValue::FixedSizeBinary(_, Some(bytes)) => {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            [&hex[..4], &hex[4..6], &hex[6..8], &hex[8..10], &hex[10..]].map(<[String]>::concat).join("-")
        }
        value if value.is_null() => return None,
        value => value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], of: &str) -> Option<String> {
        text(&value(bytes, &Type::parse(of).expect("a type"))?)
    }

    #[test]
    fn bounds_are_read_as_the_specification_packs_them() {
        for (bytes, of, expected) in [
            (&[1_u8][..], "boolean", "true"),
            (&(-7_i32).to_le_bytes(), "integer", "-7"),
            (&(1_i64 << 40).to_le_bytes(), "bigint", "1099511627776"),
            (&7_i32.to_le_bytes(), "bigint", "7"),
            (&1.5_f32.to_le_bytes(), "real", "1.5"),
            (&2.25_f64.to_le_bytes(), "double", "2.25"),
            (&19_723_i32.to_le_bytes(), "date", "2024-01-01"),
            (&1_704_078_245_678_901_i64.to_le_bytes(), "timestamp(6)", "2024-01-01T03:04:05.678901"),
            (&1_704_078_245_000_000_i64.to_le_bytes(), "timestamp(6) with time zone", "2024-01-01T03:04:05+00:00"),
            (&3_723_456_000_i64.to_le_bytes(), "time(6)", "01:02:03.456"),
            (b"abc", "varchar", "abc"),
            (b"\x01\xff", "varbinary", "Af8="),
            (&[0xff, 0x38], "decimal(9,2)", "-2.00"),
            (&[0x6e], "decimal(9,2)", "1.10"),
            (
                b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
                "uuid",
                "00010203-0405-0607-0809-0a0b0c0d0e0f",
            ),
        ] {
            assert_eq!(shown(bytes, of).as_deref(), Some(expected), "{of}");
        }
    }

    #[test]
    fn bytes_of_the_wrong_length_are_no_bound() {
        for of in ["integer", "bigint", "double", "boolean", "timestamp(6)", "uuid", "decimal(9,2)"] {
            assert_eq!(shown(&[], of), None, "{of}");
        }
    }
}
