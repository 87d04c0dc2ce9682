//! Aggregation that keeps the rows of each group until its end: for functions that need them all, and for `DISTINCT`
//! and `ORDER BY` of any function.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, concat, filter, take_arrays};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use crate::error::SqlError;
use crate::trino::functions::scalar::adapt;

use super::groups::scalar;

/// The rows of one group, as its function sees them: distinct and in order where that is asked for.
pub(super) struct Group<'a> {
    /// One array for each argument.
    pub(super) columns: &'a [ArrayRef],
    /// The type of the result.
    pub(super) returns: &'a DataType,
}

impl Group<'_> {
    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.len())
    }
}

/// Makes the result of a group: an array of one value.
pub(super) type Finisher = Arc<dyn Fn(&Group) -> Result<ArrayRef, DataFusionError> + Send + Sync>;

/// What to keep and what to make of it.
#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) finish: Finisher,
    /// The types of the arguments.
    pub(super) arguments: Vec<DataType>,
    pub(super) returns: DataType,
    pub(super) distinct: bool,
    /// The types of the columns after the arguments, which rows are ordered by, and how.
    pub(super) orders: Vec<(DataType, SortOptions)>,
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe").field("returns", &self.returns).finish_non_exhaustive()
    }
}

impl Recipe {
    /// The columns in the layouts that the function expects.
    fn adapted(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, DataFusionError> {
        let adapted = columns.iter().zip(self.layouts()).map(|(column, layout)| adapt(column.clone(), layout));
        Ok(adapted.collect::<Result<_, _>>()?)
    }

    /// The types of all columns.
    fn layouts(&self) -> impl Iterator<Item = &DataType> {
        self.arguments.iter().chain(self.orders.iter().map(|(layout, _)| layout))
    }

    /// The rows of groups without repetitions and in order, where that is asked for; `bounds` are where groups begin
    /// and end among the rows.
    fn arranged(
        &self,
        columns: Vec<ArrayRef>,
        bounds: Vec<usize>,
    ) -> Result<(Vec<ArrayRef>, Vec<usize>), DataFusionError> {
        if !self.distinct && self.orders.is_empty() {
            return Ok((columns, bounds));
        }
        let (arguments, keys) = columns.split_at(self.arguments.len());
        let mut groups: Vec<Vec<u32>> =
            bounds.windows(2).map(|ends| (ends[0] as u32..ends[1] as u32).collect()).collect();
        if self.distinct {
            let fields = arguments.iter().map(|column| SortField::new(column.data_type().clone()));
            let rows = RowConverter::new(fields.collect())?.convert_columns(arguments)?;
            for group in &mut groups {
                let mut seen = HashSet::with_capacity(group.len());
                group.retain(|row| seen.insert(rows.row(*row as usize)));
            }
        }
        if !self.orders.is_empty() {
            let fields = keys.iter().zip(&self.orders);
            let fields = fields.map(|(key, (_, order))| SortField::new_with_options(key.data_type().clone(), *order));
            let rows = RowConverter::new(fields.collect())?.convert_columns(keys)?;
            for group in &mut groups {
                group.sort_by(|one, other| rows.row(*one as usize).cmp(&rows.row(*other as usize)));
            }
        }
        let mut bounds = vec![0];
        bounds.extend(groups.iter().scan(0, |end, group| {
            *end += group.len();
            Some(*end)
        }));
        let order = UInt32Array::from(groups.concat());
        Ok((take_arrays(&columns, &order, None)?, bounds))
    }

    /// The results of groups.
    fn results(&self, columns: Vec<ArrayRef>, bounds: Vec<usize>) -> Result<ArrayRef, DataFusionError> {
        let (columns, bounds) = self.arranged(columns, bounds)?;
        let arguments = &columns[..self.arguments.len()];
        let mut results = Vec::with_capacity(bounds.len());
        for ends in bounds.windows(2) {
            let group: Vec<_> = arguments.iter().map(|column| column.slice(ends[0], ends[1] - ends[0])).collect();
            let result = (self.finish)(&Group { columns: &group, returns: &self.returns })?;
            results.push(adapt(result, &self.returns)?);
        }
        if results.is_empty() {
            return Ok(new_empty_array(&self.returns));
        }
        Ok(concat(&results.iter().map(|result| result.as_ref()).collect::<Vec<_>>())?)
    }
}

/// Bytes that the values of an array occupy; an array may be a small part of large buffers.
fn size_bytes(array: &ArrayRef) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
}

/// Puts kept batches of one column together.
fn joined(batches: impl Iterator<Item = ArrayRef>, layout: &DataType) -> Result<ArrayRef, DataFusionError> {
    let batches: Vec<_> = batches.collect();
    match batches.as_slice() {
        [] => Ok(new_empty_array(layout)),
        [only] => Ok(only.clone()),
        several => Ok(concat(&several.iter().map(|batch| batch.as_ref()).collect::<Vec<_>>())?),
    }
}

/// The rows that a saved state of lists holds.
fn unlisted(states: &[ArrayRef]) -> Result<Vec<ArrayRef>, DataFusionError> {
    let rows = |state: &ArrayRef| {
        let list = state.as_list_opt::<i32>().ok_or_else(|| SqlError::internal("a state is a list"))?;
        let (first, last) = (list.offsets()[0] as usize, list.offsets()[list.len()] as usize);
        Ok(list.values().slice(first, last - first))
    };
    states.iter().map(rows).collect()
}

/// The rows of one group.
#[derive(Debug)]
pub(super) struct Collector {
    recipe: Recipe,
    /// Batches of columns.
    kept: VecDeque<Vec<ArrayRef>>,
    size_bytes: usize,
}

impl Collector {
    pub(super) fn new(recipe: Recipe) -> Collector {
        Collector { recipe, kept: VecDeque::new(), size_bytes: 0 }
    }

    fn keep(&mut self, columns: Vec<ArrayRef>) {
        if columns.first().is_none_or(|column| column.is_empty()) {
            return;
        }
        self.size_bytes += columns.iter().map(size_bytes).sum::<usize>();
        self.kept.push_back(columns);
    }

    /// All rows, as one array for each column.
    fn rows(&self) -> Result<Vec<ArrayRef>, DataFusionError> {
        let layouts = self.recipe.layouts().enumerate();
        layouts.map(|(index, layout)| joined(self.kept.iter().map(|batch| batch[index].clone()), layout)).collect()
    }
}

impl Accumulator for Collector {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        let columns = self.recipe.adapted(values)?;
        self.keep(columns);
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue, DataFusionError> {
        let rows = self.rows()?;
        let count = rows.first().map_or(0, |column| column.len());
        scalar(&self.recipe.results(rows, vec![0, count])?)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.size_bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>, DataFusionError> {
        let list = |rows: ArrayRef| -> Result<ScalarValue, DataFusionError> {
            let field = Arc::new(Field::new_list_field(rows.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([rows.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, rows, None)?)))
        };
        self.rows()?.into_iter().map(list).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<(), DataFusionError> {
        let rows = unlisted(states)?;
        self.keep(rows);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        // Rows leave a frame in the order in which they came.
        let mut leaving = values.first().map_or(0, |column| column.len());
        while leaving > 0 {
            let Some(batch) = self.kept.front_mut() else { break };
            let rows = batch[0].len();
            if rows <= leaving {
                leaving -= rows;
                self.kept.pop_front();
            } else {
                batch.iter_mut().for_each(|column| *column = column.slice(leaving, rows - leaving));
                leaving = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }
}

/// The rows of many groups: all together, with the group of each.
#[derive(Debug)]
pub(super) struct CollectorGroups {
    recipe: Recipe,
    kept: Vec<Vec<ArrayRef>>,
    group_of: Vec<u32>,
    groups: usize,
    size_bytes: usize,
}

impl CollectorGroups {
    pub(super) fn new(recipe: Recipe) -> CollectorGroups {
        CollectorGroups { recipe, kept: Vec::new(), group_of: Vec::new(), groups: 0, size_bytes: 0 }
    }

    fn keep(&mut self, columns: Vec<ArrayRef>) {
        if columns.first().is_none_or(|column| column.is_empty()) {
            return;
        }
        self.size_bytes += columns.iter().map(size_bytes).sum::<usize>();
        self.kept.push(columns);
    }

    /// Takes the rows of the first groups out: sorted by group, and where each group begins and ends.
    fn take_out(&mut self, emit_to: EmitTo) -> Result<(Vec<ArrayRef>, Vec<usize>), DataFusionError> {
        let emitted = match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(count) => count,
        };
        let kept = std::mem::take(&mut self.kept);
        let mut columns = Vec::new();
        for (index, layout) in self.recipe.layouts().enumerate() {
            columns.push(joined(kept.iter().map(|batch| batch[index].clone()), layout)?);
        }
        let group_of = std::mem::take(&mut self.group_of);
        let mut bounds = vec![0; emitted + 1];
        for group in &group_of {
            if (*group as usize) < emitted {
                bounds[*group as usize + 1] += 1;
            }
        }
        for group in 0..emitted {
            bounds[group + 1] += bounds[group];
        }
        let mut next = bounds.clone();
        let mut order = vec![0; bounds[emitted]];
        let mut rest = Vec::new();
        for (row, group) in group_of.iter().enumerate() {
            match next.get_mut(*group as usize).filter(|_| (*group as usize) < emitted) {
                Some(place) => {
                    order[*place] = row as u32;
                    *place += 1;
                }
                None => {
                    rest.push(row as u32);
                    self.group_of.push(group - emitted as u32);
                }
            }
        }
        self.groups -= emitted;
        self.size_bytes = 0;
        if !rest.is_empty() {
            let rest = take_arrays(&columns, &UInt32Array::from(rest), None)?;
            self.keep(rest);
        }
        Ok((take_arrays(&columns, &UInt32Array::from(order), None)?, bounds))
    }
}

impl GroupsAccumulator for CollectorGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<(), DataFusionError> {
        self.groups = total_num_groups;
        let columns = self.recipe.adapted(values)?;
        let Some(chosen) = opt_filter else {
            self.group_of.extend(group_indices.iter().map(|group| *group as u32));
            self.keep(columns);
            return Ok(());
        };
        let passes = |row: usize| chosen.is_valid(row) && chosen.value(row);
        let groups = group_indices.iter().enumerate();
        self.group_of.extend(groups.filter(|(row, _)| passes(*row)).map(|(_, group)| *group as u32));
        let columns = columns.iter().map(|column| filter(column, chosen)).collect::<Result<_, _>>()?;
        self.keep(columns);
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef, DataFusionError> {
        let (columns, bounds) = self.take_out(emit_to)?;
        self.recipe.results(columns, bounds)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>, DataFusionError> {
        let (columns, bounds) = self.take_out(emit_to)?;
        let offsets = OffsetBuffer::from_lengths(bounds.windows(2).map(|ends| ends[1] - ends[0]));
        listed(columns, offsets)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<(), DataFusionError> {
        self.groups = total_num_groups;
        let states = values.first().and_then(|state| state.as_list_opt::<i32>());
        let states = states.ok_or_else(|| SqlError::internal("a state is a list"))?;
        for (state, group) in group_indices.iter().enumerate() {
            let rows = states.value_length(state) as usize;
            self.group_of.extend(std::iter::repeat_n(*group as u32, rows));
        }
        let rows = unlisted(values)?;
        self.keep(rows);
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>, DataFusionError> {
        let columns = self.recipe.adapted(values)?;
        let rows = columns.first().map_or(0, |column| column.len());
        let Some(chosen) = opt_filter else {
            return listed(columns, OffsetBuffer::from_lengths(std::iter::repeat_n(1, rows)));
        };
        let lengths = (0..rows).map(|row| usize::from(chosen.is_valid(row) && chosen.value(row)));
        let offsets = OffsetBuffer::from_lengths(lengths);
        listed(columns.iter().map(|column| filter(column, chosen)).collect::<Result<_, _>>()?, offsets)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.size_bytes + self.group_of.capacity() * size_of::<u32>()
    }
}

/// The columns as lists, one for each group.
fn listed(columns: Vec<ArrayRef>, offsets: OffsetBuffer<i32>) -> Result<Vec<ArrayRef>, DataFusionError> {
    let list = |rows: ArrayRef| -> Result<ArrayRef, DataFusionError> {
        let field = Arc::new(Field::new_list_field(rows.data_type().clone(), true));
        Ok(Arc::new(ListArray::try_new(field, offsets.clone(), rows, None)?))
    };
    columns.into_iter().map(list).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::{Int32Array, StringViewArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    /// Joins the first column's numbers.
    fn recipe(distinct: bool, orders: Vec<(DataType, SortOptions)>) -> Recipe {
        let finish = |group: &Group| -> Result<ArrayRef, DataFusionError> {
            let numbers = group.columns[0].as_primitive::<Int32Type>();
            let joined = numbers.values().iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
            Ok(Arc::new(StringViewArray::from(vec![joined])))
        };
        let (arguments, returns) = (vec![DataType::Int32], DataType::Utf8View);
        Recipe { finish: Arc::new(finish), arguments, returns, distinct, orders }
    }

    fn numbers(numbers: &[i32]) -> ArrayRef {
        Arc::new(Int32Array::from(numbers.to_vec()))
    }

    fn texts(array: &ArrayRef) -> Vec<String> {
        array.as_string_view().iter().map(|text| text.unwrap().to_owned()).collect()
    }

    #[test]
    fn groups_can_leave_before_the_others_are_complete() {
        let mut groups = CollectorGroups::new(recipe(false, vec![]));
        groups.update_batch(&[numbers(&[1, 2, 3, 4])], &[0, 1, 0, 2], None, 3).unwrap();
        assert_eq!(texts(&groups.evaluate(EmitTo::First(1)).unwrap()), ["1 3"]);
        groups.update_batch(&[numbers(&[5, 6])], &[0, 1], None, 2).unwrap();
        assert_eq!(texts(&groups.evaluate(EmitTo::All).unwrap()), ["2 5", "4 6"]);
    }

    #[test]
    fn states_merge_into_other_groups() {
        let mut part = CollectorGroups::new(recipe(true, vec![]));
        let chosen = BooleanArray::from(vec![Some(true), Some(true), None, Some(false)]);
        part.update_batch(&[numbers(&[1, 1, 2, 3])], &[0, 0, 1, 1], Some(&chosen), 2).unwrap();
        let states = part.state(EmitTo::All).unwrap();
        let mut whole = CollectorGroups::new(recipe(true, vec![]));
        whole.update_batch(&[numbers(&[7, 1])], &[0, 1], None, 2).unwrap();
        whole.merge_batch(&states, &[1, 0], 2).unwrap();
        let rows = whole.convert_to_state(&[numbers(&[9])], None).unwrap();
        whole.merge_batch(&rows, &[0], 2).unwrap();
        assert_eq!(texts(&whole.evaluate(EmitTo::All).unwrap()), ["7 9", "1"]);
    }

    #[test]
    fn rows_are_in_the_order_of_the_columns_after_the_arguments() {
        let descending = SortOptions { descending: true, nulls_first: false };
        let mut one = Collector::new(recipe(false, vec![(DataType::Int32, descending)]));
        assert_eq!(one.evaluate().unwrap(), ScalarValue::Utf8View(Some(String::new())));
        one.update_batch(&[numbers(&[1, 2, 3]), numbers(&[5, 9, 7])]).unwrap();
        assert_eq!(one.evaluate().unwrap(), ScalarValue::Utf8View(Some("2 3 1".to_owned())));
    }

    #[test]
    fn rows_leave_in_the_order_in_which_they_came() {
        let mut one = Collector::new(recipe(false, vec![]));
        one.update_batch(&[numbers(&[1, 2])]).unwrap();
        one.update_batch(&[numbers(&[3, 4])]).unwrap();
        one.retract_batch(&[numbers(&[1, 2, 3])]).unwrap();
        assert_eq!(one.evaluate().unwrap(), ScalarValue::Utf8View(Some("4".to_owned())));
    }
}
