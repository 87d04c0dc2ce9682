//! `FOR TIMESTAMP AS OF` and `FOR VERSION AS OF`: which state of a table is meant.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use haar_kernel::Timestamp;

use super::expression::Translator;
use super::scope::Scope;
use super::{Blame, Env, Home, Planner, failure};
use crate::error::SqlError;
use crate::planning::TableVersion;
use crate::trino::syntax::ast::Period;
use crate::types::Type;

impl Planner<'_> {
    pub(super) fn version(&self, period: &Period) -> Result<TableVersion, SqlError> {
        let at = period.end.position();
        let empty = LogicalPlanBuilder::empty(true).build().map_err(failure)?;
        let env = Env { home: Home::of(self.session), with: Vec::new(), views: Vec::new() };
        let scope = Scope { fields: &[], schema: empty.schema(), grouped: None, parent: None };
        let translator = Translator::new(self, &env, scope);
        let end = translator.translate(&period.end)?;
        let of = translator.type_of(&end)?;
        let (wanted, what) = match (period.version, &of) {
            (true, Type::Varchar(_)) => (Type::VARCHAR, "varchar"),
            (true, other) if other.is_integral() => (Type::Bigint, "bigint"),
            (false, Type::Date | Type::Timestamp(_) | Type::TimestampTz(_)) => (Type::TimestampTz(3), "timestamp"),
            (true, _) => {
                let message = format!("Type {of} invalid. Iceberg table version must be a bigint or a varchar");
                return Err(SqlError::type_mismatch(message).at(at));
            }
            (false, _) => {
                let message = format!(
                    "Type {of} invalid. Temporal pointers must be of type timestamp, timestamp with time zone, or date"
                );
                return Err(SqlError::type_mismatch(message).at(at));
            }
        };
        let end = translator.cast(end, &wanted, false).blame(at)?;
        match self.constant(end).blame(at)? {
            Some(ScalarValue::Int64(Some(snapshot))) => Ok(TableVersion::Snapshot(snapshot)),
            Some(ScalarValue::Utf8View(Some(name))) => Ok(TableVersion::Reference(name)),
            Some(ScalarValue::TimestampMillisecond(Some(millis), _)) => {
                Ok(TableVersion::At(Timestamp::from_millis(millis)))
            }
            _ => {
                let message = format!("The {what} of FOR … AS OF must be a constant that is not null");
                Err(SqlError::new("INVALID_ARGUMENTS", message).at(at))
            }
        }
    }

    /// The value of an expression that names no columns.
    fn constant(&self, expr: Expr) -> Result<Option<ScalarValue>, SqlError> {
        let context = SimplifyContext::builder().with_config_options(self.config.clone()).build();
        match ExprSimplifier::new(context).simplify(expr).map_err(failure)? {
            Expr::Literal(value, _) => Ok(Some(value)),
            _ => Ok(None),
        }
    }
}
