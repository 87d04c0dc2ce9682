//! `array_sort`, by the elements' own order and by a lambda's.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::{SortOptions, take};
use arrow::datatypes::Int32Type;
use arrow::row::{RowConverter, SortField};
use datafusion::error::DataFusionError;

use crate::error::SqlError;
use crate::trino::functions::array::lists::{Lists, Picker};

use super::call::LambdaCall;

/// `array_sort(array)`: ascending, nulls last.
pub(super) fn array_sort(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let options = SortOptions { descending: false, nulls_first: false };
    let field = SortField::new_with_options(lists.values.data_type().clone(), options);
    let keys = RowConverter::new(vec![field])?.convert_columns(std::slice::from_ref(&lists.values))?;
    let mut order: Vec<usize> = (0..lists.values.len()).collect();
    for row in 0..call.rows {
        if let Some(elements) = lists.range(row) {
            order[elements].sort_by(|one, other| keys.row(*one).cmp(&keys.row(*other)));
        }
    }
    ordered(call, &lists, &order)
}

/// `array_sort(array, (x, y) -> integer)`.
///
/// A merge sort in which all merges of one round go side by side: each element looks by binary search for its place
/// among those of the run that its own is merged with, all elements of all rows together. So the lambda is called
/// about log² times, not once for each comparison.
pub(super) fn array_sort_by(call: &LambdaCall) -> Result<ArrayRef, DataFusionError> {
    let lists = call.lists(0)?;
    let rows = lists.row_numbers();
    let mut order: Vec<usize> = (0..lists.values.len()).collect();
    let longest = (0..call.rows).filter_map(|row| lists.length(row)).max().unwrap_or(0);
    let mut run = 1;
    while run < longest {
        order = merge_runs(call, &lists, &rows, &order, run)?;
        run *= 2;
    }
    ordered(call, &lists, &order)
}

/// An element of a run that looks for its place in the run after its own.
struct Search {
    /// The element's place in the order so far.
    from: usize,
    /// The elements of the other run from `low` to `high` may still be before it or after it.
    low: usize,
    high: usize,
}

/// Merges neighbouring runs of that length in each row.
fn merge_runs(
    call: &LambdaCall,
    lists: &Lists,
    rows: &UInt32Array,
    order: &[usize],
    run: usize,
) -> Result<Vec<usize>, DataFusionError> {
    let mut searches = Vec::new();
    // Both runs of each merge, and its first search.
    let mut merges = Vec::new();
    for row in 0..call.rows {
        let elements = lists.range(row).unwrap_or(0..0);
        for start in elements.clone().step_by(2 * run) {
            let middle = (start + run).min(elements.end);
            let end = (start + 2 * run).min(elements.end);
            merges.push((start..middle, middle..end, searches.len()));
            searches.extend((start..middle).map(|from| Search { from, low: middle, high: end }));
        }
    }
    loop {
        let open: Vec<usize> =
            (0..searches.len()).filter(|&index| searches[index].low < searches[index].high).collect();
        if open.is_empty() {
            break;
        }
        let middle = |search: &Search| search.low + (search.high - search.low) / 2;
        let (mut mine, mut theirs) = (Vec::with_capacity(open.len()), Vec::with_capacity(open.len()));
        for search in open.iter().map(|&index| &searches[index]) {
            mine.push(order[search.from] as u32);
            theirs.push(order[middle(search)] as u32);
        }
        let comparisons = compare(call, lists, rows, mine.into(), theirs.into())?;
        for (index, comparison) in open.into_iter().zip(comparisons) {
            let search = &mut searches[index];
            let middle = middle(search);
            // What is equal stays behind, so the sort is stable.
            if comparison > 0 { search.low = middle + 1 } else { search.high = middle }
        }
    }
    // Lambdas may contradict themselves (Trino's own example says of two nulls that each is before the other): places
    // that go backwards are not followed, and each element is taken once.
    let mut merged = Vec::with_capacity(order.len());
    for (left, right, first) in merges {
        let mut taken = right.start;
        for (search, from) in searches[first..].iter().zip(left) {
            let before = search.low.max(taken);
            merged.extend_from_slice(&order[taken..before]);
            merged.push(order[from]);
            taken = before;
        }
        merged.extend_from_slice(&order[taken..right.end]);
    }
    Ok(merged)
}

/// What the lambda says of pairs of elements.
fn compare(
    call: &LambdaCall,
    lists: &Lists,
    rows: &UInt32Array,
    mine: UInt32Array,
    theirs: UInt32Array,
) -> Result<Vec<i32>, DataFusionError> {
    let row_of = take(rows, &mine, None)?;
    let parameters = [take(&lists.values, &mine, None)?, take(&lists.values, &theirs, None)?];
    let said = call.apply(1, &parameters, row_of.as_primitive())?;
    let said = said.as_primitive::<Int32Type>();
    said.iter()
        .map(|comparison| match comparison {
            Some(comparison @ -1..=1) => Ok(comparison),
            _ => Err(SqlError::invalid_argument("Lambda comparator must return either -1, 0, or 1").into()),
        })
        .collect()
}

/// The arrays with their elements in that order.
fn ordered(call: &LambdaCall, lists: &Lists, order: &[usize]) -> Result<ArrayRef, DataFusionError> {
    let mut picker = Picker::with_capacity(call.rows);
    for row in 0..call.rows {
        match lists.range(row) {
            Some(elements) => {
                picker.pick_all(order[elements].iter().copied());
                picker.end_row();
            }
            None => picker.null_row(),
        }
    }
    Ok(picker.list(&lists.values, &call.returns)?)
}
