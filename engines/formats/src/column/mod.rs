//! Columns under construction: values of Hive's types, in the layout of [`HiveType::arrow`].

pub mod date;
pub mod decimal;
pub mod pattern;
pub mod text;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int8Builder, Int16Builder, Int32Builder, Int64Builder, ListArray, MapArray, NullBufferBuilder, StringViewBuilder,
    StructArray, TimestampMillisecondBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Fields};

use crate::error::FormatError;
use crate::types::{HiveType, entries_field, item_field};

/// A column that grows by one value at a time.
pub enum Builder {
    Boolean(BooleanBuilder),
    Tinyint(Int8Builder),
    Smallint(Int16Builder),
    Int(Int32Builder),
    Bigint(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Text(TextBuilder),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMillisecondBuilder),
    Decimal(DecimalBuilder),
    Array(ArrayBuilder),
    Map(MapBuilder),
    Struct(StructBuilder),
}

/// `string`, `varchar(n)` and `char(n)`.
pub struct TextBuilder {
    values: StringViewBuilder,
    /// In characters.
    length_max: Option<usize>,
    /// `char(n)`: spaces at the end say nothing, and are added again when a value is shown.
    trimmed: bool,
}

/// `decimal(p,s)`
pub struct DecimalBuilder {
    pub values: Decimal128Builder,
    pub precision: u8,
    pub scale: u8,
}

/// `array<T>`: append to `item`, then [`ArrayBuilder::close`].
pub struct ArrayBuilder {
    pub item: Box<Builder>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

/// `map<K,V>`: append to `key` and `value`, then [`MapBuilder::close`].
pub struct MapBuilder {
    pub key: Box<Builder>,
    pub value: Box<Builder>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

/// `struct<…>`: append to every field, then [`StructBuilder::close`].
pub struct StructBuilder {
    pub fields: Vec<Builder>,
    arrow: Fields,
    nulls: NullBufferBuilder,
}

impl Builder {
    /// An empty column. A `uniontype` cannot be read, in Athena neither.
    pub fn new(of: &HiveType) -> Result<Builder, FormatError> {
        Ok(match of {
            HiveType::Boolean => Builder::Boolean(BooleanBuilder::new()),
            HiveType::Tinyint => Builder::Tinyint(Int8Builder::new()),
            HiveType::Smallint => Builder::Smallint(Int16Builder::new()),
            HiveType::Int => Builder::Int(Int32Builder::new()),
            HiveType::Bigint => Builder::Bigint(Int64Builder::new()),
            HiveType::Float => Builder::Float(Float32Builder::new()),
            HiveType::Double => Builder::Double(Float64Builder::new()),
            HiveType::String => Builder::Text(TextBuilder::new(None, false)),
            HiveType::Varchar(length) => Builder::Text(TextBuilder::new(Some(*length), false)),
            HiveType::Char(length) => Builder::Text(TextBuilder::new(Some(*length), true)),
            HiveType::Binary => Builder::Binary(BinaryBuilder::new()),
            HiveType::Date => Builder::Date(Date32Builder::new()),
            HiveType::Timestamp => Builder::Timestamp(TimestampMillisecondBuilder::new()),
            HiveType::Decimal(precision, scale) => Builder::Decimal(DecimalBuilder {
                values: Decimal128Builder::new().with_data_type(of.arrow()),
                precision: *precision,
                scale: *scale,
            }),
            HiveType::Array(item) => Builder::Array(ArrayBuilder {
                item: Box::new(Builder::new(item)?),
                offsets: vec![0],
                nulls: NullBufferBuilder::new(0),
            }),
            HiveType::Map(key, value) => Builder::Map(MapBuilder {
                key: Box::new(Builder::new(key)?),
                value: Box::new(Builder::new(value)?),
                offsets: vec![0],
                nulls: NullBufferBuilder::new(0),
            }),
            HiveType::Struct(fields) => Builder::Struct(StructBuilder {
                fields: fields.iter().map(|(_, of)| Builder::new(of)).collect::<Result<_, _>>()?,
                arrow: fields.iter().map(|(name, of)| Field::new(name, of.arrow(), true)).collect(),
                nulls: NullBufferBuilder::new(0),
            }),
            HiveType::Union(_) => {
                return Err(FormatError::unsupported_format(format!("Unsupported column type: {of}")));
            }
        })
    }

    /// Appends nothing.
    pub fn null(&mut self) {
        match self {
            Builder::Boolean(values) => values.append_null(),
            Builder::Tinyint(values) => values.append_null(),
            Builder::Smallint(values) => values.append_null(),
            Builder::Int(values) => values.append_null(),
            Builder::Bigint(values) => values.append_null(),
            Builder::Float(values) => values.append_null(),
            Builder::Double(values) => values.append_null(),
            Builder::Text(text) => text.values.append_null(),
            Builder::Binary(values) => values.append_null(),
            Builder::Date(values) => values.append_null(),
            Builder::Timestamp(values) => values.append_null(),
            Builder::Decimal(decimal) => decimal.values.append_null(),
            Builder::Array(array) => {
                array.offsets.push(array.item.len() as i32);
                array.nulls.append_null();
            }
            Builder::Map(map) => {
                map.offsets.push(map.key.len() as i32);
                map.nulls.append_null();
            }
            Builder::Struct(of) => {
                of.fields.iter_mut().for_each(Builder::null);
                of.nulls.append_null();
            }
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        use arrow::array::ArrayBuilder as _;
        match self {
            Builder::Boolean(values) => values.len(),
            Builder::Tinyint(values) => values.len(),
            Builder::Smallint(values) => values.len(),
            Builder::Int(values) => values.len(),
            Builder::Bigint(values) => values.len(),
            Builder::Float(values) => values.len(),
            Builder::Double(values) => values.len(),
            Builder::Text(text) => text.values.len(),
            Builder::Binary(values) => values.len(),
            Builder::Date(values) => values.len(),
            Builder::Timestamp(values) => values.len(),
            Builder::Decimal(decimal) => decimal.values.len(),
            Builder::Array(array) => array.nulls.len(),
            Builder::Map(map) => map.nulls.len(),
            Builder::Struct(of) => of.nulls.len(),
        }
    }

    /// The column, and an empty one after it.
    pub fn finish(&mut self) -> ArrayRef {
        match self {
            Builder::Boolean(values) => Arc::new(values.finish()),
            Builder::Tinyint(values) => Arc::new(values.finish()),
            Builder::Smallint(values) => Arc::new(values.finish()),
            Builder::Int(values) => Arc::new(values.finish()),
            Builder::Bigint(values) => Arc::new(values.finish()),
            Builder::Float(values) => Arc::new(values.finish()),
            Builder::Double(values) => Arc::new(values.finish()),
            Builder::Text(text) => Arc::new(text.values.finish()),
            Builder::Binary(values) => Arc::new(values.finish()),
            Builder::Date(values) => Arc::new(values.finish()),
            Builder::Timestamp(values) => Arc::new(values.finish()),
            Builder::Decimal(decimal) => Arc::new(decimal.values.finish()),
            Builder::Array(array) => {
                let item = array.item.finish();
                let offsets = take_offsets(&mut array.offsets);
                let field = Arc::new(item_field(item.data_type().clone()));
                Arc::new(ListArray::new(field, offsets, item, array.nulls.finish()))
            }
            Builder::Map(map) => {
                let (key, value) = (map.key.finish(), map.value.finish());
                let field = entries_field(key.data_type().clone(), value.data_type().clone());
                let DataType::Struct(fields) = field.data_type() else { unreachable!("entries are a struct") };
                let entries = StructArray::new(fields.clone(), vec![key, value], None);
                let offsets = take_offsets(&mut map.offsets);
                Arc::new(MapArray::new(Arc::new(field), offsets, entries, map.nulls.finish(), false))
            }
            Builder::Struct(of) => {
                let length = of.nulls.len();
                let columns = of.fields.iter_mut().map(Builder::finish).collect();
                let nulls = of.nulls.finish();
                // A struct without fields knows its length only from here.
                Arc::new(match of.fields.is_empty() {
                    true => StructArray::new_empty_fields(length, nulls),
                    false => StructArray::new(of.arrow.clone(), columns, nulls),
                })
            }
        }
    }

    /// Trino's name of its type, without parameters, for messages.
    pub fn trino_name(&self) -> &'static str {
        match self {
            Builder::Boolean(_) => "BOOLEAN",
            Builder::Tinyint(_) => "TINYINT",
            Builder::Smallint(_) => "SMALLINT",
            Builder::Int(_) => "INTEGER",
            Builder::Bigint(_) => "BIGINT",
            Builder::Float(_) => "REAL",
            Builder::Double(_) => "DOUBLE",
            Builder::Text(_) => "VARCHAR",
            Builder::Binary(_) => "VARBINARY",
            Builder::Date(_) => "DATE",
            Builder::Timestamp(_) => "TIMESTAMP",
            Builder::Decimal(_) => "DECIMAL",
            Builder::Array(_) => "ARRAY",
            Builder::Map(_) => "MAP",
            Builder::Struct(_) => "ROW",
        }
    }
}

fn take_offsets(offsets: &mut Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])))
}

impl TextBuilder {
    fn new(length_max: Option<u32>, trimmed: bool) -> TextBuilder {
        TextBuilder { values: StringViewBuilder::new(), length_max: length_max.map(|length| length as usize), trimmed }
    }

    /// Appends text, cut to the type's length.
    pub fn append(&mut self, text: &str) {
        let Some(length_max) = self.length_max else {
            return self.values.append_value(text);
        };
        // No text has more characters than bytes.
        let mut cut = text;
        if text.len() > length_max
            && let Some((end, _)) = text.char_indices().nth(length_max)
        {
            cut = &text[..end];
        }
        self.values.append_value(if self.trimmed { cut.trim_end_matches(' ') } else { cut });
    }

    /// Appends bytes that should be UTF-8; what is not becomes U+FFFD, as in Java.
    pub fn append_bytes(&mut self, bytes: &[u8]) {
        self.append(&String::from_utf8_lossy(bytes));
    }
}

impl ArrayBuilder {
    /// All that was appended to `item` since the last call is one array.
    pub fn close(&mut self) {
        self.offsets.push(self.item.len() as i32);
        self.nulls.append_non_null();
    }
}

impl MapBuilder {
    /// All that was appended to `key` and `value` since the last call is one map.
    pub fn close(&mut self) {
        self.offsets.push(self.key.len() as i32);
        self.nulls.append_non_null();
    }
}

impl StructBuilder {
    /// The last values of all fields are one struct.
    pub fn close(&mut self) {
        self.nulls.append_non_null();
    }
}
