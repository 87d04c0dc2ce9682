//! What can go wrong with a statement, in Trino's names: the errors that Athena shows to its callers.

use std::fmt;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

/// The statement is not SQL that we know.
pub const SYNTAX_ERROR: &str = "SYNTAX_ERROR";
/// An operation met types that it is not made for.
pub const TYPE_MISMATCH: &str = "TYPE_MISMATCH";
/// A column that no relation in scope has.
pub const COLUMN_NOT_FOUND: &str = "COLUMN_NOT_FOUND";
/// A name that several relations in scope have.
pub const AMBIGUOUS_NAME: &str = "AMBIGUOUS_NAME";
/// No function of that name, or none for those arguments.
pub const FUNCTION_NOT_FOUND: &str = "FUNCTION_NOT_FOUND";
/// No table of that name.
pub const TABLE_NOT_FOUND: &str = "TABLE_NOT_FOUND";
/// No schema of that name.
pub const SCHEMA_NOT_FOUND: &str = "SCHEMA_NOT_FOUND";
/// No catalog of that name.
pub const CATALOG_NOT_FOUND: &str = "CATALOG_NOT_FOUND";
/// A type name that does not exist.
pub const TYPE_NOT_FOUND: &str = "TYPE_NOT_FOUND";
/// SQL that Trino has and this engine does not.
pub const NOT_SUPPORTED: &str = "NOT_SUPPORTED";
/// A value that cannot become the wanted type.
pub const INVALID_CAST_ARGUMENT: &str = "INVALID_CAST_ARGUMENT";
/// A value that a function does not take.
pub const INVALID_FUNCTION_ARGUMENT: &str = "INVALID_FUNCTION_ARGUMENT";
/// A literal that is not what it says.
pub const INVALID_LITERAL: &str = "INVALID_LITERAL";
/// A number that does not fit its type.
pub const NUMERIC_VALUE_OUT_OF_RANGE: &str = "NUMERIC_VALUE_OUT_OF_RANGE";
/// Division by zero.
pub const DIVISION_BY_ZERO: &str = "DIVISION_BY_ZERO";
/// A scalar subquery with more than one row.
pub const SUBQUERY_MULTIPLE_ROWS: &str = "SUBQUERY_MULTIPLE_ROWS";
/// An aggregate where none can be, or a column that is not grouped.
pub const EXPRESSION_NOT_AGGREGATE: &str = "EXPRESSION_NOT_AGGREGATE";
/// The engine failed; nobody's statement is to blame.
pub const GENERIC_INTERNAL_ERROR: &str = "GENERIC_INTERNAL_ERROR";

/// A place in the statement, counted from one as Trino does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line of the statement.
    pub line: u64,
    /// Column of the line, in characters.
    pub column: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}:{}", self.line, self.column)
    }
}

/// Why a statement failed.
///
/// `Display` is what Athena puts into a query's `StateChangeReason`:
/// `TYPE_MISMATCH: line 1:8: Cannot apply operator: integer = varchar(3)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// Trino's name of the error: one of this module's constants, or one that the formats speak (`HIVE_BAD_DATA`).
    pub name: &'static str,
    /// What happened, without name and place.
    pub message: String,
    /// Where in the statement, if one place is to blame.
    pub at: Option<Position>,
}

impl SqlError {
    /// An error that blames no place (yet).
    pub fn new(name: &'static str, message: impl Into<String>) -> SqlError {
        SqlError { name, message: message.into(), at: None }
    }

    /// The same error with the place to blame; an error that knows its place keeps it.
    pub fn at(mut self, position: Position) -> SqlError {
        self.at.get_or_insert(position);
        self
    }

    /// `TYPE_MISMATCH`.
    pub fn type_mismatch(message: impl Into<String>) -> SqlError {
        SqlError::new(TYPE_MISMATCH, message)
    }

    /// `INVALID_FUNCTION_ARGUMENT`: what a function says of a value that it does not take.
    pub fn invalid_argument(message: impl Into<String>) -> SqlError {
        SqlError::new(INVALID_FUNCTION_ARGUMENT, message)
    }

    /// `INVALID_CAST_ARGUMENT`.
    pub fn invalid_cast(message: impl Into<String>) -> SqlError {
        SqlError::new(INVALID_CAST_ARGUMENT, message)
    }

    /// `NUMERIC_VALUE_OUT_OF_RANGE`.
    pub fn out_of_range(message: impl Into<String>) -> SqlError {
        SqlError::new(NUMERIC_VALUE_OUT_OF_RANGE, message)
    }

    /// `DIVISION_BY_ZERO`.
    pub fn division_by_zero() -> SqlError {
        SqlError::new(DIVISION_BY_ZERO, "Division by zero")
    }

    /// `NOT_SUPPORTED`.
    pub fn not_supported(message: impl Into<String>) -> SqlError {
        SqlError::new(NOT_SUPPORTED, message)
    }

    /// `GENERIC_INTERNAL_ERROR`.
    pub fn internal(message: impl Into<String>) -> SqlError {
        SqlError::new(GENERIC_INTERNAL_ERROR, message)
    }

    /// The [`SqlError`] that travels inside one of DataFusion's errors, however deep.
    pub(crate) fn inside(error: &DataFusionError) -> Option<SqlError> {
        match error {
            DataFusionError::External(cause) => SqlError::beneath(cause.as_ref()),
            DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
                ArrowError::ExternalError(cause) => SqlError::beneath(cause.as_ref()),
                _ => None,
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => SqlError::inside(inner),
            DataFusionError::Shared(inner) => SqlError::inside(inner),
            DataFusionError::Collection(several) => several.iter().find_map(SqlError::inside),
            _ => None,
        }
    }

    /// The same through any error that may wrap one of DataFusion's or Arrow's.
    fn beneath(cause: &(dyn std::error::Error + 'static)) -> Option<SqlError> {
        if let Some(error) = cause.downcast_ref::<SqlError>() {
            return Some(error.clone());
        }
        if let Some(error) = cause.downcast_ref::<DataFusionError>() {
            return SqlError::inside(error);
        }
        if let Some(ArrowError::ExternalError(inner)) = cause.downcast_ref::<ArrowError>() {
            return SqlError::beneath(inner.as_ref());
        }
        cause.source().and_then(SqlError::beneath)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{}: {at}: {}", self.name, self.message),
            None => write!(f, "{}: {}", self.name, self.message),
        }
    }
}

impl std::error::Error for SqlError {}

impl From<SqlError> for DataFusionError {
    fn from(error: SqlError) -> DataFusionError {
        DataFusionError::External(Box::new(error))
    }
}

impl From<SqlError> for ArrowError {
    fn from(error: SqlError) -> ArrowError {
        ArrowError::ExternalError(Box::new(error))
    }
}

/// What Arrow's kernels say, in Trino's words.
impl From<ArrowError> for SqlError {
    fn from(error: ArrowError) -> SqlError {
        match error {
            ArrowError::DivideByZero => SqlError::division_by_zero(),
            ArrowError::ArithmeticOverflow(message) => SqlError::out_of_range(message),
            ArrowError::ExternalError(cause) => {
                SqlError::beneath(cause.as_ref()).unwrap_or_else(|| SqlError::internal(cause.to_string()))
            }
            other => SqlError::internal(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_error_is_shown_with_its_place() {
        let error = SqlError::type_mismatch("Cannot apply operator: integer = varchar(3)");
        assert_eq!(error.to_string(), "TYPE_MISMATCH: Cannot apply operator: integer = varchar(3)");
        let error = error.at(Position { line: 1, column: 8 });
        assert_eq!(error.to_string(), "TYPE_MISMATCH: line 1:8: Cannot apply operator: integer = varchar(3)");
    }

    #[test]
    fn an_error_is_found_again_inside_those_that_carry_it() {
        let arrow = ArrowError::from(SqlError::division_by_zero());
        let carried = DataFusionError::from(arrow).context("while projecting");
        assert_eq!(SqlError::inside(&carried), Some(SqlError::division_by_zero()));
        assert_eq!(SqlError::inside(&DataFusionError::Plan("other".into())), None);
    }
}
