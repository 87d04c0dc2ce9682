//! Subqueries that DataFusion cannot turn into joins: those whose correlation is more than a few equalities.
//!
//! What DataFusion decorrelates itself is left to it; its own rules are tried on each subquery to find out. Any other
//! subquery is computed for all distinct values of the columns that it takes from outside at once: these values, the
//! domain, are joined in at its leaves, and carried through every operator up to its top, where an ordinary join meets
//! the rows outside (Neumann and Kemper, "Unnesting Arbitrary Queries"). Costs a second run of what is outside.

mod domain;

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchemaRef, NullEquality};
use datafusion::logical_expr::{EmptyRelation, Expr, Join, LogicalPlan, LogicalPlanBuilder, Subquery, lit};
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use datafusion::optimizer::{OptimizerContext, OptimizerRule};

use self::domain::Domain;
use super::{Planner, failure};
use crate::error::SqlError;

/// The plan without subqueries that DataFusion would refuse.
pub(super) fn decorrelate(planner: &Planner, plan: LogicalPlan) -> Result<LogicalPlan, SqlError> {
    let plan = match plan {
        LogicalPlan::Join(join) if matches!(join.right.as_ref(), LogicalPlan::Subquery(_)) => lateral(planner, join)?,
        plan => attach_all(planner, plan)?,
    };
    // Refusals are carried out of DataFusion's walk by its own error.
    let within = |plan: LogicalPlan| Ok(Transformed::yes(decorrelate(planner, plan)?));
    let plan = plan.map_children(within).map_err(failure)?.data;
    plan.map_subqueries(|subquery| match subquery {
        LogicalPlan::Subquery(subquery) => {
            let inner = decorrelate(planner, Arc::unwrap_or_clone(subquery.subquery))?;
            Ok(Transformed::yes(LogicalPlan::Subquery(Subquery { subquery: Arc::new(inner), ..subquery })))
        }
        other => Ok(Transformed::no(other)),
    })
    .map(|mapped| mapped.data)
    .map_err(failure)
}

fn refused() -> SqlError {
    SqlError::not_supported("Given correlated subquery is not supported")
}

/// Whether the plan, however deep, takes one of the columns from outside.
fn mentions(plan: &LogicalPlan, columns: &[Column]) -> bool {
    !outer_columns(plan, columns).is_empty()
}

/// Which of the columns the plan, however deep, takes from outside.
fn outer_columns(plan: &LogicalPlan, columns: &[Column]) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::OuterReferenceColumn(_, column) = part
                    && columns.contains(column)
                    && !found.contains(column)
                {
                    found.push(column.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    debug_assert!(walked.is_ok(), "the walk itself cannot fail");
    found
}

/// The subquery of an expression that is one.
fn subquery_of(expr: &Expr) -> Option<&Subquery> {
    match expr {
        Expr::ScalarSubquery(subquery) => Some(subquery),
        Expr::Exists(exists) => Some(&exists.subquery),
        Expr::InSubquery(found) => Some(&found.subquery),
        _ => None,
    }
}

/// Whether DataFusion makes a join of the subquery by itself.
pub(super) fn is_simple(expr: &Expr, outside: &DFSchemaRef) -> bool {
    let columns = outside.columns();
    let rows = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: outside.clone() });
    let context = OptimizerContext::new();
    let tried = match expr {
        Expr::ScalarSubquery(_) => LogicalPlanBuilder::from(rows)
            .project([expr.clone().alias("tried")])
            .and_then(LogicalPlanBuilder::build)
            .and_then(|plan| ScalarSubqueryToJoin::new().rewrite(plan, &context)),
        _ => LogicalPlanBuilder::from(rows)
            .filter(expr.clone())
            .and_then(LogicalPlanBuilder::build)
            .and_then(|plan| DecorrelatePredicateSubquery::new().rewrite(plan, &context)),
    };
    tried.is_ok_and(|plan| !mentions(&plan.data, &columns))
}

/// Joins what the node's subqueries give to its input.
fn attach_all(planner: &Planner, plan: LogicalPlan) -> Result<LogicalPlan, SqlError> {
    let inputs = plan.inputs();
    let [input] = inputs.as_slice() else { return Ok(plan) };
    let outside = input.schema().clone();
    let columns = outside.columns();
    let mut joined = (*input).clone();
    // DataFusion looks for subqueries in filters and projections only.
    let looked_at = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::Projection(_));
    let mut attached: Vec<(Expr, Expr)> = Vec::new();
    let mut exprs = Vec::new();
    for expr in plan.expressions() {
        let without = expr.transform_down(|part| {
            let Some(subquery) = subquery_of(&part) else { return Ok(Transformed::no(part)) };
            if let Some((_, value)) = attached.iter().find(|(known, _)| *known == part) {
                return Ok(Transformed::new(value.clone(), true, TreeNodeRecursion::Jump));
            }
            let needed = outer_columns(&subquery.subquery, &columns);
            if needed.is_empty() || looked_at && is_simple(&part, &outside) {
                return Ok(Transformed::new(part, false, TreeNodeRecursion::Jump));
            }
            let domain = Domain::new(planner, &joined, needed)?;
            let (plan, value) = attach(&domain, joined.clone(), &part)?;
            joined = plan;
            attached.push((part, value.clone()));
            Ok(Transformed::new(value, true, TreeNodeRecursion::Jump))
        });
        exprs.push(without.map_err(failure)?.data);
    }
    if attached.is_empty() {
        return Ok(plan);
    }
    let before = plan.schema().columns();
    let plan = plan.with_new_exprs(exprs, vec![joined]).map_err(failure)?;
    // Filters and sorts let all columns through: those that were joined end here.
    super::project(plan, before.into_iter().map(Expr::Column).collect())
}

/// The rows with what a subquery gives for each, and the expression that stands for it.
fn attach(domain: &Domain, rows: LogicalPlan, expr: &Expr) -> Result<(LogicalPlan, Expr), SqlError> {
    match expr {
        Expr::ScalarSubquery(subquery) => {
            let value = subquery.subquery.schema().columns().into_iter().next().ok_or_else(refused)?;
            let (pushed, keys) = domain.push(&subquery.subquery)?;
            let mut kept: Vec<_> = keys.iter().cloned().map(Expr::Column).collect();
            kept.push(Expr::Column(value.clone()));
            let pushed = super::project(pushed, kept)?;
            Ok((domain.join(rows, pushed, keys)?, Expr::Column(value)))
        }
        Expr::Exists(exists) => {
            let (pushed, keys) = domain.push(&exists.subquery.subquery)?;
            let mark = domain.planner.unique("exists");
            let mut kept: Vec<_> = keys.iter().cloned().map(Expr::Column).collect();
            kept.push(lit(true).alias(&mark));
            let pushed = LogicalPlanBuilder::from(pushed)
                .project(kept)
                .and_then(LogicalPlanBuilder::distinct)
                .and_then(LogicalPlanBuilder::build)
                .map_err(failure)?;
            let mark = Expr::Column(Column::from_name(mark));
            let found = if exists.negated { mark.is_null() } else { mark.is_not_null() };
            Ok((domain.join(rows, pushed, keys)?, found))
        }
        _ => Err(refused()),
    }
}

/// A join whose right side looks at the left.
fn lateral(planner: &Planner, mut join: Join) -> Result<LogicalPlan, SqlError> {
    let LogicalPlan::Subquery(subquery) = join.right.as_ref() else { return Err(refused()) };
    let needed = outer_columns(&subquery.subquery, &join.left.schema().columns());
    if needed.is_empty() {
        join.right = subquery.subquery.clone();
        return LogicalPlan::Join(join).recompute_schema().map_err(failure);
    }
    let before = join.schema.columns();
    let domain = Domain::new(planner, &join.left, needed)?;
    let (pushed, keys) = domain.push(&subquery.subquery)?;
    let filter = join.filter.map(|filter| domain.rebind(filter, &keys)).transpose()?;
    LogicalPlanBuilder::from(join.left.as_ref().clone())
        .join_detailed(pushed, join.join_type, (domain.columns.clone(), keys), filter, NullEquality::NullEqualsNull)
        .and_then(|plan| plan.project(before.into_iter().map(Expr::Column)))
        .and_then(LogicalPlanBuilder::build)
        .map_err(failure)
}
