//! One door to all protocols: requests in, answers and errors out.

use haar_kernel::schema::Protocol;
use haar_kernel::{Body, Fault, Value, ids};
use http::Response;
use http::request::Parts;

use crate::payload::Payload;
use crate::reading::{Reading, structure_of};
use crate::recognise::{Dialect, Recognised};
use crate::{answer, aws_json, fault, query, rest, rest_json, rest_xml, rpc_cbor, s3};

/// A request, read.
#[derive(Debug)]
pub struct Decoded {
    /// A tree under the operation's input shape; its constraints are not checked yet.
    pub input: Value,
    /// Paths of members that the model does not have (`Entries.Colour`). AWS ignores them, and so does haar; a few
    /// are kept for the ledger, because they are how callers learn of their typing errors.
    pub unknown: Vec<String>,
}

/// Reads a request. [`Recognised::streams_input`] says which kind of body the operation wants.
///
/// Idempotency tokens that the caller left out are filled in, as AWS's SDKs do.
pub fn decode(recognised: &Recognised, parts: &Parts, body: Payload) -> Result<Decoded, Fault> {
    let mut reading = Reading::of(recognised.model);
    let protocol = recognised.protocol;
    let read = match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => aws_json::decode(recognised, &mut reading, &body.into_bytes()),
        Protocol::AwsQuery => query::decode(recognised, &mut reading, parts, &body.into_bytes())?,
        Protocol::RpcV2Cbor => rpc_cbor::decode(recognised, &mut reading, &body.into_bytes()),
        Protocol::RestJson1 => Ok(rest::decode::<rest_json::RestJson>(recognised, &mut reading, parts, body)?),
        Protocol::RestXml => Ok(rest::decode::<rest_xml::RestXml>(recognised, &mut reading, parts, body)?),
    };
    let mut input = read.map_err(|malformed| malformed.into_fault(protocol))?;
    fill_idempotency_tokens(recognised, &mut input);
    Ok(Decoded { input, unknown: reading.into_unknown() })
}

/// Writes the answer of a success.
pub fn encode(recognised: &Recognised, output: Value, request_id: &str) -> Response<Body> {
    match recognised.protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => aws_json::encode(recognised, &output, request_id),
        Protocol::AwsQuery => query::encode(recognised, &output, request_id),
        Protocol::RpcV2Cbor => rpc_cbor::encode(recognised, &output, request_id),
        Protocol::RestJson1 => rest::encode::<rest_json::RestJson>(recognised, output, request_id),
        Protocol::RestXml => rest::encode::<rest_xml::RestXml>(recognised, output, request_id),
    }
}

/// Writes an answer that says nothing but that it was a success.
pub fn empty_answer(dialect: &Dialect, request_id: &str) -> Response<Body> {
    let mut response = answer::with_request_id(200, dialect.protocol, request_id);
    if dialect.model.is_some_and(s3::is) {
        s3::add_host_id(response.headers_mut(), request_id);
    }
    response
}

/// Writes the answer of a failure; it depends on the dialect only, so it works for requests that nobody recognised.
pub fn encode_fault(dialect: &Dialect, fault: &Fault, request_id: &str) -> Response<Body> {
    fault::encode(dialect, fault, request_id)
}

fn fill_idempotency_tokens(recognised: &Recognised, input: &mut Value) {
    let Some(shape) = recognised.operation.input else { return };
    let Some(structure) = structure_of(recognised.model.shape(shape)) else { return };
    let Value::Struct(fields) = input else { return };
    for (member, field) in structure.members.iter().zip(fields) {
        if member.idempotency_token && !field.is_present() {
            *field = Value::String(ids::uuid());
        }
    }
}
