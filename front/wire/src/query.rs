//! awsQuery: parameters in a form, answers in XML.
//!
//! ```text
//!   Action=SendMessageBatch&Entry.1.Id=a&Entry.1.Attributes.entry.1.key=b&Names.member.1=c
//! ```

use std::borrow::Cow;
use std::cell::Cell;

use haar_kernel::schema::{Kind, Member, Shape, Structure, TimestampFormat};
use haar_kernel::{Body, Fault, Value};
use http::Response;
use http::header::HOST;
use http::request::Parts;

use crate::answer::{self, Members};
use crate::form;
use crate::malformed::Malformed;
use crate::reading::{Reading, structure_of};
use crate::recognise::Recognised;
use crate::text;
use crate::xml::{Names, Writer};

/// Parameters that one request may have: a megabyte, where SQS's and IAM's requests end, has room for fewer real ones.
const PARAMETERS_MAX: usize = 1 << 17;

/// SQS's query requests may be sent to the queue's URL instead of carrying it.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests.html>
const ADDRESS_MEMBER: &str = "QueueUrl";

/// The content type of answers.
pub(crate) const CONTENT_TYPE: &str = "text/xml";

/// Parameters that belong to the protocol or to a signature, not to the operation.
fn is_envelope(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "Action",
        "Version",
        "AWSAccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SecurityToken",
        "Timestamp",
        "Expires",
        "ContentType",
    ];
    NAMES.contains(&name) || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-Amz-"))
}

/// The name of a member on the wire of this protocol.
pub(crate) fn name_of(member: &Member) -> &'static str {
    member.query_name.unwrap_or(member.wire_name())
}

/// The name of an element, key or value, where the model gives it one.
pub(crate) fn given_name(member: &Member) -> Option<&'static str> {
    member.query_name.or(member.wire_name)
}

/// The name of a flattened list: its member's, unless a patch names its elements, as SQS's lists were called after
/// those.
pub(crate) fn flat_name(member: &Member, element: &Member) -> &'static str {
    given_name(member).or(element.query_name).unwrap_or(member.name)
}

/// Reads the parameters of the query string and of the form body. The outer error is a form that cannot be read at
/// all.
pub(crate) fn decode(
    recognised: &Recognised,
    reading: &mut Reading,
    parts: &Parts,
    body: &[u8],
) -> Result<Result<Value, Malformed>, Fault> {
    let Some(input) = recognised.operation.input else { return Ok(Ok(Value::Struct(Vec::new()))) };
    let Some(structure) = structure_of(recognised.model.shape(input)) else { return Ok(Ok(Value::default())) };
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut pairs = Vec::new();
    for pair in form::pairs(query).chain(form::pairs(body)) {
        let (name, value) = pair?;
        if pairs.len() == PARAMETERS_MAX {
            let words = format!("The request has more than {PARAMETERS_MAX} parameters.");
            return Ok(Err(Malformed(words)));
        }
        if !is_envelope(&name) {
            pairs.push(Pair { name, value, used: Cell::new(false) });
        }
    }
    let takes_address = structure.members.iter().any(|member| member.name == ADDRESS_MEMBER);
    if takes_address && parts.uri.path() != "/" && pairs.iter().all(|pair| pair.name != ADDRESS_MEMBER) {
        pairs.push(Pair { name: ADDRESS_MEMBER.into(), value: address_of(parts).into(), used: Cell::new(false) });
    }
    // Stable, so that of equal names the last sent comes last; it wins.
    pairs.sort_by(|a, b| a.name.cmp(&b.name));
    let fields = read_structure(reading, &pairs, structure, "");
    for pair in pairs.iter().filter(|pair| !pair.used.get()) {
        reading.report_unknown(&pair.name);
    }
    Ok(fields)
}

/// The URL that the request was sent to.
fn address_of(parts: &Parts) -> String {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}{}", parts.uri.path())
}

/// A parameter. Parameters are sorted by name, so those below one name are neighbours.
struct Pair<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    used: Cell<bool>,
}

/// The parameters whose names start so.
fn below<'p, 'a>(pairs: &'p [Pair<'a>], prefix: &str) -> &'p [Pair<'a>] {
    let start = pairs.partition_point(|pair| *pair.name < *prefix);
    let length = pairs[start..].partition_point(|pair| pair.name.starts_with(prefix));
    &pairs[start..start + length]
}

/// The value of exactly that name.
fn exactly<'p>(pairs: &'p [Pair<'_>], name: &str) -> Option<&'p str> {
    let start = pairs.partition_point(|pair| *pair.name < *name);
    let same = pairs[start..].iter().take_while(|pair| pair.name == name);
    same.inspect(|pair| pair.used.set(true)).last().map(|pair| &*pair.value)
}

/// `prefix` is empty or ends with a dot.
fn read_structure(
    reading: &mut Reading,
    pairs: &[Pair<'_>],
    structure: &'static Structure,
    prefix: &str,
) -> Result<Value, Malformed> {
    reading.enter()?;
    let mut fields = reading.fields(structure)?;
    for (member, field) in structure.members.iter().zip(&mut fields) {
        let shape = reading.shape(member.target);
        let name = match &shape.kind {
            Kind::List { element, flattened } if *flattened || member.flattened => flat_name(member, element),
            _ => name_of(member),
        };
        *field = read(reading, pairs, shape, Some(member), &format!("{prefix}{name}"))?;
    }
    reading.leave();
    Ok(Value::Struct(fields))
}

/// Reads whatever stands at `name` and below it.
fn read(
    reading: &mut Reading,
    pairs: &[Pair<'_>],
    shape: &'static Shape,
    member: Option<&'static Member>,
    name: &str,
) -> Result<Value, Malformed> {
    let inside = below(pairs, name);
    if inside.is_empty() {
        return Ok(Value::Absent);
    }
    let flattened = member.is_some_and(|member| member.flattened);
    match &shape.kind {
        Kind::Structure(structure) => {
            let prefix = format!("{name}.");
            let inside = below(inside, &prefix);
            if inside.is_empty() {
                return Ok(Value::Absent);
            }
            read_structure(reading, inside, structure, &prefix)
        }
        Kind::List { element, flattened: shape_flattened } => {
            let prefix = if flattened || *shape_flattened {
                format!("{name}.")
            } else {
                format!("{name}.{}.", given_name(element).unwrap_or("member"))
            };
            reading.enter()?;
            let target = reading.shape(element.target);
            let mut items = Vec::new();
            for index in indices(below(inside, &prefix), &prefix) {
                items.push(read(reading, inside, target, Some(element), &format!("{prefix}{index}"))?);
            }
            reading.leave();
            // `Names=` is an empty list.
            let empty = exactly(inside, name).is_some_and(str::is_empty);
            Ok(if items.is_empty() && !empty { Value::Absent } else { Value::List(items) })
        }
        Kind::Map { key, value: element, flattened: shape_flattened } => {
            let prefix = if flattened || *shape_flattened { format!("{name}.") } else { format!("{name}.entry.") };
            let (key_name, value_name) = (given_name(key).unwrap_or("key"), given_name(element).unwrap_or("value"));
            reading.enter()?;
            let target = reading.shape(element.target);
            let mut entries = Vec::new();
            for index in indices(below(inside, &prefix), &prefix) {
                let key = exactly(inside, &format!("{prefix}{index}.{key_name}")).unwrap_or_default().to_owned();
                let name = format!("{prefix}{index}.{value_name}");
                entries.push((key, read(reading, inside, target, Some(element), &name)?));
            }
            reading.leave();
            let empty = exactly(inside, name).is_some_and(str::is_empty);
            Ok(if entries.is_empty() && !empty { Value::Absent } else { Value::Map(entries) })
        }
        _ => match exactly(inside, name) {
            Some(value) => {
                let format = text::timestamp_format(member, shape, TimestampFormat::Iso8601);
                text::parse(shape, format, value)
            }
            None => Ok(Value::Absent),
        },
    }
}

/// The numbers after a prefix, in their order. Each is kept as it was written.
fn indices(pairs: &[Pair<'_>], prefix: &str) -> Vec<String> {
    let mut found: Vec<(u64, &str)> = Vec::new();
    for pair in pairs {
        let rest = &pair.name[prefix.len()..];
        let digits = rest.split('.').next().unwrap_or_default();
        if let Ok(number) = digits.parse()
            && found.last().is_none_or(|(_, last)| *last != digits)
        {
            found.push((number, digits));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|(_, digits)| digits.to_owned()).collect()
}

pub(crate) fn encode(recognised: &Recognised, output: &Value, request_id: &str) -> Response<Body> {
    let operation = recognised.operation;
    let mut writer = Writer::new(Names::Query);
    let root = format!("{}Response", operation.name);
    writer.open_root(&root, recognised.model.xml_namespace);
    if let Some(shape) = operation.output.map(|id| recognised.model.shape(id)) {
        let wrapper = operation.result_wrapper.map_or_else(|| format!("{}Result", operation.name), str::to_owned);
        writer.open(&wrapper);
        if let (Some(structure), Value::Struct(fields)) = (structure_of(shape), output) {
            writer.members(recognised.model, structure, fields, Members::All);
        }
        writer.close(&wrapper);
    }
    writer.open("ResponseMetadata");
    writer.text_element("RequestId", request_id);
    writer.close("ResponseMetadata");
    writer.close(&root);
    let mut response = answer::with_request_id(operation.status, recognised.protocol, request_id);
    answer::set_body(&mut response, CONTENT_TYPE, writer.into_bytes());
    response
}
