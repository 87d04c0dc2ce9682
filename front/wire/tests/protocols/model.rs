//! Schemas from models in botocore's JSON, built at run time: what `cargo xtask gen` does for the real services.

use haar_kernel::ErrorShape;
use haar_kernel::schema::{
    Kind, Location, Member, Model, Operation, Protocol, Shape, ShapeId, Structure, TimestampFormat, Violations, XmlRoot,
};
use serde_json::Value as Json;

/// A model that is never freed: the schema's types hold `'static` references.
pub fn build(metadata: &Json, shapes: &Json, given: &Json) -> &'static Model {
    let names: Vec<&String> = shapes.as_object().unwrap().keys().collect();
    let builder = Builder { shapes, names };
    let shapes: Vec<Shape> = builder.names.iter().map(|name| builder.shape(name)).collect();
    let namespace = &metadata["xmlNamespace"];
    leak(Model {
        service: "test",
        service_id: "Test",
        signing_name: "test",
        endpoint_prefix: "test",
        api_version: text(&metadata["apiVersion"]).unwrap_or_default(),
        protocols: leak([protocol(metadata)]),
        target_prefix: text(&metadata["targetPrefix"]),
        // The query vectors leave it out of their metadata, and have it in their answers.
        xml_namespace: text(namespace).or((metadata["protocol"] == "query").then_some("https://example.com/")),
        query_compatible: metadata["awsQueryCompatible"].is_object(),
        violations: Violations::ValidationException,
        global: false,
        operations: leak([builder.operation(given)]),
        shapes: Vec::leak(shapes),
    })
}

fn protocol(metadata: &Json) -> Protocol {
    match metadata["protocol"].as_str().unwrap() {
        "json" if metadata["jsonVersion"].as_str() == Some("1.0") => Protocol::AwsJson10,
        "json" => Protocol::AwsJson11,
        "rest-json" => Protocol::RestJson1,
        "rest-xml" => Protocol::RestXml,
        "query" => Protocol::AwsQuery,
        "smithy-rpc-v2-cbor" => Protocol::RpcV2Cbor,
        other => panic!("{other} is not served"),
    }
}

pub fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn text(json: &Json) -> Option<&'static str> {
    json.as_str().map(|text| &**leak(text.to_owned()))
}

struct Builder<'a> {
    shapes: &'a Json,
    names: Vec<&'a String>,
}

impl Builder<'_> {
    fn id(&self, name: &str) -> u16 {
        self.names.iter().position(|known| *known == name).unwrap().try_into().unwrap()
    }

    fn operation(&self, given: &Json) -> Operation {
        let end = |end: &str| given[end]["shape"].as_str().map(|name| ShapeId(self.id(name)));
        let http = &given["http"];
        Operation {
            name: text(&given["name"]).unwrap(),
            served: true,
            method: text(&http["method"]).unwrap_or("POST"),
            uri: text(&http["requestUri"]).unwrap_or("/"),
            status: http["responseCode"].as_u64().map_or(200, |code| code.try_into().unwrap()),
            request_bytes_max: None,
            input: end("input"),
            output: end("output"),
            result_wrapper: text(&given["output"]["resultWrapper"]),
            input_root: text(&given["input"]["locationName"]).map(|name| XmlRoot { name, namespace: None }),
            signed: true,
        }
    }

    fn shape(&self, name: &str) -> Shape {
        let shape = &self.shapes[name];
        let kind = match shape["type"].as_str().unwrap() {
            "structure" if shape["document"] == true => Kind::Document,
            "structure" => Kind::Structure(self.structure(name, shape)),
            "list" => {
                Kind::List { element: self.member("", &shape["member"], false), flattened: shape["flattened"] == true }
            }
            "map" => Kind::Map {
                key: self.member("", &shape["key"], false),
                value: self.member("", &shape["value"], false),
                flattened: shape["flattened"] == true,
            },
            "string" | "character" => Kind::String { values: &[] },
            "blob" => Kind::Blob { streaming: shape["streaming"] == true },
            "boolean" => Kind::Boolean,
            "byte" | "short" | "integer" => Kind::Integer,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "timestamp" => Kind::Timestamp(format(&shape["timestampFormat"])),
            other => panic!("unknown type {other}"),
        };
        Shape { name: leak(name.to_owned()), kind, min: None, max: None, pattern: None, sensitive: false }
    }

    fn structure(&self, name: &str, shape: &Json) -> Structure {
        let required: Vec<&str> = shape["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let members = shape["members"].as_object();
        let members = members.into_iter().flatten();
        let members: Vec<Member> =
            members.map(|(name, traits)| self.member(name, traits, required.contains(&name.as_str()))).collect();
        let payload = shape["payload"].as_str();
        let payload = payload.and_then(|payload| members.iter().position(|member| member.name == payload));
        Structure {
            members: Vec::leak(members),
            union: shape["union"] == true,
            payload: payload.map(|index| index.try_into().unwrap()),
            error: (shape["exception"] == true).then(|| error(name, shape)),
            xml_name: text(&shape["locationName"]),
            xml_namespace: text(&shape["xmlNamespace"])
                .or(text(&shape["xmlNamespace"]["uri"]))
                .map(|uri| (text(&shape["xmlNamespace"]["prefix"]), uri)),
            xml_unwrapped: false,
        }
    }

    fn member(&self, name: &str, traits: &Json, required: bool) -> Member {
        let namespace = &traits["xmlNamespace"];
        let uri = text(namespace).or(text(&namespace["uri"]));
        Member {
            location: match traits["location"].as_str() {
                None => Location::Body,
                Some("header") => Location::Header,
                Some("headers") => Location::Headers,
                Some("querystring") => Location::QueryString,
                Some("uri") => Location::Uri,
                Some("statusCode") => Location::StatusCode,
                Some(other) => panic!("unknown location {other}"),
            },
            wire_name: text(&traits["locationName"]).filter(|wire_name| *wire_name != name),
            flattened: traits["flattened"] == true,
            xml_attribute: traits["xmlAttribute"] == true,
            xml_namespace: uri.map(|uri| (text(&namespace["prefix"]), uri)),
            timestamp_format: format(&traits["timestampFormat"]),
            required,
            idempotency_token: traits["idempotencyToken"] == true,
            json_value: traits["jsonvalue"] == true,
            ..Member::new(leak(name.to_owned()), self.id(traits["shape"].as_str().unwrap()))
        }
    }
}

fn error(name: &str, shape: &Json) -> &'static ErrorShape {
    let traits = &shape["error"];
    let sender = traits["senderFault"].as_bool().unwrap_or(shape["fault"] != true);
    let status = traits["httpStatusCode"].as_u64().map(|status| status.try_into().unwrap());
    leak(ErrorShape {
        name: leak(name.to_owned()),
        code: text(&traits["code"]).unwrap_or(leak(name.to_owned())),
        status: status.unwrap_or(if sender { 400 } else { 500 }),
        sender,
    })
}

fn format(json: &Json) -> Option<TimestampFormat> {
    json.as_str().map(|format| match format {
        "iso8601" => TimestampFormat::Iso8601,
        "rfc822" => TimestampFormat::Rfc822,
        "unixTimestamp" => TimestampFormat::UnixTimestamp,
        other => panic!("unknown timestamp format {other}"),
    })
}
