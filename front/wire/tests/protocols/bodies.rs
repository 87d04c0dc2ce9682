//! Whether two bodies mean the same, whatever their spelling.

use std::collections::BTreeMap;

use minicbor::data::Type;
use quick_xml::events::Event;
use serde_json::{Number, Value as Json};

pub fn same_bytes(got: &[u8], want: &[u8]) -> Result<(), String> {
    same(&String::from_utf8_lossy(got), &String::from_utf8_lossy(want))
}

/// Equal as JSON; numbers by value.
pub fn same_json(got: &[u8], want: &[u8]) -> Result<(), String> {
    same(&json(got)?, &json(want)?)
}

fn same<T: PartialEq + std::fmt::Debug>(got: &T, want: &T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("\n   got {got:?}\n  want {want:?}")) }
}

fn json(bytes: &[u8]) -> Result<Json, String> {
    if bytes.is_empty() {
        return Ok(Json::Null);
    }
    let parsed = serde_json::from_slice(bytes);
    parsed.map(plain).map_err(|error| format!("{error} in {}", String::from_utf8_lossy(bytes)))
}

/// Numbers as floats, objects sorted, types of errors without their namespace.
fn plain(json: Json) -> Json {
    match json {
        Json::Number(number) => Number::from_f64(number.as_f64().unwrap()).map_or(Json::Null, Json::Number),
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| match (name.as_str(), value) {
                ("__type", Json::String(text)) => (name, Json::String(bare(&text))),
                (_, value) => (name, plain(value)),
            });
            fields.collect::<BTreeMap<_, _>>().into_iter().collect()
        }
        other => other,
    }
}

fn bare(name: &str) -> String {
    name.rsplit('#').next().unwrap().to_owned()
}

/// Equal as trees of CBOR; floats of any width, lengths of either kind, a tag as its number.
pub fn same_cbor(got: &[u8], want: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| -> Result<String, String> {
        if bytes.is_empty() {
            return Ok(String::new());
        }
        cbor(&mut minicbor::Decoder::new(bytes)).map_err(|error| error.to_string())
    };
    same(&read(got)?, &read(want)?)
}

/// A tree as text, maps sorted.
fn cbor(decoder: &mut minicbor::Decoder<'_>) -> Result<String, minicbor::decode::Error> {
    Ok(match decoder.datatype()? {
        Type::Map | Type::MapIndef => {
            let length = decoder.map()?;
            let mut entries = BTreeMap::new();
            while !ended(decoder, length, entries.len())? {
                let key = cbor(decoder)?;
                let mut value = cbor(decoder)?;
                if key == "\"__type\"" {
                    value = format!("\"{}", bare(&value));
                }
                // Clients drop nulls, which is what absent members are.
                entries.insert(key, value);
            }
            format!("{entries:?}")
        }
        Type::Array | Type::ArrayIndef => {
            let length = decoder.array()?;
            let mut items = Vec::new();
            while !ended(decoder, length, items.len())? {
                items.push(cbor(decoder)?);
            }
            format!("{items:?}")
        }
        Type::String | Type::StringIndef => {
            format!("{:?}", decoder.str_iter()?.collect::<Result<String, _>>()?)
        }
        Type::Bytes | Type::BytesIndef => {
            format!(
                "{:?}",
                decoder.bytes_iter()?.map(|chunk| chunk.map(<[u8]>::to_vec)).collect::<Result<Vec<_>, _>>()?.concat()
            )
        }
        Type::Bool => decoder.bool()?.to_string(),
        Type::Null => decoder.null().map(|()| "null".to_owned())?,
        Type::Tag => format!("tag {} {}", decoder.tag()?.as_u64(), cbor(decoder)?),
        Type::F16 => f64::from(decoder.f16()?).to_string(),
        Type::F32 => f64::from(decoder.f32()?).to_string(),
        Type::F64 => decoder.f64()?.to_string(),
        _ => (i128::from(decoder.int()?) as f64).to_string(),
    })
}

fn ended(
    decoder: &mut minicbor::Decoder<'_>,
    length: Option<u64>,
    done: usize,
) -> Result<bool, minicbor::decode::Error> {
    match length {
        Some(length) => Ok(done as u64 >= length),
        None if decoder.datatype()? == Type::Break => {
            decoder.set_position(decoder.position() + 1);
            Ok(true)
        }
        None => Ok(false),
    }
}

/// An element: attributes with namespace declarations, children, text.
#[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
struct Node {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Node>,
}

/// Equal as trees of elements. The order of differently named siblings means nothing, and request ids differ.
pub fn same_xml(got: &[u8], want: &[u8]) -> Result<(), String> {
    if got.is_empty() || want.iter().all(u8::is_ascii_whitespace) {
        return same_bytes(got, want.trim_ascii());
    }
    let (got, want) = (xml(got)?, xml(want)?);
    same(&effective(got, None), &effective(want, None))
}

/// Drops what says nothing: a default namespace that is inherited anyway. AWS's errors have their service's
/// namespace, the vectors' have none.
fn effective(mut node: Node, inherited: Option<&str>) -> Node {
    let own = node.attributes.get("xmlns").cloned();
    if node.name == "ErrorResponse" || own.as_deref() == inherited {
        node.attributes.remove("xmlns");
    }
    let inherited = own.as_deref().or(inherited);
    node.children = node.children.into_iter().map(|child| effective(child, inherited)).collect();
    node
}

fn xml(bytes: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(bytes).unwrap();
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open = vec![Node::default()];
    loop {
        let event = reader.read_event().map_err(|error| format!("{error} in {text}"))?;
        match event {
            Event::Start(start) => open.push(node(&start)),
            Event::Empty(start) => {
                let node = finish(node(&start));
                open.last_mut().unwrap().children.push(node);
            }
            Event::End(_) => {
                let node = finish(open.pop().unwrap());
                open.last_mut().unwrap().children.push(node);
            }
            Event::Text(data) => open.last_mut().unwrap().text.push_str(&data.xml10_content()),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref().unwrap() {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&reference).unwrap().to_owned(),
                };
                open.last_mut().unwrap().text.push_str(&resolved);
            }
            Event::Eof => return Ok(open.remove(0).children.remove(0)),
            _ => {}
        }
    }
}

fn node(start: &quick_xml::events::BytesStart<'_>) -> Node {
    let attributes = start.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap();
        (attribute.key.as_ref().to_owned(), value.into_owned())
    });
    Node { name: start.name().as_ref().to_owned(), attributes: attributes.collect(), ..Node::default() }
}

fn finish(mut node: Node) -> Node {
    let layout = node.text.contains('\n') && node.text.trim().is_empty();
    if !node.children.is_empty() || layout {
        node.text.clear();
    }
    if node.name.eq_ignore_ascii_case("RequestId") {
        node.text.clear();
    }
    // The vectors leave it out.
    node.children.retain(|child| child.name != "ResponseMetadata");
    node.children.sort_by(|a, b| a.name.cmp(&b.name));
    node
}
