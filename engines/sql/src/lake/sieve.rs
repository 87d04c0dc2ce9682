//! Filters over batches that were read: the cheap and the sharp ones first, and those that let everything through not
//! at all, as far as nobody relies on them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, BooleanArray};
use arrow::compute::{BatchCoalescer, filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::cast::as_boolean_array;
use datafusion::physical_expr::expressions::DynamicFilterPhysicalExpr;
use datafusion::physical_expr::utils::reassign_expr_columns;
use datafusion::physical_expr::{PhysicalExpr, split_conjunction};
use datafusion::physical_plan::metrics::Count;
use haar_kernel::Clock;

/// The order is thought over again after so many batches, and filters that do not pay are tried again.
const ROUND: u64 = 64;

/// A join's filter that lets so few of its rows through always pays: everything up to the join has less to do.
const SHARP: f64 = 0.003;

/// Nanoseconds that a row is believed to cost on its way to the join that would find no partner for it.
const WAY_NANOS: f64 = 6.0;

/// When so few rows are left, the other filters look only at them.
const FEW: f64 = 0.25;

/// What was seen of filters so far, by all that read the same table in one query.
#[derive(Debug)]
pub(super) struct Learned {
    filters: Vec<Seen>,
    whole: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    rows: AtomicU64,
    passed: AtomicU64,
    nanos: AtomicU64,
}

impl Seen {
    fn add(&self, rows: usize, passed: usize, nanos: u64) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        self.passed.fetch_add(passed as u64, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn passes(&self) -> Option<f64> {
        let rows = self.rows.load(Ordering::Relaxed);
        (rows > 0).then(|| self.passed.load(Ordering::Relaxed) as f64 / rows as f64)
    }

    /// Whether it keeps enough away to be worth its time, though a join would do so later; yes while nothing is known.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn pays(&self) -> bool {
        let Some(share) = self.passes() else { return true };
        let each = self.nanos.load(Ordering::Relaxed) as f64 / self.rows.load(Ordering::Relaxed) as f64;
        share <= SHARP || each < (1.0 - share) * WAY_NANOS
    }

    /// Nanoseconds for each row that it keeps away: less is better.
    #[expect(clippy::cast_precision_loss, reason = "an order")]
    fn price(&self) -> f64 {
        let kept_away = self.rows.load(Ordering::Relaxed).saturating_sub(self.passed.load(Ordering::Relaxed));
        self.nanos.load(Ordering::Relaxed) as f64 / (kept_away as f64 + 1.0)
    }
}

impl Learned {
    /// Of a predicate that nothing is known of.
    pub(super) fn nothing(predicate: &Arc<dyn PhysicalExpr>) -> Self {
        let filters = split_conjunction(predicate).into_iter().map(|_| Seen::default()).collect();
        Self { filters, whole: Seen::default() }
    }

    /// The share of rows that passes all filters, when enough were seen.
    pub(super) fn passes(&self, rows_min: u64) -> Option<f64> {
        self.whole.passes().filter(|_| self.whole.rows.load(Ordering::Relaxed) >= rows_min)
    }
}

/// The filters of one reader.
pub(super) struct Sieve {
    filters: Vec<Arc<dyn PhysicalExpr>>,
    /// Whether somebody looks again at what a filter lets through: a join's own filters may be left out.
    optional: Vec<bool>,
    order: Vec<usize>,
    learned: Arc<Learned>,
    rows_pruned: Count,
    clock: Clock,
    batches: u64,
    output: BatchCoalescer,
}

impl Sieve {
    /// Over batches of a schema, giving batches of about so many rows.
    pub(super) fn new(
        predicate: &Arc<dyn PhysicalExpr>,
        schema: &SchemaRef,
        learned: Arc<Learned>,
        rows_pruned: Count,
        batch_rows: usize,
    ) -> Result<Self> {
        let filters = split_conjunction(predicate);
        let optional = filters.iter().map(|filter| filter.is::<DynamicFilterPhysicalExpr>()).collect();
        let over = |filter: &Arc<dyn PhysicalExpr>| reassign_expr_columns(filter.clone(), schema.as_ref() as &Schema);
        let filters = filters.into_iter().map(over).collect::<Result<Vec<_>>>()?;
        let mut sieve = Self {
            order: (0..filters.len()).collect(),
            filters,
            optional,
            learned,
            rows_pruned,
            clock: Clock::system(),
            batches: 0,
            output: BatchCoalescer::new(schema.clone(), batch_rows)
                .with_biggest_coalesce_batch_size(Some(batch_rows / 2)),
        };
        sieve.arrange();
        Ok(sieve)
    }

    /// Takes a batch; what is left of it comes out of [`Sieve::next`].
    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let all = self.batches.is_multiple_of(ROUND);
        if all || self.batches.is_power_of_two() {
            self.arrange();
        }
        self.batches += 1;
        let (before, mut rows) = (batch.num_rows(), batch);
        let mut passed: Option<BooleanArray> = None;
        for at in self.order.clone() {
            if !all && self.optional[at] && !self.learned.filters[at].pays() {
                continue;
            }
            let left = passed.as_ref().map_or(rows.num_rows(), BooleanArray::true_count);
            if left == 0 {
                break;
            }
            if let Some(mask) = passed.take_if(|_| is_few(left, rows.num_rows())) {
                rows = filter_record_batch(&rows, &mask)?;
            }
            let stopwatch = self.clock.stopwatch();
            let values = self.filters[at].evaluate(&rows)?.into_array(rows.num_rows())?;
            let mask = as_boolean_array(&values)?;
            let mask = if mask.null_count() > 0 { prep_null_mask_filter(mask) } else { mask.clone() };
            let nanos = u64::try_from(stopwatch.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.learned.filters[at].add(rows.num_rows(), mask.true_count(), nanos);
            passed = Some(match passed {
                Some(others) => BooleanArray::new(others.values() & mask.values(), None),
                None => mask,
            });
        }
        let left = passed.as_ref().map_or(rows.num_rows(), BooleanArray::true_count);
        self.learned.whole.add(before, left, 0);
        self.rows_pruned.add(before - left);
        match passed {
            _ if left == 0 => {}
            Some(mask) if left < rows.num_rows() => self.output.push_batch_with_filter(rows, &mask)?,
            _ => self.output.push_batch(rows)?,
        }
        Ok(())
    }

    /// There is no more: what waits for company comes out, too.
    pub(super) fn finish(&mut self) -> Result<()> {
        Ok(self.output.finish_buffered_batch()?)
    }

    /// A batch of rows that passed.
    pub(super) fn next(&mut self) -> Option<RecordBatch> {
        self.output.next_completed_batch()
    }

    fn arrange(&mut self) {
        let learned = &self.learned.filters;
        self.order.sort_by(|one, other| learned[*one].price().total_cmp(&learned[*other].price()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn is_few(left: usize, rows: usize) -> bool {
    (left as f64) < rows as f64 * FEW
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::{ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use datafusion::logical_expr::Operator;
    use datafusion::physical_expr::conjunction;
    use datafusion::physical_expr::expressions::{BinaryExpr, Column, lit};

    use super::*;

    fn batch(values: impl Iterator<Item = Option<i64>>) -> RecordBatch {
        let values: ArrayRef = Arc::new(Int64Array::from_iter(values));
        RecordBatch::try_from_iter([("n", values.clone()), ("m", values)]).unwrap()
    }

    fn compare(column: &str, operator: Operator, value: i64) -> Arc<dyn PhysicalExpr> {
        Arc::new(BinaryExpr::new(Arc::new(Column::new(column, 0)), operator, lit(value)))
    }

    fn dynamic(filter: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
        Arc::new(DynamicFilterPhysicalExpr::new(vec![Arc::new(Column::new("n", 0))], filter))
    }

    fn sifted(filters: Vec<Arc<dyn PhysicalExpr>>, batches: Vec<RecordBatch>) -> (Vec<i64>, usize, Arc<Learned>) {
        let predicate = conjunction(filters);
        let (learned, pruned) = (Arc::new(Learned::nothing(&predicate)), Count::new());
        let schema = batches[0].schema();
        let mut sieve = Sieve::new(&predicate, &schema, learned.clone(), pruned.clone(), 100).unwrap();
        batches.into_iter().for_each(|batch| sieve.push(batch).unwrap());
        sieve.finish().unwrap();
        let mut left = Vec::new();
        while let Some(batch) = sieve.next() {
            left.extend(batch.column(0).as_primitive::<Int64Type>().values());
        }
        (left, pruned.value(), learned)
    }

    #[test]
    fn rows_pass_when_all_filters_are_true_of_them() {
        let filters = vec![compare("n", Operator::Gt, 2), compare("m", Operator::Lt, 6)];
        let with_null = [None, Some(1), Some(3), Some(5), Some(7)];
        let (left, pruned, learned) = sifted(filters, vec![batch(with_null.into_iter()), batch((0..8).map(Some))]);
        assert_eq!(left, [3, 5, 3, 4, 5]);
        assert_eq!(pruned, 8);
        assert_eq!(learned.passes(13), Some(5.0 / 13.0));
        assert_eq!(learned.passes(14), None, "too few rows to be believed");
    }

    #[test]
    fn only_filters_of_joins_are_left_out_when_they_keep_nothing_away() {
        let filters = vec![dynamic(compare("n", Operator::GtEq, 0)), compare("m", Operator::GtEq, -1)];
        let batches = 40;
        let (left, _, learned) = sifted(filters, (0..batches).map(|_| batch((0..50).map(Some))).collect());
        assert_eq!(left.len(), 2000);
        assert_eq!(learned.filters[0].rows.load(Ordering::Relaxed), 50, "seen once, then not again for a while");
        assert_eq!(learned.filters[1].rows.load(Ordering::Relaxed), 2000);
    }

    #[test]
    fn a_sharp_filter_of_a_join_stays() {
        let filters = vec![dynamic(compare("n", Operator::Gt, 998))];
        let (left, _, learned) = sifted(filters, (0..3).map(|_| batch((0..1000).map(Some))).collect());
        assert_eq!(left, [999, 999, 999]);
        assert_eq!(learned.filters[0].rows.load(Ordering::Relaxed), 3000);
    }
}
