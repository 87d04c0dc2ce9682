//! Reads a policy's JSON one level at a time, keeping where each value stands in the text and refusing duplicate keys.
//!
//! Only the levels that the grammar knows are entered, so nesting costs no stack however deep a stranger makes it.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::malformed::Malformed;

/// A place in a document's text, counted from 1 as `SimulatePrincipalPolicy` does; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub(crate) const START: Position = Position { line: 1, column: 1 };
}

/// Tells positions in a text, from its start towards its end, so that a text is walked once however many are told.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Cursor { text, offset: 0, position: Position::START }
    }

    /// The position of the character that begins at `offset` bytes, which must not lie before the last one asked for.
    pub fn advance(&mut self, offset: usize) -> Position {
        for character in self.text[self.offset..offset].chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line.saturating_add(1), column: 1 };
            } else {
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.offset = offset;
        self.position
    }
}

/// The members of one JSON object in their order, each name once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut seen = HashSet::new();
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if !seen.insert(name.clone()) {
                        return Err(M::Error::custom("duplicate key"));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

pub(crate) fn document(text: &str) -> Result<&RawValue, Malformed> {
    serde_json::from_str(text).map_err(|_| Malformed::Syntax)
}

pub(crate) fn members(value: &RawValue) -> Result<Vec<(String, &RawValue)>, Malformed> {
    if !value.get().starts_with('{') {
        return Err(Malformed::Syntax);
    }
    let members: Members = serde_json::from_str(value.get()).map_err(|_| Malformed::Syntax)?;
    Ok(members.0)
}

/// The elements of an array, or the value alone when it is none: nearly every element of a policy may be either.
pub(crate) fn elements(value: &RawValue) -> Result<Vec<&RawValue>, Malformed> {
    if value.get().starts_with('[') {
        serde_json::from_str(value.get()).map_err(|_| Malformed::Syntax)
    } else {
        Ok(vec![value])
    }
}

pub(crate) fn string(value: &RawValue) -> Result<String, Malformed> {
    serde_json::from_str(value.get()).map_err(|_| Malformed::Syntax)
}

pub(crate) fn strings(value: &RawValue) -> Result<Vec<String>, Malformed> {
    elements(value)?.into_iter().map(string).collect()
}

/// Condition values: strings, numbers and booleans alike, as text.
pub(crate) fn scalars(value: &RawValue) -> Result<Vec<String>, Malformed> {
    elements(value)?
        .into_iter()
        .map(|element| match element.get().as_bytes() {
            [b'"', ..] => string(element),
            [b'{' | b'[', ..] | b"null" => Err(Malformed::Syntax),
            _ => Ok(element.get().to_owned()),
        })
        .collect()
}

/// Where a value, borrowed from `text`, begins in it, in bytes.
pub(crate) fn offset(text: &str, value: &RawValue) -> usize {
    (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}
