//! Fields that must match together, in the same elements of arrays.

use std::sync::Arc;

use crate::condition::Condition;
use crate::fields::{Field, Fields};
use crate::paths::PathId;

/// A pattern without `$or`: every field must have a value that meets one of its conditions.
#[derive(Clone, Debug)]
pub(crate) struct Conjunction {
    pub(crate) constraints: Vec<Constraint>,
}

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    pub(crate) path: PathId,
    /// One of them must hold. Shared: `$or` multiplies conjunctions, not conditions.
    pub(crate) any: Arc<[Condition]>,
}

impl Constraint {
    fn admits(&self, field: &Field<'_>) -> bool {
        self.any.iter().any(|condition| condition.admits(field.value))
    }

    fn admits_absence(&self) -> bool {
        self.any.contains(&Condition::Absent)
    }
}

/// The elements that a constraint's fitting values stand in.
type Places = Vec<Option<u32>>;

impl Conjunction {
    pub(crate) fn matches(&self, fields: &Fields<'_>) -> bool {
        let mut bound: Vec<(u32, Places)> = Vec::new();
        for constraint in &self.constraints {
            let found = fields.at(constraint.path);
            if found.is_empty() {
                if constraint.admits_absence() {
                    continue;
                }
                return false;
            }
            let mut places = Places::new();
            let mut free = false;
            for field in found {
                if constraint.admits(field) {
                    free |= field.element.is_none();
                    places.push(field.element);
                }
            }
            match places.first() {
                None => return false,
                // A value outside of all arrays goes with any other.
                Some(_) if free => {}
                Some(first) => bound.extend(fields.outermost_array(*first).map(|array| (array, places))),
            }
        }
        // Values in different arrays cannot disagree, so each array is decided by itself.
        bound.sort_by_key(|(array, _)| *array);
        bound.chunk_by(|one, other| one.0 == other.0).all(|group| agree(fields, group, &mut Vec::new()))
    }

    /// With other numbers for the paths.
    pub(crate) fn renamed(mut self, ids: &[PathId]) -> Self {
        for constraint in &mut self.constraints {
            constraint.path = ids[constraint.path as usize];
        }
        self
    }
}

/// Whether one place of each can be chosen so that all agree.
fn agree(fields: &Fields<'_>, group: &[(u32, Places)], chosen: &mut Vec<Option<u32>>) -> bool {
    let Some((_, places)) = group.get(chosen.len()) else { return true };
    places.iter().any(|place| {
        if !chosen.iter().all(|other| fields.agree(*place, *other)) {
            return false;
        }
        chosen.push(*place);
        let found = agree(fields, group, chosen);
        chosen.pop();
        found
    })
}
