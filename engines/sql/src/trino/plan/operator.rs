//! Predicates and the operators that SQL spells in words: BETWEEN, IN, LIKE, subscripts, EXTRACT.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Expr, Like, Operator, lit};

use super::expression::Translator;
use super::{Blame, failure};
use crate::error::{Position, SqlError};
use crate::trino::functions::{comparison, logical, planned};
use crate::trino::syntax::ast::{self, Name};
use crate::types::Type;

impl Translator<'_> {
    /// `left operator right`.
    pub(super) fn compare(&self, operator: Operator, left: Expr, right: Expr) -> Result<Expr, SqlError> {
        comparison::plan(operator, left, right, self.scope.schema.as_ref()).map_err(failure)
    }

    pub(super) fn between(
        &self,
        value: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        at: Position,
    ) -> Result<Expr, SqlError> {
        let (value, low, high) = (self.translate(value)?, self.translate(low)?, self.translate(high)?);
        let types = [self.type_of(&value)?, self.type_of(&low)?, self.type_of(&high)?];
        if Type::common_of(&types).is_none_or(|common| !common.is_orderable()) {
            let message = format!("Cannot check if {} is BETWEEN {} and {}", types[0], types[1], types[2]);
            return Err(SqlError::type_mismatch(message).at(at));
        }
        let from = self.compare(Operator::GtEq, value.clone(), low).blame(at)?;
        let to = self.compare(Operator::LtEq, value, high).blame(at)?;
        Ok(from.and(to))
    }

    pub(super) fn in_list(&self, value: &ast::Expr, items: &[ast::Expr], at: Position) -> Result<Expr, SqlError> {
        let mut exprs = vec![self.translate(value)?];
        for item in items {
            exprs.push(self.translate(item)?);
        }
        let words = |one: &Type, other: &Type| {
            format!(
                "IN value and list items must be the same type or coercible to a common type. \
                 Cannot find common type between {one} and {other}, all types (without duplicates): [{one}, {other}]"
            )
        };
        let (mut exprs, common) = self.common(exprs, words).blame(at)?;
        let value = exprs.remove(0);
        if !matches!(common, Type::Array(_) | Type::Map(..) | Type::Row(_)) {
            return Ok(Expr::InList(InList::new(Box::new(value), exprs, false)));
        }
        let mut any = lit(false);
        for item in exprs {
            any = logical::or(any, self.compare(Operator::Eq, value.clone(), item).blame(at)?);
        }
        Ok(any)
    }

    pub(super) fn like(
        &self,
        value: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        at: Position,
    ) -> Result<Expr, SqlError> {
        let text = |expr: &ast::Expr, what: &str| {
            let translated = self.translate(expr)?;
            match self.type_of(&translated)? {
                Type::Varchar(_) | Type::Char(_) => Ok(translated),
                Type::Unknown => self.coerce(translated, &Type::VARCHAR),
                other => {
                    let message = format!("{what} LIKE expression must evaluate to a varchar (actual: {other})");
                    Err(SqlError::type_mismatch(message).at(expr.position()))
                }
            }
        };
        let value = text(value, "Left side of")?;
        let pattern = text(pattern, "Pattern for")?;
        let escape = escape.map(|escape| text(escape, "Escape for")).transpose()?;
        let constant = |expr: &Expr| match expr {
            Expr::Literal(ScalarValue::Utf8View(Some(text)), _) => Some(text.clone()),
            _ => None,
        };
        let escaped = match &escape {
            None => Some(None),
            Some(escape) => constant(escape).map(Some),
        };
        // A constant pattern is DataFusion's LIKE, which reaches Parquet's statistics. Its escape is the backslash.
        if let (Some(text), Some(escape)) = (constant(&pattern), escaped) {
            let pattern = planned::string_literal(&backslashed(&text, escape.as_deref()).blame(at)?);
            return Ok(Expr::Like(Like::new(false, Box::new(value), Box::new(pattern), None, false)));
        }
        let mut args = vec![value, pattern];
        args.extend(escape);
        self.internal("$like", args, at)
    }

    pub(super) fn subscript(&self, base: &ast::Expr, index: &ast::Expr, at: Position) -> Result<Expr, SqlError> {
        let value = self.translate(base)?;
        let position = self.translate(index)?;
        if let Type::Row(fields) = self.type_of(&value)? {
            let number = match &position {
                Expr::Literal(ScalarValue::Int32(Some(number)), _) => i64::from(*number),
                _ => {
                    let message = "Subscript expression on ROW requires a constant index";
                    return Err(SqlError::new("EXPRESSION_NOT_CONSTANT", message).at(index.position()));
                }
            };
            return match usize::try_from(number - 1) {
                Ok(place) if place < fields.len() => self.row_field(value, place),
                Ok(_) => {
                    let message = format!("ROW index out of bounds: {number}");
                    Err(SqlError::new("INVALID_FUNCTION_ARGUMENT", message).at(index.position()))
                }
                Err(_) => {
                    let message = format!("Invalid subscript index: {number}. ROW indices start at 1");
                    Err(SqlError::new("INVALID_FUNCTION_ARGUMENT", message).at(index.position()))
                }
            };
        }
        let (of, by) = (self.type_of(&value)?, self.type_of(&position)?);
        let fits = match &of {
            Type::Array(_) => by.coerces_to(&Type::Bigint),
            Type::Map(key, _) => by.coerces_to(key),
            _ => false,
        };
        if !fits {
            return Err(SqlError::type_mismatch(format!("Cannot apply operator: {of}[{by}]")).at(at));
        }
        self.internal("$subscript", vec![value, position], at)
    }

    pub(super) fn extract(&self, field: &Name, value: &ast::Expr, at: Position) -> Result<Expr, SqlError> {
        let function = match field.value.as_str() {
            "year" => "year",
            "quarter" => "quarter",
            "month" => "month",
            "week" => "week",
            "day" | "day_of_month" => "day",
            "day_of_week" | "dow" => "day_of_week",
            "day_of_year" | "doy" => "day_of_year",
            "year_of_week" | "yow" => "year_of_week",
            "hour" => "hour",
            "minute" => "minute",
            "second" => "second",
            "timezone_hour" => "timezone_hour",
            "timezone_minute" => "timezone_minute",
            other => {
                let message = format!("Invalid EXTRACT field: {other}");
                return Err(SqlError::new("SYNTAX_ERROR", message).at(at));
            }
        };
        let inner = self.translate(value)?;
        self.internal(function, vec![inner], at)
    }
}

/// The pattern as one whose escape is the backslash.
fn backslashed(pattern: &str, escape: Option<&str>) -> Result<String, SqlError> {
    let wrong = |message: &str| SqlError::new("INVALID_FUNCTION_ARGUMENT", message);
    let escape = match escape {
        None => None,
        Some(text) => {
            let mut characters = text.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) => Some(one),
                _ => return Err(wrong("Escape string must be a single character")),
            }
        }
    };
    let mut result = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if Some(character) == escape {
            match characters.next() {
                Some(next) if next == '%' || next == '_' || Some(next) == escape => {
                    if matches!(next, '%' | '_' | '\\') {
                        result.push('\\');
                    }
                    result.push(next);
                }
                _ => return Err(wrong("Escape character must be followed by '%', '_' or the escape character itself")),
            }
        } else if character == '\\' {
            result.push_str("\\\\");
        } else {
            result.push(character);
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::backslashed;

    #[test]
    fn a_backslash_is_no_escape_unless_it_is_said_to_be() {
        assert_eq!(backslashed(r"a\%", None).unwrap(), r"a\\%");
        assert_eq!(backslashed("a#%#_##%", Some("#")).unwrap(), r"a\%\_#%");
        assert_eq!(backslashed(r"a\%", Some(r"\")).unwrap(), r"a\%");
        assert!(backslashed("a#b", Some("#")).is_err());
    }
}
