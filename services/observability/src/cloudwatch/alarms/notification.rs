//! What topics, functions and the bus are told of an alarm, in AWS's JSON.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use haar_platform::aws::cloudwatch::{ActionsSuppressedBy, ComparisonOperator, MetricDataQuery};
use haar_platform::kernel::Arn;
use haar_platform::kernel::serde_json::{Map, Value as Json, json};

use super::model::{self, Alarm, MetricWatch, Source, State, Threshold, Watch};
use super::reason::date;
use super::region;
use crate::cloudwatch::place::Place;

/// SNS's subjects are shorter than 100 characters.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const SUBJECT_CHARACTERS_MAX: usize = 99;

/// A change of state, and what the alarm was like before.
pub struct Changed<'a> {
    pub place: &'a Place,
    /// With its new state.
    pub alarm: &'a Alarm,
    pub old: &'a State,
}

impl Changed<'_> {
    fn arn(&self) -> Arn {
        model::arn(self.place, &self.alarm.name)
    }

    /// `ALARM: "errors" in US East (N. Virginia)`.
    pub fn subject(&self) -> String {
        let (value, region) = (self.alarm.state.value.as_str(), region::name(&self.place.region));
        let subject = format!("{value}: \"{}\" in {region}", self.alarm.name);
        subject.chars().take(SUBJECT_CHARACTERS_MAX).collect()
    }

    /// What topics get.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html>
    pub fn message(&self) -> Json {
        let Self { place, alarm, old } = self;
        let mut message = json!({
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": place.account.as_str(),
            "AlarmConfigurationUpdatedTimestamp": date(alarm.configured),
            "NewStateValue": alarm.state.value.as_str(),
            "NewStateReason": alarm.state.reason,
            "StateChangeTime": date(alarm.state.transitioned),
            "Region": region::name(&place.region),
            "AlarmArn": self.arn().to_string(),
            "OldStateValue": old.value.as_str(),
            "OKActions": alarm.actions.ok,
            "AlarmActions": alarm.actions.alarm,
            "InsufficientDataActions": alarm.actions.insufficient_data,
        });
        match &alarm.watch {
            Watch::Metric(watch) => message["Trigger"] = trigger(watch),
            Watch::Composite(composite) => {
                message["AlarmRule"] = composite.rule.clone().into();
                let data = alarm.state.reason_data.as_deref().and_then(|data| data.parse::<Json>().ok());
                let children = data.as_ref().and_then(|data| data["triggeringAlarms"].as_array()).into_iter().flatten();
                let children = children.map(|child| {
                    let state = &child["state"];
                    json!({
                        "Arn": child["arn"],
                        "State": {"Value": state["value"], "Timestamp": state["timestamp"]},
                    })
                });
                message["TriggeringChildren"] = children.collect::<Vec<_>>().into();
            }
        }
        message
    }

    /// What functions get.
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html>
    pub fn invocation(&self) -> Json {
        json!({
            "source": "aws.cloudwatch",
            "alarmArn": self.arn().to_string(),
            "accountId": self.place.account.as_str(),
            "time": date(self.alarm.state.updated),
            "region": self.place.region.as_str(),
            "alarmData": self.detail(),
        })
    }

    /// The detail of `CloudWatch Alarm State Change`.
    pub fn detail(&self) -> Json {
        json!({
            "alarmName": self.alarm.name,
            "state": state(&self.alarm.state),
            "previousState": state(self.old),
            "configuration": watched(self.alarm),
        })
    }
}

/// The detail of `CloudWatch Alarm Configuration Change`.
pub fn configured(operation: &str, alarm: &Alarm, before: Option<&Alarm>) -> Json {
    let mut detail = json!({
        "alarmName": alarm.name,
        "operation": operation,
        "state": {"value": alarm.state.value.as_str(), "timestamp": date(alarm.state.updated)},
        "configuration": configuration(alarm),
    });
    if let Some(before) = before {
        detail["previousConfiguration"] = configuration(before);
    }
    detail
}

/// Everything that was put.
pub fn configuration(alarm: &Alarm) -> Json {
    let mut all = watched(alarm);
    if let Watch::Metric(watch) = &alarm.watch {
        all["evaluationPeriods"] = watch.evaluation_periods.into();
        if let Some(datapoints) = watch.datapoints_to_alarm {
            all["datapointsToAlarm"] = datapoints.into();
        }
        match &watch.threshold {
            Threshold::Static(threshold) => all["threshold"] = (*threshold).into(),
            Threshold::Band(id) => all["thresholdMetricId"] = id.clone().into(),
        }
        all["comparisonOperator"] = ComparisonOperator::from(watch.comparison).as_str().into();
        all["treatMissingData"] = watch.missing().as_str().into();
        if let Some(low_samples) = watch.low_samples {
            all["evaluateLowSampleCountPercentile"] = low_samples.as_str().into();
        }
    }
    all["alarmName"] = alarm.name.clone().into();
    all["actionsEnabled"] = alarm.actions.enabled.into();
    all["timestamp"] = date(alarm.configured).into();
    all["okActions"] = alarm.actions.ok.clone().into();
    all["alarmActions"] = alarm.actions.alarm.clone().into();
    all["insufficientDataActions"] = alarm.actions.insufficient_data.clone().into();
    all
}

/// A state, as events have it.
pub fn state(state: &State) -> Json {
    let mut json = json!({
        "value": state.value.as_str(),
        "reason": state.reason,
        "timestamp": date(state.updated),
    });
    if let Some(data) = &state.reason_data {
        json["reasonData"] = data.clone().into();
    }
    if let Some(suppressed) = state.suppressed {
        json["actionsSuppressedBy"] = ActionsSuppressedBy::from(suppressed.by).as_str().into();
        json["actionsSuppressedReason"] = suppressed.by.reason().into();
    }
    json
}

/// What an alarm looks at, as events have it.
fn watched(alarm: &Alarm) -> Json {
    let mut watched = Map::new();
    if let Some(description) = &alarm.description {
        watched.insert("description".into(), description.clone().into());
    }
    match &alarm.watch {
        Watch::Composite(composite) => {
            watched.insert("alarmRule".into(), composite.rule.clone().into());
            if let Some(suppressor) = &composite.suppressor {
                watched.insert("actionsSuppressor".into(), suppressor.given.clone().into());
                watched.insert("actionsSuppressorWaitPeriod".into(), suppressor.wait_seconds.into());
                watched.insert("actionsSuppressorExtensionPeriod".into(), suppressor.extension_seconds.into());
            }
        }
        Watch::Metric(watch) => {
            let mut queries = watch.source.queries();
            if matches!(watch.source, Source::Single { .. }) {
                queries.truncate(1);
            }
            watched.insert("metrics".into(), queries.iter().map(query).collect::<Vec<_>>().into());
        }
    }
    Json::Object(watched)
}

/// A query, as events have it.
fn query(query: &MetricDataQuery) -> Json {
    let mut json = json!({"id": query.id, "returnData": query.return_data.unwrap_or(true)});
    if let Some(stat) = &query.metric_stat {
        let dimensions = stat.metric.dimensions.iter().flatten();
        let dimensions: Map<String, Json> =
            dimensions.map(|dimension| (dimension.name.clone(), dimension.value.clone().into())).collect();
        json["metricStat"] = json!({
            "metric": {
                "namespace": stat.metric.namespace,
                "name": stat.metric.metric_name,
                "dimensions": dimensions,
            },
            "period": stat.period,
            "stat": stat.stat,
        });
        if let Some(unit) = stat.unit {
            json["metricStat"]["unit"] = unit.as_str().into();
        }
    }
    if let Some(expression) = &query.expression {
        json["expression"] = expression.clone().into();
    }
    if let Some(label) = &query.label {
        json["label"] = label.clone().into();
    }
    if let Some(period) = query.period {
        json["period"] = period.into();
    }
    json
}

/// What raised it, as topics are told.
fn trigger(watch: &MetricWatch) -> Json {
    let mut trigger = Map::new();
    let mut set = |name: &str, value: Json| drop(trigger.insert(name.into(), value));
    let dimension = |name: &str, value: &str| json!({"value": value, "name": name});
    match &watch.source {
        Source::Single { namespace, name, dimensions, period, stat, extended, unit } => {
            set("MetricName", name.clone().into());
            set("Namespace", namespace.clone().into());
            if *extended {
                set("StatisticType", "ExtendedStatistic".into());
                set("ExtendedStatistic", stat.clone().into());
            } else {
                set("StatisticType", "Statistic".into());
                set("Statistic", stat.to_uppercase().into());
            }
            let unit = unit.map(|number| crate::cloudwatch::unit::of(number).as_str());
            set("Unit", unit.map_or(Json::Null, Json::from));
            set("Dimensions", dimensions.iter().map(|(name, value)| dimension(name, value)).collect());
            set("Period", (*period).into());
        }
        Source::Math { .. } => {
            let queries = watch.source.queries();
            let metrics = queries.iter().map(|query| {
                let mut metric = json!({"Id": query.id, "ReturnData": query.return_data.unwrap_or(true)});
                if let Some(expression) = &query.expression {
                    metric["Expression"] = expression.clone().into();
                }
                if let Some(label) = &query.label {
                    metric["Label"] = label.clone().into();
                }
                if let Some(stat) = &query.metric_stat {
                    let dimensions = stat.metric.dimensions.iter().flatten();
                    metric["MetricStat"] = json!({
                        "Metric": {
                            "Dimensions": dimensions.map(|it| dimension(&it.name, &it.value)).collect::<Vec<_>>(),
                            "MetricName": stat.metric.metric_name,
                            "Namespace": stat.metric.namespace,
                        },
                        "Period": stat.period,
                        "Stat": stat.stat,
                    });
                }
                metric
            });
            set("Metrics", metrics.collect());
        }
    }
    set("EvaluationPeriods", watch.evaluation_periods.into());
    if let Some(datapoints) = watch.datapoints_to_alarm {
        set("DatapointsToAlarm", datapoints.into());
    }
    set("ComparisonOperator", ComparisonOperator::from(watch.comparison).as_str().into());
    match &watch.threshold {
        Threshold::Static(threshold) => set("Threshold", (*threshold).into()),
        Threshold::Band(id) => set("ThresholdMetricId", id.clone().into()),
    }
    set("TreatMissingData", watch.missing().as_str().into());
    set("EvaluateLowSampleCountPercentile", watch.low_samples.map_or("", |it| it.as_str()).into());
    Json::Object(trigger)
}
