//! Functions that only exist over a window: DataFusion's own, called as Trino calls them.
//!
//! What they compute is the same; they differ in which arguments they take, and in what they say of those they do not.
//! Offsets and buckets are constants here; Trino also takes them from columns.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::functions_window as known;
use datafusion::logical_expr::function::{ExpressionArgs, PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    LimitEffect, PartitionEvaluator, ReversedUDWF, Signature as AnySignature, Volatility, WindowUDF, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;

use crate::error::SqlError;
use crate::types::Type;

use super::signature::{Argument, Bound, Signature, resolve};

/// The least value of an argument, and what is said of less.
#[derive(Debug, Clone, Copy)]
struct Least {
    argument: usize,
    value: i64,
    message: &'static str,
}

/// One window function.
#[derive(Debug)]
struct Window {
    known: Arc<WindowUDF>,
    signatures: Vec<Signature>,
    least: Option<Least>,
    any: AnySignature,
}

/// All of them.
fn windows() -> Vec<Window> {
    let window = |known: Arc<WindowUDF>, signatures: &[&str]| Window {
        known,
        signatures: signatures.iter().map(|spelling| Signature::parse(spelling)).collect(),
        least: None,
        // The planner has asked `bind` before.
        any: AnySignature::user_defined(Volatility::Immutable),
    };
    let least = |argument, value, message| Some(Least { argument, value, message });
    let shifts = ["(T) -> T", "(T, bigint) -> T", "(T, bigint, T) -> T"];
    let offset = least(1, 0, "Offset must be at least 0");
    vec![
        window(known::row_number::row_number_udwf(), &["() -> bigint"]),
        window(known::rank::rank_udwf(), &["() -> bigint"]),
        window(known::rank::dense_rank_udwf(), &["() -> bigint"]),
        window(known::rank::percent_rank_udwf(), &["() -> double"]),
        window(known::cume_dist::cume_dist_udwf(), &["() -> double"]),
        Window {
            least: least(0, 1, "Buckets must be greater than 0"),
            ..window(known::ntile::ntile_udwf(), &["(bigint) -> bigint"])
        },
        Window { least: offset, ..window(known::lead_lag::lag_udwf(), &shifts) },
        Window { least: offset, ..window(known::lead_lag::lead_udwf(), &shifts) },
        window(known::nth_value::first_value_udwf(), &["(T) -> T"]),
        window(known::nth_value::last_value_udwf(), &["(T) -> T"]),
        Window {
            least: least(1, 1, "Offset must be at least 1"),
            ..window(known::nth_value::nth_value_udwf(), &["(T, bigint) -> T"])
        },
    ]
}

/// How a window function is called, and the function.
type Known = (Vec<Signature>, Arc<WindowUDF>);

/// The table, by name.
static TABLE: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let entry = |window: Window| {
        let (name, signatures) = (window.known.name().to_owned(), window.signatures.clone());
        (name, (signatures, Arc::new(WindowUDF::from(window))))
    };
    windows().into_iter().map(entry).collect()
});

/// The window function of that name (in lower case), if Trino and we have it.
pub(crate) fn find(name: &str) -> Option<Arc<WindowUDF>> {
    TABLE.get(name).map(|(_, window)| window.clone())
}

/// What a call of the function means: the types that its arguments become, and what it gives.
///
/// # Errors
/// `FUNCTION_NOT_FOUND`: no such function, or not for those arguments.
pub(crate) fn bind(name: &str, arguments: &[Type]) -> Result<Bound, SqlError> {
    let signatures = TABLE.get(name).map_or(&[][..], |(signatures, _)| signatures);
    let arguments: Vec<_> = arguments.iter().cloned().map(Argument::Value).collect();
    Ok(resolve(name, &signatures.iter().collect::<Vec<_>>(), &arguments)?.1)
}

impl WindowUDFImpl for Window {
    fn name(&self) -> &str {
        self.known.name()
    }

    fn signature(&self) -> &AnySignature {
        &self.any
    }

    fn expressions(&self, args: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        self.known.inner().expressions(args)
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>, DataFusionError> {
        if let Some(least) = self.least
            && let Some(argument) = args.input_exprs().get(least.argument)
        {
            let Some(constant) = argument.downcast_ref::<Literal>() else {
                let message = format!("argument {} of {} that is no constant", least.argument + 1, self.name());
                return Err(SqlError::not_supported(message).into());
            };
            if let ScalarValue::Int64(Some(value)) = constant.value().cast_to(&DataType::Int64)?
                && value < least.value
            {
                return Err(SqlError::invalid_argument(least.message).into());
            }
        }
        self.known.inner().partition_evaluator(args)
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef, DataFusionError> {
        self.known.inner().field(args)
    }

    fn sort_options(&self) -> Option<SortOptions> {
        self.known.inner().sort_options()
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        Ok(arguments.to_vec())
    }

    fn reverse_expr(&self) -> ReversedUDWF {
        self.known.inner().reverse_expr()
    }

    fn limit_effect(&self, args: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        self.known.inner().limit_effect(args)
    }
}

/// The table has each name once.
impl PartialEq for Window {
    fn eq(&self, other: &Window) -> bool {
        self.known == other.known
    }
}

impl Eq for Window {}

impl Hash for Window {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.known.name().hash(state);
    }
}
