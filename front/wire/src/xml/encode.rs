//! From a tree under a schema to XML text.

use haar_kernel::Value;
use haar_kernel::schema::{Kind, Member, Model, Shape, Structure, TimestampFormat};

use crate::answer::Members;
use crate::query;
use crate::text;

/// Whose names the elements have.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Names {
    /// restXml's.
    Xml,
    /// awsQuery's: patched names of the query era first.
    Query,
}

/// Appends elements to a text.
pub(crate) struct Writer {
    out: String,
    names: Names,
}

impl Writer {
    pub fn new(names: Names) -> Self {
        Self { out: String::with_capacity(crate::answer::BODY_CAPACITY), names }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// The declaration that S3's documents start with.
    pub fn declaration(&mut self) {
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    }

    /// A start tag with a default namespace.
    pub fn open_root(&mut self, name: &str, namespace: Option<&str>) {
        self.start(name);
        if let Some(uri) = namespace {
            self.attribute("xmlns", uri);
        }
        self.out.push('>');
    }

    pub fn open(&mut self, name: &str) {
        self.start(name);
        self.out.push('>');
    }

    pub fn close(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    pub fn empty(&mut self, name: &str) {
        self.start(name);
        self.out.push_str("/>");
    }

    /// An element that holds text only.
    pub fn text_element(&mut self, name: &str, text: &str) {
        self.open(name);
        escape(&mut self.out, text);
        self.close(name);
    }

    /// A whole document: one element named `name` with a structure in it.
    pub fn document(
        &mut self,
        model: &'static Model,
        name: &str,
        namespace: Option<(Option<&str>, &str)>,
        structure: &'static Structure,
        fields: &[Value],
    ) {
        self.start(name);
        self.namespace(namespace);
        self.attributes(model, structure, fields);
        self.out.push('>');
        self.members(model, structure, fields, Members::Body);
        self.close(name);
    }

    /// A whole document that is one member, without a structure around it; empty where the member is absent.
    pub fn bare_document(
        &mut self,
        model: &'static Model,
        namespace: Option<(Option<&str>, &str)>,
        member: &'static Member,
        value: &Value,
    ) {
        let name = self.name_of(member);
        self.start(name);
        self.namespace(namespace);
        self.out.push('>');
        if value.is_present() {
            self.scalar(model.shape(member.target), Some(member), value);
        }
        self.close(name);
    }

    /// The members of a structure as child elements.
    pub fn members(&mut self, model: &'static Model, structure: &'static Structure, fields: &[Value], which: Members) {
        for (member, field) in structure.members.iter().zip(fields) {
            if field.is_present() && which.has(member) && !member.xml_attribute {
                self.member(model, member, field);
            }
        }
    }

    /// One member of a structure: an element, or several where it is flattened.
    pub fn member(&mut self, model: &'static Model, member: &'static Member, field: &Value) {
        let shape = model.shape(member.target);
        let name = self.name_of(member);
        match (&shape.kind, field) {
            (Kind::List { element, flattened }, Value::List(items)) if *flattened || member.flattened => {
                let name = match self.names {
                    Names::Xml => name,
                    Names::Query => query::flat_name(member, element),
                };
                for item in items {
                    self.element(model, name, element, item);
                }
            }
            (Kind::Map { key, value, flattened }, Value::Map(entries)) if *flattened || member.flattened => {
                for (entry_key, entry_value) in entries {
                    self.start(name);
                    self.namespace(member.xml_namespace);
                    self.out.push('>');
                    self.entry(model, key, value, entry_key, entry_value);
                    self.close(name);
                }
            }
            _ => self.element(model, name, member, field),
        }
    }

    /// One element with a value in it.
    fn element(&mut self, model: &'static Model, name: &str, member: &'static Member, value: &Value) {
        let shape = model.shape(member.target);
        self.start(name);
        // That of a shape speaks for documents; inside one only a prefix needs it, because names refer to it.
        let own = match &shape.kind {
            Kind::Structure(structure) => structure.xml_namespace.filter(|(prefix, _)| prefix.is_some()),
            _ => None,
        };
        self.namespace(member.xml_namespace.or(own));
        match (&shape.kind, value) {
            (Kind::Structure(structure), Value::Struct(fields)) => {
                self.attributes(model, structure, fields);
                self.out.push('>');
                self.members(model, structure, fields, Members::All);
            }
            (Kind::List { element, .. }, Value::List(items)) => {
                self.out.push('>');
                let name = self.given_name(element).unwrap_or("member");
                for item in items {
                    self.element(model, name, element, item);
                }
            }
            (Kind::Map { key, value, .. }, Value::Map(entries)) => {
                self.out.push('>');
                for (entry_key, entry_value) in entries {
                    self.open("entry");
                    self.entry(model, key, value, entry_key, entry_value);
                    self.close("entry");
                }
            }
            _ => {
                self.out.push('>');
                self.scalar(shape, Some(member), value);
            }
        }
        self.close(name);
    }

    fn entry(
        &mut self,
        model: &'static Model,
        key: &'static Member,
        value: &'static Member,
        entry_key: &str,
        entry_value: &Value,
    ) {
        let key_name = self.given_name(key).unwrap_or("key");
        self.start(key_name);
        self.namespace(key.xml_namespace);
        self.out.push('>');
        escape(&mut self.out, entry_key);
        self.close(key_name);
        if entry_value.is_present() {
            self.element(model, self.given_name(value).unwrap_or("value"), value, entry_value);
        }
    }

    fn scalar(&mut self, shape: &'static Shape, member: Option<&'static Member>, value: &Value) {
        let format = text::timestamp_format(member, shape, TimestampFormat::Iso8601);
        match value {
            Value::String(text) => escape(&mut self.out, text),
            _ => text::write(&mut self.out, shape, format, value),
        }
    }

    fn attributes(&mut self, model: &'static Model, structure: &'static Structure, fields: &[Value]) {
        for (member, field) in structure.members.iter().zip(fields) {
            if field.is_present() && member.xml_attribute {
                let shape = model.shape(member.target);
                let mut value = String::new();
                let format = text::timestamp_format(Some(member), shape, TimestampFormat::Iso8601);
                text::write(&mut value, shape, format, field);
                self.attribute(self.name_of(member), &value);
            }
        }
    }

    fn namespace(&mut self, namespace: Option<(Option<&str>, &str)>) {
        match namespace {
            Some((Some(prefix), uri)) => self.attribute(&format!("xmlns:{prefix}"), uri),
            Some((None, uri)) => self.attribute("xmlns", uri),
            None => {}
        }
    }

    fn start(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(&mut self.out, value);
        self.out.push('"');
    }

    fn name_of(&self, member: &Member) -> &'static str {
        match self.names {
            Names::Xml => member.wire_name(),
            Names::Query => query::name_of(member),
        }
    }

    fn given_name(&self, member: &Member) -> Option<&'static str> {
        match self.names {
            Names::Xml => member.wire_name,
            Names::Query => query::given_name(member),
        }
    }
}

/// Text as XML carries it. What a parser would change (line ends) or refuse (control characters) goes as a
/// character reference, as S3 does.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\r' | '\u{85}' | '\u{2028}' => out.push_str(&format!("&#x{:X};", u32::from(character))),
            character if character < ' ' => out.push_str(&format!("&#x{:X};", u32::from(character))),
            character => out.push(character),
        }
    }
}
