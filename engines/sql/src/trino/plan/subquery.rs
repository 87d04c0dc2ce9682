//! Subqueries in expressions: scalars, EXISTS, IN, and comparisons with ANY and ALL.
//!
//! DataFusion makes joins of EXISTS and IN where rows are filtered, and of scalar subqueries everywhere. So elsewhere
//! EXISTS and IN are asked as what they count.

use std::sync::Arc;

use datafusion::common::{Column, Spans};
use datafusion::logical_expr::expr::{AggregateFunction, Exists, InSubquery};
use datafusion::logical_expr::{Case, Expr, LogicalPlan, LogicalPlanBuilder, Operator, Subquery, lit, not};

use super::decorrelate::is_simple;
use super::expression::{Place, Translator, comparison};
use super::scope::{Field, Scope, Source};
use super::single::single;
use super::{Blame, failure, functions};
use crate::error::{Position, SqlError};
use crate::trino::functions::planned;
use crate::trino::syntax::ast::{self, Comparison, Quantifier, Query};
use crate::types::Type;

impl Translator<'_> {
    fn subquery(&self, query: &Query) -> Result<Source, SqlError> {
        let source = self.planner.query(query, self.env, Some(&self.scope))?;
        let fields = source.fields.into_iter().filter(|field| !field.hidden).collect();
        Ok(Source { plan: source.plan, fields })
    }

    /// A subquery as one column: several become a row.
    fn one_column(&self, query: &Query, at: Position) -> Result<(LogicalPlan, Expr, Type), SqlError> {
        let source = self.subquery(query)?;
        let known =
            |field: &Field| source.plan.schema().qualified_field_from_column(&field.column).map(|found| found.1);
        if let [field] = source.fields.as_slice() {
            let of = Type::of(known(field).map_err(failure)?);
            return Ok((source.plan, Expr::Column(field.column.clone()), of));
        }
        let mut named = Vec::new();
        for field in &source.fields {
            named.push((field.name.clone(), Type::of(known(field).map_err(failure)?)));
        }
        let schema = source.plan.schema().clone();
        let scope = Scope { fields: &source.fields, schema: &schema, grouped: None, parent: None };
        let inside = Translator::new(self.planner, self.env, scope);
        let columns = source.fields.iter().map(|field| Expr::Column(field.column.clone())).collect();
        let of = Type::Row(named);
        let row = inside.cast(inside.internal("$row", columns, at)?, &of, false).blame(at)?;
        let name = self.planner.unique("row");
        let plan = projected(source.plan, row.alias(&name))?;
        Ok((plan, Expr::Column(Column::from_name(name)), of))
    }

    /// `(SELECT …)` as a value: null without rows, an error with several.
    pub(super) fn scalar_subquery(&self, query: &Query, at: Position) -> Result<Expr, SqlError> {
        let (plan, column, _) = self.one_column(query, at)?;
        let plan = if plan.max_rows() == Some(1) {
            projected(plan, column)?
        } else {
            self.aggregated(plan, single(), vec![column])?
        };
        Ok(Expr::ScalarSubquery(reference(plan)))
    }

    /// The plan's one row of one aggregate.
    fn aggregated(
        &self,
        plan: LogicalPlan,
        function: Arc<datafusion::logical_expr::AggregateUDF>,
        args: Vec<Expr>,
    ) -> Result<LogicalPlan, SqlError> {
        let name = self.planner.unique(function.name());
        let call = AggregateFunction::new_udf(function, args, false, None, Vec::new(), None);
        LogicalPlanBuilder::from(plan)
            .aggregate(Vec::<Expr>::new(), vec![Expr::AggregateFunction(call).alias(name)])
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)
    }

    /// One aggregate over a subquery, as a value.
    fn asked(&self, plan: &LogicalPlan, function: &str, arg: Expr) -> Result<Expr, SqlError> {
        let function =
            functions::aggregate(function).ok_or_else(|| SqlError::internal(format!("no aggregate {function}")))?;
        Ok(Expr::ScalarSubquery(reference(self.aggregated(plan.clone(), function, vec![arg])?)))
    }

    pub(super) fn exists(&self, query: &Query) -> Result<Expr, SqlError> {
        let source = self.subquery(query)?;
        if self.place != Place::Elsewhere {
            return Ok(Expr::Exists(Exists::new(reference(source.plan), false)));
        }
        Ok(self.asked(&source.plan, "count", lit(1_i64))?.gt(lit(0_i64)))
    }

    pub(super) fn in_query(&self, value: &ast::Expr, query: &Query, at: Position) -> Result<Expr, SqlError> {
        let value = self.translate(value)?;
        let (plan, column, of) = self.one_column(query, at)?;
        let wanted = self.type_of(&value)?;
        let common = wanted.common(&of).filter(Type::is_comparable).ok_or_else(|| {
            let message =
                format!("value and result of subquery must be of the same type for IN expression: {wanted} vs {of}");
            SqlError::type_mismatch(message).at(at)
        })?;
        let value = self.coerce(value, &common).blame(at)?;
        let column = planned::coerce(column, &common, plan.schema().as_ref()).blame(at)?;
        if matches!(self.place, Place::Conjunct | Place::Disjunct) {
            let name = self.planner.unique("value");
            let column = if column.try_as_col().is_some() { column.clone() } else { column.clone().alias(name) };
            let found = InSubquery::new(Box::new(value.clone()), reference(projected(plan.clone(), column)?), false);
            let found = Expr::InSubquery(found);
            if is_simple(&found, self.scope.schema) {
                return Ok(found);
            }
        }
        // How many rows there are, how many are null, how many are equal.
        let rows = self.asked(&plan, "count", lit(1_i64))?;
        let known = self.asked(&plan, "count", column.clone())?;
        let outer = self.outer(&value)?;
        let equal = LogicalPlanBuilder::from(plan).filter(column.eq(outer)).and_then(LogicalPlanBuilder::build);
        let found = self.asked(&equal.map_err(failure)?, "count", lit(1_i64))?;
        let unknown = planned::null(&Type::Boolean).map_err(failure)?;
        let none = lit(0_i64);
        Ok(when(
            vec![
                (rows.clone().eq(none.clone()), lit(false)),
                (found.gt(none), lit(true)),
                (value.is_null().or(rows.not_eq(known)), unknown),
            ],
            lit(false),
        ))
    }

    /// An expression over this query's columns, as a query inside sees it.
    fn outer(&self, expr: &Expr) -> Result<Expr, SqlError> {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        let schema = self.scope.schema;
        let seen = expr.clone().transform(|part| match part {
            Expr::Column(column) => {
                let field = Arc::clone(schema.qualified_field_from_column(&column)?.1);
                Ok(Transformed::yes(Expr::OuterReferenceColumn(field, column)))
            }
            other => Ok(Transformed::no(other)),
        });
        Ok(seen.map_err(failure)?.data)
    }

    /// `value > ALL (SELECT …)`: decided by the least and the greatest, and by whether there are nulls.
    pub(super) fn quantified(
        &self,
        operator: Comparison,
        quantifier: Quantifier,
        value: &ast::Expr,
        query: &Query,
        at: Position,
    ) -> Result<Expr, SqlError> {
        match (operator, quantifier) {
            (Comparison::Equal, Quantifier::Any) => return self.in_query(value, query, at),
            (Comparison::NotEqual, Quantifier::All) => {
                return Ok(match self.at_place(self.place.negated()).in_query(value, query, at)? {
                    Expr::InSubquery(found) => Expr::InSubquery(InSubquery { negated: !found.negated, ..found }),
                    other => not(other),
                });
            }
            _ => {}
        }
        let value = self.translate(value)?;
        let (plan, column, of) = self.one_column(query, at)?;
        let wanted = self.type_of(&value)?;
        let common = wanted.common(&of).filter(Type::is_orderable).ok_or_else(|| {
            let message = format!(
                "Value expression and result of subquery must be of the same type for quantified comparison: \
                     {wanted} vs {of}"
            );
            SqlError::type_mismatch(message).at(at)
        })?;
        let value = self.coerce(value, &common).blame(at)?;
        let column = planned::coerce(column, &common, plan.schema().as_ref()).blame(at)?;
        let rows = self.asked(&plan, "count", lit(1_i64))?;
        let known = self.asked(&plan, "count", column.clone())?;
        let least = || self.asked(&plan, "min", column.clone());
        let greatest = || self.asked(&plan, "max", column.clone());
        let compare = |operator: Operator, bound: Expr| self.compare(operator, value.clone(), bound).blame(at);
        let sign = comparison(operator);
        let decided = match (operator, quantifier) {
            (Comparison::Less | Comparison::LessOrEqual, Quantifier::All)
            | (Comparison::Greater | Comparison::GreaterOrEqual, Quantifier::Any) => compare(sign, least()?)?,
            (Comparison::Less | Comparison::LessOrEqual, Quantifier::Any)
            | (Comparison::Greater | Comparison::GreaterOrEqual, Quantifier::All) => compare(sign, greatest()?)?,
            // `= ALL` and `<> ANY` look at both ends.
            (Comparison::Equal, _) => compare(Operator::Eq, least()?)?.and(compare(Operator::Eq, greatest()?)?),
            (Comparison::NotEqual, _) => compare(Operator::NotEq, least()?)?.or(compare(Operator::NotEq, greatest()?)?),
        };
        let unknown = planned::null(&Type::Boolean).map_err(failure)?;
        let (empty, early) = match quantifier {
            Quantifier::All => (true, decided.clone().is_false()),
            Quantifier::Any => (false, decided.clone().is_true()),
        };
        Ok(when(
            vec![
                (rows.clone().eq(lit(0_i64)), lit(empty)),
                (early, lit(!empty)),
                (value.is_null().or(rows.not_eq(known)), unknown),
            ],
            lit(empty),
        ))
    }
}

/// The plan's one column. DataFusion wants a projection at the top of what it makes a join of.
fn projected(plan: LogicalPlan, column: Expr) -> Result<LogicalPlan, SqlError> {
    LogicalPlanBuilder::from(plan).project([column]).and_then(LogicalPlanBuilder::build).map_err(failure)
}

fn when(branches: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    let branches = branches.into_iter().map(|(condition, result)| (Box::new(condition), Box::new(result)));
    Expr::Case(Case::new(None, branches.collect(), Some(Box::new(otherwise))))
}

/// The plan as an expression holds it.
fn reference(plan: LogicalPlan) -> Subquery {
    let outer_ref_columns = plan.all_out_ref_exprs();
    Subquery { subquery: Arc::new(plan), outer_ref_columns, spans: Spans::new() }
}
