//! The schema of JSON: objects one after the other (on lines or not), or one array.

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Value};

use super::json_path::JsonPath;
use super::shape::{self, Shape};
use crate::types::{HiveType, TYPE_DEPTH_MAX};

/// How deep values are looked into: deeper ones are text, so that every type that is written down can be read again.
const DEPTH_MAX: usize = TYPE_DEPTH_MAX - 4;

/// The name that crawlers give to the one column of a file that is one array.
const ARRAY: &str = "array";

/// The name that crawlers give to the one column of values that are no objects.
const RECORD: &str = "record";

/// What is in a file of JSON.
#[derive(Debug, PartialEq)]
pub struct Json {
    /// Names as the file spells them, in the order of their first appearance.
    pub fields: Vec<(String, Shape)>,
    /// How many values there are in what was looked at.
    pub records: u64,
}

/// Looks at text; `cut` says that it may end in the middle of a value. `None` when it is no JSON.
pub fn infer(text: &[u8], cut: bool) -> Option<Json> {
    let is_array = *text.iter().find(|byte| !byte.is_ascii_whitespace())? == b'[';
    let mut parser = Deserializer::from_slice(text);
    let mut seen = Shape::Nothing;
    let mut records = 0;
    loop {
        let mut entered = false;
        // Objects follow each other; of arrays there is one.
        let wanted = if !is_array {
            Wanted::Object
        } else if records == 0 {
            Wanted::Array
        } else {
            Wanted::End
        };
        let read = Root { shape: &mut seen, wanted, entered: &mut entered }.deserialize(&mut parser);
        match read {
            Ok(()) => records += 1,
            // Behind the last value. (To ask the parser costs it a look at everything before.)
            Err(error) if error.is_eof() && !entered => break,
            // What the text ends in has told of the fields that it has shown.
            Err(error) if error.is_eof() && cut => {
                records = records.max(1);
                break;
            }
            Err(_) => return None,
        }
    }
    match seen {
        Shape::Struct(fields) => Some(Json { fields, records }),
        Shape::Array(_) => Some(Json { fields: vec![(ARRAY.into(), seen)], records }),
        _ => None,
    }
}

/// Looks at what a path leads to. `None` when the text is no JSON, or has nothing there.
pub fn infer_at(path: &JsonPath, text: &[u8], cut: bool) -> Option<Json> {
    let mut seen = Shape::Nothing;
    let mut records = 0;
    let mut values = Deserializer::from_slice(text).into_iter::<Value>();
    let mut whole = 0;
    loop {
        match values.next() {
            Some(Ok(value)) => {
                path.each(&value, &mut |found| {
                    records += 1;
                    // A value that was parsed before cannot fail now.
                    let _ = Look { shape: &mut seen, depth: 0 }.deserialize(found);
                });
                whole += 1;
            }
            // One value longer than what is looked at: there is no tree to walk, unless its elements are wanted.
            Some(Err(error)) if cut && error.is_eof() && whole == 0 && path.is_each_element() => {
                return match infer(text, true)?.fields.pop() {
                    Some((_, Shape::Array(item))) => columns(*item, 1),
                    _ => None,
                };
            }
            Some(Err(error)) if cut && error.is_eof() => break,
            Some(Err(_)) => return None,
            None => break,
        }
    }
    columns(seen, records)
}

fn columns(seen: Shape, records: u64) -> Option<Json> {
    match seen {
        _ if records == 0 => None,
        Shape::Struct(fields) => Some(Json { fields, records }),
        other => Some(Json { fields: vec![(RECORD.into(), other)], records }),
    }
}

/// What may stand at the outermost level.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Object,
    Array,
    End,
}

/// A value of the outermost level, which widens a shape.
struct Root<'a> {
    shape: &'a mut Shape,
    wanted: Wanted,
    /// Whether a value has begun.
    entered: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object, or one array")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        *self.entered = true;
        match self.wanted {
            Wanted::Object => Look { shape: self.shape, depth: 0 }.visit_map(map),
            Wanted::Array | Wanted::End => Err(A::Error::custom("no object is wanted")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        *self.entered = true;
        match self.wanted {
            Wanted::Array => Look { shape: self.shape, depth: 0 }.visit_seq(items),
            Wanted::Object | Wanted::End => Err(A::Error::custom("no array is wanted")),
        }
    }
}

/// Any value, which widens a shape in place: a value that breaks off has widened it as far as it went.
struct Look<'a> {
    shape: &'a mut Shape,
    depth: usize,
}

impl Look<'_> {
    fn scalar(self, hive: HiveType) {
        match self.shape {
            Shape::Scalar(known) if *known == hive => {}
            shape => shape.widen(&Shape::Scalar(hive)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.scalar(HiveType::Boolean);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(if i32::try_from(value).is_ok() { HiveType::Int } else { HiveType::Bigint });
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => {
                self.scalar(HiveType::Double);
                Ok(())
            }
        }
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.scalar(HiveType::Double);
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.scalar(HiveType::String);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.depth == DEPTH_MAX || matches!(self.shape, Shape::Scalar(_) | Shape::Struct(_) | Shape::Map(..)) {
            *self.shape = Shape::TEXT;
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        if *self.shape == Shape::Nothing {
            *self.shape = Shape::Array(Box::default());
        }
        let Shape::Array(item) = self.shape else { return Err(A::Error::custom("no array")) };
        while items.next_element_seed(Look { shape: item, depth: self.depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.depth == DEPTH_MAX || matches!(self.shape, Shape::Scalar(_) | Shape::Array(_) | Shape::Map(..)) {
            *self.shape = Shape::TEXT;
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        if *self.shape == Shape::Nothing {
            *self.shape = Shape::Struct(Vec::new());
        }
        let Shape::Struct(fields) = self.shape else { return Err(A::Error::custom("no object")) };
        let mut at = 0;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let shape = shape::field(fields, at, &name);
            map.next_value_seed(Look { shape, depth: self.depth + 1 })?;
            at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(json: Option<Json>) -> String {
        let Some(json) = json else { return "no JSON".into() };
        let fields: Vec<String> = json.fields.iter().map(|(name, shape)| format!("{name} {}", shape.hive())).collect();
        format!("{} × {}", json.records, fields.join(", "))
    }

    #[test]
    fn objects_tell_their_schema() {
        for (text, schema) in [
            (r#"{"a": 1, "B": "x"}"#, "1 × a int, B string"),
            ("{\"a\": 1}\n{\"a\": 5000000000}\n", "2 × a bigint"),
            (r#"{"a": 1}{"b": 2.5}  {"a": 3.5}"#, "3 × a double, b double"),
            (
                r#"{"a": null} {"a": []} {"a": [{"x": 1}, {"y": [true]}]}"#,
                "3 × a array<struct<x:int,y:array<boolean>>>",
            ),
            (r#"{"a": null, "b": []}"#, "1 × a string, b array<string>"),
            ("{\n  \"a\": {\n    \"b\": 1\n  }\n}\n", "1 × a struct<b:int>"),
            (r#"{"a": {"b": 1}} {"a": "text"} {"a": {"b": 2}}"#, "3 × a string"),
            (r#"{"a": 18446744073709551615}"#, "1 × a double"),
            // What Reddit's dumps hold: a time as number and as text, and an edit as false or a time.
            (
                r#"{"created_utc": 1, "edited": false} {"created_utc": "2", "edited": 3.0}"#,
                "2 × created_utc string, edited string",
            ),
            ("{}", "1 × "),
            (r#"{"a": 1} 2"#, "no JSON"),
            (r#"{"a": 1} {"b": }"#, "no JSON"),
            (r#"{"a": 1"#, "no JSON"),
            ("1\n2\n", "no JSON"),
            ("", "no JSON"),
        ] {
            assert_eq!(of(infer(text.as_bytes(), false)), schema, "{text}");
        }
    }

    #[test]
    fn an_array_is_one_column() {
        let text = r#"[{"a": 1, "b": "x"}, {"a": 2}]"#;
        assert_eq!(of(infer(text.as_bytes(), false)), "1 × array array<struct<a:int,b:string>>");
        assert_eq!(of(infer(b"[1] [2]", false)), "no JSON");
    }

    #[test]
    fn a_text_that_was_cut_tells_what_it_shows() {
        assert_eq!(of(infer(br#"{"a": 1} {"a": 2, "b": tr"#, true)), "1 × a int, b string");
        assert_eq!(of(infer(br#"[{"a": 1}, {"b": [1, 2"#, true)), "1 × array array<struct<a:int,b:array<int>>>");
        assert_eq!(of(infer(br#"{"a": {"b": 1, "c"#, true)), "1 × a struct<b:int>");
    }

    #[test]
    fn a_path_leads_to_the_records() {
        let array = br#"[{"type": "x", "id": 1}, {"type": "y", "name": "n"}]"#;
        let lines = br#"{"id": "a", "n": [{"v": 1}]} {"id": "b", "n": [{"v": 2.5}, {"w": "x"}]}"#;
        for (path, text, schema) in [
            ("$[*]", array.as_slice(), "2 × type string, id int, name string"),
            ("$", lines, "2 × id string, n array<struct<v:double,w:string>>"),
            ("$.id", lines, "2 × record string"),
            ("$.n[*]", lines, "3 × v double, w string"),
            ("$.n[*].v", lines, "2 × record double"),
            ("$['n'][0].v", lines, "2 × record double"),
            ("$.none", lines, "no JSON"),
        ] {
            let path = JsonPath::parse(path).unwrap();
            assert_eq!(of(infer_at(&path, text, false)), schema);
        }
        let path = JsonPath::parse("$[*]").unwrap();
        assert_eq!(of(infer_at(&path, br#"[{"a": 1}, {"a": 2.5, "b"#, true)), "1 × a double");
    }

    #[test]
    fn what_is_too_deep_is_text() {
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100), "]".repeat(100));
        let json = infer(deep.as_bytes(), false).unwrap();
        let hive = json.fields[0].1.hive().to_string();
        assert_eq!(HiveType::parse(&hive).unwrap().to_string(), hive);
        assert!(hive.contains("<string>"));
    }
}
