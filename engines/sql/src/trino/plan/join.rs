//! Joins, with UNNEST and LATERAL on their right side.

use std::sync::Arc;

use datafusion::common::{DFSchema, JoinType, Spans};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery};

use super::expression::{Place, Translator, has_subquery};
use super::scope::{Field, Scope, Source};
use super::select::refuse_aggregates;
use super::{Blame, Env, Planner, failure, project};
use crate::error::{Position, SqlError};
use crate::trino::functions::conditional;
use crate::trino::syntax::ast::{Criteria, ExprKind, Join, JoinKind, Name, Relation, RelationKind};

impl Planner<'_> {
    pub(super) fn join(
        &self,
        join: &Join,
        env: &Env,
        parent: Option<&Scope>,
        outer: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let left = self.relation(&join.left, env, parent, outer)?;
        if let Some((unnest, alias)) = unnest_of(&join.right) {
            return self.join_unnest(join, left, unnest, alias, env, outer.or(parent));
        }
        let left_schema = left.plan.schema().clone();
        let beside = Scope { fields: &left.fields, schema: &left_schema, grouped: None, parent: outer.or(parent) };
        let lateral = is_lateral(&join.right);
        let mut right = self.relation(&join.right, env, parent, lateral.then_some(&beside))?;
        if lateral {
            if !matches!(join.kind, JoinKind::Implicit | JoinKind::Cross | JoinKind::Inner | JoinKind::Left) {
                let message = "LATERAL on the right side of this join is not supported";
                return Err(SqlError::not_supported(message).at(join.right.at.0));
            }
            right = correlated(right);
        }
        self.join_sources(join, left, right, env, parent)
    }

    fn join_sources(
        &self,
        join: &Join,
        left: Source,
        right: Source,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let kind = join_type(join.kind);
        let names = match &join.criteria {
            Criteria::Using(names) => names.clone(),
            Criteria::Natural => shared_names(&left, &right),
            Criteria::None => {
                let plan = LogicalPlanBuilder::from(left.plan).cross_join(right.plan);
                let plan = plan.and_then(LogicalPlanBuilder::build).map_err(failure)?;
                return Ok(Source { plan, fields: [left.fields, right.fields].concat() });
            }
            Criteria::On(condition) => {
                refuse_aggregates(condition, "JOIN clause")?;
                let schema = left.plan.schema().join(right.plan.schema()).map_err(failure)?;
                let schema = Arc::new(schema);
                let fields = [left.fields, right.fields].concat();
                let scope = Scope { fields: &fields, schema: &schema, grouped: None, parent };
                let mut translator = Translator::new(self, env, scope);
                translator.place = if kind == JoinType::Inner { Place::Conjunct } else { Place::Elsewhere };
                let condition_at = condition.position();
                let condition = translator.boolean(condition, |actual| {
                    format!("JOIN ON clause must evaluate to a boolean: actual type {actual}")
                })?;
                let plan = LogicalPlanBuilder::from(left.plan);
                let plan = match (kind, has_subquery(&condition)) {
                    (JoinType::Inner, true) => plan.cross_join(right.plan).and_then(|plan| plan.filter(condition)),
                    (_, true) => {
                        let message = "Subqueries in the condition of an outer join are not supported";
                        return Err(SqlError::not_supported(message).at(condition_at));
                    }
                    _ => plan.join_on(right.plan, kind, [condition]),
                };
                let plan = plan.and_then(LogicalPlanBuilder::build).blame(condition_at)?;
                return Ok(Source { plan, fields });
            }
        };
        if names.is_empty() {
            let plan = LogicalPlanBuilder::from(left.plan).cross_join(right.plan);
            let plan = plan.and_then(LogicalPlanBuilder::build).map_err(failure)?;
            return Ok(Source { plan, fields: [left.fields, right.fields].concat() });
        }
        self.join_using(left, right, kind, &names, env)
    }

    /// Columns of equal names become one, which comes first and belongs to neither side.
    fn join_using(
        &self,
        left: Source,
        right: Source,
        kind: JoinType,
        names: &[Name],
        env: &Env,
    ) -> Result<Source, SqlError> {
        let schema: Arc<DFSchema> = Arc::new(left.plan.schema().join(right.plan.schema()).map_err(failure)?);
        let all = [left.fields.clone(), right.fields.clone()].concat();
        let scope = Scope { fields: &all, schema: &schema, grouped: None, parent: None };
        let translator = Translator::new(self, env, scope);
        let mut condition: Option<Expr> = None;
        let mut merged = Vec::new();
        for name in names {
            let one = side(&left.fields, name, "left")?;
            let other = side(&right.fields, name, "right")?;
            let one = Expr::Column(one.column.clone());
            let other = Expr::Column(other.column.clone());
            let equal = translator
                .compare(datafusion::logical_expr::Operator::Eq, one.clone(), other.clone())
                .blame(name.at.0)?;
            condition = Some(match condition {
                Some(before) => before.and(equal),
                None => equal,
            });
            merged.push(match kind {
                JoinType::Right => other,
                JoinType::Full => conditional::coalesce(vec![one, other], schema.as_ref()).blame(name.at.0)?,
                _ => one,
            });
        }
        let joined = LogicalPlanBuilder::from(left.plan)
            .join_on(right.plan, kind, condition)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        let mut exprs: Vec<Expr> = joined.schema().columns().into_iter().map(Expr::Column).collect();
        let mut fields = Vec::new();
        for (name, expr) in names.iter().zip(merged) {
            let column = match expr {
                Expr::Column(column) => column,
                computed => {
                    let unique = self.unique(&name.value);
                    exprs.push(computed.alias(&unique));
                    datafusion::common::Column::from_name(unique)
                }
            };
            fields.push(Field { relation: [].into(), name: Some(name.value.clone()), column, hidden: false });
        }
        let rest = |field: &Field| !names.iter().any(|name| Some(&name.value) == field.name.as_ref());
        fields.extend(all.iter().filter(|field| rest(field)).cloned());
        Ok(Source { plan: project(joined, exprs)?, fields })
    }

    /// `left CROSS JOIN UNNEST(left.items)` and the like.
    fn join_unnest(
        &self,
        join: &Join,
        left: Source,
        unnest: &Relation,
        alias: Option<(&Name, Option<&[Name]>)>,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let RelationKind::Unnest { exprs, ordinality } = &unnest.kind else {
            return Err(SqlError::internal("no UNNEST"));
        };
        let at = join.right.at.0;
        let always = match &join.criteria {
            Criteria::None => true,
            Criteria::On(condition) => matches!(*condition.kind, ExprKind::Boolean(true)),
            _ => false,
        };
        let keeps = match join.kind {
            JoinKind::Implicit | JoinKind::Cross | JoinKind::Inner => false,
            JoinKind::Left => true,
            JoinKind::Right | JoinKind::Full => {
                let kind = if join.kind == JoinKind::Right { "RIGHT" } else { "FULL" };
                let message = format!("{kind} JOIN involving UNNEST is only supported with condition ON TRUE");
                return Err(SqlError::not_supported(message).at(at));
            }
        };
        if !always {
            let kind = if keeps { "LEFT" } else { "INNER" };
            let message = format!("{kind} JOIN involving UNNEST is only supported with condition ON TRUE");
            return Err(SqlError::not_supported(message).at(at));
        }
        let (plan, unnested) = self.unnest_onto(&left, exprs, *ordinality, keeps, env, parent)?;
        let unnested = match alias {
            Some((alias, columns)) => self.rename(unnested, alias, columns)?,
            None => unnested,
        };
        Ok(Source { plan, fields: [left.fields, unnested].concat() })
    }

    /// `FROM UNNEST(…)`.
    pub(super) fn unnest_alone(
        &self,
        exprs: &[crate::trino::syntax::ast::Expr],
        ordinality: bool,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let one = LogicalPlanBuilder::empty(true).build().map_err(failure)?;
        let source = Source { plan: one, fields: Vec::new() };
        let (plan, fields) = self.unnest_onto(&source, exprs, ordinality, false, env, parent)?;
        Ok(Source { plan, fields })
    }
}

fn join_type(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Implicit | JoinKind::Cross | JoinKind::Inner => JoinType::Inner,
        JoinKind::Left => JoinType::Left,
        JoinKind::Right => JoinType::Right,
        JoinKind::Full => JoinType::Full,
    }
}

/// The column of that name on one side of USING.
fn side<'f>(fields: &'f [Field], name: &Name, which: &str) -> Result<&'f Field, SqlError> {
    let at = name.at.0;
    let mut found = fields.iter().filter(|field| field.name.as_ref() == Some(&name.value));
    let first = found.next().ok_or_else(|| {
        let message = format!("Column '{}' is missing from {which} side of join", name.value);
        SqlError::new("COLUMN_NOT_FOUND", message).at(at)
    })?;
    if found.next().is_some() {
        let message = format!("Column '{}' is ambiguous", name.value);
        return Err(SqlError::new("AMBIGUOUS_NAME", message).at(at));
    }
    Ok(first)
}

/// The names that both sides have, in the order of the left one.
fn shared_names(left: &Source, right: &Source) -> Vec<Name> {
    let at = crate::trino::syntax::ast::At(Position { line: 1, column: 1 });
    let visible = |field: &&Field| !field.hidden && field.name.is_some();
    let mut names: Vec<Name> = Vec::new();
    for field in left.fields.iter().filter(visible) {
        let shared = right.fields.iter().filter(visible).any(|other| other.name == field.name);
        if let Some(value) = field.name.clone().filter(|_| shared) {
            names.push(Name { value, at });
        }
    }
    names
}

/// UNNEST, and what it is called.
type Unnested<'r> = (&'r Relation, Option<(&'r Name, Option<&'r [Name]>)>);

fn unnest_of(relation: &Relation) -> Option<Unnested<'_>> {
    match &relation.kind {
        RelationKind::Unnest { .. } => Some((relation, None)),
        RelationKind::Aliased { relation, alias, columns } if matches!(relation.kind, RelationKind::Unnest { .. }) => {
            Some((relation, Some((alias, columns.as_deref()))))
        }
        _ => None,
    }
}

fn is_lateral(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Lateral(_) => true,
        RelationKind::Aliased { relation, .. } => is_lateral(relation),
        _ => false,
    }
}

/// The right side as DataFusion marks one that looks at the left.
fn correlated(source: Source) -> Source {
    let outer_ref_columns = source.plan.all_out_ref_exprs();
    if outer_ref_columns.is_empty() {
        return source;
    }
    let subquery = Subquery { subquery: Arc::new(source.plan), outer_ref_columns, spans: Spans::new() };
    Source { plan: LogicalPlan::Subquery(subquery), fields: source.fields }
}
