//! UNNEST: arrays and maps become rows beside the row that holds them.
//!
//! Several arguments are zipped first: one list of structs, as long as the longest of them, whose fields are the
//! arguments' elements and their number. DataFusion's Unnest then makes rows of that list.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StructArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Fields};
use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};

use super::expression::Translator;
use super::scope::{Field, Scope, Source};
use super::{Env, Planner, failure, project};
use crate::error::SqlError;
use crate::trino::syntax::ast;
use crate::types::Type;

impl Planner<'_> {
    /// The rows of the source, each as often as its arrays have elements; `keeps` rows without elements, too. Returns
    /// the plan, and the columns that are new.
    pub(super) fn unnest_onto(
        &self,
        source: &Source,
        exprs: &[ast::Expr],
        ordinality: bool,
        keeps: bool,
        env: &Env,
        parent: Option<&Scope>,
    ) -> Result<(LogicalPlan, Vec<Field>), SqlError> {
        let schema = source.plan.schema().clone();
        let scope = Scope { fields: &source.fields, schema: &schema, grouped: None, parent };
        let translator = Translator::new(self, env, scope);
        let mut args = Vec::new();
        let mut types = Vec::new();
        for expr in exprs {
            let arg = translator.translate(expr)?;
            let of = translator.type_of(&arg)?;
            if !matches!(of, Type::Array(_) | Type::Map(..)) {
                let message = format!("Cannot unnest type: {of}");
                return Err(SqlError::new("INVALID_FUNCTION_ARGUMENT", message).at(expr.position()));
            }
            args.push(arg);
            types.push(of);
        }
        let zipped = Arc::new(ScalarUDF::new_from_impl(Zipped::new(ordinality)));
        let rows = Expr::ScalarFunction(ScalarFunction::new_udf(zipped, args));
        let name = self.unique("unnest");
        let before = source.plan.schema().columns();
        let mut exprs: Vec<_> = before.iter().cloned().map(Expr::Column).collect();
        exprs.push(rows.alias(&name));
        let handling = if keeps { NullHandling::PreserveAndExpandEmpty } else { NullHandling::Drop };
        let options = UnnestOptions { null_handling: handling, recursions: Vec::new() };
        let plan = LogicalPlanBuilder::from(project(source.plan.clone(), exprs)?)
            .unnest_columns_with_options(vec![Column::from_name(&name)], options)
            .and_then(LogicalPlanBuilder::build)
            .map_err(failure)?;

        // The struct's fields become columns; those of rows in arrays, too.
        let schema = plan.schema().clone();
        let scope = Scope { fields: &[], schema: &schema, grouped: None, parent: None };
        let translator = Translator::new(self, env, scope);
        let row = Expr::Column(Column::from_name(&name));
        let mut exprs: Vec<_> = before.into_iter().map(Expr::Column).collect();
        let mut fields = Vec::new();
        let mut add = |name: Option<String>, expr: Expr| {
            let unique = self.unique(name.as_deref().unwrap_or("_col"));
            exprs.push(expr.alias(&unique));
            fields.push(Field { relation: [].into(), name, column: Column::from_name(unique), hidden: false });
        };
        let mut index = 0;
        for of in &types {
            let element = translator.row_field(row.clone(), index)?;
            index += 1;
            match of {
                Type::Array(element_type) => match element_type.as_ref() {
                    Type::Row(inner) => {
                        for (place, (name, _)) in inner.iter().enumerate() {
                            let value = translator.row_field(element.clone(), place)?;
                            add(name.as_ref().map(|name| name.to_lowercase()), value);
                        }
                    }
                    _ => add(None, element),
                },
                _ => {
                    add(None, element);
                    add(None, translator.row_field(row.clone(), index)?);
                    index += 1;
                }
            }
        }
        if ordinality {
            let number = translator.row_field(row, index)?;
            add(None, number);
        }
        Ok((project(plan, exprs)?, fields))
    }
}

/// `zipped(array, map, …)`: the list of structs that UNNEST makes rows of.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Zipped {
    ordinality: bool,
    signature: Signature,
}

impl Zipped {
    fn new(ordinality: bool) -> Zipped {
        Zipped { ordinality, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    /// The struct's fields for arguments of these layouts.
    fn fields<'a>(&self, layouts: impl Iterator<Item = &'a DataType>) -> Result<Fields, DataFusionError> {
        let mut fields = Vec::new();
        let add = |fields: &mut Vec<FieldRef>, of: &ArrowField| {
            let name = format!("c{}", fields.len());
            fields.push(Arc::new(of.clone().with_name(name).with_nullable(true)));
        };
        for layout in layouts {
            match layout {
                DataType::List(element) => add(&mut fields, element),
                DataType::Map(entries, _) => match entries.data_type() {
                    DataType::Struct(entry) => entry.iter().for_each(|field| add(&mut fields, field)),
                    other => return Err(not_a_list(other).into()),
                },
                other => return Err(not_a_list(other).into()),
            }
        }
        if self.ordinality {
            add(&mut fields, &ArrowField::new("", DataType::Int64, true));
        }
        Ok(fields.into())
    }
}

fn not_a_list(layout: &DataType) -> SqlError {
    SqlError::internal(format!("UNNEST of {layout}"))
}

/// Where one argument's elements are.
struct Parts {
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
    children: Vec<ArrayRef>,
}

impl Parts {
    fn of(array: &ArrayRef) -> Result<Parts, SqlError> {
        if let Some(list) = array.as_list_opt::<i32>() {
            let children = vec![list.values().clone()];
            return Ok(Parts { offsets: list.offsets().clone(), nulls: list.nulls().cloned(), children });
        }
        if let Some(map) = array.as_map_opt() {
            let children = map.entries().columns().to_vec();
            return Ok(Parts { offsets: map.offsets().clone(), nulls: map.nulls().cloned(), children });
        }
        Err(not_a_list(array.data_type()))
    }

    /// The elements of one row, as a range over the children.
    fn range(&self, row: usize) -> std::ops::Range<i32> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return 0..0;
        }
        self.offsets[row]..self.offsets[row + 1]
    }
}

impl ScalarUDFImpl for Zipped {
    fn name(&self) -> &str {
        "unnest"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType, DataFusionError> {
        let element = DataType::Struct(self.fields(types.iter())?);
        Ok(DataType::List(Arc::new(ArrowField::new(ArrowField::LIST_FIELD_DEFAULT_NAME, element, true))))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef, DataFusionError> {
        let types: Vec<_> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        Ok(Arc::new(ArrowField::new(self.name(), self.return_type(&types)?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue, DataFusionError> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = arrays.first().map_or(args.number_rows, |array| array.len());
        let parts = arrays.iter().map(Parts::of).collect::<Result<Vec<_>, _>>()?;
        let lengths: Vec<usize> =
            (0..rows).map(|row| parts.iter().map(|part| part.range(row).len()).max().unwrap_or(0)).collect();
        let total: usize = lengths.iter().sum();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for part in &parts {
            // Shorter arguments are filled up with nulls.
            let mut indices: Vec<Option<u32>> = Vec::with_capacity(total);
            for (row, length) in lengths.iter().enumerate() {
                let range = part.range(row);
                let missing = length - range.len();
                indices.extend(range.map(|index| u32::try_from(index).ok()));
                indices.extend(std::iter::repeat_n(None, missing));
            }
            let indices = UInt32Array::from(indices);
            for child in &part.children {
                columns.push(take(child, &indices, None)?);
            }
        }
        if self.ordinality {
            let numbers = lengths.iter().flat_map(|length| 1..=*length as i64);
            columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        }
        let fields = self.fields(arrays.iter().map(|array| array.data_type()))?;
        let structs = StructArray::try_new(fields.clone(), columns, None)?;
        let element = ArrowField::new(ArrowField::LIST_FIELD_DEFAULT_NAME, DataType::Struct(fields), true);
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ColumnarValue::Array(Arc::new(ListArray::try_new(Arc::new(element), offsets, Arc::new(structs), None)?)))
    }
}
