//! An XML document as a tree of elements, without anything that could make it larger than its text.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::malformed::{DEPTH_MAX, Malformed};

/// Elements inside each other: a map takes three for each of its levels.
const ELEMENTS_DEPTH_MAX: usize = 3 * DEPTH_MAX;

/// Elements of one document. S3's largest (10,000 parts of an upload) has 70,000.
const ELEMENTS_MAX: usize = 1 << 18;

/// One element. Names are without their namespace prefixes: no model tells two members apart by those.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
    /// All character data directly inside, joined.
    pub text: String,
}

impl Element {
    /// Reads a document. Document types are refused, and with them every entity but XML's own five.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(bytes).map_err(|_| malformed())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            match reader.read_event().map_err(|_| malformed())? {
                Event::Start(start) => {
                    if open.len() == ELEMENTS_DEPTH_MAX || root.is_some() {
                        return Err(malformed());
                    }
                    elements += 1;
                    open.push(Self::opened(&start)?);
                }
                Event::Empty(start) => {
                    elements += 1;
                    let element = Self::opened(&start)?;
                    place(element, &mut open, &mut root)?;
                }
                Event::End(_) => {
                    let element = open.pop().ok_or_else(malformed)?;
                    place(element, &mut open, &mut root)?;
                }
                Event::Text(data) => append(&mut open, &data.xml10_content())?,
                Event::CData(data) => append(&mut open, &data.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref().map_err(|_| malformed())? {
                        Some(character) => character.to_string(),
                        None => quick_xml::escape::resolve_xml_entity(&reference).ok_or_else(malformed)?.to_owned(),
                    };
                    append(&mut open, &resolved)?;
                }
                Event::DocType(_) => return Err(malformed()),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
            if elements > ELEMENTS_MAX {
                return Err(malformed());
            }
        }
        if open.is_empty() { root.ok_or_else(malformed) } else { Err(malformed()) }
    }

    fn opened(start: &BytesStart<'_>) -> Result<Self, Malformed> {
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| malformed())?;
            let key = attribute.key.as_ref().to_owned();
            let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).map_err(|_| malformed())?;
            attributes.push((key, value.into_owned()));
        }
        Ok(Self { name, attributes, ..Self::default() })
    }
}

/// Puts a closed element into its parent, or makes it the root.
fn place(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(malformed()),
    }
    Ok(())
}

/// Character data belongs to an element; only blanks may stand outside.
fn append(open: &mut [Element], data: &str) -> Result<(), Malformed> {
    match open.last_mut() {
        Some(element) => element.text.push_str(data),
        None if data.trim().is_empty() => {}
        None => return Err(malformed()),
    }
    Ok(())
}

fn malformed() -> Malformed {
    Malformed::new("The XML document is not well-formed")
}
