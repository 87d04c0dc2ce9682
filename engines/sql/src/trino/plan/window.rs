//! Window functions: `sum(x) OVER (PARTITION BY … ORDER BY … ROWS …)`, over rows or over groups.

use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{NullTreatment, Sort, WindowFunction};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
};

use super::expression::Translator;
use super::grouping::Before;
use super::{Blame, Planner, failure, functions};
use crate::error::{FUNCTION_NOT_FOUND, Position, SqlError};
use crate::trino::syntax::ast::{self, Call, ExprKind, Frame, FrameBound, FrameUnit, Name, Over, Window};

/// The calls over windows in an expression, each once.
pub(super) fn collect(expr: &ast::Expr, found: &mut Vec<ast::Expr>) -> Result<(), SqlError> {
    let mut nested = Ok(());
    expr.walk(&mut |part| {
        let ExprKind::Call(call) = part.kind.as_ref() else { return true };
        if call.over.is_none() {
            return true;
        }
        part.parts(&mut |inner| {
            inner.walk(&mut |deep| {
                if matches!(deep.kind.as_ref(), ExprKind::Call(call) if call.over.is_some()) {
                    let message = format!(
                        "Cannot nest window functions or row pattern measures inside window function '{}': [{deep}]",
                        call.name.text()
                    );
                    nested = Err(SqlError::new("NESTED_WINDOW", message).at(deep.position()));
                }
                true
            });
        });
        if !found.contains(part) {
            found.push(part.clone());
        }
        false
    });
    nested
}

impl Planner<'_> {
    /// Computes the calls on top of a plan, and says what holds each.
    pub(super) fn windows(
        &self,
        plan: LogicalPlan,
        calls: &[ast::Expr],
        named: &[(Name, Window)],
        translator: &Translator,
    ) -> Result<(LogicalPlan, Vec<(ast::Expr, Expr)>), SqlError> {
        let mut before = Before::new(self);
        let mut steps: Vec<Step> = Vec::new();
        let mut computed = Vec::new();
        for expr in calls {
            let ExprKind::Call(call) = expr.kind.as_ref() else { continue };
            let function = before.clear(translator.window_call(call, named, expr.position())?);
            let Expr::WindowFunction(window) = &function else { continue };
            // Calls over the same window are computed in one pass.
            let over = (window.params.partition_by.clone(), window.params.order_by.clone());
            let name = self.unique(&call.name.text());
            computed.push((expr.clone(), Expr::Column(Column::from_name(&name))));
            let aliased = function.alias(&name);
            match steps.iter_mut().find(|(key, _)| *key == over) {
                Some((_, calls)) => calls.push(aliased),
                None => steps.push((over, vec![aliased])),
            }
        }
        let mut plan = before.project(plan)?;
        for (_, exprs) in steps {
            plan = LogicalPlanBuilder::from(plan).window(exprs).and_then(LogicalPlanBuilder::build).map_err(failure)?;
        }
        for (_, expr) in &mut computed {
            *expr = self.in_layout(expr.clone(), plan.schema())?;
        }
        Ok((plan, computed))
    }
}

impl Translator<'_> {
    fn window_call(&self, call: &Call, named: &[(Name, Window)], at: Position) -> Result<Expr, SqlError> {
        let name = call.name.text();
        let window = match &call.over {
            Some(Over::Window(window)) => resolve(window, named)?,
            Some(Over::Named(name)) => find(name, named)?,
            None => return Err(SqlError::internal("a window function without a window").at(at)),
        };
        if call.distinct {
            let message = "DISTINCT in window function parameters not yet supported: ";
            return Err(SqlError::not_supported(format!("{message}{call}")).at(at));
        }
        if !call.order_by.is_empty() {
            let message = "Window function with ORDER BY is not supported";
            return Err(SqlError::not_supported(message).at(at));
        }
        let ranks = functions::window(&name);
        let definition = match (&ranks, functions::aggregate(&name)) {
            (Some(window), _) => WindowFunctionDefinition::WindowUDF(window.clone()),
            (None, Some(aggregate)) => WindowFunctionDefinition::AggregateUDF(aggregate),
            (None, None) if functions::scalar(&name).is_some() => {
                let message = format!("Not a window function: {name}");
                return Err(SqlError::new("FUNCTION_NOT_WINDOW", message).at(at));
            }
            (None, None) => {
                let message = format!("Function '{name}' not registered");
                return Err(SqlError::new(FUNCTION_NOT_FOUND, message).at(at));
            }
        };
        let args = self.aggregate_args(call, &name, at)?;
        let mut function = WindowFunction::new(definition, args);
        for expr in &window.partition_by {
            function.params.partition_by.push(self.translate(expr)?);
        }
        function.params.order_by = self.sorts(&window.order_by)?;
        function.params.window_frame = match &window.frame {
            Some(_) if ranks.is_some() && !frames(&name) => {
                let message = format!("Cannot specify window frame for {name} function");
                return Err(SqlError::new("INVALID_WINDOW_FRAME", message).at(at));
            }
            Some(frame) => self.frame(frame)?,
            None => WindowFrame::new((!window.order_by.is_empty()).then_some(false)),
        };
        if window.frame.is_some() {
            let frame = &function.params.window_frame;
            frame.regularize_order_bys(&mut function.params.order_by).blame(at)?;
        }
        if let Some(filter) = &call.filter {
            let filter = self
                .boolean(filter, |actual| format!("Filter expression must evaluate to a boolean (actual: {actual})"))?;
            function.params.filter = Some(Box::new(filter));
        }
        function.params.null_treatment = call.ignore_nulls.map(|ignore| match ignore {
            true => NullTreatment::IgnoreNulls,
            false => NullTreatment::RespectNulls,
        });
        let expr = Expr::WindowFunction(Box::new(function));
        self.type_of(&expr).blame(at)?;
        Ok(expr)
    }

    fn frame(&self, frame: &Frame) -> Result<WindowFrame, SqlError> {
        let units = match frame.unit {
            FrameUnit::Rows => WindowFrameUnits::Rows,
            FrameUnit::Range => WindowFrameUnits::Range,
            FrameUnit::Groups => WindowFrameUnits::Groups,
        };
        let refuse = |message: &str| Err(SqlError::new("INVALID_WINDOW_FRAME", message).at(frame.at.0));
        let end = frame.end.clone().unwrap_or(FrameBound::Current);
        match (&frame.start, &end) {
            (FrameBound::UnboundedFollowing, _) => {
                return refuse("Window frame start cannot be UNBOUNDED FOLLOWING");
            }
            (_, FrameBound::UnboundedPreceding) => {
                return refuse("Window frame end cannot be UNBOUNDED PRECEDING");
            }
            (FrameBound::Current, FrameBound::Preceding(_)) => {
                return refuse("Window frame starting from CURRENT ROW cannot end with PRECEDING");
            }
            (FrameBound::Following(_), FrameBound::Preceding(_)) => {
                return refuse("Window frame starting from FOLLOWING cannot end with PRECEDING");
            }
            (FrameBound::Following(_), FrameBound::Current) => {
                return refuse("Window frame starting from FOLLOWING cannot end with CURRENT ROW");
            }
            _ => {}
        }
        let start = self.bound(&frame.start, frame.unit)?;
        let end = self.bound(&end, frame.unit)?;
        Ok(WindowFrame::new_bounds(units, start, end))
    }

    fn bound(&self, bound: &FrameBound, unit: FrameUnit) -> Result<WindowFrameBound, SqlError> {
        let unbounded = ScalarValue::UInt64(None);
        Ok(match bound {
            FrameBound::UnboundedPreceding => WindowFrameBound::Preceding(unbounded),
            FrameBound::UnboundedFollowing => WindowFrameBound::Following(unbounded),
            FrameBound::Current => WindowFrameBound::CurrentRow,
            FrameBound::Preceding(offset) => WindowFrameBound::Preceding(self.offset(offset, unit)?),
            FrameBound::Following(offset) => WindowFrameBound::Following(self.offset(offset, unit)?),
        })
    }

    /// How far a bound is away: a constant here, as it is nearly everywhere.
    fn offset(&self, offset: &ast::Expr, unit: FrameUnit) -> Result<ScalarValue, SqlError> {
        let at = offset.position();
        let Expr::Literal(value, _) = self.translate(offset)? else {
            return Err(SqlError::not_supported("Window frame offset must be a constant").at(at));
        };
        if unit == FrameUnit::Range {
            return Ok(match value {
                ScalarValue::Int32(Some(number)) => ScalarValue::Utf8(Some(number.to_string())),
                ScalarValue::Int64(Some(number)) => ScalarValue::Utf8(Some(number.to_string())),
                ScalarValue::Float64(Some(number)) => ScalarValue::Utf8(Some(number.to_string())),
                ScalarValue::Decimal128(Some(_), ..) => ScalarValue::Utf8(Some(value.to_string())),
                other => other,
            });
        }
        let number = match value {
            ScalarValue::Int32(Some(number)) => Some(i64::from(number)),
            ScalarValue::Int64(Some(number)) => Some(number),
            _ => None,
        };
        match number.map(u64::try_from) {
            Some(Ok(number)) => Ok(ScalarValue::UInt64(Some(number))),
            Some(Err(_)) => {
                let message = "Window frame offset value must not be negative or null";
                Err(SqlError::new("INVALID_WINDOW_FRAME", message).at(at))
            }
            None => {
                let message = "Window frame ROWS/GROUPS value type must be an exact numeric type with scale 0";
                Err(SqlError::type_mismatch(message).at(at))
            }
        }
    }
}

/// A window, as what it partitions and sorts by, and the calls over it.
type Step = ((Vec<Expr>, Vec<Sort>), Vec<Expr>);

/// Whether the function looks at the frame.
fn frames(name: &str) -> bool {
    matches!(name, "first_value" | "last_value" | "nth_value")
}

/// The window of that name.
fn find(name: &Name, named: &[(Name, Window)]) -> Result<Window, SqlError> {
    let place = named.iter().position(|(known, _)| known == name).ok_or_else(|| {
        let message = format!("Cannot resolve WINDOW name {}", name.value);
        SqlError::new("INVALID_WINDOW_REFERENCE", message).at(name.at.0)
    })?;
    // A window may refine those before it only.
    resolve(&named[place].1, &named[..place])
}

/// The window with what it takes from the one that it refines.
fn resolve(window: &Window, named: &[(Name, Window)]) -> Result<Window, SqlError> {
    let Some(existing) = &window.existing else { return Ok(window.clone()) };
    let base = find(existing, named)?;
    let refuse = |message: &str| Err(SqlError::new("INVALID_WINDOW_REFERENCE", message).at(window.at.0));
    if !window.partition_by.is_empty() {
        return refuse("WINDOW specification with named WINDOW reference cannot specify PARTITION BY");
    }
    if !window.order_by.is_empty() && !base.order_by.is_empty() {
        return refuse("Cannot specify ORDER BY in WINDOW specification referencing WINDOW with ORDER BY");
    }
    if base.frame.is_some() {
        return refuse("Cannot reference named WINDOW containing frame specification");
    }
    let order_by = if window.order_by.is_empty() { base.order_by } else { window.order_by.clone() };
    Ok(Window { at: window.at, existing: None, partition_by: base.partition_by, order_by, frame: window.frame.clone() })
}
