//! From a tree to a REST answer: each member to where the model puts it.

use haar_kernel::schema::{Kind, Location, Member, Model, Structure};
use haar_kernel::{Body, Value};
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::{Document, header};
use crate::answer;
use crate::reading::structure_of;
use crate::recognise::Recognised;
use crate::{mail_safe, s3};

pub(crate) fn encode<D: Document>(recognised: &Recognised, output: Value, request_id: &str) -> Response<Body> {
    let mut response = answer::with_request_id(recognised.operation.status, recognised.protocol, request_id);
    if s3::is(recognised.model) {
        s3::add_host_id(response.headers_mut(), request_id);
    }
    let shape = recognised.operation.output.map(|id| recognised.model.shape(id));
    let (Some(shape), Value::Struct(mut fields)) = (shape, output) else { return response };
    let Some(structure) = structure_of(shape) else { return response };
    write_status(&mut response, structure, &fields);
    match structure.payload.map(usize::from) {
        Some(index) => {
            let payload = std::mem::take(&mut fields[index]);
            write_payload::<D>(&mut response, recognised.model, &structure.members[index], payload);
        }
        None if D::EVEN_EMPTY || structure.members.iter().any(|member| member.location == Location::Body) => {
            let body = D::write_members(recognised, shape, structure, &fields);
            answer::set_body(&mut response, D::CONTENT_TYPE, body);
        }
        None => {}
    }
    // After the body, because a member may be the content type.
    write_headers(response.headers_mut(), Some(recognised.model), structure.members.iter().zip(&fields));
    if response.headers().contains_key(CONTENT_RANGE) {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

fn write_status(response: &mut Response<Body>, structure: &Structure, fields: &[Value]) {
    for (member, field) in structure.members.iter().zip(fields) {
        if let (Location::StatusCode, Value::Integer(code)) = (member.location, field)
            && let Some(status) = u16::try_from(*code).ok().and_then(|code| StatusCode::from_u16(code).ok())
        {
            *response.status_mut() = status;
        }
    }
}

/// The member that is the whole body. Streams are handed on.
fn write_payload<D: Document>(
    response: &mut Response<Body>,
    model: &'static Model,
    member: &'static Member,
    payload: Value,
) {
    match payload {
        Value::Absent => {}
        Value::Body(body) => {
            set_type(response, "application/octet-stream");
            *response.body_mut() = body;
        }
        Value::Blob(bytes) => {
            set_type(response, "application/octet-stream");
            *response.body_mut() = Body::full(bytes);
        }
        Value::String(text) if !matches!(model.shape(member.target).kind, Kind::Document) => {
            set_type(response, "text/plain");
            *response.body_mut() = Body::full(text);
        }
        other => answer::set_body(response, D::CONTENT_TYPE, D::write_payload(model, member, &other)),
    }
}

fn set_type(response: &mut Response<Body>, content_type: &'static str) {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
}

/// Writes the members that stand in headers; names that HTTP forbids (a map's keys can be anything) are left out.
pub(crate) fn write_headers<'v>(
    headers: &mut HeaderMap,
    model: Option<&'static Model>,
    members: impl Iterator<Item = (&'static Member, &'v Value)>,
) {
    let Some(model) = model else { return };
    for (member, value) in members {
        match (member.location, value) {
            (_, Value::Absent) => {}
            (Location::Header, value) => {
                insert(headers, member.wire_name(), &header::write(model, member, value));
            }
            (Location::Headers, Value::Map(entries)) => {
                let prefix = member.wire_name.unwrap_or_default();
                for (key, value) in entries {
                    if let Value::String(text) = value {
                        let text = if s3::is(model) { mail_safe::encode(text) } else { text.into() };
                        insert(headers, &format!("{prefix}{key}"), &text);
                    }
                }
            }
            _ => {}
        }
    }
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        headers.insert(name, answer::header_value(value));
    }
}
