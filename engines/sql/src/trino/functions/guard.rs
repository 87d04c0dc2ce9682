//! Keeps conditions that can fail behind those that cannot, wherever the optimizer has put them.
//!
//! [`logical::and`] guards what stands in one `WHERE`. DataFusion also merges filters of nested queries, and cuts a
//! filter into pieces for the scan; the pieces that can fail get all others of the same place as guards here.

use datafusion::common::tree_node::Transformed;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use super::logical::{can_fail, guarded, is_guarded};

/// The rule; it belongs behind all others.
#[derive(Debug)]
pub(crate) struct GuardFilters;

impl OptimizerRule for GuardFilters {
    fn name(&self) -> &str {
        "guard_filters"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>, DataFusionError> {
        match plan {
            LogicalPlan::Filter(mut filter) if needs_guards(std::slice::from_ref(&filter.predicate)) => {
                let conditions = with_guards(split_conjunction_owned(filter.predicate));
                filter.predicate = conjunction(conditions)
                    .ok_or_else(|| DataFusionError::Internal("a filter without conditions".to_owned()))?;
                Ok(Transformed::yes(LogicalPlan::Filter(filter)))
            }
            LogicalPlan::TableScan(mut scan) if needs_guards(&scan.filters) => {
                scan.filters = with_guards(scan.filters);
                Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// Whether some condition can fail, has no guard yet, and could have one.
fn needs_guards(filters: &[Expr]) -> bool {
    let conditions: Vec<_> = filters.iter().cloned().flat_map(split_conjunction_owned).collect();
    conditions.iter().any(|condition| can_fail(condition) && !is_guarded(condition))
        && conditions.iter().any(|condition| !can_fail(condition))
}

fn with_guards(conditions: Vec<Expr>) -> Vec<Expr> {
    let guards = conditions.iter().filter(|condition| !can_fail(condition)).cloned();
    let Some(guard) = conjunction(guards) else { return conditions };
    let wrap = |condition: Expr| {
        if can_fail(&condition) && !is_guarded(&condition) { guarded(guard.clone(), condition) } else { condition }
    };
    conditions.into_iter().map(wrap).collect()
}
