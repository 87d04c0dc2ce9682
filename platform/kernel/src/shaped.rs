//! Between trees and Rust: the trait that generated types implement, and the macros that declare them.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::body::Body;
use crate::timestamp::Timestamp;
use crate::value::Value;

/// A Rust type for a shape. Trees reach it after the model's constraints have been checked, so reading cannot
/// fail: a required member is there, an enumeration holds one of its values.
pub trait Shaped: Sized {
    /// Reads a checked tree.
    fn from_value(value: Value) -> Self;
    /// Makes a tree for the encoders.
    fn into_value(self) -> Value;
}

/// Hands out the fields of a structure in order.
pub struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    /// The fields of a structure; of anything else, none.
    pub fn of(value: Value) -> Self {
        match value {
            Value::Struct(fields) => Self(fields.into_iter()),
            _ => Self(Vec::new().into_iter()),
        }
    }

    /// The next field as a Rust type.
    #[inline]
    pub fn take<T: Shaped>(&mut self) -> T {
        T::from_value(self.0.next().unwrap_or_default())
    }
}

macro_rules! scalar {
    ($($rust:ty, $variant:ident, $value:ident => $from:expr, $into:expr;)*) => {$(
        impl Shaped for $rust {
            fn from_value(value: Value) -> Self {
                match value { Value::$variant($value) => $from, _ => Self::default() }
            }
            fn into_value(self) -> Value {
                let $value = self;
                Value::$variant($into)
            }
        }
    )*};
}

scalar! {
    bool, Bool, value => value, value;
    i32, Integer, value => i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX }), i64::from(value);
    i64, Integer, value => value, value;
    f64, Float, value => value, value;
    f32, Float, value => value as f32, f64::from(value);
    String, String, value => value, value;
    Bytes, Blob, value => value, value;
    Timestamp, Timestamp, value => value, value;
    serde_json::Value, Document, value => value, value;
    Body, Body, value => value, value;
}

impl<T: Shaped> Shaped for Option<T> {
    fn from_value(value: Value) -> Self {
        if value.is_present() { Some(T::from_value(value)) } else { None }
    }
    fn into_value(self) -> Value {
        self.map_or(Value::Absent, T::into_value)
    }
}

impl<T: Shaped> Shaped for Box<T> {
    fn from_value(value: Value) -> Self {
        Box::new(T::from_value(value))
    }
    fn into_value(self) -> Value {
        (*self).into_value()
    }
}

impl<T: Shaped> Shaped for Vec<T> {
    fn from_value(value: Value) -> Self {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => Vec::new(),
        }
    }
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Shaped> Shaped for BTreeMap<String, T> {
    fn from_value(value: Value) -> Self {
        match value {
            Value::Map(entries) => entries.into_iter().map(|(key, value)| (key, T::from_value(value))).collect(),
            _ => BTreeMap::new(),
        }
    }
    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, value)| (key, value.into_value())).collect())
    }
}

/// Nothing: the input or output of operations that have none.
impl Shaped for () {
    fn from_value(_: Value) -> Self {}
    fn into_value(self) -> Value {
        Value::Struct(Vec::new())
    }
}

/// Declares a structure: fields in the order of the shape's members.
#[macro_export]
macro_rules! structure {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $(pub $field: $type,)*
        }
        $crate::structure!(@impl $name { $($field,)* });
    };
    (@impl $name:ident { $($field:ident,)* }) => {
        impl $crate::Shaped for $name {
            #[allow(unused_mut, unused_variables)]
            fn from_value(value: $crate::Value) -> Self {
                let mut fields = $crate::shaped::Fields::of(value);
                Self { $($field: fields.take(),)* }
            }
            fn into_value(self) -> $crate::Value {
                $crate::Value::Struct(vec![$($crate::Shaped::into_value(self.$field),)*])
            }
        }
    };
}

/// Declares a structure with a streaming blob: it can be moved, not cloned.
#[macro_export]
macro_rules! streaming_structure {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Debug, Default)]
        pub struct $name {
            $(pub $field: $type,)*
        }
        $crate::structure!(@impl $name { $($field,)* });
    };
}

/// Declares a union: variants in the order of the shape's members.
#[macro_export]
macro_rules! union {
    ($name:ident[$count:literal] { $($index:literal $variant:ident($type:ty)),* $(,)? }) => {
        #[derive(Clone, Debug)]
        pub enum $name {
            $($variant($type),)*
        }
        impl $crate::Shaped for $name {
            fn from_value(value: $crate::Value) -> Self {
                let $crate::Value::Struct(fields) = value else { panic!("a union is a structure") };
                for (index, field) in fields.into_iter().enumerate() {
                    if field.is_present() {
                        return match index {
                            $($index => Self::$variant($crate::Shaped::from_value(field)),)*
                            _ => unreachable!("a union has as many fields as its shape has members"),
                        };
                    }
                }
                panic!("the constraint checks demand one member of a union")
            }
            fn into_value(self) -> $crate::Value {
                let mut fields: Vec<$crate::Value> = (0..$count).map(|_| $crate::Value::Absent).collect();
                match self {
                    $(Self::$variant(value) => fields[$index] = $crate::Shaped::into_value(value),)*
                }
                $crate::Value::Struct(fields)
            }
        }
    };
}

/// Declares an enumeration of strings.
#[macro_export]
macro_rules! string_enum {
    ($name:ident { $($variant:ident = $text:literal),* $(,)? }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($variant,)*
        }
        impl $name {
            /// Every value, in the model's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// AWS's spelling.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// By AWS's spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
        impl Default for $name {
            /// The model's first value.
            fn default() -> Self {
                Self::ALL[0]
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl $crate::Shaped for $name {
            fn from_value(value: $crate::Value) -> Self {
                let $crate::Value::String(text) = value else { return Self::default() };
                Self::parse(&text).expect("the constraint checks let only the model's values through")
            }
            fn into_value(self) -> $crate::Value {
                $crate::Value::String(self.as_str().to_owned())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    string_enum!(Tier { Standard = "Standard", IntelligentTiering = "Intelligent-Tiering", });
    structure!(Sample { name: String, size: Option<i64>, tiers: Option<Vec<Tier>>, next: Option<Box<Sample>>, });
    union!(Either[2] { 0 Text(String), 1 Number(i64), });

    #[test]
    fn a_structure_survives_the_way_to_a_tree_and_back() {
        let inner = Sample { name: "inner".into(), ..Default::default() };
        let sample = Sample {
            name: "outer".into(),
            size: Some(3),
            tiers: Some(vec![Tier::IntelligentTiering]),
            next: Some(Box::new(inner)),
        };
        let back = Sample::from_value(sample.clone().into_value());
        assert_eq!(format!("{sample:?}"), format!("{back:?}"));
    }

    #[test]
    fn a_union_keeps_its_variant() {
        assert!(matches!(Either::from_value(Either::Number(7).into_value()), Either::Number(7)));
        assert!(matches!(Either::from_value(Either::Text("a".into()).into_value()), Either::Text(text) if text == "a"));
    }
}
