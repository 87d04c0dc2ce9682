//! restXml: what of a message stands in its body.

use haar_kernel::Value;
use haar_kernel::schema::{Member, Model, Shape, Structure};

use crate::malformed::Malformed;
use crate::reading::{Reading, structure_of};
use crate::recognise::Recognised;
use crate::rest::Document;
use crate::xml::{self, Element, Names, Writer};

/// The content type of documents.
pub(crate) const CONTENT_TYPE: &str = "application/xml";

pub(crate) struct RestXml;

impl Document for RestXml {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;
    const EVEN_EMPTY: bool = false;

    fn read(
        reading: &mut Reading,
        shape: &'static Shape,
        member: Option<&'static Member>,
        body: &[u8],
    ) -> Result<Value, Malformed> {
        // The root's name is not looked at: AWS takes what SDKs of any age send.
        xml::read(reading, shape, member, &Element::parse(body)?)
    }

    fn write_payload(model: &'static Model, member: &'static Member, value: &Value) -> Vec<u8> {
        let shape = model.shape(member.target);
        let (Some(structure), Value::Struct(fields)) = (structure_of(shape), value) else { return Vec::new() };
        let name = member.wire_name.or(structure.xml_name).unwrap_or(shape.name);
        let own = member.xml_namespace.or(structure.xml_namespace);
        document(model, name, own, structure, fields)
    }

    fn write_members(
        recognised: &Recognised,
        shape: &Shape,
        structure: &'static Structure,
        fields: &[Value],
    ) -> Vec<u8> {
        if let (true, [member], [field]) = (structure.xml_unwrapped, structure.members, fields) {
            let mut writer = Writer::new(Names::Xml);
            writer.declaration();
            let namespace = recognised.model.xml_namespace.map(|uri| (None, uri));
            writer.bare_document(recognised.model, namespace, member, field);
            return writer.into_bytes();
        }
        let name = structure.xml_name.unwrap_or(shape.name);
        document(recognised.model, name, structure.xml_namespace, structure, fields)
    }
}

/// The document; in the service's namespace if it has none of its own.
fn document(
    model: &'static Model,
    name: &str,
    own: Option<(Option<&str>, &str)>,
    structure: &'static Structure,
    fields: &[Value],
) -> Vec<u8> {
    let namespace = own.or(model.xml_namespace.map(|uri| (None, uri)));
    let mut writer = Writer::new(Names::Xml);
    writer.declaration();
    writer.document(model, name, namespace, structure, fields);
    writer.into_bytes()
}
