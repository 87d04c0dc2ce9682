//! A function that changes nothing but the type under which an expression's values go.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::types::Type;

/// Gives its argument back under a type of the same layout.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    to: Type,
    signature: Signature,
}

impl Stamp {
    pub(super) fn new(to: Type) -> Stamp {
        Stamp { to, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Stamp {
    fn name(&self) -> &str {
        "typed"
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String, DataFusionError> {
        Ok(format!("typed({} AS {})", args[0].schema_name(), self.to))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.to.layout())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        Ok(Arc::new(self.to.field(self.name(), args.arg_fields[0].is_nullable())))
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        Ok(args.args.swap_remove(0))
    }
}
