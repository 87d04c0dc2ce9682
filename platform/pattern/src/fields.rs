//! An event, taken apart along the paths that patterns speak of.

use serde_json::Value;

use crate::paths::{PathId, Paths};
use crate::value::Scalar;

/// The values of an event, by path.
pub(crate) struct Fields<'e> {
    /// Ordered by path; within a path as they stand in the event.
    fields: Vec<Field<'e>>,
    /// Elements of arrays of objects: from each to the one around it.
    elements: Vec<Element>,
    arrays: u32,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'e> {
    pub(crate) path: PathId,
    pub(crate) value: Scalar<'e>,
    /// The innermost element that it stands in.
    pub(crate) element: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Element {
    array: u32,
    position: u32,
    around: Option<u32>,
}

impl<'e> Fields<'e> {
    pub(crate) fn of(event: &'e Value, paths: &Paths) -> Self {
        let mut fields = Self { fields: Vec::new(), elements: Vec::new(), arrays: 0 };
        if event.is_object() {
            fields.walk(event, paths, paths.root(), None);
        }
        fields.fields.sort_by_key(|field| field.path);
        fields
    }

    fn walk(&mut self, value: &'e Value, paths: &Paths, node: usize, element: Option<u32>) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    if let Some(child) = paths.step(node, key) {
                        self.walk(member, paths, child, element);
                    }
                }
            }
            Value::Array(items) => {
                let array = self.arrays;
                self.arrays += 1;
                for (position, item) in items.iter().enumerate() {
                    // Plain values of an array belong to no element: any two of them may match together.
                    let inside = if item.is_object() || item.is_array() {
                        self.elements.push(Element { array, position: position as u32, around: element });
                        Some(self.elements.len() as u32 - 1)
                    } else {
                        element
                    };
                    self.walk(item, paths, node, inside);
                }
            }
            scalar => {
                if let (Some(path), Some(value)) = (paths.path_at(node), Scalar::of(scalar)) {
                    self.fields.push(Field { path, value, element });
                }
            }
        }
    }

    /// The values of one path.
    pub(crate) fn at(&self, path: PathId) -> &[Field<'e>] {
        let start = self.fields.partition_point(|field| field.path < path);
        let length = self.fields[start..].partition_point(|field| field.path == path);
        &self.fields[start..start + length]
    }

    /// The values of each path in turn.
    pub(crate) fn by_path(&self) -> impl Iterator<Item = &[Field<'e>]> {
        self.fields.chunk_by(|one, other| one.path == other.path)
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether two values can match together: they do not stand in different elements of one array.
    pub(crate) fn agree(&self, one: Option<u32>, other: Option<u32>) -> bool {
        self.around(one)
            .all(|here| self.around(other).all(|there| here.array != there.array || here.position == there.position))
    }

    /// The array farthest out that a value stands in.
    pub(crate) fn outermost_array(&self, element: Option<u32>) -> Option<u32> {
        self.around(element).last().map(|element| element.array)
    }

    fn around(&self, element: Option<u32>) -> impl Iterator<Item = Element> {
        std::iter::successors(element.map(|at| self.elements[at as usize]), |inner| {
            inner.around.map(|at| self.elements[at as usize])
        })
    }
}
