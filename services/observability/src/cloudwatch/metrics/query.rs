//! The queries of GetMetricData and of alarms, checked.

use std::collections::HashSet;

use haar_platform::aws::cloudwatch::MetricDataQuery;
use haar_telemetry::series::{MetricName, Statistic};

use super::math::{Expression, MathError, parse};
use super::window::is_period;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::unit;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub const QUERIES_MAX: usize = 500;

/// The period of what names none: SEARCH and TIME_SERIES among nothing else.
const PERIOD_DEFAULT: i64 = 300;

/// One query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub id: String,
    pub kind: Kind,
    /// As given, with its dynamic parts.
    pub label: Option<String>,
    pub return_data: bool,
    /// Seconds; of the metric, or of what an expression makes itself.
    pub period: i64,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Metric(MetricQuery),
    Expression(Expression),
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricQuery {
    pub metric: MetricName,
    pub statistic: Statistic,
    /// As it was spelled.
    pub stat: String,
    pub period: i64,
    /// One unit's data only.
    pub unit: Option<u8>,
}

/// Checks the queries of a request by AWS's rules; `parameter` is what the request calls them: `MetricDataQueries`, and
/// `Metrics` for alarms.
pub fn check(place: &Place, parameter: &str, queries: &[MetricDataQuery]) -> Result<Vec<Query>, Error> {
    if queries.len() > QUERIES_MAX {
        return Err(Error::Validation(format!(
            "The collection {parameter} must not have a size greater than {QUERIES_MAX}."
        )));
    }
    let mut wrong = Vec::new();
    let mut ids = HashSet::new();
    for (index, query) in queries.iter().enumerate() {
        let path = format!("{parameter}.member.{}", index + 1);
        wrong.extend(faults(place, &path, query));
        if !ids.insert(query.id.as_str()) {
            return Err(Error::Validation(format!("The values for parameter id in {parameter} are not unique.")));
        }
    }
    if !wrong.is_empty() {
        return Err(Error::Validation(wrong.join("\n")));
    }
    let periods = queries.iter().filter_map(|query| query.metric_stat.as_ref()).map(|stat| i64::from(stat.period));
    let shortest = periods.min().unwrap_or(PERIOD_DEFAULT);
    let checked = queries.iter().map(|query| checked(place, query, shortest));
    let checked = checked.collect::<Result<Vec<_>, _>>()?;
    for query in &checked {
        if let Kind::Expression(expression) = &query.kind {
            let variables = expression.names().into_iter().filter(|name| is_id(name));
            if let Some(unknown) = variables.into_iter().find(|name| !ids.contains(name)) {
                return Err(Error::in_expression(&query.id, MathError::UndefinedVariable(unknown.to_owned())));
            }
        }
    }
    Ok(checked)
}

/// What is wrong with a query, whatever the others are.
fn faults(place: &Place, path: &str, query: &MetricDataQuery) -> Vec<String> {
    let mut wrong = Vec::new();
    if !is_id(&query.id) {
        wrong.push(format!(
            "The value {} for parameter {path}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
            query.id
        ));
    }
    match (&query.metric_stat, &query.expression) {
        (Some(_), Some(_)) => wrong.push(format!(
            "The parameters {path}.Expression and {path}.MetricStat are mutually exclusive and you have specified both."
        )),
        (None, None) => wrong
            .push(format!("At least one of the parameters {path}.Expression and {path}.MetricStat must be specified.")),
        _ => {}
    }
    if let Some(stat) = &query.metric_stat {
        if Statistic::parse(&stat.stat).is_none() {
            wrong.push(format!(
                "The value {} for parameter {path}.MetricStat.Stat is not a valid statistic.",
                stat.stat
            ));
        }
        if !is_period(stat.period.into()) {
            wrong.push(format!("The parameter {path}.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60."));
        }
        for (name, text) in [("Namespace", &stat.metric.namespace), ("MetricName", &stat.metric.metric_name)] {
            if text.is_none() {
                wrong.push(format!("The parameter {path}.MetricStat.Metric.{name} is required."));
            }
        }
    }
    if query.period.is_some_and(|period| !is_period(period.into())) {
        wrong.push(format!("The parameter {path}.Period must be 1, 5, 10, 20, 30 or a multiple of 60."));
    }
    if let Some(other) = query.account_id.as_ref().filter(|account| **account != *place.account) {
        wrong.push(format!(
            "The value {other} for parameter {path}.AccountId is not an account that this one monitors."
        ));
    }
    wrong
}

/// A query that has no fault of its own.
fn checked(place: &Place, query: &MetricDataQuery, shortest: i64) -> Result<Query, Error> {
    let given = query.period.map(i64::from);
    let (kind, period) = match (&query.metric_stat, &query.expression) {
        (Some(stat), _) => {
            let dimensions = stat.metric.dimensions.iter().flatten();
            let metric = MetricName {
                partition: place.partition(),
                namespace: stat.metric.namespace.clone().unwrap_or_default(),
                name: stat.metric.metric_name.clone().unwrap_or_default(),
                dimensions: dimensions.map(|dimension| (dimension.name.clone(), dimension.value.clone())).collect(),
            };
            let period = i64::from(stat.period);
            let statistic = Statistic::parse(&stat.stat).unwrap_or(Statistic::Average);
            let unit = stat.unit.map(unit::number);
            (Kind::Metric(MetricQuery { metric, statistic, stat: stat.stat.clone(), period, unit }), period)
        }
        (None, expression) => {
            let text = expression.as_deref().unwrap_or_default();
            if text.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("SELECT")) {
                let reason = "haar does not serve SELECT: it has no Metrics Insights";
                return Err(Error::in_expression(&query.id, MathError::NotServed(reason)));
            }
            let expression = parse(text).map_err(|cause| Error::in_expression(&query.id, cause))?;
            (Kind::Expression(expression), given.unwrap_or(shortest))
        }
    };
    let return_data = query.return_data.unwrap_or(true);
    Ok(Query { id: query.id.clone(), kind, label: query.label.clone(), return_data, period })
}

/// Whether it can be a query's id: what else an expression names is a keyword.
fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
