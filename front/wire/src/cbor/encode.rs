//! From a tree under a schema to CBOR, with definite lengths.

use std::convert::Infallible;

use haar_kernel::schema::{Kind, Member, Model, Shape, Structure};
use haar_kernel::{Timestamp, Value};
use minicbor::data::Tag;
use minicbor::encode::{Encoder, Error};

type Written = Result<(), Error<Infallible>>;

/// Writes a value of `shape`.
pub(crate) fn write(model: &'static Model, shape: &'static Shape, value: &Value) -> Vec<u8> {
    let mut sink = Sink::new(Some(model));
    sink.value(shape, value).expect("a buffer takes what is written");
    sink.into_bytes()
}

/// Writes an error: its texts by name, then further members.
pub(crate) fn write_error<'v>(
    model: Option<&'static Model>,
    texts: impl Iterator<Item = (&'static str, &'v str)>,
    members: impl Iterator<Item = (&'static Member, &'v Value)>,
) -> Vec<u8> {
    let texts: Vec<_> = texts.collect();
    let members: Vec<_> = members.collect();
    let mut sink = Sink::new(model);
    sink.error(&texts, &members).expect("a buffer takes what is written");
    sink.into_bytes()
}

struct Sink {
    encoder: Encoder<Vec<u8>>,
    model: Option<&'static Model>,
}

impl Sink {
    fn new(model: Option<&'static Model>) -> Self {
        Self { encoder: Encoder::new(Vec::with_capacity(crate::answer::BODY_CAPACITY)), model }
    }

    fn into_bytes(self) -> Vec<u8> {
        self.encoder.into_writer()
    }

    fn error(&mut self, texts: &[(&str, &str)], members: &[(&'static Member, &Value)]) -> Written {
        self.encoder.map((texts.len() + members.len()) as u64)?;
        for (name, text) in texts {
            self.encoder.str(name)?.str(text)?;
        }
        for (member, value) in members {
            self.member(member, value)?;
        }
        Ok(())
    }

    fn member(&mut self, member: &'static Member, value: &Value) -> Written {
        self.encoder.str(member.wire_name())?;
        self.element(member, value)
    }

    fn element(&mut self, member: &'static Member, value: &Value) -> Written {
        match self.model {
            Some(model) => self.value(model.shape(member.target), value),
            None => self.encoder.null()?.ok(),
        }
    }

    fn value(&mut self, shape: &'static Shape, value: &Value) -> Written {
        let encoder = &mut self.encoder;
        match (value, &shape.kind) {
            (Value::Bool(fact), _) => encoder.bool(*fact)?.ok(),
            (Value::Integer(number), _) => encoder.i64(*number)?.ok(),
            (Value::Float(number), Kind::Float) => encoder.f32(*number as f32)?.ok(),
            (Value::Float(number), _) => encoder.f64(*number)?.ok(),
            (Value::String(text), _) => encoder.str(text)?.ok(),
            (Value::Blob(bytes), _) => encoder.bytes(bytes)?.ok(),
            (Value::Timestamp(moment), _) => self.timestamp(*moment),
            (Value::List(items), Kind::List { element, .. }) => {
                encoder.array(items.len() as u64)?;
                items.iter().try_for_each(|item| self.element(element, item))
            }
            (Value::Map(entries), Kind::Map { value: element, .. }) => {
                encoder.map(entries.len() as u64)?;
                for (key, item) in entries {
                    self.encoder.str(key)?;
                    self.element(element, item)?;
                }
                Ok(())
            }
            (Value::Struct(fields), Kind::Structure(structure)) => self.structure(structure, fields),
            _ => encoder.null()?.ok(),
        }
    }

    fn structure(&mut self, structure: &'static Structure, fields: &[Value]) -> Written {
        let present = || structure.members.iter().zip(fields).filter(|(_, field)| field.is_present());
        self.encoder.map(present().count() as u64)?;
        for (member, field) in present() {
            self.member(member, field)?;
        }
        Ok(())
    }

    fn timestamp(&mut self, moment: Timestamp) -> Written {
        self.encoder.tag(Tag::new(1))?;
        let millis = moment.millis();
        if millis % 1000 == 0 {
            self.encoder.i64(millis / 1000)?.ok()
        } else {
            self.encoder.f64(millis as f64 / 1000.0)?.ok()
        }
    }
}
