//! Aggregates that say what values there are, roughly: `numeric_histogram` and `approx_most_frequent`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Float64Type, Int64Type};

use crate::error::SqlError;
use crate::trino::functions::array::lists::map;

use super::collected::Group;
use super::function::{Aggregate, How, aggregate, overload};
use super::maps::{grouped, one_map};

pub(super) fn functions() -> Vec<Aggregate> {
    vec![
        aggregate(
            "numeric_histogram",
            [
                overload("(bigint, real) -> map(real,real)", How::Collected(numeric_histogram)),
                overload("(bigint, double) -> map(double,double)", How::Collected(numeric_histogram)),
                overload("(bigint, real, double) -> map(real,real)", How::Collected(numeric_histogram)),
                overload("(bigint, double, double) -> map(double,double)", How::Collected(numeric_histogram)),
            ],
        ),
        aggregate(
            "approx_most_frequent",
            [
                overload("(bigint, bigint, bigint) -> map(bigint,bigint)", How::Collected(most_frequent)),
                overload("(bigint, varchar, bigint) -> map(varchar,bigint)", How::Collected(most_frequent)),
            ],
        ),
    ]
}

/// The number that an argument which is the same for all rows has.
fn parameter(group: &Group, column: usize) -> i64 {
    group.columns[column].as_primitive::<Int64Type>().value(0)
}

/// Values as so many buckets at most, each with a mean and a weight: neighbours are merged where that changes the
/// variance least, as Trino does it.
fn numeric_histogram(group: &Group) -> Result<ArrayRef, SqlError> {
    if group.rows() == 0 {
        return Ok(new_null_array(group.returns, 1));
    }
    let limit = parameter(group, 0);
    if limit < 2 {
        return Err(SqlError::invalid_argument("numeric_histogram bucket count must be greater than one"));
    }
    let values = arrow::compute::cast(&group.columns[1], &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    let weights = group.columns.get(2).map(|weights| weights.as_primitive::<Float64Type>());
    let weight = |row: usize| match weights {
        Some(weights) => weights.is_valid(row).then(|| weights.value(row)),
        None => Some(1.0),
    };
    let present = (0..group.rows()).filter(|row| values.is_valid(*row));
    let mut rows: Vec<(f64, f64)> = present.filter_map(|row| Some((values.value(row), weight(row)?))).collect();
    if rows.is_empty() {
        return Ok(new_null_array(group.returns, 1));
    }
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for (value, weight) in rows {
        match buckets.last_mut() {
            Some(last) if last.0 == value => last.1 += weight,
            _ => buckets.push((value, weight)),
        }
    }
    merge_buckets(&mut buckets, limit as usize);
    let keys = Float64Array::from_iter_values(buckets.iter().map(|(value, _)| *value));
    let weights = Float64Array::from_iter_values(buckets.iter().map(|(_, weight)| *weight));
    map(group.returns, OffsetBuffer::from_lengths([keys.len()]), Arc::new(keys), Arc::new(weights), None)
}

/// What merging two buckets costs: the growth of the variance.
fn penalty((value, weight): (f64, f64), (other, other_weight): (f64, f64)) -> f64 {
    let together = weight + other_weight;
    together * (value - other).powi(2) * (weight * other_weight / (together * together))
}

/// Merges neighbouring buckets until there are as few as wanted.
fn merge_buckets(buckets: &mut Vec<(f64, f64)>, limit: usize) {
    // The cheapest merge comes first: by its cost, then by its place. What a bucket was when its cost was computed is
    // known by its version.
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    let count = buckets.len();
    let mut next: Vec<usize> = (1..=count).collect();
    let mut previous: Vec<usize> = (0..count).map(|index| index.wrapping_sub(1)).collect();
    let mut version = vec![0_u32; count];
    let mut alive = vec![true; count];
    let key = |cost: f64| cost.to_bits();
    let mut queue: BinaryHeap<Reverse<(u64, usize, u32, u32)>> = (0..count.saturating_sub(1))
        .map(|index| Reverse((key(penalty(buckets[index], buckets[index + 1])), index, 0, 0)))
        .collect();
    let mut remaining = count;
    while remaining > limit {
        let Some(Reverse((_, left, left_version, right_version))) = queue.pop() else { break };
        let right = next[left];
        let stale = !alive[left] || right >= count || version[left] != left_version || version[right] != right_version;
        if stale {
            continue;
        }
        let (one, other) = (buckets[left], buckets[right]);
        let weight = one.1 + other.1;
        buckets[left] = ((one.0 * one.1 + other.0 * other.1) / weight, weight);
        version[left] += 1;
        alive[right] = false;
        version[right] += 1;
        next[left] = next[right];
        if next[left] < count {
            previous[next[left]] = left;
        }
        remaining -= 1;
        let mut offer = |left: usize, right: usize| {
            if left < count && right < count {
                let cost = key(penalty(buckets[left], buckets[right]));
                queue.push(Reverse((cost, left, version[left], version[right])));
            }
        };
        offer(left, next[left]);
        offer(previous[left], left);
    }
    let mut index = 0;
    buckets.retain(|_| {
        index += 1;
        alive[index - 1]
    });
}

/// The most frequent values with their counts. They are counted exactly, so `capacity` is not needed.
fn most_frequent(group: &Group) -> Result<ArrayRef, SqlError> {
    if group.rows() == 0 {
        return Ok(new_null_array(group.returns, 1));
    }
    let buckets = parameter(group, 0);
    if buckets < 2 {
        return Err(SqlError::invalid_argument(
            "approx_most_frequent bucket count must be greater than one, input bucket count: ".to_owned()
                + &buckets.to_string(),
        ));
    }
    let mut groups = grouped(&group.columns[1], 0..group.rows())?;
    if groups.is_empty() {
        return Ok(new_null_array(group.returns, 1));
    }
    groups.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    groups.truncate(buckets as usize);
    let counts = Int64Array::from_iter_values(groups.iter().map(|rows| rows.len() as i64));
    one_map(group, &group.columns[1], groups.iter().map(|rows| rows[0]), Arc::new(counts))
}
