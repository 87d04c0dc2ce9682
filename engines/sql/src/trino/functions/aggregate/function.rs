//! An aggregate function as DataFusion calls it: resolves the overload, and makes the accumulators that it asks for.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::function::{AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, GroupsAccumulator, Signature as AnySignature, StatisticsArgs,
    Volatility,
};
use datafusion::physical_expr::PhysicalExpr;

use crate::error::{FUNCTION_NOT_FOUND, SqlError};
use crate::trino::functions::layout::zoned;
use crate::trino::functions::signature::{Argument, Bound, Signature, resolve};
use crate::types::Type;

use super::collected::{Collector, CollectorGroups, Finisher, Group, Recipe};
use super::groups::{Groups, Many, One};

/// The result of a group (one value) of all its rows.
pub(super) type Finish = fn(&Group) -> Result<ArrayRef, SqlError>;

/// What a running state is made for.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// The Arrow types of the arguments, after coercion.
    pub(super) arguments: Vec<DataType>,
    /// The Arrow type of the result.
    pub(super) returns: DataType,
}

/// How to keep states that take rows in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    /// The Arrow types of the arrays that states are saved in.
    pub(super) state: fn(&Shape) -> Vec<DataType>,
    /// The states of no groups yet.
    pub(super) start: fn(&Shape) -> Result<Box<dyn Groups>, SqlError>,
}

/// How the groups of an overload are computed.
#[derive(Debug, Clone)]
pub(super) enum How {
    Builtin(Arc<AggregateUDF>),
    Running(Running),
    Collected(Finish),
}

/// One way to call a function.
#[derive(Debug, Clone)]
pub(super) struct Overload {
    signature: Signature,
    how: How,
    result: Option<fn(&[Type]) -> Type>,
    /// The argument that must have an order.
    orderable: Option<usize>,
}

/// `overload("(T) -> array(T)", How::Collected(array_agg))`.
pub(super) fn overload(signature: &str, how: How) -> Overload {
    Overload { signature: Signature::parse(signature), how, result: None, orderable: None }
}

impl Overload {
    /// The values of that argument are compared: their type must have an order.
    pub(super) fn orderable(mut self, argument: usize) -> Overload {
        self.orderable = Some(argument);
        self
    }

    /// Computes the result's type from those of the arguments (after coercion), where a signature cannot say it.
    pub(super) fn returning(mut self, result: fn(&[Type]) -> Type) -> Overload {
        self.result = Some(result);
        self
    }
}

/// An aggregate function of Trino.
#[derive(Debug, Clone)]
pub(super) struct Aggregate {
    pub(super) name: &'static str,
    overloads: Vec<Overload>,
    ordered: bool,
    zero: bool,
    several: Option<Arc<Aggregate>>,
    signature: AnySignature,
}

/// A function of these overloads.
pub(super) fn aggregate(name: &'static str, overloads: impl IntoIterator<Item = Overload>) -> Aggregate {
    let signature = AnySignature::user_defined(Volatility::Immutable);
    Aggregate {
        name,
        overloads: overloads.into_iter().collect(),
        ordered: false,
        zero: false,
        several: None,
        signature,
    }
}

/// What a call of `count` means.
pub(super) fn count(arguments: &[Type]) -> Result<Bound, SqlError> {
    let signatures = [Signature::parse("() -> bigint"), Signature::parse("(T) -> bigint")];
    let arguments: Vec<_> = arguments.iter().cloned().map(Argument::Value).collect();
    Ok(resolve("count", &[&signatures[0], &signatures[1]], &arguments)?.1)
}

impl Aggregate {
    /// The order of the rows matters: `ORDER BY` is obeyed. Without this it is ignored, as it makes no difference.
    pub(super) fn ordered(mut self) -> Aggregate {
        self.ordered = true;
        self
    }

    /// Of no rows the result is zero, not null.
    pub(super) fn zero(mut self) -> Aggregate {
        self.zero = true;
        self
    }

    /// Calls with more than one argument are another function to DataFusion.
    pub(super) fn several(mut self, other: Aggregate) -> Aggregate {
        self.several = Some(Arc::new(other));
        self
    }

    /// What a call with arguments of these types means.
    pub(super) fn bind(&self, arguments: &[Type]) -> Result<Bound, SqlError> {
        Ok(self.resolve(arguments.iter().cloned())?.1)
    }

    fn resolve(&self, arguments: impl IntoIterator<Item = Type>) -> Result<(&Overload, Bound), SqlError> {
        let arguments: Vec<_> = arguments.into_iter().map(Argument::Value).collect();
        let signatures: Vec<_> = self.overloads.iter().map(|overload| &overload.signature).collect();
        let (index, mut bound) = resolve(self.name, &signatures, &arguments)?;
        let overload = &self.overloads[index];
        if overload.orderable.is_some_and(|argument| !bound.arguments[argument].is_orderable()) {
            return Err(self.unexpected(&arguments));
        }
        if let Some(result) = overload.result {
            bound.result = result(&bound.arguments);
        }
        Ok((overload, bound))
    }

    /// What is said of arguments that have no order.
    fn unexpected(&self, arguments: &[Argument]) -> SqlError {
        let name = self.name;
        let arguments: Vec<_> = arguments.iter().map(Argument::to_string).collect();
        let expected: Vec<_> = self.overloads.iter().map(|overload| format!("{name}{}", overload.signature)).collect();
        let (arguments, expected) = (arguments.join(", "), expected.join(", "));
        let message = format!("Unexpected parameters ({arguments}) for function {name}. Expected: {expected}");
        SqlError::new(FUNCTION_NOT_FOUND, message)
    }

    fn resolve_fields(&self, fields: &[FieldRef]) -> Result<(&Overload, Bound), SqlError> {
        self.resolve(fields.iter().map(|field| Type::of(field)))
    }

    /// Whether the rows must be kept until the end whatever the overload says.
    fn collects(&self, distinct: bool, orderings: usize) -> bool {
        distinct || (self.ordered && orderings > 0)
    }

    /// How to make the result of the rows of a group.
    fn recipe(&self, args: &AccumulatorArgs) -> Result<Recipe, DataFusionError> {
        let (overload, bound) = self.resolve_fields(args.expr_fields)?;
        let shape = shape(&bound, args.expr_fields);
        let mut orders = Vec::new();
        for order in if self.ordered { args.order_bys } else { &[] } {
            orders.push((order.expr.data_type(args.schema)?, order.options));
        }
        let finish: Finisher = match &overload.how {
            How::Collected(finish) => {
                let finish = *finish;
                Arc::new(move |group| Ok(finish(group)?))
            }
            How::Running(running) => {
                let (running, shape) = (*running, shape.clone());
                Arc::new(move |group| fed(Box::new(One::new(running, &shape)?), group))
            }
            How::Builtin(function) => {
                let call = BuiltinCall::of(function, args)?;
                Arc::new(move |group| fed(call.accumulator()?, group))
            }
        };
        Ok(Recipe { finish, arguments: shape.arguments, returns: shape.returns, distinct: args.is_distinct, orders })
    }
}

/// The result of a state that has taken all rows of a group in.
fn fed(mut state: Box<dyn Accumulator>, group: &Group) -> Result<ArrayRef, DataFusionError> {
    state.update_batch(group.columns)?;
    state.evaluate()?.to_array()
}

/// The layouts of a call. Times keep the zone that they come in.
fn shape(bound: &Bound, fields: &[FieldRef]) -> Shape {
    let like = |wanted: &Type, index: usize| zoned(wanted, fields.get(index).map(|field| field.data_type()));
    let same = bound.arguments.iter().position(|argument| *argument == bound.result);
    Shape {
        arguments: bound.arguments.iter().enumerate().map(|(index, wanted)| like(wanted, index)).collect(),
        returns: same.map_or_else(|| bound.result.layout(), |index| like(&bound.result, index)),
    }
}

/// A call of DataFusion's own aggregate, without what we do ourselves: `DISTINCT` and `ORDER BY`.
struct BuiltinCall {
    function: Arc<AggregateUDF>,
    returns: FieldRef,
    schema: Schema,
    name: String,
    exprs: Vec<Arc<dyn PhysicalExpr>>,
    fields: Vec<FieldRef>,
}

impl BuiltinCall {
    fn of(function: &Arc<AggregateUDF>, args: &AccumulatorArgs) -> Result<BuiltinCall, DataFusionError> {
        Ok(BuiltinCall {
            function: function.clone(),
            returns: function.return_field(args.expr_fields)?,
            schema: args.schema.clone(),
            name: args.name.to_owned(),
            exprs: args.exprs.to_vec(),
            fields: args.expr_fields.to_vec(),
        })
    }

    fn args(&self) -> AccumulatorArgs<'_> {
        AccumulatorArgs {
            return_field: self.returns.clone(),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: &self.name,
            is_distinct: false,
            exprs: &self.exprs,
            expr_fields: &self.fields,
        }
    }

    fn accumulator(&self) -> Result<Box<dyn Accumulator>, DataFusionError> {
        self.function.accumulator(self.args())
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &AnySignature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType, DataFusionError> {
        Ok(self.resolve(arguments.iter().map(Type::of_layout))?.1.result.layout())
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef, DataFusionError> {
        let (_, bound) = self.resolve_fields(fields)?;
        let field = bound.result.field(self.name, !self.zero);
        Ok(Arc::new(field.with_data_type(shape(&bound, fields).returns)))
    }

    fn is_nullable(&self) -> bool {
        !self.zero
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>, DataFusionError> {
        // The planner has written all coercions out, by `bind`; layouts do not tell all types.
        Ok(arguments.to_vec())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>, DataFusionError> {
        let (overload, bound) = self.resolve_fields(args.input_fields)?;
        let orderings = if self.ordered { args.ordering_fields } else { &[] };
        let field = |index: usize, layout| {
            Arc::new(Field::new(format_state_name(args.name, &format!("{index}")), layout, true))
        };
        match &overload.how {
            How::Running(running) if !self.collects(args.is_distinct, orderings.len()) => {
                let state = (running.state)(&shape(&bound, args.input_fields));
                Ok(state.into_iter().enumerate().map(|(index, layout)| field(index, layout)).collect())
            }
            How::Builtin(function) if !self.collects(args.is_distinct, orderings.len()) => {
                let return_field = function.return_field(args.input_fields)?;
                function.state_fields(StateFieldsArgs { return_field, is_distinct: false, ..args })
            }
            _ => {
                let kept = shape(&bound, args.input_fields).arguments.into_iter();
                let kept = kept.chain(orderings.iter().map(|ordering| ordering.data_type().clone()));
                let lists = kept.map(|layout| DataType::List(Arc::new(Field::new_list_field(layout, true))));
                Ok(lists.enumerate().map(|(index, layout)| field(index, layout)).collect())
            }
        }
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>, DataFusionError> {
        let (overload, bound) = self.resolve_fields(args.expr_fields)?;
        let collects = self.collects(args.is_distinct, args.order_bys.len());
        match &overload.how {
            How::Running(running) if !collects => Ok(Box::new(One::new(*running, &shape(&bound, args.expr_fields))?)),
            How::Builtin(function) if !collects => BuiltinCall::of(function, &args)?.accumulator(),
            _ => Ok(Box::new(Collector::new(self.recipe(&args)?))),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        let Ok((overload, _)) = self.resolve_fields(args.expr_fields) else { return false };
        let collects = self.collects(args.is_distinct, args.order_bys.len());
        match &overload.how {
            How::Builtin(function) if !collects => {
                BuiltinCall::of(function, &args).is_ok_and(|call| function.groups_accumulator_supported(call.args()))
            }
            _ => true,
        }
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>, DataFusionError> {
        let (overload, bound) = self.resolve_fields(args.expr_fields)?;
        let collects = self.collects(args.is_distinct, args.order_bys.len());
        match &overload.how {
            How::Running(running) if !collects => Ok(Box::new(Many::new(*running, shape(&bound, args.expr_fields))?)),
            How::Builtin(function) if !collects => {
                function.create_groups_accumulator(BuiltinCall::of(function, &args)?.args())
            }
            _ => Ok(Box::new(CollectorGroups::new(self.recipe(&args)?))),
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>, DataFusionError> {
        let (overload, bound) = self.resolve_fields(args.expr_fields)?;
        if !args.is_distinct {
            let sliding: Option<Box<dyn Accumulator>> = match &overload.how {
                How::Builtin(function) => {
                    function.create_sliding_accumulator(BuiltinCall::of(function, &args)?.args()).ok()
                }
                How::Running(running) => Some(Box::new(One::new(*running, &shape(&bound, args.expr_fields))?)),
                How::Collected(_) => None,
            };
            if let Some(sliding) = sliding.filter(|sliding| sliding.supports_retract_batch()) {
                return Ok(sliding);
            }
        }
        Ok(Box::new(Collector::new(self.recipe(&args)?)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        // The rows are sorted here: aggregates of one query may want different orders.
        if self.ordered { AggregateOrderSensitivity::Beneficial } else { AggregateOrderSensitivity::Insensitive }
    }

    fn with_beneficial_ordering(
        self: Arc<Self>,
        _: bool,
    ) -> Result<Option<Arc<dyn AggregateUDFImpl>>, DataFusionError> {
        Ok(Some(self))
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        // DataFusion's optimizer takes every `max` and `min` for the one with one argument.
        let several = self.several.clone()?;
        Some(Box::new(move |mut call, _| {
            if call.params.args.len() > 1 {
                call.func = Arc::new(AggregateUDF::from(several.as_ref().clone()));
            }
            Ok(Expr::AggregateFunction(call))
        }))
    }

    fn default_value(&self, layout: &DataType) -> Result<ScalarValue, DataFusionError> {
        if self.zero { ScalarValue::new_zero(layout) } else { ScalarValue::try_from(layout) }
    }

    fn is_descending(&self) -> Option<bool> {
        match &self.overloads.first()?.how {
            How::Builtin(function) => function.is_descending(),
            _ => None,
        }
    }

    fn value_from_stats(&self, args: &StatisticsArgs) -> Option<ScalarValue> {
        match &self.overloads.first()?.how {
            How::Builtin(function) if args.exprs.len() == 1 => function.value_from_stats(args),
            _ => None,
        }
    }
}

/// The table has each name once.
impl PartialEq for Aggregate {
    fn eq(&self, other: &Aggregate) -> bool {
        self.name == other.name
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
