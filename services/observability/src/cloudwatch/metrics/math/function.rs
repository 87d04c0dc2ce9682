//! What the functions do.

use std::collections::BTreeMap;

use super::calendar;
use super::evaluate::{Grid, Surroundings, evaluate};
use super::syntax::Expression;
use super::value::{MathError, Series, Value};
use crate::cloudwatch::anomaly::band;

/// What AWS has and haar does not, with the reason.
const NOT_SERVED: [(&str, &str); 5] = [
    ("INSIGHT_RULE_METRIC", "haar does not serve INSIGHT_RULE_METRIC: it has no Contributor Insights"),
    ("LAMBDA", "haar does not serve LAMBDA: it has no data source connectors"),
    ("DB_PERF_INSIGHTS", "haar does not serve DB_PERF_INSIGHTS: it has no RDS"),
    ("SERVICE_QUOTA", "haar does not serve SERVICE_QUOTA: it has no Service Quotas"),
    ("ANOMALY_DETECTION_SCORE", "haar does not serve ANOMALY_DETECTION_SCORE"),
];

/// Calls a function.
pub fn call(name: &str, arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    if let Some((_, reason)) = NOT_SERVED.into_iter().find(|(known, _)| *known == name) {
        return Err(MathError::NotServed(reason));
    }
    match name {
        "METRICS" => return metrics(arguments, around),
        "SEARCH" => return search(arguments, around),
        "SORT" => return sort(arguments, around),
        "FILL" => return fill(arguments, around),
        "IF" => return choose(arguments, around),
        "ANOMALY_DETECTION_BAND" => return anomaly_detection_band(arguments, around),
        "SLICE" => return slice(arguments, around),
        _ => {}
    }
    let call = Call { name };
    if let Some(read) = calendar::function(name) {
        let grid = around.grid();
        return call.each(arguments, around, |series| series.with(grid.times(series.period).map(|t| (t, read(t)))));
    }
    let plain: Option<fn(f64) -> f64> = match name {
        "ABS" => Some(f64::abs),
        "CEIL" => Some(f64::ceil),
        "FLOOR" => Some(f64::floor),
        "LOG" => Some(f64::ln),
        "LOG10" => Some(f64::log10),
        _ => None,
    };
    if let Some(plain) = plain {
        return match call.one(arguments, around)? {
            Value::Scalar(scalar) => Ok(Value::Scalar(plain(scalar))),
            value => call.map(value, |series| series.map(plain)),
        };
    }
    if let Some(fold) = aggregate(name) {
        return match call.one(arguments, around)? {
            Value::Scalar(scalar) => Ok(Value::Scalar(fold(&[scalar]))),
            Value::Series(series) => Ok(Value::Scalar(fold(&series.values().collect::<Vec<_>>()))),
            Value::Array(all) => Ok(Value::Series(across(&all, around.grid(), fold))),
            other => Err(call.refuse(&other)),
        };
    }
    match name {
        "RATE" => call.each(arguments, around, |series| {
            steps(series, |time, value, earlier, before| (value - before) / (time - earlier) as f64)
        }),
        "DIFF" => call.each(arguments, around, |series| steps(series, |_, value, _, before| value - before)),
        "DIFF_TIME" => {
            call.each(arguments, around, |series| steps(series, |time, _, earlier, _| (time - earlier) as f64))
        }
        "RUNNING_SUM" => call.each(arguments, around, |series| {
            series.with(series.points.iter().scan(0.0, |sum, (time, value)| {
                *sum += value;
                Some((*time, *sum))
            }))
        }),
        "PERIOD" => match call.one(arguments, around)? {
            Value::Series(series) => Ok(Value::Scalar(series.period as f64)),
            other => Err(call.refuse(&other)),
        },
        "TIME_SERIES" => match call.one(arguments, around)? {
            Value::Scalar(scalar) => {
                let grid = around.grid();
                let empty = Series { period: grid.period, ..Series::default() };
                Ok(Value::Series(empty.with(grid.times(grid.period).map(|time| (time, scalar)))))
            }
            other => Err(call.refuse(&other)),
        },
        "METRIC_COUNT" => Ok(Value::Scalar(call.array(arguments, around)?.len() as f64)),
        "REMOVE_EMPTY" => {
            let mut all = call.array(arguments, around)?;
            all.retain(|series| !series.points.is_empty());
            Ok(Value::Array(all))
        }
        "FIRST" => Ok(Value::Series(call.array(arguments, around)?.into_iter().next().unwrap_or_default())),
        "LAST" => Ok(Value::Series(call.array(arguments, around)?.pop().unwrap_or_default())),
        _ => Err(MathError::UnknownFunction(name.to_owned())),
    }
}

/// Functions of one argument, by their name in messages.
struct Call<'a> {
    name: &'a str,
}

impl Call<'_> {
    fn refuse(&self, found: &Value) -> MathError {
        MathError::Argument { function: self.name.to_owned(), found: found.kind() }
    }

    fn one(&self, arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
        let [argument] = arguments else { return Err(MathError::ArgumentCount(self.name.to_owned())) };
        evaluate(argument, around)
    }

    fn array(&self, arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Vec<Series>, MathError> {
        match self.one(arguments, around)? {
            Value::Array(all) => Ok(all),
            other => Err(self.refuse(&other)),
        }
    }

    fn map(&self, value: Value, change: impl Fn(&Series) -> Series) -> Result<Value, MathError> {
        match value {
            Value::Series(series) => Ok(Value::Series(change(&series))),
            Value::Array(all) => Ok(Value::Array(all.iter().map(change).collect())),
            other => Err(self.refuse(&other)),
        }
    }

    /// A series into a series, and so each of an array.
    fn each(
        &self,
        arguments: &[Expression],
        around: &mut dyn Surroundings,
        change: impl Fn(&Series) -> Series,
    ) -> Result<Value, MathError> {
        let value = self.one(arguments, around)?;
        self.map(value, change)
    }
}

/// Of many values one.
fn aggregate(name: &str) -> Option<fn(&[f64]) -> f64> {
    Some(match name {
        "AVG" => |values| values.iter().sum::<f64>() / values.len() as f64,
        "SUM" => |values| values.iter().sum(),
        "MAX" => |values| values.iter().copied().fold(f64::NAN, f64::max),
        "MIN" => |values| values.iter().copied().fold(f64::NAN, f64::min),
        "STDDEV" => |values| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
        },
        "DATAPOINT_COUNT" => |values| values.len() as f64,
        _ => return None,
    })
}

/// At each time, of the values that there are.
fn across(all: &[Series], grid: Grid, fold: fn(&[f64]) -> f64) -> Series {
    let mut by_time: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    for (time, value) in all.iter().flat_map(|series| &series.points) {
        by_time.entry(*time).or_default().push(*value);
    }
    let period = all.iter().map(|series| series.period).max().unwrap_or(grid.period);
    let empty = Series { period, ..Series::default() };
    empty.with(by_time.into_iter().map(|(time, values)| (time, fold(&values))))
}

/// Each point with the one before it.
fn steps(series: &Series, change: impl Fn(i64, f64, i64, f64) -> f64) -> Series {
    series.with(series.points.windows(2).map(|pair| {
        let [(earlier, before), (time, value)] = [pair[0], pair[1]];
        (time, change(time, value, earlier, before))
    }))
}

fn metrics(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let part = match arguments {
        [] => "",
        [Expression::Text(part)] => part.as_str(),
        [_] => return Err(MathError::InvalidArgument("METRICS takes a string".into())),
        _ => return Err(MathError::ArgumentCount("METRICS".into())),
    };
    let mut all = Vec::new();
    for id in around.metrics().into_iter().filter(|id| id.contains(part)) {
        if let Value::Series(series) = around.variable(&id)? {
            all.push(series);
        }
    }
    Ok(Value::Array(all))
}

fn search(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let (search, stat, period) = match arguments {
        [Expression::Text(search), Expression::Text(stat)] => (search, stat, None),
        [Expression::Text(search), Expression::Text(stat), Expression::Number(period)] => {
            (search, stat, Some(*period as i64))
        }
        _ if matches!(arguments.len(), 2 | 3) => {
            return Err(MathError::InvalidArgument("SEARCH takes a search, a statistic and a period".into()));
        }
        _ => return Err(MathError::ArgumentCount("SEARCH".into())),
    };
    around.search(search, stat, period).map(Value::Array)
}

fn sort(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let invalid = || MathError::InvalidArgument("SORT takes AVG, MAX, MIN or SUM, and ASC or DESC".into());
    let (array, by, order, limit) = match arguments {
        [array, by, order] => (array, by, order, None),
        [array, by, order, limit] => (array, by, order, Some(count("SORT", limit, around)?)),
        _ => return Err(MathError::ArgumentCount("SORT".into())),
    };
    let (Expression::Name(by), Expression::Name(order)) = (by, order) else { return Err(invalid()) };
    let fold = match by.as_str() {
        "AVG" | "MAX" | "MIN" | "SUM" => aggregate(by).ok_or_else(invalid)?,
        _ => return Err(invalid()),
    };
    let descending = match order.as_str() {
        "ASC" => false,
        // AWS's own labs write DEC.
        "DESC" | "DEC" => true,
        _ => return Err(invalid()),
    };
    let mut all = match evaluate(array, around)? {
        Value::Array(all) => all,
        other => return Err(MathError::Argument { function: "SORT".into(), found: other.kind() }),
    };
    // Series without points come last, whichever the order.
    all.sort_by_cached_key(|series| {
        let values: Vec<f64> = series.values().collect();
        let rank = if values.is_empty() { f64::INFINITY } else { fold(&values) };
        let rank = if descending && rank < f64::INFINITY { -rank } else { rank };
        // The order of floats as integers.
        let bits = rank.to_bits().cast_signed();
        bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
    });
    all.truncate(limit.unwrap_or(usize::MAX));
    Ok(Value::Array(all))
}

/// A scalar that counts something.
fn count(function: &str, argument: &Expression, around: &mut dyn Surroundings) -> Result<usize, MathError> {
    match evaluate(argument, around)? {
        Value::Scalar(scalar) if scalar >= 0.0 => Ok(scalar as usize),
        Value::Scalar(scalar) => {
            Err(MathError::InvalidArgument(format!("{function} takes no negative number: {scalar}")))
        }
        other => Err(MathError::Argument { function: function.to_owned(), found: other.kind() }),
    }
}

fn slice(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let (array, from, to) = match arguments {
        [array, from] => (array, count("SLICE", from, around)?, usize::MAX),
        [array, from, to] => (array, count("SLICE", from, around)?, count("SLICE", to, around)?),
        _ => return Err(MathError::ArgumentCount("SLICE".into())),
    };
    match evaluate(array, around)? {
        Value::Array(all) => Ok(Value::Array(all.into_iter().take(to).skip(from).collect())),
        other => Err(MathError::Argument { function: "SLICE".into(), found: other.kind() }),
    }
}

/// How gaps are filled.
enum Filling {
    Scalar(f64),
    Series(Series),
    Repeat,
    Linear,
}

fn fill(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let [what, with] = arguments else { return Err(MathError::ArgumentCount("FILL".into())) };
    let filling = match with {
        Expression::Name(name) if name == "REPEAT" => Filling::Repeat,
        Expression::Name(name) if name == "LINEAR" => Filling::Linear,
        other => match evaluate(other, around)? {
            Value::Scalar(scalar) => Filling::Scalar(scalar),
            Value::Series(series) => Filling::Series(series),
            other => return Err(MathError::Argument { function: "FILL".into(), found: other.kind() }),
        },
    };
    let grid = around.grid();
    let value = evaluate(what, around)?;
    Call { name: "FILL" }.map(value, |series| filled(series, grid, &filling))
}

fn filled(series: &Series, grid: Grid, filling: &Filling) -> Series {
    let points = &series.points;
    series.with(grid.times(series.period).filter_map(|time| {
        let behind = points.partition_point(|(at, _)| *at < time);
        if let Some((at, value)) = points.get(behind)
            && *at == time
        {
            return Some((time, *value));
        }
        let before = behind.checked_sub(1).map(|index| points[index]);
        let value = match filling {
            Filling::Scalar(scalar) => Some(*scalar),
            Filling::Series(other) => other.at(time),
            Filling::Repeat => before.map(|(_, value)| value),
            Filling::Linear => before
                .zip(points.get(behind))
                .map(|((from, low), (to, high))| low + (high - low) * (time - from) as f64 / (to - from) as f64),
        };
        value.map(|value| (time, value))
    }))
}

fn choose(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let (condition, yes, no) = match arguments {
        [condition, yes] => (condition, evaluate(yes, around)?, None),
        [condition, yes, no] => (condition, evaluate(yes, around)?, Some(evaluate(no, around)?)),
        _ => return Err(MathError::ArgumentCount("IF".into())),
    };
    let branch = |value: &Value, time: i64| match value {
        Value::Scalar(scalar) => Ok(Some(*scalar)),
        Value::Series(series) => Ok(series.at(time)),
        other => Err(MathError::Argument { function: "IF".into(), found: other.kind() }),
    };
    match evaluate(condition, around)? {
        Value::Scalar(condition) if condition != 0.0 => Ok(yes),
        Value::Scalar(_) => Ok(no.unwrap_or_else(|| Value::Series(Series::default()))),
        Value::Series(condition) => {
            let mut points = Vec::with_capacity(condition.points.len());
            for (time, holds) in &condition.points {
                let chosen = if *holds != 0.0 { Some(&yes) } else { no.as_ref() };
                let value = chosen.map(|value| branch(value, *time)).transpose()?.flatten();
                points.extend(value.map(|value| (*time, value)));
            }
            // The result is about what was chosen, not about the condition.
            let named = match (&yes, &no) {
                (Value::Series(series), _) | (_, Some(Value::Series(series))) => series,
                _ => &condition,
            };
            Ok(Value::Series(Series { period: condition.period, ..named.with(points) }))
        }
        other => Err(MathError::Argument { function: "IF".into(), found: other.kind() }),
    }
}

fn anomaly_detection_band(arguments: &[Expression], around: &mut dyn Surroundings) -> Result<Value, MathError> {
    let (argument, deviations) = match arguments {
        [argument] => (argument, 2.0),
        [argument, deviations] => match evaluate(deviations, around)? {
            Value::Scalar(deviations) if deviations > 0.0 => (argument, deviations),
            Value::Scalar(_) => {
                return Err(MathError::InvalidArgument("ANOMALY_DETECTION_BAND takes a positive number".into()));
            }
            other => {
                return Err(MathError::Argument { function: "ANOMALY_DETECTION_BAND".into(), found: other.kind() });
            }
        },
        _ => return Err(MathError::ArgumentCount("ANOMALY_DETECTION_BAND".into())),
    };
    let series = match evaluate(argument, around)? {
        Value::Series(series) => series,
        other => return Err(MathError::Argument { function: "ANOMALY_DETECTION_BAND".into(), found: other.kind() }),
    };
    let history = around.history(argument)?;
    let times: Vec<i64> = around.grid().times(series.period).collect();
    let expected = band(&history.points, &times);
    let bound = |name: &str, sign: f64| {
        let points = expected.iter().map(|(time, mean, deviation)| (*time, mean + sign * deviations * deviation));
        Series { label: format!("{} {name}", series.label), origin: None, ..series.with(points) }
    };
    Ok(Value::Array(vec![bound("upper", 1.0), bound("lower", -1.0)]))
}
