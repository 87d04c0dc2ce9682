//! SELECT: from its relations through filter, groups and windows to its list, sorted.

use datafusion::common::Column;
use datafusion::logical_expr::expr::Sort;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::expression::{NOT_GROUPED, Place, Translator};
use super::grouping::{collect, is_aggregate};
use super::query::ordinal;
use super::scope::{Field, Scope, Source};
use super::{Env, Planner, failure, project, window};
use crate::error::{EXPRESSION_NOT_AGGREGATE, Position, SqlError};
use crate::trino::syntax::ast::{self, ExprKind, Select, SelectItem, SortItem};
use crate::types::Type;

/// One column of a select list.
pub(super) enum Item {
    /// An expression and its name.
    Expr(ast::Expr, Option<String>),
    /// A column that an asterisk stands for.
    Column(Column, Option<String>, Position),
    /// A field of a row that an asterisk stands for.
    Field(ast::Expr, usize, Option<String>),
}

impl Item {
    fn name(&self) -> Option<&String> {
        match self {
            Item::Expr(_, name) | Item::Column(_, name, _) | Item::Field(_, _, name) => name.as_ref(),
        }
    }

    pub(super) fn translate(&self, translator: &Translator) -> Result<Expr, SqlError> {
        match self {
            Item::Expr(expr, _) => translator.translate(expr).map_err(|error| ungrouped(error, expr)),
            Item::Column(column, name, at) => {
                if translator.scope.grouped.is_some_and(|grouped| !grouped.contains(column)) {
                    let name = name.as_deref().unwrap_or_default();
                    let message = format!("Column '{name}' not in GROUP BY clause");
                    return Err(SqlError::new(EXPRESSION_NOT_AGGREGATE, message).at(*at));
                }
                Ok(Expr::Column(column.clone()))
            }
            Item::Field(row, index, _) => {
                let row = translator.translate(row).map_err(|error| ungrouped(error, row))?;
                translator.row_field(row, *index)
            }
        }
    }

    fn expr(&self) -> Option<&ast::Expr> {
        match self {
            Item::Expr(expr, _) | Item::Field(expr, _, _) => Some(expr),
            Item::Column(..) => None,
        }
    }
}

/// Blames the whole expression for a column in it that is not grouped.
fn ungrouped(error: SqlError, expr: &ast::Expr) -> SqlError {
    if error.name != EXPRESSION_NOT_AGGREGATE || error.message != NOT_GROUPED {
        return error;
    }
    let message = format!("'{expr}' must be an aggregate expression or appear in GROUP BY clause");
    SqlError::new(EXPRESSION_NOT_AGGREGATE, message).at(expr.position())
}

/// Refuses aggregates and window functions where rows are not grouped yet.
pub(super) fn refuse_aggregates(expr: &ast::Expr, clause: &str) -> Result<(), SqlError> {
    let mut found = Vec::new();
    expr.walk(&mut |part| {
        let misplaced = match part.kind.as_ref() {
            ExprKind::Call(call) => call.over.is_some() || is_aggregate(call),
            ExprKind::Grouping(_) => true,
            _ => false,
        };
        if misplaced {
            found.push(part.to_string());
        }
        !misplaced
    });
    if found.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{clause} cannot contain aggregations, window functions or grouping operations: [{}]",
        found.join(", ")
    );
    Err(SqlError::new("EXPRESSION_NOT_SCALAR", message).at(expr.position()))
}

impl Planner<'_> {
    /// A SELECT with what sorts its rows, which may name what the list leaves out.
    pub(super) fn select(
        &self,
        select: &Select,
        order_by: &[SortItem],
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let from = match &select.from {
            Some(relation) => self.relation(relation, env, parent, None)?,
            None => {
                let plan = LogicalPlanBuilder::empty(true).build().map_err(failure)?;
                Source { plan, fields: Vec::new() }
            }
        };
        let fields = from.fields;
        let mut plan = from.plan;
        if let Some(filter) = &select.filter {
            refuse_aggregates(filter, "WHERE clause")?;
            let schema = plan.schema().clone();
            let scope = Scope { fields: &fields, schema: &schema, grouped: None, parent };
            plan = filtered(plan, filter, "WHERE clause", Translator::new(self, env, scope))?;
        }
        let rows_schema = plan.schema().clone();
        let rows = Translator::new(self, env, Scope { fields: &fields, schema: &rows_schema, grouped: None, parent });
        let items = expand(&select.items, &fields, &rows)?;

        // What is grouped, and the aggregates over the groups.
        let mut wanted = Vec::new();
        let sorted = order_by.iter().map(|item| &item.expr);
        for expr in items.iter().filter_map(Item::expr).chain(&select.having).chain(sorted) {
            collect(expr, &mut wanted)?;
        }
        let groups_rows = !wanted.is_empty() || select.group_by.is_some() || select.having.is_some();
        let mut computed = Vec::new();
        let mut grouped = None;
        if groups_rows {
            let result = self.group((plan, &fields), select.group_by.as_ref(), &items, &wanted, (env, parent))?;
            plan = result.plan.clone();
            computed.clone_from(&result.computed);
            grouped = Some(result);
        }
        let groups = grouped.as_ref().map(|grouped| grouped.groups(&fields, &rows_schema, parent));
        let columns = grouped.as_ref().map(|grouped| grouped.columns.as_slice());
        if let Some(having) = &select.having {
            let schema = plan.schema().clone();
            let scope = Scope { fields: &fields, schema: &schema, grouped: columns, parent };
            let translator =
                Translator { computed: &computed, groups: groups.as_ref(), ..Translator::new(self, env, scope) };
            plan = filtered(plan, having, "HAVING clause", translator)?;
        }

        // Window functions, over the groups if there are any.
        let mut calls = Vec::new();
        for expr in items.iter().filter_map(Item::expr).chain(order_by.iter().map(|item| &item.expr)) {
            window::collect(expr, &mut calls)?;
        }
        if !calls.is_empty() {
            let schema = plan.schema().clone();
            let scope = Scope { fields: &fields, schema: &schema, grouped: columns, parent };
            let translator =
                Translator { computed: &computed, groups: groups.as_ref(), ..Translator::new(self, env, scope) };
            let (windowed, more) = self.windows(plan, &calls, &select.windows, &translator)?;
            plan = windowed;
            computed = [computed, more].concat();
        }

        // The list, and beside it what only the sort needs.
        let schema = plan.schema().clone();
        let scope = Scope { fields: &fields, schema: &schema, grouped: columns, parent };
        let translator =
            Translator { computed: &computed, groups: groups.as_ref(), ..Translator::new(self, env, scope) };
        let exprs = items.iter().map(|item| item.translate(&translator)).collect::<Result<Vec<_>, _>>()?;
        let listed = Listed { items: &items, exprs };
        self.listed(select, plan, listed, order_by, &translator)
    }

    /// Projects the list, removes duplicates if asked, and sorts.
    fn listed(
        &self,
        select: &Select,
        plan: LogicalPlan,
        list: Listed,
        order_by: &[SortItem],
        translator: &Translator,
    ) -> Result<Source, SqlError> {
        let Listed { items, exprs } = list;
        if select.distinct {
            for (item, expr) in items.iter().zip(&exprs) {
                let of = translator.type_of(expr)?;
                if !of.is_comparable() {
                    let at = item.expr().map_or(select.at.0, ast::Expr::position);
                    let message = format!("DISTINCT can only be applied to comparable types (actual: {of})");
                    return Err(SqlError::type_mismatch(message).at(at));
                }
            }
        }
        let aliases: Vec<_> =
            items.iter().zip(&exprs).filter_map(|(item, expr)| Some((item.name()?.clone(), expr.clone()))).collect();
        let by_alias = Translator { aliases: &aliases, ..translator.clone() };
        let mut outputs = Outputs { planner: self, projected: Vec::new(), columns: Vec::new() };
        let mut fields = Vec::new();
        for (item, expr) in items.iter().zip(&exprs) {
            let column = outputs.add(expr, item.name().map_or("_col", String::as_str));
            fields.push(Field { relation: [].into(), name: item.name().cloned(), column, hidden: false });
        }
        let kept: Vec<_> = outputs.columns.clone();
        let mut sorts = Vec::new();
        for item in order_by {
            let expr = match ordinal(&item.expr, exprs.len(), "ORDER BY")? {
                Some(index) => exprs[index].clone(),
                None => by_alias.translate(&item.expr).map_err(|error| ungrouped(error, &item.expr))?,
            };
            translator.check_orderable(&expr, item.expr.position())?;
            let column = match exprs.iter().position(|known| *known == expr) {
                Some(index) => kept[index].clone(),
                None if select.distinct => {
                    let message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list";
                    return Err(SqlError::new("EXPRESSION_NOT_IN_DISTINCT", message).at(item.expr.position()));
                }
                None => outputs.add(&expr, "sort"),
            };
            sorts.push(Sort::new(Expr::Column(column), item.ascending, item.nulls_first));
        }
        let extra = outputs.columns.len() > kept.len();
        let mut plan = project(plan, outputs.projected)?;
        let built = |builder: datafusion::error::Result<LogicalPlanBuilder>| {
            builder.and_then(LogicalPlanBuilder::build).map_err(failure)
        };
        if select.distinct {
            plan = built(LogicalPlanBuilder::from(plan).distinct())?;
        }
        if !sorts.is_empty() {
            plan = built(LogicalPlanBuilder::from(plan).sort(sorts))?;
        }
        if extra {
            plan = project(plan, kept.into_iter().map(Expr::Column).collect())?;
        }
        Ok(Source { plan, fields })
    }
}

/// The plan with only the rows for which the condition is true.
fn filtered(
    plan: LogicalPlan,
    condition: &ast::Expr,
    clause: &str,
    mut translator: Translator,
) -> Result<LogicalPlan, SqlError> {
    translator.place = Place::Conjunct;
    let predicate = translator
        .boolean(condition, |actual| format!("{clause} must evaluate to a boolean: actual type {actual}"))
        .map_err(|error| ungrouped(error, condition))?;
    LogicalPlanBuilder::from(plan).filter(predicate).and_then(LogicalPlanBuilder::build).map_err(failure)
}

/// A select list and its expressions.
struct Listed<'l> {
    items: &'l [Item],
    exprs: Vec<Expr>,
}

/// The columns of a projection.
struct Outputs<'o> {
    planner: &'o Planner<'o>,
    projected: Vec<Expr>,
    columns: Vec<Column>,
}

impl Outputs<'_> {
    /// Columns keep their names; what is computed, or selected twice, gets one.
    fn add(&mut self, expr: &Expr, name: &str) -> Column {
        let column = match expr {
            Expr::Column(column) if !self.columns.contains(column) => {
                self.projected.push(expr.clone());
                column.clone()
            }
            _ => {
                let unique = self.planner.unique(name);
                self.projected.push(expr.clone().alias(&unique));
                Column::from_name(unique)
            }
        };
        self.columns.push(column.clone());
        column
    }
}

/// The select list without asterisks.
fn expand(items: &[SelectItem], fields: &[Field], rows: &Translator) -> Result<Vec<Item>, SqlError> {
    let mut expanded = Vec::new();
    for item in items {
        match item {
            SelectItem::Expr(expr, alias) => {
                let name = alias.as_ref().map(|alias| alias.value.clone()).or_else(|| match expr.kind.as_ref() {
                    ExprKind::Name(name) | ExprKind::Field(_, name) => Some(name.value.clone()),
                    _ => None,
                });
                expanded.push(Item::Expr(expr.clone(), name));
            }
            SelectItem::All(at) => {
                if fields.is_empty() {
                    let message = "SELECT * not allowed in queries without FROM clause";
                    return Err(SqlError::new("COLUMN_NOT_FOUND", message).at(at.0));
                }
                let visible = fields.iter().filter(|field| !field.hidden);
                expanded.extend(visible.map(|field| Item::Column(field.column.clone(), field.name.clone(), at.0)));
            }
            SelectItem::AllOf(expr, columns) => {
                expanded.extend(expand_relation(expr, columns.as_deref(), fields, rows)?);
            }
        }
    }
    Ok(expanded)
}

/// `t.*`, or the fields of a row.
fn expand_relation(
    expr: &ast::Expr,
    columns: Option<&[ast::Name]>,
    fields: &[Field],
    rows: &Translator,
) -> Result<Vec<Item>, SqlError> {
    let at = expr.position();
    let prefix: Option<Vec<String>> = expr.as_name().map(|name| name.0.iter().map(|part| part.value.clone()).collect());
    let mut found = Vec::new();
    if let Some(prefix) = prefix.as_ref().filter(|prefix| rows.scope.has_relation(prefix)) {
        let belonging = fields.iter().filter(|field| !field.hidden && field.belongs_to(prefix));
        found.extend(belonging.map(|field| Item::Column(field.column.clone(), field.name.clone(), at)));
    } else {
        let row = rows.translate(expr).map_err(|error| match (&prefix, error.name) {
            (Some(prefix), "COLUMN_NOT_FOUND") => {
                let message = format!("Unable to resolve reference {}", prefix.join("."));
                SqlError::new("TABLE_NOT_FOUND", message).at(at)
            }
            _ => error,
        })?;
        let Type::Row(row_fields) = rows.type_of(&row)? else {
            return Err(SqlError::type_mismatch("expected expression of type Row").at(at));
        };
        let named = row_fields.into_iter().enumerate();
        found.extend(
            named.map(|(index, (name, _))| Item::Field(expr.clone(), index, name.map(|name| name.to_lowercase()))),
        );
    }
    let Some(columns) = columns else { return Ok(found) };
    if columns.len() != found.len() {
        let message =
            format!("Column alias list has {} entries but relation has {} columns", columns.len(), found.len());
        return Err(SqlError::new("MISMATCHED_COLUMN_ALIASES", message).at(at));
    }
    let named = found.into_iter().zip(columns).map(|(item, name)| {
        let name = Some(name.value.clone());
        match item {
            Item::Expr(expr, _) => Item::Expr(expr, name),
            Item::Column(column, _, at) => Item::Column(column, name, at),
            Item::Field(row, index, _) => Item::Field(row, index, name),
        }
    });
    Ok(named.collect())
}
