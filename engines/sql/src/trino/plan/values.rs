//! `VALUES 1, 2` and `VALUES (1, 'a'), (2, 'b')`.

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::expression::{Translator, has_subquery};
use super::relation::qualified;
use super::scope::{Field, Scope, Source};
use super::{Blame, Env, Planner, failure};
use crate::error::{Position, SqlError, TYPE_MISMATCH};
use crate::trino::syntax::ast::{self, ExprKind};
use crate::types::Type;

impl Planner<'_> {
    pub(super) fn values(
        &self,
        rows: &[ast::Expr],
        at: Position,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let empty = LogicalPlanBuilder::empty(true).build().map_err(failure)?;
        let schema = empty.schema().clone();
        let scope = Scope { fields: &[], schema: &schema, grouped: None, parent };
        let translator = Translator::new(self, env, scope);
        let mut table: Vec<Vec<Expr>> = Vec::new();
        let mut types: Vec<Type> = Vec::new();
        for row in rows {
            let cells = match row.kind.as_ref() {
                ExprKind::Row(cells) => cells.iter().map(|cell| translator.translate(cell)).collect(),
                _ => Ok(vec![translator.translate(row)?]),
            };
            let cells: Vec<Expr> = cells?;
            let found = cells.iter().map(|cell| translator.type_of(cell)).collect::<Result<Vec<_>, _>>()?;
            if types.is_empty() {
                types = found;
            } else if types.len() != found.len() {
                let message = format!("Values rows have mismatched sizes: {} vs {}", types.len(), found.len());
                return Err(SqlError::new(TYPE_MISMATCH, message).at(row.position()));
            } else {
                for (known, next) in types.iter_mut().zip(found) {
                    *known = known.common(&next).ok_or_else(|| {
                        let message = format!("Values rows have mismatched types: {known} vs {next}");
                        SqlError::new(TYPE_MISMATCH, message).at(row.position())
                    })?;
                }
            }
            table.push(cells);
        }
        for row in &mut table {
            for (cell, of) in row.iter_mut().zip(&types) {
                *cell = translator.coerce(cell.clone(), of).blame(at)?;
            }
        }
        if table.iter().flatten().any(has_subquery) {
            return self.computed_values(table);
        }
        let qualifier = TableReference::bare(self.unique("values"));
        let plan = LogicalPlanBuilder::values(table).and_then(LogicalPlanBuilder::build).blame(at)?;
        let plan = qualified(plan, &qualifier)?;
        let fields = plan.schema().columns().into_iter().map(unnamed).collect();
        Ok(Source { plan, fields })
    }

    /// Rows of subqueries, each a query of its own: DataFusion's VALUES takes constants.
    fn computed_values(&self, table: Vec<Vec<Expr>>) -> Result<Source, SqlError> {
        let width = table.first().map_or(0, Vec::len);
        let names: Vec<_> = (0..width).map(|_| self.unique("value")).collect();
        let mut all: Option<LogicalPlanBuilder> = None;
        for row in table {
            let row = row.into_iter().zip(&names).map(|(cell, name)| cell.alias(name));
            let plan = LogicalPlanBuilder::empty(true).project(row).map_err(failure)?;
            all = Some(match all {
                Some(before) => before.union(plan.build().map_err(failure)?).map_err(failure)?,
                None => plan,
            });
        }
        let plan = all.ok_or_else(|| SqlError::internal("VALUES without rows"))?.build().map_err(failure)?;
        let fields = plan.schema().columns().into_iter().map(unnamed).collect();
        Ok(Source { plan, fields })
    }
}

/// A column that has no name.
fn unnamed(column: Column) -> Field {
    Field { relation: [].into(), name: None, column, hidden: false }
}
