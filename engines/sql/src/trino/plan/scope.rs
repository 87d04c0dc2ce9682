//! What names mean at one place of a query: the columns of the relations in FROM, and those of the queries around.

use std::sync::Arc;

use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::error::{AMBIGUOUS_NAME, COLUMN_NOT_FOUND, Position, SqlError};

/// A plan and the names of its columns.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) plan: LogicalPlan,
    pub(super) fields: Vec<Field>,
}

/// A column that can be named.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// `catalog`, `schema`, `table`, or an alias; a prefix of a column may be any end of it. Empty without a name.
    pub(super) relation: Arc<[String]>,
    /// None has a column like `1 + 1`.
    pub(super) name: Option<String>,
    /// In the plan, where every column's name is unique.
    pub(super) column: Column,
    /// Not among those that `*` stands for: `$path`.
    pub(super) hidden: bool,
}

impl Field {
    /// Whether `prefix.name` means this column.
    fn answers(&self, prefix: &[String], name: &str) -> bool {
        self.name.as_deref() == Some(name) && self.belongs_to(prefix)
    }

    /// Whether the relation can be called so.
    pub(super) fn belongs_to(&self, prefix: &[String]) -> bool {
        prefix.is_empty() || (!self.relation.is_empty() && self.relation.ends_with(prefix))
    }
}

/// The names in scope.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) fields: &'s [Field],
    pub(super) schema: &'s DFSchemaRef,
    /// The columns that survive the grouping of the query, if it groups.
    pub(super) grouped: Option<&'s [Column]>,
    /// Of the query around this one.
    pub(super) parent: Option<&'s Scope<'s>>,
}

/// A column that was found.
pub(super) enum Found<'s> {
    Here(&'s Field),
    /// In one of the queries around.
    Outside(Expr),
}

impl<'s> Scope<'s> {
    /// The column of that name in this scope or one around it.
    pub(super) fn find(&self, prefix: &[String], name: &str, at: Position) -> Result<Option<Found<'s>>, SqlError> {
        if let Some(field) = self.find_here(prefix, name, at)? {
            return Ok(Some(Found::Here(field)));
        }
        let mut around = self.parent;
        while let Some(scope) = around {
            if let Some(field) = scope.find_here(prefix, name, at)? {
                if scope.grouped.is_some_and(|grouped| !grouped.contains(&field.column)) {
                    let message = format!("'{name}' must be an aggregate expression or appear in GROUP BY clause");
                    return Err(SqlError::new("EXPRESSION_NOT_AGGREGATE", message).at(at));
                }
                let known = scope.schema.qualified_field_from_column(&field.column).map_err(super::failure)?;
                return Ok(Some(Found::Outside(Expr::OuterReferenceColumn(Arc::clone(known.1), field.column.clone()))));
            }
            around = scope.parent;
        }
        Ok(None)
    }

    fn find_here(&self, prefix: &[String], name: &str, at: Position) -> Result<Option<&'s Field>, SqlError> {
        let mut found = self.fields.iter().filter(|field| field.answers(prefix, name));
        let first = found.next();
        if found.next().is_some() {
            let shown = join(prefix, name);
            return Err(SqlError::new(AMBIGUOUS_NAME, format!("Column '{shown}' is ambiguous")).at(at));
        }
        Ok(first)
    }

    /// Whether a relation in scope can be called so.
    pub(super) fn has_relation(&self, prefix: &[String]) -> bool {
        self.fields.iter().any(|field| field.belongs_to(prefix))
    }
}

/// `t.a`
fn join(prefix: &[String], name: &str) -> String {
    prefix.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".")
}

/// What Athena says of a column that nobody has, or that the caller may not see.
pub(super) fn no_column(shown: &str, at: Position) -> SqlError {
    let message =
        format!("Column '{shown}' cannot be resolved or requester is not authorized to access requested resources");
    SqlError::new(COLUMN_NOT_FOUND, message).at(at)
}
