//! PutMetricAlarm: an alarm on a metric, or on an expression over several.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>

use haar_platform::aws::cloudwatch::{PutMetricAlarmInput, Tag};
use haar_platform::kernel::{Access, Ctx, Fault, Timestamp};
use haar_platform::store::{Read, Tx};
use haar_telemetry::series::Statistic;

use super::action;
use super::evaluation::subject;
use super::model::{
    self, ALARMS, Actions, Alarm, LowSamples, MetricWatch, Missing, Source, State, Threshold, Value, Watch,
};
use super::reason;
use super::state::{Change, Configured};
use super::tags;
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::anomaly;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::metrics::query;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::unit;

const DAY_SECONDS: i64 = 86_400;
const WEEK_SECONDS: i64 = 7 * DAY_SECONDS;

/// Alarms over periods of at least an hour may look back for a week, others for a day.
const LONG_PERIOD_SECONDS: i64 = 3600;

/// The alarm, with the tags that it is to have.
pub fn access(ctx: &Ctx, cloudwatch: &CloudWatch, input: &PutMetricAlarmInput) -> Result<Access, Fault> {
    let arns = [&input.ok_actions, &input.alarm_actions, &input.insufficient_data_actions];
    put_access(ctx, cloudwatch, &input.alarm_name, input.tags.as_deref(), arns)
}

/// Of both kinds of alarms.
pub fn put_access(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    name: &str,
    tags: Option<&[Tag]>,
    actions: [&Option<Vec<String>>; 3],
) -> Result<Access, Fault> {
    let tags = tags.unwrap_or_default().iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    let mut access = tags::on_alarm(ctx, cloudwatch, name)?.with_request_tags(tags);
    let arns: Vec<String> = actions.into_iter().flatten().flatten().cloned().collect();
    if !arns.is_empty() {
        access.keys.push(("cloudwatch:AlarmActions".into(), arns));
    }
    Ok(access)
}

/// Creates an alarm, or puts another in its place; the state stays as it was.
pub async fn put(ctx: &Ctx, cloudwatch: &CloudWatch, input: PutMetricAlarmInput) -> Result<(), Fault> {
    refuse(&input)?;
    let place = Place::of(ctx);
    let watch = watch(&place, &input)?;
    let actions = Actions {
        enabled: input.actions_enabled.unwrap_or(true),
        ok: input.ok_actions.unwrap_or_default(),
        alarm: input.alarm_actions.unwrap_or_default(),
        insufficient_data: input.insufficient_data_actions.unwrap_or_default(),
    };
    action::check(ctx, &[&actions.ok, &actions.alarm, &actions.insufficient_data])?;
    let tags = tags::of_request(input.tags.unwrap_or_default())?;
    let (now, cloudwatch) = (ctx.now(), cloudwatch.clone());
    let alarm = Alarm {
        name: input.alarm_name,
        description: input.alarm_description,
        watch: Watch::Metric(watch),
        actions,
        tags,
        configured: now,
        state: initial(now),
    };
    let store = cloudwatch.store.clone();
    store.write(move |tx| store_alarm(&cloudwatch, tx, &place, now, alarm).map(drop)).await?;
    Ok(())
}

/// The state of an alarm that was never evaluated.
pub fn initial(now: Timestamp) -> State {
    State {
        value: Value::InsufficientData,
        reason: reason::INITIAL.into(),
        reason_data: None,
        updated: now,
        transitioned: now,
        suppressed: None,
    }
}

/// Stores an alarm, in the state of the one that it replaces; the alarm as it is now, and whether it is new.
pub fn store_alarm(
    cloudwatch: &CloudWatch,
    tx: &mut Tx,
    place: &Place,
    now: Timestamp,
    mut alarm: Alarm,
) -> Result<(Alarm, bool), Error> {
    let key = model::key(place, &alarm.name);
    let before = tx.get(ALARMS, &key)?;
    if let Some(before) = &before {
        if before.kind() != alarm.kind() {
            let message = format!(
                "Alarm {} already exists and is of type {}. The type of an alarm cannot be changed.",
                alarm.name,
                before.kind().as_str()
            );
            return Err(Error::Validation(message));
        }
        alarm.state = before.state.clone();
        if alarm.suppressor().is_none() {
            alarm.state.suppressed = None;
        }
        // Tags of an existing alarm are changed by TagResource only.
        alarm.tags.clone_from(&before.tags);
    }
    tx.put(ALARMS, &key, &alarm)?;
    let kind = before.as_ref().map_or(Configured::Created, Configured::Updated);
    Change::new(cloudwatch, tx, place, now).configured(kind, &alarm)?;
    Ok((alarm, before.is_none()))
}

/// What nobody here does.
fn refuse(input: &PutMetricAlarmInput) -> Result<(), Fault> {
    let asked = [
        ("EvaluationWindow", input.evaluation_window.is_some()),
        ("WarmUpConfiguration", input.warm_up_configuration.is_some()),
        ("EvaluationCriteria", input.evaluation_criteria.is_some()),
        ("EvaluationInterval", input.evaluation_interval.is_some()),
        ("ActionConfiguration", input.action_configuration.is_some()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((name, _)) => Err(Fault::not_served(format!("{name} of PutMetricAlarm"))),
        None => Ok(()),
    }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::Validation(message.into()))
}

fn watch(place: &Place, input: &PutMetricAlarmInput) -> Result<MetricWatch, Error> {
    let required = |name: &str| Error::Validation(format!("The parameter {name} is required."));
    let comparison = input.comparison_operator.ok_or_else(|| required("ComparisonOperator"))?.into();
    let periods = input.evaluation_periods.ok_or_else(|| required("EvaluationPeriods"))?;
    if input.datapoints_to_alarm.is_some_and(|datapoints| datapoints > periods) {
        return invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
    }
    let missing = input.treat_missing_data.as_deref().map(|text| {
        Missing::parse(text).ok_or_else(|| {
            Error::Validation(format!(
                "The value {text} is not supported for TreatMissingData parameter. Supported values are [breaching, \
                 notBreaching, ignore, missing]."
            ))
        })
    });
    let missing = missing.transpose()?;
    let source = if input.metrics.is_some() { math(place, input)? } else { single(input)? };
    let threshold = threshold(input, comparison, &source)?;
    let percentile = matches!(&source, Source::Single { stat, extended: true, .. } if stat.starts_with('p'));
    let low_samples = match input.evaluate_low_sample_count_percentile.as_deref() {
        None => None,
        Some(text) => match LowSamples::parse(text) {
            Some(_) if !percentile => {
                return invalid("EvaluateLowSampleCountPercentile can only be specified for percentile statistics.");
            }
            Some(known) => Some(known),
            None => {
                return invalid(format!(
                    "Option {text} is not supported. Supported options for parameter EvaluateLowSampleCountPercentile \
                     are evaluate and ignore."
                ));
            }
        },
    };
    let period = period(place, &source, &threshold)?;
    let limit = if period >= LONG_PERIOD_SECONDS { WEEK_SECONDS } else { DAY_SECONDS };
    if period.saturating_mul(i64::from(periods)) > limit {
        let most = if limit == DAY_SECONDS { "a day" } else { "a week" };
        return invalid(format!(
            "Metrics cannot be checked across more than {most} (EvaluationPeriods * Period must be <= {limit})."
        ));
    }
    Ok(MetricWatch {
        source,
        evaluation_periods: periods.unsigned_abs(),
        datapoints_to_alarm: input.datapoints_to_alarm.map(i32::unsigned_abs),
        comparison,
        threshold,
        missing,
        low_samples,
    })
}

fn threshold(input: &PutMetricAlarmInput, comparison: model::Comparison, source: &Source) -> Result<Threshold, Error> {
    match (&input.threshold_metric_id, input.threshold) {
        (Some(_), Some(_)) => invalid("Threshold and ThresholdMetricId must not be specified together."),
        (Some(_), None) if !comparison.needs_band() => {
            invalid("The comparison operator is not supported for alarms with a ThresholdMetricId.")
        }
        (Some(id), None) => {
            let queries = source.queries();
            let band = queries.iter().find(|query| query.id == *id).and_then(|query| query.expression.as_ref());
            if band.is_some_and(|expression| expression.to_uppercase().contains("ANOMALY_DETECTION_BAND")) {
                Ok(Threshold::Band(id.clone()))
            } else {
                invalid(format!("ThresholdMetricId {id} must match the Id of an ANOMALY_DETECTION_BAND function."))
            }
        }
        (None, _) if comparison.needs_band() => {
            invalid("ThresholdMetricId must be specified for alarms that compare with a band.")
        }
        (None, Some(threshold)) if threshold.is_finite() => Ok(Threshold::Static(threshold)),
        (None, Some(_)) => invalid("The value of Threshold must be a finite number."),
        (None, None) => invalid("The parameter Threshold is required."),
    }
}

fn single(input: &PutMetricAlarmInput) -> Result<Source, Error> {
    let required = |name: &str| Error::Validation(format!("The parameter {name} is required."));
    let (stat, extended) = match (input.statistic, &input.extended_statistic) {
        (Some(_), Some(_)) => return invalid("Only one of Statistic and ExtendedStatistic can be specified."),
        (None, None) => return invalid("Either Statistic or ExtendedStatistic must be specified."),
        (Some(simple), None) => (simple.as_str().to_owned(), false),
        (None, Some(text)) => match Statistic::parse(text).filter(|statistic| !statistic.is_simple()) {
            Some(_) => (text.clone(), true),
            None => return invalid(format!("The value {text} for parameter ExtendedStatistic is not supported.")),
        },
    };
    let dimensions = input.dimensions.iter().flatten();
    Ok(Source::Single {
        namespace: input.namespace.clone().ok_or_else(|| required("Namespace"))?,
        name: input.metric_name.clone().ok_or_else(|| required("MetricName"))?,
        dimensions: dimensions.map(|dimension| (dimension.name.clone(), dimension.value.clone())).collect(),
        period: input.period.ok_or_else(|| required("Period"))?,
        stat,
        extended,
        unit: input.unit.map(unit::number),
    })
}

fn math(place: &Place, input: &PutMetricAlarmInput) -> Result<Source, Error> {
    let also = [
        ("MetricName", input.metric_name.is_some()),
        ("Namespace", input.namespace.is_some()),
        ("Dimensions", input.dimensions.is_some()),
        ("Period", input.period.is_some()),
        ("Unit", input.unit.is_some()),
        ("Statistic", input.statistic.is_some()),
        ("ExtendedStatistic", input.extended_statistic.is_some()),
    ];
    if let Some((name, _)) = also.iter().find(|(_, given)| *given) {
        return invalid(format!("{name} must not be specified when the Metrics list is set."));
    }
    let queries = input.metrics.as_deref().unwrap_or_default();
    query::check(place, "Metrics", queries)?;
    let band = input.threshold_metric_id.as_ref();
    let returned = queries.iter().filter(|query| query.return_data.unwrap_or(true) && Some(&query.id) != band);
    if returned.count() != 1 {
        return invalid("Exactly one element of the metrics list should return data.");
    }
    Ok(Source::Math { queries: anomaly::stored(queries) })
}

/// Seconds between the datapoints that are compared.
fn period(place: &Place, source: &Source, threshold: &Threshold) -> Result<i64, Error> {
    if let Source::Single { period, .. } = source
        && !(matches!(period, 10 | 20 | 30) || (*period > 0 && period % 60 == 0))
    {
        return invalid("Period must be 10, 20, 30 or a multiple of 60");
    }
    let queries = query::check(place, "Metrics", &source.queries())?;
    let period = subject(&queries, threshold).map_or(60, |query| query.period);
    if matches!(period, 1 | 5) {
        return invalid("Period must be 10, 20, 30 or a multiple of 60");
    }
    Ok(period)
}
