//! Alarms that cannot be put, in AWS's words.

use haar_platform::aws::cloudwatch::{MetricDataQuery, WarmUpConfiguration};

use super::*;

async fn refusal(input: aws::PutMetricAlarmInput) -> String {
    let (house, _) = open().await;
    let fault = house.call::<aws::PutMetricAlarm>(input).await.unwrap_err();
    format!("{}: {}", fault.code, fault.message)
}

#[tokio::test]
async fn settings_that_do_not_fit_are_refused() {
    let expression =
        |id: &str| MetricDataQuery { id: id.into(), expression: Some("TIME_SERIES(1)".into()), ..Default::default() };
    let plain =
        aws::PutMetricAlarmInput { namespace: None, metric_name: None, statistic: None, period: None, ..errors() };
    for (input, expected) in [
        (
            aws::PutMetricAlarmInput { datapoints_to_alarm: Some(2), ..errors() },
            "ValidationError: DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            aws::PutMetricAlarmInput { period: Some(45), ..errors() },
            "ValidationError: Period must be 10, 20, 30 or a multiple of 60",
        ),
        (
            aws::PutMetricAlarmInput { period: Some(300), evaluation_periods: Some(289), ..errors() },
            "ValidationError: Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (
            aws::PutMetricAlarmInput { period: Some(86_400), evaluation_periods: Some(8), ..errors() },
            "ValidationError: Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800).",
        ),
        (
            aws::PutMetricAlarmInput { treat_missing_data: Some("maybe".into()), ..errors() },
            "ValidationError: The value maybe is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].",
        ),
        (
            aws::PutMetricAlarmInput { metrics: Some(vec![expression("a"), expression("b")]), ..plain.clone() },
            "ValidationError: Exactly one element of the metrics list should return data.",
        ),
        (
            aws::PutMetricAlarmInput { metrics: Some(vec![expression("a")]), ..errors() },
            "ValidationError: MetricName must not be specified when the Metrics list is set.",
        ),
        (
            aws::PutMetricAlarmInput { statistic: None, ..errors() },
            "ValidationError: Either Statistic or ExtendedStatistic must be specified.",
        ),
        (
            aws::PutMetricAlarmInput { alarm_actions: Some(vec!["topic".into()]), ..errors() },
            "ValidationError: Invalid arn syntax: topic",
        ),
        (
            aws::PutMetricAlarmInput {
                alarm_actions: Some(vec![format!("arn:aws:sns:eu-west-1:{ACCOUNT}:mail")]),
                ..errors()
            },
            "ValidationError: Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
    ] {
        assert_eq!(refusal(input).await, expected);
    }
}

#[tokio::test]
async fn what_is_not_served_is_named() {
    let stop = format!("arn:aws:automate:{REGION}:ec2:stop");
    let warm_up = WarmUpConfiguration { warm_up_period_duration_in_minutes: 5, ..Default::default() };
    for (input, name) in [
        (aws::PutMetricAlarmInput { alarm_actions: Some(vec![stop.clone()]), ..errors() }, stop.as_str()),
        (aws::PutMetricAlarmInput { warm_up_configuration: Some(warm_up), ..errors() }, "WarmUpConfiguration"),
    ] {
        let refused = refusal(input).await;
        assert!(refused.starts_with("NotImplemented:") && refused.contains(name), "{refused}");
    }
}
