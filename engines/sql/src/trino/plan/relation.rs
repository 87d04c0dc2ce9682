//! FROM: tables, views, named queries, subqueries, samples.

use std::sync::Arc;

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SubqueryAlias, TableSource, lit};

use super::scope::{Field, Scope, Source};
use super::{Blame, Env, Home, Planner, failure, functions};
use crate::catalog::{RelationName, View};
use crate::error::{CATALOG_NOT_FOUND, Position, SCHEMA_NOT_FOUND, SqlError, TABLE_NOT_FOUND};
use crate::planning::Resolved;
use crate::trino::syntax::ast::{self, ExprKind, Period, QualifiedName, Relation, RelationKind};

impl Planner<'_> {
    /// One relation. `left` is what relations before it offer to LATERAL and UNNEST; it is a parent like any other.
    pub(super) fn relation(
        &self,
        relation: &Relation,
        env: &Env,
        parent: Option<&Scope>,
        outer: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        match &relation.kind {
            RelationKind::Table { name, period } => self.table(name, period.as_ref(), env, relation.at.0),
            RelationKind::Subquery(query) => {
                let source = self.query(query, env, parent)?;
                Ok(Source { fields: anonymous(source.fields), ..source })
            }
            RelationKind::Lateral(query) => {
                let source = self.query(query, env, outer.or(parent))?;
                Ok(Source { fields: anonymous(source.fields), ..source })
            }
            RelationKind::Unnest { exprs, ordinality } => self.unnest_alone(exprs, *ordinality, env, parent),
            RelationKind::Aliased { relation, alias, columns } => {
                let source = self.relation(relation, env, parent, outer)?;
                let fields = self.rename(source.fields, alias, columns.as_deref())?;
                Ok(Source { plan: source.plan, fields })
            }
            RelationKind::Sampled { relation, percentage, .. } => {
                let source = self.relation(relation, env, parent, outer)?;
                self.sample(source, percentage)
            }
            RelationKind::Join(join) => self.join(join, env, parent, outer),
        }
    }

    /// A table, a view, or a query that WITH named.
    pub(super) fn table(
        &self,
        name: &QualifiedName,
        period: Option<&Period>,
        env: &Env,
        at: Position,
    ) -> Result<Source, SqlError> {
        if let [single] = name.0.as_slice() {
            let cte = env.with.iter().rev().find(|cte| cte.named.name == *single);
            if let Some(cte) = cte {
                return self.named_query(&cte.clone(), at);
            }
        }
        let Some(full) = env.home.qualify(name) else {
            return match name.0.len() {
                1 => {
                    let message = "Schema must be specified when session schema is not set";
                    Err(SqlError::new("MISSING_SCHEMA_NAME", message).at(at))
                }
                _ => Err(SqlError::new("SYNTAX_ERROR", format!("Too many dots in table name: {}", name.text())).at(at)),
            };
        };
        let version = period.map(|period| self.version(period)).transpose()?;
        match self.named.relations.get(&(full.clone(), version)) {
            Some(Resolved::Table(source)) => self.scan(&full, source),
            Some(Resolved::View(_)) if period.is_some() => {
                Err(SqlError::not_supported("Time travel is not supported for views").at(at))
            }
            Some(Resolved::View(view)) => self.view(&full, view, env, at),
            Some(Resolved::NoSchema) => {
                Err(SqlError::new(SCHEMA_NOT_FOUND, format!("Schema '{}' does not exist", full.schema)).at(at))
            }
            Some(Resolved::NoCatalog) => {
                Err(SqlError::new(CATALOG_NOT_FOUND, format!("Catalog '{}' does not exist", full.catalog)).at(at))
            }
            Some(Resolved::NoRelation) | None => {
                Err(SqlError::new(TABLE_NOT_FOUND, format!("Table '{full}' does not exist")).at(at))
            }
        }
    }

    fn scan(&self, name: &RelationName, table: &Arc<dyn TableSource>) -> Result<Source, SqlError> {
        let qualifier = TableReference::bare(self.unique(&name.name));
        let plan = LogicalPlanBuilder::scan(qualifier.clone(), table.clone(), None)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        let relation: Arc<[String]> = [name.catalog.clone(), name.schema.clone(), name.name.clone()].into();
        let schema = table.schema();
        let fields = schema.fields().iter().map(|field| Field {
            relation: relation.clone(),
            name: Some(field.name().to_lowercase()),
            column: Column::new(Some(qualifier.clone()), field.name()),
            hidden: field.name().starts_with('$'),
        });
        Ok(Source { plan, fields: fields.collect() })
    }

    fn view(&self, name: &RelationName, view: &View, env: &Env, at: Position) -> Result<Source, SqlError> {
        if env.views.contains(name) {
            return Err(SqlError::new("VIEW_IS_RECURSIVE", "View is recursive").at(at));
        }
        let stale = |cause: &str| {
            let message = format!("Failed analyzing stored view '{name}': {cause}");
            SqlError::new("INVALID_VIEW", message).at(at)
        };
        let query = match self.named.views.get(name) {
            Some(query) => query,
            None => {
                let cause = crate::trino::syntax::parse_statement(&view.sql).err();
                return Err(stale(&cause.map_or_else(|| "not a query".to_owned(), |error| error.message)));
            }
        };
        let mut views = env.views.clone();
        views.push(name.clone());
        let inside = Env { home: Home::of_view(view, &env.home), with: Vec::new(), views };
        let source = self.query(query, &inside, None).map_err(|error| match error.at {
            Some(at) => stale(&format!("{at}: {}", error.message)),
            None => stale(&error.message),
        })?;
        let visible: Vec<_> = source.fields.into_iter().filter(|field| !field.hidden).collect();
        if !view.columns.is_empty() && visible.len() != view.columns.len() {
            let message = format!(
                "View '{name}' is stale or in invalid state: stored view column count ({}) does not match column count \
                 derived from the view query analysis ({})",
                view.columns.len(),
                visible.len()
            );
            return Err(SqlError::new("VIEW_IS_STALE", message).at(at));
        }
        let relation: Arc<[String]> = [name.catalog.clone(), name.schema.clone(), name.name.clone()].into();
        let fields = visible.into_iter().enumerate().map(|(number, field)| Field {
            relation: relation.clone(),
            name: view.columns.get(number).map(|column| column.name.to_lowercase()).or(field.name),
            ..field
        });
        Ok(Source { plan: source.plan, fields: fields.collect() })
    }

    fn sample(&self, source: Source, percentage: &ast::Expr) -> Result<Source, SqlError> {
        let at = percentage.position();
        let text = match percentage.kind.as_ref() {
            ExprKind::Parameter(number) => self.parameter(*number, at)?.kind.clone(),
            _ => percentage.kind.clone(),
        };
        let (ExprKind::Integer(text) | ExprKind::Decimal(text) | ExprKind::Double(text)) = *text else {
            let message = "Sample percentage should be a numeric expression";
            return Err(SqlError::type_mismatch(message).at(at));
        };
        let percentage: f64 = text.parse().map_err(|_| SqlError::internal("a number that is none"))?;
        if !(0.0..=100.0).contains(&percentage) {
            let message = "Sample percentage must be between 0 and 100";
            return Err(SqlError::new("NUMERIC_VALUE_OUT_OF_RANGE", message).at(at));
        }
        let random = functions::scalar("random").ok_or_else(|| SqlError::internal("no function random"))?;
        let random = Expr::ScalarFunction(ScalarFunction::new_udf(random, Vec::new()));
        let chosen = random.lt(lit(percentage / 100.0));
        let plan = LogicalPlanBuilder::from(source.plan).filter(chosen).and_then(LogicalPlanBuilder::build);
        Ok(Source { plan: plan.blame(at)?, fields: source.fields })
    }
}

/// Columns of a subquery cannot be named by the relations inside.
fn anonymous(fields: Vec<Field>) -> Vec<Field> {
    fields.into_iter().filter(|field| !field.hidden).map(|field| Field { relation: Arc::from([]), ..field }).collect()
}

/// The plan under a qualifier of its own.
pub(super) fn qualified(plan: LogicalPlan, qualifier: &TableReference) -> Result<LogicalPlan, SqlError> {
    SubqueryAlias::try_new(Arc::new(plan), qualifier.clone()).map(LogicalPlan::SubqueryAlias).map_err(failure)
}
