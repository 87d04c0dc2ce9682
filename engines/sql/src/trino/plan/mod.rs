//! From tree to plan: names become columns, expressions get types, queries become DataFusion's logical plans.
//!
//! The planner is ours rather than DataFusion's `SqlToRel`: names, types, coercions, refusals and the order of
//! evaluation are Trino's, columns without names and with equal names are fine, and every refusal has a place. It
//! builds plans by DataFusion's own builder, and gives every column of a plan a name that is unique in the statement,
//! so that no plan is ambiguous.

mod call;
mod decorrelate;
mod expression;
mod functions;
mod grouping;
mod join;
mod literal;
mod operator;
mod query;
mod recursive;
mod relation;
mod scope;
mod select;
mod set_operation;
mod single;
mod subquery;
mod unnest;
mod values;
mod version;
mod window;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use futures_util::future::BoxFuture;

use self::scope::Source;
use super::syntax::ast::{self, NamedQuery, Query};
use super::syntax::{parse_expression, parse_statement, tables};
use crate::batch::OutputColumn;
use crate::catalog::RelationName;
use crate::error::{Position, SqlError};
use crate::planning::{Planned, Planning, Resolved, TableVersion};
use crate::session::Session;
use crate::types::Type;

/// Views in views; Trino's own limit is its stack.
const VIEW_DEPTH_MAX: usize = 50;

/// Plans a query: looks up the relations that it names, and puts its tree into DataFusion's terms.
pub(crate) fn plan<'a>(planning: &'a Planning, sql: &'a str) -> BoxFuture<'a, Result<Planned, SqlError>> {
    Box::pin(async move {
        let query = parse_statement(sql)?;
        let mut named = Named::default();
        named.look_up(planning, &query).await?;
        Planner::new(planning, named)?.statement(&query)
    })
}

/// What DataFusion's planner refuses, in Trino's terms.
fn failure(error: DataFusionError) -> SqlError {
    SqlError::inside(&error).unwrap_or_else(|| SqlError::internal(error.strip_backtrace()))
}

/// Puts the place to blame on what failed.
trait Blame<T> {
    fn blame(self, at: Position) -> Result<T, SqlError>;
}

impl<T> Blame<T> for Result<T, DataFusionError> {
    fn blame(self, at: Position) -> Result<T, SqlError> {
        self.map_err(|error| failure(error).at(at))
    }
}

impl<T> Blame<T> for Result<T, SqlError> {
    fn blame(self, at: Position) -> Result<T, SqlError> {
        self.map_err(|error| error.at(at))
    }
}

/// The relations that a statement names, and the queries of its views.
#[derive(Default)]
struct Named {
    relations: HashMap<(RelationName, Option<TableVersion>), Resolved>,
    views: HashMap<RelationName, Query>,
}

impl Named {
    async fn look_up(&mut self, planning: &Planning, query: &Query) -> Result<(), SqlError> {
        let home = Home::of(&planning.session);
        let mut waiting = home.names_in(query, planning)?;
        for _ in 0..VIEW_DEPTH_MAX {
            let mut inside = Vec::new();
            for (name, version) in waiting {
                if self.relations.contains_key(&(name.clone(), version.clone())) {
                    continue;
                }
                let resolved = match &version {
                    None => planning.resolve(&name).await?,
                    Some(version) => planning.resolve_at(&name, version).await?,
                };
                if let Resolved::View(view) = &resolved {
                    // A view that does not parse is told where it is used.
                    if let Ok(query) = parse_statement(&view.sql) {
                        inside.extend(Home::of_view(view, &home).names_in(&query, planning)?);
                        self.views.insert(name.clone(), query);
                    }
                }
                self.relations.insert((name, version), resolved);
            }
            if inside.is_empty() {
                return Ok(());
            }
            waiting = inside;
        }
        Err(SqlError::new("VIEW_IS_RECURSIVE", "Statement stored in views is recursive or nested too deeply"))
    }
}

/// Where unqualified names live.
#[derive(Clone, Debug)]
struct Home {
    catalog: String,
    schema: Option<String>,
}

impl Home {
    fn of(session: &Session) -> Home {
        Home { catalog: session.catalog.clone(), schema: session.schema.clone() }
    }

    fn of_view(view: &crate::catalog::View, home: &Home) -> Home {
        let catalog = view.catalog.as_ref().map_or_else(|| home.catalog.clone(), |catalog| catalog.to_lowercase());
        Home { catalog, schema: view.schema.as_ref().map(|schema| schema.to_lowercase()).or(home.schema.clone()) }
    }

    /// The full name, if there are enough parts and a schema for them.
    fn qualify(&self, name: &ast::QualifiedName) -> Option<RelationName> {
        match name.0.as_slice() {
            [table] => Some(RelationName::new(&self.catalog, self.schema.as_ref()?, &table.value)),
            [schema, table] => Some(RelationName::new(&self.catalog, &schema.value, &table.value)),
            [catalog, schema, table] => Some(RelationName::new(&catalog.value, &schema.value, &table.value)),
            _ => None,
        }
    }

    fn names_in(
        &self,
        query: &Query,
        planning: &Planning,
    ) -> Result<Vec<(RelationName, Option<TableVersion>)>, SqlError> {
        let mut found = Vec::new();
        tables(query, &mut |name, period| found.push((self.qualify(name), period.cloned())));
        let planner = Planner::new(planning, Named::default())?;
        let mut names = Vec::new();
        for (name, period) in found {
            let version = period.map(|period| planner.version(&period)).transpose()?;
            names.extend(name.map(|name| (name, version)));
        }
        Ok(names)
    }
}

/// What surrounds a query: where its names live, and the queries that WITH gave names.
#[derive(Clone)]
struct Env {
    home: Home,
    with: Vec<Rc<Cte>>,
    /// The views that are being expanded.
    views: Vec<RelationName>,
}

/// A query that WITH gave a name.
struct Cte {
    named: NamedQuery,
    /// What it sees itself.
    env: Env,
    /// While its own recursive part is planned: what it holds so far.
    working: Option<Source>,
    recursive: bool,
}

/// Plans one statement.
struct Planner<'a> {
    session: &'a Session,
    config: Arc<ConfigOptions>,
    named: Named,
    parameters: Vec<ast::Expr>,
    names: Cell<usize>,
    /// How deep in an expression the planner is.
    depth: Cell<usize>,
}

impl<'a> Planner<'a> {
    fn new(planning: &'a Planning, named: Named) -> Result<Planner<'a>, SqlError> {
        let session = planning.session.as_ref();
        let parameters = session.parameters.iter().map(|text| parse_expression(text)).collect::<Result<_, _>>()?;
        let config = Arc::clone(planning.state.config_options());
        Ok(Planner { session, config, named, parameters, names: Cell::new(0), depth: Cell::new(0) })
    }

    fn statement(&self, query: &Query) -> Result<Planned, SqlError> {
        let env = Env { home: Home::of(self.session), with: Vec::new(), views: Vec::new() };
        let source = self.query(query, &env, None)?;
        let mut columns = Vec::new();
        let mut exprs = Vec::new();
        for (number, field) in source.fields.iter().filter(|field| !field.hidden).enumerate() {
            let known = source.plan.schema().qualified_field_from_column(&field.column).map_err(failure)?.1;
            columns.push(OutputColumn {
                name: field.name.clone().unwrap_or_else(|| format!("_col{number}")),
                data_type: Type::of(known),
                nullable: known.is_nullable(),
            });
            exprs.push(datafusion::logical_expr::Expr::Column(field.column.clone()));
        }
        let plan = decorrelate::decorrelate(self, project(source.plan, exprs)?)?;
        Ok(Planned { plan, columns })
    }

    /// A name for a column that no other column of the statement has.
    fn unique(&self, name: &str) -> String {
        let number = self.names.get();
        self.names.set(number + 1);
        format!("{name}_{number}")
    }
}

/// The plan with only these columns; the plan itself when it has just them.
fn project(plan: LogicalPlan, exprs: Vec<datafusion::logical_expr::Expr>) -> Result<LogicalPlan, SqlError> {
    let same = exprs.len() == plan.schema().fields().len()
        && exprs.iter().zip(plan.schema().columns()).all(|(expr, column)| expr.try_as_col() == Some(&column));
    if same {
        return Ok(plan);
    }
    LogicalPlanBuilder::from(plan).project(exprs).and_then(LogicalPlanBuilder::build).map_err(failure)
}
