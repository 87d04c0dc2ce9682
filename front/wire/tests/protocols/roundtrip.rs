//! Random messages of the schema survive every protocol.
//!
//! For JSON, CBOR and XML the answer of the operation is its own request, so haar's encoder is read by haar's
//! decoder; the vectors hold each of them against the outside. Requests of awsQuery are written by the small client
//! below, and its answers are read as restXml documents, whose form they share.

use bytes::Bytes;
use haar_kernel::schema::{Kind, Location, Member, Model, Protocol, Shape};
use haar_kernel::{Timestamp, Value};
use haar_wire::{Payload, Recognised};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::strategy::Union;

use crate::kitchen::{decode, head, kitchen, recognised};
use crate::params::{canonical, collect};

/// Structures inside each other.
const LEVELS: u32 = 3;

fn text(protocol: Protocol, in_header: bool) -> BoxedStrategy<String> {
    if in_header {
        // Blanks around a header's value are not part of it.
        return "([!-~]([ -~]{0,10}[!-~])?)".boxed();
    }
    match protocol {
        // Control characters have no form in XML that its parsers would take.
        Protocol::RestXml | Protocol::AwsQuery => "([ -~\\n\\r\\t]|[\\u{80}-\\u{10ffff}]){0,12}".boxed(),
        _ => "(?s).{0,12}".boxed(),
    }
}

fn values(
    model: &'static Model,
    member: Option<&'static Member>,
    shape: &'static Shape,
    levels: u32,
) -> BoxedStrategy<Value> {
    let protocol = model.protocols[0];
    let in_header = member.is_some_and(|member| matches!(member.location, Location::Header | Location::Headers));
    let inner = move |member: &'static Member| values(model, Some(member), model.shape(member.target), levels);
    match &shape.kind {
        Kind::Structure(structure) => {
            let Some(levels) = levels.checked_sub(1) else {
                let absent = (0..structure.members.len()).map(|_| Value::Absent);
                let values: Vec<fn() -> Value> = absent.map(|_| (|| Value::Absent) as fn() -> Value).collect();
                return Just(()).prop_map(move |()| Value::Struct(values.iter().map(|make| make()).collect())).boxed();
            };
            let fields: Vec<BoxedStrategy<Value>> = structure
                .members
                .iter()
                .map(|member| {
                    let present = values(model, Some(member), model.shape(member.target), levels);
                    if structure.union { present } else { maybe(present) }
                })
                .collect();
            if !structure.union {
                return fields.prop_map(Value::Struct).boxed();
            }
            let count = structure.members.len();
            let variants = fields.into_iter().enumerate().map(|(index, field)| {
                field
                    .prop_map(move |value| {
                        let mut fields: Vec<Value> = (0..count).map(|_| Value::Absent).collect();
                        fields[index] = value;
                        Value::Struct(fields)
                    })
                    .boxed()
            });
            Union::new(variants).boxed()
        }
        Kind::List { element, flattened } => {
            // An empty list that is flattened, or in a header, has no form.
            let least = usize::from(*flattened || in_header || member.is_some_and(|member| member.flattened));
            let item = if in_header { text(protocol, true).prop_map(Value::String).boxed() } else { inner(element) };
            prop::collection::vec(item, least..4).prop_map(Value::List).boxed()
        }
        Kind::Map { value, .. } if in_header => {
            let item = text(protocol, true).prop_map(Value::String);
            let _ = value;
            prop::collection::btree_map("[a-z]{1,5}", item, 1..4).prop_map(entries).boxed()
        }
        Kind::Map { value, .. } => {
            // An empty map has no form in awsQuery, nor flattened.
            let least = usize::from(protocol == Protocol::AwsQuery || member.is_some_and(|member| member.flattened));
            prop::collection::btree_map(text(protocol, false), inner(value), least..4).prop_map(entries).boxed()
        }
        Kind::String { .. } => text(protocol, in_header).prop_map(Value::String).boxed(),
        Kind::Blob { .. } => {
            prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Blob(bytes.into())).boxed()
        }
        Kind::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Integer => any::<i32>().prop_map(|number| Value::Integer(number.into())).boxed(),
        Kind::Long => any::<i64>().prop_map(Value::Integer).boxed(),
        Kind::Float => any::<f32>().prop_map(|number| Value::Float(number.into())).boxed(),
        Kind::Double => any::<f64>().prop_map(Value::Float).boxed(),
        // Years that every format can write.
        Kind::Timestamp(_) => (-30_000_000_000_000_i64..200_000_000_000_000)
            .prop_map(|millis| Value::Timestamp(Timestamp::from_millis(millis)))
            .boxed(),
        Kind::Document => prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            ".{0,5}".prop_map(serde_json::Value::from),
            prop::collection::btree_map(".{0,3}", any::<u8>(), 0..3).prop_map(|map| serde_json::json!(map)),
        ]
        .prop_map(Value::Document)
        .boxed(),
    }
}

fn entries(map: std::collections::BTreeMap<String, Value>) -> Value {
    Value::Map(map.into_iter().collect())
}

fn maybe(present: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![3 => Just(()).prop_map(|()| Value::Absent), 1 => present].boxed()
}

fn root(recognised: &Recognised) -> &'static Shape {
    recognised.model.shape(recognised.operation.input.unwrap())
}

fn message(protocol: Protocol) -> BoxedStrategy<Value> {
    let model = kitchen(protocol);
    values(model, None, model.shape(model.operations[0].input.unwrap()), LEVELS)
}

/// Encodes as an answer, decodes as a request.
fn there_and_back(protocol: Protocol, value: Value) -> Result<(), TestCaseError> {
    let recognised = recognised(kitchen(protocol));
    let want = format!("{value:?}");
    let (answer, body) = haar_wire::encode(&recognised, value, "id").into_parts();
    let body = collect(body);
    let mut parts = head(protocol);
    parts.headers.extend(answer.headers);
    let shown = String::from_utf8_lossy(&body).into_owned();
    let decoded = haar_wire::decode(&recognised, &parts, Payload::Whole(body));
    let decoded = decoded.map_err(|fault| TestCaseError::fail(format!("{fault} in {shown}")))?;
    prop_assert!(decoded.unknown.is_empty(), "{:?} in {}", decoded.unknown, shown);
    same(&recognised, decoded.input, &want, &shown)
}

fn same(recognised: &Recognised, got: Value, want: &str, shown: &str) -> Result<(), TestCaseError> {
    let got = canonical(recognised.model, root(recognised), None, got);
    prop_assert_eq!(&format!("{:?}", got), want, "in {}", shown);
    Ok(())
}

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn aws_json_keeps_every_message(value in message(Protocol::AwsJson11)) {
        there_and_back(Protocol::AwsJson11, value)?;
    }

    #[test]
    fn rest_json_keeps_every_message(value in message(Protocol::RestJson1)) {
        there_and_back(Protocol::RestJson1, value)?;
    }

    #[test]
    fn rest_xml_keeps_every_message(value in message(Protocol::RestXml)) {
        there_and_back(Protocol::RestXml, value)?;
    }

    #[test]
    fn rpc_cbor_keeps_every_message(value in message(Protocol::RpcV2Cbor)) {
        there_and_back(Protocol::RpcV2Cbor, value)?;
    }

    #[test]
    fn aws_query_keeps_every_request(value in message(Protocol::AwsQuery)) {
        let recognised = recognised(kitchen(Protocol::AwsQuery));
        let mut form = String::new();
        write_query(&mut form, recognised.model, None, root(&recognised), "", &value);
        let decoded = decode(&recognised, Bytes::from(form.clone()));
        let decoded = decoded.map_err(|fault| TestCaseError::fail(format!("{fault} in {form}")))?;
        same(&recognised, pruned(decoded), &format!("{:?}", pruned(value)), &form)?;
    }

    #[test]
    fn aws_query_keeps_every_answer(value in message(Protocol::AwsQuery)) {
        let query = recognised(kitchen(Protocol::AwsQuery));
        let want = format!("{value:?}");
        let body = collect(haar_wire::encode(&query, value, "id").into_body());
        let body = std::str::from_utf8(&body).unwrap();
        let result = body.split_once("<WashResult>").unwrap().1.rsplit_once("</WashResult>").unwrap().0;
        let rest = recognised(kitchen(Protocol::RestXml));
        let decoded = decode(&rest, Bytes::from(format!("<Sink>{result}</Sink>")));
        let Value::Struct(mut fields) = decoded.map_err(|fault| TestCaseError::fail(format!("{fault} in {body}")))? else {
            return Err(TestCaseError::fail("no structure"));
        };
        let Kind::Structure(structure) = &root(&query).kind else { return Err(TestCaseError::fail("no structure")) };
        // The members in headers are restXml's own, and its last.
        fields.truncate(structure.members.len());
        same(&query, Value::Struct(fields), &want, body)?;
    }
}

/// Without structures that have nothing in them: awsQuery cannot say those.
fn pruned(value: Value) -> Value {
    match value {
        Value::Struct(fields) => Value::Struct(fields.into_iter().map(pruned_inner).collect()),
        other => other,
    }
}

fn pruned_inner(value: Value) -> Value {
    match value {
        Value::Struct(fields) => {
            let fields: Vec<Value> = fields.into_iter().map(pruned_inner).collect();
            if fields.iter().any(Value::is_present) { Value::Struct(fields) } else { Value::Absent }
        }
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| (key, pruned_inner(value))).collect()),
        other => other,
    }
}

/// What a client of awsQuery sends.
fn write_query(
    out: &mut String,
    model: &'static Model,
    member: Option<&Member>,
    shape: &Shape,
    name: &str,
    value: &Value,
) {
    let flattened = member.is_some_and(|member| member.flattened);
    let mut pair = |value: &str| {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        out.push_str(&format!("{name}={value}&"));
    };
    match (&shape.kind, value) {
        (_, Value::Absent) => {}
        (Kind::Structure(structure), Value::Struct(fields)) => {
            for (member, field) in structure.members.iter().zip(fields) {
                let dot = if name.is_empty() { "" } else { "." };
                let name = format!("{name}{dot}{}", member.wire_name());
                write_query(out, model, Some(member), model.shape(member.target), &name, field);
            }
        }
        (Kind::List { .. }, Value::List(items)) if items.is_empty() => pair(""),
        (Kind::List { element, .. }, Value::List(items)) => {
            let target = model.shape(element.target);
            for (index, item) in items.iter().enumerate() {
                let middle =
                    if flattened { String::new() } else { format!(".{}", element.wire_name.unwrap_or("member")) };
                write_query(out, model, Some(element), target, &format!("{name}{middle}.{}", index + 1), item);
            }
        }
        (Kind::Map { key, value: element, .. }, Value::Map(entries)) => {
            let target = model.shape(element.target);
            for (index, (entry, item)) in entries.iter().enumerate() {
                let middle = if flattened { "" } else { ".entry" };
                let prefix = format!("{name}{middle}.{}", index + 1);
                let entry = utf8_percent_encode(entry, NON_ALPHANUMERIC);
                out.push_str(&format!("{prefix}.{}={entry}&", key.wire_name.unwrap_or("key")));
                let prefix = format!("{prefix}.{}", element.wire_name.unwrap_or("value"));
                write_query(out, model, Some(element), target, &prefix, item);
            }
        }
        (_, Value::Bool(fact)) => pair(&fact.to_string()),
        (_, Value::Integer(number)) => pair(&number.to_string()),
        (_, Value::Float(number)) if number.is_infinite() => pair(if *number > 0.0 { "Infinity" } else { "-Infinity" }),
        (_, Value::Float(number)) => pair(&number.to_string()),
        (_, Value::String(text)) => pair(text),
        (_, Value::Blob(bytes)) => pair(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)),
        (_, Value::Timestamp(moment)) => pair(&match member.and_then(|member| member.timestamp_format) {
            Some(haar_kernel::schema::TimestampFormat::UnixTimestamp) => (moment.millis() as f64 / 1000.0).to_string(),
            Some(haar_kernel::schema::TimestampFormat::Rfc822) => moment.http_date(),
            _ => moment.iso8601(),
        }),
        (_, other) => panic!("{other:?}"),
    }
}
