//! States that take rows in, for many groups at once. An aggregate implements [`Groups`]; DataFusion gets it as an
//! accumulator of many groups or of one.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use crate::error::SqlError;

use super::function::{Running, Shape};

/// The states of an aggregate's groups, numbered from zero.
pub(super) trait Groups: Send + Sync {
    /// Takes rows in. `groups` says, for each, its group.
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError>;

    /// Takes saved states in, each into its group.
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError>;

    /// Makes room for that many groups; new ones have seen nothing.
    fn resize(&mut self, groups: usize);

    /// The states of the first groups, to be merged elsewhere.
    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError>;

    /// The results of the first groups, which stay as they are.
    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError>;

    /// Forgets the first groups; the others move up.
    fn drop_first(&mut self, groups: usize);

    /// Bytes that all states occupy.
    fn size_bytes(&self) -> usize;

    /// Whether rows can be taken out again exactly, which makes windows with moving frames cheap.
    fn retracts(&self) -> bool {
        false
    }

    /// Takes rows out of the first group that were taken in before.
    fn retract(&mut self, _columns: &[ArrayRef]) -> Result<(), SqlError> {
        Err(SqlError::internal("an aggregate that cannot take rows out"))
    }
}

/// States of one value per group, saved in as many arrays as each needs: the storage that most aggregates use.
pub(super) fn drop_first<T>(states: &mut Vec<T>, groups: usize) {
    states.drain(..groups.min(states.len()));
}

/// Many groups, as DataFusion's.
pub(super) struct Many {
    running: Running,
    shape: Shape,
    groups: Box<dyn Groups>,
    count: usize,
    /// What the states occupied when they were last asked, and rows since then: to ask all of them is worth it once in
    /// as many rows as there are groups.
    size_bytes: usize,
    rows_since: usize,
}

impl Many {
    pub(super) fn new(running: Running, shape: Shape) -> Result<Many, SqlError> {
        Ok(Many { running, groups: (running.start)(&shape)?, shape, count: 0, size_bytes: 0, rows_since: 0 })
    }

    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.count,
            EmitTo::First(count) => count,
        }
    }

    fn resize(&mut self, count: usize) {
        self.count = count;
        self.groups.resize(count);
    }

    fn drop_first(&mut self, emitted: usize) {
        self.groups.drop_first(emitted);
        self.count -= emitted;
        self.size_bytes = self.groups.size_bytes();
    }

    fn measure(&mut self, rows: usize) {
        self.rows_since += rows;
        if self.rows_since >= self.count {
            self.rows_since = 0;
            self.size_bytes = self.groups.size_bytes();
        }
    }
}

/// The rows that pass a filter.
fn passing(
    values: &[ArrayRef],
    groups: &[usize],
    chosen: &BooleanArray,
) -> Result<(Vec<ArrayRef>, Vec<usize>), DataFusionError> {
    let values = values.iter().map(|column| filter(column, chosen)).collect::<Result<_, _>>()?;
    let passes = |row: usize| chosen.is_valid(row) && chosen.value(row);
    let groups = groups.iter().enumerate().filter(|(row, _)| passes(*row)).map(|(_, group)| *group).collect();
    Ok((values, groups))
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<(), DataFusionError> {
        self.resize(total_num_groups);
        match opt_filter {
            None => self.groups.update(values, group_indices)?,
            Some(chosen) => {
                let (values, groups) = passing(values, group_indices, chosen)?;
                self.groups.update(&values, &groups)?;
            }
        }
        self.measure(group_indices.len());
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef, DataFusionError> {
        let emitted = self.emitted(emit_to);
        let results = self.groups.results(emitted)?;
        self.drop_first(emitted);
        Ok(results)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>, DataFusionError> {
        let emitted = self.emitted(emit_to);
        let states = self.groups.state(emitted)?;
        self.drop_first(emitted);
        Ok(states)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<(), DataFusionError> {
        self.resize(total_num_groups);
        self.groups.merge(values, group_indices)?;
        self.measure(group_indices.len());
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>, DataFusionError> {
        // Each row is a group of its own.
        let rows = values.first().map_or(0, |column| column.len());
        let mut single = Many::new(self.running, self.shape.clone())?;
        single.update_batch(values, &(0..rows).collect::<Vec<_>>(), opt_filter, rows)?;
        single.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.size_bytes
    }
}

/// The only value of an array. DataFusion's own conversion forgets what the fields of nested types say.
pub(super) fn scalar(array: &ArrayRef) -> Result<ScalarValue, DataFusionError> {
    match array.data_type() {
        DataType::List(_) => Ok(ScalarValue::List(Arc::new(array.as_list().clone()))),
        DataType::Map(..) => Ok(ScalarValue::Map(Arc::new(array.as_map().clone()))),
        DataType::Struct(_) => Ok(ScalarValue::Struct(Arc::new(array.as_struct().clone()))),
        _ => ScalarValue::try_from_array(array, 0),
    }
}

/// One group, as DataFusion's.
pub(super) struct One(Box<dyn Groups>);

impl One {
    pub(super) fn new(running: Running, shape: &Shape) -> Result<One, SqlError> {
        let mut groups = (running.start)(shape)?;
        groups.resize(1);
        Ok(One(groups))
    }
}

impl fmt::Debug for One {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("One")
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        let rows = values.first().map_or(0, |column| column.len());
        Ok(self.0.update(values, &vec![0; rows])?)
    }

    fn evaluate(&mut self) -> Result<ScalarValue, DataFusionError> {
        scalar(&self.0.results(1)?)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size_bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>, DataFusionError> {
        self.0.state(1)?.iter().map(scalar).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<(), DataFusionError> {
        let rows = states.first().map_or(0, |state| state.len());
        Ok(self.0.merge(states, &vec![0; rows])?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        Ok(self.0.retract(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.0.retracts()
    }
}
