//! awsJson 1.0 and 1.1: one JSON document each way, the operation in a header.

use haar_kernel::schema::Protocol;
use haar_kernel::{Body, Value};
use http::Response;

use crate::answer;
use crate::json;
use crate::malformed::Malformed;
use crate::reading::{Reading, absent_fields, structure_of};
use crate::recognise::Recognised;

/// The content type of answers.
pub(crate) fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::AwsJson10 => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

pub(crate) fn decode(recognised: &Recognised, reading: &mut Reading, body: &[u8]) -> Result<Value, Malformed> {
    let Some(input) = recognised.operation.input else { return Ok(Value::Struct(Vec::new())) };
    let shape = recognised.model.shape(input);
    // No body is no members: AWS takes it for `{}`.
    let value =
        if body.iter().all(u8::is_ascii_whitespace) { Value::Absent } else { json::read(reading, shape, None, body)? };
    Ok(match (value, structure_of(shape)) {
        (Value::Absent, Some(structure)) => Value::Struct(absent_fields(structure)),
        (value, _) => value,
    })
}

pub(crate) fn encode(recognised: &Recognised, output: &Value, request_id: &str) -> Response<Body> {
    let mut body = Vec::with_capacity(answer::BODY_CAPACITY);
    match recognised.operation.output {
        Some(output_shape) => {
            json::write(&mut body, recognised.model, recognised.model.shape(output_shape), None, output);
        }
        None => body.extend_from_slice(b"{}"),
    }
    let mut response = answer::with_request_id(recognised.operation.status, recognised.protocol, request_id);
    answer::set_body(&mut response, content_type(recognised.protocol), body);
    response
}
