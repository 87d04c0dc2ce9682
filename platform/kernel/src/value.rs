//! A message as a tree under a schema: what decoders make and encoders eat.
//!
//! A tree is positional: field `n` of a structure belongs to member `n` of its shape. So nobody spells a
//! field name by hand, and turning a tree into a generated struct is a walk without look-ups.

use bytes::Bytes;

use crate::body::Body;
use crate::timestamp::Timestamp;

/// One node. Which variants may stand where is the schema's word.
#[derive(Debug, Default)]
pub enum Value {
    /// A member that is not there; in a sparse list or map, a null.
    #[default]
    Absent,
    /// A boolean.
    Bool(bool),
    /// Integer and Long shapes.
    Integer(i64),
    /// Float and Double shapes.
    Float(f64),
    /// A string.
    String(String),
    /// A blob, decoded.
    Blob(Bytes),
    /// A point in time.
    Timestamp(Timestamp),
    /// A list, in order.
    List(Vec<Value>),
    /// A map, in the order of the wire.
    Map(Vec<(String, Value)>),
    /// A structure: one entry per member of the shape, in the shape's order. A union is a structure with one
    /// member that is not absent.
    Struct(Vec<Value>),
    /// A document: any JSON value.
    Document(serde_json::Value),
    /// A streaming blob, handed on unread.
    Body(Body),
}

impl Value {
    /// Whether there is something here.
    #[inline]
    pub fn is_present(&self) -> bool {
        !matches!(self, Value::Absent)
    }
}

impl PartialEq for Value {
    /// Streams are never equal: to compare them one would have to read them.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Absent, Value::Absent) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Integer(a), Value::Integer(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Blob(a), Value::Blob(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            (Value::List(a), Value::List(b)) | (Value::Struct(a), Value::Struct(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Document(a), Value::Document(b)) => a == b,
            _ => false,
        }
    }
}
