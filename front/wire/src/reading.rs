//! What a decoder remembers on its way through a message: how deep it is, and which members nobody knows.

use haar_kernel::Value;
use haar_kernel::schema::{Kind, Member, Model, Shape, ShapeId, Structure};

use crate::malformed::{DEPTH_MAX, Malformed};

/// Values that one message may hold: a value takes 32 bytes here but as little as one on the wire, so a limit on
/// bytes alone would let a small message take a lot of memory. AWS's largest requests (1,000 metrics with 150
/// values each) have a third of it.
pub const VALUES_MAX: usize = 1 << 19;

/// Unknown members that one message reports; AWS ignores all of them, so the rest is dropped in silence.
const UNKNOWN_MAX: usize = 16;

/// Characters of an unknown member's name that are kept.
const UNKNOWN_NAME_CHARS_MAX: usize = 128;

/// One message being read.
pub(crate) struct Reading {
    pub model: &'static Model,
    depth: usize,
    values: usize,
    path: Vec<&'static str>,
    unknown: Vec<String>,
}

impl Reading {
    pub fn of(model: &'static Model) -> Self {
        Self { model, depth: 0, values: 0, path: Vec::new(), unknown: Vec::new() }
    }

    pub fn shape(&self, id: ShapeId) -> &'static Shape {
        self.model.shape(id)
    }

    /// One structure, list or map deeper; every success is paired with [`Reading::leave`].
    pub fn enter(&mut self) -> Result<(), Malformed> {
        if self.depth == DEPTH_MAX {
            return Err(Malformed(format!("The message nests deeper than {DEPTH_MAX} levels.")));
        }
        self.depth += 1;
        Ok(())
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Counts values before they are kept.
    pub fn count(&mut self, values: usize) -> Result<(), Malformed> {
        self.values += values;
        if self.values > VALUES_MAX {
            return Err(Malformed(format!("The message holds more than {VALUES_MAX} values.")));
        }
        Ok(())
    }

    /// A structure with nothing in it yet, counted.
    pub fn fields(&mut self, structure: &Structure) -> Result<Vec<Value>, Malformed> {
        self.count(structure.members.len())?;
        Ok(absent_fields(structure))
    }

    /// From here on, what is unknown is unknown inside `member`.
    pub fn enter_member(&mut self, member: &'static Member) {
        self.path.push(member.name);
    }

    pub fn leave_member(&mut self) {
        self.path.pop();
    }

    /// A member that the model does not have.
    pub fn report_unknown(&mut self, name: &str) {
        if self.unknown.len() < UNKNOWN_MAX {
            let mut path = self.path.join(".");
            if !path.is_empty() {
                path.push('.');
            }
            path.extend(name.chars().take(UNKNOWN_NAME_CHARS_MAX));
            self.unknown.push(path);
        }
    }

    /// Paths of the unknown members that were met.
    pub fn into_unknown(self) -> Vec<String> {
        self.unknown
    }
}

/// A structure with nothing in it yet.
pub(crate) fn absent_fields(structure: &Structure) -> Vec<Value> {
    (0..structure.members.len()).map(|_| Value::Absent).collect()
}

/// Finds the member behind a name on the wire. Clients send members in the model's order more often than not, so
/// the look-up starts where the last one ended.
pub(crate) fn member_index(
    structure: &Structure,
    start: usize,
    name: &str,
    name_of: impl Fn(&'static Member) -> &'static str,
) -> Option<usize> {
    let members = structure.members;
    let start = start.min(members.len());
    let after = members[start..].iter().position(|member| name_of(member) == name).map(|index| index + start);
    after.or_else(|| members[..start].iter().position(|member| name_of(member) == name))
}

/// The structure behind a shape, if it is one.
pub(crate) fn structure_of(shape: &'static Shape) -> Option<&'static Structure> {
    match &shape.kind {
        Kind::Structure(structure) => Some(structure),
        _ => None,
    }
}
