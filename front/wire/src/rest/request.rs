//! From a REST request to a tree: each member from where the model puts it.

use std::collections::BTreeMap;

use haar_kernel::schema::{Kind, Location, Member, Model, Shape, Structure, TimestampFormat};
use haar_kernel::{Bytes, Fault, Value, argument};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::{Document, header};
use crate::form;
use crate::malformed::{Found, Malformed};
use crate::payload::Payload;
use crate::reading::{Reading, absent_fields, structure_of};
use crate::recognise::Recognised;
use crate::{mail_safe, s3, text};

pub(crate) fn decode<D: Document>(
    recognised: &Recognised,
    reading: &mut Reading,
    parts: &Parts,
    body: Payload,
) -> Result<Value, Fault> {
    let model = recognised.model;
    if s3::is(model) {
        s3::refuse_encryption_of_read(recognised.operation, parts)?;
    }
    let malformed = |malformed: Malformed| malformed.into_fault(recognised.protocol);
    let Some(input) = recognised.operation.input else { return Ok(Value::Struct(Vec::new())) };
    let shape = model.shape(input);
    let Some(structure) = structure_of(shape) else { return Ok(Value::default()) };
    let mut fields = match structure.payload {
        Some(index) => {
            let mut fields = absent_fields(structure);
            let member = &structure.members[usize::from(index)];
            fields[usize::from(index)] = payload::<D>(reading, member, body).map_err(malformed)?;
            fields
        }
        None => members::<D>(reading, shape, structure, &body.into_bytes()).map_err(malformed)?,
    };
    let query = query_pairs(parts)?;
    for (member, field) in structure.members.iter().zip(&mut fields) {
        let elsewhere = match member.location {
            Location::Body => continue,
            Location::Uri => label(recognised, member)?,
            Location::QueryString => from_query(model, member, &query).map_err(|malformed| {
                let sent = query.get(member.wire_name()).and_then(|values| values.first());
                refusal(recognised, member, sent.map_or("", String::as_str), malformed)
            })?,
            Location::Header => from_header(recognised, member, parts)?,
            Location::Headers => from_headers(model, member, parts),
            Location::StatusCode => Value::Absent,
        };
        *field = elsewhere;
    }
    Ok(Value::Struct(fields))
}

/// What a value means that its member cannot take. S3 names the argument.
fn refusal(recognised: &Recognised, member: &Member, sent: &str, malformed: Malformed) -> Fault {
    if s3::is(recognised.model) {
        argument::invalid(member.wire_name(), sent)
    } else {
        malformed.into_fault(recognised.protocol)
    }
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

fn label(recognised: &Recognised, member: &'static Member) -> Result<Value, Fault> {
    let Some((_, raw)) = recognised.labels.iter().find(|(name, _)| *name == member.wire_name()) else {
        return Ok(Value::Absent);
    };
    let shape = recognised.model.shape(member.target);
    let Ok(decoded) = percent_decode_str(raw).decode_utf8() else {
        let malformed = || Found::Bytes.instead_of(shape).into_fault(recognised.protocol);
        return Err(if s3::is(recognised.model) { s3::invalid_uri() } else { malformed() });
    };
    text::parse(shape, text::timestamp_format(Some(member), shape, TimestampFormat::Iso8601), &decoded)
        .map_err(|malformed| refusal(recognised, member, &decoded, malformed))
}

/// The parameters of the query string: each name with its values, in order.
type Query = BTreeMap<String, Vec<String>>;

fn query_pairs(parts: &Parts) -> Result<Query, Fault> {
    let mut query = Query::new();
    for pair in form::pairs(parts.uri.query().unwrap_or_default().as_bytes()) {
        let (name, value) = pair?;
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

fn from_header(recognised: &Recognised, member: &'static Member, parts: &Parts) -> Result<Value, Fault> {
    let model = recognised.model;
    let name = member.wire_name();
    let sent = if s3::is(model) { s3::header(parts, name) } else { header::lines(&parts.headers, name) };
    let Some(sent) = sent else { return Ok(Value::Absent) };
    let sent = String::from_utf8_lossy(&sent);
    let shape = model.shape(member.target);
    match header::read(model, member, shape, sent.trim()) {
        Ok(value) => Ok(value),
        // RFC 9110, 13.1.3: a condition whose date cannot be read is no condition.
        Err(_) if matches!(shape.kind, Kind::Timestamp(_)) && name.starts_with("If-") => Ok(Value::Absent),
        Err(malformed) => Err(refusal(recognised, member, sent.trim(), malformed)),
    }
}

/// A map of the headers with a prefix.
fn from_headers(model: &'static Model, member: &'static Member, parts: &Parts) -> Value {
    let prefix = member.wire_name.unwrap_or_default().to_ascii_lowercase();
    let mut entries = Vec::new();
    for name in parts.headers.keys() {
        if let (Some(rest), Some(sent)) =
            (name.as_str().strip_prefix(&prefix), header::lines(&parts.headers, name.as_str()))
        {
            let text =
                if s3::is(model) { mail_safe::decode(&sent) } else { String::from_utf8_lossy(&sent).into_owned() };
            entries.push((rest.to_owned(), Value::String(text)));
        }
    }
    if s3::is(model) {
        let hoisted = s3::hoisted_with_prefix(parts, &prefix).into_iter();
        entries.extend(hoisted.map(|(rest, value)| (rest, Value::String(mail_safe::decode(value.as_bytes())))));
    }
    if entries.is_empty() { Value::Absent } else { Value::Map(entries) }
}
