//! Aggregates of sketches: `approx_distinct`, `approx_set`, `tdigest_agg`, `merge` of both, and `approx_percentile`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, Float64Builder, Int64Array, ListBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};

use crate::error::SqlError;
use crate::trino::functions::array::lists::{Lists, element_field, list};

use super::function::{Aggregate, How, Overload, Running, Shape, aggregate, overload};
use super::groups::{Groups, drop_first};
use super::hash::hashes;
use super::hyperloglog::HyperLogLog;
use super::tdigest::TDigest;

/// What is asked of a sketch.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    Count,
    Sketch,
}

pub(super) fn functions() -> Vec<Aggregate> {
    let sketch = |signature: &str, start| overload(signature, How::Running(Running { state: binary, start }));
    vec![
        aggregate(
            "approx_distinct",
            [sketch("(T) -> bigint", approx_distinct), sketch("(T, double) -> bigint", approx_distinct)],
        )
        .zero(),
        aggregate(
            "approx_set",
            [sketch("(T) -> HyperLogLog", approx_set), sketch("(T, double) -> HyperLogLog", approx_set)],
        ),
        aggregate(
            "merge",
            [
                sketch("(HyperLogLog) -> HyperLogLog", merge_sketches),
                overload("(tdigest) -> tdigest", How::Running(Running { state: digest_state, start: merge_digests })),
            ],
        ),
        aggregate("tdigest_agg", [digest("(double) -> tdigest", 0), digest("(double, double) -> tdigest", 1)]),
        aggregate("approx_percentile", percentiles()),
    ]
}

/// The forms of `approx_percentile`: of three types, with and without weights, of one percentage and of several.
fn percentiles() -> Vec<Overload> {
    let mut overloads = Vec::new();
    for of in ["bigint", "double", "real"] {
        overloads.push(digest(&format!("({of}, double) -> {of}"), 2));
        overloads.push(digest(&format!("({of}, array(double)) -> array({of})"), 2));
        overloads.push(digest(&format!("({of}, double, double) -> {of}"), 3));
        overloads.push(digest(&format!("({of}, double, array(double)) -> array({of})"), 3));
        // The accuracy of a structure that is not used any more; it is taken and changes nothing.
        overloads.push(digest(&format!("({of}, double, double, double) -> {of}"), 3));
    }
    overloads
}

/// An overload over digests. `form` tells whether weights (1) and percentages (2) are among the arguments.
fn digest(signature: &str, form: u8) -> Overload {
    let start = match form {
        0 => |shape: &Shape| Digests::boxed(shape, false, false),
        1 => |shape: &Shape| Digests::boxed(shape, true, false),
        2 => |shape: &Shape| Digests::boxed(shape, false, true),
        _ => |shape: &Shape| Digests::boxed(shape, true, true),
    };
    overload(signature, How::Running(Running { state: digest_state, start }))
}

fn binary(_: &Shape) -> Vec<DataType> {
    vec![DataType::Binary]
}

fn approx_distinct(_: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Sketches { wanted: Wanted::Count, merging: false, groups: Vec::new() }))
}

fn approx_set(_: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Sketches { wanted: Wanted::Sketch, merging: false, groups: Vec::new() }))
}

fn merge_sketches(_: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Sketches { wanted: Wanted::Sketch, merging: true, groups: Vec::new() }))
}

/// The sketch of each group that has seen values.
struct Sketches {
    wanted: Wanted,
    /// The rows are sketches themselves.
    merging: bool,
    groups: Vec<Option<HyperLogLog>>,
}

impl Groups for Sketches {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        if self.merging {
            return self.merge(columns, groups);
        }
        let errors = columns.get(1).map(|errors| errors.as_primitive::<Float64Type>());
        for (row, hash) in hashes(&columns[0])?.into_iter().enumerate() {
            let Some(hash) = hash else { continue };
            let group = &mut self.groups[groups[row]];
            if group.is_none() {
                *group = Some(match errors {
                    Some(errors) => HyperLogLog::with_standard_error(errors.value(row))?,
                    None => HyperLogLog::default(),
                });
            }
            if let Some(sketch) = group {
                sketch.add(hash);
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        for (bytes, group) in states[0].as_binary::<i32>().iter().zip(groups) {
            let Some(bytes) = bytes else { continue };
            let sketch = HyperLogLog::read(bytes)?;
            match &mut self.groups[*group] {
                Some(known) => known.add_all(&sketch)?,
                none => *none = Some(sketch),
            }
        }
        Ok(())
    }

    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, None);
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let sketches = self.groups[..groups].iter().map(|sketch| sketch.as_ref().map(HyperLogLog::write));
        Ok(vec![Arc::new(sketches.collect::<BinaryArray>())])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        if self.wanted == Wanted::Sketch {
            return Ok(self.state(groups)?.swap_remove(0));
        }
        let counts = self.groups[..groups].iter();
        let counts = counts.map(|sketch| sketch.as_ref().map_or(0, HyperLogLog::cardinality));
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.groups, groups);
    }

    fn size_bytes(&self) -> usize {
        self.groups.iter().flatten().map(HyperLogLog::size_bytes).sum::<usize>()
            + self.groups.capacity() * size_of::<Option<HyperLogLog>>()
    }
}

/// A digest, and the percentages that are asked for.
fn digest_state(_: &Shape) -> Vec<DataType> {
    let percentages = Field::new_list_field(DataType::Float64, true);
    vec![DataType::Binary, DataType::List(Arc::new(percentages))]
}

fn merge_digests(shape: &Shape) -> Result<Box<dyn Groups>, SqlError> {
    Ok(Box::new(Digests {
        weighted: false,
        asked: false,
        merging: true,
        groups: Vec::new(),
        returns: shape.returns.clone(),
    }))
}

/// The digest of a group, and the percentages that its rows ask for.
#[derive(Clone, Default)]
struct Asked {
    digest: TDigest,
    percentages: Vec<f64>,
}

/// The digest of each group.
struct Digests {
    /// The second argument is a weight.
    weighted: bool,
    /// Percentages follow.
    asked: bool,
    /// The rows are digests themselves.
    merging: bool,
    groups: Vec<Asked>,
    returns: DataType,
}

impl Digests {
    fn boxed(shape: &Shape, weighted: bool, asked: bool) -> Result<Box<dyn Groups>, SqlError> {
        Ok(Box::new(Digests { weighted, asked, merging: false, groups: Vec::new(), returns: shape.returns.clone() }))
    }

    fn add_digests(&mut self, digests: &ArrayRef, groups: &[usize]) -> Result<(), SqlError> {
        for (bytes, group) in digests.as_binary::<i32>().iter().zip(groups) {
            if let Some(bytes) = bytes {
                self.groups[*group].digest.add_all(&TDigest::read(bytes)?);
            }
        }
        Ok(())
    }

    /// Remembers the percentages of the rows; they are the same for all.
    fn ask(&mut self, percentages: &ArrayRef, groups: &[usize]) -> Result<(), SqlError> {
        if let Some(percentages) = percentages.as_primitive_opt::<Float64Type>() {
            for (row, group) in groups.iter().enumerate().filter(|(row, _)| percentages.is_valid(*row)) {
                if self.groups[*group].percentages.is_empty() {
                    self.groups[*group].percentages.push(share(percentages.value(row))?);
                }
            }
            return Ok(());
        }
        let lists = Lists::of(percentages)?;
        let values = lists.values.as_primitive::<Float64Type>();
        for (row, group) in groups.iter().enumerate() {
            if !self.groups[*group].percentages.is_empty() {
                continue;
            }
            for element in lists.range(row).unwrap_or(0..0) {
                if values.is_null(element) {
                    return Err(SqlError::invalid_argument("Percentile cannot be null"));
                }
                self.groups[*group].percentages.push(share(values.value(element))?);
            }
        }
        Ok(())
    }

    /// What the digests say, group after group: as many numbers as there are percentages.
    fn answers(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        let whole = match &self.returns {
            DataType::List(element) => element.data_type() == &DataType::Int64,
            other => other == &DataType::Int64,
        };
        let mut answers = Vec::new();
        for asked in self.groups[..groups].iter_mut().filter(|asked| !asked.digest.is_empty()) {
            for percentage in &asked.percentages {
                let answer = asked.digest.value_at(*percentage);
                answers.push(if whole { (answer + 0.5).floor() } else { answer });
            }
        }
        Ok(Arc::new(Float64Array::from(answers)))
    }
}

fn share(percentage: f64) -> Result<f64, SqlError> {
    if (0.0..=1.0).contains(&percentage) {
        return Ok(percentage);
    }
    Err(SqlError::invalid_argument("Percentile must be between 0 and 1"))
}

impl Groups for Digests {
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        if self.merging {
            return self.add_digests(&columns[0], groups);
        }
        if columns[0].data_type() == &DataType::Int64 {
            let numbers = columns[0].as_primitive::<Int64Type>();
            if let Some(number) = numbers.iter().flatten().find(|number| i128::from(*number) != *number as f64 as i128)
            {
                let message = format!("no exact double representation for long: {number}");
                return Err(SqlError::invalid_argument(message));
            }
        }
        let values = cast(&columns[0], &DataType::Float64)?;
        let values = values.as_primitive::<Float64Type>();
        let weights = self.weighted.then(|| columns[1].as_primitive::<Float64Type>());
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| values.is_valid(*row)) {
            let weight = match weights {
                Some(weights) if weights.is_null(row) => continue,
                Some(weights) => weights.value(row),
                None => 1.0,
            };
            self.groups[*group].digest.add(values.value(row), weight)?;
        }
        if self.asked {
            self.ask(&columns[1 + usize::from(self.weighted)], groups)?;
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<(), SqlError> {
        self.add_digests(&states[0], groups)?;
        self.ask(&states[1], groups)
    }

    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups, Asked::default());
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>, SqlError> {
        let mut percentages = ListBuilder::new(Float64Builder::new());
        let mut digests = Vec::with_capacity(groups);
        for asked in &mut self.groups[..groups] {
            digests.push((!asked.digest.is_empty()).then(|| asked.digest.write()));
            percentages.values().append_slice(&asked.percentages);
            percentages.append(true);
        }
        Ok(vec![Arc::new(digests.into_iter().collect::<BinaryArray>()), Arc::new(percentages.finish())])
    }

    fn results(&mut self, groups: usize) -> Result<ArrayRef, SqlError> {
        if self.returns == DataType::Binary {
            return Ok(self.state(groups)?.swap_remove(0));
        }
        let seen: Vec<bool> = self.groups[..groups].iter().map(|asked| !asked.digest.is_empty()).collect();
        let answers = self.answers(groups)?;
        if let DataType::List(_) = &self.returns {
            let lengths = self.groups[..groups].iter().zip(&seen);
            let lengths = lengths.map(|(asked, seen)| if *seen { asked.percentages.len() } else { 0 });
            let values = cast(&answers, element_field(&self.returns)?.data_type())?;
            return list(&self.returns, OffsetBuffer::from_lengths(lengths), values, Some(NullBuffer::from(seen)));
        }
        let mut answers = answers.as_primitive::<Float64Type>().iter().flatten();
        let one: Float64Array = seen.iter().map(|seen| if *seen { answers.next() } else { None }).collect();
        Ok(cast(&one, &self.returns)?)
    }

    fn drop_first(&mut self, groups: usize) {
        drop_first(&mut self.groups, groups);
    }

    fn size_bytes(&self) -> usize {
        self.groups.iter().map(|asked| asked.digest.size_bytes() + asked.percentages.capacity() * 8).sum()
    }
}
