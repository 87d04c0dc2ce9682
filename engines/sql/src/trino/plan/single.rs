//! The aggregate behind a scalar subquery: the value of the only row.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use crate::error::{SUBQUERY_MULTIPLE_ROWS, SqlError};

/// `single(x)`: null without rows, an error with several.
pub(super) fn single() -> Arc<AggregateUDF> {
    SINGLE.clone()
}

static SINGLE: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| {
    let signature = Signature::any(1, Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Single { signature }))
});

#[derive(Debug, PartialEq, Eq, Hash)]
struct Single {
    signature: Signature,
}

impl AggregateUDFImpl for Single {
    fn name(&self) -> &str {
        "single"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(types[0].clone())
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef, DataFusionError> {
        Ok(Arc::new(fields[0].as_ref().clone().with_name(self.name()).with_nullable(true)))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>, DataFusionError> {
        let value = args.return_field.as_ref().clone().with_name(format!("{}[value]", args.name));
        let found = Field::new(format!("{}[found]", args.name), DataType::Boolean, false);
        Ok(vec![Arc::new(value), Arc::new(found)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>, DataFusionError> {
        let value = ScalarValue::try_from(args.return_field.data_type())?;
        Ok(Box::new(Row { value, found: false }))
    }
}

/// What was seen so far.
#[derive(Debug)]
struct Row {
    value: ScalarValue,
    found: bool,
}

impl Row {
    fn take(&mut self, values: &ArrayRef, row: usize) -> Result<(), DataFusionError> {
        if self.found {
            let message = "Scalar sub-query has returned multiple rows";
            return Err(SqlError::new(SUBQUERY_MULTIPLE_ROWS, message).into());
        }
        self.value = ScalarValue::try_from_array(values, row)?;
        self.found = true;
        Ok(())
    }
}

impl Accumulator for Row {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<(), DataFusionError> {
        (0..values[0].len().min(2)).try_for_each(|row| self.take(&values[0], row))
    }

    fn evaluate(&mut self) -> Result<ScalarValue, DataFusionError> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.value.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>, DataFusionError> {
        Ok(vec![self.value.clone(), ScalarValue::Boolean(Some(self.found))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<(), DataFusionError> {
        let found = states[1]
            .as_any()
            .downcast_ref::<BooleanArray>()
            .ok_or_else(|| SqlError::internal("the state of a single row"))?;
        (0..found.len()).filter(|row| found.value(*row)).try_for_each(|row| self.take(&states[0], row))
    }
}
