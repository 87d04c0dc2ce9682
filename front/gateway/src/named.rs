//! Operations that are known by their names only (a schedule's universal target): which one is meant, and its input
//! and output as JSON under the model's member names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use haar_platform::kernel::schema::{Kind, Model, Operation, Shape, Structure};
use haar_platform::kernel::{Body, Fault, Timestamp, Value};
use serde_json::{Map, Value as Json, json};

/// The operation that the SDKs call so: `cloudwatchlogs` and `putLogEvents`.
pub fn find<'a>(
    models: impl Iterator<Item = &'a &'static Model>,
    service: &str,
    operation: &str,
) -> Option<(&'static Model, &'static Operation)> {
    let sdk_name = |model: &Model| model.service_id.replace(' ', "").to_ascii_lowercase();
    let model = models.copied().find(|model| sdk_name(model) == service.to_ascii_lowercase())?;
    let operation = model.operations.iter().find(|known| known.name.eq_ignore_ascii_case(operation))?;
    operation.served.then_some((model, operation))
}

/// The typed input. A member that the model does not have is refused: nothing is dropped in silence.
pub fn input(model: &'static Model, operation: &Operation, given: Json) -> Result<Value, Fault> {
    match operation.input {
        Some(shape) => read(model, model.shape(shape), given, ""),
        None => Ok(Value::Struct(Vec::new())),
    }
}

/// The output as JSON.
pub fn output(model: &'static Model, operation: &Operation, answer: Value) -> Json {
    operation.output.map_or_else(|| json!({}), |shape| write(model, model.shape(shape), answer))
}

fn read(model: &'static Model, shape: &'static Shape, given: Json, path: &str) -> Result<Value, Fault> {
    let wrong = || Err(invalid(format!("the value of {path} does not have the type of {}", shape.name)));
    Ok(match (&shape.kind, given) {
        (Kind::Document, document) => Value::Document(document),
        (_, Json::Null) => Value::Absent,
        (Kind::Structure(structure), Json::Object(members)) => fields(model, structure, members, path)?,
        (Kind::List { element, .. }, Json::Array(items)) => {
            let target = model.shape(element.target);
            Value::List(items.into_iter().map(|item| read(model, target, item, path)).collect::<Result<_, _>>()?)
        }
        (Kind::Map { value, .. }, Json::Object(entries)) => {
            let target = model.shape(value.target);
            let entries = entries.into_iter().map(|(key, item)| Ok((key, read(model, target, item, path)?)));
            Value::Map(entries.collect::<Result<_, Fault>>()?)
        }
        (Kind::String { .. }, Json::String(text)) => Value::String(text),
        (Kind::Blob { streaming: true }, Json::String(text)) => Value::Body(Body::full(text)),
        (Kind::Blob { streaming: false }, Json::String(text)) => Value::Blob(text.into()),
        (Kind::Boolean, Json::Bool(fact)) => Value::Bool(fact),
        (Kind::Integer | Kind::Long, Json::Number(number)) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => return wrong(),
        },
        (Kind::Float | Kind::Double, Json::Number(number)) => match number.as_f64() {
            Some(number) => Value::Float(number),
            None => return wrong(),
        },
        (Kind::Timestamp(_), Json::Number(number)) => match number.as_f64() {
            Some(seconds) => Value::Timestamp(Timestamp::from_millis((seconds * 1000.0) as i64)),
            None => return wrong(),
        },
        (Kind::Timestamp(_), Json::String(text)) => match Timestamp::parse_iso8601(&text) {
            Some(moment) => Value::Timestamp(moment),
            None => return wrong(),
        },
        _ => return wrong(),
    })
}

fn fields(
    model: &'static Model,
    structure: &'static Structure,
    members: Map<String, Json>,
    path: &str,
) -> Result<Value, Fault> {
    let mut fields: Vec<Value> = structure.members.iter().map(|_| Value::Absent).collect();
    for (name, given) in members {
        // AWS wants upper camel case whatever the service's own spelling is.
        let known = structure.members.iter().position(|member| member.name.eq_ignore_ascii_case(&name));
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        let index = known.ok_or_else(|| invalid(format!("{path} is no member of the request")))?;
        fields[index] = read(model, model.shape(structure.members[index].target), given, &path)?;
    }
    Ok(Value::Struct(fields))
}

fn write(model: &'static Model, shape: &'static Shape, value: Value) -> Json {
    match value {
        // A stream is not for those who read JSON.
        Value::Absent | Value::Body(_) => Json::Null,
        Value::Bool(fact) => fact.into(),
        Value::Integer(number) => number.into(),
        Value::Float(number) => number.into(),
        Value::String(text) => text.into(),
        Value::Blob(bytes) => BASE64.encode(bytes).into(),
        Value::Timestamp(moment) => moment.iso8601().into(),
        Value::Document(document) => document,
        Value::List(items) => match &shape.kind {
            Kind::List { element, .. } => {
                items.into_iter().map(|item| write(model, model.shape(element.target), item)).collect()
            }
            _ => Json::Null,
        },
        Value::Map(entries) => match &shape.kind {
            Kind::Map { value, .. } => {
                let target = model.shape(value.target);
                Json::Object(entries.into_iter().map(|(key, item)| (key, write(model, target, item))).collect())
            }
            _ => Json::Null,
        },
        Value::Struct(fields) => match &shape.kind {
            Kind::Structure(structure) => {
                let members = structure.members.iter().zip(fields).filter(|(_, field)| field.is_present());
                let member = |(member, field): (&'static haar_platform::kernel::schema::Member, Value)| {
                    (member.name.to_owned(), write(model, model.shape(member.target), field))
                };
                Json::Object(members.map(member).collect())
            }
            _ => Json::Null,
        },
    }
}

fn invalid(message: String) -> Fault {
    Fault::common("ValidationException", 400, message)
}

#[cfg(test)]
mod tests {
    use haar_platform::aws::{logs, sqs};

    use super::*;

    static MODELS: [&Model; 2] = [&sqs::MODEL, &logs::MODEL];

    #[test]
    fn services_go_by_their_sdk_names_and_operations_in_any_case() {
        let found = |service, operation| find(MODELS.iter(), service, operation).map(|(_, known)| known.name);
        assert_eq!(found("cloudwatchlogs", "putLogEvents"), Some("PutLogEvents"));
        assert_eq!(found("sqs", "SendMessage"), Some("SendMessage"));
        assert_eq!(found("logs", "putLogEvents"), None);
        assert_eq!(found("cloudwatchlogs", "createDelivery"), None, "known to AWS and not served");
    }

    #[test]
    fn members_are_read_in_upper_camel_case_and_unknown_ones_refused() {
        let (model, operation) = find(MODELS.iter(), "cloudwatchlogs", "createLogGroup").expect("served");
        let read = input(model, operation, json!({"LogGroupName": "a"})).expect("reads");
        assert_eq!(output_like(model, operation, read), json!({"logGroupName": "a"}));
        let fault = input(model, operation, json!({"Wrong": 1})).expect_err("unknown");
        assert_eq!(fault.message, "Wrong is no member of the request");
    }

    fn output_like(model: &'static Model, operation: &Operation, value: Value) -> Json {
        write(model, model.shape(operation.input.expect("an input")), value)
    }
}
