//! From a REST request to a tree: each member from where the model puts it.

use std::collections::BTreeMap;

use haar_kernel::schema::{Kind, Location, Member, Model, Shape, Structure, TimestampFormat};
use haar_kernel::{Bytes, Value};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::{Document, header};
use crate::form;
use crate::malformed::{Found, Malformed};
use crate::payload::Payload;
use crate::reading::{Reading, absent_fields, structure_of};
use crate::recognise::Recognised;
use crate::text;

pub(crate) fn decode<D: Document>(
    recognised: &Recognised,
    reading: &mut Reading,
    parts: &Parts,
    body: Payload,
) -> Result<Value, Malformed> {
    let model = recognised.model;
    let Some(input) = recognised.operation.input else { return Ok(Value::Struct(Vec::new())) };
    let shape = model.shape(input);
    let Some(structure) = structure_of(shape) else { return Ok(Value::default()) };
    let mut fields = match structure.payload {
        Some(index) => {
            let mut fields = absent_fields(structure);
            let member = &structure.members[usize::from(index)];
            fields[usize::from(index)] = payload::<D>(reading, member, body)?;
            fields
        }
        None => members::<D>(reading, shape, structure, &body.into_bytes())?,
    };
    let query = query_pairs(parts)?;
    for (member, field) in structure.members.iter().zip(&mut fields) {
        let elsewhere = match member.location {
            Location::Body => continue,
            Location::Uri => label(recognised, member)?,
            Location::QueryString => from_query(model, member, &query)?,
            Location::Header => from_header(model, member, parts)?,
            Location::Headers => from_headers(member, parts),
            Location::StatusCode => Value::Absent,
        };
        *field = elsewhere;
    }
    Ok(Value::Struct(fields))
}

/// The member that is the whole body.
fn payload<D: Document>(reading: &mut Reading, member: &'static Member, body: Payload) -> Result<Value, Malformed> {
    let shape = reading.shape(member.target);
    if let Kind::Blob { streaming: true } = shape.kind {
        return Ok(body.into_stream());
    }
    let bytes = body.into_bytes();
    if bytes.is_empty() {
        return Ok(Value::Absent);
    }
    match shape.kind {
        Kind::Blob { .. } => Ok(Value::Blob(bytes)),
        Kind::String { .. } => utf8(shape, &bytes).map(Value::String),
        _ => D::read(reading, shape, Some(member), &bytes),
    }
}

fn utf8(shape: &Shape, bytes: &Bytes) -> Result<String, Malformed> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Found::Bytes.instead_of(shape))
}

/// The members that share the body.
fn members<D: Document>(
    reading: &mut Reading,
    shape: &'static Shape,
    structure: &'static Structure,
    body: &[u8],
) -> Result<Vec<Value>, Malformed> {
    let in_body = structure.members.iter().any(|member| member.location == Location::Body);
    if !in_body || body.iter().all(u8::is_ascii_whitespace) {
        return Ok(absent_fields(structure));
    }
    match D::read(reading, shape, None, body)? {
        Value::Struct(fields) => Ok(fields),
        _ => Ok(absent_fields(structure)),
    }
}

fn label(recognised: &Recognised, member: &'static Member) -> Result<Value, Malformed> {
    let Some((_, raw)) = recognised.labels.iter().find(|(name, _)| *name == member.wire_name()) else {
        return Ok(Value::Absent);
    };
    let shape = recognised.model.shape(member.target);
    let decoded = percent_decode_str(raw).decode_utf8().map_err(|_| Found::Bytes.instead_of(shape))?;
    text::parse(shape, text::timestamp_format(Some(member), shape, TimestampFormat::Iso8601), &decoded)
}

/// The parameters of the query string: each name with its values, in order.
type Query = BTreeMap<String, Vec<String>>;

fn query_pairs(parts: &Parts) -> Result<Query, Malformed> {
    let mut query = Query::new();
    for pair in form::pairs(parts.uri.query().unwrap_or_default().as_bytes()) {
        let (name, value) = pair.map_err(|fault| Malformed(fault.message))?;
        query.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    Ok(query)
}

fn from_query(model: &'static Model, member: &'static Member, query: &Query) -> Result<Value, Malformed> {
    let shape = model.shape(member.target);
    let scalar = |member: &'static Member, shape: &'static Shape, value: &String| {
        text::parse(shape, text::timestamp_format(Some(member), shape, TimestampFormat::Iso8601), value)
    };
    match &shape.kind {
        // A map takes the whole query string, also what other members take.
        Kind::Map { value: element, .. } => {
            let target = model.shape(element.target);
            let mut entries = Vec::new();
            for (name, values) in query {
                let value = match &target.kind {
                    Kind::List { element, .. } => {
                        let target = model.shape(element.target);
                        Value::List(
                            values.iter().map(|value| scalar(element, target, value)).collect::<Result<_, _>>()?,
                        )
                    }
                    _ => values.first().map(|value| scalar(element, target, value)).transpose()?.unwrap_or_default(),
                };
                entries.push((name.clone(), value));
            }
            Ok(if entries.is_empty() { Value::Absent } else { Value::Map(entries) })
        }
        Kind::List { element, .. } => {
            let Some(values) = query.get(member.wire_name()) else { return Ok(Value::Absent) };
            let target = model.shape(element.target);
            Ok(Value::List(values.iter().map(|value| scalar(element, target, value)).collect::<Result<_, _>>()?))
        }
        _ => match query.get(member.wire_name()).and_then(|values| values.first()) {
            Some(value) => scalar(member, shape, value),
            None => Ok(Value::Absent),
        },
    }
}

fn from_header(model: &'static Model, member: &'static Member, parts: &Parts) -> Result<Value, Malformed> {
    let lines = parts.headers.get_all(member.wire_name());
    let lines: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    if lines.is_empty() {
        return Ok(Value::Absent);
    }
    header::read(model, member, model.shape(member.target), lines.join(",").trim())
}

/// A map of the headers with a prefix.
fn from_headers(member: &'static Member, parts: &Parts) -> Value {
    let prefix = member.wire_name.unwrap_or_default().to_ascii_lowercase();
    let mut entries = Vec::new();
    for name in parts.headers.keys() {
        if let Some(rest) = name.as_str().strip_prefix(&prefix) {
            let lines = parts.headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
            entries.push((rest.to_owned(), Value::String(lines.collect::<Vec<_>>().join(","))));
        }
    }
    if entries.is_empty() { Value::Absent } else { Value::Map(entries) }
}
