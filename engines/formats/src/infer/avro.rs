//! The schema that an Avro file carries in its header, and how many rows its blocks say they have.

use std::sync::Arc;

use arrow_avro::reader::read_header_info;
use haar_kernel::objects::OpenObject;
use serde_json::Value;

use super::schema::Schema;
use super::shape::Shape;
use crate::error::FormatError;
use crate::source::ObjectReader;
use crate::types::{HiveType, TYPE_DEPTH_MAX};

/// What Avro files begin with.
pub const MAGIC: &[u8] = b"Obj\x01";

/// Blocks whose heads are read to count rows; of larger files the rest is estimated.
const BLOCKS_MAX: u64 = 1000;

/// The two numbers at the head of a block, as long as they can be.
const BLOCK_HEAD_BYTES: u64 = 20;

/// What is in an Avro file.
pub struct Avro {
    /// Its columns.
    pub schema: Schema,
    /// The schema as the file has it: `avro.schema.literal`.
    pub literal: String,
    /// How many rows there are.
    pub records: u64,
}

/// Reads a file's header, and the heads of its blocks.
pub fn read(object: Arc<dyn OpenObject>) -> Result<Avro, FormatError> {
    let broken = |why: String| FormatError::cursor(why);
    let header = read_header_info(ObjectReader::new(object.clone())).map_err(|error| broken(error.to_string()))?;
    let literal = header.writer_schema().map_err(|error| broken(error.to_string()))?.json_string;
    let json: Value = serde_json::from_str(&literal).map_err(|error| broken(error.to_string()))?;
    let mut types = Types::default();
    let schema = match types.hive(&json, 0) {
        Some(HiveType::Struct(fields)) => {
            Schema::of(fields.into_iter().map(|(name, hive)| (name, Shape::of(&hive))).collect())
        }
        Some(other) => Schema::of(vec![("value".into(), Shape::of(&other))]),
        None => return Err(broken("the schema of an Avro file cannot be read".into())),
    };
    let records = count(object.as_ref(), header.header_len())?;
    Ok(Avro { schema, literal, records })
}

/// Adds up what the blocks say.
fn count(object: &dyn OpenObject, header: u64) -> Result<u64, FormatError> {
    const SYNC_BYTES: u64 = 16;
    let size = object.meta().size;
    let (mut at, mut rows, mut blocks) = (header, 0_u64, 0);
    while at < size && blocks < BLOCKS_MAX {
        let head = object.read_at(at..size.min(at + BLOCK_HEAD_BYTES))?;
        let mut head: &[u8] = &head;
        let before = head.len();
        let (Some(count), Some(bytes)) = (long(&mut head), long(&mut head)) else { break };
        rows = rows.saturating_add(count);
        at = at.saturating_add((before - head.len()) as u64).saturating_add(bytes).saturating_add(SYNC_BYTES);
        blocks += 1;
    }
    let counted = at.min(size) - header;
    let all = size - header;
    Ok(if counted < all && counted > 0 { (rows as f64 * all as f64 / counted as f64) as u64 } else { rows })
}

/// Avro's variable-length number; those below zero mean nothing here.
fn long(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return (value & 1 == 0).then_some(value >> 1);
        }
    }
    None
}

/// Reads types, of which named ones may be referred to later.
#[derive(Default)]
struct Types {
    named: Vec<(String, HiveType)>,
}

impl Types {
    fn hive(&mut self, json: &Value, depth: usize) -> Option<HiveType> {
        if depth + 4 >= TYPE_DEPTH_MAX {
            return None;
        }
        match json {
            Value::String(name) => self.simple(name),
            Value::Array(members) => self.union(members, depth),
            Value::Object(object) => {
                if let Some(logical) = object.get("logicalType").and_then(Value::as_str)
                    && let Some(hive) = logical_type(logical, json)
                {
                    return Some(hive);
                }
                let kind = object.get("type")?;
                let hive = match kind.as_str() {
                    Some("record") => {
                        let fields = object.get("fields")?.as_array()?.iter().map(|field| {
                            let name = field.get("name")?.as_str()?;
                            Some((name.to_owned(), self.hive(field.get("type")?, depth + 1)?))
                        });
                        HiveType::Struct(fields.collect::<Option<_>>()?)
                    }
                    Some("enum") => HiveType::String,
                    Some("fixed") => HiveType::Binary,
                    Some("array") => HiveType::Array(Box::new(self.hive(object.get("items")?, depth + 1)?)),
                    Some("map") => {
                        let value = self.hive(object.get("values")?, depth + 1)?;
                        HiveType::Map(Box::new(HiveType::String), Box::new(value))
                    }
                    _ => return self.hive(kind, depth + 1),
                };
                if let Some(name) = object.get("name").and_then(Value::as_str) {
                    self.named.push((name.to_owned(), hive.clone()));
                }
                Some(hive)
            }
            _ => None,
        }
    }

    fn simple(&self, name: &str) -> Option<HiveType> {
        Some(match name {
            "null" | "string" => HiveType::String,
            "boolean" => HiveType::Boolean,
            "int" => HiveType::Int,
            "long" => HiveType::Bigint,
            "float" => HiveType::Float,
            "double" => HiveType::Double,
            "bytes" => HiveType::Binary,
            // A type that contains itself has no end in Hive.
            other => self.named.iter().find(|(name, _)| without_namespace(name) == without_namespace(other))?.1.clone(),
        })
    }

    /// A union with null is the other; any more is Hive's union.
    fn union(&mut self, members: &[Value], depth: usize) -> Option<HiveType> {
        let members = members.iter().filter(|member| member.as_str() != Some("null"));
        let mut members: Vec<HiveType> = members.map(|member| self.hive(member, depth + 1)).collect::<Option<_>>()?;
        Some(match members.len() {
            0 => HiveType::String,
            1 => members.remove(0),
            _ => HiveType::Union(members),
        })
    }
}

fn without_namespace(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

fn logical_type(name: &str, json: &Value) -> Option<HiveType> {
    let number = |member: &str| json.get(member).and_then(Value::as_u64).and_then(|value| u8::try_from(value).ok());
    Some(match name {
        "date" => HiveType::Date,
        "decimal" => HiveType::Decimal(number("precision")?.min(38), number("scale").unwrap_or_default()),
        "timestamp-millis" | "timestamp-micros" | "local-timestamp-millis" | "local-timestamp-micros" => {
            HiveType::Timestamp
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn types_are_hives() {
        for (avro, hive) in [
            (r#""long""#, "bigint"),
            (r#"["null", "int"]"#, "int"),
            (r#"["null", "int", "string"]"#, "uniontype<int,string>"),
            (r#"{"type": "array", "items": "string"}"#, "array<string>"),
            (r#"{"type": "map", "values": "double"}"#, "map<string,double>"),
            (r#"{"type": "enum", "name": "e", "symbols": ["A"]}"#, "string"),
            (r#"{"type": "int", "logicalType": "date"}"#, "date"),
            (r#"{"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}"#, "decimal(10,2)"),
            (r#"{"type": "long", "logicalType": "timestamp-millis"}"#, "timestamp"),
            (r#"{"type": "string", "logicalType": "uuid"}"#, "string"),
            (
                r#"{"type": "record", "name": "r", "fields": [
                    {"name": "a", "type": {"type": "record", "name": "x.p", "fields": [{"name": "n", "type": "int"}]}},
                    {"name": "b", "type": "p"}]}"#,
                "struct<a:struct<n:int>,b:struct<n:int>>",
            ),
        ] {
            let found = Types::default().hive(&serde_json::from_str(avro).unwrap(), 0);
            let found = found.map(|hive| hive.to_string());
            assert_eq!(found.as_deref(), Some(hive), "{avro}");
        }
    }

    #[test]
    fn a_type_that_contains_itself_is_no_table() {
        let list = r#"{"type": "record", "name": "node", "fields": [{"name": "next", "type": ["null", "node"]}]}"#;
        assert_eq!(Types::default().hive(&serde_json::from_str(list).unwrap(), 0), None);
    }

    #[test]
    fn numbers_of_blocks_are_zigzag() {
        assert_eq!(long(&mut [0x02].as_slice()), Some(1));
        assert_eq!(long(&mut [0x80, 0x01].as_slice()), Some(64));
        assert_eq!(long(&mut [0x01].as_slice()), None);
        assert_eq!(long(&mut [0x80].as_slice()), None);
    }
}
