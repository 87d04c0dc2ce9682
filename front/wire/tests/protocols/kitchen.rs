//! A service whose one operation takes and answers a bit of everything, once per protocol.

use haar_kernel::schema::{Model, Protocol};
use haar_kernel::{Bytes, Value};
use haar_wire::{Recognised, Recogniser, Recognition};
use http::request::Parts;
use serde_json::{Value as Json, json};

use super::model::{build, leak};

/// Every protocol that is served.
pub const PROTOCOLS: [Protocol; 6] = [
    Protocol::AwsJson10,
    Protocol::AwsJson11,
    Protocol::RestJson1,
    Protocol::RestXml,
    Protocol::AwsQuery,
    Protocol::RpcV2Cbor,
];

/// The model for a protocol. Documents are JSON's alone; bindings are the REST protocols'.
pub fn kitchen(protocol: Protocol) -> &'static Model {
    let name = match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => "json",
        Protocol::RestJson1 => "rest-json",
        Protocol::RestXml => "rest-xml",
        Protocol::AwsQuery => "query",
        Protocol::RpcV2Cbor => "smithy-rpc-v2-cbor",
    };
    let version = if protocol == Protocol::AwsJson10 { "1.0" } else { "1.1" };
    let metadata = json!({ "protocol": name, "jsonVersion": version, "targetPrefix": "Kitchen" });
    let mut shapes = shapes();
    // The root of the REST protocols has more than the structures inside, and has it last.
    shapes["Root"] = shapes["Sink"].clone();
    let members = shapes["Root"]["members"].as_object_mut().unwrap();
    if matches!(protocol, Protocol::RestJson1 | Protocol::RestXml) {
        members.extend(bound().as_object().unwrap().clone());
    }
    if matches!(protocol, Protocol::AwsJson10 | Protocol::AwsJson11 | Protocol::RestJson1) {
        members.insert("Anything".into(), json!({ "shape": "Document" }));
    }
    let given = json!({
        "name": "Wash",
        "http": { "method": "POST", "requestUri": "/wash" },
        "input": { "shape": "Root" },
        "output": { "shape": "Root", "resultWrapper": "WashResult" },
    });
    build(&metadata, &shapes, &given)
}

fn shapes() -> Json {
    json!({
        "Sink": { "type": "structure", "members": {
            "Text": { "shape": "String" },
            "Renamed": { "shape": "String", "locationName": "other-name" },
            "Small": { "shape": "Integer" },
            "Large": { "shape": "Long" },
            "Short": { "shape": "Float" },
            "Precise": { "shape": "Double" },
            "Fact": { "shape": "Boolean" },
            "Bytes": { "shape": "Blob" },
            "When": { "shape": "Time" },
            "WhenText": { "shape": "Time", "timestampFormat": "iso8601" },
            "WhenHeader": { "shape": "Time", "timestampFormat": "rfc822" },
            "WhenSeconds": { "shape": "Time", "timestampFormat": "unixTimestamp" },
            "Names": { "shape": "Names" },
            "Numbers": { "shape": "Numbers" },
            "Flat": { "shape": "Names", "flattened": true },
            "Tags": { "shape": "Tags" },
            "FlatTags": { "shape": "Tags", "flattened": true },
            "Rows": { "shape": "Rows" },
            "Sinks": { "shape": "Sinks" },
            "Inner": { "shape": "Sink" },
            "Either": { "shape": "Either" },
        }},
        "Either": { "type": "structure", "union": true, "members": {
            "Text": { "shape": "String" },
            "Number": { "shape": "Integer" },
            "Sink": { "shape": "Sink" },
        }},
        "Names": { "type": "list", "member": { "shape": "String", "locationName": "Name" } },
        "Numbers": { "type": "list", "member": { "shape": "Integer" } },
        "Rows": { "type": "list", "member": { "shape": "Names" } },
        "Tags": { "type": "map", "key": { "shape": "String", "locationName": "Key" }, "value": { "shape": "String" } },
        "Sinks": { "type": "map", "key": { "shape": "String" }, "value": { "shape": "Sink" } },
        "String": { "type": "string" }, "Integer": { "type": "integer" }, "Long": { "type": "long" },
        "Float": { "type": "float" }, "Double": { "type": "double" }, "Boolean": { "type": "boolean" },
        "Blob": { "type": "blob" }, "Time": { "type": "timestamp" },
        "Document": { "type": "structure", "members": {}, "document": true },
    })
}

/// Members of the root that stand in headers.
fn bound() -> Json {
    json!({
        "HeaderText": { "shape": "String", "location": "header", "locationName": "x-text" },
        "HeaderNumber": { "shape": "Long", "location": "header", "locationName": "x-number" },
        "HeaderWhen": { "shape": "Time", "location": "header", "locationName": "x-when" },
        "HeaderNames": { "shape": "Names", "location": "header", "locationName": "x-names" },
        "HeaderTags": { "shape": "Tags", "location": "headers", "locationName": "x-meta-" },
    })
}

/// The head of a request for the operation.
pub fn head(protocol: Protocol) -> Parts {
    let request = http::Request::builder().method("POST");
    let request = match protocol {
        Protocol::AwsJson10 | Protocol::AwsJson11 => request.uri("/").header("x-amz-target", "Kitchen.Wash"),
        Protocol::AwsQuery => request.uri("/?Action=Wash"),
        Protocol::RpcV2Cbor => request.uri("/service/Kitchen/operation/Wash").header("smithy-protocol", "rpc-v2-cbor"),
        Protocol::RestJson1 | Protocol::RestXml => request.uri("/wash"),
    };
    request.body(()).unwrap().into_parts().0
}

/// The operation as the recogniser sees it.
pub fn recognised(model: &'static Model) -> Recognised {
    match Recogniser::new(leak([model])).recognise(&head(model.protocols[0]), None) {
        Ok(Recognition::Whole(recognised)) => recognised,
        other => panic!("{other:?}"),
    }
}

/// Decodes a body; whatever it is, this must end and must not panic.
pub fn decode(recognised: &Recognised, body: Bytes) -> Result<Value, haar_kernel::Fault> {
    let parts = head(recognised.protocol);
    haar_wire::decode(recognised, &parts, haar_wire::Payload::Whole(body)).map(|decoded| decoded.input)
}
