//! Output vectors, inverted: a result is encoded and must mean what the client was given to read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_kernel::schema::{Kind, Model, Protocol, Structure};
use haar_kernel::{Body, ErrorShape, Fault, Value};
use haar_wire::{Dialect, Recognised, Recogniser, Recognition};
use http::Response;
use serde_json::Value as Json;

use crate::bodies;
use crate::model::{self, leak};
use crate::params::{collect, tree};
use crate::vectors;

#[test]
fn every_answer_of_the_vectors_is_encoded() {
    vectors::run_outputs(check);
}

fn check(suite: &Json, case: &Json) -> Result<(), String> {
    let model = model::build(&suite["metadata"], &suite["shapes"], &case["given"]);
    let want = &case["response"];
    let response = if case["error"].is_object() || case["errorCode"].is_string() {
        error(model, case)?
    } else {
        let recognised = recognised(model);
        let output = recognised.operation.output.map(|id| {
            let empty = serde_json::json!({});
            tree(model, model.shape(id), None, if case["result"].is_null() { &empty } else { &case["result"] })
        });
        let request_id = want["headers"]["X-Amzn-Requestid"].as_str().unwrap_or("request-id");
        haar_wire::encode(&recognised, output.unwrap_or_default(), request_id)
    };
    compare(model, response, want)
}

/// Any recognised request of the only operation.
fn recognised(model: &'static Model) -> Recognised {
    let operation = &model.operations[0];
    let prefix = model.target_prefix.unwrap_or_default();
    let request = http::Request::builder().method(operation.method);
    let path = operation.uri.split('?').next().unwrap().replace(['{', '}', '+'], "");
    let query = operation.uri.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let request = match model.protocols[0] {
        Protocol::AwsJson10 | Protocol::AwsJson11 => {
            request.uri("/").header("x-amz-target", format!("{prefix}.{}", operation.name))
        }
        Protocol::AwsQuery => request.uri(format!("/?Action={}", operation.name)),
        Protocol::RpcV2Cbor => request
            .uri(format!("/service/{prefix}/operation/{}", operation.name))
            .header("smithy-protocol", "rpc-v2-cbor"),
        Protocol::RestJson1 | Protocol::RestXml => request.uri(format!("{path}{query}")),
    };
    let (parts, ()) = request.body(()).unwrap().into_parts();
    match Recogniser::new(leak([model])).recognise(&parts, None) {
        Ok(Recognition::Whole(recognised)) => recognised,
        other => panic!("{other:?}"),
    }
}

fn error(model: &'static Model, case: &Json) -> Result<Response<Body>, String> {
    let errors = case["given"]["errors"].as_array().into_iter().flatten();
    let names: Vec<&str> = errors.filter_map(|error| error["shape"].as_str()).collect();
    let code = case["errorCode"].as_str().unwrap_or_default();
    let shapes = model.shapes.iter().filter_map(|shape| match &shape.kind {
        Kind::Structure(Structure { error: Some(error), members, .. }) => Some((*error, *members, shape)),
        _ => None,
    });
    let mut shapes =
        shapes.filter(|(error, ..)| names.contains(&error.name) && (error.code == code || error.name == code));
    let Some((error, members, shape)): Option<(&'static ErrorShape, _, _)> = shapes.next() else {
        return Err(format!("no error of the model has the code {code}"));
    };
    let message = case["errorMessage"].as_str().unwrap_or_default();
    let mut fault = Fault::of(error, message);
    let Value::Struct(fields) = tree(model, shape, None, &case["error"]) else { return Err("no error".into()) };
    for (member, field) in members.iter().zip(fields) {
        if !member.name.eq_ignore_ascii_case("message") {
            fault = fault.with(member.name, field);
        }
    }
    let dialect = Dialect { protocol: model.protocols[0], model: Some(model), query_mode: true };
    Ok(haar_wire::encode_fault(&dialect, &fault, "request-id"))
}

fn compare(model: &'static Model, response: Response<Body>, want: &Json) -> Result<(), String> {
    let (parts, body) = response.into_parts();
    let body = collect(body);
    if u64::from(parts.status.as_u16()) != want["status_code"].as_u64().unwrap() {
        return Err(format!("status {}, not {}", parts.status, want["status_code"]));
    }
    for (name, value) in want["headers"].as_object().into_iter().flatten() {
        let length = body.len().to_string();
        let got = match name.as_str() {
            // The server's HTTP library writes it.
            "Content-Length" => Some(length.as_str()),
            _ => parts.headers.get(name).map(|value| value.to_str().unwrap()),
        };
        if got != value.as_str() {
            return Err(format!("header {name}: {got:?}, not {value}"));
        }
    }
    let want = want["body"].as_str().unwrap_or_default();
    let content_type = parts.headers.get("content-type").map(|value| value.to_str().unwrap()).unwrap_or_default();
    match model.protocols[0] {
        // Clients take an empty document and none for the same.
        _ if want.is_empty() && matches!(&body[..], b"{}" | b"\xa0") => Ok(()),
        Protocol::RpcV2Cbor => bodies::same_cbor(&body, &BASE64.decode(want).unwrap()),
        Protocol::AwsQuery => bodies::same_xml(&body, want.as_bytes()),
        Protocol::RestXml if content_type == "application/xml" => bodies::same_xml(&body, want.as_bytes()),
        Protocol::RestJson1 if content_type != "application/json" => bodies::same_bytes(&body, want.as_bytes()),
        Protocol::RestXml => bodies::same_bytes(&body, want.as_bytes()),
        _ => bodies::same_json(&body, want.as_bytes()),
    }
}
