//! How Trino's types lie in Arrow's arrays, and how a type is told from an Arrow field.
//!
//! Arrow has fewer types than Trino. Where its type does not say it all, the field carries Trino's spelling under
//! [`TYPE_KEY`]. Two simplifications: a timestamp with time zone has one zone for a whole column, and lengths of
//! varchar are not kept inside arrays, maps and rows (they would make equal layouts unequal types).

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit};

use super::Type;

/// The key of a field's metadata that holds Trino's spelling of the type.
pub const TYPE_KEY: &str = "haar.type";
/// The zone of a column of timestamps with time zone, if nothing else is known.
const UTC: &str = "UTC";
/// The bytes of a uuid and of an ipaddress.
const SIXTEEN: i32 = 16;

impl Type {
    /// The Arrow type that carries values of this type.
    pub fn layout(&self) -> DataType {
        match self {
            Type::Boolean => DataType::Boolean,
            Type::Tinyint => DataType::Int8,
            Type::Smallint => DataType::Int16,
            Type::Integer => DataType::Int32,
            Type::Bigint => DataType::Int64,
            Type::Real => DataType::Float32,
            Type::Double => DataType::Float64,
            Type::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Type::Varchar(_) | Type::Char(_) | Type::Json => DataType::Utf8View,
            Type::Varbinary | Type::HyperLogLog | Type::TDigest => DataType::Binary,
            Type::Date => DataType::Date32,
            Type::Time(_) => DataType::Time64(TimeUnit::Nanosecond),
            // Nanoseconds of the local day and the offset in minutes, packed as Trino packs them.
            Type::TimeTz(_) => DataType::Int64,
            Type::Timestamp(p) => DataType::Timestamp(unit(*p), None),
            Type::TimestampTz(p) => DataType::Timestamp(unit(*p), Some(UTC.into())),
            Type::IntervalDayToSecond => DataType::Interval(IntervalUnit::MonthDayNano),
            Type::IntervalYearToMonth => DataType::Interval(IntervalUnit::YearMonth),
            Type::Uuid | Type::IpAddress => DataType::FixedSizeBinary(SIXTEEN),
            Type::Array(element) => DataType::List(Arc::new(element.inner(Field::LIST_FIELD_DEFAULT_NAME, true))),
            Type::Map(key, value) => {
                let entries = Fields::from(vec![key.inner("key", false), value.inner("value", true)]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
            }
            Type::Row(fields) => DataType::Struct(
                fields
                    .iter()
                    .enumerate()
                    .map(|(index, (name, field))| match name {
                        Some(name) => field.inner(name, true),
                        None => field.inner(&anonymous(index), true),
                    })
                    .collect(),
            ),
            Type::Unknown => DataType::Null,
        }
    }

    /// A column of this type.
    pub fn field(&self, name: impl Into<String>, nullable: bool) -> Field {
        self.said_by(Field::new(name, self.layout(), nullable))
    }

    /// A field inside an array, map or row.
    fn inner(&self, name: &str, nullable: bool) -> Field {
        let field = Field::new(name, self.layout(), nullable);
        match self {
            Type::Varchar(_) | Type::Array(_) | Type::Map(..) | Type::Row(_) => field,
            scalar => scalar.said_by(field),
        }
    }

    /// The field with our spelling on it, if its Arrow type alone would be read as something else.
    fn said_by(&self, field: Field) -> Field {
        if Type::of_layout(field.data_type()) == *self {
            return field;
        }
        field.with_metadata([(TYPE_KEY.to_owned(), self.to_string())].into())
    }

    /// The type of a column.
    pub fn of(field: &Field) -> Type {
        let said = field.metadata().get(TYPE_KEY).and_then(|spelling| Type::parse(spelling).ok());
        match said {
            // Aggregates and unions may carry metadata over to a field of another layout.
            Some(said) if same_layout(&said.layout(), field.data_type()) => said,
            _ => Type::of_layout(field.data_type()),
        }
    }

    /// The type that a bare Arrow type means.
    pub fn of_layout(layout: &DataType) -> Type {
        match layout {
            DataType::Boolean => Type::Boolean,
            DataType::Int8 => Type::Tinyint,
            DataType::Int16 | DataType::UInt8 => Type::Smallint,
            DataType::Int32 | DataType::UInt16 => Type::Integer,
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::Bigint,
            DataType::Float16 | DataType::Float32 => Type::Real,
            DataType::Float64 => Type::Double,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => Type::Decimal(*precision, *scale),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::VARCHAR,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Type::Varbinary
            }
            DataType::Date32 | DataType::Date64 => Type::Date,
            DataType::Time32(unit) => Type::Time(digits(*unit)),
            DataType::Time64(unit) => Type::Time(digits(*unit)),
            DataType::Timestamp(unit, None) => Type::Timestamp(digits(*unit)),
            DataType::Timestamp(unit, Some(_)) => Type::TimestampTz(digits(*unit)),
            DataType::Duration(_) => Type::IntervalDayToSecond,
            DataType::Interval(IntervalUnit::YearMonth) => Type::IntervalYearToMonth,
            DataType::Interval(_) => Type::IntervalDayToSecond,
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::ListView(element)
            | DataType::LargeListView(element)
            | DataType::FixedSizeList(element, _) => Type::array(Type::of(element)),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => Type::map(Type::of(&fields[0]), Type::of(&fields[1])),
                other => Type::map(Type::Unknown, Type::of_layout(other)),
            },
            DataType::Struct(fields) => Type::Row(fields.iter().enumerate().map(row_field).collect()),
            DataType::Dictionary(_, values) => Type::of_layout(values),
            DataType::RunEndEncoded(_, values) => Type::of(values),
            DataType::Union(..) | DataType::Null => Type::Unknown,
        }
    }
}

/// One field of a row, without the name that stands for none.
fn row_field((index, field): (usize, &FieldRef)) -> (Option<String>, Type) {
    let name = (*field.name() != anonymous(index)).then(|| field.name().clone());
    (name, Type::of(field))
}

/// What Athena calls the nameless field of a row.
fn anonymous(index: usize) -> String {
    format!("field{index}")
}

/// The unit of timestamps with that many digits of fraction.
fn unit(digits: u8) -> TimeUnit {
    match digits {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// The digits of fraction that a unit has.
fn digits(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Whether values of one layout can be meant by the other: text by text, bytes by bytes, lists by lists.
fn same_layout(expected: &DataType, found: &DataType) -> bool {
    use DataType::*;
    match (expected, found) {
        (Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (Binary, Binary | LargeBinary | BinaryView) => true,
        (FixedSizeBinary(_), FixedSizeBinary(_)) => expected == found,
        (Timestamp(one, zone), Timestamp(other, other_zone)) => one == other && zone.is_some() == other_zone.is_some(),
        (List(_), List(_) | LargeList(_) | ListView(_) | FixedSizeList(..)) => true,
        (Map(..), Map(..)) => true,
        (Struct(fields), Struct(others)) => fields.len() == others.len(),
        (Interval(IntervalUnit::MonthDayNano), Duration(_)) => true,
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_type_survives_a_field() {
        for spelling in [
            "boolean",
            "bigint",
            "decimal(12,2)",
            "varchar",
            "varchar(10)",
            "char(3)",
            "varbinary",
            "time(3)",
            "time(9)",
            "time(3) with time zone",
            "timestamp(0)",
            "timestamp(3)",
            "timestamp(5)",
            "timestamp(9) with time zone",
            "interval day to second",
            "interval year to month",
            "json",
            "uuid",
            "ipaddress",
            "HyperLogLog",
            "array(json)",
            "array(varchar(3))",
            "map(varchar, row(a char(2), b date))",
            "row(integer, x uuid)",
            "unknown",
        ] {
            let wanted = Type::parse(spelling).unwrap();
            assert_eq!(Type::of(&wanted.field("x", true)), wanted, "{spelling}");
        }
    }

    #[test]
    fn lengths_inside_containers_do_not_change_the_layout() {
        let long = Type::parse("array(varchar(10))").unwrap();
        let short = Type::parse("array(varchar)").unwrap();
        assert_eq!(long.layout(), short.layout());
    }

    #[test]
    fn metadata_that_does_not_fit_the_layout_is_ignored() {
        let field = Type::Json.field("x", true).with_data_type(DataType::Int64);
        assert_eq!(Type::of(&field), Type::Bigint);
    }
}
