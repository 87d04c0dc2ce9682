//! Whole queries: WITH, then the body, then ORDER BY, OFFSET and LIMIT.

use std::rc::Rc;

use datafusion::common::Column;
use datafusion::functions_window::rank::rank_udwf;
use datafusion::logical_expr::expr::{Sort, WindowFunction};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, lit};

use super::expression::Translator;
use super::scope::{Field, Scope, Source};
use super::{Blame, Cte, Env, Planner, failure, project};
use crate::error::{Position, SqlError};
use crate::trino::syntax::ast::{self, Body, Count, CountValue, ExprKind, Limit, Query, SortItem};

impl Planner<'_> {
    /// A query; `parent` is what its expressions see of the query around it.
    pub(super) fn query(&self, query: &Query, env: &Env, parent: Option<&Scope>) -> Result<Source, SqlError> {
        let mut env = env.clone();
        for (number, named) in query.with.iter().enumerate() {
            if query.with[..number].iter().any(|other| other.name == named.name) {
                let message = format!("WITH query name '{}' specified more than once", named.name.value);
                return Err(SqlError::new("DUPLICATE_NAMED_QUERY", message).at(named.name.at.0));
            }
            let cte = Cte { named: named.clone(), env: env.clone(), working: None, recursive: query.recursive };
            env.with.push(Rc::new(cte));
        }
        let source = match &query.body {
            Body::Select(select) => self.select(select, &query.order_by, &env, parent)?,
            body => {
                let source = self.body(body, &env, parent)?;
                self.sort_output(source, &query.order_by, &env, parent)?
            }
        };
        self.limit(source, query)
    }

    /// A body without what sorts it.
    pub(super) fn body(&self, body: &Body, env: &Env, parent: Option<&Scope>) -> Result<Source, SqlError> {
        match body {
            Body::Select(select) => self.select(select, &[], env, parent),
            Body::Table(name) => self.table(name, None, env, name.at()),
            Body::Values(rows, at) => self.values(rows, at.0, env, parent),
            Body::Set(operation) => self.set_operation(operation, env, parent),
            Body::Nested(query) => self.query(query, env, parent),
        }
    }

    /// Sorts by what comes out: only its columns can be named.
    fn sort_output(
        &self,
        source: Source,
        items: &[SortItem],
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        if items.is_empty() {
            return Ok(source);
        }
        let schema = source.plan.schema().clone();
        let scope = Scope { fields: &source.fields, schema: &schema, grouped: None, parent };
        let translator = Translator::new(self, env, scope);
        let mut sorts = Vec::new();
        for item in items {
            let expr = match ordinal(&item.expr, source.fields.len(), "ORDER BY")? {
                Some(index) => Expr::Column(source.fields[index].column.clone()),
                None => translator.translate(&item.expr)?,
            };
            translator.check_orderable(&expr, item.expr.position())?;
            sorts.push(Sort::new(expr, item.ascending, item.nulls_first));
        }
        let plan = LogicalPlanBuilder::from(source.plan).sort(sorts).and_then(LogicalPlanBuilder::build);
        Ok(Source { plan: plan.map_err(failure)?, fields: source.fields })
    }

    fn limit(&self, source: Source, query: &Query) -> Result<Source, SqlError> {
        let skip = query.offset.as_ref().map(|count| self.count(count)).transpose()?.unwrap_or(0);
        let fetch = match &query.limit {
            Limit::None => None,
            Limit::Rows(count) => Some(self.count(count)?),
            Limit::Fetch { rows, with_ties, at } => {
                let rows = rows.as_ref().map_or(Ok(1), |count| self.count(count))?;
                if rows == 0 {
                    let message = "FETCH FIRST row count must be positive (actual value: 0)";
                    return Err(SqlError::new("NUMERIC_VALUE_OUT_OF_RANGE", message).at(at.0));
                }
                if *with_ties {
                    return self.with_ties(source, query, skip, rows, at.0);
                }
                Some(rows)
            }
        };
        if skip == 0 && fetch.is_none() {
            return Ok(source);
        }
        let plan = LogicalPlanBuilder::from(source.plan).limit(skip, fetch).and_then(LogicalPlanBuilder::build);
        Ok(Source { plan: plan.map_err(failure)?, fields: source.fields })
    }

    /// The first rows and those that sort equal to the last of them. What the query sorts by is read from the plan:
    /// beneath a projection that takes helper columns away stands the sort.
    fn with_ties(
        &self,
        source: Source,
        query: &Query,
        skip: usize,
        rows: usize,
        at: Position,
    ) -> Result<Source, SqlError> {
        if query.order_by.is_empty() {
            return Err(SqlError::new("MISSING_ORDER_BY", "FETCH FIRST WITH TIES clause requires ORDER BY").at(at));
        }
        let (sorted, kept) = match &source.plan {
            LogicalPlan::Projection(projection) => (projection.input.as_ref(), Some(projection.expr.clone())),
            plan => (plan, None),
        };
        let LogicalPlan::Sort(sort) = sorted else {
            return Err(SqlError::internal("a sorted query without a sort").at(at));
        };
        let order_by = sort.expr.clone();
        let limited = LogicalPlanBuilder::from(sorted.clone()).limit(skip, None).map_err(failure)?;
        let mut rank = WindowFunction::new(rank_udwf(), Vec::new());
        rank.params.order_by = order_by.clone();
        rank.params.window_frame = WindowFrame::new(Some(false));
        let name = self.unique("rank");
        let rank = Expr::WindowFunction(Box::new(rank)).alias(&name);
        let ranked = limited
            .window(vec![rank])
            .and_then(|plan| plan.filter(Expr::Column(Column::from_name(&name)).lt_eq(lit(rows as u64))))
            .and_then(|plan| plan.sort(order_by))
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        let kept =
            kept.unwrap_or_else(|| source.fields.iter().map(|field| Expr::Column(field.column.clone())).collect());
        Ok(Source { plan: project(ranked, kept)?, fields: source.fields })
    }

    fn count(&self, count: &Count) -> Result<usize, SqlError> {
        let text = match &count.rows {
            CountValue::Literal(text) => text.clone(),
            CountValue::Parameter(number) => match self.parameter(*number, count.at.0)?.kind.as_ref() {
                ExprKind::Integer(text) => text.clone(),
                _ => {
                    let message = "Non constant parameter value for row count";
                    return Err(SqlError::new("INVALID_PARAMETER_USAGE", message).at(count.at.0));
                }
            },
        };
        text.parse()
            .map_err(|_| SqlError::new("SYNTAX_ERROR", format!("Invalid numeric literal: {text}")).at(count.at.0))
    }

    /// What stands for a `?`.
    pub(super) fn parameter(&self, number: usize, at: Position) -> Result<&ast::Expr, SqlError> {
        self.parameters.get(number).ok_or_else(|| {
            let message =
                format!("Incorrect number of parameters: expected {} but found {}", number + 1, self.parameters.len());
            SqlError::new("INVALID_PARAMETER_USAGE", message).at(at)
        })
    }

    /// The fields under other names.
    pub(super) fn rename(
        &self,
        fields: Vec<Field>,
        relation: &ast::Name,
        columns: Option<&[ast::Name]>,
    ) -> Result<Vec<Field>, SqlError> {
        let visible = fields.iter().filter(|field| !field.hidden).count();
        if let Some(columns) = columns.filter(|columns| columns.len() != visible) {
            let message = format!(
                "Column alias list has {} entries but '{}' has {visible} columns available",
                columns.len(),
                relation.value
            );
            return Err(SqlError::new("MISMATCHED_COLUMN_ALIASES", message).at(relation.at.0));
        }
        let alias: std::sync::Arc<[String]> = [relation.value.clone()].into();
        let mut names = columns.into_iter().flatten();
        let renamed = fields.into_iter().map(|field| {
            let given = if field.hidden { None } else { names.next().map(|name| name.value.clone()) };
            Field { relation: alias.clone(), name: given.or(field.name), ..field }
        });
        Ok(renamed.collect())
    }
}

/// The index that an integer stands for in ORDER BY and GROUP BY.
pub(super) fn ordinal(expr: &ast::Expr, columns: usize, clause: &str) -> Result<Option<usize>, SqlError> {
    let ExprKind::Integer(text) = expr.kind.as_ref() else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(number) if (1..=columns).contains(&number) => Ok(Some(number - 1)),
        _ => {
            let message = format!("{clause} position {text} is not in select list");
            Err(SqlError::new("INVALID_COLUMN_REFERENCE", message)).blame(expr.position())
        }
    }
}
