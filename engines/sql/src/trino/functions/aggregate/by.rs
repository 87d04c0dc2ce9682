//! Aggregates that choose rows: `max_by` and `min_by`, `any_value`, and the best n of `max`, `min`, `max_by`, `min_by`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, interleave, take, take_arrays};
use arrow::datatypes::{DataType, Int64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};

use crate::error::SqlError;
use crate::trino::functions::array::lists::list;
use crate::trino::functions::scalar::adapt;

use super::collected::Group;
use super::function::{Aggregate, How, Overload, Running, Shape, aggregate, overload};
use super::groups::{Groups, drop_first};

/// The n that Trino takes at most.
const N_MAX: i64 = 10_000;
/// Rows that are kept beyond one for each group before those that lost are thrown away.
const SPARE_ROWS: usize = 8_192;

pub(super) fn functions() -> Vec<Aggregate> {
    let best =
        |signature: &str, start| overload(signature, How::Running(Running { state: choice_state, start })).orderable(1);
    vec![
        aggregate(
            "max_by",
            [
                best("(T, U) -> T", max_by),
                overload("(T, U, bigint) -> array(T)", How::Collected(max_by_n)).orderable(1),
            ],
        ),
        aggregate(
            "min_by",
            [
                best("(T, U) -> T", min_by),
                overload("(T, U, bigint) -> array(T)", How::Collected(min_by_n)).orderable(1),
            ],
        ),
        any("any_value"),
        any("arbitrary"),
    ]
}

fn any(name: &'static str) -> Aggregate {
    let overloads: [Overload; 1] = [overload("(T) -> T", How::Running(Running { state: choice_state, start: first }))];
    // The first of an order is as arbitrary as any, but it is what people mean who write one.
    aggregate(name, overloads).ordered()
}

/// A choice is saved as its row and whether there is one.
fn choice_state(shape: &Shape) -> Vec<DataType> {
    shape.arguments.iter().cloned().chain([DataType::Boolean]).collect()
}

fn max_by(shape: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Choices::boxed(shape, Some(true))
}

fn min_by(shape: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Choices::boxed(shape, Some(false))
}

fn first(shape: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Choices::boxed(shape, None)
}

/// The chosen row of each group.
struct Choices {
    layouts: Vec<DataType>,
    /// Compares the last argument, if the choice is by it. Descending makes the largest come first.
    order: Option<RowConverter>,
    /// Chosen rows and some that were before.
    kept: Vec<Vec<ArrayRef>>,
    kept_rows: usize,
    /// Where each group's row is: batch and row.
    places: Vec<Option<(usize, usize)>>,
    /// What the chosen rows are compared by.
    keys: Vec<Option<OwnedRow>>,
    /// Bytes of a key; they are much the same.
    key_bytes: usize,
}

impl Choices {
    fn boxed(shape: &Shape, largest: Option<bool>) -> Result<Box<dyn Groups>, SqlError> {
        let layouts = shape.arguments.clone();
        let order = match (largest, layouts.last()) {
            (Some(descending), Some(key)) => {
                let options = SortOptions { descending, nulls_first: false };
                Some(RowConverter::new(vec![SortField::new_with_options(key.clone(), options)])?)
            }
            _ => None,
        };
        let choices = Choices {
            layouts,
            order,
            kept: Vec::new(),
            kept_rows: 0,
            places: Vec::new(),
            keys: Vec::new(),
            key_bytes: 0,
        };
        Ok(Box::new(choices))
    }

    /// Chooses among rows. A row without a key (or, if there is no order, without a value) is not one.
    fn choose(&mut self, columns: &[ArrayRef], groups: impl Iterator<Item = (usize, usize)>) -> Result<(), SqlError> {
        let deciding = columns.last().ok_or_else(|| SqlError::internal("a choice without arguments"))?.clone();
        let keys = match &self.order {
            Some(order) => Some(order.convert_columns(std::slice::from_ref(&deciding))?),
            None => None,
        };
        // The winners of this batch, by group.
        let mut winners: Vec<(usize, usize)> = Vec::new();
        let mut winner_of: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
        let nulls = deciding.logical_nulls();
        for (row, group) in groups.filter(|(row, _)| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row))) {
            let better = match (&keys, &self.keys[group]) {
                (Some(keys), Some(best)) => keys.row(row) < best.row(),
                (_, None) => self.places[group].is_none() && !winner_of.contains_key(&group),
                (None, Some(_)) => false,
            };
            if !better {
                continue;
            }
            self.keys[group] = keys.as_ref().map(|keys| keys.row(row).owned());
            self.key_bytes = keys.as_ref().map_or(0, |keys| keys.row(row).data().len());
            match winner_of.get(&group) {
                Some(place) => winners[*place].1 = row,
                None => {
                    winner_of.insert(group, winners.len());
                    winners.push((group, row));
                }
            }
        }
        if winners.is_empty() {
            return Ok(());
        }
        let rows: UInt32Array = winners.iter().map(|(_, row)| *row as u32).collect();
        self.kept.push(take_arrays(columns, &rows, None)?);
        self.kept_rows += winners.len();
        let batch = self.kept.len() - 1;
        for (row, (group, _)) in winners.into_iter().enumerate() {
            self.places[group] = Some((batch, row));
        }
        if self.kept_rows > 2 * self.places.len() + SPARE_ROWS {
            self.compact()?;
        }
        Ok(())
    }

    /// The chosen rows of groups, null where there is none.
    fn rows(&self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let none = self.kept.len();
        let places: Vec<_> = self.places[..groups].iter().map(|place| place.unwrap_or((none, 0))).collect();
        let column = |(index, layout): (usize, &DataType)| -> Result<ArrayRef, SqlError> {
            let null = new_null_array(layout, 1);
            let mut sources: Vec<&dyn Array> = self.kept.iter().map(|batch| batch[index].as_ref()).collect();
            sources.push(&null);
            Ok(interleave(&sources, &places)?)
        };
        self.layouts.iter().enumerate().map(column).collect()
    }

    /// Throws the rows away that no group has chosen.
    fn compact(&mut self) -> Result<(), SqlError> {
        let rows = self.rows(self.places.len())?;
        self.kept_rows = self.places.len();
        self.kept = vec![rows];
        for (group, place) in self.places.iter_mut().enumerate() {
            *place = place.map(|_| (0, group));
        }
        Ok(())
    }

    fn adapted(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, SqlError> {
        columns.iter().zip(&self.layouts).map(|(column, layout)| adapt(column.clone(), layout)).collect()
    }
}

impl Groups for Choices {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let columns = self.adapted(columns)?;
        self.choose(&columns, groups.iter().copied().enumerate())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        let (chosen, columns) = states.split_last().ok_or_else(|| SqlError::internal("a choice without state"))?;
        let chosen: BooleanArray = chosen.as_boolean().clone();
        let columns = self.adapted(columns)?;
        self.choose(&columns, groups.iter().copied().enumerate().filter(|(row, _)| chosen.value(*row)))
    }

    fn resize(&mut self, groups: usize) {
        self.places.resize(groups, None);
        self.keys.resize(groups, None);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let mut state = self.rows(groups)?;
        let chosen: Vec<_> = self.places[..groups].iter().map(|place| place.is_some()).collect();
        state.push(Arc::new(BooleanArray::from(chosen)));
        Ok(state)
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        Ok(self.rows(groups)?.swap_remove(0))
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.places, groups);
        drop_first(&mut self.keys, groups);
        if self.places.is_empty() {
            self.kept.clear();
            self.kept_rows = 0;
        }
    }

    fn size_bytes(&self) -> usize {
        let kept = self.kept.iter().flatten().map(|column| column.get_array_memory_size()).sum::<usize>();
        let keys = self.keys.capacity() * (size_of::<Option<OwnedRow>>() + self.key_bytes);
        kept + keys + self.places.capacity() * size_of::<Option<(usize, usize)>>()
    }
}

/// `max(x, n)`: the n largest, the largest first.
pub(super) fn max_of_n(group: &Group) -> Result<ArrayRef, SqlError> {
    best_of_n(group, 0, 1, true)
}

/// `min(x, n)`: the n smallest, the smallest first.
pub(super) fn min_of_n(group: &Group) -> Result<ArrayRef, SqlError> {
    best_of_n(group, 0, 1, false)
}

fn max_by_n(group: &Group) -> Result<ArrayRef, SqlError> {
    best_of_n(group, 1, 2, true)
}

fn min_by_n(group: &Group) -> Result<ArrayRef, SqlError> {
    best_of_n(group, 1, 2, false)
}

/// The first column of the rows with the n best keys; null of no rows. Rows without a key do not count.
fn best_of_n(group: &Group, key: usize, n: usize, descending: bool) -> Result<ArrayRef, SqlError> {
    let keys = &group.columns[key];
    let mut rows: Vec<u32> = (0..group.rows() as u32).filter(|row| keys.is_valid(*row as usize)).collect();
    let Some(first) = rows.first() else { return Ok(new_null_array(group.returns, 1)) };
    let n = group.columns[n].as_primitive::<Int64Type>().value(*first as usize);
    if n <= 0 {
        let message = "third argument of max_by/min_by must be a positive integer";
        let message = if key == 0 { "second argument of max_n/min_n must be positive" } else { message };
        return Err(SqlError::invalid_argument(message));
    }
    if n > N_MAX {
        let position = if key == 0 { "second argument of max_n/min_n" } else { "third argument of max_by/min_by" };
        return Err(SqlError::invalid_argument(format!("{position} must be less than or equal to {N_MAX}; found {n}")));
    }
    let field = SortField::new_with_options(keys.data_type().clone(), SortOptions { descending, nulls_first: false });
    let order = RowConverter::new(vec![field])?.convert_columns(std::slice::from_ref(keys))?;
    rows.sort_by(|one, other| order.row(*one as usize).cmp(&order.row(*other as usize)));
    rows.truncate(n as usize);
    let values = take(&group.columns[0], &UInt32Array::from(rows), None)?;
    list(group.returns, OffsetBuffer::from_lengths([values.len()]), values, None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::Int64Array;

    use super::*;

    fn choices() -> Box<dyn Groups> {
        let shape = Shape { arguments: vec![DataType::Int64; 2], returns: DataType::Int64 };
        max_by(&shape).unwrap()
    }

    fn numbers(numbers: impl IntoIterator<Item = i64>) -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(numbers))
    }

    #[test]
    fn the_best_survives_many_that_were_better_than_those_before() {
        let mut choices = choices();
        choices.resize(2);
        for round in 0..30 {
            let rows = round * 1_000..(round + 1) * 1_000;
            let groups: Vec<usize> = rows.clone().map(|row| (row % 2) as usize).collect();
            choices.update(&[numbers(rows.clone().map(|row| row * 10)), numbers(rows)], &groups).unwrap();
        }
        assert_eq!(choices.results(2).unwrap().as_primitive::<Int64Type>().values(), &[299_980, 299_990]);
    }

    #[test]
    fn choices_merge_and_move_up() {
        let (mut one, mut other) = (choices(), choices());
        one.resize(2);
        one.update(&[numbers([1, 2]), numbers([5, 5])], &[0, 1]).unwrap();
        other.resize(3);
        other.update(&[numbers([3, 4]), numbers([9, 4])], &[0, 1]).unwrap();
        let states = other.state(3).unwrap();
        one.merge(&states, &[1, 0, 0]).unwrap();
        one.drop_first(1);
        assert_eq!(one.results(1).unwrap().as_primitive::<Int64Type>().values(), &[3]);
    }
}
