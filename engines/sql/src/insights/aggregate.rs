//! Aggregates of `stats`.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html>

use datafusion::functions_aggregate::expr_fn::{
    approx_percentile_cont, avg, count, count_distinct, first_value, max, min, stddev_pop, sum,
};
use datafusion::logical_expr::{Expr, ExprFunctionExt, SortExpr, cast, lit};

use super::expression::{compile, malformed};
use super::scope::Scope;
use super::syntax::{Kind as Syntax, MalformedQuery, Node};
use super::value::{Kind, Value};

/// Percentiles are exact up to about so many values, and within a percent above.
const CENTROIDS: i64 = 500;

/// An aggregate, and the kind of its result.
pub(super) struct Aggregate {
    pub(super) expr: Expr,
    pub(super) kind: Kind,
}

/// Compiles a call of an aggregate.
pub(super) fn compile_aggregate(node: &Node, scope: &Scope) -> Result<Aggregate, MalformedQuery> {
    let Syntax::Call(name, arguments) = &node.kind else {
        return Err(malformed(node, "stats wants a statistic, like count(*)"));
    };
    let value = |index: usize| match arguments.get(index) {
        Some(argument) => compile(argument, scope),
        None => Err(malformed(node, &format!("{name} wants an argument"))),
    };
    let number = |expr: Expr| Ok(Aggregate { expr, kind: Kind::Number });
    match name.as_str() {
        "count" => match arguments.first().map(|argument| &argument.kind) {
            None | Some(Syntax::Star) => number(count(lit(1))),
            Some(_) => number(count(value(0)?.expr)),
        },
        "count_distinct" => number(count_distinct(value(0)?.as_text())),
        "sum" => number(sum(value(0)?.as_number())),
        "avg" => number(avg(value(0)?.as_number())),
        "stddev" => number(stddev_pop(value(0)?.as_number())),
        "min" | "max" => {
            let (value, least) = (value(0)?, name == "min");
            let (expr, kind) = match value.kind {
                Kind::Time => (value.expr, Kind::Time),
                _ => (value.as_number(), Kind::Number),
            };
            Ok(Aggregate { expr: if least { min(expr) } else { max(expr) }, kind })
        }
        "pct" | "percentile" | "median" => {
            let percent = match (name.as_str(), arguments.get(1).map(|argument| &argument.kind)) {
                ("median", _) => 50.0,
                (_, Some(Syntax::Number(percent))) if (0.0..=100.0).contains(percent) => *percent,
                _ => return Err(malformed(node, "pct wants a field and a percent between 0 and 100")),
            };
            let number_of = value(0)?.as_number();
            let sorted = SortExpr::new(number_of, true, false);
            number(approx_percentile_cont(sorted, lit(percent / 100.0), Some(lit(CENTROIDS))))
        }
        "earliest" | "latest" => {
            let (value, time) = (value(0)?, scope.value("@timestamp").expr);
            let order = SortExpr::new(time, name == "earliest", false);
            first(value, order, node)
        }
        "sortsfirst" => Ok(Aggregate { expr: min(value(0)?.as_text()), kind: Kind::Text }),
        "sortslast" => Ok(Aggregate { expr: max(value(0)?.as_text()), kind: Kind::Text }),
        other => Err(malformed(node, &format!("unknown statistic {other}"))),
    }
}

/// Of the values that are there, the first in an order.
fn first(value: Value, order: SortExpr, node: &Node) -> Result<Aggregate, MalformedQuery> {
    let kind = value.kind;
    let expr = first_value(value.expr.clone(), vec![order]).filter(value.expr.is_not_null()).build();
    Ok(Aggregate { expr: expr.map_err(|error| malformed(node, &error.to_string()))?, kind })
}

/// Counts are whole numbers in the plan; here all numbers are alike.
pub(super) fn as_kind(expr: Expr, kind: Kind) -> Expr {
    cast(expr, kind.data_type())
}
