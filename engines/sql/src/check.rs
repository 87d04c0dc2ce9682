//! Whether a text is a query at all, before anything is looked up: Athena refuses to start what is none.

use crate::error::SqlError;
use crate::session::Dialect;
use crate::trino;

/// Reads a query and throws it away. What it names may be there or not.
pub fn check_syntax(dialect: Dialect, sql: &str) -> Result<(), SqlError> {
    match dialect {
        Dialect::Trino => trino::parse_statement(sql).map(|_| ()),
    }
}
