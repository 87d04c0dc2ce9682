//! Functions by name: ours only, so that none of DataFusion's shows under a name that Trino does not have.

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use super::recursive::{STEP, step};

/// A scalar function.
pub(super) fn scalar(name: &str) -> Option<Arc<ScalarUDF>> {
    match name {
        STEP => Some(step()),
        _ => crate::trino::functions::find(name),
    }
}

/// An aggregate function.
pub(super) fn aggregate(name: &str) -> Option<Arc<AggregateUDF>> {
    crate::trino::functions::aggregate::find(name)
}

/// A function that only exists over a window.
pub(super) fn window(name: &str) -> Option<Arc<WindowUDF>> {
    crate::trino::functions::window::find(name)
}
