//! Expressions: from Trino's tree to DataFusion's, typed and with every coercion written out.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNode;
use datafusion::logical_expr::expr::{LambdaVariable, ScalarFunction};
use datafusion::logical_expr::{Expr, Operator, lit, not};

use super::grouping::Groups;
use super::scope::{Found, Scope, no_column};
use super::{Blame, Env, Planner, failure, functions};
use crate::error::{EXPRESSION_NOT_AGGREGATE, Position, SqlError};
use crate::trino::functions::cast::{self, Failures};
use crate::trino::functions::{arithmetic, attempt, conditional, logical, planned};
use crate::trino::syntax::ast::{self, Arithmetic, Comparison, ExprKind, Name, QualifiedName};
use crate::types::Type;

/// Deeper expressions are refused: types are found again at every level, which takes quadratic time.
const DEPTH_MAX: usize = 500;
/// So many conditions are joined one after the other, as they are written.
const CHAIN_MAX: usize = 16;
/// With less stack than this left, an expression gets more.
const STACK_LEFT_MIN: usize = 256 << 10;
/// How much more, at a time.
const STACK_MORE: usize = 4 << 20;

/// Where in a filter an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In no filter.
    Elsewhere,
    /// One of the conditions that all must be true.
    Conjunct,
    /// Beneath OR: false and null are still the same.
    Disjunct,
    /// Deeper, where null is not false.
    Inside,
}

impl Place {
    /// Beneath NOT, a filter still takes null for false at its top only.
    pub(super) fn negated(self) -> Place {
        match self {
            Place::Disjunct => Place::Inside,
            other => other,
        }
    }
}

/// Translates the expressions of one place of a query.
#[derive(Clone)]
pub(super) struct Translator<'t> {
    pub(super) planner: &'t Planner<'t>,
    pub(super) env: &'t Env,
    pub(super) scope: Scope<'t>,
    /// Calls that the plan beneath has computed: aggregates and window functions.
    pub(super) computed: &'t [(ast::Expr, Expr)],
    /// What the query groups by, where it does.
    pub(super) groups: Option<&'t Groups<'t>>,
    /// Names of the select list, which ORDER BY sees before all others.
    pub(super) aliases: &'t [(String, Expr)],
    /// Where the expression stands: DataFusion makes joins of the subqueries of filters.
    pub(super) place: Place,
    /// The parameters of the lambdas around, innermost last: what they are called here, and in the plan.
    pub(super) locals: Vec<(String, String, FieldRef)>,
}

impl<'t> Translator<'t> {
    pub(super) fn new(planner: &'t Planner<'t>, env: &'t Env, scope: Scope<'t>) -> Translator<'t> {
        Translator {
            planner,
            env,
            scope,
            computed: &[],
            groups: None,
            aliases: &[],
            place: Place::Elsewhere,
            locals: Vec::new(),
        }
    }

    pub(super) fn type_of(&self, expr: &Expr) -> Result<Type, SqlError> {
        planned::type_of(expr, self.scope.schema.as_ref()).map_err(failure)
    }

    /// The expression as a type that its own becomes by itself.
    pub(super) fn coerce(&self, expr: Expr, to: &Type) -> Result<Expr, SqlError> {
        planned::coerce(expr, to, self.scope.schema.as_ref()).map_err(failure)
    }

    /// The same translator at another place.
    pub(super) fn at_place(&self, place: Place) -> Translator<'t> {
        Translator { place, ..self.clone() }
    }

    pub(super) fn translate(&self, expr: &ast::Expr) -> Result<Expr, SqlError> {
        // `a + b + c + …` is as deep as it is long.
        let depth = self.planner.depth.get() + 1;
        if depth > DEPTH_MAX {
            let message = "statement is too large (stack overflow during analysis)";
            return Err(SqlError::new("STACK_OVERFLOW", message).at(expr.position()));
        }
        self.planner.depth.set(depth);
        let translated = stacker::maybe_grow(STACK_LEFT_MIN, STACK_MORE, || self.translate_here(expr));
        self.planner.depth.set(depth - 1);
        translated
    }

    fn translate_here(&self, expr: &ast::Expr) -> Result<Expr, SqlError> {
        let through = matches!(
            expr.kind.as_ref(),
            ExprKind::And(_)
                | ExprKind::Or(_)
                | ExprKind::Not(_)
                | ExprKind::InQuery(..)
                | ExprKind::Exists(_)
                | ExprKind::Quantified(..)
        );
        if !through && matches!(self.place, Place::Conjunct | Place::Disjunct) {
            return self.at_place(Place::Inside).translate(expr);
        }
        let at = expr.position();
        if let Some((_, computed)) = self.computed.iter().find(|(known, _)| known == expr) {
            return Ok(computed.clone());
        }
        if let Some(group) = self.groups.and_then(|groups| groups.find(expr, self)) {
            return Ok(group);
        }
        match expr.kind.as_ref() {
            ExprKind::Null => Ok(Expr::Literal(ScalarValue::Null, None)),
            ExprKind::Boolean(value) => Ok(lit(*value)),
            ExprKind::Integer(text) => self.integer(text).blame(at),
            ExprKind::Decimal(text) => self.decimal(text).blame(at),
            ExprKind::Double(text) => self.double(text).blame(at),
            ExprKind::Text(text) => Ok(planned::string_literal(text)),
            ExprKind::Binary(bytes) => Ok(planned::literal(ScalarValue::Binary(Some(bytes.clone())), &Type::Varbinary)),
            ExprKind::Typed(name, text) => self.typed(name, text, at),
            ExprKind::Interval(interval) => self.interval(interval).blame(at),
            ExprKind::Parameter(number) => self.parameter(*number, at),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Field(base, name) => self.field(expr, base, name),
            ExprKind::Negative(inner) => {
                let inner = self.translate(inner)?;
                arithmetic::negate(inner, self.scope.schema.as_ref()).blame(at)
            }
            ExprKind::Positive(inner) => {
                let inner = self.translate(inner)?;
                let of = self.type_of(&inner)?;
                if !of.is_numeric() && of != Type::Unknown {
                    return Err(SqlError::type_mismatch(format!("Cannot apply unary plus: {of}")).at(at));
                }
                Ok(inner)
            }
            ExprKind::Arithmetic(operator, left, right) => {
                let operator = match operator {
                    Arithmetic::Add => Operator::Plus,
                    Arithmetic::Subtract => Operator::Minus,
                    Arithmetic::Multiply => Operator::Multiply,
                    Arithmetic::Divide => Operator::Divide,
                    Arithmetic::Modulus => Operator::Modulo,
                };
                let (left, right) = (self.translate(left)?, self.translate(right)?);
                arithmetic::plan(operator, left, right, self.scope.schema.as_ref()).blame(at)
            }
            ExprKind::Concat(left, right) => {
                let args = vec![self.translate(left)?, self.translate(right)?];
                self.internal("concat", args, at)
            }
            ExprKind::Compare(operator, left, right) => {
                let (left, right) = (self.translate(left)?, self.translate(right)?);
                self.compare(comparison(*operator), left, right).blame(at)
            }
            ExprKind::Quantified(operator, quantifier, left, query) => {
                self.quantified(*operator, *quantifier, left, query, at)
            }
            ExprKind::And(terms) => self.terms(terms, "AND", logical::and),
            ExprKind::Or(terms) => {
                let beneath = if self.place == Place::Conjunct { Place::Disjunct } else { self.place };
                self.at_place(beneath).terms(terms, "OR", logical::or)
            }
            ExprKind::Not(inner) => self.not(inner, at),
            ExprKind::Between(value, low, high) => self.between(value, low, high, at),
            ExprKind::In(value, items) => self.in_list(value, items, at),
            ExprKind::InQuery(value, query) => self.in_query(value, query, at),
            ExprKind::Like(value, pattern, escape) => self.like(value, pattern, escape.as_ref(), at),
            ExprKind::IsNull(value) => Ok(self.translate(value)?.is_null()),
            ExprKind::IsDistinct(left, right) => {
                let (left, right) = (self.translate(left)?, self.translate(right)?);
                self.compare(Operator::IsDistinctFrom, left, right).blame(at)
            }
            ExprKind::AtTimeZone(value, zone) => {
                let args = vec![self.translate(value)?, self.translate(zone)?];
                self.internal("at_timezone", args, at)
            }
            ExprKind::Case { operand, whens, otherwise } => self.case(operand.as_ref(), whens, otherwise.as_ref()),
            ExprKind::Cast { expr, target, target_at, safe } => {
                let to = Type::parse(target).blame(target_at.0)?;
                let value = self.translate(expr)?;
                self.cast(value, &to, *safe).blame(at)
            }
            ExprKind::Array(items) => {
                let items = items.iter().map(|item| self.translate(item)).collect::<Result<Vec<_>, _>>()?;
                let (items, _) = self
                    .common(items, |one, other| format!("All ARRAY elements must be the same type: {one}, {other}"))
                    .blame(at)?;
                self.internal("$array", items, at)
            }
            ExprKind::Row(items) => {
                let items = items.iter().map(|item| self.translate(item)).collect::<Result<Vec<_>, _>>()?;
                self.internal("$row", items, at)
            }
            ExprKind::Subscript(base, index) => self.subscript(base, index, at),
            ExprKind::Lambda(..) => {
                Err(SqlError::type_mismatch("Lambda expression should always be used inside a function").at(at))
            }
            ExprKind::Subquery(query) => self.scalar_subquery(query, at),
            ExprKind::Exists(query) => self.exists(query),
            ExprKind::Extract(field, value) => self.extract(field, value, at),
            ExprKind::Grouping(_) => {
                let message = "A GROUPING() operation can only be used with a corresponding \
                               GROUPING SET/CUBE/ROLLUP/GROUP BY clause";
                Err(SqlError::new("MISSING_GROUP_BY", message).at(at))
            }
            ExprKind::Call(call) => self.call(call, at),
        }
    }

    // ---- names

    fn name(&self, name: &Name) -> Result<Expr, SqlError> {
        if let Some(local) = self.local(&name.value) {
            return Ok(local);
        }
        if let Some((_, selected)) = self.aliases.iter().find(|(alias, _)| *alias == name.value) {
            return Ok(selected.clone());
        }
        match self.column(&[], name)? {
            Some(column) => Ok(column),
            None => Err(no_column(&name.value, name.at.0)),
        }
    }

    /// The parameter of a lambda around.
    fn local(&self, name: &str) -> Option<Expr> {
        let (_, unique, field) = self.locals.iter().rev().find(|(local, _, _)| local == name)?;
        Some(Expr::LambdaVariable(LambdaVariable::new(unique.clone(), Some(field.clone()))))
    }

    /// The same place with the parameters of a lambda.
    pub(super) fn inside_lambda(&self, names: &[Name], fields: &[FieldRef]) -> (Translator<'t>, Vec<String>) {
        let mut inside = self.clone();
        let mut uniques = Vec::new();
        for (name, field) in names.iter().zip(fields) {
            let unique = self.planner.unique(&name.value);
            let field = Arc::new(field.as_ref().clone().with_name(&unique));
            inside.locals.push((name.value.clone(), unique.clone(), field));
            uniques.push(unique);
        }
        (inside, uniques)
    }

    fn column(&self, prefix: &[String], name: &Name) -> Result<Option<Expr>, SqlError> {
        match self.scope.find(prefix, &name.value, name.at.0)? {
            None => Ok(None),
            Some(Found::Outside(expr)) => Ok(Some(expr)),
            Some(Found::Here(field)) => {
                if self.scope.grouped.is_some_and(|grouped| !grouped.contains(&field.column)) {
                    // The whole expression is blamed by who asked for it.
                    return Err(SqlError::new(EXPRESSION_NOT_AGGREGATE, NOT_GROUPED));
                }
                Ok(Some(Expr::Column(field.column.clone())))
            }
        }
    }

    /// `t.a`, `schema.t.a`, or a field of a row.
    fn field(&self, expr: &ast::Expr, base: &ast::Expr, name: &Name) -> Result<Expr, SqlError> {
        let chain = expr.as_name();
        let begins_local = chain.as_ref().is_some_and(|QualifiedName(parts)| self.local(&parts[0].value).is_some());
        if let Some(QualifiedName(parts)) = chain.as_ref().filter(|_| !begins_local) {
            let prefix: Vec<_> = parts[..parts.len() - 1].iter().map(|part| part.value.clone()).collect();
            let last = Name { value: name.value.clone(), at: parts[0].at };
            if let Some(column) = self.column(&prefix, &last)? {
                return Ok(column);
            }
        }
        let shown = || chain.as_ref().map_or_else(|| name.value.clone(), QualifiedName::text);
        let row = self.translate(base).map_err(|error| match error.name {
            // The whole of what was written is not found, not its beginning.
            "COLUMN_NOT_FOUND" => no_column(&shown(), expr.position()),
            _ => error,
        })?;
        match self.type_of(&row)? {
            Type::Row(fields) => {
                let index = fields
                    .iter()
                    .position(|(field, _)| field.as_ref().is_some_and(|field| field.eq_ignore_ascii_case(&name.value)));
                let Some(index) = index else { return Err(no_column(&shown(), expr.position())) };
                self.row_field(row, index)
            }
            _ => {
                let message = format!("Expression {base} is not of type ROW");
                Err(SqlError::type_mismatch(message).at(base.position()))
            }
        }
    }

    /// One field of a row, by its index from zero.
    pub(super) fn row_field(&self, row: Expr, index: usize) -> Result<Expr, SqlError> {
        let (_, known) =
            datafusion::logical_expr::ExprSchemable::to_field(&row, self.scope.schema.as_ref()).map_err(failure)?;
        let DataType::Struct(fields) = known.data_type() else {
            return Err(SqlError::internal("a row that is no struct"));
        };
        let function = datafusion::functions::core::get_field();
        let name = lit(fields[index].name().clone());
        Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![row, name])))
    }

    fn parameter(&self, number: usize, at: Position) -> Result<Expr, SqlError> {
        let given = self.planner.parameter(number, at)?;
        self.translate(given).map_err(|error| SqlError { at: Some(at), ..error })
    }

    // ---- logic

    fn terms(&self, terms: &[ast::Expr], word: &str, join: fn(Expr, Expr) -> Expr) -> Result<Expr, SqlError> {
        let mut joined = Vec::with_capacity(terms.len());
        for term in terms {
            joined.push(self.boolean(term, |actual| {
                format!("Logical expression term must evaluate to a boolean (actual: {actual})")
            })?);
        }
        balanced(joined, join).ok_or_else(|| SqlError::internal(format!("{word} without terms")))
    }

    /// A condition.
    pub(super) fn boolean(&self, expr: &ast::Expr, words: impl Fn(&Type) -> String) -> Result<Expr, SqlError> {
        let condition = self.translate(expr)?;
        match self.type_of(&condition)? {
            Type::Boolean => Ok(condition),
            Type::Unknown => self.coerce(condition, &Type::Boolean),
            other => Err(SqlError::type_mismatch(words(&other)).at(expr.position())),
        }
    }

    fn not(&self, inner: &ast::Expr, at: Position) -> Result<Expr, SqlError> {
        // What DataFusion knows a negation of is said in its own words: it decorrelates and prunes by them.
        match inner.kind.as_ref() {
            ExprKind::IsNull(value) => return Ok(self.translate(value)?.is_not_null()),
            ExprKind::IsDistinct(left, right) => {
                let (left, right) = (self.translate(left)?, self.translate(right)?);
                return self.compare(Operator::IsNotDistinctFrom, left, right).blame(inner.position());
            }
            _ => {}
        }
        // Only directly beneath NOT is a subquery its own negation.
        let place = match inner.kind.as_ref() {
            ExprKind::InQuery(..) | ExprKind::Exists(_) | ExprKind::Quantified(..) => self.place.negated(),
            _ if self.place == Place::Elsewhere => Place::Elsewhere,
            _ => Place::Inside,
        };
        let translated = self.at_place(place).boolean(inner, |actual| {
            format!("Value of logical NOT expression must evaluate to a boolean (actual: {actual})")
        });
        let translated = translated.map_err(|error| if error.at.is_some() { error } else { error.at(at) })?;
        Ok(match translated {
            Expr::InList(list) => {
                let negated = !list.negated;
                Expr::InList(datafusion::logical_expr::expr::InList { negated, ..list })
            }
            Expr::InSubquery(query) => {
                let negated = !query.negated;
                Expr::InSubquery(datafusion::logical_expr::expr::InSubquery { negated, ..query })
            }
            Expr::Exists(query) => {
                let negated = !query.negated;
                Expr::Exists(datafusion::logical_expr::expr::Exists { negated, ..query })
            }
            Expr::Like(like) => {
                let negated = !like.negated;
                Expr::Like(datafusion::logical_expr::Like { negated, ..like })
            }
            other => not(other),
        })
    }

    fn case(
        &self,
        operand: Option<&ast::Expr>,
        whens: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Expr, SqlError> {
        let at = operand.or(whens.first().map(|(condition, _)| condition)).map(ast::Expr::position);
        let operand = operand.map(|operand| self.translate(operand)).transpose()?;
        let mut branches = Vec::new();
        for (condition, result) in whens {
            branches.push((self.translate(condition)?, self.translate(result)?));
        }
        let otherwise = otherwise.map(|otherwise| self.translate(otherwise)).transpose()?;
        let case = conditional::case(operand, branches, otherwise, self.scope.schema.as_ref());
        match at {
            Some(at) => case.blame(at),
            None => case.map_err(failure),
        }
    }

    /// All of them as the type that they have in common.
    pub(super) fn common(
        &self,
        exprs: Vec<Expr>,
        words: impl Fn(&Type, &Type) -> String,
    ) -> Result<(Vec<Expr>, Type), SqlError> {
        planned::coerce_all(exprs, self.scope.schema.as_ref(), words).map_err(failure)
    }

    /// `CAST` and `TRY_CAST`.
    pub(super) fn cast(&self, value: Expr, to: &Type, safe: bool) -> Result<Expr, SqlError> {
        let failures = if safe { Failures::Null } else { Failures::Raise };
        cast::plan(value, to, failures, self.scope.schema.as_ref()).map_err(failure)
    }

    /// `TRY(expr)`.
    pub(super) fn attempt(&self, value: Expr) -> Expr {
        attempt::plan(value)
    }

    /// A call of one of our functions by its name.
    pub(super) fn internal(&self, name: &str, args: Vec<Expr>, at: Position) -> Result<Expr, SqlError> {
        let function = functions::scalar(name).ok_or_else(|| {
            SqlError::not_supported(format!("'{}' is not supported", name.trim_start_matches('$'))).at(at)
        })?;
        let call = Expr::ScalarFunction(ScalarFunction::new_udf(function, args));
        // Told now, with its place, rather than when the plan is built.
        self.type_of(&call).blame(at)?;
        Ok(call)
    }

    /// Refuses what cannot be sorted.
    pub(super) fn check_orderable(&self, expr: &Expr, at: Position) -> Result<(), SqlError> {
        let of = self.type_of(expr)?;
        if of.is_orderable() {
            return Ok(());
        }
        let message = format!("Type {of} is not orderable, and therefore cannot be used in ORDER BY: {expr}");
        Err(SqlError::type_mismatch(message).at(at))
    }
}

/// What the expression says whose column is not grouped, before it is known which expression that is.
pub(super) const NOT_GROUPED: &str = "not grouped";

pub(super) fn comparison(operator: Comparison) -> Operator {
    match operator {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

/// The terms as a tree that is as flat as can be: a thousand of them shall not be a thousand levels deep.
fn balanced(mut terms: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if terms.len() <= CHAIN_MAX {
        return terms.into_iter().reduce(join);
    }
    let right = terms.split_off(terms.len() / 2);
    Some(join(balanced(terms, join)?, balanced(right, join)?))
}

/// Whether a subquery is anywhere in the expression.
pub(super) fn has_subquery(expr: &Expr) -> bool {
    expr.exists(|part| {
        Ok(matches!(part, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_)))
    })
    .unwrap_or(true)
}
