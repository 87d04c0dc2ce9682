//! Calls: scalar functions, functions with lambdas, the forms that look like calls, and aggregates.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::expr::{
    AggregateFunction, HigherOrderFunction, Lambda, NullTreatment, ScalarFunction, Sort,
};
use datafusion::logical_expr::{Expr, ExprSchemable, HigherOrderUDF, LambdaParametersProgress, ValueOrLambda, lit};

use super::expression::Translator;
use super::{Blame, failure, functions};
use crate::error::{FUNCTION_NOT_FOUND, Position, SqlError};
use crate::trino::functions::{aggregate, conditional, lambda, window};
use crate::trino::syntax::ast::{self, Call, ExprKind, SortItem};
use crate::types::Type;

/// Rounds in which a lambda whose parameters depend on its own result may settle.
const ROUNDS_MAX: usize = 64;

impl Translator<'_> {
    pub(super) fn call(&self, call: &Call, at: Position) -> Result<Expr, SqlError> {
        let name = call.name.0.last().map_or("", |name| name.value.as_str());
        let unknown =
            || SqlError::new(FUNCTION_NOT_FOUND, format!("Function '{}' not registered", call.name.text())).at(at);
        if call.name.0.len() > 1 {
            return Err(unknown());
        }
        if call.over.is_some() || functions::aggregate(name).is_some() || functions::window(name).is_some() {
            return Err(misplaced(call, name, at));
        }
        if call.distinct {
            let message = "DISTINCT is not supported for non-aggregation functions";
            return Err(SqlError::new("FUNCTION_NOT_AGGREGATE", message).at(at));
        }
        if call.filter.is_some() {
            let message = "Filter is only valid for aggregation functions";
            return Err(SqlError::new("FUNCTION_NOT_AGGREGATE", message).at(at));
        }
        if !call.order_by.is_empty() {
            let message = "ORDER BY is only valid for aggregation functions";
            return Err(SqlError::new("FUNCTION_NOT_AGGREGATE", message).at(at));
        }
        match name {
            "if" => return self.branch(&call.args, at),
            "nullif" => return self.null_if(&call.args, at),
            "coalesce" => return self.coalesce(&call.args, at),
            "try" => {
                let [inner] = call.args.as_slice() else {
                    return Err(arguments("The 'try' function must have exactly one argument", at));
                };
                return Ok(self.attempt(self.translate(inner)?));
            }
            "current_timestamp" | "current_time" | "localtimestamp" | "localtime" => {
                return self.moment(name, &call.args, at);
            }
            _ => {}
        }
        let with_lambda = call.args.iter().any(|arg| matches!(*arg.kind, ExprKind::Lambda(..)));
        if let Some(function) = lambda::find(name)
            && (with_lambda || functions::scalar(name).is_none())
        {
            return self.higher_order(&function, &call.args, at);
        }
        let function = functions::scalar(name).ok_or_else(unknown)?;
        let args = call.args.iter().map(|arg| self.translate(arg)).collect::<Result<Vec<_>, _>>()?;
        let called = Expr::ScalarFunction(ScalarFunction::new_udf(function, args));
        // Told now, with its place, rather than when the plan is built.
        self.type_of(&called).blame(at)?;
        Ok(called)
    }

    /// `IF(condition, then, else)`.
    fn branch(&self, args: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        let (condition, results) = match args {
            [condition, results @ ..] if (1..=2).contains(&results.len()) => (condition, results),
            _ => return Err(arguments("Invalid number of arguments for 'if' function", at)),
        };
        let condition = self.translate(condition)?;
        let mut results = results.iter().map(|result| self.translate(result)).collect::<Result<Vec<_>, _>>()?;
        let otherwise = if results.len() > 1 { results.pop() } else { None };
        let then = results.pop().ok_or_else(|| SqlError::internal("IF without a result"))?;
        conditional::choose(condition, then, otherwise, self.scope.schema.as_ref()).blame(at)
    }

    fn null_if(&self, args: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        let [value, other] = args else {
            return Err(arguments("Invalid number of arguments for 'nullif' function", at));
        };
        let (value, other) = (self.translate(value)?, self.translate(other)?);
        conditional::null_if(value, other, self.scope.schema.as_ref()).blame(at)
    }

    fn coalesce(&self, args: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        if args.len() < 2 {
            return Err(arguments("The 'coalesce' function must have at least two arguments", at));
        }
        let args = args.iter().map(|arg| self.translate(arg)).collect::<Result<Vec<_>, _>>()?;
        conditional::coalesce(args, self.scope.schema.as_ref()).blame(at)
    }

    /// `current_timestamp(6)`: the precision is part of the type.
    fn moment(&self, name: &str, args: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        let now = self.internal(name, Vec::new(), at)?;
        let Some(precision) = args.first() else { return Ok(now) };
        let ExprKind::Integer(digits) = precision.kind.as_ref() else { return Ok(now) };
        let digits: u8 = digits.parse().ok().filter(|digits| *digits <= 9).ok_or_else(|| {
            let message = format!("TIMESTAMP precision must be in range [0, 9]: {digits}");
            SqlError::new("INVALID_FUNCTION_ARGUMENT", message).at(precision.position())
        })?;
        let to = match name {
            "current_timestamp" => Type::TimestampTz(digits),
            "current_time" => Type::TimeTz(digits),
            "localtime" => Type::Time(digits),
            _ => Type::Timestamp(digits),
        };
        self.cast(now, &to, false).blame(at)
    }

    /// A function whose arguments are lambdas: it tells their parameters from its other arguments.
    fn higher_order(&self, function: &Arc<HigherOrderUDF>, args: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        let field_of = |expr: &Expr| -> Result<FieldRef, SqlError> {
            Ok(expr.to_field(self.scope.schema.as_ref()).map_err(failure)?.1)
        };
        let mut exprs = Vec::new();
        let mut fields = Vec::new();
        for arg in args {
            if matches!(*arg.kind, ExprKind::Lambda(..)) {
                exprs.push(None);
                fields.push(ValueOrLambda::Lambda(None));
            } else {
                let value = self.translate(arg)?;
                fields.push(ValueOrLambda::Value(field_of(&value)?));
                exprs.push(Some(value));
            }
        }
        let places: Vec<_> = (0..args.len()).filter(|place| exprs[*place].is_none()).collect();
        for step in 0..ROUNDS_MAX {
            let (parameters, complete) = match function.inner().lambda_parameters(step, &fields).blame(at)? {
                LambdaParametersProgress::Complete(all) => (all.into_iter().map(Some).collect(), true),
                LambdaParametersProgress::Partial(some) => (some, false),
            };
            for (place, parameters) in places.iter().zip(parameters) {
                let (Some(parameters), ExprKind::Lambda(names, body)) = (parameters, args[*place].kind.as_ref()) else {
                    continue;
                };
                if names.len() != parameters.len() {
                    let message = format!(
                        "Expected a lambda that takes {} argument(s) but got {}",
                        parameters.len(),
                        names.len()
                    );
                    return Err(SqlError::new("INVALID_PARAMETER_USAGE", message).at(args[*place].position()));
                }
                let (inside, uniques) = self.inside_lambda(names, &parameters);
                let body = inside.translate(body)?;
                fields[*place] = ValueOrLambda::Lambda(Some(field_of(&body)?));
                exprs[*place] = Some(Expr::Lambda(Lambda::new(uniques, body)));
            }
            if complete {
                let all: Option<Vec<_>> = exprs.into_iter().collect();
                let all = all.ok_or_else(|| SqlError::internal("a lambda without parameters").at(at))?;
                let function = lambda::planned(function, &fields);
                let call = Expr::HigherOrderFunction(HigherOrderFunction::new(function, all));
                self.type_of(&call).blame(at)?;
                return Ok(call);
            }
        }
        Err(SqlError::type_mismatch("the types of the lambdas do not settle").at(at))
    }

    /// An aggregate over the rows that this translator sees.
    pub(super) fn aggregate(&self, call: &Call, at: Position) -> Result<Expr, SqlError> {
        let name = call.name.text();
        let function = functions::aggregate(&name)
            .ok_or_else(|| SqlError::internal(format!("'{name}' is no aggregate")).at(at))?;
        let args = self.aggregate_args(call, &name, at)?;
        let filter = match &call.filter {
            Some(filter) => Some(Box::new(self.boolean(filter, |actual| {
                format!("Filter expression must evaluate to a boolean (actual: {actual})")
            })?)),
            None => None,
        };
        let order_by = self.sorts(&call.order_by)?;
        let nulls = call.ignore_nulls.map(|ignore| match ignore {
            true => NullTreatment::IgnoreNulls,
            false => NullTreatment::RespectNulls,
        });
        let aggregate =
            Expr::AggregateFunction(AggregateFunction::new_udf(function, args, call.distinct, filter, order_by, nulls));
        self.type_of(&aggregate).blame(at)?;
        Ok(aggregate)
    }

    /// The arguments of an aggregate or a window function, as the types that it takes.
    pub(super) fn aggregate_args(&self, call: &Call, name: &str, at: Position) -> Result<Vec<Expr>, SqlError> {
        if call.star || (name == "count" && call.args.is_empty()) {
            return Ok(vec![lit(1_i64)]);
        }
        let args = call.args.iter().map(|arg| self.translate(arg)).collect::<Result<Vec<_>, _>>()?;
        let types = args.iter().map(|arg| self.type_of(arg)).collect::<Result<Vec<_>, _>>()?;
        let bound = match functions::window(name) {
            Some(_) => window::bind(name, &types),
            None => aggregate::bind(name, &types),
        };
        let bound = bound.blame(at)?;
        args.into_iter().zip(&bound.arguments).map(|(arg, wanted)| self.coerce(arg, wanted).blame(at)).collect()
    }

    pub(super) fn sorts(&self, items: &[SortItem]) -> Result<Vec<Sort>, SqlError> {
        items
            .iter()
            .map(|item| {
                let expr = self.translate(&item.expr)?;
                self.check_orderable(&expr, item.expr.position())?;
                Ok(Sort::new(expr, item.ascending, item.nulls_first))
            })
            .collect()
    }
}

fn arguments(message: &str, at: Position) -> SqlError {
    SqlError::new("SYNTAX_ERROR", message).at(at)
}

/// An aggregate or a window function where there can be none.
fn misplaced(call: &Call, name: &str, at: Position) -> SqlError {
    if call.over.is_none() && functions::aggregate(name).is_none() {
        let message = format!("Window function {name} requires an OVER clause");
        return SqlError::new("MISSING_OVER", message).at(at);
    }
    let message = format!("Cannot use an aggregation or window function here: [{call}]");
    SqlError::new("EXPRESSION_NOT_SCALAR", message).at(at)
}
