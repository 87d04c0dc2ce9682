//! One call of a function over a batch of rows: what a kernel reads its arguments from and builds its result with.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder, Date32Array,
    Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, MapArray, PrimitiveBuilder,
    StringViewArray, StringViewBuilder,
};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int32Type, Int64Type, UInt32Type};
use datafusion::common::config::{ConfigEntry, ConfigExtension, ConfigOptions, ExtensionOptions};
use datafusion::error::DataFusionError;

use crate::error::SqlError;
use crate::session::Session;
use crate::types::Type;

/// A kernel: the row function of one overload. Its arguments have the layout of the signature's types.
pub(crate) type Kernel = fn(&Call) -> Result<ArrayRef, SqlError>;

/// One call over a batch.
///
/// Unless the function handles nulls itself, the result of a row with a null argument is null whatever the kernel says,
/// and the `to_…` builders do not ask for such rows.
pub(crate) struct Call<'a> {
    /// Rows that the result must have.
    pub(crate) rows: usize,
    /// The types of the arguments, as the signature and the call made them.
    pub(crate) types: &'a [Type],
    /// The type of the result.
    pub(crate) returns: &'a Type,
    arguments: Vec<Operand>,
    /// Rows that have all they need; `None` means all rows.
    valid: Option<NullBuffer>,
    options: &'a ConfigOptions,
}

/// One argument: a value for each row, or one for all.
pub(crate) struct Operand {
    pub(crate) array: ArrayRef,
    pub(crate) constant: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        rows: usize,
        (types, returns): (&'a [Type], &'a Type),
        arguments: Vec<Operand>,
        handles_null: bool,
        options: &'a ConfigOptions,
    ) -> Call<'a> {
        let valid = if handles_null { None } else { valid_rows(rows, &arguments) };
        Call { rows, types, returns, arguments, valid, options }
    }

    /// How many arguments there are.
    pub(crate) fn arity(&self) -> usize {
        self.arguments.len()
    }

    /// The query's surroundings: its start, user, catalog, schema.
    pub(crate) fn session(&self) -> Result<&'a Session, SqlError> {
        let carried = self.options.extensions.get::<CarriedSession>();
        carried.map(|carried| carried.0.as_ref()).ok_or_else(|| SqlError::internal("a query without a session"))
    }

    /// Whether the row has all its arguments. Functions that handle nulls see all rows here.
    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid.is_valid(row))
    }

    /// The rows that have all their arguments.
    pub(crate) fn valid(&self) -> Option<&NullBuffer> {
        self.valid.as_ref()
    }

    /// The argument as an array of as many values as there are rows.
    pub(crate) fn array(&self, index: usize) -> Result<ArrayRef, SqlError> {
        let operand = &self.arguments[index];
        if !operand.constant || operand.array.len() == self.rows {
            return Ok(operand.array.clone());
        }
        let first = arrow::array::PrimitiveArray::<UInt32Type>::from_value(0, self.rows);
        Ok(take(&operand.array, &first, None)?)
    }

    /// The argument's values, if they are of that kind of array.
    pub(crate) fn values<A: Array + 'static>(&self, index: usize) -> Result<Values<'_, A>, SqlError> {
        let operand = &self.arguments[index];
        let array =
            operand.array.as_any().downcast_ref::<A>().ok_or_else(|| {
                SqlError::internal(format!("argument {} is {}", index + 1, operand.array.data_type()))
            })?;
        Ok(Values { array, constant: operand.constant })
    }

    /// An argument of type varchar, char or json.
    pub(crate) fn strings(&self, index: usize) -> Result<Values<'_, StringViewArray>, SqlError> {
        self.values(index)
    }

    /// An argument of type varbinary.
    pub(crate) fn binaries(&self, index: usize) -> Result<Values<'_, BinaryArray>, SqlError> {
        self.values(index)
    }

    pub(crate) fn booleans(&self, index: usize) -> Result<Values<'_, BooleanArray>, SqlError> {
        self.values(index)
    }

    pub(crate) fn integers(&self, index: usize) -> Result<Values<'_, Int32Array>, SqlError> {
        self.values(index)
    }

    pub(crate) fn bigints(&self, index: usize) -> Result<Values<'_, Int64Array>, SqlError> {
        self.values(index)
    }

    pub(crate) fn reals(&self, index: usize) -> Result<Values<'_, Float32Array>, SqlError> {
        self.values(index)
    }

    pub(crate) fn doubles(&self, index: usize) -> Result<Values<'_, Float64Array>, SqlError> {
        self.values(index)
    }

    /// An argument of type decimal: unscaled values; the scale is in `types`.
    pub(crate) fn decimals(&self, index: usize) -> Result<Values<'_, Decimal128Array>, SqlError> {
        self.values(index)
    }

    /// An argument of type date: days since 1970.
    pub(crate) fn dates(&self, index: usize) -> Result<Values<'_, Date32Array>, SqlError> {
        self.values(index)
    }

    /// An argument of type array.
    pub(crate) fn lists(&self, index: usize) -> Result<Values<'_, ListArray>, SqlError> {
        self.values(index)
    }

    /// An argument of type map.
    pub(crate) fn maps(&self, index: usize) -> Result<Values<'_, MapArray>, SqlError> {
        self.values(index)
    }

    /// The text of an argument that is one value for all rows: patterns and formats are read once by it.
    pub(crate) fn constant_string(&self, index: usize) -> Option<&str> {
        let operand = self.arguments.get(index).filter(|operand| operand.constant)?;
        let text = operand.array.as_any().downcast_ref::<StringViewArray>()?;
        text.is_valid(0).then(|| text.value(0))
    }

    /// Whether the argument is one value for all rows.
    pub(crate) fn is_constant(&self, index: usize) -> bool {
        self.arguments[index].constant
    }

    /// A result of text, row by row.
    pub(crate) fn to_strings<S: AsRef<str>>(
        &self,
        mut row: impl FnMut(usize) -> Result<Option<S>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        let mut builder = StringViewBuilder::with_capacity(self.rows);
        for index in 0..self.rows {
            builder.append_option(if self.is_valid(index) { row(index)? } else { None });
        }
        Ok(Arc::new(builder.finish()))
    }

    /// A result of varbinary, row by row.
    pub(crate) fn to_binaries<B: AsRef<[u8]>>(
        &self,
        mut row: impl FnMut(usize) -> Result<Option<B>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        let mut builder = BinaryBuilder::with_capacity(self.rows, 0);
        for index in 0..self.rows {
            builder.append_option(if self.is_valid(index) { row(index)? } else { None });
        }
        Ok(Arc::new(builder.finish()))
    }

    /// A result of booleans, row by row.
    pub(crate) fn to_booleans(
        &self,
        mut row: impl FnMut(usize) -> Result<Option<bool>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        let mut builder = BooleanBuilder::with_capacity(self.rows);
        for index in 0..self.rows {
            builder.append_option(if self.is_valid(index) { row(index)? } else { None });
        }
        Ok(Arc::new(builder.finish()))
    }

    /// A result of numbers or times of that Arrow type, row by row.
    pub(crate) fn to_values<T: ArrowPrimitiveType>(
        &self,
        mut row: impl FnMut(usize) -> Result<Option<T::Native>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(self.rows);
        for index in 0..self.rows {
            builder.append_option(if self.is_valid(index) { row(index)? } else { None });
        }
        Ok(Arc::new(builder.finish()))
    }

    /// A result of bigints, row by row.
    pub(crate) fn to_bigints(
        &self,
        row: impl FnMut(usize) -> Result<Option<i64>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        self.to_values::<Int64Type>(row)
    }

    /// A result of integers, row by row.
    pub(crate) fn to_integers(
        &self,
        row: impl FnMut(usize) -> Result<Option<i32>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        self.to_values::<Int32Type>(row)
    }

    /// A result of doubles, row by row.
    pub(crate) fn to_doubles(
        &self,
        row: impl FnMut(usize) -> Result<Option<f64>, SqlError>,
    ) -> Result<ArrayRef, SqlError> {
        self.to_values::<Float64Type>(row)
    }
}

/// The values of one argument; constants answer every row with their one value.
pub(crate) struct Values<'a, A> {
    /// The array beneath: one value if constant.
    pub(crate) array: &'a A,
    pub(crate) constant: bool,
}

// Derived, these would ask the array itself to be copyable.
impl<A> Clone for Values<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Values<'_, A> {}

impl<'a, A> Values<'a, A>
where
    A: Array,
    &'a A: ArrayAccessor,
{
    /// The value at that row; what it is at a null row means nothing.
    pub(crate) fn at(&self, row: usize) -> <&'a A as ArrayAccessor>::Item {
        self.array.value(if self.constant { 0 } else { row })
    }

    /// The value at that row, if there is one.
    pub(crate) fn get(&self, row: usize) -> Option<<&'a A as ArrayAccessor>::Item> {
        let row = if self.constant { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

/// The rows in which no argument is null.
fn valid_rows(rows: usize, arguments: &[Operand]) -> Option<NullBuffer> {
    let mut valid: Option<NullBuffer> = None;
    for operand in arguments {
        let nulls = operand.array.logical_nulls();
        let nulls = match nulls {
            Some(nulls) if operand.constant && nulls.is_null(0) => Some(NullBuffer::new_null(rows)),
            Some(_) if operand.constant => None,
            other => other,
        };
        valid = NullBuffer::union(valid.as_ref(), nulls.as_ref());
    }
    valid
}

/// The session on its way through DataFusion's options: what sets up a query inserts it.
#[derive(Debug, Clone)]
pub(crate) struct CarriedSession(pub(crate) Arc<Session>);

impl ConfigExtension for CarriedSession {
    const PREFIX: &'static str = "haar";
}

impl ExtensionOptions for CarriedSession {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _value: &str) -> Result<(), DataFusionError> {
        Err(SqlError::internal(format!("the session has no option {key}")).into())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
