//! Queries that WITH names, and those that name themselves.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use arrow::array::ArrayRef;
use datafusion::catalog::cte_worktable::CteWorkTable;
use datafusion::common::{Column, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ScalarUDF, lit};

use super::scope::{Field, Source};
use super::set_operation::types_of;
use super::{Cte, Env, Planner, failure};
use crate::error::{Position, SqlError, TYPE_MISMATCH};
use crate::trino::functions;
use crate::trino::functions::scalar::{function, overload};
use crate::trino::syntax::ast::{
    self, Body, Call, ExprKind, Limit, Name, QualifiedName, Query, SelectItem, SetOperation, SetOperator,
};
use crate::trino::syntax::tables;
use crate::types::Type;

impl Planner<'_> {
    /// A query that WITH named, planned anew wherever it is used, as Trino does.
    pub(super) fn named_query(&self, cte: &Rc<Cte>, at: Position) -> Result<Source, SqlError> {
        let source = match (&cte.working, &cte.named.query.body) {
            (Some(working), _) => working.clone(),
            (None, Body::Set(union)) if cte.recursive && names_itself(cte) => self.recursion(cte, union, at)?,
            _ => self.query(&cte.named.query, &cte.env, None)?,
        };
        // Of the working rows, the depth stays.
        let visible = source.fields.into_iter().filter(|field| !field.hidden || cte.working.is_some()).collect();
        let fields = self.rename(visible, &cte.named.name, cte.named.columns.as_deref())?;
        Ok(Source { plan: source.plan, fields })
    }

    fn recursion(&self, cte: &Rc<Cte>, union: &SetOperation, at: Position) -> Result<Source, SqlError> {
        let Some(columns) = &cte.named.columns else {
            let message = "missing column aliases in recursive WITH query";
            return Err(SqlError::new("MISSING_COLUMN_ALIASES", message).at(cte.named.name.at.0));
        };
        if union.operator != SetOperator::Union {
            let message = "recursive reference outside of UNION in recursive WITH query";
            return Err(SqlError::new("INVALID_RECURSIVE_REFERENCE", message).at(union.at.0));
        }
        let base = self.body(&union.left, &cte.env, None)?;
        if base.fields.len() != columns.len() {
            let message = format!(
                "Column alias list has {} entries but relation has {} columns",
                columns.len(),
                base.fields.len()
            );
            return Err(SqlError::new("MISMATCHED_COLUMN_ALIASES", message).at(cte.named.name.at.0));
        }
        let mut types = types_of(&base)?;
        let mut names: Vec<_> = columns.iter().map(|column| self.unique(&column.value)).collect();
        let counted = with_depth(&union.right).filter(|_| !union.distinct);
        let anchor = self.aligned(&base, &types, &names, &cte.env)?;
        let anchor = if counted.is_some() { self.counted(anchor)? } else { anchor };

        // The recursive part reads what the step before it gave.
        let name = self.unique(&cte.named.name.value);
        let schema = Arc::new(anchor.schema().as_arrow().clone());
        let table = provider_as_source(Arc::new(CteWorkTable::new(&name, schema)));
        let qualifier = TableReference::bare(name.clone());
        let scan = LogicalPlanBuilder::scan(qualifier.clone(), table, None)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        let field = |name: &str, unique: &str, hidden: bool| Field {
            relation: [cte.named.name.value.clone()].into(),
            name: Some(name.to_owned()),
            column: Column::new(Some(qualifier.clone()), unique),
            hidden,
        };
        let mut fields: Vec<_> =
            names.iter().zip(columns).map(|(unique, column)| field(&column.value, unique, false)).collect();
        if counted.is_some() {
            fields.push(field(DEPTH, DEPTH, true));
        }
        let working = Source { plan: scan, fields };
        let mut inside: Env = cte.env.clone();
        inside.with.push(Rc::new(Cte {
            named: cte.named.clone(),
            env: cte.env.clone(),
            working: Some(working),
            recursive: true,
        }));
        let step = self.body(counted.as_ref().unwrap_or(&union.right), &inside, None)?;
        if counted.is_some() {
            types.push(Type::Bigint);
            names.push(DEPTH.to_owned());
        }
        let found = types_of(&step)?;
        if found.len() != types.len() {
            let given = step.fields.len() - usize::from(counted.is_some());
            let message = format!(
                "base and step relations of recursion have different number of fields: {}, {given}",
                columns.len()
            );
            return Err(SqlError::new(TYPE_MISMATCH, message).at(union.at.0));
        }
        for (number, (wanted, given)) in types.iter().zip(&found).enumerate() {
            if !given.coerces_to(wanted) {
                let message = format!(
                    "recursion step relation output type ({given}) is not coercible to recursion base relation \
                     output type ({wanted}) at column {}",
                    number + 1
                );
                return Err(SqlError::new(TYPE_MISMATCH, message).at(at));
            }
        }
        let step = self.aligned(&step, &types, &names, &inside)?;
        let plan = LogicalPlanBuilder::from(anchor)
            .to_recursive_query(name, step, union.distinct)
            .and_then(|plan| plan.alias(TableReference::bare(self.unique("recursion"))))
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        let fields = plan.schema().columns().into_iter().zip(columns).map(|(column, name)| Field {
            relation: [].into(),
            name: Some(name.value.clone()),
            column,
            hidden: false,
        });
        Ok(Source { fields: fields.collect(), plan })
    }
}

/// How many steps a recursion takes, as Athena sets it.
const DEPTH_MAX: i64 = 10;
/// What the column is called that counts the steps.
const DEPTH: &str = "$depth";

impl Planner<'_> {
    /// The plan with the depth zero.
    fn counted(&self, plan: LogicalPlan) -> Result<LogicalPlan, SqlError> {
        let mut exprs: Vec<_> = plan.schema().columns().into_iter().map(Expr::Column).collect();
        exprs.push(lit(0_i64).alias(DEPTH));
        LogicalPlanBuilder::from(plan).project(exprs).and_then(LogicalPlanBuilder::build).map_err(failure)
    }
}

/// The recursive part with the depth of its rows, if it is a plain SELECT, which is all that Trino allows there.
fn with_depth(body: &Body) -> Option<Body> {
    match body {
        Body::Select(select) if select.group_by.is_none() && !select.distinct => {
            let mut select = select.clone();
            let at = select.at;
            let depth = ast::Expr::new(at.0, ExprKind::Name(Name { value: DEPTH.to_owned(), at }));
            let next = ast::Expr::new(at.0, ExprKind::Call(Call::plain(STEP, at.0, vec![depth])));
            select.items.push(SelectItem::Expr(next, None));
            Some(Body::Select(select))
        }
        Body::Nested(query) if query.order_by.is_empty() && query.with.is_empty() && query.limit == Limit::None => {
            with_depth(&query.body)
        }
        _ => None,
    }
}

/// The function that counts the steps of recursions.
pub(super) const STEP: &str = "$step";

/// `$step(depth)`: one more, or the end.
pub(super) fn step() -> Arc<ScalarUDF> {
    static UDF: LazyLock<Arc<ScalarUDF>> =
        LazyLock::new(|| Arc::new(function(STEP, [overload("(bigint) -> bigint", next_step)]).udf()));
    UDF.clone()
}

fn next_step(call: &functions::call::Call) -> Result<ArrayRef, SqlError> {
    let depths = call.bigints(0)?;
    call.to_bigints(|row| match depths.at(row) {
        depth if depth < DEPTH_MAX => Ok(Some(depth + 1)),
        _ => Err(SqlError::not_supported(format!(
            "Recursion depth limit exceeded ({DEPTH_MAX}). \
             Use 'max_recursion_depth' session property to modify the limit."
        ))),
    })
}

/// Whether the query reads from its own name.
fn names_itself(cte: &Cte) -> bool {
    let mut named = false;
    let without_with = Query { with: Vec::new(), ..cte.named.query.clone() };
    tables(&without_with, &mut |QualifiedName(parts), _| {
        named |= matches!(parts.as_slice(), [single] if *single == cte.named.name);
    });
    named
}
