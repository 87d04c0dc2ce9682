//! `reduce_agg`: an aggregate with lambdas, which no aggregate of the engine can take. It is `reduce` over the array of
//! the group's values.

use super::super::ast::{At, Call, Expr, ExprKind, Name};

/// The same call, or for `reduce_agg(x, state, input, combine)`: `reduce(array_agg(x) FILTER (WHERE x IS NOT NULL),
/// state, input, s -> s)`. States are never combined, so the last lambda is not needed.
pub(super) fn rewritten(mut call: Call) -> Call {
    let named = call.name.0.len() == 1 && call.name.text() == "reduce_agg";
    if !named || call.args.len() != 4 || !matches!(*call.args[3].kind, ExprKind::Lambda(..)) {
        return call;
    }
    let at = call.name.at();
    let expr = |kind| Expr::new(at, kind);
    let mut args = std::mem::take(&mut call.args);
    args.truncate(3);
    let value = args.remove(0);
    let present = expr(ExprKind::Not(expr(ExprKind::IsNull(value.clone()))));
    let filter = match call.filter.take() {
        Some(filter) => expr(ExprKind::And(vec![present, filter])),
        None => present,
    };
    let values = Call {
        distinct: call.distinct,
        order_by: std::mem::take(&mut call.order_by),
        filter: Some(filter),
        over: call.over.take(),
        ..Call::plain("array_agg", at, vec![value])
    };
    let state = || Name { value: "state".to_owned(), at: At(at) };
    let identity = ExprKind::Lambda(vec![state()], expr(ExprKind::Name(state())));
    args.insert(0, expr(ExprKind::Call(values)));
    args.push(expr(identity));
    Call::plain("reduce", at, args)
}
