//! Predicates over what all rows of a file share: partition keys and hidden columns. They are evaluated by the
//! engine itself, exactly, before any file is opened; and they are told to the catalog, as far as it understands.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{FieldRef, Schema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use crate::catalog::PartitionFilter;
use crate::error::SqlError;
use crate::run::failure;

/// The conjuncts of a `WHERE` that need no file.
pub(super) struct Predicates {
    conjuncts: Vec<(Expr, HashSet<String>)>,
    props: ExecutionProps,
}

/// What the conjuncts say of one column alone, as far as it is plain.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    /// One of these.
    pub(super) equals: Option<Vec<ScalarValue>>,
    /// Not less.
    pub(super) min: Option<ScalarValue>,
    /// Not more.
    pub(super) max: Option<ScalarValue>,
}

impl Predicates {
    pub(super) fn new(conjuncts: Vec<Expr>, props: ExecutionProps) -> Self {
        let with_columns = |conjunct: Expr| {
            let columns = conjunct.column_refs().into_iter().map(|column| column.name.clone()).collect();
            (conjunct, columns)
        };
        Self { conjuncts: conjuncts.into_iter().map(with_columns).collect(), props }
    }

    /// Which rows of these columns the conjuncts that speak of nothing else let pass; `None`: all.
    pub(super) fn keep(&self, fields: &[FieldRef], columns: Vec<ArrayRef>) -> Result<Option<Vec<bool>>, SqlError> {
        let known = |names: &HashSet<String>| names.iter().all(|name| fields.iter().any(|field| field.name() == name));
        let conjuncts: Vec<&Expr> =
            self.conjuncts.iter().filter(|(_, names)| known(names)).map(|(conjunct, _)| conjunct).collect();
        let rows = columns.first().map_or(0, |column| column.len());
        if conjuncts.is_empty() || rows == 0 {
            return Ok(None);
        }
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let values = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
        let described = DFSchema::try_from(schema).map_err(failure)?;
        let mut keep = vec![true; rows];
        for conjunct in conjuncts {
            let context = PhysicalPlanningContext::default();
            let evaluated = create_physical_expr(conjunct, &described, &self.props, &context)
                .and_then(|conjunct: Arc<dyn PhysicalExpr>| conjunct.evaluate(&values)?.into_array(rows))
                .map_err(failure)?;
            let passes = evaluated.as_boolean();
            keep.iter_mut().enumerate().for_each(|(row, keep)| *keep &= passes.is_valid(row) && passes.value(row));
        }
        Ok(Some(keep))
    }

    /// What is said of one column.
    pub(super) fn wanted(&self, column: &str) -> Wanted {
        let mut wanted = Wanted::default();
        for (conjunct, names) in &self.conjuncts {
            if names.len() == 1 && names.contains(column) {
                wanted.learn(conjunct);
            }
        }
        wanted
    }

    /// The conjuncts over these keys that `glue:GetPartitions` understands.
    pub(super) fn for_catalog(&self, keys: &[FieldRef]) -> Option<PartitionFilter> {
        let is_key = |name: &String| keys.iter().any(|key| key.name() == name);
        let over_keys = self.conjuncts.iter().filter(|(_, names)| names.iter().all(is_key));
        let spelled: Vec<String> = over_keys.filter_map(|(conjunct, _)| spell(conjunct)).collect();
        (!spelled.is_empty()).then(|| PartitionFilter(spelled.join(" AND ")))
    }
}

impl Wanted {
    fn learn(&mut self, conjunct: &Expr) {
        if let Some(values) = one_of(conjunct) {
            let narrowed = match self.equals.take() {
                Some(known) => known.into_iter().filter(|known| values.contains(known)).collect(),
                None => values,
            };
            self.equals = Some(narrowed);
            return;
        }
        match conjunct {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                self.learn(left);
                self.learn(right);
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (literal(left), literal(right)) {
                (None, Some(value)) if bare(left) => self.bound(*op, value),
                (Some(value), None) if bare(right) => {
                    if let Some(swapped) = op.swap() {
                        self.bound(swapped, value);
                    }
                }
                _ => {}
            },
            Expr::Between(Between { expr, negated: false, low, high }) if bare(expr) => {
                if let (Some(low), Some(high)) = (literal(low), literal(high)) {
                    self.bound(Operator::GtEq, low);
                    self.bound(Operator::LtEq, high);
                }
            }
            _ => {}
        }
    }

    /// Strict bounds are kept as if they were not: too many candidates do no harm.
    fn bound(&mut self, op: Operator, value: &ScalarValue) {
        let tighter = |known: &ScalarValue, less: bool| match value.partial_cmp(known) {
            Some(order) => order.is_lt() == less,
            None => false,
        };
        match op {
            Operator::Gt | Operator::GtEq if self.min.as_ref().is_none_or(|known| tighter(known, false)) => {
                self.min = Some(value.clone());
            }
            Operator::Lt | Operator::LtEq if self.max.as_ref().is_none_or(|known| tighter(known, true)) => {
                self.max = Some(value.clone());
            }
            _ => {}
        }
    }
}

/// The values that a column must have one of: `=`, `IN`, and `OR` between such.
fn one_of(conjunct: &Expr) -> Option<Vec<ScalarValue>> {
    match conjunct {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (literal(left), literal(right)) {
            (None, Some(value)) if bare(left) => Some(vec![value.clone()]),
            (Some(value), None) if bare(right) => Some(vec![value.clone()]),
            _ => None,
        },
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut values = one_of(left)?;
            values.extend(one_of(right)?);
            Some(values)
        }
        Expr::InList(InList { expr, list, negated: false }) if bare(expr) => {
            list.iter().map(|item| literal(item).cloned()).collect()
        }
        _ => None,
    }
}

fn bare(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(_))
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    match expr {
        Expr::Literal(value, _) if !value.is_null() => Some(value),
        _ => None,
    }
}

/// In the language of partition expressions; `None` for what it cannot say.
fn spell(conjunct: &Expr) -> Option<String> {
    match conjunct {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And | Operator::Or => {
                let word = if *op == Operator::And { "AND" } else { "OR" };
                Some(format!("({} {word} {})", spell(left)?, spell(right)?))
            }
            op => {
                let (column, op, value) = match (name(left), name(right)) {
                    (Some(column), None) => (column, *op, literal(right)?),
                    (None, Some(column)) => (column, op.swap()?, literal(left)?),
                    _ => return None,
                };
                let op = match op {
                    Operator::Eq => "=",
                    Operator::NotEq => "<>",
                    Operator::Lt => "<",
                    Operator::LtEq => "<=",
                    Operator::Gt => ">",
                    Operator::GtEq => ">=",
                    _ => return None,
                };
                Some(format!("({column} {op} {})", spell_value(value)?))
            }
        },
        Expr::InList(InList { expr, list, negated }) => {
            let column = name(expr)?;
            let values: Option<Vec<String>> = list.iter().map(|item| spell_value(literal(item)?)).collect();
            Some(format!("({column} {}IN ({}))", if *negated { "NOT " } else { "" }, values?.join(", ")))
        }
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let (low, high) = (spell_value(literal(low)?)?, spell_value(literal(high)?)?);
            Some(format!("({} BETWEEN {low} AND {high})", name(expr)?))
        }
        _ => None,
    }
}

/// Names that need no quoting: the expression language has none.
fn name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) if column.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            Some(&column.name)
        }
        _ => None,
    }
}

fn spell_value(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Utf8View(Some(text)) | ScalarValue::Utf8(Some(text)) => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        ScalarValue::Int8(_) | ScalarValue::Int16(_) | ScalarValue::Int32(_) | ScalarValue::Int64(_) => {
            Some(value.to_string())
        }
        ScalarValue::Date32(Some(days)) => {
            let mut text = "'".to_owned();
            crate::render::push_date(i64::from(*days), &mut text);
            text.push('\'');
            Some(text)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::datatypes::{DataType, Field};
    use datafusion::prelude::{col, lit};

    use super::*;

    fn predicates(conjuncts: Vec<Expr>) -> Predicates {
        Predicates::new(conjuncts, ExecutionProps::new())
    }

    fn field(name: &str, layout: DataType) -> FieldRef {
        Arc::new(Field::new(name, layout, true))
    }

    #[test]
    fn what_the_catalog_understands_is_told_and_the_rest_is_not() {
        let keys = [field("year", DataType::Int32), field("day", DataType::Utf8View)];
        let told = |conjunct: Expr| predicates(vec![conjunct]).for_catalog(&keys).map(|filter| filter.0);
        assert_eq!(told(col("year").eq(lit(2020))).unwrap(), "(year = 2020)");
        assert_eq!(told(lit(2020).lt(col("year"))).unwrap(), "(year > 2020)");
        assert_eq!(told(col("day").eq(lit("it's"))).unwrap(), "(day = 'it''s')");
        assert_eq!(
            told(col("year").in_list(vec![lit(1), lit(2)], false).or(col("day").gt_eq(lit("x")))).unwrap(),
            "((year IN (1, 2)) OR (day >= 'x'))"
        );
        assert_eq!(told(col("year").between(lit(1), lit(3))).unwrap(), "(year BETWEEN 1 AND 3)");
        assert_eq!(told((col("year") + lit(1)).eq(lit(2020))), None);
        assert_eq!(told(col("other").eq(lit(1))), None);
        let both = predicates(vec![col("year").eq(lit(1)), col("day").like(lit("%x"))]);
        assert_eq!(both.for_catalog(&keys).unwrap().0, "(year = 1)");
    }

    #[test]
    fn bounds_and_values_of_one_column_are_found() {
        let found = predicates(vec![
            col("n").gt(lit(3)),
            lit(9).gt_eq(col("n")),
            col("n").gt_eq(lit(5)).and(col("n").lt(lit(20))),
            col("m").eq(lit(1)),
        ]);
        let wanted = found.wanted("n");
        assert_eq!((wanted.min, wanted.max, wanted.equals), (Some(5.into()), Some(9.into()), None));
        let found = predicates(vec![col("n").eq(lit(1)).or(col("n").in_list(vec![lit(2), lit(3)], false))]);
        assert_eq!(found.wanted("n").equals.unwrap().len(), 3);
        assert_eq!(predicates(vec![col("n").in_list(vec![lit(2)], true)]).wanted("n"), Wanted::default());
    }

    #[test]
    fn only_rows_that_every_known_conjunct_lets_pass_are_kept() {
        let fields = [field("n", DataType::Int32)];
        let values: ArrayRef = Arc::new(arrow::array::Int32Array::from(vec![Some(1), Some(2), None]));
        let some = predicates(vec![col("n").gt(lit(1)), col("unknown").eq(lit(1))]);
        assert_eq!(some.keep(&fields, vec![values.clone()]).unwrap(), Some(vec![false, true, false]));
        assert_eq!(predicates(vec![col("unknown").eq(lit(1))]).keep(&fields, vec![values]).unwrap(), None);
    }
}
