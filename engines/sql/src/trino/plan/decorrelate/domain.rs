//! A subquery for all values that it takes from outside at once: the domain of these values is joined in at the leaves
//! of its plan, and carried through every operator to its top.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, NullEquality, Spans};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::{GroupingSet, WindowFunction};
use datafusion::logical_expr::{
    Aggregate, Case, Distinct, Expr, FetchType, Join, Limit, LogicalPlan, LogicalPlanBuilder, Operator, SkipType,
    Subquery, Unnest, WindowFrame, binary_expr, lit,
};

use super::{lateral, mentions, refused};
use crate::error::SqlError;
use crate::trino::plan::{Planner, failure};

/// The distinct values that a subquery takes from outside.
pub(super) struct Domain<'d> {
    pub(super) planner: &'d Planner<'d>,
    values: LogicalPlan,
    pub(super) columns: Vec<Column>,
}

/// A plan that carries the domain, and what the domain's columns are called in it.
pub(super) type Pushed = (LogicalPlan, Vec<Column>);

impl<'d> Domain<'d> {
    pub(super) fn new(
        planner: &'d Planner<'d>,
        outside: &LogicalPlan,
        columns: Vec<Column>,
    ) -> Result<Domain<'d>, SqlError> {
        let values = LogicalPlanBuilder::from(outside.clone())
            .project(columns.iter().cloned().map(Expr::Column))
            .and_then(LogicalPlanBuilder::distinct)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        Ok(Domain { planner, values, columns })
    }

    /// The domain under names of its own.
    fn leaf(&self) -> Result<Pushed, SqlError> {
        let names: Vec<_> = self.columns.iter().map(|column| self.planner.unique(&column.name)).collect();
        let renamed = self.columns.iter().zip(&names).map(|(column, name)| Expr::Column(column.clone()).alias(name));
        let plan = LogicalPlanBuilder::from(self.values.clone()).project(renamed).and_then(LogicalPlanBuilder::build);
        Ok((plan.map_err(failure)?, names.into_iter().map(Column::from_name).collect()))
    }

    /// The rows outside with those of the subquery that belong to them, if there are any.
    pub(super) fn join(
        &self,
        rows: LogicalPlan,
        pushed: LogicalPlan,
        keys: Vec<Column>,
    ) -> Result<LogicalPlan, SqlError> {
        LogicalPlanBuilder::from(rows)
            .join_detailed(pushed, JoinType::Left, (self.columns.clone(), keys), None, NullEquality::NullEqualsNull)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)
    }

    /// The expression with the domain's columns in place of those from outside. Subqueries in it see them a level
    /// nearer.
    pub(super) fn rebind(&self, expr: Expr, keys: &[Column]) -> Result<Expr, SqlError> {
        let key = |column: &Column| self.columns.iter().position(|known| known == column).map(|at| keys[at].clone());
        let inside = |plan: LogicalPlan| {
            plan.transform_down_with_subqueries(|node| {
                node.map_expressions(|expr| {
                    expr.transform(|part| match part {
                        Expr::OuterReferenceColumn(field, column) => Ok(match key(&column) {
                            Some(key) => Transformed::yes(Expr::OuterReferenceColumn(field, key)),
                            None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
                        }),
                        part => Ok(Transformed::no(part)),
                    })
                })
            })
        };
        let renewed = |subquery: Subquery| -> datafusion::error::Result<Subquery> {
            let plan = inside(Arc::unwrap_or_clone(subquery.subquery))?.data;
            let outer_ref_columns = plan.all_out_ref_exprs();
            Ok(Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() })
        };
        let bound = expr.transform(|part| {
            Ok(match part {
                Expr::OuterReferenceColumn(field, column) => match key(&column) {
                    Some(key) => Transformed::yes(Expr::Column(key)),
                    None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
                },
                Expr::ScalarSubquery(subquery) => Transformed::yes(Expr::ScalarSubquery(renewed(subquery)?)),
                Expr::Exists(mut exists) => {
                    exists.subquery = renewed(exists.subquery)?;
                    Transformed::yes(Expr::Exists(exists))
                }
                Expr::InSubquery(mut found) => {
                    found.subquery = renewed(found.subquery)?;
                    Transformed::yes(Expr::InSubquery(found))
                }
                part => Transformed::no(part),
            })
        });
        Ok(bound.map_err(failure)?.data)
    }

    fn rebind_all(&self, exprs: &[Expr], keys: &[Column]) -> Result<Vec<Expr>, SqlError> {
        exprs.iter().map(|expr| self.rebind(expr.clone(), keys)).collect()
    }

    /// The plan for all values of the domain at once.
    pub(super) fn push(&self, plan: &LogicalPlan) -> Result<Pushed, SqlError> {
        if !mentions(plan, &self.columns) {
            let (values, keys) = self.leaf()?;
            let plan = LogicalPlanBuilder::from(values).cross_join(plan.clone()).and_then(LogicalPlanBuilder::build);
            return Ok((plan.map_err(failure)?, keys));
        }
        match plan {
            LogicalPlan::Projection(projection) => {
                let (input, keys) = self.push(&projection.input)?;
                let mut exprs: Vec<_> = keys.iter().cloned().map(Expr::Column).collect();
                exprs.extend(self.rebind_all(&projection.expr, &keys)?);
                let plan = LogicalPlanBuilder::from(input).project(exprs).and_then(LogicalPlanBuilder::build);
                Ok((plan.map_err(failure)?, keys))
            }
            LogicalPlan::Filter(filter) => {
                let (input, keys) = self.push(&filter.input)?;
                let predicate = self.rebind(filter.predicate.clone(), &keys)?;
                let plan = LogicalPlanBuilder::from(input).filter(predicate).and_then(LogicalPlanBuilder::build);
                Ok((plan.map_err(failure)?, keys))
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let (input, keys) = self.push(&alias.input)?;
                let mut exprs: Vec<_> = keys.iter().cloned().map(Expr::Column).collect();
                exprs.extend(alias.input.schema().columns().into_iter().map(|column| {
                    let name = column.name.clone();
                    Expr::Column(column).alias_qualified(Some(alias.alias.clone()), name)
                }));
                let plan = LogicalPlanBuilder::from(input).project(exprs).and_then(LogicalPlanBuilder::build);
                Ok((plan.map_err(failure)?, keys))
            }
            // Without a limit, the order of rows inside a subquery means nothing.
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => self.push(&sort.input),
            LogicalPlan::Limit(limit) => self.push_limit(limit),
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let (input, keys) = self.push(input)?;
                let plan = LogicalPlanBuilder::from(input).distinct().and_then(LogicalPlanBuilder::build);
                Ok((plan.map_err(failure)?, keys))
            }
            LogicalPlan::Aggregate(aggregate) => self.push_aggregate(aggregate),
            LogicalPlan::Window(window) => {
                let (input, keys) = self.push(&window.input)?;
                let mut exprs = self.rebind_all(&window.window_expr, &keys)?;
                for expr in &mut exprs {
                    partition(expr, &keys);
                }
                let plan = LogicalPlanBuilder::from(input).window(exprs).and_then(LogicalPlanBuilder::build);
                Ok((plan.map_err(failure)?, keys))
            }
            LogicalPlan::Union(union) => {
                let names: Vec<_> = self.columns.iter().map(|column| self.planner.unique(&column.name)).collect();
                let mut all: Option<LogicalPlanBuilder> = None;
                for input in &union.inputs {
                    let (pushed, keys) = self.push(input)?;
                    let mut exprs: Vec<_> =
                        keys.into_iter().zip(&names).map(|(key, name)| Expr::Column(key).alias(name)).collect();
                    exprs.extend(input.schema().columns().into_iter().map(Expr::Column));
                    let side = LogicalPlanBuilder::from(pushed).project(exprs).map_err(failure)?;
                    all = Some(match all {
                        Some(before) => before.union(side.build().map_err(failure)?).map_err(failure)?,
                        None => side,
                    });
                }
                let plan = all.ok_or_else(refused)?.build().map_err(failure)?;
                Ok((plan, names.into_iter().map(Column::from_name).collect()))
            }
            LogicalPlan::Unnest(unnest) => self.push_unnest(unnest),
            LogicalPlan::Join(join) if matches!(join.right.as_ref(), LogicalPlan::Subquery(_)) => {
                self.push(&lateral(self.planner, join.clone())?)
            }
            LogicalPlan::Join(join) => self.push_join(join),
            _ => Err(refused()),
        }
    }

    /// The first rows for each value of the domain.
    fn push_limit(&self, limit: &Limit) -> Result<Pushed, SqlError> {
        let (SkipType::Literal(skip), FetchType::Literal(fetch)) =
            (limit.get_skip_type().map_err(failure)?, limit.get_fetch_type().map_err(failure)?)
        else {
            return Err(refused());
        };
        // A projection may stand between the limit and its sort.
        let sorts = match limit.input.as_ref() {
            LogicalPlan::Sort(sort) => sort.expr.clone(),
            LogicalPlan::Projection(projection) => match projection.input.as_ref() {
                LogicalPlan::Sort(_) => return Err(refused()),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let before = limit.input.schema().columns();
        let (input, keys) = self.push(&limit.input)?;
        let mut number = WindowFunction::new(row_number_udwf(), Vec::new());
        number.params.partition_by = keys.iter().cloned().map(Expr::Column).collect();
        number.params.window_frame = WindowFrame::new((!sorts.is_empty()).then_some(false));
        number.params.order_by = sorts;
        let name = self.planner.unique("number");
        let numbered = Expr::WindowFunction(Box::new(number)).alias(&name);
        let number = Expr::Column(Column::from_name(&name));
        let mut chosen = number.clone().gt(lit(skip as u64));
        if let Some(fetch) = fetch {
            chosen = chosen.and(number.lt_eq(lit(skip.saturating_add(fetch) as u64)));
        }
        let kept = keys.iter().cloned().chain(before).map(Expr::Column);
        let plan = LogicalPlanBuilder::from(input)
            .window([numbered])
            .and_then(|plan| plan.filter(chosen))
            .and_then(|plan| plan.project(kept))
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        Ok((plan, keys))
    }

    /// Groups within each value of the domain. A value without rows still has the one row of a global aggregate.
    fn push_aggregate(&self, aggregate: &Aggregate) -> Result<Pushed, SqlError> {
        let (input, keys) = self.push(&aggregate.input)?;
        let columns = || keys.iter().cloned().map(Expr::Column);
        let groups = match aggregate.group_expr.as_slice() {
            [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => {
                let mut all = Vec::new();
                for set in sets {
                    all.push(columns().chain(self.rebind_all(set, &keys)?).collect());
                }
                vec![Expr::GroupingSet(GroupingSet::GroupingSets(all))]
            }
            groups => columns().chain(self.rebind_all(groups, &keys)?).collect(),
        };
        let aggregates = self.rebind_all(&aggregate.aggr_expr, &keys)?;
        let grouped = LogicalPlanBuilder::from(input)
            .aggregate(groups, aggregates)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        if !aggregate.group_expr.is_empty() {
            return Ok((grouped, keys));
        }
        let mark = self.planner.unique("found");
        let mut marked: Vec<_> = grouped.schema().columns().into_iter().map(Expr::Column).collect();
        marked.push(lit(true).alias(&mark));
        let grouped = LogicalPlanBuilder::from(grouped).project(marked).and_then(LogicalPlanBuilder::build);
        let (values, outer) = self.leaf()?;
        let joined = LogicalPlanBuilder::from(values).join_detailed(
            grouped.map_err(failure)?,
            JoinType::Left,
            (outer.clone(), keys),
            None,
            NullEquality::NullEqualsNull,
        );
        let mut exprs: Vec<_> = outer.iter().cloned().map(Expr::Column).collect();
        for (expr, (qualifier, field)) in aggregate.aggr_expr.iter().zip(aggregate.schema.iter()) {
            let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
            let function = match expr.clone().unalias() {
                Expr::AggregateFunction(function) => function.func,
                _ => return Err(refused()),
            };
            let empty = function.default_value(field.data_type()).map_err(failure)?;
            if empty.is_null() {
                exprs.push(column);
                continue;
            }
            let missing = Expr::Column(Column::from_name(&mark)).is_null();
            let whens = vec![(Box::new(missing), Box::new(Expr::Literal(empty, None)))];
            let value = Expr::Case(Case::new(None, whens, Some(Box::new(column))));
            exprs.push(value.alias_qualified(qualifier.cloned(), field.name()));
        }
        let plan = joined.and_then(|plan| plan.project(exprs)).and_then(LogicalPlanBuilder::build);
        Ok((plan.map_err(failure)?, outer))
    }

    fn push_unnest(&self, unnest: &Unnest) -> Result<Pushed, SqlError> {
        let (input, keys) = self.push(&unnest.input)?;
        let plan = LogicalPlanBuilder::from(input)
            .unnest_columns_with_options(unnest.exec_columns.clone(), unnest.options.clone())
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        Ok((plan, keys))
    }

    fn push_join(&self, join: &Join) -> Result<Pushed, SqlError> {
        let on_left = mentions(&join.left, &self.columns);
        let on_right = mentions(&join.right, &self.columns);
        let keeps_right = matches!(join.join_type, JoinType::Right | JoinType::RightSemi | JoinType::RightAnti);
        if join.join_type == JoinType::Full {
            return Err(refused());
        }
        let inner = join.join_type == JoinType::Inner;
        // The side whose rows survive carries the domain; the other one if it looks at it.
        let left = if on_left || !(keeps_right || inner && on_right) { Some(self.push(&join.left)?) } else { None };
        let right = if on_right || keeps_right { Some(self.push(&join.right)?) } else { None };
        let mut joined = join.clone();
        let mut same = Vec::new();
        if let (Some((_, one)), Some((_, other))) = (&left, &right) {
            for (one, other) in one.iter().zip(other) {
                let (one, other) = (Expr::Column(one.clone()), Expr::Column(other.clone()));
                same.push(binary_expr(one, Operator::IsNotDistinctFrom, other));
            }
        }
        let mut keys = Vec::new();
        if let Some((plan, columns)) = right {
            joined.right = Arc::new(plan);
            keys = columns;
        }
        if let Some((plan, columns)) = left {
            joined.left = Arc::new(plan);
            if !keeps_right {
                keys = columns;
            }
        }
        if let Some(filter) = joined.filter.take() {
            same.push(self.rebind(filter, &keys)?);
        }
        joined.filter = same.into_iter().reduce(Expr::and);
        let plan = LogicalPlan::Join(joined).recompute_schema().map_err(failure)?;
        Ok((plan, keys))
    }
}

/// Computes a window within each value of the domain.
fn partition(expr: &mut Expr, keys: &[Column]) {
    match expr {
        Expr::Alias(alias) => partition(&mut alias.expr, keys),
        Expr::WindowFunction(window) => {
            window.params.partition_by.extend(keys.iter().cloned().map(Expr::Column));
        }
        _ => {}
    }
}
