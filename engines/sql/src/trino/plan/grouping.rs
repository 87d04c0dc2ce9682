//! GROUP BY: what a query groups by, and the aggregates over the groups.

use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::expr::{AggregateFunction, GroupingSet};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};

use super::expression::{Translator, has_subquery};
use super::query::ordinal;
use super::scope::{Field, Scope};
use super::select::Item;
use super::{Env, Planner, failure, functions};
use crate::error::{Position, SqlError, TYPE_MISMATCH};
use crate::trino::functions::planned;
use crate::trino::syntax::ast::{self, Call, ExprKind, GroupBy, GroupingElement};
use crate::types::Type;

/// The most grouping sets of one query, as in Trino.
const GROUPING_SETS_MAX: usize = 2048;

/// What a query groups by, for expressions over its groups.
pub(super) struct Groups<'g> {
    /// The expressions over the rows that are no plain columns, and the columns that hold them.
    complex: Vec<(Expr, Column)>,
    /// Of the rows before grouping.
    rows: Scope<'g>,
}

impl Groups<'_> {
    /// The column of a group's key, if the expression is one.
    pub(super) fn find(&self, expr: &ast::Expr, translator: &Translator) -> Option<Expr> {
        if self.complex.is_empty() {
            return None;
        }
        let over_rows = Translator::new(translator.planner, translator.env, self.rows);
        let translated = over_rows.translate(expr).ok()?;
        let (_, column) = self.complex.iter().find(|(key, _)| *key == translated)?;
        Some(Expr::Column(column.clone()))
    }
}

/// A plan of groups.
pub(super) struct Grouped {
    pub(super) plan: LogicalPlan,
    /// The columns that survive.
    pub(super) columns: Vec<Column>,
    /// Aggregates and what holds them.
    pub(super) computed: Vec<(ast::Expr, Expr)>,
    complex: Vec<(Expr, Column)>,
}

impl Grouped {
    pub(super) fn groups<'g>(
        &self,
        fields: &'g [Field],
        schema: &'g DFSchemaRef,
        parent: Option<&'g Scope<'g>>,
    ) -> Groups<'g> {
        Groups { complex: self.complex.clone(), rows: Scope { fields, schema, grouped: None, parent } }
    }
}

/// The aggregates and `GROUPING` operations in an expression, each once.
pub(super) fn collect(expr: &ast::Expr, found: &mut Vec<ast::Expr>) -> Result<(), SqlError> {
    let mut nested = Ok(());
    expr.walk(&mut |part| {
        match part.kind.as_ref() {
            ExprKind::Call(call) if is_aggregate(call) => {
                let mut inner = Vec::new();
                part.parts(&mut |argument| {
                    argument.walk(&mut |deep| {
                        if let ExprKind::Call(call) = deep.kind.as_ref()
                            && (is_aggregate(call) || call.over.is_some())
                        {
                            inner.push(deep);
                        }
                        true
                    });
                });
                if let Some(inner) = inner.first() {
                    let message =
                        format!("Cannot nest aggregations inside aggregation '{}': [{inner}]", call.name.text());
                    nested = Err(SqlError::new("NESTED_AGGREGATION", message).at(part.position()));
                }
            }
            ExprKind::Grouping(_) => {}
            _ => return true,
        }
        if !found.contains(part) {
            found.push(part.clone());
        }
        false
    });
    nested
}

/// Whether it aggregates rows to one.
pub(super) fn is_aggregate(call: &Call) -> bool {
    call.over.is_none() && call.name.0.len() == 1 && functions::aggregate(&call.name.text()).is_some()
}

impl Planner<'_> {
    /// Groups the rows of a plan.
    pub(super) fn group(
        &self,
        (plan, fields): (LogicalPlan, &[Field]),
        group_by: Option<&GroupBy>,
        items: &[Item],
        wanted: &[ast::Expr],
        (env, parent): (&Env, Option<&Scope>),
    ) -> Result<Grouped, SqlError> {
        let schema = plan.schema().clone();
        let scope = Scope { fields, schema: &schema, grouped: None, parent };
        let rows = Translator::new(self, env, scope);
        if group_by.is_none()
            && let Some(grouping) = wanted.iter().find(|call| matches!(*call.kind, ExprKind::Grouping(_)))
        {
            let message = "A GROUPING() operation can only be used with a corresponding \
                           GROUPING SET/CUBE/ROLLUP/GROUP BY clause";
            return Err(SqlError::new("MISSING_GROUP_BY", message).at(grouping.position()));
        }
        let mut keys = Keys { exprs: Vec::new() };
        let mut sets: Option<Vec<Vec<usize>>> = None;
        let mut simple: Vec<usize> = Vec::new();
        for element in group_by.iter().flat_map(|group_by| &group_by.elements) {
            let choices = match element {
                GroupingElement::Simple(exprs) => {
                    for expr in exprs {
                        let key = keys.add(self.key(expr, items, &rows)?);
                        if !simple.contains(&key) {
                            simple.push(key);
                        }
                    }
                    continue;
                }
                GroupingElement::Sets(sets) => sets.iter().map(|set| keys.all(set, &rows)).collect::<Result<_, _>>()?,
                GroupingElement::Rollup(sets) => {
                    let steps = sets.iter().map(|set| keys.all(set, &rows)).collect::<Result<Vec<_>, _>>()?;
                    (0..=steps.len()).rev().map(|length| steps[..length].concat()).collect()
                }
                GroupingElement::Cube(sets) => {
                    let steps = sets.iter().map(|set| keys.all(set, &rows)).collect::<Result<Vec<_>, _>>()?;
                    if steps.len() > 11 {
                        return Err(too_many_sets());
                    }
                    cube(&steps)
                }
            };
            sets = Some(product(sets, choices)?);
        }
        let distinct = group_by.is_some_and(|group_by| group_by.distinct);
        let sets = sets.map(|sets| with_simple(sets, &simple, distinct));
        if let (Some(sets), Some(group_by)) = (&sets, group_by)
            && sets.len() > GROUPING_SETS_MAX
        {
            return Err(too_many_sets().at(group_by.at.0));
        }
        self.aggregated(plan, &keys, sets, wanted, &rows)
    }

    /// One expression of GROUP BY; a number means a column of the select list.
    fn key(&self, expr: &ast::Expr, items: &[Item], rows: &Translator) -> Result<Expr, SqlError> {
        let key = match ordinal(expr, items.len(), "GROUP BY")? {
            Some(index) => {
                let item = &items[index];
                if let Item::Expr(selected, _) = item {
                    let mut aggregates = Vec::new();
                    collect(selected, &mut aggregates)?;
                    if let Some(aggregate) = aggregates.first() {
                        let message = format!(
                            "GROUP BY clause cannot contain aggregations, window functions or grouping operations: \
                             [{aggregate}]"
                        );
                        return Err(SqlError::new("EXPRESSION_NOT_SCALAR", message).at(expr.position()));
                    }
                }
                item.translate(rows)?
            }
            None => {
                super::select::refuse_aggregates(expr, "GROUP BY clause")?;
                rows.translate(expr)?
            }
        };
        let of = rows.type_of(&key)?;
        if !of.is_comparable() {
            let message = format!("{expr} is not comparable, and therefore cannot be used in GROUP BY");
            return Err(SqlError::new(TYPE_MISMATCH, message).at(expr.position()));
        }
        Ok(key)
    }

    fn aggregated(
        &self,
        plan: LogicalPlan,
        keys: &Keys,
        sets: Option<Vec<Vec<usize>>>,
        wanted: &[ast::Expr],
        rows: &Translator,
    ) -> Result<Grouped, SqlError> {
        // Keys that are no columns become columns first, so that what stands above can name them.
        let mut before = Before { planner: self, exprs: Vec::new() };
        let mut complex = Vec::new();
        let mut columns = Vec::new();
        for key in &keys.exprs {
            columns.push(match key {
                Expr::Column(column) => column.clone(),
                other => {
                    let column = before.add(other.clone(), "key");
                    complex.push((other.clone(), column.clone()));
                    column
                }
            });
        }
        let mut exprs = Vec::new();
        let mut computed = Vec::new();
        for call in wanted {
            let (expr, name) = match call.kind.as_ref() {
                ExprKind::Call(function) => {
                    (before.clear(rows.aggregate(function, call.position())?), function.name.text())
                }
                ExprKind::Grouping(names) => {
                    match self.grouping(names, &columns, sets.is_some(), rows, call.position())? {
                        Some(grouping) => (grouping, "grouping".to_owned()),
                        None => {
                            computed.push((call.clone(), planned::literal(0_i32.into(), &Type::Integer)));
                            continue;
                        }
                    }
                }
                _ => return Err(SqlError::internal("neither an aggregate nor a grouping")),
            };
            let name = self.unique(&name);
            computed.push((call.clone(), Expr::Column(Column::from_name(&name))));
            exprs.push(expr.alias(&name));
        }
        if exprs.is_empty() && columns.is_empty() {
            let count = functions::aggregate("count").ok_or_else(|| SqlError::internal("no function count"))?;
            let rows = AggregateFunction::new_udf(count, vec![lit(1_i64)], false, None, Vec::new(), None);
            exprs.push(Expr::AggregateFunction(rows).alias(self.unique("count")));
        }
        let column = |index: &usize| Expr::Column(columns[*index].clone());
        let group_exprs: Vec<Expr> = match &sets {
            None => columns.iter().cloned().map(Expr::Column).collect(),
            Some(sets) => {
                let sets = sets.iter().map(|set| set.iter().map(column).collect()).collect();
                vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))]
            }
        };
        let plan = LogicalPlanBuilder::from(before.project(plan)?)
            .aggregate(group_exprs, exprs)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        // Some of DataFusion's aggregates count in types that Trino does not have.
        for (_, expr) in &mut computed {
            *expr = self.in_layout(expr.clone(), plan.schema())?;
        }
        Ok(Grouped { plan, columns, computed, complex })
    }

    /// `GROUPING(a, b)`; none when there is only one grouping set, where it is zero.
    fn grouping(
        &self,
        names: &[ast::QualifiedName],
        columns: &[Column],
        sets: bool,
        rows: &Translator,
        at: Position,
    ) -> Result<Option<Expr>, SqlError> {
        let mut args = Vec::new();
        for name in names {
            let mut parts = name.0.iter().cloned();
            let first = parts.next().ok_or_else(|| SqlError::internal("a name without parts"))?;
            let start = ast::Expr::new(first.at.0, ExprKind::Name(first));
            let expr = parts.fold(start, |base, part| ast::Expr::new(base.position(), ExprKind::Field(base, part)));
            let column = rows.translate(&expr)?;
            if !column.try_as_col().is_some_and(|column| columns.contains(column)) {
                let message = "The arguments to GROUPING() must be expressions referenced by the GROUP BY at line";
                let message = format!("{message} {}:{} and column", at.line, at.column);
                return Err(SqlError::new("INVALID_ARGUMENTS", message).at(expr.position()));
            }
            args.push(column);
        }
        if !sets {
            return Ok(None);
        }
        let function = datafusion::functions_aggregate::grouping::grouping_udaf();
        Ok(Some(Expr::AggregateFunction(AggregateFunction::new_udf(function, args, false, None, Vec::new(), None))))
    }

    /// A column in the layout of its type.
    pub(super) fn in_layout(&self, expr: Expr, schema: &DFSchemaRef) -> Result<Expr, SqlError> {
        let Some(column) = expr.try_as_col() else { return Ok(expr) };
        let field = schema.qualified_field_from_column(column).map_err(failure)?.1;
        let of = Type::of(field);
        use arrow::datatypes::DataType::{UInt8, UInt16, UInt32, UInt64};
        match field.data_type() {
            UInt8 | UInt16 | UInt32 | UInt64 => {
                let to = std::sync::Arc::new(of.field("", true));
                let cast = datafusion::logical_expr::expr::Cast::new_from_field(Box::new(expr), to);
                Ok(Expr::Cast(cast))
            }
            _ => Ok(expr),
        }
    }
}

/// The distinct expressions that a query groups by.
struct Keys {
    exprs: Vec<Expr>,
}

impl Keys {
    fn add(&mut self, key: Expr) -> usize {
        if let Some(known) = self.exprs.iter().position(|known| *known == key) {
            return known;
        }
        self.exprs.push(key);
        self.exprs.len() - 1
    }

    fn all(&mut self, set: &[ast::Expr], rows: &Translator) -> Result<Vec<usize>, SqlError> {
        set.iter().map(|expr| Ok(self.add(rows.planner.key(expr, &[], rows)?))).collect()
    }
}

/// What is computed beneath an aggregation or a window.
pub(super) struct Before<'b> {
    pub(super) planner: &'b Planner<'b>,
    exprs: Vec<Expr>,
}

impl<'b> Before<'b> {
    pub(super) fn new(planner: &'b Planner<'b>) -> Before<'b> {
        Before { planner, exprs: Vec::new() }
    }

    fn add(&mut self, expr: Expr, name: &str) -> Column {
        let name = self.planner.unique(name);
        self.exprs.push(expr.alias(&name));
        Column::from_name(name)
    }

    /// The call with columns in place of arguments that hold subqueries: DataFusion decorrelates those of projections
    /// and filters only.
    pub(super) fn clear(&mut self, call: Expr) -> Expr {
        if !has_subquery(&call) {
            return call;
        }
        let mut replace = |expr: Expr| {
            if has_subquery(&expr) { Expr::Column(self.add(expr, "argument")) } else { expr }
        };
        match call {
            Expr::AggregateFunction(mut aggregate) => {
                aggregate.params.args = aggregate.params.args.into_iter().map(&mut replace).collect();
                aggregate.params.filter = aggregate.params.filter.map(|filter| Box::new(replace(*filter)));
                Expr::AggregateFunction(aggregate)
            }
            Expr::WindowFunction(mut window) => {
                window.params.args = window.params.args.into_iter().map(&mut replace).collect();
                window.params.partition_by = window.params.partition_by.into_iter().map(&mut replace).collect();
                Expr::WindowFunction(window)
            }
            other => other,
        }
    }

    /// The plan with what was added.
    pub(super) fn project(self, plan: LogicalPlan) -> Result<LogicalPlan, SqlError> {
        if self.exprs.is_empty() {
            return Ok(plan);
        }
        let mut all: Vec<_> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        all.extend(self.exprs);
        LogicalPlanBuilder::from(plan).project(all).and_then(LogicalPlanBuilder::build).map_err(failure)
    }
}

fn too_many_sets() -> SqlError {
    let message = format!("GROUP BY has more than {GROUPING_SETS_MAX} grouping sets");
    SqlError::new("TOO_MANY_GROUPING_SETS", message)
}

/// Every choice among the sets, from all of them to none.
fn cube(steps: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let chosen = |mask: usize| {
        let taken = steps.iter().rev().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
        taken.flat_map(|(_, set)| set.clone()).collect()
    };
    (0..1_usize << steps.len()).rev().map(chosen).collect()
}

/// Every combination of what was and what is added.
fn product(before: Option<Vec<Vec<usize>>>, choices: Vec<Vec<usize>>) -> Result<Vec<Vec<usize>>, SqlError> {
    let Some(before) = before else { return Ok(choices) };
    if before.len().saturating_mul(choices.len()) > GROUPING_SETS_MAX {
        return Err(too_many_sets());
    }
    Ok(before.iter().flat_map(|set| choices.iter().map(move |choice| [set.as_slice(), choice].concat())).collect())
}

/// Each set with the keys that are in all of them, without repetitions.
fn with_simple(sets: Vec<Vec<usize>>, simple: &[usize], distinct: bool) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    for set in sets {
        let mut keys: Vec<usize> = Vec::new();
        for key in simple.iter().chain(&set) {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
        keys.sort_unstable();
        if !distinct || !all.contains(&keys) {
            all.push(keys);
        }
    }
    all
}
