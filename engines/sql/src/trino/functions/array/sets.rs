//! Arrays as sets: union, intersection, difference, and how often each element is there. Nulls count as one element.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array};
use arrow::compute::{concat, take};
use arrow::row::Row;

use crate::error::SqlError;
use crate::trino::functions::call::Call;

use super::keys::keys_of;
use super::lists::{Lists, Picker, map};

/// The elements, each once, at their first place.
pub(super) fn array_distinct(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let keys = keys_of(&[&lists.values])?;
    let mut picker = Picker::with_capacity(call.rows);
    let mut seen = HashSet::new();
    for row in 0..call.rows {
        match lists.range(row) {
            Some(elements) => {
                seen.clear();
                picker.pick_all(elements.filter(|&element| seen.insert(keys[0].row(element))));
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    picker.list(&lists.values, &call.returns.layout())
}

/// The elements of two arrays, of which `choose` gives some: it is asked with the keys of both.
fn combined(
    call: &Call,
    (left, right): &(Lists, Lists),
    mut choose: impl FnMut(&mut dyn Iterator<Item = usize>, &mut dyn Iterator<Item = usize>) -> Vec<usize>,
) -> Result<ArrayRef, SqlError> {
    let values = concat(&[left.values.as_ref(), right.values.as_ref()])?;
    let shift = left.values.len();
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match (left.range(row), right.range(row)) {
            (Some(mut left), Some(right)) => {
                picker.pick_all(choose(&mut left, &mut right.map(|element| element + shift)));
                picker.end_row();
            }
            _ => picker.null_row(),
        }
    }
    picker.list(&values, &call.returns.layout())
}

/// Both arguments, and the keys of their elements one after the other.
fn both(call: &Call) -> Result<((Lists, Lists), arrow::row::Rows), SqlError> {
    let lists = (Lists::of(&call.array(0)?)?, Lists::of(&call.array(1)?)?);
    let values = concat(&[lists.0.values.as_ref(), lists.1.values.as_ref()])?;
    let keys = keys_of(&[&values])?.swap_remove(0);
    Ok((lists, keys))
}

/// The elements of either array, each once.
pub(super) fn array_union(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, keys) = both(call)?;
    combined(call, &lists, |left, right| {
        let mut seen = HashSet::new();
        left.chain(right).filter(|&element| seen.insert(keys.row(element))).collect()
    })
}

/// The elements of the first array that are not in the second, each once.
pub(super) fn array_except(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, keys) = both(call)?;
    combined(call, &lists, |left, right| {
        let mut seen: HashSet<Row> = right.map(|element| keys.row(element)).collect();
        left.filter(|&element| seen.insert(keys.row(element))).collect()
    })
}

/// The elements of both arrays, each once, in the order of the longer one, as Trino finds them.
pub(super) fn array_intersect(call: &Call) -> Result<ArrayRef, SqlError> {
    let (lists, keys) = both(call)?;
    combined(call, &lists, |left, right| {
        let (mut longer, mut shorter): (Vec<_>, Vec<_>) = (left.collect(), right.collect());
        if longer.len() < shorter.len() {
            std::mem::swap(&mut longer, &mut shorter);
        }
        let mut wanted: HashSet<Row> = shorter.into_iter().map(|element| keys.row(element)).collect();
        longer.retain(|&element| wanted.remove(&keys.row(element)));
        longer
    })
}

/// Whether the arrays have an element in common; null if they have none but one has nulls.
pub(super) fn arrays_overlap(call: &Call) -> Result<ArrayRef, SqlError> {
    let ((left, right), keys) = both(call)?;
    let shift = left.values.len();
    call.to_booleans(|row| {
        let (Some(ours), Some(theirs)) = (left.range(row), right.range(row)) else { return Ok(None) };
        if ours.is_empty() || theirs.is_empty() {
            return Ok(Some(false));
        }
        let nulls = ours.clone().any(|element| left.values.is_null(element))
            || theirs.clone().any(|element| right.values.is_null(element));
        let known: HashSet<Row> =
            ours.filter(|&element| left.values.is_valid(element)).map(|element| keys.row(element)).collect();
        let common = theirs
            .filter(|&element| right.values.is_valid(element))
            .any(|element| known.contains(&keys.row(element + shift)));
        Ok(if common { Some(true) } else { (!nulls).then_some(false) })
    })
}

/// The map from each element to how often it is there, without nulls.
pub(super) fn array_histogram(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let keys = keys_of(&[&lists.values])?;
    let mut picker = Picker::with_capacity(call.rows);
    let mut counts: Vec<i64> = Vec::new();
    for row in 0..call.rows {
        let Some(elements) = lists.range(row) else {
            picker.null_row();
            continue;
        };
        let mut places: HashMap<Row, usize> = HashMap::new();
        for element in elements.filter(|&element| lists.values.is_valid(element)) {
            let place = *places.entry(keys[0].row(element)).or_insert_with(|| {
                picker.pick(element);
                counts.push(0);
                counts.len() - 1
            });
            counts[place] += 1;
        }
        picker.end_row();
    }
    let (offsets, nulls, picks) = picker.into_parts();
    let keys = take(&lists.values, &picks, None)?;
    map(&call.returns.layout(), offsets, keys, Arc::new(Int64Array::from(counts)), nulls)
}
