//! Trino's types: their spelling, how they lie in Arrow's arrays, and which become which by themselves.

mod coerce;
mod field;
mod parse;

use std::fmt;

pub use field::TYPE_KEY;

/// A type of Trino's SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    Boolean,
    Tinyint,
    Smallint,
    Integer,
    Bigint,
    Real,
    Double,
    /// Precision and scale.
    Decimal(u8, i8),
    /// Length in characters; `None` is unbounded.
    Varchar(Option<u32>),
    /// Length in characters; values are padded with spaces to it.
    Char(u32),
    Varbinary,
    Date,
    /// Digits of the second's fraction, here and in the following three.
    Time(u8),
    TimeTz(u8),
    Timestamp(u8),
    TimestampTz(u8),
    IntervalDayToSecond,
    IntervalYearToMonth,
    Json,
    Uuid,
    IpAddress,
    Array(Box<Type>),
    Map(Box<Type>, Box<Type>),
    /// Fields; those without a name come from `ROW(1, 2)`.
    Row(Vec<(Option<String>, Type)>),
    HyperLogLog,
    TDigest,
    /// The type of a bare `NULL`.
    Unknown,
}

impl Type {
    /// `varchar` without a length.
    pub const VARCHAR: Type = Type::Varchar(None);

    /// The array of this type.
    pub fn array(element: Type) -> Type {
        Type::Array(Box::new(element))
    }

    /// The map between two types.
    pub fn map(key: Type, value: Type) -> Type {
        Type::Map(Box::new(key), Box::new(value))
    }

    /// Whether values are whole numbers: tinyint to bigint.
    pub fn is_integral(&self) -> bool {
        matches!(self, Type::Tinyint | Type::Smallint | Type::Integer | Type::Bigint)
    }

    /// Whether one can calculate with it: the whole numbers, decimal, real and double.
    pub fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self, Type::Decimal(..) | Type::Real | Type::Double)
    }

    /// Whether values are text: varchar or char.
    pub fn is_text(&self) -> bool {
        matches!(self, Type::Varchar(_) | Type::Char(_))
    }

    /// Whether `=` is defined.
    pub fn is_comparable(&self) -> bool {
        match self {
            Type::HyperLogLog | Type::TDigest => false,
            Type::Array(element) => element.is_comparable(),
            Type::Map(key, value) => key.is_comparable() && value.is_comparable(),
            Type::Row(fields) => fields.iter().all(|(_, field)| field.is_comparable()),
            _ => true,
        }
    }

    /// Whether `<` is defined and `ORDER BY` can sort it.
    pub fn is_orderable(&self) -> bool {
        match self {
            Type::HyperLogLog | Type::TDigest | Type::Json | Type::Map(..) => false,
            Type::Array(element) => element.is_orderable(),
            Type::Row(fields) => fields.iter().all(|(_, field)| field.is_orderable()),
            _ => true,
        }
    }

    /// The type's name without parameters, as Trino spells it: `decimal`, `timestamp with time zone`.
    pub fn base(&self) -> &'static str {
        match self {
            Type::Boolean => "boolean",
            Type::Tinyint => "tinyint",
            Type::Smallint => "smallint",
            Type::Integer => "integer",
            Type::Bigint => "bigint",
            Type::Real => "real",
            Type::Double => "double",
            Type::Decimal(..) => "decimal",
            Type::Varchar(_) => "varchar",
            Type::Char(_) => "char",
            Type::Varbinary => "varbinary",
            Type::Date => "date",
            Type::Time(_) => "time",
            Type::TimeTz(_) => "time with time zone",
            Type::Timestamp(_) => "timestamp",
            Type::TimestampTz(_) => "timestamp with time zone",
            Type::IntervalDayToSecond => "interval day to second",
            Type::IntervalYearToMonth => "interval year to month",
            Type::Json => "json",
            Type::Uuid => "uuid",
            Type::IpAddress => "ipaddress",
            Type::Array(_) => "array",
            Type::Map(..) => "map",
            Type::Row(_) => "row",
            Type::HyperLogLog => "HyperLogLog",
            Type::TDigest => "tdigest",
            Type::Unknown => "unknown",
        }
    }
}

/// Trino's spelling: what `typeof` and `DESCRIBE` show, and what [`Type::parse`] reads.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            Type::Varchar(Some(length)) => write!(f, "varchar({length})"),
            Type::Char(length) => write!(f, "char({length})"),
            Type::Time(p) => write!(f, "time({p})"),
            Type::TimeTz(p) => write!(f, "time({p}) with time zone"),
            Type::Timestamp(p) => write!(f, "timestamp({p})"),
            Type::TimestampTz(p) => write!(f, "timestamp({p}) with time zone"),
            Type::Array(element) => write!(f, "array({element})"),
            Type::Map(key, value) => write!(f, "map({key}, {value})"),
            Type::Row(fields) => {
                f.write_str("row(")?;
                for (index, (name, field)) in fields.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    match name {
                        Some(name) if is_plain(name) => write!(f, "{name} {field}")?,
                        Some(name) => write!(f, "\"{}\" {field}", name.replace('"', "\"\""))?,
                        None => write!(f, "{field}")?,
                    }
                }
                f.write_str(")")
            }
            other => f.write_str(other.base()),
        }
    }
}

/// Whether a field's name needs no quotes.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
