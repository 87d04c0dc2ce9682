//! The parameters and results of the vectors as trees.

use futures_util::FutureExt;
use haar_kernel::schema::{Kind, Member, Model, Shape};
use haar_kernel::{Body, Timestamp, Value};
use http_body_util::BodyExt;
use serde_json::Value as Json;

/// Reads the vectors' JSON: blobs are plain text there, times are seconds.
pub fn tree(model: &'static Model, shape: &'static Shape, member: Option<&Member>, json: &Json) -> Value {
    let element = |member: &'static Member, json: &Json| tree(model, model.shape(member.target), Some(member), json);
    match (&shape.kind, json) {
        (_, Json::Null) => Value::Absent,
        (Kind::Structure(structure), Json::Object(fields)) => {
            let known = |name: &String| structure.members.iter().any(|member| member.name == name);
            assert!(fields.keys().all(known), "{} has no such member: {json}", shape.name);
            let field = |member: &'static Member| fields.get(member.name).map(|json| element(member, json));
            Value::Struct(structure.members.iter().map(|member| field(member).unwrap_or_default()).collect())
        }
        (Kind::List { element: member, .. }, Json::Array(items)) => {
            Value::List(items.iter().map(|item| element(member, item)).collect())
        }
        (Kind::Map { value, .. }, Json::Object(entries)) => {
            Value::Map(entries.iter().map(|(key, json)| (key.clone(), element(value, json))).collect())
        }
        (Kind::String { .. }, json) if member.is_some_and(|member| member.json_value) => {
            Value::String(json.as_str().map_or_else(|| json.to_string(), str::to_owned))
        }
        (Kind::String { .. }, Json::String(text)) => Value::String(text.clone()),
        (Kind::Blob { streaming: true }, Json::String(text)) => Value::Body(Body::full(text.clone())),
        (Kind::Blob { .. }, Json::String(text)) => Value::Blob(text.clone().into()),
        (Kind::Boolean, Json::Bool(fact)) => Value::Bool(*fact),
        (Kind::Integer | Kind::Long, Json::Number(number)) => Value::Integer(number.as_i64().unwrap()),
        (Kind::Float | Kind::Double, Json::String(word)) => Value::Float(match word.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => panic!("{other} is no number"),
        }),
        (Kind::Float | Kind::Double, Json::Number(number)) => Value::Float(number.as_f64().unwrap()),
        (Kind::Timestamp(_), Json::Number(seconds)) => {
            Value::Timestamp(Timestamp::from_millis((seconds.as_f64().unwrap() * 1000.0).round() as i64))
        }
        (Kind::Document, json) => Value::Document(json.clone()),
        (_, json) => panic!("{json} is no {}", shape.name),
    }
}

/// A form in which equal messages are equal: maps sorted, streams read, JSON in strings parsed.
pub fn canonical(model: &'static Model, shape: &'static Shape, member: Option<&Member>, value: Value) -> Value {
    let element = |member: &'static Member, value| canonical(model, model.shape(member.target), Some(member), value);
    match (&shape.kind, value) {
        (Kind::Structure(structure), Value::Struct(fields)) => {
            let fields = structure.members.iter().zip(fields).map(|(member, field)| element(member, field));
            Value::Struct(fields.collect())
        }
        (Kind::List { element: member, .. }, Value::List(items)) => {
            Value::List(items.into_iter().map(|item| element(member, item)).collect())
        }
        (Kind::Map { value: member, .. }, Value::Map(entries)) => {
            let entries = entries.into_iter().map(|(key, value)| (key, element(member, value)));
            let mut entries: Vec<_> = entries.collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Map(entries)
        }
        (_, Value::Float(number)) if matches!(shape.kind, Kind::Float) => Value::Float(f64::from(number as f32)),
        (_, Value::Body(body)) => Value::Blob(collect(body)),
        (_, Value::String(text)) if member.is_some_and(|member| member.json_value) => {
            Value::Document(serde_json::from_str(&text).unwrap())
        }
        (_, value) => value,
    }
}

/// All of a body that is there already.
pub fn collect(body: Body) -> bytes::Bytes {
    body.into_stream().collect().now_or_never().unwrap().unwrap().to_bytes()
}
