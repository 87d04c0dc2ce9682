//! From an XML document to a tree under a schema.

use haar_kernel::Value;
use haar_kernel::schema::{Kind, Member, Shape, Structure, TimestampFormat};

use crate::malformed::Malformed;
use crate::reading::Reading;
use crate::text;
use crate::xml::document::Element;

/// Reads an element as `shape`.
pub(crate) fn read(
    reading: &mut Reading,
    shape: &'static Shape,
    member: Option<&'static Member>,
    element: &Element,
) -> Result<Value, Malformed> {
    match &shape.kind {
        Kind::Structure(structure) => read_structure(reading, structure, element),
        Kind::List { element: item, .. } => {
            reading.enter()?;
            let items = read_items(reading, item, element.children.iter())?;
            reading.leave();
            Ok(Value::List(items))
        }
        Kind::Map { key, value, .. } => {
            reading.enter()?;
            let entries = read_entries(reading, key, value, element.children.iter())?;
            reading.leave();
            Ok(Value::Map(entries))
        }
        Kind::String { .. } => Ok(Value::String(element.text.clone())),
        _ => {
            let format = text::timestamp_format(member, shape, TimestampFormat::Iso8601);
            text::parse(shape, format, &element.text)
        }
    }
}

fn read_structure(reading: &mut Reading, structure: &'static Structure, element: &Element) -> Result<Value, Malformed> {
    reading.enter()?;
    let mut fields = reading.fields(structure)?;
    let mut known = vec![false; element.children.len()];
    for (member, field) in structure.members.iter().zip(&mut fields) {
        reading.enter_member(member);
        if member.xml_attribute {
            *field = read_attribute(reading, member, element)?;
        } else {
            *field = read_member(reading, member, element, &mut known)?;
        }
        reading.leave_member();
    }
    for (child, _) in element.children.iter().zip(known).filter(|(_, known)| !known) {
        reading.report_unknown(&child.name);
    }
    reading.leave();
    Ok(Value::Struct(fields))
}

fn read_attribute(reading: &Reading, member: &'static Member, element: &Element) -> Result<Value, Malformed> {
    // Prefixes are the document's own choice: `xsi:type` and `ns0:type` are the same attribute.
    let wanted = local(member.wire_name());
    let Some((_, value)) = element.attributes.iter().find(|(name, _)| local(name) == wanted) else {
        return Ok(Value::Absent);
    };
    let shape = reading.shape(member.target);
    text::parse(shape, text::timestamp_format(Some(member), shape, TimestampFormat::Iso8601), value)
}

fn read_member(
    reading: &mut Reading,
    member: &'static Member,
    element: &Element,
    known: &mut [bool],
) -> Result<Value, Malformed> {
    let name = local(member.wire_name());
    let mut found: Vec<&Element> = Vec::new();
    for (child, known) in element.children.iter().zip(known).filter(|(child, _)| child.name == name) {
        *known = true;
        found.push(child);
    }
    // Of several elements that should be one, the last.
    let Some(last) = found.last() else { return Ok(Value::Absent) };
    let shape = reading.shape(member.target);
    match &shape.kind {
        Kind::List { element: item, flattened } if *flattened || member.flattened => {
            reading.enter()?;
            let items = read_items(reading, item, found.into_iter())?;
            reading.leave();
            Ok(Value::List(items))
        }
        Kind::Map { key, value, flattened } if *flattened || member.flattened => {
            reading.enter()?;
            let entries = read_entries(reading, key, value, found.into_iter())?;
            reading.leave();
            Ok(Value::Map(entries))
        }
        _ => read(reading, shape, Some(member), last),
    }
}

/// Every child is an element of the list, whatever its name: clients of several generations name them differently.
fn read_items<'e>(
    reading: &mut Reading,
    item: &'static Member,
    children: impl Iterator<Item = &'e Element>,
) -> Result<Vec<Value>, Malformed> {
    let shape = reading.shape(item.target);
    children.map(|child| read(reading, shape, Some(item), child)).collect()
}

fn read_entries<'e>(
    reading: &mut Reading,
    key: &'static Member,
    value: &'static Member,
    children: impl Iterator<Item = &'e Element>,
) -> Result<Vec<(String, Value)>, Malformed> {
    let (key_name, value_name) = (key.wire_name.unwrap_or("key"), value.wire_name.unwrap_or("value"));
    let shape = reading.shape(value.target);
    let mut entries = Vec::new();
    for child in children {
        let part = |name: &str| child.children.iter().find(|part| part.name == local(name));
        let key = part(key_name).map(|part| part.text.clone()).unwrap_or_default();
        let value = part(value_name).map(|part| read(reading, shape, Some(value), part)).transpose()?;
        entries.push((key, value.unwrap_or_default()));
    }
    Ok(entries)
}

/// A name without its prefix: `xsi:type` is read as `type`.
fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}
