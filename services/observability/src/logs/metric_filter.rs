//! Metric filters: log events become metric values.

use haar_platform::aws::logs as aws;
use haar_platform::kernel::access::Access;
use haar_platform::kernel::paging::cut;
use haar_platform::kernel::{Ctx, Fault};
use haar_platform::store::{Read, Span};

use super::Logs;
use super::address::{on_any, on_group};
use super::error::LogsError;
use super::group::group_in;
use super::model::{Class, FilterKey, GROUPS, METRIC_FILTERS, MetricFilter, SUBSCRIPTIONS, group_key};
use super::pattern::Pattern;

/// Metric filters of a group.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const FILTERS_MAX: u32 = 100;

/// Filters of a group whose patterns have regular expressions, of both kinds together.
const REGEX_FILTERS_MAX: usize = 5;

/// Dimensions of a metric filter.
const DIMENSIONS_MAX: usize = 3;

/// Page size when none is given.
const PAGE: usize = 50;

pub async fn put(ctx: &Ctx, logs: &Logs, input: aws::PutMetricFilterRequest) -> Result<(), Fault> {
    if input.apply_on_transformed_logs == Some(true) {
        return Err(Fault::not_served("metric filters on transformed logs"));
    }
    if input.field_selection_criteria.is_some() || input.emit_system_field_dimensions.is_some() {
        return Err(Fault::not_served("system fields in metric filters"));
    }
    let pattern = Pattern::parse(&input.filter_pattern).map_err(LogsError::from)?;
    let [transformation] = <[_; 1]>::try_from(input.metric_transformations)
        .map_err(|_| LogsError::invalid("Exactly one metric transformation must be specified."))?;
    let filter = checked(ctx, input.filter_pattern, &pattern, transformation)?;
    let key = group_key(ctx, &input.log_group_name);
    let name = input.filter_name;
    Ok(logs
        .store
        .write(move |tx| {
            let mut group = group_in(tx, &key)?;
            if group.class == Class::InfrequentAccess {
                return Err(super::not_in_class("PutMetricFilter"));
            }
            let filter_key = (key.0.clone(), key.1.clone(), key.2.clone(), name);
            check_regexes(tx, &filter_key, &pattern)?;
            let known = tx.get(METRIC_FILTERS, &filter_key)?;
            if known.is_none() {
                group.metric_filters += 1;
            }
            if group.metric_filters > FILTERS_MAX {
                return Err(LogsError::LimitExceeded("Resource limit exceeded.".into()));
            }
            group.filters_version += 1;
            let created_ms = known.map_or(filter.created_ms, |known| known.created_ms);
            tx.put(METRIC_FILTERS, &filter_key, &MetricFilter { created_ms, ..filter })?;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?)
}

fn checked(
    ctx: &Ctx,
    text: String,
    pattern: &Pattern,
    transformation: aws::MetricTransformation,
) -> Result<MetricFilter, LogsError> {
    let invalid = |what: String| LogsError::invalid(format!("Invalid metric transformation: {what}"));
    let value = transformation.metric_value;
    let fits = match value.starts_with('$') {
        true => pattern.can_select(&value),
        false => value.parse::<f64>().is_ok_and(f64::is_finite),
    };
    if !fits {
        return Err(invalid(format!("metricValue '{value}' is neither a number nor a field of the filter pattern.")));
    }
    let dimensions: Vec<(String, String)> = transformation.dimensions.unwrap_or_default().into_iter().collect();
    if !dimensions.is_empty() {
        if !pattern.has_values() {
            return Err(LogsError::invalid("The specified filter pattern does not support dimensions"));
        }
        if transformation.default_value.is_some() {
            return Err(invalid("dimensions and default value are mutually exclusive properties.".to_owned()));
        }
        if dimensions.len() > DIMENSIONS_MAX {
            return Err(invalid(format!("at most {DIMENSIONS_MAX} dimensions can be specified.")));
        }
        if let Some((name, selector)) = dimensions.iter().find(|(_, selector)| !pattern.can_select(selector)) {
            return Err(invalid(format!(
                "dimension '{name}' has '{selector}', which is no field of the filter pattern."
            )));
        }
    }
    Ok(MetricFilter {
        pattern: text,
        namespace: transformation.metric_namespace,
        metric: transformation.metric_name,
        value,
        default_value: transformation.default_value,
        dimensions,
        unit: transformation.unit.map(|unit| unit.as_str().to_owned()),
        created_ms: ctx.now().millis(),
    })
}

/// Refuses one pattern with regular expressions too many.
pub fn check_regexes(tx: &impl Read, key: &FilterKey, pattern: &Pattern) -> Result<(), LogsError> {
    if pattern.regex_count() == 0 {
        return Ok(());
    }
    let under = (key.0.as_str(), key.1.as_str(), key.2.as_str());
    let has_regex = |text: &str| Pattern::parse(text).is_ok_and(|pattern| pattern.regex_count() > 0);
    let mut count = 0;
    for found in tx.scan(METRIC_FILTERS, Span::under(under)) {
        let (known, filter) = found?;
        count += usize::from(known != *key && has_regex(&filter.pattern));
    }
    for found in tx.scan(SUBSCRIPTIONS, Span::under(under)) {
        let (known, subscription) = found?;
        count += usize::from(known != *key && has_regex(&subscription.pattern));
    }
    if count < REGEX_FILTERS_MAX { Ok(()) } else { Err(LogsError::LimitExceeded("Resource limit exceeded.".into())) }
}

pub async fn delete(ctx: &Ctx, logs: &Logs, input: aws::DeleteMetricFilterRequest) -> Result<(), Fault> {
    let key = group_key(ctx, &input.log_group_name);
    Ok(logs
        .store
        .write(move |tx| {
            let mut group = group_in(tx, &key)?;
            let filter_key = (key.0.clone(), key.1.clone(), key.2.clone(), input.filter_name);
            if tx.delete(METRIC_FILTERS, &filter_key)?.is_none() {
                return Err(LogsError::ResourceNotFound("The specified metric filter does not exist.".into()));
            }
            group.metric_filters = group.metric_filters.saturating_sub(1);
            group.filters_version += 1;
            Ok(tx.put(GROUPS, &key, &group)?)
        })
        .await?)
}

pub fn describe_access(ctx: &Ctx, logs: &Logs, input: &aws::DescribeMetricFiltersRequest) -> Result<Access, Fault> {
    match &input.log_group_name {
        Some(group) => on_group(ctx, logs, group),
        None => Ok(on_any(ctx)),
    }
}

pub async fn describe(
    ctx: &Ctx,
    logs: &Logs,
    input: aws::DescribeMetricFiltersRequest,
) -> Result<aws::DescribeMetricFiltersResponse, Fault> {
    if input.metric_name.is_some() != input.metric_namespace.is_some() {
        let message = "metricName and metricNamespace must be specified together.";
        return Err(LogsError::invalid(message).into());
    }
    let (account, region) = (ctx.account.as_str(), ctx.region.as_str());
    if let Some(group) = &input.log_group_name {
        logs.store.read(|tx| group_in(tx, &group_key(ctx, group)))?;
    }
    let prefix = input.filter_name_prefix.clone().unwrap_or_default();
    let scope = format!(
        "DescribeMetricFilters {:?} {prefix} {:?} {:?}",
        input.log_group_name, input.metric_name, input.metric_namespace
    );
    let mut span: Span<FilterKey> = match &input.log_group_name {
        Some(group) => Span::starting((account, region, group.as_str()), &prefix),
        None => Span::under((account, region)),
    };
    if let Some(cursor) = super::cursor(ctx, &scope, input.next_token.as_deref())? {
        let (group, name) = cursor.split_once('\n').unwrap_or((&cursor, ""));
        span = span.after(&(account, region, group, name));
    }
    let size = input.limit.map_or(PAGE, |limit| usize::try_from(limit).unwrap_or(PAGE));
    let wanted = |name: &str, filter: &MetricFilter| {
        name.starts_with(&prefix)
            && input.metric_name.as_ref().is_none_or(|metric| *metric == filter.metric)
            && input.metric_namespace.as_ref().is_none_or(|namespace| *namespace == filter.namespace)
    };
    let found: Vec<(FilterKey, MetricFilter)> = logs
        .store
        .read(|tx| {
            let all = tx.scan(METRIC_FILTERS, span);
            let fitting = all.filter(|found| found.as_ref().map_or(true, |(key, filter)| wanted(&key.3, filter)));
            fitting.take(size + 1).collect::<Result<_, _>>()
        })
        .map_err(LogsError::from)?;
    let (page, next) = cut(found, size, |((.., group, name), _)| format!("{group}\n{name}"));
    Ok(aws::DescribeMetricFiltersResponse {
        metric_filters: Some(
            page.into_iter().map(|((.., group, name), filter)| described(group, name, filter)).collect(),
        ),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

fn described(group: String, name: String, filter: MetricFilter) -> aws::MetricFilter {
    aws::MetricFilter {
        filter_name: Some(name),
        filter_pattern: Some(filter.pattern),
        metric_transformations: Some(vec![aws::MetricTransformation {
            metric_name: filter.metric,
            metric_namespace: filter.namespace,
            metric_value: filter.value,
            default_value: filter.default_value,
            dimensions: (!filter.dimensions.is_empty()).then(|| filter.dimensions.into_iter().collect()),
            unit: filter.unit.as_deref().and_then(aws::StandardUnit::parse),
        }]),
        creation_time: Some(filter.created_ms),
        log_group_name: Some(group),
        apply_on_transformed_logs: Some(false),
        ..Default::default()
    }
}

pub async fn test(
    _: &Ctx,
    _: &Logs,
    input: aws::TestMetricFilterRequest,
) -> Result<aws::TestMetricFilterResponse, Fault> {
    let pattern = Pattern::parse(&input.filter_pattern).map_err(LogsError::from)?;
    let mut matches = Vec::new();
    for (number, message) in (1..).zip(input.log_event_messages) {
        let extracted = pattern.captures(&message).map(|captures| captures.extracted());
        if let Some(values) = extracted {
            matches.push(aws::MetricFilterMatchRecord {
                event_number: Some(number),
                event_message: Some(message),
                extracted_values: Some(values),
            });
        }
    }
    Ok(aws::TestMetricFilterResponse { matches: Some(matches) })
}
