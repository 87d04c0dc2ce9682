//! From JSON text straight to a tree, in one pass: the schema steers serde_json's parser.

use std::fmt;

use haar_kernel::Value;
use haar_kernel::schema::{Kind, Member, Shape, Structure, TimestampFormat};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::malformed::{Found, Malformed};
use crate::reading::{Reading, member_index};
use crate::text;

/// Reads a whole document as `shape`; `null` is [`Value::Absent`].
pub(crate) fn read(
    reading: &mut Reading,
    shape: &'static Shape,
    member: Option<&'static Member>,
    bytes: &[u8],
) -> Result<Value, Malformed> {
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let mut wrong = None;
    let node = Node { reading, wrong: &mut wrong, shape, member };
    let value = node.deserialize(&mut parser);
    let value = value.and_then(|value| parser.end().map(|()| value));
    value.map_err(|error| wrong.unwrap_or_else(|| Malformed::new(syntax(&error))))
}

/// A syntax error, without the line and column, which AWS does not tell either.
fn syntax(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "Unexpected end of input",
        _ => "The request body is not valid JSON",
    }
}

/// A place in the document and what the schema wants there.
///
/// serde's errors are strings with a position; `wrong` carries our own words past them.
struct Node<'r> {
    reading: &'r mut Reading,
    wrong: &'r mut Option<Malformed>,
    shape: &'static Shape,
    member: Option<&'static Member>,
}

impl Node<'_> {
    fn refuse<E: Error>(self, found: Found) -> E {
        let words = found.instead_of(self.shape);
        refuse(self.wrong, words)
    }

    fn member_value<'de, D: MapAccess<'de>>(
        &mut self,
        member: &'static Member,
        access: &mut D,
    ) -> Result<Value, D::Error> {
        self.reading.enter_member(member);
        let shape = self.reading.shape(member.target);
        let node = Node { reading: self.reading, wrong: self.wrong, shape, member: Some(member) };
        let value = access.next_value_seed(node)?;
        self.reading.leave_member();
        Ok(value)
    }

    fn structure<'de, D: MapAccess<'de>>(
        &mut self,
        structure: &'static Structure,
        mut access: D,
    ) -> Result<Value, D::Error> {
        let mut fields = self.reading.fields(structure).map_err(|words| refuse(self.wrong, words))?;
        let mut start = 0;
        while let Some(name) = access.next_key_seed(Name { structure, start })? {
            match name {
                MemberName::Known(index) => {
                    fields[index] = self.member_value(&structure.members[index], &mut access)?;
                    start = index + 1;
                }
                MemberName::Unknown(name) => {
                    // `__type` names a type for clients of dynamic languages; it is never a member.
                    if name != "__type" {
                        self.reading.report_unknown(&name);
                    }
                    access.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Struct(fields))
    }

    fn map<'de, D: MapAccess<'de>>(&mut self, element: &'static Member, mut access: D) -> Result<Value, D::Error> {
        let mut entries: Vec<(String, Value)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            self.reading.count(1).map_err(|words| refuse(self.wrong, words))?;
            let value = self.member_value(element, &mut access)?;
            entries.push((key, value));
        }
        Ok(Value::Map(entries))
    }

    fn list<'de, A: SeqAccess<'de>>(&mut self, element: &'static Member, mut access: A) -> Result<Value, A::Error> {
        let shape = self.reading.shape(element.target);
        let mut items = Vec::new();
        loop {
            self.reading.count(1).map_err(|words| refuse(self.wrong, words))?;
            let node = Node { reading: self.reading, wrong: self.wrong, shape, member: Some(element) };
            match access.next_element_seed(node)? {
                Some(item) => items.push(item),
                None => return Ok(Value::List(items)),
            }
        }
    }
}

/// Leaves our words behind and gives serde an error to carry out.
fn refuse<E: Error>(wrong: &mut Option<Malformed>, words: Malformed) -> E {
    *wrong = Some(words);
    E::custom("refused")
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if matches!(self.shape.kind, Kind::Document) {
            // serde_json's own limit (128 levels over the whole text) bounds the depth here.
            let document: serde_json::Value = serde::Deserialize::deserialize(deserializer)?;
            return Ok(if document.is_null() { Value::Absent } else { Value::Document(document) });
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the schema")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Absent)
    }

    fn visit_bool<E: Error>(self, fact: bool) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Boolean => Ok(Value::Bool(fact)),
            _ => Err(self.refuse(Found::boolean(fact))),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Integer if i32::try_from(number).is_ok() => Ok(Value::Integer(number)),
            Kind::Long => Ok(Value::Integer(number)),
            Kind::Float | Kind::Double | Kind::Timestamp(_) => self.visit_f64(number as f64),
            _ => Err(self.refuse(Found::Number)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.visit_f64(number as f64),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        match self.shape.kind {
            Kind::Float | Kind::Double => Ok(Value::Float(number)),
            Kind::Timestamp(_) if self.format() == TimestampFormat::UnixTimestamp => {
                match text::from_epoch_seconds(number) {
                    Some(moment) => Ok(Value::Timestamp(moment)),
                    None => Err(self.refuse(Found::Number)),
                }
            }
            // `5.0` and `5e0` are integers to clients whose language knows one kind of number.
            Kind::Integer | Kind::Long if number.fract() == 0.0 && number.abs() <= INTEGRAL_MAX => {
                self.visit_i64(number as i64)
            }
            _ => Err(self.refuse(Found::Number)),
        }
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<Value, E> {
        match self.shape.kind {
            Kind::String { .. } => Ok(Value::String(string.to_owned())),
            Kind::Blob { .. } => match text::blob(string) {
                Some(bytes) => Ok(Value::Blob(bytes)),
                None => Err(self.refuse(Found::String)),
            },
            Kind::Float | Kind::Double => match text::float(string).filter(|number| !number.is_finite()) {
                Some(number) => Ok(Value::Float(number)),
                None => Err(self.refuse(Found::String)),
            },
            Kind::Timestamp(_) => match self.format() {
                TimestampFormat::UnixTimestamp => Err(self.refuse(Found::String)),
                format => match text::timestamp(format, string) {
                    Some(moment) => Ok(Value::Timestamp(moment)),
                    None => Err(self.refuse(Found::String)),
                },
            },
            _ => Err(self.refuse(Found::String)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, access: A) -> Result<Value, A::Error> {
        let Kind::List { element, .. } = &self.shape.kind else { return Err(self.refuse(Found::List)) };
        self.reading.enter().map_err(|words| refuse(self.wrong, words))?;
        let value = self.list(element, access)?;
        self.reading.leave();
        Ok(value)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, access: A) -> Result<Value, A::Error> {
        self.reading.enter().map_err(|words| refuse(self.wrong, words))?;
        let value = match &self.shape.kind {
            Kind::Structure(structure) => self.structure(structure, access)?,
            Kind::Map { value, .. } => self.map(value, access)?,
            _ => return Err(self.refuse(Found::Structure)),
        };
        self.reading.leave();
        Ok(value)
    }
}

/// The largest number up to which every integer has a 64-bit float of its own.
const INTEGRAL_MAX: f64 = 9_007_199_254_740_992.0;

impl Node<'_> {
    fn format(&self) -> TimestampFormat {
        text::timestamp_format(self.member, self.shape, TimestampFormat::UnixTimestamp)
    }
}

/// Reads a key as the index of a member, without keeping the text.
struct Name {
    structure: &'static Structure,
    start: usize,
}

enum MemberName {
    Known(usize),
    Unknown(String),
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = MemberName;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MemberName, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = MemberName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<MemberName, E> {
        Ok(match member_index(self.structure, self.start, name, Member::wire_name) {
            Some(index) => MemberName::Known(index),
            None => MemberName::Unknown(name.to_owned()),
        })
    }
}
