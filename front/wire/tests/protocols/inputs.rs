//! Input vectors, inverted: what the client serialized is decoded and must equal its parameters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::schema::{Model, Protocol};
use haar_kernel::{Bytes, Value};
use haar_wire::{Payload, Recognised, Recogniser, Recognition};
use http::request::Parts;
use serde_json::Value as Json;

use crate::model::{self, leak};
use crate::params::{canonical, tree};
use crate::vectors;

#[test]
fn every_request_of_the_vectors_is_decoded() {
    vectors::run_inputs(check);
}

fn check(suite: &Json, case: &Json) -> Result<(), String> {
    let model = model::build(&suite["metadata"], &suite["shapes"], &case["given"]);
    let (parts, body) = request(model, &case["serialized"]);
    let recognised = recognise(model, &parts, &body)?;
    let decoded = haar_wire::decode(&recognised, &parts, Payload::Whole(body)).map_err(|fault| fault.to_string())?;
    let Some(input) = recognised.operation.input else {
        return if decoded.input == Value::Struct(Vec::new()) { Ok(()) } else { Err(format!("{decoded:?}")) };
    };
    let shape = model.shape(input);
    let want = canonical(model, shape, None, tree(model, shape, None, &case["params"]));
    let got = canonical(model, shape, None, decoded.input);
    let want = if case["params"].is_null() { tree(model, shape, None, &serde_json::json!({})) } else { want };
    if !decoded.unknown.is_empty() {
        return Err(format!("unknown members {:?}", decoded.unknown));
    }
    if got == want { Ok(()) } else { Err(format!("\n   got {got:?}\n  want {want:?}")) }
}

fn request(model: &'static Model, serialized: &Json) -> (Parts, Bytes) {
    let mut request = http::Request::builder().method(serialized["method"].as_str().unwrap_or("POST"));
    request = request.uri(serialized["uri"].as_str().unwrap_or("/"));
    let headers = serialized["headers"].as_object();
    for (name, value) in headers.into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let has = |name: &str| headers.is_some_and(|headers| headers.keys().any(|key| key.eq_ignore_ascii_case(name)));
    let operation = model.operations[0].name;
    let protocol = model.protocols[0];
    if matches!(protocol, Protocol::AwsJson10 | Protocol::AwsJson11) && !has("x-amz-target") {
        request = request.header("x-amz-target", format!("{}.{operation}", model.target_prefix.unwrap()));
    }
    if protocol == Protocol::RpcV2Cbor && !has("smithy-protocol") {
        request = request.header("smithy-protocol", "rpc-v2-cbor");
    }
    if protocol == Protocol::AwsQuery && !has("content-type") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let body = serialized["body"].as_str().unwrap_or_default();
    let body = if protocol == Protocol::RpcV2Cbor { BASE64.decode(body).unwrap() } else { body.as_bytes().to_vec() };
    (request.body(()).unwrap().into_parts().0, Bytes::from(body))
}

fn recognise(model: &'static Model, parts: &Parts, body: &[u8]) -> Result<Recognised, String> {
    let recogniser = Recogniser::new(leak([model]));
    let whole = match recogniser.recognise(parts, None) {
        Ok(Recognition::Whole(recognised)) => Ok(recognised),
        Ok(Recognition::NeedsForm) => recogniser.recognise_form(parts, None, body),
        Err(refusal) => Err(refusal),
    };
    whole.map_err(|refusal| refusal.fault.to_string())
}
