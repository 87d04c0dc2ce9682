//! UNION, INTERSECT and EXCEPT, of sets and of bags.

use datafusion::common::{Column, JoinType, NullEquality};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use super::expression::Translator;
use super::scope::{Field, Scope, Source};
use super::{Env, Planner, failure};
use crate::error::{SqlError, TYPE_MISMATCH};
use crate::trino::syntax::ast::{SetOperation, SetOperator};
use crate::types::Type;

impl Planner<'_> {
    pub(super) fn set_operation(
        &self,
        operation: &SetOperation,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<Source, SqlError> {
        let left = self.body(&operation.left, env, parent)?;
        let right = self.body(&operation.right, env, parent)?;
        let at = operation.at.0;
        let word = match operation.operator {
            SetOperator::Union => "UNION",
            SetOperator::Intersect => "INTERSECT",
            SetOperator::Except => "EXCEPT",
        };
        if left.fields.len() != right.fields.len() {
            let message =
                format!("{word} query has different number of fields: {}, {}", left.fields.len(), right.fields.len());
            return Err(SqlError::new(TYPE_MISMATCH, message).at(at));
        }
        let mut types = Vec::new();
        for (number, (one, other)) in types_of(&left)?.into_iter().zip(types_of(&right)?).enumerate() {
            let Some(common) = one.common(&other) else {
                let message = format!("column {} in {word} query has incompatible types: {one}, {other}", number + 1);
                return Err(SqlError::new(TYPE_MISMATCH, message).at(at));
            };
            types.push(common);
        }
        let names: Vec<_> =
            left.fields.iter().map(|field| self.unique(field.name.as_deref().unwrap_or("_col"))).collect();
        let one = self.aligned(&left, &types, &names, env)?;
        let other = self.aligned(&right, &types, &names, env)?;
        let plan = match (operation.operator, operation.distinct) {
            (SetOperator::Union, false) => LogicalPlanBuilder::from(one).union(other),
            (SetOperator::Union, true) => LogicalPlanBuilder::from(one).union_distinct(other),
            (SetOperator::Intersect, distinct) => return self.semi(one, other, JoinType::LeftSemi, distinct, &left),
            (SetOperator::Except, distinct) => return self.semi(one, other, JoinType::LeftAnti, distinct, &left),
        };
        let plan = plan.and_then(LogicalPlanBuilder::build).map_err(failure)?;
        Ok(named(plan, &left.fields))
    }

    /// The columns of one side in the common types, under the common names.
    pub(super) fn aligned(
        &self,
        source: &Source,
        types: &[Type],
        names: &[String],
        env: &Env,
    ) -> Result<LogicalPlan, SqlError> {
        let schema = source.plan.schema().clone();
        let scope = Scope { fields: &source.fields, schema: &schema, grouped: None, parent: None };
        let translator = Translator::new(self, env, scope);
        let mut exprs = Vec::new();
        for ((field, of), name) in source.fields.iter().zip(types).zip(names) {
            exprs.push(translator.coerce(Expr::Column(field.column.clone()), of)?.alias(name));
        }
        LogicalPlanBuilder::from(source.plan.clone())
            .project(exprs)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)
    }

    /// INTERSECT and EXCEPT by a join that takes null for equal to null. Of bags, the n-th of equal rows meets the
    /// n-th of the other side.
    fn semi(
        &self,
        left: LogicalPlan,
        right: LogicalPlan,
        join: JoinType,
        distinct: bool,
        names: &Source,
    ) -> Result<Source, SqlError> {
        let plain = left.schema().columns();
        let (left, right) = if distinct {
            let left = LogicalPlanBuilder::from(left).distinct().and_then(LogicalPlanBuilder::build);
            (left.map_err(failure)?, right)
        } else {
            (self.numbered(left)?, self.numbered(right)?)
        };
        // Both sides have the same names, so the right one gets others.
        let mut keys = (Vec::new(), Vec::new());
        let mut renamed = Vec::new();
        for (one, other) in left.schema().columns().into_iter().zip(right.schema().columns()) {
            let name = self.unique(other.name());
            renamed.push(Expr::Column(other).alias(&name));
            keys.0.push(one);
            keys.1.push(Column::from_name(name));
        }
        let right = LogicalPlanBuilder::from(right).project(renamed).and_then(LogicalPlanBuilder::build);
        let plan = LogicalPlanBuilder::from(left)
            .join_detailed(right.map_err(failure)?, join, keys, None, NullEquality::NullEqualsNull)
            .and_then(|plan| plan.project(plain.into_iter().map(Expr::Column)))
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;
        Ok(named(plan, &names.fields))
    }

    /// The plan with a number for each of several equal rows.
    fn numbered(&self, plan: LogicalPlan) -> Result<LogicalPlan, SqlError> {
        let mut number = WindowFunction::new(row_number_udwf(), Vec::new());
        number.params.partition_by = plan.schema().columns().into_iter().map(Expr::Column).collect();
        let number = Expr::WindowFunction(Box::new(number)).alias(self.unique("number"));
        LogicalPlanBuilder::from(plan).window(vec![number]).and_then(LogicalPlanBuilder::build).map_err(failure)
    }
}

/// The types of the columns that can be seen.
pub(super) fn types_of(source: &Source) -> Result<Vec<Type>, SqlError> {
    let schema = source.plan.schema();
    source
        .fields
        .iter()
        .map(|field| Ok(Type::of(schema.qualified_field_from_column(&field.column).map_err(failure)?.1)))
        .collect()
}

/// The plan's columns under the left side's names.
fn named(plan: LogicalPlan, fields: &[Field]) -> Source {
    let columns = plan.schema().columns();
    let fields = fields.iter().zip(columns).map(|(field, column)| Field {
        relation: [].into(),
        name: field.name.clone(),
        column,
        hidden: false,
    });
    Source { fields: fields.collect(), plan }
}
