//! rpcv2Cbor: one CBOR map each way, the operation in the path.

use haar_kernel::{Body, Value};
use http::Response;
use http::header::{HeaderName, HeaderValue};

use crate::answer;
use crate::cbor;
use crate::malformed::Malformed;
use crate::reading::{Reading, absent_fields, structure_of};
use crate::recognise::Recognised;

/// The content type of answers.
pub(crate) const CONTENT_TYPE: &str = "application/cbor";

/// Every answer says which protocol it is.
pub(crate) fn mark(response: &mut Response<Body>) {
    let name = HeaderName::from_static("smithy-protocol");
    response.headers_mut().insert(name, HeaderValue::from_static("rpc-v2-cbor"));
}

pub(crate) fn decode(recognised: &Recognised, reading: &mut Reading, body: &[u8]) -> Result<Value, Malformed> {
    let Some(input) = recognised.operation.input else { return Ok(Value::Struct(Vec::new())) };
    let shape = recognised.model.shape(input);
    let value = if body.is_empty() { Value::Absent } else { cbor::read(reading, shape, body)? };
    Ok(match (value, structure_of(shape)) {
        (Value::Absent, Some(structure)) => Value::Struct(absent_fields(structure)),
        (value, _) => value,
    })
}

pub(crate) fn encode(recognised: &Recognised, output: &Value, request_id: &str) -> Response<Body> {
    let mut response = answer::with_request_id(recognised.operation.status, recognised.protocol, request_id);
    if let Some(shape) = recognised.operation.output {
        let body = cbor::write(recognised.model, recognised.model.shape(shape), output);
        answer::set_body(&mut response, CONTENT_TYPE, body);
    }
    mark(&mut response);
    response
}
