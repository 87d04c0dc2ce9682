//! From a tree straight to JSON text, appended to a buffer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::schema::{Kind, Member, Model, Shape, Structure, TimestampFormat};
use haar_kernel::{Timestamp, Value};
use serde::Serialize;

use crate::answer::Members;
use crate::text;

/// Writes a value of `shape`.
pub(crate) fn write(
    out: &mut Vec<u8>,
    model: &'static Model,
    shape: &'static Shape,
    member: Option<&'static Member>,
    value: &Value,
) {
    match value {
        Value::Absent | Value::Body(_) => out.extend_from_slice(b"null"),
        Value::Bool(fact) => out.extend_from_slice(if *fact { b"true" } else { b"false" }),
        Value::Integer(number) => write_json(out, number),
        Value::Float(number) => write_float(out, shape, *number),
        Value::String(string) => write_text(out, string),
        Value::Blob(bytes) => write_blob(out, bytes),
        Value::Timestamp(moment) => write_timestamp(out, shape, member, *moment),
        Value::List(items) => {
            let Kind::List { element, .. } = &shape.kind else { return out.extend_from_slice(b"null") };
            let target = model.shape(element.target);
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, model, target, Some(element), item);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            let Kind::Map { value: element, .. } = &shape.kind else { return out.extend_from_slice(b"null") };
            let target = model.shape(element.target);
            out.push(b'{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_text(out, key);
                out.push(b':');
                write(out, model, target, Some(element), item);
            }
            out.push(b'}');
        }
        Value::Struct(fields) => match &shape.kind {
            Kind::Structure(structure) => {
                out.push(b'{');
                write_members(out, model, structure, fields, Members::All);
                out.push(b'}');
            }
            _ => out.extend_from_slice(b"null"),
        },
        Value::Document(document) => write_json(out, document),
    }
}

/// Writes `"a":1,"b":2`, without the braces, which the caller has opened.
pub(crate) fn write_members(
    out: &mut Vec<u8>,
    model: &'static Model,
    structure: &'static Structure,
    fields: &[Value],
    which: Members,
) {
    for (member, field) in structure.members.iter().zip(fields) {
        if !field.is_present() || !which.has(member) {
            continue;
        }
        write_member_name(out, member.wire_name());
        write(out, model, model.shape(member.target), Some(member), field);
    }
}

/// Writes `"name":`, after a comma unless the structure has just begun.
pub(crate) fn write_member_name(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    write_text(out, name);
    out.push(b':');
}

/// Writes a string with its quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_json(out, text);
}

fn write_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out, value).expect("a buffer takes what is written, and the keys of a document are strings");
}

fn write_float(out: &mut Vec<u8>, shape: &Shape, number: f64) {
    match text::non_finite(shape, number) {
        Some(word) => write_text(out, word),
        None if matches!(shape.kind, Kind::Float) => write_json(out, &(number as f32)),
        None => write_json(out, &number),
    }
}

fn write_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    let length = base64::encoded_len(bytes.len(), true).expect("a blob in memory has a length that can be encoded");
    out.resize(start + length, 0);
    BASE64.encode_slice(bytes, &mut out[start..]).expect("the room was made for it");
    out.push(b'"');
}

fn write_timestamp(out: &mut Vec<u8>, shape: &Shape, member: Option<&Member>, moment: Timestamp) {
    let format = text::timestamp_format(member, shape, TimestampFormat::UnixTimestamp);
    let mut written = String::new();
    text::write_timestamp(&mut written, format, moment);
    match format {
        TimestampFormat::UnixTimestamp => out.extend_from_slice(written.as_bytes()),
        TimestampFormat::Iso8601 | TimestampFormat::Iso8601Millis | TimestampFormat::Rfc822 => {
            write_text(out, &written)
        }
    }
}
