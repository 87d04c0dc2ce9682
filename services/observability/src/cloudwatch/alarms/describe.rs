//! DescribeAlarms and DescribeAlarmsForMetric.

use haar_platform::aws::cloudwatch::{
    AlarmType, CompositeAlarm, DescribeAlarmsForMetricInput, DescribeAlarmsForMetricOutput, DescribeAlarmsInput,
    DescribeAlarmsOutput, EvaluationState, MetricAlarm, Statistic,
};
use haar_platform::kernel::{Access, Ctx, Fault, paging};
use haar_platform::store::{Read, Span, StoreError};

use super::model::{self, ALARMS, Alarm, MetricWatch, PARENTS, Source, Suppressor, Threshold, Watch, dimensions_of};
use crate::cloudwatch::CloudWatch;
use crate::cloudwatch::error::Error;
use crate::cloudwatch::place::Place;
use crate::cloudwatch::unit;

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>
const PAGE_DEFAULT: usize = 50;

/// AWS describes no single alarm to who may not see all of them.
pub fn access(_: &Ctx, _: &CloudWatch, _: &DescribeAlarmsInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// A page of alarms, by their names.
pub async fn describe(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DescribeAlarmsInput,
) -> Result<DescribeAlarmsOutput, Error> {
    refuse(&input)?;
    let place = Place::of(ctx);
    let scope = format!(
        "DescribeAlarms {:?} {:?} {:?}",
        input.alarm_name_prefix, input.children_of_alarm_name, input.parents_of_alarm_name
    );
    let after = input.next_token.as_ref().map(|token| ctx.page_cursor(&scope, token));
    let after = after.transpose().map_err(|_| Error::InvalidNextToken)?;
    let size = input.max_records.and_then(|max| usize::try_from(max).ok()).unwrap_or(PAGE_DEFAULT);
    let relatives = input.children_of_alarm_name.is_some() || input.parents_of_alarm_name.is_some();
    // Only metric alarms, unless asked for others, or for relatives, which are of both kinds.
    let types = match &input.alarm_types {
        Some(types) => types.as_slice(),
        None if relatives => &[AlarmType::MetricAlarm, AlarmType::CompositeAlarm],
        None => &[AlarmType::MetricAlarm],
    };
    let alarms = cloudwatch.store.read(|tx| candidates(tx, &place, &input))?;
    let wanted = alarms.into_iter().filter(|alarm| {
        types.contains(&alarm.kind())
            && after.as_ref().is_none_or(|after| alarm.name > *after)
            && input.state_value.is_none_or(|value| value == alarm.state.value.into())
            && input.action_prefix.as_ref().is_none_or(|prefix| has_action(alarm, prefix))
    });
    let (page, next) = paging::cut(wanted.take(size + 1).collect(), size, |alarm: &Alarm| alarm.name.clone());
    let (mut metric_alarms, mut composite_alarms) = (Vec::new(), Vec::new());
    for alarm in page {
        match &alarm.watch {
            // Of relatives AWS tells little more than who they are.
            Watch::Metric(_) if relatives => metric_alarms.push(MetricAlarm {
                alarm_name: Some(alarm.name.clone()),
                alarm_arn: Some(model::arn(&place, &alarm.name).to_string()),
                state_value: Some(alarm.state.value.into()),
                state_updated_timestamp: Some(alarm.state.updated),
                ..Default::default()
            }),
            Watch::Composite(_) if relatives => composite_alarms.push(CompositeAlarm {
                alarm_name: Some(alarm.name.clone()),
                alarm_arn: Some(model::arn(&place, &alarm.name).to_string()),
                state_value: Some(alarm.state.value.into()),
                state_updated_timestamp: Some(alarm.state.updated),
                ..Default::default()
            }),
            Watch::Metric(watch) => metric_alarms.push(metric(cloudwatch, &place, &alarm, watch)),
            Watch::Composite(composite) => composite_alarms.push(self::composite(&place, &alarm, &composite.rule)),
        }
    }
    Ok(DescribeAlarmsOutput {
        metric_alarms: Some(metric_alarms),
        composite_alarms: Some(composite_alarms),
        log_alarms: Some(Vec::new()),
        next_token: next.map(|cursor| ctx.page_token(&scope, &cursor)),
    })
}

/// What AWS lets nobody combine.
fn refuse(input: &DescribeAlarmsInput) -> Result<(), Error> {
    let combination = |message: &str| Err(Error::Validation(message.to_owned()));
    if input.alarm_names.is_some() && input.alarm_name_prefix.is_some() {
        return combination("AlarmNames and AlarmNamePrefix cannot be specified together.");
    }
    let relatives = [&input.children_of_alarm_name, &input.parents_of_alarm_name];
    let asked = relatives.iter().filter(|relative| relative.is_some()).count();
    let filtered = input.alarm_names.is_some()
        || input.alarm_name_prefix.is_some()
        || input.alarm_types.is_some()
        || input.state_value.is_some()
        || input.action_prefix.is_some();
    if asked == 2 || (asked == 1 && filtered) {
        return combination(
            "ChildrenOfAlarmName and ParentsOfAlarmName cannot be specified with any other parameter except MaxRecords \
             and NextToken.",
        );
    }
    Ok(())
}

/// The alarms that a request is about, by their names.
fn candidates(tx: &impl Read, place: &Place, input: &DescribeAlarmsInput) -> Result<Vec<Alarm>, StoreError> {
    let (account, region) = place.prefix();
    let named = |mut names: Vec<String>| -> Result<Vec<Alarm>, StoreError> {
        names.sort_unstable();
        names.dedup();
        let found = names.iter().map(|name| tx.get(ALARMS, &model::key(place, name)).transpose());
        found.flatten().collect()
    };
    if let Some(parent) = &input.children_of_alarm_name {
        let parent = tx.get(ALARMS, &model::key(place, parent))?;
        return named(parent.map(|parent| parent.children().to_vec()).unwrap_or_default());
    }
    if let Some(child) = &input.parents_of_alarm_name {
        let parents = tx.scan_index_keys(PARENTS, Span::only(&model::key(place, child)));
        return named(parents.map(|entry| entry.map(|(_, key)| key.2)).collect::<Result<_, _>>()?);
    }
    if let Some(names) = input.alarm_names.as_ref().filter(|names| !names.is_empty()) {
        return named(names.clone());
    }
    let prefix = input.alarm_name_prefix.as_deref().unwrap_or_default();
    tx.scan(ALARMS, Span::starting((account, region), prefix)).map(|row| row.map(|(_, alarm)| alarm)).collect()
}

fn has_action(alarm: &Alarm, prefix: &str) -> bool {
    let actions = &alarm.actions;
    let all = [&actions.ok, &actions.alarm, &actions.insufficient_data];
    all.into_iter().flatten().any(|action| action.starts_with(prefix))
}

/// No resource.
pub fn for_metric_access(_: &Ctx, _: &CloudWatch, _: &DescribeAlarmsForMetricInput) -> Result<Access, Fault> {
    Ok(Access::all())
}

/// The alarms on one metric. Those on metric math and composite ones are not among them.
pub async fn for_metric(
    ctx: &Ctx,
    cloudwatch: &CloudWatch,
    input: DescribeAlarmsForMetricInput,
) -> Result<DescribeAlarmsForMetricOutput, Error> {
    let place = Place::of(ctx);
    let sorted = |mut dimensions: Vec<(String, String)>| {
        dimensions.sort_unstable();
        dimensions
    };
    let dimensions = input.dimensions.iter().flatten();
    let dimensions = sorted(dimensions.map(|it| (it.name.clone(), it.value.clone())).collect());
    let stat = input.statistic.map(Statistic::as_str).or(input.extended_statistic.as_deref());
    let alarms = cloudwatch.store.read(|tx| {
        let rows = tx.scan(ALARMS, Span::under(place.prefix()));
        rows.map(|row| row.map(|(_, alarm)| alarm)).collect::<Result<Vec<_>, _>>()
    })?;
    let mut found = Vec::new();
    for alarm in &alarms {
        let Watch::Metric(watch) = &alarm.watch else { continue };
        let Source::Single { namespace, name, dimensions: known, period, stat: of, unit, .. } = &watch.source else {
            continue;
        };
        let wanted = *namespace == input.namespace
            && *name == input.metric_name
            && sorted(known.clone()) == dimensions
            && stat.is_none_or(|stat| stat == of)
            && input.period.is_none_or(|wanted| wanted == *period)
            && input.unit.is_none_or(|wanted| Some(unit::number(wanted)) == *unit);
        if wanted {
            found.push(metric(cloudwatch, &place, alarm, watch));
        }
    }
    Ok(DescribeAlarmsForMetricOutput { metric_alarms: Some(found) })
}

fn metric(cloudwatch: &CloudWatch, place: &Place, alarm: &Alarm, watch: &MetricWatch) -> MetricAlarm {
    let failing = cloudwatch.agenda.is_failing(&model::key(place, &alarm.name));
    let mut answer = MetricAlarm {
        alarm_name: Some(alarm.name.clone()),
        alarm_arn: Some(model::arn(place, &alarm.name).to_string()),
        alarm_description: alarm.description.clone(),
        alarm_configuration_updated_timestamp: Some(alarm.configured),
        actions_enabled: Some(alarm.actions.enabled),
        ok_actions: Some(alarm.actions.ok.clone()),
        alarm_actions: Some(alarm.actions.alarm.clone()),
        insufficient_data_actions: Some(alarm.actions.insufficient_data.clone()),
        state_value: Some(alarm.state.value.into()),
        state_reason: Some(alarm.state.reason.clone()),
        state_reason_data: alarm.state.reason_data.clone(),
        state_updated_timestamp: Some(alarm.state.updated),
        state_transitioned_timestamp: Some(alarm.state.transitioned),
        evaluation_periods: i32::try_from(watch.evaluation_periods).ok(),
        datapoints_to_alarm: watch.datapoints_to_alarm.and_then(|datapoints| i32::try_from(datapoints).ok()),
        comparison_operator: Some(watch.comparison.into()),
        treat_missing_data: watch.missing.map(|missing| missing.as_str().to_owned()),
        evaluate_low_sample_count_percentile: watch.low_samples.map(|low_samples| low_samples.as_str().to_owned()),
        evaluation_state: failing.then_some(EvaluationState::EvaluationError),
        ..Default::default()
    };
    match &watch.threshold {
        Threshold::Static(threshold) => answer.threshold = Some(*threshold),
        Threshold::Band(id) => answer.threshold_metric_id = Some(id.clone()),
    }
    match &watch.source {
        Source::Math { .. } => {
            answer.metrics = Some(watch.source.queries());
            answer.dimensions = Some(Vec::new());
        }
        Source::Single { namespace, name, dimensions, period, stat, extended, unit } => {
            answer.namespace = Some(namespace.clone());
            answer.metric_name = Some(name.clone());
            answer.dimensions = Some(dimensions_of(dimensions));
            answer.period = Some(*period);
            answer.unit = unit.map(unit::of);
            if *extended {
                answer.extended_statistic = Some(stat.clone());
            } else {
                answer.statistic = Statistic::parse(stat);
            }
        }
    }
    answer
}

fn composite(place: &Place, alarm: &Alarm, rule: &str) -> CompositeAlarm {
    let suppressor = alarm.suppressor();
    let seconds = |of: fn(&Suppressor) -> u32| suppressor.map(of).and_then(|seconds| i32::try_from(seconds).ok());
    let suppressed = alarm.state.suppressed.map(|suppressed| suppressed.by);
    CompositeAlarm {
        alarm_name: Some(alarm.name.clone()),
        alarm_arn: Some(model::arn(place, &alarm.name).to_string()),
        alarm_description: alarm.description.clone(),
        alarm_configuration_updated_timestamp: Some(alarm.configured),
        alarm_rule: Some(rule.to_owned()),
        actions_suppressor: suppressor.map(|suppressor| suppressor.given.clone()),
        actions_suppressor_wait_period: seconds(|suppressor| suppressor.wait_seconds),
        actions_suppressor_extension_period: seconds(|suppressor| suppressor.extension_seconds),
        actions_suppressed_by: suppressed.map(Into::into),
        actions_suppressed_reason: suppressed.map(|by| by.reason()),
        actions_enabled: Some(alarm.actions.enabled),
        ok_actions: Some(alarm.actions.ok.clone()),
        alarm_actions: Some(alarm.actions.alarm.clone()),
        insufficient_data_actions: Some(alarm.actions.insufficient_data.clone()),
        state_value: Some(alarm.state.value.into()),
        state_reason: Some(alarm.state.reason.clone()),
        state_reason_data: alarm.state.reason_data.clone(),
        state_updated_timestamp: Some(alarm.state.updated),
        state_transitioned_timestamp: Some(alarm.state.transitioned),
        ..Default::default()
    }
}
