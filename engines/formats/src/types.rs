//! Hive's types: what the Data Catalog says of a column, and the Arrow layout it is read into.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use crate::error::FormatError;

/// How deep types may be nested: what is deeper is no schema but an attack on the stack.
pub const TYPE_DEPTH_MAX: usize = 64;

/// A column of a table, as the Data Catalog has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Found in files without regard to case.
    pub name: String,
    /// What its values are.
    pub hive_type: HiveType,
    /// For people.
    pub comment: Option<String>,
}

impl Column {
    /// A column without a comment.
    pub fn new(name: impl Into<String>, hive_type: HiveType) -> Column {
        Column { name: name.into(), hive_type, comment: None }
    }

    /// The Arrow field of its values: nullable, without metadata.
    pub fn field(&self) -> Field {
        Field::new(&self.name, self.hive_type.arrow(), true)
    }
}

/// A type in Hive's language. `Display` is Hive's spelling: `array<struct<a:int,b:decimal(10,2)>>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HiveType {
    /// `boolean`
    Boolean,
    /// `tinyint`: 8 bits
    Tinyint,
    /// `smallint`: 16 bits
    Smallint,
    /// `int`, `integer`: 32 bits
    Int,
    /// `bigint`: 64 bits
    Bigint,
    /// `float`, `real`: 32 bits
    Float,
    /// `double`, `double precision`: 64 bits
    Double,
    /// `string`
    String,
    /// `varchar(n)`: at most n characters
    Varchar(u32),
    /// `char(n)`: n characters, padded with spaces when compared
    Char(u32),
    /// `binary`
    Binary,
    /// `date`
    Date,
    /// `timestamp`: without a zone
    Timestamp,
    /// `decimal(precision, scale)`; `decimal` alone is (10, 0)
    Decimal(u8, u8),
    /// `array<T>`
    Array(Box<HiveType>),
    /// `map<K,V>`
    Map(Box<HiveType>, Box<HiveType>),
    /// `struct<name:type,…>`
    Struct(Vec<(String, HiveType)>),
    /// `uniontype<T,…>`: crawlers write it, Athena cannot read it
    Union(Vec<HiveType>),
}

impl HiveType {
    /// Reads Hive's spelling, of any case and with blanks.
    pub fn parse(text: &str) -> Result<HiveType, FormatError> {
        let mut parser = Parser { text, at: 0 };
        let parsed = parser.hive_type(0);
        match parsed {
            Some(parsed) if parser.rest().is_empty() => Ok(parsed),
            _ => Err(FormatError::invalid_metadata(format!("Unsupported Hive type: {text}"))),
        }
    }

    /// The layout its values have in batches.
    ///
    /// Strings of every kind are `Utf8View` and `binary` is `Binary`; `timestamp` is `Timestamp(Millisecond, None)`;
    /// `decimal` is `Decimal128`; `array` is `List` of a nullable field "item"; `map` is `Map` of "entries" with "key"
    /// (not null) and "value", unsorted; all fields of a `struct` are nullable. A `uniontype` is a struct of "tag"
    /// (Int8) and "field0", "field1", …, as Trino shows it.
    pub fn arrow(&self) -> DataType {
        match self {
            HiveType::Boolean => DataType::Boolean,
            HiveType::Tinyint => DataType::Int8,
            HiveType::Smallint => DataType::Int16,
            HiveType::Int => DataType::Int32,
            HiveType::Bigint => DataType::Int64,
            HiveType::Float => DataType::Float32,
            HiveType::Double => DataType::Float64,
            HiveType::String | HiveType::Varchar(_) | HiveType::Char(_) => DataType::Utf8View,
            HiveType::Binary => DataType::Binary,
            HiveType::Date => DataType::Date32,
            HiveType::Timestamp => DataType::Timestamp(TimeUnit::Millisecond, None),
            HiveType::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale as i8),
            HiveType::Array(item) => DataType::List(Arc::new(item_field(item.arrow()))),
            HiveType::Map(key, value) => DataType::Map(Arc::new(entries_field(key.arrow(), value.arrow())), false),
            HiveType::Struct(fields) => {
                DataType::Struct(fields.iter().map(|(name, of)| Field::new(name, of.arrow(), true)).collect())
            }
            HiveType::Union(members) => {
                let tag = Field::new("tag", DataType::Int8, true);
                let members = members.iter().enumerate();
                let members = members.map(|(at, of)| Field::new(format!("field{at}"), of.arrow(), true));
                DataType::Struct(std::iter::once(tag).chain(members).collect())
            }
        }
    }
}

/// The field inside a list.
pub fn item_field(item: DataType) -> Field {
    Field::new("item", item, true)
}

/// The field inside a map.
pub fn entries_field(key: DataType, value: DataType) -> Field {
    let fields = Fields::from(vec![Field::new("key", key, false), Field::new("value", value, true)]);
    Field::new("entries", DataType::Struct(fields), false)
}

impl fmt::Display for HiveType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HiveType::Boolean => f.write_str("boolean"),
            HiveType::Tinyint => f.write_str("tinyint"),
            HiveType::Smallint => f.write_str("smallint"),
            HiveType::Int => f.write_str("int"),
            HiveType::Bigint => f.write_str("bigint"),
            HiveType::Float => f.write_str("float"),
            HiveType::Double => f.write_str("double"),
            HiveType::String => f.write_str("string"),
            HiveType::Varchar(length) => write!(f, "varchar({length})"),
            HiveType::Char(length) => write!(f, "char({length})"),
            HiveType::Binary => f.write_str("binary"),
            HiveType::Date => f.write_str("date"),
            HiveType::Timestamp => f.write_str("timestamp"),
            HiveType::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            HiveType::Array(item) => write!(f, "array<{item}>"),
            HiveType::Map(key, value) => write!(f, "map<{key},{value}>"),
            HiveType::Struct(fields) => {
                f.write_str("struct<")?;
                for (at, (name, of)) in fields.iter().enumerate() {
                    write!(f, "{}{name}:{of}", if at == 0 { "" } else { "," })?;
                }
                f.write_str(">")
            }
            HiveType::Union(members) => {
                f.write_str("uniontype<")?;
                for (at, of) in members.iter().enumerate() {
                    write!(f, "{}{of}", if at == 0 { "" } else { "," })?;
                }
                f.write_str(">")
            }
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        &self.text[self.at..]
    }

    fn take(&mut self, mark: char) -> Option<()> {
        let found = self.rest().starts_with(mark);
        self.at += if found { mark.len_utf8() } else { 0 };
        found.then_some(())
    }

    fn word(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest[..end].to_ascii_lowercase();
        self.at += end;
        word
    }

    fn number(&mut self) -> Option<u32> {
        let word = self.word();
        word.parse().ok()
    }

    /// The name of a struct's field: all that stands before the colon, in backquotes or not.
    fn field_name(&mut self) -> Option<String> {
        if self.take('`').is_some() {
            let end = self.text[self.at..].find('`')?;
            let name = self.text[self.at..self.at + end].to_owned();
            self.at += end + 1;
            return Some(name);
        }
        let end = self.rest().find([':', '<', '>', ','])?;
        let name = self.text[self.at..self.at + end].trim_end().to_owned();
        self.at += end;
        (!name.is_empty()).then_some(name)
    }

    fn hive_type(&mut self, depth: usize) -> Option<HiveType> {
        if depth >= TYPE_DEPTH_MAX {
            return None;
        }
        Some(match self.word().as_str() {
            "boolean" => HiveType::Boolean,
            "tinyint" => HiveType::Tinyint,
            "smallint" => HiveType::Smallint,
            "int" | "integer" => HiveType::Int,
            "bigint" => HiveType::Bigint,
            "float" | "real" => HiveType::Float,
            "double" => {
                if self.rest().to_ascii_lowercase().starts_with("precision") {
                    self.word();
                }
                HiveType::Double
            }
            "string" => HiveType::String,
            "binary" => HiveType::Binary,
            "date" => HiveType::Date,
            "timestamp" => HiveType::Timestamp,
            "varchar" => HiveType::Varchar(self.length(65_535)?),
            "char" => HiveType::Char(self.length(255)?),
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "array" => {
                self.take('<')?;
                let item = self.hive_type(depth + 1)?;
                self.take('>')?;
                HiveType::Array(Box::new(item))
            }
            "map" => {
                self.take('<')?;
                let key = self.hive_type(depth + 1)?;
                self.take(',')?;
                let value = self.hive_type(depth + 1)?;
                self.take('>')?;
                HiveType::Map(Box::new(key), Box::new(value))
            }
            "struct" => {
                self.take('<')?;
                let mut fields = Vec::new();
                // A crawler that saw an empty JSON object writes `struct<>`.
                while self.take('>').is_none() {
                    if !fields.is_empty() {
                        self.take(',')?;
                    }
                    let name = self.field_name()?;
                    self.take(':')?;
                    fields.push((name, self.hive_type(depth + 1)?));
                }
                HiveType::Struct(fields)
            }
            "uniontype" => {
                self.take('<')?;
                let mut members = vec![self.hive_type(depth + 1)?];
                while self.take('>').is_none() {
                    self.take(',')?;
                    members.push(self.hive_type(depth + 1)?);
                }
                HiveType::Union(members)
            }
            _ => return None,
        })
    }

    fn length(&mut self, max: u32) -> Option<u32> {
        self.take('(')?;
        let length = self.number().filter(|length| (1..=max).contains(length))?;
        self.take(')')?;
        Some(length)
    }

    fn decimal(&mut self) -> Option<HiveType> {
        if self.take('(').is_none() {
            return Some(HiveType::Decimal(10, 0));
        }
        let precision = self.number().filter(|precision| (1..=38).contains(precision))?;
        let scale = if self.take(',').is_some() { self.number()? } else { 0 };
        self.take(')')?;
        (scale <= precision).then_some(HiveType::Decimal(precision as u8, scale as u8))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn hive_spelling_survives_a_round_trip() {
        for text in [
            "bigint",
            "decimal(10,2)",
            "varchar(10)",
            "char(3)",
            "array<struct<a:int,b:map<string,array<double>>>>",
            "struct<with space:date,a-b:timestamp,$c:binary>",
            "struct<>",
            "uniontype<int,string>",
        ] {
            assert_eq!(HiveType::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn spellings_of_other_people_are_understood() {
        for (text, hive) in [
            ("INTEGER", "int"),
            ("Double  Precision", "double"),
            ("decimal", "decimal(10,0)"),
            ("DECIMAL( 5 )", "decimal(5,0)"),
            (" map < string , bigint > ", "map<string,bigint>"),
            ("struct< `a b` : INT >", "struct<a b:int>"),
            ("real", "float"),
        ] {
            assert_eq!(HiveType::parse(text).unwrap().to_string(), hive);
        }
    }

    #[test]
    fn what_is_no_type_is_invalid_metadata() {
        let deep = "array<".repeat(5_000);
        for text in
            ["", "varchar", "varchar(0)", "decimal(39,1)", "decimal(3,4)", "array<int", "int>", "geometry", &deep]
        {
            assert_eq!(HiveType::parse(text).unwrap_err().name, "HIVE_INVALID_METADATA", "{text}");
        }
    }

    #[test]
    fn maps_are_entries_of_key_and_value() {
        let DataType::Map(entries, false) = HiveType::parse("map<string,int>").unwrap().arrow() else { panic!("map") };
        assert_eq!(entries.name(), "entries");
        let DataType::Struct(fields) = entries.data_type() else { panic!("struct") };
        assert_eq!((fields[0].name().as_str(), fields[0].is_nullable()), ("key", false));
        assert_eq!((fields[1].name().as_str(), fields[1].is_nullable()), ("value", true));
    }
}
