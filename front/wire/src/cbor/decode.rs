//! From CBOR to a tree under a schema, pulled item by item. Declared lengths are never believed: they count loops
//! that end with the input, and reserve nothing.

use std::borrow::Cow;

use haar_kernel::schema::{Kind, Member, Shape, Structure};
use haar_kernel::{Bytes, Value};
use minicbor::data::{Tag, Type};
use minicbor::decode::{Decoder, Error};

use crate::malformed::{Found, Malformed};
use crate::reading::{Reading, member_index};
use crate::text;

/// The tag of seconds since 1970.
const EPOCH: Tag = Tag::new(1);

/// Reads a whole message as `shape`.
pub(crate) fn read(reading: &mut Reading, shape: &'static Shape, bytes: &[u8]) -> Result<Value, Malformed> {
    let mut decoder = Decoder::new(bytes);
    let value = Source { reading, decoder: &mut decoder }.value(shape)?;
    if decoder.position() < bytes.len() {
        return Err(Malformed::new("Unexpected data after the end of the message"));
    }
    Ok(value)
}

impl From<Error> for Malformed {
    fn from(error: Error) -> Self {
        Malformed::new(if error.is_end_of_input() {
            "Unexpected end of input"
        } else {
            "The request body is not valid CBOR"
        })
    }
}

struct Source<'s, 'b> {
    reading: &'s mut Reading,
    decoder: &'s mut Decoder<'b>,
}

impl<'b> Source<'_, 'b> {
    fn value(&mut self, shape: &'static Shape) -> Result<Value, Malformed> {
        let wrong = |found: Found| Err(found.instead_of(shape));
        match self.decoder.datatype()? {
            Type::Null => {
                self.decoder.null()?;
                Ok(Value::Absent)
            }
            Type::Undefined => {
                self.decoder.undefined()?;
                Ok(Value::Absent)
            }
            Type::Bool => {
                let fact = self.decoder.bool()?;
                match shape.kind {
                    Kind::Boolean => Ok(Value::Bool(fact)),
                    _ => wrong(Found::boolean(fact)),
                }
            }
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
                let number = i128::from(self.decoder.int()?);
                match shape.kind {
                    Kind::Integer => i32::try_from(number).map(i64::from).ok(),
                    Kind::Long => i64::try_from(number).ok(),
                    Kind::Float | Kind::Double => return Ok(Value::Float(number as f64)),
                    _ => None,
                }
                .map_or_else(|| wrong(Found::Number), |number| Ok(Value::Integer(number)))
            }
            Type::F16 | Type::F32 | Type::F64 => {
                let number = self.float()?;
                match shape.kind {
                    Kind::Float | Kind::Double => Ok(Value::Float(number)),
                    _ => wrong(Found::Number),
                }
            }
            Type::Tag => self.tagged(shape),
            Type::String | Type::StringIndef => {
                let string = self.string()?;
                match shape.kind {
                    Kind::String { .. } => Ok(Value::String(string.into_owned())),
                    _ => wrong(Found::String),
                }
            }
            Type::Bytes | Type::BytesIndef => {
                let bytes = self.bytes()?;
                match shape.kind {
                    Kind::Blob { .. } => Ok(Value::Blob(bytes)),
                    _ => wrong(Found::Bytes),
                }
            }
            Type::Array | Type::ArrayIndef => match &shape.kind {
                Kind::List { element, .. } => self.list(element),
                _ => wrong(Found::List),
            },
            Type::Map | Type::MapIndef => match &shape.kind {
                Kind::Structure(structure) => self.structure(structure),
                Kind::Map { value, .. } => self.map(value),
                _ => wrong(Found::Structure),
            },
            Type::Simple | Type::Break | Type::Unknown(_) => Err(Malformed::new("The request body is not valid CBOR")),
        }
    }

    fn tagged(&mut self, shape: &'static Shape) -> Result<Value, Malformed> {
        let tag = self.decoder.tag()?;
        if !matches!(shape.kind, Kind::Timestamp(_)) {
            return Err(Found::Time.instead_of(shape));
        }
        if tag != EPOCH {
            return Err(Malformed(format!("Tag {} can not be converted to a Timestamp", tag.as_u64())));
        }
        let seconds = match self.decoder.datatype()? {
            Type::F16 | Type::F32 | Type::F64 => self.float()?,
            _ => i128::from(self.decoder.int()?) as f64,
        };
        text::from_epoch_seconds(seconds).map(Value::Timestamp).ok_or_else(|| Found::Number.instead_of(shape))
    }

    fn float(&mut self) -> Result<f64, Malformed> {
        Ok(match self.decoder.datatype()? {
            Type::F16 => self.decoder.f16()?.into(),
            Type::F32 => self.decoder.f32()?.into(),
            _ => self.decoder.f64()?,
        })
    }

    fn string(&mut self) -> Result<Cow<'b, str>, Malformed> {
        if self.decoder.datatype()? == Type::String {
            return Ok(Cow::Borrowed(self.decoder.str()?));
        }
        let mut whole = String::new();
        for chunk in self.decoder.str_iter()? {
            whole.push_str(chunk?);
        }
        Ok(Cow::Owned(whole))
    }

    fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let mut whole = Vec::new();
        for chunk in self.decoder.bytes_iter()? {
            whole.extend_from_slice(chunk?);
        }
        Ok(Bytes::from(whole))
    }

    /// Whether a collection of that declared length, of which `done` items are read, goes on.
    fn goes_on(&mut self, length: Option<u64>, done: u64) -> Result<bool, Malformed> {
        match length {
            Some(length) => Ok(done < length),
            None if self.decoder.datatype()? == Type::Break => {
                // `skip` refuses a break; the byte is stepped over.
                self.decoder.set_position(self.decoder.position() + 1);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    fn list(&mut self, element: &'static Member) -> Result<Value, Malformed> {
        self.reading.enter()?;
        let shape = self.reading.shape(element.target);
        let length = self.decoder.array()?;
        let mut items = Vec::new();
        while self.goes_on(length, items.len() as u64)? {
            self.reading.count(1)?;
            items.push(self.value(shape)?);
        }
        self.reading.leave();
        Ok(Value::List(items))
    }

    fn map(&mut self, element: &'static Member) -> Result<Value, Malformed> {
        self.reading.enter()?;
        let shape = self.reading.shape(element.target);
        let length = self.decoder.map()?;
        let mut entries = Vec::new();
        while self.goes_on(length, entries.len() as u64)? {
            self.reading.count(1)?;
            let key = self.string()?.into_owned();
            entries.push((key, self.value(shape)?));
        }
        self.reading.leave();
        Ok(Value::Map(entries))
    }

    fn structure(&mut self, structure: &'static Structure) -> Result<Value, Malformed> {
        self.reading.enter()?;
        let mut fields = self.reading.fields(structure)?;
        let length = self.decoder.map()?;
        let (mut done, mut start) = (0, 0);
        while self.goes_on(length, done)? {
            done += 1;
            let name = self.string()?;
            match member_index(structure, start, &name, Member::wire_name) {
                Some(index) => {
                    let member = &structure.members[index];
                    self.reading.enter_member(member);
                    fields[index] = self.value(self.reading.shape(member.target))?;
                    self.reading.leave_member();
                    start = index + 1;
                }
                None => {
                    if name != "__type" {
                        self.reading.report_unknown(&name);
                    }
                    self.decoder.skip()?;
                }
            }
        }
        self.reading.leave();
        Ok(Value::Struct(fields))
    }
}
