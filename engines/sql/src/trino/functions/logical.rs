//! `AND` and `OR`, whose right side must not fail where the left side has decided.
//!
//! Trino looks at the right side of `b <> 0 AND a / b > 1` only where the left side is not false. DataFusion evaluates
//! whole columns, and cuts conjunctions into pieces that it moves around; so a right side that can fail carries the
//! left side's condition with it.

use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Case, Expr, lit};

/// `left AND right`.
pub(crate) fn and(left: Expr, right: Expr) -> Expr {
    if !can_fail(&right) {
        return left.and(right);
    }
    // Only conditions that cannot fail guard: those that can would have to carry their own guards along, and double
    // with every step.
    let guards = split_conjunction(&left).into_iter().filter(|condition| !can_fail(condition)).cloned();
    match guards.reduce(Expr::and) {
        Some(guard) => left.and(guarded(guard, right)),
        None => left.and(right),
    }
}

/// The condition where the guard is not false.
pub(super) fn guarded(guard: Expr, condition: Expr) -> Expr {
    when(guard.is_not_false(), condition, lit(false))
}

/// Whether a condition carries its guard along.
pub(super) fn is_guarded(condition: &Expr) -> bool {
    let truth = |value: bool| Expr::Literal(ScalarValue::Boolean(Some(value)), None);
    matches!(condition, Expr::Case(case) if case.expr.as_deref() == Some(&truth(true))
        && case.else_expr.as_deref() == Some(&truth(false)))
}

/// `left OR right`.
pub(crate) fn or(left: Expr, right: Expr) -> Expr {
    if !can_fail(&right) || can_fail(&left) {
        return left.or(right);
    }
    let guarded = when(left.clone().is_not_true(), right, lit(true));
    left.or(guarded)
}

fn when(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    Expr::Case(searched(vec![(condition, then)], Some(otherwise)))
}

/// A `CASE` whose branches are evaluated only for the rows that take them.
///
/// DataFusion's simplifier makes `AND` and `OR` of a searched `CASE` of conditions, which are evaluated for all rows; if
/// branches can fail, the `CASE` compares its conditions with `true` instead, which it leaves alone.
pub(super) fn searched(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Case {
    let fallible = branches.iter().any(|(_, then)| can_fail(then)) || otherwise.as_ref().is_some_and(can_fail);
    let operand = fallible.then(|| Box::new(lit(true)));
    let branches = branches.into_iter().map(|(condition, then)| (Box::new(condition), Box::new(then))).collect();
    Case::new(operand, branches, otherwise.map(Box::new))
}

/// Whether evaluating the expression may raise an error for some row and not for others.
pub(super) fn can_fail(expr: &Expr) -> bool {
    let mut fails = false;
    let visited = expr.apply(|node| {
        let fallible = match node {
            Expr::ScalarFunction(call) => !INFALLIBLE.contains(&call.func.name()),
            Expr::HigherOrderFunction(call) => {
                !matches!(call.func.name(), "try" | "any_match" | "all_match" | "none_match")
            }
            _ => false,
        };
        fails = fallible && !is_constant(node);
        Ok(if fails { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    fails || visited.is_err()
}

/// Whether the expression is one value for all rows, which is computed before any row is seen.
fn is_constant(expr: &Expr) -> bool {
    let varies = |node: &Expr| {
        Ok(matches!(
            node,
            Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::LambdaVariable(_) | Expr::ScalarSubquery(_)
        ))
    };
    matches!(expr.exists(varies), Ok(false))
}

/// Functions that have a value for every argument, as far as filters often meet them.
const INFALLIBLE: [&str; 73] = [
    "float_at_most",
    "float_equal",
    "float_less",
    "all_match",
    "any_match",
    "arrays_overlap",
    "bitwise_and",
    "cardinality",
    "ceil",
    "ceiling",
    "coerce",
    "concat",
    "concat_ws",
    "contains",
    "date",
    "date_trunc",
    "day",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "dow",
    "doy",
    "element_at",
    "equal",
    "floor",
    "greatest",
    "hash",
    "hour",
    "is_distinct_from",
    "is_finite",
    "is_infinite",
    "is_json_scalar",
    "is_nan",
    "json_extract",
    "json_extract_scalar",
    "json_size",
    "least",
    "length",
    "levenshtein_distance",
    "lower",
    "ltrim",
    "map_keys",
    "map_values",
    "md5",
    "minute",
    "month",
    "none_match",
    "quarter",
    "regexp_like",
    "replace",
    "reverse",
    "round",
    "rtrim",
    "second",
    "sha256",
    "split",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "to_hex",
    "to_unixtime",
    "to_utf8",
    "translate",
    "trim",
    "try_cast",
    "typed",
    "typeof",
    "upper",
    "week",
    "xxhash64",
    "year",
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::common::DFSchema;
    use datafusion::logical_expr::col;

    use datafusion::logical_expr::Operator;

    use super::*;
    use crate::trino::functions::arithmetic;

    #[test]
    fn only_what_can_fail_carries_a_guard() {
        let schema = DFSchema::try_from(Schema::new(vec![Field::new("x", DataType::Int32, true)])).unwrap();
        let divided = arithmetic::plan(Operator::Divide, lit(10), col("x"), &schema).unwrap().gt(lit(1));
        let constant = arithmetic::plan(Operator::Plus, lit(10), lit(2), &schema).unwrap().gt(lit(1));
        let left = || col("x").not_eq(lit(0));
        assert!(
            and(left(), divided.clone()).to_string().contains("CASE Boolean(true) WHEN x != Int32(0) IS NOT FALSE")
        );
        assert!(or(left(), divided).to_string().contains("CASE Boolean(true) WHEN x != Int32(0) IS NOT TRUE"));
        assert!(!and(left(), constant).to_string().contains("CASE"));
    }
}
