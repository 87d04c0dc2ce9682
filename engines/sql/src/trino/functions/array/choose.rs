//! Functions that give elements of an array, or arrays of some of them.

use std::hash::{BuildHasher, RandomState};

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;

use crate::error::SqlError;
use crate::trino::functions::call::Call;

use super::lists::{Lists, Picker, element_field, list};

/// Elements that the groups of `combinations` have at most.
const COMBINATION_LENGTH_MAX: i64 = 5;
/// Elements that the result of `combinations` has at most.
const COMBINATIONS_ELEMENTS_MAX: u64 = 100_000;

/// How many elements there are.
pub(super) fn cardinality(call: &Call) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    call.to_bigints(|row| Ok(lists.length(row).map(|length| length as i64)))
}

/// The elements of these numbers, of each row one.
fn chosen(
    call: &Call,
    mut choose: impl FnMut(std::ops::Range<usize>, usize) -> Result<Option<usize>, SqlError>,
) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let mut picks = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let elements = if call.is_valid(row) { lists.range(row) } else { None };
        let chosen = elements.map(|elements| choose(elements, row)).transpose()?.flatten();
        picks.push(chosen.map(|element| element as u32));
    }
    Ok(take(&lists.values, &UInt32Array::from(picks), None)?)
}

/// The element at that index, from the end if negative; null beyond the array.
pub(super) fn element_at(call: &Call) -> Result<ArrayRef, SqlError> {
    let indices = call.bigints(1)?;
    chosen(call, |elements, row| {
        let length = elements.len() as i64;
        match indices.at(row) {
            0 => Err(SqlError::invalid_argument("SQL array indices start at 1")),
            index if index > length || -index > length => Ok(None),
            index if index > 0 => Ok(Some(elements.start + index as usize - 1)),
            index => Ok(Some(elements.end - index.unsigned_abs() as usize)),
        }
    })
}

/// `array[index]`: an index beyond the array is an error.
pub(super) fn subscript(call: &Call) -> Result<ArrayRef, SqlError> {
    let indices = call.bigints(1)?;
    chosen(call, |elements, row| {
        let length = elements.len() as i64;
        match indices.at(row) {
            0 => Err(SqlError::invalid_argument("SQL array indices start at 1")),
            index if index < 0 => Err(SqlError::invalid_argument(format!("Array subscript is negative: {index}"))),
            index if index > length => Err(SqlError::invalid_argument(format!(
                "Array subscript must be less than or equal to array length: {index} > {length}"
            ))),
            index => Ok(Some(elements.start + index as usize - 1)),
        }
    })
}

/// The first element; null of an empty array.
pub(super) fn array_first(call: &Call) -> Result<ArrayRef, SqlError> {
    chosen(call, |mut elements, _| Ok(elements.next()))
}

/// The last element; null of an empty array.
pub(super) fn array_last(call: &Call) -> Result<ArrayRef, SqlError> {
    chosen(call, |elements, _| Ok(elements.last()))
}

/// Arrays of elements that a function chooses from each array.
fn picked<I: IntoIterator<Item = usize>>(
    call: &Call,
    mut choose: impl FnMut(std::ops::Range<usize>, usize) -> Result<I, SqlError>,
) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match lists.range(row).filter(|_| call.is_valid(row)) {
            Some(elements) => {
                picker.pick_all(choose(elements, row)?);
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    picker.list(&lists.values, &call.returns.layout())
}

/// So many elements from a start on, which counts from the end if negative.
pub(super) fn slice(call: &Call) -> Result<ArrayRef, SqlError> {
    let (starts, lengths) = (call.bigints(1)?, call.bigints(2)?);
    picked(call, |elements, row| {
        let (start, length) = (starts.at(row), lengths.at(row));
        if start == 0 {
            return Err(SqlError::invalid_argument("SQL array indices start at 1"));
        }
        if length < 0 {
            return Err(SqlError::invalid_argument("length must be greater than or equal to 0"));
        }
        let count = elements.len() as i64;
        let skipped = if start > 0 { start - 1 } else { count.saturating_add(start) };
        if !(0..count).contains(&skipped) {
            return Ok(0..0);
        }
        let from = elements.start + skipped as usize;
        Ok(from..from + length.min(count - skipped) as usize)
    })
}

/// All but the last so many elements.
pub(super) fn trim_array(call: &Call) -> Result<ArrayRef, SqlError> {
    let counts = call.bigints(1)?;
    picked(call, |elements, row| {
        let count = counts.at(row);
        if count < 0 {
            return Err(SqlError::invalid_argument(format!("size must not be negative: {count}")));
        }
        if count as u64 > elements.len() as u64 {
            let length = elements.len();
            return Err(SqlError::invalid_argument(format!(
                "size must not exceed array cardinality {length}: {count}"
            )));
        }
        Ok(elements.start..elements.end - count as usize)
    })
}

/// The elements from the last to the first.
pub(super) fn reverse(call: &Call) -> Result<ArrayRef, SqlError> {
    picked(call, |elements, _| Ok(elements.rev()))
}

/// The elements in an order that is different each time.
pub(super) fn shuffle(call: &Call) -> Result<ArrayRef, SqlError> {
    // A hasher with random keys, which the standard library has, is all the chance that is needed.
    let chance = RandomState::new();
    picked(call, |elements, row| {
        let mut order: Vec<usize> = elements.collect();
        order.sort_by_cached_key(|element| chance.hash_one((row, element)));
        Ok(order)
    })
}

/// The elements of all arrays in an array; null arrays have none.
pub(super) fn flatten(call: &Call) -> Result<ArrayRef, SqlError> {
    let outer = Lists::of(&call.array(0)?)?;
    let inner = Lists::of(&outer.values)?;
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match outer.range(row) {
            Some(arrays) => {
                picker.pick_all(arrays.filter_map(|array| inner.range(array)).flatten());
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    picker.list(&inner.values, &call.returns.layout())
}

/// Arrays of arrays: of each row, the groups of elements that a function finds.
fn grouped(
    call: &Call,
    mut find: impl FnMut(std::ops::Range<usize>, usize, &mut dyn FnMut(&[usize])) -> Result<(), SqlError>,
) -> Result<ArrayRef, SqlError> {
    let lists = Lists::of(&call.array(0)?)?;
    let mut groups = Picker::with_capacity(call.rows);
    let mut counts = Vec::with_capacity(call.rows);
    let mut nulls = Vec::with_capacity(call.rows);
    for row in 0..call.rows {
        let mut count = 0;
        let elements = lists.range(row).filter(|_| call.is_valid(row));
        nulls.push(elements.is_some());
        if let Some(elements) = elements {
            find(elements, row, &mut |group| {
                groups.pick_all(group.iter().copied());
                groups.end_row();
                count += 1;
            })?;
        }
        counts.push(count);
    }
    let returns = call.returns.layout();
    let groups = groups.list(&lists.values, element_field(&returns)?.data_type())?;
    let offsets = arrow::buffer::OffsetBuffer::from_lengths(counts);
    list(&returns, offsets, groups, Some(nulls.into()))
}

/// All runs of so many neighbours; the whole array if it is shorter.
pub(super) fn ngrams(call: &Call) -> Result<ArrayRef, SqlError> {
    let lengths = call.bigints(1)?;
    grouped(call, |elements, row, group| {
        let length = lengths.at(row);
        if length <= 0 {
            return Err(SqlError::invalid_argument("N must be positive"));
        }
        let all: Vec<usize> = elements.collect();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if all.len() <= length {
            group(&all);
        } else {
            all.windows(length).for_each(group);
        }
        Ok(())
    })
}

/// All groups of so many elements, in the order in which Trino finds them.
pub(super) fn combinations(call: &Call) -> Result<ArrayRef, SqlError> {
    let lengths = call.bigints(1)?;
    grouped(call, |elements, row, group| {
        let length = lengths.at(row);
        if length < 0 {
            let message = format!("combination size must not be negative: {length}");
            return Err(SqlError::invalid_argument(message));
        }
        if length > COMBINATION_LENGTH_MAX {
            let message = format!("combination size must not exceed {COMBINATION_LENGTH_MAX}: {length}");
            return Err(SqlError::invalid_argument(message));
        }
        let length = length as usize;
        let count = elements.len();
        if length > count {
            return Ok(());
        }
        // Each product of the binomial coefficient is divisible; its size is bounded by count^5.
        let combinations =
            (1..=length as u128).fold(1, |product, index| product * (count as u128 - length as u128 + index) / index);
        if combinations * length as u128 > u128::from(COMBINATIONS_ELEMENTS_MAX) {
            return Err(SqlError::invalid_argument("combinations exceed max size"));
        }
        let mut places: Vec<usize> = (0..length).collect();
        loop {
            group(&places.iter().map(|place| elements.start + place).collect::<Vec<_>>());
            let limit = |index: usize| places.get(index + 1).copied().unwrap_or(count);
            let Some(next) = (0..length).find(|&index| places[index] + 1 < limit(index)) else { return Ok(()) };
            places[next] += 1;
            (0..next).for_each(|index| places[index] = index);
        }
    })
}
