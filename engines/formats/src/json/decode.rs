//! Values of JSON into columns, as Hive's SerDe or OpenX's understands them.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::column::Builder;
use crate::column::pattern::TimestampFormats;
use crate::column::text::{BadValue, Rules, append};
use crate::types::HiveType;

use super::render::render;
use super::tape::{Kind, Tape};

/// How names in files and fields of types find each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// `case.insensitive`
    pub case_sensitive: bool,
    /// `dots.in.keys`: a dot in a file's name is an underscore in the field's.
    pub dots: bool,
    /// `mapping.<field>`: what the field is called in files.
    pub mapping: HashMap<String, String>,
    /// Hive's SerDe finds `_col3` by its place.
    pub positional: bool,
}

/// The names of the fields of one struct, or of a row.
#[derive(Clone, Debug, Default)]
pub struct Names {
    exact: HashMap<String, usize>,
    /// Fields by their own names, for keys with dots.
    dotted: HashMap<String, usize>,
    count: usize,
    case_sensitive: bool,
    positional: bool,
}

impl Names {
    /// The names of these fields.
    pub fn new<'a>(fields: impl Iterator<Item = &'a str>, naming: &Naming) -> Names {
        let mut names =
            Names { case_sensitive: naming.case_sensitive, positional: naming.positional, ..Names::default() };
        for (at, field) in fields.enumerate() {
            let field = field.to_lowercase();
            let key = naming.mapping.get(&field).unwrap_or(&field);
            names.exact.insert(names.fold(key).into_owned(), at);
            if naming.dots && field.contains('_') {
                names.dotted.insert(field, at);
            }
            names.count += 1;
        }
        names
    }

    fn fold<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match self.case_sensitive {
            true => name.into(),
            false => name.to_lowercase().into(),
        }
    }

    /// Which field a key means, and whether by its exact name.
    pub fn find(&self, key: &str) -> Option<(usize, bool)> {
        let folded = self.fold(key);
        if let Some(at) = self.exact.get(folded.as_ref()) {
            return Some((*at, true));
        }
        if !self.dotted.is_empty() && key.contains('.') {
            return self.dotted.get(folded.replace('.', "_").as_str()).map(|at| (*at, false));
        }
        if self.positional {
            let place = key.strip_prefix("_col")?.parse().ok()?;
            return Some((place, true)).filter(|(place, _)| *place < self.count);
        }
        None
    }
}

/// What a type needs to know of names, as deep as it goes.
#[derive(Clone, Debug)]
pub enum Shape {
    Single,
    Array(Box<Shape>),
    Map(Box<Shape>),
    Struct(Names, Vec<Shape>),
}

impl Shape {
    /// The shape of a type.
    pub fn new(of: &HiveType, naming: &Naming) -> Shape {
        match of {
            HiveType::Array(item) => Shape::Array(Box::new(Shape::new(item, naming))),
            HiveType::Map(_, value) => Shape::Map(Box::new(Shape::new(value, naming))),
            HiveType::Struct(fields) => {
                let names = Names::new(fields.iter().map(|(name, _)| name.as_str()), naming);
                Shape::Struct(names, fields.iter().map(|(_, of)| Shape::new(of, naming)).collect())
            }
            _ => Shape::Single,
        }
    }
}

/// What is the same for all values of a table.
pub struct Decoder {
    pub openx: bool,
    pub null_for_invalid: bool,
    pub timestamps: TimestampFormats,
}

type Decoded = Result<(), BadValue>;

fn bad<T>(what: impl Into<String>) -> Result<T, BadValue> {
    Err(BadValue(what.into()))
}

impl Decoder {
    /// Appends a value to a column.
    pub fn value(&self, tape: Tape<'_>, at: usize, shape: &Shape, column: &mut Builder) -> Decoded {
        if tape.nodes[at].kind == Kind::Null {
            column.null();
            return Ok(());
        }
        match shape {
            Shape::Array(item) => self.array(tape, at, item, column),
            Shape::Map(value) => self.map(tape, at, value, column),
            Shape::Struct(names, shapes) => self.structure(tape, at, names, shapes, column),
            Shape::Single => {
                let appended = if self.openx { openx_rules(tape, at, column)? } else { hive_rules(tape, at, column) };
                let appended = appended.and_then(|text| match text {
                    Some((text, rules)) => append(column, &text, rules, &self.timestamps),
                    None => Ok(()),
                });
                if self.null_for_invalid && appended.is_err() {
                    column.null();
                    return Ok(());
                }
                appended
            }
        }
    }

    fn array(&self, tape: Tape<'_>, at: usize, item: &Shape, column: &mut Builder) -> Decoded {
        let kind = tape.nodes[at].kind;
        // OpenX takes an empty text for none, and anything else that is no array for an array of one.
        if self.openx && is_quoted(kind) && tape.text_of(at).is_empty() {
            column.null();
            return Ok(());
        }
        let Builder::Array(to) = column else {
            return mismatch();
        };
        if kind == Kind::Array {
            for value in tape.items(at) {
                self.value(tape, value, item, &mut to.item)?;
            }
        } else if self.openx {
            self.value(tape, at, item, &mut to.item)?;
        } else {
            return bad("Invalid JSON: start of array expected");
        }
        to.close();
        Ok(())
    }

    fn map(&self, tape: Tape<'_>, at: usize, value_shape: &Shape, column: &mut Builder) -> Decoded {
        let kind = tape.nodes[at].kind;
        if kind != Kind::Object && !self.openx {
            return bad("Invalid JSON: start of object expected");
        } else if kind == Kind::Array {
            return bad("List can not be coerced to a MAP");
        } else if kind != Kind::Object {
            if !tape.text_of(at).trim().is_empty() {
                return bad("Primitive can not be coerced to a MAP");
            }
            column.null();
            return Ok(());
        }
        let Builder::Map(to) = column else {
            return mismatch();
        };
        let rules = if self.openx { Rules::OpenX } else { Rules::Java };
        // Of equal names the last one's value counts, in the place of the first.
        let mut entries: Vec<(Cow<'_, str>, usize)> = Vec::new();
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for (name, value) in tape.entries(at) {
            let name = tape.text_of(name);
            match places.get(&name) {
                Some(place) => entries[*place].1 = value,
                None => {
                    places.insert(name.clone(), entries.len());
                    entries.push((name, value));
                }
            }
        }
        for (name, value) in entries {
            match append(&mut to.key, &name, rules, &self.timestamps) {
                Ok(()) => self.value(tape, value, value_shape, &mut to.value)?,
                Err(_) if self.null_for_invalid => {}
                Err(why) => return Err(why),
            }
        }
        to.close();
        Ok(())
    }

    fn structure(&self, tape: Tape<'_>, at: usize, names: &Names, shapes: &[Shape], column: &mut Builder) -> Decoded {
        let Builder::Struct(to) = column else {
            return mismatch();
        };
        let mut values: Vec<Option<usize>> = vec![None; shapes.len()];
        match tape.nodes[at].kind {
            Kind::Object => {
                for (name, value) in tape.entries(at) {
                    match names.find(&tape.text_of(name)) {
                        Some((field, true)) => values[field] = Some(value),
                        Some((field, false)) => values[field] = values[field].or(Some(value)),
                        None => {}
                    }
                }
            }
            _ if !self.openx => return bad("Invalid JSON: start of object expected"),
            // OpenX gives an array's values to the fields in their order.
            Kind::Array => {
                for (value, item) in values.iter_mut().zip(tape.items(at)) {
                    *value = Some(item);
                }
            }
            _ if tape.text_of(at).trim().is_empty() => {}
            _ => return bad("Primitive can not be coerced to a ROW"),
        }
        for ((value, shape), field) in values.into_iter().zip(shapes).zip(&mut to.fields) {
            match value {
                Some(value) => self.value(tape, value, shape, field)?,
                None => field.null(),
            }
        }
        to.close();
        Ok(())
    }
}

fn mismatch<T>() -> Result<T, BadValue> {
    bad("the column is not of the value's type")
}

fn is_quoted(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Escaped)
}

/// What is left to append of a single value, with the rules for it; `None` when all has been appended.
type Left<'a> = Option<(Cow<'a, str>, Rules)>;

/// A single value by Hive's rules: numbers must be numbers, but any single value is text.
fn hive_rules<'a>(tape: Tape<'a>, at: usize, column: &mut Builder) -> Result<Left<'a>, BadValue> {
    let kind = tape.nodes[at].kind;
    if matches!(kind, Kind::Array | Kind::Object) {
        return bad("Invalid JSON: value must be a scalar json value");
    }
    let text = tape.text_of(at);
    let numeric = matches!(
        column,
        Builder::Tinyint(_)
            | Builder::Smallint(_)
            | Builder::Int(_)
            | Builder::Bigint(_)
            | Builder::Float(_)
            | Builder::Double(_)
    );
    if !numeric {
        return Ok(Some((text, Rules::Java)));
    }
    let token = match (kind, text.as_ref()) {
        (Kind::Text | Kind::Escaped, _) => "VALUE_STRING",
        (_, "true") => "VALUE_TRUE",
        (_, "false") => "VALUE_FALSE",
        // Jackson cuts the decimals of what shall be an integer.
        _ => {
            let integer = !matches!(column, Builder::Float(_) | Builder::Double(_));
            let rules = if integer && text.contains(['.', 'e', 'E']) { Rules::OpenX } else { Rules::Java };
            return Ok(Some((text, rules)));
        }
    };
    bad(format!("Current token ({token}) not numeric, can not use numeric value accessors"))
}

/// A single value by OpenX's rules. The outer error is one that `use.null.for.invalid.data` does not help against.
fn openx_rules<'a>(tape: Tape<'a>, at: usize, column: &mut Builder) -> Result<Result<Left<'a>, BadValue>, BadValue> {
    let kind = tape.nodes[at].kind;
    if let Builder::Text(to) = column {
        match kind {
            Kind::Text | Kind::Escaped => to.append(&tape.text_of(at)),
            _ => {
                let mut text = String::new();
                render(tape, at, &mut text);
                to.append(&text);
            }
        }
        return Ok(Ok(None));
    }
    let container = matches!(kind, Kind::Array | Kind::Object);
    if let Builder::Boolean(to) = column
        && container
    {
        to.append_value(false);
        return Ok(Ok(None));
    }
    if container {
        let what = if kind == Kind::Array { "List" } else { "Map" };
        return bad(format!("{what} can not be coerced to a {}", column.trino_name()));
    }
    if matches!(column, Builder::Binary(_)) && kind == Kind::Literal {
        return bad("Unquoted JSON string is not allowed for VARBINARY");
    }
    Ok(Ok(Some((tape.text_of(at), Rules::OpenX))))
}
